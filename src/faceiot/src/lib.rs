//! Devices that log in with a signed secret, answer commands and send photos to IoT clouds

pub mod config;
pub mod credentials;
pub mod error;
pub mod event;
pub mod http;
pub mod id;
pub mod inspect;
mod mqtt;
pub mod rate;
pub mod receipt;
pub mod secret;
pub mod tls;

pub use config::{Address, Backoff, DeviceConfig, Endpoint, Format, Qos, Tls};
pub use credentials::{Credentials, OwnedLogin};
pub use error::{Error, ErrorKind, Result};
pub use event::ConnectionEvent;
pub use id::{Cloud, DeviceId};
pub use rate::Rate;
pub use receipt::{Receipt, Sent};
pub use secret::Secret;
