//! OSS signatures of versions 1 and 4, in headers and in URLs, against oss2 2.19.1 and the documentation's examples.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Case, decoded, hex, pairs, run, texts};
use faceiot_core::ErrorKind;
use faceiot_core::sign::AccessKey;
use faceiot_core::sign::aliyun::oss::{Request, v1, v4};

const FILE: &str = "aliyun.json";
const BUCKET: &str = "examplebucket";

/// Key and query of a URL that oss2 sent.
fn taken_apart(url: &str) -> (String, Vec<(String, String)>) {
    let (_, rest) = url.split_once("://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut key = decoded(&path.replace('+', "%2B"))
        .pop()
        .map(|pair| pair.0)
        .unwrap_or_default();
    if !host.starts_with(BUCKET) && !host.starts_with("img.") {
        key.drain(.."examplebucket/".len()); // path style
    }
    (key, decoded(&query.replace('+', "%2B")))
}

fn key(case: &Case) -> AccessKey<'_> {
    AccessKey {
        access_key_id: case.text("ak"),
        access_key_secret: case.text("sk"),
        security_token: case.input["token"].as_str(),
    }
}

#[test]
fn version_1_headers_are_those_of_oss2() {
    run(FILE, "oss_v1_header", 30, &[], |case| {
        let Some(url) = case.expected["url"].as_str() else {
            return documented_put_nelson(case);
        };
        let (object, query) = taken_apart(url);
        let headers = texts(&case.expected["headers"]);
        let (query, headers) = (pairs(&query), pairs(&headers));
        let request = Request {
            method: case.text("method"),
            bucket: BUCKET,
            key: &object,
            query: &query,
            headers: &headers,
        };
        assert_eq!(
            v1::string_to_sign(&request, &mut [0; 1024]).unwrap(),
            case.signed()
        );
        let mut buffer = [0; 128];
        let authorization = v1::authorization(&key(case), &request, &mut buffer).unwrap();
        assert_eq!(authorization, case.wants("authorization"));
        let (id, signature) = v1::parse_authorization(authorization).unwrap();
        assert_eq!(id, case.text("ak"));
        assert_eq!(v1::verify(case.text("sk"), &request, signature, &mut []), Ok(()));
        let mut out = [0; 1024];
        let other = Request {
            key: "other",
            ..request
        };
        let refused = v1::verify(case.text("sk"), &other, signature, &mut out).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Signature);
        assert!(refused.string_to_sign.contains("/examplebucket/other"));
        assert!(v1::verify("x", &request, signature, &mut out).is_err());
    });
}

/// The documentation's example of a header.
fn documented_put_nelson(case: &Case) {
    let request = Request {
        method: "PUT",
        bucket: "oss-example",
        key: "nelson",
        headers: &[
            ("X-OSS-Meta-Author", "foo@bar.com"),
            ("X-OSS-Magic", "abracadabra"),
            ("Content-Md5", "ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM="),
            ("Content-Type", "text/html"),
            ("Date", "Thu, 17 Nov 2005 18:49:58 GMT"),
        ],
        ..Request::default()
    };
    assert_eq!(
        v1::string_to_sign(&request, &mut [0; 512]).unwrap(),
        case.signed()
    );
    let signature = v1::sign(case.text("sk"), &request).unwrap();
    assert!(case.expected.to_string().contains(signature.as_str()));
}

#[test]
fn version_1_urls_are_those_of_oss2() {
    run(FILE, "oss_v1_presign", 18, &[], |case| {
        let Some(url) = case.expected["url"].as_str() else {
            let request = Request {
                method: "GET",
                bucket: "oss-example",
                key: "oss-api.pdf",
                ..Request::default()
            };
            let key = AccessKey {
                access_key_id: "id",
                access_key_secret: case.text("sk"),
                security_token: None,
            };
            let mut buffer = [0; 256];
            let query = v1::presign(&key, &request, 1_141_889_120, &mut buffer).unwrap();
            let signature = decoded(query).pop().unwrap().1;
            return assert_eq!(signature, case.wants("signature"));
        };
        let (query, headers) = (texts(&case.input["params"]), texts(&case.input["headers"]));
        let (query, headers) = (pairs(&query), pairs(&headers));
        let (method, object) = (case.text("method"), case.text("key"));
        let request = Request {
            method,
            bucket: BUCKET,
            key: object,
            query: &query,
            headers: &headers,
        };
        let now = case.input["now"].as_u64().unwrap();
        let expires = now + case.input["expires"].as_u64().unwrap();
        let mut buffer = [0; 1024];
        let ours = v1::presign(&key(case), &request, expires, &mut buffer).unwrap();
        same_parameters(ours, url.split_once('?').unwrap().1);
        let all = decoded(ours);
        let received = Request {
            query: &pairs(&all),
            ..request
        };
        assert_eq!(
            v1::verify_presigned(case.text("sk"), &received, expires, &mut []),
            Ok(())
        );
        let late = v1::verify_presigned(case.text("sk"), &received, expires + 1, &mut []).unwrap_err();
        assert_eq!(late.kind, ErrorKind::Timestamp);
        let mut out = [0; 1024];
        let other = Request {
            method: "DELETE",
            ..received
        };
        let refused = v1::verify_presigned(case.text("sk"), &other, now, &mut out).unwrap_err();
        assert_eq!(refused.string_to_sign, case.shown().replacen(method, "DELETE", 1));
    });
}

