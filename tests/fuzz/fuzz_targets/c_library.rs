//! The C functions that take what others send, and those that take what a firmware gives them: no panic becomes status
//! -1, no length leaves its buffer, a failure leaves the outputs as they were.
#![no_main]

use std::ffi::CString;

use faceiot_capi::*;
use libfuzzer_sys::fuzz_target;

const PANICKED: i32 = -1;

fuzz_target!(|data: &[u8]| {
    let Some((&[what, room, ..], rest)) = data.split_at_checked(2) else {
        return;
    };
    let (left, right) = rest.split_at(rest.len() / 2);
    let mut buffer = vec![0xA5_u8; usize::from(room) * 4];
    let (out, len) = (buffer.as_mut_ptr(), buffer.len());
    let mut written = usize::MAX;
    let text = |octets: &[u8]| {
        let head = octets.split(|octet| *octet == 0).next();
        CString::new(head.unwrap_or_default()).unwrap_or_default()
    };
    let (a, b) = (text(left), text(right));
    // SAFETY: every pointer is valid for the length beside it; strings end with NUL.
    let status = unsafe {
        match what % 9 {
            0 => {
                let mut command = std::mem::zeroed();
                let topic = left.as_ptr().cast();
                faceiot_command(topic, left.len(), right.as_ptr(), right.len(), &raw mut command)
            }
            1 => {
                let path = [a.as_ptr(), b.as_ptr()];
                let mut value = std::mem::zeroed::<FaceiotText>();
                let document = right.as_ptr();
                let status = faceiot_json_find(document, right.len(), path.as_ptr(), 2, &raw mut value);
                let inside = right.as_ptr_range();
                assert!(
                    status != 0 || matches!(value.len, 0..=5) || inside.contains(&value.data.cast::<u8>()),
                    "a value outside its document"
                );
                status
            }
            2 => {
                let mut registered = std::mem::zeroed();
                faceiot_aliyun_registered(rest.as_ptr(), rest.len(), &raw mut registered)
            }
            3 => {
                let mut assembler = std::mem::zeroed();
                faceiot_hex_assembler_init(&raw mut assembler, out, len);
                let (mut step, mut photo, mut status) = (77, 77, 0);
                for part in rest.split(|octet| *octet == b'\n') {
                    let assembler = &raw mut assembler;
                    status = faceiot_hex_push(
                        assembler,
                        part.as_ptr(),
                        part.len(),
                        &raw mut step,
                        &raw mut photo,
                    );
                    assert!(status != 0 || photo <= len);
                }
                status
            }
            4 => {
                let mut assembler = std::mem::zeroed();
                let mut ranges = [FaceiotRange { start: 0, end: 0 }; 4];
                faceiot_v2_assembler_init(&raw mut assembler, out, len, ranges.as_mut_ptr(), ranges.len());
                let (mut step, mut photo, mut status) = (77, 77, 0);
                for part in [left, right] {
                    let assembler = &raw mut assembler;
                    status = faceiot_v2_push(
                        assembler,
                        part.as_ptr(),
                        part.len(),
                        &raw mut step,
                        &raw mut photo,
                    );
                    assert!(status != 0 || photo <= len);
                }
                status
            }
            5 => faceiot_alink_post(a.as_ptr(), b.as_ptr(), out.cast(), len, &raw mut written),
            6 => {
                let time = std::ptr::null();
                faceiot_huawei_report(a.as_ptr(), b.as_ptr(), time, out.cast(), len, &raw mut written)
            }
            7 => {
                let mut login = std::mem::zeroed();
                let device = FaceiotAliyunDevice {
                    product_key: a.as_ptr(),
                    device_name: b.as_ptr(),
                    device_secret: a.as_ptr(),
                };
                let mut options = std::mem::zeroed::<FaceiotAliyunOptions>();
                options.extra = b.as_ptr();
                options.timestamp = a.as_ptr();
                let options = &raw const options;
                faceiot_aliyun_login_sha256(&raw const device, options, out.cast(), len, &raw mut login)
            }
            _ => {
                let mut login = std::mem::zeroed();
                let (hour, host, login) = (c"2026010203", std::ptr::null(), &raw mut login);
                faceiot_huawei_login(
                    a.as_ptr(),
                    b.as_ptr(),
                    host,
                    hour.as_ptr(),
                    1,
                    0,
                    out.cast(),
                    len,
                    login,
                )
            }
        }
    };
    assert_ne!(status, PANICKED);
    assert!(written == usize::MAX || (status == 0 && written < len));
    assert!(!faceiot_strerror(status).is_null());
});
