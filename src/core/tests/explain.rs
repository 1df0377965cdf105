//! A mismatch in words: what differs, on which side, and no secret.

#![allow(clippy::unwrap_used, reason = "tests")]

use faceiot_core::sign::aliyun::{acs3, rpc};
use faceiot_core::sign::{Part, Request, explain};

fn words(signed: &str, received: &str) -> String {
    explain(signed, received).unwrap().to_string()
}

#[test]
fn a_header_is_named_with_both_values() {
    let with = |kind: &str| format!("GET\n/\n\ncontent-type:{kind}\nhost:h\n\ncontent-type;host\ne3b0");
    let without = "GET\n/\n\nhost:h\n\nhost\ne3b0";
    assert_eq!(
        words(&with("image/jpeg"), &with("image/png")),
        r#"header content-type: you signed "image/jpeg", the request carries "image/png""#
    );
    assert_eq!(
        words(&with("image/jpeg"), without),
        r#"header content-type: you signed "image/jpeg", the request carries none"#
    );
    assert_eq!(
        words(without, &with("image/jpeg")),
        r#"header content-type: you signed none, the request carries "image/jpeg""#
    );
    assert_eq!(
        words(&with("a "), &with("a")),
        r#"header content-type: you signed "a ", the request carries "a""#
    );
}

#[test]
fn a_parameter_is_named_in_every_spelling() {
    let canonical = |query: &str| format!("GET\n/\n{query}\nhost:h\n");
    assert_eq!(
        words(&canonical("a=1&b=2"), &canonical("a=1&b=3")),
        r#"parameter b: you signed "2", the request carries "3""#
    );
    assert_eq!(
        words(&canonical("a=1&b=2"), &canonical("b=2")),
        r#"parameter a: you signed "1", the request carries none"#
    );
    assert_eq!(
        words(&canonical("a=1"), &canonical("a=1&b=2")),
        r#"parameter b: you signed none, the request carries "2""#
    );
    assert_eq!(
        words("GET\n/x?a=1", "GET\n/x?a=2"),
        r#"parameter a: you signed "1", the request carries "2""#
    );
    let rpc = |action| {
        rpc::string_to_sign("GET", &[("Version", "1"), ("Action", action)], &mut [0; 128])
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        words(&rpc("Pub"), &rpc("RRpc")),
        r#"parameter Action: you signed "Pub", the request carries "RRpc""#
    );
}

#[test]
fn a_piece_of_a_device_login_is_named() {
    let login = |id, name, key, time| format!("clientId{id}deviceName{name}productKey{key}{time}");
    let signed = login("1", "dn", "pk", "timestamp7");
    for (received, expected) in [
        (
            login("2", "dn", "pk", "timestamp7"),
            r#"clientId: you signed "1", the request carries "2""#,
        ),
        (
            login("1", "dm", "pk", "timestamp7"),
            r#"deviceName: you signed "dn", the request carries "dm""#,
        ),
        (
            login("1", "dn", "pl", "timestamp7"),
            r#"productKey: you signed "pk", the request carries "pl""#,
        ),
        (
            login("1", "dn", "pk", ""),
            r#"timestamp: you signed "7", the request carries none"#,
        ),
    ] {
        assert_eq!(words(&signed, &received), expected);
    }
    assert_eq!(
        words("deviceNameaproductKeybrandomc", "deviceNameaproductKeybrandomd"),
        r#"random: you signed "c", the request carries "d""#
    );
}

#[test]
fn other_lines_are_shown_whole_and_hashes_are_not_compared_by_eye() {
    assert_eq!(
        words("PUT\n/a", "GET\n/a"),
        r#"line 1: you signed "PUT", the request carries "GET""#
    );
    assert_eq!(
        words("PUT\n/a", "PUT\n/b"),
        r#"line 2: you signed "/a", the request carries "/b""#
    );
    assert_eq!(
        words("PUT", "PUT\n"),
        r#"line 2: you signed none, the request carries """#
    );
    let (zeros, ones) = (format!("A\n{}", "0".repeat(64)), format!("A\n{}", "1".repeat(64)));
    let difference = explain(&zeros, &ones).map(|difference| (difference.part, difference.line));
    assert_eq!(difference, Some((Part::Hash, 2)));
    let long = "x".repeat(5000);
    assert!(words(&long, "y").len() < 300);
}

#[test]
fn tokens_are_masked_wherever_they_stand() {
    let canary = "canary7f3a9c";
    for (signed, received) in [
        (
            format!("GET\nx-acs-security-token:{canary}\n"),
            "GET\nx-acs-security-token:other\n".to_owned(),
        ),
        (
            format!("GET\nx-acs-security-token:{canary}\n"),
            "GET\nzeta:1\n".to_owned(),
        ),
        (
            format!("authId=a&securityToken={canary}&timestamp=1"),
            "authId=a&timestamp=1".to_owned(),
        ),
        (
            format!("GET&%2F&SecurityToken%3D{canary}"),
            "GET&%2F&SecurityToken%3Dx".to_owned(),
        ),
        (
            format!("GET\n/b/a.jpg?security-token={canary}"),
            "GET\n/b/a.jpg?security-token=x".to_owned(),
        ),
    ] {
        let difference = explain(&signed, &received).unwrap();
        let shown = format!("{difference} {difference:?}");
        assert!(!shown.contains(canary) && shown.contains("***"), "{shown}");
    }
}

#[test]
fn equal_strings_have_no_difference_and_any_strings_can_be_compared() {
    assert_eq!(explain("", ""), None);
    let mut seed = 1_u32;
    let alphabet = [
        "a",
        ":",
        "=",
        "&",
        "\n",
        "?",
        "/",
        "%26",
        "%3D",
        "&%2F&",
        "clientId",
        "productKey",
        "中",
        "token",
        "",
    ];
    let mut text = || -> String {
        (0..12)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                alphabet[(seed >> 16) as usize % alphabet.len()]
            })
            .collect()
    };
    for _ in 0..20_000 {
        let (signed, received) = (text(), text());
        let difference = explain(&signed, &received);
        assert_eq!(
            difference.is_none(),
            signed == received,
            "{signed:?} {received:?}"
        );
        if let Some(difference) = difference {
            assert!(
                difference.signed != difference.received || matches!(difference.part, Part::Line),
                "{signed:?} {received:?}"
            );
            let _ = difference.to_string();
        }
    }
}

#[test]
fn what_verify_hands_out_can_be_explained() {
    let headers = [("host", "h"), ("x-acs-action", "SearchFace")];
    let request = Request {
        method: "GET",
        path: "/",
        headers: &headers,
        ..Request::default()
    };
    let other = Request {
        headers: &[("host", "h"), ("x-acs-action", "AddFace")],
        ..request
    };
    let (mut a, mut b) = ([0; 512], [0; 512]);
    let (signed, received) = (
        acs3::canonical(&request, &mut a).unwrap(),
        acs3::canonical(&other, &mut b).unwrap(),
    );
    assert_eq!(
        words(signed, received),
        r#"header x-acs-action: you signed "SearchFace", the request carries "AddFace""#
    );
}
