//! What waits to be sent, what is on its way, and whose turn it is. Pure: no socket, and time is an argument.
//!
//! Three lanes. Replies go first and may use the bucket's reserve; messages (reports, publishes) follow; a photo's
//! chunks go one at a time when nothing else waits, so that whatever comes overtakes the rest of the photo.
//!
//! After a lost connection ([`Outbox::lost`]) messages and replies that were not acknowledged are sent again, and
//! a photo of which anything was handed over starts again from its first chunk: `hex` has no numbers, and which chunks
//! of a `v2` frame are there is not known with QoS 0. The frame keeps its id, so that it stays one photo.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::config::Qos;
use crate::error::Error;
use crate::photo::Photo;
use crate::rate::{Bucket, Lane, Rate};
use crate::receipt::Ticket;

/// A message that waits or is on its way.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Bytes,
    pub(crate) qos: Qos,
    pub(crate) ticket: Option<Ticket>,
    pub(crate) _charge: Option<Charge>,
}

/// Octets that count against the most that may wait; given back when dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    waiting: Arc<AtomicUsize>,
    octets: usize,
}

impl Charge {
    /// Counts `octets`, unless more than `most` would wait then. One thing alone may be larger than `most`.
    pub(crate) fn take(waiting: &Arc<AtomicUsize>, octets: usize, most: usize) -> Option<Self> {
        waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
                let sum = now.checked_add(octets)?;
                (now == 0 || sum <= most).then_some(sum)
            })
            .ok()?;
        Some(Self {
            waiting: Arc::clone(waiting),
            octets,
        })
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.octets, Ordering::AcqRel);
    }
}

/// What to do now.
#[derive(Debug)]
pub(crate) enum Next {
    /// Publish this; `packet_id` makes it QoS 1.
    Send {
        topic: Arc<str>,
        payload: Bytes,
        packet_id: Option<u16>,
    },
    /// The rate allows nothing before this time has passed.
    Wait(Duration),
    /// Nothing waits, or too much is on its way.
    Nothing,
}

/// A photo that starts again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Restarted {
    pub(crate) restarts: u32,
    pub(crate) messages: usize,
}

/// The lanes and what is on its way.
#[derive(Debug)]
pub(crate) struct Outbox {
    replies: VecDeque<Outgoing>,
    messages: VecDeque<Outgoing>,
    photos: VecDeque<Photo>,
    /// Handed to the connection with a packet id, not acknowledged.
    in_flight: HashMap<u16, Flight>,
    /// Handed to the connection without one, not known to be written.
    unwritten: Vec<Flight>,
    bucket: Bucket,
    last_packet_id: u16,
    handed: u64,
}

/// Something that was handed to the connection.
#[derive(Debug)]
struct Flight {
    /// The order in which things were handed over, for handing them over again.
    order: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    Reply(Outgoing),
    Message(Outgoing),
    /// A chunk of the photo with this key; the photo itself stays in its lane.
    Chunk(u64),
    /// A subscription: only its packet id is taken.
    Subscribe,
}

impl Outbox {
    pub(crate) fn new(rate: Rate, now: Duration) -> Self {
        Self {
            replies: VecDeque::new(),
            messages: VecDeque::new(),
            photos: VecDeque::new(),
            in_flight: HashMap::new(),
            unwritten: Vec::new(),
            bucket: Bucket::new(rate, now),
            last_packet_id: 0,
            handed: 0,
        }
    }

    /// A reply that finds [`MOST_REPLIES`] waiting is dropped: whoever asks faster than answers may leave gets some
    /// of them, and asks again for the others.
    pub(crate) fn push_reply(&mut self, reply: Outgoing) {
        if self.replies.len() < MOST_REPLIES {
            self.replies.push_back(reply);
        } else {
            tracing::debug!(topic = &*reply.topic, "too many replies wait: dropped");
        }
    }

    pub(crate) fn push_message(&mut self, message: Outgoing) {
        self.messages.push_back(message);
    }

    pub(crate) fn push_photo(&mut self, photo: Photo) {
        self.photos.push_back(photo);
    }

    /// Whose turn it is. A photo that cannot be encoded is taken out, and its receipt says so.
    pub(crate) fn next(&mut self, now: Duration) -> Next {
        if self.in_flight.len() >= REPLY_WINDOW {
            return Next::Nothing;
        }
        if let Some(reply) = self.replies.front() {
            return match self.bucket.take(now, Lane::Reply, reply.payload.len()) {
                Err(wait) => Next::Wait(wait),
                Ok(()) => self.hand_front(true),
            };
        }
        if self.in_flight.len() >= WINDOW {
            return Next::Nothing;
        }
        if let Some(message) = self.messages.front() {
            return match self.bucket.take(now, Lane::Other, message.payload.len()) {
                Err(wait) => Next::Wait(wait),
                Ok(()) => self.hand_front(false),
            };
        }
        self.next_chunk(now)
    }

    /// A packet id for a subscription.
    pub(crate) fn subscribe_id(&mut self) -> u16 {
        let id = self.free_packet_id();
        self.in_flight.insert(
            id,
            Flight {
                order: self.handed,
                what: What::Subscribe,
            },
        );
        id
    }

    /// A subscription was answered.
    pub(crate) fn subscribed(&mut self, packet_id: u16) {
        if matches!(
            self.in_flight.get(&packet_id),
            Some(Flight {
                what: What::Subscribe,
                ..
            })
        ) {
            self.in_flight.remove(&packet_id);
        }
    }

