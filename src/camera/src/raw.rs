//! Pixels as a camera gives them, before they are a JPEG.

use std::borrow::Cow;

use faceiot_core::ErrorKind;

use crate::error::{Error, Result};
use crate::jpeg::MAX_PIXELS;

/// How the octets of a raw picture are laid out; the V4L2 name (fourcc) of each is in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PixelFormat {
    /// One plane, `Y0 Cb Y1 Cr` for two pixels (`YUYV`).
    Yuyv,
    /// One plane, `Cb Y0 Cr Y1` for two pixels (`UYVY`).
    Uyvy,
    /// A plane of Y, then a plane of `Cb Cr` pairs, each pair for two by two pixels (`NV12`); both planes have the same
    /// stride.
    Nv12,
    /// A plane of Y, then one of Cb, then one of Cr, each value of the latter two for two by two pixels (`YU12`); their
    /// stride is half that of Y.
    I420,
    /// One plane, `R G B` for a pixel (`RGB3`).
    Rgb,
    /// One plane, `B G R` for a pixel (`BGR3`), as `OpenCV` has it.
    Bgr,
    /// One plane, Y for a pixel (`GREY`).
    Grey,
}

/// What the smallest and the largest value of a YCbCr or grey picture mean; RGB is always full.
///
/// A JPEG is full range (JFIF), most USB cameras are limited (ITU-R BT.601, V4L2's default for YCbCr): without the step
/// between them every photo is a little pale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Range {
    /// Y is 16 (black) to 235 (white), Cb and Cr are 16 to 240.
    Limited,
    /// 0 to 255.
    #[default]
    Full,
}

/// Pixels as they came: nothing is checked until [`Frame::from_raw`](crate::Frame::from_raw) takes them.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw {
    /// The layout.
    pub format: PixelFormat,
    /// What the values mean.
    pub range: Range,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Octets from one row of the first plane to the next (V4L2's `bytesperline`).
    pub stride: u32,
    /// All planes, one after the other. The padding after the very last row may be missing.
    pub data: Vec<u8>,
}

impl Raw {
    /// Checks size, stride and the number of octets against each other and the cap.
    ///
    /// # Errors
    /// `InvalidArgument`, `FrameTooLarge`.
    pub(crate) fn check(&self) -> Result<()> {
        check_size(self.width, self.height)?;
        let row = self.row();
        let stride = self.stride as usize;
        if stride < row {
            return Err(wrong(format!(
                "a row of {} {:?} pixels takes {row} octets, not {stride}",
                self.width, self.format
            )));
        }
        let (rows, last_stride, last_row) = match self.format {
            PixelFormat::Nv12 => (self.rows() + self.rows().div_ceil(2), stride, row),
            PixelFormat::I420 => (self.rows() * 2, stride.div_ceil(2), row.div_ceil(2)),
            _ => (self.rows(), stride, row),
        };
        let whole = match self.format {
            PixelFormat::I420 => {
                Some(stride.saturating_mul(self.rows()) + 2 * last_stride * self.rows().div_ceil(2))
            }
            _ => stride.checked_mul(rows),
        };
        let needed = whole.map(|whole| whole - (last_stride - last_row));
        if needed.is_none_or(|needed| self.data.len() < needed) {
            return Err(wrong(format!(
                "{} octets for {}x{} {:?} pixels with {stride} octets a row; they take {}",
                self.data.len(),
                self.width,
                self.height,
                self.format,
                needed.unwrap_or(usize::MAX)
            )));
        }
        Ok(())
    }

    /// Octets that the pixels of one row of the first plane take.
    fn row(&self) -> usize {
        let width = self.width as usize;
        match self.format {
            PixelFormat::Yuyv | PixelFormat::Uyvy => width.next_multiple_of(2) * 2,
            PixelFormat::Nv12 | PixelFormat::I420 => width.next_multiple_of(2),
            PixelFormat::Rgb | PixelFormat::Bgr => width * 3,
            PixelFormat::Grey => width,
        }
    }

    fn rows(&self) -> usize {
        self.height as usize
    }

