//! Tablestore: requests of versions 2 and 4, and responses.

use faceiot_core::sign::aliyun::tablestore;
use faceiot_core::sign::{Signature, Utc};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;

use super::filled::{Filled, literal};
use super::request::{Pairs, Secret, Stamp, authorization, checked, header, md5_of, moment, octets, string};
use super::signed::{Place, Signed, SigningKey, Texts};
use crate::bytes::Text;
use crate::errors::Result;

/// The headers, with those that every request must carry.
fn filled(
    py: Python<'_>,
    headers: Option<Pairs>,
    access_key_id: Str,
    instance: Str,
    timestamp: Option<&Stamp>,
    security_token: Option<Str>,
    body: Option<&Text>,
) -> Result<Filled> {
    let mut filled = Filled::new(headers.unwrap_or_default(), true);
    filled
        .add(literal!("x-ots-date"), || {
            let date = moment(py, timestamp, Utc::iso8601)?;
            match timestamp {
                Some(Stamp::Text(_)) => Ok(date),
                // The service's own spelling has milliseconds.
                _ => string(py, &date.replace('Z', ".000Z")),
            }
        })?
        .add(literal!("x-ots-apiversion"), || literal!("2015-12-31").string(py))?
        .add(literal!("x-ots-accesskeyid"), || Ok(access_key_id))?
        .add(literal!("x-ots-instancename"), || Ok(instance))?
        .add(literal!("x-ots-contentmd5"), || md5_of(py, octets(body)))?
        .add_some(literal!("x-ots-ststoken"), security_token)?;
    Ok(filled)
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
    py: Python<'_>,
    access_key_id: Str,
    access_key_secret: &str,
    path: Str,
    instance: Str,
    headers: Option<Pairs>,
    body: Option<Text>,
    timestamp: Option<Stamp>,
    security_token: Option<Str>,
) -> Result<Signed> {
    let headers = filled(
        py,
        headers,
        access_key_id,
        instance,
        timestamp.as_ref(),
        security_token,
        body.as_ref(),
    )?;
    let signature = tablestore::sign(access_key_secret, &path, &headers.all())?;
    let carrier = (literal!("x-ots-signature"), string(py, signature.as_str())?);
    let texts = Texts::later(false, move |_, headers, out| {
        tablestore::string_to_sign(&path, headers, out)
    });
    Signed::carried(py, Place::Headers, headers, carrier, texts)
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
    let body = octets(body.as_ref());
    checked(|out| tablestore::verify(access_key_secret, path, &headers, body, out))
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
    py: Python<'_>,
    access_key_secret: &str,
    region: &str,
    timestamp: Option<Stamp>,
) -> Result<SigningKey> {
    let day = day(py, timestamp.as_ref())?;
    Ok(SigningKey(tablestore::signing_key(
        access_key_secret,
        &day,
        region,
    )?))
}

/// The day of a moment, `YYYYMMDD`.
fn day(py: Python<'_>, timestamp: Option<&Stamp>) -> Result<Str> {
    let date = moment(py, timestamp, Utc::basic)?;
    string(py, date.get(..8).unwrap_or(&date))
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
    py: Python<'_>,
    access_key_id: Str,
    access_key_secret: Secret,
    path: Str,
    instance: Str,
    region: Str,
    headers: Option<Pairs>,
    body: Option<Text>,
    timestamp: Option<Stamp>,
    security_token: Option<Str>,
) -> Result<Signed> {
    let mut headers = filled(
        py,
        headers,
        access_key_id,
        instance,
        timestamp.as_ref(),
        security_token,
        body.as_ref(),
    )?;
    let day: String = {
        let all = headers.all();
        let date = header(&all, "x-ots-date").unwrap_or_default();
        date.chars().filter(char::is_ascii_digit).take(8).collect()
    };
    headers
        .add(literal!("x-ots-signdate"), || string(py, &day))?
        .add(literal!("x-ots-signregion"), || Ok(region))?;
    let all = headers.all();
    let stated = |name| header(&all, name).unwrap_or_default();
    let key = access_key_secret.key(|secret| {
        tablestore::signing_key(secret, stated("x-ots-signdate"), stated("x-ots-signregion"))
    })?;
    let signature = tablestore::sign_v4(&key, &path, &all)?;
    let carrier = (literal!("x-ots-signaturev4"), string(py, signature.as_str())?);
    let texts = Texts::later(false, move |_, headers, out| {
        tablestore::string_to_sign_v4(&path, headers, out)
    });
    Signed::carried(py, Place::Headers, headers, carrier, texts)
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
    let body = octets(body.as_ref());
    let stated = |name| header(&headers, name).unwrap_or_default();
    let key = access_key_secret.key(|secret| {
        tablestore::signing_key(secret, stated("x-ots-signdate"), stated("x-ots-signregion"))
    })?;
    checked(|out| tablestore::verify_v4(&key, path, &headers, body, out))
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
    py: Python<'_>,
    access_key_id: &str,
    access_key_secret: &str,
    path: Str,
    headers: Pairs,
) -> Result<Signed> {
    let headers = Filled::new(headers, false);
    let signature = tablestore::sign_response(access_key_secret, &path, &headers.all())?;
    response(py, access_key_id, path, headers, &signature)
}

