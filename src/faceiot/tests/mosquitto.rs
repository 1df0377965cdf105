//! The device against Debian's mosquitto, with the signed login as user name and password.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

mod support;

use std::time::Duration;

use faceiot::{ConnectionEvent, Device, ErrorKind, Qos};
use faceiot_core::chunk::v2;
use serde_json::json;
use support::mosquitto::Mosquitto;
use support::{DN, NOW, PATIENCE, PK, photo, soon};

#[tokio::test]
async fn a_photo_goes_through_mosquitto_from_one_device_to_another() {
    let mut sender = support::aliyun("127.0.0.1:1".parse().unwrap());
    let mut receiver = support::huawei("127.0.0.1:1".parse().unwrap());
    let logins = [
        sender.credentials.login(NOW, false).unwrap(),
        receiver.credentials.login(NOW, false).unwrap(),
    ];
    let mosquitto = Mosquitto::start(&[&logins[0], &logins[1]], None);
    for config in [&mut sender, &mut receiver] {
        config.endpoint.connect = Some(mosquitto.address().to_string());
    }
    let receiver = soon("connect", Device::connect(receiver)).await.unwrap();
    receiver
        .subscribe(format!("/{PK}/{DN}/user/photo"), Qos::AtLeastOnce)
        .await
        .unwrap();
    let mut messages = receiver.messages();
    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce] {
        sender.qos = qos;
        let device = soon("connect", Device::connect(sender.clone())).await.unwrap();
        let whole = photo(200_000);
        let receipt = device.send_bytes(whole.clone(), v2::JPEG).unwrap();
        let (mut memory, mut ranges) = (vec![0; whole.len()], vec![v2::Range::default(); 64]);
        let mut frame = v2::Assembler::new(&mut memory, &mut ranges);
        loop {
            let message = soon("a chunk", messages.next()).await.unwrap();
            if let v2::Step::Complete { len } = frame.push(&v2::parse(&message.payload).unwrap()).unwrap() {
                assert_eq!(&frame.frame()[..len], whole);
                break;
            }
        }
        receipt.wait(PATIENCE).await.unwrap();
        device.close().await;
    }
    receiver.close().await;
}

#[tokio::test]
async fn mosquitto_refuses_a_login_that_is_signed_with_another_secret() {
    let mut config = support::aliyun("127.0.0.1:1".parse().unwrap());
    let login = config.credentials.login(NOW, false).unwrap();
    let mosquitto = Mosquitto::start(&[&login], None);
    config.endpoint.connect = Some(mosquitto.address().to_string());
    config.credentials = faceiot::Credentials::aliyun(PK, DN, "another secret");
    let error = soon("connect", Device::connect(config)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn a_command_is_answered_through_mosquitto() {
    let mut config = support::aliyun("127.0.0.1:1".parse().unwrap());
    let mut cloud = support::huawei("127.0.0.1:1".parse().unwrap());
    let logins = [
        config.credentials.login(NOW, false).unwrap(),
        cloud.credentials.login(NOW, false).unwrap(),
    ];
    let mosquitto = Mosquitto::start(&[&logins[0], &logins[1]], None);
    config.endpoint.connect = Some(mosquitto.address().to_string());
    cloud.endpoint.connect = Some(mosquitto.address().to_string());
    let device = soon("connect", Device::connect(config)).await.unwrap();
    device.on_command(|command| json!({"heard": command.name}));
    let cloud = soon("connect", Device::connect(cloud)).await.unwrap();
    cloud
        .subscribe(
            format!("/sys/{PK}/{DN}/thing/service/property/set_reply"),
            Qos::AtMostOnce,
        )
        .await
        .unwrap();
    let request =
        json!({"id": "1", "version": "1.0.0", "params": {"led": 1}, "method": "thing.service.property.set"});
    cloud
        .publish(
            format!("/sys/{PK}/{DN}/thing/service/property/set"),
            request.to_string(),
            Qos::AtLeastOnce,
        )
        .unwrap();
    let reply = soon("the reply", cloud.messages().next()).await.unwrap();
    let reply: serde_json::Value = serde_json::from_slice(&reply.payload).unwrap();
    assert_eq!(reply, json!({"id": "1", "code": 200, "data": {"heard": "set"}}));
    device.close().await;
    cloud.close().await;
}

#[tokio::test]
async fn a_device_comes_back_when_mosquitto_was_killed() {
    let mut config = support::aliyun("127.0.0.1:1".parse().unwrap());
    let login = config.credentials.login(NOW, false).unwrap();
    let mut mosquitto = Mosquitto::start(&[&login], None);
    config.endpoint.connect = Some(mosquitto.address().to_string());
    let device = soon("connect", Device::connect(config)).await.unwrap();
    let mut events = device.events();
    let restarted = tokio::task::spawn_blocking(move || {
        mosquitto.restart();
        mosquitto
    });
    let _mosquitto = restarted.await.unwrap();
    let back = async { while !matches!(events.recv().await.unwrap(), ConnectionEvent::Connected { .. }) {} };
    soon("the reconnect", back).await;
    device
        .send_bytes(photo(50_000), v2::JPEG)
        .unwrap()
        .wait(Duration::from_secs(10))
        .await
        .unwrap();
    device.close().await;
}
