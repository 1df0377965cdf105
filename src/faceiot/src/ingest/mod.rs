//! Chunks in, photos out: one assembler per device and frame, within a fixed amount of memory.
//!
//! Pure of sockets, disks and clocks: the caller gives every chunk with its device, the time, and a number that rises
//! with every chunk (the sequence number of its journal record), and gets [`Outcome`]s back.
//!
//! ```text
//! broker --payload--> Carrier --push()--> hex: one stream per device  --> jpeg::check --> Outcome::Photo
//!                                         v2: frames by (epoch, id)   --> CRC         --> Outcome::Photo
//!                                         what cannot be used                         --> Outcome::Problem
//!                     clock   --tick()--> what nobody finished                        --> Outcome::Photo, with a problem
//! ```
//!
//! # What is promised
//!
//! - Whatever arrives, [`Ingest::memory`] stays within [`Limits::memory`]; the oldest unfinished photo gives way.
//! - A photo that was begun is reported exactly once, whole or with a [`problem`](Photo::problem) and what is missing.
//! - The same chunks with the same numbers give the same [`key`](Photo::key), so that a journal that is replayed makes
//!   no second row.
//! - Of a v2 frame that is over, chunks that come again are stepped over for the idle time. Was it given up (idle, or for
//!   want of memory), then a chunk with RETRANSMIT begins it anew: its sender sends all of it once more.
//!
//! | module | answers |
//! |---|---|
//! | `push_hex`, `push_v2` | which photo does a chunk belong to, and may it grow? |
//! | `hex` | what does one device's unnumbered stream add up to? |
//! | `v2` | which octets of a frame are there? |
//! | `alink` | where is the chunk in a property post? |
//! | `saved` | how does an unfinished photo survive a restart? |

mod alink;
mod hex;
mod outcome;
mod push_hex;
mod push_v2;
mod saved;
mod v2;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use faceiot_core::chunk::v2 as wire;

pub use self::alink::image_value;
use self::hex::HexStream;
use self::outcome::{Arrival, End};
pub use self::outcome::{Outcome, Photo, Problem};
pub use self::saved::Remembered;
use self::v2::V2Frame;
use crate::config::Format;
use crate::error::ErrorKind;
use crate::id::DeviceId;

/// How much may be held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest photo, in octets.
    pub photo_bytes: usize,
    /// All unfinished photos together, in octets.
    pub memory: usize,
    /// Unfinished v2 frames of one device.
    pub per_device_frames: usize,
    /// How long a photo may get no chunk before it is reported as it is.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            photo_bytes: 4 << 20,
            memory: 32 << 20,
            per_device_frames: 2,
            idle: Duration::from_secs(30),
        }
    }
}

/// A chunk as it came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Carrier<'a> {
    /// The value of `img`: hexadecimal digits, or `END`.
    HexText(&'a [u8]),
    /// A v2 chunk as the payload of a message.
    V2Raw(&'a [u8]),
    /// A v2 chunk as text: `~2` and base64.
    V2Text(&'a [u8]),
}

impl<'a> Carrier<'a> {
    /// The value of a text property: `~2...` is v2, anything else hex.
    ///
    /// ```
    /// use faceiot::ingest::Carrier;
    ///
    /// assert_eq!(Carrier::text(b"FFD8FF"), Carrier::HexText(b"FFD8FF"));
    /// assert_eq!(Carrier::text(b"~2RkM="), Carrier::V2Text(b"~2RkM="));
    /// ```
    pub fn text(value: &'a [u8]) -> Self {
        if wire::is_text(value) {
            Self::V2Text(value)
        } else {
            Self::HexText(value)
        }
    }

    /// The octets as they came.
    pub const fn octets(&self) -> &'a [u8] {
        match self {
            Self::HexText(octets) | Self::V2Raw(octets) | Self::V2Text(octets) => octets,
        }
    }

    /// The format that this is a chunk of.
    pub const fn format(&self) -> Format {
        match self {
            Self::HexText(_) => Format::Hex,
            Self::V2Raw(_) => Format::V2,
            Self::V2Text(_) => Format::V2Text,
        }
    }
}

impl std::fmt::Debug for Carrier<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Carrier({}, {} octets)", self.format(), self.octets().len())
    }
}

/// What has been counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Chunks taken, of every kind.
    pub chunks: u64,
    /// Photos reported without a problem.
    pub photos: u64,
    /// Photos reported with one.
    pub broken: u64,
    /// Photos that gave way to others because memory was short.
    pub gave_way: u64,
    /// Chunks that could not be used.
    pub bad_chunks: u64,
    /// Chunks of photos that were finished already.
    pub late: u64,
}

