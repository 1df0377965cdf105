//! Tablestore: requests of versions 2 and 4, and responses.

use faceiot_core::sign::Utc;
use faceiot_core::sign::aliyun::tablestore;
use faceiot_core::{digest, text};
use pyo3::prelude::*;

use super::mqtt::Stamp;
use super::request::{
    Filled, Pairs, Secret, Signed, SigningKey, authorization, checked, header, moment, written,
};
use crate::bytes::Text;
use crate::errors::Result;

/// Adds the headers that every request must carry.
fn fill(
    filled: &mut Filled<'_>,
    access_key_id: &str,
    instance: &str,
    timestamp: Option<&Stamp>,
    security_token: Option<&str>,
    body: &[u8],
) -> Result<()> {
    filled
        .add("x-ots-date", || {
            // The service's own spelling has milliseconds.
            moment(timestamp, Utc::iso8601).map(|date| match timestamp {
                Some(Stamp::Text(_)) => date,
                _ => date.replace('Z', ".000Z"),
            })
        })?
        .add("x-ots-apiversion", || Ok("2015-12-31".to_owned()))?
        .add("x-ots-accesskeyid", || Ok(access_key_id.to_owned()))?
        .add("x-ots-instancename", || Ok(instance.to_owned()))?
        .add("x-ots-contentmd5", || {
            Ok(text::base64_encode(&digest::md5(&[body]), &mut [0; 24])?.to_owned())
        })?;
    if let Some(token) = security_token {
        filled.add("x-ots-ststoken", || Ok(token.to_owned()))?;
    }
    Ok(())
}

/// Signs a request to Tablestore, version 2 (HMAC-SHA1).
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret; used as the key, never stored or printed.
///     path: Path of the operation, such as `/PutRow`.
///     instance: Name of the instance.
///     headers: Headers of the request; those `x-ots-*` among them are kept and signed.
///     body: The body.
///     timestamp: Seconds since 1970, or the header `x-ots-date` itself; without it now.
///     security_token: Token of temporary credentials.
///
/// Returns:
///     Text and signature, and the headers to add.
///
/// Example:
///     >>> signed = faceiot.sign.tablestore_v2("testid", "testsecret", path="/ListTable", instance="myinstance",
///     ...                                     timestamp=1534494218)
///     >>> signed.headers["x-ots-signature"]
///     'qqNmHrgYcnlp/H2/yDQrme9WNvk='
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, path, instance, headers=None, body=None, timestamp=None, security_token=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn tablestore_v2(
    access_key_id: &str,
    access_key_secret: &str,
    path: &str,
    instance: &str,
    headers: Option<Pairs>,
    body: Option<Text>,
    timestamp: Option<Stamp>,
    security_token: Option<&str>,
) -> Result<Signed> {
    let headers = headers.unwrap_or_default();
    let body = body.as_ref().map_or(&b""[..], Text::as_slice);
    let mut filled = Filled::new(&headers, true);
    fill(
        &mut filled,
        access_key_id,
        instance,
        timestamp.as_ref(),
        security_token,
        body,
    )?;
    let all = filled.all();
    let string_to_sign = written(|out| tablestore::string_to_sign(path, &all, out))?;
    let signature = tablestore::sign(access_key_secret, path, &all)?
        .as_str()
        .to_owned();
    let mut headers = filled.added;
    headers.push(("x-ots-signature", signature.clone()));
    Ok(Signed {
        string_to_sign: string_to_sign.into(),
        signature,
        headers,
        ..Signed::default()
    })
}

/// Checks a request to Tablestore, version 2: its signature, and that `x-ots-contentmd5` is that of the body.
///
/// Args:
///     access_key_secret: The secret of the AccessKey that the request names.
///     path: Path of the operation.
///     headers: Headers of the request, `x-ots-signature` among them.
///     body: The body.
///
/// Raises:
///     SignatureError: The request does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> signed = faceiot.sign.tablestore_v2("id", "secret", path="/PutRow", instance="i", body=b"row")
///     >>> faceiot.sign.verify_tablestore_v2("secret", path="/PutRow", headers=signed.headers, body=b"row")
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, path, headers, body=None))]
pub(crate) fn verify_tablestore_v2(
    access_key_secret: &str,
    path: &str,
    headers: Pairs,
    body: Option<Text>,
) -> Result<()> {
    let headers = headers.as_strs();
    let body = body.as_ref().map_or(&b""[..], Text::as_slice);
    checked(&[&headers], |out| {
        tablestore::verify(access_key_secret, path, &headers, body, out)
    })
}

/// Derives the key for a day and a region, with which `tablestore_v4` needs one HMAC for a signature.
///
/// Args:
///     access_key_secret: AccessKey secret; never stored or printed.
///     region: Region, such as `cn-hangzhou`.
///     timestamp: Any second of the day (UTC), or `YYYYMMDD`; without it today.
///
/// Returns:
///     The key, to be given in place of the secret.
///
/// Example:
///     >>> faceiot.sign.tablestore_v4_key("secret", region="cn-hangzhou")
///     SigningKey(***)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, region, timestamp=None))]
pub(crate) fn tablestore_v4_key(
    access_key_secret: &str,
    region: &str,
    timestamp: Option<Stamp>,
) -> Result<SigningKey> {
    let date = moment(timestamp.as_ref(), Utc::basic)?;
    let day = date.get(..8).unwrap_or(&date);
    Ok(SigningKey(tablestore::signing_key(
        access_key_secret,
        day,
        region,
    )?))
}

