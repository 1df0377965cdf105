//! Version 4: HMAC-SHA256 with a key derived for a day and a region.
//!
//! | step | function |
//! |---|---|
//! | the request, spelled the one way | [`canonical`] |
//! | its hash, with time and scope | [`string_to_sign`] |
//! | the key of the day, to be kept | [`signing_key`] |
//! | one HMAC | [`sign`], or [`authorization`] and [`presign`] at once |
//! | a request that came in | [`parse_authorization`], [`verify`], [`verify_presigned`] |
//!
//! ```
//! use faceiot_core::sign::AccessKey;
//! use faceiot_core::sign::aliyun::oss::{Request, v4};
//!
//! let request = Request { method: "GET", bucket: "examplebucket", key: "a.jpg", ..Request::default() };
//! let scope = v4::Scope { date: "20180817T082338Z", region: "cn-shanghai", ..v4::Scope::default() };
//! let mut buffer = [0; 512];
//! assert_eq!(
//!     v4::canonical(&request, &scope, &mut buffer)?,
//!     "GET\n/examplebucket/a.jpg\n\nx-oss-content-sha256:UNSIGNED-PAYLOAD\nx-oss-date:20180817T082338Z\n\n\nUNSIGNED-PAYLOAD"
//! );
//! let key = v4::signing_key("testsecret", &scope)?;
//! assert_eq!(
//!     v4::sign(&key, &request, &scope)?.as_str(),
//!     "487f5ff86df532bd691af2ac18643933a633733f893c051611276dae09232f66"
//! );
//! # Ok::<(), faceiot_core::Error>(())
//! ```

use super::v1::put_parameter;
use super::{Request, is_oss};
use crate::digest::{Key, wipe};
use crate::error::{Error, ErrorKind, Result};
use crate::sign::Mismatch;
use crate::sign::aliyun::version_4_key;
use crate::sign::mac::{self, AccessKey, Signature, SigningKey};
use crate::sign::order::{compare_encoded, compare_lower, sorted_both};
use crate::sign::request::put_header;
use crate::text::{Sink, Writer, encode, encode_path, put_all};

const ALGORITHM: &str = "OSS4-HMAC-SHA256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// When and where a signature holds, and which headers it covers beyond the usual.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Scope<'a> {
    /// `YYYYMMDDThhmmssZ`, as [`Utc::basic`](crate::sign::Utc::basic) writes it; it travels in `x-oss-date`.
    pub date: &'a str,
    /// Region, such as `cn-shanghai`; not `oss-cn-shanghai`.
    pub region: &'a str,
    /// Further headers to sign, in lower case, sorted, joined by `;`. `x-oss-*`, `content-type` and `content-md5` are
    /// always signed.
    pub additional_headers: &'a str,
}

impl<'a> Scope<'a> {
    /// `YYYYMMDD`.
    fn day(&self) -> Result<&'a str> {
        self.date
            .get(..8)
            .filter(|_| self.date.len() == 16)
            .ok_or(Error::new(
                ErrorKind::Timestamp,
                "x-oss-date is not `YYYYMMDDThhmmssZ`",
            ))
    }
}

/// The request spelled the one way, with `x-oss-date` and `x-oss-content-sha256: UNSIGNED-PAYLOAD` added when they are
/// not among the headers.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn canonical<'b>(request: &Request<'_>, scope: &Scope<'_>, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_canonical(request, scope, &[], true, &mut w)?;
    Ok(w.finish())
}

/// The text that is signed.
///
/// # Errors
/// [`ErrorKind::Timestamp`], [`ErrorKind::BufferTooSmall`].
pub fn string_to_sign<'b>(request: &Request<'_>, scope: &Scope<'_>, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_string(request, scope, &[], true, &mut w)?;
    Ok(w.finish())
}

/// The request to a URL that came in, spelled the one way as [`verify_presigned`] does: `request.query` holds all its
/// parameters, and no header is added.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn canonical_presigned<'b>(
    request: &Request<'_>,
    scope: &Scope<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_canonical(request, scope, &[], false, &mut w)?;
    Ok(w.finish())
}

