//! Status numbers, their words, the version, and the boundary that no panic crosses.

use core::ffi::{c_char, c_int};

use faceiot_core::ErrorKind;

/// `0` or the number of an [`ErrorKind`].
pub type Status = i32;

/// Success.
pub const OK: Status = 0;

/// What every entry point returns through: the status of `body`.
///
/// With std a panic, which would be a bug, becomes `-1` instead of undefined
/// behaviour; without std the firmware's `panic=abort` ends it.
pub(crate) fn guard(body: impl FnOnce() -> Result<(), ErrorKind>) -> Status {
    #[cfg(feature = "std")]
    let Ok(result) = std::panic::catch_unwind(core::panic::AssertUnwindSafe(body)) else {
        return -1;
    };
    #[cfg(not(feature = "std"))]
    let result = body();
    match result {
        Ok(()) => OK,
        Err(kind) => kind.code(),
    }
}

/// Words for a status, for logs; never NULL, static.
#[unsafe(no_mangle)]
pub extern "C" fn faceiot_strerror(status: c_int) -> *const c_char {
    let words: &core::ffi::CStr = match ErrorKind::from_code(status) {
        Some(ErrorKind::BufferTooSmall) => c"buffer too small",
        Some(ErrorKind::InvalidArgument) => c"invalid argument",
        Some(ErrorKind::Hex) => c"invalid hex",
        Some(ErrorKind::Base64) => c"invalid base64",
        Some(ErrorKind::Json) => c"invalid json",
        Some(ErrorKind::Utf8) => c"invalid utf-8",
        Some(ErrorKind::Topic) => c"invalid topic",
        Some(ErrorKind::Timestamp) => c"invalid timestamp",
        Some(ErrorKind::ChunkLength) => c"invalid chunk length",
        Some(ErrorKind::ChunkMagic) => c"not a chunk",
        Some(ErrorKind::ChunkVersion) => c"unknown chunk version",
        Some(ErrorKind::ChunkHeader) => c"invalid chunk header",
        Some(ErrorKind::ChunkCrc) => c"damaged chunk",
        Some(ErrorKind::ChunkRange) => c"chunk outside its frame",
        Some(ErrorKind::FrameTooLarge) => c"photo does not fit",
        Some(ErrorKind::FrameConflict) => c"chunks contradict each other",
        Some(ErrorKind::FrameCrc) => c"damaged photo",
        Some(ErrorKind::Io) => c"reading the photo failed",
        Some(_) => c"other failure",
        None if status == OK => c"ok",
        None => c"unknown status",
    };
    words.as_ptr()
}

/// `major << 16 | minor << 8 | patch` of the library, to be compared with the header's `FACEIOT_VERSION`.
#[unsafe(no_mangle)]
pub extern "C" fn faceiot_version() -> u32 {
    VERSION
}

const VERSION: u32 = number(env!("CARGO_PKG_VERSION_MAJOR")) << 16
    | number(env!("CARGO_PKG_VERSION_MINOR")) << 8
    | number(env!("CARGO_PKG_VERSION_PATCH"));

const fn number(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let mut value = 0;
    let mut i = 0;
    while i < bytes.len() {
        value = value * 10 + (bytes[i] - b'0') as u32;
        i += 1;
    }
    value
}
