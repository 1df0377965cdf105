//! A device: what a program holds in its hand.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use faceiot_camera::Frame;
use faceiot_core::chunk::v2;
use faceiot_core::payload;
use faceiot_core::topics::{TOPIC_BUFFER, aliyun, huawei};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::command::{Command, Reply};
use crate::config::{DeviceConfig, Format, Qos};
use crate::error::{Error, ErrorKind, Result};
use crate::event::ConnectionEvent;
use crate::id::DeviceId;
use crate::link::{Inbox, Link, Message, Request};
use crate::mqtt;
use crate::outbox::{Charge, Outgoing};
use crate::photo::{Carrier, Numbers, Photo};
use crate::rate::Limit;
use crate::receipt::{Receipt, Ticket};

/// A device that is logged in, and stays so: a lost connection is made again, and every subscription with it.
///
/// Cloning gives another hand on the same connection. It ends with [`close`](Self::close), or when the last hand
/// is dropped; a handler that holds one keeps it open until `close`.
///
/// ```no_run
/// # async fn example() -> Result<(), faceiot::Error> {
/// use std::time::Duration;
/// use faceiot::{Command, Credentials, Device, DeviceConfig, Reply};
/// use serde_json::json;
///
/// let config = DeviceConfig::new(Credentials::aliyun("a1B2c3D4e5F", "door", "0123456789abcdef0123456789abcdef"));
/// let device = Device::connect(config).await?;
/// device.report(json!({"Door": 1})).await?.wait(Duration::from_secs(10)).await?;
///
/// device.on_command(|command: Command| Reply::ok(json!({"heard": command.name})));
///
/// let photo = faceiot_camera::open("testcard:320x240")?.next()?;
/// let sent = device.send(&photo)?.wait(Duration::from_secs(60)).await?;
/// println!("{} messages", sent.messages);
/// device.close().await;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Device {
    inner: Arc<Inner>,
}

struct Inner {
    id: DeviceId,
    config: Arc<DeviceConfig>,
    requests: mpsc::UnboundedSender<Request>,
    events: broadcast::Sender<ConnectionEvent>,
    inbox: Arc<Inbox>,
    numbers: Arc<Numbers>,
    epoch: u16,
    photos: AtomicU64,
    waiting: Arc<AtomicUsize>,
    runtime: Handle,
    command_handler: Mutex<Option<AbortHandle>>,
    message_handler: Mutex<Option<AbortHandle>>,
}

impl Device {
    /// Logs in, and subscribes to what the cloud says to its devices. Must be called in a Tokio runtime, which
    /// carries the connection from then on.
    ///
    /// # Errors
    /// `Refused` when the cloud refuses the credentials; `Config` and `InvalidArgument` for settings that cannot
    /// work; `Dns`, `ConnectionRefused`, `Tls`, `Timeout`, `Disconnected` or `Protocol` when the first attempt
    /// fails, unless [`first_connect`](DeviceConfig::first_connect) allows more.
    pub async fn connect(config: DeviceConfig) -> Result<Self> {
        config.check()?;
        let runtime = Handle::try_current().map_err(|_| {
            Error::new(
                ErrorKind::InvalidArgument,
                "`Device::connect` needs a Tokio runtime",
            )
        })?;
        let config = Arc::new(config);
        let (requests, receiver) = mpsc::unbounded_channel();
        let (events, _) = broadcast::channel(256);
        let inbox = Arc::new(Inbox::new());
        let answers = requests.downgrade();
        let link = Link::new(
            Arc::clone(&config),
            Arc::clone(&inbox),
            events.clone(),
            receiver,
            answers,
        )?;
        let (first, connected) = oneshot::channel();
        // Made before the wait: dropping the future of this function drops the device, and with it the connection.
        let device = Self {
            inner: Arc::new(Inner {
                id: config.credentials.device_id(),
                config,
                requests,
                events,
                inbox,
                // Ids must not repeat within a day, nor frames within an epoch: a restart begins somewhere else.
                numbers: Arc::new(Numbers {
                    frame: AtomicU32::new(0),
                    message: AtomicU32::new(fastrand::u32(..)),
                }),
                epoch: fastrand::u16(..),
                photos: AtomicU64::new(0),
                waiting: Arc::new(AtomicUsize::new(0)),
                runtime: runtime.clone(),
                command_handler: Mutex::new(None),
                message_handler: Mutex::new(None),
            }),
        };
        runtime.spawn(link.run(first));
        connected.await.unwrap_or_else(|_| Err(closed()))?;
        Ok(device)
    }

    /// Who this is.
    pub fn id(&self) -> &DeviceId {
        &self.inner.id
    }

