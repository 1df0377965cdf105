//! Tablestore: signature versions 2 and 4 of requests, and the signature of responses that its SDK checks.
//!
//! | what | function |
//! |---|---|
//! | version 2, header `x-ots-signature` (HMAC-SHA1) | [`string_to_sign`], [`sign`], [`verify`] |
//! | version 4, header `x-ots-signaturev4` (HMAC-SHA256) | [`string_to_sign_v4`], [`signing_key`], [`sign_v4`], [`verify_v4`] |
//! | response, header `Authorization: OTS {id}:{signature}` | [`response_string_to_sign`], [`sign_response`], [`verify_response`] |
//! | response to a request of version 4: the same, another key | [`sign_response_v4`], [`verify_response_v4`] |
//!
//! ```
//! use faceiot_core::sign::aliyun::tablestore;
//!
//! let headers = [
//!     ("x-ots-date", "2018-08-17T08:23:38.000Z"), ("x-ots-apiversion", "2015-12-31"), ("x-ots-accesskeyid", "testid"),
//!     ("x-ots-instancename", "myinstance"), ("x-ots-contentmd5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
//! ];
//! assert_eq!(tablestore::sign("testsecret", "/ListTable", &headers)?.as_str(), "qqNmHrgYcnlp/H2/yDQrme9WNvk=");
//! # Ok::<(), faceiot_core::Error>(())
//! ```

use super::version_4_key;
use crate::digest::{Key, wipe};
use crate::error::{Error, ErrorKind, Result};
use crate::sign::Mismatch;
use crate::sign::mac::{self, Signature, SigningKey, single};
use crate::sign::order::{compare_lower, sorted};
use crate::sign::request::put_header;
use crate::text::{Sink, Writer, base64_encode, put_all};

/// Headers: name and value; the case of names does not matter, and those that are not `x-ots-*` are not signed.
type Headers<'h> = &'h [(&'h str, &'h str)];

/// The text that is signed, version 2: the operation's path such as `/PutRow`, `POST`, an empty query, and the headers
/// `x-ots-*` in order.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn string_to_sign<'b>(path: &str, headers: Headers<'_>, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_request(path, headers, "", &mut w)?;
    Ok(w.finish())
}

/// The value of `x-ots-signature`.
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn sign(access_key_secret: &str, path: &str, headers: Headers<'_>) -> Result<Signature> {
    Signature::base64(&mac::hmac_sha1(&[access_key_secret.as_bytes()], |mac| {
        put_request(path, headers, "", mac)
    })?)
}

/// Checks a request of version 2: its signature, and that `x-ots-contentmd5` is that of the body.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Signature`].
pub fn verify<'o>(
    access_key_secret: &str,
    path: &str,
    headers: Headers<'_>,
    body: &[u8],
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let checked = stated(headers, "x-ots-signature", body)
        .and_then(|given| Ok((given, sign(access_key_secret, path, headers)?)));
    let (given, expected) = checked.map_err(Mismatch::before)?;
    mac::compare(&expected, given, "x-ots-signature", out, |w| {
        put_request(path, headers, "", w)
    })
}

/// The text that is signed, version 4: that of version 2, with `x-ots-signdate` and `x-ots-signregion` among the headers,
/// and `ots` behind it.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn string_to_sign_v4<'b>(path: &str, headers: Headers<'_>, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_request(path, headers, "ots", &mut w)?;
    Ok(w.finish())
}

/// The key for a day (`YYYYMMDD`) and a region. Keep it: it is good until the day ends. The base64 *text* of what is derived
/// is what signs (tablestore 6.4.8).
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn signing_key(access_key_secret: &str, day: &str, region: &str) -> Result<SigningKey> {
    with_key_text(access_key_secret, day, region, |text| {
        Ok(SigningKey(Key::new(&[text.as_bytes()])))
    })
}

/// Hands over the base64 of the key of a day and a region.
fn with_key_text<T>(
    access_key_secret: &str,
    day: &str,
    region: &str,
    then: impl FnOnce(&str) -> Result<T>,
) -> Result<T> {
    let (mut key, mut text) = (version_4_key(access_key_secret, [day, region, "ots"]), [0; 44]);
    let done = base64_encode(&key, &mut text).and_then(then);
    wipe(&mut key);
    wipe(&mut text);
    done
}

/// The value of `x-ots-signaturev4`.
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn sign_v4(key: &SigningKey, path: &str, headers: Headers<'_>) -> Result<Signature> {
    Signature::base64(&mac::hmac(&key.0, |mac| put_request(path, headers, "ots", mac))?)
}

