//! `rpicam:` with a fake `rpicam-vid` on PATH: each test is a shell script of its own in a process of its own, because
//! PATH belongs to the whole process.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends"
)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{eventually, options, photo};
use faceiot_camera::{Camera, Error, ErrorKind, Options, Wish, choose, list};

/// Runs a test again with only this folder before PATH; in that process it is `true`.
fn with_path(test: &str, programs: &[(&str, &str)]) -> bool {
    if std::env::var_os("FAKE_RPICAM").is_some() {
        return true;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("one.jpg"), photo(10, 64, 48)).unwrap();
    for (name, script) in programs {
        let path = folder.path().join(name);
        fs::write(
            &path,
            format!("#!/bin/sh\ncd '{}'\n{script}\n", folder.path().display()),
        )
        .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--include-ignored"])
        .env("PATH", path)
        .env("FAKE_RPICAM", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    false
}

fn folder() -> std::path::PathBuf {
    std::env::var_os("FAKE_RPICAM").unwrap().into()
}

/// Whether a process is there and no zombie.
fn runs(pid: &str) -> bool {
    let status = fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat"));
    status.is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .trim()
            .starts_with('Z')
    })
}

fn pid() -> String {
    fs::read_to_string(folder().join("pid")).unwrap()
}

fn failure(options: Options) -> Error {
    Camera::open(options)
        .and_then(|camera| camera.capture())
        .expect_err("no photo")
}

const NORMAL: &str = "echo \"$@\" > arguments; echo $$ > pid\nwhile :; do cat one.jpg; sleep 0.01; done";

#[test]
fn its_newest_picture_is_given_and_it_ends_with_the_camera() {
    if with_path(
        "its_newest_picture_is_given_and_it_ends_with_the_camera",
        &[("rpicam-vid", NORMAL), ("libcamera-vid", "exit 1")],
    ) {
        let camera = Camera::open(Options {
            wish: Wish {
                size: Some((720, 479)),
                fps: Some(15.0),
                ..common::wish()
            },
            ..options("rpicam:1")
        })
        .unwrap();
        let photo = camera.capture().unwrap();
        assert_eq!(
            (photo.width(), photo.height()),
            (720, 479),
            "scaled to what was asked for"
        );
        assert_eq!(
            camera.mode().unwrap().to_string(),
            "64x48 MJPG at 15 frames/s",
            "what it really gives"
        );
        assert_eq!(
            fs::read_to_string(folder().join("arguments")).unwrap().trim(),
            "-t 0 -n --codec mjpeg -q 85 --flush -o - --camera 1 --width 720 --height 480 --framerate 15"
        );
        assert_eq!(camera.describe(), "Raspberry Pi camera 1 (rpicam-vid)");
        let pid = pid();
        assert!(runs(&pid));
        camera.close();
        assert!(!runs(&pid), "closed means gone");
        assert_eq!(camera.capture().unwrap_err().kind, ErrorKind::Closed);
    }
}

#[test]
fn the_old_name_does_too() {
    if with_path("the_old_name_does_too", &[("libcamera-vid", NORMAL)]) {
        let camera = Camera::open(options("rpicam:")).unwrap();
        assert_eq!(
            camera.capture().unwrap().source(),
            "Raspberry Pi camera (libcamera-vid)"
        );
    }
}

#[test]
fn without_the_program_it_is_said_what_to_install() {
    if with_path("without_the_program_it_is_said_what_to_install", &[]) {
        let error = failure(options("rpicam:"));
        assert_eq!(error.kind, ErrorKind::NoCamera);
        assert!(
            error.to_string().contains("sudo apt install rpicam-apps-lite"),
            "{error}"
        );
        assert_eq!(failure(options("rpicam:first")).kind, ErrorKind::InvalidArgument);
    }
}

