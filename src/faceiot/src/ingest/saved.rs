//! How does an unfinished photo survive a restart?
//!
//! When the journal that holds the chunks is compacted, the chunks of unfinished photos are replaced by what they add
//! up to: one record per photo, written by [`Ingest::save`] and read back by [`Ingest::restore`].

use faceiot_core::chunk::v2::{Range, RangeSet};
use serde::{Deserialize, Serialize};

use super::hex::{self, HexStream};
use super::outcome::Arrival;
use super::v2::{self, V2Frame};
use super::{Done, FrameId, Ingest, Stream};
use crate::error::{Error, ErrorKind, Result};
use crate::id::DeviceId;

#[derive(Serialize, Deserialize)]
struct Saved {
    device: DeviceId,
    first: Arrival,
    last: Arrival,
    stream: SavedStream,
}

/// The part that differs.
#[derive(Serialize, Deserialize)]
enum SavedStream {
    Hex(hex::Tally),
    V2 {
        epoch: u16,
        frame: u32,
        time_ms: u64,
        ranges: Vec<(u32, u32)>,
        tally: v2::Tally,
    },
}

/// A v2 frame that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Epoch, frame id, capture time.
    pub frame: (u16, u32, u64),
    /// When it was over, milliseconds since 1970.
    pub at_ms: u64,
    /// Time or memory ran out on it: a chunk that was sent before begins it anew.
    pub given_up: bool,
}

impl Ingest {
    /// Every unfinished photo, oldest first, each as a head and its octets.
    pub fn save(&self) -> impl Iterator<Item = (Vec<u8>, &[u8])> {
        self.ages.values().filter_map(|(device, stream)| {
            let streams = self.devices.get(device)?;
            let (first, last, stream, bytes) = match stream {
                Stream::Hex => {
                    let hex = streams.hex.as_ref()?;
                    (
                        hex.first,
                        hex.last,
                        SavedStream::Hex(hex.tally.clone()),
                        &hex.bytes,
                    )
                }
                Stream::V2(id) => {
                    let frame = streams.frame(*id)?;
                    let FrameId {
                        epoch,
                        frame: number,
                        time_ms,
                    } = *id;
                    let ranges = frame
                        .ranges
                        .as_slice()
                        .iter()
                        .map(|range| (range.start, range.end))
                        .collect();
                    let tally = frame.tally.clone();
                    let saved = SavedStream::V2 {
                        epoch,
                        frame: number,
                        time_ms,
                        ranges,
                        tally,
                    };
                    (frame.first, frame.last, saved, &frame.bytes)
                }
            };
            let head = serde_json::to_vec(&Saved {
                device: device.clone(),
                first,
                last,
                stream,
            });
            head.ok().map(|head| (head, bytes.as_slice()))
        })
    }

    /// Takes back what [`save`](Self::save) gave, unless `is_over` says that the photo of this device, with this v2
    /// frame (or `None` for hex) and this last chunk, was finished since.
    ///
    /// # Errors
    /// `Store` when the record is not one of these.
    pub fn restore(
        &mut self,
        head: &[u8],
        bytes: &[u8],
        is_over: impl FnOnce(&DeviceId, Option<(u16, u32, u64)>, u64) -> bool,
    ) -> Result<()> {
        let wrong = |error: serde_json::Error| {
            Error::new(
                ErrorKind::Store,
                format!("an unfinished photo cannot be read back: {error}"),
            )
        };
        let saved: Saved = serde_json::from_slice(head).map_err(wrong)?;
        let frame = match &saved.stream {
            SavedStream::Hex(_) => None,
            SavedStream::V2 {
                epoch,
                frame,
                time_ms,
                ..
            } => Some((*epoch, *frame, *time_ms)),
        };
        if is_over(&saved.device, frame, saved.last.seq) {
            return Ok(());
        }
        let age = self.next_age;
        let bytes = bytes.to_vec();
        let (device, first, last) = (saved.device, saved.first, saved.last);
        let streams = self.device(&device);
        let (stream, cost) = match saved.stream {
            SavedStream::Hex(tally) => {
                let hex = HexStream::restored(age, first, last, bytes, tally);
                let cost = hex.cost();
                streams.hex = Some(hex);
                (Stream::Hex, cost)
            }
            SavedStream::V2 {
                epoch,
                frame,
                time_ms,
                ranges,
                tally,
            } => {
                let id = FrameId {
                    epoch,
                    frame,
                    time_ms,
                };
                let ranges: Vec<_> = ranges
                    .into_iter()
                    .map(|(start, end)| Range { start, end })
                    .collect();
                let len = ranges.len();
                let ranges = RangeSet::from_parts(ranges, len);
                let frame = V2Frame {
                    age,
                    id,
                    first,
                    last,
                    bytes,
                    ranges,
                    tally,
                };
                let cost = frame.cost();
                streams.frames.push(frame);
                (Stream::V2(id), cost)
            }
        };
        self.memory += cost;
        self.register(&device, stream);
        Ok(())
    }

    /// A v2 frame that was finished before a restart: what is delivered of it again does not begin it anew, unless it
    /// was [given up](super::Photo::given_up) and is sent again.
    pub fn remember(&mut self, device: &DeviceId, frame: Remembered) {
        let (epoch, number, time_ms) = frame.frame;
        let done = Done {
            id: FrameId {
                epoch,
                frame: number,
                time_ms,
            },
            at_ms: frame.at_ms,
            given_up: frame.given_up,
        };
        self.remember_done(device, done);
    }

    /// The v2 frames that are remembered as finished.
    pub fn remembered(&self) -> impl Iterator<Item = (&DeviceId, Remembered)> {
        self.devices.iter().flat_map(|(device, streams)| {
            let remembered = |done: &Done| Remembered {
                frame: (done.id.epoch, done.id.frame, done.id.time_ms),
                at_ms: done.at_ms,
                given_up: done.given_up,
            };
            streams.done.iter().map(move |done| (device, remembered(done)))
        })
    }

    /// Gives every unfinished photo the full idle time from now on: after a restart its device has to connect again
    /// before it can go on.
    pub fn resume(&mut self, now_ms: u64) {
        for streams in self.devices.values_mut() {
            let frames = streams.frames.iter_mut().map(|frame| &mut frame.last);
            for last in streams.hex.iter_mut().map(|hex| &mut hex.last).chain(frames) {
                last.now_ms = last.now_ms.max(now_ms);
            }
        }
    }
}
