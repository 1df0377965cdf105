//! Text on its way: into a buffer for people, into a hash or a MAC for signing, written once for both.

use super::Writer;
use crate::error::Result;

/// Where canonical text goes.
pub(crate) trait Sink {
    /// Takes the next octets; only all of them together are text for certain.
    fn put_octets(&mut self, octets: &[u8]) -> Result<()>;

    /// Takes the next piece.
    #[inline]
    fn put(&mut self, text: &str) -> Result<()> {
        self.put_octets(text.as_bytes())
    }

    /// Takes an octet as `%XX`.
    #[inline]
    fn put_escaped(&mut self, octet: u8) -> Result<()> {
        let [high, low] = hex_digits(octet);
        self.put_octets(&[b'%', high, low])
    }
}

impl Sink for Writer<'_> {
    #[inline]
    fn put_octets(&mut self, octets: &[u8]) -> Result<()> {
        self.push_octets(octets)
    }
}

/// Writes in lower case; only ASCII letters change.
pub(crate) fn lower(text: &str, sink: &mut impl Sink) -> Result<()> {
    let (eights, rest) = text.as_bytes().as_chunks::<8>();
    for eight in eights {
        let mut eight = *eight;
        eight.make_ascii_lowercase();
        sink.put_octets(&eight)?;
    }
    for octet in rest {
        sink.put_octets(&[octet.to_ascii_lowercase()])?;
    }
    Ok(())
}

/// Writes pieces one behind the other.
pub(crate) fn put_all(sink: &mut impl Sink, pieces: &[&str]) -> Result<()> {
    pieces.iter().try_for_each(|piece| sink.put(piece))
}

/// Upper-case hex.
pub(crate) fn hex_digits(octet: u8) -> [u8; 2] {
    [octet >> 4, octet & 15].map(|digit| digit + if digit < 10 { b'0' } else { b'A' - 10 })
}
