//! Counters for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// A reading of the broker's counters. Those that say "now" go up and down, the others only up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Connections now, logged in or not.
    pub connections: u64,
    /// Of these, not yet logged in.
    pub half_open: u64,
    /// Connections accepted.
    pub accepted: u64,
    /// Connections closed at once because a cap was reached.
    pub over_cap: u64,
    /// Logins refused.
    pub refused: u64,
    /// Clients dropped for breaking the protocol or a limit.
    pub protocol_errors: u64,
    /// PUBLISH packets received.
    pub received: u64,
    /// Bytes of payload in them.
    pub received_bytes: u64,
    /// PUBLISH packets sent, repeated ones included.
    pub sent: u64,
    /// Bytes of payload in them.
    pub sent_bytes: u64,
    /// QoS 0 messages dropped because their client did not read fast enough.
    pub dropped_qos0: u64,
    /// QoS 1 messages dropped because a session's queue, or all queues together, were full.
    pub dropped_qos1: u64,
    /// Sessions now, connected or kept.
    pub sessions: u64,
    /// Bytes queued for them now.
    pub queued_bytes: u64,
    /// Bytes of the log now.
    pub log_bytes: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections: Counter,
    pub(crate) half_open: Counter,
    pub(crate) accepted: Counter,
    pub(crate) over_cap: Counter,
    pub(crate) refused: Counter,
    pub(crate) protocol_errors: Counter,
    pub(crate) received: Counter,
    pub(crate) received_bytes: Counter,
    pub(crate) sent: Counter,
    pub(crate) sent_bytes: Counter,
    pub(crate) dropped_qos0: Counter,
    pub(crate) dropped_qos1: Counter,
    pub(crate) queued_bytes: Counter,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn sub(&self, n: u64) {
        self.0.fetch_sub(n, Ordering::Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Adds `n` unless that would pass `cap`.
    pub(crate) fn add_within(&self, n: u64, cap: u64) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
                (now + n <= cap).then_some(now + n)
            })
            .is_ok()
    }
}

impl Counters {
    pub(crate) fn read(&self, sessions: u64, log_bytes: u64) -> Stats {
        Stats {
            connections: self.connections.value(),
            half_open: self.half_open.value(),
            accepted: self.accepted.value(),
            over_cap: self.over_cap.value(),
            refused: self.refused.value(),
            protocol_errors: self.protocol_errors.value(),
            received: self.received.value(),
            received_bytes: self.received_bytes.value(),
            sent: self.sent.value(),
            sent_bytes: self.sent_bytes.value(),
            dropped_qos0: self.dropped_qos0.value(),
            dropped_qos1: self.dropped_qos1.value(),
            sessions,
            queued_bytes: self.queued_bytes.value(),
            log_bytes,
        }
    }
}
