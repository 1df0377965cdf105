//! Which cameras are there, and which of them is taken when nobody says.

use faceiot_core::ErrorKind;

use crate::error::{Error, Result};
use crate::source::{Found, FrameSource, Wish, open_with};

/// Every camera of this computer, in the order in which `auto` looks at them: those of the Linux kernel, then those of
/// libcamera (a Raspberry Pi's CSI cameras), which `rpicam-vid --list-cameras` is asked for.
///
/// Takes the time that this program takes, ten seconds at most. Cameras of the network are not searched.
pub fn list() -> Vec<Found> {
    let mut found = kernel();
    found.extend(libcamera());
    found
}

/// The camera that `auto` takes of a [`list`]: the first usable one.
///
/// # Errors
/// `NoCamera`, with the reason why each of the list cannot be used.
pub fn choose(found: &[Found]) -> Result<&Found> {
    found.iter().find(|camera| camera.usable).ok_or_else(|| {
        let why = |camera: &Found| format!("; `{}` ({}): {}", camera.spec, camera.name, camera.why);
        let reasons: String = found.iter().map(why).collect();
        Error::new(
            ErrorKind::NoCamera,
            format!("no camera found{reasons}; without one, try testcard: or dir:FOLDER"),
        )
    })
}

/// Opens what [`choose`] takes; libcamera is asked only when the kernel has no usable camera, because that takes time.
pub(crate) fn open(wish: &Wish) -> Result<Box<dyn FrameSource>> {
    let mut found = kernel();
    if choose(&found).is_err() {
        found.extend(libcamera());
    }
    open_with(&choose(&found)?.spec, wish)
}

#[cfg(target_os = "linux")]
fn kernel() -> Vec<Found> {
    crate::v4l2::list()
}

#[cfg(target_os = "linux")]
fn libcamera() -> Vec<Found> {
    super::rpicam::list()
}

#[cfg(not(target_os = "linux"))]
fn kernel() -> Vec<Found> {
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
fn libcamera() -> Vec<Found> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(spec: &str, usable: bool) -> Found {
        Found {
            spec: spec.into(),
            name: "a name".into(),
            driver: "a driver".into(),
            modes: Vec::new(),
            usable,
            why: "because".into(),
        }
    }

    #[test]
    fn the_first_usable_camera_is_taken() {
        let found = [
            camera("v4l2:/dev/video0", false),
            camera("v4l2:/dev/video2", true),
            camera("rpicam:0", true),
        ];
        assert_eq!(choose(&found).unwrap().spec, "v4l2:/dev/video2");
    }

    #[test]
    fn without_a_usable_camera_every_reason_is_told() {
        assert_eq!(choose(&[]).unwrap_err().kind, ErrorKind::NoCamera);
        let error = choose(&[camera("v4l2:/dev/video0", false)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no camera found; `v4l2:/dev/video0` (a name): because; without one, try testcard: or dir:FOLDER"
        );
    }
}
