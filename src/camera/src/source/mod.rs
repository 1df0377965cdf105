//! Where frames come from.

mod auto;
mod files;
mod http;
mod mjpeg;
#[cfg(target_os = "linux")]
mod rpicam;
mod stop;
mod testcard;

use std::fmt;
use std::time::Duration;

use faceiot_core::ErrorKind;

#[cfg(target_os = "linux")]
pub(crate) use auto::first;
pub use auto::{choose, list};
pub(crate) use stop::Stop;

use crate::error::{Error, Result};
use crate::frame::Frame;

/// Something that gives photos, one at a time.
///
/// To add a source: write it in a file beside this one, give it a name in [`open_with`], and a line in the error there.
pub trait FrameSource: Send {
    /// Takes the next photo; blocks until there is one, at most as long as the source's own time-out
    /// ([`Wish::timeout`]).
    ///
    /// # Errors
    /// Whatever keeps the photo from being taken. A source that is not [`live`](Self::live) stays usable: the next call
    /// tries again. A live one has ended and is to be opened anew.
    fn next(&mut self) -> Result<Frame>;

    /// What this source is, for people: `file door.jpg`, `test card 640x480`.
    fn describe(&self) -> String;

    /// What the camera really gives, which need not be what was asked of it; `None` for sources that have no mode.
    fn mode(&self) -> Option<Mode> {
        None
    }

    /// Whether frames come by themselves, asked for or not, so that somebody has to take them away all the time
    /// (`Camera` does). From a live source that is read seldom, frames are old.
    fn live(&self) -> bool {
        false
    }

    /// Whether another computer is asked for each photo: then `Camera` asks again for one that did not come, and for no
    /// more than thirty a second unless told.
    fn remote(&self) -> bool {
        false
    }

    /// What can be set, with its limits and its value.
    ///
    /// # Errors
    /// What the device says. Most sources have nothing to set and give an empty list.
    fn controls(&mut self) -> Result<Vec<Control>> {
        Ok(Vec::new())
    }

    /// Sets a control by its [`name`](Control::name).
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown name or a value outside its limits; `Camera` when the device refuses.
    fn set_control(&mut self, name: &str, _value: i64) -> Result<()> {
        Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("{} has no control `{name}`", self.describe()),
        ))
    }

    /// What was lost on the way since the source was opened.
    fn lost(&self) -> Lost {
        Lost::default()
    }
}

/// What is asked of a camera. Sources that have no choice (files) ignore the size; `Camera` keeps the rate for them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// Width and height in pixels: the camera is set to the nearest mode that is at least as large; `None` leaves the
    /// choice to the source.
    pub size: Option<(u32, u32)>,
    /// Frames a second; `None` leaves the choice to the source.
    pub fps: Option<f64>,
    /// How long one frame may take to come; also bounds connecting to the camera.
    pub timeout: Duration,
}

impl Default for Wish {
    /// No size, no rate, five seconds.
    fn default() -> Self {
        Self {
            size: None,
            fps: None,
            timeout: Duration::from_secs(5),
        }
    }
}

impl Wish {
    /// With a time-out of a day at most: no caller waits longer, and sums with the time of now stay sums.
    pub(crate) fn bounded(self) -> Self {
        Self {
            timeout: self.timeout.min(Duration::from_hours(24)),
            ..self
        }
    }
}

/// What a camera gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Mode {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The V4L2 fourcc (`MJPG`, `YUYV`, `NV12`); `MJPG` for every source that gives JPEG.
    pub format: String,
    /// Frames a second; `None` when nobody knows.
    pub fps: Option<f64>,
}

impl fmt::Display for Mode {
    /// `1280x720 MJPG at 30 frames/s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{} {}", self.width, self.height, self.format)?;
        match self.fps {
            Some(fps) => write!(f, " at {} frames/s", (fps * 100.0).round() / 100.0),
            None => Ok(()),
        }
    }
}

/// Frames that never arrived whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Frames that the camera took and could not deliver (gaps in its numbers).
    pub dropped: u64,
    /// Frames that arrived damaged and were thrown away.
    pub damaged: u64,
}

/// Something that can be set at a camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Its name in snake case, as `v4l2-ctl` writes it: `brightness`, `exposure_time_absolute`.
    pub name: String,
    /// What it is set to.
    pub value: i64,
    /// The smallest value.
    pub minimum: i64,
    /// The largest value; that of a button is its smallest too, and setting it to anything presses it.
    pub maximum: i64,
    /// The distance from one value to the next.
    pub step: i64,
    /// What it is without anybody setting it.
    pub default: i64,
    /// The values of a menu with their names; empty when it is not a menu.
    pub choices: Vec<(i64, String)>,
    /// Whether it can be set now. Some cannot be while another one has the say (exposure in automatic mode).
    pub writable: bool,
}

/// A camera that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What [`open`] takes: `v4l2:/dev/video0`, `rpicam:0`.
    pub spec: String,
    /// What the camera calls itself.
    pub name: String,
    /// Its driver: `uvcvideo`, `bm2835 mmal`, `rpicam-vid`.
    pub driver: String,
    /// What it can give, each size and format once, with its highest rate; empty when nobody knows.
    pub modes: Vec<Mode>,
    /// Whether photos can be taken with it.
    pub usable: bool,
    /// Why it is usable or not, for people.
    pub why: String,
}

