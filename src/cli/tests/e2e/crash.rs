//! `kill -9`: what was acknowledged is there afterwards, once.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::support::chunks::{Wire, messages, topic};
use crate::support::mqtt::Client;
use crate::support::relay::Relay;
use crate::support::{
    ASTRONAUT, CAMERA, Up, command, exit_code, faceiot, photo_file, sha256sum, until, wait,
};

const DEVICE: &str = "huawei:p_n";

#[test]
fn a_cloud_killed_in_mid_photo_has_the_photo_whole_and_once_after_the_restart() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("cloud");
    let up = Up::start(&folder, &[], &[]);
    let config = up.add_with_config("aliyun:pk:door");
    let secret = up.add(DEVICE);
    let wire = Relay::to(up.mqtt());
    let photo = photo_file(temp.path(), "a.jpg", ASTRONAUT);
    // 12 chunks with QoS 1, ten a second: there is a middle to kill in.
    let mut send = command();
    send.args(["send", "--json", "--connect", &wire.address.to_string()])
        .arg("--config")
        .arg(&config)
        .arg(&photo);
    let mut sender = send.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until("a few chunks", || (wire.published() >= 4).then_some(()));
    assert!(
        up.photos("aliyun:pk:door").is_empty(),
        "the photo was there before the cloud could be killed"
    );
    drop(up.kill());

    let up = Up::start(&folder, &["--photo-idle", "2"], &[]);
    wire.lay_to(up.mqtt());
    assert_eq!(exit_code(wait(&mut sender, "faceiot send")), 0, "{}", up.log());
    let rows = rows_when_all_is_over(&up, &secret);
    once_and_whole(&up, &rows, ASTRONAUT);

    // And it stays one: the journal is not read a second time into a second row.
    drop(up.kill());
    let up = Up::start(&folder, &["--photo-idle", "2"], &[]);
    once_and_whole(&up, &rows_when_all_is_over(&up, &secret), ASTRONAUT);
}

/// The rows, when what came of an interrupted photo would have been given up: another photo, of which nothing more
/// comes, was since.
fn rows_when_all_is_over(up: &Up, secret: &str) -> Vec<serde_json::Value> {
    let mut client = Client::login(up.mqtt(), DEVICE, secret);
    let begun = up.photos(DEVICE).len();
    let torn = messages(CAMERA, Wire::V2, begun as u32 + 1);
    client
        .deliver(&topic(DEVICE, Wire::V2), &torn[0])
        .expect("acknowledged");
    up.wait_photos(DEVICE, begun + 1);
    up.photos("aliyun:pk:door")
}

fn once_and_whole(up: &Up, rows: &[serde_json::Value], photo: &[u8]) {
    let good: Vec<_> = rows.iter().filter(|row| row["problem"].is_null()).collect();
    assert_eq!(good.len(), 1, "{rows:?}");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(good[0]["sha256"], sha256sum(photo).as_str());
    assert_eq!(up.image(good[0]), photo);
}

#[test]
fn a_cloud_killed_between_the_photo_and_its_row_has_the_row_once_after_the_restart() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("cloud");
    let up = Up::start(&folder, &[], &[]);
    let secret = up.add(DEVICE);
    let mut client = Client::login(up.mqtt(), DEVICE, &secret);

    // Whoever holds the write lock of the tables keeps every row away; files can still be written.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut lock = runtime.block_on(async {
        let mut lock =
            SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(folder.join("registry.db")))
                .await
                .unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await.unwrap();
        lock
    });
    let topic = topic(DEVICE, Wire::V2);
    for chunk in messages(CAMERA, Wire::V2, 1) {
        client
            .deliver(&topic, &chunk)
            .expect("acknowledged: it is on disk");
    }
    until("the photo's file", || (!jpegs(&folder).is_empty()).then_some(()));
    assert!(up.photos(DEVICE).is_empty(), "there is a row already");
    drop(up.kill());
    runtime.block_on(async {
        sqlx::query("ROLLBACK").execute(&mut lock).await.unwrap();
        lock.close().await.unwrap();
    });

    // The device is gone and sends nothing again: what was acknowledged is enough.
    drop(client);
    for _ in 0..2 {
        let up = Up::start(&folder, &[], &[]);
        once_and_whole(&up, &up.wait_photos(DEVICE, 1), CAMERA);
        assert_eq!(jpegs(&folder).len(), 1);
        drop(up.kill());
    }
}

#[test]
fn chunks_acknowledged_before_a_kill_need_not_be_sent_again() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("cloud");
    let up = Up::start(&folder, &[], &[]);
    let secret = up.add(DEVICE);
    let (topic, chunks) = (topic(DEVICE, Wire::V2), messages(ASTRONAUT, Wire::V2, 1));
    let (before, after) = chunks.split_at(6);
    let mut client = Client::login(up.mqtt(), DEVICE, &secret);
    for chunk in before {
        client.deliver(&topic, chunk).expect("acknowledged");
    }
    drop(up.kill());
    let up = Up::start(&folder, &[], &[]);
    let mut client = Client::login(up.mqtt(), DEVICE, &secret);
    for chunk in after {
        client.deliver(&topic, chunk).expect("acknowledged");
    }
    once_and_whole(&up, &up.wait_photos(DEVICE, 1), ASTRONAUT);
}

#[test]
fn a_killed_cloud_leaves_nothing_that_stops_the_next_one() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("cloud");
    let up = Up::start(&folder, &[], &[]);
    up.add(DEVICE);
    drop(up.kill());
    // Its note is still there and names a cloud that is not: the commands say so in words.
    let ran = faceiot(["command", DEVICE, "capture", "--data", folder.to_str().unwrap()]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("faceiot up"), "{}", ran.err);
    let up = Up::start(&folder, &[], &[]);
    assert_eq!(up.get("/health").0, 200);
}

/// Every photo file below the folder, finished ones only.
fn jpegs(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(folder.join("photos")) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| fs::read_dir(entry.path()).ok())
        .flat_map(|files| files.flatten().map(|file| file.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "jpg"))
        .collect()
}
