//! What a device gets for what it does, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at the first surprise"
)]

mod common;

use std::time::Duration;

use common::{Mqtt, Packet, Rig, SECRET, aliyun, event, hex_messages, huawei, now_ms, photo};
use faceiot::{Credentials, DeviceId, ErrorKind};
use faceiot_core::sign::huawei::SignType;
use faceiot_local::{Cloud, CloudConfig, CommandForm, CommandRequest, Event, NewDevice, Registry};
use serde_json::{Value, json};

const POST: &str = "/sys/k0abcdefgIM/esp001/thing/event/property/post";

#[tokio::test]
async fn a_wrong_secret_is_refused_with_4_and_the_devices_log_says_what_was_signed() {
    let rig = Rig::start().await;
    for (wrong, signed) in [
        (
            Credentials::aliyun("k0abcdefgIM", "esp001", "wrong"),
            "deviceNameesp001productKeyk0abcdefgIM",
        ),
        (Credentials::huawei("5fbbb784_cam1", "wrong"), "HMAC"),
    ] {
        let (mut client, code) = rig.attempt(&wrong).await;
        assert_eq!(code, 4);
        assert_eq!(client.next().await, Packet::Closed);
        let log = rig.log(Some(&wrong.device_id())).await;
        assert!(
            log.contains("login refused (CONNACK 4)") && log.contains(signed),
            "{log}"
        );
    }
}

#[tokio::test]
async fn an_unknown_device_gets_the_answer_of_a_wrong_secret() {
    let rig = Rig::start().await;
    for unknown in [
        Credentials::aliyun("k0abcdefgIM", "nobody", SECRET),
        Credentials::huawei("nobody_1", SECRET),
    ] {
        assert_eq!(rig.attempt(&unknown).await.1, 4);
    }
    let log = rig.log(None).await;
    assert!(
        log.contains("unknown device `aliyun:k0abcdefgIM:nobody`"),
        "{log}"
    );
    assert!(log.contains("unknown device `huawei:nobody_1`"), "{log}");
}

#[tokio::test]
async fn huawei_sign_type_1_of_another_hour_is_refused_and_sign_type_0_comes_in() {
    let rig = Rig::start().await;
    let hour_ago = now_ms() - 3_600_000;
    for (sign_type, at_ms, code) in [
        (SignType::Check, now_ms(), 0),
        (SignType::Check, hour_ago, 4),
        (SignType::NoCheck, hour_ago, 0),
        (SignType::NoCheck, 0, 0),
    ] {
        let login = signed(sign_type, at_ms);
        let (_client, answer) = Mqtt::connect(rig.addr(), &login.0, &login.1, &login.2, 60).await;
        assert_eq!(answer, code, "{}", login.0);
    }
    let log = rig.log(Some(&huawei().device_id())).await;
    assert!(log.contains("CONNACK 4"), "{log}");
}

fn signed(sign_type: SignType, at_ms: u64) -> (String, String, String) {
    use faceiot_core::sign::huawei::{Credentials, Hour, LOGIN_BUFFER, Options, mqtt_login};
    let mut buffer = [0; LOGIN_BUFFER];
    let options = Options {
        sign_type,
        hour: Hour::from_unix(at_ms / 1000),
        ..Options::default()
    };
    let device = Credentials {
        device_id: "5fbbb784_cam1",
        device_secret: SECRET,
    };
    let login = mqtt_login(&device, &options, &mut buffer).unwrap();
    (
        login.client_id.into(),
        login.username.into(),
        login.password.into(),
    )
}

#[tokio::test]
async fn any_aliyun_timestamp_comes_in() {
    use faceiot_core::sign::aliyun::{Credentials, LOGIN_BUFFER, Options, Timestamp, mqtt_login};
    let rig = Rig::start().await;
    let device = Credentials {
        product_key: "k0abcdefgIM",
        device_name: "esp001",
        device_secret: SECRET,
    };
    for timestamp in [
        Timestamp::None,
        Timestamp::Value(0),
        Timestamp::Value(23_668),
        Timestamp::Value(1_534_494_218),
        Timestamp::Value(2_524_608_000_000),
        Timestamp::Text("789"),
    ] {
        let mut buffer = [0; LOGIN_BUFFER];
        let login = mqtt_login(
            &device,
            &Options {
                timestamp,
                ..Options::default()
            },
            &mut buffer,
        )
        .unwrap();
        let (_client, code) =
            Mqtt::connect(rig.addr(), login.client_id, login.username, login.password, 60).await;
        assert_eq!(code, 0, "{timestamp:?}");
    }
}