/// Checks a request of version 4; the key is that of its `x-ots-signdate` and `x-ots-signregion`.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Signature`].
pub fn verify_v4<'o>(
    key: &SigningKey,
    path: &str,
    headers: Headers<'_>,
    body: &[u8],
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let checked = stated(headers, "x-ots-signaturev4", body)
        .and_then(|given| Ok((given, sign_v4(key, path, headers)?)));
    let (given, expected) = checked.map_err(Mismatch::before)?;
    mac::compare(&expected, given, "x-ots-signaturev4", out, |w| {
        put_request(path, headers, "ots", w)
    })
}

/// The text that is signed of a response: the headers `x-ots-*` in order, and the path of the request.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn response_string_to_sign<'b>(
    path: &str,
    headers: Headers<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_response(path, headers, &mut w)?;
    Ok(w.finish())
}

/// The signature of a response; it stands in `Authorization: OTS {access_key_id}:{signature}`. The SDK demands
/// `x-ots-contentmd5`, `-requestid`, `-date` and `-contenttype`.
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn sign_response(access_key_secret: &str, path: &str, headers: Headers<'_>) -> Result<Signature> {
    Signature::base64(&mac::hmac_sha1(&[access_key_secret.as_bytes()], |mac| {
        put_response(path, headers, mac)
    })?)
}

/// The signature of a response to a request of version 4, keyed by what [`signing_key`] derives for the request's day and
/// region: the SDK signs it with HMAC-SHA1 all the same (tablestore 6.4.8).
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn sign_response_v4(
    access_key_secret: &str,
    day: &str,
    region: &str,
    path: &str,
    headers: Headers<'_>,
) -> Result<Signature> {
    with_key_text(access_key_secret, day, region, |key| {
        sign_response(key, path, headers)
    })
}

/// Checks the `Authorization` of a response.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Signature`].
pub fn verify_response<'o>(
    access_key_secret: &str,
    path: &str,
    headers: Headers<'_>,
    authorization: &str,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let expected = sign_response(access_key_secret, path, headers);
    compare_response(expected, path, headers, authorization, out)
}

/// Checks the `Authorization` of a response to a request of version 4 with this `x-ots-signdate` and `x-ots-signregion`.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Signature`].
pub fn verify_response_v4<'o>(
    access_key_secret: &str,
    day: &str,
    region: &str,
    path: &str,
    headers: Headers<'_>,
    authorization: &str,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let expected = sign_response_v4(access_key_secret, day, region, path, headers);
    compare_response(expected, path, headers, authorization, out)
}

fn compare_response<'o>(
    expected: Result<Signature>,
    path: &str,
    headers: Headers<'_>,
    authorization: &str,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let given = authorization
        .strip_prefix("OTS ")
        .and_then(|rest| rest.split_once(':'))
        .ok_or(Error::new(
            ErrorKind::Signature,
            "Authorization is not `OTS {id}:{signature}`",
        ));
    let (_, given) = given.map_err(Mismatch::before)?;
    mac::compare(
        &expected.map_err(Mismatch::before)?,
        given,
        "Authorization",
        out,
        |w| put_response(path, headers, w),
    )
}

/// The signature that a request states, when its body is the one it states too.
fn stated<'h>(headers: Headers<'h>, name: &str, body: &[u8]) -> Result<&'h str> {
    let mut md5 = [0; 24];
    let md5 = base64_encode(&crate::digest::md5(&[body]), &mut md5)?;
    if single(
        headers,
        |header| header.eq_ignore_ascii_case("x-ots-contentmd5"),
        "x-ots-contentmd5",
    )? != Some(md5)
    {
        return Err(Error::new(
            ErrorKind::Signature,
            "x-ots-contentmd5 is not that of the body",
        ));
    }
    single(
        headers,
        |header| header.eq_ignore_ascii_case(name),
        "signature is there twice",
    )?
    .ok_or(Error::new(ErrorKind::Signature, "no signature"))
}

fn put_request(path: &str, headers: Headers<'_>, end: &str, sink: &mut impl Sink) -> Result<()> {
    put_all(sink, &[path, "\nPOST\n\n"])?;
    put_headers(headers, sink)?;
    sink.put(end)
}

fn put_response(path: &str, headers: Headers<'_>, sink: &mut impl Sink) -> Result<()> {
    put_headers(headers, sink)?;
    sink.put(path)
}

/// `name:value` and a newline for each header `x-ots-*` but the signatures.
fn put_headers(headers: Headers<'_>, sink: &mut impl Sink) -> Result<()> {
    let signed = |name: &str| {
        name.get(..6)
            .is_some_and(|start| start.eq_ignore_ascii_case("x-ots-"))
            && !name.eq_ignore_ascii_case("x-ots-signature")
            && !name.eq_ignore_ascii_case("x-ots-signaturev4")
    };
    for (name, value) in sorted(headers, |a, b| compare_lower(a.0, b.0)).filter(|header| signed(header.0)) {
        put_header(name, value, sink)?;
    }
    Ok(())
}
