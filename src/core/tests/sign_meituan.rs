//! Meituan's signature (AWS version 2) against both seeds, its official SDK for Java and botocore.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Case, Value, decoded, pairs, run, texts, unhex};
use faceiot_core::ErrorKind;
use faceiot_core::sign::meituan::{self, Method, Options, Order, Request, TimestampForm};
use faceiot_core::{digest, text};

const FILE: &str = "huawei_meituan.json";

/// The parameters in their order; truth values as Python writes them, which is what the vectors' canonical string has.
fn parameters(case: &Case) -> Vec<(String, String)> {
    let spell = |value: &Value| match value {
        Value::Bool(false) => "False".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        other => other.as_str().map_or_else(|| other.to_string(), str::to_owned),
    };
    let list = case.input["params_in_insertion_order"].as_array().unwrap();
    list.iter()
        .map(|pair| (pair[0].as_str().unwrap().to_owned(), spell(&pair[1])))
        .collect()
}

#[test]
fn every_source_is_signed_in_its_own_order_and_all_are_accepted() {
    let count = std::cell::Cell::new(0);
    run(FILE, "meituan_signature_v2", 14, &[], |case| {
        let parameters = parameters(case);
        let parameters = pairs(&parameters);
        let (secret, strings) = (case.text("secret_key"), read_strings(case));
        let request = Request {
            method: case.text("method"),
            host: case.text("host"),
            path: case.text("path"),
            parameters: &parameters,
        };
        let signed = |order, method| {
            let options = Options {
                order,
                method,
                ..Options::default()
            };
            let mut buffer = [0; 2048];
            let text = meituan::string_to_sign(&request, &options, &mut buffer)
                .unwrap()
                .to_owned();
            (
                text,
                meituan::sign(secret, &request, &options)
                    .unwrap()
                    .as_str()
                    .to_owned(),
            )
        };
        let (text, keys) = signed(Order::Keys, Method::HmacSha256);
        assert_eq!(text, strings["canonical"]);
        assert_eq!(keys, case.wants("botocore_sigv2"));
        assert_eq!(keys, case.wants("meituan_mcsapi_java"));
        assert_eq!(
            signed(Order::Keys, Method::HmacSha1).1,
            case.wants("canonical_hmacsha1")
        );
        let (text, python) = signed(Order::Pairs, Method::HmacSha256);
        assert_eq!(
            text,
            strings
                .get("seed_python")
                .unwrap_or(&strings["canonical"])
                .as_str()
                .unwrap()
        );
        assert_eq!(python, case.wants("seed_python"));
        // PHP signs a `false` as nothing; that is another request.
        let php = if case.name == "landmark_image_python_False" {
            None
        } else {
            Some(signed(Order::Insertion, Method::HmacSha256).1)
        };
        if let Some(php) = &php {
            assert_eq!(php, case.wants("seed_php"));
        }
        let accepted = [Some(keys), Some(python), php];
        for signature in accepted.iter().flatten() {
            let mut sent = parameters.clone();
            sent.extend([("Signature", signature.as_str()), ("image_content", "anything")]);
            let request = Request {
                parameters: &sent,
                ..request
            };
            assert_eq!(meituan::verify(secret, &request, &mut []), Ok(()));
            let mut out = [0; 2048];
            let refused = meituan::verify(
                secret,
                &Request {
                    path: "/other",
                    ..request
                },
                &mut out,
            )
            .unwrap_err();
            assert_eq!(refused.kind, ErrorKind::Signature);
            assert!(
                refused
                    .string_to_sign
                    .starts_with("POST\nmosapi.meituan.com\n/other\n")
            );
            assert!(!format!("{refused:?} {request:?}").contains(signature.as_str()));
            count.set(count.get() + 1);
        }
    });
    assert_eq!(count.get(), 14 * 3 - 1);
}

/// The strings to sign of a case; here they are an object.
fn read_strings(case: &Case) -> serde_json::Map<String, Value> {
    common::read(FILE)["meituan_signature_v2"][&case.name]["string_to_sign"]
        .as_object()
        .unwrap()
        .clone()
}

