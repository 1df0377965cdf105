//! Chunk format v2: chunks that describe themselves.
//!
//! A frame - a photo, or any octets from 1 to 4 GiB - 1 - travels as chunks in any order; duplicates are harmless,
//! there is no end marker, and what is missing is known by offset. All integers are big-endian.
//!
//! | offset | size | field | meaning |
//! |---|---|---|---|
//! | 0 | 2 | magic | `46 43` ("FC") |
//! | 2 | 1 | version | 2; another value: the chunk is refused, not guessed at |
//! | 3 | 1 | flags | bit 0 LAST (highest offset), bit 1 RETRANSMIT, other bits 0 when sent, ignored when received |
//! | 4 | 1 | content type | 0 octets, 1 JPEG, 2 PNG, 3 raw RGB888, 4 JSON; others reserved |
//! | 5 | 1 | header length | 40; a receiver skips what it does not know beyond 40 and refuses less |
//! | 6 | 2 | sequence | 0, 1, 2 ... within the frame |
//! | 8 | 2 | total | number of chunks; 0 = not yet known; in the LAST chunk always sequence + 1 |
//! | 10 | 2 | epoch | changes at each boot of the sender, so that frame ids may restart |
//! | 12 | 4 | frame id | 1, 2, 3 ... within an epoch |
//! | 16 | 4 | total length | octets of the frame; 0 = not yet known; in the LAST chunk always offset + its data |
//! | 20 | 4 | offset | of this chunk's first data octet in the frame |
//! | 24 | 4 | frame CRC | CRC-32 of the whole frame; in the LAST chunk only, 0 in the others |
//! | 28 | 8 | time | capture time, milliseconds since 1970-01-01 UTC; 0 = the sender has no clock |
//! | 36 | 4 | chunk CRC | CRC-32 of header octets 0..35 followed by the data |
//! | 40 | n | data | at least 1 octet |
//!
//! Two carriers: raw (the chunk is the MQTT payload) and text (`~2` and standard base64, as the value of a text
//! property).
//!
//! ```
//! use faceiot_core::chunk::v2::{self, Assembler, Encoder, Options, Range, Step};
//!
//! let photo = [7; 1000];
//! let options = Options { chunk_size: 400, epoch: 1, frame_id: 1, content_type: v2::JPEG, ..Options::default() };
//! let messages: Vec<_> = Encoder::new(&photo, options)?.collect();
//!
//! let (mut payload, mut memory, mut ranges) = ([0; 440], [0; 4096], [Range::default(); 8]);
//! let mut assembler = Assembler::new(&mut memory, &mut ranges);
//! let mut push = |message: &v2::Message| assembler.push(&v2::parse(message.write_to(&mut payload)?)?);
//! assert_eq!(push(&messages[2])?, Step::More); // in any order
//! assert_eq!(push(&messages[0])?, Step::More);
//! assert_eq!(push(&messages[0])?, Step::Duplicate);
//! assert_eq!(push(&messages[1])?, Step::Complete { len: 1000 });
//! assert_eq!(assembler.frame(), photo);
//! # Ok::<(), faceiot_core::Error>(())
//! ```

mod assembler;
mod encoder;
mod header;
mod ranges;
mod text;

pub use assembler::{Assembler, Frame, Step};
pub use encoder::{Encoder, Message, Options, Position};
pub use header::{Chunk, Header, parse};
pub use ranges::{Range, RangeSet};
pub use text::{TEXT_DATA_MAX, decode_text, is_text, text_len};

/// Octets of the header that is sent.
pub const HEADER_LEN: usize = 40;

/// The chunk has the highest offset of its frame and carries the frame's CRC.
pub const LAST: u8 = 1;
/// The chunk was sent before.
pub const RETRANSMIT: u8 = 2;

/// Content type: any octets.
pub const OCTETS: u8 = 0;
/// Content type: a JPEG.
pub const JPEG: u8 = 1;
/// Content type: a PNG.
pub const PNG: u8 = 2;
/// Content type: raw pixels, RGB, 8 bits each.
pub const RGB888: u8 = 3;
/// Content type: JSON.
pub const JSON: u8 = 4;
