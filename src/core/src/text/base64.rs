//! Standard base64 with padding (RFC 4648, section 4).

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeSliceError, Engine};

use crate::error::{Error, ErrorKind, Result};

/// The length of the base64 of `octets` octets, padding included.
pub const fn base64_len(octets: usize) -> usize {
    octets.div_ceil(3).saturating_mul(4)
}

/// Writes base64 at the start of `out`.
///
/// ```
/// assert_eq!(faceiot_core::text::base64_encode(b"foob", &mut [0; 8]), Ok("Zm9vYg=="));
/// ```
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn base64_encode<'o>(octets: &[u8], out: &'o mut [u8]) -> Result<&'o str> {
    let too_small = Error::new(ErrorKind::BufferTooSmall, "base64");
    let len = STANDARD.encode_slice(octets, out).map_err(|_| too_small)?;
    // The engine writes ASCII only.
    core::str::from_utf8(out.get(..len).unwrap_or_default())
        .map_err(|_| Error::new(ErrorKind::Utf8, "base64"))
}

/// Reads base64 into the start of `out`. Padding is required, trailing bits must be zero, blanks are refused.
///
/// ```
/// assert_eq!(faceiot_core::text::base64_decode(b"Zm9vYg==", &mut [0; 4]).unwrap(), b"foob");
/// ```
///
/// # Errors
/// [`ErrorKind::Base64`], [`ErrorKind::BufferTooSmall`]. What `out` holds after an error is not defined.
pub fn base64_decode<'o>(text: &[u8], out: &'o mut [u8]) -> Result<&'o mut [u8]> {
    let len = STANDARD.decode_slice(text, out).map_err(|error| match error {
        DecodeSliceError::OutputSliceTooSmall => Error::new(ErrorKind::BufferTooSmall, "base64"),
        DecodeSliceError::DecodeError(error) => {
            let offset = match error {
                base64::DecodeError::InvalidByte(offset, _)
                | base64::DecodeError::InvalidLastSymbol { offset, .. } => offset,
                _ => text.len(),
            };
            Error::new(ErrorKind::Base64, "base64").at_offset(offset)
        }
    })?;
    Ok(out.split_at_mut(len).0)
}
