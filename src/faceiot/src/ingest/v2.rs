//! Which octets of a frame are there?

use faceiot_camera::jpeg::{self, Verified};
use faceiot_core::chunk::v2::{self as wire, Chunk, Header, Range, RangeSet};
use faceiot_core::digest::crc32;

use super::outcome::{Arrival, End, Photo, join, key};
use super::{FrameId, STREAM_COST};
use crate::config::Format;
use crate::id::DeviceId;

/// A v2 frame that is being received.
#[derive(Debug)]
pub(crate) struct V2Frame {
    pub(crate) age: u64,
    pub(crate) id: FrameId,
    pub(crate) first: Arrival,
    pub(crate) last: Arrival,
    /// As long as the highest octet that came; zeros where nothing came.
    pub(crate) bytes: Vec<u8>,
    pub(crate) ranges: RangeSet<Vec<Range>>,
    pub(crate) tally: Tally,
}

/// What the headers said.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Tally {
    pub(crate) text: bool,
    pub(crate) content_type: u8,
    pub(crate) total_length: Option<u32>,
    pub(crate) frame_crc: Option<u32>,
    pub(crate) chunks: u32,
    pub(crate) duplicates: u32,
    /// Absent in what an older version saved.
    #[serde(default)]
    pub(crate) retransmitted: bool,
}

