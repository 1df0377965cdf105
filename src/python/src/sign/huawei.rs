//! Huawei: bootstrap logins, and requests with AK and SK.

use faceiot_core::sign::huawei::{self, Hour, aksk, aksk::v11, bootstrap};
use faceiot_core::sign::{Request, Utc};
use pyo3::prelude::*;

use super::mqtt::{Login, Stamp};
use super::request::{
    Filled, Pairs, Secret, Signed, SigningKey, authorization, checked, header, moment, signature_in, written,
};
use crate::bytes::Text;
use crate::clock;
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
    device_id: &str,
    scope_id: &str,
    group_secret: &str,
    timestamp: Option<Stamp>,
    host: &str,
    port: Option<u16>,
) -> Result<Login> {
    let hour = match timestamp {
        None => Hour::from_unix(clock::unix_seconds()),
        Some(Stamp::Number(seconds)) => Hour::from_unix(seconds),
        Some(Stamp::Text(text)) => Hour::parse(&text)?,
    };
    let device = bootstrap::Device {
        device_id,
        scope_id,
        group_secret,
    };
    let mut memory = [0; huawei::LOGIN_BUFFER];
    Ok(Login::from(&bootstrap::mqtt_login(
        &device,
        hour,
        host,
        port,
        &mut memory,
    )?))
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

/// Adds what every request must carry.
fn fill(
    filled: &mut Filled<'_>,
    host: Option<&str>,
    timestamp: Option<&Stamp>,
    security_token: Option<&str>,
    body: &[u8],
) -> Result<()> {
    if let Some(host) = host {
        filled.add("Host", || Ok(host.to_owned()))?;
    }
    filled.add("X-Sdk-Date", || moment(timestamp, Utc::basic))?;
    if let Some(token) = security_token {
        filled.add("X-Security-Token", || Ok(token.to_owned()))?;
    }
    let headers = filled.all();
    let request = Request {
        headers: &headers,
        body,
        ..Request::default()
    };
    if aksk::is_payload_unsigned(&request) {
        filled.add("X-Sdk-Content-Sha256", || Ok("UNSIGNED-PAYLOAD".to_owned()))?;
    }
    Ok(())
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
    access_key_id: &str,
    access_key_secret: &str,
    method: &str,
    path: &str,
    query: Option<Pairs>,
    headers: Option<Pairs>,
    body: Option<Text>,
    host: Option<&str>,
    timestamp: Option<Stamp>,
    security_token: Option<&str>,
) -> Result<Signed> {
    let (query, headers) = (query.unwrap_or_default(), headers.unwrap_or_default());
    let body = body.as_ref().map_or(&b""[..], Text::as_slice);
    let mut filled = Filled::new(&headers, true);
    fill(&mut filled, host, timestamp.as_ref(), security_token, body)?;
    let request = Request {
        method,
        path,
        query: &query.as_strs(),
        headers: &filled.all(),
        body,
    };
    let signed = Signed {
        canonical: Some(written(|out| aksk::canonical(&request, out))?.into()),
        string_to_sign: written(|out| aksk::string_to_sign(&request, out))?.into(),
        ..Signed::default()
    };
    let authorization = written(|out| aksk::authorization(access_key_id, access_key_secret, &request, out))?;
    let mut headers = filled.added;
    let signature = signature_in(&authorization);
    headers.push(("Authorization", authorization));
    Ok(Signed {
        signature,
        headers,
        ..signed
    })
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
    method: &str,
    path: &str,
    headers: Pairs,
    query: Option<Pairs>,
    body: Option<Text>,
) -> Result<()> {
    let query = query.unwrap_or_default();
    let (headers, query) = (headers.as_strs(), query.as_strs());
    let request = Request {
        method,
        path,
        query: &query,
        headers: &headers,
        body: body.as_ref().map_or(b"", Text::as_slice),
    };
    let parsed = aksk::parse_authorization(authorization(&headers))?;
    checked(&[&headers, &query], |out| {
        aksk::verify(access_key_secret, &request, &parsed, out)
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
    access_key_id: &str,
    access_key_secret: &str,
    region: &str,
    timestamp: Option<Stamp>,
) -> Result<SigningKey> {
    let date = moment(timestamp.as_ref(), Utc::basic)?;
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
    access_key_id: &str,
    access_key_secret: Secret,
    method: &str,
    path: &str,
    region: &str,
    query: Option<Pairs>,
    headers: Option<Pairs>,
    body: Option<Text>,
    host: Option<&str>,
    timestamp: Option<Stamp>,
    security_token: Option<&str>,
) -> Result<Signed> {
    let (query, headers) = (query.unwrap_or_default(), headers.unwrap_or_default());
    let body = body.as_ref().map_or(&b""[..], Text::as_slice);
    let mut filled = Filled::new(&headers, true);
    fill(&mut filled, host, timestamp.as_ref(), security_token, body)?;
    let all = filled.all();
    let request = Request {
        method,
        path,
        query: &query.as_strs(),
        headers: &all,
        body,
    };
    let date = header(&all, "x-sdk-date").unwrap_or_default();
    let key = access_key_secret.key(|secret| v11::signing_key(access_key_id, secret, day(date), region))?;
    let signed = Signed {
        canonical: Some(written(|out| aksk::canonical(&request, out))?.into()),
        string_to_sign: written(|out| v11::string_to_sign(&request, region, out))?.into(),
        ..Signed::default()
    };
    let authorization = written(|out| v11::authorization(access_key_id, &key, &request, region, out))?;
    let mut headers = filled.added;
    let signature = signature_in(&authorization);
    headers.push(("Authorization", authorization));
    Ok(Signed {
        signature,
        headers,
        ..signed
    })
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
    method: &str,
    path: &str,
    headers: Pairs,
    query: Option<Pairs>,
    body: Option<Text>,
) -> Result<()> {
    let query = query.unwrap_or_default();
    let (headers, query) = (headers.as_strs(), query.as_strs());
    let request = Request {
        method,
        path,
        query: &query,
        headers: &headers,
        body: body.as_ref().map_or(b"", Text::as_slice),
    };
    let parsed = v11::parse_authorization(authorization(&headers))?;
    let key = access_key_secret
        .key(|secret| v11::signing_key(parsed.access_key_id, secret, parsed.day, parsed.region))?;
    checked(&[&headers, &query], |out| {
        v11::verify(&key, &request, &parsed, out)
    })
}
