//! `faceiot capture` and `faceiot cameras`: the drawn card, a folder, a stand-in for `rpicam-vid`; no real camera.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use crate::support::{command, exit_code, finish, signal, until, wait};

const PHOTO: &[u8] = include_bytes!("../../../../tests/photos/astronaut.jpg");

fn capture(folder: &Path, args: &[&str]) -> crate::support::Ran {
    let mut ran = command();
    ran.arg("capture")
        .args(args)
        .current_dir(folder)
        .env_remove("FACEIOT_CAMERA");
    finish(&mut ran, b"")
}

/// The size in a JPEG's header.
fn size_of(path: &Path) -> (u32, u32) {
    let frame = faceiot_camera::Frame::from_jpeg(fs::read(path).expect("a photo")).expect("a JPEG");
    (frame.width(), frame.height())
}

#[test]
fn one_photo_goes_into_a_file_of_the_size_that_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = capture(
        folder.path(),
        &["--source", "testcard:", "--size", "720x480", "-o", "x.jpg"],
    )
    .ok();
    assert!(ran.out.starts_with("x.jpg: 720x480, "), "{ran:?}");
    assert_eq!(size_of(&folder.path().join("x.jpg")), (720, 480));
    let ran = capture(
        folder.path(),
        &["--source", "testcard:320x240", "--rotate", "90", "--json"],
    )
    .ok();
    let told = ran.json();
    assert_eq!(
        (told["width"].as_u64(), told["height"].as_u64()),
        (Some(240), Some(320))
    );
    assert_eq!(size_of(&folder.path().join("capture.jpg")), (240, 320));
}

#[test]
fn a_photo_of_a_file_stays_as_it_is_and_goes_to_standard_output() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("door.jpg"), PHOTO).expect("a photo");
    let mut take = command();
    take.args(["capture", "--source", "file:door.jpg", "-o", "-"])
        .current_dir(folder.path())
        .stdout(Stdio::piped());
    let done = take.output().expect("faceiot runs");
    assert!(done.status.success());
    assert_eq!(done.stdout, PHOTO);
}

#[test]
fn several_photos_have_numbers_and_times_in_their_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = [
        "--source",
        "testcard:64x48",
        "--count",
        "3",
        "--every",
        "10ms",
        "-o",
        "{number}-{time}.jpg",
    ];
    capture(folder.path(), &args).ok();
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    assert_eq!(names.len(), 3, "{names:?}");
    for (name, number) in names.iter().zip(["0001-2", "0002-2", "0003-2"]) {
        assert!(name.starts_with(number) && name.ends_with("Z.jpg"), "{names:?}");
    }
    let ran = capture(
        folder.path(),
        &["--source", "testcard:", "--count", "2", "-o", "same.jpg"],
    );
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("{number}"), "{ran:?}");
    let ran = capture(folder.path(), &["--source", "testcard:", "-o", "same.png"]);
    assert!(ran.code == 2 && ran.err.contains(".jpg"), "{ran:?}");
}

#[test]
fn what_is_no_camera_is_said_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    for (source, words) in [
        ("v4l2:/dev/video4711", "video4711"),
        ("file:nothing.jpg", "nothing.jpg"),
        ("telescope:", "telescope"),
    ] {
        let ran = capture(folder.path(), &["--source", source]);
        assert_eq!((ran.code, ran.err.lines().count()), (1, 1), "{ran:?}");
        assert!(ran.err.contains(words), "{ran:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
}

#[test]
fn a_camera_without_controls_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = capture(folder.path(), &["--source", "testcard:", "--show-controls"]).ok();
    assert!(ran.err.contains("nothing to set"), "{ran:?}");
    assert_eq!(
        capture(
            folder.path(),
            &["--source", "testcard:", "--show-controls", "--json"]
        )
        .ok()
        .out,
        "[]\n"
    );
    let ran = capture(folder.path(), &["--source", "testcard:", "--set", "hue=1"]);
    assert!(ran.code == 1 && ran.err.contains("hue"), "{ran:?}");
}

