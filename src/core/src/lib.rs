#![no_std]
#![forbid(unsafe_code)]
//! What a camera and an IoT cloud must agree on, to the octet: logins, chunks of photos, topics and payloads.
//!
//! This is the lowest layer. It is pure: octets and numbers in, octets and numbers out, into the caller's memory. It reads
//! no clock, no file, no environment and no random source - the time is an argument - so the same vectors run on a
//! microcontroller, in Python and on a server. It imports nothing of this workspace, and of the world only hashes, MACs,
//! CRC-32, hex and base64.
//!
//! # Guarantees
//!
//! - **No heap, no `std`, no `unsafe`** in this crate. A test builds it against a library folder in which there is no
//!   `std` and no `alloc`; another counts allocations.
//! - **No panic, whatever the input.** Every index is checked, every sum that input can drive is checked or saturates, and
//!   every parser and every `verify_*` is fuzzed.
//! - **Memory is bounded by what the caller gave.** Caps are checked before anything is written.
//! - **Secrets do not print.** `Debug` shows `***`; a refused login shows what was signed, never what was expected. MACs
//!   are compared in constant time, and copies of keys are wiped.
//!
//! # Map
//!
//! | module | question it answers |
//! |---|---|
//! | [`sign`] | how a device proves who it is: [`sign::aliyun`], [`sign::huawei`], signing and verifying |
//! | [`chunk`] | how a photo travels in pieces: [`chunk::hex`] (seed 001's format), [`chunk::v2`] |
//! | [`topics`] | where a message goes, and whose a topic is |
//! | [`payload`] | the JSON around what is reported and answered |
//! | [`text`] | hex, base64, percent-encoding, JSON, and the [`text::Writer`] that never overruns its buffer |
//! | [`digest`] | hashes, HMACs, CRC-32, comparison in constant time |
//! | [`Error`] | one kind with a stable number, shared by every surface |
//!
//! # Flow
//!
//! A device: [`sign::aliyun::mqtt_login`] gives a [`Login`]; [`topics::aliyun::photo`] the topic;
//! [`chunk::v2::Encoder`] the messages of a photo. The other side: [`sign::aliyun::verify_mqtt_login`] checks the login,
//! [`topics::aliyun::parse`] says whose message it is, [`chunk::v2::parse`] and [`chunk::v2::Assembler`] give the photo
//! back.
//!
//! ```
//! use faceiot_core::{chunk::v2, sign::aliyun, topics};
//!
//! let device = aliyun::Credentials { product_key: "pk", device_name: "dn", device_secret: "secret" };
//! let (mut login, mut topic, mut message) = ([0; aliyun::LOGIN_BUFFER], [0; topics::TOPIC_BUFFER], [0; 4136]);
//!
//! let login = aliyun::mqtt_login(&device, &aliyun::Options::default(), &mut login)?;
//! assert!(aliyun::verify_mqtt_login(login.client_id, login.username, login.password, "secret", &mut []).is_ok());
//!
//! assert_eq!(topics::aliyun::photo("pk", "dn", &mut topic)?, "/pk/dn/user/photo");
//! for chunk in v2::Encoder::new(b"\xFF\xD8\xFF\xD9", v2::Options::default())? {
//!     let payload = chunk.write_to(&mut message)?;
//!     assert_eq!(v2::parse(payload)?.data, b"\xFF\xD8\xFF\xD9");
//! }
//! # Ok::<(), faceiot_core::Error>(())
//! ```
//!
//! # Features
//!
//! `std` (off) changes no result: it lets the CRC and hex libraries ask the operating system for SIMD instructions.

pub mod chunk;
pub mod digest;
mod error;
mod octets;
pub mod payload;
pub mod sign;
pub mod text;
pub mod topics;

pub use error::{Error, ErrorKind, Result};
pub use sign::Login;
