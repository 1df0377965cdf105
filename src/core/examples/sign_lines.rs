//! Signs requests that come in as lines of JSON: the side of this crate in `tests/oracles`, where the vendors' own SDKs are
//! the other one, and of the examples in `docs/guide/signing.md`.
//!
//! A line holds `kind` and what [`Case`] names; the answer, a line too, holds `canonical` (where there is one),
//! `string_to_sign`, `signature`, `sent` (the header, query or body to send) and `accepted`: whether `verify` takes what
//! the line says was sent (`authorization`, or a signature among `query` or `headers`).

use std::error::Error;
use std::io::{BufRead, Write};

use faceiot_core::sign::aliyun::oss::{self, v1, v4};
use faceiot_core::sign::aliyun::{acs3, dataplus, roa, rpc, tablestore};
use faceiot_core::sign::huawei::aksk::{self, v11};
use faceiot_core::sign::{AccessKey, Request, meituan};
use serde_json::{Value, json};

type Outcome = Result<Value, Box<dyn Error>>;
type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// The largest canonical request of a line.
const ROOM: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = serde_json::from_str(&line?)?;
        let answer = answer(&Case::of(&line)).unwrap_or_else(|error| json!({ "error": error.to_string() }));
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

/// What a line says.
struct Case<'a> {
    line: &'a Value,
    method: &'a str,
    path: &'a str,
    query: Pairs<'a>,
    headers: Pairs<'a>,
    body: &'a [u8],
    key: AccessKey<'a>,
}

impl<'a> Case<'a> {
    fn of(line: &'a Value) -> Self {
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        let pairs = |name: &str| {
            let given = line[name].as_array().into_iter().flatten();
            given
                .filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?)))
                .collect()
        };
        Self {
            line,
            method: text("method"),
            path: text("path"),
            query: pairs("query"),
            headers: pairs("headers"),
            body: text("body").as_bytes(),
            key: AccessKey {
                access_key_id: text("access_key_id"),
                access_key_secret: text("access_key_secret"),
                security_token: line["security_token"].as_str(),
            },
        }
    }

    fn text(&self, name: &str) -> &'a str {
        self.line[name].as_str().unwrap_or_default()
    }

    fn header(&self, name: &str) -> &'a str {
        let mut given = self.headers.iter();
        given
            .find(|header| header.0 == name)
            .map_or("", |header| header.1)
    }

    fn request(&self) -> Request<'_> {
        Request {
            method: self.method,
            path: self.path,
            query: &self.query,
            headers: &self.headers,
            body: self.body,
        }
    }

    fn oss(&self) -> oss::Request<'_> {
        oss::Request {
            method: self.method,
            bucket: self.text("bucket"),
            key: self.text("key"),
            query: &self.query,
            headers: &self.headers,
        }
    }

    fn scope(&self) -> v4::Scope<'_> {
        v4::Scope {
            date: self.text("date"),
            region: self.text("region"),
            additional_headers: self.text("additional_headers"),
        }
    }
}

fn answer(case: &Case<'_>) -> Outcome {
    match case.text("kind") {
        "aliyun-rpc" => rpc(case),
        "aliyun-roa" => roa(case),
        "aliyun-acs3" => acs3(case),
        "aliyun-dataplus" => dataplus(case),
        "oss-v1" => oss_v1(case),
        "oss-v1-url" => oss_v1_url(case),
        "oss-v4" => oss_v4(case),
        "oss-v4-url" => oss_v4_url(case),
        "tablestore-v2" => tablestore_v2(case),
        "tablestore-v4" => tablestore_v4(case),
        "tablestore-response" => tablestore_response(case),
        "tablestore-response-v4" => tablestore_response_v4(case),
        "huawei-aksk" => huawei_aksk(case),
        "huawei-v11" => huawei_v11(case),
        "meituan-v2" => meituan_v2(case),
        kind => Err(format!("no kind `{kind}`").into()),
    }
}

fn rpc(case: &Case<'_>) -> Outcome {
    let (mut one, mut two) = (room(), room());
    let secret = case.key.access_key_secret;
    Ok(json!({
        "canonical": rpc::canonical(&case.query, &mut one)?,
        "string_to_sign": rpc::string_to_sign(case.method, &case.query, &mut two)?,
        "signature": rpc::sign(secret, case.method, &case.query)?.as_str(),
        "accepted": rpc::verify(secret, case.method, &case.query, &mut []).is_ok(),
    }))
}

fn roa(case: &Case<'_>) -> Outcome {
    let (mut one, mut two) = (room(), room());
    let (
        AccessKey {
            access_key_id,
            access_key_secret,
            ..
        },
        request,
    ) = (case.key, case.request());
    let given = roa::parse_authorization(case.text("authorization"));
    let accepted = given.and_then(|given| Ok(roa::verify(access_key_secret, &request, given.1, &mut [])?));
    Ok(json!({
        "string_to_sign": roa::string_to_sign(&request, &mut one)?,
        "signature": roa::sign(access_key_secret, &request)?.as_str(),
        "sent": roa::authorization(access_key_id, access_key_secret, &request, &mut two)?,
        "accepted": accepted.is_ok(),
    }))
}

