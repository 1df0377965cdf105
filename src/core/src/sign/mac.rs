//! The MACs of HTTP signatures, and what comes out of them.

use core::fmt;

use hmac::digest::common::{Key, KeySizeUser};
use hmac::{EagerHash, Hmac, KeyInit, Mac as _};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::stream::{Hashing, Sink};
use super::{Masked, Mismatch};
use crate::digest::ct_eq;
use crate::error::{Error, ErrorKind, Result};
use crate::text::{Writer, base64_decode, base64_encode, hex_decode, hex_lower};

/// The key of a cloud account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AccessKey<'a> {
    /// `AccessKeyId`.
    pub access_key_id: &'a str,
    /// `AccessKeySecret`. Masked in `Debug`.
    pub access_key_secret: &'a str,
    /// `SecurityToken` of temporary credentials (STS). Masked in `Debug`.
    pub security_token: Option<&'a str>,
}

impl fmt::Debug for AccessKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey")
            .field("access_key_id", &self.access_key_id)
            .field("access_key_secret", &Masked)
            .field("security_token", &self.security_token.map(|_| Masked))
            .finish()
    }
}

/// A signature as text: base64 or lower-case hex, as the service writes it. Masked in `Debug`, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    text: [u8; 64],
    len: usize,
    hex: bool,
}

impl Signature {
    /// The text that goes into the request.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.text.get(..self.len).unwrap_or_default()).unwrap_or_default()
    }

    /// Base64 of a MAC of 48 octets at most.
    pub(crate) fn base64(mac: &[u8]) -> Result<Self> {
        Self::write(false, |out| base64_encode(mac, out).map(str::len))
    }

    /// Lower-case hex of a MAC of 32 octets at most.
    pub(crate) fn hex(mac: &[u8]) -> Result<Self> {
        Self::write(true, |out| hex_lower(mac, out).map(str::len))
    }

    fn write(hex: bool, write: impl FnOnce(&mut [u8]) -> Result<usize>) -> Result<Self> {
        let mut text = [0; 64];
        let len = write(&mut text)?;
        Ok(Self { text, len, hex })
    }

    /// Whether `given` says the same: the octets are compared in constant time, hex in either case.
    pub(crate) fn accepts(&self, given: &str) -> bool {
        let (mut ours, mut theirs) = ([0; 64], [0; 64]);
        if given.len() != self.len {
            return false;
        }
        let read = |text: &str, out: &mut [u8; 64]| {
            if self.hex {
                hex_decode(text.as_bytes(), out).is_ok()
            } else {
                base64_decode(text.as_bytes(), out).is_ok()
            }
        };
        let both = read(self.as_str(), &mut ours) & read(given, &mut theirs);
        let equal = both & ct_eq(&ours, &theirs);
        ours.zeroize();
        equal
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(***)")
    }
}

impl Drop for Signature {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

/// A key that was derived for a day and a region, so that a request costs one HMAC. Masked in `Debug`, wiped when
/// dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(pub(crate) [u8; 32]);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

impl Drop for SigningKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// HMAC-SHA1 of what `write` writes, keyed with the parts one behind the other.
pub(crate) fn hmac_sha1(
    key: &[&[u8]],
    write: impl FnOnce(&mut Hashing<Hmac<Sha1>>) -> Result<()>,
) -> Result<[u8; 20]> {
    let mut mac = Hashing(keyed::<Sha1>(key));
    write(&mut mac)?;
    Ok(mac.0.finalize().into_bytes().into())
}

/// HMAC-SHA256 of what `write` writes, keyed with the parts one behind the other.
pub(crate) fn hmac_sha256(
    key: &[&[u8]],
    write: impl FnOnce(&mut Hashing<Hmac<Sha256>>) -> Result<()>,
) -> Result<[u8; 32]> {
    let mut mac = Hashing(keyed::<Sha256>(key));
    write(&mut mac)?;
    Ok(mac.0.finalize().into_bytes().into())
}

/// Lower-case hex of the SHA-256 of what `write` writes.
pub(crate) fn sha256_hex(write: impl FnOnce(&mut Hashing<Sha256>) -> Result<()>) -> Result<Signature> {
    let mut hash = Hashing(Sha256::new());
    write(&mut hash)?;
    Signature::hex(&hash.0.finalize())
}

/// Compares a signature with the one of `write`'s text, and keeps the text for the log when they differ.
pub(crate) fn compare<'o>(
    expected: &Signature,
    given: &str,
    at: &'static str,
    out: &'o mut [u8],
    write: impl FnOnce(&mut Writer<'_>) -> Result<()>,
) -> core::result::Result<(), Mismatch<'o>> {
    if expected.accepts(given) {
        return Ok(());
    }
    let mut w = Writer::new(out);
    let string_to_sign = if write(&mut w).is_ok() { w.finish() } else { "" };
    Err(Mismatch {
        kind: ErrorKind::Signature,
        at,
        string_to_sign,
    })
}

/// A MAC with this key; parts longer than a block together are hashed, as RFC 2104 says.
fn keyed<D>(parts: &[&[u8]]) -> Hmac<D>
where
    D: EagerHash + Digest,
    Hmac<D>: KeySizeUser + KeyInit,
{
    let mut block = Key::<Hmac<D>>::default();
    let octets = parts.iter().map(|part| part.len()).sum::<usize>();
    if octets <= block.len() {
        for (to, from) in block.iter_mut().zip(parts.iter().copied().flatten()) {
            *to = *from;
        }
    } else {
        let mut hash = D::new();
        for part in parts {
            Digest::update(&mut hash, part);
        }
        for (to, from) in block.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
    }
    let mac = Hmac::<D>::new(&block);
    block.as_mut_slice().zeroize();
    mac
}

/// The value of the parameter or header of this name; it may be there once only.
pub(crate) fn single<'a>(
    pairs: &[(&'a str, &'a str)],
    same: impl Fn(&str) -> bool,
    at: &'static str,
) -> Result<Option<&'a str>> {
    let mut values = pairs.iter().filter(|pair| same(pair.0)).map(|pair| pair.1);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(Error::new(ErrorKind::Signature, at)),
    }
}

/// Writes pieces one behind the other.
pub(crate) fn put_all(sink: &mut impl Sink, pieces: &[&str]) -> Result<()> {
    pieces.iter().try_for_each(|piece| sink.put(piece))
}
