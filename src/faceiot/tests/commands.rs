//! Commands in their four forms, and everything that can go wrong with an answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "this is a test; one table reads better than four functions"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use faceiot::{CommandForm, ConnectionEvent, Device, DeviceConfig, ErrorKind, Reply};
use serde_json::{Value, json};
use support::{DN, PATIENCE, PK, Peer, Session, soon};
use tokio::net::TcpStream;

async fn connected(config: DeviceConfig, peer: &Peer) -> (Device, Session<TcpStream>) {
    let (device, session) = tokio::join!(Device::connect(config), peer.serve());
    (device.unwrap(), session)
}

fn service(id: &str) -> (String, String) {
    let topic = format!("/sys/{PK}/{DN}/thing/service/capture");
    (
        topic,
        json!({"id": id, "version": "1.0.0", "params": {"n": 1}, "method": "thing.service.capture"})
            .to_string(),
    )
}

/// One row: what the cloud publishes, what the handler sees, and what is published back.
struct Row {
    topic: String,
    payload: Value,
    seen: (CommandForm, &'static str, &'static str, Value),
    answer: Option<(String, Value)>,
}

#[tokio::test]
async fn the_four_forms_are_heard_and_answered_in_their_own_words() {
    let sys = format!("/sys/{PK}/{DN}");
    let oc = "$oc/devices/61e6d1_cam";
    let aliyun = vec![
        Row {
            topic: format!("/{PK}/{DN}/control"),
            payload: json!({"cmd": "photo"}),
            seen: (CommandForm::Custom, "", "control", json!({"cmd": "photo"})),
            answer: None,
        },
        Row {
            topic: format!("/{PK}/{DN}/control"),
            payload: json!({"name": "capture", "payload": {"n": 2}}),
            seen: (CommandForm::Custom, "", "capture", json!({"n": 2})),
            answer: None,
        },
        Row {
            topic: format!("{sys}/thing/service/property/set"),
            payload: json!({"id": "7", "version": "1.0.0", "params": {"led": 1}, "method": "thing.service.property.set"}),
            seen: (CommandForm::PropertySet, "7", "set", json!({"led": 1})),
            answer: Some((
                format!("{sys}/thing/service/property/set_reply"),
                json!({"id": "7", "code": 200, "data": {"ok": true}}),
            )),
        },
        Row {
            topic: format!("{sys}/thing/service/capture"),
            payload: json!({"id": "8", "version": "1.0.0", "params": {"n": 1}, "method": "thing.service.capture"}),
            seen: (CommandForm::Service, "8", "capture", json!({"n": 1})),
            answer: Some((
                format!("{sys}/thing/service/capture_reply"),
                json!({"id": "8", "code": 200, "data": {"ok": true}}),
            )),
        },
        Row {
            topic: format!("{sys}/rrpc/request/1234567890"),
            payload: json!({"id": "9", "params": {"n": 1}, "method": "thing.service.capture"}),
            seen: (CommandForm::Rrpc, "1234567890", "capture", json!({"n": 1})),
            answer: Some((
                format!("{sys}/rrpc/response/1234567890"),
                json!({"id": "9", "code": 200, "data": {"ok": true}}),
            )),
        },
        Row {
            topic: format!("{sys}/rrpc/request/2"),
            payload: json!("not Alink at all"),
            seen: (CommandForm::Rrpc, "2", "rrpc", json!("not Alink at all")),
            answer: Some((
                format!("{sys}/rrpc/response/2"),
                json!({"id": "2", "code": 200, "data": {"ok": true}}),
            )),
        },
    ];
    let huawei = vec![
        Row {
            topic: format!("{oc}/sys/commands/request_id=a=b"),
            payload: json!({"object_device_id": "x", "service_id": "camera", "command_name": "capture", "paras": {"n": 1}}),
            seen: (CommandForm::Huawei, "a=b", "capture", json!({"n": 1})),
            answer: Some((
                format!("{oc}/sys/commands/response/request_id=a=b"),
                json!({"result_code": 0, "paras": {"ok": true}}),
            )),
        },
        Row {
            topic: format!("{oc}/sys/properties/set/request_id=77"),
            payload: json!({"services": [{"service_id": "camera", "properties": {"led": 1}}]}),
            seen: (
                CommandForm::HuaweiPropertySet,
                "77",
                "set",
                json!([{"service_id": "camera", "properties": {"led": 1}}]),
            ),
            answer: Some((
                format!("{oc}/sys/properties/set/response/request_id=77"),
                json!({"result_code": 0, "paras": {"ok": true}}),
            )),
        },
        Row {
            topic: format!("{oc}/sys/messages/down"),
            payload: json!({"object_device_id": null, "name": "capture", "id": "m1", "content": {"n": 1}}),
            seen: (CommandForm::Custom, "m1", "capture", json!({"n": 1})),
            answer: None,
        },
        Row {
            topic: format!("{oc}/user/control"),
            payload: json!({"cmd": "photo"}),
            seen: (CommandForm::Custom, "", "control", json!({"cmd": "photo"})),
            answer: None,
        },
    ];
    for (is_aliyun, rows) in [(true, aliyun), (false, huawei)] {
        let peer = Peer::listen().await;
        let config = if is_aliyun {
            support::aliyun(peer.address())
        } else {
            support::huawei(peer.address())
        };
        let (device, mut session) = connected(config, &peer).await;
        let mut commands = device.commands();
        for row in rows {
            session
                .publish(&row.topic, row.payload.to_string().as_bytes(), 1)
                .await;
            let command = soon("the command", commands.next()).await.unwrap();
            let (form, id, name, payload) = row.seen;
            assert_eq!(
                (command.form, &*command.id, &*command.name, &command.payload),
                (form, id, name, &payload)
            );
            assert_eq!(command.topic, row.topic);
            assert_eq!(command.wants_reply(), row.answer.is_some());
            command.reply(json!({"ok": true})).unwrap();
            if let Some((topic, answer)) = row.answer {
                let published = session.published().await.unwrap();
                assert_eq!((&published.topic, published.json()), (&topic, answer));
                assert_eq!(command.reply(json!({})).unwrap_err().kind(), ErrorKind::Exists);
            }
        }
        device.close().await;
    }
}