#[tokio::test]
async fn a_keep_alive_that_the_clouds_refuse_is_refused_unless_told_otherwise() {
    let rig = Rig::start().await;
    let lax = Rig::start_with(|config| config.strict = false).await;
    let login = aliyun().login(now_ms(), false).unwrap();
    let password = login.password.expose();
    for (rig, keep_alive, code) in [
        (&rig, 15, 5),
        (&rig, 0, 5),
        (&rig, 1201, 5),
        (&rig, 30, 0),
        (&lax, 15, 0),
    ] {
        let (_client, answer) = Mqtt::connect(
            rig.addr(),
            &login.client_id,
            &login.username,
            password,
            keep_alive,
        )
        .await;
        assert_eq!(answer, code, "{keep_alive} s");
    }
    assert!(
        rig.log(Some(&aliyun().device_id()))
            .await
            .contains("keep-alive 15 s")
    );
}

#[tokio::test]
async fn anothers_topic_is_dropped_and_logged_and_cannot_be_subscribed() {
    let rig = Rig::start().await;
    let other = Credentials::aliyun("k0abcdefgIM", "victim", SECRET);
    rig.cloud
        .registry()
        .add_device(NewDevice {
            id: other.device_id(),
            secret: Some(SECRET.into()),
        })
        .await
        .unwrap();
    let mut attacker = rig.login(&aliyun()).await;
    let foreign = "/sys/k0abcdefgIM/victim/thing/event/property/post";
    attacker
        .publish_acknowledged(foreign, br#"{"id":"1","params":{"stolen":1}}"#)
        .await;
    for filter in [
        foreign,
        "/sys/k0abcdefgIM/+/thing/#",
        "#",
        "$oc/devices/5fbbb784_cam1/#",
    ] {
        assert_eq!(attacker.subscribe(filter).await, [0x80], "{filter}");
    }
    assert_eq!(attacker.subscribe("/k0abcdefgIM/esp001/control").await, [1]);
    let properties = rig
        .get(&format!("/api/devices/{}/properties", other.device_id()))
        .await;
    assert_eq!(properties, json!([]));
    let log = rig.log(Some(&aliyun().device_id())).await;
    assert!(
        log.contains(&format!("published to `{foreign}`")) && log.contains("subscribed to `#`"),
        "{log}"
    );
}

#[tokio::test]
async fn the_seeds_odd_post_is_answered_as_the_platform_answers() {
    let rig = Rig::start().await;
    let mut client = rig.login(&aliyun()).await;
    client
        .publish(
            POST,
            br#"{"id":"1189401707","version":"1.0.0","method":"123","params":{"t":21.50}}"#,
            0,
            0,
        )
        .await;
    let (topic, payload) = client.message().await;
    assert_eq!(topic, format!("{POST}_reply"), "delivered without SUBSCRIBE");
    assert_eq!(
        String::from_utf8(payload).unwrap(),
        r#"{"code":200,"data":{},"id":"1189401707","message":"success","method":"thing.event.property.post","version":"1.0"}"#
    );
}

#[tokio::test]
async fn a_post_that_was_cut_gets_460_and_a_line_in_the_log() {
    let rig = Rig::start().await;
    let mut client = rig.login(&aliyun()).await;
    for (payload, code) in [
        (&br#"{"id":"5","params":{"img":"FFD8"#[..], 460),
        (b"FFD8FF", 400),
    ] {
        client.publish(POST, payload, 0, 0).await;
        let (_, reply) = client.json().await;
        assert_eq!(reply["code"], code);
    }
    let log = rig.log(Some(&aliyun().device_id())).await;
    assert!(
        log.contains("460 property post of 31 octets refused") && log.contains("400 property post"),
        "{log}"
    );
}

#[tokio::test]
async fn odd_hex_is_answered_with_460_and_logged() {
    let rig = Rig::start().await;
    let mut client = rig.login(&aliyun()).await;
    for (chunk, words) in [
        ("FFD8F", "odd number of hex digits (5)"),
        ("FFD8FG", "not hex at character 5"),
    ] {
        client
            .publish(
                POST,
                format!(r#"{{"id":"6","params":{{"img":"{chunk}"}}}}"#).as_bytes(),
                0,
                0,
            )
            .await;
        let (_, reply) = client.json().await;
        assert_eq!(reply["code"], 460);
        assert!(reply["message"].as_str().unwrap().contains(words), "{reply}");
        let log = rig.log(Some(&aliyun().device_id())).await;
        assert!(log.contains(words), "{log}");
    }
}

#[tokio::test]
async fn a_device_that_wants_no_answer_gets_none() {
    let rig = Rig::start().await;
    let mut client = rig.login(&aliyun()).await;
    client
        .publish(POST, br#"{"id":"1","sys":{"ack":0},"params":{"a":1}}"#, 0, 0)
        .await;
    client
        .publish(POST, br#"{"id":"2","params":{"a":2}}"#, 0, 0)
        .await;
    assert_eq!(
        client.json().await.1["id"],
        "2",
        "the first answer is the second post's"
    );
}

#[tokio::test]
async fn a_property_at_qos_1_is_in_its_table_when_it_is_acknowledged() {
    let rig = Rig::start().await;
    let mut client = rig.login(&aliyun()).await;
    for i in 0..20 {
        let post =
            format!(r#"{{"id":"{i}","params":{{"t":{{"value":{i}.50,"time":1700000000000}},"on":true}}}}"#);
        client.publish_acknowledged(POST, post.as_bytes()).await;
        let rows = rig
            .get(&format!("/api/devices/{}/properties", aliyun().device_id()))
            .await;
        assert_eq!(rows[1]["name"], "t");
        assert_eq!(rows[1]["value"].to_string(), format!("{i}.5"));
        assert_eq!(rows[1]["time"], 1_700_000_000_000_u64);
    }
    let history = rig
        .get(&format!(
            "/api/devices/{}/properties/t/history?limit=5",
            aliyun().device_id()
        ))
        .await;
    let values: Vec<f64> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["value"].as_f64().unwrap())
        .collect();
    assert_eq!(values, [19.5, 18.5, 17.5, 16.5, 15.5]);
}

#[tokio::test]
async fn a_huawei_report_is_kept_under_its_service() {
    let rig = Rig::start().await;
    let mut client = rig.login(&huawei()).await;
    let report =
        br#"{"services":[{"service_id":"room","properties":{"t":20},"event_time":"20251212T121212Z"}]}"#;
    client
        .publish_acknowledged("$oc/devices/5fbbb784_cam1/sys/properties/report", report)
        .await;
    let rows = rig
        .get(&format!("/api/devices/{}/properties", huawei().device_id()))
        .await;
    assert_eq!(
        (&rows[0]["name"], &rows[0]["value"]),
        (&json!("room.t"), &json!(20))
    );
    assert_eq!(rows[0]["time"], 1_765_541_532_000_u64);
}

#[tokio::test]
async fn both_clouds_tell_the_time() {
    let rig = Rig::start_with(|config| config.clock = faceiot::Clock::from_fn(|| 1_767_323_045_000)).await;
    let mut client = rig.login(&aliyun()).await;
    client
        .publish(
            "/ext/ntp/k0abcdefgIM/esp001/request",
            br#"{"deviceSendTime":"15"}"#,
            0,
            0,
        )
        .await;
    let (topic, time) = client.json().await;
    assert_eq!(topic, "/ext/ntp/k0abcdefgIM/esp001/response");
    assert_eq!(
        time,
        json!({"deviceSendTime":"15","serverRecvTime":"1767323045000","serverSendTime":"1767323045000"})
    );

    let login = signed(SignType::NoCheck, 0);
    let (mut client, code) = Mqtt::connect(rig.addr(), &login.0, &login.1, &login.2, 60).await;
    assert_eq!(code, 0);
    let up = br#"{"services":[{"service_id":"$time_sync","event_type":"time_sync_request","paras":{"device_send_time":15}}]}"#;
    client
        .publish("$oc/devices/5fbbb784_cam1/sys/events/up", up, 0, 0)
        .await;
    let (topic, time) = client.json().await;
    assert_eq!(topic, "$oc/devices/5fbbb784_cam1/sys/events/down");
    assert_eq!(
        time["services"][0]["paras"]["server_send_time"],
        1_767_323_045_000_u64
    );
}

#[tokio::test]
async fn a_photo_in_hex_chunks_arrives_whole() {
    let rig = Rig::start().await;
    let mut events = rig.cloud.subscribe();
    let mut client = rig.login(&aliyun()).await;
    let jpeg = photo(320, 240);
    for message in hex_messages(&jpeg) {
        client.publish_acknowledged(POST, &message).await;
    }
    let row = event(&mut events, |event| {
        if let Event::Photo(row) = event {
            Some(row)
        } else {
            None
        }
    })
    .await;
    assert_eq!(
        (row.size, row.verified.as_str(), row.format.as_str()),
        (jpeg.len() as u64, "entropy", "hex")
    );
    assert_eq!(
        rig.http
            .get_bytes(&format!("/api/photos/{}/image", row.id))
            .await
            .unwrap(),
        jpeg
    );
    let listed = rig.get("/api/photos?device=aliyun:k0abcdefgIM:esp001").await;
    assert_eq!(listed[0]["sha256"], row.sha256.as_str());
    assert_eq!(
        rig.get("/api/photos?device=huawei:5fbbb784_cam1").await,
        json!([])
    );
}

#[tokio::test]
async fn a_photo_whose_chunks_carry_their_time_arrives_whole() {
    let rig = Rig::start().await;
    let mut events = rig.cloud.subscribe();
    let mut device = rig.login(&aliyun()).await;
    let jpeg = photo(160, 120);
    for message in hex_messages(&jpeg) {
        let post: Value = serde_json::from_slice(&message).unwrap();
        let timed = json!({"id": "1", "params": {"img": {"value": post["params"]["img"], "time": now_ms()}}});
        device
            .publish_acknowledged(POST, timed.to_string().as_bytes())
            .await;
    }
    let row = event(&mut events, |e| match e {
        Event::Photo(row) => Some(row),
        _ => None,
    })
    .await;
    assert_eq!(
        (row.size, row.problem.as_deref()),
        (jpeg.len() as u64, None),
        "{row:?}"
    );
    rig.cloud.flush().await;
    let kept = rig.cloud.properties(&aliyun().device_id()).await.unwrap();
    assert!(kept.is_empty(), "a photo is no property: {:?}", kept.keys());
}

#[tokio::test]
async fn a_photo_that_lost_a_chunk_has_a_row_that_says_so_and_a_line_in_the_log() {
    let rig = Rig::start().await;
    let mut events = rig.cloud.subscribe();
    let mut client = rig.login(&aliyun()).await;
    // A photo of which every single loss is seen (a test card has its time of day in it, and flat areas).
    let mut messages = hex_messages(include_bytes!("../../../tests/photos/chelsea.jpg"));
    messages.remove(messages.len() / 2);
    for message in messages {
        client.publish_acknowledged(POST, &message).await;
    }
    let row = event(&mut events, |event| {
        if let Event::Photo(row) = event {
            Some(row)
        } else {
            None
        }
    })
    .await;
    assert_ne!(row.verified, "entropy");
    let problem = row.problem.clone().unwrap();
    let line = event(&mut events, |event| {
        if let Event::Log(line) = event {
            Some(line)
        } else {
            None
        }
    })
    .await;
    assert_eq!(line.text, format!("photo {}: {problem}", row.id));
}

#[tokio::test]
async fn a_photo_over_the_cap_is_reported_and_the_next_one_arrives() {
    let rig = Rig::start_with(|config| config.limits.photo_bytes = 20_000).await;
    let mut events = rig.cloud.subscribe();
    let mut client = rig.login(&aliyun()).await;
    let (large, small) = (photo(1280, 960), photo(160, 120));
    assert!(
        large.len() > 20_000 && small.len() < 20_000,
        "{} {}",
        large.len(),
        small.len()
    );
    for message in hex_messages(&large).into_iter().chain(hex_messages(&small)) {
        client.publish_acknowledged(POST, &message).await;
    }
    let (mut complained, mut arrived) = (false, None);
    while !complained || arrived.is_none() {
        match event(&mut events, Some).await {
            Event::Log(line) if line.text.contains("photo") && line.text.contains("20000") => {
                complained = true;
            }
            Event::Photo(row) if row.problem.is_none() => arrived = Some(row.size),
            _ => {}
        }
    }
    assert_eq!(arrived, Some(small.len() as u64));
}

#[tokio::test]
async fn the_command_forms_of_aliyun_are_answered() {
    let rig = Rig::start().await;
    let id = aliyun().device_id();
    let mut client = rig.login(&aliyun()).await;
    let sys = "/sys/k0abcdefgIM/esp001";
    for filter in [
        format!("{sys}/thing/service/#"),
        format!("{sys}/rrpc/request/+"),
        "/k0abcdefgIM/esp001/control".into(),
    ] {
        assert_eq!(client.subscribe(&filter).await, [1]);
    }
    let device = tokio::spawn(async move {
        for _ in 0..4 {
            let (topic, payload) = client.message().await;
            let request: Value = serde_json::from_slice(&payload).unwrap_or_default();
            let answer = if topic.contains("/rrpc/") {
                (topic.replace("/request/", "/response/"), b"pong".to_vec())
            } else if topic.ends_with("/control") {
                continue;
            } else {
                let body = json!({"id": request["id"], "code": 200, "data": {"got": request["params"]}});
                (format!("{topic}_reply"), body.to_string().into_bytes())
            };
            client.publish(&answer.0, &answer.1, 1, 5).await;
        }
        client
    });
    let send = async |form, name: &str, payload: Value| {
        let request = CommandRequest {
            form,
            name: name.into(),
            payload,
        };
        rig.cloud.command(&id, request, common::PATIENCE).await.unwrap()
    };
    let reply = send(None, "take_photo", json!({"width": 640})).await;
    assert_eq!((reply.code, reply.data), (200, json!({"got": {"width": 640}})));
    let reply = send(Some(CommandForm::PropertySet), "", json!({"light": 1})).await;
    assert_eq!(reply.data, json!({"got": {"light": 1}}));
    let reply = send(Some(CommandForm::Rrpc), "", json!("ping")).await;
    assert_eq!(reply.data, json!("pong"));
    let reply = send(Some(CommandForm::Custom), "", json!("take a photo")).await;
    assert_eq!((reply.code, reply.data), (200, Value::Null));
    device.await.unwrap();
}

#[tokio::test]
async fn a_command_finds_a_huawei_device_and_a_linkkit_device_that_subscribed_to_nothing() {
    let rig = Rig::start().await;
    let mut client = rig.login(&huawei()).await;
    let answered = tokio::spawn(async move {
        let (topic, request) = client.json().await;
        assert_eq!(
            (&request["command_name"], &request["paras"]),
            (&json!("take_photo"), &json!({"n": 1}))
        );
        let topic = topic.replace("/commands/", "/commands/response/");
        client
            .publish(&topic, br#"{"result_code":0,"paras":{"ok":true}}"#, 1, 5)
            .await;
        client
    });
    let request = CommandRequest {
        form: None,
        name: "take_photo".into(),
        payload: json!({"n": 1}),
    };
    let reply = rig
        .cloud
        .command(&huawei().device_id(), request, common::PATIENCE)
        .await
        .unwrap();
    assert_eq!((reply.code, reply.data), (0, json!({"ok": true})));
    answered.await.unwrap();

    let login = aliyun().login(now_ms(), false).unwrap();
    let client_id = login.client_id.replace("|securemode", "|_ss=1,securemode");
    let (mut client, code) = Mqtt::connect(
        rig.addr(),
        &client_id,
        &login.username,
        login.password.expose(),
        60,
    )
    .await;
    assert_eq!(code, 0, "what is not signed may be added");
    let answered = tokio::spawn(async move {
        let (topic, request) = client.json().await;
        let body = json!({"id": request["id"], "code": 200, "data": {}}).to_string();
        client
            .publish(&format!("{topic}_reply"), body.as_bytes(), 0, 0)
            .await;
        client
    });
    let request = CommandRequest {
        form: None,
        name: "take_photo".into(),
        payload: Value::Null,
    };
    let reply = rig
        .cloud
        .command(&aliyun().device_id(), request, common::PATIENCE)
        .await
        .unwrap();
    assert_eq!(reply.code, 200);
    answered.await.unwrap();
}

#[tokio::test]
async fn a_command_to_nobody_says_why() {
    let rig = Rig::start().await;
    let id = aliyun().device_id();
    let request = CommandRequest {
        form: None,
        name: "take_photo".into(),
        payload: Value::Null,
    };
    let wait = Duration::from_millis(50);
    let offline = rig.cloud.command(&id, request.clone(), wait).await.unwrap_err();
    assert_eq!(
        (offline.kind(), offline.message()),
        (
            ErrorKind::Disconnected,
            "device `aliyun:k0abcdefgIM:esp001` is offline"
        )
    );
    let unknown: DeviceId = "huawei:nobody".parse().unwrap();
    assert_eq!(
        rig.cloud
            .command(&unknown, request.clone(), wait)
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::NotFound
    );
    let mut client = rig.login(&aliyun()).await;
    let deaf = rig.cloud.command(&id, request.clone(), wait).await.unwrap_err();
    assert!(deaf.message().contains("not subscribed"), "{deaf}");
    client.subscribe("/sys/k0abcdefgIM/esp001/thing/service/+").await;
    assert_eq!(
        rig.cloud.command(&id, request, wait).await.unwrap_err().kind(),
        ErrorKind::Timeout
    );
}

#[tokio::test]
async fn a_device_that_another_process_removes_is_cut_off() {
    let rig = Rig::start().await;
    let mut client = rig.login(&aliyun()).await;
    let elsewhere = Registry::open(rig.dir.path()).await.unwrap();
    assert!(elsewhere.remove(&aliyun().device_id()).await.unwrap());
    assert_eq!(client.next().await, Packet::Closed);
    assert_eq!(rig.attempt(&aliyun()).await.1, 4);
    let id = Credentials::huawei("new_1", SECRET);
    elsewhere
        .add_device(NewDevice {
            id: id.device_id(),
            secret: Some(SECRET.into()),
        })
        .await
        .unwrap();
    rig.login(&id).await;
}

#[tokio::test]
async fn a_device_that_is_registered_again_gets_nothing_of_the_session_before() {
    let rig = Rig::start().await;
    let id = aliyun().device_id();
    let again = || NewDevice {
        id: id.clone(),
        secret: Some(SECRET.into()),
    };
    let leave_a_session = async || {
        let (mut device, _) = Mqtt::resume(rig.addr(), &aliyun()).await;
        assert_eq!(device.subscribe("/k0abcdefgIM/esp001/user/get").await, [1]);
        drop(device);
        let gone = async || rig.cloud.online_since(&id).is_none();
        until(gone).await;
    };
    leave_a_session().await;
    assert!(
        Mqtt::resume(rig.addr(), &aliyun()).await.1,
        "as a rule it is kept"
    );
    leave_a_session().await;
    rig.http.delete(&format!("/api/devices/{id}")).await.unwrap();
    rig.cloud.registry().add_device(again()).await.unwrap();
    assert!(!Mqtt::resume(rig.addr(), &aliyun()).await.1, "removed over HTTP");
    leave_a_session().await;
    rig.cloud.registry().remove(&id).await.unwrap(); // as another process does it
    until(async || {
        let metrics = rig.http.get_bytes("/metrics").await.unwrap();
        String::from_utf8(metrics)
            .unwrap()
            .contains("\nfaceiot_mqtt_sessions 0\n")
    })
    .await;
    rig.cloud.registry().add_device(again()).await.unwrap();
    assert!(
        !Mqtt::resume(rig.addr(), &aliyun()).await.1,
        "removed beside the cloud"
    );
}

async fn until(mut look: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !look().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(common::PATIENCE, wait).await.unwrap();
}

#[tokio::test]
async fn a_second_cloud_on_the_same_folder_names_the_first() {
    let rig = Rig::start().await;
    let error = Cloud::start(CloudConfig::on_free_ports(rig.dir.path()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(
        error
            .message()
            .contains(&format!("process {}", std::process::id())),
        "{error}"
    );
    let Rig { cloud, dir, .. } = rig;
    cloud.stop().await;
    Cloud::start(CloudConfig::on_free_ports(dir.path()))
        .await
        .unwrap()
        .stop()
        .await;
}

#[tokio::test]
async fn what_was_kept_is_there_after_a_restart() {
    let rig = Rig::start().await;
    let mut client = rig.login(&aliyun()).await;
    client
        .publish_acknowledged(POST, br#"{"id":"1","params":{"t":5}}"#)
        .await;
    let token = rig.cloud.token().to_owned();
    let Rig { cloud, dir, .. } = rig;
    cloud.stop().await;
    let cloud = Cloud::start(CloudConfig::on_free_ports(dir.path()))
        .await
        .unwrap();
    assert_eq!(cloud.token(), token);
    let http = faceiot::http::Client::new(&cloud.http_url(), Some(&token), None).unwrap();
    let rows: Value = http
        .get_json("/api/devices/aliyun:k0abcdefgIM:esp001/properties")
        .await
        .unwrap();
    assert_eq!(rows[0]["value"], 5);
    cloud.stop().await;
}
