//! Version 4: HMAC-SHA256 with a key for the day and the region.

use faceiot_core::ErrorKind;
use faceiot_core::sign::aliyun::oss::{Request, v4};
use faceiot_core::sign::{AccessKey, SigningKey as Key, Utc};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;

use super::super::filled::{Filled, literal};
use super::super::request::{Pairs, Secret, Stamp, authorization, checked, header, moment, string};
use super::super::signed::{Place, Signed, SigningKey, Step, Texts, written};
use super::{Object, url};
use crate::clock;
use crate::errors::{Failure, Result};

/// Derives the key for a day and a region, with which `oss_v4` and the others need one HMAC for a signature.
///
/// Args:
///     access_key_secret: AccessKey secret; used as the key, never stored or printed.
///     region: Region, such as `cn-shanghai`.
///     timestamp: Any second of the day (UTC), or `YYYYMMDDThhmmssZ`; without it today.
///
/// Returns:
///     The key, to be given in place of the secret.
///
/// Raises:
///     SignatureError: The timestamp is not `YYYYMMDDThhmmssZ`.
///
/// Example:
///     >>> key = faceiot.sign.oss_v4_key("testsecret", region="cn-shanghai", timestamp=1534494218)
///     >>> key
///     SigningKey(***)
///     >>> faceiot.sign.oss_v4("id", key, method="GET", bucket="examplebucket", key="a.jpg", region="cn-shanghai",
///     ...                     timestamp=1534494218).signature
///     '487f5ff86df532bd691af2ac18643933a633733f893c051611276dae09232f66'
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, region, timestamp=None))]
pub(crate) fn oss_v4_key(
    py: Python<'_>,
    access_key_secret: &str,
    region: &str,
    timestamp: Option<Stamp>,
) -> Result<SigningKey> {
    let date = moment(py, timestamp.as_ref(), Utc::basic)?;
    let scope = v4::Scope {
        date: &date,
        region,
        additional_headers: "",
    };
    Ok(SigningKey(v4::signing_key(access_key_secret, &scope)?))
}

/// Signs an OSS request in its headers, version 4 (HMAC-SHA256 with a key for the day and the region).
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret, used as the key, never stored or printed; or the key of `oss_v4_key`.
///     method: HTTP method.
///     bucket: Bucket, also behind a CNAME; empty for requests to the service itself.
///     key: Key of the object, plain; empty for requests to the bucket.
///     region: Region, such as `cn-shanghai`.
///     headers: Headers of the request; `x-oss-*`, `Content-Type` and `Content-MD5` are signed.
///     params: Query parameters, decoded; one without a value has an empty one.
///     timestamp: Seconds since 1970, or `YYYYMMDDThhmmssZ`; without it the header `x-oss-date`, or now.
///     security_token: Token of temporary credentials.
///     additional_headers: Names of further headers to sign.
///
/// Returns:
///     Canonical request, text and signature, and the headers to add.
///
/// Raises:
///     SignatureError: The timestamp is not `YYYYMMDDThhmmssZ`.
///
/// Example:
///     >>> signed = faceiot.sign.oss_v4("testid", "testsecret", method="GET", bucket="examplebucket", key="a.jpg",
///     ...                              region="cn-shanghai", timestamp=1534494218)
///     >>> signed.signature
///     '487f5ff86df532bd691af2ac18643933a633733f893c051611276dae09232f66'
///     >>> list(signed.headers)
///     ['x-oss-date', 'x-oss-content-sha256', 'Authorization']
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, method, region, bucket="", key="", headers=None, params=None, timestamp=None,
    security_token=None, additional_headers=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn oss_v4(
    py: Python<'_>,
    access_key_id: &str,
    access_key_secret: Secret,
    method: Str,
    region: Str,
    bucket: &str,
    key: &str,
    headers: Option<Pairs>,
    params: Option<Pairs>,
    timestamp: Option<Stamp>,
    security_token: Option<Str>,
    additional_headers: Option<Vec<String>>,
) -> Result<Signed> {
    let object = Object::new(method, bucket, key, params);
    let additional_headers = listed(additional_headers);
    let mut headers = Filled::new(headers.unwrap_or_default(), true);
    headers
        .add(literal!("x-oss-date"), || {
            moment(py, timestamp.as_ref(), Utc::basic)
        })?
        .add(literal!("x-oss-content-sha256"), || {
            literal!("UNSIGNED-PAYLOAD").string(py)
        })?
        .add_some(literal!("x-oss-security-token"), security_token)?;
    let all = headers.all();
    let scope = scope(&all, &region, &additional_headers);
    let day = day_key(&access_key_secret, &scope)?;
    let authorization = object.with(&all, |request| {
        written(py, |out| {
            v4::authorization(access_key_id, &day, request, &scope, out)
        })
    })?;
    let texts = Texts::later(true, move |step, headers, out| {
        let scope = self::scope(headers, &region, &additional_headers);
        object.with(headers, |request| match step {
            Step::Canonical => v4::canonical(request, &scope, out),
            Step::StringToSign => v4::string_to_sign(request, &scope, out),
        })
    });
    let carrier = (literal!("Authorization"), authorization);
    Signed::carried(py, Place::Headers, headers, carrier, texts)
}

