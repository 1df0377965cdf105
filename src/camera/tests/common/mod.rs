//! What the tests of sources share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test takes what it needs; a test that cannot go on ends"
)]

use std::time::{Duration, Instant};

use faceiot_camera::{Frame, Options, Wish};

/// A drawn photo that can be told from the others by its colour.
pub(crate) fn photo(red: u8, width: u32, height: u32) -> Vec<u8> {
    let rgb = [red, 90, 30].repeat((width * height) as usize);
    Frame::from_rgb(&rgb, width, height, 90)
        .unwrap()
        .jpeg()
        .unwrap()
        .to_vec()
}

/// The red of a drawn photo, to within what JPEG changes.
pub(crate) fn red(frame: &Frame) -> u8 {
    frame.decode_rgb().unwrap()[0]
}

/// A camera that is tried a few times quickly.
pub(crate) fn options(source: impl Into<String>) -> Options {
    Options {
        source: source.into(),
        wish: wish(),
        retries: 2,
        backoff: Duration::from_millis(5),
        ..Options::default()
    }
}

/// No size, and a time-out that a loaded machine keeps and a test can wait for.
pub(crate) fn wish() -> Wish {
    Wish {
        timeout: Duration::from_secs(10),
        ..Wish::default()
    }
}

/// Polls until it is true; a minute is for ever.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !done() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