/// The same parameters, in any order: the service does not care.
fn same_parameters(ours: &str, theirs: &str) {
    let sorted = |query: &str| {
        let mut parameters = decoded(query);
        parameters.sort();
        parameters
    };
    assert_eq!(sorted(ours), sorted(theirs));
}

#[test]
fn version_4_headers_are_those_of_oss2() {
    run(FILE, "oss_v4_header", 29, &[], |case| {
        let (object, query) = taken_apart(case.wants("url"));
        let headers = texts(&case.expected["headers"]);
        let (query, headers) = (pairs(&query), pairs(&headers));
        let request = Request {
            method: case.text("method"),
            bucket: BUCKET,
            key: &object,
            query: &query,
            headers: &headers,
        };
        is_signed_by_version_4(case, &request, case.wants("authorization"));
        let same = |without: &str| {
            // What we add ourselves makes no difference to what is there already.
            let fewer: Vec<_> = headers
                .iter()
                .copied()
                .filter(|header| header.0 != without)
                .collect();
            let request = Request {
                headers: &fewer,
                ..request
            };
            assert_eq!(
                v4::canonical(&request, &scope(""), &mut [0; 2048]).unwrap(),
                case.wants("canonical_request")
            );
        };
        same("x-oss-date");
        same("x-oss-content-sha256");
    });
}

#[test]
fn version_4_canonical_requests_are_those_of_oss2() {
    run(FILE, "oss_v4_canonical", 8, &[], |case| {
        let (query, headers) = (texts(&case.input["params"]), texts(&case.input["headers"]));
        let (query, headers) = (pairs(&query), pairs(&headers));
        let request = Request {
            method: case.text("method"),
            bucket: case.text("bucket"),
            key: case.text("key"),
            query: &query,
            headers: &headers,
        };
        is_signed_by_version_4(case, &request, case.wants("authorization"));
    });
}

fn scope(additional_headers: &str) -> v4::Scope<'_> {
    v4::Scope {
        date: "20180817T082338Z",
        region: "cn-shanghai",
        additional_headers,
    }
}

fn is_signed_by_version_4(case: &Case, request: &Request<'_>, authorization: &str) {
    let scope = scope("");
    assert_eq!(
        v4::canonical(request, &scope, &mut [0; 2048]).unwrap(),
        case.wants("canonical_request")
    );
    assert_eq!(
        v4::string_to_sign(request, &scope, &mut [0; 256]).unwrap(),
        case.signed()
    );
    let key = v4::signing_key(case.text("sk"), &scope).unwrap();
    let mut buffer = [0; 512];
    assert_eq!(
        v4::authorization(case.text("ak"), &key, request, &scope, &mut buffer).unwrap(),
        authorization
    );
    let parsed = v4::parse_authorization(authorization).unwrap();
    assert_eq!(
        (parsed.access_key_id, parsed.day, parsed.region),
        (case.text("ak"), "20180817", "cn-shanghai")
    );
    let mut headers = request.headers.to_vec();
    if !headers.iter().any(|header| header.0 == "x-oss-date") {
        headers.push(("X-Oss-Date", scope.date));
    }
    let received = Request {
        headers: &headers,
        ..*request
    };
    assert_eq!(v4::verify(&key, &received, &parsed, &mut []), Ok(()));
    let mut out = [0; 256];
    let refused = v4::verify(
        &key,
        &Request {
            method: "PATCH",
            ..received
        },
        &parsed,
        &mut out,
    )
    .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Signature);
    assert!(
        refused
            .string_to_sign
            .starts_with("OSS4-HMAC-SHA256\n20180817T082338Z\n")
    );
    if let Some(expected) = case.expected["signing_key_hex"].as_str() {
        // The key is not public; that it is this one is shown by what it signs.
        let hmac = faceiot_core::digest::hmac_sha256(&common::unhex(expected), &[case.signed().as_bytes()]);
        assert_eq!(v4::sign(&key, request, &scope).unwrap().as_str(), hex(&hmac));
    }
    assert!(!format!("{key:?} {request:?}").contains(case.text("sk")));
}