    /// Sends a photo as it is, JPEG octets untouched. Returns at once: the photo is held in memory until the
    /// broker has all of it, which the receipt tells.
    ///
    /// # Errors
    /// `RateLimit` when more waits already than [`queue_bytes`](DeviceConfig::queue_bytes); `FrameTooLarge` for
    /// more than 65,535 chunks; `Closed`.
    pub fn send(&self, frame: &Frame) -> Result<Receipt> {
        self.send_photo(Bytes::from_owner(frame.shared_jpeg()?), v2::JPEG, frame.time_ms())
    }

    /// Sends octets as a photo. `content_type` is the chunk format's: 0 octets, 1 JPEG, 2 PNG, 3 raw RGB, 4 JSON;
    /// format `hex` has no place for it.
    ///
    /// # Errors
    /// As [`send`](Self::send); `InvalidArgument` when there is nothing to send.
    pub fn send_bytes(&self, octets: impl Into<Bytes>, content_type: u8) -> Result<Receipt> {
        self.send_photo(octets.into(), content_type, self.inner.config.clock.now_unix_ms())
    }

    /// Reports properties: Aliyun `thing/event/property/post`, Huawei `properties/report` of the configured
    /// service. `properties` is an object, property -> value.
    ///
    /// # Errors
    /// `InvalidArgument` when it is no object or too large for the cloud; `RateLimit`; `Closed`.
    pub async fn report(&self, properties: Value) -> Result<Receipt> {
        // Nothing here waits today; the signature leaves a spool the room to.
        std::future::ready(self.report_as(&self.inner.numbers.next_message(), &properties)).await
    }

