//! Bytes in, whole packets out. Works on any stream; a packet larger than the cap is refused by its header,
//! before memory is taken for its body.

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Input of one connection.
pub(crate) struct Frames {
    buffer: BytesMut,
    cap: usize,
    /// Length of the packet that was handed out last; removed before the next is looked at.
    taken: usize,
    /// How much to read at once: grows while reads fill it, shrinks when they do not, so that an idle
    /// connection holds little.
    ahead: usize,
}

/// Why the input cannot be cut into packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FrameError {
    /// Remaining Length has more than four bytes.
    Length,
    /// The packet is larger than the cap.
    TooLarge { size: usize, cap: usize },
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Length => f.write_str("malformed remaining length"),
            Self::TooLarge { size, cap } => write!(f, "a packet of {size} bytes, {cap} are allowed"),
        }
    }
}

impl Frames {
    pub(crate) fn new(cap: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            cap,
            taken: 0,
            ahead: AHEAD_MIN,
        }
    }

    pub(crate) fn set_cap(&mut self, cap: usize) {
        self.cap = cap;
    }

    /// The next whole packet, fixed header included; `None` when more has to be read.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, FrameError> {
        self.buffer.advance(self.taken);
        self.taken = 0;
        let Some(size) = packet_size(&self.buffer)? else {
            return Ok(None);
        };
        if size > self.cap {
            return Err(FrameError::TooLarge { size, cap: self.cap });
        }
        if self.buffer.len() < size {
            return Ok(None);
        }
        self.taken = size;
        Ok(Some(&self.buffer[..size]))
    }

    /// Reads what there is, until as much as the largest packet is buffered. 0 is the end.
    pub(crate) async fn fill(&mut self, input: &mut (impl AsyncRead + Unpin)) -> std::io::Result<usize> {
        self.buffer.advance(self.taken);
        self.taken = 0;
        let waiting = self.buffer.is_empty();
        if waiting && self.buffer.capacity() > 2 * AHEAD_MIN {
            self.buffer = BytesMut::new();
        }
        let missing = match packet_size(&self.buffer) {
            Ok(Some(size)) => size.min(self.cap).saturating_sub(self.buffer.len()),
            _ => 0,
        };
        let room = self.cap.saturating_sub(self.buffer.len());
        // Between packets nobody knows for how long: a thousand cameras that wait cost little. In the middle
        // of one the next is probably behind it.
        let ahead = if waiting { AHEAD_MIN } else { self.ahead };
        let want = missing.max(ahead).min(room).max(1);
        self.buffer.reserve(want);
        let read = (&mut *input).take(want as u64).read_buf(&mut self.buffer).await?;
        if read == want {
            self.ahead = (self.ahead * 2).min(AHEAD_MAX);
        } else if read < self.ahead / 4 {
            self.ahead = (self.ahead / 2).max(AHEAD_MIN);
        }
        Ok(read)
    }
}

/// Size of the packet at the beginning, once its fixed header is there.
fn packet_size(bytes: &[u8]) -> Result<Option<usize>, FrameError> {
    let mut length = 0;
    for (i, &byte) in bytes.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Ok(Some(2 + i + length));
        }
    }
    if bytes.len() > 4 {
        Err(FrameError::Length)
    } else {
        Ok(None)
    }
}

const AHEAD_MIN: usize = 2 << 10;
const AHEAD_MAX: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    async fn frames_of(mut input: &[u8], cap: usize) -> Result<Vec<Vec<u8>>, FrameError> {
        let mut frames = Frames::new(cap);
        let mut found = Vec::new();
        loop {
            while let Some(packet) = frames.next()? {
                found.push(packet.to_vec());
            }
            if frames.fill(&mut input).await.expect("a slice can be read") == 0 {
                return Ok(found);
            }
        }
    }

    #[tokio::test]
    async fn a_lying_length_is_refused_before_memory_is_taken() {
        let huge = [0x30, 0xff, 0xff, 0xff, 0x7f, 0];
        assert_eq!(
            frames_of(&huge, 4096).await,
            Err(FrameError::TooLarge {
                size: 268_435_460,
                cap: 4096
            })
        );
        assert_eq!(
            frames_of(&[0x30, 0xff, 0xff, 0xff, 0xff, 0x01], 4096).await,
            Err(FrameError::Length)
        );
        let mut frames = Frames::new(4096);
        let _ = frames.fill(&mut &huge[..]).await;
        assert!(frames.next().is_err());
        assert!(frames.buffer.capacity() <= 8192);
    }

    #[tokio::test]
    async fn no_more_than_the_cap_is_buffered_before_login() {
        let mut frames = Frames::new(4096);
        let mut endless = tokio::io::repeat(0x00);
        let mut total = 0;
        // 0x00 0x00 is a packet of two bytes; not taking it must stop the reading.
        for _ in 0..4096 {
            total += frames.fill(&mut endless).await.expect("readable");
            if frames.buffer.len() >= 4096 {
                break;
            }
        }
        assert_eq!(total, 4096);
        assert!(frames.buffer.capacity() <= 8192);
    }

    proptest! {
        #[test]
        fn any_bytes_come_out_whole_and_in_order_however_they_arrive(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8),
            step in 1_usize..64,
        ) {
            let mut stream = Vec::new();
            let mut expected = Vec::new();
            for body in &bodies {
                let mut packet = vec![0x30];
                let mut n = body.len();
                loop {
                    let digit = (n % 128) as u8;
                    n /= 128;
                    packet.push(if n > 0 { digit | 0x80 } else { digit });
                    if n == 0 { break; }
                }
                packet.extend_from_slice(body);
                stream.extend_from_slice(&packet);
                expected.push(packet);
            }
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let found = runtime.block_on(async {
                let mut frames = Frames::new(4096);
                let mut found = Vec::new();
                for mut piece in stream.chunks(step) {
                    while !piece.is_empty() {
                        frames.fill(&mut piece).await.expect("readable");
                        while let Some(packet) = frames.next().expect("well formed") {
                            found.push(packet.to_vec());
                        }
                    }
                }
                found
            });
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn noise_never_panics_and_every_packet_is_as_long_as_it_says(noise in prop::collection::vec(any::<u8>(), 0..400)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            if let Ok(found) = runtime.block_on(frames_of(&noise, 100)) {
                for packet in found {
                    prop_assert_eq!(packet_size(&packet), Ok(Some(packet.len())));
                }
            }
        }
    }
}