/// A response with its `Authorization`.
fn response(
    py: Python<'_>,
    access_key_id: &str,
    path: Str,
    headers: Filled,
    signature: &Signature,
) -> Result<Signed> {
    let authorization = string(py, &format!("OTS {access_key_id}:{}", signature.as_str()))?;
    let carrier = (literal!("Authorization"), authorization);
    let texts = Texts::later(false, move |_, headers, out| {
        tablestore::response_string_to_sign(&path, headers, out)
    });
    Signed::carried(py, Place::Headers, headers, carrier, texts)
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
    checked(|out| {
        tablestore::verify_response(access_key_secret, path, &headers, authorization(&headers), out)
    })
}

/// Signs a response of Tablestore to a request of version 4, as the service does.
///
/// It is signed with HMAC-SHA1 too, with the key of the request's day and region.
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret; never stored or printed.
///     path: Path of the request.
///     region: Region of the request, its `x-ots-signregion`.
///     headers: Headers of the response; the SDK wants `x-ots-contentmd5`, `-requestid`, `-date` and `-contenttype`.
///     timestamp: The request's `x-ots-signdate` (`YYYYMMDD`), or any second of that day (UTC); without it today.
///
/// Returns:
///     Text and signature, and the header to add.
///
/// Example:
///     >>> signed = faceiot.sign.tablestore_v4_response("id", "secret", path="/PutRow", region="cn-hangzhou",
///     ...                                              headers={"x-ots-requestid": "1"}, timestamp="20180817")
///     >>> signed.string_to_sign
///     'x-ots-requestid:1\n/PutRow'
#[pyfunction]
#[pyo3(signature = (access_key_id, access_key_secret, *, path, region, headers, timestamp=None))]
pub(crate) fn tablestore_v4_response(
    py: Python<'_>,
    access_key_id: &str,
    access_key_secret: &str,
    path: Str,
    region: &str,
    headers: Pairs,
    timestamp: Option<Stamp>,
) -> Result<Signed> {
    let (headers, day) = (Filled::new(headers, false), day(py, timestamp.as_ref())?);
    let signature = tablestore::sign_response_v4(access_key_secret, &day, region, &path, &headers.all())?;
    response(py, access_key_id, path, headers, &signature)
}

/// Checks a response of Tablestore to a request of version 4, as its SDK does.
///
/// Args:
///     access_key_secret: AccessKey secret.
///     path: Path of the request.
///     region: Region of the request, its `x-ots-signregion`.
///     headers: Headers of the response, `Authorization` among them.
///     timestamp: The request's `x-ots-signdate` (`YYYYMMDD`), or any second of that day (UTC); without it today.
///
/// Raises:
///     SignatureError: The response does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> request = {"path": "/PutRow", "region": "cn-hangzhou", "timestamp": "20180817"}
///     >>> headers = {"x-ots-requestid": "1"}
///     >>> signed = faceiot.sign.tablestore_v4_response("id", "secret", headers=headers, **request)
///     >>> faceiot.sign.verify_tablestore_v4_response("secret", headers=headers | signed.headers, **request)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, path, region, headers, timestamp=None))]
pub(crate) fn verify_tablestore_v4_response(
    py: Python<'_>,
    access_key_secret: &str,
    path: &str,
    region: &str,
    headers: Pairs,
    timestamp: Option<Stamp>,
) -> Result<()> {
    let (headers, day) = (headers.as_strs(), day(py, timestamp.as_ref())?);
    let authorization = authorization(&headers);
    checked(|out| {
        tablestore::verify_response_v4(
            access_key_secret,
            &day,
            region,
            path,
            &headers,
            authorization,
            out,
        )
    })
}
