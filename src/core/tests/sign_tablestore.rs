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
            (ErrorKind::Signature, case.shown().as_str())
        );
    });
}

#[test]
fn version_4_responses_are_those_of_the_sdk() {
    // tablestore 6.4.8: SignV4("utf8", region="cn-hangzhou", sign_date="20180817").make_response_signature(...)
    let headers = [
        ("x-ots-contentmd5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        ("x-ots-requestid", "0005-1"),
        ("x-ots-date", "2018-08-17T08:23:38.000Z"),
        ("x-ots-contenttype", "protocol buffer"),
    ];
    let authorization = "OTS testid:eknOJcaCIayky5nS++wRZXN9RDA=";
    let check = |day, region, path, authorization| {
        tablestore::verify_response_v4("testsecret", day, region, path, &headers, authorization, &mut [])
            .map_err(|mismatch| mismatch.at)
    };
    let signature =
        tablestore::sign_response_v4("testsecret", "20180817", "cn-hangzhou", "/PutRow", &headers).unwrap();
    assert_eq!(signature.as_str(), "eknOJcaCIayky5nS++wRZXN9RDA=");
    assert_eq!(check("20180817", "cn-hangzhou", "/PutRow", authorization), Ok(()));
    for (day, region, path) in [
        ("20180818", "cn-hangzhou", "/PutRow"),
        ("20180817", "cn-shanghai", "/PutRow"),
        ("20180817", "cn-hangzhou", "/GetRow"),
    ] {
        assert_eq!(check(day, region, path, authorization), Err("Authorization"));
    }
    let wrong = check("20180817", "cn-hangzhou", "/PutRow", "OTS testid");
    assert_eq!(wrong, Err("Authorization is not `OTS {id}:{signature}`"));
}