/// When and where a request with these headers is signed.
fn scope<'a>(headers: &[(&str, &'a str)], region: &'a str, additional_headers: &'a str) -> v4::Scope<'a> {
    v4::Scope {
        date: header(headers, "x-oss-date").unwrap_or_default(),
        region,
        additional_headers,
    }
}

/// Checks an OSS request signed in its headers, version 4.
///
/// Whether `x-oss-date` is near enough is yours to check; the service allows 15 minutes.
///
/// Args:
///     access_key_secret: The secret of the AccessKey that `Authorization` names, or the key of `oss_v4_key`.
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
///     >>> request = {"method": "GET", "bucket": "b", "key": "a.jpg"}
///     >>> signed = faceiot.sign.oss_v4("id", "secret", region="cn-shanghai", **request)
///     >>> faceiot.sign.verify_oss_v4("secret", headers=signed.headers, **request)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, method, headers, bucket="", key="", params=None))]
pub(crate) fn verify_oss_v4(
    access_key_secret: Secret,
    method: &str,
    headers: Pairs,
    bucket: &str,
    key: &str,
    params: Option<Pairs>,
) -> Result<()> {
    let params = params.unwrap_or_default();
    let (headers, params) = (headers.as_strs(), params.as_strs());
    let parsed = v4::parse_authorization(authorization(&headers))?;
    let request = Request {
        method,
        bucket,
        key,
        query: &params,
        headers: &headers,
    };
    let date = header(&headers, "x-oss-date").unwrap_or_default();
    let key = received_key(&access_key_secret, date, parsed.region)?;
    checked(|out| v4::verify(&key, &request, &parsed, out))
}

/// Signs an OSS URL that may be used for some time, version 4 (HMAC-SHA256).
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret, used as the key, never stored or printed; or the key of `oss_v4_key`.
///     method: HTTP method.
///     bucket: Bucket.
///     key: Key of the object, plain.
///     region: Region, such as `cn-shanghai`.
///     headers: Headers that the request will have; `x-oss-*`, `Content-Type` and `Content-MD5` are signed.
///     params: Query parameters, decoded.
///     timestamp: Seconds since 1970, or `YYYYMMDDThhmmssZ`; without it now.
///     expires: How many seconds the URL is good for.
///     security_token: Token of temporary credentials.
///     additional_headers: Names of further headers to sign.
///     host: Host of the URL, such as `{bucket}.oss-{region}.aliyuncs.com`; without it the URL begins with the path.
///
/// Returns:
///     Canonical request, text and signature, and the URL.
///
/// Raises:
///     SignatureError: The timestamp is not `YYYYMMDDThhmmssZ`.
///
/// Example:
///     >>> signed = faceiot.sign.oss_v4_url("id", "secret", method="GET", bucket="b", key="a.jpg",
///     ...                                  region="cn-shanghai", host="b.oss-cn-shanghai.aliyuncs.com")
///     >>> signed.url.split("?")[0]
///     'https://b.oss-cn-shanghai.aliyuncs.com/a.jpg'
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, method, bucket, key, region, headers=None, params=None, timestamp=None,
    expires=3600, security_token=None, additional_headers=None, host=""
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn oss_v4_url(
    py: Python<'_>,
    access_key_id: &str,
    access_key_secret: Secret,
    method: &str,
    bucket: &str,
    key: &str,
    region: &str,
    headers: Option<Pairs>,
    params: Option<Pairs>,
    timestamp: Option<Stamp>,
    expires: u32,
    security_token: Option<&str>,
    additional_headers: Option<Vec<String>>,
    host: &str,
) -> Result<Signed> {
    let (headers, params) = (headers.unwrap_or_default(), params.unwrap_or_default());
    let (headers, params) = (headers.as_strs(), params.as_strs());
    let date = moment(py, timestamp.as_ref(), Utc::basic)?;
    let additional_headers = listed(additional_headers);
    let scope = v4::Scope {
        date: &date,
        region,
        additional_headers: &additional_headers,
    };
    let request = Request {
        method,
        bucket,
        key,
        query: &params,
        headers: &headers,
    };
    let day = day_key(&access_key_secret, &scope)?;
    // The secret itself is not signed: only the id and the token of this key are read.
    let access_key = AccessKey {
        access_key_id,
        access_key_secret: "",
        security_token,
    };
    let query = written(py, |out| {
        v4::presign(&access_key, &day, &request, &scope, expires, out)
    })?;
    let signature = query.rsplit_once("x-oss-signature=").map_or("", |parts| parts.1);
    let canonical = written(py, |out| {
        v4::presigned_canonical(&access_key, &request, &scope, expires, out)
    })?;
    let texts = Texts::Written {
        canonical: Some(canonical),
        string_to_sign: written(py, |out| {
            v4::presigned_string_to_sign(&access_key, &request, &scope, expires, out)
        })?,
    };
    let url = url(py, host, key, &query)?;
    Ok(Signed::in_url(url, string(py, signature)?, texts))
}