    /// [`report`](Self::report), and the cloud's answer (Aliyun `post_reply`): its `data`, in which Aliyun names
    /// properties that it does not know. Huawei answers no reports: there the broker's acknowledgement is all, and
    /// the result is null.
    ///
    /// # Errors
    /// `InvalidArgument` with the cloud's code when it refused; `Timeout`; as [`report`](Self::report).
    pub async fn report_confirmed(&self, properties: Value, timeout: Duration) -> Result<Value> {
        let id = self.inner.numbers.next_message();
        let (answer, answered) = oneshot::channel();
        if matches!(self.inner.id, DeviceId::Aliyun { .. }) {
            self.request(Request::Expect {
                id: id.clone(),
                answer,
            })?;
        } else {
            drop(answer);
        }
        let receipt = self.report_as(&id, &properties)?;
        let both = async {
            receipt.wait(timeout).await?;
            match self.inner.id {
                DeviceId::Aliyun { .. } => answered.await.unwrap_or_else(|_| Err(closed())),
                DeviceId::Huawei { .. } => Ok(Value::Null),
            }
        };
        tokio::time::timeout(timeout, both).await.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Timeout,
                format!("the cloud did not answer the report within {timeout:?}"),
            ))
        })
    }

    /// Publishes to a topic.
    ///
    /// # Errors
    /// `Topic` for a topic that cannot be published to, `InvalidArgument` for a payload that the cloud does not
    /// take, `RateLimit`, `Closed`.
    pub fn publish(&self, topic: impl AsRef<str>, payload: impl Into<Bytes>, qos: Qos) -> Result<Receipt> {
        let (topic, payload) = (topic.as_ref(), payload.into());
        if !mqtt::is_topic(topic) {
            return Err(Error::new(
                ErrorKind::Topic,
                format!("`{topic}` cannot be published to"),
            ));
        }
        let most = Limit::of(self.inner.id.cloud(), qos).payload;
        if payload.len() > most {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("a message of {} octets: the cloud takes {most}", payload.len()),
            ));
        }
        let charge = self.charge(payload.len())?;
        let (ticket, receipt) = Ticket::new(1);
        let message = Outgoing {
            topic: topic.into(),
            payload,
            qos,
            ticket: Some(ticket),
            _charge: Some(charge),
        };
        self.request(Request::Publish(message))?;
        Ok(receipt)
    }

    /// Subscribes, now and after every reconnect. What comes is taken from [`messages`](Self::messages).
    ///
    /// # Errors
    /// `Topic` for what is no topic filter and for one that the broker refuses; `Closed`, `Refused`.
    pub async fn subscribe(&self, filter: impl Into<String>, qos: Qos) -> Result<()> {
        let filter = filter.into();
        if !mqtt::is_filter(&filter) {
            return Err(Error::new(
                ErrorKind::Topic,
                format!("`{filter}` is not a topic filter"),
            ));
        }
        let (done, granted) = oneshot::channel();
        self.request(Request::Subscribe { filter, qos, done })?;
        granted.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Runs `handler` for every command, one after the other, on a thread that may block. What it returns is the
    /// answer; an error or a panic is answered as such, and told as [`ConnectionEvent::CommandFailed`].
    ///
    /// Commands that came before wait for it (64 at most). A second call replaces the first handler; do not use
    /// [`commands`](Self::commands) as well, since each command goes to one taker only.
    pub fn on_command<R: Into<Reply>>(&self, handler: impl Fn(Command) -> R + Send + Sync + 'static) {
        let (inbox, requests) = (Arc::clone(&self.inner.inbox), self.inner.requests.downgrade());
        let handler = Arc::new(handler);
        let task = async move {
            while let Some(command) = inbox.commands.take().await {
                let (handler, requests) = (Arc::clone(&handler), requests.clone());
                let run = move || run_handler(&*handler, command, &requests);
                if tokio::task::spawn_blocking(run).await.is_err() {
                    // The runtime is going down.
                    return;
                }
            }
        };
        replace(&self.inner.command_handler, &self.inner.runtime, task);
    }

    /// The commands, as they come; each is answered with [`Command::reply`].
    pub fn commands(&self) -> CommandStream {
        CommandStream {
            inbox: Arc::clone(&self.inner.inbox),
        }
    }

    /// Runs `handler` for every message on a subscribed topic, as [`on_command`](Self::on_command) does for
    /// commands. A panic in it is logged.
    pub fn on_message(&self, handler: impl Fn(Message) + Send + Sync + 'static) {
        let inbox = Arc::clone(&self.inner.inbox);
        let handler = Arc::new(handler);
        let task = async move {
            while let Some(message) = inbox.messages.take().await {
                let handler = Arc::clone(&handler);
                match tokio::task::spawn_blocking(move || handler(message)).await {
                    Ok(()) => {}
                    Err(error) if error.is_panic() => tracing::error!("the handler of a message panicked"),
                    Err(_) => return,
                }
            }
        };
        replace(&self.inner.message_handler, &self.inner.runtime, task);
    }

    /// The messages on subscribed topics, as they come. 1,024 wait at most.
    pub fn messages(&self) -> MessageStream {
        MessageStream {
            inbox: Arc::clone(&self.inner.inbox),
        }
    }

    /// What happens to the connection, from now on. A listener that falls more than 256 events behind misses some.
    pub fn events(&self) -> broadcast::Receiver<ConnectionEvent> {
        self.inner.events.subscribe()
    }

    /// Whether the device is closed, or was refused for good.
    pub fn is_closed(&self) -> bool {
        self.inner.requests.is_closed()
    }

    /// Sends what replies wait, says goodbye to the broker (DISCONNECT) and ends. Photos that are not there yet
    /// stay behind: their receipts say `Closed`.
    pub async fn close(self) {
        let (done, closed) = oneshot::channel();
        if self.request(Request::Close { done }).is_ok() {
            let _ = closed.await;
        }
        for handler in [&self.inner.command_handler, &self.inner.message_handler] {
            // A handler may hold a clone of this device: let go of it.
            if let Some(task) = handler.lock().unwrap_or_else(PoisonError::into_inner).take() {
                task.abort();
            }
        }
    }

    pub(crate) fn inbox(&self) -> &Inbox {
        &self.inner.inbox
    }

    fn send_photo(&self, octets: Bytes, content_type: u8, time_ms: u64) -> Result<Receipt> {
        let inner = &self.inner;
        let options = v2::Options {
            chunk_size: inner.config.chunk_octets(),
            epoch: inner.epoch,
            content_type,
            time_ms,
            ..v2::Options::default()
        };
        let property = inner.config.photo_property.clone();
        let carrier = match (inner.config.photo_format(), &inner.id) {
            (Format::V2, _) => Carrier::Raw(options),
            (Format::Hex, _) => Carrier::Hex,
            (Format::V2Text, DeviceId::Aliyun { .. }) => Carrier::AlinkText { options, property },
            (Format::V2Text, DeviceId::Huawei { .. }) => Carrier::HuaweiText {
                options,
                property,
                service_id: inner.config.service_id.clone(),
            },
        };
        let mut buffer = [0; TOPIC_BUFFER];
        let topic = match (&inner.id, carrier.format()) {
            (
                DeviceId::Aliyun {
                    product_key,
                    device_name,
                },
                Format::V2,
            ) => aliyun::photo(product_key, device_name, &mut buffer)?,
            (DeviceId::Huawei { device_id }, Format::V2) => huawei::photo(device_id, &mut buffer)?,
            (id, _) => report_topic(id, &mut buffer)?,
        };
        let charge = self.charge(octets.len())?;
        let key = inner.photos.fetch_add(1, Ordering::Relaxed);
        let numbers = Arc::clone(&inner.numbers);
        let (photo, receipt) = Photo::new(
            key,
            octets,
            carrier,
            topic.into(),
            inner.config.qos,
            numbers,
            Some(charge),
        )?;
        self.request(Request::Photo(Box::new(photo)))?;
        Ok(receipt)
    }

    fn report_as(&self, id: &str, properties: &Value) -> Result<Receipt> {
        if !properties.is_object() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "properties are an object: property -> value",
            ));
        }
        let properties = properties.to_string();
        let service_id = &self.inner.config.service_id;
        let mut topic = [0; TOPIC_BUFFER];
        let mut buffer = vec![0; properties.len() + 6 * service_id.len() + 256];
        let topic = report_topic(&self.inner.id, &mut topic)?;
        let text = match self.inner.id {
            DeviceId::Aliyun { .. } => payload::alink_post(id, &properties, &mut buffer)?,
            DeviceId::Huawei { .. } => payload::huawei_report(service_id, &properties, None, &mut buffer)?,
        };
        self.publish(topic, Bytes::copy_from_slice(text.as_bytes()), Qos::AtLeastOnce)
    }

    fn charge(&self, octets: usize) -> Result<Charge> {
        let most = self.inner.config.queue_bytes;
        Charge::take(&self.inner.waiting, octets, most).ok_or_else(|| {
            Error::new(
                ErrorKind::RateLimit,
                format!("more than {most} octets would wait to be sent; try again later"),
            )
        })
    }

    fn request(&self, request: Request) -> Result<()> {
        self.inner.requests.send(request).map_err(|_| closed())
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("id", &self.inner.id)
            .finish_non_exhaustive()
    }
}

