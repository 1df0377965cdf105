//! What comes out of ingest.

use std::fmt;
use std::time::Duration;

use faceiot_camera::jpeg::Verified;
use faceiot_core::digest::sha256;

use crate::config::Format;
use crate::error::ErrorKind;
use crate::id::DeviceId;

/// What a chunk, or the passing of time, led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A photo is over: whole, or as much of it as came.
    Photo(Photo),
    /// Something could not be used, or had to give way.
    Problem(Problem),
}

/// A photo that was rebuilt from chunks.
#[derive(Clone, PartialEq, Eq)]
pub struct Photo {
    /// Who sent it.
    pub device: DeviceId,
    /// The octets; zeros where [`missing`](Self::missing) says so.
    pub bytes: Vec<u8>,
    /// How it came.
    pub format: Format,
    /// How far it can be trusted.
    pub verified: Verified,
    /// Pixels in a row; 0 when the header could not be read.
    pub width: u32,
    /// Rows; 0 when the header could not be read.
    pub height: u32,
    /// What did not come, as offset and length. Always empty for `hex`, which has no numbers to tell it by.
    pub missing: Vec<(u64, u64)>,
    /// What is wrong, in words; `None` for a whole photo.
    pub problem: Option<String>,
    /// When the first chunk came, milliseconds since 1970.
    pub first_ms: u64,
    /// When the last chunk came.
    pub last_ms: u64,
    /// When the sender took it; 0 when the sender has no clock, or the format no place for it.
    pub time_ms: u64,
    /// Chunks it is made of.
    pub chunks: u32,
    /// Chunks that came more than once.
    pub duplicates: u32,
    /// The same for the same photo however often its chunks are delivered or replayed; 32 hexadecimal digits.
    pub key: String,
    /// Number of its first chunk.
    pub first_seq: u64,
    /// Number of its last chunk.
    pub last_seq: u64,
    /// Which v2 frame it was: epoch, frame id, capture time. `None` for `hex`.
    pub frame: Option<(u16, u32, u64)>,
    /// A v2 frame of which a chunk said that it was sent before.
    pub retransmitted: bool,
    /// Time or memory ran out on it: its sender may send it again, and begins it anew with that.
    pub given_up: bool,
}

/// Something that went wrong, for the device's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whose chunk it was.
    pub device: DeviceId,
    /// What kind of problem.
    pub kind: ErrorKind,
    /// One line, lower case, without a full stop.
    pub message: String,
    /// When, milliseconds since 1970.
    pub time_ms: u64,
    /// Number of the chunk that brought it to light.
    pub seq: u64,
}

/// When a chunk came, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Arrival {
    pub(crate) now_ms: u64,
    pub(crate) seq: u64,
}

/// Why a photo is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is all there, or its end was announced.
    Complete,
    /// `hex`: another photo began, so this one's `END` was lost, or the device started over.
    NextBegan,
    Idle(Duration),
    TooLarge(usize),
    NoMemory(usize),
    GaveWay(usize),
    TooManyFrames(usize),
    Conflict(&'static str),
}

impl End {
    /// Not for what it holds, but because time or memory ran out: sent again it may come to a good end.
    pub(crate) const fn is_given_up(&self) -> bool {
        match self {
            Self::Idle(_) | Self::NoMemory(_) | Self::GaveWay(_) | Self::TooManyFrames(_) => true,
            Self::Complete | Self::NextBegan | Self::TooLarge(_) | Self::Conflict(_) => false,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::NextBegan => f.write_str("another photo began before END"),
            Self::Idle(time) => write!(f, "nothing more came for {} s", time.as_secs_f32()),
            Self::TooLarge(cap) => write!(f, "larger than the {cap} octets a photo may have"),
            Self::NoMemory(cap) => write!(
                f,
                "more than the {cap} octets that all unfinished photos may take"
            ),
            Self::GaveWay(cap) => {
                write!(
                    f,
                    "gave way: the unfinished photos of all devices need more than {cap} octets"
                )
            }
            Self::TooManyFrames(cap) => {
                write!(f, "gave way: the device has more than {cap} unfinished photos")
            }
            Self::Conflict(what) => f.write_str(what),
        }
    }
}

impl Outcome {
    pub(crate) fn problem(device: &DeviceId, kind: ErrorKind, message: String, at: Arrival) -> Self {
        Self::Problem(Problem {
            device: device.clone(),
            kind,
            message,
            time_ms: at.now_ms,
            seq: at.seq,
        })
    }
}

impl fmt::Debug for Photo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Photo")
            .field("device", &self.device)
            .field("octets", &self.bytes.len())
            .field("format", &self.format)
            .field("verified", &self.verified)
            .field("width", &self.width)
            .field("height", &self.height)
            .field("missing", &self.missing)
            .field("problem", &self.problem)
            .field("chunks", &self.chunks)
            .field("duplicates", &self.duplicates)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// A key from what names a photo and what is in it.
pub(crate) fn key(device: &DeviceId, what: &[&[u8]], bytes: &[u8]) -> String {
    let device = device.to_string();
    let mut parts: Vec<&[u8]> = vec![b"faceiot photo 1\0", device.as_bytes(), b"\0"];
    parts.extend(what);
    parts.push(bytes);
    let digest = sha256(&parts);
    digest
        .iter()
        .take(16)
        .fold(String::with_capacity(32), |mut text, octet| {
            use fmt::Write as _;
            let _ = write!(text, "{octet:02x}"); // a String takes everything
            text
        })
}

/// Joins what is wrong into one line; `None` when nothing is.
pub(crate) fn join(problems: &[String]) -> Option<String> {
    (!problems.is_empty()).then(|| problems.join("; "))
}
