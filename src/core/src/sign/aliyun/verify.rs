//! The other side of a device's MQTT login.

use super::mqtt::signed_parts;
use super::{Credentials, parse_client_id, parse_username};
use crate::error::{Error, ErrorKind};
use crate::sign::{Mismatch, is_hex_of};
use crate::text::Writer;

/// Checks a login as the platform does: item order, hex case and the time do not matter; the comparison is constant
/// in time. Look the device up by [`parse_username`] first.
///
/// `string_to_sign_out` receives the string that was signed here, for the log: when a login fails, that is what to
/// compare with the device. One that is too small makes the mismatch carry no string and changes nothing else.
///
/// ```
/// use faceiot_core::{ErrorKind, sign::aliyun};
///
/// let id = "12345|securemode=3,signmethod=hmacsha1,timestamp=789|";
/// let mac = "fafd82a3d602b37fb0fa8b7892f24a477f851a14";
/// let mut signed = [0; 256];
/// assert!(aliyun::verify_mqtt_login(id, "device&pk", mac, "secret", &mut signed).is_ok());
///
/// let refused = aliyun::verify_mqtt_login(id, "other&pk", mac, "secret", &mut signed).unwrap_err();
/// assert_eq!(refused.kind, ErrorKind::Signature);
/// assert_eq!(refused.string_to_sign, "clientId12345deviceNameotherproductKeypktimestamp789");
/// ```
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::ClientId`], [`ErrorKind::Username`], [`ErrorKind::SignMethod`] or
/// [`ErrorKind::Signature`].
pub fn verify_mqtt_login<'o>(
    client_id: &str,
    username: &str,
    password: impl AsRef<[u8]>,
    device_secret: &str,
    string_to_sign_out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let (device_name, product_key) = parse_username(username).map_err(Mismatch::before)?;
    let client = parse_client_id(client_id).map_err(Mismatch::before)?;
    if client.auth_type.is_some() {
        return Err(Mismatch::before(Error::new(
            ErrorKind::ClientId,
            "authType belongs to another flow",
        )));
    }
    let credentials = Credentials {
        product_key,
        device_name,
        device_secret,
    };
    let parts = signed_parts(&credentials, Some(client.id), client.timestamp);
    let mac = client.method.mac(device_secret.as_bytes(), &parts);
    if is_hex_of(password.as_ref(), mac.as_bytes()) {
        return Ok(());
    }
    let mut w = Writer::new(string_to_sign_out);
    let whole = parts.iter().try_for_each(|part| w.push_bytes(part).map(drop));
    let string_to_sign = if whole.is_ok() { w.finish() } else { "" };
    Err(Mismatch {
        kind: ErrorKind::Signature,
        at: "password",
        string_to_sign,
    })
}
