//! What the parts of a running cloud share.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use faceiot::{Clock, DeviceId, Error, ErrorKind, Result};
use faceiot_broker::{Handle, Message};
use tokio::sync::{Semaphore, broadcast};

use crate::commands::{CommandReply, CommandRequest, Pending};
use crate::data_dir::DataDir;
use crate::events::Event;
use crate::photos::PhotoStore;
use crate::presence::Presence;
use crate::recorder::Recorder;
use crate::registry::Registry;

pub(crate) struct State {
    pub(crate) data_dir: DataDir,
    pub(crate) registry: Registry,
    pub(crate) recorder: Recorder,
    pub(crate) photos: PhotoStore,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) presence: Presence,
    pub(crate) pending: Pending,
    pub(crate) clock: Clock,
    /// Permits for event streams.
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) counters: Counters,
    /// Connections whose refusal is in the log already; see [`State::note_refused`].
    refused: Mutex<HashSet<SocketAddr>>,
    /// Set once the broker runs; its hooks need this state before.
    broker: OnceLock<Handle>,
    next_command: AtomicU32,
}

/// What only this crate counts; the broker and the photo store count for themselves.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) foreign_topics: AtomicU64,
    pub(crate) bad_posts: AtomicU64,
    pub(crate) properties: AtomicU64,
    pub(crate) device_events: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) photo_problems: AtomicU64,
}

/// The parts that exist before the state does.
pub(crate) struct Parts {
    pub(crate) data_dir: DataDir,
    pub(crate) registry: Registry,
    pub(crate) recorder: Recorder,
    pub(crate) photos: PhotoStore,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) clock: Clock,
    pub(crate) streams: Arc<Semaphore>,
}

impl State {
    pub(crate) fn new(parts: Parts) -> Result<Self> {
        let mut first = [0u8; 4];
        getrandom::fill(&mut first).map_err(|e| {
            Error::new(
                ErrorKind::Io,
                format!("the operating system gives no random numbers: {e}"),
            )
        })?;
        let Parts {
            data_dir,
            registry,
            recorder,
            photos,
            events,
            clock,
            streams,
        } = parts;
        Ok(Self {
            data_dir,
            registry,
            recorder,
            photos,
            events,
            presence: Presence::default(),
            pending: Pending::default(),
            clock,
            streams,
            counters: Counters::default(),
            refused: Mutex::new(HashSet::new()),
            broker: OnceLock::new(),
            // A restarted cloud does not begin where the last one did: a late answer to the last one's command
            // must not be taken for an answer to this one's.
            next_command: AtomicU32::new(u32::from_le_bytes(first)),
        })
    }

    pub(crate) fn set_broker(&self, handle: Handle) {
        // Set once, by `Cloud::start`.
        let _ = self.broker.set(handle);
    }

    pub(crate) fn broker(&self) -> Option<&Handle> {
        self.broker.get()
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    /// `NotFound` for a device that is not registered, `Disconnected` for one that is not there or does not listen,
    /// `Timeout` when it does not answer, `InvalidArgument`, `RateLimit`.
    pub(crate) async fn command(
        &self,
        device: &DeviceId,
        request: &CommandRequest,
        timeout: Duration,
    ) -> Result<CommandReply> {
        if self.registry.find(device).await?.is_none() {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("device `{device}` is not registered"),
            ));
        }
        let (Some(broker), Some(_)) = (self.broker(), self.presence.online_since(device)) else {
            return Err(Error::new(
                ErrorKind::Disconnected,
                format!("device `{device}` is offline"),
            ));
        };
        let prepared =
            self.pending
                .prepare(device, request, self.next_command.fetch_add(1, Ordering::Relaxed))?;
        self.counters.commands.fetch_add(1, Ordering::Relaxed);
        let message = Message {
            topic: prepared.topic.as_str().into(),
            payload: prepared.payload.clone().into(),
            qos: 1,
            retain: false,
        };
        if broker.inject(message) == 0 {
            return Err(Error::new(
                ErrorKind::Disconnected,
                format!(
                    "device `{device}` is online and not subscribed to `{}`",
                    prepared.topic
                ),
            ));
        }
        let answer = prepared.answer(timeout).await;
        let _ = self.events.send(Event::Command {
            device: device.clone(),
            name: request.name.clone(),
            code: answer.as_ref().ok().map(|reply| reply.code),
            time: self.clock.now_unix_ms(),
        });
        answer
    }

    /// Writes what was accepted and lets go of the files.
    pub(crate) async fn close(&self) {
        self.photos.close().await;
        self.recorder.stop().await;
        self.registry.close().await;
    }

    /// Ends the connection of a device.
    pub(crate) fn kick(&self, device: &DeviceId) {
        if let Some(broker) = self.broker() {
            broker.kick(&device.to_string());
        }
    }

    /// Ends the connection of a device that was removed, and its session: whoever is registered under its name later
    /// begins with nothing. Not to be called from a hook.
    pub(crate) fn forget(&self, device: &DeviceId) {
        if let Some(broker) = self.broker() {
            broker.forget(&device.to_string());
        }
    }

    /// Who is connected, or has a session that waits for him.
    pub(crate) fn devices_with_sessions(&self) -> Vec<DeviceId> {
        let sessions = self.broker().map(faceiot_broker::Handle::sessions);
        let devices = sessions.unwrap_or_default().into_iter();
        devices.filter_map(|info| info.session.parse().ok()).collect()
    }

    /// The rules have logged why they refuse this connection, in the log of the device it claims to be; the broker
    /// will report the same refusal to the hooks, which do not know the device.
    pub(crate) fn note_refused(&self, peer: SocketAddr) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= 4096 {
            refused.clear();
        }
        refused.insert(peer);
    }

    /// Whether [`note_refused`](Self::note_refused) was called for this connection.
    pub(crate) fn was_noted(&self, peer: SocketAddr) -> bool {
        self.refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&peer)
    }
}
