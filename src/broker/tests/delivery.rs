//! Who gets what, when it is acknowledged, and what is kept.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Client, Rig, id_of, puback, publish, subscribe, unsubscribe, until};
use faceiot_broker::{Limits, Message};
use faceiot_journal::Ticket;

#[tokio::test]
async fn a_message_reaches_its_subscribers_and_nobody_else() {
    let rig = Rig::start().await;
    let (mut a, mut b, mut c) = (
        rig.client("a").await,
        rig.client("b").await,
        rig.client("c").await,
    );
    a.subscribe("room/+/light", 0).await;
    b.subscribe("room/2/#", 0).await;
    c.send(&publish("room/1/light", b"on", 0, 0)).await;
    c.send(&publish("room/2/heat", b"21", 0, 0)).await;
    a.expect(&publish("room/1/light", b"on", 0, 0)).await;
    b.expect(&publish("room/2/heat", b"21", 0, 0)).await;
    for client in [&mut a, &mut b, &mut c] {
        client.expect_silence().await;
    }
    a.send(&unsubscribe(9, "room/+/light")).await;
    a.expect(&[0xb0, 2, 0, 9]).await;
    c.send(&publish("room/1/light", b"off", 0, 0)).await;
    c.expect_silence().await;
    a.expect_silence().await;
    rig.broker.stop().await;
}

#[tokio::test]
async fn overlapping_filters_give_one_message_with_the_highest_qos() {
    let rig = Rig::start().await;
    let mut a = rig.client("a").await;
    a.send(&subscribe(1, &[("x/#", 0), ("x/+", 1), ("x/y", 0)])).await;
    a.expect(&[0x90, 5, 0, 1, 0, 1, 0]).await;
    let mut b = rig.client("b").await;
    b.send(&publish("x/y", b"1", 2, 7)).await;
    b.expect(&puback(7)).await;
    let got = a.packet().await;
    assert_eq!(got, publish("x/y", b"1", 2, id_of(&got)));
    a.send(&puback(id_of(&got))).await;
    a.expect_silence().await;
}

#[tokio::test]
async fn dollar_topics_are_not_matched_by_a_leading_wildcard() {
    let rig = Rig::start().await;
    let mut a = rig.client("a").await;
    a.send(&subscribe(
        1,
        &[("#", 0), ("+/devices/d1", 0), ("$oc/devices/d1", 0)],
    ))
    .await;
    a.packet().await;
    let handle = rig.broker.handle();
    let message = |topic: &str| Message {
        topic: topic.into(),
        payload: "p".into(),
        qos: 0,
        retain: false,
    };
    assert_eq!(handle.inject(message("$oc/devices/d2")), 0);
    assert_eq!(handle.inject(message("$oc/devices/d1")), 1);
    a.expect(&publish("$oc/devices/d1", b"p", 0, 0)).await;
    a.expect_silence().await;
}

#[tokio::test]
async fn the_lower_qos_of_message_and_subscription_is_used_and_qos_2_is_granted_as_1() {
    let rig = Rig::start().await;
    let mut a = rig.client("a").await;
    a.subscribe("x", 2).await;
    let mut b = rig.client("b").await;
    b.send(&publish("x", b"zero", 0, 0)).await;
    a.expect(&publish("x", b"zero", 0, 0)).await;
    b.send(&publish("x", b"one", 2, 1)).await;
    let got = a.packet().await;
    assert_eq!(got[0], 0x32);
}

#[tokio::test]
async fn hooks_refuse_drop_take_and_answer() {
    let rig = Rig::start().await;
    let mut a = rig.client("a").await;
    a.send(&subscribe(1, &[("forbidden/x", 0), ("#", 0)])).await;
    a.expect(&[0x90, 4, 0, 1, 0x80, 0]).await;
    a.send(&publish("ignored", b"", 2, 1)).await;
    a.expect(&puback(1)).await;
    a.send(&publish("taken", b"", 2, 2)).await;
    a.expect(&puback(2)).await;
    a.send(&publish("echo", b"hello", 2, 3)).await;
    a.expect(&puback(3)).await;
    a.expect(&publish("reply/a", b"hello", 0, 0)).await;
    a.expect_silence().await;
    a.send(&publish("forbidden", b"", 2, 4)).await;
    a.expect_closed().await;
    rig.until("protocol_error a: may not publish to `forbidden`")
        .await;
}

