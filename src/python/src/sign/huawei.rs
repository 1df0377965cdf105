//! Huawei: bootstrap logins, and requests with AK and SK.

use faceiot_core::sign::huawei::{self, aksk, aksk::v11, bootstrap};
use faceiot_core::sign::{Request, Utc};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;

use super::filled::{Filled, literal};
use super::mqtt::{Login, hour};
use super::request::{Pairs, Secret, Stamp, authorization, header, moment};
use super::signed::{Http, Signed, SigningKey, Step, written};
use crate::bytes::Text;
use crate::errors::{Failure, Result};

/// Signs the login of a device of a registration group at Huawei's bootstrap server, which tells it where to connect.
///
/// Args:
///     device_id: Id of the device.
///     scope_id: Scope id of the registration group.
///     group_secret: Secret of the group, base64 as the console shows it; never stored or printed.
///     timestamp: The hour, as `"YYYYMMDDHH"` in UTC or as seconds since 1970; without it the current one.
///     host: Name of the server, which the console shows.
///     port: Port to put into the result; without it 8883 (TLS).
///
/// Returns:
///     The login: host, port, client id, user name and password.
///
/// Raises:
///     ArgumentError: An id is empty or would be read differently, or the secret is not base64.
///     SignatureError: The timestamp is no hour.
///
/// Example:
///     >>> login = faceiot.sign.huawei_bootstrap("5fbbb784b4ec2202e982e643_868540050954037", "ff5bbx7a488f",
///     ...                                       "Z3JvdXAtc2VjcmV0LTAwMDE=", timestamp="2026010203")
///     >>> login.password
///     '125967bb0b7754eb9ed12616d5b4239670618a0d5cadde20dfe6e8673d234248'
#[pyfunction]
#[pyo3(signature = (device_id, scope_id, group_secret, *, timestamp=None, host="", port=None))]
pub(crate) fn huawei_bootstrap(
    py: Python<'_>,
    device_id: &str,
    scope_id: &str,
    group_secret: &str,
    timestamp: Option<Stamp>,
    host: &str,
    port: Option<u16>,
) -> Result<Login> {
    let hour = hour(timestamp.as_ref())?;
    let device = bootstrap::Device {
        device_id,
        scope_id,
        group_secret,
    };
    let mut memory = [0; huawei::LOGIN_BUFFER];
    Login::new(
        py,
        &bootstrap::mqtt_login(&device, hour, host, port, &mut memory)?,
    )
}

/// Checks the login of a device of a registration group. The hour is not compared with a clock.
///
/// Args:
///     client_id: Client id of the CONNECT packet.
///     username: User name of the CONNECT packet.
///     password: Password of the CONNECT packet.
///     group_secret: The secret of the group that the client id names.
///
/// Raises:
///     SignatureError: The login does not verify.
///
/// Example:
///     >>> login = faceiot.sign.huawei_bootstrap("p_n", "scope", "c2VjcmV0")
///     >>> faceiot.sign.verify_huawei_bootstrap(login.client_id, login.username, login.password, "c2VjcmV0")
#[pyfunction]
pub(crate) fn verify_huawei_bootstrap(
    client_id: &str,
    username: &str,
    password: &str,
    group_secret: &str,
) -> Result<()> {
    bootstrap::verify_mqtt_login(client_id, username, password, group_secret)
        .map_err(|refused| Failure::new(refused.kind, refused.to_string()))
}

/// Makes the client id of a device of a registration group that proves itself by an X.509 certificate.
///
/// Such a device logs in at the bootstrap server with its id as the user name and without a password.
///
/// Args:
///     device_id: Id of the device.
///     scope_id: Scope id of the registration group.
///
/// Returns:
///     `{device_id}_0_{scope_id}`.
///
/// Raises:
///     ArgumentError: An id is empty or would be read differently.
///
/// Example:
///     >>> faceiot.sign.huawei_x509_client_id("5fbbb784b4ec2202e982e643_868540050954037", "ff5bbx7a488f")
///     '5fbbb784b4ec2202e982e643_868540050954037_0_ff5bbx7a488f'
#[pyfunction]
pub(crate) fn huawei_x509_client_id(py: Python<'_>, device_id: &str, scope_id: &str) -> Result<Str> {
    written(py, |out| bootstrap::x509_client_id(device_id, scope_id, out))
}

