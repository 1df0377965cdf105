//! Which photo does a `hex` chunk belong to, and may it grow?

use faceiot_core::chunk::hex::begins_photo;

use super::hex::{self, HexStream};
use super::outcome::{Arrival, End, Outcome};
use super::{Ingest, STREAM_COST, Stream, grown};
use crate::error::ErrorKind;
use crate::id::DeviceId;

impl Ingest {
    pub(super) fn push_hex(&mut self, device: &DeviceId, value: &[u8], at: Arrival, out: &mut Vec<Outcome>) {
        if value == hex::END {
            return self.end_hex(device, at, out);
        }
        let begins = begins_photo(value);
        // The common case first: one look-up, and the chunk is decoded to where it stays.
        if let Some(stream) = self
            .devices
            .get_mut(device)
            .and_then(|streams| streams.hex.as_mut())
            && !(begins && stream.can_restart())
            && stream.has_room_for(value)
        {
            if let Err(error) = stream.append(value, at) {
                self.bad(device, at, error, "a hex chunk", out);
            }
            return;
        }
        if begins && self.begins_another(device, value, at, out) {
            return;
        }
        self.append_with_growth(device, value, at, out);
    }

    /// A chunk begins like a photo. Ends the photo before it, if there is one; true when there is nothing left to do.
    fn begins_another(
        &mut self,
        device: &DeviceId,
        value: &[u8],
        at: Arrival,
        out: &mut Vec<Outcome>,
    ) -> bool {
        let streams = self.device(device);
        streams.skip_hex = false;
        let Some(stream) = streams.hex.as_mut().filter(|stream| stream.can_restart()) else {
            return false;
        };
        if stream.is_all_of_it(value) {
            stream.duplicate(at); // the first chunk, delivered again: it begins no other photo
            return true;
        }
        self.finish(device, Stream::Hex, End::NextBegan, at.now_ms, out);
        false
    }

    fn append_with_growth(&mut self, device: &DeviceId, value: &[u8], at: Arrival, out: &mut Vec<Outcome>) {
        let photo_bytes = self.limits.photo_bytes;
        let streams = self.device(device);
        if streams.skip_hex {
            return;
        }
        let (len, held) = streams
            .hex
            .as_ref()
            .map_or((0, 0), |stream| (stream.len(), stream.capacity()));
        let needed = len + value.len() / 2;
        if needed > photo_bytes {
            return self.give_up_hex(device, End::TooLarge(photo_bytes), at, out);
        }
        let capacity = grown(held, needed, photo_bytes);
        if !self.make_room(device, Stream::Hex, capacity - held + STREAM_COST, at, out) {
            return self.give_up_hex(device, End::NoMemory(self.limits.memory), at, out);
        }
        let age = self.next_age;
        let streams = self.device(device);
        let is_new = streams.hex.is_none();
        let stream = streams.hex.get_or_insert_with(|| HexStream::new(age, at));
        let before = if is_new { 0 } else { stream.cost() };
        stream.grow_to(capacity);
        let added = stream.append(value, at);
        let after = stream.cost();
        if is_new && added.is_err() {
            streams.hex = None; // nothing of it could be used: there is no photo yet
        } else {
            self.memory = self.memory - before + after;
            if is_new {
                self.register(device, Stream::Hex);
            }
        }
        if let Err(error) = added {
            self.bad(device, at, error, "a hex chunk", out);
        }
    }

    fn end_hex(&mut self, device: &DeviceId, at: Arrival, out: &mut Vec<Outcome>) {
        let idle = u64::try_from(self.limits.idle.as_millis()).unwrap_or(u64::MAX);
        let streams = self.device(device);
        let skipped = std::mem::take(&mut streams.skip_hex);
        let again = streams
            .hex_ended_ms
            .is_some_and(|ended| at.now_ms.saturating_sub(ended) < idle);
        streams.hex_ended_ms = Some(at.now_ms);
        if let Some(stream) = &mut streams.hex {
            stream.last = at;
            self.finish(device, Stream::Hex, End::Complete, at.now_ms, out);
        } else if again || skipped {
            self.counters.late += 1;
        } else {
            self.counters.bad_chunks += 1;
            let message = "END, but no chunk of a photo came before it".to_owned();
            out.push(Outcome::problem(device, ErrorKind::FrameIncomplete, message, at));
        }
    }

    /// Reports the hex photo that is open, if any, and steps over what still comes of it.
    fn give_up_hex(&mut self, device: &DeviceId, end: End, at: Arrival, out: &mut Vec<Outcome>) {
        out.push(Outcome::problem(
            device,
            ErrorKind::FrameTooLarge,
            end.to_string(),
            at,
        ));
        self.device(device).skip_hex = true;
        self.finish(device, Stream::Hex, end, at.now_ms, out);
    }
}