#[tokio::test]
async fn implicit_subscriptions_last_as_long_as_the_connection() {
    let rig = Rig::start().await;
    *rig.script.implicit.lock().unwrap() = vec!["sys/+/down".into()];
    let handle = rig.broker.handle();
    let message = || Message {
        topic: "sys/a/down".into(),
        payload: "p".into(),
        qos: 1,
        retain: false,
    };
    assert_eq!(handle.inject(message()), 0);
    let mut a = Client::login(rig.addr, "a", false).await;
    assert_eq!(handle.inject(message()), 1);
    a.expect(&publish("sys/a/down", b"p", 0, 0)).await;
    // An explicit one for the same filter wins by its QoS, and there is still one message.
    a.subscribe("sys/+/down", 1).await;
    handle.inject(message());
    assert_eq!(a.packet().await[0], 0x32);
    a.expect_silence().await;
    a.send(&[0xe0, 0]).await;
    rig.until("disconnected a").await;
    assert_eq!(handle.sessions()[0].subscriptions, [("sys/+/down".to_owned(), 1)]);
}

#[tokio::test]
async fn an_acknowledgement_waits_for_its_ticket_and_the_later_ones_wait_with_it() {
    let rig = Rig::start().await;
    let (ticket, completer) = Ticket::pending();
    rig.script.tickets.lock().unwrap().insert("slow".into(), ticket);
    let mut a = rig.client("a").await;
    a.send(&publish("slow", b"", 2, 1)).await;
    a.send(&publish("fast", b"", 2, 2)).await;
    // The PINGRESP passes the acknowledgements: it owes nothing to the disk.
    a.expect_silence().await;
    completer.complete(Ok(()));
    a.expect(&puback(1)).await;
    a.expect(&puback(2)).await;
}

#[tokio::test]
async fn what_could_not_be_stored_is_not_acknowledged_and_the_client_is_dropped() {
    let rig = Rig::start().await;
    let (ticket, completer) = Ticket::pending();
    rig.script.tickets.lock().unwrap().insert("slow".into(), ticket);
    let mut a = rig.client("a").await;
    a.send(&publish("slow", b"", 2, 1)).await;
    a.expect_silence().await;
    drop(completer);
    a.expect_closed().await;
    rig.until("disconnected a: not stored, not acknowledged").await;
    assert_eq!(
        rig.broker.handle().stats().protocol_errors,
        0,
        "it is not the client's fault"
    );
}

#[tokio::test]
async fn a_qos_0_message_that_waits_for_the_disk_stops_the_reading() {
    let rig = Rig::start().await;
    let (ticket, completer) = Ticket::pending();
    rig.script.tickets.lock().unwrap().insert("slow".into(), ticket);
    let mut a = rig.client("a").await;
    a.send(&publish("slow", b"", 0, 0)).await;
    rig.until("may_publish a slow").await;
    a.send(&publish("next", b"", 0, 0)).await;
    a.send(&publish("next", b"", 2, 5)).await;
    // A second client gets through many times meanwhile, so the broker has had its turns.
    let mut b = rig.client("b").await;
    for _ in 0..50 {
        b.expect_silence().await;
    }
    assert!(!rig.script.saw("may_publish a next"));
    completer.complete(Ok(()));
    a.expect(&puback(5)).await;
}

#[tokio::test]
async fn a_qos_0_message_that_could_not_be_stored_costs_the_message_and_not_the_connection() {
    let rig = Rig::start().await;
    let (ticket, completer) = Ticket::pending();
    rig.script.tickets.lock().unwrap().insert("slow".into(), ticket);
    let mut a = rig.client("a").await;
    a.send(&publish("slow", b"", 0, 0)).await;
    rig.until("may_publish a slow").await;
    drop(completer);
    a.expect_silence().await;
}

#[tokio::test]
async fn waiting_acknowledgements_are_bounded_by_not_reading_on() {
    let rig = Rig::with_limits(Limits {
        waiting_acks: 4,
        ..Limits::default()
    })
    .await;
    let (ticket, completer) = Ticket::pending();
    rig.script.tickets.lock().unwrap().insert("slow".into(), ticket);
    let mut a = rig.client("a").await;
    for id in 1..=20 {
        a.send(&publish("slow", b"", 2, id)).await;
    }
    until("four are taken", || rig.broker.handle().stats().received == 4).await;
    let mut b = rig.client("b").await;
    for _ in 0..50 {
        b.expect_silence().await;
    }
    assert_eq!(rig.broker.handle().stats().received, 4);
    completer.complete(Ok(()));
    for id in 1..=20 {
        a.expect(&puback(id)).await;
    }
}

