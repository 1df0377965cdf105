//! Nothing allocates: logins, checks, encoders, assemblers and scanners, counted by the allocator itself.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(unsafe_code, reason = "a counting allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use faceiot_core::chunk::{hex, v2};
use faceiot_core::sign::{aliyun, huawei};
use faceiot_core::text::{Writer, json};
use faceiot_core::{payload, topics};

thread_local! {
    /// Allocations of this thread; other threads belong to the test harness.
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps `GlobalAlloc::dealloc`'s contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations that `work` makes.
fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![0_u8; 100]))), 1);
    assert_eq!(allocations(|| ()), 0);
}

#[test]
fn logins_are_signed_and_checked_without_an_allocation() {
    let (mut a, mut h, mut out) = ([0; aliyun::LOGIN_BUFFER], [0; huawei::LOGIN_BUFFER], [0; 256]);
    let count = allocations(|| {
        for method in [
            aliyun::Method::HmacMd5,
            aliyun::Method::HmacSha1,
            aliyun::Method::HmacSha256,
        ] {
            let device = aliyun::Credentials {
                product_key: "pk",
                device_name: "dn",
                device_secret: "secret",
            };
            let timestamp = aliyun::Timestamp::Value(1_534_494_218_123);
            let options = aliyun::Options {
                method,
                timestamp,
                extra: &[("lan", "C")],
                ..aliyun::Options::default()
            };
            let login = aliyun::mqtt_login(&device, &options, &mut a).unwrap();
            aliyun::verify_mqtt_login(
                login.client_id,
                login.username,
                login.password,
                "secret",
                &mut out,
            )
            .unwrap();
            assert!(
                aliyun::verify_mqtt_login(login.client_id, login.username, "00", "secret", &mut out).is_err()
            );
        }
        let device = huawei::Credentials {
            device_id: "p_n",
            device_secret: "secret",
        };
        let login = huawei::mqtt_login(&device, &huawei::Options::default(), &mut h).unwrap();
        huawei::verify_mqtt_login(
            login.client_id,
            login.username,
            login.password,
            "secret",
            0,
            &mut out,
        )
        .unwrap();
    });
    assert_eq!(count, 0);
}

#[test]
fn a_photo_is_cut_and_rebuilt_as_hex_without_an_allocation() {
    let (photo, mut message, mut memory) = ([0x5A; 5000], [0; hex::MESSAGE_MAX], [0; 5000]);
    let count = allocations(|| {
        let mut assembler = hex::Assembler::new(&mut memory);
        for m in hex::Encoder::new(&photo) {
            let payload = m.write_to(&mut message).unwrap();
            let img = json::find(payload, &["params", "img"]).unwrap().unwrap();
            assembler.push(img.as_plain().unwrap().as_bytes()).unwrap();
        }
        assert_eq!(assembler.photo(), photo);
    });
    assert_eq!(count, 0);
}

#[test]
fn a_photo_is_cut_and_rebuilt_as_v2_on_both_carriers_without_an_allocation() {
    let (photo, mut message, mut memory, mut raw) = ([0x5A; 16_000], [0; 11_000], [0; 16_000], [0; 8000]);
    let count = allocations(|| {
        let mut ranges = [v2::Range::default(); 8];
        let mut assembler = v2::Assembler::new(&mut memory, &mut ranges);
        let options = v2::Options {
            chunk_size: v2::TEXT_DATA_MAX,
            ..v2::Options::default()
        };
        for (i, m) in v2::Encoder::new(&photo, options).unwrap().enumerate() {
            let chunk = if i % 2 == 0 {
                m.write_to(&mut message).unwrap()
            } else {
                let text = m.write_text_to(&mut message).unwrap();
                v2::decode_text(text.as_bytes(), &mut raw).unwrap()
            };
            assembler.push(&v2::parse(chunk).unwrap()).unwrap();
        }
        assert_eq!((assembler.frame(), assembler.missing().count()), (&photo[..], 0));
    });
    assert_eq!(count, 0);
}

#[test]
fn topics_payloads_and_errors_are_made_without_an_allocation() {
    let (mut topic, mut body, mut text) = ([0; topics::TOPIC_BUFFER], [0; 256], [0; 256]);
    let count = allocations(|| {
        let name = topics::aliyun::service_reply("pk", "dn", "reboot", &mut topic).unwrap();
        assert!(topics::aliyun::parse(name).is_some());
        payload::alink_post("7", "{\"img\":\"END\"}", &mut body).unwrap();
        let reply = payload::huawei_response(0, None, &mut body).unwrap();
        assert_eq!(json::members(reply.as_bytes()).count(), 1);
        let error = topics::huawei::photo("a/b", &mut topic).unwrap_err();
        Writer::new(&mut text).push_str(error.kind.words()).unwrap();
    });
    assert_eq!(count, 0);
}
