//! One photo on its way: the octets it owns, and how far its encoder is.
//!
//! Chunks are made when their turn comes, straight from the photo into the message, so that a waiting photo costs
//! its own size and nothing more.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use faceiot_core::chunk::{hex, v2};
use faceiot_core::payload;

use crate::config::{Format, Qos};
use crate::error::{Error, ErrorKind, Result};
use crate::outbox::Charge;
use crate::receipt::{Receipt, Ticket};

/// How a photo is cut, and around what.
#[derive(Clone, Debug)]
pub(crate) enum Carrier {
    /// Alink property posts in hexadecimal.
    Hex,
    /// Chunks as they are.
    Raw(v2::Options),
    /// Chunks as text, in the property post of an Aliyun device.
    AlinkText { options: v2::Options, property: String },
    /// Chunks as text, in the properties report of a Huawei device.
    HuaweiText {
        options: v2::Options,
        property: String,
        service_id: String,
    },
}

impl Carrier {
    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Hex => Format::Hex,
            Self::Raw(_) => Format::V2,
            Self::AlinkText { .. } | Self::HuaweiText { .. } => Format::V2Text,
        }
    }

    fn options(&self) -> Option<v2::Options> {
        match self {
            Self::Hex => None,
            Self::Raw(options) | Self::AlinkText { options, .. } | Self::HuaweiText { options, .. } => {
                Some(*options)
            }
        }
    }

    fn options_mut(&mut self) -> Option<&mut v2::Options> {
        match self {
            Self::Hex => None,
            Self::Raw(options) | Self::AlinkText { options, .. } | Self::HuaweiText { options, .. } => {
                Some(options)
            }
        }
    }
}

/// Numbers for frames and messages, shared by everything that one device sends.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) frame: std::sync::atomic::AtomicU32,
    pub(crate) message: std::sync::atomic::AtomicU32,
}

impl Numbers {
    /// 1, 2, 3 ...; after the last comes 1 again.
    pub(crate) fn next_frame(&self) -> u32 {
        use std::sync::atomic::Ordering::Relaxed;
        match self.frame.fetch_add(1, Relaxed).wrapping_add(1) {
            0 => self.frame.fetch_add(1, Relaxed).wrapping_add(1),
            number => number,
        }
    }

    /// An Alink id: a decimal string of 0..4294967295.
    pub(crate) fn next_message(&self) -> String {
        self.message
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed)
            .to_string()
    }
}

/// A photo that waits, or is on its way.
#[derive(Debug)]
pub(crate) struct Photo {
    key: u64,
    octets: Bytes,
    carrier: Carrier,
    topic: Arc<str>,
    qos: Qos,
    numbers: Arc<Numbers>,
    ticket: Ticket,
    _charge: Option<Charge>,
    cursor: Cursor,
}

#[derive(Debug, Default)]
struct Cursor {
    /// Messages handed to the connection.
    handed: usize,
    /// Of those, the ones that are there.
    arrived: usize,
    /// All messages.
    total: usize,
    /// Where the v2 encoder stands.
    position: v2::Position,
    /// The next message, made already, while the rate holds it back.
    ready: Option<(Bytes, v2::Position)>,
}

impl Photo {
    /// A photo to be sent on `topic`.
    pub(crate) fn new(
        key: u64,
        octets: Bytes,
        mut carrier: Carrier,
        topic: Arc<str>,
        qos: Qos,
        numbers: Arc<Numbers>,
        charge: Option<Charge>,
    ) -> Result<(Self, Receipt)> {
        let frame_id = numbers.next_frame();
        if let Some(options) = carrier.options_mut() {
            options.frame_id = frame_id;
        }
        let total = match carrier.options() {
            None if octets.is_empty() => {
                return Err(Error::new(ErrorKind::InvalidArgument, "the photo is empty"));
            }
            None => hex::message_count(octets.len()),
            Some(options) => v2::Encoder::new(&octets, options)?.len(),
        };
        let (ticket, receipt) = Ticket::new(total);
        let cursor = Cursor {
            total,
            ..Cursor::default()
        };
        let photo = Self {
            key,
            octets,
            carrier,
            topic,
            qos,
            numbers,
            ticket,
            _charge: charge,
            cursor,
        };
        Ok((photo, receipt))
    }

