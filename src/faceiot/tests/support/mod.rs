//! A broker that does what a test says, packet by packet, and Debian's mosquitto with a login of ours.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

pub(crate) mod mosquitto;

use std::net::SocketAddr;
use std::time::Duration;

use faceiot::{Clock, Credentials, DeviceConfig, Endpoint, Rate};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Nothing in a test takes longer, or the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) const PK: &str = "a1B2c3D4e5F";
pub(crate) const DN: &str = "door";
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const NOW: u64 = 1_534_494_218_000;

/// An Aliyun device for the broker at this address, without a rate and with short pauses.
pub(crate) fn aliyun(address: SocketAddr) -> DeviceConfig {
    quick(Credentials::aliyun(PK, DN, SECRET), address)
}

/// The same for Huawei.
pub(crate) fn huawei(address: SocketAddr) -> DeviceConfig {
    quick(Credentials::huawei("61e6d1_cam", SECRET), address)
}

fn quick(credentials: Credentials, address: SocketAddr) -> DeviceConfig {
    let mut config = DeviceConfig::new(credentials);
    config.endpoint = Endpoint::plain(address);
    config.clock = Clock::from_fn(|| NOW);
    config.rate = Some(Rate::unlimited());
    config.reconnect.first = Duration::from_millis(10);
    config.reconnect.most = Duration::from_millis(50);
    config
}

/// Fails the test when a future takes too long.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("{what}: nothing for {PATIENCE:?}"))
}

/// A broker that accepts one connection at a time.
pub(crate) struct Peer {
    listener: TcpListener,
}

impl Peer {
    pub(crate) async fn listen() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// The next connection, up to its CONNECT.
    pub(crate) async fn accept(&self) -> Session<TcpStream> {
        let (stream, _) = soon("a connection", self.listener.accept()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Session::begin(stream).await
    }

    /// The next connection, logged in and with its subscriptions granted.
    pub(crate) async fn serve(&self) -> Session<TcpStream> {
        let mut session = self.accept().await;
        session.welcome().await;
        session
    }

    /// Whether another connection comes within this time.
    pub(crate) async fn is_called_within(&self, time: Duration) -> bool {
        tokio::time::timeout(time, self.listener.accept()).await.is_ok()
    }
}

/// A message that the device published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) qos: u8,
    pub(crate) packet_id: u16,
}

impl Published {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.payload).unwrap()
    }
}

