//! Format `v2`: self-describing chunks out of a photo, and photos out of chunks.

use core::ffi::c_char;

use faceiot_core::ErrorKind;
use faceiot_core::chunk::v2::{self, HEADER_LEN, Header, LAST, RETRANSMIT, Range, Step};
use faceiot_core::digest::Crc32;

use crate::ffi::{Room, given_mut, octets, octets_mut};
use crate::source::FaceiotSource;
use crate::status::{Status, guard};

/// How far an encoder is, and what every chunk says.
#[repr(C)]
pub struct FaceiotV2Encoder {
    /// The photo.
    pub source: FaceiotSource,
    /// Capture time in milliseconds since 1970 UTC; 0 without a clock.
    pub time_ms: u64,
    /// Number of the photo within the epoch, from 1.
    pub frame_id: u32,
    /// Octets of data in a chunk.
    pub chunk_size: u32,
    /// Changes at each boot.
    pub epoch: u16,
    /// 0 octets, 1 JPEG, 2 PNG, 3 RGB888, 4 JSON.
    pub content_type: u8,
    /// Not 0: the chunks were sent before.
    pub retransmit: u8,
    /// CRC-32 of what was sent; the library's.
    pub crc: u32,
    /// Number of the next chunk; the library's.
    pub sequence: u32,
    /// 0 not begun, 1 one octet read ahead, 2 ended; the library's.
    pub stage: u8,
    /// The octet read ahead; the library's.
    pub ahead: u8,
}

/// Writes the next chunk into `out` (`40 + chunk_size` octets hold any); `written` 0 says that there is none left.
///
/// Behind a callback one octet is read ahead, to know which chunk is the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_v2_next(
    encoder: *mut FaceiotV2Encoder,
    out: *mut u8,
    out_len: usize,
    written: *mut usize,
) -> Status {
    guard(|| unsafe {
        let encoder = given_mut(encoder)?;
        let written = given_mut(written)?;
        let size = encoder.chunk_size as usize;
        if size == 0 {
            return Err(ErrorKind::InvalidArgument);
        }
        let message = octets_mut(out, out_len)?
            .get_mut(..HEADER_LEN.saturating_add(size))
            .ok_or(ErrorKind::BufferTooSmall)?;
        if encoder.stage == 2 {
            *written = 0;
            return Ok(());
        }
        let (head, data) = message.split_at_mut(HEADER_LEN);
        let mut ahead = [encoder.ahead];
        let offset;
        if encoder.stage == 0 {
            offset = encoder.source.position;
            if encoder.source.fill(&mut ahead)? == 0 {
                return Err(ErrorKind::InvalidArgument);
            }
        } else {
            // The octet read ahead.
            offset = encoder
                .source
                .position
                .checked_sub(1)
                .ok_or(ErrorKind::InvalidArgument)?;
        }
        data[..1].copy_from_slice(&ahead);
        let count = 1 + encoder.source.fill(&mut data[1..])?;
        let more = count == size && encoder.source.fill(&mut ahead)? == 1;
        let data = &data[..count];
        let mut crc = Crc32::resume(encoder.crc);
        crc.update(data);
        let header = encoder.header(offset, count, more, crc.finish())?;
        head.copy_from_slice(&header.emit(data));
        (encoder.crc, encoder.sequence) = (crc.finish(), encoder.sequence + 1);
        (encoder.stage, encoder.ahead) = (if more { 1 } else { 2 }, ahead[0]);
        *written = HEADER_LEN + count;
        Ok(())
    })
}

impl FaceiotV2Encoder {
    fn header(&self, offset: usize, count: usize, more: bool, crc: u32) -> Result<Header, ErrorKind> {
        let small = |n: usize| u32::try_from(n).map_err(|_| ErrorKind::FrameTooLarge);
        let sequence = u16::try_from(self.sequence).map_err(|_| ErrorKind::FrameTooLarge)?;
        let mut header = Header {
            flags: if self.retransmit == 0 { 0 } else { RETRANSMIT },
            content_type: self.content_type,
            sequence,
            epoch: self.epoch,
            frame_id: self.frame_id,
            offset: small(offset)?,
            time_ms: self.time_ms,
            ..Header::default()
        };
        if more {
            header.total_length = small(self.source.length)?;
            header.total = u16::try_from(self.source.length.div_ceil(self.chunk_size as usize))
                .map_err(|_| ErrorKind::FrameTooLarge)?;
        } else {
            header.flags |= LAST;
            header.total = sequence.checked_add(1).ok_or(ErrorKind::FrameTooLarge)?;
            header.total_length = small(offset + count)?;
            header.frame_crc = crc;
        }
        Ok(header)
    }
}

