//! Devices that log in with a signed secret, answer commands and send photos to IoT clouds

pub mod config;
pub mod credentials;
pub mod error;
pub mod id;
pub mod rate;
pub mod secret;

pub use config::{Backoff, DeviceConfig, Endpoint, Format, Qos, Tls};
pub use credentials::{Credentials, OwnedLogin};
pub use error::{Error, ErrorKind, Result};
pub use id::{Cloud, DeviceId};
pub use secret::Secret;
