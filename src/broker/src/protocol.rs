//! The only file that knows mqtt-protocol-core: packets in, events out; actions in, bytes out.
//!
//! Its state machine keeps the packet ids and the keep-alive. Four things about version 0.7.9 shape this
//! file: acknowledgements are never automatic (they wait for the disk); `NotifyError` comes with or without
//! `RequestClose`, and closes here in both cases; what it wants to send together with an error is dropped (a
//! malformed CONNECT must get no CONNACK); and its payload type is a shared slice, which is kept, so that a
//! payload is never copied on its way to the subscribers.

use std::sync::Arc;

use bytes::Bytes;
use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{Connection, Event as Raw};
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait, Packet, Qos, v3_1_1};
use mqtt_protocol_core::mqtt::result_code::{ConnectReturnCode, MqttError, SubackReturnCode};
use mqtt_protocol_core::mqtt::{ArcPayload, Version, role};

/// A payload shared by everything it is on its way to.
#[derive(Clone)]
pub(crate) struct Payload(ArcPayload);

impl Payload {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The same memory, for those who do not know this file.
    pub(crate) fn to_bytes(&self) -> Bytes {
        if self.0.is_empty() {
            Bytes::new()
        } else {
            Bytes::from_owner(self.clone())
        }
    }
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl From<&[u8]> for Payload {
    fn from(bytes: &[u8]) -> Self {
        let data: Arc<[u8]> = Arc::from(bytes);
        Self(ArcPayload::new(data, 0, bytes.len()))
    }
}

/// What a packet says.
pub(crate) enum Event {
    Connect(ConnectPacket),
    Publish {
        topic: Arc<str>,
        payload: Payload,
        qos: u8,
        retain: bool,
        packet_id: Option<u16>,
    },
    /// The client has a QoS 1 message.
    Puback(u16),
    Pubrel(u16),
    Subscribe {
        packet_id: u16,
        filters: Vec<(String, u8)>,
    },
    Unsubscribe {
        packet_id: u16,
        filters: Vec<String>,
    },
    Disconnect,
    /// The client was heard of.
    Alive,
    /// It broke the protocol.
    Error(String),
}

/// The fields of CONNECT.
pub(crate) struct ConnectPacket {
    pub(crate) client_id: String,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Vec<u8>>,
    pub(crate) clean_session: bool,
    pub(crate) keep_alive: u16,
    pub(crate) has_will: bool,
}

/// One connection's state machine. Bytes to send are appended to the buffer that is passed in.
pub(crate) struct Protocol {
    machine: Connection<role::Server>,
}

impl Protocol {
    pub(crate) fn new() -> Self {
        let mut machine = Connection::new(Version::V3_1_1);
        machine.set_auto_pub_response(false);
        machine.set_auto_ping_response(true);
        Self { machine }
    }

    /// Takes one packet that passed the gate.
    pub(crate) fn receive(&mut self, packet: &[u8], out: &mut Vec<u8>, events: &mut Vec<Event>) {
        let raw = self.machine.recv(&mut Cursor::new(packet));
        // 3.1.1 says nothing about a PUBACK for an unknown id; a client that repeats one after a reconnect
        // does no harm.
        if packet.first() == Some(&PUBACK)
            && raw
                .iter()
                .any(|e| matches!(e, Raw::NotifyError(MqttError::ProtocolError)))
        {
            return;
        }
        let error = raw.iter().find_map(|e| match e {
            Raw::NotifyError(e) => Some(format!("{e:?}")),
            Raw::RequestClose => Some("closed by the protocol".to_owned()),
            _ => None,
        });
        if let Some(error) = error {
            events.push(Event::Error(error));
            return;
        }
        for event in raw {
            match event {
                Raw::NotifyPacketReceived(packet) => events.extend(event_of(packet)),
                Raw::RequestSendPacket { packet, .. } => write(&packet, out),
                Raw::RequestTimerReset { .. } => events.push(Event::Alive),
                _ => {}
            }
        }
    }

    pub(crate) fn connack(&mut self, code: u8, session_present: bool, out: &mut Vec<u8>) {
        let code = match code {
            0 => ConnectReturnCode::Accepted,
            1 => ConnectReturnCode::UnacceptableProtocolVersion,
            2 => ConnectReturnCode::IdentifierRejected,
            3 => ConnectReturnCode::ServerUnavailable,
            4 => ConnectReturnCode::BadUserNameOrPassword,
            _ => ConnectReturnCode::NotAuthorized,
        };
        let packet = v3_1_1::Connack::builder()
            .return_code(code)
            .session_present(session_present)
            .build();
        self.send(packet, out);
    }

    pub(crate) fn puback(&mut self, packet_id: u16, out: &mut Vec<u8>) {
        self.send(v3_1_1::Puback::builder().packet_id(packet_id).build(), out);
    }

