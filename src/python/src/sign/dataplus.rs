//! Dataplus (seed 000).

use faceiot_core::sign::aliyun::dataplus::{self, Request};
use faceiot_core::sign::{AccessKey, Utc};
use pyo3::prelude::*;

use super::filled::{Filled, literal};
use super::request::{Pairs, Stamp, authorization, checked, header, moment, octets, string};
use super::signed::{Place, Signed, Texts, written};
use crate::bytes::Text;
use crate::errors::Result;

/// Signs a request to Alibaba's Dataplus, seed 000's face service.
///
/// Args:
///     access_key_id: AccessKey id.
///     access_key_secret: AccessKey secret; used as the key, never stored or printed.
///     method: HTTP method.
///     path: Path and query as they are sent.
///     accept: Header `Accept`.
///     content_type: Header `Content-Type`.
///     body: The body.
///     timestamp: Seconds since 1970, or the header `Date` itself; without it now.
///     empty_body_without_md5: Sign no MD5 for an empty body, as the vendor's demos do; seed 000 signs the MD5 of nothing.
///
/// Returns:
///     Text and signature, and the headers to send.
///
/// Example:
///     >>> signed = faceiot.sign.aliyun_dataplus("testid", "testsecret", path="/face/attribute",
///     ...     body='{"type":0,"image_url":"http://a/1.jpg"}', timestamp=1534494218)
///     >>> signed.headers["Authorization"]
///     'Dataplus testid:1yCziB6ZyM6FCyLZ2CxZhhcj3Ms='
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, path, method="POST", accept="application/json",
    content_type="application/json", body=None, timestamp=None, empty_body_without_md5=false
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn aliyun_dataplus(
    py: Python<'_>,
    access_key_id: &str,
    access_key_secret: &str,
    path: &str,
    method: &str,
    accept: &str,
    content_type: &str,
    body: Option<Text>,
    timestamp: Option<Stamp>,
    empty_body_without_md5: bool,
) -> Result<Signed> {
    let date = moment(py, timestamp.as_ref(), Utc::http_date)?;
    let request = Request {
        method,
        accept,
        content_type,
        date: &date,
        path,
        body: octets(body.as_ref()),
        empty_body_without_md5,
    };
    let key = AccessKey {
        access_key_id,
        access_key_secret,
        security_token: None,
    };
    let authorization = written(py, |out| dataplus::authorization(&key, &request, out))?;
    let string_to_sign = written(py, |out| dataplus::string_to_sign(&request, out))?;
    let mut headers = Filled::new(Pairs::default(), true);
    headers
        .add(literal!("Accept"), || string(py, accept))?
        .add(literal!("Content-Type"), || string(py, content_type))?
        .add(literal!("Date"), || Ok(date))?;
    let texts = Texts::Written {
        canonical: None,
        string_to_sign,
    };
    let carrier = (literal!("Authorization"), authorization);
    Signed::carried(py, Place::Headers, headers, carrier, texts)
}

/// Checks a request to Dataplus.
///
/// An empty body is accepted with and without its MD5. The time is yours to check.
///
/// Args:
///     access_key_secret: The secret of the AccessKey that the request names.
///     method: HTTP method.
///     path: Path and query as they came.
///     headers: `Accept`, `Content-Type`, `Date` and `Authorization`.
///     body: The body.
///
/// Raises:
///     SignatureError: The request does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> signed = faceiot.sign.aliyun_dataplus("id", "secret", path="/face/attribute", body="{}")
///     >>> faceiot.sign.verify_aliyun_dataplus("secret", path="/face/attribute", headers=signed.headers, body="{}")
#[pyfunction]
#[pyo3(signature = (access_key_secret, *, path, headers, method="POST", body=None))]
pub(crate) fn verify_aliyun_dataplus(
    access_key_secret: &str,
    path: &str,
    headers: Pairs,
    method: &str,
    body: Option<Text>,
) -> Result<()> {
    let headers = headers.as_strs();
    let value = |name| header(&headers, name).unwrap_or_default();
    let request = Request {
        method,
        accept: value("accept"),
        content_type: value("content-type"),
        date: value("date"),
        path,
        body: octets(body.as_ref()),
        empty_body_without_md5: false,
    };
    let (_, signature) = dataplus::parse_authorization(authorization(&headers))?;
    checked(|out| dataplus::verify(access_key_secret, &request, signature, out))
}
