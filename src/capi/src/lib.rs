//! The C face of `faceiot-core`: what modem firmware and microcontrollers link.
//!
//! It imports the core and nothing else, allocates nothing, keeps no state of its own, and reads no clock. Everything
//! works on memory of the caller. `include/faceiot.h` is the documentation; this crate is its other side, function by
//! function, in the same order.
//!
//! | module | part of the header |
//! |---|---|
//! | `status` | status numbers, `faceiot_strerror`, version, the panic boundary |
//! | `ffi` | pointers in, strings out: the only place that turns C memory into slices |
//! | `digest` | hashes, MACs, CRC-32, wiping |
//! | `login` | logins of both clouds |
//! | `register` | a device that asks for its secret |
//! | `topics` | topics and payloads of both clouds, commands taken apart |
//! | `source` | a photo in memory or behind a read callback |
//! | `hex`, `v2` | the chunk formats: encoders as pull iterators, assemblers over caller memory |
//!
//! # Rules
//!
//! - Status and options are `int32_t`/`uint32_t`, never a C enum: its size differs between ARM compilers.
//! - An output is written on success only; the scratch part of a caller's buffer may hold anything after a failure.
//! - `NULL` where a pointer is needed, text that is not UTF-8 and short buffers are answered by a status.
//! - Every function is re-entrant. What compares or signs secrets does so in constant time with respect to them.

#![cfg_attr(not(feature = "std"), no_std)]
#![expect(
    unsafe_code,
    reason = "a C ABI is made of raw pointers; `ffi` turns them into slices in one place"
)]
#![expect(
    clippy::missing_safety_doc,
    reason = "the header states what a caller must guarantee, once for all functions"
)]

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod aeabi;
mod digest;
mod ffi;
mod hex;
mod login;
mod register;
mod source;
mod status;
mod topics;
mod v2;

pub use digest::*;
pub use hex::*;
pub use login::*;
pub use register::*;
pub use source::*;
pub use status::*;
pub use topics::*;
pub use v2::*;

/// Bare metal has nobody to tell: the core promises not to panic, and with `panic=immediate-abort` this is never linked.
#[cfg(all(not(feature = "std"), target_os = "none"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
