//! One MQTT 3.1.1 connection: packets in, packets out. The only file that touches rumqttc.
//!
//! rumqttc's packets and codec are used, its event loop is not, for reasons written down in
//! `docs/decisions/mqtt-client.md`: it dials the name it verifies, sends again after a reconnect what must not be
//! sent again, and cannot let a reply overtake. What decides *what* to send is [`crate::link`].
//!
//! Reading and writing are two halves, so that a peer that stops reading cannot stop us from reading.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use rumqttc::{
    Codec, Connect, ConnectReturnCode, Packet, PubAck, Publish, QoS, Subscribe, SubscribeReasonCode,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_util::codec::{Encoder, FramedRead};

use crate::config::{Address, Qos, Tls};
use crate::credentials::OwnedLogin;
use crate::error::{Error, ErrorKind, Result};
use crate::tls;

/// Opens the connection: name, TCP, TLS, CONNECT, CONNACK, all within `timeout`.
pub(crate) async fn open(
    address: &Address,
    security: &Tls,
    login: &OwnedLogin,
    keep_alive: Duration,
    timeout: Duration,
) -> Result<(Reader, Writer)> {
    let attempt = async {
        let config = tls::client_config(security)?;
        let tcp = dial(&address.dial, address.port).await?;
        let stream: Stream = match config {
            Some(config) => Box::new(tls::handshake(config, &address.name, tcp).await?),
            None => Box::new(tcp),
        };
        let (read, write) = tokio::io::split(stream);
        let codec = Codec {
            max_incoming_size: MAX_PACKET,
            max_outgoing_size: MAX_PACKET,
        };
        let mut reader = Reader {
            packets: FramedRead::new(read, codec.clone()),
        };
        let mut writer = Writer {
            half: write,
            codec,
            buffer: BytesMut::new(),
            unflushed: false,
        };
        let mut connect = Connect::new(login.client_id.as_str());
        connect.keep_alive = keep_alive.as_secs() as u16;
        // A clean session: what was not acknowledged is sent again by us, under a new packet id, when it still matters.
        connect.clean_session = true;
        connect.set_login(login.username.as_str(), login.password.expose());
        writer.push(Packet::Connect(connect))?;
        writer.drain().await?;
        reader.connack().await?;
        Ok((reader, writer))
    };
    match tokio::time::timeout(timeout, attempt).await {
        Ok(result) => result,
        Err(_) => Err(Error::new(
            ErrorKind::Timeout,
            format!(
                "`{}` port {} did not answer within {timeout:?}",
                address.dial, address.port
            ),
        )),
    }
}

/// What the broker sent.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A message; `packet_id` is set when it has to be acknowledged.
    Publish {
        topic: String,
        payload: Bytes,
        packet_id: Option<u16>,
    },
    /// A publish of ours arrived.
    PubAck(u16),
    /// A subscription was granted or refused.
    SubAck { packet_id: u16, granted: bool },
    /// The broker is there.
    PingResp,
}

/// The receiving half.
pub(crate) struct Reader {
    packets: FramedRead<ReadHalf<Stream>, Codec>,
}

impl Reader {
    /// The next packet. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Incoming> {
        match self.packet().await? {
            Packet::Publish(publish) => {
                let packet_id = match publish.qos {
                    QoS::AtMostOnce => None,
                    QoS::AtLeastOnce => Some(publish.pkid),
                    QoS::ExactlyOnce => {
                        return Err(protocol(
                            "sent a message with QoS 2, which was never subscribed to",
                        ));
                    }
                };
                Ok(Incoming::Publish {
                    topic: publish.topic,
                    payload: publish.payload,
                    packet_id,
                })
            }
            Packet::PubAck(ack) => Ok(Incoming::PubAck(ack.pkid)),
            Packet::SubAck(ack) => Ok(Incoming::SubAck {
                packet_id: ack.pkid,
                granted: ack
                    .return_codes
                    .iter()
                    .all(|code| matches!(code, SubscribeReasonCode::Success(_))),
            }),
            Packet::PingResp => Ok(Incoming::PingResp),
            other => Err(protocol(format!(
                "sent a packet that a broker does not send here: {other:?}"
            ))),
        }
    }

    async fn connack(&mut self) -> Result<()> {
        let code = match self.packet().await? {
            Packet::ConnAck(connack) => connack.code,
            other => {
                tracing::debug!(packet = ?other, "instead of CONNACK");
                return Err(protocol("answered CONNECT with another packet than CONNACK"));
            }
        };
        let refused = |words: &'static str| Err(Error::new(ErrorKind::Refused, words));
        match code {
            ConnectReturnCode::Success => Ok(()),
            ConnectReturnCode::RefusedProtocolVersion => Err(Error::new(
                ErrorKind::Protocol,
                "the broker does not speak MQTT 3.1.1 (CONNACK 1)",
            )),
            ConnectReturnCode::BadClientId => refused("the cloud refused the client id (CONNACK 2)"),
            ConnectReturnCode::ServiceUnavailable => Err(Error::new(ErrorKind::Disconnected, BUSY)),
            ConnectReturnCode::BadUserNamePassword => refused(
                "the cloud refused the user name or password: check the device's names and secret (CONNACK 4)",
            ),
            ConnectReturnCode::NotAuthorized => {
                refused("the cloud knows no such device, or it is disabled (CONNACK 5)")
            }
        }
    }

    async fn packet(&mut self) -> Result<Packet> {
        use rumqttc::mqttbytes::Error as Bytes;
        match self.packets.next().await {
            Some(Ok(packet)) => Ok(packet),
            Some(Err(Bytes::Io(error))) => Err(lost(error)),
            Some(Err(error)) => {
                tracing::debug!(%error, "the bytes of the broker cannot be read");
                Err(protocol("sent what is not MQTT 3.1.1"))
            }
            None => Err(Error::new(
                ErrorKind::Disconnected,
                "the broker closed the connection",
            )),
        }
    }
}

