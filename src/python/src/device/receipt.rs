//! `Receipt` and `Sent`: what became of something that was sent.

use pyo3::prelude::*;
use std::time::Duration;

use crate::errors::Result;
use crate::wait::{Owned, seconds, wait};

/// Says when the broker has all of something that was sent.
///
/// Dropping a receipt changes nothing: what it stands for is sent all the same.
#[pyclass(frozen, module = "faceiot")]
pub(crate) struct Receipt {
    inner: Owned<faceiot::Receipt>,
}

impl Receipt {
    pub(super) fn new(inner: faceiot::Receipt) -> Self {
        Self {
            inner: Owned::new(inner),
        }
    }
}

#[pymethods]
impl Receipt {
    /// Waits until the broker has all of it: acknowledged with QoS 1, written to the connection with QoS 0.
    ///
    /// A lost connection does not end the wait: the photo starts again after the reconnect.
    ///
    /// Args:
    ///     timeout: Seconds to wait; without it for ever.
    ///
    /// Returns:
    ///     How many messages and bytes it took.
    ///
    /// Raises:
    ///     TimedOutError: It takes longer. Sending goes on; `wait` can be called again.
    ///     RefusedError: The cloud no longer accepts the credentials.
    ///     ConnectError: The device was closed before.
    #[pyo3(signature = (timeout=None))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> Result<Sent> {
        // Years: `wait` of the crate wants a number, and none that overflows the clock.
        let timeout = seconds("timeout", timeout)?.unwrap_or(FOR_EVER).min(FOR_EVER);
        Ok(wait(py, self.inner.get()?.wait(timeout))??.into())
    }

    /// Whether it is over, well or not.
    #[getter]
    fn done(&self) -> Result<bool> {
        Ok(self.inner.get()?.is_done())
    }

    /// Messages that are there, and how many there will be.
    #[getter]
    fn progress(&self) -> Result<(usize, usize)> {
        Ok(self.inner.get()?.progress())
    }

    fn __repr__(&self) -> String {
        match self.inner.get() {
            Ok(receipt) => {
                let (done, total) = receipt.progress();
                format!("<faceiot.Receipt {done} of {total} messages>")
            }
            Err(_) => "<faceiot.Receipt of another process>".to_owned(),
        }
    }
}

const FOR_EVER: Duration = Duration::from_hours(100 * 365 * 24);

/// Something that was sent completely.
#[pyclass(frozen, module = "faceiot", get_all)]
pub(crate) struct Sent {
    /// MQTT messages, those of interrupted attempts included.
    messages: usize,
    /// Octets of MQTT payload in them.
    bytes: usize,
    /// Seconds from the call to the last acknowledgement.
    seconds: f64,
    /// How often a lost connection made it start again.
    restarts: u32,
}

#[pymethods]
impl Sent {
    fn __repr__(&self) -> String {
        let Self {
            messages,
            bytes,
            seconds,
            restarts,
        } = self;
        format!("Sent(messages={messages}, bytes={bytes}, seconds={seconds:.3}, restarts={restarts})")
    }
}

impl From<faceiot::Sent> for Sent {
    fn from(sent: faceiot::Sent) -> Self {
        Self {
            messages: sent.messages,
            bytes: sent.bytes,
            seconds: sent.elapsed.as_secs_f64(),
            restarts: sent.restarts,
        }
    }
}
