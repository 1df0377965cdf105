//! Whether a node is a camera, and what to use where it is not.

use std::io;
use std::path::Path;

use faceiot_core::ErrorKind;

use super::abi::{self, cap};
use super::device::{Call, Device};
use super::modes::Offer;
use super::problem;
use crate::error::{Error, Result};

/// Who a device says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// `uvcvideo`, `bm2835 mmal`, `unicam`.
    pub(super) driver: String,
    /// `HD Pro Webcam C920`.
    pub(super) card: String,
    capabilities: u32,
}

impl Identity {
    pub(super) fn of(device: &mut dyn Device, path: &Path) -> Result<Self> {
        let mut answer = abi::Capability::default();
        device
            .call(Call::QueryCapability(&mut answer))
            .map_err(|error| match error.raw_os_error() {
                Some(libc::ENOTTY | libc::EINVAL) => problem::no_device(path),
                _ => problem::failed(path, "asking what it is", &error),
            })?;
        let capabilities = if answer.capabilities & cap::DEVICE_CAPS == 0 {
            answer.capabilities
        } else {
            answer.device_caps // of this node; the others are of the whole device
        };
        Ok(Self {
            driver: text(&answer.driver),
            card: text(&answer.card),
            capabilities,
        })
    }

    /// What keeps this node from being a camera, as far as its capabilities tell.
    pub(super) fn obstacle(&self) -> Option<String> {
        let has = |flags| self.capabilities & flags != 0;
        if let Some((_, what)) = NO_CAMERAS.iter().find(|(driver, _)| *driver == self.driver) {
            return Some(format!("{what}: {RPICAM}"));
        }
        let what = if has(cap::VIDEO_M2M | cap::VIDEO_M2M_MPLANE) {
            "converts pictures (a codec or scaler) and takes none"
        } else if has(cap::VIDEO_CAPTURE) {
            if has(cap::IO_MC) {
                return Some(format!(
                    "gives what a media pipeline feeds it, which libcamera sets up: {RPICAM}"
                ));
            } else if has(cap::STREAMING) {
                return None;
            }
            "cannot stream into mapped memory"
        } else if has(cap::VIDEO_CAPTURE_MPLANE) {
            "gives pictures in several buffers each (multi-planar), which is not supported"
        } else if has(cap::META_CAPTURE) {
            "carries a camera's metadata, no pictures"
        } else {
            "takes in pictures or gives something else than pictures"
        };
        Some(what.to_owned())
    }

    /// The same, once its formats are known and none of them can be read.
    pub(super) fn nothing_readable(offers: &[Offer]) -> String {
        if offers.is_empty() {
            return "offers no picture format (a loopback device does so until somebody feeds it)".to_owned();
        }
        if offers.iter().all(|offer| offer.fourcc.is_bayer()) {
            return format!("gives the raw mosaic of a sensor (Bayer): {RPICAM}");
        }
        let names: Vec<String> = offers.iter().map(|offer| offer.fourcc.to_string()).collect();
        format!("gives only formats that are not read here: {}", names.join(", "))
    }

    /// As an error that names the node.
    pub(super) fn refused(&self, path: &Path, why: &str) -> Error {
        let message = format!("`{}` ({}) {why}", path.display(), self.driver);
        Error::new(ErrorKind::Camera, message)
    }
}

/// Drivers of nodes that belong to a Raspberry Pi's camera and codec and are nothing to take photos from. (`unicam`
/// is not among them: with an HDMI bridge it gives pictures, and with a sensor its formats tell.)
const NO_CAMERAS: &[(&str, &str)] = &[
    ("rp1-cfe", "is the raw input of a Raspberry Pi 5's CSI camera"),
    ("pispbe", "is the image processor of a Raspberry Pi 5"),
    ("bcm2835-isp", "is the image processor of a Raspberry Pi"),
    ("bcm2835-codec", "is the video codec of a Raspberry Pi"),
    ("rpivid", "is the video decoder of a Raspberry Pi"),
    ("rpi-hevc-dec", "is the video decoder of a Raspberry Pi"),
];
const RPICAM: &str = "use the source `rpicam:` for a CSI camera";

/// A fixed field of characters, up to the first zero.
pub(super) fn text(field: &[u8]) -> String {
    let end = field.iter().position(|&octet| octet == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).trim().to_owned()
}

/// Whether an ioctl is not known to the driver.
pub(super) fn is_unknown(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOTTY | libc::EINVAL))
}
