//! The MQTT login of a device (support.huaweicloud.com, api-iothub/iot_06_v5_3009), both sides of it.

use super::{Credentials, Hour};
use crate::digest::hmac_sha256;
use crate::error::{Error, ErrorKind, Result};
use crate::sign::{Login, Mismatch, is_hex_of};
use crate::text::Writer;

/// A buffer of this size holds any login whose strings are within the vendor's 256 octets each.
pub const LOGIN_BUFFER: usize = 1024;

/// Client id, user name and password hold 256 octets each at most (api-iothub/iot_06_v5_3009).
const FIELD_MAX: usize = 256;

/// Whether the platform compares the hour of a login with its clock.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SignType {
    /// `0`: not compared. Right for a device without a clock.
    #[default]
    NoCheck = 0,
    /// `1`: compared.
    Check = 1,
}

impl SignType {
    /// The digit in the client id.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoCheck => "0",
            Self::Check => "1",
        }
    }
}

/// How to log in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options<'a> {
    /// Whether the platform shall check the hour.
    pub sign_type: SignType,
    /// The hour to sign with.
    pub hour: Hour,
    /// Host of the instance, as the console shows it; it is passed through.
    pub host: &'a str,
    /// Port; `None`: 8883 (TLS). 1883 is plain TCP.
    pub port: Option<u16>,
}

impl Default for Options<'_> {
    /// For a device without a clock: [`SignType::NoCheck`] and the first hour of 1970.
    fn default() -> Self {
        Self {
            sign_type: SignType::NoCheck,
            hour: Hour::from_unix(0),
            host: "",
            port: None,
        }
    }
}

/// Signs the login of a device; the login's strings lie in `buffer` ([`LOGIN_BUFFER`] octets are enough).
///
/// The password is the lower-case hex of HMAC-SHA256 with the **hour as the key** and the secret as the message. The
/// hour is UTC and the same in the client id and in the key.
///
/// ```
/// use faceiot_core::sign::huawei::{self, Credentials, Hour, Options, SignType};
///
/// let device = Credentials { device_id: "5fbbb784b4ec2202e982e643_868540050954037", device_secret: "ac4263b86eaf6442997a" };
/// let options = Options { sign_type: SignType::Check, hour: Hour::from_unix(1_767_323_045), ..Options::default() };
/// let mut buffer = [0; huawei::LOGIN_BUFFER];
/// let login = huawei::mqtt_login(&device, &options, &mut buffer)?;
/// assert_eq!(login.client_id, "5fbbb784b4ec2202e982e643_868540050954037_0_1_2026010203");
/// assert_eq!(login.username, "5fbbb784b4ec2202e982e643_868540050954037");
/// assert_eq!(login.password, "c78e094c27ad0ef1cf5ac14b45d7f3121d9f0e532c81c7886c62ffa9cdbc3b82");
/// # Ok::<(), faceiot_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] when the device id is empty, holds a control character, or makes the client id
/// longer than 256 octets; [`ErrorKind::BufferTooSmall`].
pub fn mqtt_login<'b>(
    credentials: &Credentials<'_>,
    options: &Options<'_>,
    buffer: &'b mut [u8],
) -> Result<Login<'b>> {
    let device_id = credentials.device_id;
    if device_id.is_empty() || device_id.chars().any(char::is_control) {
        return Err(Error::new(ErrorKind::InvalidArgument, "device_id"));
    }
    let mut w = Writer::new(buffer);
    w.push_str(options.host)?;
    let host = w.cut();

    w.push_str(device_id)?
        .push_str("_0_")?
        .push_str(options.sign_type.as_str())?;
    w.push_str("_")?.push_str(options.hour.as_str())?;
    if w.len() > FIELD_MAX {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "client id is longer than 256 octets",
        ));
    }
    let client_id = w.cut();

    w.push_str(device_id)?;
    let username = w.cut();

    w.push_hex_lower(&password(options.hour, credentials.device_secret))?;
    Ok(Login {
        host,
        port: options.port.unwrap_or(8883),
        client_id,
        username,
        password: w.finish(),
    })
}

/// A client id taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientId<'a> {
    /// Device id.
    pub device_id: &'a str,
    /// Whether the hour is to be checked.
    pub sign_type: SignType,
    /// The hour that signed.
    pub hour: Hour,
}

