//! JPEGs as cameras and attackers make them, at every door: `Frame`, `repair`, `Splitter`, `check`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends"
)]

mod common;

use common::photo;
use faceiot_camera::jpeg::{Splitter, Verified, check, repair};
use faceiot_camera::{ErrorKind, Frame, PixelFormat, Range, Raw, Transform, open};

const COFFEE: &[u8] = include_bytes!("../../../tests/photos/coffee.jpg"); // a thumbnail in its EXIF
const ROCKET: &[u8] = include_bytes!("../../../tests/photos/rocket.jpg"); // progressive

fn split(octets: &[u8]) -> Vec<Vec<u8>> {
    let mut splitter = Splitter::new(1 << 20);
    splitter.push(octets);
    std::iter::from_fn(|| splitter.next()).collect()
}

fn pixels(octets: &[u8]) -> Vec<u8> {
    Frame::from_jpeg(octets).unwrap().decode_rgb().unwrap()
}

#[test]
fn a_truncated_photo_is_refused_by_every_door_that_gives_pixels() {
    let torn = &COFFEE[..COFFEE.len() / 2];
    assert!(repair(torn).is_err());
    assert!(split(torn).is_empty());
    assert_eq!(check(torn).verified, Verified::None);
    let frame = Frame::from_jpeg(torn).unwrap();
    assert_eq!(frame.decode_rgb().unwrap_err().kind, ErrorKind::Jpeg);
    let small = Transform {
        size: Some((60, 40)),
        ..Transform::default()
    };
    assert_eq!(frame.transform(&small).unwrap_err().kind, ErrorKind::Jpeg);
}

#[test]
fn a_photo_without_huffman_tables_is_repaired_to_the_same_pixels() {
    let whole = photo(120, 64, 48);
    let mut bare = whole.clone();
    while let Some(at) = bare.windows(2).position(|two| two == [0xff, 0xc4]) {
        let length = usize::from(u16::from_be_bytes([bare[at + 2], bare[at + 3]]));
        bare.drain(at..at + 2 + length);
    }
    assert!(bare.len() + 400 < whole.len());
    assert_eq!(split(&bare), [bare.clone()]);
    assert_eq!(pixels(&repair(&bare).unwrap()), pixels(&whole));
}

#[test]
fn a_progressive_photo_passes_every_door() {
    assert_eq!(split(ROCKET), [ROCKET]);
    assert_eq!(repair(ROCKET).unwrap(), ROCKET);
    assert_eq!(pixels(ROCKET).len(), 640 * 427 * 3);
}

#[test]
fn four_components_are_decoded_or_refused_in_words_and_never_a_panic() {
    // What Pillow 13 writes: Image.new("CMYK", (16, 16), (0, 128, 255, 0)).save(.., quality=50)
    let cmyk = include_bytes!("cmyk.jpg");
    assert_eq!(check(cmyk).verified, Verified::Entropy);
    assert_eq!(repair(cmyk).unwrap(), &cmyk[..]);
    let frame = Frame::from_jpeg(&cmyk[..]).unwrap();
    assert_eq!((frame.width(), frame.height()), (16, 16));
    let error = frame.decode_rgb().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Jpeg);
    assert!(!error.to_string().is_empty());
}

#[test]
fn a_header_of_65500_by_65500_pixels_costs_nothing() {
    let mut bomb = photo(1, 64, 48);
    let sof = bomb.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    bomb[sof + 5..sof + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    assert_eq!(
        Frame::from_jpeg(&bomb[..]).unwrap_err().kind,
        ErrorKind::FrameTooLarge
    );
    assert_eq!(check(&bomb).verified, Verified::Structure);
    assert_eq!(
        split(&bomb).len(),
        1,
        "a splitter looks at no size: the door behind it does"
    );
    let raw = Raw {
        format: PixelFormat::Yuyv,
        range: Range::Full,
        width: 65_500,
        height: 65_500,
        stride: 131_000,
        data: Vec::new(),
    };
    assert_eq!(
        Frame::from_raw(raw, 85).unwrap_err().kind,
        ErrorKind::FrameTooLarge
    );
}

#[test]
fn a_thumbnail_before_the_picture_is_no_end_and_no_picture() {
    let soi = COFFEE.windows(2).filter(|two| *two == [0xff, 0xd8]).count();
    assert!(soi >= 2, "there is a thumbnail");
    assert_eq!(split(COFFEE), [COFFEE]);
    assert_eq!(repair(COFFEE).unwrap(), COFFEE);
    assert_eq!(Frame::from_jpeg(COFFEE).unwrap().width(), 600);
}

#[test]
fn a_recording_is_played_over_and_over_and_its_damage_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("door.mjpeg");
    let (one, two) = (photo(10, 64, 48), photo(200, 64, 48));
    std::fs::write(&path, [&one[..], &two[..two.len() - 30], &two].concat()).unwrap();
    let mut source = open(&format!("mjpeg:{}", path.display())).unwrap();
    let played: Vec<Vec<u8>> = (0..4)
        .map(|_| source.next().unwrap().jpeg().unwrap().to_vec())
        .collect();
    assert_eq!(played, [one.clone(), two.clone(), one, two]);
    assert_eq!(source.lost().damaged, 2);

    std::fs::write(&path, "no pictures").unwrap();
    let mut none = open(&format!("mjpeg:{}", path.display())).unwrap();
    assert_eq!(none.next().unwrap_err().kind, ErrorKind::Jpeg);
    assert_eq!(
        open("mjpeg:/nowhere").unwrap().next().unwrap_err().kind,
        ErrorKind::NotFound
    );
}