/// Makes a source from a short text.
///
/// | text | source |
/// |---|---|
/// | `file:door.jpg` | one photo, read anew at every call; its time is the file's |
/// | `dir:/photos` | the `.jpg` and `.jpeg` files of a folder, by name, over and over |
/// | `v4l2:`, `v4l2:/dev/video2` or `v4l2:2` | a camera of the Linux kernel, the first one unless told; `,format=YUYV` behind it takes that format only |
/// | `rpicam:` or `rpicam:1` | a CSI camera of a Raspberry Pi, by `rpicam-vid` (`libcamera-vid` before Bookworm), which runs as long as the source is open |
/// | `http://192.168.4.1/capture` or `http://user:password@door:81/stream` | a camera's web server (ESP32-CAM): a JPEG for each photo, or one `multipart/x-mixed-replace` stream |
/// | `auto` | the first camera of [`list`] that can be opened |
/// | `mjpeg:door.mjpeg` | the pictures of a recorded stream, over and over |
/// | `testcard:` or `testcard:800x600` | a drawn picture that shows its number and the time (UTC); 640x480 unless told |
///
/// # Errors
/// `InvalidArgument` for an unknown name or size. Files are looked at when a photo is taken, not here.
///
/// ```
/// let mut source = faceiot_camera::open("testcard:")?;
/// assert_eq!(source.describe(), "test card 640x480");
/// assert_ne!(source.next()?.jpeg()?, source.next()?.jpeg()?, "the number is part of the picture");
/// # Ok::<(), faceiot_camera::Error>(())
/// ```
pub fn open(spec: &str) -> Result<Box<dyn FrameSource>> {
    open_with(spec, &Wish::default())
}

/// As [`open`], and says what is asked of the camera.
///
/// # Errors
/// As [`open`].
pub fn open_with(spec: &str, wish: &Wish) -> Result<Box<dyn FrameSource>> {
    open_stoppable(spec, wish, &Stop::default())
}

/// As [`open_with`]: a source that waits for another computer or program ends that soon after it is told to stop.
pub(crate) fn open_stoppable(spec: &str, wish: &Wish, stop: &Stop) -> Result<Box<dyn FrameSource>> {
    let wish = &wish.bounded();
    let (name, argument) = spec.split_once(':').unwrap_or((spec, ""));
    match (name, argument) {
        ("auto", "") => auto::open(wish, stop),
        ("file" | "dir" | "mjpeg", "") => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("`{spec}` names no path: use {name}:PATH"),
        )),
        ("file", path) => Ok(Box::new(files::File::new(path))),
        ("dir", path) => Ok(Box::new(files::Folder::new(path))),
        ("mjpeg", path) => Ok(Box::new(mjpeg::Recording::new(path))),
        ("http", _) => Ok(Box::new(http::open(spec, wish, stop)?)),
        ("https", _) => Err(Error::new(
            ErrorKind::InvalidArgument,
            "cameras are read by http:// only: there is no TLS in this part",
        )),
        #[cfg(target_os = "linux")]
        ("rpicam", camera) => Ok(Box::new(rpicam::open(camera, wish, stop)?)),
        #[cfg(not(target_os = "linux"))]
        ("rpicam", _) => Err(Error::new(
            ErrorKind::InvalidArgument,
            "rpicam-vid is Linux's: this system has none",
        )),
        ("testcard", "") => Ok(Box::new(testcard::TestCard::new(640, 480))),
        ("testcard", size) => {
            let (width, height) = testcard::parse_size(size)?;
            Ok(Box::new(testcard::TestCard::new(width, height)))
        }
        #[cfg(target_os = "linux")]
        ("v4l2", argument) => Ok(Box::new(crate::v4l2::open(argument, wish)?)),
        #[cfg(not(target_os = "linux"))]
        ("v4l2", _) => Err(Error::new(
            ErrorKind::InvalidArgument,
            "V4L2 cameras are Linux's: this system has none",
        )),
        _ => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("no frame source is called `{name}`: use {SPECS}"),
        )),
    }
}

const SPECS: &str =
    "auto, v4l2:/dev/video0, rpicam:, http://HOST/PATH, file:PATH, dir:FOLDER, mjpeg:FILE or testcard:[WxH]";

/// Octets of the largest picture that is taken from a camera.
const MAX_JPEG: usize = 32 << 20;
/// Octets without a picture after which a stream is none of pictures.
const NO_PICTURE: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_camera_that_is_not_there_or_none_is_named() {
        let wish = Wish {
            size: Some((640, 480)),
            ..Wish::default()
        };
        for (spec, kind) in [
            ("v4l2:/dev/video4711", ErrorKind::NoCamera),
            ("v4l2:/dev/null", ErrorKind::InvalidArgument),
            ("v4l2:/dev", ErrorKind::InvalidArgument),
            ("v4l2:0,format=", ErrorKind::InvalidArgument),
            ("v4l2:0,brightness=7", ErrorKind::InvalidArgument),
        ] {
            let error = open_with(spec, &wish).err().expect(spec);
            assert_eq!(error.kind, kind, "{spec}: {error}");
        }
    }

    #[test]
    fn a_spec_that_names_no_source_or_path_is_refused() {
        for spec in [
            "",
            "camera",
            "file:",
            "dir:",
            "testcard:big",
            "testcard:0x10",
            "testcard:99999x99999",
        ] {
            let error = open(spec).err().expect(spec);
            assert_eq!(error.kind, ErrorKind::InvalidArgument, "{spec}: {error}");
        }
    }
}
