//! Hashes, MACs and checksums. Everything takes its message in parts, so that nothing has to be joined first.
//!
//! ```
//! use faceiot_core::digest;
//!
//! let mac = digest::hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]); // RFC 4231, case 2
//! assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
//! assert_eq!(digest::crc32(b"123456789"), 0xCBF4_3926);
//! ```

use hmac::digest::common::{Key, KeySizeUser};
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// HMAC-MD5 (RFC 2104) of the parts in order.
pub fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    finish(mac::<Md5>(key), parts).into()
}

/// HMAC-SHA1 (RFC 2104) of the parts in order.
pub fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    finish(mac::<Sha1>(key), parts).into()
}

/// HMAC-SHA256 (RFC 4231) of the parts in order.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    finish(mac::<Sha256>(key), parts).into()
}

/// MD5 of the parts in order.
pub fn md5(parts: &[&[u8]]) -> [u8; 16] {
    hash::<Md5>(parts).into()
}

/// SHA-1 of the parts in order.
pub fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    hash::<Sha1>(parts).into()
}

/// SHA-256 of the parts in order.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    hash::<Sha256>(parts).into()
}

/// CRC-32/ISO-HDLC, the one of zlib and of chunk format v2.
pub fn crc32(data: &[u8]) -> u32 {
    crc32fast::hash(data)
}

/// CRC-32/ISO-HDLC of a message that comes in parts.
#[derive(Clone, Debug, Default)]
pub struct Crc32(crc32fast::Hasher);

impl Crc32 {
    /// The CRC of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on behind parts that had this CRC; 0 is the CRC of nothing.
    ///
    /// ```
    /// use faceiot_core::digest::{Crc32, crc32};
    ///
    /// let mut crc = Crc32::resume(crc32(b"1234"));
    /// crc.update(b"56789");
    /// assert_eq!(crc.finish(), 0xCBF4_3926);
    /// ```
    #[must_use]
    pub fn resume(crc: u32) -> Self {
        Self(crc32fast::Hasher::new_with_initial(crc))
    }

    /// Takes the next part.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The CRC of everything taken so far.
    #[must_use]
    pub fn finish(&self) -> u32 {
        self.0.clone().finalize()
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
pub fn ct_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Overwrites memory that held a secret; the compiler may not leave it out.
pub fn wipe(memory: &mut [u8]) {
    memory.zeroize();
}

/// The hash of the parts.
fn hash<D: Digest>(parts: &[&[u8]]) -> hmac::digest::Output<D> {
    let mut hash = D::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize()
}

/// A keyed MAC. The key is brought to block size here, because that makes the library's constructor infallible; our
/// copy is wiped.
fn mac<D>(key: &[u8]) -> Hmac<D>
where
    D: EagerHash + Digest,
    Hmac<D>: KeySizeUser + KeyInit,
{
    let mut block = Key::<Hmac<D>>::default();
    if let Some(head) = block.get_mut(..key.len()) {
        head.copy_from_slice(key);
    } else {
        for (to, from) in block.iter_mut().zip(D::digest(key)) {
            *to = from;
        }
    }
    let mac = Hmac::<D>::new(&block);
    block.as_mut_slice().zeroize();
    mac
}

/// The code of the parts.
fn finish<M: Mac>(mut mac: M, parts: &[&[u8]]) -> hmac::digest::Output<M> {
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes()
}
