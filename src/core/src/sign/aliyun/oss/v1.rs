//! Version 1: HMAC-SHA1, `Authorization: OSS {id}:{signature}`.
//!
//! ```
//! use faceiot_core::sign::aliyun::oss::{Request, v1};
//!
//! // The documentation's example.
//! let request = Request {
//!     method: "PUT", bucket: "oss-example", key: "nelson",
//!     headers: &[
//!         ("Content-Type", "text/html"), ("Content-MD5", "ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM="),
//!         ("Date", "Thu, 17 Nov 2005 18:49:58 GMT"), ("X-OSS-Meta-Author", "foo@bar.com"), ("X-OSS-Magic", "abracadabra"),
//!     ],
//!     ..Request::default()
//! };
//! let signature = v1::sign("OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV", &request)?;
//! assert_eq!(signature.as_str(), "26NBxoKdsyly4EDv6inkoDft/yA=");
//! # Ok::<(), faceiot_core::Error>(())
//! ```

use super::{Request, is_oss};
use crate::error::{Error, ErrorKind, Result};
use crate::sign::Mismatch;
use crate::sign::mac::{self, AccessKey, Signature, single};
use crate::sign::order::{compare_lower, sorted, sorted_both};
use crate::sign::request::put_header;
use crate::text::{Sink, Writer, encode, put_all};

/// The query parameters that are signed (oss2 2.19.1).
const SUB_RESOURCES: &[&str] = &[
    "accessPoint",
    "accessPointPolicy",
    "acl",
    "append",
    "asyncFetch",
    "bucketArchiveDirectRead",
    "bucketInfo",
    "callback",
    "callback-var",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "delete",
    "encryption",
    "endTime",
    "group",
    "httpsConfig",
    "inventory",
    "inventoryId",
    "lifecycle",
    "link",
    "live",
    "location",
    "logging",
    "metaQuery",
    "objectInfo",
    "objectMeta",
    "partNumber",
    "policy",
    "position",
    "publicAccessBlock",
    "qos",
    "qosInfo",
    "qosRequester",
    "redundancyTransition",
    "referer",
    "regionList",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "requesterQosInfo",
    "resourceGroup",
    "resourcePool",
    "resourcePoolBuckets",
    "resourcePoolInfo",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "transferAcceleration",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "vod",
    "website",
    "worm",
    "wormExtend",
    "wormId",
    "x-oss-ac-forward-allow",
    "x-oss-ac-source-ip",
    "x-oss-ac-subnet-mask",
    "x-oss-ac-vpc-id",
    "x-oss-access-point-name",
    "x-oss-async-process",
    "x-oss-process",
    "x-oss-redundancy-transition-taskid",
    "x-oss-request-payer",
    "x-oss-target-redundancy-type",
    "x-oss-traffic-limit",
    "x-oss-write-get-object-response",
];

/// The text that is signed of a request with headers: the date is that of `x-oss-date`, else of `Date`.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn string_to_sign<'b>(request: &Request<'_>, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_string(request, date(request), &[], &mut w)?;
    Ok(w.finish())
}

/// The signature of a request with headers.
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn sign(access_key_secret: &str, request: &Request<'_>) -> Result<Signature> {
    signature(access_key_secret, request, date(request), &[])
}

/// The header `Authorization`. A security token goes into the header `x-oss-security-token`, before signing.
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
            "OSS ",
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
        .strip_prefix("OSS ")
        .and_then(|rest| rest.split_once(':'));
    parts.ok_or(Error::new(
        ErrorKind::Signature,
        "Authorization is not `OSS {id}:{signature}`",
    ))
}

/// Checks a request with headers.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Signature`].
pub fn verify<'o>(
    access_key_secret: &str,
    request: &Request<'_>,
    signature: &str,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let expected = sign(access_key_secret, request).map_err(Mismatch::before)?;
    mac::compare(&expected, signature, "Authorization", out, |w| {
        put_string(request, date(request), &[], w)
    })
}

