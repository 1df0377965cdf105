//! POP ROA v1 and `ACS3-HMAC-SHA256` against Alibaba's SDKs.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Case, pairs, run, texts};
use faceiot_core::ErrorKind;
use faceiot_core::sign::Request;
use faceiot_core::sign::aliyun::{acs3, roa};

const FILE: &str = "aliyun.json";

/// The request is accepted with this `Authorization`, with its items and headers in another order, and not when a signed
/// part is another one.
fn acs3_accepts(secret: &str, request: &Request<'_>, authorization: &str) {
    let parsed = acs3::parse_authorization(authorization).unwrap();
    assert_eq!(parsed.access_key_id, "testid");
    assert_eq!(acs3::verify(secret, request, &parsed, &mut []), Ok(()));
    let mut headers: Vec<_> = request.headers.to_vec();
    headers.reverse();
    headers.push(("x-forwarded-for", "1.2.3.4"));
    let other_order = Request {
        headers: &headers,
        ..*request
    };
    assert_eq!(acs3::verify(secret, &other_order, &parsed, &mut []), Ok(()));
    let mut out = [0; 256];
    for changed in [
        Request {
            method: "DELETE",
            ..*request
        },
        Request {
            path: "/other",
            ..*request
        },
        Request {
            query: &[("x", "y")],
            ..*request
        },
        Request {
            body: b"other",
            ..*request
        },
        Request {
            headers: &[("host", "x")],
            ..*request
        },
    ] {
        assert_eq!(
            acs3::verify(secret, &changed, &parsed, &mut out)
                .unwrap_err()
                .kind,
            ErrorKind::Signature
        );
    }
    let refused = acs3::verify("other", request, &parsed, &mut out).unwrap_err();
    assert!(refused.string_to_sign.starts_with("ACS3-HMAC-SHA256\n"));
}

#[test]
fn acs3_is_signed_as_openapi_util_does() {
    run(FILE, "pop_acs3_openapi_util", 9, &[], |case| {
        let (query, headers) = (texts(&case.input["query"]), texts(&case.input["headers"]));
        let (query, headers) = (pairs(&query), pairs(&headers));
        let request = Request {
            method: case.text("method"),
            path: case.text("path"),
            query: &query,
            headers: &headers,
            body: case.text("body").as_bytes(),
        };
        assert_eq!(
            acs3::canonical(&request, &mut [0; 2048]).unwrap(),
            case.wants("canonical_request")
        );
        assert_eq!(
            acs3::string_to_sign(&request, &mut [0; 256]).unwrap(),
            case.signed()
        );
        let (id, secret) = (case.text("ak"), case.text("sk"));
        let mut buffer = [0; 512];
        let authorization = acs3::authorization(id, secret, &request, &mut buffer).unwrap();
        assert_eq!(authorization, case.wants("authorization"));
        if id == "testid" {
            acs3_accepts(secret, &request, authorization);
        }
    });
}

#[test]
fn acs3_of_the_generated_clients_is_verified_by_its_own_list_of_headers() {
    run(FILE, "pop_acs3_tea_openapi", 10, &[], |case| {
        let (query, headers) = (texts(&case.input["query"]), texts(&case.expected["headers"]));
        let (query, headers) = (pairs(&query), pairs(&headers));
        let authorization = headers
            .iter()
            .find(|header| header.0 == "Authorization")
            .unwrap()
            .1;
        let request = Request {
            method: case.text("method"),
            path: case.text("pathname"),
            query: &query,
            headers: &headers,
            body: case.text_or("body", "").as_bytes(),
        };
        assert!(authorization.contains("user-agent"), "the point of the case");
        acs3_accepts(case.text("sk"), &request, authorization);
    });
}

#[test]
fn acs3_refuses_what_does_not_sign_the_host_or_is_not_its_authorization() {
    let request = Request {
        method: "GET",
        path: "/",
        headers: &[("host", "h"), ("accept", "a")],
        ..Request::default()
    };
    let parsed =
        acs3::parse_authorization("ACS3-HMAC-SHA256 Signature=00,SignedHeaders=accept,Credential=id")
            .unwrap();
    let refused = acs3::verify("s", &request, &parsed, &mut []).unwrap_err();
    assert_eq!(refused.at, "host is not signed");
    for bad in [
        "",
        "acs id:sig",
        "ACS3-HMAC-SHA256 Credential=id,Signature=00",
        "ACS3-HMAC-SHA256Credential=id",
    ] {
        assert_eq!(
            acs3::parse_authorization(bad).unwrap_err().kind,
            ErrorKind::Signature,
            "{bad}"
        );
    }
}

#[test]
fn roa_is_signed_as_core_for_python_does() {
    run(FILE, "pop_roa_core_python", 9, &[], |case| {
        let headers = texts(&case.expected["headers"]);
        let headers = pairs(&headers);
        let (path, query) = path_and_query(case);
        let query = pairs(&query);
        let request = Request {
            method: case.text("method"),
            path: &path,
            query: &query,
            headers: &headers,
            body: case.text_or("content", "").as_bytes(),
        };
        assert_eq!(
            roa::string_to_sign(&request, &mut [0; 1024]).unwrap(),
            case.signed()
        );
        let mut buffer = [0; 128];
        let authorization =
            roa::authorization(case.text("ak"), case.text("sk"), &request, &mut buffer).unwrap();
        assert_eq!(authorization, case.wants("authorization"));
        let (id, signature) = roa::parse_authorization(authorization).unwrap();
        assert_eq!(id, case.text("ak"));
        assert_eq!(roa::verify(case.text("sk"), &request, signature, &mut []), Ok(()));
        let mut out = [0; 1024];
        let refused = roa::verify(
            case.text("sk"),
            &Request {
                path: "/y",
                ..request
            },
            signature,
            &mut out,
        )
        .unwrap_err();
        assert!(refused.string_to_sign.contains("\n/y?"));
        if !request.body.is_empty() {
            let refused = roa::verify(
                case.text("sk"),
                &Request {
                    body: b"{}",
                    ..request
                },
                signature,
                &mut out,
            )
            .unwrap_err();
            assert_eq!(refused.at, "Content-MD5 is not that of the body");
        }
    });
}

/// What the SDK makes of its pattern and parameters: it adds `RegionId`.
fn path_and_query(case: &Case) -> (String, Vec<(String, String)>) {
    let mut path = case.text("uri_pattern").to_owned();
    for (name, value) in texts(&case.input["path_params"]) {
        path = path.replace(&format!("[{name}]"), &value);
    }
    let mut query = texts(&case.input["query"]);
    query.push(("RegionId".to_owned(), "cn-hangzhou".to_owned()));
    (path, query)
}
