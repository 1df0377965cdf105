//! A running cloud: everything started in order, and stopped in the opposite one.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use faceiot::ingest::Limits;
use faceiot::{Clock, DeviceId, Error, ErrorKind, Result};
use faceiot_broker::{Broker, Caps, Config, Listener, Message};
use jiff::Timestamp;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::commands::{CommandReply, CommandRequest};
use crate::data_dir::{DataDir, Lock};
use crate::events::{Event, Level};
use crate::hooks::DeviceHooks;
use crate::http::{self, Server};
use crate::login::LoginCheck;
use crate::photos::{self, PhotoStore};
use crate::recorder::{Keep, Recorder};
use crate::registry::Registry;
use crate::rules::DeviceRules;
use crate::state::{Parts, State};
use crate::tables;
use crate::tls::{self, Tls};

/// How a cloud is started.
#[derive(Clone, Debug)]
pub struct CloudConfig {
    /// Where everything is kept; created with mode 0700 when it is missing.
    pub data_dir: PathBuf,
    /// MQTT over TCP; `None`: not served. Port 0 takes a free one.
    pub mqtt: Option<SocketAddr>,
    /// MQTT over TLS; `None`: not served.
    pub mqtts: Option<SocketAddr>,
    /// HTTP and the page; an address that is not loopback is refused.
    pub http: SocketAddr,
    /// How large a photo may be, and all unfinished photos together.
    pub limits: Limits,
    /// Names and addresses for the server certificate, besides `localhost`, `127.0.0.1` and `::1`.
    pub names: Vec<String>,
    /// Refuse what the clouds refuse: keep-alive times outside 30 to 1200 s.
    pub strict: bool,
    /// Where the time comes from; Huawei's sign type 1 is checked against it.
    pub clock: Clock,
}

impl CloudConfig {
    /// The usual ports on 127.0.0.1: 1883, 8883 and 8080.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            data_dir: data_dir.into(),
            mqtt: Some(local(1883)),
            mqtts: Some(local(8883)),
            http: local(8080),
            limits: Limits::default(),
            names: Vec::new(),
            strict: true,
            clock: Clock::default(),
        }
    }

    /// The same on free ports: for tests, demonstrations, and several clouds on one computer.
    pub fn on_free_ports(data_dir: impl Into<PathBuf>) -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            mqtt: Some(free),
            mqtts: Some(free),
            http: free,
            ..Self::new(data_dir)
        }
    }
}

/// A local cloud that runs until [`stop`](Self::stop).
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use faceiot_local::{Cloud, CloudConfig, NewDevice};
///
/// let cloud = Cloud::start(CloudConfig::on_free_ports(dir.path())).await?;
/// let id = "aliyun:k0abcdefgIM:esp001".parse()?;
/// cloud.registry().add_device(NewDevice { id, secret: None }).await?;
/// println!("devices: {:?}, page: {}", cloud.mqtt_addr(), cloud.http_url());
/// cloud.stop().await;
/// # Ok::<(), faceiot::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Cloud {
    state: Arc<State>,
    broker: Broker,
    http: Server,
    mqtt: Option<SocketAddr>,
    mqtts: Option<SocketAddr>,
    ca_file: PathBuf,
    watchers: Vec<JoinHandle<()>>,
    lock: Lock,
}

