//! Tablestore requests of versions 2 and 4 and its responses, against tablestore 6.4.8.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Case, pairs, run, texts, unhex};
use faceiot_core::ErrorKind;
use faceiot_core::sign::aliyun::tablestore;

const FILE: &str = "aliyun.json";

#[test]
fn version_2_requests_and_responses_are_those_of_the_sdk() {
    run(FILE, "ots_request_v2", 12, &[], |case| {
        if case.input.get("response_headers").is_some() {
            return a_response_is_signed(case);
        }
        let headers = texts(&case.expected["headers"]);
        let headers = pairs(&headers);
        let (path, secret, body) = (case.wants("path"), case.text("sk"), unhex(case.wants("body_hex")));
        assert_eq!(
            tablestore::string_to_sign(path, &headers, &mut [0; 1024]).unwrap(),
            case.signed()
        );
        let stated = headers
            .iter()
            .find(|header| header.0 == "x-ots-signature")
            .unwrap()
            .1;
        assert_eq!(tablestore::sign(secret, path, &headers).unwrap().as_str(), stated);
        assert_eq!(tablestore::verify(secret, path, &headers, &body, &mut []), Ok(()));
        let mut out = [0; 1024];
        let refused = tablestore::verify(secret, "/DeleteTable", &headers, &body, &mut out).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Signature);
        assert!(
            refused.string_to_sign.starts_with("/DeleteTable\nPOST\n\n")
                && !format!("{refused}").contains(stated)
        );
        let refused = tablestore::verify(secret, path, &headers, b"other", &mut out).unwrap_err();
        assert_eq!(refused.at, "x-ots-contentmd5 is not that of the body");
        let unsigned: Vec<_> = headers
            .iter()
            .copied()
            .filter(|header| header.0 != "x-ots-signature")
            .collect();
        assert_eq!(
            tablestore::verify(secret, path, &unsigned, &body, &mut out)
                .unwrap_err()
                .at,
            "no signature"
        );
    });
}

fn a_response_is_signed(case: &Case) {
    let headers = texts(&case.input["response_headers"]);
    let headers = pairs(&headers);
    let (path, secret) = (case.text("path"), case.text("sk"));
    assert_eq!(
        tablestore::response_string_to_sign(path, &headers, &mut [0; 512]).unwrap(),
        case.signed()
    );
    let signature = tablestore::sign_response(secret, path, &headers).unwrap();
    assert_eq!(
        format!("OTS testid:{}", signature.as_str()),
        case.wants("authorization")
    );
    let authorization = case.wants("authorization");
    assert_eq!(
        tablestore::verify_response(secret, path, &headers, authorization, &mut []),
        Ok(())
    );
    for bad in ["OTS testid", "", "OTS a:b"] {
        let refused = tablestore::verify_response(secret, path, &headers, bad, &mut []).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Signature, "{bad}");
    }
    assert!(tablestore::verify_response(secret, "/Other", &headers, authorization, &mut []).is_err());
}

#[test]
fn version_4_requests_are_those_of_the_sdk() {
    run(FILE, "ots_request_v4", 10, &[], |case| {
        let headers = texts(&case.expected["headers"]);
        let headers = pairs(&headers);
        let (path, secret, body) = (case.wants("path"), case.text("sk"), unhex(case.wants("body_hex")));
        assert_eq!(
            tablestore::string_to_sign_v4(path, &headers, &mut [0; 1024]).unwrap(),
            case.signed()
        );
        let header = |name: &str| headers.iter().find(|header| header.0 == name).unwrap().1;
        let key =
            tablestore::signing_key(secret, header("x-ots-signdate"), header("x-ots-signregion")).unwrap();
        assert_eq!(
            tablestore::sign_v4(&key, path, &headers).unwrap().as_str(),
            header("x-ots-signaturev4")
        );
        assert_eq!(
            tablestore::verify_v4(&key, path, &headers, &body, &mut []),
            Ok(())
        );
        let mut out = [0; 1024];
        let other = tablestore::signing_key(secret, "20180818", header("x-ots-signregion")).unwrap();
        let refused = tablestore::verify_v4(&other, path, &headers, &body, &mut out).unwrap_err();
        assert_eq!(
            (refused.kind, refused.string_to_sign),
            (ErrorKind::Signature, case.signed())
        );
    });
}
