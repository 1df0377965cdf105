//! Requests to Alibaba's APIs: POP RPC, ROA and ACS3, and Dataplus.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the functions of the table have one type"
)]

use faceiot_core::sign::aliyun::{acs3, dataplus, roa, rpc};
use faceiot_core::sign::{AccessKey, Request};
use faceiot_core::text::base64_encode;

use super::answer::{Checked, Signed};
use super::arguments::Arguments;
use super::values::{Pairs, encode, wrong};
use crate::failure::Failure;

pub(super) fn sign_rpc(arguments: &Arguments) -> Result<Signed, Failure> {
    let (mut query, form) = (arguments.pairs("query"), arguments.pairs("form"));
    let mut add = |name: &str, value: &str| {
        if form.find(name).is_none() {
            query.or_add(name, value);
        }
    };
    add("AccessKeyId", arguments.need("access_key_id")?);
    add("SignatureMethod", "HMAC-SHA1");
    add("SignatureVersion", "1.0");
    add("SignatureNonce", arguments.nonce());
    add("Timestamp", &arguments.moment().iso8601()?);
    if let Some(token) = arguments.text("security_token") {
        add("SecurityToken", token);
    }
    let method = arguments.text_or("method", "GET");
    let (mut one, mut two) = (arguments.buffer(), arguments.buffer());
    let (canonical, string_to_sign, signature) = {
        let mut all = query.lent();
        all.extend(form.lent());
        (
            rpc::canonical(&all, &mut one).map_err(wrong)?,
            rpc::string_to_sign(method, &all, &mut two).map_err(wrong)?,
            rpc::sign(arguments.secret(), method, &all).map_err(wrong)?,
        )
    };
    query.or_add("Signature", signature.as_str());
    let mut signed = Signed {
        canonical: Some(canonical.to_owned()),
        string_to_sign: string_to_sign.to_owned(),
        signature: signature.as_str().to_owned(),
        send: vec![("query", query.json())],
    };
    if !form.0.is_empty() {
        signed = signed.with("form", &form);
    }
    if let Some(host) = arguments.text("host") {
        signed = signed.with("url", format!("https://{host}/?{}", query.query()));
    }
    Ok(signed)
}

pub(super) fn verify_rpc(arguments: &Arguments) -> Result<Checked, Failure> {
    let (query, form) = (arguments.pairs("query"), arguments.pairs("form"));
    let mut all = query.lent();
    all.extend(form.lent());
    let method = arguments.text_or("method", "GET");
    let (mut text, mut canonical) = (arguments.buffer(), arguments.buffer());
    let checked = rpc::verify(arguments.secret(), method, &all, &mut text);
    Ok(Checked::new(checked).with_canonical(rpc::canonical(&all, &mut canonical)))
}

pub(super) fn sign_roa(arguments: &Arguments) -> Result<Signed, Failure> {
    let (mut headers, query) = (arguments.pairs("headers"), arguments.pairs("query"));
    headers.or_add("Accept", "application/json");
    headers.or_add("Date", arguments.moment().http_date()?);
    headers.or_add("x-acs-signature-method", "HMAC-SHA1");
    headers.or_add("x-acs-signature-version", "1.0");
    if let Some(nonce) = arguments.text("nonce") {
        headers.or_add("x-acs-signature-nonce", nonce);
    }
    if let Some(token) = arguments.text("security_token") {
        headers.or_add("x-acs-security-token", token);
    }
    if !arguments.body().is_empty() {
        headers.or_add("Content-MD5", md5(arguments.body())?);
    }
    let (mut one, mut two) = (arguments.buffer(), arguments.buffer());
    let (string_to_sign, signature, authorization) = {
        let (query, lent) = (query.lent(), headers.lent());
        let request = Request {
            method: arguments.text_or("method", "GET"),
            path: arguments.text_or("path", "/"),
            query: &query,
            headers: &lent,
            body: arguments.body(),
        };
        (
            roa::string_to_sign(&request, &mut one).map_err(wrong)?,
            roa::sign(arguments.secret(), &request).map_err(wrong)?,
            roa::authorization(
                arguments.need("access_key_id")?,
                arguments.secret(),
                &request,
                &mut two,
            )
            .map_err(wrong)?,
        )
    };
    headers.or_add("Authorization", authorization);
    Ok(Signed {
        canonical: None,
        string_to_sign: string_to_sign.to_owned(),
        signature: signature.as_str().to_owned(),
        send: vec![("headers", headers.json())],
    })
}

pub(super) fn verify_roa(arguments: &Arguments) -> Result<Checked, Failure> {
    let (headers, query) = (arguments.pairs("headers"), arguments.pairs("query"));
    let (query, lent) = (query.lent(), headers.lent());
    let request = Request {
        method: arguments.text_or("method", "GET"),
        path: arguments.text_or("path", "/"),
        query: &query,
        headers: &lent,
        body: arguments.body(),
    };
    let mut text = arguments.buffer();
    Ok(
        match roa::parse_authorization(headers.find("authorization").unwrap_or_default()) {
            Ok((_, signature)) => {
                Checked::new(roa::verify(arguments.secret(), &request, signature, &mut text))
            }
            Err(error) => Checked::refused(error),
        },
    )
}

