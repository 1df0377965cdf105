//! POP ROA, signature version 1.0: HMAC-SHA1, `Authorization: acs {id}:{signature}`.
//!
//! ```
//! use faceiot_core::sign::{Request, aliyun::roa};
//!
//! let request = Request {
//!     method: "GET", path: "/x", query: &[("b", "c d"), ("a", "")],
//!     headers: &[("Accept", "application/json"), ("Date", "Fri, 17 Aug 2018 08:23:38 GMT"), ("x-acs-version", "2015-12-15")],
//!     ..Request::default()
//! };
//! let mut buffer = [0; 256];
//! assert_eq!(
//!     roa::string_to_sign(&request, &mut buffer)?,
//!     "GET\napplication/json\n\n\nFri, 17 Aug 2018 08:23:38 GMT\nx-acs-version:2015-12-15\n/x?a=&b=c d"
//! );
//! # Ok::<(), faceiot_core::Error>(())
//! ```

use crate::error::{Error, ErrorKind, Result};
use crate::sign::Mismatch;
use crate::sign::mac::{self, Signature};
use crate::sign::order::sorted;
use crate::sign::request::{Request, Signed};
use crate::text::{Sink, Writer, base64_encode, put_all};

const ACS: Signed<'static> = Signed::Usual(|name| {
    name.get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("x-acs-"))
});

/// The text that is signed: method, `Accept`, `Content-MD5`, `Content-Type`, `Date`, the headers `x-acs-*`, and the path
/// with its query, sorted and not encoded.
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
    access_key_id: &str,
    access_key_secret: &str,
    request: &Request<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_all(
        &mut w,
        &[
            "acs ",
            access_key_id,
            ":",
            sign(access_key_secret, request)?.as_str(),
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
        .strip_prefix("acs ")
        .and_then(|rest| rest.split_once(':'));
    parts.ok_or(Error::new(
        ErrorKind::Signature,
        "Authorization is not `acs {id}:{signature}`",
    ))
}

/// Checks a request; `Content-MD5`, when it is there, must be the body's.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Signature`].
pub fn verify<'o>(
    access_key_secret: &str,
    request: &Request<'_>,
    signature: &str,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let stated = request.header("content-md5");
    let mut md5 = [0; 24];
    if !stated.is_empty() && base64_encode(&crate::digest::md5(&[request.body]), &mut md5) != Ok(stated) {
        return Err(Mismatch::before(Error::new(
            ErrorKind::Signature,
            "Content-MD5 is not that of the body",
        )));
    }
    let expected = sign(access_key_secret, request).map_err(Mismatch::before)?;
    mac::compare(&expected, signature, "Authorization", out, |w| {
        put_string(request, w)
    })
}

fn put_string(request: &Request<'_>, sink: &mut impl Sink) -> Result<()> {
    put_all(sink, &[request.method, "\n"])?;
    for name in ["accept", "content-md5", "content-type", "date"] {
        put_all(sink, &[request.header(name), "\n"])?;
    }
    ACS.put_headers(request, sink)?;
    sink.put(request.path)?;
    for (at, (name, value)) in sorted(request.query, |a, b| a.0.cmp(b.0)).enumerate() {
        put_all(sink, &[if at == 0 { "?" } else { "&" }, name, "=", value])?;
    }
    Ok(())
}
