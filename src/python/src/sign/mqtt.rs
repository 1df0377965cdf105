//! The MQTT logins of devices of both clouds.

use faceiot_core::sign::{aliyun, huawei};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;

use super::request::{Pairs, Stamp, string};
use crate::clock;
use crate::errors::{Failure, Result};
use faceiot_core::ErrorKind;

/// What a device gives an MQTT broker to be let in.
///
/// `repr()` shows the password as `***`; `==` compares all five fields.
#[pyclass(frozen, eq, module = "faceiot.sign")]
#[derive(PartialEq, Eq)]
pub(crate) struct Login {
    /// Name of the broker.
    #[pyo3(get)]
    pub(super) host: Str,
    /// Port of the broker.
    #[pyo3(get)]
    pub(super) port: u16,
    /// MQTT client id.
    #[pyo3(get)]
    pub(super) client_id: Str,
    /// MQTT user name.
    #[pyo3(get)]
    pub(super) username: Str,
    /// MQTT password. It opens the device's session: treat it as the secret it is.
    #[pyo3(get)]
    pub(super) password: Str,
}

#[pymethods]
impl Login {
    fn __repr__(&self) -> String {
        let Self {
            host,
            port,
            client_id,
            username,
            ..
        } = self;
        format!(
            "Login(host={host:?}, port={port}, client_id={client_id:?}, username={username:?}, password='***')"
        )
    }

    fn __hash__(&self) -> u64 {
        // The password follows from the rest for one secret; leaving it out keeps equal logins equal.
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        (&self.host, self.port, &self.client_id, &self.username).hash(&mut hasher);
        hasher.finish()
    }
}

impl Login {
    pub(super) fn new(py: Python<'_>, login: &faceiot_core::Login<'_>) -> Result<Self> {
        Ok(Self {
            host: string(py, login.host)?,
            port: login.port,
            client_id: string(py, login.client_id)?,
            username: string(py, login.username)?,
            password: string(py, login.password)?,
        })
    }
}

/// `HMAC-MD5`, `-SHA1` or `-SHA256` by the name that Alibaba writes into the client id.
pub(super) fn method_named(name: &str) -> Result<aliyun::Method> {
    match name {
        "hmacmd5" => Ok(aliyun::Method::HmacMd5),
        "hmacsha1" => Ok(aliyun::Method::HmacSha1),
        "hmacsha256" => Ok(aliyun::Method::HmacSha256),
        other => Err(Failure::new(
            ErrorKind::SignMethod,
            format!("sign method `{other}` is none of hmacmd5, hmacsha1, hmacsha256"),
        )),
    }
}

/// Signs the MQTT login of a device of Alibaba Cloud IoT.
///
/// The password is the hex HMAC of `clientId…deviceName…productKey…[timestamp…]` with the device secret as the key
/// (help.aliyun.com/document_detail/73742). Only these four are signed: the secure mode, the method and `extra` are not.
///
/// Args:
///     product_key: ProductKey of the product.
///     device_name: DeviceName of the device.
///     device_secret: DeviceSecret; used as the key, never stored or printed.
///     client_id: The free part of the client id, at most 64 characters; without it `{product_key}.{device_name}`.
///     method: `"hmacsha256"`, `"hmacsha1"` or `"hmacmd5"`.
///     secure_mode: 2 for TLS, 3 for TCP. It changes the client id, not the password.
///     timestamp: Signed as it stands (the cloud does not compare it with its clock); without it there is none.
///     extra: Further items of the client id such as `{"lan": "Python"}`, in their order, unsigned.
///     region: Region of the public instance.
///     instance_id: Id of an enterprise or new public instance; it decides the host.
///     port: Port to put into the result; without it the cloud's for this secure mode.
///     hex_upper: Upper-case hex password. The cloud takes both.
///
/// Returns:
///     The login: host, port, client id, user name and password.
///
/// Raises:
///     SignatureError: The method is unknown.
///     ArgumentError: A name is empty or holds a character that would break the client id.
///
/// Example:
///     >>> login = faceiot.sign.aliyun_mqtt("pk", "device", "secret", client_id="12345",
///     ...                                  method="hmacsha1", timestamp=789)
///     >>> login.client_id
///     '12345|securemode=3,signmethod=hmacsha1,timestamp=789|'
///     >>> login.password
///     'FAFD82A3D602B37FB0FA8B7892F24A477F851A14'
#[pyfunction]
#[pyo3(signature = (
    product_key, device_name, device_secret, *, client_id=None, method="hmacsha256", secure_mode=3, timestamp=None,
    extra=None, region="cn-shanghai", instance_id=None, port=None, hex_upper=true
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn aliyun_mqtt(
    py: Python<'_>,
    product_key: &str,
    device_name: &str,
    device_secret: &str,
    client_id: Option<&str>,
    method: &str,
    secure_mode: i32,
    timestamp: Option<Stamp>,
    extra: Option<Pairs>,
    region: &str,
    instance_id: Option<&str>,
    port: Option<u16>,
    hex_upper: bool,
) -> Result<Login> {
    let extra = extra.unwrap_or_default();
    let options = aliyun::Options {
        client_id,
        method: method_named(method)?,
        secure_mode,
        timestamp: match &timestamp {
            None => aliyun::Timestamp::None,
            Some(Stamp::Number(number)) => aliyun::Timestamp::Value(*number),
            Some(Stamp::Text(text)) => aliyun::Timestamp::Text(text),
        },
        extra: &extra.as_strs(),
        region,
        instance_id,
        port,
        hex_upper,
    };
    let credentials = aliyun::Credentials {
        product_key,
        device_name,
        device_secret,
    };
    let mut memory = [0; aliyun::LOGIN_BUFFER];
    Login::new(py, &aliyun::mqtt_login(&credentials, &options, &mut memory)?)
}

