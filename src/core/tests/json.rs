//! The JSON scanner against `serde_json`, and against documents made to mislead it.

#![allow(clippy::unwrap_used, reason = "tests")]

use faceiot_core::text::json::{self, DEPTH_MAX, Value};
use faceiot_core::text::{Writer, json_string};
use faceiot_core::{Error, ErrorKind};

fn offset(document: &str) -> usize {
    let error = json::validate(document.as_bytes()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Json);
    error.offset
}

#[test]
fn what_rfc_8259_forbids_is_refused_where_it_stands() {
    for (document, at) in [
        ("", 0),
        (" ", 1),
        ("{", 1),
        ("[1,]", 3),
        ("{\"a\":1,}", 7),
        ("{a:1}", 1),
        ("{\"a\" 1}", 5),
        ("{\"a\":}", 5),
        ("[1 2]", 3),
        ("1 2", 2),
        ("01", 1),
        ("-", 1),
        ("1.", 2),
        (".5", 0),
        ("1e", 2),
        ("+1", 0),
        ("0x10", 1),
        ("tru", 0),
        ("True", 0),
        ("nul", 0),
        ("NaN", 0),
        ("\"a", 2),
        ("\"a\nb\"", 2),
        ("\"\\x\"", 1),
        ("\"\\u12\"", 1),
        ("\"\\ud800\"", 1),
        ("\"\\udc00\"", 1),
        ("\"\\ud800\\u0041\"", 1),
        ("'a'", 0),
        ("[1]]", 3),
        ("{\"a\":[}]", 6),
        ("\u{feff}1", 0),
    ] {
        assert_eq!(offset(document), at, "{document:?}");
        assert!(
            serde_json::from_str::<serde_json::Value>(document).is_err(),
            "{document:?}"
        );
    }
    assert_eq!(json::validate(b"\"\xff\"").unwrap_err().offset, 1);
    assert_eq!(
        json::validate(b"\"ok\xe4\xb8\"").unwrap_err().offset,
        3,
        "a cut UTF-8 character"
    );
}

#[test]
fn what_rfc_8259_allows_is_read() {
    for document in [
        "0",
        "-0",
        "-0.0e+00",
        "1E9",
        "123456789012345678901234567890",
        "true",
        "false",
        "null",
        "\"\"",
        "[]",
        "{}",
        " \t\r\n[ ]\n",
        "{\"\":\"\"}",
        "[[],{},[[]]]",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
        "\"\u{7f}中😀\"",
    ] {
        assert_eq!(json::validate(document.as_bytes()), Ok(()), "{document:?}");
        assert!(
            serde_json::from_str::<serde_json::Value>(document).is_ok(),
            "{document:?}"
        );
    }
}

#[test]
fn nesting_is_read_to_its_limit_and_refused_behind_it() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(json::validate(nested(DEPTH_MAX).as_bytes()), Ok(()));
    let error = json::validate(nested(DEPTH_MAX + 1).as_bytes()).unwrap_err();
    assert_eq!(
        error,
        Error {
            kind: ErrorKind::Json,
            at: "nested too deep",
            offset: DEPTH_MAX
        }
    );
    // Objects and arrays in turn: each closes with its own bracket, to the bottom.
    let mixed = "{\"a\":[".repeat(DEPTH_MAX / 2) + &"]}".repeat(DEPTH_MAX / 2);
    assert_eq!(json::validate(mixed.as_bytes()), Ok(()));
    assert!(json::validate(mixed.replacen("]}", "}]", 1).as_bytes()).is_err());
    assert!(json::validate(&b"[".repeat(1_000_000)).is_err());
}

