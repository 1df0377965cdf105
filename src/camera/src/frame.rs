//! One photo.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use faceiot_core::ErrorKind;

use crate::error::{Error, Result};
use crate::jpeg::{self, codec, exif, walk};
use crate::raw::{PixelFormat, Range, Raw};

/// One photo: JPEG octets as they came, or raw pixels; its size, when it was taken and where it came from.
///
/// Raw pixels are encoded when their JPEG is asked for, and once: clones share it. Cheap to clone: the octets are
/// shared.
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
    picture: Picture,
    width: u32,
    height: u32,
    time_ms: u64,
    sequence: u64,
    source: Arc<str>,
}

#[derive(Clone)]
enum Picture {
    Jpeg(Arc<[u8]>),
    Raw(Arc<Pixels>),
}

/// Raw pixels and, once somebody asked, their JPEG.
struct Pixels {
    raw: Arc<Raw>,
    quality: u8,
    jpeg: OnceLock<Result<Arc<[u8]>>>,
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
        Ok(Self::new(Picture::Jpeg(jpeg), width, height))
    }

    /// Encodes pixels at once: rows of `R G B`, `width * height * 3` octets, quality 1 to 100, 4:2:0.
    ///
    /// # Errors
    /// `InvalidArgument` when the number of octets does not fit the size, or the quality is outside 1..=100;
    /// `FrameTooLarge` above [`jpeg::MAX_PIXELS`].
    pub fn from_rgb(rgb: &[u8], width: u32, height: u32, quality: u8) -> Result<Self> {
        Self::from_jpeg(codec::encode_rgb(rgb, width, height, quality)?)
    }

    /// Takes raw pixels; quality 1 to 100 is for the JPEG that is made of them when one is asked for.
    ///
    /// YUYV and UYVY become 4:2:2, NV12 and I420 4:2:0 without a step through RGB; RGB and BGR become 4:2:0, grey a
    /// JPEG of one component.
    ///
    /// # Errors
    /// `InvalidArgument` when size, stride and octets do not fit each other, or the quality is outside 1..=100;
    /// `FrameTooLarge` above [`jpeg::MAX_PIXELS`].
    ///
    /// ```
    /// use faceiot_camera::{Frame, PixelFormat, Range, Raw};
    ///
    /// let raw = Raw {
    ///     format: PixelFormat::Yuyv,
    ///     range: Range::Full,
    ///     width: 16,
    ///     height: 8,
    ///     stride: 32,
    ///     data: [90, 128].repeat(16 * 8),
    /// };
    /// let frame = Frame::from_raw(raw, 85)?;
    /// assert_eq!(frame.decode_rgb()?, vec![90; 16 * 8 * 3]);
    /// assert!(!frame.is_jpeg() && frame.jpeg()?.starts_with(&[0xff, 0xd8]));
    /// # Ok::<(), faceiot_camera::Error>(())
    /// ```
    pub fn from_raw(raw: Raw, quality: u8) -> Result<Self> {
        raw.check()?;
        codec::check_quality(quality)?;
        Ok(Self::of_pixels(Arc::new(raw), quality))
    }

    /// Rows of `R G B` without padding as raw pixels.
    pub(crate) fn from_rgb_pixels(rgb: Vec<u8>, width: u32, height: u32, quality: u8) -> Result<Self> {
        let raw = Raw {
            format: PixelFormat::Rgb,
            range: Range::Full,
            width,
            height,
            stride: width.saturating_mul(3),
            data: rgb,
        };
        Self::from_raw(raw, quality)
    }

    /// The same time, number and source as this other frame.
    pub(crate) fn with_facts_of(self, other: &Self) -> Self {
        Self {
            time_ms: other.time_ms,
            sequence: other.sequence,
            source: Arc::clone(&other.source),
            ..self
        }
    }

    /// The quality that raw pixels are encoded with; `None` when it came as JPEG.
    pub(crate) fn quality(&self) -> Option<u8> {
        match &self.picture {
            Picture::Jpeg(_) => None,
            Picture::Raw(pixels) => Some(pixels.quality),
        }
    }

    /// The same picture encoded with this quality: 1 to 100.
    pub(crate) fn with_quality(&self, quality: u8) -> Result<Self> {
        let again = match &self.picture {
            Picture::Raw(pixels) => Self::of_pixels(Arc::clone(&pixels.raw), quality),
            Picture::Jpeg(_) => Self::from_rgb_pixels(self.decode_rgb()?, self.width, self.height, quality)?,
        };
        Ok(again.with_facts_of(self))
    }

    /// Pixels and quality were checked.
    fn of_pixels(raw: Arc<Raw>, quality: u8) -> Self {
        let (width, height) = (raw.width, raw.height);
        let pixels = Pixels {
            raw,
            quality,
            jpeg: OnceLock::new(),
        };
        Self::new(Picture::Raw(Arc::new(pixels)), width, height)
    }

    fn new(picture: Picture, width: u32, height: u32) -> Self {
        Self {
            picture,
            width,
            height,
            time_ms: 0,
            sequence: 0,
            source: Arc::from(""),
        }
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

    /// The same frame with the number that its source gave it.
    #[must_use]
    pub fn with_sequence(mut self, sequence: u64) -> Self {
        self.sequence = sequence;
        self
    }

    /// The JPEG octets, exactly as they came; raw pixels are encoded by the first call.
    ///
    /// # Errors
    /// `Jpeg` when raw pixels cannot be encoded (out of memory is the only known reason). Octets that came as JPEG
    /// never fail.
    pub fn jpeg(&self) -> Result<&[u8]> {
        match &self.picture {
            Picture::Jpeg(jpeg) => Ok(jpeg),
            Picture::Raw(pixels) => pixels.jpeg().map(|jpeg| &**jpeg),
        }
    }

    /// The JPEG octets, shared.
    ///
    /// # Errors
    /// As [`jpeg`](Self::jpeg).
    pub fn shared_jpeg(&self) -> Result<Arc<[u8]>> {
        match &self.picture {
            Picture::Jpeg(jpeg) => Ok(Arc::clone(jpeg)),
            Picture::Raw(pixels) => pixels.jpeg().map(Arc::clone),
        }
    }

    /// Whether it came as JPEG.
    pub fn is_jpeg(&self) -> bool {
        matches!(self.picture, Picture::Jpeg(_))
    }

    /// The raw pixels; `None` when it came as JPEG.
    pub fn raw(&self) -> Option<&Raw> {
        match &self.picture {
            Picture::Jpeg(_) => None,
            Picture::Raw(pixels) => Some(&pixels.raw),
        }
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

    /// The number that the source gave the frame, from 0; a gap is a frame that was lost on the way.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Where the photo came from, for people.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The frame without the place where it was taken: the GPS directory of its EXIF is blanked, every other octet stays,
    /// orientation and time included. XMP packets that speak of GPS are removed, and so are EXIF segments that cannot be
    /// read and whatever follows the end of the picture. Vendors' own notes inside EXIF are not searched.
    ///
    /// # Errors
    /// None today: kept for pictures whose place cannot be taken out.
    pub fn without_location(&self) -> Result<Self> {
        match &self.picture {
            Picture::Jpeg(jpeg) => match exif::without_location(jpeg) {
                Cow::Borrowed(_) => Ok(self.clone()),
                Cow::Owned(octets) => Ok(Self::from_jpeg(octets)?.with_facts_of(self)),
            },
            Picture::Raw(_) => Ok(self.clone()), // pixels have no EXIF
        }
    }

    /// The pixels: `height` rows of `width` times `R G B`.
    ///
    /// # Errors
    /// `Jpeg` when the picture is damaged: a grey lower half is not handed out as if it were a photo.
    pub fn decode_rgb(&self) -> Result<Vec<u8>> {
        let mut rgb = vec![0; self.rgb_len()];
        self.decode_rgb_into(&mut rgb)?;
        Ok(rgb)
    }

    /// The pixels as [`decode_rgb`](Self::decode_rgb) gives them, into memory that is there already.
    ///
    /// # Errors
    /// `InvalidArgument` when `rgb` has not `width * height * 3` octets; `Jpeg` when the picture is damaged, and what
    /// `rgb` holds then is not defined.
    pub fn decode_rgb_into(&self, rgb: &mut [u8]) -> Result<()> {
        if rgb.len() != self.rgb_len() {
            let message = format!(
                "{} octets for {}x{} RGB pixels; they take {}",
                rgb.len(),
                self.width,
                self.height,
                self.rgb_len()
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        match &self.picture {
            Picture::Jpeg(jpeg) => codec::decode_rgb_into(jpeg, self.width, self.height, rgb),
            Picture::Raw(pixels) => {
                pixels.raw.write_rgb(rgb);
                Ok(())
            }
        }
    }

    /// Octets of all pixels as RGB: no more than three times the cap.
    fn rgb_len(&self) -> usize {
        self.width as usize * self.height as usize * 3
    }
}

impl Pixels {
    fn jpeg(&self) -> Result<&Arc<[u8]>> {
        self.jpeg
            .get_or_init(|| codec::encode_raw(&self.raw, self.quality).map(Arc::from))
            .as_ref()
            .map_err(Clone::clone)
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Frame");
        out.field("width", &self.width).field("height", &self.height);
        match &self.picture {
            Picture::Jpeg(jpeg) => out.field("octets", &jpeg.len()),
            Picture::Raw(pixels) => out.field("raw", &pixels.raw),
        };
        out.field("time_ms", &self.time_ms)
            .field("sequence", &self.sequence)
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
        assert_eq!(frame.jpeg().unwrap(), octets);
        assert!(frame.is_jpeg());
        assert_eq!((frame.width(), frame.height()), (512, 512));
        assert_eq!(frame.decode_rgb().unwrap().len(), 512 * 512 * 3);
    }

    #[test]
    fn pixels_go_into_memory_of_exactly_their_size() {
        let frame = Frame::from_rgb(&[7; 12], 2, 2, 85).unwrap();
        let mut rgb = [0; 12];
        frame.decode_rgb_into(&mut rgb).unwrap();
        assert_eq!(rgb[..], frame.decode_rgb().unwrap());
        for wrong in [0, 11, 13] {
            let error = frame.decode_rgb_into(&mut vec![0; wrong]).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument);
        }
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