/// A program called `rpicam-vid` which gives one photo again and again.
fn rpicam(folder: &Path) {
    let program = folder.join("rpicam-vid");
    fs::write(folder.join("scene.jpg"), PHOTO).expect("a photo");
    let scene = folder.join("scene.jpg");
    let script = format!(
        "#!/bin/sh\nfor word; do case $word in --list-cameras) echo '0 : imx219 [3280x2464]'; exit 0;; \
         --help|--version) exit 0;; esac; done\n\
         while cat '{}'; do sleep 0.02; done\n",
        scene.display()
    );
    fs::write(&program, script).expect("a script");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("its mode");
}

#[test]
fn the_cameras_are_listed_with_the_one_that_auto_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    rpicam(folder.path());
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let ran = finish(command().arg("cameras").env("PATH", &path), b"").ok();
    assert!(
        ran.out.contains("rpicam:") && ran.out.contains("imx219"),
        "{ran:?}"
    );
    let told = finish(command().args(["cameras", "--json"]).env("PATH", &path), b"")
        .ok()
        .json();
    assert!(told["auto"].is_string(), "{told}");
    assert!(
        told["cameras"].as_array().is_some_and(|all| !all.is_empty()),
        "{told}"
    );
}

#[test]
fn ctrl_c_ends_a_time_lapse_and_leaves_only_whole_photos() {
    let folder = tempfile::tempdir().expect("a folder");
    rpicam(folder.path());
    let photos = folder.path().join("photos");
    fs::create_dir(&photos).expect("a folder");
    let mut child = command()
        .args([
            "capture",
            "--source",
            "rpicam:",
            "--every",
            "20ms",
            "-o",
            "photos/{number}.jpg",
        ])
        .current_dir(folder.path())
        .env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("faceiot runs");
    until("three photos", || {
        let count = fs::read_dir(&photos).ok()?.count();
        (count >= 3).then_some(())
    });
    signal(child.id(), "INT");
    assert_eq!(exit_code(wait(&mut child, "faceiot capture")), 130);
    for entry in fs::read_dir(&photos).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|suffix| suffix == "jpg") {
            assert_eq!(size_of(&path), (512, 512), "{}", path.display());
        }
    }
}

#[test]
fn a_time_lapse_keeps_its_pace_in_a_folder_that_it_makes() {
    let folder = tempfile::tempdir().expect("a folder");
    let began = std::time::Instant::now();
    let args = [
        "--source",
        "testcard:64x48",
        "--count",
        "4",
        "--every",
        "150ms",
        "-o",
        "a/b/{number}.jpg",
    ];
    capture(folder.path(), &args).ok();
    assert!(began.elapsed().as_millis() >= 450, "{:?}", began.elapsed());
    assert_eq!(
        fs::read_dir(folder.path().join("a/b"))
            .expect("the folder")
            .count(),
        4
    );
}

#[test]
fn the_help_names_its_placeholders_and_not_the_secrets_of_the_environment() {
    let source = "http://door:SECRET-1@127.0.0.1/x?pw=SECRET-2";
    for words in ["--help", "-h"] {
        let mut ran = command();
        let ran = finish(ran.args(["capture", words]).env("FACEIOT_CAMERA", source), b"").ok();
        assert!(!ran.out.contains("SECRET"), "{}", ran.out);
        assert!(
            ran.out.contains("{number}") && ran.out.contains("{time}"),
            "{}",
            ran.out
        );
    }
}

#[test]
fn an_empty_variable_is_auto_and_a_cameras_error_gives_no_advice_about_brokers() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut empty = command();
    empty
        .args(["capture", "-o", "x.jpg"])
        .env("FACEIOT_CAMERA", "")
        .env("PATH", folder.path());
    let ran = finish(empty.current_dir(folder.path()), b"");
    assert!(!ran.err.contains("``"), "{ran:?}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("its number");
    let ran = capture(folder.path(), &["--source", &format!("http://{closed}/capture")]);
    assert!(
        ran.code == 1 && !ran.err.contains("broker") && !ran.err.contains("faceiot up"),
        "{ran:?}"
    );
}
