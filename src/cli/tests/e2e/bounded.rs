//! Memory stays bounded, whatever arrives.

use faceiot_local::{NewDevice, Registry};

use crate::support::chunks::{Wire, messages, topic};
use crate::support::mqtt::Client;
use crate::support::{ASTRONAUT, Up, until};

const DEVICES: usize = 1000;

#[test]
fn a_thousand_unfinished_photos_and_a_subscriber_that_never_reads_cost_less_than_64_mib() {
    // A thousand connections need more files than a shell grants; the cloud sees to its own limit.
    rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit {
            current: Some(4096),
            maximum: rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum,
        },
    )
    .expect("4,096 open files");

    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("cloud");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let registry = Registry::open(&folder).await.unwrap();
        for number in 0..DEVICES {
            let id = format!("huawei:p_{number}").parse().unwrap();
            registry
                .add_device(NewDevice {
                    id,
                    secret: Some("the-secret".to_owned()),
                })
                .await
                .unwrap();
        }
        let id = "aliyun:pk:deaf".parse().unwrap();
        registry
            .add_device(NewDevice {
                id,
                secret: Some("the-secret".to_owned()),
            })
            .await
            .unwrap();
        registry.close().await;
    });
    let up = Up::start(&folder, &[], &[]);
    let before = up.resident_kib();

    // It subscribes, and then never reads again.
    let mut deaf = Client::login(up.mqtt(), "aliyun:pk:deaf", "the-secret");
    assert_eq!(deaf.subscribe("/pk/deaf/control"), 0);

    // All but the last chunk of a photo, from each.
    let chunks = messages(ASTRONAUT, Wire::V2, 1);
    let (_, unfinished) = chunks.split_last().expect("chunks");
    let mut connections = Vec::with_capacity(DEVICES);
    for number in 0..DEVICES {
        let device = format!("huawei:p_{number}");
        let mut client = Client::login(up.mqtt(), &device, "the-secret");
        let topic = topic(&device, Wire::V2);
        for chunk in unfinished {
            client.publish0(&topic, chunk).expect("taken");
        }
        connections.push(client);
    }
    // 32 MiB of commands for the one that does not read; past its bound they are dropped.
    let payload = format!(
        r#"{{"form":"custom","name":"x","payload":"{}","timeout":1}}"#,
        "x".repeat(32 << 10)
    );
    for _ in 0..1024 {
        let (status, body) = up.request("POST", "/api/devices/aliyun%3Apk%3Adeaf/commands", &payload);
        assert!(status < 500, "{status}: {}", String::from_utf8_lossy(&body));
    }
    let (_, metrics) = up.get("/metrics");
    let queued = String::from_utf8_lossy(&metrics)
        .lines()
        .find_map(|line| {
            line.strip_prefix("faceiot_mqtt_queued_bytes ")?
                .parse::<f64>()
                .ok()
        })
        .expect("the metric");
    eprintln!("queued for the deaf subscriber: {queued} octets");
    assert!(
        queued < f64::from(8 << 20),
        "{queued} octets wait for one that never reads"
    );
    for client in &mut connections {
        client
            .ping()
            .expect("still connected: everything it sent has been looked at");
    }
    let after = up.resident_kib();
    eprintln!(
        "resident: {before} KiB before, {after} KiB with {DEVICES} unfinished photos and a deaf subscriber"
    );
    assert!(
        after.saturating_sub(before) < 64 << 10,
        "{before} KiB before, {after} KiB after"
    );

    // And it still works: somebody else's photo arrives.
    let secret = up.add("huawei:p_other");
    let mut client = Client::login(up.mqtt(), "huawei:p_other", &secret);
    for chunk in &chunks {
        client
            .deliver(&topic("huawei:p_other", Wire::V2), chunk)
            .expect("taken");
    }
    until("the photo of another device", || {
        up.photos("huawei:p_other")
            .iter()
            .any(|row| row["problem"].is_null())
            .then_some(())
    });
}
