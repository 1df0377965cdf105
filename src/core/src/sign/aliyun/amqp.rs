//! The login of a consumer of server-side subscriptions, AMQP 1.0 and STOMP alike
//! (<https://help.aliyun.com/document_detail/142489.html>).
//!
//! ```
//! use faceiot_core::sign::{AccessKey, aliyun::{Method, amqp}};
//!
//! let key = AccessKey { access_key_id: "testid", access_key_secret: "testsecret", security_token: None };
//! let options = amqp::Options { client_id: "c", consumer_group_id: "DEFAULT_GROUP", timestamp: "1573489088171",
//!                               method: Method::HmacSha1, ..amqp::Options::default() };
//! let mut buffer = [0; 512];
//! let (username, password) = amqp::login(&key, &options, &mut buffer)?;
//! assert_eq!(username, "c|authMode=aksign,signMethod=hmacsha1,timestamp=1573489088171,authId=testid,consumerGroupId=DEFAULT_GROUP|");
//! assert_eq!(password, "RG+3WYzI9qDD0P9m6ER+maK4yH0=");
//! # Ok::<(), faceiot_core::Error>(())
//! ```

use super::Method;
use crate::error::{Error, ErrorKind, Result};
use crate::sign::Mismatch;
use crate::sign::mac::{AccessKey, Signature, compare};
use crate::text::{Writer, put_all};

/// How to log in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options<'a> {
    /// Free text, 64 characters at most, different for each connection.
    pub client_id: &'a str,
    /// Consumer group.
    pub consumer_group_id: &'a str,
    /// Instance id; needed exactly when the instance has one.
    pub instance_id: Option<&'a str>,
    /// Milliseconds since 1970 in decimal.
    pub timestamp: &'a str,
    /// `signMethod`.
    pub method: Method,
    /// Ask for message bodies in base64 (`encode=base64`): binary payloads over STOMP.
    pub base64_bodies: bool,
}

/// User name and password.
///
/// With a security token the mode is `ststoken` and the token is signed.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] when a value holds `|` or `,`, [`ErrorKind::BufferTooSmall`].
pub fn login<'b>(
    key: &AccessKey<'_>,
    options: &Options<'_>,
    buffer: &'b mut [u8],
) -> Result<(&'b str, &'b str)> {
    let values = [
        key.access_key_id,
        options.client_id,
        options.consumer_group_id,
        options.timestamp,
    ];
    let token = key.security_token.unwrap_or_default();
    let mut all = values
        .iter()
        .copied()
        .chain([options.instance_id.unwrap_or_default(), token]);
    if let Some(bad) = all.find_map(|value| value.find(['|', ','])) {
        return Err(Error::new(ErrorKind::InvalidArgument, "a value holds `|` or `,`").at_offset(bad));
    }
    let mut w = Writer::new(buffer);
    let mode = if key.security_token.is_some() {
        "ststoken"
    } else {
        "aksign"
    };
    put_all(
        &mut w,
        &[
            options.client_id,
            "|authMode=",
            mode,
            ",signMethod=",
            options.method.as_str(),
        ],
    )?;
    if key.security_token.is_some() {
        put_all(&mut w, &[",securityToken=", token])?;
    }
    put_all(
        &mut w,
        &[",timestamp=", options.timestamp, ",authId=", key.access_key_id],
    )?;
    if let Some(instance) = options.instance_id {
        put_all(&mut w, &[",iotInstanceId=", instance])?;
    }
    put_all(&mut w, &[",consumerGroupId=", options.consumer_group_id])?;
    if options.base64_bodies {
        put_all(&mut w, &[",encode=base64"])?;
    }
    put_all(&mut w, &["|"])?;
    let username = w.cut();
    w.push_str(sign(key, options.timestamp, options.method)?.as_str())?;
    Ok((username, w.finish()))
}

/// The text that is signed: `authId=..&timestamp=..`, with the security token between them when there is one.
///
/// (In the text of seed 001 `&timestamp` became `×tamp`, the HTML entity `&times`; that is not what is signed.)
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn string_to_sign<'b>(key: &AccessKey<'_>, timestamp: &str, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_all(&mut w, &parts(key, timestamp))?;
    Ok(w.finish())
}

