//! Clients that do not behave, and what they cost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a panic is the report"
)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Client, PATIENCE, Rig, connect, id_of, puback, publish, until};
use faceiot_broker::{Caps, Limits, Message};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

fn message(topic: &str, payload: Vec<u8>, qos: u8) -> Message {
    Message {
        topic: topic.into(),
        payload: payload.into(),
        qos,
        retain: false,
    }
}

#[tokio::test]
async fn the_newer_connection_of_a_session_wins() {
    let rig = Rig::start().await;
    let mut old = rig.client("device@1").await;
    old.subscribe("x", 0).await;
    let mut new = rig.client("device@2").await;
    old.expect_closed().await;
    new.subscribe("x", 0).await;
    rig.broker.handle().inject(message("x", b"1".to_vec(), 0));
    new.expect(&publish("x", b"1", 0, 0)).await;
    let events: Vec<_> = rig
        .script
        .seen()
        .into_iter()
        .filter(|e| e.contains("connected"))
        .collect();
    assert_eq!(
        events,
        [
            "connected device",
            "disconnected device: taken over by a newer connection",
            "connected device"
        ]
    );
    assert_eq!(rig.broker.handle().sessions().len(), 1);
}

#[tokio::test]
async fn a_take_over_during_a_slow_write_hands_everything_to_the_new_connection() {
    let rig = Rig::start().await;
    let handle = rig.broker.handle();
    let mut old = Client::login(rig.addr, "device@1", false).await;
    old.subscribe("x", 1).await;
    // More than the sockets hold: the old connection hangs in its write, with unacknowledged messages on both
    // sides of it.
    for n in 0..60_u8 {
        assert_eq!(handle.inject(message("x", vec![n; 100 << 10], 1)), 1);
    }
    until("the write hangs", || handle.sessions()[0].in_flight > 20).await;
    let mut new = Client::raw(rig.addr).await;
    new.send(&connect("device@2", false, 0)).await;
    new.expect(&[0x20, 2, 1, 0]).await;
    for n in 0..60_u8 {
        let got = new.packet().await;
        assert_eq!(got.last(), Some(&n), "each once, in order");
        new.send(&puback(id_of(&got))).await;
    }
    new.expect_silence().await;
    assert_eq!(handle.stats().queued_bytes, 0);
    drop(old);
}

#[tokio::test]
async fn many_take_overs_at_once_leave_one_connection_and_alternating_hooks() {
    let rig = Rig::start().await;
    let logins = (0..40).map(|i| {
        let addr = rig.addr;
        tokio::spawn(async move {
            let mut client = Client::raw(addr).await;
            client.send(&connect(&format!("device@{i}"), i % 2 == 0, 0)).await;
            // Some are thrown out before they hear of their login.
            let _ = client.next().await;
            client
        })
    });
    let mut clients = Vec::new();
    for login in logins.collect::<Vec<_>>() {
        clients.push(login.await.expect("a client"));
    }
    until("one is left", || rig.broker.handle().stats().connections == 1).await;
    let mut connected = 0;
    for event in rig
        .script
        .seen()
        .iter()
        .filter(|e| e.contains("connected device"))
    {
        connected += if event.starts_with("connected") { 1 } else { -1 };
        assert!(
            (0..=1).contains(&connected),
            "connected and disconnected alternate"
        );
    }
    assert_eq!(connected, 1);
    assert_eq!(rig.broker.handle().sessions().len(), 1);
}

#[tokio::test]
async fn a_kicked_client_is_gone() {
    let rig = Rig::start().await;
    let mut a = rig.client("a").await;
    assert!(rig.broker.handle().kick("a"));
    a.expect_closed().await;
    rig.until("disconnected a: dropped by the operator").await;
    assert!(!rig.broker.handle().kick("a"));
}

