//! Ctrl-C and SIGTERM, without handlers of our own and without `process::exit`: a command is told, ends its work and returns.

use std::future::Future;
use std::time::Duration;

use crate::failure::Failure;

/// Which request to stop came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    /// Ctrl-C: somebody at a terminal.
    Interrupt,
    /// SIGTERM: a service manager; stopping is what was asked for, so it is a success.
    Terminate,
}

/// Runs `work` until it is done or Ctrl-C comes; then `work` is dropped where it waits. It has a task of its own, because it may
/// wait without yielding: a secret that is typed in, a file that is a pipe. Ctrl-C must be heard then too.
pub(crate) async fn or_interrupt<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let mut task = tokio::spawn(work);
    tokio::select! {
        ended = &mut task => match ended {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_cancelled) => Err(Failure::interrupted()),
            },
        },
        _ = stop() => {
            task.abort();
            // What it holds (a connection, half a file) is dropped first, unless it waits where nothing can reach it.
            let _ = tokio::time::timeout(Duration::from_millis(500), task).await;
            Err(Failure::interrupted())
        }
    }
}

/// The same for work that borrows, and that yields wherever it waits.
pub(crate) async fn or_interrupt_here<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        result = work => result,
        _ = stop() => Err(Failure::interrupted()),
    }
}

/// Waits for Ctrl-C or SIGTERM. Where neither can be heard it waits for ever.
pub(crate) async fn stop() -> Stop {
    tokio::select! {
        () = interrupt() => Stop::Interrupt,
        () = terminate() => Stop::Terminate,
    }
}

/// Lets `work` (closing connections, flushing) finish, but not for longer than `limit`, nor past a second Ctrl-C.
pub(crate) async fn within(limit: Duration, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = tokio::time::sleep(limit) => {}
        _ = stop() => {}
    }
}

async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminate() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending().await
}