pub(crate) enum Added {
    More,
    Complete,
    /// The frame contradicts itself.
    Conflict(&'static str),
}

impl V2Frame {
    pub(crate) fn new(age: u64, id: FrameId, format: Format, header: &Header, at: Arrival) -> Self {
        let tally = Tally {
            text: format == Format::V2Text,
            content_type: header.content_type,
            total_length: None,
            frame_crc: None,
            chunks: 0,
            duplicates: 0,
            retransmitted: false,
        };
        Self {
            age,
            id,
            first: at,
            last: at,
            bytes: Vec::new(),
            ranges: RangeSet::new(Vec::new()),
            tally,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(crate) fn cost(&self) -> usize {
        // `as_slice` is the part of the storage in use; the storage is at most twice that.
        STREAM_COST + self.bytes.capacity() + self.ranges.as_slice().len() * 2 * size_of::<Range>()
    }

    pub(crate) fn grow_to(&mut self, capacity: usize) {
        self.bytes
            .reserve_exact(capacity.saturating_sub(self.bytes.len()));
    }

    /// Takes a chunk of this frame, which fits within the caps.
    pub(crate) fn add(&mut self, chunk: &Chunk<'_>, at: Arrival) -> Added {
        let header = &chunk.header;
        let start = header.offset as usize;
        let end = start + chunk.data.len();
        let range = Range {
            start: header.offset,
            end: end as u32,
        };
        if header.content_type != self.tally.content_type {
            return Added::Conflict("two chunks differ about the content type");
        }
        if header.total_length != 0
            && *self.tally.total_length.get_or_insert(header.total_length) != header.total_length
        {
            return Added::Conflict("two chunks differ about the length of the frame");
        }
        if self
            .tally
            .total_length
            .is_some_and(|total| self.ranges.end().max(range.end) > total)
        {
            return Added::Conflict("a chunk lies behind the end of the frame");
        }
        if header.is_last() && *self.tally.frame_crc.get_or_insert(header.frame_crc) != header.frame_crc {
            return Added::Conflict("two chunks differ about the CRC of the frame");
        }
        let differs = self.ranges.common(range).any(|known| {
            let (a, b) = (known.start as usize, known.end as usize);
            self.bytes.get(a..b) != chunk.data.get(a - start..b - start)
        });
        if differs {
            return Added::Conflict("two chunks have different data for the same octets");
        }
        self.last = at;
        self.tally.retransmitted |= header.is_retransmit();
        if self.ranges.covers(range) {
            self.tally.duplicates += 1;
            // Its octets are known, but it may be the one that says where the frame ends: a sender that did not
            // know so when it sent them says them again with LAST.
            return self.progress();
        }
        if !self.make_room_for(range) {
            return Added::Conflict("too many gaps");
        }
        if start == self.bytes.len() {
            self.bytes.extend_from_slice(chunk.data);
        } else {
            self.bytes.resize(self.bytes.len().max(end), 0);
            if let Some(place) = self.bytes.get_mut(start..end) {
                place.copy_from_slice(chunk.data);
            }
        }
        self.tally.chunks += 1;
        self.progress()
    }

    fn progress(&self) -> Added {
        if self.is_complete() {
            Added::Complete
        } else {
            Added::More
        }
    }

    pub(crate) fn into_photo(self, device: &DeviceId, end: &End) -> Photo {
        let known_end = self.tally.total_length;
        let missing: Vec<(u64, u64)> = self
            .ranges
            .missing(known_end.unwrap_or(self.ranges.end()))
            .map(|gap| (u64::from(gap.start), u64::from(gap.len())))
            .collect();
        let mut problems = Vec::new();
        if *end != End::Complete {
            problems.push(end.to_string());
        }
        if !missing.is_empty() {
            let octets: u64 = missing.iter().map(|(_, len)| len).sum();
            problems.push(format!("{octets} octets are missing in {} places", missing.len()));
        }
        if known_end.is_none() {
            problems.push("its end did not come".to_owned());
        }
        let crc_fits = self
            .is_complete()
            .then(|| self.tally.frame_crc == Some(crc32(&self.bytes)));
        if crc_fits == Some(false) {
            problems.push("the CRC of the frame does not match".to_owned());
        }
        let is_photo = matches!(self.tally.content_type, wire::JPEG | wire::OCTETS);
        if !is_photo {
            problems.push(format!(
                "its content type is {}, not a JPEG",
                self.tally.content_type
            ));
        }
        let report = jpeg::check(&self.bytes);
        let verified = if crc_fits == Some(true) {
            Verified::Crc
        } else {
            report.verified
        };
        if is_photo && let Some(problem) = report.problem {
            let whole = verified == Verified::Crc;
            problems.push(if whole {
                format!("came as it was sent, but: {problem}")
            } else {
                problem
            });
        }
        let FrameId {
            epoch,
            frame,
            time_ms,
        } = self.id;
        let name = [
            &epoch.to_be_bytes()[..],
            &frame.to_be_bytes(),
            &time_ms.to_be_bytes(),
        ]
        .concat();
        Photo {
            device: device.clone(),
            key: key(device, &[b"v2", &name], &self.bytes),
            bytes: self.bytes,
            format: if self.tally.text {
                Format::V2Text
            } else {
                Format::V2
            },
            verified,
            width: report.width,
            height: report.height,
            missing,
            problem: join(&problems),
            first_ms: self.first.now_ms,
            last_ms: self.last.now_ms,
            time_ms,
            chunks: self.tally.chunks,
            duplicates: self.tally.duplicates,
            first_seq: self.first.seq,
            last_seq: self.last.seq,
            frame: Some((epoch, frame, time_ms)),
            retransmitted: self.tally.retransmitted,
            given_up: end.is_given_up(),
        }
    }

    fn is_complete(&self) -> bool {
        self.tally.frame_crc.is_some()
            && self
                .tally
                .total_length
                .is_some_and(|end| self.ranges.covers(Range { start: 0, end }))
    }

    /// Makes a place among the ranges; false when there are too many already.
    fn make_room_for(&mut self, range: Range) -> bool {
        if !self.ranges.has_room_for(range) {
            let (mut storage, len) =
                std::mem::replace(&mut self.ranges, RangeSet::new(Vec::new())).into_parts();
            storage.resize((len * 2).clamp(4, RANGES_MAX), Range::default());
            self.ranges = RangeSet::from_parts(storage, len);
        }
        self.ranges.insert(range).is_ok()
    }
}

/// Gaps that are kept track of in one frame: a photo of 4 MiB in chunks of 512 octets of which every second is lost.
const RANGES_MAX: usize = 4096;