#[test]
fn a_value_is_found_by_its_path_only() {
    let document = br#"{"img":"no","a":{"params":{"img":"no"}},"params":{"x":{"img":"no"},"img":"yes","y":[{"img":"no"}]},"z":["img"]}"#;
    let find = |path: &[&str]| json::find(document, path).unwrap();
    assert_eq!(find(&["params", "img"]).unwrap().as_plain(), Some("yes"));
    assert_eq!(find(&["params", "x", "img"]).unwrap().as_plain(), Some("no"));
    assert!(matches!(
        find(&["params", "x"]),
        Some(Value::Object(br#"{"img":"no"}"#))
    ));
    assert!(matches!(find(&["z"]), Some(Value::Array(br#"["img"]"#))));
    assert!(matches!(find(&[]), Some(Value::Object(raw)) if raw == document));
    for path in [
        &["y"][..],
        &["params", "y", "img"],
        &["params", "img", "x"],
        &["z", "img"],
        &["", "img"],
        &["params", "x", "y"],
    ] {
        assert_eq!(find(path), None, "{path:?}");
    }
    assert!(matches!(
        json::find(b" [1] ", &[]),
        Ok(Some(Value::Array(b"[1]")))
    ));
    assert_eq!(json::find(b"[{\"a\":1}]", &["a"]), Ok(None));
    assert_eq!(json::find(b"7", &["a"]), Ok(None));
}

#[test]
fn a_broken_end_is_noticed_although_the_value_stands_at_the_beginning() {
    for document in [
        "{\"a\":1",
        "{\"a\":1}x",
        "{\"a\":1,\"b\":[}",
        "{\"a\":1,\"b\":\"\\q\"}",
    ] {
        assert!(json::find(document.as_bytes(), &["a"]).is_err(), "{document}");
    }
}

#[test]
fn of_two_members_with_the_same_name_the_last_counts_as_in_serde_json() {
    for document in [
        r#"{"p":{"i":1},"p":{"i":2}}"#,
        r#"{"p":{"i":1,"i":2}}"#,
        r#"{"p":{"i":1},"p":{}}"#,
        r#"{"p":{"i":1},"p":7}"#,
        r#"{"p":7,"p":{"i":2}}"#,
        r#"{"p":{"i":{"x":1},"i":2}}"#,
    ] {
        let theirs: serde_json::Value = serde_json::from_str(document).unwrap();
        let ours = json::find(document.as_bytes(), &["p", "i"]).unwrap();
        assert_eq!(
            ours.and_then(|value| value.as_u64()),
            theirs["p"]["i"].as_u64(),
            "{document}"
        );
    }
}

#[test]
fn names_and_texts_are_compared_with_their_escapes_resolved() {
    let document = br#"{"\u0070arams":{"i\u006Dg":"\u0046F\/\ud83d\ude00\n"}}"#;
    let value = json::find(document, &["params", "img"]).unwrap().unwrap();
    let text = value.as_raw_str().unwrap();
    assert!(text.is_escaped() && text == *"FF/😀\n" && text != *"FF/😀" && text != *"FF/😀\nx");
    assert_eq!((value.as_plain(), text.as_plain_bytes()), (None, None));
    assert_eq!(text.unescape(&mut [0; 16]), Ok("FF/😀\n"));
    assert_eq!(
        text.unescape(&mut [0; 7]).unwrap_err().kind,
        ErrorKind::BufferTooSmall
    );
    assert_eq!(text.raw(), br"\u0046F\/\ud83d\ude00\n");
}

#[test]
fn members_and_elements_come_in_order_with_their_values() {
    let object = br#" { "a" : 1 , "b" : "x", "c":null,"d":{"e":[1,2]} } "#;
    let members: Vec<_> = json::members(object).map(Result::unwrap).collect();
    let names: Vec<_> = members
        .iter()
        .map(|member| member.0.as_plain().unwrap())
        .collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert_eq!(
        (members[0].1.as_u64(), members[1].1.as_plain(), members[2].1),
        (Some(1), Some("x"), Value::Null)
    );
    assert!(matches!(members[3].1, Value::Object(br#"{"e":[1,2]}"#)));
    let elements: Vec<_> = json::elements(b"[1, -2 ,true,[]]").map(Result::unwrap).collect();
    assert_eq!(
        elements,
        [
            Value::Number("1"),
            Value::Number("-2"),
            Value::Bool(true),
            Value::Array(b"[]")
        ]
    );
    assert_eq!((elements[1].as_i64(), elements[1].as_u64()), (Some(-2), None));
    assert_eq!(
        (json::members(b"{}").count(), json::elements(b" [ ] ").count()),
        (0, 0)
    );
    for broken in [
        "",
        "[",
        "{",
        "{\"a\"}",
        "{\"a\":1",
        "{\"a\":1,}",
        "{\"a\":1}}",
        "7",
    ] {
        assert!(
            json::members(broken.as_bytes()).any(|member| member.is_err()),
            "{broken}"
        );
        assert!(
            json::members(broken.as_bytes()).count() <= 2,
            "an error is the last item: {broken}"
        );
        assert!(
            json::elements(broken.as_bytes()).any(|element| element.is_err()),
            "{broken}"
        );
    }
}

#[test]
fn numbers_are_read_as_integers_only_when_they_are() {
    for (text, number) in [
        ("0", Some(0)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("1.0", None),
        ("1e3", None),
        ("-1", None),
    ] {
        assert_eq!(
            json::find(text.as_bytes(), &[]).unwrap().unwrap().as_u64(),
            number,
            "{text}"
        );
    }
}

#[test]
fn a_written_string_is_read_back_as_it_was() {
    let all: String = (0..0x500)
        .filter_map(char::from_u32)
        .chain(['\u{2028}', '😀', '\u{10ffff}'])
        .collect();
    let mut buffer = vec![0; 8 * all.len()];
    let mut w = Writer::new(&mut buffer);
    json_string(&all, &mut w).unwrap();
    let written = w.finish();
    assert_eq!(serde_json::from_str::<String>(written).unwrap(), all);
    let value = json::find(written.as_bytes(), &[]).unwrap().unwrap();
    assert_eq!(
        value.as_raw_str().unwrap().unescape(&mut vec![0; 4096]).unwrap(),
        all
    );
}

#[test]
fn a_chunk_of_any_length_is_one_plain_string() {
    for len in (0..40).chain([800, 801, 10_240]) {
        let hex = "F".repeat(len);
        let payload = format!("{{\"params\":{{\"img\":\"{hex}\"}}}}");
        assert_eq!(
            json::find(payload.as_bytes(), &["params", "img"])
                .unwrap()
                .unwrap()
                .as_plain(),
            Some(hex.as_str())
        );
    }
}
