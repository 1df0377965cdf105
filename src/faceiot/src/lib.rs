//! Devices that log in with a signed secret, answer commands and send photos to IoT clouds.
//!
//! # What this is
//!
//! The client side of the main job: a [`Device`] logs in to Aliyun IoT or Huawei `IoTDA` with [`Credentials`] that it
//! signs afresh at every connect, hears [`Command`]s and answers them, reports properties, and sends photos in
//! chunks; a [`Receipt`] says when the broker has all of one. [`http::Client`] talks to the local cloud.
//!
//! ```no_run
//! # async fn example() -> Result<(), faceiot::Error> {
//! use std::time::Duration;
//! use faceiot::{Credentials, Device, DeviceConfig, Endpoint};
//!
//! let mut config = DeviceConfig::new(Credentials::huawei("61e6d1_cam", "0123456789abcdef"));
//! config.endpoint = Endpoint::plain("127.0.0.1:1883"); // `faceiot up`; without this line: the cloud itself
//! let device = Device::connect(config).await?;
//! let receipt = device.send_bytes(std::fs::read("door.jpg")?, 1)?;
//! let sent = receipt.wait(Duration::from_secs(60)).await?;
//! println!("{} messages in {:?}", sent.messages, sent.elapsed);
//! device.close().await;
//! # Ok(()) }
//! ```
//!
//! # The flow
//!
//! ```text
//! Credentials --login(now)--> OwnedLogin --+                    +--> commands  --> handler --> Reply --+
//!                                          v                    |                                      |
//! Endpoint --resolve--> Address ------> mqtt::open <--> link ---+--> messages                          |
//!                                                         ^     +--> events                            |
//! Frame --photo (chunks, one at a time)--> outbox (lanes, rate, packet ids) <-- replies overtake <-----+
//!                                                         |
//!                                                         +--> Receipt (PUBACK for every message)
//! ```
//!
//! # Modules
//!
//! | module | answers |
//! |---|---|
//! | [`credentials`], [`id`], [`secret`], [`clock`] | who signs, with what, when |
//! | [`config`] | how it connects and sends |
//! | [`device`] | what a program holds in its hand; [`blocking`] for threads without a runtime |
//! | [`command`] | what the cloud asks, in four forms; which requests were seen |
//! | [`receipt`], [`event`] | what became of what was sent, and of the connection |
//! | `link` | the task behind a device: connect, subscribe, send, receive, connect again |
//! | `outbox`, `photo` | whose turn it is; where a photo's encoder stands |
//! | [`rate`] | the clouds' limits in one table, and the token bucket |
//! | `mqtt` | one connection; the only file that touches rumqttc |
//! | [`http`] | the local cloud's HTTP; the only file that touches reqwest |
//! | [`tls`], [`inspect`] | whose certificates are believed; the only file that names a provider of cryptography |
//! | [`error`] | what can go wrong |
//!
//! # May import
//!
//! `faceiot-core`, `faceiot-camera` (frames) and `faceiot-journal`.

pub mod blocking;
pub mod clock;
pub mod command;
pub mod config;
pub mod credentials;
pub mod device;
pub mod error;
pub mod event;
pub mod http;
pub mod id;
pub mod ingest;
pub mod inspect;
mod link;
mod mailbox;
mod mqtt;
mod outbox;
mod photo;
pub mod rate;
pub mod receipt;
pub mod secret;
pub mod tls;

pub use clock::Clock;
pub use command::{Command, CommandForm, Reply};
pub use config::{Address, Backoff, DeviceConfig, Endpoint, Format, Qos, Tls};
pub use credentials::{Credentials, OwnedLogin};
pub use device::{CommandStream, Device, MessageStream};
pub use error::{Error, ErrorKind, Result};
pub use event::ConnectionEvent;
pub use id::{Cloud, DeviceId};
pub use link::Message;
pub use rate::Rate;
pub use receipt::{Receipt, Sent};
pub use secret::Secret;
