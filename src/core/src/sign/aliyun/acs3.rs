//! POP signature version 3, `ACS3-HMAC-SHA256` (<https://help.aliyun.com/document_detail/2593177.html>).
//!
//! | step | function |
//! |---|---|
//! | the request, spelled the one way | [`canonical`] |
//! | its hash behind the algorithm's name | [`string_to_sign`] |
//! | one HMAC with the secret itself | [`sign`], or [`authorization`] at once |
//! | a request that came in | [`parse_authorization`], [`verify`] |
//!
//! Signed are `host`, `content-type` and `x-acs-*`. The vendor's generated clients sign `accept` and `user-agent` too, so
//! what came in is verified by its own list.
//!
//! ```
//! use faceiot_core::sign::{Request, aliyun::acs3};
//!
//! let request = Request {
//!     method: "GET", path: "/", query: &[("Limit", "10"), ("DbName", "default")],
//!     headers: &[
//!         ("host", "facebody.cn-shanghai.aliyuncs.com"), ("x-acs-version", "2019-12-30"),
//!         ("x-acs-action", "SearchFace"), ("x-acs-date", "2018-08-17T08:23:38Z"),
//!         ("x-acs-signature-nonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"),
//!         ("x-acs-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
//!     ],
//!     ..Request::default()
//! };
//! assert_eq!(
//!     acs3::sign("testsecret", &request)?.as_str(),
//!     "9c2bb0cfc13617cfa5273629456e0f6c04090ec25eac6bb4edda963a9994e5a9"
//! );
//! # Ok::<(), faceiot_core::Error>(())
//! ```

use crate::error::{Error, ErrorKind, Result};
use crate::sign::mac::{self, Signature};
use crate::sign::order::sorted;
use crate::sign::request::{Request, Signed, item};
use crate::sign::{Mismatch, is_hex_of};
use crate::text::{Sink, Writer, encode, put_all};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

const USUAL: Signed<'static> = Signed::Usual(|name| {
    name.eq_ignore_ascii_case("host")
        || name.eq_ignore_ascii_case("content-type")
        || name
            .get(..6)
            .is_some_and(|start| start.eq_ignore_ascii_case("x-acs-"))
});

/// The request spelled the one way. The path is taken as it is sent.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn canonical<'b>(request: &Request<'_>, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_canonical(request, USUAL, &mut w)?;
    Ok(w.finish())
}

/// The request spelled the one way with these headers, joined by `;`, as [`verify`] signs it.
///
/// # Errors
/// [`ErrorKind::Signature`] when one of them is missing, [`ErrorKind::BufferTooSmall`].
pub fn canonical_listed<'b>(
    request: &Request<'_>,
    signed_headers: &str,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_canonical(request, Signed::Listed(signed_headers), &mut w)?;
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
        &[ALGORITHM, " Credential=", access_key_id, ",SignedHeaders="],
    )?;
    USUAL.put_names(request, &mut w)?;
    put_all(
        &mut w,
        &[",Signature=", sign(access_key_secret, request)?.as_str()],
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
        access_key_id: item(authorization, ALGORITHM, "Credential")?,
        signed_headers: item(authorization, ALGORITHM, "SignedHeaders")?,
        signature: item(authorization, ALGORITHM, "Signature")?,
    })
}

/// Checks a request by the headers that it says are signed. `host` must be one of them, and `x-acs-content-sha256`, when
/// it is there, must be the body's hash. Time and nonce are the caller's to check.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Signature`].
pub fn verify<'o>(
    access_key_secret: &str,
    request: &Request<'_>,
    authorization: &Authorization<'_>,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let refuse = |at| Err(Mismatch::before(Error::new(ErrorKind::Signature, at)));
    let stated = request.header("x-acs-content-sha256");
    if !stated.is_empty() && !is_hex_of(stated.as_bytes(), &crate::digest::sha256(&[request.body])) {
        return refuse("x-acs-content-sha256 is not the hash of the body");
    }
    if !authorization.signed_headers.split(';').any(|name| name == "host") {
        return refuse("host is not signed");
    }
    let signed = Signed::Listed(authorization.signed_headers);
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

fn put_string(request: &Request<'_>, signed: Signed<'_>, sink: &mut impl Sink) -> Result<()> {
    put_all(sink, &[ALGORITHM, "\n"])?;
    mac::put_sha256(sink, |hash| put_canonical(request, signed, hash))
}

fn put_canonical(request: &Request<'_>, signed: Signed<'_>, sink: &mut impl Sink) -> Result<()> {
    put_all(sink, &[request.method, "\n", request.path, "\n"])?;
    for (at, (name, value)) in sorted(request.query, |a, b| a.0.cmp(b.0)).enumerate() {
        sink.put(if at == 0 { "" } else { "&" })?;
        encode(name, sink)?;
        sink.put("=")?;
        encode(value, sink)?;
    }
    sink.put("\n")?;
    signed.put_headers(request, sink)?;
    sink.put("\n")?;
    signed.put_names(request, sink)?;
    sink.put("\n")?;
    mac::put_sha256(sink, |hash| hash.put_octets(request.body))
}
