//! `SDK-HMAC-SHA256` and `V11-HMAC-SHA256` against huaweicloudsdkcore 3.1.219.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Case, Value, pairs, run, texts};
use faceiot_core::ErrorKind;
use faceiot_core::sign::Request;
use faceiot_core::sign::huawei::aksk::{self, v11};

const FILE: &str = "huawei_meituan.json";

/// The query as the SDK spells it: a pair for each element of a list, booleans in lower case.
fn query(case: &Case) -> Vec<(String, String)> {
    let spell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut query = Vec::new();
    for pair in case.input["query"].as_array().unwrap() {
        let name = pair[0].as_str().unwrap();
        match pair[1].as_array() {
            Some(values) => query.extend(values.iter().map(|value| (name.to_owned(), spell(value)))),
            None => query.push((name.to_owned(), spell(&pair[1]))),
        }
    }
    query
}

fn with_request(case: &Case, test: impl FnOnce(&Request<'_>)) {
    let (query, headers) = (query(case), texts(&case.expected["headers_sent"]));
    let (query, headers) = (pairs(&query), pairs(&headers));
    test(&Request {
        method: case.text("method"),
        path: case.wants("uri").split('?').next().unwrap(),
        query: &query,
        headers: &headers,
        body: case.text_or("body", "").as_bytes(),
    });
}

/// Requests of which a signed part is another one.
fn changed<'a>(request: &Request<'a>) -> [Request<'a>; 4] {
    [
        Request {
            method: "PATCH",
            ..*request
        },
        Request {
            path: "/v5/other",
            ..*request
        },
        Request {
            query: &[("x", "y")],
            ..*request
        },
        Request {
            headers: &[("host", "x"), ("x-sdk-date", "20260102T030405Z")],
            ..*request
        },
    ]
}

#[test]
fn sdk_hmac_sha256_is_signed_as_the_sdk_does() {
    run(FILE, "huawei_aksk_sdk_hmac_sha256", 14, &[], |case| {
        with_request(case, |request| {
            let (id, secret) = (case.text("ak"), case.text("sk"));
            assert_eq!(
                aksk::canonical(request, &mut [0; 1024]).unwrap(),
                case.wants("canonical_request")
            );
            assert_eq!(
                aksk::string_to_sign(request, &mut [0; 256]).unwrap(),
                case.signed()
            );
            let mut buffer = [0; 512];
            let authorization = aksk::authorization(id, secret, request, &mut buffer).unwrap();
            assert_eq!(authorization, case.wants("authorization"));
            assert_eq!(
                aksk::is_payload_unsigned(request),
                case.name == "content_type_form_unsigned_payload"
            );

            let parsed = aksk::parse_authorization(authorization).unwrap();
            assert_eq!(parsed.access_key_id, id);
            assert_eq!(aksk::verify(secret, request, &parsed, &mut []), Ok(()));
            let mut headers = request.headers.to_vec();
            headers.reverse();
            headers.push(("User-Agent", "not signed"));
            let other_order = Request {
                headers: &headers,
                ..*request
            };
            assert_eq!(aksk::verify(secret, &other_order, &parsed, &mut []), Ok(()));
            let mut out = [0; 256];
            for changed in changed(request) {
                assert_eq!(
                    aksk::verify(secret, &changed, &parsed, &mut out)
                        .unwrap_err()
                        .kind,
                    ErrorKind::Signature
                );
            }
            let body = aksk::verify(
                secret,
                &Request {
                    body: b"other",
                    ..*request
                },
                &parsed,
                &mut [],
            );
            assert_eq!(
                body.is_ok(),
                aksk::is_payload_unsigned(request),
                "an unsigned body may change"
            );
            let refused = aksk::verify("other", request, &parsed, &mut out).unwrap_err();
            assert_eq!(refused.string_to_sign, case.signed());
        });
    });
}

