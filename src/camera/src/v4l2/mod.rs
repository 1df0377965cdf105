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
mod node;
mod problem;
mod stream;

pub use list::list;
pub use stream::Stream;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
