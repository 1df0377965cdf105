//! The kernel's error numbers as advice.

use std::io;
use std::path::Path;

use faceiot_core::ErrorKind;

use crate::error::Error;

/// What a failed open means.
pub(super) fn opening(path: &Path, error: &io::Error) -> Error {
    let shown = path.display();
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENOTDIR) => Error::new(
            ErrorKind::NoCamera,
            format!("there is no `{shown}`: `faceiot cameras` lists what there is"),
        ),
        Some(libc::ENODEV | libc::ENXIO) => Error::new(
            ErrorKind::NoCamera,
            format!("no camera answers at `{shown}` (unplugged?)"),
        ),
        Some(libc::EACCES | libc::EPERM) => Error::new(
            ErrorKind::Camera,
            format!(
                "`{shown}` may not be opened: join the group `video` (`sudo usermod -aG video $USER`) and log in again"
            ),
        ),
        Some(libc::EISDIR) => no_device(path),
        _ => failed(path, "opening", error),
    }
}

/// What a failed call on an open device means; `doing` says what was asked.
pub(super) fn failed(path: &Path, doing: &str, error: &io::Error) -> Error {
    let shown = path.display();
    let message = match error.raw_os_error() {
        Some(libc::ENODEV | libc::ENXIO) => format!("`{shown}` was unplugged ({doing})"),
        Some(libc::EBUSY) => {
            format!("`{shown}` is used by another program (`fuser -v {shown}` names it)")
        }
        Some(libc::EIO) => format!("`{shown}` reported a streaming error ({doing})"),
        Some(libc::ENOSPC) => format!(
            "the bus of `{shown}` has no room for this stream: ask for a smaller size or rate, or use another port"
        ),
        _ => format!("`{shown}`, {doing}: {error}"),
    };
    Error::new(ErrorKind::Camera, message)
}

/// A file that is something else.
pub(super) fn no_device(path: &Path) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("`{}` is no V4L2 device", path.display()),
    )
}
