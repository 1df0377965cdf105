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

use std::path::PathBuf;

use faceiot_core::ErrorKind;

use crate::error::{Error, Result};
use crate::{Wish, choose};
use fourcc::FourCc;

/// Opens the camera that the part of a spec behind `v4l2:` names: `/dev/video2`, a link such as
/// `/dev/v4l/by-id/usb-...-index0` (which stays the same camera when others come and go), the number `2`, or nothing
/// for the first camera that can be used. `,format=YUYV` after it takes that format and no other.
///
/// # Errors
/// As [`Stream::open`]; `InvalidArgument` for another option, `NoCamera` when no camera can be used.
pub fn open(argument: &str, wish: &Wish) -> Result<Stream> {
    let wrong = |message| Error::new(ErrorKind::InvalidArgument, message);
    let (place, options) = argument.split_once(',').unwrap_or((argument, ""));
    let only = match options.split_once('=') {
        None if options.is_empty() => None,
        Some(("format", name)) => Some(
            FourCc::from_name(name)
                .ok_or_else(|| wrong(format!("`{name}` is no format of four characters, such as YUYV")))?,
        ),
        _ => {
            return Err(wrong(format!(
                "`{options}` is no option of a camera: use format=FOURCC"
            )));
        }
    };
    let path = match place.parse::<u32>() {
        Ok(number) => PathBuf::from(format!("/dev/video{number}")),
        Err(_) if place.is_empty() => {
            let found = list();
            let spec = &choose(&found)?.spec;
            PathBuf::from(spec.strip_prefix("v4l2:").unwrap_or(spec))
        }
        Err(_) => PathBuf::from(place),
    };
    Stream::open_only(&path, only, wish)
}

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
