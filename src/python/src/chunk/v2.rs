//! Chunks that describe themselves.

use std::sync::{Mutex, PoisonError};

use faceiot_core::chunk::v2::{self, Frame, Range, Step};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::MAX_BYTES;
use super::hex::memory;
use crate::bytes::{Octets, Text};
use crate::errors::{Failure, Result};

/// Cuts a photo into chunks that describe themselves.
///
/// Args:
///     photo: The bytes of the photo (or of anything), at least one.
///     chunk_size: Octets of data in a chunk; at most `V2_TEXT_DATA_MAX` for a text property.
///     epoch: Changes at each boot of the sender, 0 to 65535.
///     frame_id: Number of the photo within the epoch, from 1.
///     content_type: 0 octets, 1 JPEG, 2 PNG, 3 RGB888, 4 JSON.
///     time_ms: When it was taken, in milliseconds since 1970; 0 without a clock.
///     text: Make text chunks (`~2` and base64) for a text property instead of raw ones.
///
/// Returns:
///     The chunks, in order.
///
/// Raises:
///     ArgumentError: The photo is empty, or the chunk size is 0.
///     ChunkError: More than 65,535 chunks.
///
/// Example:
///     >>> chunks = faceiot.chunk.v2_encode(bytes(10000))
///     >>> [len(chunk) for chunk in chunks]
///     [4136, 4136, 1848]
///     >>> faceiot.chunk.v2_parse(chunks[2]).offset
///     8192
#[pyfunction]
#[pyo3(signature = (photo, *, chunk_size=4096, epoch=1, frame_id=1, content_type=v2::JPEG, time_ms=0, text=false),
       text_signature = "(photo, *, chunk_size=4096, epoch=1, frame_id=1, content_type=1, time_ms=0, text=False)")]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn v2_encode(
    py: Python<'_>,
    photo: Octets,
    chunk_size: usize,
    epoch: u16,
    frame_id: u32,
    content_type: u8,
    time_ms: u64,
    text: bool,
) -> Result<Bound<'_, PyList>> {
    let options = v2::Options {
        chunk_size,
        epoch,
        frame_id,
        content_type,
        time_ms,
        ..v2::Options::default()
    };
    // CRCs and base64 are made without the interpreter lock; what is left is one copy per chunk.
    let (octets, lengths) = py.detach(|| -> faceiot_core::Result<_> {
        let encoder = v2::Encoder::new(photo.as_slice(), options)?;
        let mut lengths = Vec::with_capacity(encoder.len());
        let mut octets = Vec::new();
        for message in encoder {
            let start = octets.len();
            let length = if text { message.text_len() } else { message.len() };
            octets.resize(start + length, 0);
            let out = octets.get_mut(start..).unwrap_or_default();
            if text {
                message.write_text_to(out)?;
            } else {
                message.write_to(out)?;
            }
            lengths.push(length);
        }
        Ok((octets, lengths))
    })?;
    let mut rest = octets.as_slice();
    let list = PyList::empty(py);
    for length in lengths {
        let (chunk, after) = rest.split_at(length);
        list.append(PyBytes::new(py, chunk))?;
        rest = after;
    }
    Ok(list)
}

/// Reads and checks one chunk.
///
/// Args:
///     chunk: A raw chunk, or a text chunk (`~2` and base64).
///
/// Returns:
///     What the chunk says of itself, and its data.
///
/// Raises:
///     ChunkError: It is damaged, cut, of another version, or contradicts itself.
///     ArgumentError: The base64 of a text chunk is broken.
#[pyfunction]
pub(crate) fn v2_parse(py: Python<'_>, chunk: Text) -> Result<V2Chunk> {
    let raw = Raw::of(&chunk)?;
    let v2::Chunk { header, data } = v2::parse(raw.as_slice())?;
    Ok(V2Chunk {
        last: header.is_last(),
        retransmit: header.is_retransmit(),
        content_type: header.content_type,
        sequence: header.sequence,
        total: header.total,
        epoch: header.epoch,
        frame_id: header.frame_id,
        total_length: header.total_length,
        offset: header.offset,
        frame_crc: header.frame_crc,
        time_ms: header.time_ms,
        data: PyBytes::new(py, data).unbind(),
    })
}

/// One chunk, read and checked.
#[pyclass(frozen, module = "faceiot.chunk", get_all)]
pub(crate) struct V2Chunk {
    /// Whether it has the highest offset of its frame.
    last: bool,
    /// Whether it was sent before.
    retransmit: bool,
    /// 0 octets, 1 JPEG, 2 PNG, 3 RGB888, 4 JSON.
    content_type: u8,
    /// Number of the chunk within the frame, from 0.
    sequence: u16,
    /// Number of chunks; 0 when not yet known.
    total: u16,
    /// Changes at each boot of the sender.
    epoch: u16,
    /// Number of the frame within the epoch.
    frame_id: u32,
    /// Octets of the frame; 0 when not yet known.
    total_length: u32,
    /// Where the data stands in the frame.
    offset: u32,
    /// CRC-32 of the frame, in the last chunk; 0 in the others.
    frame_crc: u32,
    /// When it was taken, in milliseconds since 1970; 0 without a clock.
    time_ms: u64,
    /// The data.
    data: Py<PyBytes>,
}

