//! Seed 001's chunks: the octets of its sketch, and what the assembler does when they do not come as they were sent.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{formula, hex, run};
use faceiot_core::chunk::hex::{
    Assembler, CHUNK_OCTETS, ENVELOPE, Encoder, MESSAGE_MAX, MarkerWalk, Step, begins_photo, message_count,
};
use faceiot_core::text::{base64_decode, json};
use faceiot_core::{ErrorKind, digest, topics};

/// The payloads of a photo.
fn payloads(photo: &[u8]) -> Vec<Vec<u8>> {
    let encoder = Encoder::new(photo);
    assert_eq!(encoder.len(), message_count(photo.len()));
    encoder
        .map(|message| {
            let mut out = [0; MESSAGE_MAX];
            let payload = message.write_to(&mut out).unwrap();
            assert_eq!(payload.len(), message.len());
            payload.to_vec()
        })
        .collect()
}

/// The value of `img`, read by our scanner and by `serde_json`.
fn img(payload: &[u8]) -> Vec<u8> {
    let value: serde_json::Value = serde_json::from_slice(payload).unwrap();
    let ours = json::find(payload, &["params", "img"])
        .unwrap()
        .unwrap()
        .as_plain()
        .unwrap();
    assert_eq!(value["params"]["img"], ours);
    ours.as_bytes().to_vec()
}

/// Pushes the values in this order; the steps and the photo.
fn assemble(values: &[Vec<u8>], memory: usize) -> (Vec<Result<Step, ErrorKind>>, Vec<u8>) {
    let mut memory = vec![0; memory];
    let mut assembler = Assembler::new(&mut memory);
    let steps = values
        .iter()
        .map(|value| assembler.push(value).map_err(|error| error.kind))
        .collect();
    (steps, assembler.photo().to_vec())
}

fn values(photo: &[u8]) -> Vec<Vec<u8>> {
    payloads(photo).iter().map(|payload| img(payload)).collect()
}

/// A photo with marker segments and so much entropy-coded data; `tag` makes it different from others.
fn jpeg(entropy: usize, tag: u8) -> Vec<u8> {
    let mut photo =
        b"\xFF\xD8\xFF\xE0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xFF\xDA\x00\x08\x01\x01\0\0\x3F\0"
            .to_vec();
    photo.extend((0..entropy).map(|i| (i as u8).wrapping_mul(7).wrapping_add(tag) & 0x7F));
    photo.extend(b"\xFF\xD9");
    photo
}

#[test]
fn the_messages_are_those_of_the_sketch_byte_for_byte() {
    run("aliyun.json", "seed001_hex_chunks", 9, &[], |case| {
        let photo = match case.input["jpeg_base64"].as_str() {
            Some(base64) => base64_decode(base64.as_bytes(), &mut vec![0; base64.len()])
                .unwrap()
                .to_vec(),
            None => lcg(case.input["length"].as_u64().unwrap() as usize),
        };
        assert_eq!(hex(&digest::sha256(&[&photo])), case.text("sha256"));
        let payloads = payloads(&photo);
        assert_eq!(
            payloads.len() as u64,
            case.expected["message_count"].as_u64().unwrap()
        );
        let lengths: Vec<_> = payloads.iter().map(Vec::len).collect();
        assert_eq!(serde_json::json!(lengths), case.expected["lengths"]);
        assert_eq!(
            hex(&digest::sha256(&[&payloads.join(&b'\n')])),
            case.wants("sha256_of_joined_by_newline")
        );
        let printed = case.expected["messages"].as_array().unwrap();
        for (message, payload) in printed
            .iter()
            .zip(&payloads)
            .filter(|_| printed.len() == payloads.len())
        {
            assert_eq!(message.as_str().unwrap().as_bytes(), payload);
        }
        let (steps, assembled) = assemble(&values(&photo), photo.len());
        let last = if photo.is_empty() {
            Step::Empty
        } else {
            Step::Complete { len: photo.len() }
        };
        assert_eq!(steps.last().unwrap(), &Ok(last));
        assert_eq!(assembled, photo);
    });
}

/// The vectors' generator: `x=(x*1103515245+12345)&0x7fffffff; byte=(x>>16)&255 between FFD8FFE0 and FFD9`.
fn lcg(len: usize) -> Vec<u8> {
    let mut x = 1_u64;
    let body = (0..len - 6).map(|_| {
        x = (x * 1_103_515_245 + 12_345) & 0x7FFF_FFFF;
        (x >> 16) as u8
    });
    let mut photo = b"\xFF\xD8\xFF\xE0".to_vec();
    photo.extend(body);
    photo.extend(b"\xFF\xD9");
    photo
}

