//! Frame sources, JPEG in and out, and the strict JPEG check.
//!
//! # What this is
//!
//! A [`Frame`] is one photo as JPEG, with its size and the time it was taken. A [`FrameSource`] gives frames, one
//! at a time; [`open`] makes one from a short text such as `file:door.jpg` or `testcard:640x480`. [`jpeg::check`]
//! says how much of a received photo can be trusted.
//!
//! # The flow
//!
//! ```text
//! spec --open()--> FrameSource --next()--> Frame --jpeg()--> the sender's chunks
//!                                            |
//!                                            +--decode_rgb()--> pixels (height, width, 3)
//! received octets --jpeg::check()--> Report { verified, problem, width, height }
//! ```
//!
//! JPEG octets pass through untouched: a frame that came as JPEG is sent as it came, never decoded and encoded
//! again.
//!
//! # Modules
//!
//! | module | answers |
//! |---|---|
//! | [`frame`](Frame) | what a photo is |
//! | [`jpeg`] | is this JPEG whole? (`walk`: its markers; `codec`: the only file that calls libjpeg-turbo) |
//! | `source` | where frames come from: files, folders, a drawn test picture |
//! | `error` | what went wrong |
//!
//! # May import
//!
//! `faceiot-core` (error kinds) and nothing else of ours.
//!
//! ```
//! let mut source = faceiot_camera::open("testcard:320x240")?;
//! let frame = source.next()?;
//! assert_eq!((frame.width(), frame.height()), (320, 240));
//!
//! let report = faceiot_camera::jpeg::check(frame.jpeg()?);
//! assert_eq!(report.verified, faceiot_camera::jpeg::Verified::Entropy);
//!
//! let torn = &frame.jpeg()?[..frame.jpeg()?.len() / 2];
//! assert_eq!(faceiot_camera::jpeg::check(torn).verified, faceiot_camera::jpeg::Verified::None);
//! # Ok::<(), faceiot_camera::Error>(())
//! ```

mod camera;
mod error;
mod frame;
pub mod jpeg;
mod letters;
mod live;
mod raw;
mod scale;
mod sheet;
mod source;
mod transform;
#[cfg(target_os = "linux")]
pub mod v4l2;

pub use camera::{Camera, Frames, Options, Position, Statistics};
pub use error::{Error, Result};
pub use faceiot_core::ErrorKind;
pub use frame::Frame;
pub use raw::{PixelFormat, Range, Raw};
pub use sheet::contact_sheet;
pub use source::{Control, Found, FrameSource, Lost, Mode, Wish, choose, list, open, open_with};
pub use transform::{DEFAULT_QUALITY, Rect, Rotate, Transform};