#[test]
fn the_code_is_what_signs_and_not_the_prose() {
    run(FILE, "meituan_prose_variants", 6, &[], |case| {
        let base64 = |mac: &[u8]| text::base64_encode(mac, &mut [0; 44]).unwrap().to_owned();
        let (secret, signed) = (case.text("secret_key"), case.signed());
        assert_eq!(
            base64(&digest::hmac_sha256(secret.as_bytes(), &[signed.as_bytes()])),
            case.wants("HmacSHA256")
        );
        assert_eq!(
            base64(&digest::hmac_sha1(secret.as_bytes(), &[signed.as_bytes()])),
            case.wants("HmacSHA1")
        );
        let parameters = decoded(case.text("query"));
        let parameters = pairs(&parameters);
        let request = Request {
            parameters: &parameters,
            ..Request::default()
        };
        let mut buffer = [0; 1024];
        let ours = meituan::string_to_sign(&request, &Options::default(), &mut buffer).unwrap();
        assert_eq!(
            ours == signed,
            case.expected["what_seed_code_and_sdks_do"].as_bool().unwrap()
        );
    });
}

#[test]
fn botocore_signs_the_same() {
    run(FILE, "aws_sigv2_botocore", 6, &[], |case| {
        let (_, url) = case.text("url").split_once("://").unwrap();
        let (host, path) = url.find('/').map_or((url, ""), |at| url.split_at(at));
        let sent = texts(&case.expected["params_sent"]);
        let sent = pairs(&sent);
        let request = Request {
            method: "POST",
            host,
            path,
            parameters: &sent,
        };
        let options = Options {
            host_as_is: true,
            ..Options::default()
        };
        assert_eq!(
            meituan::string_to_sign(&request, &options, &mut [0; 1024]).unwrap(),
            case.signed()
        );
        assert_eq!(
            meituan::sign(case.text("sk"), &request, &options)
                .unwrap()
                .as_str(),
            case.wants("signature")
        );
        assert_eq!(meituan::verify(case.text("sk"), &request, &mut []), Ok(()));
        let now = case.input["unix_time"].as_u64().unwrap();
        let stamp = sent
            .iter()
            .find(|parameter| parameter.0 == "Timestamp")
            .unwrap()
            .1;
        assert_eq!(
            meituan::timestamp(now * 1000, TimestampForm::Seconds, &mut [0; 32]).unwrap(),
            stamp
        );
    });
}

#[test]
fn bodies_are_those_of_the_seeds() {
    run(FILE, "meituan_form_body", 8, &[], |case| {
        if let Some(value) = case.input["value"].as_str() {
            let mut buffer = [0; 64];
            let mut w = text::Writer::new(&mut buffer);
            text::percent_encode(value.as_bytes(), &mut w).unwrap();
            let encoded = w.finish();
            assert_eq!(encoded, case.wants("python_quote_safe_-_~"), "what is signed");
            assert_eq!(encoded, case.wants("php_rawurlencode"));
            assert_eq!(
                encoded.replace("%20", "+"),
                case.wants("python_urlencode_quote_plus"),
                "what Python sends"
            );
            return;
        }
        let spell = |value: String| {
            if value == "false" && case.input["params"]["landmark_image"].is_boolean() {
                "False".to_owned()
            } else {
                value
            }
        };
        let parameters: Vec<_> = texts(&case.input["params"])
            .into_iter()
            .map(|(name, value)| (name, spell(value)))
            .collect();
        let parameters = pairs(&parameters);
        let request = Request {
            parameters: &parameters,
            ..Request::default()
        };
        let signature = meituan::sign(case.text("secret_key"), &request, &Options::default()).unwrap();
        let mut buffer = [0; 1024];
        let body = meituan::form(&parameters, &signature, &mut buffer).unwrap();
        let mut image = [0; 64];
        let image = text::base64_encode(&unhex(case.text("image_bytes_hex")), &mut image).unwrap();
        assert_eq!(
            format!(
                "{body}&image_content={}",
                image.replace('/', "%2F").replace('+', "%2B")
            ),
            case.wants("body")
        );
        let received = decoded(case.wants("body"));
        let received = Request {
            parameters: &pairs(&received),
            ..request
        };
        assert_eq!(
            meituan::verify(case.text("secret_key"), &received, &mut []),
            Ok(())
        );
    });
}

