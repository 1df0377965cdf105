//! C memory into slices, and strings back: every `unsafe` that depends on a caller's promise stands here.
//!
//! The promise, stated once in the header: a pointer is NULL or valid for the length that is given with it (for a string:
//! up to its NUL), is not written by others during the call, and what a struct points to outlives the call.

use core::ffi::{CStr, c_char};
use core::marker::PhantomData;

use faceiot_core::ErrorKind;

/// A required string.
pub(crate) unsafe fn text<'a>(pointer: *const c_char) -> Result<&'a str, ErrorKind> {
    unsafe { optional(pointer) }?.ok_or(ErrorKind::InvalidArgument)
}

/// A string, or `None` for NULL.
pub(crate) unsafe fn optional<'a>(pointer: *const c_char) -> Result<Option<&'a str>, ErrorKind> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL, so it is a NUL-terminated string by the caller's promise.
    let bytes = unsafe { CStr::from_ptr(pointer) }.to_bytes();
    core::str::from_utf8(bytes).map(Some).map_err(|_| ErrorKind::Utf8)
}

/// Octets; NULL is good for none.
pub(crate) unsafe fn octets<'a>(pointer: *const u8, len: usize) -> Result<&'a [u8], ErrorKind> {
    match (pointer.is_null(), len) {
        (true, 0) => Ok(&[]),
        (true, _) => Err(ErrorKind::InvalidArgument),
        _ if len > isize::MAX as usize => Err(ErrorKind::InvalidArgument),
        // SAFETY: not NULL, so it is valid for `len` octets by the caller's promise.
        _ => Ok(unsafe { core::slice::from_raw_parts(pointer, len) }),
    }
}

/// Octets to write to; NULL is good for none.
pub(crate) unsafe fn octets_mut<'a>(pointer: *mut u8, len: usize) -> Result<&'a mut [u8], ErrorKind> {
    match (pointer.is_null(), len) {
        (true, 0) => Ok(&mut []),
        (true, _) => Err(ErrorKind::InvalidArgument),
        _ if len > isize::MAX as usize => Err(ErrorKind::InvalidArgument),
        // SAFETY: not NULL, so it is valid for `len` octets and ours for the call by the caller's promise.
        _ => Ok(unsafe { core::slice::from_raw_parts_mut(pointer, len) }),
    }
}

/// A struct to read.
pub(crate) unsafe fn given<'a, T>(pointer: *const T) -> Result<&'a T, ErrorKind> {
    // SAFETY: NULL, or valid and aligned by the caller's promise.
    unsafe { pointer.as_ref() }.ok_or(ErrorKind::InvalidArgument)
}

/// A struct or number to write.
pub(crate) unsafe fn given_mut<'a, T>(pointer: *mut T) -> Result<&'a mut T, ErrorKind> {
    // SAFETY: NULL, or valid, aligned and ours for the call by the caller's promise.
    unsafe { pointer.as_mut() }.ok_or(ErrorKind::InvalidArgument)
}

/// Lets the core write a string at the start of a buffer, ends it with NUL and gives its length without it.
pub(crate) unsafe fn write_text(
    buffer: *mut c_char,
    buffer_len: usize,
    written: *mut usize,
    write: impl FnOnce(&mut [u8]) -> faceiot_core::Result<&str>,
) -> Result<(), ErrorKind> {
    let out = unsafe { octets_mut(buffer.cast(), buffer_len) }?;
    let Some(room) = out.len().checked_sub(1) else {
        return Err(ErrorKind::BufferTooSmall);
    };
    let len = write(out.get_mut(..room).unwrap_or_default())
        .map_err(|e| e.kind)?
        .len();
    if let Some(end) = out.get_mut(len) {
        *end = 0;
    }
    // The length may be left out.
    if let Ok(written) = unsafe { given_mut(written) } {
        *written = len;
    }
    Ok(())
}

/// A struct of C's with room for a value of the core's, which C sees as octets.
#[repr(C)]
pub struct Room<T, const WORDS: usize> {
    opaque: [u64; WORDS],
    inside: PhantomData<T>,
}

impl<T, const WORDS: usize> Room<T, WORDS> {
    /// Puts a value there; what was there before is forgotten, not dropped.
    pub(crate) unsafe fn put(room: *mut Self, value: T) -> Result<(), ErrorKind> {
        const { assert!(size_of::<T>() <= size_of::<Self>() && align_of::<T>() <= align_of::<Self>()) };
        let room: *mut T = core::ptr::from_mut(unsafe { given_mut(room) }?).cast();
        // SAFETY: large and aligned enough.
        unsafe { room.write(value) };
        Ok(())
    }

    /// The value that was put there.
    pub(crate) unsafe fn inside<'a>(room: *const Self) -> Result<&'a T, ErrorKind> {
        // SAFETY: a value was put there, by the caller's promise.
        unsafe { given(room.cast()) }
    }

    /// The same, to change it.
    pub(crate) unsafe fn inside_mut<'a>(room: *mut Self) -> Result<&'a mut T, ErrorKind> {
        // SAFETY: a value was put there, by the caller's promise.
        unsafe { given_mut(room.cast()) }
    }
}
