//! A camera as it is used, on sources that need none.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends"
)]

mod common;

use std::time::Duration;

use common::{options, photo};
use faceiot_camera::{Camera, ErrorKind, Options, Rotate, Transform};

/// A photo whose EXIF says where it was taken: 52 degrees north.
fn photo_with_a_place() -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08".to_vec();
    tiff.extend(b"\0\x01\x88\x25\0\x04\0\0\0\x01\0\0\0\x1a\0\0\0\0"); // one entry: GPS at 26
    tiff.extend(b"\0\x01\0\x02\0\x05\0\0\0\x01\0\0\0\x2c\0\0\0\0"); // one entry: latitude at 44
    tiff.extend(b"\0\0\0\x34\0\0\0\x01");
    let body = [b"Exif\0\0", &tiff[..]].concat();
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    let plain = photo(90, 64, 48);
    [&plain[..2], b"\xff\xe1", &length, &body, &plain[2..]].concat()
}

#[test]
fn the_place_is_taken_out_when_that_is_asked_for_and_nothing_else_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("door.jpg");
    let octets = photo_with_a_place();
    std::fs::write(&path, &octets).unwrap();
    let spec = format!("file:{}", path.display());
    let capture = |strip_location| {
        let camera = Camera::open(Options {
            strip_location,
            ..options(&*spec)
        });
        camera.unwrap().capture().unwrap().jpeg().unwrap().to_vec()
    };
    assert_eq!(capture(false), octets);
    let without = capture(true);
    assert_eq!(without.len(), octets.len());
    assert!(octets.windows(4).any(|four| four == b"\0\0\0\x34"));
    assert!(!without.windows(4).any(|four| four == b"\0\0\0\x34"));
}

#[test]
fn a_turned_camera_is_asked_for_the_size_lying_and_gives_it_standing() {
    let transform = Transform {
        size: Some((480, 720)),
        rotate: Rotate::By90,
        ..Transform::default()
    };
    let camera = Camera::open(Options {
        transform,
        ..options("testcard:640x480")
    })
    .unwrap();
    let frame = camera.capture().unwrap();
    assert_eq!((frame.width(), frame.height()), (480, 720));
}

#[test]
fn frames_are_numbered_and_the_latest_one_costs_nothing() {
    let camera = Camera::open(options("testcard:64x48")).unwrap();
    assert!(camera.latest().unwrap().is_none());
    let numbers: Vec<u64> = camera
        .frames()
        .take(3)
        .map(|frame| frame.unwrap().sequence())
        .collect();
    assert_eq!(numbers, [0, 1, 2]);
    assert_eq!(camera.latest().unwrap().unwrap().sequence(), 2);
    assert_eq!(camera.statistics().frames, 3);
    let mut position = camera.position().unwrap();
    let next = camera.wait(&mut position, Duration::ZERO).unwrap().unwrap();
    assert_eq!(next.sequence(), 3, "a source that is not live is asked");
}

#[test]
fn a_closed_camera_says_so_to_everybody() {
    let camera = Camera::open(options("testcard:64x48")).unwrap();
    camera.close();
    camera.close();
    let error = camera.capture().unwrap_err();
    assert_eq!(
        (error.kind, error.to_string().as_str()),
        (ErrorKind::Closed, "the camera was closed")
    );
    assert_eq!(camera.controls().unwrap_err().kind, ErrorKind::Closed);
    assert_eq!(
        camera.set_control("brightness", 1).unwrap_err().kind,
        ErrorKind::Closed
    );
    assert!(camera.frames().next().unwrap().is_err());
}

#[test]
fn what_cannot_be_opened_is_told_by_opening_it() {
    for spec in [
        "",
        "cam",
        "file:",
        "https://cam/",
        "http://",
        "rpicam:x",
        "testcard:0x0",
    ] {
        let error = Camera::open(options(spec)).expect_err(spec);
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{spec}: {error}");
    }
    let card = Camera::open(options("testcard:64x48")).unwrap();
    assert!(card.controls().unwrap().is_empty());
    let error = card.set_control("brightness", 1).unwrap_err();
    assert_eq!(error.to_string(), "test card 64x48 has no control `brightness`");
}
