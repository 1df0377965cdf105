//! Is this record on disk: the promise that [`Journal::append`](crate::Journal::append) gives back.

use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

use tokio::sync::Notify;

use crate::Seq;

/// Stands for one record until it is on disk. Cheap to clone.
#[derive(Clone)]
pub struct Ticket {
    state: State,
}

#[derive(Clone)]
enum State {
    Settled(Result<(), Failed>),
    Waiting { batch: Arc<Batch>, seq: Seq },
    Promised(Arc<Batch>),
}

impl Ticket {
    /// A ticket that is durable already, for what needs no disk.
    pub fn ready() -> Self {
        Self {
            state: State::Settled(Ok(())),
        }
    }

    /// A ticket that somebody else settles: for what another store than a journal brings to disk, or has not
    /// yet handed to a journal.
    ///
    /// ```
    /// use faceiot_journal::{FailedKind, Ticket};
    ///
    /// let (ticket, completer) = Ticket::pending();
    /// assert_eq!(ticket.is_durable(), None);
    /// completer.complete(Ok(()));
    /// assert_eq!(ticket.wait(), Ok(()));
    ///
    /// let (ticket, completer) = Ticket::pending();
    /// drop(completer);
    /// assert_eq!(ticket.wait().unwrap_err().kind(), FailedKind::Closed);
    /// ```
    pub fn pending() -> (Self, Completer) {
        let batch = Arc::new(Batch::new());
        (
            Self {
                state: State::Promised(Arc::clone(&batch)),
            },
            Completer { batch },
        )
    }

    pub(crate) fn failed(failed: Failed) -> Self {
        Self {
            state: State::Settled(Err(failed)),
        }
    }

    pub(crate) fn waiting(batch: Arc<Batch>, seq: Seq) -> Self {
        Self {
            state: State::Waiting { batch, seq },
        }
    }

    /// Number of the record; `None` when it was never accepted or needs no disk.
    pub fn seq(&self) -> Option<Seq> {
        match &self.state {
            State::Waiting { seq, .. } => Some(*seq),
            State::Settled(_) | State::Promised(_) => None,
        }
    }

    /// Waits until the record is on disk.
    ///
    /// # Errors
    ///
    /// [`Failed`] when it will never be.
    pub async fn durable(&self) -> Result<(), Failed> {
        match &self.state {
            State::Settled(result) => result.clone(),
            State::Waiting { batch, .. } | State::Promised(batch) => batch.settled().await,
        }
    }

    /// Waits until the record is on disk, blocking this thread.
    ///
    /// # Errors
    ///
    /// [`Failed`] when it will never be.
    pub fn wait(&self) -> Result<(), Failed> {
        match &self.state {
            State::Settled(result) => result.clone(),
            State::Waiting { batch, .. } | State::Promised(batch) => batch.wait(),
        }
    }

    /// How it stands at this moment; `None` while it is on its way.
    pub fn is_durable(&self) -> Option<Result<(), Failed>> {
        match &self.state {
            State::Settled(result) => Some(result.clone()),
            State::Waiting { batch, .. } | State::Promised(batch) => batch.outcome.get().cloned(),
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("seq", &self.seq())
            .field("durable", &self.is_durable())
            .finish()
    }
}

/// Settles the ticket of [`Ticket::pending`]. Dropped without a word, it fails the ticket as closed.
#[derive(Debug)]
pub struct Completer {
    batch: Arc<Batch>,
}

impl Completer {
    /// Settles the ticket and wakes who waits for it.
    pub fn complete(self, outcome: Result<(), Failed>) {
        self.batch.settle(outcome);
    }
}

impl Drop for Completer {
    fn drop(&mut self) {
        // The first outcome stands, so this says nothing after `complete`.
        self.batch.settle(Err(Failed::new(
            FailedKind::Closed,
            "given up before it was on disk",
        )));
    }
}

/// All records that one write and one sync bring to disk.
#[derive(Debug)]
pub(crate) struct Batch {
    outcome: OnceLock<Result<(), Failed>>,
    tasks: Notify,
    settled: Mutex<()>,
    threads: Condvar,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            outcome: OnceLock::new(),
            tasks: Notify::new(),
            settled: Mutex::new(()),
            threads: Condvar::new(),
        }
    }

    pub(crate) fn settle(&self, outcome: Result<(), Failed>) {
        // The first outcome stands.
        let _ = self.outcome.set(outcome);
        self.tasks.notify_waiters();
        // Taken so that a thread between its look and its wait is not missed.
        drop(self.settled.lock().unwrap_or_else(PoisonError::into_inner));
        self.threads.notify_all();
    }

    async fn settled(&self) -> Result<(), Failed> {
        loop {
            let mut woken = std::pin::pin!(self.tasks.notified());
            // Registered before the look, so that a settlement in between is not missed.
            woken.as_mut().enable();
            if let Some(outcome) = self.outcome.get() {
                return outcome.clone();
            }
            woken.await;
        }
    }

    fn wait(&self) -> Result<(), Failed> {
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(outcome) = self.outcome.get() {
                return outcome.clone();
            }
            settled = self.threads.wait(settled).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Why a record is not on disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failed {
    kind: FailedKind,
    message: Arc<str>,
}

/// The kinds of [`Failed`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FailedKind {
    /// No space (or quota) on the disk; appending works again when there is.
    DiskFull,
    /// More was appended than the disk could take; try again later.
    Overloaded,
    /// The payload is larger than [`MAX_PAYLOAD`](crate::MAX_PAYLOAD).
    TooLarge,
    /// The disk failed; this journal takes nothing more.
    Io,
    /// The journal was closed.
    Closed,
}

impl Failed {
    /// A failure of this kind with these words, for [`Completer::complete`].
    pub fn new(kind: FailedKind, message: impl Into<Arc<str>>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn from_io(what: &str, error: &io::Error) -> Self {
        let kind = match error.kind() {
            // EFBIG is what a file-size limit answers: like a full disk, it goes away when the limit does.
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                FailedKind::DiskFull
            }
            _ => FailedKind::Io,
        };
        Self::new(kind, format!("{what}: {error}"))
    }

    /// What kind of failure.
    pub fn kind(&self) -> FailedKind {
        self.kind
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failed {}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> Self {
        let kind = match failed.kind {
            FailedKind::DiskFull => io::ErrorKind::StorageFull,
            FailedKind::Overloaded => io::ErrorKind::WouldBlock,
            FailedKind::TooLarge => io::ErrorKind::InvalidInput,
            FailedKind::Closed => io::ErrorKind::BrokenPipe,
            FailedKind::Io => io::ErrorKind::Other,
        };
        io::Error::new(kind, failed)
    }
}
