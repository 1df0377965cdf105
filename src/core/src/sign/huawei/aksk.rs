//! Requests to the application side signed with AK and SK: `SDK-HMAC-SHA256`, and `V11-HMAC-SHA256` with a derived key for
//! the hosts of standard and enterprise instances (`*.iotda-app.*`).
//!
//! | step | `SDK-HMAC-SHA256` | `V11-HMAC-SHA256` |
//! |---|---|---|
//! | the request, spelled the one way | [`canonical`] | the same |
//! | its hash, with algorithm and time | [`string_to_sign`] | [`v11::string_to_sign`] |
//! | the key of the day | - (the SK itself) | [`v11::signing_key`] |
//! | one HMAC | [`sign`], [`authorization`] | [`v11::sign`], [`v11::authorization`] |
//! | a request that came in | [`parse_authorization`], [`verify`] | [`v11::parse_authorization`], [`v11::verify`] |
//!
//! Every header of the request is signed but those with `_` in their name; it must carry `Host` and `X-Sdk-Date`. A body
//! that is not JSON is not signed: then [`is_payload_unsigned`], and the request carries
//! `X-Sdk-Content-Sha256: UNSIGNED-PAYLOAD`.
//!
//! ```
//! use faceiot_core::sign::{Request, huawei::aksk};
//!
//! let request = Request {
//!     method: "GET", path: "/v5/iot/0123456789abcdef0123456789abcdef/devices",
//!     headers: &[("Host", "iotda.cn-north-4.myhuaweicloud.com"), ("X-Sdk-Date", "20260102T030405Z")],
//!     ..Request::default()
//! };
//! let mut buffer = [0; 256];
//! assert_eq!(
//!     aksk::authorization("AKEXAMPLE0000000TEST", "skExampleSecretKey0123456789abcdefghijkl", &request, &mut buffer)?,
//!     "SDK-HMAC-SHA256 Access=AKEXAMPLE0000000TEST, SignedHeaders=host;x-sdk-date, \
//!      Signature=7820e4d437eb65bbc295d12ed0f8a0fec667a1653c46e4b96a277bbf69c2ac91"
//! );
//! # Ok::<(), faceiot_core::Error>(())
//! ```

pub mod v11;

use core::cmp::Ordering;

use crate::error::{Error, ErrorKind, Result};
use crate::sign::Mismatch;
use crate::sign::mac::{self, Signature};
use crate::sign::order::sorted;
use crate::sign::request::{Request, Signed, item};
use crate::text::{Encoding, Sink, Writer, encode, put_all};

const ALGORITHM: &str = "SDK-HMAC-SHA256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

const USUAL: Signed<'static> =
    Signed::Usual(|name| !name.contains('_') && !name.eq_ignore_ascii_case("authorization"));

/// Whether the body of such a request is left unsigned: there is one, and `Content-Type` says that it is not JSON.
pub fn is_payload_unsigned(request: &Request<'_>) -> bool {
    let kind = request.header("content-type");
    let json = ["application/json", "application/bson"]
        .iter()
        .any(|json| kind.starts_with(json));
    !request.body.is_empty() && !kind.is_empty() && !json
}

/// The request spelled the one way. The path gets a `/` at its end here, and here only.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn canonical<'b>(request: &Request<'_>, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_canonical(request, USUAL, &mut w)?;
    Ok(w.finish())
}

/// The request spelled the one way with these headers, joined by `;`, as [`verify`] and [`v11::verify`] sign it.
///
/// # Errors
/// [`ErrorKind::Signature`] when one of them is missing, [`ErrorKind::BufferTooSmall`].
pub fn canonical_listed<'b>(
    request: &Request<'_>,
    signed_headers: &str,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_canonical(request, listed(signed_headers)?, &mut w)?;
    Ok(w.finish())
}

/// The text that is signed.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn string_to_sign<'b>(request: &Request<'_>, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_string(request, USUAL, &mut w)?;
    Ok(w.finish())
}

/// The signature.
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn sign(access_key_secret: &str, request: &Request<'_>) -> Result<Signature> {
    signature(access_key_secret, request, USUAL)
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
        &[ALGORITHM, " Access=", access_key_id, ", SignedHeaders="],
    )?;
    USUAL.put_names(request, &mut w)?;
    put_all(
        &mut w,
        &[", Signature=", sign(access_key_secret, request)?.as_str()],
    )?;
    Ok(w.finish())
}