#[tokio::test]
async fn the_same_request_twice_runs_the_handler_once() {
    let peer = Peer::listen().await;
    let (device, mut session) = connected(support::aliyun(peer.address()), &peer).await;
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    device.on_command(move |_| json!({"run": counted.fetch_add(1, Ordering::SeqCst) + 1}));
    let (topic, request) = service("1");
    let mut answers = Vec::new();
    for packet_id in 1..=3 {
        session.publish(&topic, request.as_bytes(), packet_id).await;
        answers.push(session.published().await.unwrap().json());
    }
    assert_eq!(
        answers,
        vec![json!({"id": "1", "code": 200, "data": {"run": 1}}); 3]
    );
    // After a reconnect too.
    drop(session);
    let mut session = peer.serve().await;
    session.publish(&topic, request.as_bytes(), 1).await;
    assert_eq!(
        session.published().await.unwrap().json()["data"],
        json!({"run": 1})
    );
    // Another request is another run.
    let (topic, request) = service("2");
    session.publish(&topic, request.as_bytes(), 2).await;
    assert_eq!(
        session.published().await.unwrap().json()["data"],
        json!({"run": 2})
    );
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    device.close().await;
}

#[tokio::test]
async fn a_request_that_comes_again_while_its_handler_runs_is_answered_once() {
    let peer = Peer::listen().await;
    let (device, mut session) = connected(support::huawei(peer.address()), &peer).await;
    let mut commands = device.commands();
    let topic = "$oc/devices/61e6d1_cam/sys/commands/request_id=1";
    for packet_id in 1..=3 {
        session
            .publish(topic, br#"{"command_name":"capture","paras":{}}"#, packet_id)
            .await;
    }
    let command = soon("the command", commands.next()).await.unwrap();
    command.reply(()).unwrap();
    let answer = session.published().await.unwrap();
    assert_eq!(answer.json(), json!({"result_code": 0}));
    // The next thing that is published is not a second answer.
    device.report(json!({"a": 1})).await.unwrap();
    assert!(
        session
            .published()
            .await
            .unwrap()
            .topic
            .ends_with("properties/report")
    );
    device.close().await;
}

#[tokio::test]
async fn a_handler_that_fails_or_panics_is_answered_and_seen() {
    for is_aliyun in [true, false] {
        let peer = Peer::listen().await;
        let config = if is_aliyun {
            support::aliyun(peer.address())
        } else {
            support::huawei(peer.address())
        };
        let (device, mut session) = connected(config, &peer).await;
        let mut events = device.events();
        device.on_command(|command| match command.id.as_str() {
            "1" => Err("the lens is covered"),
            "2" => panic!("out of paper"),
            _ => Ok(Value::Null),
        });
        for (id, words) in [
            ("1", "the lens is covered"),
            ("2", "the handler panicked: out of paper"),
            ("3", ""),
        ] {
            let (topic, request) = if is_aliyun {
                service(id)
            } else {
                (
                    format!("$oc/devices/61e6d1_cam/sys/commands/request_id={id}"),
                    json!({"command_name": "capture", "paras": {}}).to_string(),
                )
            };
            session.publish(&topic, request.as_bytes(), 1).await;
            let answer = session.published().await.unwrap().json();
            if id == "3" {
                let fine = if is_aliyun {
                    json!({"id": "3", "code": 200, "data": {}})
                } else {
                    json!({"result_code": 0})
                };
                assert_eq!(answer, fine, "the next command is served");
                continue;
            }
            let data = json!({"message": words});
            let expected = if is_aliyun {
                json!({"id": id, "code": 500, "data": data})
            } else {
                json!({"result_code": 1, "paras": data})
            };
            assert_eq!(answer, expected);
            let failed = ConnectionEvent::CommandFailed {
                id: id.into(),
                name: "capture".into(),
                reason: words.into(),
            };
            assert_eq!(soon("the event", events.recv()).await.unwrap(), failed);
        }
        device.close().await;
    }
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_answered_for() {
    let peer = Peer::listen().await;
    let mut config = support::aliyun(peer.address());
    config.command_timeout = Duration::from_millis(100);
    let (device, mut session) = connected(config, &peer).await;
    let (mut events, mut commands) = (device.events(), device.commands());
    let (topic, request) = service("1");
    let asked = Instant::now();
    session.publish(&topic, request.as_bytes(), 1).await;
    let command = soon("the command", commands.next()).await.unwrap();
    let answer = session.published().await.unwrap().json();
    assert!(asked.elapsed() >= Duration::from_millis(100));
    assert_eq!(
        (answer["id"].clone(), answer["code"].clone()),
        (json!("1"), json!(504))
    );
    let late = ConnectionEvent::CommandTimedOut {
        id: "1".into(),
        name: "capture".into(),
    };
    assert_eq!(soon("the event", events.recv()).await.unwrap(), late);
    assert_eq!(command.reply(json!({})).unwrap_err().kind(), ErrorKind::Timeout);
    device.close().await;
}

#[tokio::test]
async fn the_time_a_command_has_is_shorter_than_huaweis_twenty_seconds() {
    let config = support::huawei("127.0.0.1:1".parse().unwrap());
    assert!(config.command_timeout < Duration::from_secs(20));
    assert!(config.command_timeout >= Duration::from_secs(15));
}

#[tokio::test]
async fn a_command_that_is_dropped_is_answered_with_an_error() {
    let peer = Peer::listen().await;
    let (device, mut session) = connected(support::aliyun(peer.address()), &peer).await;
    let (topic, request) = service("1");
    session.publish(&topic, request.as_bytes(), 1).await;
    drop(soon("the command", device.commands().next()).await);
    assert_eq!(session.published().await.unwrap().json()["code"], json!(500));
    device.close().await;
}

#[tokio::test]
async fn commands_wait_for_their_handler_and_beyond_64_the_cloud_is_told() {
    let peer = Peer::listen().await;
    let (device, mut session) = connected(support::aliyun(peer.address()), &peer).await;
    for id in 0..65 {
        let (topic, request) = service(&id.to_string());
        session.publish(&topic, request.as_bytes(), id + 1).await;
    }
    let busy = session.published().await.unwrap().json();
    assert_eq!(
        (busy["id"].clone(), busy["code"].clone()),
        (json!("64"), json!(429))
    );
    device.on_command(|command| Reply::ok(json!({"id": command.id})));
    for id in 0..64 {
        let answer = session.published().await.unwrap().json();
        assert_eq!(
            answer,
            json!({"id": id.to_string(), "code": 200, "data": {"id": id.to_string()}})
        );
    }
    device.close().await;
}

#[tokio::test]
async fn a_second_handler_replaces_the_first() {
    let peer = Peer::listen().await;
    let (device, mut session) = connected(support::aliyun(peer.address()), &peer).await;
    for (id, handler) in [("1", "first"), ("2", "second")] {
        device.on_command(move |_| json!({"handler": handler}));
        let (topic, request) = service(id);
        session.publish(&topic, request.as_bytes(), 1).await;
        assert_eq!(
            session.published().await.unwrap().json()["data"],
            json!({"handler": handler})
        );
    }
    device.close().await;
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_answered_where_that_is_possible() {
    let peer = Peer::listen().await;
    let (device, mut session) = connected(support::huawei(peer.address()), &peer).await;
    session
        .publish("$oc/devices/61e6d1_cam/sys/commands/request_id=1", b"not JSON", 1)
        .await;
    let answer = session.published().await.unwrap();
    assert!(answer.topic.ends_with("response/request_id=1"));
    assert_eq!(answer.json()["result_code"], json!(400));
    device.close().await;

    let peer = Peer::listen().await;
    let (device, mut session) = connected(support::aliyun(peer.address()), &peer).await;
    let (topic, request) = service("1");
    // Alink has its id in the payload: without one there is nothing to answer to, and the next one is served.
    session.publish(&topic, b"\xFF\xFE", 1).await;
    session.publish(&topic, request.as_bytes(), 2).await;
    let mut commands = device.commands();
    assert_eq!(soon("the command", commands.next()).await.unwrap().id, "1");
    device.close().await;
}

#[tokio::test]
async fn commands_of_another_device_and_echoes_of_our_own_answers_are_not_commands() {
    let peer = Peer::listen().await;
    let (device, mut session) = connected(support::aliyun(peer.address()), &peer).await;
    let (mut commands, mut messages) = (device.commands(), device.messages());
    session
        .publish(&format!("/sys/{PK}/other/thing/service/capture"), b"{}", 0)
        .await;
    session
        .publish(&format!("/sys/{PK}/{DN}/thing/service/capture_reply"), b"{}", 0)
        .await;
    let (topic, request) = service("1");
    session.publish(&topic, request.as_bytes(), 0).await;
    let command = soon("the command", commands.next()).await.unwrap();
    assert_eq!((command.form, &*command.id), (CommandForm::Service, "1"));
    let message = soon("the message", messages.next()).await.unwrap();
    assert_eq!(message.topic, format!("/sys/{PK}/other/thing/service/capture"));
    device.close().await;
}

#[tokio::test]
async fn a_topic_of_the_users_own_can_carry_commands_and_a_large_one() {
    let peer = Peer::listen().await;
    let mut config = support::aliyun(peer.address());
    config.command_topics = vec![format!("/{PK}/{DN}/user/+/do")];
    let (device, session) = tokio::join!(Device::connect(config), async {
        let mut session = peer.serve().await;
        let (_, body) = soon("SUBSCRIBE", session.packet()).await.unwrap();
        session.grant(&body, 1).await;
        session
    });
    let (device, mut session) = (device.unwrap(), session);
    let mut commands = device.commands();
    let text = "x".repeat(200_000);
    session
        .publish(
            &format!("/{PK}/{DN}/user/gate/do"),
            json!({"id": 5, "text": text}).to_string().as_bytes(),
            1,
        )
        .await;
    let command = soon("the command", commands.next()).await.unwrap();
    assert_eq!(
        (&*command.name, &*command.id, &command.payload["text"]),
        ("do", "5", &json!(text))
    );
    // Text is text, and what is no UTF-8 loses nothing in `raw`.
    session
        .publish(&format!("/{PK}/{DN}/user/gate/do"), b"open \xFF", 0)
        .await;
    let command = soon("the command", commands.next()).await.unwrap();
    assert_eq!(
        (&command.payload, &command.raw[..]),
        (&json!("open \u{FFFD}"), &b"open \xFF"[..])
    );
    device.close().await;
}

#[tokio::test]
async fn a_reply_that_was_not_acknowledged_is_sent_again() {
    let peer = Peer::listen().await;
    let (device, mut session) = connected(support::huawei(peer.address()), &peer).await;
    device.on_command(|_| ());
    session.acknowledge = false;
    session
        .publish(
            "$oc/devices/61e6d1_cam/sys/commands/request_id=1",
            br#"{"command_name":"x"}"#,
            1,
        )
        .await;
    let first = session.published().await.unwrap();
    drop(session);
    let mut session = peer.serve().await;
    assert_eq!(session.published().await.unwrap().payload, first.payload);
    device.close().await;
}

#[tokio::test]
async fn messages_that_nobody_takes_are_bounded_and_told() {
    let peer = Peer::listen().await;
    let (device, mut session) = connected(support::aliyun(peer.address()), &peer).await;
    let mut events = device.events();
    for n in 0..1025_u32 {
        session.publish("other/topic", &n.to_be_bytes(), 0).await;
    }
    let overflow = ConnectionEvent::Overflow {
        topic: "other/topic".into(),
    };
    assert_eq!(soon("the event", events.recv()).await.unwrap(), overflow);
    let mut messages = device.messages();
    for n in 0..1024_u32 {
        assert_eq!(
            soon("a message", messages.next()).await.unwrap().payload,
            n.to_be_bytes()[..]
        );
    }
    // A handler may take them as well.
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    device.on_message(move |message| drop(sender.send(message.topic)));
    session.publish("third/topic", b"", 0).await;
    assert_eq!(
        soon("the handler", receiver.recv()).await.as_deref(),
        Some("third/topic")
    );
    soon("close", device.close()).await;
    assert!(PATIENCE > Duration::ZERO && messages.next().await.is_none());
}
