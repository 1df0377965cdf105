//! How a device connects, stays connected, and stops.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use faceiot::{Clock, ConnectionEvent, Credentials, Device, ErrorKind, Qos};
use faceiot_core::sign::{aliyun, huawei};
use serde_json::json;
use support::{DN, NOW, PATIENCE, PK, Peer, SECRET, soon};
use tokio::sync::broadcast;

async fn event(
    events: &mut broadcast::Receiver<ConnectionEvent>,
    wanted: impl Fn(&ConnectionEvent) -> bool,
) -> ConnectionEvent {
    loop {
        let event = soon("an event", events.recv()).await.unwrap();
        if wanted(&event) {
            return event;
        }
    }
}

#[tokio::test]
async fn device_signs_afresh_at_every_connect() {
    let peer = Peer::listen().await;
    let mut config = support::huawei(peer.address());
    // Each look at the clock is an hour later.
    let looks = Arc::new(AtomicU64::new(0));
    let hours = Arc::clone(&looks);
    config.clock = Clock::from_fn(move || NOW + 3_600_000 * hours.fetch_add(1, Ordering::SeqCst));
    let (device, first) = tokio::join!(Device::connect(config), peer.serve());
    let device = device.unwrap();
    assert_eq!(
        (first.client_id.as_str(), first.username.as_str()),
        ("61e6d1_cam_0_0_2018081708", "61e6d1_cam")
    );
    assert_eq!(first.keep_alive, 120);
    let (old_id, old_password) = (first.client_id.clone(), first.password.clone());
    drop(first);

    let second = peer.serve().await;
    assert_ne!(second.client_id, old_id);
    assert_ne!(second.password, old_password);
    let hour = &second.client_id[second.client_id.len() - 10..];
    let mut signed = [0; 512];
    let seconds = NOW / 1000 + 3600 * (looks.load(Ordering::SeqCst) - 1);
    assert_eq!(hour, huawei::Hour::from_unix(seconds).as_str());
    huawei::verify_mqtt_login(
        &second.client_id,
        &second.username,
        &second.password,
        SECRET,
        seconds,
        &mut signed,
    )
    .unwrap();
    drop(second);
    device.close().await;
}

