//! Signatures: what a cloud wants signed, signed and checked.
//!
//! One module a cloud. Signing takes everything as arguments - the time and the nonce too - and writes into the
//! caller's buffer; verifying takes what came over the wire and never says what it expected, because an expected
//! password is a valid password.
//!
//! | module | what it signs and verifies |
//! |---|---|
//! | [`aliyun`] | device logins, registration, consumers; POP, Dataplus, OSS and Tablestore requests |
//! | [`huawei`] | device and bootstrap logins, consumers; requests with AK and SK |
//! | [`meituan`] | AWS signature version 2 |
//!
//! [`explain`] says where two strings to sign differ. Requests come in as a [`Request`] (or a module's own), keys as
//! [`AccessKey`], and a [`SigningKey`] is one that was derived for a day and can be kept. [`Utc`] spells times.

pub mod aliyun;
mod explain;
pub mod huawei;
mod mac;
mod mask;
pub mod meituan;
mod order;
mod request;
mod utc;

pub use explain::{Difference, Part, explain};
pub use mac::{AccessKey, Signature, SigningKey};
pub use request::Request;
pub use utc::Utc;

use core::fmt;

use crate::error::{Error, ErrorKind};

/// What an MQTT client needs to log in. The strings lie in the buffer that the caller gave.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Login<'a> {
    /// Host name to connect to and to verify by TLS.
    pub host: &'a str,
    /// TCP port.
    pub port: u16,
    /// MQTT client identifier.
    pub client_id: &'a str,
    /// MQTT user name.
    pub username: &'a str,
    /// MQTT password. Masked in `Debug`.
    pub password: &'a str,
}

impl fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("client_id", &self.client_id)
            .field("username", &self.username)
            .field("password", &Masked)
            .finish()
    }
}

/// Why a login or a request was not accepted, and what was signed here; never the expected MAC.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mismatch<'o> {
    /// The reason.
    pub kind: ErrorKind,
    /// The field or rule that failed.
    pub at: &'static str,
    /// The string that this side signed, secrets masked; empty when it did not come that far. Compare it with the
    /// string that the other side signed: that is where the two differ.
    pub string_to_sign: &'o str,
}

impl Mismatch<'_> {
    /// A refusal before anything was signed.
    pub(crate) const fn before(error: Error) -> Self {
        Self {
            kind: error.kind,
            at: error.at,
            string_to_sign: "",
        }
    }
}

impl From<Mismatch<'_>> for Error {
    fn from(mismatch: Mismatch<'_>) -> Self {
        Error::new(mismatch.kind, mismatch.at)
    }
}

impl fmt::Display for Mismatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Error::new(self.kind, self.at))?;
        if !self.string_to_sign.is_empty() {
            write!(f, "; signed here: `{}`", self.string_to_sign)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Mismatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mismatch({self})")
    }
}

impl core::error::Error for Mismatch<'_> {}

/// How a secret prints.
pub(crate) struct Masked;

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Whether `text` is the hex, in either case, of `mac`; the time tells nothing of `mac`.
pub(crate) fn is_hex_of(text: &[u8], mac: &[u8]) -> bool {
    let mut given = [0; 64]; // SHA-512 would fit
    let Some(room) = given.get_mut(..mac.len()) else {
        return false;
    };
    match crate::text::hex_decode(text, room) {
        Ok(given) if text.len() == mac.len() * 2 => crate::digest::ct_eq(given, mac),
        _ => false,
    }
}
