//! Photos as chunks on the wire, written from the tutorials and from the specification, without our own encoder.

use std::fmt::Write;

/// Where a device's photos go: `hex` (Aliyun) or `v2`.
pub(crate) fn topic(device: &str, format: Wire) -> String {
    let mut parts = device.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next(), format) {
        (Some("aliyun"), Some(pk), Some(dn), Wire::Hex) => {
            format!("/sys/{pk}/{dn}/thing/event/property/post")
        }
        (Some("aliyun"), Some(pk), Some(dn), Wire::V2) => format!("/{pk}/{dn}/user/photo"),
        (Some("huawei"), Some(id), None, Wire::V2) => format!("$oc/devices/{id}/user/photo"),
        _ => panic!("{device} has no such topic"),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Hex,
    V2,
}

/// The messages of a photo, in order; `frame` numbers the photo (v2).
pub(crate) fn messages(photo: &[u8], format: Wire, frame: u32) -> Vec<Vec<u8>> {
    match format {
        Wire::Hex => hex(photo),
        Wire::V2 => v2(photo, frame),
    }
}

/// What the sketch of the tutorial sends: 800 upper-case digits a message, then END.
fn hex(photo: &[u8]) -> Vec<Vec<u8>> {
    let post = |value: &str| {
        format!(r#"{{"id":"1189401707","version":"1.0.0","method":"123","params":{{"img":"{value}"}}}}"#)
            .into_bytes()
    };
    let digits = |chunk: &[u8]| {
        chunk.iter().fold(String::new(), |mut text, octet| {
            let _ = write!(text, "{octet:02X}");
            text
        })
    };
    let mut messages: Vec<Vec<u8>> = photo.chunks(400).map(|chunk| post(&digits(chunk))).collect();
    messages.push(post("END"));
    messages
}

/// The specification of format v2, field by field.
fn v2(photo: &[u8], frame: u32) -> Vec<Vec<u8>> {
    const SIZE: usize = 4096;
    let total = photo.len().div_ceil(SIZE);
    photo
        .chunks(SIZE)
        .enumerate()
        .map(|(sequence, data)| {
            let last = sequence + 1 == total;
            let mut chunk = vec![0x46, 0x43, 2, u8::from(last), 1, 40];
            chunk.extend((sequence as u16).to_be_bytes());
            chunk.extend((total as u16).to_be_bytes());
            chunk.extend(7_u16.to_be_bytes()); // epoch
            chunk.extend(frame.to_be_bytes());
            chunk.extend((photo.len() as u32).to_be_bytes());
            chunk.extend(((sequence * SIZE) as u32).to_be_bytes());
            chunk.extend(if last { crc32(&[photo]) } else { 0 }.to_be_bytes());
            chunk.extend(0_u64.to_be_bytes());
            chunk.extend(crc32(&[&chunk, data]).to_be_bytes());
            chunk.extend_from_slice(data);
            chunk
        })
        .collect()
}

/// CRC-32 ISO-HDLC, bit by bit.
fn crc32(parts: &[&[u8]]) -> u32 {
    let mut crc = u32::MAX;
    for octet in parts.iter().copied().flatten() {
        crc ^= u32::from(*octet);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1));
        }
    }
    !crc
}

#[test]
fn the_check_value_of_crc_32_comes_out() {
    assert_eq!(crc32(&[b"1234", b"56789"]), 0xCBF4_3926);
}
