//! What waits for the worker, and who waits for room?

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use faceiot::DeviceId;
use faceiot::ingest::Carrier;
use faceiot_journal::{Completer, Failed, FailedKind, Journal, Sync, Ticket};

use super::record::{self, CarrierKind};

/// Past so many octets waiting for the worker, acknowledgements are held back; past so many waiting for the journal's
/// disk, senders at QoS 0 are too.
pub const SOFT_QUEUE: usize = 4 << 20;

/// Past so many, chunks are refused.
pub const HARD_QUEUE: usize = 8 << 20;

/// A chunk on its way to the worker.
pub(super) struct Item {
    pub(super) seq: u64,
    pub(super) now_ms: u64,
    pub(super) device: DeviceId,
    pub(super) carrier: CarrierKind,
    pub(super) payload: Vec<u8>,
    /// Set when the chunk may be used only once it is on disk (QoS 1): until then the sender may send it again.
    pub(super) durable: Option<Ticket>,
    /// Set when somebody waits for room in the queue.
    pub(super) held: Option<Completer>,
}

/// Between the broker's tasks and the worker. Its lock is also the order of the journal: a chunk's number rises with
/// its place in the queue.
pub(super) struct Queue {
    journal: Journal,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    octets: usize,
    refused: u64,
    is_closed: bool,
}

impl Queue {
    pub(super) fn new(journal: Journal) -> Self {
        Self {
            journal,
            state: Mutex::default(),
            wake: Condvar::new(),
        }
    }

    pub(super) fn accept(&self, device: &DeviceId, carrier: Carrier<'_>, qos: u8, now_ms: u64) -> Ticket {
        let kind = CarrierKind::of(&carrier);
        let head = record::chunk_head(device, kind, now_ms);
        let cost = ITEM_COST + carrier.octets().len();
        let mut state = self.lock();
        if state.is_closed {
            return refusal(FailedKind::Closed, "the photo store is closed");
        }
        if state.octets + cost > HARD_QUEUE {
            state.refused += 1;
            return refusal(FailedKind::Overloaded, "too many chunks wait to be stored");
        }
        // The worker does not wait for chunks at QoS 0, so a flood of them shows in front of the disk, not in the queue:
        // its senders are held back before the journal must refuse everybody's.
        let hurries = qos == 0 && self.journal.pending_bytes() <= SOFT_QUEUE;
        let sync = if hurries { Sync::Lazy } else { Sync::Yes };
        let ticket = self
            .journal
            .append(record::CHUNK, &[&head, carrier.octets()], sync);
        let Some(seq) = ticket.seq() else {
            state.refused += 1;
            return ticket; // failed already: nothing is acknowledged, the sender sends it again
        };
        let (answer, held) = if state.octets + cost > SOFT_QUEUE {
            let (promise, completer) = Ticket::pending();
            (promise, Some(completer))
        } else if hurries {
            (Ticket::ready(), None)
        } else {
            (ticket.clone(), None)
        };
        state.octets += cost;
        state.items.push_back(Item {
            seq,
            now_ms,
            device: device.clone(),
            carrier: kind,
            payload: carrier.octets().to_vec(),
            durable: (qos > 0).then_some(ticket),
            held,
        });
        drop(state);
        self.wake.notify_one();
        answer
    }

    /// What waits, some of it; empty after `patience`. `None` when the queue is closed and empty.
    pub(super) fn take(&self, patience: Duration) -> Option<Vec<Item>> {
        let mut state = self.lock();
        if state.items.is_empty() && !state.is_closed {
            state = self
                .wake
                .wait_timeout(state, patience)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        if state.items.is_empty() {
            return if state.is_closed { None } else { Some(Vec::new()) };
        }
        let count = state.items.len().min(TAKEN_AT_ONCE);
        let items: Vec<Item> = state.items.drain(..count).collect();
        state.octets -= items
            .iter()
            .map(|item| ITEM_COST + item.payload.len())
            .sum::<usize>();
        Some(items)
    }

    /// Waits a while, or until the queue is closed; true when it is.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let state = self.lock();
        let closed = self
            .wake
            .wait_timeout_while(state, time, |state| !state.is_closed);
        closed.unwrap_or_else(PoisonError::into_inner).0.is_closed
    }

    /// Runs `snapshot` while nothing can be appended; it is given a copy of every chunk that waits, as journal records.
    pub(super) fn compact(&self, live: impl FnOnce() -> Vec<(u8, Vec<u8>)>) -> bool {
        let state = self.lock();
        let mut chunks = Vec::with_capacity(state.items.len());
        for item in &state.items {
            let head = record::chunk_head(&item.device, item.carrier, item.now_ms);
            chunks.push((item.seq, [head.as_slice(), &item.payload].concat()));
        }
        let records = live();
        let begun = self.journal.compact(move |snapshot| {
            for (kind, payload) in &records {
                snapshot.append(*kind, &[payload]);
            }
            for (seq, payload) in &chunks {
                snapshot.append_as(*seq, record::CHUNK, &[payload]);
            }
        });
        drop(state);
        begun
    }

    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.wake.notify_all();
    }

    /// Lets go of the journal's file, for clones of the store may live on. Only when the worker has ended.
    pub(super) fn end_journal(&self) {
        // What could not be written has failed its tickets.
        let _ = self.journal.clone().close();
    }

    pub(super) fn octets(&self) -> usize {
        self.lock().octets
    }

    /// Why chunks are not reaching the disk at this moment.
    pub(super) fn journal_failure(&self) -> Option<String> {
        self.journal.failed()
    }

    /// Chunks that were not taken.
    pub(super) fn refused(&self) -> u64 {
        self.lock().refused
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(kind: FailedKind, words: &'static str) -> Ticket {
    let (ticket, completer) = Ticket::pending();
    completer.complete(Err(Failed::new(kind, words)));
    ticket
}

/// What a waiting chunk costs beside its octets.
const ITEM_COST: usize = 256;

/// Few enough that the queue counts as full while the worker is at work on them.
const TAKEN_AT_ONCE: usize = 256;
