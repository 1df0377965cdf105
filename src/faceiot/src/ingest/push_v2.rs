//! Which frame does a `v2` chunk belong to, and may it grow?

use faceiot_core::chunk::v2 as wire;

use super::outcome::{Arrival, End, Outcome};
use super::v2::{Added, V2Frame};
use super::{Done, FrameId, Ingest, RESERVED_AT_ONCE, STREAM_COST, Stream, grown};
use crate::config::Format;
use crate::error::ErrorKind;
use crate::id::DeviceId;

impl Ingest {
    pub(super) fn push_v2(
        &mut self,
        device: &DeviceId,
        octets: &[u8],
        at: Arrival,
        format: Format,
        out: &mut Vec<Outcome>,
    ) {
        let chunk = match wire::parse(octets) {
            Ok(chunk) => chunk,
            Err(error) => return self.bad(device, at, error, "a v2 chunk", out),
        };
        let header = &chunk.header;
        let id = FrameId {
            epoch: header.epoch,
            frame: header.frame_id,
            time_ms: header.time_ms,
        };
        let (photo_bytes, per_device) = (self.limits.photo_bytes, self.limits.per_device_frames.max(1));
        let streams = self.device(device);
        if let Some(at) = streams.done.iter().position(|done| done.id == id) {
            if !(header.is_retransmit() && streams.done.get(at).is_some_and(|done| done.given_up)) {
                self.counters.late += 1;
                return;
            }
            streams.done.remove(at); // its sender begins it anew
        }
        let end = header.offset as usize + chunk.data.len();
        if end.max(header.total_length as usize) > photo_bytes {
            let why = End::TooLarge(photo_bytes);
            out.push(Outcome::problem(
                device,
                ErrorKind::FrameTooLarge,
                format!("frame {id}: {why}"),
                at,
            ));
            return self.drop_frame(device, id, why, at.now_ms, out);
        }
        if streams.frame(id).is_none() && streams.frames.len() >= per_device {
            let oldest = streams
                .frames
                .iter()
                .min_by_key(|frame| frame.first.seq)
                .map(|frame| frame.id);
            if let Some(oldest) = oldest {
                self.finish(
                    device,
                    Stream::V2(oldest),
                    End::TooManyFrames(per_device),
                    at.now_ms,
                    out,
                );
            }
        }
        let held = self.device(device).frame(id).map_or(0, V2Frame::capacity);
        let known = (header.total_length as usize).min(RESERVED_AT_ONCE);
        let capacity = grown(held, end, photo_bytes).max(known);
        if !self.make_room(device, Stream::V2(id), capacity - held + STREAM_COST, at, out) {
            let why = End::NoMemory(self.limits.memory);
            out.push(Outcome::problem(
                device,
                ErrorKind::FrameTooLarge,
                format!("frame {id}: {why}"),
                at,
            ));
            return self.drop_frame(device, id, why, at.now_ms, out);
        }
        let age = self.next_age;
        let streams = self.device(device);
        let is_new = streams.frame(id).is_none();
        if is_new {
            streams.frames.push(V2Frame::new(age, id, format, header, at));
        }
        let Some(frame) = streams.frames.iter_mut().find(|frame| frame.id == id) else {
            return;
        };
        let before = if is_new { 0 } else { frame.cost() };
        frame.grow_to(capacity);
        let added = frame.add(&chunk, at);
        let after = frame.cost();
        self.memory = self.memory - before + after;
        if is_new {
            self.register(device, Stream::V2(id));
        }
        match added {
            Added::More => {}
            Added::Complete => self.drop_frame(device, id, End::Complete, at.now_ms, out),
            Added::Conflict(what) => {
                let message = format!("frame {id}: {what}");
                out.push(Outcome::problem(device, ErrorKind::FrameConflict, message, at));
                self.drop_frame(device, id, End::Conflict(what), at.now_ms, out);
            }
        }
    }

    /// Reports a v2 frame if it is open, and remembers that it is over.
    fn drop_frame(&mut self, device: &DeviceId, id: FrameId, end: End, now_ms: u64, out: &mut Vec<Outcome>) {
        let done = Done {
            id,
            at_ms: now_ms,
            given_up: end.is_given_up(),
        };
        self.finish(device, Stream::V2(id), end, now_ms, out);
        self.remember_done(device, done);
    }
}