    /// The rows of the first plane, without their padding.
    pub(crate) fn first_plane(&self) -> impl Iterator<Item = &[u8]> {
        let row = self.row();
        self.data
            .chunks(self.stride.max(1) as usize)
            .take(self.rows())
            .map(move |line| line.get(..row).unwrap_or(line))
    }

    /// The picture as full-range planes of Y, Cb and Cr, one after the other without padding; `None` for RGB, BGR and
    /// grey, which have no planes. The picture must have passed [`check`](Self::check).
    pub(crate) fn planes(&self) -> Option<Planes<'_>> {
        let halves = match self.format {
            PixelFormat::Yuyv | PixelFormat::Uyvy => false,
            PixelFormat::Nv12 | PixelFormat::I420 => true,
            PixelFormat::Rgb | PixelFormat::Bgr | PixelFormat::Grey => return None,
        };
        let width = (self.width as usize).next_multiple_of(2);
        let height = if halves {
            self.rows().next_multiple_of(2)
        } else {
            self.rows()
        };
        let chroma = width / 2 * if halves { height / 2 } else { height };
        let size = width * height + 2 * chroma;
        let packed = self.format == PixelFormat::I420
            && self.stride as usize == width
            && height == self.rows()
            && self.range == Range::Full;
        let octets = match self.data.get(..size) {
            Some(data) if packed => Cow::Borrowed(data),
            _ => {
                let mut octets = vec![0; size];
                let (y, rest) = octets.split_at_mut(width * height);
                let (cb, cr) = rest.split_at_mut(chroma);
                self.fill(width, y, cb, cr);
                if self.range == Range::Limited {
                    stretch_luma(y);
                    stretch_chroma(rest);
                }
                Cow::Owned(octets)
            }
        };
        Some(Planes {
            octets,
            width,
            height,
            halves,
        })
    }

    /// Takes the octets apart. `width` is even; the planes are as large as their rows need.
    fn fill(&self, width: usize, y: &mut [u8], cb: &mut [u8], cr: &mut [u8]) {
        match self.format {
            PixelFormat::Yuyv => self.unpack(width, [y, cb, cr], |[y0, cb, y1, cr]| [y0, y1, cb, cr]),
            PixelFormat::Uyvy => self.unpack(width, [y, cb, cr], |[cb, y0, cr, y1]| [y0, y1, cb, cr]),
            _ => {
                for (to, from) in y.chunks_exact_mut(width).zip(self.first_plane()) {
                    to.copy_from_slice(from);
                }
                if !self.rows().is_multiple_of(2) {
                    // The last row stands alone: its chroma is for a row below it that there is not.
                    let last = y.len() - width;
                    y.copy_within(last - width..last, last);
                }
                self.fill_chroma(width / 2, cb, cr);
            }
        }
    }

    fn unpack(&self, width: usize, planes: [&mut [u8]; 3], order: impl Fn([u8; 4]) -> [u8; 4]) {
        let [y, cb, cr] = planes;
        let rows = y
            .chunks_exact_mut(width)
            .zip(cb.chunks_exact_mut(width / 2).zip(cr.chunks_exact_mut(width / 2)));
        for (from, (y, (cb, cr))) in self.first_plane().zip(rows) {
            let (pairs, _) = y.as_chunks_mut::<2>();
            let (quads, _) = from.as_chunks::<4>();
            for (quad, (pair, (cb, cr))) in quads
                .iter()
                .zip(pairs.iter_mut().zip(cb.iter_mut().zip(cr.iter_mut())))
            {
                [pair[0], pair[1], *cb, *cr] = order(*quad);
            }
        }
    }

    fn fill_chroma(&self, width: usize, cb: &mut [u8], cr: &mut [u8]) {
        let stride = self.stride as usize;
        let rest = self.data.get(stride * self.rows()..).unwrap_or_default();
        let rows = cb.chunks_exact_mut(width).zip(cr.chunks_exact_mut(width));
        if self.format == PixelFormat::Nv12 {
            for (from, (cb, cr)) in rest.chunks(stride).zip(rows) {
                let (pairs, _) = from.as_chunks::<2>();
                for ([from_cb, from_cr], (cb, cr)) in pairs.iter().zip(cb.iter_mut().zip(cr.iter_mut())) {
                    (*cb, *cr) = (*from_cb, *from_cr);
                }
            }
        } else {
            let stride = stride.div_ceil(2);
            let (from_cb, from_cr) = rest.split_at((stride * self.rows().div_ceil(2)).min(rest.len()));
            let from = from_cb.chunks(stride).zip(from_cr.chunks(stride));
            for ((from_cb, from_cr), (cb, cr)) in from.zip(rows) {
                for (to, from) in cb.iter_mut().zip(from_cb) {
                    *to = *from;
                }
                for (to, from) in cr.iter_mut().zip(from_cr) {
                    *to = *from;
                }
            }
        }
    }

    /// The grey values at full range, row after row without padding.
    pub(crate) fn grey(&self) -> Vec<u8> {
        let mut values = Vec::with_capacity(self.width as usize * self.rows());
        self.first_plane().for_each(|row| values.extend_from_slice(row));
        if self.range == Range::Limited {
            stretch_luma(&mut values);
        }
        values
    }

    /// Writes the picture as rows of `R G B`; `rgb` has `width * height * 3` octets.
    pub(crate) fn write_rgb(&self, rgb: &mut [u8]) {
        let width = self.width as usize;
        if let Some(planes) = self.planes() {
            planes.write_rgb(width, rgb);
            return;
        }
        let (pixels, _) = rgb.as_chunks_mut::<3>();
        match self.format {
            PixelFormat::Grey => {
                for (pixel, value) in pixels.iter_mut().zip(self.grey()) {
                    *pixel = [value; 3];
                }
            }
            PixelFormat::Bgr => {
                for (to, from) in pixels.chunks_exact_mut(width).zip(self.first_plane()) {
                    let (from, _) = from.as_chunks::<3>();
                    for (to, [b, g, r]) in to.iter_mut().zip(from) {
                        *to = [*r, *g, *b];
                    }
                }
            }
            _ => {
                for (to, from) in rgb.chunks_exact_mut(width * 3).zip(self.first_plane()) {
                    to.copy_from_slice(from);
                }
            }
        }
    }
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            format,
            range,
            width,
            height,
            stride,
            data,
        } = self;
        let octets = data.len();
        write!(
            f,
            "Raw {{ {format:?}, {range:?}, {width}x{height}, stride: {stride}, octets: {octets} }}"
        )
    }
}

