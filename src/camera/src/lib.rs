//! Cameras, frames, JPEG in and out, and the strict JPEG check.
//!
//! # What this is
//!
//! A [`Frame`] is one photo, as the JPEG that a camera gave or as raw pixels, with its size, its number and the time it
//! was taken. A [`FrameSource`] gives frames, one at a time; [`open`] makes one from a short text such as
//! `v4l2:/dev/video0`, `rpicam:`, `http://192.168.4.1/capture`, `file:door.jpg` or `testcard:640x480`. A [`Camera`] is
//! what people use: any source, read so that a photo is never an old one, opened again when it fails, and its frames cut,
//! turned and scaled ([`Transform`]). [`jpeg::check`] says how much of a received photo can be trusted.
//!
//! # The flow
//!
//! ```text
//! spec --open()--> FrameSource --next()--> Camera --capture()--> Frame --jpeg()--> the sender's chunks
//!                  v4l2, rpicam, http:     one thread keeps        |
//!                  JPEGs repaired          the newest frame        +--decode_rgb()--> pixels (height, width, 3)
//!                                                                  +--transform()--> another Frame
//! received octets --jpeg::check()--> Report { verified, problem, width, height }
//! ```
//!
//! JPEG octets pass through untouched: a frame that came as JPEG is sent as it came, never decoded and encoded
//! again, unless it has to change. Raw pixels are encoded when their JPEG is asked for, once.
//!
//! # Modules
//!
//! | module | answers |
//! |---|---|
//! | [`frame`](Frame) | what a photo is; `raw`: its pixels before they are a JPEG |
//! | `transform` | how it is cut, turned, scaled and written on; `scale`: pixels, `letters`: text, `sheet`: many in one |
//! | [`jpeg`] | is this JPEG whole, and what can be put right? (`walk`: its markers; `repair`, `splitter`, `exif`; `codec`: the only file that calls libjpeg-turbo) |
//! | `camera`, `live`, `asked` | what people use; the one thread that reads a live source; one that is asked for each photo |
//! | `source` | where frames come from: files, folders, recordings, web servers, `rpicam-vid`, a drawn test picture; which one `auto` takes |
//! | `v4l2` | cameras of the Linux kernel (on Linux) |
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

mod asked;
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
