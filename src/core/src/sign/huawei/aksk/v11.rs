//! `V11-HMAC-SHA256`: as [`SDK-HMAC-SHA256`](super), with a key derived by HKDF for a day, a region and the service.

use super::{USUAL, listed, put_canonical};
use crate::digest::{Key, hmac_sha256, wipe};
use crate::error::{Error, ErrorKind, Result};
use crate::sign::Mismatch;
use crate::sign::mac::{self, Signature, SigningKey};
use crate::sign::request::{Request, Signed, item};
use crate::text::{Sink, Writer, hex_lower, put_all};

const ALGORITHM: &str = "V11-HMAC-SHA256";

/// The service of `IoTDA` in the scope.
pub const SERVICE: &str = "iotdm";

/// The text that is signed.
///
/// # Errors
/// [`ErrorKind::Timestamp`] when `X-Sdk-Date` is not `YYYYMMDDThhmmssZ`, [`ErrorKind::BufferTooSmall`].
pub fn string_to_sign<'b>(request: &Request<'_>, region: &str, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_string(request, region, USUAL, &mut w)?;
    Ok(w.finish())
}

/// The key for a day (`YYYYMMDD`) and a region. Keep it: it is good until the day ends. The hex *text* of what is derived is
/// what signs (huaweicloudsdkcore 3.1.219).
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn signing_key(
    access_key_id: &str,
    access_key_secret: &str,
    day: &str,
    region: &str,
) -> Result<SigningKey> {
    // HKDF (RFC 5869) for one block of output: extract with the access key as salt, expand with the scope.
    let mut extracted = hmac_sha256(access_key_id.as_bytes(), &[access_key_secret.as_bytes()]);
    let scope = [day, "/", region, "/", SERVICE, "\u{1}"].map(str::as_bytes);
    let (mut key, mut text) = (hmac_sha256(&extracted, &scope), [0; 64]);
    let signing_key = hex_lower(&key, &mut text).map(|text| SigningKey(Key::new(&[text.as_bytes()])));
    wipe(&mut extracted);
    wipe(&mut key);
    wipe(&mut text);
    signing_key
}

/// The signature.
///
/// # Errors
/// [`ErrorKind::Timestamp`].
pub fn sign(key: &SigningKey, request: &Request<'_>, region: &str) -> Result<Signature> {
    signature(key, request, region, USUAL)
}

/// The header `Authorization`.
///
/// # Errors
/// [`ErrorKind::Timestamp`], [`ErrorKind::BufferTooSmall`].
pub fn authorization<'b>(
    access_key_id: &str,
    key: &SigningKey,
    request: &Request<'_>,
    region: &str,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_all(&mut w, &[ALGORITHM, " Credential=", access_key_id, "/"])?;
    put_scope(day(request)?, region, &mut w)?;
    w.push_str(", SignedHeaders=")?;
    USUAL.put_names(request, &mut w)?;
    put_all(&mut w, &[", Signature=", sign(key, request, region)?.as_str()])?;
    Ok(w.finish())
}

/// `Authorization` taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Authorization<'a> {
    /// The access key, to look its secret up.
    pub access_key_id: &'a str,
    /// `YYYYMMDD` of the scope.
    pub day: &'a str,
    /// Region of the scope.
    pub region: &'a str,
    /// Names of the signed headers, joined by `;`.
    pub signed_headers: &'a str,
    signature: &'a str,
}

/// Takes `Authorization` apart; its items may stand in any order.
///
/// # Errors
/// [`ErrorKind::Signature`].
pub fn parse_authorization(authorization: &str) -> Result<Authorization<'_>> {
    let wrong = Error::new(ErrorKind::Signature, "Credential");
    let mut credential = item(authorization, ALGORITHM, "Credential")?.rsplitn(4, '/');
    match (
        credential.next(),
        credential.next(),
        credential.next(),
        credential.next(),
    ) {
        (Some(SERVICE), Some(region), Some(day), Some(access_key_id)) => Ok(Authorization {
            access_key_id,
            day,
            region,
            signed_headers: item(authorization, ALGORITHM, "SignedHeaders")?,
            signature: item(authorization, ALGORITHM, "Signature")?,
        }),
        _ => Err(wrong),
    }
}

/// Checks a request by the headers that it says are signed; the key is that of the day and region of its
/// [`Authorization`]. Time is the caller's to check.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Timestamp`] when `X-Sdk-Date` is not of the scope's day, or [`ErrorKind::Signature`].
pub fn verify<'o>(
    key: &SigningKey,
    request: &Request<'_>,
    authorization: &Authorization<'_>,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let region = authorization.region;
    let checked = (|| {
        if day(request)? != authorization.day {
            return Err(Error::new(
                ErrorKind::Timestamp,
                "X-Sdk-Date is not of the scope's day",
            ));
        }
        let signed = listed(authorization.signed_headers)?;
        Ok((signed, signature(key, request, region, signed)?))
    })();
    let (signed, expected) = checked.map_err(Mismatch::before)?;
    mac::compare(&expected, authorization.signature, "Signature", out, |w| {
        put_string(request, region, signed, w)
    })
}

fn signature(key: &SigningKey, request: &Request<'_>, region: &str, signed: Signed<'_>) -> Result<Signature> {
    Signature::hex(&mac::hmac(&key.0, |mac| {
        put_string(request, region, signed, mac)
    })?)
}

/// `YYYYMMDD` of the request.
fn day<'a>(request: &Request<'a>) -> Result<&'a str> {
    let date = request.header("x-sdk-date");
    date.get(..8).filter(|_| date.len() == 16).ok_or(Error::new(
        ErrorKind::Timestamp,
        "X-Sdk-Date is not `YYYYMMDDThhmmssZ`",
    ))
}

fn put_scope(day: &str, region: &str, sink: &mut impl Sink) -> Result<()> {
    put_all(sink, &[day, "/", region, "/", SERVICE])
}

fn put_string(request: &Request<'_>, region: &str, signed: Signed<'_>, sink: &mut impl Sink) -> Result<()> {
    put_all(sink, &[ALGORITHM, "\n", request.header("x-sdk-date"), "\n"])?;
    put_scope(day(request)?, region, sink)?;
    sink.put("\n")?;
    mac::put_sha256(sink, |hash| put_canonical(request, signed, hash))
}
