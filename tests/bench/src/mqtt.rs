//! The few MQTT 3.1.1 packets that the load is made of, written by hand so that no client library is measured.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

/// Types of packets, the high four bits of the first octet.
pub(crate) const CONNACK: u8 = 2;
/// See [`CONNACK`].
pub(crate) const PUBACK: u8 = 4;

/// CONNECT with a clean session.
pub(crate) fn connect(client_id: &str, username: &str, password: &str, keep_alive: u16) -> BytesMut {
    let mut body = BytesMut::new();
    text(&mut body, "MQTT");
    body.put_u8(4);
    body.put_u8(0b1100_0010);
    body.put_u16(keep_alive);
    for field in [client_id, username, password] {
        text(&mut body, field);
    }
    let mut out = BytesMut::new();
    out.put_u8(0x10);
    length(&mut out, body.len());
    out.unsplit(body);
    out
}

/// Everything of a PUBLISH but its payload; `packet_id` makes it QoS 1.
pub(crate) fn publish(out: &mut BytesMut, topic: &str, packet_id: Option<u16>, payload: &[u8]) {
    out.put_u8(if packet_id.is_some() { 0x32 } else { 0x30 });
    length(out, 2 + topic.len() + packet_id.map_or(0, |_| 2) + payload.len());
    text(out, topic);
    if let Some(id) = packet_id {
        out.put_u16(id);
    }
    out.put_slice(payload);
}

/// Takes one whole packet from the front of what was read: its type and its body.
pub(crate) fn take(input: &mut BytesMut) -> Option<(u8, Bytes)> {
    let first = *input.first()?;
    let (mut remaining, mut at) = (0_usize, 1);
    loop {
        let octet = *input.get(at)?;
        remaining |= usize::from(octet & 0x7F) << (7 * (at - 1));
        at += 1;
        if octet & 0x80 == 0 || at > 4 {
            break;
        }
    }
    if input.len() < at + remaining {
        return None;
    }
    input.advance(at);
    Some((first >> 4, input.split_to(remaining).freeze()))
}

fn text(out: &mut BytesMut, value: &str) {
    out.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
    out.put_slice(value.as_bytes());
}

fn length(out: &mut BytesMut, mut value: usize) {
    loop {
        let octet = (value % 128) as u8;
        value /= 128;
        out.put_u8(if value > 0 { octet | 0x80 } else { octet });
        if value == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connect_packet_is_what_the_standard_shows() {
        let packet = connect("a", "b", "c", 60);
        assert_eq!(
            &packet[..],
            b"\x10\x13\x00\x04MQTT\x04\xC2\x00\x3C\x00\x01a\x00\x01b\x00\x01c"
        );
    }

    #[test]
    fn packets_are_taken_whole_and_in_order() {
        let mut stream = BytesMut::new();
        publish(&mut stream, "t", None, &[7; 200]);
        publish(&mut stream, "t", Some(9), b"x");
        let all = stream.clone();
        let mut partial = BytesMut::from(&all[..all.len() - 1]);
        assert_eq!(
            take(&mut partial).map(|(kind, body)| (kind, body.len())),
            Some((3, 203))
        );
        assert_eq!(take(&mut partial), None);
        assert_eq!(
            take(&mut stream).map(|(kind, body)| (kind, body.len())),
            Some((3, 203))
        );
        assert_eq!(
            take(&mut stream),
            Some((3, Bytes::from_static(b"\x00\x01t\x00\x09x")))
        );
        assert_eq!(take(&mut stream), None);
    }
}
