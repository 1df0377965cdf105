//! Huawei Cloud IoTDA.
//!
//! | what | where |
//! |---|---|
//! | [`mqtt_login`] and back: [`parse_client_id`], [`verify_mqtt_login`] | `mqtt` |
//! | [`Hour`]: the UTC hour that is the key of a login | `hour` |
//! | the login of a registration group's device | [`bootstrap`] |
//! | requests of applications, `SDK-HMAC-SHA256` and `V11-HMAC-SHA256` | [`aksk`] |
//! | the login of a consumer of server-side subscriptions | [`amqp`] |

pub mod aksk;
pub mod amqp;
pub mod bootstrap;
mod hour;
mod mqtt;

use core::fmt;

pub use hour::Hour;
pub(crate) use hour::civil;
pub use mqtt::{ClientId, LOGIN_BUFFER, Options, SignType, mqtt_login, parse_client_id, verify_mqtt_login};

use super::Masked;

/// The credentials of a device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// Device id, usually `{product_id}_{node_id}`.
    pub device_id: &'a str,
    /// Device secret. Masked in `Debug`.
    pub device_secret: &'a str,
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("device_id", &self.device_id)
            .field("device_secret", &Masked)
            .finish()
    }
}
