//! Alibaba Cloud IoT Platform.
//!
//! | what | where |
//! |---|---|
//! | a device's MQTT login: [`mqtt_login`], [`verify_mqtt_login`] | `mqtt`, `verify` |
//! | its client id and user name: [`parse_client_id`], [`parse_username`] | `client_id` |
//! | dynamic registration, sub-devices | [`register`] |
//! | the login of a consumer of server-side subscriptions | [`amqp`] |
//! | POP requests (IoT, Face): RPC v1, ROA v1, `ACS3-HMAC-SHA256` | [`rpc`], [`roa`], [`acs3`] |
//! | Dataplus requests (seed 000) | [`dataplus`] |
//! | Tablestore requests and responses | [`tablestore`] |
//! | object storage, versions 1 and 4, header and URL | [`oss`] |

pub mod acs3;
pub mod amqp;
mod client_id;
pub mod dataplus;
mod mqtt;
pub mod oss;
pub mod register;
pub mod roa;
pub mod rpc;
pub mod tablestore;
mod verify;

use core::fmt;

pub use client_id::{ClientId, parse_client_id, parse_username};
pub use mqtt::{
    LOGIN_BUFFER, Options, Timestamp, mqtt_login, mqtt_login_md5, mqtt_login_sha1, mqtt_login_sha256,
    string_to_sign,
};
pub use verify::verify_mqtt_login;

use super::Masked;
use crate::digest;
use crate::error::{Error, ErrorKind, Result};

/// The three-part certificate of a device (Alibaba: `ProductKey`, `DeviceName`, `DeviceSecret`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// `ProductKey`.
    pub product_key: &'a str,
    /// `DeviceName`.
    pub device_name: &'a str,
    /// `DeviceSecret`. Masked in `Debug`.
    pub device_secret: &'a str,
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("product_key", &self.product_key)
            .field("device_name", &self.device_name)
            .field("device_secret", &Masked)
            .finish()
    }
}

/// The MAC that signs (`signmethod`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Method {
    /// `hmacmd5`: what the platform assumes when a client id names none.
    HmacMd5,
    /// `hmacsha1`.
    HmacSha1,
    /// `hmacsha256`: the default of this crate.
    #[default]
    HmacSha256,
}

impl Method {
    /// The vendor's name: `hmacmd5`, `hmacsha1`, `hmacsha256`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacMd5 => "hmacmd5",
            Self::HmacSha1 => "hmacsha1",
            Self::HmacSha256 => "hmacsha256",
        }
    }

    /// The method of this name. Gateways of linkkit 1.2.13 write `hmacSha256`, so the case does not matter.
    ///
    /// # Errors
    /// [`ErrorKind::SignMethod`].
    pub fn parse(name: &str) -> Result<Self> {
        [Self::HmacMd5, Self::HmacSha1, Self::HmacSha256]
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(name))
            .ok_or(Error::new(ErrorKind::SignMethod, "signmethod"))
    }

    /// The MAC of the parts.
    pub(crate) fn mac(self, key: &[u8], parts: &[&[u8]]) -> Mac {
        match self {
            Self::HmacMd5 => Mac::from_octets(&digest::hmac_md5(key, parts)),
            Self::HmacSha1 => Mac::from_octets(&digest::hmac_sha1(key, parts)),
            Self::HmacSha256 => Mac::from_octets(&digest::hmac_sha256(key, parts)),
        }
    }
}

/// A MAC of any of the methods; wiped when dropped, for it is a password.
pub(crate) struct Mac {
    octets: [u8; 32],
    len: usize,
}

impl Mac {
    fn from_octets(octets: &[u8]) -> Self {
        let mut mac = Self {
            octets: [0; 32],
            len: octets.len(),
        };
        for (to, from) in mac.octets.iter_mut().zip(octets) {
            *to = *from;
        }
        mac
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }
}

impl Drop for Mac {
    fn drop(&mut self) {
        digest::wipe(&mut self.octets);
    }
}

/// The key of signature version 4: HMACs over day, region, service and a constant, each keyed by the one before.
fn version_4_key(access_key_secret: &str, [day, region, service]: [&str; 3]) -> [u8; 32] {
    let secret = [&b"aliyun_v4"[..], access_key_secret.as_bytes()];
    let mut key = digest::hmac::<digest::Sha256>(&secret, &[day.as_bytes()]);
    for text in [region, service, "aliyun_v4_request"] {
        let next = digest::hmac_sha256(&key, &[text.as_bytes()]);
        digest::wipe(&mut key);
        key = next;
    }
    key
}
