//! The `faceiot` command from outside: the built program, real sockets, real kills.
//!
//! | module | shows |
//! |---|---|
//! | `basics` | help, JSON, exit codes, errors in one line, Ctrl-C |
//! | `signing` | `faceiot sign` of device logins against the vectors |
//! | `sign` | `sign` and `verify` of every kind against the vectors, in JSON |
//! | `devices` | `device`, `send`, `receive`, `command` with a running cloud |
//! | `capture` | `capture` and `cameras` |
//! | `demo` | `faceiot demo`, whole and with a lost chunk |
//! | `doctor` | every hop broken once |
//! | `run` | which Python gets a script, and what it is told |
//! | `wire` | chunks lost, doubled, swapped, without END, interleaved; packets that are none |
//! | `crash` | `kill -9` in mid-photo, and between photo and row |
//! | `full_disk` | a small tmpfs |
//! | `bounded` | 1,000 devices that never end, and one subscriber that never reads |
//! | `secrets` | nothing secret in any log |
//! | `supply` | which cryptography is linked |
//!
//! They run on Linux: `/proc`, `unshare` and signals are part of what they look at.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics is a test that fails"
)]

mod basics;
mod bounded;
mod capture;
mod crash;
mod demo;
mod devices;
mod doctor;
mod full_disk;
mod run;
mod secrets;
mod sign;
mod signing;
mod supply;
mod support;
mod wire;
