//! Percent-encoding (RFC 3986).

use super::Writer;
use crate::error::Result;

/// Appends octets percent-encoded: all but the unreserved characters `A-Z a-z 0-9 - . _ ~` become `%XX`, upper case.
///
/// This is the form that every signature of Aliyun, Huawei and AWS signs; a space is `%20`, never `+`.
///
/// ```
/// use faceiot_core::text::{Writer, percent_encode};
///
/// let mut buffer = [0; 64];
/// let mut w = Writer::new(&mut buffer);
/// percent_encode("a b+c/~é".as_bytes(), &mut w)?;
/// assert_eq!(w.finish(), "a%20b%2Bc%2F~%C3%A9");
/// # Ok::<(), faceiot_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`](crate::ErrorKind::BufferTooSmall); what fitted was written.
pub fn percent_encode(octets: &[u8], w: &mut Writer<'_>) -> Result<()> {
    percent_encode_keeping(octets, "", w)
}

/// As [`percent_encode`], but the ASCII characters in `keep` stay as they are (`/` in paths).
pub(crate) fn percent_encode_keeping(octets: &[u8], keep: &str, w: &mut Writer<'_>) -> Result<()> {
    let mut rest = octets;
    while let Some(first) = rest.first() {
        let plain = rest
            .iter()
            .take_while(|byte| stays(**byte) || keep.as_bytes().contains(byte))
            .count();
        let (head, tail) = rest.split_at(plain);
        if plain > 0 {
            w.push_bytes(head)?;
            rest = tail;
            continue;
        }
        w.push_str("%")?.push_hex_upper(&[*first])?;
        rest = rest.get(1..).unwrap_or_default();
    }
    Ok(())
}

/// Whether RFC 3986 calls the character unreserved.
fn stays(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}
