//! The strict look at every packet before mqtt-protocol-core sees it.
//!
//! mqtt-protocol-core 0.7.9 takes some packets that MQTT 3.1.1 forbids, answers some malformed CONNECTs
//! instead of closing silently, and does nothing about others. Everything it is too kind to, and everything
//! whose answer we want in our own hands, is decided here: a pure function from one whole packet to a
//! verdict. It walks the packet to its last byte, so what passes is well formed; numbers in brackets are the
//! statements of the standard.
//!
//! MQTT 5.0 comes with its own rows; until then its CONNECT is answered like any unknown level.

use crate::topic::{is_filter, is_topic};

/// Where the connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Nothing received yet.
    First,
    /// CONNECT has been received.
    Later,
}

/// What to do with a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gate {
    /// Hand it on.
    Pass,
    /// Close the connection without an answer; the words are for the log.
    Close(&'static str),
    /// Answer CONNACK 0x01 and close [MQTT-3.1.2-2].
    Level(u8),
    /// Answer CONNACK 0x02 and close [MQTT-3.1.3-8].
    EmptyClientId,
}

/// Judges one whole packet, fixed header included, as the frame reader cuts it.
pub fn gate(packet: &[u8], phase: Phase) -> Gate {
    match judge(packet, phase) {
        Ok(()) => Gate::Pass,
        Err(verdict) => verdict,
    }
}

type Judgement = Result<(), Gate>;

fn judge(packet: &[u8], phase: Phase) -> Judgement {
    let Some((&first, rest)) = packet.split_first() else {
        return close("an empty packet");
    };
    let mut body = Body {
        rest: skip_length(rest)?,
    };
    let (kind, flags) = (first >> 4, first & 0x0f);
    match (phase, kind) {
        (Phase::First, CONNECT) | (Phase::Later, 3..=14) => {}
        (Phase::First, _) => return close("the first packet is not CONNECT [MQTT-3.1.0-1]"),
        (Phase::Later, CONNECT) => return close("a second CONNECT [MQTT-3.1.0-2]"),
        (Phase::Later, _) => return close("a reserved packet type"),
    }
    let expected = if matches!(kind, PUBREL | SUBSCRIBE | UNSUBSCRIBE) {
        2
    } else {
        0
    };
    if kind != PUBLISH && flags != expected {
        return close("reserved flags in the fixed header [MQTT-2.2.2-2]");
    }
    match kind {
        CONNECT => connect(&mut body)?,
        PUBLISH => return publish(&mut body, flags),
        PUBACK..=PUBCOMP => body.packet_id()?,
        SUBSCRIBE => {
            body.packet_id()?;
            body.filters(|body| {
                let options = body.byte()?;
                ensure(
                    options & 0xfc == 0,
                    "reserved bits in a subscription's options [MQTT-3.8.3-4]",
                )?;
                ensure(options != 3, "QoS 3 asked for [MQTT-3.8.3-4]")
            })?;
        }
        UNSUBSCRIBE => {
            body.packet_id()?;
            body.filters(|_| Ok(()))?;
        }
        PINGREQ | DISCONNECT => {}
        _ => return close("a packet that only a server sends"),
    }
    ensure(body.rest.is_empty(), "bytes behind the packet's last field")
}

fn connect(body: &mut Body<'_>) -> Judgement {
    let name = body.binary()?;
    let level = body.byte()?;
    match (name, level) {
        (b"MQTT", 4) => {}
        // 3.1 calls itself MQIsdp: it is a known protocol of an unknown level, and gets the answer that its
        // users can read.
        (b"MQTT" | b"MQIsdp", level) => return Err(Gate::Level(level)),
        _ => return close("not the MQTT protocol [MQTT-3.1.2-1]"),
    }
    let flags = body.byte()?;
    let (clean, will, qos, retain) = (
        flags & 0x02 != 0,
        flags & 0x04 != 0,
        flags >> 3 & 3,
        flags & 0x20 != 0,
    );
    let (password, username) = (flags & 0x40 != 0, flags & 0x80 != 0);
    ensure(
        flags & 1 == 0,
        "the reserved flag of CONNECT is set [MQTT-3.1.2-3]",
    )?;
    ensure(will || qos == 0, "a will QoS without a will [MQTT-3.1.2-13]")?;
    ensure(will || !retain, "will retain without a will [MQTT-3.1.2-15]")?;
    ensure(qos != 3, "will QoS 3 [MQTT-3.1.2-14]")?;
    ensure(
        username || !password,
        "a password without a user name [MQTT-3.1.2-22]",
    )?;
    body.take(2)?; // keep alive
    let client_id = body.text()?;
    if will {
        ensure(
            is_topic(body.text()?),
            "the topic of the will is not a topic name",
        )?;
        body.binary()?;
    }
    if username {
        body.text()?;
    }
    if password {
        body.binary()?;
    }
    ensure(body.rest.is_empty(), "bytes behind the last field of CONNECT")?;
    if client_id.is_empty() && !clean {
        Err(Gate::EmptyClientId)
    } else {
        Ok(())
    }
}

fn publish(body: &mut Body<'_>, flags: u8) -> Judgement {
    let (dup, qos) = (flags & 0x08 != 0, flags >> 1 & 3);
    ensure(qos != 3, "QoS 3 [MQTT-3.3.1-4]")?;
    ensure(qos != 0 || !dup, "DUP with QoS 0 [MQTT-3.3.1-2]")?;
    ensure(
        is_topic(body.text()?),
        "an empty topic or one with wildcards [MQTT-3.3.2-2] [MQTT-4.7.3-1]",
    )?;
    if qos > 0 {
        body.packet_id()?;
    }
    Ok(())
}