#[test]
fn the_wire_is_that_of_the_compiled_sketch() {
    run("huawei_meituan.json", "seed_chunk_wire", 9, &[], |case| {
        let photo = formula(case.input["bytes"].as_u64().unwrap());
        let mut topic = [0; topics::TOPIC_BUFFER];
        let topic =
            topics::aliyun::property_post(case.text("product_key"), case.text("device_name"), &mut topic)
                .unwrap();
        assert_eq!(topic, case.wants("topic"));
        let payloads = payloads(&photo);
        assert_eq!(
            payloads.len() as u64,
            case.expected["message_count"].as_u64().unwrap()
        );
        assert_eq!(
            serde_json::json!(payloads.iter().map(Vec::len).collect::<Vec<_>>()),
            case.expected["payload_lengths"]
        );
        let images: Vec<_> = payloads.iter().map(|payload| img(payload).len()).collect();
        assert_eq!(serde_json::json!(images), case.expected["img_lengths"]);
        assert_eq!(
            hex(&digest::sha256(&[&payloads.concat()])),
            case.wants("sha256_concat_payloads")
        );
        assert_eq!(payloads[0], case.wants("first_payload").as_bytes());
        assert_eq!(
            payloads[payloads.len() - 1],
            case.wants("last_payload").as_bytes()
        );
        if let Some(last_data) = case.expected["last_data_payload"].as_str() {
            assert_eq!(payloads[payloads.len() - 2], last_data.as_bytes());
        }
        assert_eq!(
            hex(&digest::crc32(&photo).to_be_bytes()),
            case.wants("jpeg_crc32")
        );
        let (steps, assembled) = assemble(&values(&photo), photo.len());
        assert!(steps.iter().all(Result::is_ok));
        assert_eq!(hex(&digest::sha256(&[&assembled])), case.wants("jpeg_sha256"));
    });
}

#[test]
fn a_full_message_is_872_octets_and_a_buffer_that_is_shorter_is_refused() {
    assert_eq!((ENVELOPE[0].len(), ENVELOPE[1].len(), MESSAGE_MAX), (69, 3, 872));
    let photo = [7; CHUNK_OCTETS];
    let message = Encoder::new(&photo).next().unwrap();
    assert!(!message.is_end());
    assert_eq!(
        message.write_to(&mut [0; MESSAGE_MAX - 1]).unwrap_err().kind,
        ErrorKind::BufferTooSmall
    );
    assert_eq!(
        message.write_text_to(&mut [0; 799]).unwrap_err().kind,
        ErrorKind::BufferTooSmall
    );
    assert_eq!(
        message.write_text_to(&mut [0; 900]).unwrap(),
        "07".repeat(400).as_bytes()
    );
}

#[test]
fn lower_case_hex_is_read_too() {
    let photo = jpeg(1000, 0);
    let lower: Vec<_> = values(&photo)
        .iter()
        .map(|value| {
            if value == b"END" {
                value.clone()
            } else {
                value.to_ascii_lowercase()
            }
        })
        .collect();
    assert_eq!(assemble(&lower, 4096).1, photo);
    assert!(
        begins_photo(b"ffd8ffe0")
            && begins_photo(b"FFD8FFE0")
            && !begins_photo(b"FFD8")
            && !begins_photo(b"0FFD8F")
    );
}

#[test]
fn bad_chunks_are_named_and_the_next_photo_is_whole() {
    let (damaged, next) = (jpeg(3000, 1), jpeg(2000, 2));
    for (bad, kind) in [
        (b"FFD".to_vec(), ErrorKind::Hex),
        (b"FG".to_vec(), ErrorKind::Hex),
        (b"0xFF".to_vec(), ErrorKind::Hex),
        (b" FF ".to_vec(), ErrorKind::Hex),
        (b"end".to_vec(), ErrorKind::Hex),
        (b"~2RkM=".to_vec(), ErrorKind::Hex),
        (Vec::new(), ErrorKind::Hex),
        (vec![b'A'; 9000], ErrorKind::FrameTooLarge),
    ] {
        let mut sent = values(&damaged);
        sent.insert(2, bad.clone());
        sent.extend(values(&next));
        let (steps, photo) = assemble(&sent, 4096);
        assert_eq!(steps[2], Err(kind), "{:?}", String::from_utf8_lossy(&bad));
        let dropped = steps.iter().filter(|step| **step == Ok(Step::Dropped)).count();
        assert_eq!(
            dropped,
            values(&damaged).len() - 2,
            "the rest of the damaged photo and its END"
        );
        assert_eq!(steps.last().unwrap(), &Ok(Step::Complete { len: next.len() }));
        assert_eq!(photo, next);
    }
}

#[test]
fn a_photo_over_the_cap_is_refused_and_the_next_one_is_whole() {
    let (large, next) = (jpeg(5000, 1), jpeg(2000, 2));
    let mut sent = values(&large);
    sent.extend(values(&next));
    let (steps, photo) = assemble(&sent, 4096);
    assert_eq!(
        steps
            .iter()
            .filter(|step| **step == Err(ErrorKind::FrameTooLarge))
            .count(),
        1
    );
    assert_eq!(photo, next);
}

#[test]
fn a_photo_that_fills_the_memory_exactly_is_taken() {
    let photo = jpeg(3000, 1);
    assert_eq!(assemble(&values(&photo), photo.len()).1, photo);
}

