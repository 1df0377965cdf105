//! libjpeg-turbo: the only file that calls it.

use faceiot_core::ErrorKind;
use turbojpeg::{Colorspace, Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

use crate::error::{Error, Result};
use crate::jpeg::MAX_PIXELS;

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

pub(crate) fn decode_rgb(jpeg: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    let broken = |error| Error::new(ErrorKind::Jpeg, words(error));
    let (width, height) = (width as usize, height as usize);
    let mut decoder = Decompressor::new().map_err(broken)?;
    decoder.set_scan_limit(MAX_SCANS).map_err(broken)?;
    let mut rgb = vec![0; width * height * 3];
    let image = Image {
        pixels: &mut rgb[..],
        width,
        pitch: width * 3,
        height,
        format: PixelFormat::RGB,
    };
    decoder.decompress(jpeg, image).map_err(broken)?;
    Ok(rgb)
}

pub(crate) fn encode_rgb(rgb: &[u8], width: u32, height: u32, quality: u8) -> Result<Vec<u8>> {
    let wrong = |message| Err(Error::new(ErrorKind::InvalidArgument, message));
    if !(1..=100).contains(&quality) {
        return wrong(format!("quality {quality} is not within 1 to 100"));
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return wrong(format!("a picture of {width}x{height} pixels has none"));
    }
    if pixels > MAX_PIXELS || width > 65_535 || height > 65_535 {
        let message = format!("{width}x{height} pixels; the most is {MAX_PIXELS}, and 65535 a side");
        return Err(Error::new(ErrorKind::FrameTooLarge, message));
    }
    if rgb.len() as u64 != pixels * 3 {
        return wrong(format!(
            "{} octets for {width}x{height} pixels; they take {}",
            rgb.len(),
            pixels * 3
        ));
    }
    let failed = |error| Error::new(ErrorKind::Jpeg, words(error));
    let mut encoder = Compressor::new().map_err(failed)?;
    encoder.set_quality(i32::from(quality)).map_err(failed)?;
    encoder.set_subsamp(Subsamp::Sub2x2).map_err(failed)?;
    let (width, height) = (width as usize, height as usize);
    let image = Image {
        pixels: rgb,
        width,
        pitch: width * 3,
        height,
        format: PixelFormat::RGB,
    };
    encoder.compress_to_vec(image).map_err(failed)
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
