//! What a client that never reads costs. Alone in its process, because it asks the system how large that is.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a panic is the report"
)]

mod common;

use common::{Client, Rig, puback, publish};
use faceiot_broker::Limits;

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("VmRSS");
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<usize>().ok())
        .expect("kilobytes")
        << 10
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_never_reads_costs_less_than_64_mib() {
    let rig = Rig::start().await;
    let handle = rig.broker.handle();
    let mut stuck = Vec::new();
    for (name, qos, clean) in [("q0", 0, true), ("q1", 1, true), ("kept", 1, false)] {
        let mut client = Client::login(rig.addr, name, clean).await;
        client.subscribe("photos/#", qos).await;
        stuck.push(client);
    }
    let before = resident();
    let mut publisher = rig.client("publisher").await;
    let mut published = 0;
    // 400 MB in messages of every size, small ones included, whose cost is in what surrounds them.
    for (size, qos, count) in [
        (256 << 10, 0, 800_u32),
        (100 << 10, 2, 1500),
        (16, 2, 20_000),
        (4 << 10, 0, 10_000),
    ] {
        for n in 0..count {
            let id = 1 + (n % 60_000) as u16;
            publisher
                .send(&publish("photos/1", &vec![7; size], qos, id))
                .await;
            if qos == 2 {
                publisher.expect(&puback(id)).await;
            }
            published += size;
        }
    }
    publisher.expect_silence().await;
    assert!(published > 390_000_000);
    let stats = handle.stats();
    assert_eq!(stats.received, 32_300);
    assert!(stats.dropped_qos0 > 0 && stats.dropped_qos1 > 0);
    assert!(stats.queued_bytes <= Limits::default().total_bytes as u64);
    let grown = resident().saturating_sub(before);
    println!(
        "grew by {} KiB, {} KiB accounted",
        grown >> 10,
        stats.queued_bytes >> 10
    );
    assert!(grown < 64 << 20, "grew by {} MiB", grown >> 20);
    drop(stuck);
}
