//! Version 1: HMAC-SHA1.

use faceiot_core::sign::aliyun::oss::{Request, v1};
use faceiot_core::sign::{AccessKey, Utc};
use faceiot_core::{digest, text};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;

use super::super::filled::{Filled, literal};
use super::super::request::{Pairs, Stamp, authorization, checked, moment, string};
use super::super::signed::{Place, Signed, Texts, written};
use super::{Object, url};
use crate::clock;
use crate::errors::Result;

/// Signs an OSS request in its headers, version 1 (HMAC-SHA1).
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret; used as the key, never stored or printed.
///     method: HTTP method.
///     bucket: Bucket, also behind a CNAME; empty for requests to the service itself.
///     key: Key of the object, plain; empty for requests to the bucket.
///     headers: Headers of the request. A `Date` or `x-oss-date` among them is kept.
///     params: Query parameters, decoded; one without a value has an empty one.
///     timestamp: Seconds since 1970, or the header `Date` itself; without it now.
///     security_token: Token of temporary credentials.
///
/// Returns:
///     Text and signature, and the headers to add.
///
/// Example:
///     >>> signed = faceiot.sign.oss_v1("id", "secret", method="GET", bucket="b", key="a.jpg", timestamp=1534494218)
///     >>> signed.string_to_sign
///     'GET\n\n\nFri, 17 Aug 2018 08:23:38 GMT\n/b/a.jpg'
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, method, bucket="", key="", headers=None, params=None, timestamp=None,
    security_token=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn oss_v1(
    py: Python<'_>,
    access_key_id: &str,
    access_key_secret: &str,
    method: Str,
    bucket: &str,
    key: &str,
    headers: Option<Pairs>,
    params: Option<Pairs>,
    timestamp: Option<Stamp>,
    security_token: Option<Str>,
) -> Result<Signed> {
    let object = Object::new(method, bucket, key, params);
    let mut headers = Filled::new(headers.unwrap_or_default(), true);
    if headers.value("x-oss-date").is_none() {
        headers.add(literal!("Date"), || {
            moment(py, timestamp.as_ref(), Utc::http_date)
        })?;
    }
    headers.add_some(literal!("x-oss-security-token"), security_token)?;
    let access_key = AccessKey {
        access_key_id,
        access_key_secret,
        security_token: None, // it is among the headers
    };
    let authorization = object.with(&headers.all(), |request| {
        written(py, |out| v1::authorization(&access_key, request, out))
    })?;
    let carrier = (literal!("Authorization"), authorization);
    let texts = Texts::later(false, move |_, headers, out| {
        object.with(headers, |request| v1::string_to_sign(request, out))
    });
    Signed::carried(py, Place::Headers, headers, carrier, texts)
}

/// Checks an OSS request signed in its headers, version 1. The time is yours to check.
///
/// Args:
///     access_key_secret: The secret of the AccessKey that `Authorization` names.
///     method: HTTP method.
///     bucket: Bucket.
///     key: Key of the object, decoded.
///     headers: Headers of the request, `Authorization` among them.
///     params: Query parameters, decoded.
///
/// Raises:
///     SignatureError: The request does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> signed = faceiot.sign.oss_v1("id", "secret", method="GET", bucket="b", key="a.jpg")
///     >>> faceiot.sign.verify_oss_v1("secret", method="GET", bucket="b", key="a.jpg", headers=signed.headers)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, method, headers, bucket="", key="", params=None))]
pub(crate) fn verify_oss_v1(
    access_key_secret: &str,
    method: &str,
    headers: Pairs,
    bucket: &str,
    key: &str,
    params: Option<Pairs>,
) -> Result<()> {
    let params = params.unwrap_or_default();
    let (headers, params) = (headers.as_strs(), params.as_strs());
    let (_, signature) = v1::parse_authorization(authorization(&headers))?;
    let request = Request {
        method,
        bucket,
        key,
        query: &params,
        headers: &headers,
    };
    checked(|out| v1::verify(access_key_secret, &request, signature, out))
}

