//! Chunks into a frame.

use super::{Chunk, Header, Range, RangeSet};
use crate::digest::crc32;
use crate::error::{Error, ErrorKind, Result};

/// What a chunk did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// It was new; something is still missing.
    More,
    /// All of it was there already, with the same data.
    Duplicate,
    /// The frame is whole and its CRC matches.
    Complete {
        /// Its length in octets.
        len: usize,
    },
}

/// What is known of one frame while it is assembled; the memory is passed in at each step, so that it can grow.
///
/// Firmware takes [`Assembler`], which holds both together. A host that assembles many frames asks
/// [`check`](Self::check) how much memory a chunk needs, provides it, and then calls [`place`](Self::place).
#[derive(Clone, Debug)]
pub struct Frame<S> {
    ranges: RangeSet<S>,
    /// The header of the first chunk that came: the frame's identity, type and time.
    first: Option<Header>,
    /// Octets of the frame, once a chunk has said it.
    length: Option<u32>,
    /// CRC of the frame, once the last chunk has come.
    crc: Option<u32>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Open,
    Complete,
    /// Given up, for this reason.
    Failed(ErrorKind),
}

impl<S: AsRef<[Range]> + AsMut<[Range]>> Frame<S> {
    /// Nothing known yet. `storage` holds the ranges that have come: one in order, at worst every second chunk.
    pub const fn new(storage: S) -> Self {
        Self {
            ranges: RangeSet::new(storage),
            first: None,
            length: None,
            crc: None,
            state: State::Open,
        }
    }

    /// Checks everything about a chunk that can be checked without the memory, and changes nothing: how many octets of
    /// memory must be there to place it.
    ///
    /// # Errors
    /// [`ErrorKind::FrameTooLarge`] when the frame would have more than `cap` octets; [`ErrorKind::ChunkHeader`] when
    /// the chunk is of another frame or contradicts what is known of this one; [`ErrorKind::ChunkRange`] when it lies
    /// behind the frame's end; the reason for which the frame was given up before;
    /// [`ErrorKind::BufferTooSmall`] when the ranges are more than their storage holds.
    pub fn check(&self, chunk: &Chunk<'_>, cap: usize) -> Result<usize> {
        let header = &chunk.header;
        if let Some(first) = &self.first {
            if (first.epoch, first.frame_id) != (header.epoch, header.frame_id) {
                return Err(Error::new(ErrorKind::ChunkHeader, "chunk of another frame"));
            }
            if let State::Failed(kind) = self.state {
                return Err(Error::new(kind, "frame was given up"));
            }
            if first.content_type != header.content_type || first.time_ms != header.time_ms {
                return Err(Error::new(
                    ErrorKind::ChunkHeader,
                    "content type or time differs within the frame",
                ));
            }
        }
        let needed = chunk.end().max(header.total_length) as usize;
        if needed > cap {
            return Err(Error::new(ErrorKind::FrameTooLarge, "frame").at_offset(needed));
        }
        match (self.length, header.total_length) {
            (Some(known), said) if said != 0 && said != known => {
                return Err(Error::new(
                    ErrorKind::ChunkHeader,
                    "total length differs within the frame",
                ));
            }
            (Some(known), _) if chunk.end() > known => {
                return Err(Error::new(ErrorKind::ChunkRange, "behind the end of the frame"));
            }
            (None, said) if said != 0 && self.ranges.end() > said => {
                return Err(Error::new(
                    ErrorKind::ChunkHeader,
                    "total length is less than what is there",
                ));
            }
            _ => {}
        }
        if !self.ranges.has_room_for(range(chunk)) {
            return Err(Error::new(ErrorKind::BufferTooSmall, "ranges"));
        }
        Ok(needed)
    }