    /// The payload of the next message; the same until [`hand_over`](Self::hand_over).
    pub(crate) fn chunk(&mut self) -> Result<Bytes> {
        if let Some((payload, _)) = &self.cursor.ready {
            return Ok(payload.clone());
        }
        let (payload, position) = self.encode()?;
        self.cursor.ready = Some((payload.clone(), position));
        Ok(payload)
    }

    /// That message was handed to the connection.
    pub(crate) fn hand_over(&mut self, octets: usize) {
        if let Some((_, position)) = self.cursor.ready.take() {
            self.cursor.position = position;
            self.cursor.handed += 1;
            self.ticket.handed(octets);
        }
    }

    /// One message is there; true when it was the last.
    pub(crate) fn arrived(&mut self) -> bool {
        self.cursor.arrived += 1;
        self.ticket.arrived();
        self.cursor.arrived == self.cursor.total
    }

    /// Starts again; says how often that happened. In v2 it stays the same frame and its chunks say that they were sent
    /// before: whoever has some of it goes on with them, and whoever has all of it knows it.
    pub(crate) fn restart(&mut self) -> u32 {
        if let Some(options) = self.carrier.options_mut() {
            options.retransmit = true;
        }
        self.cursor = Cursor {
            total: self.cursor.total,
            ..Cursor::default()
        };
        self.ticket.restart()
    }

    pub(crate) fn handed(&self) -> usize {
        self.cursor.handed
    }

    pub(crate) fn is_handed_over(&self) -> bool {
        self.cursor.handed == self.cursor.total
    }

    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    pub(crate) fn topic(&self) -> Arc<str> {
        Arc::clone(&self.topic)
    }

    pub(crate) fn qos(&self) -> Qos {
        self.qos
    }

    pub(crate) fn into_ticket(self) -> Ticket {
        self.ticket
    }

    fn encode(&self) -> Result<(Bytes, v2::Position)> {
        let Some(options) = self.carrier.options() else {
            return self.encode_hex();
        };
        let mut encoder = v2::Encoder::resume(&self.octets, options, self.cursor.position.clone())?;
        let message = encoder.next().ok_or_else(past_the_end)?;
        let payload = match &self.carrier {
            Carrier::Hex | Carrier::Raw(_) => fill(message.len(), |out| Ok(message.write_to(out)?.len()))?,
            Carrier::AlinkText { property, .. } => {
                let params = text_property(property, &message)?;
                let id = self.numbers.next_message();
                fill(params.len() + ENVELOPE, |out| {
                    Ok(payload::alink_post(&id, &params, out)?.len())
                })?
            }
            Carrier::HuaweiText {
                property, service_id, ..
            } => {
                let params = text_property(property, &message)?;
                let room = params.len() + 6 * service_id.len() + ENVELOPE;
                fill(room, |out| {
                    Ok(payload::huawei_report(service_id, &params, None, out)?.len())
                })?
            }
        };
        Ok((payload, encoder.position()))
    }

    fn encode_hex(&self) -> Result<(Bytes, v2::Position)> {
        let start = (self.cursor.handed * hex::CHUNK_OCTETS).min(self.octets.len());
        // From the last chunk's end on, the encoder has nothing left but END.
        let message = hex::Encoder::new(&self.octets[start..])
            .next()
            .ok_or_else(past_the_end)?;
        let payload = fill(message.len(), |out| Ok(message.write_to(out)?.len()))?;
        Ok((payload, v2::Position::default()))
    }
}

/// `{"img":"~2..."}`.
fn text_property(property: &str, message: &v2::Message<'_>) -> Result<String> {
    let mut text = vec![0; message.text_len()];
    let text = message.write_text_to(&mut text)?;
    Ok(serde_json::json!({ property: text }).to_string())
}

/// A buffer of `room` octets, filled by `write`, which says how many it used.
fn fill(room: usize, write: impl FnOnce(&mut [u8]) -> Result<usize>) -> Result<Bytes> {
    let mut buffer = BytesMut::zeroed(room);
    let used = write(&mut buffer)?;
    buffer.truncate(used);
    Ok(buffer.freeze())
}

fn past_the_end() -> Error {
    Error::new(ErrorKind::InvalidArgument, "the photo has no further chunk")
}

/// What an envelope adds at most, ids included.
const ENVELOPE: usize = 160;