/// `Authorization` taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Authorization<'a> {
    /// The access key, to look its secret up.
    pub access_key_id: &'a str,
    /// Names of the signed headers, joined by `;`.
    pub signed_headers: &'a str,
    signature: &'a str,
}

/// Takes `Authorization` apart; its items may stand in any order.
///
/// # Errors
/// [`ErrorKind::Signature`].
pub fn parse_authorization(authorization: &str) -> Result<Authorization<'_>> {
    Ok(Authorization {
        access_key_id: item(authorization, ALGORITHM, "Access")?,
        signed_headers: item(authorization, ALGORITHM, "SignedHeaders")?,
        signature: item(authorization, ALGORITHM, "Signature")?,
    })
}

/// Checks a request by the headers that it says are signed; `host` and `x-sdk-date` must be among them. Time is the
/// caller's to check.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Signature`].
pub fn verify<'o>(
    access_key_secret: &str,
    request: &Request<'_>,
    authorization: &Authorization<'_>,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let signed = listed(authorization.signed_headers).map_err(Mismatch::before)?;
    let expected = signature(access_key_secret, request, signed).map_err(Mismatch::before)?;
    mac::compare(&expected, authorization.signature, "Signature", out, |w| {
        put_string(request, signed, w)
    })
}

fn signature(secret: &str, request: &Request<'_>, signed: Signed<'_>) -> Result<Signature> {
    Signature::hex(&mac::hmac_sha256(&[secret.as_bytes()], |mac| {
        put_string(request, signed, mac)
    })?)
}

/// The headers of a list that covers what it must.
fn listed(names: &str) -> Result<Signed<'_>> {
    let has = |wanted| names.split(';').any(|name| name == wanted);
    if has("host") && has("x-sdk-date") {
        Ok(Signed::Listed(names))
    } else {
        Err(Error::new(
            ErrorKind::Signature,
            "host and x-sdk-date must be signed",
        ))
    }
}

fn put_string(request: &Request<'_>, signed: Signed<'_>, sink: &mut impl Sink) -> Result<()> {
    put_all(sink, &[ALGORITHM, "\n", request.header("x-sdk-date"), "\n"])?;
    mac::put_sha256(sink, |hash| put_canonical(request, signed, hash))
}

fn put_canonical(request: &Request<'_>, signed: Signed<'_>, sink: &mut impl Sink) -> Result<()> {
    put_all(sink, &[request.method, "\n"])?;
    put_path(request.path, sink)?;
    sink.put("\n")?;
    let in_order = |a: &(&str, &str), b: &(&str, &str)| -> Ordering { a.0.cmp(b.0).then(a.1.cmp(b.1)) };
    for (at, (name, value)) in sorted(request.query, in_order).enumerate() {
        sink.put(if at == 0 { "" } else { "&" })?;
        encode(name, sink)?;
        sink.put("=")?;
        encode(value, sink)?;
    }
    sink.put("\n")?;
    signed.put_headers(request, sink)?;
    sink.put("\n")?;
    signed.put_names(request, sink)?;
    // Without a body the SDK sends the header all the same and signs the hash of nothing (huaweicloudsdkcore 3.1.219).
    if request.header("x-sdk-content-sha256") == UNSIGNED && !request.body.is_empty() {
        return put_all(sink, &["\n", UNSIGNED]);
    }
    sink.put("\n")?;
    mac::put_sha256(sink, |hash| hash.put_octets(request.body))
}

/// The path decoded, encoded anew and closed with `/`: however it was spelled, it comes out the same. `%2F` is taken for
/// `/` (huaweicloudsdkcore 3.1.219).
fn put_path(path: &str, sink: &mut impl Sink) -> Result<()> {
    let mut octets = path.as_bytes();
    let mut closed = false;
    while let [octet, rest @ ..] = octets {
        octets = rest;
        let decoded = match (*octet, rest) {
            (b'%', [high, low, behind @ ..]) => {
                let digit = |digit: u8| char::from(digit).to_digit(16);
                let value = digit(*high)
                    .zip(digit(*low))
                    .map(|(high, low)| (high << 4 | low) as u8);
                if value.is_some() {
                    octets = behind;
                }
                value
            }
            _ => None,
        };
        let octet = decoded.unwrap_or(*octet);
        closed = octet == b'/';
        if closed {
            sink.put("/")?;
        } else {
            Encoding(&mut *sink).put_octets(&[octet])?;
        }
    }
    if closed { Ok(()) } else { sink.put("/") }
}
