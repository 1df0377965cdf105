//! Alibaba's POP: RPC and ROA of version 1, and `ACS3-HMAC-SHA256`.

use faceiot_core::sign::Utc;
use faceiot_core::sign::aliyun::{acs3, roa, rpc};
use faceiot_core::{digest, text};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;

use super::filled::{Filled, literal};
use super::request::{Pairs, Stamp, authorization, checked, md5_of, moment, nonce as random, string};
use super::signed::{Form, Http, Place, Signed, Step, Texts, written};
use crate::bytes::Text;
use crate::errors::Result;

/// Signs a request to a POP API of the RPC style, version 1 (HMAC-SHA1): IoT, Face, ECS and others.
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret; used as the key, never stored or printed.
///     params: The parameters of the query and of the form together, plain: `Action`, `Version` and those of the action.
///     method: HTTP method.
///     timestamp: Seconds since 1970, or the parameter `Timestamp` itself; without it now.
///     nonce: `SignatureNonce`; without it 128 random bits.
///     security_token: Token of temporary credentials.
///     complete: Add `AccessKeyId`, `SignatureMethod`, `SignatureVersion`, `SignatureNonce`, `Timestamp` and `SecurityToken`
///         where they are missing; False signs what is given and nothing else.
///
/// Returns:
///     Canonical parameters, text and signature, the parameters to add, and the form of all of them.
///
/// Example:
///     >>> signed = faceiot.sign.aliyun_rpc("testid", "testsecret", method="GET", complete=False, params={
///     ...     "TimeStamp": "2016-02-23T12:46:24Z", "Format": "XML", "AccessKeyId": "testid",
///     ...     "Action": "DescribeRegions", "SignatureMethod": "HMAC-SHA1", "Version": "2014-05-26",
///     ...     "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf", "SignatureVersion": "1.0"})
///     >>> signed.params
///     {'Signature': 'CT9X0VtwR86fNWSnsc6v8YGOjuE='}
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, params, method="POST", timestamp=None, nonce=None, security_token=None,
    complete=true
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn aliyun_rpc(
    py: Python<'_>,
    access_key_id: Str,
    access_key_secret: &str,
    params: Pairs,
    method: &str,
    timestamp: Option<Stamp>,
    nonce: Option<Str>,
    security_token: Option<Str>,
    complete: bool,
) -> Result<Signed> {
    let mut params = Filled::new(params, complete);
    params
        .add(literal!("AccessKeyId"), || Ok(access_key_id))?
        .add(literal!("SignatureMethod"), || literal!("HMAC-SHA1").string(py))?
        .add(literal!("SignatureVersion"), || literal!("1.0").string(py))?
        .add(literal!("SignatureNonce"), || random(py, nonce.as_ref()))?
        .add(literal!("Timestamp"), || {
            moment(py, timestamp.as_ref(), Utc::iso8601)
        })?
        .add_some(literal!("SecurityToken"), security_token)?;
    let signature = string(py, rpc::sign(access_key_secret, method, &params.all())?.as_str())?;
    let method = method.to_owned();
    let texts = Texts::later(true, move |step, params, out| match step {
        Step::Canonical => rpc::canonical(params, out),
        Step::StringToSign => rpc::string_to_sign(&method, params, out),
    });
    let carrier = (literal!("Signature"), signature);
    let mut signed = Signed::carried(py, Place::Params, params, carrier, texts)?;
    signed.form = Form::Canonical;
    Ok(signed)
}

/// Checks a request to a POP API of the RPC style. Time and nonce are yours to check.
///
/// Args:
///     access_key_secret: The secret of the AccessKey that the request names.
///     params: The parameters of the query and of the form together, decoded, `Signature` among them.
///     method: HTTP method.
///
/// Raises:
///     SignatureError: The request does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> params = {"Action": "DescribeRegions", "Version": "2014-05-26"}
///     >>> signed = faceiot.sign.aliyun_rpc("id", "secret", params=params)
///     >>> faceiot.sign.verify_aliyun_rpc("secret", params=params | signed.params)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, params, method="POST"))]
pub(crate) fn verify_aliyun_rpc(access_key_secret: &str, params: Pairs, method: &str) -> Result<()> {
    let params = params.as_strs();
    checked(|out| rpc::verify(access_key_secret, method, &params, out))
}

