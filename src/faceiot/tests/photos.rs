//! Photos: whole at the other side, again after an interruption, and out of the way of replies.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

mod support;

use std::time::{Duration, Instant};

use faceiot::rate::Rate;
use faceiot::{Cloud, ConnectionEvent, Device, DeviceConfig, ErrorKind, Format, Qos};
use faceiot_core::chunk::{hex, v2};
use serde_json::json;
use support::{DN, PATIENCE, PK, Peer, Published, Session, photo, soon};
use tokio::net::TcpStream;

/// What a receiver makes of the messages: `hex`, raw chunks, or chunks in a text property of either cloud.
fn receive(messages: &[Published], most: usize) -> Vec<u8> {
    let mut memory = vec![0; most];
    let mut ranges = vec![v2::Range::default(); 64];
    let mut text_memory = vec![0; most];
    let mut frame = v2::Assembler::new(&mut memory, &mut ranges);
    let mut text = hex::Assembler::new(&mut text_memory);
    for message in messages {
        if message.topic.ends_with("/user/photo") {
            let step = frame.push(&v2::parse(&message.payload).unwrap()).unwrap();
            if let v2::Step::Complete { len } = step {
                return frame.frame()[..len].to_vec();
            }
            continue;
        }
        let document = message.json();
        let img = document["params"]["img"]
            .as_str()
            .or_else(|| document["services"][0]["properties"]["img"].as_str());
        let img = img.unwrap().as_bytes();
        if v2::is_text(img) {
            let mut octets = vec![0; img.len()];
            let octets = v2::decode_text(img, &mut octets).unwrap();
            if let v2::Step::Complete { len } = frame.push(&v2::parse(octets).unwrap()).unwrap() {
                return frame.frame()[..len].to_vec();
            }
        } else if let hex::Step::Complete { len } = text.push(img).unwrap() {
            return text.photo()[..len].to_vec();
        }
    }
    panic!("no photo came out of {} messages", messages.len());
}

async fn collect(session: &mut Session<TcpStream>, count: usize) -> Vec<Published> {
    let mut messages = Vec::new();
    while messages.len() < count {
        messages.push(
            session
                .published()
                .await
                .expect("the connection ended in mid-photo"),
        );
    }
    messages
}

#[tokio::test]
async fn a_photo_is_whole_at_the_other_side_in_every_format_and_qos() {
    let whole = photo(12_345);
    let formats = [
        (Cloud::Aliyun, Format::Hex, 32),
        (Cloud::Aliyun, Format::V2, 4),
        (Cloud::Aliyun, Format::V2Text, 2),
        (Cloud::Huawei, Format::V2, 4),
        (Cloud::Huawei, Format::V2Text, 2),
    ];
    for (cloud, format, count) in formats {
        for qos in [Qos::AtMostOnce, Qos::AtLeastOnce] {
            let peer = Peer::listen().await;
            let mut config = match cloud {
                Cloud::Aliyun => support::aliyun(peer.address()),
                Cloud::Huawei => support::huawei(peer.address()),
            };
            (config.format, config.qos) = (Some(format), qos);
            let (device, mut session) = tokio::join!(Device::connect(config), peer.serve());
            let device = device.unwrap();
            let receipt = device.send_bytes(whole.clone(), v2::JPEG).unwrap();
            let messages = collect(&mut session, count).await;
            let sent = receipt.wait(PATIENCE).await.unwrap();
            assert_eq!(
                (sent.messages, sent.restarts),
                (count, 0),
                "{cloud} {format} {qos:?}"
            );
            assert_eq!(
                sent.bytes,
                messages
                    .iter()
                    .map(|message| message.payload.len())
                    .sum::<usize>()
            );
            assert_eq!(receipt.progress(), (count, count));
            assert!(
                messages
                    .iter()
                    .all(|message| message.qos == u8::from(qos == Qos::AtLeastOnce))
            );
            assert_eq!(receive(&messages, 20_000), whole, "{cloud} {format} {qos:?}");
            device.close().await;
        }
    }
}

