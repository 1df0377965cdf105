//! Waiting: without the interpreter lock, never deaf to Ctrl-C, and never in a forked child.
//!
//! One tokio runtime serves the process and is never torn down: what runs on it ends with the objects that started it.
//! After `fork()` a child has none of its threads. What was opened before the fork refuses to work there (and is not
//! even dropped: that could wait for a lock whose holder does not exist); what the child opens gets a runtime of its own.

use std::future::Future;
use std::pin::pin;
use std::process;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use faceiot_core::ErrorKind;
use pyo3::prelude::*;
use tokio::runtime::Runtime;

use crate::errors::{Failure, Result};

/// How long a signal may stay unnoticed.
const SIGNALS_EVERY: Duration = Duration::from_millis(100);

/// The runtime of this process.
pub(crate) fn runtime() -> Result<&'static Runtime> {
    // Locked only while the interpreter lock is held, which a thread that forks holds too: never locked at a fork.
    static CURRENT: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    let pid = process::id();
    match *current {
        Some((owner, runtime)) if owner == pid => Ok(runtime),
        _ => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .thread_name("faceiot")
                .enable_all()
                .build()
                .map_err(faceiot::Error::from)?;
            let runtime = &*Box::leak(Box::new(runtime));
            *current = Some((pid, runtime));
            Ok(runtime)
        }
    }
}

/// Runs a future to its end, or until a signal handler raises: `KeyboardInterrupt` comes out of here.
pub(crate) fn wait<F>(py: Python<'_>, future: F) -> Result<F::Output>
where
    F: Future + Send,
    F::Output: Send,
{
    let runtime = runtime()?;
    let mut future = pin!(future);
    loop {
        let slice = py.detach(|| {
            runtime.block_on(async { tokio::time::timeout(SIGNALS_EVERY, future.as_mut()).await.ok() })
        });
        // A signal wins over a result that came at the same moment: the next call would hide it for long.
        py.check_signals()?;
        if let Some(output) = slice {
            return Ok(output);
        }
    }
}

/// As [`wait`], for at most `timeout`; `what` says in the error what did not happen.
pub(crate) fn wait_for<F>(
    py: Python<'_>,
    timeout: Option<Duration>,
    what: &str,
    future: F,
) -> Result<F::Output>
where
    F: Future + Send,
    F::Output: Send,
{
    let Some(timeout) = timeout else {
        return wait(py, future);
    };
    wait(py, async move { tokio::time::timeout(timeout, future).await })?
        .map_err(|_| Failure::new(ErrorKind::Timeout, format!("{what} within {timeout:?}")))
}

/// Runs a call that blocks, in a thread of its own, to its end or until a signal handler raises: then the call goes on
/// alone, and what it returns is dropped.
pub(crate) fn aside<T: Send + 'static>(
    py: Python<'_>,
    call: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let (sender, mut receiver) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("faceiot call".into())
        .spawn(move || sender.send(call())) // an error says that nobody waits any more
        .map_err(faceiot::Error::from)?;
    loop {
        let slice = py.detach({
            let receiver = &mut receiver;
            move || receiver.recv_timeout(SIGNALS_EVERY)
        });
        if let Err(raised) = py.check_signals() {
            // As in `wait`, a signal wins. What came may take long to drop: a camera closes.
            py.detach(|| drop(slice));
            return Err(raised.into());
        }
        match slice {
            Ok(output) => return Ok(output),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::new(
                    ErrorKind::Closed,
                    "the call ended without an answer",
                ));
            }
        }
    }
}

/// Seconds as Python counts them.
pub(crate) fn seconds(name: &str, value: Option<f64>) -> Result<Option<Duration>> {
    value
        .map(|seconds| {
            Duration::try_from_secs_f64(seconds).map_err(|_| {
                Failure::new(
                    ErrorKind::InvalidArgument,
                    format!("{name} is `{seconds}`: no number of seconds"),
                )
            })
        })
        .transpose()
}

/// Something that lives in the process that made it and in no other.
pub(crate) struct Owned<T> {
    value: Option<T>,
    process: u32,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value: Some(value),
            process: process::id(),
        }
    }

    /// The value.
    ///
    /// # Errors
    /// `Closed` in a forked child.
    pub(crate) fn get(&self) -> Result<&T> {
        match &self.value {
            Some(value) if !self.is_foreign() => Ok(value),
            _ => {
                let message = "opened before fork(): a forked process has to open its own";
                Err(Failure::new(ErrorKind::Closed, message))
            }
        }
    }

    /// Whether this process is a forked child of the one that made the value.
    pub(crate) fn is_foreign(&self) -> bool {
        self.process != process::id()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if self.is_foreign() {
            std::mem::forget(self.value.take());
        }
    }
}
