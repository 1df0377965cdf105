//! Format `hex`: the tutorial's messages out of a photo, and photos out of messages.

use faceiot_core::chunk::hex;
use faceiot_core::text::hex_upper;
use faceiot_core::{ErrorKind, chunk::hex::Step};

use crate::ffi::{Room, given_mut, octets, octets_mut};
use crate::source::FaceiotSource;
use crate::status::{Status, guard};

/// How far an encoder is.
#[repr(C)]
pub struct FaceiotHexEncoder {
    /// The photo.
    pub source: FaceiotSource,
    /// 0 in the photo, 1 before `END`, 2 after it.
    pub stage: u32,
}

/// Number of messages of a photo of this many octets, `END` included.
#[unsafe(no_mangle)]
pub extern "C" fn faceiot_hex_message_count(octets: usize) -> usize {
    hex::message_count(octets)
}

/// Writes the next message into `out` (872 octets hold any); `written` 0 says that there is none left.
///
/// The photo's octets are read into the end of `out` and encoded towards its start, so that no other memory is needed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_hex_next(
    encoder: *mut FaceiotHexEncoder,
    out: *mut u8,
    out_len: usize,
    written: *mut usize,
) -> Status {
    guard(|| unsafe {
        let encoder = given_mut(encoder)?;
        let written = given_mut(written)?;
        let out = octets_mut(out, out_len)?;
        let message = out
            .first_chunk_mut::<{ hex::MESSAGE_MAX }>()
            .ok_or(ErrorKind::BufferTooSmall)?;
        if encoder.stage == 2 {
            *written = 0;
            return Ok(());
        }
        let mut count = 0;
        if encoder.stage == 0 {
            count = encoder.source.fill(&mut message[DATA..])?;
            if count < hex::CHUNK_OCTETS {
                encoder.stage = 1;
            }
            encode(message, count);
        }
        let mut end = HEAD.len() + 2 * count;
        if count == 0 {
            end += hex::END.len();
            message[HEAD.len()..][..hex::END.len()].copy_from_slice(hex::END.as_bytes());
            encoder.stage = 2;
        }
        message[..HEAD.len()].copy_from_slice(HEAD);
        message[end..][..TAIL.len()].copy_from_slice(TAIL);
        *written = end + TAIL.len();
        Ok(())
    })
}

const HEAD: &[u8] = hex::ENVELOPE[0].as_bytes();
const TAIL: &[u8] = hex::ENVELOPE[1].as_bytes();
/// Where the octets of a chunk are read to.
const DATA: usize = hex::MESSAGE_MAX - hex::CHUNK_OCTETS;
/// Octets that are encoded at once. The last block may hold some that were not read; its digits are overwritten.
const BLOCK: usize = 40;
// Encoding goes forwards and never overtakes what it still has to read.
const _: () = assert!(
    hex::CHUNK_OCTETS.is_multiple_of(BLOCK) && HEAD.len() + 2 * hex::CHUNK_OCTETS <= DATA + hex::CHUNK_OCTETS
);

/// The first `count` octets at [`DATA`] as digits behind the head.
fn encode(message: &mut [u8; hex::MESSAGE_MAX], count: usize) {
    for start in (0..count.min(hex::CHUNK_OCTETS)).step_by(BLOCK) {
        let (mut octets, mut digits) = ([0; BLOCK], [0; 2 * BLOCK]);
        octets.copy_from_slice(&message[DATA + start..][..BLOCK]);
        if hex_upper(&octets, &mut digits).is_ok() {
            message[HEAD.len() + 2 * start..][..2 * BLOCK].copy_from_slice(&digits);
        }
    }
}

/// An assembler over memory of the caller. What is in it is the library's.
pub type FaceiotHexAssembler = Room<hex::Assembler<&'static mut [u8]>, 8>;

/// What a chunk did: the photo grows.
pub const HEX_MORE: u32 = 0;
/// `END`: the photo is whole as far as the format can tell.
pub const HEX_COMPLETE: u32 = 1;
/// A new photo begins although the one before had no `END`; that one is gone.
pub const HEX_RESTARTED: u32 = 2;
/// `END` without a photo.
pub const HEX_EMPTY: u32 = 3;
/// A chunk of a photo that was given up because of an error.
pub const HEX_DROPPED: u32 = 4;

/// Makes an assembler for photos of at most `memory_len` octets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_hex_assembler_init(
    assembler: *mut FaceiotHexAssembler,
    memory: *mut u8,
    memory_len: usize,
) -> Status {
    guard(|| unsafe {
        // The memory outlives the assembler by the caller's promise.
        Room::put(assembler, hex::Assembler::new(octets_mut(memory, memory_len)?))
    })
}

/// Takes the value of `img` and says what it did; after `FACEIOT_HEX_COMPLETE`, `photo_len` octets of the memory are the
/// photo until the next call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_hex_push(
    assembler: *mut FaceiotHexAssembler,
    text: *const u8,
    text_len: usize,
    step: *mut u32,
    photo_len: *mut usize,
) -> Status {
    guard(|| unsafe {
        let assembler = Room::inside_mut(assembler)?;
        let (step, photo_len) = (given_mut(step)?, given_mut(photo_len)?);
        let done = assembler.push(octets(text, text_len)?).map_err(|e| e.kind)?;
        (*step, *photo_len) = match done {
            Step::More => (HEX_MORE, assembler.photo().len()),
            Step::Complete { len } => (HEX_COMPLETE, len),
            Step::Restarted { .. } => (HEX_RESTARTED, assembler.photo().len()),
            Step::Empty => (HEX_EMPTY, 0),
            Step::Dropped => (HEX_DROPPED, 0),
        };
        Ok(())
    })
}
