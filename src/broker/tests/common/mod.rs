//! A broker with scripted rules and hooks, and a client that speaks bytes.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a panic is the report"
)]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use faceiot_broker::{
    Broker, Caps, Config, Connect, Hooks, Identity, Limits, Listener, LoginFuture, Message, PublishVerdict,
    Refusal, Rules, Verdict,
};
use faceiot_journal::Ticket;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What happened, and what is to happen.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) events: Mutex<Vec<String>>,
    /// Tickets for topics: the acknowledgement of a message to one of them waits for it.
    pub(crate) tickets: Mutex<HashMap<String, Ticket>>,
    pub(crate) implicit: Mutex<Vec<String>>,
    pub(crate) caps: Mutex<Option<Caps>>,
}

impl Script {
    pub(crate) fn log(&self, line: impl Into<String>) {
        self.events.lock().unwrap().push(line.into());
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) fn saw(&self, part: &str) -> bool {
        self.seen().iter().any(|line| line.contains(part))
    }
}

/// Logs in everybody but those who are called `refused-N`; `name@anything` is the session `name`.
pub(crate) struct Scripted(pub(crate) Arc<Script>);

impl Rules for Scripted {
    fn login<'a>(&'a self, c: Connect<'a>) -> LoginFuture<'a> {
        Box::pin(async move {
            self.0.log(format!("login {} {c:?}", c.client_id));
            match c.client_id {
                "refused-2" => return Err(Refusal::IdentifierRejected("no such id".into())),
                "refused-3" => return Err(Refusal::Unavailable("later".into())),
                "refused-4" => return Err(Refusal::BadCredentials("wrong secret".into())),
                "refused-5" => return Err(Refusal::NotAuthorized("not you".into())),
                _ => {}
            }
            let session = c.client_id.split('@').next().unwrap_or_default();
            Ok(Identity {
                session: session.into(),
                listener: c.listener.into(),
                extension: None,
            })
        })
    }

    fn caps(&self) -> Caps {
        self.0.caps.lock().unwrap().unwrap_or_default()
    }
}

impl Hooks for Scripted {
    fn may_publish(&self, identity: &Identity, topic: &str, qos: u8, retain: bool) -> PublishVerdict {
        self.0
            .log(format!("may_publish {} {topic} {qos} {retain}", identity.session));
        match topic {
            "forbidden" => PublishVerdict::Disconnect,
            "ignored" => PublishVerdict::Drop,
            _ => PublishVerdict::Allow,
        }
    }

    fn may_subscribe(&self, _: &Identity, filter: &str) -> Result<(), ()> {
        if filter.starts_with("forbidden") {
            Err(())
        } else {
            Ok(())
        }
    }

    fn intercept(&self, identity: &Identity, message: &Message) -> Verdict {
        let durable = self.0.tickets.lock().unwrap().get(&*message.topic).cloned();
        match &*message.topic {
            "taken" => Verdict {
                durable,
                ..Verdict::take()
            },
            "echo" => {
                let topic = format!("reply/{}", identity.session);
                let reply = Message {
                    topic: topic.into(),
                    payload: message.payload.clone(),
                    qos: 0,
                    retain: false,
                };
                Verdict {
                    route: false,
                    inject: vec![reply],
                    durable,
                }
            }
            _ => Verdict {
                durable,
                ..Verdict::route()
            },
        }
    }

    fn connected(&self, identity: &Identity) -> Vec<String> {
        self.0.log(format!("connected {}", identity.session));
        self.0.implicit.lock().unwrap().clone()
    }

    fn disconnected(&self, identity: &Identity, reason: &str) {
        self.0.log(format!("disconnected {}: {reason}", identity.session));
    }

    fn refused(&self, _: SocketAddr, client_id: &str, reason: &str) {
        self.0.log(format!("refused {client_id}: {reason}"));
    }

    fn protocol_error(&self, _: SocketAddr, identity: Option<&Identity>, what: &str) {
        self.0.log(format!(
            "protocol_error {}: {what}",
            identity.map_or("-", |i| &i.session)
        ));
    }
}

/// A broker and where it keeps its things.
pub(crate) struct Rig {
    pub(crate) broker: Broker,
    pub(crate) script: Arc<Script>,
    pub(crate) addr: SocketAddr,
    pub(crate) folder: Arc<tempfile::TempDir>,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        Self::with(Limits::default(), Arc::new(tempfile::tempdir().unwrap())).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        Self::with(limits, Arc::new(tempfile::tempdir().unwrap())).await
    }

    pub(crate) async fn with(limits: Limits, folder: Arc<tempfile::TempDir>) -> Self {
        let script = Arc::new(Script::default());
        let broker = start(folder.path(), limits, &script).await;
        let addr = broker.addrs()[0];
        Self {
            broker,
            script,
            addr,
            folder,
        }
    }

    /// Stops the broker and starts another on the same folder.
    pub(crate) async fn restart(self) -> Self {
        let Self { broker, folder, .. } = self;
        broker.stop().await;
        Self::with(Limits::default(), folder).await
    }

    pub(crate) async fn client(&self, name: &str) -> Client<TcpStream> {
        Client::login(self.addr, name, true).await
    }

    pub(crate) async fn raw(&self) -> Client<TcpStream> {
        Client::raw(self.addr).await
    }

    /// Waits until something has happened; the broker tells it through its hooks.
    pub(crate) async fn until(&self, part: &str) {
        until(part, || self.script.saw(part)).await;
    }
}