/// Commands as they come. Several streams share what comes.
#[derive(Debug)]
pub struct CommandStream {
    inbox: Arc<Inbox>,
}

impl CommandStream {
    /// The next command; `None` when the device is closed. Cancel safe.
    pub async fn next(&mut self) -> Option<Command> {
        self.inbox.commands.take().await
    }
}

/// Messages as they come. Several streams share what comes.
#[derive(Debug)]
pub struct MessageStream {
    inbox: Arc<Inbox>,
}

impl MessageStream {
    /// The next message; `None` when the device is closed. Cancel safe.
    pub async fn next(&mut self) -> Option<Message> {
        self.inbox.messages.take().await
    }
}

/// Runs a handler, answers, and makes its failure seen.
fn run_handler<R: Into<Reply>>(
    handler: &(impl Fn(Command) -> R + ?Sized),
    command: Command,
    requests: &mpsc::WeakUnboundedSender<Request>,
) {
    let (id, name, answer) = (command.id.clone(), command.name.clone(), command.clone());
    let (reply, failure) = match catch_unwind(AssertUnwindSafe(|| handler(command).into())) {
        Ok(reply) => {
            let failed = reply.code == Reply::FAILED;
            let reason = failed.then(|| {
                reply
                    .data
                    .get("message")
                    .and_then(Value::as_str)
                    .unwrap_or("")
                    .to_owned()
            });
            (reply, reason)
        }
        Err(panic) => {
            let words = panic
                .downcast_ref::<&str>()
                .map(|words| (*words).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "no words".to_owned());
            let reason = format!("the handler panicked: {words}");
            (Reply::error(Reply::FAILED, reason.clone()), Some(reason))
        }
    };
    if let Some(reason) = failure {
        tracing::error!(id, name, reason, "the handler of a command failed");
        if let Some(requests) = requests.upgrade() {
            let _ = requests.send(Request::Failed { id, name, reason });
        }
    }
    // The handler may have answered by itself, or too late: both were told where they belong.
    let _ = answer.reply(reply);
}

fn report_topic<'b>(id: &DeviceId, buffer: &'b mut [u8]) -> Result<&'b str> {
    Ok(match id {
        DeviceId::Aliyun {
            product_key,
            device_name,
        } => aliyun::property_post(product_key, device_name, buffer)?,
        DeviceId::Huawei { device_id } => huawei::properties_report(device_id, buffer)?,
    })
}

fn replace(
    slot: &Mutex<Option<AbortHandle>>,
    runtime: &Handle,
    task: impl Future<Output = ()> + Send + 'static,
) {
    let task = runtime.spawn(task).abort_handle();
    if let Some(earlier) = slot.lock().unwrap_or_else(PoisonError::into_inner).replace(task) {
        earlier.abort();
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the device is closed")
}