/// Signs an OSS URL that may be used for some time, version 1 (HMAC-SHA1).
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret; used as the key, never stored or printed.
///     method: HTTP method.
///     bucket: Bucket.
///     key: Key of the object, plain.
///     headers: Headers that the request will have; `Content-Type`, `Content-MD5` and `x-oss-*` are signed.
///     params: Query parameters, decoded.
///     timestamp: Seconds since 1970; without it now.
///     expires: How many seconds the URL is good for.
///     security_token: Token of temporary credentials.
///     host: Host of the URL, such as `{bucket}.oss-{region}.aliyuncs.com`; without it the URL begins with the path.
///
/// Returns:
///     Text and signature, and the URL.
///
/// Example:
///     >>> signed = faceiot.sign.oss_v1_url("id", "secret", method="GET", bucket="b", key="a.jpg", timestamp=0)
///     >>> signed.url.split("&Signature=")[0]
///     '/a.jpg?OSSAccessKeyId=id&Expires=3600'
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, method, bucket, key, headers=None, params=None, timestamp=None, expires=3600,
    security_token=None, host=""
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn oss_v1_url(
    py: Python<'_>,
    access_key_id: &str,
    access_key_secret: &str,
    method: &str,
    bucket: &str,
    key: &str,
    headers: Option<Pairs>,
    params: Option<Pairs>,
    timestamp: Option<u64>,
    expires: u32,
    security_token: Option<&str>,
    host: &str,
) -> Result<Signed> {
    let (headers, params) = (headers.unwrap_or_default(), params.unwrap_or_default());
    let (headers, params) = (headers.as_strs(), params.as_strs());
    let until = timestamp
        .unwrap_or_else(clock::unix_seconds)
        .saturating_add(expires.into());
    let request = Request {
        method,
        bucket,
        key,
        query: &params,
        headers: &headers,
    };
    let access_key = AccessKey {
        access_key_id,
        access_key_secret,
        security_token,
    };
    let query = written(py, |out| v1::presign(&access_key, &request, until, out))?;
    let string_to_sign = written(py, |out| {
        v1::presigned_string_to_sign(&access_key, &request, until, out)
    })?;
    let mac = digest::hmac_sha1(access_key_secret.as_bytes(), &[string_to_sign.as_bytes()]);
    let signature = string(py, text::base64_encode(&mac, &mut [0; 28])?)?;
    let texts = Texts::Written {
        canonical: None,
        string_to_sign,
    };
    let url = url(py, host, key, &query)?;
    Ok(Signed::in_url(url, signature, texts))
}

/// Checks a request to a URL signed by version 1, and that it has not expired.
///
/// Args:
///     access_key_secret: The secret of the AccessKey that the URL names.
///     method: HTTP method.
///     bucket: Bucket.
///     key: Key of the object, decoded.
///     params: All query parameters of the URL, decoded.
///     headers: Headers of the request.
///     now: Seconds since 1970; without it the current time.
///
/// Raises:
///     SignatureError: The request does not verify, or the URL has expired. The message shows the string that was signed
///         here.
///
/// Example:
///     >>> from urllib.parse import parse_qsl, urlsplit
///     >>> url = faceiot.sign.oss_v1_url("id", "secret", method="GET", bucket="b", key="a.jpg").url
///     >>> params = parse_qsl(urlsplit(url).query)
///     >>> faceiot.sign.verify_oss_v1_url("secret", method="GET", bucket="b", key="a.jpg", params=params)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, method, bucket, key, params, headers=None, now=None))]
pub(crate) fn verify_oss_v1_url(
    access_key_secret: &str,
    method: &str,
    bucket: &str,
    key: &str,
    params: Pairs,
    headers: Option<Pairs>,
    now: Option<u64>,
) -> Result<()> {
    let headers = headers.unwrap_or_default();
    let (headers, params) = (headers.as_strs(), params.as_strs());
    let now = now.unwrap_or_else(clock::unix_seconds);
    let request = Request {
        method,
        bucket,
        key,
        query: &params,
        headers: &headers,
    };
    checked(|out| v1::verify_presigned(access_key_secret, &request, now, out))
}
