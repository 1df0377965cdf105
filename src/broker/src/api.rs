//! What the layer above gives to the broker and gets from it.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use faceiot_journal::Ticket;
use tokio_rustls::rustls::ServerConfig;

/// Everything a broker is started with.
pub struct Config {
    /// Where the log lies (`broker.log`); created with mode 0700 when it is not there.
    pub state_dir: PathBuf,
    /// Where clients connect.
    pub listeners: Vec<Listener>,
    /// The policy after login.
    pub hooks: Arc<dyn Hooks>,
    /// Bounds of memory.
    pub limits: Limits,
}

/// One address to listen on, with its own policy before login.
pub struct Listener {
    /// Shown in logs and handed to [`Rules::login`].
    pub name: String,
    /// Port 0 takes a free one; see [`Broker::addrs`](crate::Broker::addrs).
    pub addr: SocketAddr,
    /// `None` is plain TCP.
    pub tls: Option<Arc<ServerConfig>>,
    /// Who may log in.
    pub rules: Arc<dyn Rules>,
}

/// A CONNECT packet that passed the gate.
#[derive(Clone, Copy)]
pub struct Connect<'a> {
    /// As sent; may be empty when `clean_session` is set.
    pub client_id: &'a str,
    /// User name, if one was sent.
    pub username: Option<&'a str>,
    /// Password, if one was sent. Never logged.
    pub password: Option<&'a [u8]>,
    /// Does the client want no session to be kept?
    pub clean_session: bool,
    /// Seconds; 0 is off.
    pub keep_alive: u16,
    /// Did the client announce a will? This broker offers none: accepting such a login ends in a refusal with
    /// code 5.
    pub has_will: bool,
    /// Where the connection comes from.
    pub peer: SocketAddr,
    /// [`Listener::name`].
    pub listener: &'a str,
    /// Is the connection encrypted?
    pub tls: bool,
}

impl fmt::Debug for Connect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("client_id", &self.client_id)
            .field("username", &self.username)
            .field("password", &self.password.map(|_| "***"))
            .field("clean_session", &self.clean_session)
            .field("keep_alive", &self.keep_alive)
            .field("has_will", &self.has_will)
            .field("peer", &self.peer)
            .field("listener", &self.listener)
            .field("tls", &self.tls)
            .finish()
    }
}

/// What [`Rules::login`] returns.
pub type LoginFuture<'a> = Pin<Box<dyn Future<Output = Result<Identity, Refusal>> + Send + 'a>>;

/// The policy of one listener before login.
pub trait Rules: Send + Sync {
    /// Says who this is, or why not.
    fn login<'a>(&'a self, connect: Connect<'a>) -> LoginFuture<'a>;

    /// Bounds for clients of this listener.
    fn caps(&self) -> Caps {
        Caps::default()
    }
}

/// Who is connected. Made by [`Rules::login`], handed to every hook.
#[derive(Clone)]
pub struct Identity {
    /// Key of the session and of take-over: of two connections with the same one, the newer wins.
    pub session: Arc<str>,
    /// The listener it came through.
    pub listener: Arc<str>,
    /// Whatever the layer above wants to find again in its hooks.
    pub extension: Option<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("session", &self.session)
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}

/// Why a login is refused: the code of the CONNACK, and words for the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// 2: the client id is not allowed.
    IdentifierRejected(String),
    /// 3: not now; the client may try again.
    Unavailable(String),
    /// 4: user name or password is wrong.
    BadCredentials(String),
    /// 5: known, but not allowed.
    NotAuthorized(String),
}

impl Refusal {
    /// The CONNACK return code.
    pub fn code(&self) -> u8 {
        match self {
            Self::IdentifierRejected(_) => 2,
            Self::Unavailable(_) => 3,
            Self::BadCredentials(_) => 4,
            Self::NotAuthorized(_) => 5,
        }
    }

    /// The words.
    pub fn reason(&self) -> &str {
        match self {
            Self::IdentifierRejected(r)
            | Self::Unavailable(r)
            | Self::BadCredentials(r)
            | Self::NotAuthorized(r) => r,
        }
    }
}

/// Bounds for the clients of one listener.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caps {
    /// Largest packet before login, and all that is buffered of a client until then.
    pub before_login: usize,
    /// Largest packet after login, fixed header included.
    pub after_login: usize,
    /// From the TCP connection to the whole CONNECT packet, TLS handshake included.
    pub connect_timeout: Duration,
    /// Connections that have not logged in yet; more are closed at once.
    pub half_open: usize,
    /// All connections; more are closed at once.
    pub connections: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            before_login: 4 << 10,
            after_login: 1 << 20,
            connect_timeout: Duration::from_secs(5),
            half_open: 256,
            connections: 10_000,
        }
    }
}

