//! The one thread that touches the file: write, sync, settle; and the last step of a compaction.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::format::Head;
use crate::pending::{Mark, Shared, Work};
use crate::snapshot::{Snapshot, new_path};
use crate::ticket::{Batch, Failed, FailedKind};

pub(crate) struct Writer {
    shared: Arc<Shared>,
    disk: Disk,
    path: PathBuf,
    salt: u32,
    /// Bytes in the file.
    length: u64,
    /// Bytes of it that survive a power cut.
    synced: u64,
    /// Written, waiting for a sync.
    unsynced: Vec<Arc<Batch>>,
    oldest_unsynced: Option<Instant>,
    lazy_for: Duration,
    compaction: Option<Compaction>,
}

/// A snapshot being written by its own thread.
struct Compaction {
    /// From here on the old file holds what the snapshot does not.
    cut: u64,
    done: Receiver<io::Result<(File, u64)>>,
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        disk: Disk,
        path: &Path,
        salt: u32,
        length: u64,
        lazy_for: Duration,
    ) -> Self {
        Self {
            shared,
            disk,
            path: path.to_owned(),
            salt,
            length,
            synced: length,
            unsynced: Vec::new(),
            oldest_unsynced: None,
            lazy_for,
            compaction: None,
        }
    }

    pub(crate) fn run(mut self) {
        if let Err(e) = self.disk.seek_to(self.length) {
            self.give_up(&Failed::from_io("the journal cannot be written", &e));
            return;
        }
        let mut spare = Vec::new();
        loop {
            let patience = self
                .oldest_unsynced
                .map(|t| self.lazy_for.saturating_sub(t.elapsed()));
            let mut work = self.shared.take(spare, patience);
            let outcome = self.commit(&mut work);
            if let Err(failed) = outcome
                && failed.kind() != FailedKind::DiskFull
            {
                self.give_up(&failed);
                return;
            }
            if let Some(mark) = work.mark.take() {
                self.begin_compaction(mark);
            }
            // Closing waits for the snapshot: its thread must not outlive the journal.
            if (work.nudged || work.closing)
                && let Err(failed) = self.end_compaction(work.closing)
            {
                self.give_up(&failed);
                return;
            }
            if work.closing && work.batch.is_none() {
                return;
            }
            spare = work.bytes;
            spare.clear();
            if spare.capacity() > KEEP_CAPACITY {
                spare = Vec::new();
            }
        }
    }

    /// One group commit. A full disk fails the batch and leaves the writer fit to go on; any other error is
    /// final.
    fn commit(&mut self, work: &mut Work) -> Result<(), Failed> {
        let start = self.length;
        let due = work.closing || self.oldest_unsynced.is_some_and(|t| t.elapsed() >= self.lazy_for);
        if let Some(batch) = &work.batch {
            self.unsynced.push(Arc::clone(batch));
            self.oldest_unsynced.get_or_insert_with(Instant::now);
        }
        let mut result = Ok(());
        if !work.bytes.is_empty() {
            result = self.disk.write(&work.bytes);
            if result.is_ok() {
                self.length += work.bytes.len() as u64;
            }
        }
        if let Some(mark) = &mut work.mark {
            mark.at = if result.is_ok() {
                start + mark.at
            } else {
                self.synced
            };
        }
        let synced = !self.unsynced.is_empty() && (work.sync || due);
        if result.is_ok() && synced {
            result = self.disk.sync();
        }
        match result {
            Ok(()) => {
                // Told before the tickets are, so that whoever saw his record durable sees a journal that is
                // well.
                self.shared.set_size(self.length);
                if work.batch.is_some() && self.shared.failure().is_some() {
                    tracing::info!(path = %self.path.display(), "the journal is written again");
                    self.shared.set_failure(None);
                }
                if synced {
                    self.settle(&Ok(()));
                }
                Ok(())
            }
            Err(e) => Err(self.recover(&Failed::from_io("the journal cannot be written", &e))),
        }
    }

    /// After a failed write or sync: nothing since the last sync is promised, so it is cut off and every
    /// ticket for it fails.
    fn recover(&mut self, failed: &Failed) -> Failed {
        // Once, not for every batch: a full disk stays full for a while, and the log may be on it.
        if self.shared.failure().is_none() {
            tracing::error!(path = %self.path.display(), "{failed}");
        }
        let synced = self.synced;
        let cut = self.disk.cut(synced).and_then(|()| self.disk.seek_to(synced));
        self.length = synced;
        if let Some(compaction) = &mut self.compaction {
            compaction.cut = compaction.cut.min(synced);
        }
        let failed = match cut {
            // Without a sync a crash may bring back what was cut: records that were never acknowledged, which
            // is no harm. What was synced before is on disk either way.
            Ok(()) => match self.disk.sync() {
                Ok(()) => failed.clone(),
                Err(e) => Failed::from_io("the journal cannot be cut back", &e),
            },
            Err(e) => Failed::new(
                FailedKind::Io,
                format!("{failed}, and it cannot be cut back: {e}"),
            ),
        };
        self.shared.set_size(self.length);
        self.shared.set_failure(Some(failed.clone()));
        self.settle(&Err(failed.clone()));
        failed
    }

    fn settle(&mut self, outcome: &Result<(), Failed>) {
        self.synced = self.length;
        self.oldest_unsynced = None;
        for batch in self.unsynced.drain(..) {
            batch.settle(outcome.clone());
        }
    }

    fn begin_compaction(&mut self, mark: Mark) {
        let (sender, done) = channel();
        let path = new_path(&self.path);
        let head = Head {
            salt: self.salt,
            base: mark.base,
        };
        let shared = Arc::clone(&self.shared);
        let spawned = std::thread::Builder::new()
            .name("journal-compact".into())
            .spawn(move || {
                // The snapshot is the caller's code: its panic must not leave the compaction running for
                // ever.
                let written = catch_unwind(AssertUnwindSafe(|| {
                    let mut snapshot = Snapshot::create(&path, head)?;
                    (mark.snapshot)(&mut snapshot);
                    snapshot.finish()
                }));
                let written = written.unwrap_or_else(|_| Err(io::Error::other("the snapshot panicked")));
                // Nobody to take it when the journal has failed meanwhile.
                let _ = sender.send(written);
                shared.nudge();
            });
        match spawned {
            Ok(_) => {
                self.compaction = Some(Compaction {
                    cut: mark.at.min(self.length),
                    done,
                });
            }
            Err(e) => {
                tracing::warn!("no thread to compact the journal: {e}");
                self.shared.compaction_is_over();
            }
        }
    }

    /// The snapshot is on disk: add what was appended meanwhile, and put it in the place of the old file.
    fn end_compaction(&mut self, wait: bool) -> Result<(), Failed> {
        let Some(compaction) = &self.compaction else {
            return Ok(());
        };
        let written = if wait {
            compaction.done.recv().ok()
        } else {
            compaction.done.try_recv().ok()
        };
        let Some(written) = written else { return Ok(()) };
        let cut = compaction.cut;
        self.compaction = None;
        let replaced = written
            .map_err(Replace::Kept)
            .and_then(|(file, length)| self.replace(file, length, cut));
        self.shared.compaction_is_over();
        match replaced {
            Ok(()) => Ok(()),
            Err(Replace::Kept(e)) => {
                tracing::warn!(path = %self.path.display(), "the journal was not compacted: {e}");
                let _ = fs::remove_file(new_path(&self.path));
                self.disk
                    .seek_to(self.length)
                    .map_err(|e| Failed::from_io("the journal cannot be written", &e))
            }
            Err(Replace::Unknown(e)) => Err(Failed::from_io("the journal cannot be written", &e)),
        }
    }

    fn replace(&mut self, mut file: File, length: u64, cut: u64) -> Result<(), Replace> {
        let tail = self.length - cut;
        let copied = self
            .disk
            .copy_from(cut, tail, &mut file)
            .and_then(|()| file.sync_all());
        copied.map_err(Replace::Kept)?;
        fs::rename(new_path(&self.path), &self.path).map_err(Replace::Kept)?;
        self.disk.replace(file);
        self.length = length + tail;
        self.settle(&Ok(()));
        self.shared.set_size(self.length);
        // The rename is visible but may not survive a power cut; until it does, a new record would be
        // promised on a file without a name.
        crate::sync_folder_of(&self.path).map_err(Replace::Unknown)
    }

    fn give_up(&mut self, failed: &Failed) {
        tracing::error!(path = %self.path.display(), "the journal takes nothing more: {failed}");
        self.settle(&Err(failed.clone()));
        self.shared.abandon(failed);
    }
}

