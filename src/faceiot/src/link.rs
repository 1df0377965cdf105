//! The task behind a device: connects, subscribes, sends, receives, and connects again.
//!
//! One task owns everything, so that nothing is locked while something is sent. [`Outbox`] decides what is sent,
//! [`crate::mqtt`] moves packets, [`crate::command`] knows what a message asks for.

mod serve;
mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{broadcast, mpsc, oneshot};

use crate::command::requests::Requests;
use crate::command::{Command, Reply, wire};
use crate::config::{DeviceConfig, Qos};
use crate::error::{Error, ErrorKind, Result};
use crate::event::ConnectionEvent;
use crate::id::DeviceId;
use crate::mailbox::Mailbox;
use crate::mqtt::{self, Reader, Writer};
use crate::outbox::{Outbox, Outgoing};
use crate::photo::Photo;
use crate::rate::Rate;

/// A message on a topic that the user subscribed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The topic it came on.
    pub topic: String,
    /// What it holds.
    pub payload: bytes::Bytes,
}

/// What a device asks of its task.
#[derive(Debug)]
pub(crate) enum Request {
    /// Publish this.
    Publish(Outgoing),
    /// Send this photo.
    Photo(Box<Photo>),
    /// Subscribe, and say what the broker answered.
    Subscribe {
        filter: String,
        qos: Qos,
        done: oneshot::Sender<Result<()>>,
    },
    /// Tell when the cloud answers the report with this id.
    Expect {
        id: String,
        answer: oneshot::Sender<Result<serde_json::Value>>,
    },
    /// The answer to a command.
    Answer { entry: u64, reply: Reply },
    /// A command's handler failed.
    Failed {
        id: String,
        name: String,
        reason: String,
    },
    /// Say goodbye and end.
    Close { done: oneshot::Sender<()> },
}

/// What comes in, for whoever takes it.
#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) commands: Mailbox<Command>,
    pub(crate) messages: Mailbox<Message>,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self {
            commands: Mailbox::new(64, 8 * 1024 * 1024),
            messages: Mailbox::new(1024, 8 * 1024 * 1024),
        }
    }

    fn close(&self) {
        self.commands.close();
        self.messages.close();
    }
}

/// One topic filter, and who waits for the broker's answer.
struct Subscription {
    filter: String,
    qos: Qos,
    done: Option<oneshot::Sender<Result<()>>>,
}

/// The device is to be closed; who asked for it wants to hear when that is done.
struct Goodbye(Option<oneshot::Sender<()>>);

/// Why a connection ended.
enum Ended {
    /// To be connected again.
    Lost(Error),
    /// The device was closed.
    Closed(Goodbye),
}

/// The task's state.
pub(crate) struct Link {
    config: Arc<DeviceConfig>,
    device: DeviceId,
    inbox: Arc<Inbox>,
    events: broadcast::Sender<ConnectionEvent>,
    requests: mpsc::UnboundedReceiver<Request>,
    answers: mpsc::WeakUnboundedSender<Request>,
    controls: Vec<String>,
    subscriptions: Vec<Subscription>,
    expected: Vec<(String, oneshot::Sender<Result<serde_json::Value>>)>,
    outbox: Outbox,
    running: Requests,
    started: Instant,
}

impl Link {
    pub(crate) fn new(
        config: Arc<DeviceConfig>,
        inbox: Arc<Inbox>,
        events: broadcast::Sender<ConnectionEvent>,
        requests: mpsc::UnboundedReceiver<Request>,
        answers: mpsc::WeakUnboundedSender<Request>,
    ) -> Result<Self> {
        let device = config.credentials.device_id();
        let mut controls = vec![wire::control_topic(&device)?];
        controls.extend(config.command_topics.iter().cloned());
        let own = wire::subscriptions(&device)?;
        let control_filters = controls.iter().map(|filter| (filter.clone(), Qos::AtLeastOnce));
        let subscriptions = own
            .into_iter()
            .chain(control_filters)
            .map(|(filter, qos)| Subscription {
                filter,
                qos,
                done: None,
            })
            .collect();
        let rate = config
            .rate
            .unwrap_or_else(|| Rate::of(device.cloud(), config.qos));
        Ok(Self {
            config,
            device,
            inbox,
            events,
            requests,
            answers,
            controls,
            subscriptions,
            expected: Vec::new(),
            outbox: Outbox::new(rate, Duration::ZERO),
            running: Requests::default(),
            started: Instant::now(),
        })
    }

    /// Runs until the device is closed or refused. `first` hears how the first attempt went.
    pub(crate) async fn run(mut self, first: oneshot::Sender<Result<()>>) {
        let mut first = Some(first);
        let begun = Instant::now();
        let mut attempt = 0;
        let outcome = loop {
            self.tell(ConnectionEvent::Connecting);
            let since = Instant::now();
            let ended = match self.connect().await {
                Ok(connection) => self.serve(connection, &mut first).await,
                Err(ended) => ended,
            };
            let error = match ended {
                Ended::Closed(goodbye) => break Ok(goodbye),
                Ended::Lost(error) => error,
            };
            self.forget_connection();
            let is_final = error.kind() == ErrorKind::Refused;
            if is_final || (first.is_some() && self.is_hopeless(&error, begun)) {
                break Err(error);
            }
            // A connection that did not last counts as an attempt that failed: two devices with the same credentials
            // would otherwise throw each other out as fast as they can.
            if since.elapsed() >= LASTING {
                attempt = 0;
            }
            if let Some(goodbye) = self.pause(&error, attempt).await {
                break Ok(goodbye);
            }
            attempt += 1;
        };
        match outcome {
            Ok(Goodbye(done)) => {
                self.end(&Error::new(ErrorKind::Closed, "the device was closed"));
                if let Some(done) = done {
                    let _ = done.send(());
                }
            }
            Err(error) => {
                self.end(&error);
                if let Some(first) = first {
                    let _ = first.send(Err(error));
                }
            }
        }
    }