/// A picture as planes of Y, Cb and Cr, full range.
pub(crate) struct Planes<'a> {
    pub(crate) octets: Cow<'a, [u8]>,
    /// Of Y; even.
    width: usize,
    /// Of Y; even when there is half as many rows of chroma.
    height: usize,
    /// Chroma has half the rows (4:2:0), not all (4:2:2).
    pub(crate) halves: bool,
}

impl Planes<'_> {
    #[expect(clippy::cast_sign_loss, reason = "clamped to 0..=255")]
    /// Rows of `R G B` by the equations of JFIF; `width` without the column that made it even.
    fn write_rgb(&self, width: usize, rgb: &mut [u8]) {
        let (y, chroma) = self.octets.split_at(self.width * self.height);
        let (cb, cr) = chroma.split_at(chroma.len() / 2);
        let half = self.width / 2;
        for (row, (to, y)) in rgb
            .chunks_exact_mut(width * 3)
            .zip(y.chunks_exact(self.width))
            .enumerate()
        {
            let at = half * if self.halves { row / 2 } else { row };
            let chroma = cb[at..at + half].iter().zip(&cr[at..at + half]);
            for ((to, y), (cb, cr)) in to.chunks_mut(6).zip(y.chunks_exact(2)).zip(chroma) {
                let (cb, cr) = (i32::from(*cb) - 128, i32::from(*cr) - 128);
                let add = [91_881 * cr, -22_554 * cb - 46_802 * cr, 116_130 * cb]; // by 65536
                for (pixel, y) in to.chunks_exact_mut(3).zip(y) {
                    for (to, add) in pixel.iter_mut().zip(add) {
                        *to = (i32::from(*y) + ((add + 32_768) >> 16)).clamp(0, 255) as u8;
                    }
                }
            }
        }
    }
}

