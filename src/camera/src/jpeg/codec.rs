//! libjpeg-turbo: the only file that calls it.

use std::borrow::Cow;

use faceiot_core::ErrorKind;
use turbojpeg::{
    Colorspace, Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp, Transform, TransformOp,
    Transformer, YuvImage,
};

use crate::error::{Error, Result};
use crate::raw::{self, Raw, check_size};
use crate::transform::Turn;

/// Decodes every entropy-coded block and gives the first warning or error in words.
///
/// `tj3Decompress8` returns -1 when libjpeg warned, whether or not `TJPARAM_STOPONWARNING` is set (turbojpeg-mp.c of
/// libjpeg-turbo 3.1: `if (this->jerr.warning) retval = -1`), so the safe wrapper is strict enough. Only the
/// arithmetic after the entropy decoder is saved here: at an eighth of the size and in grey there is next to no
/// inverse transform, but every Huffman code of every component is still read.
pub(crate) fn entropy_problem(jpeg: &[u8]) -> std::result::Result<(), String> {
    let mut decoder = Decompressor::new().map_err(words)?;
    decoder.set_scan_limit(MAX_SCANS).map_err(words)?;
    let header = decoder.read_header(jpeg).map_err(words)?;
    let scale = if header.is_lossless {
        ScalingFactor::ONE
    } else {
        ScalingFactor::ONE_EIGHTH
    };
    let format = match header.colorspace {
        Colorspace::CMYK | Colorspace::YCCK => PixelFormat::CMYK, // libjpeg turns four components into nothing else
        _ => PixelFormat::GRAY,
    };
    decoder.set_scaling_factor(scale).map_err(words)?;
    let scaled = header.scaled(scale);
    let pitch = scaled.width * format.size();
    let mut pixels = vec![0; pitch * scaled.height];
    let image = Image {
        pixels: &mut pixels[..],
        width: scaled.width,
        pitch,
        height: scaled.height,
        format,
    };
    decoder.decompress(jpeg, image).map_err(words)
}

/// Decodes into rows of `R G B`; the caller has compared the size with the header's and the cap.
pub(crate) fn decode_rgb_into(jpeg: &[u8], width: u32, height: u32, rgb: &mut [u8]) -> Result<()> {
    let (width, height) = (width as usize, height as usize);
    let mut decoder = Decompressor::new().map_err(failed)?;
    decoder.set_scan_limit(MAX_SCANS).map_err(failed)?;
    let image = Image {
        pixels: rgb,
        width,
        pitch: width * 3,
        height,
        format: PixelFormat::RGB,
    };
    decoder.decompress(jpeg, image).map_err(failed)
}