/// Takes a client id `{device_id}_0_{sign_type}_{YYYYMMDDHH}` apart. The device id may hold `_` itself.
///
/// # Errors
/// [`ErrorKind::ClientId`]; [`ErrorKind::SignMethod`] for a sign type other than 0 and 1 (2 is HMAC-SM3, of the
/// editions with Chinese national cryptography); [`ErrorKind::Timestamp`] when the hour is not ten digits.
pub fn parse_client_id(client_id: &str) -> Result<ClientId<'_>> {
    let wrong = |at| Error::new(ErrorKind::ClientId, at);
    let mut fields = client_id.rsplitn(4, '_');
    let (Some(hour), Some(sign_type), Some(kind), Some(device_id)) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(wrong("not `{device_id}_0_{sign_type}_{hour}`"));
    };
    if kind != "0" {
        return Err(wrong("the type is not 0, a device's own login"));
    }
    if device_id.is_empty() || client_id.len() > FIELD_MAX {
        return Err(wrong("device id"));
    }
    let sign_type = match sign_type {
        "0" => SignType::NoCheck,
        "1" => SignType::Check,
        _ => return Err(Error::new(ErrorKind::SignMethod, "sign type")),
    };
    Ok(ClientId {
        device_id,
        sign_type,
        hour: Hour::parse(hour)?,
    })
}

/// Checks a login as the platform does: sign type 1 only in its own hour, sign type 0 with any ten digits; hex in
/// either case; constant time. Look the device up by its user name, which is its id.
///
/// The secret is the *message* of this MAC, so a [`Mismatch`] names the key (the hour) and masks the message.
///
/// ```
/// use faceiot_core::{ErrorKind, sign::huawei};
///
/// let mac = "c78e094c27ad0ef1cf5ac14b45d7f3121d9f0e532c81c7886c62ffa9cdbc3b82";
/// let (now, later) = (1_767_323_045, 1_767_323_045 + 3600);
/// let mut described = [0; 80];
/// let mut check = |client_id, now| {
///     let checked = huawei::verify_mqtt_login(client_id, "p_n", mac, "ac4263b86eaf6442997a", now, &mut described);
///     checked.map_err(|mismatch| mismatch.kind)
/// };
/// assert_eq!(check("p_n_0_1_2026010203", now), Ok(()));
/// assert_eq!(check("p_n_0_1_2026010203", later), Err(ErrorKind::Timestamp));
/// assert_eq!(check("p_n_0_0_2026010203", later), Ok(()));
/// ```
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::ClientId`], [`ErrorKind::Username`], [`ErrorKind::SignMethod`],
/// [`ErrorKind::Timestamp`] or [`ErrorKind::Signature`].
pub fn verify_mqtt_login<'o>(
    client_id: &str,
    username: &str,
    password: impl AsRef<[u8]>,
    device_secret: &str,
    now_unix: u64,
    string_to_sign_out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let client = parse_client_id(client_id).map_err(Mismatch::before)?;
    if username != client.device_id {
        return Err(Mismatch::before(Error::new(
            ErrorKind::Username,
            "not the device id of the client id",
        )));
    }
    let (kind, at) = if client.sign_type == SignType::Check && client.hour != Hour::from_unix(now_unix) {
        (
            ErrorKind::Timestamp,
            "not the current hour (UTC), which sign type 1 demands",
        )
    } else if is_hex_of(password.as_ref(), &self::password(client.hour, device_secret)) {
        return Ok(());
    } else {
        (ErrorKind::Signature, "password")
    };
    let mut w = Writer::new(string_to_sign_out);
    let whole = describe(client.hour, &mut w);
    let string_to_sign = if whole.is_ok() { w.finish() } else { "" };
    Err(Mismatch {
        kind,
        at,
        string_to_sign,
    })
}

/// What was signed with what, the secret masked.
fn describe(hour: Hour, w: &mut Writer<'_>) -> Result<()> {
    w.push_str("HMAC-SHA256(key=")?
        .push_str(hour.as_str())?
        .push_str(", message=***)")?;
    Ok(())
}

/// The password before it is hex.
fn password(hour: Hour, device_secret: &str) -> [u8; 32] {
    hmac_sha256(hour.as_bytes(), &[device_secret.as_bytes()])
}