/// The key for the day and the region of `scope`. Keep it: it is good until the day ends.
///
/// # Errors
/// [`ErrorKind::Timestamp`].
pub fn signing_key(access_key_secret: &str, scope: &Scope<'_>) -> Result<SigningKey> {
    let mut key = version_4_key(access_key_secret, [scope.day()?, scope.region, "oss"]);
    let signing_key = SigningKey(Key::new(&[&key]));
    wipe(&mut key);
    Ok(signing_key)
}

/// The signature of a request with headers.
///
/// # Errors
/// [`ErrorKind::Timestamp`].
pub fn sign(key: &SigningKey, request: &Request<'_>, scope: &Scope<'_>) -> Result<Signature> {
    signature(key, request, scope, &[], true)
}

/// The header `Authorization`. The request must carry `x-oss-date`, `x-oss-content-sha256` and, with temporary
/// credentials, `x-oss-security-token`; the last one must be among `request.headers`.
///
/// # Errors
/// [`ErrorKind::Timestamp`], [`ErrorKind::BufferTooSmall`].
pub fn authorization<'b>(
    access_key_id: &str,
    key: &SigningKey,
    request: &Request<'_>,
    scope: &Scope<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_all(&mut w, &[ALGORITHM, " Credential="])?;
    put_credential(access_key_id, scope, &mut w)?;
    put_all(&mut w, &[", Signature=", sign(key, request, scope)?.as_str()])?;
    if !scope.additional_headers.is_empty() {
        put_all(&mut w, &[", AdditionalHeaders=", scope.additional_headers])?;
    }
    Ok(w.finish())
}

/// The query of a URL that may be used for `expires` seconds after `scope.date`. Like the next two functions it needs room
/// for the credential (access key id and scope) beside what it gives.
///
/// # Errors
/// [`ErrorKind::Timestamp`], [`ErrorKind::BufferTooSmall`].
pub fn presign<'b>(
    access_key: &AccessKey<'_>,
    key: &SigningKey,
    request: &Request<'_>,
    scope: &Scope<'_>,
    expires: u32,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    with_parameters(access_key, scope, expires, buffer, |own, w| {
        let signature = signature(key, request, scope, own, false)?;
        let signature = ("x-oss-signature", signature.as_str());
        let mut parameters = request.query.iter().chain(own).chain([&signature]);
        parameters.try_for_each(|(name, value)| put_parameter(name, value, w))
    })
}

/// The request to a URL of [`presign`], spelled the one way.
///
/// # Errors
/// [`ErrorKind::Timestamp`], [`ErrorKind::BufferTooSmall`].
pub fn presigned_canonical<'b>(
    access_key: &AccessKey<'_>,
    request: &Request<'_>,
    scope: &Scope<'_>,
    expires: u32,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    with_parameters(access_key, scope, expires, buffer, |own, w| {
        put_canonical(request, scope, own, false, w)
    })
}

/// The text that [`presign`] signs.
///
/// # Errors
/// [`ErrorKind::Timestamp`], [`ErrorKind::BufferTooSmall`].
pub fn presigned_string_to_sign<'b>(
    access_key: &AccessKey<'_>,
    request: &Request<'_>,
    scope: &Scope<'_>,
    expires: u32,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    with_parameters(access_key, scope, expires, buffer, |own, w| {
        put_string(request, scope, own, false, w)
    })
}

/// Hands over the parameters that a presigned URL has beyond those of the request, but for the signature; gives what is
/// written then.
fn with_parameters<'b>(
    access_key: &AccessKey<'_>,
    scope: &Scope<'_>,
    expires: u32,
    buffer: &'b mut [u8],
    then: impl FnOnce(&[(&str, &str)], &mut Writer<'b>) -> Result<()>,
) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    w.push_u64(expires.into())?;
    let expires = w.cut();
    put_credential(access_key.access_key_id, scope, &mut w)?;
    let credential = w.cut();
    let own = [
        (
            "x-oss-security-token",
            access_key.security_token.unwrap_or_default(),
        ),
        ("x-oss-date", scope.date),
        ("x-oss-expires", expires),
        ("x-oss-signature-version", ALGORITHM),
        ("x-oss-credential", credential),
        ("x-oss-additional-headers", scope.additional_headers),
    ];
    // The token and the additional headers stand at the ends, so that what is not there can be cut off.
    let own = own
        .get(usize::from(access_key.security_token.is_none())..)
        .unwrap_or_default();
    let own = own
        .split_last()
        .filter(|last| last.0.1.is_empty())
        .map_or(own, |last| last.1);
    then(own, &mut w)?;
    Ok(w.finish())
}

