//! [`Device`](crate::Device) for threads without a runtime: Python, and programs that want no `async`.
//!
//! One runtime carries every device of the process. Every wait can be cut into slices ([`Waiting::poll`],
//! [`Receipt::blocking_poll`]), so that a caller can look at signals in between; nothing here calls back into a
//! caller's thread.
//!
//! After a `fork` the runtime's threads exist in the parent only. A device of the parent then answers every call in
//! the child with an error, instead of waiting for ever; a new device in the child gets a runtime of its own.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use faceiot_camera::Frame;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

use crate::command::{Command, Reply};
use crate::config::{DeviceConfig, Qos};
use crate::error::{Error, ErrorKind, Result};
use crate::event::ConnectionEvent;
use crate::id::DeviceId;
use crate::link::Message;
use crate::mailbox::Taken;
use crate::receipt::Receipt;

/// The runtime of this process: two threads, started when first asked for. For other things that have to run next
/// to the devices, such as the local cloud.
///
/// # Errors
/// `Io` when its threads cannot be started.
pub fn runtime() -> Result<Arc<Runtime>> {
    static RUNTIME: Mutex<Option<(u32, Arc<Runtime>)>> = Mutex::new(None);
    let end = Instant::now() + Duration::from_secs(2);
    let mut slot = loop {
        match RUNTIME.try_lock() {
            Ok(slot) => break slot,
            Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
            // Held by a thread that a fork left behind, it would be held for ever.
            Err(TryLockError::WouldBlock) if Instant::now() > end => {
                return Err(Error::new(
                    ErrorKind::Io,
                    "the runtime was being started when this process was forked",
                ));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let process = std::process::id();
    if let Some((owner, runtime)) = &*slot
        && *owner == process
    {
        return Ok(Arc::clone(runtime));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("faceiot")
        .enable_all()
        .build()
        .map_err(|error| Error::from(error).context("the runtime cannot be started"))?;
    let runtime = Arc::new(runtime);
    if let Some(foreign) = slot.replace((process, Arc::clone(&runtime))) {
        // The parent's: its threads are not here, and dropping it would wait for them.
        std::mem::forget(foreign);
    }
    Ok(runtime)
}

/// Something that runs on the runtime and will be there. Dropping it gives the thing up.
#[derive(Debug)]
pub struct Waiting<T> {
    outcome: Receiver<Result<T>>,
    task: tokio::task::AbortHandle,
    process: u32,
}

impl<T: Send + 'static> Waiting<T> {
    /// Starts a future on the process's runtime.
    ///
    /// # Errors
    /// As [`runtime`].
    pub fn start(future: impl Future<Output = Result<T>> + Send + 'static) -> Result<Self> {
        let (sender, outcome) = channel();
        let task = runtime()?.spawn(async move {
            let _ = sender.send(future.await);
        });
        Ok(Self {
            outcome,
            task: task.abort_handle(),
            process: std::process::id(),
        })
    }

    /// Waits for at most `slice`; `None`: not there yet.
    pub fn poll(&self, slice: Duration) -> Option<Result<T>> {
        if let Err(error) = same_process(self.process) {
            return Some(Err(error));
        }
        match self.outcome.recv_timeout(slice) {
            Ok(outcome) => Some(outcome),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                Some(Err(Error::new(ErrorKind::Closed, "the runtime has ended")))
            }
        }
    }

    /// Waits to the end.
    ///
    /// # Errors
    /// What the future's outcome is.
    pub fn wait(self) -> Result<T> {
        loop {
            if let Some(outcome) = self.poll(Duration::from_hours(1)) {
                return outcome;
            }
        }
    }
}

impl<T> Drop for Waiting<T> {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            self.task.abort();
        }
    }
}

/// A device whose calls wait. Cloning gives another hand on the same connection.
#[derive(Debug)]
pub struct Device {
    /// Always there; taken out by `drop` only.
    inner: Option<crate::Device>,
    id: DeviceId,
    process: u32,
}

