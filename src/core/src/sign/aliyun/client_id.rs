//! The client id and the user name of an MQTT login, taken apart.

use super::Method;
use crate::error::{Error, ErrorKind, Result};

/// An MQTT client id taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientId<'a> {
    /// The part that is signed, before the first `|`.
    pub id: &'a str,
    /// `securemode`, when given.
    pub secure_mode: Option<i32>,
    /// `signmethod`; [`Method::HmacMd5`] when not given (document 73742).
    pub method: Method,
    /// `timestamp`, when given, as it came.
    pub timestamp: Option<&'a str>,
    /// `authType`, when given: another flow than the device's own login (dynamic registration, login by token).
    pub auth_type: Option<&'a str>,
    /// Everything between the bars, as it came.
    pub items: &'a str,
}

impl<'a> ClientId<'a> {
    /// The items in their order, name and value; one without `=` has an empty value.
    pub fn items(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        items(self.items)
    }

    /// The value of an item.
    pub fn item(&self, name: &str) -> Option<&'a str> {
        self.items().find(|item| item.0 == name).map(|item| item.1)
    }
}

/// Takes a client id apart, whatever the order of its items.
///
/// Tolerated, because official SDKs send it: a trailing comma (Link SDK 4) and a bar inside a value (linkkit's
/// `sii=WiFi|AA0011AABBCC`). Refused: an item that counts and is given twice, for then two readers could disagree.
///
/// ```
/// use faceiot_core::sign::aliyun::{self, Method};
///
/// let id = aliyun::parse_client_id("pk.dn|timestamp=2524608000000,_ss=1,securemode=2,signmethod=hmacsha256,ext=3,|")?;
/// assert_eq!((id.id, id.secure_mode, id.method), ("pk.dn", Some(2), Method::HmacSha256));
/// assert_eq!(id.item("ext"), Some("3"));
/// assert_eq!(aliyun::parse_client_id("x||")?.method, Method::HmacMd5);
/// # Ok::<(), faceiot_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::ClientId`], [`ErrorKind::SignMethod`].
pub fn parse_client_id(client_id: &str) -> Result<ClientId<'_>> {
    let wrong = |at| Error::new(ErrorKind::ClientId, at);
    let (id, rest) = client_id.split_once('|').ok_or(wrong("no `|` in it"))?;
    let between = rest.strip_suffix('|').ok_or(wrong("no `|` at its end"))?;
    let (mut secure_mode, mut method, mut timestamp, mut auth_type) = (None, None, None, None);
    for (name, value) in items(between) {
        let slot = match name {
            "securemode" => &mut secure_mode,
            "signmethod" => &mut method,
            "timestamp" => &mut timestamp,
            "authType" => &mut auth_type,
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return Err(wrong("an item is given twice"));
        }
    }
    Ok(ClientId {
        id,
        secure_mode: secure_mode
            .map(|mode| mode.parse().map_err(|_| wrong("securemode is not a number")))
            .transpose()?,
        method: method.map_or(Ok(Method::HmacMd5), Method::parse)?,
        timestamp,
        auth_type,
        items: between,
    })
}

/// Takes a user name apart: `{device_name}&{product_key}` gives `(device_name, product_key)`.
///
/// ```
/// assert_eq!(faceiot_core::sign::aliyun::parse_username("esp001_001&k0xxxxxIM"), Ok(("esp001_001", "k0xxxxxIM")));
/// ```
///
/// # Errors
/// [`ErrorKind::Username`] when there is not exactly one `&`, or nothing on one side of it.
pub fn parse_username(username: &str) -> Result<(&str, &str)> {
    match username.split_once('&') {
        Some((device_name, product_key))
            if !device_name.is_empty() && !product_key.is_empty() && !product_key.contains('&') =>
        {
            Ok((device_name, product_key))
        }
        _ => Err(Error::new(
            ErrorKind::Username,
            "not `{device_name}&{product_key}`",
        )),
    }
}

/// The items between the bars.
fn items(between: &str) -> impl Iterator<Item = (&str, &str)> {
    between
        .split(',')
        .filter(|item| !item.is_empty())
        .map(|item| item.split_once('=').unwrap_or((item, "")))
}
