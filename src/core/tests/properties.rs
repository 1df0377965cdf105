//! What must hold for any input: what is signed is accepted, what is changed is not, what is cut comes back whole, and
//! no parser panics.

#![allow(clippy::unwrap_used, reason = "tests")]

use faceiot_core::chunk::{hex, v2};
use faceiot_core::sign::{aliyun, huawei};
use faceiot_core::text::{self, Writer, json};
use faceiot_core::{ErrorKind, payload, topics};
use proptest::prelude::*;

/// A name that may stand in a user name and a client id: any character but those that end it.
fn name(longest: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(
        any::<char>().prop_filter("ends a name", |c| !c.is_control() && !"&|/,=+#".contains(*c)),
        1..longest,
    )
    .prop_map(String::from_iter)
}

fn method() -> impl Strategy<Value = aliyun::Method> {
    prop::sample::select(vec![
        aliyun::Method::HmacMd5,
        aliyun::Method::HmacSha1,
        aliyun::Method::HmacSha256,
    ])
}

fn timestamp() -> impl Strategy<Value = Option<u64>> {
    prop::option::of(any::<u64>())
}

/// The text with the character at `at` replaced by another one that is allowed in the same place.
fn changed(text: &str, at: usize) -> String {
    let at = at % text.chars().count();
    text.chars()
        .enumerate()
        .map(|(i, c)| {
            if i != at {
                c
            } else if c == 'x' {
                'y'
            } else {
                'x'
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_aliyun_login_is_accepted_as_signed_and_refused_when_a_signed_character_changes(
        pk in name(12), dn in name(12), secret in ".{0,80}", id in prop::option::of(name(20)),
        method in method(), time in timestamp(), upper in any::<bool>(), at in any::<usize>(), mode in -2..=8_i32,
    ) {
        let device = aliyun::Credentials { product_key: &pk, device_name: &dn, device_secret: &secret };
        let options = aliyun::Options {
            client_id: id.as_deref(), method, secure_mode: mode, hex_upper: upper,
            timestamp: time.map_or(aliyun::Timestamp::None, aliyun::Timestamp::Value),
            ..aliyun::Options::default()
        };
        let mut buffer = vec![0; 4096];
        let login = aliyun::mqtt_login(&device, &options, &mut buffer).unwrap();
        let check = |client_id: &str, username: &str, password: &str, secret: &str| {
            aliyun::verify_mqtt_login(client_id, username, password, secret, &mut [0; 2048]).map_err(|refused| refused.kind)
        };
        prop_assert_eq!(check(login.client_id, login.username, login.password, &secret), Ok(()));
        let other_case = if upper { login.password.to_lowercase() } else { login.password.to_uppercase() };
        prop_assert_eq!(check(login.client_id, login.username, &other_case, &secret), Ok(()));

        // The items in another order, with unsigned ones among them.
        let parsed = aliyun::parse_client_id(login.client_id).unwrap();
        let mut items: Vec<String> = parsed.items().map(|(name, value)| format!("{name}={value}")).collect();
        items.push("lan=Rust".into());
        items.reverse();
        prop_assert_eq!(check(&format!("{}|{}|", parsed.id, items.join(",")), login.username, login.password, &secret), Ok(()));

        let refused = Err(ErrorKind::Signature);
        let id_changed = format!("{}{}", changed(parsed.id, at), &login.client_id[parsed.id.len()..]);
        prop_assert_eq!(check(&id_changed, login.username, login.password, &secret), refused);
        prop_assert_eq!(check(login.client_id, &format!("{}&{pk}", changed(&dn, at)), login.password, &secret), refused);
        prop_assert_eq!(check(login.client_id, &format!("{dn}&{}", changed(&pk, at)), login.password, &secret), refused);
        prop_assert_eq!(check(login.client_id, login.username, login.password, &format!("{secret}x")), refused);
        prop_assert_eq!(check(login.client_id, login.username, &changed(login.password, at), &secret), refused);
    }

    #[test]
    fn a_huawei_login_is_accepted_as_signed_and_refused_when_a_signed_character_changes(
        id in name(60), secret in ".{1,80}", now in 0..4_000_000_000_u64, check_hour in any::<bool>(), at in any::<usize>(),
    ) {
        let sign_type = if check_hour { huawei::SignType::Check } else { huawei::SignType::NoCheck };
        let device = huawei::Credentials { device_id: &id, device_secret: &secret };
        let options = huawei::Options { sign_type, hour: huawei::Hour::from_unix(now), ..huawei::Options::default() };
        let mut buffer = vec![0; 4096];
        let login = huawei::mqtt_login(&device, &options, &mut buffer);
        prop_assume!(login.is_ok()); // the id may make the client id too long
        let login = login.unwrap();
        let check = |client_id: &str, password: &str, secret: &str, now| {
            huawei::verify_mqtt_login(client_id, login.username, password, secret, now, &mut [0; 96]).map_err(|refused| refused.kind)
        };
        prop_assert_eq!(check(login.client_id, login.password, &secret, now), Ok(()));
        prop_assert_eq!(check(login.client_id, &login.password.to_uppercase(), &secret, now), Ok(()));
        let other_hour = check(login.client_id, login.password, &secret, now + 3600);
        prop_assert_eq!(other_hour, if check_hour { Err(ErrorKind::Timestamp) } else { Ok(()) });
        prop_assert_eq!(check(login.client_id, login.password, &format!("{secret}x"), now), Err(ErrorKind::Signature));
        prop_assert_eq!(check(login.client_id, &changed(login.password, at), &secret, now), Err(ErrorKind::Signature));
        let parsed = huawei::parse_client_id(login.client_id).unwrap();
        prop_assert_eq!((parsed.device_id, parsed.sign_type, parsed.hour), (id.as_str(), sign_type, options.hour));
    }

    #[test]
    fn hex_chunks_give_the_photo_back(photo in prop::collection::vec(any::<u8>(), 0..3000), lower in any::<bool>()) {
        let mut memory = vec![0; photo.len()];
        let mut assembler = hex::Assembler::new(&mut memory);
        let mut last = None;
        for message in hex::Encoder::new(&photo) {
            let mut out = [0; hex::MESSAGE_MAX];
            let mut text = message.write_text_to(&mut out).unwrap().to_vec();
            if lower && !message.is_end() {
                text.make_ascii_lowercase();
            }
            last = Some(assembler.push(&text).unwrap());
        }
        let end = if photo.is_empty() { hex::Step::Empty } else { hex::Step::Complete { len: photo.len() } };
        prop_assert_eq!(last, Some(end));
        prop_assert_eq!(assembler.photo(), &photo[..]);
    }

    #[test]
    fn v2_chunks_give_the_frame_back_in_any_order_with_duplicates_on_either_carrier(
        frame in prop::collection::vec(any::<u8>(), 1..4000), chunk_size in 1..700_usize,
        length_known in any::<bool>(), seed in any::<u64>(), text in any::<bool>(),
    ) {
        prop_assume!(frame.len() / chunk_size < 200);
        let options = v2::Options { chunk_size, length_known, epoch: 3, frame_id: 9, ..v2::Options::default() };
        let mut chunks: Vec<Vec<u8>> = Vec::new();
        for message in v2::Encoder::new(&frame, options).unwrap() {
            let mut out = vec![0; message.text_len().max(message.len())];
            chunks.push(if text { message.write_text_to(&mut out).unwrap().as_bytes().to_vec() } else { message.write_to(&mut out).unwrap().to_vec() });
        }
        chunks.extend(chunks.clone().into_iter().step_by(3));
        let mut random = seed;
        for i in (1..chunks.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            chunks.swap(i, (random >> 33) as usize % (i + 1));
        }
        let (mut memory, mut ranges) = (vec![0; frame.len()], vec![v2::Range::default(); chunks.len()]);
        let mut assembler = v2::Assembler::new(&mut memory, &mut ranges);
        let mut completed = 0;
        for chunk in &chunks {
            let mut raw = vec![0; chunk.len()];
            let raw = if text { &*v2::decode_text(chunk, &mut raw).unwrap() } else { &chunk[..] };
            if let v2::Step::Complete { len } = assembler.push(&v2::parse(raw).unwrap()).unwrap() {
                prop_assert_eq!(len, frame.len());
                completed += 1;
            }
        }
        prop_assert_eq!((completed, assembler.missing().count()), (1, 0));
        prop_assert_eq!(assembler.frame(), &frame[..]);
    }

    #[test]
    fn one_changed_bit_of_a_chunk_is_noticed(frame in prop::collection::vec(any::<u8>(), 1..300), bit in any::<usize>()) {
        let message = v2::Encoder::new(&frame, v2::Options::default()).unwrap().next().unwrap();
        let mut out = vec![0; message.len()];
        message.write_to(&mut out).unwrap();
        let bit = bit % (out.len() * 8);
        out[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(v2::parse(&out).is_err());
    }

    #[test]
    fn no_parser_panics(octets in prop::collection::vec(any::<u8>(), 0..200), chunks in prop::collection::vec("[0-9A-Fa-fxEND~]{0,40}", 0..8)) {
        let _ = v2::parse(&octets);
        let _ = v2::decode_text(&octets, &mut [0; 64]);
        let _ = json::find(&octets, &["a", "b"]);
        let _ = json::members(&octets).count() + json::elements(&octets).count();
        let _ = text::hex_decode(&octets, &mut [0; 64]);
        let _ = text::base64_decode(&octets, &mut [0; 64]);
        hex::MarkerWalk::new().feed(&octets);
        let mut memory = [0; 64];
        let mut assembler = hex::Assembler::new(&mut memory);
        let _ = assembler.push(&octets);
        for chunk in &chunks {
            let _ = assembler.push(chunk.as_bytes());
        }
        let any_text = String::from_utf8_lossy(&octets);
        let _ = (topics::aliyun::parse(&any_text), topics::huawei::parse(&any_text));
        let _ = (aliyun::parse_client_id(&any_text), huawei::parse_client_id(&any_text), huawei::Hour::parse(&any_text));
        let _ = aliyun::verify_mqtt_login(&any_text, &any_text, &octets, &any_text, &mut [0; 16]);
        let _ = huawei::verify_mqtt_login(&any_text, &any_text, &octets, &any_text, 0, &mut [0; 16]);
        let _ = payload::alink_post(&any_text, &any_text, &mut [0; 64]);
    }

    #[test]
    fn a_client_id_made_of_the_right_pieces_in_any_disorder_is_never_a_panic(
        pieces in prop::collection::vec(prop::sample::select(vec!["|", ",", "=", "securemode", "signmethod", "timestamp", "hmacsha256", "2", "id", "_0_", "_1_", "2026010203", "&"]), 0..14),
    ) {
        let text = pieces.concat();
        let _ = (aliyun::parse_client_id(&text), aliyun::parse_username(&text), huawei::parse_client_id(&text));
        let _ = aliyun::verify_mqtt_login(&text, "dn&pk", &text, "s", &mut [0; 8]);
        let _ = huawei::verify_mqtt_login(&text, &text, &text, "s", 0, &mut [0; 8]);
    }

    #[test]
    fn the_scanner_and_serde_json_agree_on_what_is_json(document in document(), at in any::<usize>(), change in change()) {
        let text = document.to_string();
        prop_assert_eq!(json::validate(text.as_bytes()), Ok(()));
        agrees(text.as_bytes())?;
        let mut octets = text.into_bytes();
        let at = at % octets.len();
        match change {
            Some(octet) => octets[at] = octet,
            None => drop(octets.drain(at..)),
        }
        agrees(&octets)?;
    }

    #[test]
    fn the_scanner_finds_what_serde_json_finds(document in document(), name in "[a-c]", inner in "[a-c]") {
        let text = document.to_string();
        let found = json::find(text.as_bytes(), &[&name, &inner]).unwrap();
        match document.get(&name).and_then(|value| value.get(&inner)) {
            None => prop_assert_eq!(found, None),
            Some(serde_json::Value::String(theirs)) => {
                let mut out = vec![0; text.len()];
                prop_assert_eq!(found.unwrap().as_raw_str().unwrap().unescape(&mut out).unwrap(), theirs);
            }
            Some(theirs @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => {
                let raw = match found.unwrap() {
                    json::Value::Object(raw) | json::Value::Array(raw) => raw,
                    other => panic!("{other:?}"),
                };
                // As text: serde_json reads some numbers a bit off what it wrote.
                prop_assert_eq!(std::str::from_utf8(raw).unwrap(), theirs.to_string());
            }
            Some(theirs) => prop_assert_eq!(found.unwrap().as_i64(), theirs.as_i64()),
        }
    }

    #[test]
    fn text_codecs_give_back_what_they_took(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let (mut out, mut back) = (vec![0; 1000], vec![0; 300]);
        let hex = text::hex_upper(&octets, &mut out).unwrap().to_owned();
        prop_assert_eq!(&*text::hex_decode(hex.as_bytes(), &mut back).unwrap(), &octets[..]);
        prop_assert_eq!(&*text::hex_decode(hex.to_lowercase().as_bytes(), &mut back).unwrap(), &octets[..]);
        let base64 = text::base64_encode(&octets, &mut out).unwrap().to_owned();
        prop_assert_eq!(&*text::base64_decode(base64.as_bytes(), &mut back).unwrap(), &octets[..]);
        let mut w = Writer::new(&mut out);
        text::percent_encode(&octets, &mut w).unwrap();
        prop_assert_eq!(unpercent(w.finish()), octets);
    }
}

/// Percent-decoding by other code than ours; there is none in the crate.
fn unpercent(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        out.push(if octet == b'%' {
            let digits = [octets.next().unwrap(), octets.next().unwrap()];
            u8::from_str_radix(core::str::from_utf8(&digits).unwrap(), 16).unwrap()
        } else {
            assert!(
                octet.is_ascii_alphanumeric() || b"-._~".contains(&octet),
                "{octet:#x} must be encoded"
            );
            octet
        });
    }
    out
}

/// Documents of few names, so that paths are often found.
fn document() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\"\\\\/\u{0}-\u{1f}é中😀]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(("[a-c]", inner), 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// An octet to put somewhere, often one that means something; `None` cuts the document.
fn change() -> impl Strategy<Value = Option<u8>> {
    prop_oneof![
        Just(None),
        any::<u8>().prop_map(Some),
        prop::sample::select(b"{}[]\",:\\0-+.eE \n\x00\xFFtu".to_vec()).prop_map(Some)
    ]
}

/// Both say that it is JSON, or both that it is not. `serde_json` also refuses numbers beyond `f64`, which are JSON.
fn agrees(document: &[u8]) -> Result<(), TestCaseError> {
    let theirs = serde_json::from_slice::<serde_json::Value>(document);
    if let Err(error) = &theirs
        && error.to_string().starts_with("number out of range")
    {
        return Ok(());
    }
    prop_assert_eq!(
        json::validate(document).is_ok(),
        theirs.is_ok(),
        "{:?}",
        String::from_utf8_lossy(document)
    );
    Ok(())
}