fn acs3(case: &Case<'_>) -> Outcome {
    let (mut one, mut two, mut three) = (room(), room(), room());
    let (
        AccessKey {
            access_key_id,
            access_key_secret,
            ..
        },
        request,
    ) = (case.key, case.request());
    let given = acs3::parse_authorization(case.text("authorization"));
    let accepted = given.and_then(|given| Ok(acs3::verify(access_key_secret, &request, &given, &mut [])?));
    Ok(json!({
        "canonical": acs3::canonical(&request, &mut one)?,
        "string_to_sign": acs3::string_to_sign(&request, &mut two)?,
        "signature": acs3::sign(access_key_secret, &request)?.as_str(),
        "sent": acs3::authorization(access_key_id, access_key_secret, &request, &mut three)?,
        "accepted": accepted.is_ok(),
    }))
}

fn dataplus(case: &Case<'_>) -> Outcome {
    let (mut one, mut two) = (room(), room());
    let request = dataplus::Request {
        path: case.path,
        date: case.text("date"),
        body: case.body,
        ..dataplus::Request::default()
    };
    let secret = case.key.access_key_secret;
    let given = dataplus::parse_authorization(case.text("authorization"));
    let accepted = given.and_then(|given| Ok(dataplus::verify(secret, &request, given.1, &mut [])?));
    Ok(json!({
        "string_to_sign": dataplus::string_to_sign(&request, &mut one)?,
        "signature": dataplus::sign(secret, &request)?.as_str(),
        "sent": dataplus::authorization(&case.key, &request, &mut two)?,
        "accepted": accepted.is_ok(),
    }))
}

fn oss_v1(case: &Case<'_>) -> Outcome {
    let (mut one, mut two) = (room(), room());
    let (secret, request) = (case.key.access_key_secret, case.oss());
    let given = v1::parse_authorization(case.text("authorization"));
    let accepted = given.and_then(|given| Ok(v1::verify(secret, &request, given.1, &mut [])?));
    Ok(json!({
        "string_to_sign": v1::string_to_sign(&request, &mut one)?,
        "signature": v1::sign(secret, &request)?.as_str(),
        "sent": v1::authorization(&case.key, &request, &mut two)?,
        "accepted": accepted.is_ok(),
    }))
}

/// `sent_query` holds all parameters of the SDK's URL.
fn oss_v1_url(case: &Case<'_>) -> Outcome {
    let (mut one, mut two) = (room(), room());
    let secret = case.key.access_key_secret;
    let expires = case.text("expires").parse()?;
    let sent = Case::of(&case.line["received"]);
    let refused = v1::verify_presigned(secret, &sent.oss(), expires, &mut []);
    // What is signed shows in a refusal: the string of a URL has no function of its own.
    let shown = v1::verify_presigned("", &sent.oss(), expires, &mut one);
    Ok(json!({
        "string_to_sign": shown.err().map_or("", |mismatch| mismatch.string_to_sign),
        "sent": v1::presign(&case.key, &case.oss(), expires, &mut two)?,
        "accepted": refused.is_ok(),
    }))
}

fn oss_v4(case: &Case<'_>) -> Outcome {
    let (mut one, mut two, mut three) = (room(), room(), room());
    let (request, scope) = (case.oss(), case.scope());
    let key = v4::signing_key(case.key.access_key_secret, &scope)?;
    let given = v4::parse_authorization(case.text("authorization"));
    let accepted = given.and_then(|given| Ok(v4::verify(&key, &request, &given, &mut [])?));
    Ok(json!({
        "canonical": v4::canonical(&request, &scope, &mut one)?,
        "string_to_sign": v4::string_to_sign(&request, &scope, &mut two)?,
        "signature": v4::sign(&key, &request, &scope)?.as_str(),
        "sent": v4::authorization(case.key.access_key_id, &key, &request, &scope, &mut three)?,
        "accepted": accepted.is_ok(),
    }))
}

fn oss_v4_url(case: &Case<'_>) -> Outcome {
    let (mut one, mut two) = (room(), room());
    let (scope, sent) = (case.scope(), Case::of(&case.line["received"]));
    let key = v4::signing_key(case.key.access_key_secret, &scope)?;
    let other = v4::signing_key("", &scope)?;
    let given = v4::parse_presigned(&sent.oss())?;
    let shown = v4::verify_presigned(&other, &sent.oss(), &given, &mut one);
    let expires = case.text("expires").parse()?;
    Ok(json!({
        "string_to_sign": shown.err().map_or("", |mismatch| mismatch.string_to_sign),
        "sent": v4::presign(&case.key, &key, &case.oss(), &scope, expires, &mut two)?,
        "accepted": v4::verify_presigned(&key, &sent.oss(), &given, &mut []).is_ok(),
    }))
}

