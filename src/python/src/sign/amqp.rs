//! Logins of consumers of server-side subscriptions, AMQP and STOMP.

use faceiot_core::sign::{AccessKey, aliyun, huawei};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;

use super::mqtt::{Login, method_named};
use super::request::{Stamp, checked, string};
use super::signed::written;
use crate::clock;
use crate::errors::Result;

/// Milliseconds since 1970.
fn now_ms() -> u64 {
    clock::unix_seconds().saturating_mul(1000)
}

/// Signs the login of a consumer of Alibaba's server-side subscriptions, over AMQP or STOMP.
///
/// The password is the base64 HMAC of `authId=..&timestamp=..` (help.aliyun.com/document_detail/142489).
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret; used as the key, never stored or printed.
///     client_id: Free text, 64 characters at most, different for each connection.
///     consumer_group_id: Consumer group.
///     instance_id: Instance id; needed exactly when the instance has one.
///     timestamp: Milliseconds since 1970; without it now.
///     method: `"hmacsha1"`, `"hmacsha256"` or `"hmacmd5"`.
///     security_token: Token of temporary credentials; it is signed, and stands in the user name.
///     base64_bodies: Ask for message bodies in base64, as binary payloads over STOMP need it.
///     host: Name of the server: `{uid}.iot-amqp.{region}.aliyuncs.com`.
///     port: Port to put into the result; 5671 is AMQP over TLS.
///
/// Returns:
///     The login: host, port, client id, user name and password.
///
/// Raises:
///     SignatureError: The method is unknown.
///     ArgumentError: A value holds `|` or `,`.
///
/// Example:
///     >>> login = faceiot.sign.aliyun_amqp("testid", "testsecret", client_id="c", consumer_group_id="DEFAULT_GROUP",
///     ...                                  timestamp=1573489088171)
///     >>> login.password
///     'RG+3WYzI9qDD0P9m6ER+maK4yH0='
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, client_id, consumer_group_id, instance_id=None, timestamp=None,
    method="hmacsha1", security_token=None, base64_bodies=false, host="", port=5671
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn aliyun_amqp(
    py: Python<'_>,
    access_key_id: &str,
    access_key_secret: &str,
    client_id: Str,
    consumer_group_id: &str,
    instance_id: Option<&str>,
    timestamp: Option<Stamp>,
    method: &str,
    security_token: Option<&str>,
    base64_bodies: bool,
    host: &str,
    port: u16,
) -> Result<Login> {
    let timestamp = timestamp.unwrap_or_else(|| Stamp::Number(now_ms())).text(py)?;
    let options = aliyun::amqp::Options {
        client_id: &client_id,
        consumer_group_id,
        instance_id,
        timestamp: &timestamp,
        method: method_named(method)?,
        base64_bodies,
    };
    let key = AccessKey {
        access_key_id,
        access_key_secret,
        security_token,
    };
    let username = written(py, |out| Ok(aliyun::amqp::login(&key, &options, out)?.0))?;
    let password = aliyun::amqp::sign(&key, &timestamp, options.method)?;
    Ok(Login {
        host: string(py, host)?,
        port,
        password: string(py, password.as_str())?,
        username,
        client_id,
    })
}

/// Checks the login of a consumer as Alibaba's server does.
///
/// The order of the items in the user name does not matter. The time is yours to check.
///
/// Args:
///     username: User name of the login.
///     password: Password of the login.
///     access_key_secret: The secret of the AccessKey that the user name names.
///
/// Raises:
///     SignatureError: The login does not verify. The message shows the string that was signed here, a token masked.
///
/// Example:
///     >>> login = faceiot.sign.aliyun_amqp("id", "secret", client_id="c", consumer_group_id="g")
///     >>> faceiot.sign.verify_aliyun_amqp(login.username, login.password, "secret")
#[pyfunction]
pub(crate) fn verify_aliyun_amqp(username: &str, password: &str, access_key_secret: &str) -> Result<()> {
    checked(|out| aliyun::amqp::verify(username, password, access_key_secret, out))
}

/// Makes the login of a consumer of Huawei's server-side subscriptions over AMQP.
///
/// Nothing is signed: the access code is the password. The user name holds the time and must be made anew for every
/// connection.
///
/// Args:
///     access_key: Access key, which the console shows.
///     access_code: Access code; it becomes the password.
///     instance_id: Instance id, when the instance has one.
///     timestamp: Milliseconds since 1970; without it now.
///     host: Name of the server, which the console shows.
///     port: Port to put into the result; 5671 is AMQP over TLS.
///
/// Returns:
///     The login: host, port, an empty client id, user name and password.
///
/// Raises:
///     ArgumentError: A value holds `|`.
///
/// Example:
///     >>> faceiot.sign.huawei_amqp("abcdefgh", "code", timestamp=1767323045000).username
///     'accessKey=abcdefgh|timestamp=1767323045000'
#[pyfunction]
#[pyo3(signature = (access_key, access_code, *, instance_id=None, timestamp=None, host="", port=5671))]
pub(crate) fn huawei_amqp(
    py: Python<'_>,
    access_key: &str,
    access_code: Str,
    instance_id: Option<&str>,
    timestamp: Option<u64>,
    host: &str,
    port: u16,
) -> Result<Login> {
    let timestamp = timestamp.unwrap_or_else(now_ms);
    Ok(Login {
        host: string(py, host)?,
        port,
        client_id: string(py, "")?,
        username: written(py, |out| {
            huawei::amqp::username(access_key, timestamp, instance_id, out)
        })?,
        password: access_code,
    })
}

/// Checks the login of a consumer as Huawei's server does: the access code, and the time, which may be 5 minutes off.
///
/// Args:
///     username: User name of the login.
///     password: Password of the login.
///     access_code: The access code of the access key that the user name names.
///     now: Milliseconds since 1970; without it the current time.
///
/// Raises:
///     SignatureError: The login does not verify.
///
/// Example:
///     >>> login = faceiot.sign.huawei_amqp("abcdefgh", "code")
///     >>> faceiot.sign.verify_huawei_amqp(login.username, login.password, "code")
#[pyfunction]
#[pyo3(signature = (username, password, access_code, *, now=None))]
pub(crate) fn verify_huawei_amqp(
    username: &str,
    password: &str,
    access_code: &str,
    now: Option<u64>,
) -> Result<()> {
    let now = now.unwrap_or_else(now_ms);
    Ok(huawei::amqp::verify(username, password, access_code, now)?)
}
