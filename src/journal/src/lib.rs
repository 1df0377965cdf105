//! Append log: what has been acknowledged is on disk, and what is on disk is read back or named as damaged.
//!
//! The broker, the upload spool and the ingest of the local cloud keep their state in memory and write every
//! change that must survive a crash here first. This crate knows nothing of what the records mean. It imports
//! nothing of this project; `tokio` is used for one thing, waiting on a [`Ticket`] without blocking a thread.
//!
//! # Map
//!
//! | module | question it answers |
//! |---|---|
//! | `format` | what a file, its header and a record look like, byte for byte |
//! | `reader` | what is in a file, and what is wrong with it |
//! | `pending` | what has been appended and is not yet on disk (bounded) |
//! | `ticket` | is this record on disk |
//! | `writer` | the one thread that writes, syncs, and says so |
//! | `snapshot` | how live records replace a long history |
//!
//! # Flow
//!
//! [`Journal::append`] copies the record behind a short lock and returns a [`Ticket`]; it never waits for the
//! disk. The thread swaps the whole pending buffer for an empty one, writes it, calls `fdatasync` once, and
//! settles all tickets of that batch (group commit): the more is appended while a sync runs, the fewer syncs
//! a record costs.
//!
//! # The file
//!
//! All numbers are little endian.
//!
//! ```text
//! file    = header record*
//! header  = "FIOTJRNL" version:u32=1 salt:u32 base:u64 crc:u32          28 bytes, crc over the 24 before it
//! record  = length:u32 crc:u32 kind:u8 seq:u64 payload[length]          17 bytes + payload
//! ```
//!
//! `crc` of a record is the CRC-32 (IEEE) of `salt`, `payload`, `length`, `kind`, `seq` in this order. The
//! salt is random per journal, so that a payload that looks like a record is never taken for one when the
//! reader looks behind a torn record. `base` is the number of the last record that a snapshot stands for (0:
//! none). Records of the snapshot have `seq <= base`; appended ones have `seq > base` and strictly rising
//! (with gaps where a write failed). The file has mode 0600.
//!
//! # What can go wrong, and what then
//!
//! - **Killed or power lost in a write**: the last record is torn. [`Journal::open`] cuts it off, syncs, and
//!   counts it in [`Recovery`]. Nothing in it had been acknowledged.
//! - **A damaged record with whole ones behind it** is no torn write: acknowledged data is broken.
//!   [`Damage::Refuse`] (the default) makes `open` fail with `InvalidData` and leaves the file as it is;
//!   [`Damage::Skip`] goes on with the next whole record and counts what it left out. Each is logged with its
//!   offset.
//! - **Disk full**: the tickets of that batch fail, the file is cut back to its last synced byte, and the
//!   next append tries again: when there is space, the journal works again without being opened anew. Nothing
//!   is acknowledged in between.
//! - **Any other error** of a write or sync is final (after a failed `fdatasync` the kernel may have thrown
//!   the pages away): every ticket from then on fails, [`Journal::failed`] says why.
//! - **More appended than the disk can take**: past [`Options::pending_bytes`] a ticket fails at once with
//!   [`FailedKind::Overloaded`].
//!
//! # Example
//!
//! ```
//! use faceiot_journal::{Journal, Options, Sync};
//!
//! # let folder = tempfile::tempdir()?;
//! let path = folder.path().join("orders.log");
//! let journal = Journal::open(&path, Options::default(), |_| {})?;
//! let ticket = journal.append(b'O', &[b"two ", b"photos"], Sync::Yes);
//! ticket.wait()?; // on disk now
//! journal.close()?;
//!
//! let mut seen = Vec::new();
//! Journal::open(&path, Options::default(), |r| seen.push((r.seq, r.kind, r.payload.to_vec())))?;
//! assert_eq!(seen, [(1, b'O', b"two photos".to_vec())]);
//! # Ok::<(), std::io::Error>(())
//! ```

mod format;
mod pending;
mod reader;
mod snapshot;
mod ticket;
mod writer;

#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

pub use format::{MAX_PAYLOAD, RECORD_HEADER_LEN};
pub use reader::{Damage, Record, Recovery, read};
pub use snapshot::Snapshot;
pub use ticket::{Completer, Failed, FailedKind, Ticket};

