//! The tutorials' format: upper-case hex in Alink property posts, then `END`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use faceiot_core::ErrorKind;
use faceiot_core::chunk::hex;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::MAX_BYTES;
use crate::bytes::{Octets, Text};
use crate::errors::{Failure, Result};

/// Cuts a photo into the MQTT messages that the tutorials' sketch publishes, byte for byte.
///
/// Each is an Alink property post with at most 800 upper-case hex characters in `img`; the last one says `END`.
///
/// Args:
///     photo: The bytes of the photo.
///
/// Returns:
///     An iterator of messages that knows its length.
///
/// Example:
///     >>> [message] = faceiot.chunk.hex_encode(b"")
///     >>> message
///     b'{"id":"1189401707","version":"1.0.0","method":"123","params":{"img":"END"}}'
///     >>> len(faceiot.chunk.hex_encode(bytes(12345)))
///     32
#[pyfunction]
pub(crate) fn hex_encode(photo: Octets) -> HexMessages {
    HexMessages {
        photo,
        next: AtomicUsize::new(0),
    }
}

/// The messages of a photo, made one at a time.
#[pyclass(frozen, module = "faceiot.chunk")]
pub(crate) struct HexMessages {
    photo: Octets,
    /// Number of the next message; behind the last one when all were given.
    next: AtomicUsize,
}

#[pymethods]
impl HexMessages {
    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyBytes>>> {
        let photo = self.photo.as_slice();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let rest = photo.get(number.saturating_mul(hex::CHUNK_OCTETS)..);
        let message = match rest {
            Some(rest) => hex::Encoder::new(rest).next(),
            // The closing message, when the one before was not full.
            None if number < hex::message_count(photo.len()) => hex::Encoder::new(&[]).next(),
            None => None,
        };
        let Some(message) = message else {
            self.next
                .store(hex::message_count(photo.len()), Ordering::Relaxed);
            return Ok(None);
        };
        let bytes = PyBytes::new_with(py, message.len(), |out| {
            message
                .write_to(out)
                .map(|_| ())
                .map_err(|error| Failure::from(error).into())
        })?;
        Ok(Some(bytes))
    }

    /// How many messages are left.
    fn __len__(&self) -> usize {
        hex::message_count(self.photo.as_slice().len()).saturating_sub(self.next.load(Ordering::Relaxed))
    }
}

/// Puts the hex chunks of one device together again.
///
/// The format has no numbers: chunks must be pushed in the order in which they came, and a lost, doubled or swapped one
/// cannot be seen here. `Frame.from_jpeg(photo).check()` sees losses and doublings. A chunk that can only be the beginning
/// of a photo begins a new one; a broken chunk gives up the photo it belongs to, and the next photo comes whole.
///
/// Args:
///     max_bytes: The most bytes of a photo.
///
/// Example:
///     >>> assembler = faceiot.chunk.HexAssembler()
///     >>> assembler.push("FFD8FFE000")
///     >>> assembler.push("FFD9")
///     >>> assembler.push("END")
///     b'\xff\xd8\xff\xe0\x00\xff\xd9'
#[pyclass(frozen, module = "faceiot.chunk")]
pub(crate) struct HexAssembler {
    state: Mutex<State>,
}

struct State {
    assembler: hex::Assembler<Box<[u8]>>,
    /// Whether what the assembler holds was handed out.
    complete: bool,
    dropped: usize,
}

impl State {
    fn pending(&self) -> usize {
        if self.complete {
            0
        } else {
            self.assembler.photo().len()
        }
    }
}

impl HexAssembler {
    fn push_text<'py>(&self, py: Python<'py>, text: &[u8]) -> Result<Option<Bound<'py, PyBytes>>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.pending();
        let step = state.assembler.push(text);
        state.complete = matches!(step, Ok(hex::Step::Complete { .. }));
        match step {
            Ok(hex::Step::Complete { .. }) => Ok(Some(PyBytes::new(py, state.assembler.photo()))),
            Ok(hex::Step::Restarted { dropped }) => {
                state.dropped += dropped;
                Ok(None)
            }
            Ok(_) => Ok(None),
            Err(error) => {
                state.dropped += before;
                Err(error.into())
            }
        }
    }
}

#[pymethods]
impl HexAssembler {
    #[new]
    #[pyo3(signature = (max_bytes=MAX_BYTES), text_signature = "(max_bytes=4194304)")]
    fn new(max_bytes: usize) -> Result<Self> {
        let assembler = hex::Assembler::new(memory(max_bytes)?);
        Ok(Self {
            state: Mutex::new(State {
                assembler,
                complete: false,
                dropped: 0,
            }),
        })
    }

    /// Takes the value of `img`.
    ///
    /// Args:
    ///     img: Hex digits in either case, or `END`.
    ///
    /// Returns:
    ///     The photo when this was its end, otherwise None.
    ///
    /// Raises:
    ///     ArgumentError: Not hex, or an odd number of digits.
    ///     ChunkError: The photo is larger than `max_bytes`.
    fn push<'py>(&self, py: Python<'py>, img: Text) -> Result<Option<Bound<'py, PyBytes>>> {
        self.push_text(py, img.as_slice())
    }

    /// Takes a whole MQTT message: an Alink property post with an `img`.
    ///
    /// Args:
    ///     payload: The JSON text.
    ///
    /// Returns:
    ///     The photo when this was its end, otherwise None.
    ///
    /// Raises:
    ///     ArgumentError: Not JSON, no text in `params.img`, not hex.
    ///     ChunkError: The photo is larger than `max_bytes`.
    fn push_message<'py>(&self, py: Python<'py>, payload: Text) -> Result<Option<Bound<'py, PyBytes>>> {
        match faceiot::ingest::image_value(payload.as_slice())? {
            Some(img) => self.push_text(py, &img),
            None => Err(Failure::new(ErrorKind::Json, "there is no text in `params.img`")),
        }
    }

    /// Forgets the photo that is not complete.
    fn reset(&self) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .assembler
            .reset();
    }

    /// Bytes of the photo that is not complete.
    #[getter]
    fn pending(&self) -> usize {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pending()
    }

    /// Bytes that were dropped so far, with photos that were interrupted or broken.
    #[getter]
    fn dropped(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).dropped
    }
}

/// Memory that the system gives only as it is used.
pub(super) fn memory(max_bytes: usize) -> Result<Box<[u8]>> {
    const LIMIT: usize = 1 << 30;
    if !(1..=LIMIT).contains(&max_bytes) {
        let message = format!("max_bytes is `{max_bytes}`: 1 to {LIMIT}");
        return Err(Failure::new(ErrorKind::InvalidArgument, message));
    }
    Ok(vec![0; max_bytes].into_boxed_slice())
}