/// Checks a request to a URL signed by version 4, and that it has not expired.
///
/// Args:
///     access_key_secret: The secret of the AccessKey that the URL names, or the key of `oss_v4_key`.
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
///     >>> request = {"method": "GET", "bucket": "b", "key": "a.jpg"}
///     >>> url = faceiot.sign.oss_v4_url("id", "secret", region="cn-shanghai", **request).url
///     >>> faceiot.sign.verify_oss_v4_url("secret", params=parse_qsl(urlsplit(url).query), **request)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, method, bucket, key, params, headers=None, now=None))]
pub(crate) fn verify_oss_v4_url(
    access_key_secret: Secret,
    method: &str,
    bucket: &str,
    key: &str,
    params: Pairs,
    headers: Option<Pairs>,
    now: Option<u64>,
) -> Result<()> {
    let headers = headers.unwrap_or_default();
    let (headers, params) = (headers.as_strs(), params.as_strs());
    let request = Request {
        method,
        bucket,
        key,
        query: &params,
        headers: &headers,
    };
    let parsed = v4::parse_presigned(&request)?;
    let value = |name| {
        params
            .iter()
            .find(|parameter| parameter.0 == name)
            .map_or("", |parameter| parameter.1)
    };
    let date = value("x-oss-date");
    let now = now.unwrap_or_else(clock::unix_seconds);
    // Times of this spelling compare as texts.
    let since = value("x-oss-expires")
        .parse::<u32>()
        .ok()
        .map(|expires| now.saturating_sub(expires.into()));
    let mut oldest = [0; 32];
    let alive = since.is_some_and(|since| {
        Utc::from_unix(since)
            .basic(&mut oldest)
            .is_ok_and(|oldest| oldest <= date)
    });
    if !alive {
        return Err(Failure::new(
            ErrorKind::Timestamp,
            "timestamp not accepted: x-oss-expires",
        ));
    }
    let key = received_key(&access_key_secret, date, parsed.region)?;
    checked(|out| v4::verify_presigned(&key, &request, &parsed, out))
}

fn day_key(secret: &Secret, scope: &v4::Scope<'_>) -> Result<Key> {
    secret.key(|secret| v4::signing_key(secret, scope))
}

/// The key of a request that came in.
fn received_key(secret: &Secret, date: &str, region: &str) -> Result<Key> {
    let scope = v4::Scope {
        date,
        region,
        additional_headers: "",
    };
    day_key(secret, &scope)
}

/// Names of headers as the signature lists them: in lower case, sorted.
fn listed(names: Option<Vec<String>>) -> String {
    let mut names = names.unwrap_or_default();
    for name in &mut names {
        name.make_ascii_lowercase();
    }
    names.sort_unstable();
    names.join(";")
}