/// Signs a request to Tablestore, version 4 (HMAC-SHA256 with a key for the day and the region).
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret, used as the key, never stored or printed; or the key of `tablestore_v4_key`.
///     path: Path of the operation, such as `/PutRow`.
///     instance: Name of the instance.
///     region: Region, such as `cn-hangzhou`.
///     headers: Headers of the request; those `x-ots-*` among them are kept and signed.
///     body: The body.
///     timestamp: Seconds since 1970, or the header `x-ots-date` itself; without it now.
///     security_token: Token of temporary credentials.
///
/// Returns:
///     Text and signature, and the headers to add.
///
/// Example:
///     >>> signed = faceiot.sign.tablestore_v4("id", "secret", path="/PutRow", instance="i", region="cn-hangzhou",
///     ...                                     timestamp=1534494218)
///     >>> signed.headers["x-ots-signdate"]
///     '20180817'
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, path, instance, region, headers=None, body=None, timestamp=None,
    security_token=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn tablestore_v4(
    access_key_id: &str,
    access_key_secret: Secret,
    path: &str,
    instance: &str,
    region: &str,
    headers: Option<Pairs>,
    body: Option<Text>,
    timestamp: Option<Stamp>,
    security_token: Option<&str>,
) -> Result<Signed> {
    let headers = headers.unwrap_or_default();
    let body = body.as_ref().map_or(&b""[..], Text::as_slice);
    let mut filled = Filled::new(&headers, true);
    fill(
        &mut filled,
        access_key_id,
        instance,
        timestamp.as_ref(),
        security_token,
        body,
    )?;
    let day: String = {
        let all = filled.all();
        let date = header(&all, "x-ots-date").unwrap_or_default();
        date.bytes()
            .filter(u8::is_ascii_digit)
            .take(8)
            .map(char::from)
            .collect()
    };
    filled
        .add("x-ots-signdate", || Ok(day))?
        .add("x-ots-signregion", || Ok(region.to_owned()))?;
    let all = filled.all();
    let stated = |name| header(&all, name).unwrap_or_default();
    let key = access_key_secret.key(|secret| {
        tablestore::signing_key(secret, stated("x-ots-signdate"), stated("x-ots-signregion"))
    })?;
    let string_to_sign = written(|out| tablestore::string_to_sign_v4(path, &all, out))?;
    let signature = tablestore::sign_v4(&key, path, &all)?.as_str().to_owned();
    let mut headers = filled.added;
    headers.push(("x-ots-signaturev4", signature.clone()));
    Ok(Signed {
        string_to_sign: string_to_sign.into(),
        signature,
        headers,
        ..Signed::default()
    })
}

/// Checks a request to Tablestore, version 4: its signature, and that `x-ots-contentmd5` is that of the body.
///
/// Args:
///     access_key_secret: The secret of the AccessKey that the request names, or the key of `tablestore_v4_key`.
///     path: Path of the operation.
///     headers: Headers of the request, `x-ots-signaturev4` among them.
///     body: The body.
///
/// Raises:
///     SignatureError: The request does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> signed = faceiot.sign.tablestore_v4("id", "secret", path="/PutRow", instance="i", region="cn-hangzhou")
///     >>> faceiot.sign.verify_tablestore_v4("secret", path="/PutRow", headers=signed.headers)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, path, headers, body=None))]
pub(crate) fn verify_tablestore_v4(
    access_key_secret: Secret,
    path: &str,
    headers: Pairs,
    body: Option<Text>,
) -> Result<()> {
    let headers = headers.as_strs();
    let body = body.as_ref().map_or(&b""[..], Text::as_slice);
    let stated = |name| header(&headers, name).unwrap_or_default();
    let key = access_key_secret.key(|secret| {
        tablestore::signing_key(secret, stated("x-ots-signdate"), stated("x-ots-signregion"))
    })?;
    checked(&[&headers], |out| {
        tablestore::verify_v4(&key, path, &headers, body, out)
    })
}

/// Signs a response of Tablestore, as the service does.
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret; used as the key, never stored or printed.
///     path: Path of the request.
///     headers: Headers of the response; the SDK wants `x-ots-contentmd5`, `-requestid`, `-date` and `-contenttype`.
///
/// Returns:
///     Text and signature, and the header to add.
///
/// Example:
///     >>> signed = faceiot.sign.tablestore_response("id", "secret", path="/PutRow", headers={"x-ots-requestid": "1"})
///     >>> signed.string_to_sign
///     'x-ots-requestid:1\n/PutRow'
#[pyfunction]
#[pyo3(signature = (access_key_id, access_key_secret, *, path, headers))]
pub(crate) fn tablestore_response(
    access_key_id: &str,
    access_key_secret: &str,
    path: &str,
    headers: Pairs,
) -> Result<Signed> {
    let headers = headers.as_strs();
    let signature = tablestore::sign_response(access_key_secret, path, &headers)?;
    let signature = signature.as_str().to_owned();
    Ok(Signed {
        string_to_sign: written(|out| tablestore::response_string_to_sign(path, &headers, out))?.into(),
        headers: vec![("Authorization", format!("OTS {access_key_id}:{signature}"))],
        signature,
        ..Signed::default()
    })
}

/// Checks a response of Tablestore, as its SDK does.
///
/// Args:
///     access_key_secret: AccessKey secret.
///     path: Path of the request.
///     headers: Headers of the response, `Authorization` among them.
///
/// Raises:
///     SignatureError: The response does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> headers = {"x-ots-requestid": "1"}
///     >>> signed = faceiot.sign.tablestore_response("id", "secret", path="/PutRow", headers=headers)
///     >>> faceiot.sign.verify_tablestore_response("secret", path="/PutRow", headers=headers | signed.headers)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, path, headers))]
pub(crate) fn verify_tablestore_response(access_key_secret: &str, path: &str, headers: Pairs) -> Result<()> {
    let headers = headers.as_strs();
    checked(&[&headers], |out| {
        tablestore::verify_response(access_key_secret, path, &headers, authorization(&headers), out)
    })
}