/// Rebuilds the photos of many devices.
#[derive(Debug)]
pub struct Ingest {
    limits: Limits,
    devices: HashMap<DeviceId, Streams>,
    /// Unfinished photos by age: the first is the oldest.
    ages: BTreeMap<u64, (DeviceId, Stream)>,
    next_age: u64,
    memory: usize,
    counters: Counters,
    /// Where text carriers are decoded; kept so that a chunk allocates nothing.
    scratch: Vec<u8>,
}

/// What one device is sending.
#[derive(Debug, Default)]
struct Streams {
    hex: Option<HexStream>,
    /// The rest of a hex photo that was given up is stepped over up to its end.
    skip_hex: bool,
    /// When the device ended a hex photo last: another `END` soon after is the same one, delivered again.
    hex_ended_ms: Option<u64>,
    frames: Vec<V2Frame>,
    /// Frames that are over, newest last, so that a chunk delivered again does not begin them anew.
    done: VecDeque<Done>,
}

/// Which of a device's streams.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stream {
    Hex,
    V2(FrameId),
}

/// Names a v2 frame of a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FrameId {
    pub(crate) epoch: u16,
    pub(crate) frame: u32,
    /// Capture time: a device without a working epoch that has a clock still does not repeat itself.
    pub(crate) time_ms: u64,
}

#[derive(Debug)]
struct Done {
    id: FrameId,
    at_ms: u64,
    /// Its sender may begin it anew: time or memory ran out on it.
    given_up: bool,
}

impl Ingest {
    /// Nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            devices: HashMap::new(),
            ages: BTreeMap::new(),
            next_age: 0,
            memory: 0,
            counters: Counters::default(),
            scratch: Vec::new(),
        }
    }

    /// Takes one chunk. `seq` rises from chunk to chunk; `now_ms` is the time in milliseconds since 1970.
    ///
    /// Mostly nothing comes of it; a chunk that ends a photo gives it back, and one that cannot be used, or that has
    /// others give way, says so.
    pub fn push(&mut self, device: &DeviceId, carrier: Carrier<'_>, now_ms: u64, seq: u64) -> Vec<Outcome> {
        let mut out = Vec::new();
        let at = Arrival { now_ms, seq };
        self.counters.chunks += 1;
        match carrier {
            Carrier::HexText(value) => self.push_hex(device, value, at, &mut out),
            Carrier::V2Raw(chunk) => self.push_v2(device, chunk, at, Format::V2, &mut out),
            Carrier::V2Text(text) => {
                let mut scratch = std::mem::take(&mut self.scratch);
                scratch.resize(text.len(), 0); // base64 only shrinks
                match wire::decode_text(text, &mut scratch) {
                    Ok(chunk) => self.push_v2(device, chunk, at, Format::V2Text, &mut out),
                    Err(error) => self.bad(device, at, error, "a v2 text chunk", &mut out),
                }
                scratch.truncate(SCRATCH_KEPT);
                scratch.shrink_to(SCRATCH_KEPT);
                self.scratch = scratch;
            }
        }
        out
    }

    /// Reports the photos that got nothing for [`Limits::idle`]. Call it about once a second.
    pub fn tick(&mut self, now_ms: u64) -> Vec<Outcome> {
        let idle = u64::try_from(self.limits.idle.as_millis()).unwrap_or(u64::MAX);
        let is_old = |last: u64| now_ms.saturating_sub(last) >= idle;
        let mut overdue = Vec::new();
        for (device, streams) in &mut self.devices {
            if streams.hex.as_ref().is_some_and(|hex| is_old(hex.last.now_ms)) {
                overdue.push((device.clone(), Stream::Hex));
            }
            let frames = streams.frames.iter().filter(|frame| is_old(frame.last.now_ms));
            overdue.extend(frames.map(|frame| (device.clone(), Stream::V2(frame.id))));
            streams.done.retain(|done| !is_old(done.at_ms));
            streams.hex_ended_ms = streams.hex_ended_ms.filter(|at| !is_old(*at));
        }
        let mut out = Vec::new();
        for (device, stream) in overdue {
            self.finish(&device, stream, End::Idle(self.limits.idle), now_ms, &mut out);
        }
        let before = self.devices.len();
        self.devices.retain(|_, streams| !streams.is_idle());
        self.memory -= (before - self.devices.len()) * DEVICE_COST;
        out
    }

    /// Unfinished photos.
    pub fn open(&self) -> usize {
        self.ages.len()
    }

    /// Octets held for unfinished photos, with what keeping track of them costs.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// The number of the oldest chunk that an unfinished photo rests on.
    pub fn oldest_seq(&self) -> Option<u64> {
        let first = |streams: &Streams| {
            let frames = streams.frames.iter().map(|frame| frame.first.seq);
            streams.hex.iter().map(|hex| hex.first.seq).chain(frames).min()
        };
        self.devices.values().filter_map(first).min()
    }

    /// What has been counted.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The frame is over; what was known of it before counts no more.
    fn remember_done(&mut self, device: &DeviceId, done: Done) {
        let known = &mut self.device(device).done;
        known.retain(|other| other.id != done.id);
        if known.len() >= DONE_KEPT {
            known.pop_front();
        }
        known.push_back(done);
    }

    /// Takes an unfinished photo out and reports it.
    fn finish(&mut self, device: &DeviceId, stream: Stream, end: End, now_ms: u64, out: &mut Vec<Outcome>) {
        let Some(streams) = self.devices.get_mut(device) else {
            return;
        };
        let (age, cost, photo) = match stream {
            Stream::Hex => {
                let Some(hex) = streams.hex.take() else { return };
                (hex.age, hex.cost(), hex.into_photo(device, &end))
            }
            Stream::V2(id) => {
                let Some(at) = streams.frames.iter().position(|frame| frame.id == id) else {
                    return;
                };
                let frame = streams.frames.swap_remove(at);
                (frame.age, frame.cost(), frame.into_photo(device, &end))
            }
        };
        self.ages.remove(&age);
        self.memory -= cost;
        if let Stream::V2(id) = stream {
            let done = Done {
                id,
                at_ms: now_ms,
                given_up: end.is_given_up(),
            };
            self.remember_done(device, done);
        }
        if photo.problem.is_none() {
            self.counters.photos += 1;
        } else {
            self.counters.broken += 1;
        }
        out.push(Outcome::Photo(photo));
    }

    /// Has the oldest photos give way until `growth` octets fit; false when they cannot.
    fn make_room(
        &mut self,
        device: &DeviceId,
        stream: Stream,
        growth: usize,
        at: Arrival,
        out: &mut Vec<Outcome>,
    ) -> bool {
        while self.memory + growth > self.limits.memory {
            let oldest = self
                .ages
                .values()
                .find(|(owner, known)| !(owner == device && *known == stream));
            let Some((owner, oldest)) = oldest.cloned() else {
                return false;
            };
            self.counters.gave_way += 1;
            let end = End::GaveWay(self.limits.memory);
            out.push(Outcome::problem(
                &owner,
                ErrorKind::FrameIncomplete,
                end.to_string(),
                at,
            ));
            self.finish(&owner, oldest, end, at.now_ms, out);
            if oldest == Stream::Hex {
                // What still comes of it would be taken for another photo's beginning.
                self.device(&owner).skip_hex = true;
            }
        }
        true
    }

    fn register(&mut self, device: &DeviceId, stream: Stream) {
        self.ages.insert(self.next_age, (device.clone(), stream));
        self.next_age += 1;
    }

    fn device(&mut self, device: &DeviceId) -> &mut Streams {
        if !self.devices.contains_key(device) {
            self.memory += DEVICE_COST;
        }
        self.devices.entry(device.clone()).or_default()
    }

    fn bad(
        &mut self,
        device: &DeviceId,
        at: Arrival,
        error: faceiot_core::Error,
        what: &str,
        out: &mut Vec<Outcome>,
    ) {
        self.counters.bad_chunks += 1;
        out.push(Outcome::problem(
            device,
            error.kind,
            format!("{what} cannot be used: {error}"),
            at,
        ));
    }
}