impl Device {
    /// Logs in and waits until that is done.
    ///
    /// # Errors
    /// As [`Device::connect`](crate::Device::connect).
    pub fn connect(config: DeviceConfig) -> Result<Self> {
        Self::start_connect(config)?.wait()
    }

    /// Logs in; the wait is the caller's.
    ///
    /// # Errors
    /// As [`runtime`].
    pub fn start_connect(config: DeviceConfig) -> Result<Waiting<Self>> {
        Waiting::start(async move { crate::Device::connect(config).await.map(Self::new) })
    }

    /// Who this is.
    pub fn id(&self) -> &DeviceId {
        &self.id
    }

    /// Sends a photo; see [`Device::send`](crate::Device::send).
    ///
    /// # Errors
    /// As there; `Closed` in a forked child.
    pub fn send(&self, frame: &Frame) -> Result<Receipt> {
        self.device()?.send(frame)
    }

    /// Sends octets as a photo; see [`Device::send_bytes`](crate::Device::send_bytes).
    ///
    /// # Errors
    /// As there; `Closed` in a forked child.
    pub fn send_bytes(&self, octets: impl Into<Bytes>, content_type: u8) -> Result<Receipt> {
        self.device()?.send_bytes(octets, content_type)
    }

    /// Reports properties; see [`Device::report`](crate::Device::report). Does not wait: the receipt does.
    ///
    /// # Errors
    /// As there; `Closed` in a forked child.
    pub fn report(&self, properties: Value) -> Result<Receipt> {
        let device = self.device()?.clone();
        Waiting::start(async move { device.report(properties).await })?.wait()
    }

    /// Reports properties and gives the wait for the cloud's answer; see
    /// [`Device::report_confirmed`](crate::Device::report_confirmed).
    ///
    /// # Errors
    /// As there; `Closed` in a forked child.
    pub fn report_confirmed(&self, properties: Value, timeout: Duration) -> Result<Waiting<Value>> {
        let device = self.device()?.clone();
        Waiting::start(async move { device.report_confirmed(properties, timeout).await })
    }

    /// Publishes to a topic; see [`Device::publish`](crate::Device::publish).
    ///
    /// # Errors
    /// As there; `Closed` in a forked child.
    pub fn publish(&self, topic: impl AsRef<str>, payload: impl Into<Bytes>, qos: Qos) -> Result<Receipt> {
        self.device()?.publish(topic, payload, qos)
    }

    /// Subscribes; the wait for the broker's answer is the caller's.
    ///
    /// # Errors
    /// As [`Device::subscribe`](crate::Device::subscribe); `Closed` in a forked child.
    pub fn subscribe(&self, filter: impl Into<String>, qos: Qos) -> Result<Waiting<()>> {
        let (device, filter) = (self.device()?.clone(), filter.into());
        Waiting::start(async move { device.subscribe(filter, qos).await })
    }

    /// Runs `handler` for every command, on a thread of the runtime; see
    /// [`Device::on_command`](crate::Device::on_command).
    ///
    /// # Errors
    /// `Closed` in a forked child.
    pub fn on_command<R: Into<Reply>>(
        &self,
        handler: impl Fn(Command) -> R + Send + Sync + 'static,
    ) -> Result<()> {
        self.device()?.on_command(handler);
        Ok(())
    }

    /// Runs `handler` for every message on a subscribed topic.
    ///
    /// # Errors
    /// `Closed` in a forked child.
    pub fn on_message(&self, handler: impl Fn(Message) + Send + Sync + 'static) -> Result<()> {
        self.device()?.on_message(handler);
        Ok(())
    }

    /// The next command, waiting for at most `slice`; `None`: none yet.
    ///
    /// # Errors
    /// `Closed` when the device is closed and nothing is left, and in a forked child.
    pub fn next_command(&self, slice: Duration) -> Result<Option<Command>> {
        taken(self.device()?.inbox().commands.blocking_take(slice))
    }