use pending::Shared;

/// Number of a record, counted from 1 over the whole life of a journal; never used twice.
pub type Seq = u64;

/// Does somebody wait for this record to be on disk?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sync {
    /// Written and synced as soon as possible: its ticket becomes durable.
    Yes,
    /// Written at once, synced together with the next [`Sync::Yes`], at the latest after
    /// [`Options::lazy_for`].
    Lazy,
}

/// Settings of a journal.
#[derive(Clone, Debug)]
pub struct Options {
    /// A file no larger than this (bytes) is never worth compacting; see [`Journal::wants_compaction`].
    pub compact_at: u64,
    /// How many bytes may wait for the disk. Past this an append fails instead of growing memory.
    pub pending_bytes: usize,
    /// How long a [`Sync::Lazy`] record may wait for a sync of its own.
    pub lazy_for: Duration,
    /// What to do about a damaged record that is followed by whole ones.
    pub on_damage: Damage,
    #[cfg(test)]
    pub(crate) faults: tests::Faults,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            compact_at: 16 << 20,
            pending_bytes: 32 << 20,
            lazy_for: Duration::from_secs(1),
            on_damage: Damage::Refuse,
            #[cfg(test)]
            faults: tests::Faults::default(),
        }
    }
}

/// An append log in one file. Clones share the file; the last clone to go closes it.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    recovery: Recovery,
    options: Options,
    path: PathBuf,
}

impl Journal {
    /// Opens or creates the journal at `path`, gives every record in it to `replay` in file order, and starts
    /// its thread.
    ///
    /// A torn last record is cut off and counted ([`Journal::recovery`]); a rest of an interrupted compaction
    /// is removed.
    ///
    /// # Errors
    ///
    /// `InvalidData` when the file is no journal, has another version, or is damaged in the middle
    /// ([`Damage`]); `WouldBlock` when another process or another `Journal` holds it; otherwise the error of
    /// the file system.
    pub fn open(
        path: impl AsRef<Path>,
        options: Options,
        mut replay: impl FnMut(Record<'_>),
    ) -> io::Result<Self> {
        let path = path.as_ref();
        let file = open_locked(path)?;
        remove_if_there(&snapshot::new_path(path))?;
        let length = file.metadata()?.len();
        let (head, recovery) = if is_unborn(&file, length)? {
            file.set_len(0)?;
            let head = format::Head {
                salt: random_salt(),
                base: 0,
            };
            io::Write::write_all(&mut &file, &head.to_bytes())?;
            file.sync_all()?;
            sync_folder_of(path)?;
            (
                head,
                Recovery {
                    torn_bytes: length,
                    end: format::HEAD_LEN,
                    ..Recovery::default()
                },
            )
        } else {
            let (head, recovery) = reader::read_with_head(&mut &file, options.on_damage, &mut replay)?;
            if recovery.end < length {
                tracing::warn!(path = %path.display(), bytes = length - recovery.end, "cut a torn record off the journal");
                file.set_len(recovery.end)?;
                file.sync_all()?;
            }
            (head, recovery)
        };
        if recovery.skipped_bytes > 0 {
            tracing::error!(path = %path.display(), bytes = recovery.skipped_bytes, "skipped damaged records of the journal");
        }
        let shared = Arc::new(Shared::new(
            head.salt,
            recovery.last_seq,
            recovery.end,
            options.pending_bytes,
        ));
        let writer = writer::Writer::new(
            Arc::clone(&shared),
            writer::Disk {
                file,
                #[cfg(test)]
                faults: options.faults.clone(),
            },
            path,
            head.salt,
            recovery.end,
            options.lazy_for,
        );
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || writer.run())?;
        Ok(Self {
            inner: Arc::new(Inner {
                shared,
                thread: Mutex::new(Some(thread)),
                recovery,
                options,
                path: path.to_owned(),
            }),
        })
    }

    /// Appends one record whose payload is the concatenation of `parts`.
    ///
    /// Never waits for the disk. A record that cannot be taken (too much pending, more than [`MAX_PAYLOAD`]
    /// bytes, a closed or failed journal) comes back as a ticket that has already failed.
    pub fn append(&self, kind: u8, parts: &[&[u8]], sync: Sync) -> Ticket {
        self.inner.shared.append(kind, parts, sync)
    }

