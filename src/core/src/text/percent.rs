//! Percent-encoding (RFC 3986).

use super::sink::hex_digits;
use super::{AsciiSet, Sink, Writer};
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
    Encoding(w).put_octets(octets)
}

/// What goes in comes out percent-encoded: canonical text inside canonical text.
pub(crate) struct Encoding<'s, S>(pub(crate) &'s mut S);

impl<S: Sink> Sink for Encoding<'_, S> {
    #[inline]
    fn put_octets(&mut self, octets: &[u8]) -> Result<()> {
        encode_keeping(AsciiSet::UNRESERVED, octets, self.0)
    }

    #[inline]
    fn put_escaped(&mut self, octet: u8) -> Result<()> {
        let [high, low] = hex_digits(octet);
        self.0.put_octets(&[b'%', b'2', b'5', high, low])
    }
}

/// Percent-encodes (RFC 3986).
pub(crate) fn encode(text: &str, sink: &mut impl Sink) -> Result<()> {
    Encoding(sink).put(text)
}

/// Percent-encodes a path: `/` stays as it is.
pub(crate) fn encode_path(path: &str, sink: &mut impl Sink) -> Result<()> {
    const KEPT: AsciiSet = AsciiSet::UNRESERVED.with("/");
    encode_keeping(KEPT, path.as_bytes(), sink)
}

/// Percent-encodes what is not to be kept.
fn encode_keeping(keep: AsciiSet, octets: &[u8], sink: &mut impl Sink) -> Result<()> {
    let mut rest = octets;
    loop {
        let (plain, reserved) = rest.split_at(keep.span(rest));
        if !plain.is_empty() {
            sink.put_octets(plain)?;
        }
        let Some((octet, tail)) = reserved.split_first() else {
            return Ok(());
        };
        sink.put_escaped(*octet)?;
        rest = tail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::lower;

    #[test]
    fn encoding_twice_is_encoding_the_encoded() {
        let mut buffer = [0; 64];
        let mut w = Writer::new(&mut buffer);
        encode("a b/é", &mut Encoding(&mut w)).unwrap();
        assert_eq!(w.finish(), "a%2520b%252F%25C3%25A9");
        let mut w = Writer::new(&mut buffer);
        encode_path("a b/+~*", &mut w).unwrap();
        lower("X-Acs-ÄB", &mut w).unwrap();
        assert_eq!(w.finish(), "a%20b/%2B~%2Ax-acs-Äb");
    }
}
