//! What a stranger can send to the broker: frames, gate and state machine on any bytes. What passes the gate
//! the state machine takes.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// The prefix lets the fuzzer behind the login.
const CONNECT: &[u8] = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01c";

fuzz_target!(|data: &[u8]| {
    faceiot_broker::fuzz::stream(data);
    let later = [CONNECT, data].concat();
    assert!(faceiot_broker::fuzz::stream(&later) >= 1);
});