pub(crate) fn encode_rgb(rgb: &[u8], width: u32, height: u32, quality: u8) -> Result<Vec<u8>> {
    check_quality(quality)?;
    check_size(width, height)?;
    let octets = u64::from(width) * u64::from(height) * 3;
    if rgb.len() as u64 != octets {
        let message = format!(
            "{} octets for {width}x{height} pixels; they take {octets}",
            rgb.len()
        );
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    let image = Image {
        pixels: rgb,
        width: width as usize,
        pitch: width as usize * 3,
        height: height as usize,
        format: PixelFormat::RGB,
    };
    let mut encoder = encoder(quality)?;
    encoder.set_subsamp(Subsamp::Sub2x2).map_err(failed)?;
    encoder.compress_to_vec(image).map_err(failed)
}

/// Encodes a picture that passed [`Raw::check`].
pub(crate) fn encode_raw(raw: &Raw, quality: u8) -> Result<Vec<u8>> {
    let mut encoder = encoder(quality)?;
    let (width, height) = (raw.width as usize, raw.height as usize);
    if let Some(planes) = raw.planes() {
        let image = YuvImage {
            pixels: &*planes.octets,
            width,
            align: 1,
            height,
            subsamp: if planes.halves {
                Subsamp::Sub2x2
            } else {
                Subsamp::Sub2x1
            },
        };
        return encoder.compress_yuv_to_vec(image).map_err(failed);
    }
    let (subsamp, format) = match raw.format {
        raw::PixelFormat::Grey => (Subsamp::Gray, PixelFormat::GRAY),
        raw::PixelFormat::Bgr => (Subsamp::Sub2x2, PixelFormat::BGR),
        _ => (Subsamp::Sub2x2, PixelFormat::RGB),
    };
    // The values of a grey picture may have to be stretched, and the binding wants the padding of the last row.
    let (pixels, pitch) = if subsamp == Subsamp::Gray {
        (Cow::Owned(raw.grey()), width)
    } else if raw.data.len() >= raw.stride as usize * height {
        (Cow::Borrowed(&raw.data[..]), raw.stride as usize)
    } else {
        (
            Cow::Owned(raw.first_plane().collect::<Vec<_>>().concat()),
            width * 3,
        )
    };
    encoder.set_subsamp(subsamp).map_err(failed)?;
    let image = Image {
        pixels: &pixels[..],
        width,
        pitch,
        height,
        format,
    };
    encoder.compress_to_vec(image).map_err(failed)
}

/// Turns a picture without decoding its coefficients; `None` when it does not consist of whole blocks, or when something
/// is wrong with it, which decoding will say in better words.
pub(crate) fn turn(jpeg: &[u8], turn: Turn) -> Result<Option<Vec<u8>>> {
    let operation = match (turn.transpose, turn.flip_x, turn.flip_y) {
        (false, false, false) => TransformOp::None,
        (false, true, false) => TransformOp::Hflip,
        (false, false, true) => TransformOp::Vflip,
        (false, true, true) => TransformOp::Rot180,
        (true, false, false) => TransformOp::Transpose,
        (true, true, false) => TransformOp::Rot90,
        (true, false, true) => TransformOp::Rot270,
        (true, true, true) => TransformOp::Transverse,
    };
    let mut transform = Transform::op(operation);
    transform.perfect = true;
    let mut transformer = Transformer::new().map_err(failed)?;
    Ok(transformer.transform_to_vec(&transform, jpeg).ok())
}

pub(crate) fn check_quality(quality: u8) -> Result<()> {
    if (1..=100).contains(&quality) {
        return Ok(());
    }
    let message = format!("quality {quality} is not within 1 to 100");
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

fn encoder(quality: u8) -> Result<Compressor> {
    let mut encoder = Compressor::new().map_err(failed)?;
    encoder.set_quality(i32::from(quality)).map_err(failed)?;
    Ok(encoder)
}

fn failed(error: turbojpeg::Error) -> Error {
    Error::new(ErrorKind::Jpeg, words(error))
}

/// libjpeg's words start upper case (`Corrupt JPEG data: premature end of data segment`); ours do not.
fn words(error: turbojpeg::Error) -> String {
    let text = match error {
        turbojpeg::Error::TurboJpegError(text) => text,
        other => other.to_string(),
    };
    match text.strip_prefix("Corrupt JPEG data: ") {
        Some(rest) => format!("corrupt JPEG data: {rest}"),
        None => text,
    }
}

/// More scans than any encoder makes (libjpeg's script for a photo has 10); a progressive JPEG with thousands of
/// empty scans would keep the decoder busy for minutes.
const MAX_SCANS: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    /// The same question asked the long way: decode every pixel in full size and colour.
    fn full_decode_complains(jpeg: &[u8]) -> bool {
        let mut decoder = Decompressor::new().unwrap();
        let Ok(header) = decoder.read_header(jpeg) else {
            return true;
        };
        let mut rgb = vec![0; header.width * header.height * 3];
        let image = Image {
            pixels: &mut rgb[..],
            width: header.width,
            pitch: header.width * 3,
            height: header.height,
            format: PixelFormat::RGB,
        };
        decoder.decompress(jpeg, image).is_err()
    }

    #[test]
    fn an_eighth_of_the_size_complains_exactly_when_the_full_size_does() {
        let mut random = 7_u64;
        for photo in ["astronaut", "camera", "chelsea", "coffee", "rocket"] {
            let path = format!("{}/../../tests/photos/{photo}.jpg", env!("CARGO_MANIFEST_DIR"));
            let whole = std::fs::read(path).unwrap();
            assert_eq!(entropy_problem(&whole), Ok(()));
            let first_scan = whole.windows(2).rposition(|two| two == [0xff, 0xda]).unwrap();
            for _ in 0..25 {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let at = first_scan + 20 + (random >> 33) as usize % (whole.len() - first_scan - 40);
                let mut damaged = whole.clone();
                damaged[at] ^= 1_u8 << (random >> 20 & 7);
                assert_eq!(
                    entropy_problem(&damaged).is_err(),
                    full_decode_complains(&damaged),
                    "{photo}, octet {at}"
                );
            }
        }
    }

    #[test]
    fn four_components_are_checked_too() {
        let cmyk: Vec<u8> = (0..64 * 64 * 4)
            .map(|i| u8::try_from(i * 7 % 251).unwrap())
            .collect();
        let mut encoder = Compressor::new().unwrap();
        let image = Image {
            pixels: &cmyk[..],
            width: 64,
            pitch: 256,
            height: 64,
            format: PixelFormat::CMYK,
        };
        let mut jpeg = encoder.compress_to_vec(image).unwrap();
        assert_eq!(entropy_problem(&jpeg), Ok(()));
        jpeg.drain(jpeg.len() / 2..jpeg.len() / 2 + 100);
        assert!(entropy_problem(&jpeg).is_err());
    }
}
