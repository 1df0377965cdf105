//! What stands in the journal, and what does it add up to after a restart?
//!
//! | kind | record | payload, integers big-endian |
//! |---|---|---|
//! | `C` | a chunk | time u64, carrier u8, length of the device id u16, device id, the chunk as it came |
//! | `D` | a photo is done | time u64, its last chunk's number u64, `0` for hex or `1`, if it was given up `2`, and epoch u16, frame u32, time u64, device id |
//! | `P` | an unfinished photo, in place of its chunks | length of the head u32, head, octets |

use std::collections::HashMap;

use faceiot::DeviceId;
use faceiot::ingest::{Carrier, Ingest, Limits, Outcome, Photo, Remembered};
use faceiot_core::chunk::v2;
use faceiot_journal::Record;

pub(super) const CHUNK: u8 = b'C';
pub(super) const DONE: u8 = b'D';
pub(super) const PARTIAL: u8 = b'P';

/// What kind of photo is done.
const HEX: u8 = 0;
const OVER: u8 = 1;
const GIVEN_UP: u8 = 2;

/// [`Carrier`] without its octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CarrierKind {
    HexText = 0,
    V2Raw = 1,
    V2Text = 2,
}

impl CarrierKind {
    pub(super) fn of(carrier: &Carrier<'_>) -> Self {
        match carrier {
            Carrier::HexText(_) => Self::HexText,
            Carrier::V2Raw(_) => Self::V2Raw,
            Carrier::V2Text(_) => Self::V2Text,
        }
    }

    pub(super) fn with(self, octets: &[u8]) -> Carrier<'_> {
        match self {
            Self::HexText => Carrier::HexText(octets),
            Self::V2Raw => Carrier::V2Raw(octets),
            Self::V2Text => Carrier::V2Text(octets),
        }
    }

    fn from_octet(octet: u8) -> Option<Self> {
        [Self::HexText, Self::V2Raw, Self::V2Text]
            .into_iter()
            .find(|kind| *kind as u8 == octet)
    }
}

/// Epoch, frame id, capture time.
type Frame = (u16, u32, u64);

pub(super) fn chunk_head(device: &DeviceId, carrier: CarrierKind, now_ms: u64) -> Vec<u8> {
    let device = device.to_string();
    let mut head = Vec::with_capacity(11 + device.len());
    head.extend_from_slice(&now_ms.to_be_bytes());
    head.push(carrier as u8);
    head.extend_from_slice(&(device.len() as u16).to_be_bytes()); // device ids have at most 300 octets
    head.extend_from_slice(device.as_bytes());
    head
}

pub(super) fn done(photo: &Photo) -> Vec<u8> {
    let frame = photo.frame.map(|frame| Remembered {
        frame,
        at_ms: photo.last_ms,
        given_up: photo.given_up,
    });
    done_record(&photo.device, frame, photo.last_ms, photo.last_seq)
}

/// A v2 frame that was over before the journal was compacted.
pub(super) fn remembered(device: &DeviceId, frame: Remembered) -> Vec<u8> {
    done_record(device, Some(frame), frame.at_ms, 0)
}

fn done_record(device: &DeviceId, frame: Option<Remembered>, at_ms: u64, last_seq: u64) -> Vec<u8> {
    let mut record = [at_ms.to_be_bytes(), last_seq.to_be_bytes()].concat();
    match frame {
        None => record.push(HEX),
        Some(Remembered {
            frame: (epoch, frame, time_ms),
            given_up,
            ..
        }) => {
            record.push(if given_up { GIVEN_UP } else { OVER });
            record.extend_from_slice(&epoch.to_be_bytes());
            record.extend_from_slice(&frame.to_be_bytes());
            record.extend_from_slice(&time_ms.to_be_bytes());
        }
    }
    record.extend_from_slice(device.to_string().as_bytes());
    record
}

pub(super) fn partial(head: &[u8], octets: &[u8]) -> Vec<u8> {
    [&(head.len() as u32).to_be_bytes(), head, octets].concat()
}

/// Collects what a journal holds and is not done.
#[derive(Default)]
pub(super) struct Replay {
    partials: Vec<Vec<u8>>,
    devices: HashMap<DeviceId, Device>,
    unreadable: usize,
}

#[derive(Default)]
struct Device {
    chunks: Vec<Chunk>,
    done: Vec<Remembered>,
    hex_done: u64,
}

struct Chunk {
    seq: u64,
    now_ms: u64,
    carrier: CarrierKind,
    frame: Option<Frame>,
    retransmit: bool,
    payload: Vec<u8>,
}

impl Replay {
    /// Takes the next record. One that cannot be read is counted and left out: the journal's own sums are right, so it
    /// was written by another version.
    pub(super) fn take(&mut self, record: &Record<'_>) {
        let taken = match record.kind {
            CHUNK => self.chunk(record.seq, record.payload),
            DONE => self.done(record.payload),
            PARTIAL => {
                self.partials.push(record.payload.to_vec());
                Some(())
            }
            _ => None,
        };
        self.unreadable += usize::from(taken.is_none());
    }