#[test]
fn version_4_urls_are_those_of_oss2() {
    run(FILE, "oss_v4_presign", 18, &[], |case| {
        let (query, headers) = (texts(&case.input["params"]), texts(&case.input["headers"]));
        let (query, headers) = (pairs(&query), pairs(&headers));
        let additional: Vec<_> = case.input["additional_headers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|h| h.as_str().unwrap())
            .collect();
        let additional = additional.join(";");
        let scope = scope(&additional);
        let (method, object) = (case.text("method"), case.text("key"));
        let request = Request {
            method,
            bucket: BUCKET,
            key: object,
            query: &query,
            headers: &headers,
        };
        let (access_key, signing_key) = (key(case), v4::signing_key(case.text("sk"), &scope).unwrap());
        let expires = case.input["expires"].as_u64().unwrap() as u32;
        let mut buffer = [0; 1024];
        let ours = v4::presign(&access_key, &signing_key, &request, &scope, expires, &mut buffer).unwrap();
        same_parameters(ours, case.wants("url").split_once('?').unwrap().1);

        let all = decoded(ours);
        let received = Request {
            query: &pairs(&all),
            ..request
        };
        let parsed = v4::parse_presigned(&received).unwrap();
        assert_eq!(
            (parsed.access_key_id, parsed.additional_headers),
            (case.text("ak"), additional.as_str())
        );
        assert_eq!(
            v4::verify_presigned(&signing_key, &received, &parsed, &mut []),
            Ok(())
        );
        let mut out = [0; 256];
        let other = Request {
            key: "other",
            ..received
        };
        assert_eq!(
            v4::verify_presigned(&signing_key, &other, &parsed, &mut out)
                .unwrap_err()
                .kind,
            ErrorKind::Signature
        );
        let refused = v4::verify_presigned(
            &v4::signing_key("x", &scope).unwrap(),
            &received,
            &parsed,
            &mut out,
        )
        .unwrap_err();
        assert_eq!(refused.string_to_sign, case.signed());
    });
}

#[test]
fn a_date_of_another_day_or_a_malformed_authorization_is_refused() {
    let key = v4::signing_key("s", &scope("")).unwrap();
    let good = "OSS4-HMAC-SHA256 Signature=00, AdditionalHeaders=a;b,Credential=id/20180817/cn-shanghai/oss/aliyun_v4_request";
    let parsed = v4::parse_authorization(good).unwrap();
    assert_eq!((parsed.access_key_id, parsed.additional_headers), ("id", "a;b"));
    for date in ["20180818T082338Z", "20180817", ""] {
        let request = Request {
            headers: &[("x-oss-date", date)],
            ..Request::default()
        };
        assert_eq!(
            v4::verify(&key, &request, &parsed, &mut []).unwrap_err().kind,
            ErrorKind::Timestamp,
            "{date}"
        );
    }
    for bad in [
        "",
        "OSS id:sig",
        "OSS4-HMAC-SHA256 Credential=id/20180817/cn/oss/aws4, Signature=00",
        "OSS4-HMAC-SHA256 Signature=00",
    ] {
        assert_eq!(
            v4::parse_authorization(bad).unwrap_err().kind,
            ErrorKind::Signature,
            "{bad}"
        );
    }
    assert_eq!(
        v4::signing_key(
            "s",
            &v4::Scope {
                date: "2018",
                ..scope("")
            }
        )
        .unwrap_err()
        .kind,
        ErrorKind::Timestamp
    );
}

#[test]
fn a_url_of_version_4_is_signed_whatever_the_length_of_the_access_key_id() {
    let (id, scope) = ("a".repeat(1000), scope(""));
    let access_key = AccessKey {
        access_key_id: &id,
        access_key_secret: "s",
        security_token: None,
    };
    let key = v4::signing_key("s", &scope).unwrap();
    let request = Request {
        method: "GET",
        bucket: BUCKET,
        key: "a.jpg",
        ..Request::default()
    };
    let mut buffer = [0; 3000];
    let query = v4::presign(&access_key, &key, &request, &scope, 60, &mut buffer).unwrap();
    let parameters = decoded(query);
    let parameters = pairs(&parameters);
    let received = Request {
        query: &parameters,
        ..request
    };
    let parsed = v4::parse_presigned(&received).unwrap();
    assert_eq!(parsed.access_key_id, id);
    assert_eq!(v4::verify_presigned(&key, &received, &parsed, &mut []), Ok(()));

    // What does not fit is refused: the credential needs room beside the query.
    let needed = query.len() + "60".len() + id.len() + "/20180817/cn-shanghai/oss/aliyun_v4_request".len();
    for (room, fits) in [(needed, true), (needed - 1, false)] {
        let mut buffer = vec![0; room];
        let signed = v4::presign(&access_key, &key, &request, &scope, 60, &mut buffer);
        assert_eq!(signed.is_ok(), fits, "{room}");
    }
}
