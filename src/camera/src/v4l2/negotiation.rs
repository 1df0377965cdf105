//! Setting a camera to the mode that serves a wish best.

use std::io;
use std::path::Path;

use faceiot_core::ErrorKind;

use super::abi;
use super::device::{Call, Device};
use super::fourcc::{Encoding, FourCc};
use super::identity::{Identity, is_unknown};
use super::modes::{self, Candidate};
use super::problem;
use crate::error::{Error, Result};
use crate::{PixelFormat, Range, Wish};

/// What driver and stream agreed on.
#[derive(Clone, Copy)]
pub(super) struct Negotiated {
    pub(super) fourcc: FourCc,
    pub(super) encoding: Encoding,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) stride: u32,
    pub(super) range: Range,
    pub(super) fps: Option<f64>,
}

/// Refuses a wish that no camera can fulfil.
pub(super) fn check(wish: &Wish) -> Result<()> {
    let wrong = |message| Err(Error::new(ErrorKind::InvalidArgument, message));
    if let Some((width, height)) = wish.size
        && (width == 0 || height == 0)
    {
        return wrong(format!("a frame of {width}x{height} pixels has none"));
    }
    match wish.fps {
        Some(fps) if !(LEAST_FPS..=MOST_FPS).contains(&fps) => wrong(format!(
            "{fps} frames a second; the least is {LEAST_FPS}, the most {MOST_FPS}"
        )),
        _ => Ok(()),
    }
}

/// Sets the first candidate that the driver takes, then the rate.
pub(super) fn negotiate(
    device: &mut dyn Device,
    path: &Path,
    identity: &Identity,
    only: Option<FourCc>,
    wish: &Wish,
) -> Result<Negotiated> {
    let asking = |error: io::Error| problem::failed(path, "asking for its formats", &error);
    let offers = modes::offers(device).map_err(asking)?;
    let mut candidates = modes::candidates(device, &offers, wish).map_err(asking)?;
    if candidates.is_empty() {
        return Err(identity.refused(path, &Identity::nothing_readable(&offers)));
    }
    if let Some(only) = only {
        candidates.retain(|candidate| candidate.fourcc == only);
        if candidates.is_empty() {
            let readable = offers.iter().filter(|offer| offer.fourcc.encoding().is_some());
            let names: Vec<String> = readable.map(|offer| offer.fourcc.to_string()).collect();
            let message = format!(
                "`{}` has no format {only}, or it is not read here; use one of {}",
                path.display(),
                names.join(", ")
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
    }
    for candidate in candidates {
        if let Some(format) = set(device, path, &candidate)? {
            let fps = set_rate(device, path, wish)?.or(candidate.fps);
            return Ok(Negotiated { fps, ..format });
        }
    }
    Err(identity.refused(path, "refuses every format that it offers"))
}

/// `None` when the driver refuses the candidate. Drivers that do not like a size change it instead, and a few the
/// format too: what they made of it is used, as long as it can be read.
fn set(device: &mut dyn Device, path: &Path, candidate: &Candidate) -> Result<Option<Negotiated>> {
    let mut format = abi::Format::new(candidate.fourcc.0, candidate.width, candidate.height);
    match device.call(Call::SetFormat(&mut format)) {
        Ok(()) => {}
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => return Ok(None),
        Err(error) => return Err(problem::failed(path, "setting the format", &error)),
    }
    if abi::FIELDS_APART.contains(&format.field) {
        let what = "gives odd and even lines as pictures of their own (interlaced video): set its input to a progressive \
                    mode";
        return Err(Error::new(
            ErrorKind::Camera,
            format!("`{}` {what}", path.display()),
        ));
    }
    let fourcc = FourCc(format.fourcc);
    let Some(encoding) = fourcc
        .encoding()
        .filter(|_| format.width > 0 && format.height > 0)
    else {
        return Ok(None);
    };
    let is_ycbcr = !matches!(
        encoding,
        Encoding::Raw(PixelFormat::Rgb | PixelFormat::Bgr | PixelFormat::Grey)
    );
    let range = match format.quantization {
        abi::FULL_RANGE => Range::Full,
        abi::LIMITED_RANGE => Range::Limited,
        // V4L2_MAP_QUANTIZATION_DEFAULT; grey as vivid and infrared cameras give it, over the full range.
        _ if is_ycbcr && format.colorspace != abi::COLORSPACE_JPEG => Range::Limited,
        _ => Range::Full,
    };
    Ok(Some(Negotiated {
        fourcc,
        encoding,
        width: format.width,
        height: format.height,
        stride: format.stride,
        range,
        fps: candidate.fps,
    }))
}

/// Always set: what a driver does by itself may be as slow as 5 frames a second. What it made of it, or `None` where
/// rates cannot be set.
fn set_rate(device: &mut dyn Device, path: &Path, wish: &Wish) -> Result<Option<f64>> {
    let wanted = wish.fps.unwrap_or(modes::FPS);
    let mut parameters = abi::StreamParameters::new([1_000, modes::thousandths(wanted)]);
    match device.call(Call::SetParameters(&mut parameters)) {
        Ok(()) => {
            let [numerator, denominator] = parameters.interval;
            Ok((numerator > 0 && denominator > 0).then(|| f64::from(denominator) / f64::from(numerator)))
        }
        Err(error) if is_unknown(&error) => Ok(None),
        Err(error) => Err(problem::failed(path, "setting the rate", &error)),
    }
}

/// A frame in a hundred seconds, and more than any camera gives.
const LEAST_FPS: f64 = 0.01;
const MOST_FPS: f64 = 1_000.0;
