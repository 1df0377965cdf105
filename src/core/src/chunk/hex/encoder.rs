//! A photo into messages.

use core::iter::FusedIterator;

use super::{CHUNK_OCTETS, END, ENVELOPE};
use crate::error::{Error, ErrorKind, Result};
use crate::text::hex_upper;

/// How many messages a photo of this many octets takes, the closing one included.
///
/// ```
/// assert_eq!(faceiot_core::chunk::hex::message_count(12_345), 32);
/// ```
pub const fn message_count(octets: usize) -> usize {
    octets.div_ceil(CHUNK_OCTETS).saturating_add(1)
}

/// The messages of a photo. Nothing is copied until a message is written.
#[derive(Clone, Debug)]
pub struct Encoder<'a> {
    rest: &'a [u8],
    ended: bool,
}

impl<'a> Encoder<'a> {
    /// The messages of this photo. An empty photo has one, `END`.
    pub fn new(photo: &'a [u8]) -> Self {
        Self {
            rest: photo,
            ended: false,
        }
    }
}

impl<'a> Iterator for Encoder<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        if self.ended {
            return None;
        }
        let (data, rest) = self.rest.split_at(self.rest.len().min(CHUNK_OCTETS));
        self.rest = rest;
        self.ended = data.is_empty();
        Some(Message { data })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = if self.ended {
            0
        } else {
            message_count(self.rest.len())
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for Encoder<'_> {}
impl FusedIterator for Encoder<'_> {}

/// One message: a chunk of the photo, or the end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    data: &'a [u8],
}

impl<'a> Message<'a> {
    /// Whether this is the closing message.
    pub fn is_end(&self) -> bool {
        self.data.is_empty()
    }

    /// The octets of the photo in it; none in the closing one.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Length of the payload in octets, [`MESSAGE_MAX`](super::MESSAGE_MAX) at most.
    #[expect(clippy::len_without_is_empty, reason = "a message is never empty")]
    pub fn len(&self) -> usize {
        ENVELOPE[0].len() + self.text_len() + ENVELOPE[1].len()
    }

    /// Writes the MQTT payload at the start of `out`.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`].
    pub fn write_to<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8]> {
        let [head, tail] = ENVELOPE.map(str::as_bytes);
        let out = out
            .get_mut(..self.len())
            .ok_or(Error::new(ErrorKind::BufferTooSmall, "message"))?;
        let (start, rest) = out.split_at_mut(head.len());
        start.copy_from_slice(head);
        let (text, end) = rest.split_at_mut(self.text_len());
        self.write_text(text)?;
        end.copy_from_slice(tail);
        Ok(out)
    }

    /// Writes the value of `img` alone at the start of `out`.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`].
    pub fn write_text_to<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8]> {
        let out = out
            .get_mut(..self.text_len())
            .ok_or(Error::new(ErrorKind::BufferTooSmall, "chunk"))?;
        self.write_text(out)?;
        Ok(out)
    }

    /// Fills `out`, which has the text's length.
    fn write_text(&self, out: &mut [u8]) -> Result<()> {
        if self.is_end() {
            out.copy_from_slice(END.as_bytes());
        } else {
            hex_upper(self.data, out)?;
        }
        Ok(())
    }

    /// Length of the value of `img`.
    fn text_len(&self) -> usize {
        if self.is_end() {
            END.len()
        } else {
            2 * self.data.len()
        }
    }
}

impl core::fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.is_end() {
            f.write_str("Message(END)")
        } else {
            write!(f, "Message({} octets)", self.data.len())
        }
    }
}
