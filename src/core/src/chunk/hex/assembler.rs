//! Messages into a photo, in the memory of the caller.

use super::{END, MarkerWalk, begins_photo};
use crate::error::{Error, ErrorKind, Result};
use crate::text::hex_decode;

/// What a chunk did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// It was added to the photo.
    More,
    /// It begins another photo although the one before was not ended; that one is gone.
    Restarted {
        /// Octets of the photo that was given up.
        dropped: usize,
    },
    /// `END`: the photo is there, [`Assembler::photo`] gives it until the next chunk is pushed.
    Complete {
        /// Its length in octets.
        len: usize,
    },
    /// `END` without a photo.
    Empty,
    /// It belongs to a photo that was given up because of an error already returned. With `END`, the next chunk begins
    /// a new photo.
    Dropped,
}

/// Rebuilds photos from one device's chunks, in order of arrival.
///
/// An error gives up the photo, never the assembler: what belongs to the same photo is [`Step::Dropped`], and behind its
/// `END`, or at a chunk that can only begin a photo, the next one starts.
///
/// `M` is the memory: borrowed (`&mut [u8]`) where there is no heap, owned (`Box<[u8]>`) where the assembler is.
#[derive(Debug)]
pub struct Assembler<M> {
    memory: M,
    len: usize,
    walk: MarkerWalk,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Collecting; the photo may still be empty.
    Open,
    /// The photo is complete and still in memory.
    Complete,
    /// The photo was given up.
    Failed,
}

impl<M: AsRef<[u8]> + AsMut<[u8]>> Assembler<M> {
    /// An assembler for photos as long as `memory`, one after the other.
    pub const fn new(memory: M) -> Self {
        Self {
            memory,
            len: 0,
            walk: MarkerWalk::new(),
            state: State::Open,
        }
    }

    /// Takes the value of `img`: hex digits in either case, or `END`.
    ///
    /// # Errors
    /// [`ErrorKind::Hex`] for an odd number of digits, a character that is not one, or no digits at all;
    /// [`ErrorKind::FrameTooLarge`] when the photo does not fit into the memory.
    pub fn push(&mut self, text: &[u8]) -> Result<Step> {
        if text == END.as_bytes() {
            return Ok(self.end());
        }
        if self.state == State::Complete {
            self.reset();
        }
        let restarts = self.len > 0 && self.walk.can_restart() && begins_photo(text);
        if self.state == State::Failed && !restarts {
            return Ok(Step::Dropped);
        }
        let dropped = self.len;
        if restarts {
            self.reset();
        }
        match self.append(text) {
            Ok(()) if restarts => Ok(Step::Restarted { dropped }),
            Ok(()) => Ok(Step::More),
            Err(error) => {
                self.state = State::Failed;
                Err(error)
            }
        }
    }

    /// The photo: all of it after [`Step::Complete`], otherwise what is there so far.
    pub fn photo(&self) -> &[u8] {
        self.memory.as_ref().get(..self.len).unwrap_or_default()
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.len = 0;
        self.walk = MarkerWalk::new();
        self.state = State::Open;
    }

    fn end(&mut self) -> Step {
        match self.state {
            State::Failed => {
                self.reset();
                Step::Dropped
            }
            State::Open if self.len > 0 => {
                self.state = State::Complete;
                Step::Complete { len: self.len }
            }
            State::Open | State::Complete => {
                self.reset();
                Step::Empty
            }
        }
    }

    fn append(&mut self, text: &[u8]) -> Result<()> {
        if text.is_empty() {
            return Err(Error::new(ErrorKind::Hex, "empty chunk"));
        }
        let memory = self.memory.as_mut();
        let (_, room) = memory.split_at_mut(self.len.min(memory.len()));
        let data = hex_decode(text, room).map_err(|error| match error.kind {
            ErrorKind::BufferTooSmall => Error::new(ErrorKind::FrameTooLarge, "photo").at_offset(self.len),
            _ => error,
        })?;
        self.walk.feed(data);
        self.len += data.len();
        Ok(())
    }
}
