//! Alibaba's POP: RPC and ROA of version 1, and `ACS3-HMAC-SHA256`.

use std::sync::Arc;

use faceiot_core::sign::aliyun::{acs3, roa, rpc};
use faceiot_core::sign::{Request, Utc};
use faceiot_core::{digest, text};
use pyo3::prelude::*;

use super::mqtt::Stamp;
use super::request::{
    Filled, Pairs, Shown, Signed, authorization, checked, joined, moment, nonce as random, signature_in,
    written,
};
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
///     Canonical parameters, text and signature, and the parameters to add.
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
    access_key_id: &str,
    access_key_secret: &str,
    params: Pairs,
    method: &str,
    timestamp: Option<Stamp>,
    nonce: Option<&str>,
    security_token: Option<&str>,
    complete: bool,
) -> Result<Signed> {
    let mut filled = Filled::new(&params, complete);
    filled
        .add("AccessKeyId", || Ok(access_key_id.to_owned()))?
        .add("SignatureMethod", || Ok("HMAC-SHA1".to_owned()))?
        .add("SignatureVersion", || Ok("1.0".to_owned()))?
        .add("SignatureNonce", || random(py, nonce))?
        .add("Timestamp", || moment(timestamp.as_ref(), Utc::iso8601))?;
    if let Some(token) = security_token {
        filled.add("SecurityToken", || Ok(token.to_owned()))?;
    }
    let signature = rpc::sign(access_key_secret, method, &filled.all())?
        .as_str()
        .to_owned();
    let added = filled.added;
    let mut sent = added.clone();
    sent.push(("Signature", signature.clone()));
    let (method, signed) = (method.to_owned(), Arc::new((params, added)));
    let same = Arc::clone(&signed);
    Ok(Signed {
        canonical: Some(Shown::later(move || {
            written(|out| rpc::canonical(&joined(&same.0, &same.1), out))
        })),
        string_to_sign: Shown::later(move || {
            written(|out| rpc::string_to_sign(&method, &joined(&signed.0, &signed.1), out))
        }),
        signature,
        params: sent,
        ..Signed::default()
    })
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
    checked(&[&params], |out| {
        rpc::verify(access_key_secret, method, &params, out)
    })
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
    method: &str,
    path: &str,
    query: Option<Pairs>,
    headers: Option<Pairs>,
    body: Option<Text>,
    timestamp: Option<Stamp>,
    nonce: Option<&str>,
    security_token: Option<&str>,
    complete: bool,
) -> Result<Signed> {
    let (query, headers) = (query.unwrap_or_default(), headers.unwrap_or_default());
    let body = body.as_ref().map_or(&b""[..], Text::as_slice);
    let mut filled = Filled::new(&headers, complete);
    filled
        .add("Date", || moment(timestamp.as_ref(), Utc::http_date))?
        .add("x-acs-signature-method", || Ok("HMAC-SHA1".to_owned()))?
        .add("x-acs-signature-version", || Ok("1.0".to_owned()))?
        .add("x-acs-signature-nonce", || random(py, nonce))?;
    if !body.is_empty() {
        filled.add("Content-MD5", || {
            Ok(text::base64_encode(&digest::md5(&[body]), &mut [0; 24])?.to_owned())
        })?;
    }
    if let Some(token) = security_token {
        filled.add("x-acs-security-token", || Ok(token.to_owned()))?;
    }
    let request = Request {
        method,
        path,
        query: &query.as_strs(),
        headers: &filled.all(),
        body,
    };
    let string_to_sign = written(|out| roa::string_to_sign(&request, out))?;
    let signature = roa::sign(access_key_secret, &request)?.as_str().to_owned();
    let mut headers = filled.added;
    headers.push(("Authorization", format!("acs {access_key_id}:{signature}")));
    Ok(Signed {
        string_to_sign: string_to_sign.into(),
        signature,
        headers,
        ..Signed::default()
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
    let (_, signature) = roa::parse_authorization(authorization(&headers))?;
    checked(&[&headers, &query], |out| {
        roa::verify(access_key_secret, &request, signature, out)
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
    method: &str,
    path: &str,
    query: Option<Pairs>,
    headers: Option<Pairs>,
    body: Option<Text>,
    host: Option<&str>,
    timestamp: Option<Stamp>,
    nonce: Option<&str>,
    security_token: Option<&str>,
    complete: bool,
) -> Result<Signed> {
    let (query, headers) = (query.unwrap_or_default(), headers.unwrap_or_default());
    let body = body.as_ref().map_or(&b""[..], Text::as_slice);
    let mut filled = Filled::new(&headers, complete);
    if let Some(host) = host {
        filled.add("host", || Ok(host.to_owned()))?;
    }
    filled
        .add("x-acs-date", || moment(timestamp.as_ref(), Utc::iso8601))?
        .add("x-acs-signature-nonce", || random(py, nonce))?
        .add("x-acs-content-sha256", || {
            Ok(text::hex_lower(&digest::sha256(&[body]), &mut [0; 64])?.to_owned())
        })?;
    if let Some(token) = security_token {
        filled.add("x-acs-security-token", || Ok(token.to_owned()))?;
    }
    let request = Request {
        method,
        path,
        query: &query.as_strs(),
        headers: &filled.all(),
        body,
    };
    let signed = Signed {
        canonical: Some(written(|out| acs3::canonical(&request, out))?.into()),
        string_to_sign: written(|out| acs3::string_to_sign(&request, out))?.into(),
        ..Signed::default()
    };
    let authorization = written(|out| acs3::authorization(access_key_id, access_key_secret, &request, out))?;
    let mut headers = filled.added;
    let signature = signature_in(&authorization);
    headers.push(("Authorization", authorization));
    Ok(Signed {
        signature,
        headers,
        ..signed
    })
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
    let parsed = acs3::parse_authorization(authorization(&headers))?;
    checked(&[&headers, &query], |out| {
        acs3::verify(access_key_secret, &request, &parsed, out)
    })
}
