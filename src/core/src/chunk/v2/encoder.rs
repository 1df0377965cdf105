//! A frame into chunks.

use core::iter::FusedIterator;

use super::{HEADER_LEN, Header, LAST, RETRANSMIT, text};
use crate::digest::Crc32;
use crate::error::{Error, ErrorKind, Result};

/// How a frame is cut and labelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Octets of data in a full chunk; [`TEXT_DATA_MAX`](super::TEXT_DATA_MAX) at most when it travels as text.
    pub chunk_size: usize,
    /// Changes at each boot of the sender.
    pub epoch: u16,
    /// Number of the frame within the epoch, from 1.
    pub frame_id: u32,
    /// What the frame is.
    pub content_type: u8,
    /// Capture time in milliseconds since 1970-01-01 UTC; 0 without a clock.
    pub time_ms: u64,
    /// Mark the chunks as sent before.
    pub retransmit: bool,
    /// Say the number of chunks and the length in every chunk. `false` leaves them to the last one, as a sender does
    /// that does not know them yet.
    pub length_known: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            chunk_size: 4096,
            epoch: 0,
            frame_id: 1,
            content_type: super::OCTETS,
            time_ms: 0,
            retransmit: false,
            length_known: true,
        }
    }
}

/// How far an [`Encoder`] is, without the frame: for a sender that owns its frame and makes a chunk when its turn comes.
///
/// ```
/// use faceiot_core::chunk::v2::{Encoder, Options, Position};
///
/// let (frame, options) = ([7; 10_000], Options::default());
/// let mut position = Position::default();
/// for expected in Encoder::new(&frame, options)? {
///     let mut resumed = Encoder::resume(&frame, options, position)?;
///     assert_eq!(resumed.next(), Some(expected));
///     position = resumed.position();
/// }
/// assert_eq!(Encoder::resume(&frame, options, position)?.next(), None);
/// # Ok::<(), faceiot_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Position {
    sequence: u16,
    offset: usize,
    crc: Crc32,
}

/// The chunks of a frame, in order. The frame is read once, front to back: its CRC goes along and stands in the last.
#[derive(Clone, Debug)]
pub struct Encoder<'a> {
    frame: &'a [u8],
    options: Options,
    total: u16,
    sequence: u16,
    offset: usize,
    crc: Crc32,
}

impl<'a> Encoder<'a> {
    /// The chunks of this frame.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when the frame is empty or `chunk_size` is 0, [`ErrorKind::FrameTooLarge`] when it
    /// has 4 GiB or more, or would need more than 65,535 chunks.
    pub fn new(frame: &'a [u8], options: Options) -> Result<Self> {
        if frame.is_empty() {
            return Err(Error::new(ErrorKind::InvalidArgument, "empty frame"));
        }
        if options.chunk_size == 0 {
            return Err(Error::new(ErrorKind::InvalidArgument, "chunk_size"));
        }
        let total = u16::try_from(frame.len().div_ceil(options.chunk_size));
        let (Ok(total), Ok(_)) = (total, u32::try_from(frame.len())) else {
            return Err(Error::new(ErrorKind::FrameTooLarge, "frame").at_offset(frame.len()));
        };
        Ok(Self {
            frame,
            options,
            total,
            sequence: 0,
            offset: 0,
            crc: Crc32::new(),
        })
    }

    /// Goes on where another encoder of the same frame and options stood.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn resume(frame: &'a [u8], options: Options, position: Position) -> Result<Self> {
        let Position {
            sequence,
            offset,
            crc,
        } = position;
        Ok(Self {
            sequence,
            offset,
            crc,
            ..Self::new(frame, options)?
        })
    }

    /// How far it is.
    pub fn position(&self) -> Position {
        Position {
            sequence: self.sequence,
            offset: self.offset,
            crc: self.crc.clone(),
        }
    }
}

impl<'a> Iterator for Encoder<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let rest = self.frame.get(self.offset..).unwrap_or_default();
        if rest.is_empty() {
            return None;
        }
        let Options {
            chunk_size,
            epoch,
            frame_id,
            content_type,
            time_ms,
            retransmit,
            length_known,
        } = self.options;
        let data = rest.split_at(rest.len().min(chunk_size)).0;
        self.crc.update(data);
        let last = data.len() == rest.len();
        let known = last || length_known;
        let header = Header {
            flags: if last { LAST } else { 0 } | if retransmit { RETRANSMIT } else { 0 },
            content_type,
            sequence: self.sequence,
            total: if known { self.total } else { 0 },
            epoch,
            frame_id,
            total_length: if known { self.frame.len() as u32 } else { 0 },
            offset: self.offset as u32,
            frame_crc: if last { self.crc.finish() } else { 0 },
            time_ms,
        };
        self.offset += data.len();
        self.sequence = self.sequence.saturating_add(1);
        Some(Message { header, data })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.total.saturating_sub(self.sequence));
        (left, Some(left))
    }
}

impl ExactSizeIterator for Encoder<'_> {}
impl FusedIterator for Encoder<'_> {}

/// One chunk to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message<'a> {
    header: Header,
    data: &'a [u8],
}

impl<'a> Message<'a> {
    /// A chunk of these parts, for a sender that cuts its frames itself.
    pub const fn new(header: Header, data: &'a [u8]) -> Self {
        Self { header, data }
    }

    /// What it says of itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Its part of the frame.
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Octets of the raw chunk.
    #[expect(clippy::len_without_is_empty, reason = "a message is never empty")]
    pub const fn len(&self) -> usize {
        HEADER_LEN + self.data.len()
    }

    /// Characters of the text carrier.
    pub const fn text_len(&self) -> usize {
        text::text_len(self.len())
    }

    /// Writes the raw chunk at the start of `out`.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`]; nothing was written.
    pub fn write_to<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8]> {
        let out = out
            .get_mut(..self.len())
            .ok_or(Error::new(ErrorKind::BufferTooSmall, "chunk"))?;
        let (head, data) = out.split_at_mut(HEADER_LEN);
        head.copy_from_slice(&self.header.emit(self.data));
        data.copy_from_slice(self.data);
        Ok(out)
    }

    /// Writes the text carrier, `~2` and base64, at the start of `out`.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`]; nothing was written.
    pub fn write_text_to<'o>(&self, out: &'o mut [u8]) -> Result<&'o str> {
        text::encode(&self.header.emit(self.data), self.data, out)
    }
}