    /// The broker has it. An id that is not on its way is passed over: it may belong to an earlier connection.
    pub(crate) fn acknowledged(&mut self, packet_id: u16) {
        if matches!(
            self.in_flight.get(&packet_id),
            Some(Flight {
                what: What::Subscribe,
                ..
            })
        ) {
            return;
        }
        if let Some(flight) = self.in_flight.remove(&packet_id) {
            self.arrived(flight);
        }
    }

    /// Everything that was handed over is written to the connection.
    pub(crate) fn written(&mut self) {
        for flight in std::mem::take(&mut self.unwritten) {
            self.arrived(flight);
        }
    }

    /// Whether something that was handed over waits for its acknowledgement.
    pub(crate) fn expects_acknowledgement(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Whether replies wait.
    pub(crate) fn has_replies(&self) -> bool {
        !self.replies.is_empty()
    }

    /// The replies that wait, taken out.
    pub(crate) fn take_replies(&mut self) -> VecDeque<Outgoing> {
        std::mem::take(&mut self.replies)
    }

    /// The connection is gone: everything not acknowledged goes back to the head of its lane, in order.
    pub(crate) fn lost(&mut self) -> Vec<Restarted> {
        let mut flights: Vec<Flight> = self
            .in_flight
            .drain()
            .map(|(_, flight)| flight)
            .chain(self.unwritten.drain(..))
            .collect();
        flights.sort_unstable_by_key(|flight| std::cmp::Reverse(flight.order));
        for flight in flights {
            match flight.what {
                What::Reply(reply) => self.replies.push_front(reply),
                What::Message(message) => self.messages.push_front(message),
                What::Chunk(_) | What::Subscribe => {}
            }
        }
        self.last_packet_id = 0;
        let interrupted = self.photos.iter_mut().filter(|photo| photo.handed() > 0);
        interrupted
            .map(|photo| {
                let messages = photo.handed();
                Restarted {
                    restarts: photo.restart(),
                    messages,
                }
            })
            .collect()
    }

    /// Nothing will be sent any more; every receipt gets this error.
    pub(crate) fn fail(&mut self, error: &Error) {
        let _ = self.lost();
        let waiting = self
            .replies
            .drain(..)
            .chain(self.messages.drain(..))
            .filter_map(|message| message.ticket);
        for ticket in waiting.chain(self.photos.drain(..).map(Photo::into_ticket)) {
            ticket.fail(error.clone());
        }
    }

    fn next_chunk(&mut self, now: Duration) -> Next {
        // Photos before it wait for acknowledgements only.
        let Some(position) = self.photos.iter().position(|photo| !photo.is_handed_over()) else {
            return Next::Nothing;
        };
        let photo = &mut self.photos[position];
        let payload = match photo.chunk() {
            Ok(payload) => payload,
            Err(error) => {
                if let Some(photo) = self.photos.remove(position) {
                    photo.into_ticket().fail(error);
                }
                return Next::Wait(Duration::ZERO);
            }
        };
        if let Err(wait) = self.bucket.take(now, Lane::Other, payload.len()) {
            return Next::Wait(wait);
        }
        let (key, topic, qos) = (photo.key(), photo.topic(), photo.qos());
        photo.hand_over(payload.len());
        let packet_id = self.hand(What::Chunk(key), qos);
        Next::Send {
            topic,
            payload,
            packet_id,
        }
    }

    fn hand_front(&mut self, reply: bool) -> Next {
        let lane = if reply {
            &mut self.replies
        } else {
            &mut self.messages
        };
        let Some(mut message) = lane.pop_front() else {
            return Next::Nothing;
        };
        let (topic, payload, qos) = (Arc::clone(&message.topic), message.payload.clone(), message.qos);
        if let Some(ticket) = &mut message.ticket {
            ticket.handed(payload.len());
        }
        let what = if reply {
            What::Reply(message)
        } else {
            What::Message(message)
        };
        let packet_id = self.hand(what, qos);
        Next::Send {
            topic,
            payload,
            packet_id,
        }
    }

    fn hand(&mut self, what: What, qos: Qos) -> Option<u16> {
        self.handed += 1;
        let flight = Flight {
            order: self.handed,
            what,
        };
        match qos {
            Qos::AtMostOnce => {
                self.unwritten.push(flight);
                None
            }
            Qos::AtLeastOnce => {
                let id = self.free_packet_id();
                self.in_flight.insert(id, flight);
                Some(id)
            }
        }
    }

    /// The next packet id that is not on its way; the window is far smaller than the ids.
    fn free_packet_id(&mut self) -> u16 {
        loop {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            if !self.in_flight.contains_key(&self.last_packet_id) {
                return self.last_packet_id;
            }
        }
    }

    fn arrived(&mut self, flight: Flight) {
        match flight.what {
            What::Reply(mut message) | What::Message(mut message) => {
                if let Some(ticket) = message.ticket.take() {
                    ticket.arrived();
                    ticket.succeed();
                }
            }
            What::Chunk(key) => {
                let Some(position) = self.photos.iter().position(|photo| photo.key() == key) else {
                    return;
                };
                if self.photos[position].arrived()
                    && let Some(photo) = self.photos.remove(position)
                {
                    photo.into_ticket().succeed();
                }
            }
            What::Subscribe => {}
        }
    }
}

/// Publishes on their way at once: linkkit 1.2.13 keeps 20.
const WINDOW: usize = 20;

/// With replies, which do not wait for publishes. Far fewer than there are packet ids, whoever acknowledges or does not.
const REPLY_WINDOW: usize = 256;

/// Replies that wait: as many as there are requests in memory, and repetitions of a few of them.
const MOST_REPLIES: usize = 512;

#[cfg(test)]
mod tests;
