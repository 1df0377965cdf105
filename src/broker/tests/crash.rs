//! What was acknowledged is there after `kill -9`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "in a test a panic is the report"
)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use common::{Client, Rig, Script, connect, id_of, puback, publish, subscribe, until};
use faceiot_broker::Limits;

const CHILD: &str = "BROKER_TEST_CHILD";

/// The broker as a process of its own: prints its address and lives until it is killed.
fn child(folder: &std::path::Path) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let broker = common::start(folder, Limits::default(), &Arc::new(Script::default())).await;
        println!("address {}", broker.addrs()[0]);
        std::future::pending::<()>().await;
    });
}

#[test]
fn acknowledged_messages_survive_kill_minus_nine_and_unacknowledged_ones_may() {
    const NAME: &str = "acknowledged_messages_survive_kill_minus_nine_and_unacknowledged_ones_may";
    if let Some(folder) = std::env::var_os(CHILD) {
        return child(std::path::Path::new(&folder));
    }
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let mut process = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", NAME, "--nocapture"])
        .env(CHILD, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let output = BufReader::new(process.stdout.take().expect("its output"));
    let addr = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| {
            line.split_once("address ")
                .and_then(|(_, addr)| addr.trim().parse().ok())
        })
        .expect("the child prints its address");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let acknowledged = runtime.block_on(async {
        let mut kept = Client::login(addr, "kept", false).await;
        kept.send(&subscribe(1, &[("x", 1)])).await;
        kept.expect(&[0x90, 3, 0, 1, 1]).await;
        // One is delivered and acknowledged, one is delivered and not.
        let mut publisher = Client::login(addr, "publisher", true).await;
        for id in 1..=2_u16 {
            publisher.send(&publish("x", &id.to_be_bytes(), 2, id)).await;
            publisher.expect(&puback(id)).await;
        }
        let first = kept.packet().await;
        kept.packet().await;
        kept.send(&puback(id_of(&first))).await;
        kept.expect_silence().await;
        drop(kept);
        let mut acknowledged = 2;
        let mut sent = 2_u16;
        // Twenty on their way at any time, so that the kill finds some in every state.
        while acknowledged < 1000 {
            while sent < acknowledged + 20 {
                sent += 1;
                publisher.send(&publish("x", &sent.to_be_bytes(), 2, sent)).await;
            }
            acknowledged += 1;
            publisher.expect(&puback(acknowledged)).await;
        }
        process.kill().expect("killed");
        process.wait().expect("gone");
        while let Some(packet) = publisher.next().await {
            acknowledged += 1;
            assert_eq!(packet, puback(acknowledged));
        }
        acknowledged
    });
    runtime.block_on(async {
        let rig = Rig::with(Limits::default(), folder).await;
        let mut kept = Client::raw(rig.addr).await;
        kept.send(&connect("kept", false, 0)).await;
        kept.expect(&[0x20, 2, 1, 0]).await;
        let mut last = None;
        while last < Some(acknowledged) {
            let got = kept.packet().await;
            let number = u16::from_be_bytes([got[got.len() - 2], got[got.len() - 1]]);
            match last {
                // The first one was acknowledged by its client; that record is lazy, so it may come again.
                None => assert!(number <= 2, "{number}"),
                Some(last) => assert_eq!(number, last + 1, "in order, none missing"),
            }
            last = Some(number);
            kept.send(&puback(id_of(&got))).await;
        }
        rig.broker.stop().await;
    });
}

#[tokio::test]
async fn the_log_is_compacted_and_keeps_what_is_queued() {
    let rig = Rig::start().await;
    let mut kept = Client::login(rig.addr, "kept", false).await;
    kept.subscribe("keep", 1).await;
    kept.subscribe("pass/#", 1).await;
    let mut publisher = rig.client("publisher").await;
    publisher.send(&publish("keep", b"precious", 2, 1)).await;
    publisher.expect(&puback(1)).await;
    // Delivered and never acknowledged: it stays in flight through all that follows.
    let precious = kept.packet().await;
    assert!(precious.ends_with(b"precious"));
    let payload = vec![1; 200 << 10];
    let handle = rig.broker.handle();
    for n in 0..160_u16 {
        publisher.send(&publish("pass/1", &payload, 2, 2 + n)).await;
        publisher.expect(&puback(2 + n)).await;
        let got = kept.packet().await;
        kept.send(&puback(id_of(&got))).await;
    }
    kept.expect_silence().await;
    // 32 MB have passed; without compaction they would all still be there.
    until("the log is compacted", || handle.stats().log_bytes < 24 << 20).await;
    drop((kept, publisher));
    let rig = rig.restart().await;
    let sessions = rig.broker.handle().sessions();
    assert_eq!(
        (
            sessions.len(),
            sessions[0].queued,
            sessions[0].subscriptions.len()
        ),
        (1, 1, 2)
    );
    let mut kept = Client::raw(rig.addr).await;
    kept.send(&connect("kept", false, 0)).await;
    kept.expect(&[0x20, 2, 1, 0]).await;
    assert!(kept.packet().await.ends_with(b"precious"));
}

#[tokio::test]
async fn a_client_that_subscribes_without_end_does_not_make_the_log_grow_without_end() {
    let rig = Rig::start().await;
    let mut kept = Client::login(rig.addr, "kept", false).await;
    let handle = rig.broker.handle();
    // Eight filters of 60 KiB, asked for fifty times: 24 MB of records, half a megabyte of which counts.
    let filters: Vec<String> = (0..8).map(|n| format!("f{n}/{}", "x".repeat(60 << 10))).collect();
    for n in 0..50_u16 {
        for (at, filter) in (0..).zip(&filters) {
            let id = 1 + n * 8 + at;
            kept.send(&subscribe(id, &[(filter, 1)])).await;
            let [high, low] = id.to_be_bytes();
            kept.expect(&[0x90, 3, high, low, 1]).await;
        }
    }
    until("the log is compacted", || handle.stats().log_bytes < 17 << 20).await;
    drop(kept);
    let rig = rig.restart().await;
    assert_eq!(rig.broker.handle().sessions()[0].subscriptions.len(), 8);
}

#[tokio::test]
async fn a_forgotten_session_leaves_nothing_to_whoever_gets_its_name() {
    let rig = Rig::start().await;
    let handle = rig.broker.handle();
    let mut kept = Client::login(rig.addr, "kept", false).await;
    kept.subscribe("x", 1).await;
    drop(kept);
    until("it is gone", || !handle.sessions()[0].connected).await;
    let mut publisher = rig.client("publisher").await;
    publisher.send(&publish("x", b"for the old one", 2, 1)).await;
    publisher.expect(&puback(1)).await;
    assert!(handle.forget("kept") && !handle.forget("kept"));
    // Now and after a restart: its name means nothing any more. One that is connected is dropped.
    let mut kept = Client::raw(rig.addr).await;
    kept.send(&connect("kept", false, 0)).await;
    kept.expect(&[0x20, 2, 0, 0]).await;
    assert!(handle.forget("kept"));
    rig.until("disconnected kept: its session was removed").await;
    drop((kept, publisher));
    let rig = rig.restart().await;
    assert!(rig.broker.handle().sessions().is_empty());
}
