//! Signatures, on one core: against nothing but the MACs and hashes that they consist of, by the faster of ring and sha2,
//! and in Python against the vendors' signers.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use faceiot_core::sign::aliyun::oss::{self, v4};
use faceiot_core::sign::aliyun::{self, Credentials, LOGIN_BUFFER, Options, Timestamp};
use hmac::{KeyInit as _, Mac as _};
use sha2::Digest as _;

use crate::peers::in_python;
use crate::table::Table;

const LOOP: Duration = Duration::from_secs(3);
const BATCH: u32 = 64;

type Octets = [u8; 32];
/// SHA-256 and its HMAC, by one library.
struct Library {
    hash: fn(&[u8]) -> Octets,
    hmac: fn(&[u8], &[u8]) -> Octets,
}

const LIBRARIES: [Library; 2] = [
    Library {
        hash: |text| {
            let digest = ring::digest::digest(&ring::digest::SHA256, text);
            octets(digest.as_ref())
        },
        hmac: |key, text| {
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
            octets(ring::hmac::sign(&key, text).as_ref())
        },
    },
    Library {
        hash: |text| sha2::Sha256::digest(text).into(),
        hmac: |key, text| {
            let Ok(mac) = hmac::Hmac::<sha2::Sha256>::new_from_slice(key) else {
                return [0; 32]; // HMAC takes keys of every length
            };
            mac.chain_update(text).finalize().into_bytes().into()
        },
    },
];

fn octets(digest: &[u8]) -> Octets {
    let mut octets = [0; 32];
    octets.copy_from_slice(digest);
    octets
}

pub(crate) fn measure(python: &Path, table: &mut Table) -> Result<()> {
    login(table)?;
    oss_v4(table)?;
    in_python(python, "sign.py", ("us", 1e6), table)
}

/// A device's login, against one HMAC-SHA256 of the bytes that it signs.
fn login(table: &mut Table) -> Result<()> {
    let credentials = Credentials {
        product_key: "a1B2c3D4e5F",
        device_name: "esp32_camera_001",
        device_secret: "0123456789abcdef0123456789abcdef",
    };
    let options = Options {
        client_id: Some("esp32_camera_001"),
        timestamp: Timestamp::Value(1_573_489_088_171),
        ..Options::default()
    };
    let mut text = [0; 256];
    let text = aliyun::string_to_sign(&credentials, &options, &mut text)?.as_bytes();
    let mut buffer = [0; LOGIN_BUFFER];
    let secret = credentials.device_secret.as_bytes();
    let mut login = || {
        let login = aliyun::mqtt_login_sha256(black_box(&credentials), &options, &mut buffer)?;
        black_box(login.password);
        Ok(())
    };
    let (ours, theirs) = in_turns(&mut login, |library| {
        black_box((library.hmac)(black_box(secret), black_box(text)));
    })?;
    let row = "Aliyun MQTT login";
    table.less_is_better(row, "ns", ours, "HMAC-SHA256 of the same bytes", theirs);
    Ok(())
}

/// An upload's `Authorization`, with the key of the day derived for it and with one that was kept.
fn oss_v4(table: &mut Table) -> Result<()> {
    let request = oss::Request {
        method: "PUT",
        bucket: "examplebucket",
        key: "piPhotos/raspi1534494218.jpg",
        headers: &[
            ("Content-Type", "image/jpeg"),
            ("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
            ("x-oss-date", "20180817T082338Z"),
        ],
        ..oss::Request::default()
    };
    let scope = v4::Scope {
        date: "20180817T082338Z",
        region: "cn-shanghai",
        ..v4::Scope::default()
    };
    let secret = "0123456789abcdef0123456789abcd";
    let (mut canonical, mut text) = ([0; 512], [0; 256]);
    let canonical = v4::canonical(&request, &scope, &mut canonical)?.as_bytes();
    let text = v4::string_to_sign(&request, &scope, &mut text)?.as_bytes();

    let mut buffer = [0; 512];
    let mut derived = || {
        let key = v4::signing_key(black_box(secret), &scope)?;
        black_box(v4::authorization("testid", &key, &request, &scope, &mut buffer)?);
        Ok(())
    };
    let (ours, theirs) = in_turns(&mut derived, |library| {
        let mut key = (library.hmac)(black_box(b"aliyun_v40123456789abcdef0123456789abcd"), b"20180817");
        for part in ["cn-shanghai", "oss", "aliyun_v4_request"] {
            key = (library.hmac)(&key, part.as_bytes());
        }
        black_box((library.hash)(black_box(canonical)));
        black_box((library.hmac)(&key, black_box(text)));
    })?;
    let row = "OSS V4 header";
    table.less_is_better(row, "ns", ours, "its own five HMACs and one hash", theirs);

    let key = v4::signing_key(secret, &scope)?;
    let mut kept = || {
        let key = black_box(&key);
        black_box(v4::authorization("testid", key, &request, &scope, &mut buffer)?);
        Ok(())
    };
    let row = "OSS V4 header, key kept";
    let (ours, theirs) = in_turns(&mut kept, |library| {
        black_box((library.hash)(black_box(canonical)));
        black_box((library.hmac)(black_box(&[7; 32]), black_box(text)));
    })?;
    table.less_is_better(row, "ns", ours, "its own HMAC and hash", theirs);
    let (ours, theirs) = in_turns(&mut kept, |library| {
        black_box((library.hmac)(black_box(&[7; 32]), black_box(text)));
    })?;
    table.less_is_better(row, "ns", ours, "one HMAC of its string to sign", theirs);
    Ok(())
}

/// Nanoseconds that a call of ours takes, and the same work by the faster library: the best of many batches, the sides
/// taking turns. What else the machine does hardly counts, and counts for both.
fn in_turns(ours: &mut dyn FnMut() -> Result<()>, theirs: impl Fn(&Library)) -> Result<(f64, f64)> {
    let (mut best, mut peer) = (f64::INFINITY, f64::INFINITY);
    let end = Instant::now() + LOOP;
    while Instant::now() < end {
        best = best.min(batch(&mut *ours)?);
        for library in &LIBRARIES {
            peer = peer.min(batch(|| {
                theirs(library);
                Ok(())
            })?);
        }
    }
    Ok((best, peer))
}

/// Nanoseconds of a call, of a batch of them.
fn batch(mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    for _ in 0..BATCH {
        call()?;
    }
    Ok(began.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH))
}
