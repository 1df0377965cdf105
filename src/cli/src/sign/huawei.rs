//! Requests to Huawei's APIs: `SDK-HMAC-SHA256` and, with a derived key, `V11-HMAC-SHA256`.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the functions of the table have one type"
)]

use faceiot_core::sign::Request;
use faceiot_core::sign::huawei::aksk::{self, v11};

use super::answer::{Checked, Signed};
use super::arguments::Arguments;
use super::values::{Pairs, encode, wrong};
use crate::failure::Failure;

/// What both read of a request.
struct Parts<'a> {
    method: &'a str,
    path: String,
    query: Pairs,
    headers: Pairs,
    body: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(arguments: &'a Arguments) -> Self {
        let mut headers = arguments.pairs("headers");
        if let Some(host) = arguments.text("host") {
            headers.or_add("Host", host);
        }
        Self {
            method: arguments.text_or("method", "GET"),
            path: encode(arguments.text_or("path", "/"), "/"),
            query: arguments.pairs("query"),
            headers,
            body: arguments.body(),
        }
    }

    /// Adds the headers that a request must carry.
    fn complete(&mut self, arguments: &Arguments) -> Result<(), Failure> {
        if self.headers.find("host").is_none() {
            arguments.need("host")?;
        }
        self.headers.or_add("X-Sdk-Date", arguments.moment().basic()?);
        if let Some(token) = arguments.text("security_token") {
            self.headers.or_add("X-Security-Token", token);
        }
        let unsigned = self.lend(aksk::is_payload_unsigned);
        if unsigned {
            self.headers.or_add("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD");
        }
        Ok(())
    }

    fn lend<T>(&self, to: impl FnOnce(&Request<'_>) -> T) -> T {
        let (query, headers) = (self.query.lent(), self.headers.lent());
        to(&Request {
            method: self.method,
            path: &self.path,
            query: &query,
            headers: &headers,
            body: self.body,
        })
    }

    fn answer(
        mut self,
        canonical: &str,
        string_to_sign: &str,
        signature: &str,
        authorization: &str,
    ) -> Signed {
        self.headers.or_add("Authorization", authorization);
        Signed {
            canonical: Some(canonical.to_owned()),
            string_to_sign: string_to_sign.to_owned(),
            signature: signature.to_owned(),
            send: vec![("headers", self.headers.json())],
        }
    }
}

pub(super) fn sign_aksk(arguments: &Arguments) -> Result<Signed, Failure> {
    let mut parts = Parts::of(arguments);
    parts.complete(arguments)?;
    let (id, secret) = (arguments.need("access_key_id")?, arguments.secret());
    let mut buffers = [arguments.buffer(), arguments.buffer(), arguments.buffer()];
    let [one, two, three] = &mut buffers;
    let (canonical, string_to_sign, signature, authorization) = parts
        .lend(|request| {
            Ok((
                aksk::canonical(request, one)?,
                aksk::string_to_sign(request, two)?,
                aksk::sign(secret, request)?,
                aksk::authorization(id, secret, request, three)?,
            ))
        })
        .map_err(wrong)?;
    Ok(parts.answer(canonical, string_to_sign, signature.as_str(), authorization))
}

pub(super) fn verify_aksk(arguments: &Arguments) -> Result<Checked, Failure> {
    let parts = Parts::of(arguments);
    let parsed = match aksk::parse_authorization(parts.headers.find("authorization").unwrap_or_default()) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(Checked::refused(error)),
    };
    let (mut text, mut canonical) = (arguments.buffer(), arguments.buffer());
    Ok(parts.lend(|request| {
        Checked::new(aksk::verify(arguments.secret(), request, &parsed, &mut text)).with_canonical(
            aksk::canonical_listed(request, parsed.signed_headers, &mut canonical),
        )
    }))
}

pub(super) fn sign_v11(arguments: &Arguments) -> Result<Signed, Failure> {
    let mut parts = Parts::of(arguments);
    parts.complete(arguments)?;
    let (id, region) = (arguments.need("access_key_id")?, arguments.need("region")?);
    let date = parts.headers.find("x-sdk-date").unwrap_or_default();
    let day = date.get(..8).unwrap_or_default();
    let key = v11::signing_key(id, arguments.secret(), day, region).map_err(wrong)?;
    let mut buffers = [arguments.buffer(), arguments.buffer(), arguments.buffer()];
    let [one, two, three] = &mut buffers;
    let (canonical, string_to_sign, signature, authorization) = parts
        .lend(|request| {
            Ok((
                aksk::canonical(request, one)?,
                v11::string_to_sign(request, region, two)?,
                v11::sign(&key, request, region)?,
                v11::authorization(id, &key, request, region, three)?,
            ))
        })
        .map_err(wrong)?;
    Ok(parts.answer(canonical, string_to_sign, signature.as_str(), authorization))
}

pub(super) fn verify_v11(arguments: &Arguments) -> Result<Checked, Failure> {
    let parts = Parts::of(arguments);
    let authorization = parts.headers.find("authorization").unwrap_or_default();
    let taken = v11::parse_authorization(authorization).and_then(|parsed| {
        let key = v11::signing_key(
            parsed.access_key_id,
            arguments.secret(),
            parsed.day,
            parsed.region,
        )?;
        Ok((parsed, key))
    });
    let (parsed, key) = match taken {
        Ok(taken) => taken,
        Err(error) => return Ok(Checked::refused(error)),
    };
    let (mut text, mut canonical) = (arguments.buffer(), arguments.buffer());
    Ok(parts.lend(|request| {
        Checked::new(v11::verify(&key, request, &parsed, &mut text)).with_canonical(aksk::canonical_listed(
            request,
            parsed.signed_headers,
            &mut canonical,
        ))
    }))
}