/// `Authorization`, or the parameters of a URL, taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Authorization<'a> {
    /// The access key, to look its secret up.
    pub access_key_id: &'a str,
    /// `YYYYMMDD` of the scope.
    pub day: &'a str,
    /// Region of the scope.
    pub region: &'a str,
    /// `AdditionalHeaders`, joined by `;`.
    pub additional_headers: &'a str,
    signature: &'a str,
}

/// Takes `Authorization` apart; its items may stand in any order.
///
/// # Errors
/// [`ErrorKind::Signature`].
pub fn parse_authorization(authorization: &str) -> Result<Authorization<'_>> {
    let wrong = Error::new(
        ErrorKind::Signature,
        "Authorization is not that of OSS4-HMAC-SHA256",
    );
    let items = authorization
        .strip_prefix(ALGORITHM)
        .and_then(|rest| rest.strip_prefix(' '))
        .ok_or(wrong)?;
    let item = |name: &str| items.split(',').find_map(|item| item.trim().strip_prefix(name));
    let signature = item("Signature=").ok_or(wrong)?;
    taken_apart(
        item("Credential=").ok_or(wrong)?,
        item("AdditionalHeaders=").unwrap_or_default(),
        signature,
    )
}

/// Takes the parameters of a presigned URL apart.
///
/// # Errors
/// [`ErrorKind::Signature`].
pub fn parse_presigned<'a>(request: &Request<'a>) -> Result<Authorization<'a>> {
    let wrong = Error::new(ErrorKind::Signature, "not a URL of OSS4-HMAC-SHA256");
    if request.parameter("x-oss-signature-version") != Some(ALGORITHM) {
        return Err(wrong);
    }
    let additional = request.parameter("x-oss-additional-headers").unwrap_or_default();
    let signature = request.parameter("x-oss-signature").ok_or(wrong)?;
    taken_apart(
        request.parameter("x-oss-credential").ok_or(wrong)?,
        additional,
        signature,
    )
}