/// The sending half: a buffer, and the connection behind it.
pub(crate) struct Writer {
    half: WriteHalf<Stream>,
    codec: Codec,
    buffer: BytesMut,
    unflushed: bool,
}

impl Writer {
    /// Puts a message into the buffer; `packet_id` makes it QoS 1.
    pub(crate) fn publish(&mut self, topic: &str, payload: Bytes, packet_id: Option<u16>) -> Result<()> {
        let qos = if packet_id.is_some() {
            QoS::AtLeastOnce
        } else {
            QoS::AtMostOnce
        };
        let mut publish = Publish::from_bytes(topic, qos, payload);
        publish.pkid = packet_id.unwrap_or_default();
        self.push(Packet::Publish(publish))
    }

    /// Asks for a topic filter.
    pub(crate) fn subscribe(&mut self, filter: &str, qos: Qos, packet_id: u16) -> Result<()> {
        let qos = match qos {
            Qos::AtMostOnce => QoS::AtMostOnce,
            Qos::AtLeastOnce => QoS::AtLeastOnce,
        };
        let mut subscribe = Subscribe::new(filter, qos);
        subscribe.pkid = packet_id;
        self.push(Packet::Subscribe(subscribe))
    }

    /// Acknowledges a message.
    pub(crate) fn puback(&mut self, packet_id: u16) -> Result<()> {
        self.push(Packet::PubAck(PubAck::new(packet_id)))
    }

    /// Asks whether the broker is still there.
    pub(crate) fn ping(&mut self) -> Result<()> {
        self.push(Packet::PingReq)
    }

    /// Octets that wait to be written to the connection.
    pub(crate) fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// Whether [`drain`](Self::drain) has something to do.
    pub(crate) fn is_dirty(&self) -> bool {
        self.unflushed
    }

    /// Writes the buffer to the connection. Cancel safe: what was written is gone from the buffer.
    pub(crate) async fn drain(&mut self) -> Result<()> {
        while !self.buffer.is_empty() {
            if self.half.write_buf(&mut self.buffer).await.map_err(lost)? == 0 {
                return Err(Error::new(
                    ErrorKind::Disconnected,
                    "the connection takes nothing any more",
                ));
            }
        }
        // TLS keeps records of its own until it is flushed.
        self.half.flush().await.map_err(lost)?;
        self.unflushed = false;
        Ok(())
    }

    /// Says goodbye: DISCONNECT, then the end of the stream.
    pub(crate) async fn close(mut self) -> Result<()> {
        self.push(Packet::Disconnect)?;
        self.drain().await?;
        self.half.shutdown().await.map_err(lost)
    }

    fn push(&mut self, packet: Packet) -> Result<()> {
        self.unflushed = true;
        self.codec.encode(packet, &mut self.buffer).map_err(|error| {
            Error::new(
                ErrorKind::Protocol,
                format!("a packet could not be written: {error}"),
            )
        })
    }
}

/// Whether this error is a broker that asks to come back later.
pub(crate) fn is_busy(error: &Error) -> bool {
    error.message() == BUSY
}

/// Whether a topic may be published to.
pub(crate) fn is_topic(topic: &str) -> bool {
    !topic.is_empty()
        && u16::try_from(topic.len()).is_ok()
        && !topic.contains('\0')
        && rumqttc::valid_topic(topic)
}

/// Whether a topic filter may be subscribed to.
pub(crate) fn is_filter(filter: &str) -> bool {
    !filter.is_empty()
        && u16::try_from(filter.len()).is_ok()
        && !filter.contains('\0')
        && rumqttc::valid_filter(filter)
}

async fn dial(host: &str, port: u16) -> Result<TcpStream> {
    let addresses: Vec<_> = lookup_host((host, port))
        .await
        .map_err(|error| {
            Error::new(ErrorKind::Dns, format!("the name `{host}` is not known: {error}")).with_source(error)
        })?
        .collect();
    let mut last = Error::new(ErrorKind::Dns, format!("the name `{host}` has no address"));
    for address in addresses {
        let attempt = async {
            let socket = if address.is_ipv4() {
                TcpSocket::new_v4()?
            } else {
                TcpSocket::new_v6()?
            };
            socket.set_nodelay(true)?;
            // What the kernel holds cannot be overtaken: on a slow uplink a reply would wait behind megabytes.
            socket.set_send_buffer_size(SEND_BUFFER)?;
            socket.connect(address).await
        };
        match attempt.await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Error::from(error).context(format!("cannot connect to {address}")),
        }
    }
    Err(last)
}

fn lost(error: std::io::Error) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::InvalidData => ErrorKind::Tls,
        _ => ErrorKind::Disconnected,
    };
    Error::new(kind, format!("the connection was lost: {error}")).with_source(error)
}

fn protocol(words: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Protocol, format!("the broker {words}"))
}

const BUSY: &str = "the cloud is not available just now (CONNACK 3)";

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}
type Stream = Box<dyn Duplex>;

/// Huawei's largest publish is 1 MB; rumqttc's own default of 10 KiB would end the connection.
const MAX_PACKET: usize = 1024 * 1024 + 64 * 1024;

const SEND_BUFFER: u32 = 64 * 1024;
