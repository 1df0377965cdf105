//! The text carrier: `~2` and standard base64 with padding.

use super::HEADER_LEN;
use crate::error::{Error, ErrorKind, Result};
use crate::text::{base64_decode, base64_encode, base64_len};

/// The most data that a text property of 10,240 characters holds.
pub const TEXT_DATA_MAX: usize = 7637;

/// What a text carrier begins with: a character that is neither hex nor base64, and the version.
const PREFIX: &str = "~2";

/// Whether this text carries a chunk of format v2.
pub fn is_text(text: &[u8]) -> bool {
    text.starts_with(PREFIX.as_bytes())
}

/// Characters of the text carrier of a raw chunk of this many octets.
pub const fn text_len(chunk: usize) -> usize {
    PREFIX.len().saturating_add(base64_len(chunk))
}

/// Gives the raw chunk of a text carrier, in `out`; [`parse`](super::parse) reads it.
///
/// # Errors
/// [`ErrorKind::ChunkMagic`] when it does not begin with `~2`, [`ErrorKind::Base64`], [`ErrorKind::BufferTooSmall`].
pub fn decode_text<'o>(text: &[u8], out: &'o mut [u8]) -> Result<&'o mut [u8]> {
    match text.strip_prefix(PREFIX.as_bytes()) {
        Some(base64) => base64_decode(base64, out).map_err(|error| match error.kind {
            ErrorKind::Base64 => error.at_offset(error.offset + PREFIX.len()),
            _ => error,
        }),
        None => Err(Error::new(ErrorKind::ChunkMagic, "text carrier")),
    }
}

/// Writes the text carrier of a chunk that lies in two parts.
///
/// Base64 takes three octets at a time and 40 is not a multiple of three, so the octets around the seam are joined here
/// instead of the whole chunk.
pub(super) fn encode<'o>(header: &[u8; HEADER_LEN], data: &[u8], out: &'o mut [u8]) -> Result<&'o str> {
    const SEAM: usize = HEADER_LEN / 3 * 3;
    let len = text_len(HEADER_LEN + data.len());
    let out = out
        .get_mut(..len)
        .ok_or(Error::new(ErrorKind::BufferTooSmall, "text carrier"))?;
    let (prefix, base64) = out.split_at_mut(PREFIX.len());
    prefix.copy_from_slice(PREFIX.as_bytes());

    let (head, tail) = header.split_at(SEAM);
    let (head_out, rest) = base64.split_at_mut(base64_len(SEAM));
    base64_encode(head, head_out)?;

    let (with_tail, after) = data.split_at(data.len().min(3 - tail.len()));
    let mut seam = [0; 3];
    for (to, from) in seam.iter_mut().zip(tail.iter().chain(with_tail)) {
        *to = *from;
    }
    let seam_len = tail.len() + with_tail.len();
    let (seam_out, rest) = rest.split_at_mut(base64_len(seam_len));
    base64_encode(seam.split_at(seam_len).0, seam_out)?;
    base64_encode(after, rest)?;
    core::str::from_utf8(out).map_err(|_| Error::new(ErrorKind::Utf8, "text carrier"))
}