    /// Puts a chunk into its place.
    ///
    /// # Errors
    /// As [`check`](Self::check) with the memory's length as the cap; nothing was changed.
    /// [`ErrorKind::FrameConflict`] when other data is there already, and [`ErrorKind::FrameCrc`] when the frame is whole
    /// and its CRC does not match: both give up the frame.
    pub fn place(&mut self, chunk: &Chunk<'_>, memory: &mut [u8]) -> Result<Step> {
        self.check(chunk, memory.len())?;
        let range = range(chunk);
        self.first.get_or_insert(chunk.header);
        let same = self.ranges.common(range).all(|common| {
            let old = memory.get(common.start as usize..common.end as usize);
            let new = chunk
                .data
                .get((common.start - range.start) as usize..(common.end - range.start) as usize);
            old == new
        });
        let crc_differs = chunk.header.is_last() && self.crc.is_some_and(|crc| crc != chunk.header.frame_crc);
        if !same || crc_differs {
            return Err(self.give_up(ErrorKind::FrameConflict));
        }
        if chunk.header.total_length != 0 {
            self.length = Some(chunk.header.total_length);
        }
        let news = !self.ranges.covers(range) || (chunk.header.is_last() && self.crc.is_none());
        if !news {
            return Ok(Step::Duplicate);
        }
        if let Some(place) = memory.get_mut(range.start as usize..range.end as usize) {
            place.copy_from_slice(chunk.data);
        }
        self.ranges.insert(range)?;
        if chunk.header.is_last() {
            self.crc = Some(chunk.header.frame_crc);
        }
        let (Some(length), Some(crc)) = (self.length, self.crc) else {
            return Ok(Step::More);
        };
        if !self.ranges.covers(Range {
            start: 0,
            end: length,
        }) {
            return Ok(Step::More);
        }
        let len = length as usize;
        if memory.get(..len).map(crc32) != Some(crc) {
            return Err(self.give_up(ErrorKind::FrameCrc));
        }
        self.state = State::Complete;
        Ok(Step::Complete { len })
    }

    /// The header of the first chunk that came: epoch, frame id, content type and time are the frame's.
    pub const fn header(&self) -> Option<&Header> {
        self.first.as_ref()
    }

    /// Octets of the frame, when a chunk has said it.
    pub const fn length(&self) -> Option<u32> {
        self.length
    }

    /// Whether the frame is whole and its CRC matched.
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }

    /// Octets that are there.
    pub fn received(&self) -> u64 {
        self.ranges.octets()
    }

    /// The ranges that are missing, in order: up to the frame's length, or while that is not known, up to the end of
    /// what is there.
    pub fn missing(&self) -> impl Iterator<Item = Range> {
        self.ranges.missing(self.length.unwrap_or(self.ranges.end()))
    }

    /// The ranges that are there.
    pub const fn ranges(&self) -> &RangeSet<S> {
        &self.ranges
    }

    /// Replaces the storage of the ranges, to give them more room.
    pub fn map_storage(&mut self, larger: impl FnOnce(&[Range]) -> S) {
        let len = self.ranges.as_slice().len();
        self.ranges = RangeSet::from_parts(larger(self.ranges.as_slice()), len);
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.ranges.clear();
        (self.first, self.length, self.crc, self.state) = (None, None, None, State::Open);
    }

    /// Gives up the frame, unless it was complete before: then the late chunk is refused and the frame stands.
    fn give_up(&mut self, kind: ErrorKind) -> Error {
        if self.state != State::Complete {
            self.state = State::Failed(kind);
        }
        Error::new(kind, "frame")
    }
}

/// Rebuilds one frame after the other in memory of the caller.
///
/// It holds one frame at a time: a chunk of another one is refused with [`ErrorKind::ChunkHeader`], and the caller
/// decides whether to [`reset`](Self::reset) and push it again.
#[derive(Debug)]
pub struct Assembler<'m> {
    state: Frame<&'m mut [Range]>,
    memory: &'m mut [u8],
}

impl<'m> Assembler<'m> {
    /// An assembler for frames as long as `memory` that come in as many pieces as `ranges`.
    pub fn new(memory: &'m mut [u8], ranges: &'m mut [Range]) -> Self {
        Self {
            state: Frame::new(ranges),
            memory,
        }
    }

    /// Puts a chunk into its place.
    ///
    /// # Errors
    /// As [`Frame::place`].
    pub fn push(&mut self, chunk: &Chunk<'_>) -> Result<Step> {
        self.state.place(chunk, self.memory)
    }

    /// The frame, once it is whole; nothing before.
    pub fn frame(&self) -> &[u8] {
        match (self.state.is_complete(), self.state.length()) {
            (true, Some(length)) => self.memory.get(..length as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// What is known of the frame.
    pub const fn state(&self) -> &Frame<&'m mut [Range]> {
        &self.state
    }

    /// The parts that are missing as `(offset, length)`, in order; see [`Frame::missing`].
    pub fn missing(&self) -> impl Iterator<Item = (u32, u32)> {
        self.state.missing().map(|gap| (gap.start, gap.len()))
    }

    /// Forgets the frame.
    pub fn reset(&mut self) {
        self.state.reset();
    }
}

/// The octets of the frame that a chunk carries.
fn range(chunk: &Chunk<'_>) -> Range {
    Range {
        start: chunk.header.offset,
        end: chunk.end(),
    }
}
