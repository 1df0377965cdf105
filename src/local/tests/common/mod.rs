//! A cloud on free ports, an MQTT client that writes its own bytes, and photos. Shared by the tests of this folder.
#![allow(dead_code, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::time::Duration;

use faceiot::{Credentials, DeviceId, http};
use faceiot_local::{Cloud, CloudConfig, Event, NewDevice};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::broadcast::Receiver;

pub(crate) const SECRET: &str = "canary5ecretOfTheDevice0123456789";
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A cloud with one device of each kind.
pub(crate) struct Rig {
    pub(crate) cloud: Cloud,
    pub(crate) http: http::Client,
    pub(crate) dir: tempfile::TempDir,
}

pub(crate) fn aliyun() -> Credentials {
    Credentials::aliyun("k0abcdefgIM", "esp001", SECRET)
}

pub(crate) fn huawei() -> Credentials {
    Credentials::huawei("5fbbb784_cam1", SECRET)
}

impl Rig {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut CloudConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = CloudConfig::on_free_ports(dir.path());
        change(&mut config);
        let cloud = Cloud::start(config).await.unwrap();
        for credentials in [aliyun(), huawei()] {
            let new = NewDevice {
                id: credentials.device_id(),
                secret: Some(SECRET.into()),
            };
            cloud.registry().add_device(new).await.unwrap();
        }
        let http = http::Client::new(&cloud.http_url(), Some(cloud.token()), None).unwrap();
        Self { cloud, http, dir }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.cloud.mqtt_addr().unwrap()
    }

    /// Logs in with a keep-alive that the clouds take.
    pub(crate) async fn login(&self, credentials: &Credentials) -> Mqtt {
        let (client, code) = self.attempt(credentials).await;
        assert_eq!(code, 0, "the login is accepted");
        client
    }

    pub(crate) async fn attempt(&self, credentials: &Credentials) -> (Mqtt, u8) {
        let login = credentials.login(now_ms(), false).unwrap();
        Mqtt::connect(
            self.addr(),
            &login.client_id,
            &login.username,
            login.password.expose(),
            60,
        )
        .await
    }

    /// The log of a device, or of strangers, as one text.
    pub(crate) async fn log(&self, device: Option<&DeviceId>) -> String {
        self.cloud.flush().await;
        let path = match device {
            Some(id) => format!("/api/devices/{id}/log"),
            None => "/api/log".to_owned(),
        };
        let lines: Vec<Value> = self.http.get_json(&path).await.unwrap();
        let text = |line: &Value| format!("{} {}", line["code"], line["text"].as_str().unwrap());
        lines.iter().map(text).collect::<Vec<_>>().join("\n")
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.http.get_json(path).await.unwrap()
    }
}

pub(crate) fn now_ms() -> u64 {
    faceiot::Clock::system().now_unix_ms()
}

/// Waits for the event that `pick` takes.
pub(crate) async fn event<T>(events: &mut Receiver<Event>, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = pick(events.recv().await.unwrap()) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("the event comes")
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    Publish {
        topic: String,
        payload: Vec<u8>,
        qos: u8,
        id: u16,
    },
    PubAck(u16),
    SubAck(Vec<u8>),
    Other(u8),
    Closed,
}

const CLEAN_SESSION: u8 = 2;

/// MQTT 3.1.1, written by hand, so that what arrives is not what a library of ours believes.
pub(crate) struct Mqtt {
    stream: TcpStream,
}

impl Mqtt {
    pub(crate) async fn connect(
        addr: SocketAddr,
        id: &str,
        user: &str,
        password: &str,
        keep_alive: u16,
    ) -> (Self, u8) {
        let (client, answer) = Self::open(addr, CLEAN_SESSION, [id, user, password], keep_alive).await;
        (client, answer[1])
    }

    /// Logs in to a session that is kept; says whether it was there before.
    pub(crate) async fn resume(addr: SocketAddr, credentials: &Credentials) -> (Self, bool) {
        let login = credentials.login(now_ms(), false).unwrap();
        let texts = [login.client_id.as_str(), &login.username, login.password.expose()];
        let (client, answer) = Self::open(addr, 0, texts, 60).await;
        assert_eq!(answer[1], 0, "the login is accepted");
        (client, answer[0] == 1)
    }

