//! Hex (RFC 4648 base16) at SIMD speed, in both cases.

use crate::error::{Error, ErrorKind, Result};

/// Writes upper-case hex at the start of `out`: two digits for each octet.
///
/// ```
/// assert_eq!(faceiot_core::text::hex_upper(b"\xFF\xD8", &mut [0; 4]), Ok("FFD8"));
/// ```
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`]; nothing was written.
pub fn hex_upper<'o>(octets: &[u8], out: &'o mut [u8]) -> Result<&'o str> {
    encode(octets, out, true)
}

/// Writes lower-case hex at the start of `out`: two digits for each octet.
///
/// ```
/// assert_eq!(faceiot_core::text::hex_lower(b"\xFF\xD8", &mut [0; 4]), Ok("ffd8"));
/// ```
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`]; nothing was written.
pub fn hex_lower<'o>(octets: &[u8], out: &'o mut [u8]) -> Result<&'o str> {
    encode(octets, out, false)
}

/// Writes hex of either case at the start of `out`.
pub(crate) fn encode<'o>(octets: &[u8], out: &'o mut [u8], upper: bool) -> Result<&'o str> {
    let out = exactly(out, octets.len().checked_mul(2))?;
    let encoded = if upper {
        const_hex::encode_to_str_upper(octets, out)
    } else {
        const_hex::encode_to_str(octets, out)
    };
    match encoded {
        Ok(text) => Ok(text),
        Err(_) => Err(Error::new(ErrorKind::BufferTooSmall, "hex")),
    }
}

/// Reads hex in either case, mixed too, into the start of `out`. No prefix, no blanks.
///
/// ```
/// use faceiot_core::{ErrorKind, text::hex_decode};
///
/// assert_eq!(hex_decode(b"FFd8", &mut [0; 2]).unwrap(), b"\xFF\xD8");
/// assert_eq!(hex_decode(b"0xFF", &mut [0; 2]).unwrap_err().offset, 1); // `x` is no hex digit
/// ```
///
/// # Errors
/// [`ErrorKind::Hex`] with the offset of the first wrong character, or the length when it is odd;
/// [`ErrorKind::BufferTooSmall`]. What `out` holds after an error is not defined.
pub fn hex_decode<'o>(text: &[u8], out: &'o mut [u8]) -> Result<&'o mut [u8]> {
    if !text.len().is_multiple_of(2) {
        return Err(match wrong_digit(text) {
            Some(offset) => not_a_digit(offset),
            None => Error::new(ErrorKind::Hex, "odd number of digits").at_offset(text.len()),
        });
    }
    if text.get(1) == Some(&b'x') {
        return Err(not_a_digit(1)); // const-hex would skip a leading `0x`
    }
    let out = exactly(out, Some(text.len() / 2))?;
    match const_hex::decode_to_slice(text, out) {
        Ok(()) => Ok(out),
        Err(_) => Err(not_a_digit(wrong_digit(text).unwrap_or(0))),
    }
}

/// The first `len` octets of `out`.
fn exactly(out: &mut [u8], len: Option<usize>) -> Result<&mut [u8]> {
    len.and_then(|len| out.get_mut(..len))
        .ok_or(Error::new(ErrorKind::BufferTooSmall, "hex"))
}

/// Where the first character is that is not a hex digit.
fn wrong_digit(text: &[u8]) -> Option<usize> {
    text.iter().position(|byte| !byte.is_ascii_hexdigit())
}

/// The error for a wrong character.
fn not_a_digit(offset: usize) -> Error {
    Error::new(ErrorKind::Hex, "not a hex digit").at_offset(offset)
}