/// One connection.
pub(crate) struct Session<S> {
    stream: S,
    pub(crate) client_id: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) keep_alive: u16,
    /// Topic filters that the device asked for on this connection.
    pub(crate) filters: Vec<String>,
    pub(crate) acknowledge: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    pub(crate) async fn begin(stream: S) -> Self {
        let mut session = Self {
            stream,
            client_id: String::new(),
            username: String::new(),
            password: String::new(),
            keep_alive: 0,
            filters: Vec::new(),
            acknowledge: true,
        };
        let (kind, body) = session.packet().await.expect("CONNECT");
        assert_eq!(kind, 0x10, "the first packet is CONNECT");
        assert_eq!(&body[..7], b"\0\x04MQTT\x04");
        assert_eq!(
            body[7], 0b1100_0010,
            "user name, password, clean session, nothing else"
        );
        session.keep_alive = u16::from_be_bytes([body[8], body[9]]);
        let mut rest = &body[10..];
        session.client_id = text(&mut rest);
        session.username = text(&mut rest);
        session.password = text(&mut rest);
        session
    }

    pub(crate) async fn connack(&mut self, code: u8) {
        self.write(0x20, &[0, code]).await;
    }

    /// CONNACK 0, and every subscription up to the control topic, which is the last, granted.
    pub(crate) async fn welcome(&mut self) {
        self.connack(0).await;
        while !self.filters.iter().any(|filter| filter.ends_with("/control")) {
            let (kind, body) = self.packet().await.expect("SUBSCRIBE");
            assert_eq!(kind, 0x82, "nothing is sent before the subscriptions");
            self.grant(&body, 1).await;
        }
    }

    /// The next message; subscriptions, pings and acknowledgements are dealt with. `None`: the connection ended.
    pub(crate) async fn published(&mut self) -> Option<Published> {
        loop {
            let (kind, body) = soon("a packet", self.packet()).await?;
            match kind >> 4 {
                3 => {
                    let published = parse_publish(kind, &body);
                    if published.qos == 1 && self.acknowledge {
                        self.puback(published.packet_id).await;
                    }
                    return Some(published);
                }
                4 => {}
                8 => self.grant(&body, 1).await,
                12 => self.write(0xD0, &[]).await,
                14 => return None,
                other => panic!("packet type {other}"),
            }
        }
    }

    /// The next message on a topic with this end.
    pub(crate) async fn published_to(&mut self, end: &str) -> Published {
        loop {
            let published = self
                .published()
                .await
                .expect("the connection ended before the message came");
            if published.topic.ends_with(end) {
                return published;
            }
        }
    }

    pub(crate) async fn puback(&mut self, packet_id: u16) {
        self.write(0x40, &packet_id.to_be_bytes()).await;
    }

    /// Sends the device a message; QoS 1 with this packet id, QoS 0 with 0.
    pub(crate) async fn publish(&mut self, topic: &str, payload: &[u8], packet_id: u16) {
        let mut body = (topic.len() as u16).to_be_bytes().to_vec();
        body.extend_from_slice(topic.as_bytes());
        if packet_id != 0 {
            body.extend_from_slice(&packet_id.to_be_bytes());
        }
        body.extend_from_slice(payload);
        self.write(if packet_id == 0 { 0x30 } else { 0x32 }, &body).await;
    }

    pub(crate) async fn grant(&mut self, subscribe: &[u8], code: u8) {
        let mut rest = &subscribe[2..];
        let mut answer = subscribe[..2].to_vec();
        while !rest.is_empty() {
            self.filters.push(text(&mut rest));
            rest = &rest[1..];
            answer.push(code);
        }
        self.write(0x90, &answer).await;
    }

    /// A packet as it is: first octet and what follows the length. `None`: the connection ended.
    pub(crate) async fn packet(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind = self.stream.read_u8().await.ok()?;
        let (mut length, mut shift) = (0, 0);
        loop {
            let octet = self.stream.read_u8().await.ok()?;
            length |= usize::from(octet & 0x7F) << shift;
            shift += 7;
            if octet & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.ok()?;
        Some((kind, body))
    }

    pub(crate) async fn write(&mut self, kind: u8, body: &[u8]) {
        let mut packet = vec![kind];
        let mut length = body.len();
        loop {
            let more = if length > 127 { 0x80 } else { 0 };
            packet.push((length % 128) as u8 | more);
            length /= 128;
            if length == 0 {
                break;
            }
        }
        packet.extend_from_slice(body);
        self.raw(&packet).await;
    }

    pub(crate) async fn raw(&mut self, octets: &[u8]) {
        // The device may be gone already; the test sees that elsewhere.
        let _ = self.stream.write_all(octets).await;
        let _ = self.stream.flush().await;
    }
}

pub(crate) fn parse_publish(kind: u8, body: &[u8]) -> Published {
    let mut rest = body;
    let topic = text(&mut rest);
    let qos = kind >> 1 & 3;
    let packet_id = if qos == 0 {
        0
    } else {
        let id = u16::from_be_bytes([rest[0], rest[1]]);
        rest = &rest[2..];
        id
    };
    Published {
        topic,
        payload: rest.to_vec(),
        qos,
        packet_id,
    }
}

fn text(rest: &mut &[u8]) -> String {
    let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
    let text = String::from_utf8(rest[2..2 + length].to_vec()).unwrap();
    *rest = &rest[2 + length..];
    text
}

/// Octets that no two parts have in common, and that begin and end as a JPEG does.
pub(crate) fn photo(octets: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_u32;
    let mut photo: Vec<u8> = (0..octets)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        })
        .collect();
    photo[..3].copy_from_slice(&[0xFF, 0xD8, 0xFF]);
    let end = photo.len() - 2;
    photo[end..].copy_from_slice(&[0xFF, 0xD9]);
    photo
}