/// `~2` and the base64 of a chunk, for a text property, with a NUL; `2 + 4 * ceil(chunk_len / 3) + 1` octets hold it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_v2_text(
    chunk: *const u8,
    chunk_len: usize,
    text: *mut c_char,
    text_len: usize,
    written: *mut usize,
) -> Status {
    guard(|| unsafe {
        let chunk = octets(chunk, chunk_len)?;
        crate::ffi::write_text(text, text_len, written, |out| {
            let mut w = faceiot_core::text::Writer::new(out);
            w.push_str("~2")?.push_base64(chunk)?;
            Ok(w.finish())
        })
    })
}

/// An assembler over memory of the caller. What is in it is the library's.
pub type FaceiotV2Assembler = Room<v2::Assembler<'static>, 24>;

/// A part of a frame: from `start` up to `end`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct FaceiotRange {
    /// First octet.
    pub start: u32,
    /// Behind the last octet.
    pub end: u32,
}

const _: () = assert!(
    size_of::<FaceiotRange>() == size_of::<Range>() && align_of::<FaceiotRange>() == align_of::<Range>()
);

/// What a chunk did: the photo grows.
pub const V2_MORE: u32 = 0;
/// The photo is whole and its CRC is right.
pub const V2_COMPLETE: u32 = 1;
/// The chunk was there already.
pub const V2_DUPLICATE: u32 = 2;

/// Makes an assembler for photos of at most `memory_len` octets that come in at most `range_count` separate pieces.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_v2_assembler_init(
    assembler: *mut FaceiotV2Assembler,
    memory: *mut u8,
    memory_len: usize,
    ranges: *mut FaceiotRange,
    range_count: usize,
) -> Status {
    guard(|| unsafe {
        given_mut(ranges)?;
        if range_count > isize::MAX as usize / size_of::<FaceiotRange>() {
            return Err(ErrorKind::InvalidArgument);
        }
        // SAFETY: the core's range is `repr(C)` with the same two fields; the memory outlives the assembler.
        let ranges = core::slice::from_raw_parts_mut(ranges.cast::<Range>(), range_count);
        Room::put(
            assembler,
            v2::Assembler::new(octets_mut(memory, memory_len)?, ranges),
        )
    })
}

/// Takes a raw chunk and says what it did; after `FACEIOT_V2_COMPLETE`, `photo_len` octets of the memory are the photo.
/// A chunk of another photo is refused with `FACEIOT_E_CHUNK_HEADER`: init again and push it again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_v2_push(
    assembler: *mut FaceiotV2Assembler,
    chunk: *const u8,
    chunk_len: usize,
    step: *mut u32,
    photo_len: *mut usize,
) -> Status {
    guard(|| unsafe {
        let assembler = Room::inside_mut(assembler)?;
        let (step, photo_len) = (given_mut(step)?, given_mut(photo_len)?);
        let chunk = v2::parse(octets(chunk, chunk_len)?).map_err(|e| e.kind)?;
        let done = assembler.push(&chunk).map_err(|e| e.kind)?;
        *step = match done {
            Step::More => V2_MORE,
            Step::Complete { .. } => V2_COMPLETE,
            Step::Duplicate => V2_DUPLICATE,
        };
        *photo_len = assembler.frame().len();
        Ok(())
    })
}

/// The `index`-th part that is missing; `FACEIOT_E_NOT_FOUND` when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_v2_missing(
    assembler: *const FaceiotV2Assembler,
    index: usize,
    range: *mut FaceiotRange,
) -> Status {
    guard(|| unsafe {
        let assembler = Room::inside(assembler)?;
        let range = given_mut(range)?;
        let (start, len) = assembler.missing().nth(index).ok_or(ErrorKind::NotFound)?;
        *range = FaceiotRange {
            start,
            end: start + len,
        };
        Ok(())
    })
}
