//! The MACs of HTTP signatures, and what comes out of them.

use core::fmt;

use super::mask::mask_tokens;
use super::{Masked, Mismatch};
use crate::digest::{Algorithm, Hash, Key, Mac, Sha1, Sha256, ct_eq, wipe};
use crate::error::{Error, ErrorKind, Result};
use crate::text::{Sink, Writer, base64_decode, base64_encode, hex_decode, hex_lower};

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
        wipe(&mut ours);
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
        wipe(&mut self.text);
    }
}

/// A key that was derived for a day and a region, so that a request costs one HMAC. Masked in `Debug`, wiped when
/// dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(pub(crate) Key<Sha256>);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

/// HMAC-SHA1 of what `write` writes, keyed with the parts one behind the other.
pub(crate) fn hmac_sha1(key: &[&[u8]], write: impl FnOnce(&mut Mac<Sha1>) -> Result<()>) -> Result<[u8; 20]> {
    hmac(&Key::new(key), write)
}

/// HMAC-SHA256 of what `write` writes, keyed with the parts one behind the other.
pub(crate) fn hmac_sha256(
    key: &[&[u8]],
    write: impl FnOnce(&mut Mac<Sha256>) -> Result<()>,
) -> Result<[u8; 32]> {
    hmac(&Key::new(key), write)
}

/// HMAC of what `write` writes.
pub(crate) fn hmac<A: Algorithm>(
    key: &Key<A>,
    write: impl FnOnce(&mut Mac<A>) -> Result<()>,
) -> Result<A::Digest> {
    let mut mac = key.mac();
    write(&mut mac)?;
    Ok(mac.finish())
}

/// Writes the lower-case hex of the SHA-256 of what `write` writes.
pub(crate) fn put_sha256(
    sink: &mut impl Sink,
    write: impl FnOnce(&mut Hash<Sha256>) -> Result<()>,
) -> Result<()> {
    let (mut hash, mut text) = (Hash::new(), [0; 64]);
    write(&mut hash)?;
    sink.put(hex_lower(&hash.finish(), &mut text)?)
}

/// Compares a signature with the one of `write`'s text, and keeps the text for the log when they differ: without the
/// security tokens in it.
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
    let whole = write(&mut w).map(|()| w.len());
    let len = whole.map_or(0, |len| mask_tokens(out.split_at_mut(len).0));
    let string_to_sign = core::str::from_utf8(out.split_at(len).0).unwrap_or_default();
    Err(Mismatch {
        kind: ErrorKind::Signature,
        at,
        string_to_sign,
    })
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
