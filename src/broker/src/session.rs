//! What waits for one client. Bounded in count and bytes, whatever its client does.
//!
//! A mailbox outlives the connections of its session: unacknowledged QoS 1 messages stay in it under their
//! packet ids and are sent again by the next connection. A connection proves by its generation number that it
//! is still the session's own: one that was taken over gets nothing more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::api::Limits;
use crate::protocol::Payload;
use crate::stats::Counters;

/// A message as it is shared by all mailboxes it is in.
pub(crate) struct Routed {
    /// Its number in the log; 0 when no session needs it logged.
    pub(crate) id: u64,
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Payload,
}

impl Routed {
    /// What it costs a queue. A payload in several queues is counted in each: the bounds hold with room to
    /// spare.
    fn weight(&self) -> usize {
        self.payload.len() + self.topic.len() + OVERHEAD
    }
}

/// Messages for one session.
pub(crate) struct Mailbox {
    state: Mutex<State>,
    /// Something was put in.
    pub(crate) wake: Notify,
    limits: Limits,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct State {
    /// Of the connection that may take from here; 0 when there is none.
    generation: u64,
    /// Counts everything put in, so that both queues are emptied in the order of arrival.
    arrivals: u64,
    qos0: Queue,
    qos1: Queue,
    in_flight: VecDeque<(u16, Arc<Routed>)>,
    /// Of `qos1` and `in_flight`.
    qos1_bytes: usize,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<(u64, Arc<Routed>)>,
    bytes: usize,
}

impl Mailbox {
    pub(crate) fn new(limits: Limits, counters: Arc<Counters>) -> Self {
        Self {
            state: Mutex::default(),
            wake: Notify::new(),
            limits,
            counters,
        }
    }

    /// Puts a message in. `false`: it was dropped, because nobody is connected (QoS 0) or a bound is reached.
    pub(crate) fn put(&self, message: &Arc<Routed>, qos: u8) -> bool {
        let weight = message.weight();
        let mut state = self.lock();
        let arrival = state.arrivals;
        state.arrivals += 1;
        if qos == 0 {
            if state.generation == 0 {
                return false;
            }
            let full = state.qos0.messages.len() >= self.limits.qos0_messages
                || state.qos0.bytes + weight > self.limits.qos0_bytes;
            if full || !self.account(weight) {
                self.counters.dropped_qos0.add(1);
                return false;
            }
            state.qos0.bytes += weight;
            state.qos0.messages.push_back((arrival, Arc::clone(message)));
        } else {
            let full = state.qos1.messages.len() + state.in_flight.len() >= self.limits.session_messages
                || state.qos1_bytes + weight > self.limits.session_bytes;
            if full || !self.account(weight) {
                self.counters.dropped_qos1.add(1);
                return false;
            }
            state.qos1_bytes += weight;
            state.qos1.messages.push_back((arrival, Arc::clone(message)));
        }
        let connected = state.generation != 0;
        drop(state);
        if connected {
            self.wake.notify_one();
        }
        true
    }

    /// Puts back what the log remembers. It was accepted under the bounds once; it is not dropped now.
    pub(crate) fn restore(&self, message: Arc<Routed>) {
        let weight = message.weight();
        let mut state = self.lock();
        state.qos1_bytes += weight;
        let arrival = state.arrivals;
        state.arrivals += 1;
        state.qos1.messages.push_back((arrival, message));
        self.counters.queued_bytes.add(weight as u64);
    }

    /// The next message for the connection of this `generation`. A QoS 1 message gets its packet id from
    /// `acquire` and is in flight from now on; when the window is full, QoS 0 messages pass it.
    pub(crate) fn next(
        &self,
        generation: u64,
        acquire: impl FnOnce() -> Option<u16>,
    ) -> Option<(Arc<Routed>, Option<u16>)> {
        let mut guard = self.lock();
        let state = &mut *guard;
        if state.generation != generation {
            return None;
        }
        let open = state.in_flight.len() < self.limits.in_flight;
        let first0 = state.qos0.messages.front().map(|(arrival, _)| *arrival);
        let first1 = state
            .qos1
            .messages
            .front()
            .filter(|_| open)
            .map(|(arrival, _)| *arrival);
        let qos1_first = match (first0, first1) {
            (Some(a), Some(b)) => b < a,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => return None,
        };
        if qos1_first
            && let Some(packet_id) = acquire()
            && let Some((_, message)) = state.qos1.messages.pop_front()
        {
            state.in_flight.push_back((packet_id, Arc::clone(&message)));
            return Some((message, Some(packet_id)));
        }
        let (_, message) = state.qos0.messages.pop_front()?;
        state.qos0.bytes -= message.weight();
        self.counters.queued_bytes.sub(message.weight() as u64);
        Some((message, None))
    }

    /// The client has it.
    pub(crate) fn acknowledge(&self, generation: u64, packet_id: u16) -> Option<Arc<Routed>> {
        let mut state = self.lock();
        if state.generation != generation {
            return None;
        }
        let at = state.in_flight.iter().position(|(id, _)| *id == packet_id)?;
        let (_, message) = state.in_flight.remove(at)?;
        state.qos1_bytes -= message.weight();
        self.counters.queued_bytes.sub(message.weight() as u64);
        Some(message)
    }

    /// A connection takes the mailbox over; returns what its client has not acknowledged to an earlier one.
    pub(crate) fn connect(&self, generation: u64) -> VecDeque<(u16, Arc<Routed>)> {
        let mut state = self.lock();
        state.generation = generation;
        state.in_flight.clone()
    }

    /// Nobody is connected: QoS 0 messages have nowhere to go.
    pub(crate) fn disconnect(&self) {
        let mut state = self.lock();
        state.generation = 0;
        let dropped = std::mem::take(&mut state.qos0);
        self.counters.queued_bytes.sub(dropped.bytes as u64);
    }

    /// QoS 1 messages, in the order in which they came.
    pub(crate) fn kept(&self) -> Vec<Arc<Routed>> {
        let state = self.lock();
        let waiting = state.qos1.messages.iter().map(|(_, m)| m);
        state
            .in_flight
            .iter()
            .map(|(_, m)| m)
            .chain(waiting)
            .map(Arc::clone)
            .collect()
    }

    pub(crate) fn depth(&self) -> (usize, usize) {
        let state = self.lock();
        (
            state.qos0.messages.len() + state.qos1.messages.len(),
            state.in_flight.len(),
        )
    }

    fn account(&self, weight: usize) -> bool {
        self.counters
            .queued_bytes
            .add_within(weight as u64, self.limits.total_bytes as u64)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.counters
            .queued_bytes
            .sub((state.qos0.bytes + state.qos1_bytes) as u64);
    }
}

/// What a message costs beside its bytes.
const OVERHEAD: usize = 160;
