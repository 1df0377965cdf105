//! Hashes, MACs and text codecs against the RFCs' own vectors.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{hex, run, unhex};
use faceiot_core::{digest, text};

const FILE: &str = "huawei_meituan.json";

fn check_hmacs(case: &common::Case) {
    let (key, data) = (unhex(case.text("key_hex")), unhex(case.text("data_hex")));
    let (head, tail) = data.split_at(data.len() / 3);
    let mut checked = 0;
    for parts in [&[data.as_slice()][..], &[head, tail], &[&[], head, &[], tail]] {
        for (name, mac) in [
            ("hmac_md5_hex", hex(&digest::hmac_md5(&key, parts))),
            ("hmac_sha1_hex", hex(&digest::hmac_sha1(&key, parts))),
            ("hmac_sha256_hex", hex(&digest::hmac_sha256(&key, parts))),
        ] {
            if let Some(expected) = case.expected[name].as_str() {
                assert_eq!(mac, expected, "{name}");
                checked += 1;
            }
        }
    }
    assert!(checked >= 3, "nothing was checked");
}

#[test]
fn hmac_md5_agrees_with_rfc_2104_and_at_the_edges_of_the_block() {
    run(FILE, "rfc2104_hmac_md5", 6, &[], check_hmacs);
}

#[test]
fn hmac_sha1_agrees_with_rfc_2202() {
    run(FILE, "rfc2202_hmac_sha1", 7, &[], check_hmacs);
}

#[test]
fn hmac_sha256_agrees_with_rfc_4231() {
    run(FILE, "rfc4231_hmac_sha256", 7, &[], |case| {
        check_hmacs(case);
        let mac = hex(&digest::hmac_sha256(
            &unhex(case.text("key_hex")),
            &[&unhex(case.text("data_hex"))],
        ));
        if let Some(printed) = case.expected["rfc_prints_hex"].as_str() {
            assert!(
                mac.starts_with(printed),
                "case 5 is printed truncated to 128 bits"
            );
        }
    });
}

#[test]
fn base64_and_base16_agree_with_rfc_4648_in_both_directions() {
    run(FILE, "rfc4648_base64_base16", 8, &[], |case| {
        let octets = match case.input["text"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => (0..=255).collect(),
        };
        let mut out = [0; 1024];
        let base64 = text::base64_encode(&octets, &mut out).unwrap().to_owned();
        assert_eq!(base64, case.wants("base64"));
        assert_eq!(base64.len(), text::base64_len(octets.len()));
        assert_eq!(text::base64_decode(base64.as_bytes(), &mut out).unwrap(), octets);
        for name in ["base16_upper", "hex_lower"] {
            let Some(expected) = case.expected[name].as_str() else {
                continue;
            };
            let hex = if name == "hex_lower" {
                text::hex_lower(&octets, &mut out)
            } else {
                text::hex_upper(&octets, &mut out)
            };
            assert_eq!(hex.unwrap(), expected);
            assert_eq!(text::hex_decode(expected.as_bytes(), &mut out).unwrap(), octets);
        }
    });
}

#[test]
fn hashes_and_crc32_agree_with_fips_180_rfc_1321_and_zlib() {
    run(FILE, "digests", 8, &[], |case| {
        let message = match case.text("text") {
            "'a' * 1000000" => vec![b'a'; 1_000_000],
            text => text.as_bytes().to_vec(),
        };
        let (head, tail) = message.split_at(message.len() / 2);
        let mut crc = digest::Crc32::new();
        crc.update(head);
        crc.update(tail);
        assert_eq!(crc.finish(), digest::crc32(&message));
        for (name, value) in [
            ("md5", hex(&digest::md5(&[head, tail]))),
            ("sha1", hex(&digest::sha1(&[head, tail]))),
            ("sha256", hex(&digest::sha256(&[head, tail]))),
            ("crc32", hex(&digest::crc32(&message).to_be_bytes())),
        ] {
            if let Some(expected) = case.expected[name].as_str() {
                assert_eq!(value, expected, "{name}");
            }
        }
        assert!(case.expected["crc32"].is_string());
    });
}

#[test]
fn comparison_in_constant_time_is_a_comparison() {
    assert!(digest::ct_eq(b"", b""));
    assert!(digest::ct_eq(b"abc", b"abc"));
    assert!(!digest::ct_eq(b"abc", b"abd"));
    assert!(!digest::ct_eq(b"abc", b"ab"));
}