/// Signs a request to a POP API of the ROA style, version 1 (HMAC-SHA1).
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret; used as the key, never stored or printed.
///     method: HTTP method.
///     path: Path as it is sent, without the query.
///     query: Query parameters, decoded.
///     headers: Headers of the request; `Accept`, `Content-MD5`, `Content-Type`, `Date` and `x-acs-*` are signed.
///     body: The body.
///     timestamp: Seconds since 1970, or the header `Date` itself; without it now.
///     nonce: `x-acs-signature-nonce`; without it 128 random bits.
///     security_token: Token of temporary credentials.
///     complete: Add `Date`, `Content-MD5` of a body, `x-acs-signature-*` and `x-acs-security-token` where they are missing;
///         False signs what is given and nothing else.
///
/// Returns:
///     Text and signature, and the headers to add.
///
/// Example:
///     >>> signed = faceiot.sign.aliyun_roa("id", "secret", method="GET", path="/clusters", complete=False,
///     ...     headers={"Accept": "application/json", "Date": "Fri, 17 Aug 2018 08:23:38 GMT"}, query={"a": "b"})
///     >>> signed.string_to_sign
///     'GET\napplication/json\n\n\nFri, 17 Aug 2018 08:23:38 GMT\n/clusters?a=b'
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, method, path, query=None, headers=None, body=None, timestamp=None, nonce=None,
    security_token=None, complete=true
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn aliyun_roa(
    py: Python<'_>,
    access_key_id: &str,
    access_key_secret: &str,
    method: Str,
    path: Str,
    query: Option<Pairs>,
    headers: Option<Pairs>,
    body: Option<Text>,
    timestamp: Option<Stamp>,
    nonce: Option<Str>,
    security_token: Option<Str>,
    complete: bool,
) -> Result<Signed> {
    let http = Http::new(method, path, query, body);
    let mut headers = Filled::new(headers.unwrap_or_default(), complete);
    headers
        .add(literal!("Date"), || {
            moment(py, timestamp.as_ref(), Utc::http_date)
        })?
        .add(literal!("x-acs-signature-method"), || {
            literal!("HMAC-SHA1").string(py)
        })?
        .add(literal!("x-acs-signature-version"), || literal!("1.0").string(py))?
        .add(literal!("x-acs-signature-nonce"), || random(py, nonce.as_ref()))?;
    if !http.body().is_empty() {
        headers.add(literal!("Content-MD5"), || md5_of(py, http.body()))?;
    }
    headers.add_some(literal!("x-acs-security-token"), security_token)?;
    let signature = http.with(&headers.all(), |request| roa::sign(access_key_secret, request))?;
    let authorization = string(py, &format!("acs {access_key_id}:{}", signature.as_str()))?;
    http.authorized(py, headers, authorization, false, |_, request, out| {
        roa::string_to_sign(request, out)
    })
}

/// Checks a request to a POP API of the ROA style; `Content-MD5`, when it is there, must be that of the body.
///
/// Time and nonce are yours to check.
///
/// Args:
///     access_key_secret: The secret of the AccessKey that `Authorization` names.
///     method: HTTP method.
///     path: Path as it came, without the query.
///     headers: Headers of the request, `Authorization` among them.
///     query: Query parameters, decoded.
///     body: The body.
///
/// Raises:
///     SignatureError: The request does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> signed = faceiot.sign.aliyun_roa("id", "secret", method="GET", path="/clusters")
///     >>> faceiot.sign.verify_aliyun_roa("secret", method="GET", path="/clusters", headers=signed.headers)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, method, path, headers, query=None, body=None))]
pub(crate) fn verify_aliyun_roa(
    access_key_secret: &str,
    method: Str,
    path: Str,
    headers: Pairs,
    query: Option<Pairs>,
    body: Option<Text>,
) -> Result<()> {
    let headers = headers.as_strs();
    let (_, signature) = roa::parse_authorization(authorization(&headers))?;
    Http::new(method, path, query, body).checked(&headers, |request, out| {
        roa::verify(access_key_secret, request, signature, out)
    })
}