#[test]
fn v11_hmac_sha256_is_signed_as_the_sdk_does() {
    run(FILE, "huawei_aksk_derived_v11", 6, &[], |case| {
        with_request(case, |request| {
            let (id, secret, region) = (case.text("ak"), case.text("sk"), case.text("region_id"));
            assert_eq!(case.text("derived_service"), v11::SERVICE);
            assert_eq!(
                v11::string_to_sign(request, region, &mut [0; 256]).unwrap(),
                case.signed()
            );
            let key = v11::signing_key(id, secret, "20260102", region).unwrap();
            let mut buffer = [0; 512];
            let authorization = v11::authorization(id, &key, request, region, &mut buffer).unwrap();
            assert_eq!(authorization, case.wants("authorization"));
            let text = case.wants("derived_signing_key_hex_text");
            let mac = faceiot_core::digest::hmac_sha256(text.as_bytes(), &[case.signed().as_bytes()]);
            assert!(authorization.ends_with(&common::hex(&mac)));

            let parsed = v11::parse_authorization(authorization).unwrap();
            assert_eq!(
                (parsed.access_key_id, parsed.day, parsed.region),
                (id, "20260102", region)
            );
            assert_eq!(v11::verify(&key, request, &parsed, &mut []), Ok(()));
            let mut out = [0; 256];
            for changed in changed(request) {
                assert_eq!(
                    v11::verify(&key, &changed, &parsed, &mut out).unwrap_err().kind,
                    ErrorKind::Signature
                );
            }
            let other = v11::signing_key(id, secret, "20260103", region).unwrap();
            let refused = v11::verify(&other, request, &parsed, &mut out).unwrap_err();
            assert_eq!(refused.string_to_sign, case.signed());
            let headers = [("host", "h"), ("x-sdk-date", "20260103T030405Z")];
            let late = Request {
                headers: &headers,
                ..*request
            };
            assert_eq!(
                v11::verify(&key, &late, &parsed, &mut out).unwrap_err().kind,
                ErrorKind::Timestamp
            );
        });
    });
}

#[test]
fn a_path_comes_out_the_same_however_it_was_spelled() {
    let headers = [("Host", "h"), ("X-Sdk-Date", "20260102T030405Z")];
    let canonical = |path: &str| {
        let request = Request {
            method: "GET",
            path,
            headers: &headers,
            ..Request::default()
        };
        let mut buffer = [0; 512];
        let text = aksk::canonical(&request, &mut buffer).unwrap();
        text.lines().nth(1).unwrap().to_owned()
    };
    for path in ["/a b/张", "/a%20b/%E5%BC%A0", "/a%20b/%e5%bc%a0/", "/a b%2F张"] {
        assert_eq!(canonical(path), "/a%20b/%E5%BC%A0/", "{path}");
    }
    assert_eq!(canonical("/100%/%zz"), "/100%25/%25zz/");
    assert_eq!(canonical("/a%2f"), "/a/", "closed already, once decoded");
}

#[test]
fn without_a_body_the_hash_of_nothing_is_signed_whatever_the_header_says() {
    let headers = [
        ("Host", "h"),
        ("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD"),
        ("X-Sdk-Date", "20260102T030405Z"),
    ];
    let last_line = |body: &[u8]| {
        let request = Request {
            method: "GET",
            path: "/",
            headers: &headers,
            body,
            ..Request::default()
        };
        let mut buffer = [0; 512];
        let text = aksk::canonical(&request, &mut buffer).unwrap();
        text.lines().last().unwrap().to_owned()
    };
    assert_eq!(
        last_line(b""),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert_eq!(last_line(b"{}"), "UNSIGNED-PAYLOAD");
}

#[test]
fn host_and_date_must_be_signed() {
    let headers = [("Host", "h"), ("X-Sdk-Date", "20260102T030405Z")];
    let request = Request {
        method: "GET",
        path: "/",
        headers: &headers,
        ..Request::default()
    };
    for names in ["host", "x-sdk-date", "x-sdk-datehost", ""] {
        let authorization = format!("SDK-HMAC-SHA256 Access=a, SignedHeaders={names}, Signature=00");
        let parsed = aksk::parse_authorization(&authorization).unwrap();
        let refused = aksk::verify("s", &request, &parsed, &mut []).unwrap_err();
        assert_eq!(refused.at, "host and x-sdk-date must be signed", "{names}");
    }
    for bad in [
        "",
        "SDK-HMAC-SHA256",
        "SDK-HMAC-SHA256 Access=a, Signature=00",
        "V11-HMAC-SHA256 Access=a",
    ] {
        assert!(
            aksk::parse_authorization(bad).is_err() && v11::parse_authorization(bad).is_err(),
            "{bad}"
        );
    }
}
