//! Dataplus (dtplus), seed 000's face API: HMAC-SHA1 over six lines, `Authorization: Dataplus {id}:{signature}`.
//!
//! ```
//! use faceiot_core::sign::aliyun::dataplus::{Request, sign};
//!
//! let body = br#"{"type":0,"image_url":"http://a/1.jpg"}"#;
//! let request = Request { path: "/face/attribute", date: "Fri, 17 Aug 2018 08:23:38 GMT", body, ..Request::default() };
//! assert_eq!(sign("testsecret", &request)?.as_str(), "1yCziB6ZyM6FCyLZ2CxZhhcj3Ms=");
//! # Ok::<(), faceiot_core::Error>(())
//! ```

use crate::digest;
use crate::error::{Error, ErrorKind, Result};
use crate::sign::Mismatch;
use crate::sign::mac::{self, AccessKey, Signature};
use crate::text::{Sink, Writer, put_all};

/// What is signed of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Header `Accept`.
    pub accept: &'a str,
    /// Header `Content-Type`.
    pub content_type: &'a str,
    /// Header `Date`, as [`Utc::http_date`](crate::sign::Utc::http_date) writes it.
    pub date: &'a str,
    /// Path and query as they are sent, not encoded again.
    pub path: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// Leave the line of the body's MD5 empty when there is no body, as the vendor's demos do; seed 000 signs the MD5 of
    /// nothing.
    pub empty_body_without_md5: bool,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            method: "POST",
            accept: "application/json",
            content_type: "application/json",
            date: "",
            path: "/",
            body: b"",
            empty_body_without_md5: false,
        }
    }
}

/// The text that is signed.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn string_to_sign<'b>(request: &Request<'_>, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_string(request, &mut w)?;
    Ok(w.finish())
}

/// The signature.
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn sign(access_key_secret: &str, request: &Request<'_>) -> Result<Signature> {
    Signature::base64(&mac::hmac_sha1(&[access_key_secret.as_bytes()], |mac| {
        put_string(request, mac)
    })?)
}

/// The header `Authorization`.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn authorization<'b>(
    key: &AccessKey<'_>,
    request: &Request<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_all(
        &mut w,
        &[
            "Dataplus ",
            key.access_key_id,
            ":",
            sign(key.access_key_secret, request)?.as_str(),
        ],
    )?;
    Ok(w.finish())
}

/// Takes `Authorization` apart: the access key id, to look its secret up, and the signature.
///
/// # Errors
/// [`ErrorKind::Signature`].
pub fn parse_authorization(authorization: &str) -> Result<(&str, &str)> {
    let parts = authorization
        .strip_prefix("Dataplus ")
        .and_then(|rest| rest.split_once(':'));
    parts.ok_or(Error::new(
        ErrorKind::Signature,
        "Authorization is not `Dataplus {id}:{signature}`",
    ))
}

/// Checks the signature of a request; an empty body is accepted with and without its MD5.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Signature`].
pub fn verify<'o>(
    access_key_secret: &str,
    request: &Request<'_>,
    signature: &str,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let other = Request {
        empty_body_without_md5: !request.empty_body_without_md5,
        ..*request
    };
    if request.body.is_empty()
        && sign(access_key_secret, &other).is_ok_and(|expected| expected.accepts(signature))
    {
        return Ok(());
    }
    let expected = sign(access_key_secret, request).map_err(Mismatch::before)?;
    mac::compare(&expected, signature, "signature", out, |w| put_string(request, w))
}

fn put_string(request: &Request<'_>, sink: &mut impl Sink) -> Result<()> {
    put_all(sink, &[request.method, "\n", request.accept, "\n"])?;
    if !(request.body.is_empty() && request.empty_body_without_md5) {
        sink.put(Signature::base64(&digest::md5(&[request.body]))?.as_str())?;
    }
    put_all(
        sink,
        &["\n", request.content_type, "\n", request.date, "\n", request.path],
    )
}