#[tokio::test]
async fn no_more_than_the_window_is_in_flight_and_qos_0_passes_it() {
    let rig = Rig::with_limits(Limits {
        in_flight: 3,
        ..Limits::default()
    })
    .await;
    let mut a = rig.client("a").await;
    a.subscribe("x", 1).await;
    let handle = rig.broker.handle();
    let message = |n: u8, qos| Message {
        topic: "x".into(),
        payload: vec![n].into(),
        qos,
        retain: false,
    };
    for n in 0..5 {
        assert_eq!(handle.inject(message(n, 1)), 1);
    }
    handle.inject(message(99, 0));
    let mut ids = Vec::new();
    for n in 0..3 {
        let got = a.packet().await;
        assert_eq!(got.last(), Some(&n));
        ids.push(id_of(&got));
    }
    a.expect(&publish("x", &[99], 0, 0)).await;
    a.expect_silence().await;
    a.send(&puback(ids[1])).await;
    assert_eq!(a.packet().await.last(), Some(&3));
    a.send(&puback(ids[0])).await;
    assert_eq!(a.packet().await.last(), Some(&4));
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again_with_dup_and_the_same_id() {
    let rig = Rig::start().await;
    let mut a = Client::login(rig.addr, "a", false).await;
    a.subscribe("x", 1).await;
    let handle = rig.broker.handle();
    for n in 0..3_u8 {
        handle.inject(Message {
            topic: "x".into(),
            payload: vec![n].into(),
            qos: 1,
            retain: false,
        });
    }
    let sent = [a.packet().await, a.packet().await, a.packet().await];
    a.send(&puback(id_of(&sent[1]))).await;
    a.expect_silence().await;
    drop(a);
    rig.until("disconnected a").await;
    let mut a = Client::raw(rig.addr).await;
    a.send(&common::connect("a", false, 0)).await;
    a.expect(&[0x20, 2, 1, 0]).await;
    for again in [&sent[0], &sent[2]] {
        a.expect(&publish("x", &again[again.len() - 1..], 0x0a, id_of(again)))
            .await;
    }
    a.expect_silence().await;
}

#[tokio::test]
async fn a_kept_session_gets_what_came_meanwhile_in_order_and_a_clean_one_nothing() {
    let rig = Rig::start().await;
    for (name, clean) in [("kept", false), ("clean", true)] {
        let mut client = Client::login(rig.addr, name, clean).await;
        client.subscribe("x", 1).await;
        client.send(&[0xe0, 0]).await;
        rig.until(&format!("disconnected {name}: disconnected by the client"))
            .await;
    }
    let mut b = rig.client("b").await;
    for n in 0..100_u8 {
        b.send(&publish(
            "x",
            &[n],
            if n % 10 == 9 { 0 } else { 2 },
            1 + u16::from(n),
        ))
        .await;
        if n % 10 != 9 {
            b.expect(&puback(1 + u16::from(n))).await;
        }
    }
    let mut kept = Client::raw(rig.addr).await;
    kept.send(&common::connect("kept", false, 0)).await;
    kept.expect(&[0x20, 2, 1, 0]).await;
    for n in (0..100_u8).filter(|n| n % 10 != 9) {
        let got = kept.packet().await;
        assert_eq!((got[0], got.last()), (0x32, Some(&n)));
        kept.send(&puback(id_of(&got))).await;
    }
    let mut clean = Client::raw(rig.addr).await;
    clean.send(&common::connect("clean", true, 0)).await;
    clean.expect(&[0x20, 2, 0, 0]).await;
    clean.expect_silence().await;
    // A clean login throws the kept session away.
    let mut kept = Client::raw(rig.addr).await;
    kept.send(&common::connect("kept", true, 0)).await;
    kept.expect(&[0x20, 2, 0, 0]).await;
    b.send(&publish("x", b"", 2, 999)).await;
    b.expect(&puback(999)).await;
    kept.expect_silence().await;
}

#[tokio::test]
async fn a_full_queue_drops_and_counts_and_the_publisher_is_not_held_up() {
    let limits = Limits {
        session_messages: 5,
        qos0_messages: 5,
        ..Limits::default()
    };
    let rig = Rig::with_limits(limits).await;
    let mut a = Client::login(rig.addr, "a", false).await;
    a.subscribe("x", 1).await;
    drop(a);
    rig.until("disconnected a").await;
    let mut b = rig.client("b").await;
    for id in 1..=12 {
        b.send(&publish("x", b"", 2, id)).await;
        b.expect(&puback(id)).await;
    }
    let stats = rig.broker.handle().stats();
    assert_eq!((stats.dropped_qos1, stats.dropped_qos0), (7, 0));
    let session = rig
        .broker
        .handle()
        .sessions()
        .into_iter()
        .find(|s| s.session == "a")
        .unwrap();
    assert_eq!(
        (session.queued, session.connected, session.persistent),
        (5, false, true)
    );
}

#[tokio::test]
async fn a_subscription_past_a_limit_is_refused() {
    let rig = Rig::with_limits(Limits {
        subscriptions: 2,
        filter_levels: 3,
        ..Limits::default()
    })
    .await;
    let mut a = rig.client("a").await;
    a.send(&subscribe(
        1,
        &[("a/b/c/d", 0), ("a/b/c", 0), ("b", 0), ("c", 0), ("b", 1)],
    ))
    .await;
    a.expect(&[0x90, 7, 0, 1, 0x80, 0, 0, 0x80, 1]).await;
}

#[tokio::test]
async fn counters_add_up() {
    let rig = Rig::start().await;
    let mut a = rig.client("a").await;
    a.subscribe("x", 1).await;
    let mut b = rig.client("b").await;
    b.send(&publish("x", b"12345", 2, 1)).await;
    b.expect(&puback(1)).await;
    let got = a.packet().await;
    let handle = rig.broker.handle();
    let stats = handle.stats();
    assert_eq!(
        (stats.received, stats.received_bytes, stats.sent, stats.sent_bytes),
        (1, 5, 1, 5)
    );
    assert_eq!(
        (stats.connections, stats.half_open, stats.accepted, stats.sessions),
        (2, 0, 2, 2)
    );
    assert!(stats.queued_bytes > 0);
    a.send(&puback(id_of(&got))).await;
    a.expect_silence().await;
    assert_eq!(handle.stats().queued_bytes, 0);
    drop((a, b));
    until("both are gone", || handle.stats().connections == 0).await;
    assert_eq!(handle.stats().sessions, 0);
}

#[tokio::test]
async fn acknowledged_messages_for_an_offline_session_survive_a_restart_in_order() {
    let rig = Rig::start().await;
    let mut a = Client::login(rig.addr, "a", false).await;
    a.send(&subscribe(1, &[("x/#", 1), ("y", 1)])).await;
    a.packet().await;
    a.send(&unsubscribe(2, "y")).await;
    a.packet().await;
    let mut b = rig.client("b").await;
    b.send(&publish("x/0", b"first", 2, 1)).await;
    b.expect(&puback(1)).await;
    let got = a.packet().await;
    a.send(&puback(id_of(&got))).await;
    a.expect_silence().await;
    drop(a);
    rig.until("disconnected a").await;
    for id in 1..=50_u16 {
        b.send(&publish("x/1", &id.to_be_bytes(), 2, id)).await;
        b.expect(&puback(id)).await;
    }
    let rig = rig.restart().await;
    let session = &rig.broker.handle().sessions()[0];
    assert_eq!(session.subscriptions, [("x/#".to_owned(), 1)]);
    assert_eq!(session.queued, 50);
    let mut b = rig.client("b").await;
    b.send(&publish("x/2", &51_u16.to_be_bytes(), 2, 1)).await;
    b.expect(&puback(1)).await;
    let mut a = Client::raw(rig.addr).await;
    a.send(&common::connect("a", false, 0)).await;
    a.expect(&[0x20, 2, 1, 0]).await;
    for id in 1..=51_u16 {
        let got = a.packet().await;
        assert_eq!(got[got.len() - 2..], id.to_be_bytes());
        a.send(&puback(id_of(&got))).await;
    }
    a.expect_silence().await;
    drop((a, b));
    let rig = rig.restart().await;
    assert_eq!(
        rig.broker.handle().sessions()[0].queued,
        0,
        "what was acknowledged is done"
    );
}

#[tokio::test]
async fn two_brokers_live_in_one_process() {
    let (one, two) = (Rig::start().await, Rig::start().await);
    assert_ne!(one.addr, two.addr);
    let (mut a, mut b) = (one.client("a").await, two.client("a").await);
    a.subscribe("x", 0).await;
    b.subscribe("x", 0).await;
    a.send(&publish("x", b"one", 0, 0)).await;
    a.expect(&publish("x", b"one", 0, 0)).await;
    b.expect_silence().await;
    one.broker.stop().await;
    b.expect_silence().await;
    two.broker.stop().await;
}

#[tokio::test]
async fn stopping_closes_connections_frees_the_port_and_reports_everybody() {
    let rig = Rig::start().await;
    let (addr, script) = (rig.addr, Arc::clone(&rig.script));
    let mut a = rig.client("a").await;
    let mut half_open = rig.raw().await;
    tokio::time::timeout(Duration::from_secs(5), rig.broker.stop())
        .await
        .unwrap();
    a.expect_closed().await;
    half_open.expect_closed().await;
    assert!(script.saw("disconnected a: the broker stops"));
    std::net::TcpListener::bind(addr).unwrap();
}