/// Signs the MQTT login of a device of Huawei Cloud IoTDA.
///
/// The password is the lower-case hex HMAC-SHA256 of the device secret with the UTC hour as the key
/// (support.huaweicloud.com/api-iothub/iot_06_v5_3009).
///
/// Args:
///     device_id: Id of the device, usually `{product_id}_{node_id}`.
///     device_secret: Secret of the device; never stored or printed.
///     sign_type: 0: the cloud does not check the hour (for devices without a clock); 1: it must be the current one.
///     timestamp: The hour, as `"YYYYMMDDHH"` in UTC or as seconds since 1970; without it the current one.
///     host: Name of the broker, which the console shows for each instance.
///     port: Port to put into the result; without it 8883 (TLS).
///
/// Returns:
///     The login: host, port, client id, user name and password.
///
/// Raises:
///     SignatureError: The sign type is neither 0 nor 1, or the timestamp is no hour.
///     ArgumentError: The device id is empty or too long.
///
/// Example:
///     >>> login = faceiot.sign.huawei_mqtt("p_n", "x", sign_type=1, timestamp="2026010203")
///     >>> login.client_id
///     'p_n_0_1_2026010203'
///     >>> login
///     Login(host="", port=8883, client_id="p_n_0_1_2026010203", username="p_n", password='***')
#[pyfunction]
#[pyo3(signature = (device_id, device_secret, *, sign_type=0, timestamp=None, host="", port=None))]
pub(crate) fn huawei_mqtt(
    py: Python<'_>,
    device_id: &str,
    device_secret: &str,
    sign_type: u8,
    timestamp: Option<Stamp>,
    host: &str,
    port: Option<u16>,
) -> Result<Login> {
    let options = huawei::Options {
        sign_type: sign_type_numbered(sign_type)?,
        hour: hour(timestamp.as_ref())?,
        host,
        port,
    };
    let credentials = huawei::Credentials {
        device_id,
        device_secret,
    };
    let mut memory = [0; huawei::LOGIN_BUFFER];
    Login::new(py, &huawei::mqtt_login(&credentials, &options, &mut memory)?)
}

/// The hour of a login at Huawei: the current one, that of a second, or text.
pub(super) fn hour(stamp: Option<&Stamp>) -> Result<huawei::Hour> {
    Ok(match stamp {
        None => huawei::Hour::from_unix(clock::unix_seconds()),
        Some(Stamp::Number(seconds)) => huawei::Hour::from_unix(*seconds),
        Some(Stamp::Text(text)) => huawei::Hour::parse(text)?,
    })
}

/// Sign type 0 or 1 of Huawei.
pub(crate) fn sign_type_numbered(number: u8) -> Result<huawei::SignType> {
    match number {
        0 => Ok(huawei::SignType::NoCheck),
        1 => Ok(huawei::SignType::Check),
        other => Err(Failure::new(
            ErrorKind::SignMethod,
            format!("sign type `{other}` is neither 0 nor 1"),
        )),
    }
}

/// Checks a login as Alibaba's broker does.
///
/// The hex case of the password does not matter, nor the age of the timestamp; the comparison takes the same time
/// wherever the passwords differ.
///
/// Args:
///     client_id: Client id of the CONNECT packet, with its `|securemode=…|` part.
///     username: User name of the CONNECT packet.
///     password: Password of the CONNECT packet.
///     device_secret: The secret that the registry holds for this device.
///
/// Raises:
///     SignatureError: The login does not verify. The message shows the string that was signed, never the password
///         that would have been right.
///
/// Example:
///     >>> login = faceiot.sign.aliyun_mqtt("pk", "cam1", "secret")
///     >>> faceiot.sign.verify_aliyun_mqtt(login.client_id, login.username, login.password, "secret")
///     >>> faceiot.sign.verify_aliyun_mqtt(login.client_id, login.username, "00" * 32, "secret")
///     Traceback (most recent call last):
///         ...
///     faceiot.errors.SignatureError: ...
#[pyfunction]
pub(crate) fn verify_aliyun_mqtt(
    client_id: &str,
    username: &str,
    password: &str,
    device_secret: &str,
) -> Result<()> {
    let mut signed = [0; aliyun::LOGIN_BUFFER];
    aliyun::verify_mqtt_login(client_id, username, password, device_secret, &mut signed)
        .map_err(|mismatch| Failure::new(mismatch.kind, mismatch.to_string()))
}

/// Checks a login as Huawei's broker does.
///
/// Args:
///     client_id: Client id of the CONNECT packet.
///     username: User name of the CONNECT packet.
///     password: Password of the CONNECT packet.
///     device_secret: The secret that the registry holds for this device.
///     now: Seconds since 1970, for sign type 1; without it the current time.
///
/// Raises:
///     SignatureError: The login does not verify, or its sign type is 1 and the hour is not the current one.
///
/// Example:
///     >>> login = faceiot.sign.huawei_mqtt("p_n", "x", sign_type=1, timestamp=1767323045)
///     >>> faceiot.sign.verify_huawei_mqtt(login.client_id, login.username, login.password, "x", now=1767323045)
#[pyfunction]
#[pyo3(signature = (client_id, username, password, device_secret, *, now=None))]
pub(crate) fn verify_huawei_mqtt(
    client_id: &str,
    username: &str,
    password: &str,
    device_secret: &str,
    now: Option<u64>,
) -> Result<()> {
    let now = now.unwrap_or_else(clock::unix_seconds);
    let mut signed = [0; huawei::LOGIN_BUFFER];
    huawei::verify_mqtt_login(client_id, username, password, device_secret, now, &mut signed)
        .map_err(|mismatch| Failure::new(mismatch.kind, mismatch.to_string()))
}
