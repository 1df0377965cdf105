//! An MQTT 3.1.1 broker to be built into a program: login, access and interception belong to the program,
//! everything of the protocol is done here. It knows nothing of faces, photos or clouds; it may import
//! `faceiot-journal` and nothing else of this project.
//!
//! # Promises
//!
//! - A QoS 1 message is acknowledged when it is on disk for every session that is kept
//!   ([`Handle::inject_logged`] says the same for injected ones), and when the ticket that
//!   [`Hooks::intercept`] returned is durable.
//! - Memory is bounded whatever clients do: [`Caps`] before and after login, [`Limits`] for everything that
//!   is held for a session.
//! - No input makes it panic; malformed input ends its own connection with a reason in the log, and nobody
//!   else's.
//!
//! # What it offers
//!
//! QoS 0 and 1 both ways, clean and persistent sessions, take-over, keep-alive, TCP and TLS, any number of
//! listeners with their own [`Rules`]. **Not offered, and refused in so many words**: QoS 2 and retained
//! publishes (the connection is closed), wills (CONNACK 5), MQTT 5.0 and 3.1 (CONNACK 1). A subscription that
//! asks for QoS 2 is granted QoS 1.
//!
//! # Map
//!
//! | module | question it answers |
//! |---|---|
//! | `api` | what does the program above provide |
//! | `broker` | how does it start, listen and stop |
//! | `frame` | where does a packet end |
//! | [`gate()`](fn@gate) | is this packet well formed, to its last bit |
//! | `protocol` | what does it say (the only file that knows mqtt-protocol-core) |
//! | `admit` | who is it: from the first byte to the CONNACK |
//! | `conn`, `output` | what does one client get, and when |
//! | `route`, `trie` | who gets a message |
//! | `session` | what waits for a client |
//! | `log` | what survives a crash |
//! | [`topic`] | what are topics and filters |
//!
//! The path of a message is drawn in `conn`; the places for retained messages, wills, QoS 2, shared
//! subscriptions and 5.0 are `route` (a second tree, a timer), `log` (their record kinds are kept free),
//! `session` (packet ids in flight) and `gate` (rows per version).
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//! use faceiot_broker::*;
//!
//! struct Anyone;
//! impl Rules for Anyone {
//!     fn login<'a>(&'a self, c: Connect<'a>) -> LoginFuture<'a> {
//!         Box::pin(async move {
//!             Ok(Identity { session: c.client_id.into(), listener: c.listener.into(), extension: None })
//!         })
//!     }
//! }
//! struct Everything;
//! impl Hooks for Everything {
//!     fn may_publish(&self, _: &Identity, _: &str, qos: u8, retain: bool) -> PublishVerdict {
//!         if qos < 2 && !retain { PublishVerdict::Allow } else { PublishVerdict::Disconnect }
//!     }
//!     fn may_subscribe(&self, _: &Identity, _: &str) -> Result<(), ()> {
//!         Ok(())
//!     }
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let folder = tempfile::tempdir()?;
//! let broker = Broker::start(Config {
//!     state_dir: folder.path().join("broker"),
//!     listeners: vec![Listener {
//!         name: "open".into(),
//!         addr: ([127, 0, 0, 1], 0).into(),
//!         tls: None,
//!         rules: Arc::new(Anyone),
//!     }],
//!     hooks: Arc::new(Everything),
//!     limits: Limits::default(),
//! })
//! .await?;
//! println!("mqtt://{}", broker.addrs()[0]);
//! broker.stop().await;
//! # std::io::Result::Ok(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```

mod admit;
mod api;
mod broker;
mod conn;
mod frame;
#[doc(hidden)]
pub mod fuzz;
mod gate;
mod log;
mod output;
mod protocol;
mod route;
mod session;
mod stats;
pub mod topic;
mod trie;

pub use api::{
    Caps, Config, Connect, Hooks, Identity, Limits, Listener, LoginFuture, Message, PublishVerdict, Refusal,
    Rules, Verdict,
};
pub use broker::{Broker, Handle};
pub use gate::{Gate, Phase, gate};
pub use route::SessionInfo;
pub use stats::Stats;
