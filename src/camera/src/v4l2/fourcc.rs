//! Names of pixel formats.

use std::fmt;

use crate::PixelFormat;

/// Four characters that name a format, the first in the lowest octet (`V4L2_PIX_FMT_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FourCc(pub(super) u32);

/// How the octets of a frame are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// A whole JPEG, now and then without its Huffman tables.
    Jpeg,
    /// Pixels.
    Raw(PixelFormat),
}

impl FourCc {
    /// From one to four printable characters; the missing ones are spaces.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let is_name = (1..=4).contains(&name.len()) && name.bytes().all(|octet| octet.is_ascii_graphic());
        let mut octets = [b' '; 4];
        octets
            .iter_mut()
            .zip(name.bytes())
            .for_each(|(to, from)| *to = from);
        is_name.then(|| Self::new(octets))
    }

    pub(super) const fn new(name: [u8; 4]) -> Self {
        Self(u32::from_le_bytes(name))
    }

    /// How frames of this format are read; `None` when they are not.
    pub(super) fn encoding(self) -> Option<Encoding> {
        READ.get(self.place()?).map(|(_, encoding)| *encoding)
    }

    /// Where it stands among the formats that are read, the one to choose first at 0; `None` when it is not read.
    pub(super) fn place(self) -> Option<usize> {
        let name = self.0.to_le_bytes();
        READ.iter().position(|(known, _)| **known == name)
    }

    /// Whether this is a sensor's mosaic, one colour a pixel.
    pub(super) fn is_bayer(self) -> bool {
        BAYER.contains(&&self.0.to_le_bytes())
    }
}

impl fmt::Display for FourCc {
    /// `YUYV`; what is no printable character becomes a dot.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.to_le_bytes().map(|octet| match octet {
            b'!'..=b'~' => char::from(octet),
            b' ' => ' ',
            _ => '.',
        });
        f.write_str(name.iter().collect::<String>().trim_end())
    }
}

/// The formats that are read, in the order of choice where nothing else decides: fewer octets for a pixel first, grey
/// at the end. (`bm2835 mmal` offers `JPEG` too, from an encoder for single photos that is slower.)
const READ: &[(&[u8; 4], Encoding)] = &[
    (b"MJPG", Encoding::Jpeg),
    (b"JPEG", Encoding::Jpeg),
    (b"YU12", Encoding::Raw(PixelFormat::I420)),
    (b"NV12", Encoding::Raw(PixelFormat::Nv12)),
    (b"YUYV", Encoding::Raw(PixelFormat::Yuyv)),
    (b"UYVY", Encoding::Raw(PixelFormat::Uyvy)),
    (b"RGB3", Encoding::Raw(PixelFormat::Rgb)),
    (b"BGR3", Encoding::Raw(PixelFormat::Bgr)),
    (b"GREY", Encoding::Raw(PixelFormat::Grey)),
];

/// The Bayer formats of `linux/videodev2.h` 6.12: 8, 10, 12, 14 and 16 bits, loose, packed and compressed.
const BAYER: &[&[u8; 4]] = &[
    b"BA81", b"GBRG", b"GRBG", b"RGGB", // 8 bits
    b"BG10", b"GB10", b"BA10", b"RG10", b"pBAA", b"pGAA", b"pgAA", b"pRAA", // 10 bits
    b"aBA8", b"aGA8", b"agA8", b"aRA8", b"bBA8", b"bGA8", b"BD10", b"bRA8", // 10 bits in 8
    b"BG12", b"GB12", b"BA12", b"RG12", b"pBCC", b"pGCC", b"pgCC", b"pRCC", // 12 bits
    b"BG14", b"GB14", b"GR14", b"RG14", b"pBEE", b"pGEE", b"pgEE", b"pREE", // 14 bits
    b"BYR2", b"GB16", b"GR16", b"RG16", // 16 bits
    b"ip3b", b"ip3g", b"ip3G", b"ip3r", // Intel IPU3
    b"PC1B", b"PC1G", b"PC1g", b"PC1R", // Raspberry Pi 5, compressed
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_printed_by_its_four_characters() {
        for (name, printed) in [
            (*b"MJPG", "MJPG"),
            (*b"Y16 ", "Y16"),
            ([0, b'A', 0xff, b'\n'], ".A.."),
        ] {
            assert_eq!(FourCc::new(name).to_string(), printed);
        }
    }

    #[test]
    fn a_mosaic_is_known_from_pixels() {
        for name in [b"RG10", b"pBAA", b"BYR2"] {
            assert!(FourCc::new(*name).is_bayer() && FourCc::new(*name).encoding().is_none());
        }
        for name in [b"RGB3", b"BGR3", b"GREY", b"MJPG", b"RGBP"] {
            assert!(!FourCc::new(*name).is_bayer());
        }
    }
}
