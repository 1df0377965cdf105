//! Devices for threads without a runtime.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

mod support;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use faceiot::blocking::{Device, Waiting, runtime};
use faceiot::{ConnectionEvent, DeviceConfig, ErrorKind, Qos};
use serde_json::json;
use support::{DN, PATIENCE, PK, Peer, photo};

/// Runs a scripted broker on the process's runtime, which this thread is not part of.
fn with_peer(
    config: impl FnOnce(std::net::SocketAddr) -> DeviceConfig,
) -> (DeviceConfig, std::sync::Arc<Peer>) {
    let peer = runtime().unwrap().block_on(Peer::listen());
    (config(peer.address()), std::sync::Arc::new(peer))
}

#[test]
fn a_thread_logs_in_sends_hears_and_closes() {
    let (config, peer) = with_peer(support::aliyun);
    let served = std::sync::Arc::clone(&peer);
    let broker = runtime().unwrap().spawn(async move {
        let mut session = served.serve().await;
        let mut chunks = 0;
        while chunks < 13 {
            chunks += usize::from(session.published().await.unwrap().topic.ends_with("/user/photo"));
        }
        session
            .publish(&format!("/{PK}/{DN}/control"), b"{\"cmd\":1}", 0)
            .await;
        session.publish("some/topic", b"hello", 0).await;
        while session.published().await.is_some() {}
    });
    let device = Device::connect(config).unwrap();
    let events = device.events().unwrap();
    assert_eq!(device.id().name(), DN);
    device
        .report(json!({"a": 1}))
        .unwrap()
        .blocking_wait(PATIENCE)
        .unwrap();
    let receipt = device.send_bytes(photo(50_000), 1).unwrap();
    receipt.blocking_wait(PATIENCE).unwrap();
    device
        .subscribe("some/topic", Qos::AtMostOnce)
        .unwrap()
        .wait()
        .unwrap();
    let command = device.next_command(PATIENCE).unwrap().expect("the command came");
    assert_eq!(command.payload, json!({"cmd": 1}));
    let message = device.next_message(PATIENCE).unwrap().expect("the message came");
    assert_eq!(&message.payload[..], b"hello");
    let asked = Instant::now();
    assert!(device.next_command(Duration::from_millis(30)).unwrap().is_none());
    assert!(asked.elapsed() >= Duration::from_millis(30));
    device.close();
    runtime()
        .unwrap()
        .block_on(async { tokio::time::timeout(PATIENCE, broker).await.unwrap().unwrap() });
    assert_eq!(events.next(PATIENCE).unwrap(), Some(ConnectionEvent::Closed));
    assert_eq!(
        device.next_command(PATIENCE).unwrap_err().kind(),
        ErrorKind::Closed
    );
    assert_eq!(
        device.send_bytes(photo(100), 1).unwrap_err().kind(),
        ErrorKind::Closed
    );
    assert!(device.is_closed());
    device.close();
}

#[test]
fn every_wait_can_be_cut_into_slices() {
    let (config, peer) = with_peer(support::huawei);
    // Nobody accepts yet: the login is waiting.
    let connecting = Device::start_connect(config).unwrap();
    for _ in 0..3 {
        assert!(connecting.poll(Duration::from_millis(5)).is_none());
    }
    let served = std::sync::Arc::clone(&peer);
    let (sender, receiver) = mpsc::channel();
    runtime().unwrap().spawn(async move {
        let mut session = served.serve().await;
        session.acknowledge = false;
        let published = session.published().await.unwrap();
        sender.send(()).unwrap();
        session.puback(published.packet_id).await;
        while session.published().await.is_some() {}
    });
    let device = connecting.poll(PATIENCE).expect("somebody accepts now").unwrap();
    let receipt = device.report(json!({"a": 1})).unwrap();
    let end = Instant::now() + PATIENCE;
    while receipt.blocking_poll(Duration::from_millis(5)).is_none() {
        assert!(Instant::now() < end, "the acknowledgement did not come");
    }
    receiver.recv_timeout(PATIENCE).unwrap();
    device.close();
}

#[test]
fn a_wait_that_is_given_up_ends_what_it_waited_for() {
    let (config, peer) = with_peer(support::aliyun);
    let connecting = Device::start_connect(config).unwrap();
    runtime().unwrap().block_on(async {
        let mut session = peer.accept().await;
        drop(connecting);
        assert_eq!(support::soon("the end", session.packet()).await, None);
    });
}

#[test]
fn a_future_that_panics_is_an_error() {
    let waiting = Waiting::<()>::start(async { panic!("on purpose") }).unwrap();
    assert_eq!(waiting.wait().unwrap_err().kind(), ErrorKind::Closed);
}
