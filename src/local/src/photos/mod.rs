//! Photos on disk: from acknowledged chunks to one file and one row each.
//!
//! ```text
//! broker --accept()--> journal (fsync for QoS 1) ----------> Ticket: the acknowledgement waits for it
//!              \-----> queue --> worker: Ingest -> check -> file (temporary, fsync, rename, fsync folder)
//!                                                       -> row (one transaction for all that are ready)
//!                                                       -> "done" in the journal -> Event::Photo
//! ```
//!
//! # What is promised
//!
//! - What was acknowledged survives `kill -9`: on opening, the journal is read, and whatever is not marked done is put
//!   together again. A photo that had its row already gets no second one, because its key is unique; one that was given
//!   up and is sent again takes the place of the row of what had come (see `row`).
//! - A file in `photos/` is whole or absent: it gets its name only after its octets are on disk, and its row only after
//!   its name is.
//! - Memory is bounded. Past [`SOFT_QUEUE`] octets waiting for the worker, acknowledgements wait for the worker too, so
//!   that senders slow down; past [`HARD_QUEUE`] chunks are refused. Past as many waiting for the disk, senders at QoS 0
//!   wait as those at QoS 1 do.
//! - A full disk or a locked database stops the worker, which tries again until it works; nothing is thrown away, and
//!   the queue in front of it fills, which holds back the acknowledgements.
//!
//! | module | answers |
//! |---|---|
//! | `queue` | what waits for the worker, and who waits for room? |
//! | `record` | what stands in the journal, and what does it add up to after a restart? |
//! | `worker` | what is done with a chunk, and in which order? |
//! | `files` | how does a photo get its name? |
//! | `row` | how does it get its row, and how is it found? |
//! | `stats` | what does the store tell the rest about itself? |

mod files;
mod queue;
mod record;
mod row;
mod stats;
mod worker;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use faceiot::ingest::{Carrier, Limits, Problem};
use faceiot::{DeviceId, Error, Result};
use faceiot_journal::{Journal, Ticket};
use sqlx::SqlitePool;
use tokio::sync::broadcast;

pub use self::queue::{HARD_QUEUE, SOFT_QUEUE};
pub use self::row::{Filter, PhotoRow};
pub use self::stats::Stats;

use self::files::Files;
use self::queue::Queue;
use self::stats::Shared;
use self::worker::Worker;

/// What happens to photos.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A photo has its file and its row.
    Photo(PhotoRow),
    /// A chunk could not be used, or a photo had to give way.
    Problem(Problem),
}

/// The photos of a local cloud. Clones share it; the last one to go ends the worker.
#[derive(Clone)]
pub struct PhotoStore {
    inner: Arc<Inner>,
}

struct Inner {
    pool: SqlitePool,
    files: Files,
    queue: Arc<Queue>,
    shared: Arc<Shared>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

impl PhotoStore {
    /// Opens the store in this data folder: reads the journal, sweeps what a crash left behind, starts the worker.
    ///
    /// # Errors
    /// When the folder cannot be written, or the journal is held by another process or damaged.
    pub async fn open(pool: SqlitePool, data_dir: &Path, limits: Limits) -> Result<Self> {
        Self::open_with(pool, Files::new(data_dir.join("photos")), data_dir, limits).await
    }

    async fn open_with(pool: SqlitePool, files: Files, data_dir: &Path, limits: Limits) -> Result<Self> {
        let journal_path = data_dir.join("journal").join("ingest.log");
        let (opened_files, opened_limits) = (files.clone(), limits.clone());
        let opened = tokio::task::spawn_blocking(move || {
            opened_files.prepare()?;
            files::private_folder(journal_path.parent().unwrap_or(Path::new(".")))?;
            let mut replay = record::Replay::default();
            let journal = Journal::open(&journal_path, faceiot_journal::Options::default(), |r| {
                replay.take(&r);
            })
            .map_err(|error| Error::from(error).context(format!("journal `{}`", journal_path.display())))?;
            Ok::<_, Error>((journal, replay.finish(opened_limits)))
        });
        let (journal, (ingest, outcomes)) = opened
            .await
            .map_err(|error| Error::new(faceiot::ErrorKind::Store, error.to_string()))??;
        let queue = Arc::new(Queue::new(journal.clone()));
        let shared = Arc::new(Shared::new());
        let worker = Worker::new(
            ingest,
            outcomes,
            journal,
            Arc::clone(&queue),
            files.clone(),
            pool.clone(),
            Arc::clone(&shared),
        );
        let thread = std::thread::Builder::new()
            .name("photos".into())
            .spawn(move || worker.run())?;
        let inner = Inner {
            pool,
            files,
            queue,
            shared,
            worker: Mutex::new(Some(thread)),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Takes one chunk from the broker. Never waits.
    ///
    /// The acknowledgement of a QoS 1 message must wait for the ticket: it is durable once the chunk is on disk, later
    /// when the worker is behind, and failed when the chunk could not be taken - then the sender must send it again. For
    /// QoS 0 the ticket is ready at once unless the worker or the disk is behind: who can, waits for it before reading more from
    /// that sender.
    pub fn accept(&self, device: &DeviceId, carrier: Carrier<'_>, qos: u8, now_ms: u64) -> Ticket {
        self.inner.queue.accept(device, carrier, qos, now_ms)
    }

    /// What happens from now on. A listener that is slow misses the oldest events; the table keeps every photo.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.inner.shared.events.subscribe()
    }

    /// Rows of photos: with `after`, the ones with larger ids, in order; without, the newest, newest first.
    ///
    /// # Errors
    /// `Store` when the table cannot be read.
    pub async fn list(&self, filter: &Filter, after: Option<i64>, limit: u32) -> Result<Vec<PhotoRow>> {
        row::list(&self.inner.pool, filter, after, limit).await
    }

    /// One row; `None` when there is none with this id.
    ///
    /// # Errors
    /// `Store` when the table cannot be read.
    pub async fn get(&self, id: i64) -> Result<Option<PhotoRow>> {
        row::get(&self.inner.pool, id).await
    }

    /// Where the file of a photo is.
    pub fn image_path(&self, row: &PhotoRow) -> PathBuf {
        self.inner.files.path(&row.sha256)
    }

    /// What has been counted since the store was opened, and what is held now.
    pub fn stats(&self) -> Stats {
        self.inner.shared.stats(&self.inner.queue)
    }

    /// Why photos or chunks are not reaching the disk at this moment; `None` when all is well.
    pub fn failing(&self) -> Option<String> {
        self.stats().failing
    }

    /// Takes no more chunks, finishes what waits, and ends the worker.
    ///
    /// A photo that cannot be stored at this moment (disk full) stays in the journal for the next opening.
    pub async fn close(&self) {
        let inner = Arc::clone(&self.inner);
        // A panic in there is reported by the thread itself.
        let _ = tokio::task::spawn_blocking(move || inner.stop()).await;
    }
}

impl Inner {
    fn stop(&self) {
        self.queue.close();
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(worker) = worker
            && worker.join().is_err()
        {
            tracing::error!("the photo worker panicked");
        }
        self.queue.end_journal();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Not joined: this may be the thread of an async runtime. The worker ends by itself.
        self.queue.close();
    }
}

impl std::fmt::Debug for PhotoStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PhotoStore")
            .field("files", &self.inner.files)
            .finish_non_exhaustive()
    }
}