#[tokio::test]
async fn hex_is_the_tutorials_format_octet_for_octet() {
    let peer = Peer::listen().await;
    let mut config = support::aliyun(peer.address());
    config.format = Some(Format::Hex);
    let (device, mut session) = tokio::join!(Device::connect(config), peer.serve());
    let device = device.unwrap();
    let receipt = device.send_bytes(vec![0xAB; 401], v2::JPEG).unwrap();
    let messages = collect(&mut session, 3).await;
    let envelope = |img: &str| {
        format!(r#"{{"id":"1189401707","version":"1.0.0","method":"123","params":{{"img":"{img}"}}}}"#)
    };
    for (message, img) in messages.iter().zip(["AB".repeat(400), "AB".into(), "END".into()]) {
        assert_eq!(message.topic, format!("/sys/{PK}/{DN}/thing/event/property/post"));
        assert_eq!(String::from_utf8_lossy(&message.payload), envelope(&img));
    }
    receipt.wait(PATIENCE).await.unwrap();
    device.close().await;
}

#[tokio::test]
async fn a_receipt_waits_for_the_last_acknowledgement() {
    let peer = Peer::listen().await;
    let (device, mut session) = tokio::join!(Device::connect(support::aliyun(peer.address())), peer.serve());
    let device = device.unwrap();
    session.acknowledge = false;
    let receipt = device.send_bytes(photo(12_345), v2::JPEG).unwrap();
    let messages = collect(&mut session, 4).await;
    // Out of order, and one of them twice.
    for index in [3, 1, 1, 0] {
        session.puback(messages[index].packet_id).await;
    }
    let late = receipt.wait(Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(
        (late.kind(), receipt.progress(), receipt.is_done()),
        (ErrorKind::Timeout, (3, 4), false)
    );
    session.puback(messages[2].packet_id).await;
    receipt.wait(PATIENCE).await.unwrap();
    device.close().await;
}

/// Breaks the connection in mid-photo; returns what the second connection carried.
async fn interrupt(mut config: DeviceConfig, peer: &Peer, whole: &[u8]) -> (Vec<Published>, Vec<Published>) {
    config.qos = Qos::AtLeastOnce;
    let (device, mut session) = tokio::join!(Device::connect(config), peer.serve());
    let device = device.unwrap();
    let mut events = device.events();
    let receipt = device.send_bytes(whole.to_vec(), v2::JPEG).unwrap();
    let (_, total) = receipt.progress();
    let before = collect(&mut session, total / 2).await;
    drop(session);
    let mut session = peer.serve().await;
    let after = collect(&mut session, total).await;
    let sent = receipt.wait(PATIENCE).await.unwrap();
    assert_eq!(sent.restarts, 1);
    assert!(sent.messages > total, "the interrupted attempt is counted too");
    let told = async {
        loop {
            if let ConnectionEvent::PhotoRestarted { restarts, messages } = events.recv().await.unwrap() {
                return (restarts, messages);
            }
        }
    };
    let (restarts, messages) = soon("the event", told).await;
    assert!(restarts == 1 && messages >= total / 2);
    device.close().await;
    (before, after)
}

#[tokio::test]
async fn an_interrupted_photo_starts_again_as_the_same_frame_and_says_so() {
    let peer = Peer::listen().await;
    let whole = photo(100_000);
    let (before, after) = interrupt(support::aliyun(peer.address()), &peer, &whole).await;
    let frame = |message: &Published| {
        let header = v2::parse(&message.payload).unwrap().header;
        (
            header.epoch,
            header.frame_id,
            header.time_ms,
            header.is_retransmit(),
        )
    };
    let (epoch, number, time_ms, _) = frame(&before[0]);
    let is = |again| move |message: &Published| frame(message) == (epoch, number, time_ms, again);
    assert!(before.iter().all(is(false)));
    assert!(after.iter().all(is(true)));
    assert_eq!(receive(&after, whole.len()), whole);
}

#[tokio::test]
async fn an_interrupted_photo_in_hex_starts_again_from_its_first_chunk() {
    let peer = Peer::listen().await;
    let whole = photo(40_000);
    let mut config = support::aliyun(peer.address());
    config.format = Some(Format::Hex);
    let (_, after) = interrupt(config, &peer, &whole).await;
    assert!(
        after[0].json()["params"]["img"]
            .as_str()
            .unwrap()
            .starts_with("FFD8FF")
    );
    assert_eq!(receive(&after, whole.len()), whole);
}

#[tokio::test]
async fn photos_of_a_lost_connection_come_again_in_their_order() {
    let peer = Peer::listen().await;
    let (device, mut session) = tokio::join!(Device::connect(support::aliyun(peer.address())), peer.serve());
    let device = device.unwrap();
    session.acknowledge = false;
    let photos = [photo(5000), photo(6000), photo(7000)];
    let receipts: Vec<_> = photos
        .iter()
        .map(|octets| device.send_bytes(octets.clone(), v2::JPEG).unwrap())
        .collect();
    let report = device.report(json!({"n": 1})).await.unwrap();
    collect(&mut session, 4).await;
    drop(session);
    let mut session = peer.serve().await;
    let mut messages = collect(&mut session, 7).await;
    // The report overtakes what is left of the photos.
    messages.retain(|message| message.topic.ends_with("/user/photo"));
    assert_eq!(messages.len(), 6);
    for (index, whole) in photos.iter().enumerate() {
        assert_eq!(&receive(&messages[2 * index..2 * index + 2], 8000), whole);
    }
    for receipt in receipts.iter().chain([&report]) {
        receipt.wait(PATIENCE).await.unwrap();
    }
    device.close().await;
}

#[tokio::test]
async fn a_message_that_was_not_acknowledged_is_sent_again() {
    let peer = Peer::listen().await;
    let (device, mut session) = tokio::join!(Device::connect(support::huawei(peer.address())), peer.serve());
    let device = device.unwrap();
    session.acknowledge = false;
    let receipts = [
        device.report(json!({"n": 1})).await.unwrap(),
        device
            .publish("$oc/devices/61e6d1_cam/user/x", "two", Qos::AtLeastOnce)
            .unwrap(),
    ];
    let before = collect(&mut session, 2).await;
    session.puback(before[0].packet_id).await;
    receipts[0].wait(PATIENCE).await.unwrap();
    drop(session);
    let mut session = peer.serve().await;
    let again = session.published().await.unwrap();
    assert_eq!(again.payload, before[1].payload);
    receipts[1].wait(PATIENCE).await.unwrap();
    device.close().await;
}

/// 200 KB at the rate that Aliyun allows, in `hex`: 513 messages. In the middle of it the cloud asks.
#[tokio::test]
async fn a_reply_overtakes_chunks_and_leaves_within_one_second() {
    let peer = Peer::listen().await;
    let mut config = support::aliyun(peer.address());
    config.format = Some(Format::Hex);
    config.rate = Some(Rate::of(Cloud::Aliyun, Qos::AtLeastOnce));
    let (device, mut session) = tokio::join!(Device::connect(config), peer.serve());
    let device = device.unwrap();
    device.on_command(|_| json!({"done": true}));
    let receipt = device.send_bytes(photo(200_000), v2::JPEG).unwrap();
    collect(&mut session, 5).await;
    for round in 0..3 {
        let asked = Instant::now();
        let request = json!({"id": round.to_string(), "version": "1.0.0", "params": {}, "method": "thing.service.capture"});
        session
            .publish(
                &format!("/sys/{PK}/{DN}/thing/service/capture"),
                request.to_string().as_bytes(),
                1,
            )
            .await;
        let mut chunks = 0;
        let reply = loop {
            let message = session.published().await.unwrap();
            if message.topic.ends_with("capture_reply") {
                break message;
            }
            chunks += 1;
        };
        let took = asked.elapsed();
        println!("reply {round} after {took:?} and {chunks} chunks");
        assert!(took < Duration::from_secs(1), "the reply took {took:?}");
        assert_eq!(
            reply.json(),
            json!({"id": round.to_string(), "code": 200, "data": {"done": true}})
        );
        assert!(chunks <= 2, "{chunks} chunks went first");
        collect(&mut session, 2).await;
    }
    let (done, total) = receipt.progress();
    assert!(
        done < total / 2,
        "the photo was still on its way: {done} of {total}"
    );
    device.close().await;
}

#[tokio::test]
async fn no_second_holds_more_messages_than_the_cloud_allows() {
    let peer = Peer::listen().await;
    let mut config = support::aliyun(peer.address());
    config.rate = None;
    let (device, mut session) = tokio::join!(Device::connect(config), peer.serve());
    let device = device.unwrap();
    device.send_bytes(photo(100_000), v2::JPEG).unwrap();
    let mut times = Vec::new();
    while times.len() < 14 {
        session.published().await.unwrap();
        times.push(Instant::now());
    }
    // Ten in the first second at most, so that the eleventh is later. What is late here makes the gap longer, never
    // shorter, but for the first.
    assert!(
        times[11] - times[1] >= Duration::from_millis(900),
        "{:?}",
        times[11] - times[1]
    );
    device.close().await;
}

#[tokio::test]
async fn what_waits_in_memory_has_a_limit() {
    let peer = Peer::listen().await;
    let mut config = support::aliyun(peer.address());
    config.queue_bytes = 10_000;
    let (device, mut session) = tokio::join!(Device::connect(config), peer.serve());
    let device = device.unwrap();
    session.acknowledge = false;
    let large = device.send_bytes(photo(30_000), v2::JPEG).unwrap();
    let refused = device.send_bytes(photo(100), v2::JPEG).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.retryable()),
        (ErrorKind::RateLimit, true)
    );
    assert_eq!(
        device.report(json!({"a": 1})).await.unwrap_err().kind(),
        ErrorKind::RateLimit
    );
    for message in collect(&mut session, 8).await {
        session.puback(message.packet_id).await;
    }
    large.wait(PATIENCE).await.unwrap();
    device.send_bytes(photo(100), v2::JPEG).unwrap();
    device.close().await;
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_at_once() {
    let peer = Peer::listen().await;
    let (device, _session) = tokio::join!(Device::connect(support::huawei(peer.address())), peer.serve());
    let device = device.unwrap();
    assert_eq!(
        device.send_bytes(vec![], v2::JPEG).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    assert_eq!(
        device.publish("a/+", "", Qos::AtMostOnce).unwrap_err().kind(),
        ErrorKind::Topic
    );
    assert_eq!(
        device.publish("", "", Qos::AtMostOnce).unwrap_err().kind(),
        ErrorKind::Topic
    );
    let large = device
        .publish("a", vec![0; 1_000_001], Qos::AtMostOnce)
        .unwrap_err();
    assert_eq!(large.kind(), ErrorKind::InvalidArgument);
    assert_eq!(
        device.report(json!([1])).await.unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    device.close().await;
}

#[tokio::test]
async fn a_report_can_wait_for_the_clouds_answer() {
    let peer = Peer::listen().await;
    let (device, mut session) = tokio::join!(Device::connect(support::aliyun(peer.address())), peer.serve());
    let device = device.unwrap();
    for (code, expected) in [(200, None), (460, Some(ErrorKind::InvalidArgument))] {
        let (answer, ()) = tokio::join!(device.report_confirmed(json!({"Door": 1}), PATIENCE), async {
            let post = session.published().await.unwrap();
            assert_eq!(post.topic, format!("/sys/{PK}/{DN}/thing/event/property/post"));
            assert_eq!((post.json()["params"].clone(), post.qos), (json!({"Door": 1}), 1));
            let reply = json!({"code": code, "data": {"Door": "tsl parse: params not exist"}, "id": post.json()["id"]});
            let topic = format!("/sys/{PK}/{DN}/thing/event/property/post_reply");
            session
                .publish(&topic, br#"{"code":200,"data":{},"id":"0"}"#, 0)
                .await;
            session.publish(&topic, reply.to_string().as_bytes(), 0).await;
        });
        match expected {
            None => assert_eq!(answer.unwrap(), json!({"Door": "tsl parse: params not exist"})),
            Some(kind) => assert_eq!(answer.unwrap_err().kind(), kind),
        }
    }
    device.close().await;
}

/// Reading and writing do not wait for each other, or two sides that both write would wait for ever.
#[tokio::test]
async fn a_broker_that_does_not_read_is_still_heard() {
    let peer = Peer::listen().await;
    let mut config = support::aliyun(peer.address());
    config.qos = Qos::AtMostOnce;
    let (device, mut session) = tokio::join!(Device::connect(config), peer.serve());
    let device = device.unwrap();
    // More than the buffers of both kernels hold.
    let receipt = device.send_bytes(photo(20_000_000), v2::JPEG).unwrap();
    let mut messages = device.messages();
    for n in 0..100_u8 {
        session.publish("some/topic", &[n], 0).await;
        assert_eq!(
            soon("the message", messages.next()).await.unwrap().payload,
            [n][..]
        );
    }
    assert!(!receipt.is_done(), "nobody has read it");
    device.close().await;
    assert_eq!(
        receipt.wait(PATIENCE).await.unwrap_err().kind(),
        ErrorKind::Closed
    );
}