impl Cloud {
    /// Starts a cloud. It holds its data folder for itself.
    ///
    /// # Errors
    /// `Store` when another process holds the folder (the error names it) or its tables cannot be used, `PortInUse`
    /// for a taken port, `Config` for an HTTP address that is not loopback or a name no certificate can hold, `Tls`
    /// for broken certificate files.
    pub async fn start(config: CloudConfig) -> Result<Self> {
        let data_dir = DataDir::open(&config.data_dir)?;
        let lock = data_dir.lock()?;
        let token = data_dir.token()?;
        let now = i64::try_from(config.clock.now_unix_ms())
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let tls = tls::load_or_create(&data_dir, &config.names, now.unwrap_or_else(Timestamp::now))?;
        let registry = Registry::open(data_dir.root()).await?;
        let (events, _) = broadcast::channel(EVENTS);
        let recorder = Recorder::start(registry.pool().clone(), events.clone(), Keep::default());
        let photos =
            PhotoStore::open(registry.pool().clone(), data_dir.root(), config.limits.clone()).await?;
        let state = Arc::new(State::new(Parts {
            data_dir: data_dir.clone(),
            registry,
            recorder,
            photos,
            events,
            clock: config.clock.clone(),
            streams: http::streams(),
        })?);

        match Self::listen(&config, &state, &tls, token).await {
            Ok((broker, http)) => {
                state.set_broker(broker.handle());
                let mut addrs = broker.addrs().into_iter();
                let mqtt = config.mqtt.and_then(|_| addrs.next());
                let mqtts = config.mqtts.and_then(|_| addrs.next());
                let watchers = vec![
                    tokio::spawn(forward_photos(Arc::clone(&state), state.photos.subscribe())),
                    tokio::spawn(follow_registry(Arc::clone(&state))),
                ];
                Ok(Self {
                    state,
                    broker,
                    http,
                    mqtt,
                    mqtts,
                    ca_file: tls.ca_file,
                    watchers,
                    lock,
                })
            }
            Err(e) => {
                state.close().await;
                Err(e)
            }
        }
    }

    async fn listen(
        config: &CloudConfig,
        state: &Arc<State>,
        tls: &Tls,
        token: String,
    ) -> Result<(Broker, Server)> {
        let check = Arc::new(LoginCheck::new(state.registry.clone(), config.strict)?);
        let rules = Arc::new(DeviceRules {
            state: Arc::clone(state),
            check,
            caps: Caps::default(),
        });
        let listener = |name: &str, addr, tls| Listener {
            name: name.to_owned(),
            addr,
            tls,
            rules: rules.clone(),
        };
        let mut listeners = Vec::new();
        listeners.extend(config.mqtt.map(|addr| listener("mqtt", addr, None)));
        listeners.extend(
            config
                .mqtts
                .map(|addr| listener("mqtts", addr, Some(Arc::clone(&tls.config)))),
        );
        let broker = Broker::start(Config {
            state_dir: state.data_dir.folder("journal")?,
            listeners,
            hooks: Arc::new(DeviceHooks {
                state: Arc::clone(state),
            }),
            limits: faceiot_broker::Limits::default(),
        })
        .await
        .map_err(|e| Error::from(e).context("MQTT"))?;
        match Server::start(config.http, token, Arc::clone(state)).await {
            Ok(http) => Ok((broker, http)),
            Err(e) => {
                broker.stop().await;
                Err(e)
            }
        }
    }

    /// Where devices connect over TCP.
    pub fn mqtt_addr(&self) -> Option<SocketAddr> {
        self.mqtt
    }

    /// Where devices connect over TLS, with [`ca_file`](Self::ca_file).
    pub fn mqtts_addr(&self) -> Option<SocketAddr> {
        self.mqtts
    }

    /// Base of the HTTP interface, such as `http://127.0.0.1:8080`.
    pub fn http_url(&self) -> String {
        format!("http://{}", self.http.addr())
    }

    /// A link that opens the page once, within ten minutes; every call makes another.
    ///
    /// # Errors
    /// `Io` when the operating system gives no random numbers.
    pub fn page_url(&self) -> Result<String> {
        self.http.guard().new_link()
    }

    /// The certificate of the authority that signed the server's.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The bearer token of the HTTP interface.
    pub fn token(&self) -> &str {
        self.http.guard().token()
    }

    /// Products and devices.
    pub fn registry(&self) -> &Registry {
        &self.state.registry
    }

    /// Photos.
    pub fn photos(&self) -> &PhotoStore {
        &self.state.photos
    }

