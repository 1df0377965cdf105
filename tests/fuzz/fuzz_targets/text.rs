//! Hex, base64, percent-encoding, JSON strings and payloads: no panic, and what is read was written so.
#![no_main]

use faceiot_core::text::{self, Writer};
use faceiot_core::{payload, sign};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut out = vec![0; 8 * data.len() + 64];
    let mut small = [0; 24];
    if let Ok(octets) = text::hex_decode(data, &mut out) {
        let octets = octets.to_vec();
        assert!(
            text::hex_lower(&octets, &mut out)
                .unwrap()
                .as_bytes()
                .eq_ignore_ascii_case(data)
        );
    }
    if let Ok(octets) = text::base64_decode(data, &mut out) {
        let octets = octets.to_vec();
        assert_eq!(text::base64_encode(&octets, &mut out).unwrap().as_bytes(), data);
    }
    let _ = text::hex_decode(data, &mut small);
    let _ = text::base64_decode(data, &mut small);
    let _ = text::base64_encode(data, &mut small);
    let mut w = Writer::new(&mut out);
    text::percent_encode(data, &mut w).unwrap();
    assert!(
        w.finish()
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-._~%".contains(&octet))
    );

    let string = String::from_utf8_lossy(data);
    let mut w = Writer::new(&mut out);
    text::json_string(&string, &mut w).unwrap();
    assert_eq!(serde_json::from_str::<String>(w.finish()).unwrap(), string);
    let _ = text::json_string(&string, &mut Writer::new(&mut small));

    let (head, tail) = string.split_at(
        (0..=string.len() / 2)
            .rev()
            .find(|at| string.is_char_boundary(*at))
            .unwrap_or(0),
    );
    let check = |made: faceiot_core::Result<&str>| {
        if let Ok(made) = made {
            serde_json::from_str::<serde_json::Value>(made).unwrap();
        }
    };
    let mut out = vec![0; 8 * data.len() + 128];
    check(payload::alink_post(head, tail, &mut out));
    check(payload::alink_request(head, head, tail, &mut out));
    check(payload::alink_reply(head, -1, tail, &mut out));
    check(payload::huawei_report(head, tail, None, &mut out));
    check(payload::huawei_response(1, Some(tail), &mut out));
    let _ = sign::aliyun::Method::parse(&string);
});
