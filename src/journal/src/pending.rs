//! What has been appended and is not yet on disk. Everything under its lock is short and touches no file.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::format::{MAX_PAYLOAD, RECORD_HEADER_LEN, RecordHead, payload_hasher};
use crate::snapshot::Snapshot;
use crate::ticket::{Batch, Failed, FailedKind, Ticket};
use crate::{Seq, Sync};

pub(crate) type SnapshotFn = Box<dyn FnOnce(&mut Snapshot) + Send>;

/// A call of [`Journal::compact`](crate::Journal::compact), as a place in the stream of records.
pub(crate) struct Mark {
    /// Offset in the buffer: what is before it is replaced.
    pub(crate) at: u64,
    pub(crate) base: Seq,
    pub(crate) snapshot: SnapshotFn,
}

/// What the thread takes in one go.
pub(crate) struct Work {
    pub(crate) bytes: Vec<u8>,
    pub(crate) batch: Option<Arc<Batch>>,
    pub(crate) sync: bool,
    pub(crate) mark: Option<Mark>,
    pub(crate) closing: bool,
    pub(crate) nudged: bool,
}

/// Shared between the callers and the thread.
pub(crate) struct Shared {
    salt: u32,
    limit: usize,
    size: AtomicU64,
    pending: Mutex<Pending>,
    wake: Condvar,
}

struct Pending {
    bytes: Vec<u8>,
    batch: Option<Arc<Batch>>,
    sync: bool,
    last: Seq,
    mark: Option<Mark>,
    compacting: bool,
    nudged: bool,
    failure: Option<Failed>,
    /// Why nothing more is taken.
    refusal: Option<Failed>,
}

impl Shared {
    pub(crate) fn new(salt: u32, last: Seq, size: u64, limit: usize) -> Self {
        let pending = Pending {
            bytes: Vec::new(),
            batch: None,
            sync: false,
            last,
            mark: None,
            compacting: false,
            nudged: false,
            failure: None,
            refusal: None,
        };
        Self {
            salt,
            limit,
            size: AtomicU64::new(size),
            pending: Mutex::new(pending),
            wake: Condvar::new(),
        }
    }

    pub(crate) fn append(&self, kind: u8, parts: &[&[u8]], sync: Sync) -> Ticket {
        let length: usize = parts.iter().map(|p| p.len()).sum();
        if length > MAX_PAYLOAD {
            return Ticket::failed(Failed::new(
                FailedKind::TooLarge,
                format!("a record of {length} bytes is too large"),
            ));
        }
        let crc = payload_hasher(self.salt, parts);
        let mut pending = self.lock();
        if let Some(refusal) = &pending.refusal {
            return Ticket::failed(refusal.clone());
        }
        if pending.bytes.len() + RECORD_HEADER_LEN + length > self.limit {
            let message = format!("more than {} bytes wait for the disk", self.limit);
            return Ticket::failed(Failed::new(FailedKind::Overloaded, message));
        }
        pending.last += 1;
        let seq = pending.last;
        let head = RecordHead::new(crc, length as u32, kind, seq);
        pending.bytes.extend_from_slice(&head.to_bytes());
        for part in parts {
            pending.bytes.extend_from_slice(part);
        }
        pending.sync |= sync == Sync::Yes;
        // The thread looks again after each batch: it needs waking only when there was nothing to do.
        let idle = pending.batch.is_none();
        let batch = Arc::clone(pending.batch.get_or_insert_with(|| Arc::new(Batch::new())));
        drop(pending);
        if idle {
            self.wake.notify_one();
        }
        Ticket::waiting(batch, seq)
    }

    pub(crate) fn mark_compaction(&self, snapshot: SnapshotFn) -> bool {
        let mut pending = self.lock();
        if pending.compacting || pending.refusal.is_some() {
            return false;
        }
        pending.compacting = true;
        pending.mark = Some(Mark {
            at: pending.bytes.len() as u64,
            base: pending.last,
            snapshot,
        });
        drop(pending);
        self.wake.notify_one();
        true
    }

    /// Blocks until there is something to do, at most for `patience`; gives `spare` in exchange for the
    /// buffer.
    pub(crate) fn take(&self, spare: Vec<u8>, patience: Option<Duration>) -> Work {
        let mut pending = self.lock();
        while pending.batch.is_none()
            && pending.mark.is_none()
            && pending.refusal.is_none()
            && !pending.nudged
        {
            match patience {
                None => pending = self.wake.wait(pending).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    pending = self
                        .wake
                        .wait_timeout(pending, patience)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0;
                    break;
                }
            }
        }
        Work {
            bytes: std::mem::replace(&mut pending.bytes, spare),
            batch: pending.batch.take(),
            sync: std::mem::take(&mut pending.sync),
            mark: pending.mark.take(),
            closing: pending.refusal.is_some(),
            nudged: std::mem::take(&mut pending.nudged),
        }
    }

    /// Wakes the thread because a snapshot is written.
    pub(crate) fn nudge(&self) {
        self.lock().nudged = true;
        self.wake.notify_one();
    }

    pub(crate) fn compaction_is_over(&self) {
        self.lock().compacting = false;
    }

    pub(crate) fn is_compacting(&self) -> bool {
        self.lock().compacting
    }

    pub(crate) fn close(&self) {
        let mut pending = self.lock();
        pending
            .refusal
            .get_or_insert_with(|| Failed::new(FailedKind::Closed, "the journal is closed"));
        drop(pending);
        self.wake.notify_one();
    }

    /// The thread ends although nobody closed the journal: nothing pending will ever be written.
    pub(crate) fn abandon(&self, why: &Failed) {
        let mut pending = self.lock();
        pending.refusal = Some(why.clone());
        pending.failure = Some(why.clone());
        pending.bytes = Vec::new();
        pending.mark = None;
        if let Some(batch) = pending.batch.take() {
            batch.settle(Err(why.clone()));
        }
    }

    pub(crate) fn set_failure(&self, failure: Option<Failed>) {
        self.lock().failure = failure;
    }

    pub(crate) fn failure(&self) -> Option<Failed> {
        self.lock().failure.clone()
    }

    pub(crate) fn octets(&self) -> usize {
        self.lock().bytes.len()
    }

    pub(crate) fn size(&self) -> u64 {
        self.size.load(Ordering::Relaxed)
    }

    pub(crate) fn set_size(&self, size: u64) {
        self.size.store(size, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
