//! A stream on a camera that does as it is told.

mod choice;
mod controls;
mod failures;
mod frames;
mod identity;

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::abi::{self, cap, control, flag, range};
use super::device::Readiness;
use super::fake::{Event, Fake, Offered, frame, offered, query};
use super::fourcc::FourCc;
use super::{list, stream::Stream};
use crate::error::Result;
use crate::{ErrorKind, Found, Frame, FrameSource as _, Lost, Mode, Range, Wish};

const PATH: &str = "/dev/video7";

fn start(fake: &Fake, wish: &Wish) -> Result<Stream> {
    Stream::start(fake.boxed(), Path::new(PATH), None, wish)
}

fn wish(width: u32, height: u32) -> Wish {
    Wish {
        size: Some((width, height)),
        ..Wish::default()
    }
}

/// What a camera is set to, in words.
fn mode(fake: &Fake, wish: &Wish) -> String {
    start(fake, wish).unwrap().mode().unwrap().to_string()
}

fn message(result: Result<Stream>) -> (ErrorKind, String) {
    let error = result.err().expect("an error");
    (error.kind, error.message)
}

fn photo() -> Vec<u8> {
    let frame = Frame::from_rgb(&[90; 48 * 32 * 3], 48, 32, 85).unwrap();
    frame.jpeg().unwrap().to_vec()
}

/// A stream of motion JPEG on which these events happen.
fn stream_of(events: impl IntoIterator<Item = Event>) -> (Fake, Stream) {
    let fake = Fake::webcam().with(|state| state.events = events.into_iter().collect());
    let stream = start(&fake, &wish(640, 480)).unwrap();
    (fake, stream)
}