/// The headers, with what every request must carry.
fn filled(
    py: Python<'_>,
    headers: Option<Pairs>,
    host: Option<Str>,
    timestamp: Option<&Stamp>,
    security_token: Option<Str>,
    body: &[u8],
) -> Result<Filled> {
    let mut filled = Filled::new(headers.unwrap_or_default(), true);
    filled
        .add_some(literal!("Host"), host)?
        .add(literal!("X-Sdk-Date"), || moment(py, timestamp, Utc::basic))?
        .add_some(literal!("X-Security-Token"), security_token)?;
    let request = Request {
        headers: &filled.all(),
        body,
        ..Request::default()
    };
    if aksk::is_payload_unsigned(&request) {
        filled.add(literal!("X-Sdk-Content-Sha256"), || {
            literal!("UNSIGNED-PAYLOAD").string(py)
        })?;
    }
    Ok(filled)
}

/// Signs a request of an application to Huawei Cloud with AK and SK (`SDK-HMAC-SHA256`).
///
/// Every header is signed but those with `_` in their name. A body that is not JSON is not signed.
///
/// Args:
///     access_key_id: AK.
///     access_key_secret: SK; used as the key, never stored or printed.
///     method: HTTP method.
///     path: Path as it is sent; however it is encoded, it is signed the same.
///     query: Query parameters, decoded.
///     headers: Headers of the request. `Host` and `X-Sdk-Date` among them are kept.
///     body: The body.
///     host: The header `Host`, when it is not among the headers.
///     timestamp: Seconds since 1970, or `YYYYMMDDThhmmssZ`; without it now.
///     security_token: Token of temporary credentials.
///
/// Returns:
///     Canonical request, text and signature, and the headers to add.
///
/// Example:
///     >>> signed = faceiot.sign.huawei_aksk("AK", "SK", method="GET", path="/v5/iot/p/devices",
///     ...     host="iotda.cn-north-4.myhuaweicloud.com", timestamp=1767323045)
///     >>> signed.headers["Authorization"].split(", ")[:2]
///     ['SDK-HMAC-SHA256 Access=AK', 'SignedHeaders=host;x-sdk-date']
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, method, path, query=None, headers=None, body=None, host=None, timestamp=None,
    security_token=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn huawei_aksk(
    py: Python<'_>,
    access_key_id: &str,
    access_key_secret: &str,
    method: Str,
    path: Str,
    query: Option<Pairs>,
    headers: Option<Pairs>,
    body: Option<Text>,
    host: Option<Str>,
    timestamp: Option<Stamp>,
    security_token: Option<Str>,
) -> Result<Signed> {
    let http = Http::new(method, path, query, body);
    let headers = filled(py, headers, host, timestamp.as_ref(), security_token, http.body())?;
    let authorization = http.with(&headers.all(), |request| {
        written(py, |out| {
            aksk::authorization(access_key_id, access_key_secret, request, out)
        })
    })?;
    http.authorized(
        py,
        headers,
        authorization,
        true,
        |step, request, out| match step {
            Step::Canonical => aksk::canonical(request, out),
            Step::StringToSign => aksk::string_to_sign(request, out),
        },
    )
}

/// Checks a request signed with `SDK-HMAC-SHA256`, by the headers that it says are signed. The time is yours to check.
///
/// Args:
///     access_key_secret: The SK of the AK that `Authorization` names.
///     method: HTTP method.
///     path: Path as it came.
///     headers: Headers of the request, `Authorization` among them.
///     query: Query parameters, decoded.
///     body: The body.
///
/// Raises:
///     SignatureError: The request does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> signed = faceiot.sign.huawei_aksk("AK", "SK", method="GET", path="/v5", host="h")
///     >>> faceiot.sign.verify_huawei_aksk("SK", method="GET", path="/v5", headers=signed.headers)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, method, path, headers, query=None, body=None))]
pub(crate) fn verify_huawei_aksk(
    access_key_secret: &str,
    method: Str,
    path: Str,
    headers: Pairs,
    query: Option<Pairs>,
    body: Option<Text>,
) -> Result<()> {
    let headers = headers.as_strs();
    let parsed = aksk::parse_authorization(authorization(&headers))?;
    Http::new(method, path, query, body).checked(&headers, |request, out| {
        aksk::verify(access_key_secret, request, &parsed, out)
    })
}

/// Derives the key for a day and a region, with which `huawei_v11` needs one HMAC for a signature.
///
/// Args:
///     access_key_id: AK; it is part of the derivation.
///     access_key_secret: SK; never stored or printed.
///     region: Region, such as `cn-north-4`.
///     timestamp: Any second of the day (UTC), or `YYYYMMDDThhmmssZ`; without it today.
///
/// Returns:
///     The key, to be given in place of the SK.
///
/// Example:
///     >>> faceiot.sign.huawei_v11_key("AK", "SK", region="cn-north-4")
///     SigningKey(***)
#[pyfunction]
#[pyo3(signature = (access_key_id, access_key_secret, *, region, timestamp=None))]
pub(crate) fn huawei_v11_key(
    py: Python<'_>,
    access_key_id: &str,
    access_key_secret: &str,
    region: &str,
    timestamp: Option<Stamp>,
) -> Result<SigningKey> {
    let date = moment(py, timestamp.as_ref(), Utc::basic)?;
    Ok(SigningKey(v11::signing_key(
        access_key_id,
        access_key_secret,
        day(&date),
        region,
    )?))
}