    /// What happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.state.events.subscribe()
    }

    /// Since when a device is connected, milliseconds since 1970; `None`: it is not.
    pub fn online_since(&self, device: &DeviceId) -> Option<u64> {
        self.state.presence.online_since(device)
    }

    /// Sends a command to a device and waits for its answer.
    ///
    /// # Errors
    /// `NotFound` for a device that is not registered, `Disconnected` for one that is offline or does not listen,
    /// `Timeout` when no answer comes, `InvalidArgument` for a name or form that cannot be sent, `RateLimit` when too
    /// many commands wait.
    pub async fn command(
        &self,
        device: &DeviceId,
        request: CommandRequest,
        timeout: Duration,
    ) -> Result<CommandReply> {
        self.state.command(device, &request, timeout).await
    }

    /// The last values that a device reported; Huawei's names are `{service_id}.{property}`.
    ///
    /// # Errors
    /// `Store` when the table cannot be read.
    pub async fn properties(&self, device: &DeviceId) -> Result<BTreeMap<String, serde_json::Value>> {
        let rows = tables::properties(self.state.registry.pool(), device).await?;
        rows.into_iter()
            .map(|row| match serde_json::from_str(row.value.get()) {
                Ok(value) => Ok((row.name, value)),
                Err(e) => Err(Error::new(
                    ErrorKind::Store,
                    format!("property `{}` is not JSON: {e}", row.name),
                )),
            })
            .collect()
    }

    /// Publishes a message as the cloud itself; says to how many devices it goes.
    pub fn publish(&self, topic: &str, payload: impl Into<Bytes>, qos: u8) -> usize {
        self.broker.handle().inject(Message {
            topic: topic.into(),
            payload: payload.into(),
            qos,
            retain: false,
        })
    }

    /// Ends the connection of a device, as a bad network does; it may come back at once.
    pub fn disconnect(&self, device: &DeviceId) {
        self.state.kick(device);
    }

    /// Returns when everything that devices have reported so far is in its table. Photos are journalled before they
    /// are acknowledged and may still be on their way into theirs.
    pub async fn flush(&self) {
        self.state.recorder.flush().await;
    }

    /// Stops: no new requests, devices are disconnected, what was accepted is written, the folder is free again.
    pub async fn stop(self) {
        self.http.stop().await;
        self.broker.stop().await;
        for watcher in self.watchers {
            watcher.abort();
            let _ = watcher.await;
        }
        self.state.close().await;
        drop(self.lock);
    }
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cloud")
            .field("data_dir", &self.state.data_dir.root())
            .field("mqtt", &self.mqtt)
            .field("mqtts", &self.mqtts)
            .field("http", &self.http.addr())
            .finish_non_exhaustive()
    }
}

/// Photos and their problems, from the store's events to the cloud's.
async fn forward_photos(state: Arc<State>, mut events: broadcast::Receiver<photos::Event>) {
    loop {
        match events.recv().await {
            Ok(photos::Event::Photo(row)) => {
                if let Some(problem) = &row.problem {
                    let text = format!("photo {}: {problem}", row.id);
                    state.recorder.log(
                        Some(&row.device),
                        state.clock.now_unix_ms(),
                        Level::Warn,
                        0,
                        &text,
                    );
                }
                let _ = state.events.send(Event::Photo(Box::new(row)));
            }
            Ok(photos::Event::Problem(problem)) => {
                state.counters.photo_problems.fetch_add(1, Ordering::Relaxed);
                let text = format!("photo: {}", problem.message);
                let now_ms = state.clock.now_unix_ms();
                state.recorder.log(
                    Some(&problem.device),
                    now_ms,
                    Level::Warn,
                    i64::from(problem.kind.code()),
                    &text,
                );
            }
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                tracing::warn!(
                    missed,
                    "events of photos were missed; their rows are written all the same"
                );
            }
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// Cuts off devices that were removed or disabled, by this process or another. Of a removed one nothing stays.
async fn follow_registry(state: Arc<State>) {
    let mut known = None;
    // Looks once more after a change: a login that read the registry before it may get its session after the look.
    let mut once_more = false;
    let mut ticks = tokio::time::interval(REGISTRY_LOOK);
    loop {
        ticks.tick().await;
        let Ok(generation) = state.registry.generation().await else {
            continue;
        };
        let changed = known.replace(generation) != Some(generation);
        if !changed && !once_more {
            continue;
        }
        once_more = changed;
        for device in state.devices_with_sessions() {
            match state.registry.find(&device).await {
                Ok(None) => state.forget(&device),
                Ok(Some(found)) if !found.enabled => state.kick(&device),
                // An error does not say that it is gone.
                Ok(Some(_)) | Err(_) => {}
            }
        }
    }
}

const EVENTS: usize = 1024;
const REGISTRY_LOOK: Duration = Duration::from_millis(500);
