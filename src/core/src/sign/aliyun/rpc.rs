//! POP RPC, signature version 1.0: the API of IoT, Face, ECS and others (seed 003; signed by HMAC-SHA1).
//!
//! | step | function |
//! |---|---|
//! | the parameters, sorted and encoded | [`canonical`] |
//! | `METHOD&%2F&` and the above, encoded once more | [`string_to_sign`] |
//! | base64 of HMAC-SHA1 with the secret and `&` as the key | [`sign`] |
//! | a request that came in | [`verify`] |
//!
//! ```
//! use faceiot_core::sign::aliyun::rpc;
//!
//! // The example of seed 003, which writes `TimeStamp` with a capital S; the real API wants `Timestamp`.
//! let parameters = [
//!     ("TimeStamp", "2016-02-23T12:46:24Z"), ("Format", "XML"), ("AccessKeyId", "testid"),
//!     ("Action", "DescribeRegions"), ("SignatureMethod", "HMAC-SHA1"),
//!     ("SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"), ("Version", "2014-05-26"), ("SignatureVersion", "1.0"),
//! ];
//! assert_eq!(rpc::sign("testsecret", "GET", &parameters)?.as_str(), "CT9X0VtwR86fNWSnsc6v8YGOjuE=");
//! # Ok::<(), faceiot_core::Error>(())
//! ```

use crate::error::{Error, ErrorKind, Result};
use crate::sign::Mismatch;
use crate::sign::mac::{self, Signature};
use crate::sign::order::sorted;
use crate::text::{Encoding, Sink, Writer, encode, put_all};

/// The parameters as they are signed: sorted by the octets of their names, `name=value` joined by `&`, both encoded by
/// RFC 3986. `Signature` itself is left out; an empty value is kept as `name=`.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn canonical<'b>(parameters: &[(&str, &str)], buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_canonical(parameters, &mut w)?;
    Ok(w.finish())
}

/// The text that is signed.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn string_to_sign<'b>(
    method: &str,
    parameters: &[(&str, &str)],
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_string(method, parameters, &mut w)?;
    Ok(w.finish())
}

/// The value of the parameter `Signature`. `parameters` are all there are, of the query and of the form.
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn sign(access_key_secret: &str, method: &str, parameters: &[(&str, &str)]) -> Result<Signature> {
    Signature::base64(&mac::hmac_sha1(&[access_key_secret.as_bytes(), b"&"], |mac| {
        put_string(method, parameters, mac)
    })?)
}

/// Checks a request: `parameters` are those of the query and of the form together, in any order, decoded, `Signature`
/// among them. On a mismatch `out` receives the string that was signed here.
///
/// Time and nonce are the caller's to check: this crate has no clock and no memory.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::SignMethod`] or [`ErrorKind::Signature`].
pub fn verify<'o>(
    access_key_secret: &str,
    method: &str,
    parameters: &[(&str, &str)],
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let checked = (|| {
        if !matches!(
            mac::single(parameters, |name| name == "SignatureMethod", "SignatureMethod")?,
            Some("HMAC-SHA1")
        ) {
            return Err(Error::new(
                ErrorKind::SignMethod,
                "SignatureMethod is not HMAC-SHA1",
            ));
        }
        let given = mac::single(parameters, |name| name == "Signature", "Signature")?;
        Ok((
            given.ok_or(Error::new(ErrorKind::Signature, "no Signature"))?,
            sign(access_key_secret, method, parameters)?,
        ))
    })();
    let (given, expected) = checked.map_err(Mismatch::before)?;
    mac::compare(&expected, given, "Signature", out, |w| {
        put_string(method, parameters, w)
    })
}

fn put_string(method: &str, parameters: &[(&str, &str)], sink: &mut impl Sink) -> Result<()> {
    put_all(sink, &[method, "&%2F&"])?;
    put_canonical(parameters, &mut Encoding(sink))
}

fn put_canonical(parameters: &[(&str, &str)], sink: &mut impl Sink) -> Result<()> {
    let signed = sorted(parameters, |a, b| a.0.cmp(b.0)).filter(|parameter| parameter.0 != "Signature");
    for (at, (name, value)) in signed.enumerate() {
        if at > 0 {
            sink.put("&")?;
        }
        encode(name, sink)?;
        sink.put("=")?;
        encode(value, sink)?;
    }
    Ok(())
}
