//! Percent-encoding (RFC 3986).

use super::{AsciiSet, Writer};
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
    encode_keeping(&AsciiSet::UNRESERVED, octets, &mut |piece| w.push_octets(piece))
}

/// Hands out octets percent-encoded, piece by piece; the characters of `keep` stay as they are.
#[inline]
pub(crate) fn encode_keeping(
    keep: &AsciiSet,
    octets: &[u8],
    put: &mut impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut rest = octets;
    loop {
        let (plain, reserved) = rest.split_at(keep.span(rest));
        if !plain.is_empty() {
            put(plain)?;
        }
        let Some((octet, tail)) = reserved.split_first() else {
            return Ok(());
        };
        let digit = |nibble: u8| {
            b"0123456789ABCDEF"
                .get(usize::from(nibble))
                .copied()
                .unwrap_or(b'0')
        };
        put(&[b'%', digit(octet >> 4), digit(octet & 15)])?;
        rest = tail;
    }
}