    async fn open(addr: SocketAddr, flags: u8, texts: [&str; 3], keep_alive: u16) -> (Self, Vec<u8>) {
        let mut body = vec![0, 4];
        body.extend(b"MQTT\x04");
        body.push(0xc0 | flags); // user name and password
        body.extend(keep_alive.to_be_bytes());
        for text in texts {
            push_text(&mut body, text);
        }
        let mut client = Self {
            stream: TcpStream::connect(addr).await.unwrap(),
        };
        client.write(0x10, &body).await;
        let (kind, body) = client.read().await.expect("a CONNACK");
        assert_eq!(kind, 0x20);
        (client, body)
    }

    pub(crate) async fn publish(&mut self, topic: &str, payload: &[u8], qos: u8, id: u16) {
        let mut body = Vec::new();
        push_text(&mut body, topic);
        if qos > 0 {
            body.extend(id.to_be_bytes());
        }
        body.extend(payload);
        self.write(0x30 | (qos << 1), &body).await;
    }

    pub(crate) async fn subscribe(&mut self, filter: &str) -> Vec<u8> {
        let mut body = vec![0, 9];
        push_text(&mut body, filter);
        body.push(1);
        self.write(0x82, &body).await;
        match self.next().await {
            Packet::SubAck(codes) => codes,
            other => panic!("{other:?}"),
        }
    }

    /// The next packet. A publication at QoS 1 is acknowledged.
    pub(crate) async fn next(&mut self) -> Packet {
        let Some((kind, body)) = self.read().await else {
            return Packet::Closed;
        };
        match kind >> 4 {
            3 => {
                let end = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
                let topic = String::from_utf8(body[2..end].to_vec()).unwrap();
                let qos = (kind >> 1) & 3;
                let (id, start) = if qos > 0 {
                    (u16::from_be_bytes([body[end], body[end + 1]]), end + 2)
                } else {
                    (0, end)
                };
                if qos == 1 {
                    self.write(0x40, &id.to_be_bytes()).await;
                }
                Packet::Publish {
                    topic,
                    payload: body[start..].to_vec(),
                    qos,
                    id,
                }
            }
            4 => Packet::PubAck(u16::from_be_bytes([body[0], body[1]])),
            9 => Packet::SubAck(body[2..].to_vec()),
            _ => Packet::Other(kind),
        }
    }

    /// The next publication, acknowledgements skipped.
    pub(crate) async fn message(&mut self) -> (String, Vec<u8>) {
        loop {
            match self.next().await {
                Packet::Publish { topic, payload, .. } => return (topic, payload),
                Packet::PubAck(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) async fn json(&mut self) -> (String, Value) {
        let (topic, payload) = self.message().await;
        (topic, serde_json::from_slice(&payload).unwrap())
    }

    /// Publishes at QoS 1 and waits for the acknowledgement; messages that come before are dropped.
    pub(crate) async fn publish_acknowledged(&mut self, topic: &str, payload: &[u8]) {
        self.publish(topic, payload, 1, 77).await;
        loop {
            match self.next().await {
                Packet::PubAck(77) => return,
                Packet::Publish { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn write(&mut self, kind: u8, body: &[u8]) {
        let mut packet = vec![kind];
        let mut length = body.len();
        loop {
            let low = (length % 128) as u8;
            length /= 128;
            packet.push(if length > 0 { low | 128 } else { low });
            if length == 0 {
                break;
            }
        }
        packet.extend(body);
        self.stream.write_all(&packet).await.unwrap();
    }

    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let read = async {
            let kind = self.stream.read_u8().await.ok()?;
            let (mut length, mut shift) = (0usize, 0);
            loop {
                let octet = self.stream.read_u8().await.ok()?;
                length |= usize::from(octet & 127) << shift;
                shift += 7;
                if octet & 128 == 0 {
                    break;
                }
            }
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).await.ok()?;
            Some((kind, body))
        };
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("something within the time")
    }
}

fn push_text(body: &mut Vec<u8>, text: &str) {
    body.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    body.extend(text.as_bytes());
}

/// A JPEG of this size in pixels.
pub(crate) fn photo(width: u32, height: u32) -> Vec<u8> {
    let mut source = faceiot_camera::open(&format!("testcard:{width}x{height}")).unwrap();
    source.next().unwrap().jpeg().unwrap().to_vec()
}

/// A photo as the messages of seed 001.
pub(crate) fn hex_messages(jpeg: &[u8]) -> Vec<Vec<u8>> {
    faceiot_core::chunk::hex::Encoder::new(jpeg)
        .map(|message| {
            let mut buffer = vec![0; message.len()];
            message.write_to(&mut buffer).unwrap().to_vec()
        })
        .collect()
}