#[tokio::test]
async fn silence_for_one_and_a_half_keep_alives_ends_a_connection_and_pings_keep_it() {
    let rig = Rig::start().await;
    let mut silent = Client::raw(rig.addr).await;
    silent.send(&connect("silent", true, 1)).await;
    silent.packet().await;
    let since = Instant::now();
    let mut pinging = Client::raw(rig.addr).await;
    pinging.send(&connect("pinging", true, 1)).await;
    pinging.packet().await;
    let gone = silent.next();
    tokio::pin!(gone);
    loop {
        tokio::select! {
            end = &mut gone => {
                assert_eq!(end, None);
                break;
            }
            () = tokio::time::sleep(Duration::from_millis(300)) => pinging.expect_silence().await,
        }
    }
    let after = since.elapsed();
    assert!(
        after >= Duration::from_millis(1400) && after < Duration::from_secs(6),
        "{after:?}"
    );
    rig.until("disconnected silent: silent for longer").await;
    pinging.expect_silence().await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed_in_time_and_half_open_ones_are_capped() {
    let rig = Rig::start().await;
    let caps = Caps {
        connect_timeout: Duration::from_millis(1500),
        half_open: 3,
        connections: 5,
        ..Caps::default()
    };
    *rig.script.caps.lock().expect("caps") = Some(caps);
    let handle = rig.broker.handle();
    let mut silent: Vec<_> = Vec::new();
    for _ in 0..3 {
        silent.push(rig.raw().await);
    }
    until("three are half open", || handle.stats().half_open == 3).await;
    let mut fourth = rig.raw().await;
    fourth.expect_closed().await;
    assert_eq!(handle.stats().over_cap, 1);
    // One of them dribbles: bytes do not buy time.
    let dribble = tokio::spawn(async move {
        let mut client = silent.swap_remove(0);
        let bytes = connect(&"x".repeat(2000), true, 0);
        let mut sent = 0;
        while sent < bytes.len()
            && tokio::io::AsyncWriteExt::write_all(&mut client.stream, &bytes[sent..=sent])
                .await
                .is_ok()
        {
            sent += 1;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        (sent, silent)
    });
    until("they are gone", || handle.stats().half_open == 0).await;
    let (sent, _) = dribble.await.expect("the dribbling client");
    assert!(sent < 2000, "{sent}");
    rig.until("protocol_error -: no CONNECT in time").await;
    let mut clients = Vec::new();
    for i in 0..5 {
        clients.push(rig.client(&format!("c{i}")).await);
    }
    rig.raw().await.expect_closed().await;
    drop(clients);
    until("there is room", || handle.stats().connections == 0).await;
    rig.client("again").await.expect_silence().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_after_the_stall_time() {
    let rig = Rig::with_limits(Limits {
        write_stall: Duration::from_millis(400),
        ..Limits::default()
    })
    .await;
    let handle = rig.broker.handle();
    let mut a = rig.client("a").await;
    a.subscribe("x", 0).await;
    let inject = async {
        while !rig.script.saw("disconnected a: does not read what it is sent") {
            handle.inject(message("x", vec![0; 64 << 10], 0));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, inject).await.expect("dropped");
    assert!(handle.stats().dropped_qos0 > 0);
    until("its memory is given back", || handle.stats().queued_bytes == 0).await;
}

#[tokio::test]
async fn a_publisher_is_slowed_down_and_not_cut_off_while_its_acknowledgements_wait() {
    let rig = Rig::start().await;
    let (ticket, completer) = faceiot_journal::Ticket::pending();
    rig.script
        .tickets
        .lock()
        .expect("tickets")
        .insert("slow".into(), ticket);
    let mut a = Client::raw(rig.addr).await;
    a.send(&connect("a", true, 1)).await;
    a.packet().await;
    for id in 1..=64 {
        a.send(&publish("slow", b"", 2, id)).await;
    }
    until("all are taken", || rig.broker.handle().stats().received == 64).await;
    // It pings as it should, but the broker does not listen: that must not be held against it.
    let since = Instant::now();
    while since.elapsed() < Duration::from_millis(2500) {
        a.send(&[0xc0, 0]).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    completer.complete(Ok(()));
    for id in 1..=64 {
        a.expect(&puback(id)).await;
    }
    a.expect(&[0xd0, 0]).await;
}

#[tokio::test]
async fn a_panic_in_a_hook_ends_one_connection_and_frees_its_session() {
    struct Panics(Arc<common::Script>);
    impl faceiot_broker::Hooks for Panics {
        fn may_publish(
            &self,
            _: &faceiot_broker::Identity,
            topic: &str,
            _: u8,
            _: bool,
        ) -> faceiot_broker::PublishVerdict {
            assert_ne!(topic, "boom", "on purpose");
            faceiot_broker::PublishVerdict::Allow
        }
        fn may_subscribe(&self, _: &faceiot_broker::Identity, _: &str) -> Result<(), ()> {
            Ok(())
        }
        fn connected(&self, identity: &faceiot_broker::Identity) -> Vec<String> {
            assert_ne!(&*identity.session, "unlucky", "on purpose");
            Vec::new()
        }
        fn disconnected(&self, identity: &faceiot_broker::Identity, _: &str) {
            self.0.log(format!("disconnected {}", identity.session));
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let script = Arc::new(common::Script::default());
    let listener = faceiot_broker::Listener {
        name: "test".into(),
        addr: ([127, 0, 0, 1], 0).into(),
        tls: None,
        rules: Arc::new(common::Scripted(Arc::clone(&script))),
    };
    let broker = faceiot_broker::Broker::start(faceiot_broker::Config {
        state_dir: folder.path().join("broker"),
        listeners: vec![listener],
        hooks: Arc::new(Panics(Arc::clone(&script))),
        limits: Limits::default(),
    })
    .await
    .expect("a broker");
    let addr = broker.addrs()[0];
    let mut a = Client::login(addr, "a", true).await;
    let mut b = Client::login(addr, "b", true).await;
    b.subscribe("x", 0).await;
    a.send(&publish("boom", b"", 0, 0)).await;
    a.expect_closed().await;
    let mut unlucky = Client::raw(addr).await;
    unlucky.send(&connect("unlucky", true, 0)).await;
    unlucky.expect_closed().await;
    until("both sessions are gone", || broker.handle().sessions().len() == 1).await;
    assert!(script.saw("disconnected a"));
    let mut a = Client::login(addr, "a", true).await;
    a.send(&publish("x", b"1", 0, 0)).await;
    b.expect(&publish("x", b"1", 0, 0)).await;
    timeout(PATIENCE, broker.stop()).await.expect("stops");
}

#[tokio::test]
async fn a_password_is_never_in_what_the_rules_can_print() {
    let rig = Rig::start().await;
    let mut a: Client<TcpStream> = rig.raw().await;
    let mut payload = common::text("device");
    payload.extend(common::text("user"));
    payload.extend(common::text("canary-7f31"));
    a.send(&common::connect_with(4, 0xc2, 0, &payload)).await;
    a.packet().await;
    assert!(rig.script.saw("***"));
    assert!(!rig.script.saw("canary") && !rig.script.saw("99, 97, 110"));
}