pub(crate) async fn start(folder: &Path, limits: Limits, script: &Arc<Script>) -> Broker {
    let scripted = Arc::new(Scripted(Arc::clone(script)));
    let listener = Listener {
        name: "test".into(),
        addr: ([127, 0, 0, 1], 0).into(),
        tls: None,
        rules: Arc::clone(&scripted) as Arc<dyn Rules>,
    };
    let state_dir: PathBuf = folder.join("broker");
    Broker::start(Config {
        state_dir,
        listeners: vec![listener],
        hooks: scripted,
        limits,
    })
    .await
    .unwrap()
}

/// Looks again and again until it is so.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !holds() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "not within {PATIENCE:?}: {what}"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A client that speaks bytes.
pub(crate) struct Client<S> {
    pub(crate) stream: S,
}

impl Client<TcpStream> {
    pub(crate) async fn raw(addr: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(addr).await.unwrap(),
        }
    }

    /// Logs in and reads the CONNACK.
    pub(crate) async fn login(addr: SocketAddr, name: &str, clean: bool) -> Self {
        let mut client = Self::raw(addr).await;
        client.send(&connect(name, clean, 0)).await;
        let connack = client.packet().await;
        assert_eq!((connack[0], connack[3]), (0x20, 0), "{name}: {connack:?}");
        client
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        timeout(PATIENCE, self.stream.write_all(bytes))
            .await
            .expect("written in time")
            .unwrap();
    }

    /// The next packet.
    pub(crate) async fn packet(&mut self) -> Vec<u8> {
        self.next()
            .await
            .expect("a packet, not the end of the connection")
    }

    /// The next packet, or `None` when the connection was closed.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        let mut packet = vec![self.byte().await?];
        let mut length = 0;
        for i in 0..4 {
            let byte = self.byte().await?;
            packet.push(byte);
            length |= usize::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let head = packet.len();
        packet.resize(head + length, 0);
        timeout(PATIENCE, self.stream.read_exact(&mut packet[head..]))
            .await
            .expect("read in time")
            .ok()?;
        Some(packet)
    }

    async fn byte(&mut self) -> Option<u8> {
        timeout(PATIENCE, self.stream.read_u8())
            .await
            .expect("something is read, or the connection closed, in time")
            .ok()
    }

    pub(crate) async fn expect(&mut self, packet: &[u8]) {
        assert_eq!(self.packet().await, packet);
    }

    /// The broker closes, and says nothing before.
    pub(crate) async fn expect_closed(&mut self) {
        assert_eq!(self.next().await, None);
    }

    /// Nothing is on its way: a PINGREQ is answered by PINGRESP and nothing before it.
    pub(crate) async fn expect_silence(&mut self) {
        self.send(&[0xc0, 0]).await;
        self.expect(&[0xd0, 0]).await;
    }

    pub(crate) async fn subscribe(&mut self, filter: &str, qos: u8) {
        self.send(&subscribe(1, &[(filter, qos)])).await;
        self.expect(&[0x90, 3, 0, 1, qos.min(1)]).await;
    }
}

fn with_length(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut n = body.len();
    loop {
        let digit = (n % 128) as u8;
        n /= 128;
        packet.push(if n > 0 { digit | 0x80 } else { digit });
        if n == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    packet
}

pub(crate) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    with_length(first, body)
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u16).to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

pub(crate) fn connect(client_id: &str, clean: bool, keep_alive: u16) -> Vec<u8> {
    connect_with(4, if clean { 2 } else { 0 }, keep_alive, &text(client_id))
}

pub(crate) fn connect_with(level: u8, flags: u8, keep_alive: u16, payload: &[u8]) -> Vec<u8> {
    let mut body = text("MQTT");
    body.extend_from_slice(&[level, flags]);
    body.extend_from_slice(&keep_alive.to_be_bytes());
    body.extend_from_slice(payload);
    with_length(0x10, &body)
}

/// `flags` as in the fixed header; a packet id when they say QoS 1 or 2.
pub(crate) fn publish(topic: &str, payload: &[u8], flags: u8, packet_id: u16) -> Vec<u8> {
    let mut body = text(topic);
    if flags & 0x06 != 0 {
        body.extend_from_slice(&packet_id.to_be_bytes());
    }
    body.extend_from_slice(payload);
    with_length(0x30 | flags, &body)
}

pub(crate) fn subscribe(packet_id: u16, filters: &[(&str, u8)]) -> Vec<u8> {
    let mut body = packet_id.to_be_bytes().to_vec();
    for (filter, qos) in filters {
        body.extend_from_slice(&text(filter));
        body.push(*qos);
    }
    with_length(0x82, &body)
}

pub(crate) fn unsubscribe(packet_id: u16, filter: &str) -> Vec<u8> {
    let mut body = packet_id.to_be_bytes().to_vec();
    body.extend_from_slice(&text(filter));
    with_length(0xa2, &body)
}

pub(crate) fn puback(packet_id: u16) -> Vec<u8> {
    let id = packet_id.to_be_bytes();
    vec![0x40, 2, id[0], id[1]]
}

/// Packet id of a QoS 1 PUBLISH.
pub(crate) fn id_of(publish: &[u8]) -> u16 {
    let head = 1 + publish[1..].iter().position(|b| b & 0x80 == 0).unwrap() + 1;
    let topic = usize::from(u16::from_be_bytes([publish[head], publish[head + 1]]));
    u16::from_be_bytes([publish[head + 2 + topic], publish[head + 3 + topic]])
}