    /// The next message on a subscribed topic, waiting for at most `slice`; `None`: none yet.
    ///
    /// # Errors
    /// As [`next_command`](Self::next_command).
    pub fn next_message(&self, slice: Duration) -> Result<Option<Message>> {
        taken(self.device()?.inbox().messages.blocking_take(slice))
    }

    /// What happens to the connection, from now on.
    ///
    /// # Errors
    /// `Closed` in a forked child.
    pub fn events(&self) -> Result<Events> {
        let mut source = self.device()?.events();
        let (sender, receiver) = sync_channel(1024);
        let task = runtime()?.spawn(async move {
            loop {
                match source.recv().await {
                    Ok(event) => match sender.try_send(event) {
                        Ok(()) => {}
                        Err(TrySendError::Full(event)) => {
                            tracing::warn!(?event, "nobody takes the events: dropped");
                        }
                        Err(TrySendError::Disconnected(_)) => return,
                    },
                    Err(broadcast::error::RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "events were missed");
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        });
        Ok(Events {
            receiver,
            task: task.abort_handle(),
            process: self.process,
        })
    }

    /// Whether the device is closed, or was refused for good; true in a forked child.
    pub fn is_closed(&self) -> bool {
        self.device().map_or(true, crate::Device::is_closed)
    }

    /// Says goodbye and waits, for a few seconds at most, until that is done. Other hands on this connection end
    /// with it. In a forked child nothing happens.
    pub fn close(&self) {
        if let Ok(device) = self.device() {
            let device = device.clone();
            let closing = Waiting::start(async move {
                device.close().await;
                Ok(())
            });
            if let Ok(closing) = closing {
                let _ = closing.poll(CLOSING);
            }
        }
    }

    fn new(device: crate::Device) -> Self {
        Self {
            id: device.id().clone(),
            inner: Some(device),
            process: std::process::id(),
        }
    }

    fn device(&self) -> Result<&crate::Device> {
        same_process(self.process)?;
        self.inner
            .as_ref()
            .ok_or_else(|| Error::new(ErrorKind::Closed, "the device is closed"))
    }
}

impl Clone for Device {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            id: self.id.clone(),
            process: self.process,
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // In a forked child a lock may be held by a thread that is not here: nothing of it is touched.
        if self.process != std::process::id() {
            std::mem::forget(self.inner.take());
        }
    }
}

/// Events as they come.
#[derive(Debug)]
pub struct Events {
    receiver: Receiver<ConnectionEvent>,
    task: tokio::task::AbortHandle,
    process: u32,
}

impl Events {
    /// The next event, waiting for at most `slice`; `None`: none yet.
    ///
    /// # Errors
    /// `Closed` when the device is closed and nothing is left, and in a forked child.
    pub fn next(&self, slice: Duration) -> Result<Option<ConnectionEvent>> {
        same_process(self.process)?;
        match self.receiver.recv_timeout(slice) {
            Ok(event) => Ok(Some(event)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Error::new(ErrorKind::Closed, "the device is closed")),
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            self.task.abort();
        }
    }
}

fn taken<T>(taken: Taken<T>) -> Result<Option<T>> {
    match taken {
        Taken::Item(item) => Ok(Some(item)),
        Taken::Nothing => Ok(None),
        Taken::Closed => Err(Error::new(ErrorKind::Closed, "the device is closed")),
    }
}

fn same_process(owner: u32) -> Result<()> {
    if owner == std::process::id() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Closed,
        "this device belongs to the process that was forked: connect a new one in this process",
    ))
}

/// Longer than the goodbye may take.
const CLOSING: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_another_process_is_an_error_and_no_wait() {
        let mut waiting = Waiting::<()>::start(std::future::pending()).unwrap();
        waiting.process = 0;
        let error = waiting.poll(Duration::from_hours(1)).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
        assert!(error.to_string().contains("forked"));
    }

    #[test]
    fn one_process_has_one_runtime() {
        assert!(Arc::ptr_eq(&runtime().unwrap(), &runtime().unwrap()));
    }
}