#[pymethods]
impl V2Chunk {
    fn __repr__(&self, py: Python<'_>) -> String {
        let Self {
            sequence,
            total,
            epoch,
            frame_id,
            offset,
            data,
            ..
        } = self;
        let length = data.as_bytes(py).len();
        format!("<V2Chunk {sequence} of {total}, frame {epoch}/{frame_id}, {length} bytes at {offset}>")
    }
}

/// Puts the chunks of one photo together again, in any order, doubled or not.
///
/// One assembler holds one photo at a time. When it is whole, or given up by `reset`, the next one may come.
///
/// Args:
///     max_bytes: The most bytes of a photo.
///
/// Example:
///     >>> assembler = faceiot.chunk.V2Assembler()
///     >>> for chunk in reversed(faceiot.chunk.v2_encode(b"a photo", chunk_size=3)):
///     ...     print(assembler.push(chunk), assembler.missing)
///     None [(0, 6)]
///     None [(0, 3)]
///     b'a photo' []
#[pyclass(frozen, module = "faceiot.chunk")]
pub(crate) struct V2Assembler {
    state: Mutex<State>,
}

struct State {
    frame: Frame<Box<[Range]>>,
    memory: Box<[u8]>,
    duplicates: usize,
}

#[pymethods]
impl V2Assembler {
    #[new]
    #[pyo3(signature = (max_bytes=MAX_BYTES), text_signature = "(max_bytes=4194304)")]
    fn new(max_bytes: usize) -> Result<Self> {
        let ranges = vec![Range::default(); MOST_RANGES].into_boxed_slice();
        let state = State {
            frame: Frame::new(ranges),
            memory: memory(max_bytes)?,
            duplicates: 0,
        };
        Ok(Self {
            state: Mutex::new(state),
        })
    }

    /// Takes a chunk.
    ///
    /// Args:
    ///     chunk: A raw chunk, or a text chunk (`~2` and base64).
    ///
    /// Returns:
    ///     The photo when it is whole now and its CRC matches, otherwise None.
    ///
    /// Raises:
    ///     ChunkError: The chunk is damaged, of another photo, too far out, or contradicts what came before.
    ///     ArgumentError: The base64 of a text chunk is broken.
    fn push<'py>(&self, py: Python<'py>, chunk: Text) -> Result<Option<Bound<'py, PyBytes>>> {
        let raw = Raw::of(&chunk)?;
        let chunk = v2::parse(raw.as_slice())?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State {
            frame,
            memory,
            duplicates,
        } = &mut *state;
        let next =
            |first: &v2::Header| (first.epoch, first.frame_id) != (chunk.header.epoch, chunk.header.frame_id);
        if frame.is_complete() && frame.header().is_some_and(next) {
            frame.reset();
        }
        match frame.place(&chunk, memory)? {
            Step::More => Ok(None),
            Step::Duplicate => {
                *duplicates += 1;
                Ok(None)
            }
            Step::Complete { len } => Ok(Some(PyBytes::new(py, memory.get(..len).unwrap_or_default()))),
        }
    }

    /// Forgets the photo.
    fn reset(&self) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .frame
            .reset();
    }

    /// What is still missing, as (offset, length), in order: up to the photo's length when a chunk has said it.
    #[getter]
    fn missing(&self) -> Vec<(u32, u32)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.frame.missing().map(|gap| (gap.start, gap.len())).collect()
    }

    /// How many chunks came that were there already.
    #[getter]
    fn duplicates(&self) -> usize {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .duplicates
    }
}

/// A raw chunk, decoded when it came as text.
enum Raw<'a> {
    Borrowed(&'a [u8]),
    Decoded(Vec<u8>),
}

impl<'a> Raw<'a> {
    fn of(chunk: &'a Text) -> Result<Self> {
        let octets = chunk.as_slice();
        if !v2::is_text(octets) {
            return Ok(Self::Borrowed(octets));
        }
        let mut memory = vec![0; octets.len()];
        let length = v2::decode_text(octets, &mut memory).map_err(Failure::from)?.len();
        memory.truncate(length);
        Ok(Self::Decoded(memory))
    }

    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Borrowed(octets) => octets,
            Self::Decoded(octets) => octets,
        }
    }
}

/// At worst every second one of 65,536 chunks is there.
const MOST_RANGES: usize = 32 * 1024;
