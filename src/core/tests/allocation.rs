//! Nothing allocates: logins, checks, encoders, assemblers and scanners, counted by the allocator itself.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(unsafe_code, reason = "a counting allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use faceiot_core::chunk::{hex, v2};
use faceiot_core::sign::aliyun::{acs3, dataplus, oss, roa, rpc, tablestore};
use faceiot_core::sign::huawei::aksk;
use faceiot_core::sign::{AccessKey, Request, aliyun, explain, huawei, meituan};
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

#[test]
fn requests_are_signed_verified_and_explained_without_an_allocation() {
    let (mut buffer, mut other, mut out) = ([0; 1024], [0; 1024], [0; 1024]);
    let headers = [
        ("host", "h"),
        ("x-sdk-date", "20260102T030405Z"),
        ("x-acs-version", "1"),
        ("content-type", "a"),
    ];
    let query = [("b", "2"), ("a", "1 +%~*/"), ("中", "😀")];
    let request = Request {
        method: "POST",
        path: "/a%20b",
        query: &query,
        headers: &headers,
        body: b"{}",
    };
    let key = AccessKey {
        access_key_id: "id",
        access_key_secret: "secret",
        security_token: Some("token"),
    };
    let count = allocations(|| {
        let parsed =
            acs3::parse_authorization(acs3::authorization("id", "secret", &request, &mut buffer).unwrap())
                .unwrap();
        acs3::verify("secret", &request, &parsed, &mut out).unwrap();
        let parsed =
            aksk::parse_authorization(aksk::authorization("id", "secret", &request, &mut buffer).unwrap())
                .unwrap();
        aksk::verify("secret", &request, &parsed, &mut out).unwrap();
        let v11_key = aksk::v11::signing_key("id", "secret", "20260102", "cn-north-4").unwrap();
        aksk::v11::authorization("id", &v11_key, &request, "cn-north-4", &mut buffer).unwrap();
        roa::authorization("id", "secret", &request, &mut buffer).unwrap();
        rpc::string_to_sign("POST", &query, &mut buffer).unwrap();
        rpc::sign("secret", "POST", &query).unwrap();
        dataplus::authorization(&key, &dataplus::Request::default(), &mut buffer).unwrap();
        tablestore::sign("secret", "/PutRow", &[("x-ots-b", "1"), ("x-ots-a", "2")]).unwrap();
        meituan::sign(
            "secret",
            &meituan::Request::default(),
            &meituan::Options::default(),
        )
        .unwrap();

        let object = oss::Request {
            method: "PUT",
            bucket: "b",
            key: "照片/a b.jpg",
            query: &query,
            headers: &headers,
        };
        let scope = oss::v4::Scope {
            date: "20180817T082338Z",
            region: "cn-shanghai",
            additional_headers: "host",
        };
        let signing_key = oss::v4::signing_key("secret", &scope).unwrap();
        oss::v4::authorization("id", &signing_key, &object, &scope, &mut buffer).unwrap();
        oss::v4::presign(&key, &signing_key, &object, &scope, 60, &mut buffer).unwrap();
        oss::v1::authorization(&key, &object, &mut buffer).unwrap();
        oss::v1::presign(&key, &object, 1, &mut buffer).unwrap();

        let one = acs3::canonical(&request, &mut buffer).unwrap();
        let two = acs3::canonical(
            &Request {
                method: "GET",
                ..request
            },
            &mut other,
        )
        .unwrap();
        assert!(explain(one, two).is_some());
    });
    assert_eq!(count, 0);
}