/// How the exchange of files failed.
enum Replace {
    /// The old file is in place.
    Kept(io::Error),
    /// It cannot be told which one a restart would find.
    Unknown(io::Error),
}

impl Drop for Writer {
    /// Runs also when the thread panics: nobody may wait for ever.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.give_up(&Failed::new(FailedKind::Io, "the journal's thread panicked"));
        }
    }
}

/// The file, and in tests the errors that a real disk gives too rarely.
pub(crate) struct Disk {
    pub(crate) file: File,
    #[cfg(test)]
    pub(crate) faults: crate::tests::Faults,
}

impl Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        self.faults.on_write(&mut self.file, bytes)?;
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        #[cfg(test)]
        self.faults.on_sync()?;
        self.file.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn seek_to(&mut self, offset: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset)).map(drop)
    }

    fn copy_from(&mut self, start: u64, length: u64, to: &mut File) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(start))?;
        let copied = io::copy(&mut (&self.file).take(length), to)?;
        if copied != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    fn replace(&mut self, file: File) {
        self.file = file;
    }
}

impl Drop for Disk {
    /// Closing is not enough: a process that is being started by another thread holds a copy of the
    /// descriptor, and with it the lock, between its fork and its exec.
    fn drop(&mut self) {
        // An error leaves the lock to be dropped with the descriptor.
        let _ = self.file.unlock();
    }
}

/// A buffer larger than this is given back after a burst.
const KEEP_CAPACITY: usize = 4 << 20;