    /// Replaces everything appended before this call by what `snapshot` writes; everything appended after it
    /// is kept.
    ///
    /// `snapshot` runs on a thread of its own and must write the state *as of this call*: take a copy (or
    /// hold back appends) under the lock under which you append. The journal goes on meanwhile. Written to
    /// `<path>.new`, synced, renamed over the old file, folder synced; when any of that fails the old file
    /// stays and a warning is logged.
    ///
    /// Returns `false`, and drops `snapshot`, when a compaction is already running or the journal is closed
    /// or failed.
    pub fn compact(&self, snapshot: impl FnOnce(&mut Snapshot) + Send + 'static) -> bool {
        self.inner.shared.mark_compaction(Box::new(snapshot))
    }

    /// Is it time for [`Journal::compact`]? True when the file is larger than [`Options::compact_at`] and
    /// than four times the `live` bytes that a snapshot would have, and none is running.
    pub fn wants_compaction(&self, live: u64) -> bool {
        let size = self.size();
        size > self.inner.options.compact_at && size > live.saturating_mul(4) && !self.is_compacting()
    }

    /// Is a compaction running?
    pub fn is_compacting(&self) -> bool {
        self.inner.shared.is_compacting()
    }

    /// Bytes of the file, without what is still pending.
    pub fn size(&self) -> u64 {
        self.inner.shared.size()
    }

    /// Bytes that have been appended and not yet been taken to be written, to slow down whoever appends before
    /// [`Options::pending_bytes`] makes appends fail.
    pub fn pending_bytes(&self) -> usize {
        self.inner.shared.octets()
    }

    /// Why records are not reaching the disk, as of the last attempt; `None` when all is well.
    pub fn failed(&self) -> Option<String> {
        self.inner.shared.failure().map(|f| f.to_string())
    }

    /// What opening found.
    pub fn recovery(&self) -> &Recovery {
        &self.inner.recovery
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Writes and syncs what is pending, then ends the thread. Other clones get failed tickets from now on.
    ///
    /// # Errors
    ///
    /// When something appended before could not be brought to disk.
    pub fn close(self) -> io::Result<()> {
        self.inner.stop();
        match self.inner.shared.failure() {
            Some(failed) => Err(failed.into()),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("path", &self.inner.path)
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn stop(&self) {
        self.shared.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The thread settles every ticket before it ends, also when it panics (see `Shared::abandon`).
            let _ = thread.join();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A file in which not even the header was completed: nothing in it can have been acknowledged.
fn is_unborn(file: &File, length: u64) -> io::Result<bool> {
    if length > format::HEAD_LEN {
        return Ok(false);
    }
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut &*file, &mut bytes)?;
    io::Seek::rewind(&mut &*file)?;
    Ok(format::is_torn_head(&bytes))
}

fn open_locked(path: &Path) -> io::Result<File> {
    // Twice at most: a compaction of the previous holder may have renamed a new file over the one just
    // opened.
    for _ in 0..2 {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        restrict(&mut options);
        let file = options.open(path)?;
        lock(&file, path)?;
        make_private(&file)?;
        if is_same_file(&file, path)? {
            return Ok(file);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::WouldBlock,
        format!("`{}` is being replaced by another process", path.display()),
    ))
}

fn lock(file: &File, path: &Path) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(fs::TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            format!("`{}` is in use by another process", path.display()),
        )),
        // A file system without locks (some network mounts): one writer is then the operator's duty.
        Err(fs::TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(fs::TryLockError::Error(e)) => Err(e),
    }
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions) {}

#[cfg(unix)]
fn make_private(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_private(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (a, b) = (file.metadata()?, fs::metadata(path)?);
    Ok(a.ino() == b.ino() && a.dev() == b.dev())
}

#[cfg(not(unix))]
fn is_same_file(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// A rename or a new file survives a power cut only once its folder is synced.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// The standard library seeds its hash maps from the operating system; that is all the randomness a salt
/// needs.
fn random_salt() -> u32 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() as u32
}
