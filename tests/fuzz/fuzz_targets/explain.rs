//! Any two strings can be compared; a difference is found exactly when there is one, and can be shown.
#![no_main]

use faceiot_core::sign::explain;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (signed, received) = text.split_once('\0').unwrap_or((&text, ""));
    match explain(signed, received) {
        None => assert_eq!(signed, received),
        Some(difference) => {
            assert_ne!(signed, received);
            assert!(difference.to_string().len() < 20 * data.len() + 6000);
        }
    }
});