/// The query of a URL that may be used until `expires`, in seconds since 1970: the request's own parameters, the security
/// token, `OSSAccessKeyId`, `Expires` and `Signature`.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn presign<'b>(
    key: &AccessKey<'_>,
    request: &Request<'_>,
    expires: u64,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut digits = [0; 20];
    let mut number = Writer::new(&mut digits);
    number.push_u64(expires)?;
    let expires = number.finish();
    let token = key.security_token.map(|token| ("security-token", token));
    let signature = signature(key.access_key_secret, request, expires, token.as_slice())?;
    let mut w = Writer::new(buffer);
    let own = [
        ("OSSAccessKeyId", key.access_key_id),
        ("Expires", expires),
        ("Signature", signature.as_str()),
    ];
    for (name, value) in request.query.iter().chain(token.as_slice()).chain(&own) {
        put_parameter(name, value, &mut w)?;
    }
    Ok(w.finish())
}

/// The text that [`presign`] signs: `expires` stands in the place of the date.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn presigned_string_to_sign<'b>(
    key: &AccessKey<'_>,
    request: &Request<'_>,
    expires: u64,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut digits = [0; 20];
    let mut number = Writer::new(&mut digits);
    number.push_u64(expires)?;
    let token = key.security_token.map(|token| ("security-token", token));
    let mut w = Writer::new(buffer);
    put_string(request, number.finish(), token.as_slice(), &mut w)?;
    Ok(w.finish())
}

/// Checks a request to a URL of [`presign`]: `request.query` holds all its parameters. `now_unix` must not be after
/// `Expires`.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Timestamp`] or [`ErrorKind::Signature`].
pub fn verify_presigned<'o>(
    access_key_secret: &str,
    request: &Request<'_>,
    now_unix: u64,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let checked = (|| {
        let given = single(request.query, |name| name == "Signature", "Signature")?;
        let expires = single(request.query, |name| name == "Expires", "Expires")?.unwrap_or_default();
        if !expires.parse::<u64>().is_ok_and(|expires| now_unix <= expires) {
            return Err(Error::new(ErrorKind::Timestamp, "Expires"));
        }
        let given = given.ok_or(Error::new(ErrorKind::Signature, "no Signature"))?;
        Ok((
            given,
            expires,
            signature(access_key_secret, request, expires, &[])?,
        ))
    })();
    let (given, expires, expected) = checked.map_err(Mismatch::before)?;
    mac::compare(&expected, given, "Signature", out, |w| {
        put_string(request, expires, &[], w)
    })
}

fn signature(secret: &str, request: &Request<'_>, date: &str, more: &[(&str, &str)]) -> Result<Signature> {
    Signature::base64(&mac::hmac_sha1(&[secret.as_bytes()], |mac| {
        put_string(request, date, more, mac)
    })?)
}

/// Appends `name=value`, or the name alone, to a query.
pub(super) fn put_parameter(name: &str, value: &str, w: &mut Writer<'_>) -> Result<()> {
    if !w.is_empty() {
        w.push_str("&")?;
    }
    encode(name, w)?;
    if !value.is_empty() {
        w.push_str("=")?;
        encode(value, w)?;
    }
    Ok(())
}

fn date<'a>(request: &Request<'a>) -> &'a str {
    match request.header("x-oss-date") {
        "" => request.header("date"),
        date => date,
    }
}

fn put_string(request: &Request<'_>, date: &str, more: &[(&str, &str)], sink: &mut impl Sink) -> Result<()> {
    let (md5, kind) = (request.header("content-md5"), request.header("content-type"));
    put_all(sink, &[request.method, "\n", md5, "\n", kind, "\n", date, "\n"])?;
    for (name, value) in
        sorted(request.headers, |a, b| compare_lower(a.0, b.0)).filter(|header| is_oss(header.0))
    {
        put_header(name, value, sink)?;
    }
    sink.put("/")?;
    if !request.bucket.is_empty() {
        put_all(sink, &[request.bucket, "/", request.key])?;
    }
    let parameters = sorted_both(request.query, more, |a, b| a.0.cmp(b.0));
    for (at, (name, value)) in parameters
        .filter(|parameter| SUB_RESOURCES.contains(&parameter.0))
        .enumerate()
    {
        put_all(sink, &[if at == 0 { "?" } else { "&" }, name])?;
        if !value.is_empty() {
            put_all(sink, &["=", value])?;
        }
    }
    Ok(())
}
