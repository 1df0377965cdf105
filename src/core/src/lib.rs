#![no_std]
#![forbid(unsafe_code)]
//! Signing, chunks and topics for cameras and IoT clouds: no_std, no heap, no unsafe

pub mod digest;
mod error;
pub mod payload;
pub mod sign;
pub mod text;
pub mod topics;

pub use error::{Error, ErrorKind, Result};
pub use sign::Login;
