//! Which cameras are there, and which of them is taken when nobody says.

use faceiot_core::ErrorKind;

use crate::error::{Error, Result};
use crate::source::{Found, FrameSource, Stop, Wish, open_stoppable};

/// Every camera of this computer, in the order in which `auto` looks at them: those of the Linux kernel, then those of
/// libcamera (a Raspberry Pi's CSI cameras), which `rpicam-vid --list-cameras` is asked for.
///
/// Takes the time that this program takes, ten seconds at most. Cameras of the network are not searched.
pub fn list() -> Vec<Found> {
    let mut found = kernel();
    found.extend(libcamera());
    found
}

/// The camera that `auto` tries first of a [`list`]: the first usable one. When that is in use by another program, it
/// takes the next.
///
/// # Errors
/// `NoCamera`, with the reason why each of the list cannot be used.
pub fn choose(found: &[Found]) -> Result<&Found> {
    found.iter().find(|camera| camera.usable).ok_or_else(|| {
        let reasons: String = found.iter().map(|camera| reason(camera, &camera.why)).collect();
        none(ErrorKind::NoCamera, "no camera found", &reasons)
    })
}

/// Opens the first usable camera that lets itself be opened.
///
/// # Errors
/// `NoCamera` when none is usable; when some are, the kind of the first one's error. The reason of each is told.
/// `InvalidArgument` at once: a wish that makes no sense to one camera makes none to the others.
pub(crate) fn first<T>(
    found: impl IntoIterator<Item = Found>,
    mut open: impl FnMut(&str) -> Result<T>,
) -> Result<T> {
    let mut reasons = String::new();
    let mut kind = None;
    for camera in found {
        if !camera.usable {
            reasons += &reason(&camera, &camera.why);
            continue;
        }
        match open(&camera.spec) {
            Err(error) if error.kind != ErrorKind::InvalidArgument => {
                reasons += &reason(&camera, &error.message);
                kind.get_or_insert(error.kind);
            }
            done => return done,
        }
    }
    Err(match kind {
        Some(kind) => none(kind, "no camera can be opened", &reasons),
        None => none(ErrorKind::NoCamera, "no camera found", &reasons),
    })
}

fn reason(camera: &Found, why: &str) -> String {
    format!("; `{}` ({}): {why}", camera.spec, camera.name)
}

fn none(kind: ErrorKind, what: &str, reasons: &str) -> Error {
    Error::new(
        kind,
        format!("{what}{reasons}; without one, try testcard: or dir:FOLDER"),
    )
}

/// Opens the [`first`] that can be; libcamera is asked only when none of the kernel's can, because that takes time.
pub(crate) fn open(wish: &Wish, stop: &Stop) -> Result<Box<dyn FrameSource>> {
    let lists = [kernel, libcamera];
    first(lists.into_iter().flat_map(|list| list()), |spec| {
        open_stoppable(spec, wish, stop)
    })
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

    fn busy(spec: &str) -> Error {
        Error::new(ErrorKind::Camera, format!("{spec} is used by another program"))
    }

    #[test]
    fn one_that_is_in_use_is_passed_over_for_the_next() {
        let found = ["v4l2:/dev/video0", "v4l2:/dev/video2", "rpicam:0"].map(|spec| camera(spec, true));
        let opened = first(found, |spec| match spec {
            "v4l2:/dev/video2" => Ok(spec.to_owned()),
            _ => Err(busy(spec)),
        });
        assert_eq!(opened.unwrap(), "v4l2:/dev/video2");
    }

    #[test]
    fn when_all_are_in_use_every_reason_is_told() {
        let found = [camera("a", true), camera("b", false), camera("c", true)];
        let error = first(found, |spec| Err::<(), _>(busy(spec))).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Camera);
        assert_eq!(
            error.to_string(),
            "no camera can be opened; `a` (a name): a is used by another program; `b` (a name): because; \
             `c` (a name): c is used by another program; without one, try testcard: or dir:FOLDER"
        );
    }

    #[test]
    fn a_wish_that_makes_no_sense_is_not_tried_on_every_camera() {
        let mut tried = 0;
        let error = first([camera("a", true), camera("b", true)], |_| {
            tried += 1;
            Err::<(), _>(Error::new(ErrorKind::InvalidArgument, "a size of zero"))
        });
        assert_eq!(
            (error.unwrap_err().message.as_str(), tried),
            ("a size of zero", 1)
        );
    }

    #[test]
    fn without_a_usable_camera_every_reason_is_told() {
        assert_eq!(choose(&[]).unwrap_err().kind, ErrorKind::NoCamera);
        let found = [camera("v4l2:/dev/video0", false)];
        let error = choose(&found).unwrap_err();
        assert_eq!(first(found, |_| Ok(())).unwrap_err(), error);
        assert_eq!(
            error.to_string(),
            "no camera found; `v4l2:/dev/video0` (a name): because; without one, try testcard: or dir:FOLDER"
        );
    }
}