#[tokio::test]
async fn the_aliyun_login_is_the_signed_one() {
    let peer = Peer::listen().await;
    let (device, session) = tokio::join!(Device::connect(support::aliyun(peer.address())), peer.serve());
    let mut signed = [0; 512];
    aliyun::verify_mqtt_login(
        &session.client_id,
        &session.username,
        &session.password,
        SECRET,
        &mut signed,
    )
    .unwrap();
    assert!(
        session.client_id.contains("securemode=3"),
        "{}",
        session.client_id
    );
    assert!(
        session.client_id.contains(&format!("timestamp={NOW}")),
        "{}",
        session.client_id
    );
    assert_eq!(
        (session.username, session.keep_alive),
        (format!("{DN}&{PK}"), 300)
    );
    device.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resubscribes_after_a_reconnect() {
    let peer = Peer::listen().await;
    let (device, mut session) = tokio::join!(Device::connect(support::aliyun(peer.address())), peer.serve());
    let device = device.unwrap();
    let mut events = device.events();
    let filter = format!("/{PK}/{DN}/user/+");
    let (subscribed, ()) = tokio::join!(device.subscribe(&filter, Qos::AtLeastOnce), async {
        let (kind, body) = soon("SUBSCRIBE", session.packet()).await.unwrap();
        assert_eq!(kind, 0x82);
        session.grant(&body, 1).await;
    });
    subscribed.unwrap();
    let mut before = session.filters.clone();
    drop(session);

    let mut session = peer.serve().await;
    let mut messages = device.messages();
    // Nothing is published by the device: what comes next is the last SUBSCRIBE, which `accept` has not seen yet.
    while session.filters.len() < before.len() {
        let (kind, body) = soon("SUBSCRIBE", session.packet()).await.unwrap();
        assert_eq!(kind, 0x82);
        session.grant(&body, 1).await;
    }
    let mut after = session.filters.clone();
    before.sort();
    after.sort();
    assert_eq!(before, after);
    event(&mut events, |event| {
        matches!(event, ConnectionEvent::Connected { .. })
    })
    .await;
    session
        .publish(&format!("/{PK}/{DN}/user/hello"), b"again", 0)
        .await;
    let message = soon("the message", messages.next()).await.unwrap();
    assert_eq!(
        (&*message.topic, &*message.payload),
        (&*format!("/{PK}/{DN}/user/hello"), &b"again"[..])
    );
    device.close().await;
}

#[tokio::test]
async fn refused_credentials_stop_with_a_clear_error() {
    for (code, words) in [
        (2, "client id"),
        (4, "user name or password"),
        (5, "no such device"),
    ] {
        let peer = Peer::listen().await;
        let (connected, ()) = tokio::join!(Device::connect(support::aliyun(peer.address())), async {
            peer.accept().await.connack(code).await;
        });
        let error = connected.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(!error.retryable());
        assert!(
            error.to_string().contains(words) && error.to_string().contains(&format!("CONNACK {code}")),
            "{error}"
        );
        assert!(!error.to_string().contains(SECRET));
        assert!(
            !peer.is_called_within(Duration::from_millis(200)).await,
            "it must not try again"
        );
    }
}

#[tokio::test]
async fn a_device_that_is_refused_later_tells_everyone_who_waits() {
    let peer = Peer::listen().await;
    let (device, mut session) = tokio::join!(Device::connect(support::aliyun(peer.address())), peer.serve());
    let device = device.unwrap();
    let mut events = device.events();
    session.acknowledge = false;
    let receipt = device.send_bytes(support::photo(1000), 1).unwrap();
    session.published().await.unwrap();
    drop(session);
    peer.accept().await.connack(4).await;
    let error = receipt.wait(PATIENCE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let told = event(&mut events, |event| {
        matches!(event, ConnectionEvent::Refused { .. })
    })
    .await;
    assert!(matches!(told, ConnectionEvent::Refused { reason } if reason.contains("CONNACK 4")));
    assert!(device.is_closed());
    assert_eq!(
        device.report(json!({})).await.unwrap_err().kind(),
        ErrorKind::Closed
    );
    assert!(device.commands().next().await.is_none());
}

#[tokio::test]
async fn a_cloud_that_is_busy_is_asked_again() {
    let peer = Peer::listen().await;
    let (device, ()) = tokio::join!(Device::connect(support::aliyun(peer.address())), async {
        peer.accept().await.connack(3).await;
        peer.accept().await.connack(3).await;
        std::mem::forget(peer.serve().await);
    });
    device.unwrap().close().await;
}

#[tokio::test]
async fn a_first_connect_that_fails_says_why_at_once() {
    let nobody = Peer::listen().await;
    let address = nobody.address();
    drop(nobody);
    let error = Device::connect(support::aliyun(address)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(error.to_string().contains(&address.to_string()), "{error}");

    let mut config = support::aliyun(address);
    config.endpoint.connect = Some("no-such-name.invalid:1".into());
    assert_eq!(Device::connect(config).await.unwrap_err().kind(), ErrorKind::Dns);
}

#[tokio::test]
async fn a_first_connect_may_be_patient() {
    let peer = Peer::listen().await;
    let mut config = support::aliyun(peer.address());
    config.first_connect = PATIENCE;
    let (device, ()) = tokio::join!(Device::connect(config), async {
        drop(peer.accept().await);
        std::mem::forget(peer.serve().await);
    });
    device.unwrap().close().await;
}

#[tokio::test]
async fn a_broker_that_never_answers_is_given_up() {
    let peer = Peer::listen().await;
    let mut config = support::aliyun(peer.address());
    config.connect_timeout = Duration::from_millis(100);
    let (connected, _session) = tokio::join!(Device::connect(config), peer.accept());
    assert_eq!(connected.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn whatever_a_broker_sends_it_is_an_error_and_the_device_comes_back() {
    let peer = Peer::listen().await;
    let (device, mut session) = tokio::join!(Device::connect(support::aliyun(peer.address())), peer.serve());
    let device = device.unwrap();
    let mut events = device.events();
    let garbage: [&[u8]; 8] = [
        &[0xF0, 0],                      // a packet type that is none
        &[0x30, 0xFF, 0xFF, 0xFF, 0xFF], // a length that does not end
        &[0x30, 0xFF, 0xFF, 0xFF, 0x7F], // 256 MB are to come
        &[0x30, 3, 0, 9, b'x'],          // a topic longer than the packet
        &[0x36, 5, 0, 1, b'x', 0, 1],    // QoS 3
        &[0x34, 5, 0, 1, b'x', 0, 1],    // QoS 2
        &[0x20, 2, 0, 0],                // a second CONNACK
        &[0x90, 3, 0, 99, 7],            // a SUBACK code that is none
    ];
    for octets in garbage {
        session.raw(octets).await;
        let lost = event(&mut events, |event| {
            matches!(event, ConnectionEvent::Disconnected { .. })
        })
        .await;
        let ConnectionEvent::Disconnected { reason, .. } = lost else {
            unreachable!()
        };
        assert!(reason.contains("the broker sent"), "{octets:02x?}: {reason}");
        session = peer.serve().await;
    }
    // Acknowledgements that nobody waits for harm nothing.
    session.puback(7).await;
    session.raw(&[0x90, 3, 0, 99, 0]).await;
    session.raw(&[0xD0, 0]).await;
    let receipt = device.report(json!({"a": 1})).await.unwrap();
    session.published().await.unwrap();
    receipt.wait(PATIENCE).await.unwrap();
    device.close().await;
}

#[tokio::test]
async fn closing_says_goodbye_and_dropping_does_too() {
    for close in [true, false] {
        let peer = Peer::listen().await;
        let (device, mut session) =
            tokio::join!(Device::connect(support::huawei(peer.address())), peer.serve());
        let device = device.unwrap();
        let mut events = device.events();
        session.acknowledge = false;
        let receipt = device.send_bytes(support::photo(100), 1).unwrap();
        session.published().await.unwrap();
        if close {
            device.close().await;
        } else {
            drop(device);
        }
        assert_eq!(soon("DISCONNECT", session.packet()).await, Some((0xE0, vec![])));
        assert_eq!(soon("the end", session.packet()).await, None);
        assert_eq!(
            receipt.wait(PATIENCE).await.unwrap_err().kind(),
            ErrorKind::Closed
        );
        event(&mut events, |event| *event == ConnectionEvent::Closed).await;
    }
}

#[tokio::test]
async fn a_device_can_be_closed_while_it_waits_to_connect_again() {
    let peer = Peer::listen().await;
    let mut config = support::aliyun(peer.address());
    config.reconnect.first = Duration::from_hours(1);
    config.reconnect.most = Duration::from_hours(1);
    let (device, session) = tokio::join!(Device::connect(config), peer.serve());
    let device = device.unwrap();
    let mut events = device.events();
    drop(session);
    event(&mut events, |event| {
        matches!(event, ConnectionEvent::Disconnected { .. })
    })
    .await;
    let receipt = device.send_bytes(support::photo(100), 1).unwrap();
    soon("close", device.close()).await;
    assert_eq!(
        receipt.wait(PATIENCE).await.unwrap_err().kind(),
        ErrorKind::Closed
    );
}

#[tokio::test]
async fn a_subscription_that_is_refused_is_told_and_not_asked_for_again() {
    let peer = Peer::listen().await;
    let (device, mut session) = tokio::join!(Device::connect(support::aliyun(peer.address())), peer.serve());
    let device = device.unwrap();
    let (subscribed, ()) = tokio::join!(device.subscribe("/other/device/#", Qos::AtMostOnce), async {
        let (_, body) = soon("SUBSCRIBE", session.packet()).await.unwrap();
        session.grant(&body, 0x80).await;
    });
    assert_eq!(subscribed.unwrap_err().kind(), ErrorKind::Topic);
    for wrong in ["", "a/#/b", "a+", "a\0"] {
        assert_eq!(
            device.subscribe(wrong, Qos::AtMostOnce).await.unwrap_err().kind(),
            ErrorKind::Topic,
            "{wrong:?}"
        );
    }
    drop(session);
    let session = peer.serve().await;
    assert!(!session.filters.iter().any(|filter| filter.starts_with("/other")));
    device.close().await;
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_before_anything_is_connected() {
    let peer = Peer::listen().await;
    let mut config = support::huawei(peer.address());
    config.keep_alive = Duration::from_secs(15);
    assert_eq!(
        Device::connect(config).await.unwrap_err().kind(),
        ErrorKind::Config
    );
    let mut config = support::huawei(peer.address());
    config.credentials = Credentials::huawei("a/b", SECRET);
    assert_eq!(
        Device::connect(config).await.unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    assert!(!peer.is_called_within(Duration::from_millis(50)).await);
}
