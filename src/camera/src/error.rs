//! What went wrong with a camera or a picture.

use std::fmt;

use faceiot_core::ErrorKind;

/// An error of this crate: a kind with a stable number, and what happened in words.
///
/// ```
/// let error = faceiot_camera::open("cam:0").err().expect("there is no such source");
/// assert_eq!(error.kind, faceiot_camera::ErrorKind::InvalidArgument);
/// assert_eq!(error.to_string(), "no frame source is called `cam`: use auto, v4l2:/dev/video0, rpicam:, http://HOST/PATH, file:PATH, dir:FOLDER, \
///     mjpeg:FILE or testcard:[WxH]");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of error it is, the same on every surface.
    pub kind: ErrorKind,
    /// One line, lower case, without a full stop.
    pub message: String,
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this kind with these words.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// An input or output error on a file, named in the message.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Io,
        };
        Self::new(kind, format!("`{}`: {error}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
