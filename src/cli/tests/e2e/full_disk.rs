//! A disk that is full: a small tmpfs in a name space of its own, which ends with the process that lives in it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::chunks::{Wire, messages, topic};
use crate::support::mqtt::Client;
use crate::support::{ANYWHERE, ASTRONAUT, CAMERA, Up, sha256sum, until};

const DEVICE: &str = "huawei:p_n";

/// A cloud whose folder is on a tmpfs of `size`; seen from here through `/proc`.
fn cloud_on_a_small_disk(temp: &std::path::Path, size: &str) -> Up {
    let mount = temp.join("disk");
    fs::create_dir(&mount).unwrap();
    let script = format!(
        r#"mount -t tmpfs -o size={size} tmpfs '{0}' && cd / && exec '{1}' "$@""#,
        mount.display(),
        env!("CARGO_BIN_EXE_faceiot")
    );
    // Inside a user name space anybody may mount a tmpfs, and it is gone when the process is.
    let possible = Command::new("unshare")
        .args([
            "-Urm",
            "sh",
            "-c",
            &format!("mount -t tmpfs -o size=64k tmpfs '{}'", mount.display()),
        ])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    assert!(
        possible,
        "this test needs a small file system: allow user name spaces (`unshare -Urm` with `mount -t tmpfs`), \
         for example `sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or run it as root"
    );
    let folder = mount.join("cloud");
    let mut command = Command::new("unshare");
    command
        .args(["-Urm", "sh", "-c", &script, "sh", "up"])
        .args(ANYWHERE)
        .arg("--data")
        .arg(&folder);
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    let mut up = Up::spawn(command, &temp.join("log"));
    let inside = format!("/proc/{}/root{}", up.pid(), folder.display());
    up.view = PathBuf::from(inside);
    up.folder = folder;
    up
}

/// Writes until there is no space left.
fn fill(path: &std::path::Path) {
    let mut file = File::create(path).unwrap();
    for size in [1 << 20, 4096, 1] {
        let block = vec![0; size];
        let full = loop {
            match file.write_all(&block) {
                Ok(()) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    }
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged_and_ends_when_there_is_space() {
    let temp = tempfile::tempdir().unwrap();
    let up = cloud_on_a_small_disk(temp.path(), "48m");
    let (status, body) = up.request(
        "POST",
        "/api/devices",
        &format!(r#"{{"id":"{DEVICE}","secret":"the-secret"}}"#),
    );
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    let topic = topic(DEVICE, Wire::V2);
    let send = |photo: &[u8], frame: u32| -> io::Result<()> {
        let mut client = Client::login(up.mqtt(), DEVICE, "the-secret");
        messages(photo, Wire::V2, frame)
            .iter()
            .try_for_each(|chunk| client.deliver(&topic, chunk))
    };
    send(CAMERA, 1).expect("there is space");
    up.wait_photos(DEVICE, 1);

    let ballast = up.view.with_file_name("ballast");
    fill(&ballast);
    // With QoS 1 nothing is acknowledged that is not on disk: the connection ends instead.
    let mut frame = 2;
    let refused = until("a refusal", || {
        frame += 1;
        send(ASTRONAUT, frame).err()
    });
    assert!(
        matches!(
            refused.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
        ),
        "{refused}"
    );
    let log = up.log().to_lowercase();
    assert!(log.contains("space") || log.contains("full"), "{log}");
    assert!(!log.contains("panicked"), "{log}");
    // What was there can still be read, and health says what is wrong.
    let rows = up.photos(DEVICE);
    assert_eq!(up.image(rows.last().expect("the first photo")), CAMERA);
    assert_eq!(up.get("/health").0, 503);

    fs::remove_file(&ballast).unwrap();
    until("a photo is taken again", || {
        frame += 1;
        send(ASTRONAUT, frame).ok()
    });
    let rows = until("its row", || {
        let rows = up.photos(DEVICE);
        rows.iter()
            .any(|row| row["sha256"] == sha256sum(ASTRONAUT).as_str())
            .then_some(rows)
    });
    for row in rows.iter().filter(|row| row["problem"].is_null()) {
        assert_eq!(
            sha256sum(&up.image(row)),
            row["sha256"].as_str().unwrap(),
            "a stored photo is whole"
        );
    }
}
