//! The login of a device of a registration group at the bootstrap server (设备发放), which tells it where to connect.
//! A device that was registered before logs in there as everywhere, by [`mqtt_login`](super::mqtt_login).
//!
//! ```
//! use faceiot_core::sign::huawei::{Hour, bootstrap};
//!
//! let device = bootstrap::Device {
//!     device_id: "5fbbb784b4ec2202e982e643_868540050954037", scope_id: "ff5bbx7a488f",
//!     group_secret: "Z3JvdXAtc2VjcmV0LTAwMDE=",
//! };
//! let mut buffer = [0; 512];
//! let login = bootstrap::mqtt_login(&device, Hour::parse("2026010203")?, "", None, &mut buffer)?;
//! assert_eq!(login.client_id, "5fbbb784b4ec2202e982e643_868540050954037_0_ff5bbx7a488f_0_2026010203");
//! assert_eq!(login.password, "125967bb0b7754eb9ed12616d5b4239670618a0d5cadde20dfe6e8673d234248");
//! # Ok::<(), faceiot_core::Error>(())
//! ```

use core::fmt;

use super::Hour;
use crate::digest::{hmac_sha256, wipe};
use crate::error::{Error, ErrorKind, Result};
use crate::sign::{Login, Masked, Mismatch, is_hex_of};
use crate::text::{Writer, base64_decode, hex_lower, put_all};

/// The longest group secret, in octets of its base64.
const SECRET_MAX: usize = 256;

/// A device of a registration group.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Device<'a> {
    /// Device id.
    pub device_id: &'a str,
    /// Scope id of the group.
    pub scope_id: &'a str,
    /// The group's secret, base64 as the console shows it. Masked in `Debug`.
    pub group_secret: &'a str,
}

impl fmt::Debug for Device<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("device_id", &self.device_id)
            .field("scope_id", &self.scope_id)
            .field("group_secret", &Masked)
            .finish()
    }
}

/// The login; the port is 8883 when `None`. The sign type is 0, as the vendor's SDK for Python has it.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] for an empty id, or one that would be read differently; [`ErrorKind::Base64`] for a
/// group secret that is not base64; [`ErrorKind::BufferTooSmall`].
pub fn mqtt_login<'b>(
    device: &Device<'_>,
    hour: Hour,
    host: &str,
    port: Option<u16>,
    buffer: &'b mut [u8],
) -> Result<Login<'b>> {
    check(device)?;
    let mut w = Writer::new(buffer);
    w.push_str(host)?;
    let host = w.cut();
    put_all(
        &mut w,
        &[device.device_id, "_0_", device.scope_id, "_0_", hour.as_str()],
    )?;
    let client_id = w.cut();
    w.push_str(device.device_id)?;
    let username = w.cut();
    w.push_hex_lower(&password(device, hour)?)?;
    Ok(Login {
        host,
        port: port.unwrap_or(8883),
        client_id,
        username,
        password: w.finish(),
    })
}

/// The client id of a device that proves itself by an X.509 certificate: `{device_id}_0_{scope_id}`, without a password.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`], [`ErrorKind::BufferTooSmall`].
pub fn x509_client_id<'b>(device_id: &str, scope_id: &str, buffer: &'b mut [u8]) -> Result<&'b str> {
    check(&Device {
        device_id,
        scope_id,
        group_secret: "",
    })?;
    let mut w = Writer::new(buffer);
    put_all(&mut w, &[device_id, "_0_", scope_id])?;
    Ok(w.finish())
}

/// Takes a client id apart: device id, scope id and hour.
///
/// # Errors
/// [`ErrorKind::ClientId`], [`ErrorKind::Timestamp`].
pub fn parse_client_id(client_id: &str) -> Result<(&str, &str, Hour)> {
    let mut fields = client_id.rsplitn(5, '_');
    match (
        fields.next(),
        fields.next(),
        fields.next(),
        fields.next(),
        fields.next(),
    ) {
        (Some(hour), Some("0"), Some(scope_id), Some("0"), Some(device_id))
            if !device_id.is_empty() && !scope_id.is_empty() =>
        {
            Ok((device_id, scope_id, Hour::parse(hour)?))
        }
        _ => Err(Error::new(
            ErrorKind::ClientId,
            "not `{device_id}_0_{scope_id}_0_{hour}`",
        )),
    }
}

/// Checks a login of a registration group. The hour is not compared with a clock.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::ClientId`], [`ErrorKind::Username`], [`ErrorKind::Timestamp`],
/// [`ErrorKind::Base64`] or [`ErrorKind::Signature`].
pub fn verify_mqtt_login(
    client_id: &str,
    username: &str,
    password_hex: &str,
    group_secret: &str,
) -> core::result::Result<(), Mismatch<'static>> {
    let (device_id, scope_id, hour) = parse_client_id(client_id).map_err(Mismatch::before)?;
    if username != device_id {
        return Err(Mismatch::before(Error::new(
            ErrorKind::Username,
            "not the device id of the client id",
        )));
    }
    let expected = password(
        &Device {
            device_id,
            scope_id,
            group_secret,
        },
        hour,
    )
    .map_err(Mismatch::before)?;
    if is_hex_of(password_hex.as_bytes(), &expected) {
        Ok(())
    } else {
        Err(Mismatch::before(Error::new(ErrorKind::Signature, "password")))
    }
}

fn check(device: &Device<'_>) -> Result<()> {
    let wrong = |id: &str| id.is_empty() || id.chars().any(char::is_control);
    if wrong(device.device_id) || wrong(device.scope_id) || device.scope_id.contains('_') {
        return Err(Error::new(ErrorKind::InvalidArgument, "device_id or scope_id"));
    }
    Ok(())
}

/// HMAC with the hour as the key of the hex text of the device's own secret, which is the HMAC of the group's secret with
/// the device id as the key.
fn password(device: &Device<'_>, hour: Hour) -> Result<[u8; 32]> {
    if device.group_secret.len() > SECRET_MAX {
        return Err(Error::new(ErrorKind::InvalidArgument, "group_secret is too long"));
    }
    let (mut secret, mut text) = ([0; SECRET_MAX], [0; 64]);
    let mut own = [0; 32];
    let done = base64_decode(device.group_secret.as_bytes(), &mut secret).map(|secret| {
        own = hmac_sha256(device.device_id.as_bytes(), &[secret]);
    });
    let password = done
        .and_then(|()| hex_lower(&own, &mut text))
        .map(|text| hmac_sha256(hour.as_bytes(), &[text.as_bytes()]));
    wipe(&mut secret);
    wipe(&mut own);
    wipe(&mut text);
    password
}
