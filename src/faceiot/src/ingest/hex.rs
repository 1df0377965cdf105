//! What does one device's unnumbered stream add up to?

use faceiot_core::chunk::hex::{CHUNK_OCTETS, MarkerWalk};
use faceiot_core::text::hex_decode;
use faceiot_core::{Error, chunk};

use super::STREAM_COST;
use super::outcome::{Arrival, End, Photo, join, key};
use crate::config::Format;
use crate::id::DeviceId;

pub(crate) const END: &[u8] = chunk::hex::END.as_bytes();

/// A `hex` photo that is being received.
#[derive(Debug)]
pub(crate) struct HexStream {
    pub(crate) age: u64,
    pub(crate) first: Arrival,
    pub(crate) last: Arrival,
    pub(crate) bytes: Vec<u8>,
    walk: MarkerWalk,
    pub(crate) tally: Tally,
}

/// What happened on the way.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Tally {
    pub(crate) chunks: u32,
    pub(crate) duplicates: u32,
    /// The last chunk was shorter or longer than 400 octets: right for the last one only.
    pub(crate) odd_sized: Option<usize>,
    /// What is wrong so far, in words; the first few.
    pub(crate) flaws: Vec<String>,
}

impl HexStream {
    pub(crate) fn new(age: u64, at: Arrival) -> Self {
        Self {
            age,
            first: at,
            last: at,
            bytes: Vec::new(),
            walk: MarkerWalk::new(),
            tally: Tally::default(),
        }
    }

    /// As [`saved`](super::saved) kept it.
    pub(crate) fn restored(age: u64, first: Arrival, last: Arrival, bytes: Vec<u8>, tally: Tally) -> Self {
        let mut walk = MarkerWalk::new();
        walk.feed(&bytes);
        Self {
            age,
            first,
            last,
            bytes,
            walk,
            tally,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(crate) fn cost(&self) -> usize {
        STREAM_COST + self.bytes.capacity()
    }

    pub(crate) fn has_room_for(&self, value: &[u8]) -> bool {
        self.bytes.len() + value.len() / 2 <= self.bytes.capacity()
    }

    pub(crate) fn grow_to(&mut self, capacity: usize) {
        self.bytes
            .reserve_exact(capacity.saturating_sub(self.bytes.len()));
    }

    /// Whether a chunk that begins like a photo is the next photo: the markers say so, or this one never began like
    /// one (its first chunk was lost), so that nothing is known about its inside.
    pub(crate) fn can_restart(&self) -> bool {
        self.walk.can_restart() || !self.bytes.starts_with(&[0xff, 0xd8])
    }

    /// Decodes a chunk to the end of the photo. After an error the photo is as it was, and knows its flaw.
    pub(crate) fn append(&mut self, value: &[u8], at: Arrival) -> Result<(), Error> {
        let start = self.bytes.len();
        self.bytes.resize(start + value.len() / 2, 0);
        let decoded = match self.bytes.get_mut(start..) {
            _ if value.is_empty() => Err(Error::new(faceiot_core::ErrorKind::Hex, "empty chunk")),
            Some(place) => hex_decode(value, place),
            None => Ok(&mut [][..]),
        };
        match decoded {
            Ok(octets) => self.walk.feed(octets),
            Err(error) => {
                self.bytes.truncate(start);
                self.flaw(format!("chunk {} cannot be used: {error}", self.tally.chunks + 1));
                return Err(error);
            }
        }
        if let Some(octets) = self.tally.odd_sized.take() {
            let number = self.tally.chunks;
            self.flaw(format!("chunk {number} has {octets} octets and is not the last"));
        }
        let added = self.bytes.len() - start;
        self.tally.odd_sized = (added != CHUNK_OCTETS).then_some(added);
        self.tally.chunks += 1;
        self.last = at;
        Ok(())
    }

    /// Whether this value is all that the photo has so far: its first chunk, once more.
    pub(crate) fn is_all_of_it(&self, value: &[u8]) -> bool {
        let mut octets = vec![0; value.len() / 2];
        hex_decode(value, &mut octets).is_ok_and(|octets| octets == self.bytes)
    }

    pub(crate) fn duplicate(&mut self, at: Arrival) {
        self.tally.duplicates += 1;
        self.last = at;
    }

    pub(crate) fn into_photo(self, device: &DeviceId, end: &End) -> Photo {
        let report = faceiot_camera::jpeg::check(&self.bytes);
        let mut problems = Vec::new();
        if *end != End::Complete {
            problems.push(end.to_string());
        }
        problems.extend(self.tally.flaws);
        if report.problem.is_some() {
            problems.extend(twin(&self.bytes).map(|n| format!("chunk {n} came twice")));
        }
        problems.extend(report.problem);
        let numbers = [self.first.seq, self.first.now_ms].map(u64::to_be_bytes).concat();
        Photo {
            device: device.clone(),
            key: key(device, &[b"hex", &numbers], &self.bytes),
            bytes: self.bytes,
            format: Format::Hex,
            verified: report.verified,
            width: report.width,
            height: report.height,
            missing: Vec::new(),
            problem: join(&problems),
            first_ms: self.first.now_ms,
            last_ms: self.last.now_ms,
            time_ms: 0,
            chunks: self.tally.chunks,
            duplicates: self.tally.duplicates,
            first_seq: self.first.seq,
            last_seq: self.last.seq,
            frame: None,
            retransmitted: false,
            given_up: end.is_given_up(),
        }
    }

    fn flaw(&mut self, words: String) {
        if self.tally.flaws.len() < FLAWS_KEPT {
            self.tally.flaws.push(words);
        }
    }
}

/// The number (from 1) of a chunk that equals the one before it. In a photo that decodes this means nothing (a flat
/// area repeats itself); in one that does not, it is most likely the reason.
fn twin(bytes: &[u8]) -> Option<usize> {
    let chunks = || bytes.chunks_exact(CHUNK_OCTETS);
    chunks()
        .zip(chunks().skip(1))
        .position(|(one, next)| one == next)
        .map(|at| at + 2)
}

const FLAWS_KEPT: usize = 4;