/// `YYYYMMDD`; what is no date is refused where it is signed.
fn day(date: &str) -> &str {
    date.get(..8).unwrap_or(date)
}

/// Signs a request of an application to an instance of its own (`*.iotda-app.*`) with a derived key (`V11-HMAC-SHA256`).
///
/// Args:
///     access_key_id: AK.
///     access_key_secret: SK, used as the key, never stored or printed; or the key of `huawei_v11_key`.
///     method: HTTP method.
///     path: Path as it is sent; however it is encoded, it is signed the same.
///     region: Region, such as `cn-north-4`.
///     query: Query parameters, decoded.
///     headers: Headers of the request. `Host` and `X-Sdk-Date` among them are kept.
///     body: The body.
///     host: The header `Host`, when it is not among the headers.
///     timestamp: Seconds since 1970, or `YYYYMMDDThhmmssZ`; without it now.
///     security_token: Token of temporary credentials.
///
/// Returns:
///     Canonical request, text and signature, and the headers to add.
///
/// Raises:
///     SignatureError: The timestamp is not `YYYYMMDDThhmmssZ`.
///
/// Example:
///     >>> signed = faceiot.sign.huawei_v11("AK", "SK", method="GET", path="/v5/iot/p/devices", region="cn-north-4",
///     ...     host="a.iotda-app.cn-north-4.myhuaweicloud.com", timestamp=1767323045)
///     >>> signed.headers["Authorization"].split(", ")[0]
///     'V11-HMAC-SHA256 Credential=AK/20260102/cn-north-4/iotdm'
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, method, path, region, query=None, headers=None, body=None, host=None,
    timestamp=None, security_token=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn huawei_v11(
    py: Python<'_>,
    access_key_id: &str,
    access_key_secret: Secret,
    method: Str,
    path: Str,
    region: Str,
    query: Option<Pairs>,
    headers: Option<Pairs>,
    body: Option<Text>,
    host: Option<Str>,
    timestamp: Option<Stamp>,
    security_token: Option<Str>,
) -> Result<Signed> {
    let http = Http::new(method, path, query, body);
    let headers = filled(py, headers, host, timestamp.as_ref(), security_token, http.body())?;
    let all = headers.all();
    let date = header(&all, "x-sdk-date").unwrap_or_default();
    let key = access_key_secret.key(|secret| v11::signing_key(access_key_id, secret, day(date), &region))?;
    let authorization = http.with(&all, |request| {
        written(py, |out| {
            v11::authorization(access_key_id, &key, request, &region, out)
        })
    })?;
    http.authorized(
        py,
        headers,
        authorization,
        true,
        move |step, request, out| match step {
            Step::Canonical => aksk::canonical(request, out),
            Step::StringToSign => v11::string_to_sign(request, &region, out),
        },
    )
}

/// Checks a request signed with `V11-HMAC-SHA256`, by the headers that it says are signed. The time is yours to check.
///
/// Args:
///     access_key_secret: The SK of the AK that `Authorization` names, or the key of `huawei_v11_key`.
///     method: HTTP method.
///     path: Path as it came.
///     headers: Headers of the request, `Authorization` among them.
///     query: Query parameters, decoded.
///     body: The body.
///
/// Raises:
///     SignatureError: The request does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> signed = faceiot.sign.huawei_v11("AK", "SK", method="GET", path="/v5", region="cn-north-4", host="h")
///     >>> faceiot.sign.verify_huawei_v11("SK", method="GET", path="/v5", headers=signed.headers)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, method, path, headers, query=None, body=None))]
pub(crate) fn verify_huawei_v11(
    access_key_secret: Secret,
    method: Str,
    path: Str,
    headers: Pairs,
    query: Option<Pairs>,
    body: Option<Text>,
) -> Result<()> {
    let headers = headers.as_strs();
    let parsed = v11::parse_authorization(authorization(&headers))?;
    let key = access_key_secret
        .key(|secret| v11::signing_key(parsed.access_key_id, secret, parsed.day, parsed.region))?;
    Http::new(method, path, query, body)
        .checked(&headers, |request, out| v11::verify(&key, request, &parsed, out))
}