pub(super) fn sign_acs3(arguments: &Arguments) -> Result<Signed, Failure> {
    let (mut headers, query) = (arguments.pairs("headers"), arguments.pairs("query"));
    if headers.find("host").is_none() {
        headers.or_add("host", arguments.need("host")?);
    }
    headers.or_add("x-acs-date", arguments.moment().iso8601()?);
    headers.or_add("x-acs-signature-nonce", arguments.nonce());
    headers.or_add("x-acs-content-sha256", sha256(arguments.body())?);
    if let Some(token) = arguments.text("security_token") {
        headers.or_add("x-acs-security-token", token);
    }
    let path = encode(arguments.text_or("path", "/"), "/");
    let mut buffers = [arguments.buffer(), arguments.buffer(), arguments.buffer()];
    let [one, two, three] = &mut buffers;
    let (canonical, string_to_sign, signature, authorization) = {
        let (query, lent) = (query.lent(), headers.lent());
        let request = Request {
            method: arguments.text_or("method", "POST"),
            path: &path,
            query: &query,
            headers: &lent,
            body: arguments.body(),
        };
        (
            acs3::canonical(&request, one).map_err(wrong)?,
            acs3::string_to_sign(&request, two).map_err(wrong)?,
            acs3::sign(arguments.secret(), &request).map_err(wrong)?,
            acs3::authorization(
                arguments.need("access_key_id")?,
                arguments.secret(),
                &request,
                three,
            )
            .map_err(wrong)?,
        )
    };
    headers.or_add("Authorization", authorization);
    Ok(Signed {
        canonical: Some(canonical.to_owned()),
        string_to_sign: string_to_sign.to_owned(),
        signature: signature.as_str().to_owned(),
        send: vec![("headers", headers.json())],
    })
}

pub(super) fn verify_acs3(arguments: &Arguments) -> Result<Checked, Failure> {
    let (mut headers, query) = (arguments.pairs("headers"), arguments.pairs("query"));
    if let Some(host) = arguments.text("host") {
        headers.or_add("host", host);
    }
    let path = encode(arguments.text_or("path", "/"), "/");
    let (query, lent) = (query.lent(), headers.lent());
    let request = Request {
        method: arguments.text_or("method", "POST"),
        path: &path,
        query: &query,
        headers: &lent,
        body: arguments.body(),
    };
    let authorization = headers.find("authorization").unwrap_or_default();
    let parsed = match acs3::parse_authorization(authorization) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(Checked::refused(error)),
    };
    let (mut text, mut canonical) = (arguments.buffer(), arguments.buffer());
    let checked = acs3::verify(arguments.secret(), &request, &parsed, &mut text);
    let canonical = acs3::canonical_listed(&request, parsed.signed_headers, &mut canonical);
    Ok(Checked::new(checked).with_canonical(canonical))
}

pub(super) fn sign_dataplus(arguments: &Arguments) -> Result<Signed, Failure> {
    let mut headers = arguments.pairs("headers");
    headers.or_add("Accept", "application/json");
    headers.or_add("Content-Type", "application/json");
    headers.or_add("Date", arguments.moment().http_date()?);
    let key = AccessKey {
        access_key_id: arguments.need("access_key_id")?,
        access_key_secret: arguments.secret(),
        security_token: None,
    };
    let (mut one, mut two) = (arguments.buffer(), arguments.buffer());
    let (string_to_sign, signature, authorization) = {
        let request = of_dataplus(arguments, &headers);
        (
            dataplus::string_to_sign(&request, &mut one).map_err(wrong)?,
            dataplus::sign(arguments.secret(), &request).map_err(wrong)?,
            dataplus::authorization(&key, &request, &mut two).map_err(wrong)?,
        )
    };
    headers.or_add("Authorization", authorization);
    Ok(Signed {
        canonical: None,
        string_to_sign: string_to_sign.to_owned(),
        signature: signature.as_str().to_owned(),
        send: vec![("headers", headers.json())],
    })
}

pub(super) fn verify_dataplus(arguments: &Arguments) -> Result<Checked, Failure> {
    let headers = arguments.pairs("headers");
    let request = of_dataplus(arguments, &headers);
    let mut text = arguments.buffer();
    let authorization = headers.find("authorization").unwrap_or_default();
    Ok(match dataplus::parse_authorization(authorization) {
        Ok((_, signature)) => Checked::new(dataplus::verify(
            arguments.secret(),
            &request,
            signature,
            &mut text,
        )),
        Err(error) => Checked::refused(error),
    })
}

fn of_dataplus<'a>(arguments: &'a Arguments, headers: &'a Pairs) -> dataplus::Request<'a> {
    dataplus::Request {
        method: arguments.text_or("method", "POST"),
        accept: headers.find("accept").unwrap_or_default(),
        content_type: headers.find("content-type").unwrap_or_default(),
        date: headers.find("date").unwrap_or_default(),
        path: arguments.text_or("path", "/"),
        body: arguments.body(),
        empty_body_without_md5: arguments.is("empty_body_without_md5"),
    }
}

/// Base64 of a body's MD5.
pub(super) fn md5(body: &[u8]) -> Result<String, Failure> {
    let mut text = [0; 24];
    base64_encode(&faceiot_core::digest::md5(&[body]), &mut text)
        .map(str::to_owned)
        .map_err(wrong)
}

fn sha256(body: &[u8]) -> Result<String, Failure> {
    let mut text = [0; 64];
    faceiot_core::text::hex_lower(&faceiot_core::digest::sha256(&[body]), &mut text)
        .map(str::to_owned)
        .map_err(wrong)
}
