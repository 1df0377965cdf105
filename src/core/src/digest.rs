//! Hashes, MACs and checksums. Everything takes its message in parts, so that nothing has to be joined first.
//!
//! ```
//! use faceiot_core::digest;
//!
//! let mac = digest::hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]); // RFC 4231, case 2
//! assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
//! assert_eq!(digest::crc32(b"123456789"), 0xCBF4_3926);
//! ```

mod block;
mod crc;

use subtle::ConstantTimeEq;

pub use crc::{Crc32, crc32};

pub(crate) use block::{Algorithm, Hash, Key, Mac, Md5, Sha1, Sha256, hash, hmac};

/// HMAC-MD5 (RFC 2104) of the parts in order.
pub fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    hmac::<Md5>(&[key], parts)
}

/// HMAC-SHA1 (RFC 2104) of the parts in order.
pub fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    hmac::<Sha1>(&[key], parts)
}

/// HMAC-SHA256 (RFC 4231) of the parts in order.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    hmac::<Sha256>(&[key], parts)
}

/// MD5 of the parts in order.
pub fn md5(parts: &[&[u8]]) -> [u8; 16] {
    hash::<Md5>(parts)
}

/// SHA-1 of the parts in order.
pub fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    hash::<Sha1>(parts)
}

/// SHA-256 of the parts in order.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    hash::<Sha256>(parts)
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
pub fn ct_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Overwrites memory that held a secret; the compiler may not leave it out.
pub fn wipe(memory: &mut [u8]) {
    block::wipe(memory);
}
