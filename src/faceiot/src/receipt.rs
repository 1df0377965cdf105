//! What became of something that was sent: progress while it goes, the outcome when it is there.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::error::{Error, ErrorKind, Result};

/// Says when the broker has all of something. Cloning gives another view of the same transfer; dropping it
/// changes nothing about the transfer.
#[derive(Clone)]
pub struct Receipt {
    shared: Arc<Shared>,
}

/// A transfer that is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// MQTT messages, those of interrupted attempts included.
    pub messages: usize,
    /// Octets of MQTT payload in them.
    pub bytes: usize,
    /// From the call to the last acknowledgement.
    pub elapsed: Duration,
    /// How often a lost connection made it start again.
    pub restarts: u32,
}

impl Receipt {
    /// Waits until the broker has acknowledged every message (QoS 1), or all are written to the connection (QoS 0).
    ///
    /// Lost connections do not end a transfer: it goes on, or starts again, after the reconnect.
    ///
    /// # Errors
    /// `Timeout` when `timeout` passes first (the transfer goes on, and `wait` can be called again); `Refused`
    /// when the cloud refused the credentials; `Closed` when the device was closed.
    pub async fn wait(&self, timeout: Duration) -> Result<Sent> {
        tokio::time::timeout(timeout, self.outcome())
            .await
            .unwrap_or_else(|_| Err(self.late(timeout)))
    }

    /// [`wait`](Self::wait) for threads outside a runtime.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn blocking_wait(&self, timeout: Duration) -> Result<Sent> {
        self.blocking_poll(timeout)
            .unwrap_or_else(|| Err(self.late(timeout)))
    }

    /// Waits for at most `slice`; `None` when the transfer is still going on. Made for callers that have to look
    /// at signals in between.
    pub fn blocking_poll(&self, slice: Duration) -> Option<Result<Sent>> {
        let end = Instant::now().checked_add(slice);
        let mut state = self.shared.lock();
        while state.outcome.is_none() {
            let left = match end {
                Some(end) => end.saturating_duration_since(Instant::now()),
                None => slice,
            };
            if left.is_zero() {
                return None;
            }
            state = self
                .shared
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        state.outcome.clone()
    }

    /// Messages that are there, and how many there will be. Starts again from zero with the photo.
    pub fn progress(&self) -> (usize, usize) {
        let state = self.shared.lock();
        (state.done, state.total)
    }

    /// Whether the transfer is over, well or not.
    pub fn is_done(&self) -> bool {
        self.shared.lock().outcome.is_some()
    }

    async fn outcome(&self) -> Result<Sent> {
        loop {
            let notified = self.shared.notify.notified();
            if let Some(outcome) = &self.shared.lock().outcome {
                return outcome.clone();
            }
            notified.await;
        }
    }

    fn late(&self, timeout: Duration) -> Error {
        let (done, total) = self.progress();
        Error::new(
            ErrorKind::Timeout,
            format!("{done} of {total} messages are there after {timeout:?}"),
        )
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("Receipt")
            .field("done", &state.done)
            .field("total", &state.total)
            .field("outcome", &state.outcome)
            .finish()
    }
}

/// The sender's side of a [`Receipt`]. Dropped without an outcome, it says that the device was closed.
#[derive(Debug)]
pub(crate) struct Ticket {
    shared: Arc<Shared>,
    started: Instant,
    messages: usize,
    bytes: usize,
    restarts: u32,
}

impl Ticket {
    pub(crate) fn new(total: usize) -> (Self, Receipt) {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                done: 0,
                total,
                outcome: None,
            }),
            changed: Condvar::new(),
            notify: Notify::new(),
        });
        let ticket = Self {
            shared: Arc::clone(&shared),
            started: Instant::now(),
            messages: 0,
            bytes: 0,
            restarts: 0,
        };
        (ticket, Receipt { shared })
    }

    /// One message was handed to the connection.
    pub(crate) fn handed(&mut self, octets: usize) {
        self.messages += 1;
        self.bytes += octets;
    }

    /// One message is there.
    pub(crate) fn arrived(&self) {
        self.shared.lock().done += 1;
    }

    /// Everything starts again.
    pub(crate) fn restart(&mut self) -> u32 {
        self.shared.lock().done = 0;
        self.restarts += 1;
        self.restarts
    }

    pub(crate) fn succeed(self) {
        let sent = Sent {
            messages: self.messages,
            bytes: self.bytes,
            elapsed: self.started.elapsed(),
            restarts: self.restarts,
        };
        self.shared.finish(Ok(sent));
    }

    pub(crate) fn fail(self, error: Error) {
        self.shared.finish(Err(error));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.finish(Err(Error::new(
            ErrorKind::Closed,
            "the device was closed before everything was sent",
        )));
    }
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    notify: Notify,
}

#[derive(Debug)]
struct State {
    done: usize,
    total: usize,
    outcome: Option<Result<Sent>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first outcome stays.
    fn finish(&self, outcome: Result<Sent>) {
        let mut state = self.lock();
        if state.outcome.is_none() {
            state.outcome = Some(outcome);
            drop(state);
            self.changed.notify_all();
            self.notify.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_sender_ends_the_wait() {
        let (ticket, receipt) = Ticket::new(3);
        assert!(receipt.blocking_poll(Duration::ZERO).is_none());
        drop(ticket);
        assert_eq!(
            receipt.blocking_wait(Duration::from_secs(5)).unwrap_err().kind(),
            ErrorKind::Closed
        );
    }

    #[tokio::test]
    async fn every_waiter_gets_the_outcome() {
        let (mut ticket, receipt) = Ticket::new(1);
        let waiters: Vec<_> = (0..3)
            .map(|_| {
                let receipt = receipt.clone();
                tokio::spawn(async move { receipt.wait(Duration::from_secs(5)).await })
            })
            .collect();
        let thread = std::thread::spawn({
            let receipt = receipt.clone();
            move || receipt.blocking_wait(Duration::from_secs(5))
        });
        ticket.handed(10);
        ticket.arrived();
        assert_eq!(receipt.progress(), (1, 1));
        ticket.succeed();
        for waiter in waiters {
            assert_eq!(waiter.await.unwrap().unwrap().bytes, 10);
        }
        assert_eq!(thread.join().unwrap().unwrap().messages, 1);
    }

    #[tokio::test]
    async fn a_wait_that_is_too_short_says_how_far_it_got() {
        let (ticket, receipt) = Ticket::new(7);
        ticket.arrived();
        let error = receipt.wait(Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.to_string().starts_with("1 of 7"), "{error}");
    }
}
