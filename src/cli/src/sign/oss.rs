//! Object storage: versions 1 and 4, in headers and in URLs.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the functions of the table have one type"
)]

use faceiot_core::sign::aliyun::oss::{Request, v1, v4};
use faceiot_core::sign::{AccessKey, Signature};

use super::answer::{Checked, Signed};
use super::arguments::Arguments;
use super::values::{Pairs, decoded, encode, seconds, wrong};
use crate::failure::Failure;

/// What both versions read of a request.
struct Parts<'a> {
    method: &'a str,
    bucket: &'a str,
    key: &'a str,
    query: Pairs,
    headers: Pairs,
}

impl<'a> Parts<'a> {
    fn of(arguments: &'a Arguments) -> Self {
        Self {
            method: arguments.text_or("method", "GET"),
            bucket: arguments.text_or("bucket", ""),
            key: arguments.text_or("key", ""),
            query: arguments.pairs("query"),
            headers: arguments.pairs("headers"),
        }
    }
}

/// Makes a core request of parts for the rest of the function.
macro_rules! request {
    ($name:ident = $parts:expr) => {
        let (query, headers) = ($parts.query.lent(), $parts.headers.lent());
        let $name = Request {
            method: $parts.method,
            bucket: $parts.bucket,
            key: $parts.key,
            query: &query,
            headers: &headers,
        };
    };
}

pub(super) fn sign_v1(arguments: &Arguments) -> Result<Signed, Failure> {
    let mut parts = Parts::of(arguments);
    if parts.headers.find("x-oss-date").is_none() {
        parts.headers.or_add("Date", arguments.moment().http_date()?);
    }
    with_token(arguments, &mut parts.headers);
    let key = access_key(arguments)?;
    let (mut text, mut authorization) = (arguments.buffer(), arguments.buffer());
    request!(request = parts);
    let string_to_sign = v1::string_to_sign(&request, &mut text).map_err(wrong)?;
    let signature = v1::sign(key.access_key_secret, &request).map_err(wrong)?;
    let authorization = v1::authorization(&key, &request, &mut authorization).map_err(wrong)?;
    Ok(in_headers(
        None,
        string_to_sign,
        &signature,
        parts.headers.clone(),
        authorization,
    ))
}

pub(super) fn verify_v1(arguments: &Arguments) -> Result<Checked, Failure> {
    let parts = Parts::of(arguments);
    let authorization = parts.headers.find("authorization").unwrap_or_default();
    let mut text = arguments.buffer();
    request!(request = parts);
    Ok(match v1::parse_authorization(authorization) {
        Ok((_, signature)) => Checked::new(v1::verify(arguments.secret(), &request, signature, &mut text)),
        Err(error) => Checked::refused(error),
    })
}

pub(super) fn sign_v1_url(arguments: &Arguments) -> Result<Signed, Failure> {
    let parts = Parts::of(arguments);
    let key = access_key(arguments)?;
    let expires = arguments
        .moment()
        .seconds()?
        .saturating_add(expires(arguments)?.into());
    let (mut text, mut query_text) = (arguments.buffer(), arguments.buffer());
    request!(request = parts);
    let presigned = v1::presign(&key, &request, expires, &mut query_text).map_err(wrong)?;
    let string_to_sign = v1::presigned_string_to_sign(&key, &request, expires, &mut text).map_err(wrong)?;
    in_url(arguments, None, string_to_sign, presigned)
}

pub(super) fn verify_v1_url(arguments: &Arguments) -> Result<Checked, Failure> {
    let parts = Parts::of(arguments);
    let mut text = arguments.buffer();
    let now = arguments.moment().seconds()?;
    request!(request = parts);
    Ok(Checked::new(v1::verify_presigned(
        arguments.secret(),
        &request,
        now,
        &mut text,
    )))
}

pub(super) fn sign_v4(arguments: &Arguments) -> Result<Signed, Failure> {
    let mut parts = Parts::of(arguments);
    let date = match parts.headers.find("x-oss-date") {
        Some(date) => date.to_owned(),
        None => arguments.moment().basic()?,
    };
    let additional = additional(arguments);
    let scope = v4::Scope {
        date: &date,
        region: arguments.need("region")?,
        additional_headers: &additional,
    };
    parts.headers.or_add("x-oss-date", date.as_str());
    parts.headers.or_add("x-oss-content-sha256", "UNSIGNED-PAYLOAD");
    with_token(arguments, &mut parts.headers);
    let key = v4::signing_key(arguments.secret(), &scope).map_err(wrong)?;
    let mut buffers = [arguments.buffer(), arguments.buffer(), arguments.buffer()];
    let [one, two, three] = &mut buffers;
    request!(request = parts);
    let canonical = v4::canonical(&request, &scope, one).map_err(wrong)?;
    let string_to_sign = v4::string_to_sign(&request, &scope, two).map_err(wrong)?;
    let signature = v4::sign(&key, &request, &scope).map_err(wrong)?;
    let authorization =
        v4::authorization(arguments.need("access_key_id")?, &key, &request, &scope, three).map_err(wrong)?;
    Ok(in_headers(
        Some(canonical),
        string_to_sign,
        &signature,
        parts.headers.clone(),
        authorization,
    ))
}

pub(super) fn verify_v4(arguments: &Arguments) -> Result<Checked, Failure> {
    let parts = Parts::of(arguments);
    let authorization = parts.headers.find("authorization").unwrap_or_default();
    let date = parts.headers.find("x-oss-date").unwrap_or_default();
    request!(request = parts);
    let parsed = match v4::parse_authorization(authorization) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(Checked::refused(error)),
    };
    Ok(checked_v4(arguments, &request, &parsed, date, true))
}

