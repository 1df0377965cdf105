//! The login of a consumer of Alibaba's server-side subscription against seed 001's code and the documented formula.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::run;
use faceiot_core::ErrorKind;
use faceiot_core::sign::AccessKey;
use faceiot_core::sign::aliyun::{Method, amqp};

/// The items of a user name, sorted.
fn items(username: &str) -> (&str, Vec<&str>) {
    let (id, rest) = username.split_once('|').unwrap();
    let mut items: Vec<_> = rest.strip_suffix('|').unwrap().split(',').collect();
    items.sort_unstable();
    (id, items)
}

#[test]
fn a_consumer_logs_in_as_the_seed_and_the_documentation_do() {
    run("aliyun.json", "amqp_login", 20, &[], |case| {
        let Some(access_key_id) = case.input["ak"].as_str() else {
            return the_garbled_string_gives_the_wrong_password(case);
        };
        let key = AccessKey {
            access_key_id,
            access_key_secret: case.text("sk"),
            security_token: case.input["security_token"].as_str(),
        };
        let options = amqp::Options {
            client_id: case.text("client_id"),
            consumer_group_id: case.text("consumer_group_id"),
            instance_id: case.input["iot_instance_id"].as_str(),
            timestamp: case.text("timestamp"),
            method: Method::parse(case.text("sign_method")).unwrap(),
            base64_bodies: case.input["encode"] == "base64",
        };
        assert_eq!(
            amqp::string_to_sign(&key, options.timestamp, &mut [0; 256]).unwrap(),
            case.signed()
        );
        let mut buffer = [0; 512];
        let (username, password) = amqp::login(&key, &options, &mut buffer).unwrap();
        assert_eq!(password, case.wants("password"));
        assert_eq!(items(username), items(case.wants("username")));
        if case.name.starts_with("seed_js") || case.name.starts_with("variant") {
            assert_eq!(username, case.wants("username"), "the seed's order");
        }
        for username in [username, case.wants("username")] {
            let parsed = amqp::parse_username(username).unwrap();
            assert_eq!(
                (parsed.access_key_id, parsed.timestamp),
                (access_key_id, options.timestamp)
            );
            assert_eq!(
                (parsed.instance_id, parsed.base64_bodies),
                (options.instance_id, options.base64_bodies)
            );
            assert_eq!(
                amqp::verify(username, password, key.access_key_secret, &mut []),
                Ok(())
            );
            let mut out = [0; 256];
            let refused = amqp::verify(username, "AAAA", key.access_key_secret, &mut out).unwrap_err();
            assert_eq!(refused.kind, ErrorKind::Signature);
            let shown = format!("{refused:?} {parsed:?} {key:?}");
            assert!(
                !shown.contains(password) && key.security_token.is_none_or(|token| !shown.contains(token))
            );
            assert!(key.security_token.is_some() || refused.string_to_sign == case.signed());
        }
        let other = username.replace("timestamp=", "timestamp=9");
        assert!(amqp::verify(&other, password, key.access_key_secret, &mut []).is_err());
    });
}

/// In the seed's text `&timestamp` stands as `×tamp`: what that signs is refused.
fn the_garbled_string_gives_the_wrong_password(case: &common::Case) {
    assert_eq!(case.signed(), case.text("content"));
    let key = AccessKey {
        access_key_id: "testid",
        access_key_secret: "testsecret",
        security_token: None,
    };
    let wrong = case.wants("wrong_password");
    assert_ne!(
        amqp::sign(&key, "1573489088171", Method::HmacSha1)
            .unwrap()
            .as_str(),
        wrong
    );
    let username =
        "c|authMode=aksign,signMethod=hmacsha1,timestamp=1573489088171,authId=testid,consumerGroupId=g|";
    assert_eq!(
        amqp::verify(username, wrong, "testsecret", &mut [])
            .unwrap_err()
            .kind,
        ErrorKind::Signature
    );
}

#[test]
fn a_malformed_user_name_is_refused_with_its_reason() {
    for (username, kind) in [
        ("", ErrorKind::Username),
        ("c|authMode=aksign", ErrorKind::Username),
        (
            "c|authMode=other,signMethod=hmacsha1,timestamp=1,authId=a,consumerGroupId=g|",
            ErrorKind::Username,
        ),
        (
            "c|authMode=aksign,signMethod=hmacsha1,timestamp=1,consumerGroupId=g|",
            ErrorKind::Username,
        ),
        (
            "c|authMode=aksign,signMethod=hmacsha1,timestamp=1,timestamp=2,authId=a,consumerGroupId=g|",
            ErrorKind::Username,
        ),
        (
            "c|authMode=aksign,signMethod=hmacsm3,timestamp=1,authId=a,consumerGroupId=g|",
            ErrorKind::SignMethod,
        ),
        (
            "c|authMode=ststoken,signMethod=hmacsha1,timestamp=1,authId=a,consumerGroupId=g|",
            ErrorKind::Username,
        ),
    ] {
        assert_eq!(
            amqp::parse_username(username).unwrap_err().kind,
            kind,
            "{username}"
        );
    }
    let key = AccessKey {
        access_key_id: "a|b",
        access_key_secret: "s",
        security_token: None,
    };
    let error = amqp::login(&key, &amqp::Options::default(), &mut [0; 256]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidArgument);
}