/// Bounds of what the broker holds for its sessions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// QoS 1 messages on their way to one client, not yet acknowledged by it.
    pub in_flight: usize,
    /// QoS 0 messages waiting for one client; more are dropped and counted.
    pub qos0_messages: usize,
    /// Bytes of them.
    pub qos0_bytes: usize,
    /// QoS 1 messages queued for one session, in flight or not; more are dropped and counted.
    pub session_messages: usize,
    /// Bytes of them.
    pub session_bytes: usize,
    /// Bytes queued for all sessions together.
    pub total_bytes: usize,
    /// Sessions, connected or kept.
    pub sessions: usize,
    /// Subscriptions of one session.
    pub subscriptions: usize,
    /// Levels of a topic filter.
    pub filter_levels: usize,
    /// Acknowledgements of one client that wait for the disk; at this number the broker stops reading from
    /// it.
    pub waiting_acks: usize,
    /// A client that takes no byte for so long, with output waiting for it, is dropped.
    pub write_stall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 64,
            qos0_messages: 1_000,
            qos0_bytes: 1 << 20,
            session_messages: 10_000,
            session_bytes: 8 << 20,
            total_bytes: 32 << 20,
            sessions: 20_000,
            subscriptions: 500,
            filter_levels: 64,
            waiting_acks: 64,
            write_stall: Duration::from_mins(1),
        }
    }
}

/// A message on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Topic name.
    pub topic: Arc<str>,
    /// Payload; shared, never copied between subscribers.
    pub payload: Bytes,
    /// 0 or 1.
    pub qos: u8,
    /// As the publisher set it. Nothing is retained: such a message is refused, and an injected one is
    /// delivered as if it were unset.
    pub retain: bool,
}

/// May this be published?
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PublishVerdict {
    /// Yes.
    Allow,
    /// No: acknowledged as usual and thrown away.
    Drop,
    /// No: the connection is closed.
    Disconnect,
}

/// What becomes of a published message.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Does it go to subscribers?
    pub route: bool,
    /// Messages to send instead of it or in addition; they pass no other hook.
    pub inject: Vec<Message>,
    /// The acknowledgement waits for this; when it fails, there is none, and the client is dropped so that it
    /// sends the message again. With a QoS 0 message the broker stops reading from the client until then, and
    /// goes on when it fails.
    pub durable: Option<Ticket>,
}

impl Verdict {
    /// To its subscribers, nothing else.
    pub fn route() -> Self {
        Self {
            route: true,
            inject: Vec::new(),
            durable: None,
        }
    }

    /// Taken: it goes to nobody.
    pub fn take() -> Self {
        Self {
            route: false,
            inject: Vec::new(),
            durable: None,
        }
    }
}

/// The policy after login; one object for all listeners. Called from the connections' own tasks: nothing here
/// may block.
pub trait Hooks: Send + Sync {
    /// Before a message is looked at. QoS 2 and retained messages come by here so that the refusal can be
    /// worded above; when they are allowed the broker closes the connection, because it offers neither.
    fn may_publish(&self, identity: &Identity, topic: &str, qos: u8, retain: bool) -> PublishVerdict;

    /// Before a subscription.
    ///
    /// # Errors
    ///
    /// `Err` is answered with 0x80.
    #[expect(
        clippy::result_unit_err,
        reason = "the client is told nothing but that it failed"
    )]
    fn may_subscribe(&self, identity: &Identity, filter: &str) -> Result<(), ()>;

    /// Sees every message that may be published, once per PUBLISH packet.
    fn intercept(&self, identity: &Identity, message: &Message) -> Verdict {
        let _ = (identity, message);
        Verdict::route()
    }

    /// After login, before the CONNACK. Returns filters that the session is subscribed to at QoS 0 without
    /// asking, as long as it is connected.
    fn connected(&self, identity: &Identity) -> Vec<String> {
        let _ = identity;
        Vec::new()
    }

    /// After every `connected`, exactly once, and before the next `connected` of the same session.
    fn disconnected(&self, identity: &Identity, reason: &str) {
        let _ = (identity, reason);
    }

    /// A login was refused, by [`Rules`] or by the broker itself.
    fn refused(&self, peer: SocketAddr, client_id: &str, reason: &str) {
        let _ = (peer, client_id, reason);
    }

    /// A client broke the protocol or a limit and is dropped; `identity` when it had logged in.
    fn protocol_error(&self, peer: SocketAddr, identity: Option<&Identity>, what: &str) {
        let _ = (peer, identity, what);
    }
}
