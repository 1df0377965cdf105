//! `faceiot.chunk`: photos into chunks and back, without a connection.

mod hex;
mod v2;

pub(crate) use hex::{HexAssembler, HexMessages, hex_encode};
pub(crate) use v2::{V2Assembler, V2Chunk, v2_encode, v2_parse};

/// The most octets of a photo when the caller says nothing; the same as in the local cloud.
const MAX_BYTES: usize = 4 * 1024 * 1024;