#[test]
fn one_that_stalls_is_started_again() {
    let script = "echo x >> starts; cat one.jpg\nif [ $(wc -l < starts) -lt 3 ]; then exec sleep 600; fi\n\
                  while :; do cat one.jpg; sleep 0.01; done";
    if with_path("one_that_stalls_is_started_again", &[("rpicam-vid", script)]) {
        let camera = Camera::open(Options {
            wish: Wish {
                timeout: Duration::from_millis(500),
                ..Wish::default()
            },
            ..options("rpicam:")
        })
        .unwrap();
        eventually("started twice again", || {
            let _ = camera.capture(); // may fail on a machine too busy to start a shell in half a second
            camera.statistics().restarts >= 2
        });
        assert!(camera.capture().is_ok());
    }
}

#[test]
fn one_that_stalls_is_left_at_once_when_it_is_closed() {
    if with_path(
        "one_that_stalls_is_left_at_once_when_it_is_closed",
        &[("rpicam-vid", "cat one.jpg; exec sleep 600")],
    ) {
        let camera = Camera::open(Options {
            wish: Wish {
                timeout: Duration::from_mins(2),
                ..Wish::default()
            },
            ..options("rpicam:")
        })
        .unwrap();
        eventually("its only picture", || camera.statistics().frames == 1);
        let start = Instant::now();
        camera.close();
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}

#[test]
fn one_that_dies_is_started_again_and_quoted_when_it_keeps_dying() {
    let script = "echo x >> starts; cat one.jpg\necho 'ERROR: *** sensor fell off ***' >&2; exit 3";
    if with_path(
        "one_that_dies_is_started_again_and_quoted_when_it_keeps_dying",
        &[("rpicam-vid", script)],
    ) {
        let camera = Camera::open(options("rpicam:")).unwrap();
        let error = camera.frames().find_map(Result::err).unwrap();
        assert_eq!(error.kind, ErrorKind::Camera);
        assert_eq!(
            error.to_string(),
            "rpicam-vid ended (exit status: 3); it said: `ERROR: *** sensor fell off ***`"
        );
    }
}

#[test]
fn garbage_and_half_pictures_between_are_passed_over() {
    let script = "head -c 300 one.jpg > half\nwhile :; do echo garbage; cat half one.jpg; printf '\\377\\330'; sleep 0.01; done";
    if with_path(
        "garbage_and_half_pictures_between_are_passed_over",
        &[("rpicam-vid", script)],
    ) {
        let camera = Camera::open(options("rpicam:")).unwrap();
        for _ in 0..3 {
            assert_eq!(
                camera.capture().unwrap().jpeg().unwrap(),
                fs::read(folder().join("one.jpg")).unwrap()
            );
        }
        assert!(camera.statistics().damaged > 0);
    }
}

#[test]
fn only_garbage_ends_in_an_error_in_time() {
    let script = "while :; do echo garbage; sleep 0.01; done";
    if with_path("only_garbage_ends_in_an_error_in_time", &[("rpicam-vid", script)]) {
        let start = Instant::now();
        let error = failure(Options {
            wish: Wish {
                timeout: Duration::from_millis(100),
                ..Wish::default()
            },
            ..options("rpicam:")
        });
        assert_eq!(error.kind, ErrorKind::Timeout);
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}

#[test]
fn a_busy_camera_is_explained() {
    let script = "echo 'ERROR: Pipeline handler in use by another process' >&2\n\
                  echo 'ERROR: *** failed to acquire camera /base/soc/i2c0mux/i2c@1/imx219@10 ***' >&2; exit 255";
    if with_path("a_busy_camera_is_explained", &[("rpicam-vid", script)]) {
        let error = failure(options("rpicam:"));
        assert_eq!(error.kind, ErrorKind::Camera);
        assert!(
            error
                .to_string()
                .starts_with("the camera is in use by another program"),
            "{error}"
        );
    }
}

#[test]
fn a_flood_of_words_does_not_stop_it_and_a_deaf_one_is_killed() {
    let script = "trap '' INT TERM; echo $$ > pid\n\
                  head -c 1000000 /dev/zero | tr '\\0' x >&2\nwhile :; do cat one.jpg; sleep 0.01; done";
    if with_path(
        "a_flood_of_words_does_not_stop_it_and_a_deaf_one_is_killed",
        &[("rpicam-vid", script)],
    ) {
        let camera = Camera::open(options("rpicam:")).unwrap();
        camera.capture().unwrap();
        let (pid, start) = (pid(), Instant::now());
        drop(camera);
        eventually("killed", || !runs(&pid));
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}

#[test]
fn it_dies_with_us_however_we_die() {
    // The inner process opens the camera and waits to be killed; the outer one kills it and looks.
    if std::env::var_os("FAKE_RPICAM_INNER").is_some() {
        let camera = Camera::open(options("rpicam:")).unwrap();
        camera.capture().unwrap();
        fs::write(folder().join("ready"), "").unwrap();
        std::thread::sleep(Duration::from_mins(2));
        return;
    }
    if with_path(
        "it_dies_with_us_however_we_die",
        &[(
            "rpicam-vid",
            "echo $$ > pid; cat one.jpg; cat one.jpg\nexec sleep 600",
        )],
    ) {
        let mut inner = Command::new(std::env::current_exe().unwrap())
            .args(["it_dies_with_us_however_we_die", "--exact"])
            .env("FAKE_RPICAM_INNER", "1")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        eventually("the camera runs", || folder().join("ready").exists());
        let pid = pid();
        assert!(runs(&pid));
        inner.kill().unwrap();
        inner.wait().unwrap();
        eventually("it died with its parent", || !runs(&pid));
    }
}

#[test]
fn its_cameras_are_listed_and_auto_takes_one() {
    let script = "if [ \"$1\" = --list-cameras ]; then\n\
                  echo 'Available cameras'; echo '0 : imx219 [3280x2464 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx219@10)'\n\
                  echo \"    Modes: 'SRGGB10_CSI2P' : 640x480 [206.65 fps - (1000, 752)/1280x960 crop]\"; exit 0; fi\n\
                  while :; do cat one.jpg; sleep 0.01; done";
    if with_path(
        "its_cameras_are_listed_and_auto_takes_one",
        &[("rpicam-vid", script)],
    ) {
        let found = list();
        let camera = found
            .iter()
            .find(|camera| camera.spec == "rpicam:0")
            .expect("listed");
        assert_eq!(
            (&*camera.name, &*camera.driver, camera.usable),
            ("imx219", "rpicam-vid", true)
        );
        // A computer with a webcam takes that one.
        let chosen = choose(&found).unwrap();
        if chosen.spec == "rpicam:0" {
            assert_eq!(
                Camera::open(options("auto")).unwrap().describe(),
                "Raspberry Pi camera 0 (rpicam-vid)"
            );
        } else {
            assert!(chosen.spec.starts_with("v4l2:"));
        }
    }
}

#[test]
fn a_program_that_is_silent_about_its_cameras_is_listed_as_unusable() {
    if with_path(
        "a_program_that_is_silent_about_its_cameras_is_listed_as_unusable",
        &[("rpicam-vid", "exec sleep 600")],
    ) {
        let found = list();
        let camera = found
            .iter()
            .find(|camera| camera.spec == "rpicam:")
            .expect("listed");
        assert!(
            !camera.usable && camera.why.ends_with("does not end"),
            "{camera:?}"
        );
    }
}

#[test]
fn a_program_that_leaves_another_one_behind_is_listed_all_the_same() {
    let script = "if [ \"$1\" = --list-cameras ]; then\n\
                  sleep 600 & echo $! > pid\n\
                  echo '0 : imx219 [3280x2464 10-bit RGGB] (/base)'; fi";
    if with_path(
        "a_program_that_leaves_another_one_behind_is_listed_all_the_same",
        &[("rpicam-vid", script)],
    ) {
        let start = Instant::now();
        assert!(list().iter().any(|camera| camera.name == "imx219"));
        assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
        let left_behind = pid();
        eventually("what it left behind is ended", || !runs(&left_behind));
    }
}