pub(super) fn sign_v4_url(arguments: &Arguments) -> Result<Signed, Failure> {
    let parts = Parts::of(arguments);
    let access_key = access_key(arguments)?;
    let (date, additional) = (arguments.moment().basic()?, additional(arguments));
    let scope = v4::Scope {
        date: &date,
        region: arguments.need("region")?,
        additional_headers: &additional,
    };
    let key = v4::signing_key(arguments.secret(), &scope).map_err(wrong)?;
    let expires = expires(arguments)?;
    let mut buffers = [arguments.buffer(), arguments.buffer(), arguments.buffer()];
    let [one, two, three] = &mut buffers;
    request!(request = parts);
    let presigned = v4::presign(&access_key, &key, &request, &scope, expires, one).map_err(wrong)?;
    let canonical = v4::presigned_canonical(&access_key, &request, &scope, expires, two).map_err(wrong)?;
    let string_to_sign =
        v4::presigned_string_to_sign(&access_key, &request, &scope, expires, three).map_err(wrong)?;
    in_url(arguments, Some(canonical), string_to_sign, presigned)
}

pub(super) fn verify_v4_url(arguments: &Arguments) -> Result<Checked, Failure> {
    let parts = Parts::of(arguments);
    let date = parts.query.find("x-oss-date").unwrap_or_default();
    request!(request = parts);
    let parsed = match v4::parse_presigned(&request) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(Checked::refused(error)),
    };
    let lifetime = parts
        .query
        .find("x-oss-expires")
        .and_then(|text| text.parse::<u64>().ok());
    let end = seconds(date)
        .zip(lifetime)
        .map(|(start, lifetime)| start.saturating_add(lifetime));
    let now = arguments.moment().seconds()?;
    if end.is_none_or(|end| end < now) {
        return Ok(Checked::refused(faceiot_core::Error::new(
            faceiot_core::ErrorKind::Timestamp,
            "x-oss-date and x-oss-expires: the URL has expired",
        )));
    }
    Ok(checked_v4(arguments, &request, &parsed, date, false))
}

fn checked_v4(
    arguments: &Arguments,
    request: &Request<'_>,
    parsed: &v4::Authorization<'_>,
    date: &str,
    in_header: bool,
) -> Checked {
    let scope = v4::Scope {
        date,
        region: parsed.region,
        additional_headers: parsed.additional_headers,
    };
    let key = match v4::signing_key(arguments.secret(), &scope) {
        Ok(key) => key,
        Err(error) => return Checked::refused(error),
    };
    let (mut text, mut canonical) = (arguments.buffer(), arguments.buffer());
    let checked = if in_header {
        v4::verify(&key, request, parsed, &mut text)
    } else {
        v4::verify_presigned(&key, request, parsed, &mut text)
    };
    Checked::new(checked).with_canonical(if in_header {
        v4::canonical(request, &scope, &mut canonical)
    } else {
        v4::canonical_presigned(request, &scope, &mut canonical)
    })
}

fn access_key(arguments: &Arguments) -> Result<AccessKey<'_>, Failure> {
    Ok(AccessKey {
        access_key_id: arguments.need("access_key_id")?,
        access_key_secret: arguments.secret(),
        security_token: arguments.text("security_token"),
    })
}

/// How long a URL may be used, in seconds.
fn expires(arguments: &Arguments) -> Result<u32, Failure> {
    Ok(arguments.number("expires")?.unwrap_or(3600))
}

/// The further headers to sign: lower case, in order.
fn additional(arguments: &Arguments) -> String {
    let names = arguments.text_or("additional_headers", "").to_ascii_lowercase();
    let mut names: Vec<_> = names
        .split([';', ','])
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names.join(";")
}

fn with_token(arguments: &Arguments, headers: &mut Pairs) {
    if let Some(token) = arguments.text("security_token") {
        headers.or_add("x-oss-security-token", token);
    }
}

fn in_headers(
    canonical: Option<&str>,
    string_to_sign: &str,
    signature: &Signature,
    mut headers: Pairs,
    authorization: &str,
) -> Signed {
    headers.or_add("Authorization", authorization);
    Signed {
        canonical: canonical.map(str::to_owned),
        string_to_sign: string_to_sign.to_owned(),
        signature: signature.as_str().to_owned(),
        send: vec![("headers", headers.json())],
    }
}

/// The URL, on the host that is given or that the bucket has in the region.
fn in_url(
    arguments: &Arguments,
    canonical: Option<&str>,
    string_to_sign: &str,
    query: &str,
) -> Result<Signed, Failure> {
    // The signature is the last parameter.
    let (_, signature) = decoded(query.rsplit_once('&').map_or(query, |parts| parts.1));
    let host = if let Some(host) = arguments.text("host") {
        host.to_owned()
    } else {
        let region = arguments
            .text("region")
            .ok_or_else(|| Failure::usage("`host` and `region` are missing").todo("give one of them"))?;
        match arguments.text_or("bucket", "") {
            "" => format!("oss-{region}.aliyuncs.com"),
            bucket => format!("{bucket}.oss-{region}.aliyuncs.com"),
        }
    };
    let key = encode(arguments.text_or("key", ""), "/");
    Ok(Signed {
        canonical: canonical.map(str::to_owned),
        string_to_sign: string_to_sign.to_owned(),
        signature,
        send: vec![("url", format!("https://{host}/{key}?{query}").into())],
    })
}
