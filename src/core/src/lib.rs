#![no_std]
#![forbid(unsafe_code)]
//! Signing, chunks and topics for cameras and IoT clouds: no_std, no heap, no unsafe
