//! One photo.

use std::fmt;
use std::sync::Arc;

use faceiot_core::ErrorKind;

use crate::error::{Error, Result};
use crate::jpeg::{self, codec, walk};

/// One photo: JPEG octets as they came, their size in pixels, when they were taken and where they came from.
///
/// Cheap to clone: the octets are shared.
///
/// ```
/// use faceiot_camera::Frame;
///
/// let grey = vec![128; 16 * 8 * 3];
/// let frame = Frame::from_rgb(&grey, 16, 8, 85)?.with_source("a test").with_time_ms(1_700_000_000_000);
/// assert_eq!((frame.width(), frame.height(), frame.time_ms()), (16, 8, 1_700_000_000_000));
/// assert_eq!(frame.decode_rgb()?, grey);
/// # Ok::<(), faceiot_camera::Error>(())
/// ```
#[derive(Clone)]
pub struct Frame {
    jpeg: Arc<[u8]>,
    width: u32,
    height: u32,
    time_ms: u64,
    source: Arc<str>,
}

impl Frame {
    /// Takes JPEG octets after a look at their header: starts with SOI, has a size, is within
    /// [`jpeg::MAX_PIXELS`]. Whether the picture behind the header is whole is [`jpeg::check`]'s question.
    ///
    /// # Errors
    /// `Jpeg` when the octets do not begin as a JPEG does, `FrameTooLarge` when the header promises more pixels
    /// than the cap.
    pub fn from_jpeg(octets: impl Into<Arc<[u8]>>) -> Result<Self> {
        let jpeg = octets.into();
        let (width, height) =
            walk::size(&jpeg).map_err(|fault| Error::new(ErrorKind::Jpeg, fault.to_string()))?;
        if u64::from(width) * u64::from(height) > jpeg::MAX_PIXELS {
            return Err(Error::new(
                ErrorKind::FrameTooLarge,
                format!("{width}x{height} pixels; the most is {}", jpeg::MAX_PIXELS),
            ));
        }
        Ok(Self {
            jpeg,
            width,
            height,
            time_ms: 0,
            source: Arc::from(""),
        })
    }

    /// Encodes pixels: rows of `R G B`, `width * height * 3` octets, quality 1 to 100, 4:2:0.
    ///
    /// # Errors
    /// `InvalidArgument` when the number of octets does not fit the size, or the quality is outside 1..=100;
    /// `FrameTooLarge` above [`jpeg::MAX_PIXELS`].
    pub fn from_rgb(rgb: &[u8], width: u32, height: u32, quality: u8) -> Result<Self> {
        Self::from_jpeg(codec::encode_rgb(rgb, width, height, quality)?)
    }

    /// The same frame, taken at this time (milliseconds since 1970-01-01 UTC; 0 = nobody knows).
    #[must_use]
    pub fn with_time_ms(mut self, time_ms: u64) -> Self {
        self.time_ms = time_ms;
        self
    }

    /// The same frame, from this source (a path, a camera's name).
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Arc<str>>) -> Self {
        self.source = source.into();
        self
    }

    /// The JPEG octets, exactly as they came.
    pub fn jpeg(&self) -> &[u8] {
        &self.jpeg
    }

    /// The JPEG octets, shared.
    pub fn shared_jpeg(&self) -> Arc<[u8]> {
        Arc::clone(&self.jpeg)
    }

    /// Pixels in a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// When the photo was taken, milliseconds since 1970-01-01 UTC; 0 = nobody knows.
    pub fn time_ms(&self) -> u64 {
        self.time_ms
    }

    /// Where the photo came from, for people.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The pixels: `height` rows of `width` times `R G B`.
    ///
    /// # Errors
    /// `Jpeg` when the picture is damaged: a grey lower half is not handed out as if it were a photo.
    pub fn decode_rgb(&self) -> Result<Vec<u8>> {
        codec::decode_rgb(&self.jpeg, self.width, self.height)
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("width", &self.width)
            .field("height", &self.height)
            .field("octets", &self.jpeg.len())
            .field("time_ms", &self.time_ms)
            .field("source", &self.source)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_keeps_its_octets_as_they_came() {
        let octets: &[u8] = include_bytes!("../../../tests/photos/astronaut.jpg");
        let frame = Frame::from_jpeg(octets).unwrap();
        assert_eq!(frame.jpeg(), octets);
        assert_eq!((frame.width(), frame.height()), (512, 512));
        assert_eq!(frame.decode_rgb().unwrap().len(), 512 * 512 * 3);
    }

    #[test]
    fn what_is_not_a_jpeg_is_refused_at_the_door() {
        for octets in [&b""[..], b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"\xff\xd8\xff\xd9"] {
            assert_eq!(
                Frame::from_jpeg(octets).unwrap_err().kind,
                ErrorKind::Jpeg,
                "{octets:x?}"
            );
        }
    }

    #[test]
    fn a_header_that_promises_too_many_pixels_is_refused_before_decoding() {
        let mut octets = include_bytes!("../../../tests/photos/astronaut.jpg").to_vec();
        let sof = octets.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
        octets[sof + 5..sof + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
        assert_eq!(
            Frame::from_jpeg(octets).unwrap_err().kind,
            ErrorKind::FrameTooLarge
        );
    }

    #[test]
    fn a_damaged_picture_gives_an_error_and_no_pixels() {
        let whole = include_bytes!("../../../tests/photos/astronaut.jpg");
        let half = Frame::from_jpeg(&whole[..whole.len() / 2]).unwrap();
        assert_eq!(half.decode_rgb().unwrap_err().kind, ErrorKind::Jpeg);
    }

    #[test]
    fn pixels_of_the_wrong_number_are_refused() {
        for (octets, width, height, quality) in
            [(11, 2, 2, 85), (0, 0, 0, 85), (12, 2, 2, 0), (12, 2, 2, 101)]
        {
            let error = Frame::from_rgb(&vec![0; octets], width, height, quality).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument);
        }
        assert!(Frame::from_rgb(&[], u32::MAX, u32::MAX, 85).is_err());
    }
}
