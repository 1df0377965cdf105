//! The header, read and written.

use super::{HEADER_LEN, LAST, RETRANSMIT};
use crate::digest::Crc32;
use crate::error::{Error, ErrorKind, Result};

const MAGIC: [u8; 2] = *b"FC";
const VERSION: u8 = 2;

/// Where the fields stand.
mod field {
    pub(super) const MAGIC: usize = 0;
    pub(super) const VERSION: usize = 2;
    pub(super) const FLAGS: usize = 3;
    pub(super) const CONTENT_TYPE: usize = 4;
    pub(super) const HEADER_LENGTH: usize = 5;
    pub(super) const SEQUENCE: usize = 6;
    pub(super) const TOTAL: usize = 8;
    pub(super) const EPOCH: usize = 10;
    pub(super) const FRAME_ID: usize = 12;
    pub(super) const TOTAL_LENGTH: usize = 16;
    pub(super) const OFFSET: usize = 20;
    pub(super) const FRAME_CRC: usize = 24;
    pub(super) const TIME: usize = 28;
    pub(super) const CHUNK_CRC: usize = 36;
}

/// What a chunk says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Header {
    /// [`LAST`] and [`RETRANSMIT`]; other bits have no meaning yet.
    pub flags: u8,
    /// What the frame is: [`OCTETS`](super::OCTETS), [`JPEG`](super::JPEG) ...
    pub content_type: u8,
    /// Number of the chunk within the frame, from 0.
    pub sequence: u16,
    /// Number of chunks; 0 when not yet known.
    pub total: u16,
    /// Changes at each boot of the sender.
    pub epoch: u16,
    /// Number of the frame within the epoch.
    pub frame_id: u32,
    /// Octets of the frame; 0 when not yet known.
    pub total_length: u32,
    /// Where the data stands in the frame.
    pub offset: u32,
    /// CRC-32 of the frame, in the last chunk.
    pub frame_crc: u32,
    /// Capture time in milliseconds since 1970-01-01 UTC; 0 without a clock.
    pub time_ms: u64,
}

impl Header {
    /// Whether the chunk has the highest offset of its frame.
    pub const fn is_last(&self) -> bool {
        self.flags & LAST != 0
    }

    /// Whether the chunk was sent before.
    pub const fn is_retransmit(&self) -> bool {
        self.flags & RETRANSMIT != 0
    }

    /// The 40 octets that go before `data`, its CRC included.
    pub fn emit(&self, data: &[u8]) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        put(&mut out, field::MAGIC, &MAGIC);
        put(&mut out, field::VERSION, &[VERSION]);
        put(&mut out, field::FLAGS, &[self.flags]);
        put(&mut out, field::CONTENT_TYPE, &[self.content_type]);
        put(&mut out, field::HEADER_LENGTH, &[HEADER_LEN as u8]);
        put(&mut out, field::SEQUENCE, &self.sequence.to_be_bytes());
        put(&mut out, field::TOTAL, &self.total.to_be_bytes());
        put(&mut out, field::EPOCH, &self.epoch.to_be_bytes());
        put(&mut out, field::FRAME_ID, &self.frame_id.to_be_bytes());
        put(&mut out, field::TOTAL_LENGTH, &self.total_length.to_be_bytes());
        put(&mut out, field::OFFSET, &self.offset.to_be_bytes());
        put(&mut out, field::FRAME_CRC, &self.frame_crc.to_be_bytes());
        put(&mut out, field::TIME, &self.time_ms.to_be_bytes());
        let crc = chunk_crc(&out, data);
        put(&mut out, field::CHUNK_CRC, &crc.to_be_bytes());
        out
    }
}

/// A chunk that was checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chunk<'a> {
    /// What it says of itself.
    pub header: Header,
    /// Its part of the frame, at least one octet.
    pub data: &'a [u8],
}

impl Chunk<'_> {
    /// Where its data ends in the frame. [`parse`] has checked that it does not overflow.
    pub fn end(&self) -> u32 {
        self.header.offset.saturating_add(self.data.len() as u32)
    }
}

