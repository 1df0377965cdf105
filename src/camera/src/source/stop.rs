//! How a camera that is closed ends the waiting of its source.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Said by who closes the camera, looked at by a source that waits for others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn stop(&self) {
        self.0.store(true, Ordering::Relaxed); // it carries no data
    }

    pub(crate) fn is_said(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long a source waits at most before it looks.
pub(crate) const SLICE: Duration = Duration::from_millis(100);