    pub(crate) fn pubcomp(&mut self, packet_id: u16, out: &mut Vec<u8>) {
        self.send(v3_1_1::Pubcomp::builder().packet_id(packet_id).build(), out);
    }

    /// `granted`: QoS, or `None` for a refused filter.
    pub(crate) fn suback(&mut self, packet_id: u16, granted: &[Option<u8>], out: &mut Vec<u8>) {
        let codes = granted.iter().map(|qos| match qos {
            None => SubackReturnCode::Failure,
            Some(0) => SubackReturnCode::SuccessMaximumQos0,
            Some(_) => SubackReturnCode::SuccessMaximumQos1,
        });
        self.send(
            v3_1_1::Suback::builder()
                .packet_id(packet_id)
                .return_codes(codes.collect())
                .build(),
            out,
        );
    }

    pub(crate) fn unsuback(&mut self, packet_id: u16, out: &mut Vec<u8>) {
        self.send(v3_1_1::Unsuback::builder().packet_id(packet_id).build(), out);
    }

    /// A free id for a QoS 1 message.
    pub(crate) fn acquire_packet_id(&mut self) -> Option<u16> {
        self.machine.acquire_packet_id().ok()
    }

    /// Takes the id that a message had on an earlier connection of its session.
    pub(crate) fn register_packet_id(&mut self, packet_id: u16) {
        if let Err(e) = self.machine.register_packet_id(packet_id) {
            tracing::error!(packet_id, "a packet id is given twice: {e:?}");
        }
    }

    /// `packet_id` for QoS 1.
    pub(crate) fn publish(
        &mut self,
        topic: &str,
        payload: &Payload,
        packet_id: Option<u16>,
        dup: bool,
        out: &mut Vec<u8>,
    ) {
        let builder = match v3_1_1::Publish::builder().topic_name(topic) {
            Ok(builder) => builder.payload(payload.0.clone()).dup(dup),
            Err(e) => {
                tracing::error!("a message that cannot be sent: {e:?}");
                return;
            }
        };
        let packet = match packet_id {
            Some(id) => builder.qos(Qos::AtLeastOnce).packet_id(id).build(),
            None => builder.qos(Qos::AtMostOnce).build(),
        };
        self.send(packet, out);
    }

    fn send<P: Into<Packet>, E: std::fmt::Debug>(&mut self, packet: Result<P, E>, out: &mut Vec<u8>) {
        let events = match packet {
            Ok(packet) => self.machine.send(packet.into()),
            Err(e) => {
                tracing::error!("a packet that cannot be built: {e:?}");
                return;
            }
        };
        for event in events {
            match event {
                Raw::RequestSendPacket { packet, .. } => write(&packet, out),
                Raw::NotifyError(e) => tracing::error!("a packet that cannot be sent: {e:?}"),
                _ => {}
            }
        }
    }
}

const PUBACK: u8 = 0x40;

fn write(packet: &Packet, out: &mut Vec<u8>) {
    for part in packet.to_buffers() {
        out.extend_from_slice(&part);
    }
}

fn event_of(packet: Packet) -> Option<Event> {
    Some(match packet {
        Packet::V3_1_1Connect(p) => Event::Connect(ConnectPacket {
            client_id: p.client_id().to_owned(),
            username: p.user_name().map(ToOwned::to_owned),
            password: p.password().map(ToOwned::to_owned),
            clean_session: p.clean_session(),
            keep_alive: p.keep_alive(),
            has_will: p.will_flag(),
        }),
        Packet::V3_1_1Publish(p) => Event::Publish {
            topic: Arc::from(p.topic_name()),
            payload: Payload(p.payload().clone()),
            qos: match p.qos() {
                Qos::AtMostOnce => 0,
                Qos::AtLeastOnce => 1,
                Qos::ExactlyOnce => 2,
            },
            retain: p.retain(),
            packet_id: p.packet_id(),
        },
        Packet::V3_1_1Puback(p) => Event::Puback(p.packet_id()),
        Packet::V3_1_1Pubrel(p) => Event::Pubrel(p.packet_id()),
        Packet::V3_1_1Subscribe(p) => Event::Subscribe {
            packet_id: p.packet_id(),
            filters: p
                .entries()
                .iter()
                .map(|e| (e.topic_filter().to_owned(), e.sub_opts().qos() as u8))
                .collect(),
        },
        Packet::V3_1_1Unsubscribe(p) => Event::Unsubscribe {
            packet_id: p.packet_id(),
            filters: p.entries().iter().map(|e| e.as_str().to_owned()).collect(),
        },
        Packet::V3_1_1Disconnect(_) => Event::Disconnect,
        _ => return None,
    })
}