/// Checks a request with headers; the key is that of the day and region of its [`Authorization`]. Whether its time is near
/// enough is the caller's to check (the service allows 15 minutes).
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Timestamp`] when `x-oss-date` is not of the scope's day, or [`ErrorKind::Signature`].
pub fn verify<'o>(
    key: &SigningKey,
    request: &Request<'_>,
    authorization: &Authorization<'_>,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    checked(
        key,
        request,
        authorization,
        request.header("x-oss-date"),
        true,
        out,
    )
}

/// Checks a request to a URL of [`presign`]; `request.query` holds all its parameters. Whether it has expired is the
/// caller's to check, who knows the clock: `x-oss-date` and `x-oss-expires`.
///
/// # Errors
/// As [`verify`].
pub fn verify_presigned<'o>(
    key: &SigningKey,
    request: &Request<'_>,
    authorization: &Authorization<'_>,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    checked(
        key,
        request,
        authorization,
        request.parameter("x-oss-date").unwrap_or_default(),
        false,
        out,
    )
}

fn checked<'o>(
    key: &SigningKey,
    request: &Request<'_>,
    authorization: &Authorization<'_>,
    date: &str,
    in_header: bool,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let Authorization {
        day,
        region,
        additional_headers,
        ..
    } = *authorization;
    let scope = Scope {
        date,
        region,
        additional_headers,
    };
    if scope.day() != Ok(day) {
        return Err(Mismatch::before(Error::new(
            ErrorKind::Timestamp,
            "x-oss-date is not of the scope's day",
        )));
    }
    let expected = signature(key, request, &scope, &[], in_header).map_err(Mismatch::before)?;
    mac::compare(&expected, authorization.signature, "signature", out, |w| {
        put_string(request, &scope, &[], in_header, w)
    })
}

fn taken_apart<'a>(
    credential: &'a str,
    additional_headers: &'a str,
    signature: &'a str,
) -> Result<Authorization<'a>> {
    let wrong = Error::new(ErrorKind::Signature, "Credential");
    let mut parts = credential
        .strip_suffix("/oss/aliyun_v4_request")
        .ok_or(wrong)?
        .rsplitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(region), Some(day), Some(access_key_id)) => Ok(Authorization {
            access_key_id,
            day,
            region,
            additional_headers,
            signature,
        }),
        _ => Err(wrong),
    }
}

fn signature(
    key: &SigningKey,
    request: &Request<'_>,
    scope: &Scope<'_>,
    more: &[(&str, &str)],
    in_header: bool,
) -> Result<Signature> {
    Signature::hex(&mac::hmac(&key.0, |mac| {
        put_string(request, scope, more, in_header, mac)
    })?)
}

fn put_credential(access_key_id: &str, scope: &Scope<'_>, sink: &mut impl Sink) -> Result<()> {
    put_all(
        sink,
        &[
            access_key_id,
            "/",
            scope.day()?,
            "/",
            scope.region,
            "/oss/aliyun_v4_request",
        ],
    )
}

fn put_string(
    request: &Request<'_>,
    scope: &Scope<'_>,
    more: &[(&str, &str)],
    in_header: bool,
    sink: &mut impl Sink,
) -> Result<()> {
    put_all(
        sink,
        &[
            ALGORITHM,
            "\n",
            scope.date,
            "\n",
            scope.day()?,
            "/",
            scope.region,
            "/oss/aliyun_v4_request\n",
        ],
    )?;
    mac::put_sha256(sink, |hash| put_canonical(request, scope, more, in_header, hash))
}

fn put_canonical(
    request: &Request<'_>,
    scope: &Scope<'_>,
    more: &[(&str, &str)],
    in_header: bool,
    sink: &mut impl Sink,
) -> Result<()> {
    put_all(sink, &[request.method, "\n/"])?;
    if !request.bucket.is_empty() {
        encode_path(request.bucket, sink)?;
        sink.put("/")?;
        encode_path(request.key, sink)?;
    }
    sink.put("\n")?;
    let query = sorted_both(request.query, more, |a, b| compare_encoded(a.0, b.0));
    for (at, (name, value)) in query
        .filter(|parameter| parameter.0 != "x-oss-signature")
        .enumerate()
    {
        sink.put(if at == 0 { "" } else { "&" })?;
        encode(name, sink)?;
        if !value.is_empty() {
            sink.put("=")?;
            encode(value, sink)?;
        }
    }
    sink.put("\n")?;
    let is_signed = |name: &str| {
        let listed = |listed: &str| !listed.is_empty() && listed.eq_ignore_ascii_case(name);
        is_oss(name)
            || name.eq_ignore_ascii_case("content-type")
            || name.eq_ignore_ascii_case("content-md5")
            || scope.additional_headers.split(';').any(listed)
    };
    // What is given is not added: of two headers of a name the service signs one.
    let own = [("x-oss-content-sha256", UNSIGNED), ("x-oss-date", scope.date)];
    let is_given = |name: &str| {
        let mut headers = request.headers.iter();
        headers.any(|header| header.0.eq_ignore_ascii_case(name))
    };
    let own = match own.map(|header| in_header && !is_given(header.0)) {
        [true, true] => &own[..],
        [true, false] => &own[..1],
        [false, true] => &own[1..],
        [false, false] => &[],
    };
    for (name, value) in
        sorted_both(request.headers, own, |a, b| compare_lower(a.0, b.0)).filter(|header| is_signed(header.0))
    {
        put_header(name, value, sink)?;
    }
    let payload = match request.header("x-oss-content-sha256") {
        "" => UNSIGNED,
        hash => hash,
    };
    put_all(sink, &["\n", scope.additional_headers, "\n", payload])
}
