//! The JSON scanner against serde_json: the same documents are JSON, and the same value stands at a path.
#![no_main]

use faceiot_core::text::json::{self, DEPTH_MAX, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let ours = json::validate(data);
    let _ = json::members(data).count() + json::elements(data).count();
    match serde_json::from_slice::<serde_json::Value>(data) {
        Ok(theirs) => match ours {
            Ok(()) => same(data, &theirs),
            Err(error) => assert!(
                error.at == "nested too deep" && theirs.to_string().len() > DEPTH_MAX,
                "{error}"
            ),
        },
        // serde_json also refuses numbers beyond f64, which are JSON.
        Err(error) => assert!(
            ours.is_err() || error.to_string().starts_with("number out of range"),
            "{error}"
        ),
    }
});

fn same(document: &[u8], theirs: &serde_json::Value) {
    let serde_json::Value::Object(map) = theirs else {
        return;
    };
    for (name, value) in map {
        let found = json::find(document, &[name]).unwrap().unwrap();
        match (found, value) {
            (Value::Str(text), serde_json::Value::String(wanted)) => {
                assert!(text == **wanted);
                assert_eq!(text.unescape(&mut vec![0; document.len()]).unwrap(), wanted);
            }
            (Value::Object(raw), serde_json::Value::Object(_)) => {
                assert!(json::members(raw).all(|member| member.is_ok()));
                same(raw, value);
            }
            (Value::Array(raw), serde_json::Value::Array(wanted)) => {
                assert_eq!(json::elements(raw).count(), wanted.len())
            }
            (Value::Number(text), serde_json::Value::Number(_)) => {
                assert_eq!(found.as_u64(), text.parse().ok())
            }
            (Value::Bool(ours), serde_json::Value::Bool(theirs)) => assert_eq!(ours, *theirs),
            (Value::Null, serde_json::Value::Null) => {}
            (ours, theirs) => panic!("{ours:?} is not {theirs:?}"),
        }
    }
}
