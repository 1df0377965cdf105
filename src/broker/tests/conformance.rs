//! Statements of MQTT 3.1.1 over raw sockets, one named row each. Numbers in brackets are those of the
//! standard.

mod common;

use common::{Client, Rig, connect, connect_with, packet, puback, publish, subscribe, text, unsubscribe};
use futures_util::future::join_all;

/// What the broker must do.
enum Then {
    /// Close without a word.
    Close,
    /// Answer this and close.
    AnswerAndClose(Vec<u8>),
    /// Answer this (or nothing) and go on.
    Answer(Vec<u8>),
}

use Then::{Answer, AnswerAndClose, Close};

struct Case {
    name: &'static str,
    logged_in: bool,
    send: Vec<u8>,
    then: Then,
}

fn fresh(name: &'static str, send: Vec<u8>, then: Then) -> Case {
    Case {
        name,
        logged_in: false,
        send,
        then,
    }
}

fn later(name: &'static str, send: Vec<u8>, then: Then) -> Case {
    Case {
        name,
        logged_in: true,
        send,
        then,
    }
}

fn connack(code: u8) -> Vec<u8> {
    vec![0x20, 2, 0, code]
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn first_packets() -> Vec<Case> {
    let id = text("device");
    let named = |name: &str, level| {
        let body = join(&[&text(name), &[level, 2, 0, 0], &text("device")]);
        packet(0x10, &body)
    };
    vec![
        fresh("PINGREQ before CONNECT [3.1.0-1]", vec![0xc0, 0], Close),
        fresh("PUBLISH before CONNECT [3.1.0-1]", publish("x", b"", 0, 0), Close),
        fresh(
            "SUBSCRIBE before CONNECT [3.1.0-1]",
            subscribe(1, &[("x", 0)]),
            Close,
        ),
        fresh("DISCONNECT before CONNECT [3.1.0-1]", vec![0xe0, 0], Close),
        fresh(
            "a good CONNECT [3.2.0-1]",
            connect("device-good", true, 60),
            Answer(connack(0)),
        ),
        fresh(
            "protocol level 9 gets code 1 [3.1.2-2]",
            connect_with(9, 2, 0, &id),
            AnswerAndClose(connack(1)),
        ),
        fresh(
            "MQTT 5.0 gets code 1 [3.1.2-2]",
            connect_with(5, 2, 0, &join(&[&[0], &id])),
            AnswerAndClose(connack(1)),
        ),
        fresh(
            "MQTT 3.1 gets code 1 [3.1.2-2]",
            named("MQIsdp", 3),
            AnswerAndClose(connack(1)),
        ),
        fresh(
            "another protocol name is closed [3.1.2-1]",
            named("MQTX", 4),
            Close,
        ),
        fresh(
            "the name in lower case is closed [3.1.2-1]",
            named("mqtt", 4),
            Close,
        ),
        fresh("packet type 0 as the first", vec![0, 0], Close),
    ]
}

fn connect_flags() -> Vec<Case> {
    let id = text("device");
    let will = |topic: &str| join(&[&id, &text(topic), &text("gone")]);
    let mut flagged = connect("device", true, 0);
    flagged[0] = 0x11;
    vec![
        fresh(
            "reserved flag of CONNECT [3.1.2-3]",
            connect_with(4, 3, 0, &id),
            Close,
        ),
        fresh(
            "will QoS without will [3.1.2-13]",
            connect_with(4, 0x0a, 0, &id),
            Close,
        ),
        fresh(
            "will QoS 3 [3.1.2-14]",
            connect_with(4, 0x1e, 0, &will("w")),
            Close,
        ),
        fresh(
            "will retain without will [3.1.2-15]",
            connect_with(4, 0x22, 0, &id),
            Close,
        ),
        fresh(
            "will flag without a will [3.1.2-9]",
            connect_with(4, 0x06, 0, &id),
            Close,
        ),
        fresh(
            "will topic with a wildcard [4.7.1-1]",
            connect_with(4, 0x06, 0, &will("w/#")),
            Close,
        ),
        fresh(
            "a will is not offered: code 5",
            connect_with(4, 0x06, 0, &will("w")),
            AnswerAndClose(connack(5)),
        ),
        fresh(
            "password without user name [3.1.2-22]",
            connect_with(4, 0x42, 0, &join(&[&id, &text("p")])),
            Close,
        ),
        fresh(
            "user name flag without a user name [3.1.2-19]",
            connect_with(4, 0x82, 0, &id),
            Close,
        ),
        fresh(
            "a user name that no flag announced [3.1.2-18]",
            connect_with(4, 2, 0, &join(&[&id, &text("u")])),
            Close,
        ),
        fresh(
            "user name and password",
            connect_with(4, 0xc2, 0, &join(&[&text("device-up"), &text("u"), &text("p")])),
            Answer(connack(0)),
        ),
        fresh("flags in the fixed header of CONNECT [2.2.2-2]", flagged, Close),
        fresh(
            "user name that is not UTF-8 [1.5.3-1]",
            connect_with(4, 0x82, 0, &join(&[&id, &[0, 1, 0xff]])),
            Close,
        ),
    ]
}

fn client_ids_and_sizes() -> Vec<Case> {
    let id = text("device");
    vec![
        fresh(
            "bytes behind the last field of CONNECT",
            connect_with(4, 2, 0, &join(&[&id, &[0]])),
            Close,
        ),
        fresh(
            "CONNECT that ends in its client id",
            connect_with(4, 2, 0, &[0, 9, b'x']),
            Close,
        ),
        fresh(
            "client id that is not UTF-8 [1.5.3-1]",
            connect_with(4, 2, 0, &[0, 2, 0xc3, 0x28]),
            Close,
        ),
        fresh(
            "client id with a surrogate [1.5.3-1]",
            connect_with(4, 2, 0, &[0, 3, 0xed, 0xa0, 0x80]),
            Close,
        ),
        fresh(
            "client id with U+0000 [1.5.3-2]",
            connect_with(4, 2, 0, &[0, 2, b'a', 0]),
            Close,
        ),
        fresh(
            "empty client id without a clean session gets code 2 [3.1.3-8]",
            connect("", false, 0),
            AnswerAndClose(connack(2)),
        ),
        fresh(
            "empty client id with a clean session [3.1.3-6]",
            connect("", true, 0),
            Answer(connack(0)),
        ),
        fresh(
            "a client id of 1,000 bytes",
            connect(&"i".repeat(1000), true, 0),
            Answer(connack(0)),
        ),
        fresh(
            "refused by the rules: code 2",
            connect("refused-2", true, 0),
            AnswerAndClose(connack(2)),
        ),
        fresh(
            "refused by the rules: code 3",
            connect("refused-3", true, 0),
            AnswerAndClose(connack(3)),
        ),
        fresh(
            "refused by the rules: code 4",
            connect("refused-4", true, 0),
            AnswerAndClose(connack(4)),
        ),
        fresh(
            "refused by the rules: code 5",
            connect("refused-5", true, 0),
            AnswerAndClose(connack(5)),
        ),
        fresh(
            "a packet of more than 4 KiB before login",
            connect(&"i".repeat(5000), true, 0),
            Close,
        ),
        fresh(
            "a length of 256 MiB before login",
            vec![0x10, 0xff, 0xff, 0xff, 0x7f],
            Close,
        ),
        fresh(
            "a Remaining Length of five bytes [2.2.3]",
            vec![0x10, 0xff, 0xff, 0xff, 0xff, 0x01],
            Close,
        ),
    ]
}

fn before_login() -> Vec<Case> {
    [first_packets(), connect_flags(), client_ids_and_sizes()]
        .into_iter()
        .flatten()
        .collect()
}

fn publishing() -> Vec<Case> {
    vec![
        later("a second CONNECT [3.1.0-2]", connect("device", true, 0), Close),
        later("QoS 0 gets no answer", publish("x", b"p", 0, 0), Answer(vec![])),
        later(
            "QoS 1 is acknowledged with its id [3.3.4-1]",
            publish("x", b"p", 2, 0x1234),
            Answer(puback(0x1234)),
        ),
        later(
            "packet id 65535",
            publish("x", b"p", 2, 65535),
            Answer(puback(65535)),
        ),
        later(
            "QoS 1 with DUP is acknowledged",
            publish("x", b"p", 0x0a, 5),
            Answer(puback(5)),
        ),
        later("an empty payload", publish("x", b"", 2, 6), Answer(puback(6))),
        later(
            "acknowledgements in the order of the messages [4.6.0-2]",
            join(&[
                &publish("x", b"", 2, 9),
                &publish("y", b"", 2, 3),
                &publish("x", b"", 2, 7),
            ]),
            Answer(join(&[&puback(9), &puback(3), &puback(7)])),
        ),
        later("QoS 3 [3.3.1-4]", publish("x", b"", 6, 1), Close),
        later("DUP with QoS 0 [3.3.1-2]", publish("x", b"", 8, 0), Close),
        later("packet id 0 [2.3.1-1]", publish("x", b"", 2, 0), Close),
        later("a topic with + [3.3.2-2]", publish("a/+", b"", 0, 0), Close),
        later("a topic with # [3.3.2-2]", publish("a/#", b"", 0, 0), Close),
        later("an empty topic [4.7.3-1]", publish("", b"", 0, 0), Close),
        later("a topic with U+0000 [4.7.3-2]", publish("a\0b", b"", 0, 0), Close),
        later(
            "a topic that is not UTF-8 [3.3.2-1]",
            packet(0x30, &[0, 2, 0xc0, 0x80]),
            Close,
        ),
        later(
            "a topic longer than the packet",
            packet(0x30, &[0, 9, b'x']),
            Close,
        ),
        later(
            "a QoS 1 PUBLISH without room for its id",
            packet(0x32, &[0, 1, b'x', 0]),
            Close,
        ),
        later("QoS 2 is not offered", publish("x", b"", 4, 1), Close),
        later(
            "retained messages are not offered",
            publish("x", b"p", 1, 0),
            Close,
        ),
        later(
            "a packet of more than 1 MiB",
            packet(0x30, &join(&[&text("x"), &vec![0; 1 << 20]])),
            Close,
        ),
        later(
            "a packet of just 1 MiB",
            packet(0x30, &join(&[&text("x"), &vec![0; (1 << 20) - 7]])),
            Answer(vec![]),
        ),
        later(
            "PUBACK for an unknown id does no harm",
            puback(77),
            Answer(vec![]),
        ),
        later("PUBACK with flags [2.2.2-2]", vec![0x42, 2, 0, 1], Close),
        later("PUBACK with packet id 0", puback(0), Close),
        later("PUBACK that is too long", vec![0x40, 3, 0, 1, 0], Close),
        later("PUBREC for nothing", vec![0x50, 2, 0, 1], Close),
        later("PUBREL without its flags [3.6.1-1]", vec![0x60, 2, 0, 1], Close),
        later(
            "PUBREL for an unknown id is answered [4.3.3-2]",
            vec![0x62, 2, 0, 9],
            Answer(vec![0x70, 2, 0, 9]),
        ),
        later("PUBCOMP for nothing", vec![0x70, 2, 0, 1], Close),
    ]
}

fn subscribing() -> Vec<Case> {
    let mut unflagged = subscribe(1, &[("x", 0)]);
    unflagged[0] = 0x80;
    let mut unflagged_too = unsubscribe(1, "x");
    unflagged_too[0] = 0xa0;
    vec![
        later(
            "SUBACK has one code per filter, in order [3.8.4-5]",
            subscribe(10, &[("a", 1), ("forbidden", 0), ("b", 0), ("c", 2)]),
            Answer(vec![0x90, 6, 0, 10, 1, 0x80, 0, 1]),
        ),
        later("SUBSCRIBE without its flags [3.8.1-1]", unflagged, Close),
        later(
            "SUBSCRIBE with packet id 0 [2.3.1-1]",
            subscribe(0, &[("x", 0)]),
            Close,
        ),
        later("SUBSCRIBE without a filter [3.8.3-3]", subscribe(1, &[]), Close),
        later("SUBSCRIBE with QoS 3 [3.8.3-4]", subscribe(1, &[("x", 3)]), Close),
        later(
            "SUBSCRIBE with reserved bits [3.8.3-4]",
            subscribe(1, &[("x", 0x10)]),
            Close,
        ),
        later(
            "SUBSCRIBE with an empty filter [4.7.3-1]",
            subscribe(1, &[("", 0)]),
            Close,
        ),
        later(
            "# that is not the last level [4.7.1-2]",
            subscribe(1, &[("a/#/b", 0)]),
            Close,
        ),
        later(
            "# beside other characters [4.7.1-2]",
            subscribe(1, &[("a#", 0)]),
            Close,
        ),
        later(
            "+ beside other characters [4.7.1-3]",
            subscribe(1, &[("a+/b", 0)]),
            Close,
        ),
        later(
            "a filter with U+0000 [4.7.3-2]",
            subscribe(1, &[("a\0", 0)]),
            Close,
        ),
        later(
            "a filter that is not UTF-8 [3.8.3-1]",
            packet(0x82, &[0, 1, 0, 1, 0xff, 0]),
            Close,
        ),
        later(
            "SUBSCRIBE that ends before its QoS",
            packet(0x82, &[0, 1, 0, 1, b'x']),
            Close,
        ),
        later(
            "UNSUBSCRIBE of nothing is answered [3.10.4-5]",
            unsubscribe(11, "never"),
            Answer(vec![0xb0, 2, 0, 11]),
        ),
        later("UNSUBSCRIBE without its flags [3.10.1-1]", unflagged_too, Close),
        later(
            "UNSUBSCRIBE without a filter [3.10.3-2]",
            packet(0xa2, &[0, 1]),
            Close,
        ),
        later(
            "UNSUBSCRIBE with packet id 0 [2.3.1-1]",
            unsubscribe(0, "x"),
            Close,
        ),
    ]
}

fn others() -> Vec<Case> {
    vec![
        later(
            "PINGREQ is answered [3.12.4-1]",
            vec![0xc0, 0],
            Answer(vec![0xd0, 0]),
        ),
        later(
            "two packets in one segment",
            vec![0xc0, 0, 0xc0, 0],
            Answer(vec![0xd0, 0, 0xd0, 0]),
        ),
        later("PINGREQ with flags [2.2.2-2]", vec![0xc1, 0], Close),
        later("PINGREQ with a body", vec![0xc0, 1, 0], Close),
        later("DISCONNECT closes [3.14.4-1]", vec![0xe0, 0], Close),
        later("DISCONNECT with flags [3.14.1-1]", vec![0xe1, 0], Close),
        later("DISCONNECT with a body", vec![0xe0, 1, 0], Close),
        later("CONNACK from a client", connack(0), Close),
        later("SUBACK from a client", vec![0x90, 3, 0, 1, 0], Close),
        later("UNSUBACK from a client", vec![0xb0, 2, 0, 1], Close),
        later("PINGRESP from a client", vec![0xd0, 0], Close),
        later("packet type 0 [2.2.1]", vec![0, 0], Close),
        later("packet type 15 [2.2.1]", vec![0xf0, 0], Close),
        later(
            "a Remaining Length of five bytes [2.2.3]",
            vec![0xc0, 0x80, 0x80, 0x80, 0x80, 0],
            Close,
        ),
    ]
}

/// Runs a case; the words say what went wrong.
async fn run(rig: &Rig, number: usize, case: &Case, pieces: bool) -> Result<(), String> {
    let mut client = if case.logged_in {
        rig.client(&format!("case-{number}-{pieces}")).await
    } else {
        rig.raw().await
    };
    if pieces {
        for byte in &case.send {
            // The broker may close before it has everything: that is the point of some.
            let _ = tokio::io::AsyncWriteExt::write_all(&mut client.stream, &[*byte]).await;
        }
    } else {
        let _ = tokio::io::AsyncWriteExt::write_all(&mut client.stream, &case.send).await;
    }
    let (answer, closes): (&[u8], bool) = match &case.then {
        Close => (&[], true),
        AnswerAndClose(answer) => (answer, true),
        Answer(answer) => (answer, false),
    };
    let mut got = Vec::new();
    while got.len() < answer.len() {
        match client.next().await {
            Some(packet) => got.extend(packet),
            None => return Err(format!("closed after {got:02x?}, expected {answer:02x?}")),
        }
    }
    if got != answer {
        return Err(format!("{got:02x?} instead of {answer:02x?}"));
    }
    if closes {
        return client
            .next()
            .await
            .map_or(Ok(()), |packet| Err(format!("{packet:02x?} instead of the end")));
    }
    // Alive, and with nothing else to say.
    client.send(&[0xc0, 0]).await;
    match client.next().await {
        Some(packet) if packet == [0xd0, 0] => Ok(()),
        other => Err(format!("{other:02x?} instead of PINGRESP")),
    }
}

async fn all_hold(cases: Vec<Case>, pieces: bool) {
    let rig = Rig::start().await;
    let run_one = async |(number, case): (usize, &Case)| run(&rig, number, case, pieces).await;
    let mut failures = Vec::new();
    for (chunk, group) in cases.chunks(16).enumerate() {
        let numbered = group.iter().enumerate().map(|(i, case)| (chunk * 16 + i, case));
        for (case, result) in group.iter().zip(join_all(numbered.map(run_one)).await) {
            failures.extend(result.err().map(|why| format!("{}: {why}", case.name)));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} cases:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
    rig.broker.stop().await;
}

#[tokio::test]
async fn statements_about_connecting_hold() {
    all_hold(before_login(), false).await;
}

#[tokio::test]
async fn statements_about_publishing_hold() {
    all_hold(publishing(), false).await;
}

#[tokio::test]
async fn statements_about_subscribing_hold() {
    all_hold(subscribing(), false).await;
}

#[tokio::test]
async fn statements_about_other_packets_hold() {
    all_hold(others(), false).await;
}

#[tokio::test]
async fn all_statements_hold_when_the_bytes_come_one_by_one() {
    let all = [before_login(), publishing(), subscribing(), others()];
    let short = all
        .into_iter()
        .flatten()
        .filter(|c| c.send.len() < 10_000)
        .collect();
    all_hold(short, true).await;
}

#[tokio::test]
async fn the_reason_of_a_broken_protocol_is_told_above() {
    let rig = Rig::start().await;
    let mut client = rig.client("a").await;
    client.send(&publish("a/#", b"", 0, 0)).await;
    client.expect_closed().await;
    rig.until("protocol_error a: an empty topic or one with wildcards [MQTT-3.3.2-2]")
        .await;
    let mut stranger = Client::raw(rig.addr).await;
    stranger.send(&[0xc0, 0]).await;
    stranger.expect_closed().await;
    rig.until("protocol_error -: the first packet is not CONNECT")
        .await;
    assert_eq!(rig.broker.handle().stats().protocol_errors, 2);
}