    /// Signs a login for this moment and opens a connection with it.
    async fn connect(&mut self) -> Result<(Reader, Writer), Ended> {
        let config = Arc::clone(&self.config);
        let attempt = async {
            let login = config
                .credentials
                .login(config.clock.now_unix_ms(), config.endpoint.tls.is_on())?;
            let address = config.endpoint.resolve(&login)?;
            mqtt::open(
                &address,
                &config.endpoint.tls,
                &login,
                config.keep_alive,
                config.connect_timeout,
            )
            .await
        };
        tokio::pin!(attempt);
        loop {
            tokio::select! {
                connected = &mut attempt => return connected.map_err(Ended::Lost),
                request = self.requests.recv() => {
                    if let Some(goodbye) = self.accept(request) {
                        return Err(Ended::Closed(goodbye));
                    }
                }
            }
        }
    }

    /// Whether the first connect is given up. A broker that asks to come back later is asked again for as long as
    /// one attempt may take; everything else fails at once, so that a wrong address is seen at once.
    fn is_hopeless(&self, error: &Error, begun: Instant) -> bool {
        if matches!(error.kind(), ErrorKind::Config | ErrorKind::InvalidArgument) {
            return true;
        }
        let patience = if mqtt::is_busy(error) {
            self.config.connect_timeout.max(self.config.first_connect)
        } else {
            self.config.first_connect
        };
        begun.elapsed() >= patience
    }

    /// Waits before the next attempt; `Some`: the device was closed meanwhile.
    async fn pause(&mut self, error: &Error, attempt: u32) -> Option<Goodbye> {
        let retry_in = self.config.reconnect.pause(attempt, fastrand::f64());
        tracing::info!(device = %self.device, reason = %error, ?retry_in, "disconnected");
        self.tell(ConnectionEvent::Disconnected {
            reason: error.to_string(),
            retry_in,
        });
        let end = tokio::time::Instant::now() + retry_in;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(end) => return None,
                request = self.requests.recv() => {
                    if let Some(goodbye) = self.accept(request) {
                        return Some(goodbye);
                    }
                }
            }
        }
    }

    /// Takes a request while there is no connection; `Some`: the device is to be closed.
    fn accept(&mut self, request: Option<Request>) -> Option<Goodbye> {
        match request {
            None => return Some(Goodbye(None)),
            Some(Request::Close { done }) => return Some(Goodbye(Some(done))),
            Some(Request::Publish(message)) => self.outbox.push_message(message),
            Some(Request::Photo(photo)) => self.outbox.push_photo(*photo),
            Some(Request::Subscribe { filter, qos, done }) => {
                self.subscriptions.retain(|known| known.filter != filter);
                self.subscriptions.push(Subscription {
                    filter,
                    qos,
                    done: Some(done),
                });
            }
            Some(Request::Expect { id, answer }) => {
                self.expected.retain(|(_, waiting)| !waiting.is_closed());
                self.expected.push((id, answer));
            }
            Some(Request::Answer { entry, reply }) => self.answer(entry, &reply),
            Some(Request::Failed { id, name, reason }) => {
                self.tell(ConnectionEvent::CommandFailed { id, name, reason });
            }
        }
        None
    }

    /// Puts the answer to a running request into the lane of replies.
    fn answer(&mut self, entry: u64, reply: &Reply) {
        let Some(reply_to) = self.running.reply_to(entry) else {
            return;
        };
        match wire::answer(reply_to, reply) {
            Ok(answer) => {
                self.running.answered(entry, &answer);
                self.outbox.push_reply(reply_of(answer));
            }
            Err(error) => tracing::error!(device = %self.device, %error, "an answer could not be written"),
        }
    }

    /// Everything that was on its way goes back, and photos start again.
    fn forget_connection(&mut self) {
        for restarted in self.outbox.lost() {
            tracing::info!(device = %self.device, restarts = restarted.restarts, "an interrupted photo starts again");
            self.tell(ConnectionEvent::PhotoRestarted {
                restarts: restarted.restarts,
                messages: restarted.messages,
            });
        }
    }

    /// The end: every receipt and every waiter hears why.
    fn end(&mut self, error: &Error) {
        self.requests.close();
        while let Ok(request) = self.requests.try_recv() {
            self.accept(Some(request));
        }
        self.outbox.fail(error);
        for done in self
            .subscriptions
            .drain(..)
            .filter_map(|subscription| subscription.done)
        {
            let _ = done.send(Err(error.clone()));
        }
        for (_, answer) in self.expected.drain(..) {
            let _ = answer.send(Err(error.clone()));
        }
        self.tell(if error.kind() == ErrorKind::Closed {
            ConnectionEvent::Closed
        } else {
            ConnectionEvent::Refused {
                reason: error.to_string(),
            }
        });
        self.inbox.close();
    }

    /// Tells whoever listens; nobody has to.
    fn tell(&self, event: ConnectionEvent) {
        let _ = self.events.send(event);
    }
}

fn reply_of(answer: crate::command::requests::Answer) -> Outgoing {
    Outgoing {
        topic: answer.topic.into(),
        payload: answer.payload,
        qos: answer.qos,
        ticket: None,
        _charge: None,
    }
}

/// A connection of this length was a good one.
const LASTING: Duration = Duration::from_secs(30);