#[test]
fn without_its_end_a_photo_gives_way_to_the_next_one() {
    let (first, second) = (jpeg(3000, 1), jpeg(2000, 2));
    let mut sent = values(&first);
    sent.pop();
    sent.extend(values(&second));
    let (steps, photo) = assemble(&sent, 9000);
    assert_eq!(steps[8], Ok(Step::Restarted { dropped: first.len() }));
    assert_eq!(steps.last().unwrap(), &Ok(Step::Complete { len: second.len() }));
    assert_eq!(photo, second);

    // The first one breaks off in the middle of its entropy-coded data.
    let mut sent = values(&first)[..4].to_vec();
    sent.extend(values(&second));
    let (steps, photo) = assemble(&sent, 9000);
    assert_eq!(
        steps[4],
        Ok(Step::Restarted {
            dropped: 4 * CHUNK_OCTETS
        })
    );
    assert_eq!(photo, second);

    // A refused chunk in the entropy-coded data, and END is lost: the next photo is found by its beginning.
    let mut sent = values(&first)[..4].to_vec();
    sent.push(b"F".to_vec());
    sent.extend(values(&second));
    let (steps, photo) = assemble(&sent, 9000);
    assert_eq!(
        (steps[4], steps[5]),
        (
            Err(ErrorKind::Hex),
            Ok(Step::Restarted {
                dropped: 4 * CHUNK_OCTETS
            })
        )
    );
    assert_eq!(photo, second);
}

#[test]
fn an_exif_thumbnail_at_the_head_of_a_chunk_is_not_another_photo() {
    // APP1 fills the first chunk to its last octet; the thumbnail in it begins with the second chunk.
    let thumbnail = jpeg(300, 9);
    let segment = CHUNK_OCTETS - 4 + thumbnail.len();
    let mut photo = b"\xFF\xD8\xFF\xE1".to_vec();
    photo.extend(((segment) as u16).to_be_bytes());
    photo.extend(b"Exif\0\0");
    photo.resize(CHUNK_OCTETS, 0x2A);
    photo.extend(&thumbnail);
    photo.extend(&jpeg(2000, 3)[2..]);
    let sent = values(&photo);
    assert!(begins_photo(&sent[1]), "the case must be the one it names");
    let (steps, assembled) = assemble(&sent, 9000);
    assert!(
        !steps
            .iter()
            .any(|step| matches!(step, Ok(Step::Restarted { .. }))),
        "{steps:?}"
    );
    assert_eq!(assembled, photo);

    // The same octets behind the image data are another photo.
    let mut sent = values(&photo)[..5].to_vec();
    sent.extend(values(&jpeg(500, 4)));
    let (steps, assembled) = assemble(&sent, 9000);
    assert_eq!(
        steps[5],
        Ok(Step::Restarted {
            dropped: 5 * CHUNK_OCTETS
        })
    );
    assert_eq!(assembled, jpeg(500, 4));
}

#[test]
fn end_without_a_photo_is_empty_and_twice_too() {
    let end = || b"END".to_vec();
    assert_eq!(assemble(&[end(), end()], 8).0, [Ok(Step::Empty), Ok(Step::Empty)]);
    let sent = [b"FFD8".to_vec(), end(), end(), b"FFD9".to_vec(), end()];
    let (steps, photo) = assemble(&sent, 8);
    assert_eq!(
        steps,
        [
            Ok(Step::More),
            Ok(Step::Complete { len: 2 }),
            Ok(Step::Empty),
            Ok(Step::More),
            Ok(Step::Complete { len: 2 })
        ]
    );
    assert_eq!(photo, b"\xFF\xD9");
}

#[test]
fn the_walk_says_the_same_however_the_photo_is_cut() {
    let mut photo = jpeg(700, 5);
    photo.splice(300..300, *b"\xFF\x00\xFF\xD0\xFF\xFF\xD7"); // a stuffed FF, restart markers, a fill octet
    let at_once = |len: usize| {
        let mut walk = MarkerWalk::new();
        walk.feed(&photo[..len]);
        walk
    };
    let mut walk = MarkerWalk::new();
    for (at, octet) in photo.iter().enumerate() {
        assert_eq!(walk, at_once(at), "before octet {at}");
        walk.feed(&[*octet]);
    }
    assert!(walk.is_past_end() && walk.can_restart());
    assert!(!at_once(photo.len() - 1).is_past_end());
    assert!(!at_once(20).can_restart(), "in the JFIF segment");
    assert!(at_once(100).can_restart(), "in the entropy-coded data");
}

#[test]
fn octets_that_are_no_jpeg_never_restart() {
    for octets in [
        &b"\x00\x01"[..],
        b"\xFF\x00",
        b"\xFF\xD8\x00",
        b"\xFF\xD8\xFF\xD8",
        b"\xFF\xD8\xFF\xE0\x00\x01",
        b"GIF89a",
    ] {
        let mut walk = MarkerWalk::new();
        walk.feed(octets);
        walk.feed(b"\xFF\xD9\xFF\xDA\x00\x02\xFF\xD9");
        assert!(!walk.can_restart(), "{octets:x?}");
    }
}