/// 16..=235 becomes 0..=255. Sixteen bits are enough, so that the compiler takes many octets at once.
fn stretch_luma(values: &mut [u8]) {
    for value in values {
        let above = u16::from(value.saturating_sub(16).min(219));
        *value = ((above * 298 + 128) >> 8) as u8;
    }
}

/// 16..=240 becomes 1..=255 around 128.
#[expect(clippy::cast_sign_loss, reason = "1 to 255")]
fn stretch_chroma(values: &mut [u8]) {
    for value in values {
        let from_middle = i16::from((*value).clamp(16, 240)) - 128;
        *value = (((from_middle * 291 + 128) >> 8) + 128) as u8;
    }
}

/// Refuses a size without pixels, and one above the caps.
pub(crate) fn check_size(width: u32, height: u32) -> Result<()> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(wrong(format!("a picture of {width}x{height} pixels has none")));
    }
    if pixels > MAX_PIXELS || width > MAX_SIDE || height > MAX_SIDE {
        let message = format!("{width}x{height} pixels; the most is {MAX_PIXELS}, and {MAX_SIDE} a side");
        return Err(Error::new(ErrorKind::FrameTooLarge, message));
    }
    Ok(())
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

/// What a JPEG can say of its size (libjpeg's `JPEG_MAX_DIMENSION`).
const MAX_SIDE: u32 = 65_500;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Frame;

    const FORMATS: [PixelFormat; 7] = [
        PixelFormat::Yuyv,
        PixelFormat::Uyvy,
        PixelFormat::Nv12,
        PixelFormat::I420,
        PixelFormat::Rgb,
        PixelFormat::Bgr,
        PixelFormat::Grey,
    ];

    /// A picture of one colour, given as Y, Cb, Cr and as R, G, B, with padding after each row.
    fn plain(format: PixelFormat, [y, cb, cr]: [u8; 3], [r, g, b]: [u8; 3], width: u32, height: u32) -> Raw {
        let (even, rows) = (width.next_multiple_of(2) as usize, height as usize);
        let pad = 6; // even, because I420 has half of it
        let lines = |line: Vec<u8>, rows: usize, pad: usize| [line, vec![99; pad]].concat().repeat(rows);
        let (row, data) = match format {
            PixelFormat::Yuyv => (even * 2, lines([y, cb, y, cr].repeat(even / 2), rows, pad)),
            PixelFormat::Uyvy => (even * 2, lines([cb, y, cr, y].repeat(even / 2), rows, pad)),
            PixelFormat::Nv12 => {
                let chroma = lines([cb, cr].repeat(even / 2), rows.div_ceil(2), pad);
                (even, [lines(vec![y; even], rows, pad), chroma].concat())
            }
            PixelFormat::I420 => {
                let chroma = |value| lines(vec![value; even / 2], rows.div_ceil(2), pad / 2);
                (
                    even,
                    [lines(vec![y; even], rows, pad), chroma(cb), chroma(cr)].concat(),
                )
            }
            PixelFormat::Rgb => (
                width as usize * 3,
                lines([r, g, b].repeat(width as usize), rows, pad),
            ),
            PixelFormat::Bgr => (
                width as usize * 3,
                lines([b, g, r].repeat(width as usize), rows, pad),
            ),
            PixelFormat::Grey => (width as usize, lines(vec![y; width as usize], rows, pad)),
        };
        Raw {
            format,
            range: Range::Full,
            width,
            height,
            stride: (row + pad) as u32,
            data,
        }
    }

    // JFIF: R = Y + 1.402 (Cr - 128) and so on, for Y = 100, Cb = 90, Cr = 170.
    const YCC: [u8; 3] = [100, 90, 170];
    const RGB: [u8; 3] = [159, 83, 33];

    #[test]
    fn every_format_gives_its_colour_as_pixels_and_as_jpeg_for_every_size() {
        for format in FORMATS {
            for (width, height) in [(16, 16), (15, 9), (2, 2), (1, 1), (33, 2)] {
                let frame = Frame::from_raw(plain(format, YCC, RGB, width, height), 95).unwrap();
                let expected = if format == PixelFormat::Grey {
                    [100; 3]
                } else {
                    RGB
                };
                let again = Frame::from_jpeg(frame.jpeg().unwrap()).unwrap();
                for (what, frame) in [("raw", &frame), ("jpeg", &again)] {
                    assert_eq!((frame.width(), frame.height()), (width, height));
                    for pixel in frame.decode_rgb().unwrap().chunks(3) {
                        let near = pixel.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 3);
                        assert!(near, "{format:?} {width}x{height} {what}: {pixel:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn pixels_and_jpeg_are_the_same_picture_and_encoded_once() {
        // A ramp in every direction, as YUYV: libjpeg decodes what the planes say.
        let (width, height) = (64_u32, 48_u32);
        let data = (0..height)
            .flat_map(|y| {
                (0..width / 2).flat_map(move |x| {
                    [
                        (x * 4 + y) as u8,
                        (100 + x) as u8,
                        (x * 4 + 2 + y) as u8,
                        (160 - y) as u8,
                    ]
                })
            })
            .collect();
        let raw = Raw {
            format: PixelFormat::Yuyv,
            range: Range::Full,
            width,
            height,
            stride: width * 2,
            data,
        };
        let frame = Frame::from_raw(raw, 100).unwrap();
        let decoded = Frame::from_jpeg(frame.jpeg().unwrap())
            .unwrap()
            .decode_rgb()
            .unwrap();
        let rgb = frame.decode_rgb().unwrap();
        let off: u64 = rgb
            .iter()
            .zip(&decoded)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        assert!(off < rgb.len() as u64 * 2, "{off} of {}", rgb.len());
        let copy = frame.clone();
        assert_eq!(frame.jpeg().unwrap().as_ptr(), copy.jpeg().unwrap().as_ptr());
    }

    #[test]
    fn limited_range_reaches_black_and_white() {
        for (y, expected) in [(16, 0), (235, 255), (0, 0), (255, 255), (126, 128)] {
            for format in [PixelFormat::Yuyv, PixelFormat::I420, PixelFormat::Grey] {
                let raw = Raw {
                    range: Range::Limited,
                    ..plain(format, [y, 128, 128], [0; 3], 16, 16)
                };
                let frame = Frame::from_raw(raw, 90).unwrap();
                assert_eq!(
                    frame.decode_rgb().unwrap(),
                    [expected; 16 * 16 * 3],
                    "{format:?} {y}"
                );
            }
        }
        let mut chroma = [0, 16, 128, 240, 255];
        stretch_chroma(&mut chroma);
        assert_eq!(chroma, [1, 1, 128, 255, 255]);
    }

    #[test]
    fn octets_that_do_not_fit_the_size_are_refused() {
        for format in FORMATS {
            let good = plain(format, YCC, RGB, 16, 10);
            let last_pad = if format == PixelFormat::I420 { 3 } else { 6 };
            let exact = Raw {
                data: good.data[..good.data.len() - last_pad].to_vec(),
                ..good.clone()
            };
            assert!(exact.check().is_ok(), "{format:?}: the last row needs no padding");
            assert!(Frame::from_raw(exact.clone(), 85).unwrap().jpeg().is_ok());
            for wrong in [
                Raw {
                    data: exact.data[1..].to_vec(),
                    ..exact.clone()
                },
                Raw {
                    data: Vec::new(),
                    ..exact.clone()
                },
                Raw {
                    stride: good.stride - 7,
                    ..good.clone()
                },
                Raw {
                    stride: u32::MAX,
                    ..good.clone()
                },
                Raw {
                    width: 0,
                    ..good.clone()
                },
                Raw {
                    height: 12,
                    ..good.clone()
                },
            ] {
                assert_eq!(
                    wrong.check().unwrap_err().kind,
                    ErrorKind::InvalidArgument,
                    "{wrong:?}"
                );
            }
            assert!(Frame::from_raw(good, 0).is_err());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_size_stride_and_octets_are_a_picture_or_an_error(
            format in 0usize..7, width in 0u32..40, height in 0u32..40, stride in 0u32..150, octets in 0usize..6_000
        ) {
            let raw = Raw { format: FORMATS[format], range: Range::Limited, width, height, stride, data: vec![77; octets] };
            if let Ok(frame) = Frame::from_raw(raw, 50) {
                proptest::prop_assert!(frame.jpeg().is_ok() && frame.decode_rgb().is_ok());
            }
        }
    }
}
