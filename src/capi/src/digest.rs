//! Hashes, MACs, CRC-32, and a wipe that the compiler keeps.

use core::ffi::c_void;

use faceiot_core::digest;

use crate::ffi::{octets, octets_mut};
use crate::status::{Status, guard};

macro_rules! macs {
    ($($(#[$doc:meta])* $name:ident = $function:path, $len:literal;)*) => {
        $(
            $(#[$doc])*
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name(key: *const u8, key_len: usize, message: *const u8, message_len: usize, mac: *mut u8) -> Status {
                guard(|| {
                    let (key, message) = unsafe { (octets(key, key_len)?, octets(message, message_len)?) };
                    let result = $function(key, &[message]);
                    unsafe { octets_mut(mac, $len) }?.copy_from_slice(&result);
                    Ok(())
                })
            }
        )*
    };
}

macs! {
    /// HMAC-SHA256 into 32 octets.
    faceiot_hmac_sha256 = digest::hmac_sha256, 32;
    /// HMAC-SHA1 into 20 octets.
    faceiot_hmac_sha1 = digest::hmac_sha1, 20;
    /// HMAC-MD5 into 16 octets.
    faceiot_hmac_md5 = digest::hmac_md5, 16;
}

macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident = $function:path, $len:literal;)*) => {
        $(
            $(#[$doc])*
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name(message: *const u8, message_len: usize, hash: *mut u8) -> Status {
                guard(|| {
                    let result = $function(&[unsafe { octets(message, message_len) }?]);
                    unsafe { octets_mut(hash, $len) }?.copy_from_slice(&result);
                    Ok(())
                })
            }
        )*
    };
}

hashes! {
    /// SHA-256 into 32 octets.
    faceiot_sha256 = digest::sha256, 32;
    /// SHA-1 into 20 octets.
    faceiot_sha1 = digest::sha1, 20;
    /// MD5 into 16 octets.
    faceiot_md5 = digest::md5, 16;
}

/// CRC-32 of zlib, begun at `crc` (0 at first): what it returns goes into the next call. NULL adds nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_crc32(crc: u32, data: *const u8, len: usize) -> u32 {
    match unsafe { octets(data, len) } {
        Ok(data) => {
            let mut state = digest::Crc32::resume(crc);
            state.update(data);
            state.finish()
        }
        Err(_) => crc,
    }
}

/// Overwrites memory with zeros; unlike `memset` before `free`, the compiler may not leave it out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_wipe(memory: *mut c_void, len: usize) {
    if let Ok(memory) = unsafe { octets_mut(memory.cast(), len) } {
        digest::wipe(memory);
    }
}