/// Signs a request to a POP API, version 3 (`ACS3-HMAC-SHA256`).
///
/// Signed are `host`, `content-type` and `x-acs-*`; the request must carry `x-acs-action` and `x-acs-version`.
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret; used as the key, never stored or printed.
///     method: HTTP method.
///     path: Path as it is sent, without the query.
///     query: Query parameters, decoded.
///     headers: Headers of the request.
///     body: The body.
///     host: The header `host`, when it is not among the headers.
///     timestamp: Seconds since 1970, or the header `x-acs-date` itself; without it now.
///     nonce: `x-acs-signature-nonce`; without it 128 random bits.
///     security_token: Token of temporary credentials.
///     complete: Add `x-acs-date`, `x-acs-signature-nonce`, `x-acs-content-sha256` and `x-acs-security-token` where they are
///         missing; False signs what is given and nothing else.
///
/// Returns:
///     Canonical request, text and signature, and the headers to add.
///
/// Example:
///     >>> signed = faceiot.sign.aliyun_acs3("testid", "testsecret", method="GET", path="/",
///     ...     query={"Limit": "10", "DbName": "default"}, host="facebody.cn-shanghai.aliyuncs.com",
///     ...     headers={"x-acs-version": "2019-12-30", "x-acs-action": "SearchFace"},
///     ...     timestamp=1534494218, nonce="3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf")
///     >>> signed.signature
///     '9c2bb0cfc13617cfa5273629456e0f6c04090ec25eac6bb4edda963a9994e5a9'
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, method, path, query=None, headers=None, body=None, host=None, timestamp=None,
    nonce=None, security_token=None, complete=true
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn aliyun_acs3(
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
    nonce: Option<Str>,
    security_token: Option<Str>,
    complete: bool,
) -> Result<Signed> {
    let http = Http::new(method, path, query, body);
    let mut headers = Filled::new(headers.unwrap_or_default(), complete);
    headers
        .add_some(literal!("host"), host)?
        .add(literal!("x-acs-date"), || {
            moment(py, timestamp.as_ref(), Utc::iso8601)
        })?
        .add(literal!("x-acs-signature-nonce"), || random(py, nonce.as_ref()))?
        .add(literal!("x-acs-content-sha256"), || {
            string(
                py,
                text::hex_lower(&digest::sha256(&[http.body()]), &mut [0; 64])?,
            )
        })?
        .add_some(literal!("x-acs-security-token"), security_token)?;
    let authorization = http.with(&headers.all(), |request| {
        written(py, |out| {
            acs3::authorization(access_key_id, access_key_secret, request, out)
        })
    })?;
    http.authorized(
        py,
        headers,
        authorization,
        true,
        |step, request, out| match step {
            Step::Canonical => acs3::canonical(request, out),
            Step::StringToSign => acs3::string_to_sign(request, out),
        },
    )
}

/// Checks a request to a POP API of version 3, by the headers that it says are signed.
///
/// `host` must be one of them, and `x-acs-content-sha256`, when it is there, must be the hash of the body. Time and nonce are
/// yours to check.
///
/// Args:
///     access_key_secret: The secret of the AccessKey that `Authorization` names.
///     method: HTTP method.
///     path: Path as it came, without the query.
///     headers: Headers of the request, `Authorization` among them.
///     query: Query parameters, decoded.
///     body: The body.
///
/// Raises:
///     SignatureError: The request does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> signed = faceiot.sign.aliyun_acs3("id", "secret", method="GET", path="/", host="h")
///     >>> faceiot.sign.verify_aliyun_acs3("secret", method="GET", path="/", headers=signed.headers)
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, method, path, headers, query=None, body=None))]
pub(crate) fn verify_aliyun_acs3(
    access_key_secret: &str,
    method: Str,
    path: Str,
    headers: Pairs,
    query: Option<Pairs>,
    body: Option<Text>,
) -> Result<()> {
    let headers = headers.as_strs();
    let parsed = acs3::parse_authorization(authorization(&headers))?;
    Http::new(method, path, query, body).checked(&headers, |request, out| {
        acs3::verify(access_key_secret, request, &parsed, out)
    })
}
