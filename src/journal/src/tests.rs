//! What needs a disk that fails, or a look inside. The rest is in `tests/`.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::{FailedKind, Journal, Options, Sync};

/// A disk that can be full or broken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    inner: Arc<FaultState>,
}

#[derive(Debug, Default)]
struct FaultState {
    full: AtomicBool,
    sync_broken: AtomicBool,
    syncs: AtomicUsize,
    gate: std::sync::Mutex<()>,
}

impl Faults {
    /// A full disk takes the first half and then says so, as a real one does.
    pub(crate) fn on_write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        let _held = self.inner.gate.lock().unwrap();
        if self.inner.full.load(Ordering::SeqCst) {
            file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    pub(crate) fn on_sync(&self) -> io::Result<()> {
        self.inner.syncs.fetch_add(1, Ordering::SeqCst);
        if self.inner.sync_broken.load(Ordering::SeqCst) {
            return Err(io::Error::other("input/output error"));
        }
        Ok(())
    }
}

fn open(path: &std::path::Path, options: Options) -> (Journal, Vec<(u64, u8, Vec<u8>)>) {
    let mut records = Vec::new();
    let journal = Journal::open(path, options, |r| {
        records.push((r.seq, r.kind, r.payload.to_vec()));
    })
    .unwrap();
    (journal, records)
}

#[test]
fn a_full_disk_fails_tickets_and_the_journal_goes_on_when_there_is_space() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let options = Options::default();
    let faults = options.faults.clone();
    let (journal, _) = open(&path, options);
    journal.append(1, &[b"before"], Sync::Yes).wait().unwrap();

    faults.inner.full.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let failed = journal.append(2, &[b"while full"], Sync::Yes).wait().unwrap_err();
        assert_eq!(failed.kind(), FailedKind::DiskFull);
        assert!(journal.failed().is_some());
    }
    faults.inner.full.store(false, Ordering::SeqCst);
    journal.append(3, &[b"after"], Sync::Yes).wait().unwrap();
    assert_eq!(journal.failed(), None);
    journal.close().unwrap();

    let (journal, records) = open(&path, Options::default());
    assert_eq!(records, [(1, 1, b"before".to_vec()), (5, 3, b"after".to_vec())]);
    assert_eq!(journal.recovery().torn_bytes, 0);
}

#[test]
fn a_failed_sync_is_final_and_everybody_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let options = Options::default();
    let faults = options.faults.clone();
    let (journal, _) = open(&path, options);
    journal.append(1, &[b"kept"], Sync::Yes).wait().unwrap();
    faults.inner.sync_broken.store(true, Ordering::SeqCst);
    assert_eq!(
        journal
            .append(1, &[b"lost"], Sync::Yes)
            .wait()
            .unwrap_err()
            .kind(),
        FailedKind::Io
    );
    faults.inner.sync_broken.store(false, Ordering::SeqCst);
    let later = journal.append(1, &[b"later"], Sync::Yes).wait().unwrap_err();
    assert_eq!(later.kind(), FailedKind::Io);
    assert!(journal.failed().unwrap().contains("input/output error"));
    assert!(journal.close().is_err());
    let (_, records) = open(&path, Options::default());
    assert_eq!(records, [(1, 1, b"kept".to_vec())]);
}

#[test]
fn appends_that_wait_share_one_sync() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::default();
    let faults = options.faults.clone();
    let (journal, _) = open(&folder.path().join("log"), options);
    let held = faults.inner.gate.lock().unwrap();
    let tickets: Vec<_> = (0..1000_u32)
        .map(|i| journal.append(0, &[&i.to_le_bytes()], Sync::Yes))
        .collect();
    assert!(tickets[999].is_durable().is_none());
    drop(held);
    for ticket in &tickets {
        ticket.wait().unwrap();
    }
    let syncs = faults.inner.syncs.load(Ordering::SeqCst);
    assert!((1..=2).contains(&syncs), "{syncs} syncs for 1000 records");
}

#[test]
fn more_than_the_disk_can_take_fails_at_once_and_memory_stays_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        pending_bytes: 64 << 10,
        ..Options::default()
    };
    let faults = options.faults.clone();
    let (journal, _) = open(&folder.path().join("log"), options);
    let held = faults.inner.gate.lock().unwrap();
    let tickets: Vec<_> = (0..100)
        .map(|_| journal.append(0, &[&[7; 4096]], Sync::Yes))
        .collect();
    let refused = tickets
        .iter()
        .filter(|t| matches!(t.is_durable(), Some(Err(_))))
        .count();
    // One buffer may be in the hands of the thread already, another is pending.
    assert!((100 - 32..=100 - 15).contains(&refused), "{refused} refused");
    assert!((60 << 10..=64 << 10).contains(&journal.pending_bytes()));
    drop(held);
    let failed: Vec<_> = tickets.iter().filter_map(|t| t.wait().err()).collect();
    assert_eq!(failed.len(), refused);
    assert!(failed.iter().all(|f| f.kind() == FailedKind::Overloaded));
    journal.append(0, &[b"fine again"], Sync::Yes).wait().unwrap();
    assert_eq!(journal.pending_bytes(), 0);
}

#[test]
fn a_lazy_record_is_synced_with_the_next_or_after_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        lazy_for: Duration::from_hours(1),
        ..Options::default()
    };
    let (journal, _) = open(&folder.path().join("a"), options);
    let lazy = journal.append(0, &[b"lazy"], Sync::Lazy);
    journal.append(0, &[b"eager"], Sync::Yes).wait().unwrap();
    assert_eq!(lazy.is_durable(), Some(Ok(())));

    let options = Options {
        lazy_for: Duration::from_millis(20),
        ..Options::default()
    };
    let (journal, _) = open(&folder.path().join("b"), options);
    journal.append(0, &[b"alone"], Sync::Lazy).wait().unwrap();
}

#[test]
fn a_full_disk_during_compaction_keeps_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (journal, _) = open(&path, Options::default());
    journal.append(1, &[b"one"], Sync::Yes).wait().unwrap();
    let (done, finished) = mpsc::channel();
    // A number that the snapshot does not replace cannot be written: the same road as any error of its file.
    assert!(journal.compact(move |snapshot| {
        snapshot.append_as(u64::MAX, 1, &[b"bad"]);
        done.send(()).unwrap();
    }));
    finished.recv_timeout(Duration::from_secs(20)).unwrap();
    journal.append(2, &[b"two"], Sync::Yes).wait().unwrap();
    journal.close().unwrap();
    let (_, records) = open(&path, Options::default());
    assert_eq!(records, [(1, 1, b"one".to_vec()), (2, 2, b"two".to_vec())]);
    assert!(!folder.path().join("log.new").exists());
}