#[test]
fn times_are_spelled_as_each_source_does_and_all_are_read() {
    // What is read of a moment in the seed's local time is wrong by its offset, and of a clock at a full second, by the
    // seconds that are left out.
    run(FILE, "meituan_timestamp", 6, &[], |case| {
        let spell = |ms, form| meituan::timestamp(ms, form, &mut [0; 32]).unwrap().to_owned();
        if let Some(unix) = case.input["unix"].as_u64() {
            assert_eq!(
                spell(unix * 1000, TimestampForm::Millis),
                case.wants("utc_correct")
            );
            let theirs = case.wants("seed_php");
            let read = meituan::parse_timestamp(theirs).unwrap();
            assert_eq!(read == unix, case.text("tz") == "UTC", "{theirs}");
            assert_eq!(spell(read * 1000, TimestampForm::Zeros4), theirs);
            return;
        }
        let (seconds, micros) = case
            .text("datetime")
            .split_once('.')
            .unwrap_or((case.text("datetime"), "000000"));
        let unix = meituan::parse_timestamp(&format!("{seconds}Z")).unwrap();
        assert_eq!(unix, 1_479_093_055);
        let ms = unix * 1000 + micros[..3].parse::<u64>().unwrap();
        for (form, name) in [
            (TimestampForm::Millis, "doc_format"),
            (TimestampForm::Zeros3, "official_python_sdk"),
            (TimestampForm::NoDot, "official_java_sdk"),
            (TimestampForm::Seconds, "botocore"),
        ] {
            assert_eq!(spell(ms, form), case.wants(name));
            assert_eq!(meituan::parse_timestamp(case.wants(name)), Ok(unix), "{name}");
        }
        let read = meituan::parse_timestamp(case.wants("seed_python")).unwrap();
        assert_eq!(
            read,
            if case.name == "seed_python_micro_zero_bug" {
                unix - 55
            } else {
                unix
            }
        );
    });
}

#[test]
fn a_malformed_time_or_request_is_refused() {
    for bad in [
        "",
        "Z",
        "2016-11-14",
        "2016-11-14T03:10:55",
        "2016-11-14T03Z",
        "2016-13-14T03:10:55Z",
        "2016-11-14T24:10:55Z",
        "2016-11-14T03:10:5Z",
        "2016-11-14T03:10:55.Z",
        "2016-11-14T03:10:55.aZ",
        "2016/11/14T03:10:55Z",
        "+016-11-14T03:10:55Z",
        "1969-12-31T23:59:59Z",
        "2016-11-14T03:10:55.0000000000Z",
        "2016-11-14T03-10-55Z",
        "2016-11-14 03:10:55Z",
        "日本-11-14T03:10:55Z",
    ] {
        assert_eq!(
            meituan::parse_timestamp(bad).unwrap_err().kind,
            ErrorKind::Timestamp,
            "{bad}"
        );
    }
    for (unix, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
    ] {
        assert_eq!(meituan::parse_timestamp(text), Ok(unix));
    }
    let verify = |parameters: &[(&str, &str)]| {
        meituan::verify(
            "s",
            &Request {
                parameters,
                ..Request::default()
            },
            &mut [],
        )
        .unwrap_err()
        .kind
    };
    assert_eq!(verify(&[("SignatureMethod", "HmacSHA256")]), ErrorKind::Signature);
    assert_eq!(
        verify(&[("Signature", "x"), ("SignatureMethod", "HmacMD5")]),
        ErrorKind::SignMethod
    );
    assert_eq!(verify(&[("Signature", "x")]), ErrorKind::SignMethod);
    assert_eq!(
        verify(&[
            ("SignatureMethod", "HmacSHA1"),
            ("Signature", "x"),
            ("Signature", "x")
        ]),
        ErrorKind::Signature
    );
}

#[test]
fn a_default_port_and_the_case_of_the_host_do_not_matter() {
    let signed = |host| {
        let request = Request {
            host,
            parameters: &[("a", "b")],
            ..Request::default()
        };
        meituan::sign("s", &request, &Options::default())
            .unwrap()
            .as_str()
            .to_owned()
    };
    let plain = signed("mosapi.meituan.com");
    for host in [
        "MOSAPI.meituan.com",
        "mosapi.meituan.com:443",
        "mosapi.meituan.com:80",
    ] {
        assert_eq!(signed(host), plain, "{host}");
    }
    assert_ne!(signed("mosapi.meituan.com:8443"), plain);
}
