//! A broker that misbehaves in one way: for what a real one does not do on demand.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use super::mqtt::{packet, read_packet, text};

/// What it does wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// CONNACK with this code.
    Refuses(u8),
    /// SUBACK 0x80 for filters that hold this text.
    RefusesToListen(&'static str),
    /// Takes everything and sends nothing back.
    Swallows,
    /// Answers Aliyun's question for the time with one that is ahead by so many milliseconds.
    TellsTime(i64),
    /// Nothing at all after TCP (and TLS).
    Silent,
}

/// Starts it and returns where; it ends with the test's process.
pub(crate) fn start(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("a port");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream, fault));
        }
    });
    address
}

/// The same behind TLS.
pub(crate) fn start_tls(fault: Fault, config: Arc<rustls::ServerConfig>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("a port");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).expect("a TLS configuration");
            thread::spawn(move || serve(rustls::StreamOwned::new(connection, stream), fault));
        }
    });
    address
}

fn serve(mut stream: impl Read + Write, fault: Fault) {
    while let Ok((first, body)) = read_packet(&mut stream) {
        let answer = match (first >> 4, fault) {
            (_, Fault::Silent) => continue,
            (1, Fault::Refuses(code)) => packet(0x20, &[0, code]),
            (1, _) => packet(0x20, &[0, 0]),
            (8, Fault::RefusesToListen(words)) => {
                let refused = String::from_utf8_lossy(&body).contains(words);
                packet(0x90, &[body[0], body[1], if refused { 0x80 } else { 0 }])
            }
            (8, _) => {
                // One code for each filter: length, text, QoS.
                let (mut at, mut codes) = (2, Vec::new());
                while at + 2 < body.len() {
                    at += 3 + (usize::from(body[at]) << 8 | usize::from(body[at + 1]));
                    codes.push(0);
                }
                packet(0x90, &[&body[..2], &codes[..]].concat())
            }
            (3, Fault::TellsTime(ahead)) => match time(&body, ahead) {
                Some(answer) => answer,
                None => continue,
            },
            (12, _) => packet(0xD0, &[]),
            _ => continue,
        };
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
}

/// The answer to a PUBLISH on `/ext/ntp/../request`, as the platform's page has it.
fn time(body: &[u8], ahead: i64) -> Option<Vec<u8>> {
    let (length, rest) = body.split_at_checked(2)?;
    let (topic, payload) = rest.split_at_checked((usize::from(length[0]) << 8) | usize::from(length[1]))?;
    let topic = std::str::from_utf8(topic).ok()?.strip_suffix("/request")?;
    let question: serde_json::Value = serde_json::from_slice(payload).ok()?;
    let sent: i64 = question["deviceSendTime"].as_str()?.parse().ok()?;
    let there = (sent + ahead).to_string();
    let answer = serde_json::json!({"deviceSendTime": sent.to_string(), "serverRecvTime": there, "serverSendTime": there});
    Some(packet(
        0x30,
        &[
            text(&format!("{topic}/response")),
            answer.to_string().into_bytes(),
        ]
        .concat(),
    ))
}