/// What has not been looked at yet.
struct Body<'a> {
    rest: &'a [u8],
}

impl<'a> Body<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Gate> {
        let Some((taken, rest)) = self.rest.split_at_checked(n) else {
            return close("the packet ends too early");
        };
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Gate> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> Result<u16, Gate> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn packet_id(&mut self) -> Judgement {
        ensure(self.number()? != 0, "packet id 0 [MQTT-2.3.1-1]")
    }

    fn binary(&mut self) -> Result<&'a [u8], Gate> {
        let length = self.number()?;
        self.take(usize::from(length))
    }

    fn text(&mut self) -> Result<&'a str, Gate> {
        let Ok(text) = std::str::from_utf8(self.binary()?) else {
            return close("a string that is not UTF-8 [MQTT-1.5.3-1]");
        };
        ensure(!text.contains('\0'), "U+0000 in a string [MQTT-1.5.3-2]")?;
        Ok(text)
    }

    fn filters(&mut self, each: impl Fn(&mut Self) -> Judgement) -> Judgement {
        ensure(
            !self.rest.is_empty(),
            "no topic filter [MQTT-3.8.3-3] [MQTT-3.10.3-2]",
        )?;
        while !self.rest.is_empty() {
            ensure(
                is_filter(self.text()?),
                "a malformed topic filter [MQTT-4.7.1-2] [MQTT-4.7.1-3]",
            )?;
            each(self)?;
        }
        Ok(())
    }
}

/// The body behind Remaining Length, which must say exactly how long it is.
fn skip_length(bytes: &[u8]) -> Result<&[u8], Gate> {
    let mut length = 0;
    for (i, &byte) in bytes.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            let body = &bytes[i + 1..];
            ensure(body.len() == length, "not one whole packet")?;
            return Ok(body);
        }
    }
    close("malformed remaining length")
}

fn ensure(holds: bool, otherwise: &'static str) -> Judgement {
    if holds { Ok(()) } else { close(otherwise) }
}

fn close<T>(why: &'static str) -> Result<T, Gate> {
    Err(Gate::Close(why))
}

const CONNECT: u8 = 1;
const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;
const PUBREL: u8 = 6;
const PUBCOMP: u8 = 7;
const SUBSCRIBE: u8 = 8;
const UNSUBSCRIBE: u8 = 10;
const PINGREQ: u8 = 12;
const DISCONNECT: u8 = 14;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(first: u8, body: &[u8]) -> Vec<u8> {
        let mut packet = vec![first];
        let mut n = body.len();
        while n > 127 {
            packet.push(0x80 | (n % 128) as u8);
            n /= 128;
        }
        packet.push(n as u8);
        packet.extend_from_slice(body);
        packet
    }

    fn text(text: &str) -> Vec<u8> {
        [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
    }

    /// Packets that are well formed, and their neighbours: one byte changed, cut or added.
    fn packets() -> impl Strategy<Value = Vec<u8>> {
        let word = "[a-z/+#$\u{0}\u{e9}]{0,6}";
        let connect = (word, any::<u8>(), word, word).prop_map(|(id, flags, a, b)| {
            framed(
                0x10,
                &[
                    &text("MQTT")[..],
                    &[4, flags, 0, 9],
                    &text(&id),
                    &text(&a),
                    &text(&b),
                ]
                .concat(),
            )
        });
        let publish = (0_u8..16, word, any::<[u8; 4]>())
            .prop_map(|(flags, topic, rest)| framed(0x30 | flags, &[&text(&topic)[..], &rest].concat()));
        let subscribe =
            (any::<u16>(), prop::collection::vec((word, 0_u8..4), 0..4)).prop_map(|(id, filters)| {
                let entries = filters.iter().flat_map(|(f, q)| [text(f), vec![*q]].concat());
                framed(
                    0x82,
                    &id.to_be_bytes().into_iter().chain(entries).collect::<Vec<_>>(),
                )
            });
        let short = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..5))
            .prop_map(|(first, body)| framed(first, &body));
        let noise = prop::collection::vec(any::<u8>(), 0..40);
        let any_packet = prop_oneof![connect, publish, subscribe, short, noise];
        (any_packet, any::<prop::sample::Index>(), any::<u8>(), 0..4).prop_map(
            |(mut packet, at, byte, change)| {
                let at = at.index(packet.len().max(1));
                match change {
                    0 if at < packet.len() => packet[at] = byte,
                    1 => packet.truncate(at),
                    2 => packet.push(byte),
                    _ => {}
                }
                packet
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

        /// What passes is one whole packet that mqtt-protocol-core takes as well; what does not is closed in
        /// words.
        #[test]
        fn what_passes_is_a_whole_packet_that_the_state_machine_takes(packet in packets()) {
            for phase in [Phase::First, Phase::Later] {
                let verdict = gate(&packet, phase);
                if let Gate::Close(why) = verdict {
                    prop_assert!(!why.is_empty());
                }
                if verdict == Gate::Pass {
                    prop_assert!(crate::fuzz::machine_takes(&packet, phase), "{packet:02x?} in {phase:?}");
                }
            }
        }
    }
}
