//! Cameras of the Linux kernel: USB webcams, the legacy Raspberry Pi driver, loopback devices.
//!
//! An own thin layer on `libc`: neither libv4l nor a C header is needed to build or to run.
//!
//! | module | answers |
//! |---|---|
//! | `abi` | how do the structures of `linux/videodev2.h` lie in memory |
//! | `node` | how are they passed to the kernel: the only `unsafe` |
//! | `device` | what may be asked of a device; the seam where tests put a device of their own |
//! | `identity` | is this node a camera, and what is to be used if not |
//! | `modes` | what does it offer, and which of it serves a wish best |
//! | `negotiation` | how is it set |
//! | `fourcc` | how are frames of a format read |
//! | `stream` | how do frames come |
//! | `controls` | what can be set |
//! | `problem` | what do the kernel's error numbers mean |
//!
//! Not supported, and said so in words when such a node is opened: multi-planar capture (some systems on a chip),
//! sensors whose picture still has to be computed (CSI cameras without the legacy driver: see `rpicam:`).

mod abi;
mod controls;
mod device;
mod fourcc;
mod identity;
mod list;
mod modes;
mod negotiation;
mod node;
mod problem;
mod stream;

pub use list::list;
pub use stream::Stream;

use std::path::Path;

use faceiot_core::ErrorKind;

use crate::Wish;
use crate::error::{Error, Result};
use crate::source::first;
use fourcc::FourCc;

/// Opens the camera that the part of a spec behind `v4l2:` names: `/dev/video2`, a link such as
/// `/dev/v4l/by-id/usb-...-index0` (which stays the same camera when others come and go), the number `2`, or nothing
/// for the first camera that can be opened. `,format=YUYV` after it takes that format and no other.
///
/// # Errors
/// As [`Stream::open`]; `InvalidArgument` for another option, `NoCamera` when no camera can be used.
pub fn open(argument: &str, wish: &Wish) -> Result<Stream> {
    let (place, only) = parse(argument)?;
    let open = |path: &Path| Stream::open_only(path, only, wish);
    match place.parse::<u32>() {
        Ok(number) => open(Path::new(&format!("/dev/video{number}"))),
        Err(_) if place.is_empty() => first(list(), |spec| {
            open(Path::new(spec.strip_prefix("v4l2:").unwrap_or(spec)))
        }),
        Err(_) => open(Path::new(place)),
    }
}

/// The place, and the format behind it. A place may hold commas, as the names of udev's links may.
fn parse(argument: &str) -> Result<(&str, Option<FourCc>)> {
    let wrong = |message| Error::new(ErrorKind::InvalidArgument, message);
    if let Some((place, name)) = argument.rsplit_once(",format=") {
        let only = FourCc::from_name(name)
            .ok_or_else(|| wrong(format!("`{name}` is no format of four characters, such as YUYV")))?;
        return Ok((place, Some(only)));
    }
    if let Some((_, option)) = argument.rsplit_once(',')
        && option.contains('=')
        && !Path::new(argument).exists()
    {
        let message = format!("`{option}` is no option of a camera: use format=FOURCC");
        return Err(wrong(message));
    }
    Ok((argument, None))
}

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