fn tablestore_v2(case: &Case<'_>) -> Outcome {
    let mut one = room();
    let (secret, headers) = (case.key.access_key_secret, &case.headers);
    Ok(json!({
        "string_to_sign": tablestore::string_to_sign(case.path, headers, &mut one)?,
        "signature": tablestore::sign(secret, case.path, headers)?.as_str(),
        "accepted": tablestore::verify(secret, case.path, headers, case.body, &mut []).is_ok(),
    }))
}

fn tablestore_v4(case: &Case<'_>) -> Outcome {
    let mut one = room();
    let headers = &case.headers;
    let (day, region) = (case.header("x-ots-signdate"), case.header("x-ots-signregion"));
    let key = tablestore::signing_key(case.key.access_key_secret, day, region)?;
    Ok(json!({
        "string_to_sign": tablestore::string_to_sign_v4(case.path, headers, &mut one)?,
        "signature": tablestore::sign_v4(&key, case.path, headers)?.as_str(),
        "accepted": tablestore::verify_v4(&key, case.path, headers, case.body, &mut []).is_ok(),
    }))
}

fn tablestore_response(case: &Case<'_>) -> Outcome {
    let mut one = room();
    let (secret, headers, given) = (
        case.key.access_key_secret,
        &case.headers,
        case.text("authorization"),
    );
    Ok(json!({
        "string_to_sign": tablestore::response_string_to_sign(case.path, headers, &mut one)?,
        "signature": tablestore::sign_response(secret, case.path, headers)?.as_str(),
        "accepted": tablestore::verify_response(secret, case.path, headers, given, &mut []).is_ok(),
    }))
}

fn tablestore_response_v4(case: &Case<'_>) -> Outcome {
    let (secret, path, headers) = (case.key.access_key_secret, case.path, &case.headers);
    let (day, region, given) = (case.text("day"), case.text("region"), case.text("authorization"));
    let accepted = tablestore::verify_response_v4(secret, day, region, path, headers, given, &mut []);
    Ok(json!({
        "signature": tablestore::sign_response_v4(secret, day, region, path, headers)?.as_str(),
        "accepted": accepted.is_ok(),
    }))
}

fn huawei_aksk(case: &Case<'_>) -> Outcome {
    let (mut one, mut two, mut three) = (room(), room(), room());
    let (
        AccessKey {
            access_key_id,
            access_key_secret,
            ..
        },
        request,
    ) = (case.key, case.request());
    let given = aksk::parse_authorization(case.text("authorization"));
    let accepted = given.and_then(|given| Ok(aksk::verify(access_key_secret, &request, &given, &mut [])?));
    Ok(json!({
        "canonical": aksk::canonical(&request, &mut one)?,
        "string_to_sign": aksk::string_to_sign(&request, &mut two)?,
        "signature": aksk::sign(access_key_secret, &request)?.as_str(),
        "sent": aksk::authorization(access_key_id, access_key_secret, &request, &mut three)?,
        "accepted": accepted.is_ok(),
    }))
}

fn huawei_v11(case: &Case<'_>) -> Outcome {
    let (mut one, mut two, mut three) = (room(), room(), room());
    let (
        AccessKey {
            access_key_id,
            access_key_secret,
            ..
        },
        request,
    ) = (case.key, case.request());
    let (day, region) = (case.text("day"), case.text("region"));
    let key = v11::signing_key(access_key_id, access_key_secret, day, region)?;
    let given = v11::parse_authorization(case.text("authorization"));
    let accepted = given.and_then(|given| Ok(v11::verify(&key, &request, &given, &mut [])?));
    Ok(json!({
        "canonical": aksk::canonical(&request, &mut one)?,
        "string_to_sign": v11::string_to_sign(&request, region, &mut two)?,
        "signature": v11::sign(&key, &request, region)?.as_str(),
        "sent": v11::authorization(access_key_id, &key, &request, region, &mut three)?,
        "accepted": accepted.is_ok(),
    }))
}

fn meituan_v2(case: &Case<'_>) -> Outcome {
    let mut one = room();
    let request = meituan::Request {
        method: case.method,
        host: case.text("host"),
        path: case.path,
        parameters: &case.query,
    };
    let options = meituan::Options {
        host_as_is: true,
        ..meituan::Options::default()
    };
    let secret = case.key.access_key_secret;
    Ok(json!({
        "string_to_sign": meituan::string_to_sign(&request, &options, &mut one)?,
        "signature": meituan::sign(secret, &request, &options)?.as_str(),
        "accepted": meituan::verify(secret, &request, &mut []).is_ok(),
    }))
}

fn room() -> Vec<u8> {
    vec![0; ROOM]
}
