//! What does the store tell the rest about itself?

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use faceiot::ingest::Counters;
use tokio::sync::broadcast;

use super::Event;
use super::queue::Queue;

/// What the store has counted since it was opened, and what it holds now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Chunks that came, of every kind.
    pub chunks: u64,
    /// Photos without a problem.
    pub photos: u64,
    /// Photos with one.
    pub broken: u64,
    /// Photos that gave way to others because memory was short.
    pub gave_way: u64,
    /// Chunks that could not be used.
    pub bad_chunks: u64,
    /// Chunks that were not taken: the queue was full, or the journal could not write.
    pub refused: u64,
    /// Rows written.
    pub stored: u64,
    /// Attempts to store that failed.
    pub failures: u64,
    /// Unfinished photos now.
    pub open: usize,
    /// Octets held for them now.
    pub memory: usize,
    /// Octets waiting for the worker now.
    pub queued: usize,
    /// Why photos are not reaching the disk at this moment; `None` when all is well.
    pub failing: Option<String>,
}

/// What the worker tells the rest.
pub(super) struct Shared {
    pub(super) events: broadcast::Sender<Event>,
    pub(super) counters: Mutex<Counters>,
    pub(super) failing: Mutex<Option<String>>,
    pub(super) stored: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) open: AtomicUsize,
    pub(super) memory: AtomicUsize,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            events: broadcast::channel(EVENTS_KEPT).0,
            counters: Mutex::default(),
            failing: Mutex::default(),
            stored: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            memory: AtomicUsize::new(0),
        }
    }

    pub(super) fn stats(&self, queue: &Queue) -> Stats {
        let counters = *lock(&self.counters);
        Stats {
            chunks: counters.chunks,
            photos: counters.photos,
            broken: counters.broken,
            gave_way: counters.gave_way,
            bad_chunks: counters.bad_chunks,
            refused: queue.refused(),
            stored: self.stored.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            open: self.open.load(Ordering::Relaxed),
            memory: self.memory.load(Ordering::Relaxed),
            queued: queue.octets(),
            failing: lock(&self.failing).clone().or_else(|| queue.journal_failure()),
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Events that a slow listener may be behind.
const EVENTS_KEPT: usize = 1024;