/// The password: base64 of the MAC.
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn sign(key: &AccessKey<'_>, timestamp: &str, method: Method) -> Result<Signature> {
    let parts = parts(key, timestamp).map(str::as_bytes);
    Signature::base64(method.mac(key.access_key_secret.as_bytes(), &parts).as_bytes())
}

/// A user name taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Username<'a> {
    /// Free text before the first bar.
    pub client_id: &'a str,
    /// `authId`: the access key, to look its secret up.
    pub access_key_id: &'a str,
    /// `securityToken`, in mode `ststoken`.
    pub security_token: Option<&'a str>,
    /// `timestamp`.
    pub timestamp: &'a str,
    /// `signMethod`.
    pub method: Method,
    /// `consumerGroupId`.
    pub consumer_group_id: &'a str,
    /// `iotInstanceId`.
    pub instance_id: Option<&'a str>,
    /// `encode=base64`.
    pub base64_bodies: bool,
}

impl core::fmt::Debug for Username<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Username")
            .field("client_id", &self.client_id)
            .field("access_key_id", &self.access_key_id)
            .field(
                "security_token",
                &self.security_token.map(|_| crate::sign::Masked),
            )
            .field("timestamp", &self.timestamp)
            .field("method", &self.method)
            .field("consumer_group_id", &self.consumer_group_id)
            .field("instance_id", &self.instance_id)
            .field("base64_bodies", &self.base64_bodies)
            .finish()
    }
}

/// Takes a user name apart, whatever the order of its items.
///
/// # Errors
/// [`ErrorKind::Username`], [`ErrorKind::SignMethod`].
pub fn parse_username(username: &str) -> Result<Username<'_>> {
    let wrong = |at| Error::new(ErrorKind::Username, at);
    let (client_id, rest) = username.split_once('|').ok_or(wrong("no `|` in it"))?;
    let items = rest.strip_suffix('|').ok_or(wrong("no `|` at its end"))?;
    let item = |name: &str| {
        let mut values = items
            .split(',')
            .filter_map(|item| item.split_once('='))
            .filter(|item| item.0 == name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value.map(|item| item.1)),
            _ => Err(wrong("an item is given twice")),
        }
    };
    let needed = |name| item(name)?.ok_or(wrong("an item is missing"));
    let security_token = match needed("authMode")? {
        "aksign" => None,
        "ststoken" => Some(needed("securityToken")?),
        _ => return Err(wrong("authMode")),
    };
    Ok(Username {
        client_id,
        access_key_id: needed("authId")?,
        security_token,
        timestamp: needed("timestamp")?,
        method: Method::parse(needed("signMethod")?)?,
        consumer_group_id: needed("consumerGroupId")?,
        instance_id: item("iotInstanceId")?,
        base64_bodies: item("encode")? == Some("base64"),
    })
}

/// Checks a login. Look the secret up by [`parse_username`]; the time is the caller's to check.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Username`], [`ErrorKind::SignMethod`] or [`ErrorKind::Signature`].
pub fn verify<'o>(
    username: &str,
    password: &str,
    access_key_secret: &str,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let user = parse_username(username).map_err(Mismatch::before)?;
    let key = AccessKey {
        access_key_id: user.access_key_id,
        access_key_secret,
        security_token: user.security_token,
    };
    let expected = sign(&key, user.timestamp, user.method).map_err(Mismatch::before)?;
    compare(&expected, password, "password", out, |w| {
        put_all(w, &parts(&key, user.timestamp))
    })
}

fn parts<'p>(key: &AccessKey<'p>, timestamp: &'p str) -> [&'p str; 6] {
    let (name, token) = key
        .security_token
        .map_or(("", ""), |token| ("&securityToken=", token));
    [
        "authId=",
        key.access_key_id,
        name,
        token,
        "&timestamp=",
        timestamp,
    ]
}