    /// Puts together what is left; gives the photos that are complete and may not have their row.
    pub(super) fn finish(self, limits: Limits) -> (Ingest, Vec<Outcome>) {
        let idle = u64::try_from(limits.idle.as_millis()).unwrap_or(u64::MAX);
        let mut ingest = Ingest::new(limits);
        let mut unreadable = self.unreadable;
        for partial in &self.partials {
            if restore(&mut ingest, partial, &self.devices).is_none() {
                unreadable += 1;
            }
        }
        let mut chunks = Vec::new();
        for (device, known) in &self.devices {
            for done in &known.done {
                ingest.remember(device, *done);
            }
            let is_late = |chunk: &Chunk, done: &Remembered| {
                chunk.frame == Some(done.frame)
                    && chunk.now_ms.saturating_sub(done.at_ms) < idle
                    && !(done.given_up && chunk.retransmit)
            };
            let is_new = |chunk: &&Chunk| !known.done.iter().any(|done| is_late(chunk, done));
            chunks.extend(known.chunks.iter().filter(is_new).map(|chunk| (device, chunk)));
        }
        chunks.sort_by_key(|(_, chunk)| chunk.seq);
        let mut outcomes = Vec::new();
        for (device, chunk) in &chunks {
            outcomes.extend(ingest.push(
                device,
                chunk.carrier.with(&chunk.payload),
                chunk.now_ms,
                chunk.seq,
            ));
        }
        if unreadable > 0 {
            tracing::warn!(
                records = unreadable,
                "left out journal records that this version cannot read"
            );
        }
        if !chunks.is_empty() || ingest.open() > 0 {
            tracing::info!(
                chunks = chunks.len(),
                finished = outcomes.len(),
                unfinished = ingest.open(),
                "took up photos that were on their way when the cloud stopped"
            );
        }
        (ingest, outcomes)
    }

    fn chunk(&mut self, seq: u64, payload: &[u8]) -> Option<()> {
        let (now_ms, rest) = u64_of(payload)?;
        let (carrier, rest) = rest.split_first()?;
        let carrier = CarrierKind::from_octet(*carrier)?;
        let (len, rest) = rest.split_first_chunk::<2>()?;
        let (device, chunk) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        let device = self.devices.entry(device_of(device)?).or_default();
        if carrier == CarrierKind::HexText && seq <= device.hex_done {
            return Some(());
        }
        let header = header_of(carrier, chunk);
        device.chunks.push(Chunk {
            seq,
            now_ms,
            carrier,
            frame: header.map(|header| (header.epoch, header.frame_id, header.time_ms)),
            retransmit: header.is_some_and(|header| header.is_retransmit()),
            payload: chunk.to_vec(),
        });
        Some(())
    }

    fn done(&mut self, payload: &[u8]) -> Option<()> {
        let (at_ms, rest) = u64_of(payload)?;
        let (last_seq, rest) = u64_of(rest)?;
        let (tag, rest) = rest.split_first()?;
        if *tag == HEX {
            let device = self.devices.entry(device_of(rest)?).or_default();
            device.hex_done = device.hex_done.max(last_seq);
            device
                .chunks
                .retain(|chunk| chunk.carrier != CarrierKind::HexText || chunk.seq > last_seq);
            return Some(());
        }
        let given_up = match *tag {
            OVER => false,
            GIVEN_UP => true,
            _ => return None,
        };
        let (epoch, rest) = rest.split_first_chunk::<2>()?;
        let (frame, rest) = rest.split_first_chunk::<4>()?;
        let (time_ms, rest) = u64_of(rest)?;
        let frame = (u16::from_be_bytes(*epoch), u32::from_be_bytes(*frame), time_ms);
        let device = self.devices.entry(device_of(rest)?).or_default();
        device
            .chunks
            .retain(|chunk| chunk.frame != Some(frame) || chunk.seq > last_seq);
        // Only how it was over last counts: given up first, it may have been whole when it was sent again.
        device.done.retain(|done| done.frame != frame);
        device.done.push(Remembered {
            frame,
            at_ms,
            given_up,
        });
        Some(())
    }
}

/// Restores an unfinished photo, unless it was finished after the snapshot.
fn restore(ingest: &mut Ingest, partial: &[u8], devices: &HashMap<DeviceId, Device>) -> Option<()> {
    let (len, rest) = partial.split_first_chunk::<4>()?;
    let (head, octets) = rest.split_at_checked(u32::from_be_bytes(*len) as usize)?;
    ingest
        .restore(head, octets, |device, frame, last_seq| {
            match (devices.get(device), frame) {
                (None, _) => false,
                (Some(known), None) => last_seq <= known.hex_done,
                (Some(known), Some(frame)) => known.done.iter().any(|done| done.frame == frame),
            }
        })
        .ok()
}

fn u64_of(octets: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = octets.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), rest))
}

fn device_of(octets: &[u8]) -> Option<DeviceId> {
    std::str::from_utf8(octets).ok()?.parse().ok()
}

/// What a chunk says of itself; `None` for hex and for what is no chunk.
fn header_of(carrier: CarrierKind, octets: &[u8]) -> Option<v2::Header> {
    let mut decoded = Vec::new();
    let raw = match carrier {
        CarrierKind::HexText => return None,
        CarrierKind::V2Raw => octets,
        CarrierKind::V2Text => {
            decoded.resize(octets.len(), 0);
            v2::decode_text(octets, &mut decoded).ok()?
        }
    };
    v2::parse(raw).ok().map(|chunk| chunk.header)
}
