//! What comes from a device over time: commands, messages, events of the connection. Each an iterator.

use std::sync::Arc;
use std::time::Duration;

use faceiot_core::ErrorKind;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::commands::Command;
use crate::errors::{Failure, Result};
use crate::wait::{Owned, wait_for};

/// A stream that several iterators of one device share: each item goes to one of them.
type Shared<T> = Arc<Owned<tokio::sync::Mutex<T>>>;

/// The iterator that `Device.commands` returns.
#[pyclass(frozen, module = "faceiot")]
pub(crate) struct Commands {
    stream: Shared<faceiot::CommandStream>,
    timeout: Option<Duration>,
}

impl Commands {
    pub(super) fn new(stream: faceiot::CommandStream) -> Self {
        Self {
            stream: Arc::new(Owned::new(stream.into())),
            timeout: None,
        }
    }

    pub(super) fn with_timeout(&self, timeout: Option<Duration>) -> Self {
        Self {
            stream: Arc::clone(&self.stream),
            timeout,
        }
    }
}

#[pymethods]
impl Commands {
    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> Result<Option<Command>> {
        let stream = self.stream.get()?;
        let next = async { stream.lock().await.next().await };
        Ok(wait_for(py, self.timeout, "no command came", next)?.map(Command::new))
    }
}

/// The iterator that `Device.messages` returns.
#[pyclass(frozen, module = "faceiot")]
pub(crate) struct Messages {
    stream: Shared<faceiot::MessageStream>,
    timeout: Option<Duration>,
}

impl Messages {
    pub(super) fn new(stream: faceiot::MessageStream) -> Self {
        Self {
            stream: Arc::new(Owned::new(stream.into())),
            timeout: None,
        }
    }

    pub(super) fn with_timeout(&self, timeout: Option<Duration>) -> Self {
        Self {
            stream: Arc::clone(&self.stream),
            timeout,
        }
    }
}

#[pymethods]
impl Messages {
    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> Result<Option<Message>> {
        let stream = self.stream.get()?;
        let next = async { stream.lock().await.next().await };
        let message = wait_for(py, self.timeout, "no message came", next)?;
        Ok(message.map(|message| Message {
            topic: message.topic,
            payload: PyBytes::new(py, &message.payload).unbind(),
        }))
    }
}

/// A message of a subscribed topic.
#[pyclass(frozen, module = "faceiot", get_all)]
pub(crate) struct Message {
    /// The topic.
    topic: String,
    /// The octets.
    payload: Py<PyBytes>,
}

#[pymethods]
impl Message {
    fn __repr__(&self, py: Python<'_>) -> String {
        format!(
            "<faceiot.Message {:?}, {} bytes>",
            self.topic,
            self.payload.as_bytes(py).len()
        )
    }
}

/// The iterator that `Device.events` returns.
#[pyclass(frozen, module = "faceiot")]
pub(crate) struct Events {
    stream: Owned<tokio::sync::Mutex<Option<Receiver<faceiot::ConnectionEvent>>>>,
    timeout: Option<Duration>,
}

impl Events {
    pub(super) fn new(stream: Receiver<faceiot::ConnectionEvent>, timeout: Option<Duration>) -> Self {
        Self {
            stream: Owned::new(Some(stream).into()),
            timeout,
        }
    }
}

#[pymethods]
impl Events {
    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> Result<Option<ConnectionEvent>> {
        let stream = self.stream.get()?;
        let next = async {
            let mut stream = stream.lock().await;
            let event = next(stream.as_mut()?).await;
            if event.as_ref().is_none_or(is_last) {
                *stream = None;
            }
            event
        };
        Ok(wait_for(py, self.timeout, "nothing happened", next)?.map(ConnectionEvent::from))
    }
}

/// The next event. Who is too slow misses the oldest ones.
async fn next(events: &mut Receiver<faceiot::ConnectionEvent>) -> Option<faceiot::ConnectionEvent> {
    loop {
        match events.recv().await {
            Ok(event) => return Some(event),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}

/// Waits for the last event of a connection.
pub(super) async fn end(events: &mut Receiver<faceiot::ConnectionEvent>) -> Result<()> {
    loop {
        match next(events).await {
            Some(faceiot::ConnectionEvent::Refused { reason }) => {
                return Err(Failure::new(ErrorKind::Refused, reason));
            }
            Some(event) if !is_last(&event) => {}
            _ => return Ok(()),
        }
    }
}

fn is_last(event: &faceiot::ConnectionEvent) -> bool {
    matches!(
        event,
        faceiot::ConnectionEvent::Closed | faceiot::ConnectionEvent::Refused { .. }
    )
}

/// A change of the connection, or something on it that needs attention.
#[pyclass(frozen, module = "faceiot", get_all)]
pub(crate) struct ConnectionEvent {
    /// What happened.
    ///
    /// `"connecting"`, `"connected"`, `"disconnected"`, `"refused"`, `"closed"`, `"photo_restarted"`,
    /// `"subscription_refused"`, `"command_failed"`, `"command_timed_out"`, `"overflow"`.
    name: &'static str,
    /// Why, or what it is about, in words; None when there is nothing to say.
    reason: Option<String>,
    /// Seconds until the next attempt, after `"disconnected"`.
    retry_in: Option<f64>,
}

#[pymethods]
impl ConnectionEvent {
    fn __repr__(&self) -> String {
        let reason = self
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(": {reason}"));
        format!("<faceiot.ConnectionEvent {}{reason}>", self.name)
    }
}

impl From<faceiot::ConnectionEvent> for ConnectionEvent {
    fn from(event: faceiot::ConnectionEvent) -> Self {
        use faceiot::ConnectionEvent as Event;
        let (name, reason, retry_in) = match event {
            Event::Connecting => ("connecting", None, None),
            Event::Connected { .. } => ("connected", None, None),
            Event::Disconnected { reason, retry_in } => {
                ("disconnected", Some(reason), Some(retry_in.as_secs_f64()))
            }
            Event::Refused { reason } => ("refused", Some(reason), None),
            Event::Closed => ("closed", None, None),
            Event::PhotoRestarted { restarts, messages } => (
                "photo_restarted",
                Some(format!("restart {restarts}, {messages} messages sent before")),
                None,
            ),
            Event::SubscriptionRefused { filter } => ("subscription_refused", Some(filter), None),
            Event::CommandFailed { name, reason, .. } => {
                ("command_failed", Some(format!("{name}: {reason}")), None)
            }
            Event::CommandTimedOut { name, .. } => ("command_timed_out", Some(name), None),
            Event::Overflow { topic } => ("overflow", Some(topic), None),
            other => ("other", Some(format!("{other:?}")), None),
        };
        Self {
            name,
            reason,
            retry_in,
        }
    }
}
