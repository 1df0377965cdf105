//! The login of a consumer of server-side subscriptions over AMQP 1.0
//! (support.huaweicloud.com, usermanual-iothub/iot_01_00100_2). Nothing is signed: the access code is the password.

use crate::digest::ct_eq;
use crate::error::{Error, ErrorKind, Result};
use crate::text::{Writer, put_all};

/// The user name `accessKey={key}|timestamp={ms}|instanceId={id}`; the instance id is left out when there is none. The
/// time must be written anew for every connection.
///
/// ```
/// use faceiot_core::sign::huawei::amqp;
///
/// let mut buffer = [0; 128];
/// assert_eq!(amqp::username("abcdefgh", 1_767_323_045_000, None, &mut buffer)?, "accessKey=abcdefgh|timestamp=1767323045000");
/// # Ok::<(), faceiot_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] when a value holds `|`, [`ErrorKind::BufferTooSmall`].
pub fn username<'b>(
    access_key: &str,
    timestamp_ms: u64,
    instance_id: Option<&str>,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    if access_key.contains('|') || instance_id.is_some_and(|id| id.contains('|')) {
        return Err(Error::new(ErrorKind::InvalidArgument, "a value holds `|`"));
    }
    let mut w = Writer::new(buffer);
    put_all(&mut w, &["accessKey=", access_key, "|timestamp="])?;
    w.push_u64(timestamp_ms)?;
    if let Some(id) = instance_id {
        put_all(&mut w, &["|instanceId=", id])?;
    }
    Ok(w.finish())
}

/// A user name taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Username<'a> {
    /// `accessKey`, to look its code up.
    pub access_key: &'a str,
    /// `timestamp`, milliseconds since 1970.
    pub timestamp_ms: u64,
    /// `instanceId`.
    pub instance_id: Option<&'a str>,
}

/// Takes a user name apart, whatever the order of its items; public code also writes it with a `|` at its end.
///
/// # Errors
/// [`ErrorKind::Username`], [`ErrorKind::Timestamp`].
pub fn parse_username(username: &str) -> Result<Username<'_>> {
    let wrong = |at| Error::new(ErrorKind::Username, at);
    let item = |name: &str| {
        let mut values = username
            .split('|')
            .filter_map(|item| item.split_once('='))
            .filter(|item| item.0 == name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value.map(|item| item.1)),
            _ => Err(wrong("an item is given twice")),
        }
    };
    let timestamp = item("timestamp")?.ok_or(wrong("no timestamp"))?;
    Ok(Username {
        access_key: item("accessKey")?
            .filter(|key| !key.is_empty())
            .ok_or(wrong("no accessKey"))?,
        timestamp_ms: timestamp
            .parse()
            .map_err(|_| Error::new(ErrorKind::Timestamp, "timestamp"))?,
        instance_id: item("instanceId")?,
    })
}

/// Checks a login: the access code in constant time, and the time, which may be 5 minutes off.
///
/// # Errors
/// [`ErrorKind::Username`], [`ErrorKind::Timestamp`], [`ErrorKind::Signature`].
pub fn verify(username: &str, password: &str, access_code: &str, now_ms: u64) -> Result<()> {
    const SKEW_MS: u64 = 300_000;
    let user = parse_username(username)?;
    if user.timestamp_ms.abs_diff(now_ms) > SKEW_MS {
        return Err(Error::new(
            ErrorKind::Timestamp,
            "timestamp is more than 5 minutes off",
        ));
    }
    if ct_eq(password.as_bytes(), access_code.as_bytes()) {
        Ok(())
    } else {
        Err(Error::new(
            ErrorKind::Signature,
            "password is not the access code",
        ))
    }
}