/// Reads and checks a raw chunk. Nothing of it is believed before its CRC has been checked.
///
/// Checked in this order: length, magic, version, header length, chunk CRC, then that offset and length lie within the
/// frame and that the numbers agree with each other.
///
/// ```
/// use faceiot_core::{ErrorKind, chunk::v2};
///
/// let header = v2::Header { flags: v2::LAST, total: 1, frame_id: 1, total_length: 2, ..v2::Header::default() };
/// let mut chunk = header.emit(b"ab").to_vec();
/// chunk.extend(b"ab");
/// assert_eq!(v2::parse(&chunk)?, v2::Chunk { header, data: b"ab" });
/// chunk[40] = b'x';
/// assert_eq!(v2::parse(&chunk).unwrap_err().kind, ErrorKind::ChunkCrc);
/// # Ok::<(), faceiot_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::ChunkLength`], [`ErrorKind::ChunkMagic`], [`ErrorKind::ChunkVersion`], [`ErrorKind::ChunkHeader`],
/// [`ErrorKind::ChunkCrc`], [`ErrorKind::ChunkRange`]; the offset is that of the field.
pub fn parse(octets: &[u8]) -> Result<Chunk<'_>> {
    let fail = |kind, at, offset| Err(Error::new(kind, at).at_offset(offset));
    let Some(head) = octets.first_chunk::<HEADER_LEN>() else {
        return fail(ErrorKind::ChunkLength, "shorter than a header", octets.len());
    };
    if get::<2>(head, field::MAGIC) != MAGIC {
        return fail(ErrorKind::ChunkMagic, "magic", field::MAGIC);
    }
    if get::<1>(head, field::VERSION) != [VERSION] {
        return fail(ErrorKind::ChunkVersion, "version", field::VERSION);
    }
    let [header_length] = get(head, field::HEADER_LENGTH);
    let header_length = usize::from(header_length);
    if header_length < HEADER_LEN {
        return fail(ErrorKind::ChunkHeader, "header length", field::HEADER_LENGTH);
    }
    let data = octets.get(header_length..).unwrap_or_default();
    if data.is_empty() {
        return fail(ErrorKind::ChunkLength, "no data", octets.len());
    }
    if chunk_crc(head, data) != u32::from_be_bytes(get(head, field::CHUNK_CRC)) {
        return fail(ErrorKind::ChunkCrc, "chunk CRC", field::CHUNK_CRC);
    }
    let [flags] = get(head, field::FLAGS);
    let [content_type] = get(head, field::CONTENT_TYPE);
    let header = Header {
        flags,
        content_type,
        sequence: u16::from_be_bytes(get(head, field::SEQUENCE)),
        total: u16::from_be_bytes(get(head, field::TOTAL)),
        epoch: u16::from_be_bytes(get(head, field::EPOCH)),
        frame_id: u32::from_be_bytes(get(head, field::FRAME_ID)),
        total_length: u32::from_be_bytes(get(head, field::TOTAL_LENGTH)),
        offset: u32::from_be_bytes(get(head, field::OFFSET)),
        frame_crc: u32::from_be_bytes(get(head, field::FRAME_CRC)),
        time_ms: u64::from_be_bytes(get(head, field::TIME)),
    };
    let end = u32::try_from(data.len())
        .ok()
        .and_then(|len| header.offset.checked_add(len));
    let Some(end) = end.filter(|end| header.total_length == 0 || *end <= header.total_length) else {
        return fail(
            ErrorKind::ChunkRange,
            "behind the end of the frame",
            field::OFFSET,
        );
    };
    if header.is_last() && header.total_length != end {
        return fail(
            ErrorKind::ChunkHeader,
            "total length of the last chunk",
            field::TOTAL_LENGTH,
        );
    }
    let total_fits = if header.is_last() {
        header.sequence.checked_add(1) == Some(header.total)
    } else {
        header.total == 0 || header.sequence < header.total
    };
    if !total_fits {
        return fail(ErrorKind::ChunkHeader, "total", field::TOTAL);
    }
    Ok(Chunk { header, data })
}

/// The CRC of a chunk: of the header before the CRC itself, and of the data.
fn chunk_crc(head: &[u8; HEADER_LEN], data: &[u8]) -> u32 {
    let mut crc = Crc32::new();
    crc.update(head.split_at(field::CHUNK_CRC).0);
    crc.update(data);
    crc.finish()
}

/// `N` octets of a header. The offsets are the constants above, all within the 40.
fn get<const N: usize>(head: &[u8; HEADER_LEN], at: usize) -> [u8; N] {
    head.get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .unwrap_or([0; N])
}

/// Writes octets into a header.
fn put(head: &mut [u8; HEADER_LEN], at: usize, octets: &[u8]) {
    for (to, from) in head.iter_mut().skip(at).zip(octets) {
        *to = *from;
    }
}