impl Streams {
    fn frame(&self, id: FrameId) -> Option<&V2Frame> {
        self.frames.iter().find(|frame| frame.id == id)
    }

    fn is_idle(&self) -> bool {
        self.hex.is_none()
            && self.frames.is_empty()
            && self.done.is_empty()
            && self.hex_ended_ms.is_none()
            && !self.skip_hex
    }
}

impl std::fmt::Display for FrameId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of epoch {}", self.frame, self.epoch)
    }
}

/// The capacity to give a photo that needs `needed` octets: doubled, so that growing costs little, and never above the
/// cap, so that the account is right.
fn grown(held: usize, needed: usize, cap: usize) -> usize {
    if needed <= held {
        held
    } else {
        needed.max((held * 2).clamp(FIRST_CAPACITY, cap.max(FIRST_CAPACITY)))
    }
}

const FIRST_CAPACITY: usize = 4 << 10;

/// A frame that says how long it will be gets its memory at once, up to here: a thousand photos that double in turn leave as much
/// memory in holes as they use (measured with glibc: 26 MiB beside 33). Past this a sender's word is not enough.
const RESERVED_AT_ONCE: usize = 64 << 10;

/// What an unfinished photo costs beside its octets, and what knowing a device costs; generous guesses.
pub(crate) const STREAM_COST: usize = 512;
const DEVICE_COST: usize = 512;

/// Frames of a device that are remembered as done.
const DONE_KEPT: usize = 8;

/// Of the memory that text carriers are decoded in; a property holds 10,240 characters.
const SCRATCH_KEPT: usize = 16 << 10;

#[cfg(test)]
mod tests;
