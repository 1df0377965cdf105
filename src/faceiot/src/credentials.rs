//! Who signs, and the login that comes out.
//!
//! [`Credentials`] are what a device keeps; [`OwnedLogin`] is what one connect sends. A login is made afresh at
//! every connect, because it may hold the time.

use std::fmt;

use faceiot_core::sign::{aliyun, huawei};

use crate::error::{Error, ErrorKind, Result};
use crate::id::{Cloud, DeviceId};
use crate::secret::Secret;

pub use faceiot_core::sign::aliyun::Method;
pub use faceiot_core::sign::huawei::SignType;

/// What a device signs its login with. `Debug` masks the secret.
///
/// ```
/// use faceiot::Credentials;
///
/// let device = Credentials::aliyun("a1B2c3D4e5F", "door", "0123456789abcdef0123456789abcdef");
/// assert!(!format!("{device:?}").contains("0123456789abcdef"));
/// let login = device.login(1_534_494_218_000, false)?;
/// assert_eq!(login.username, "door&a1B2c3D4e5F");
/// assert_eq!(login.host, "a1B2c3D4e5F.iot-as-mqtt.cn-shanghai.aliyuncs.com");
/// # Ok::<(), faceiot::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An Aliyun device.
    Aliyun {
        /// Aliyun's `ProductKey`.
        product_key: String,
        /// Aliyun's `DeviceName`.
        device_name: String,
        /// Aliyun's `DeviceSecret`.
        device_secret: Secret,
        /// The MAC: HMAC-SHA256 unless changed.
        method: Method,
        /// The part of the MQTT client id before the first `|`; `None`: `{product_key}.{device_name}`.
        client_id: Option<String>,
        /// The region that the public host name holds, such as `cn-shanghai`.
        region: String,
        /// The instance, when the device belongs to one: its host name then replaces the public one.
        instance_id: Option<String>,
        /// Whether the login holds the time (milliseconds), as the documentation has it. The cloud does not
        /// check it, so that a device without a clock may leave it out.
        timestamp: bool,
    },
    /// A Huawei `IoTDA` device.
    Huawei {
        /// Huawei's `device_id`.
        device_id: String,
        /// Huawei's device secret.
        device_secret: Secret,
        /// Whether the platform checks the hour in the login.
        sign_type: SignType,
        /// The access domain name of the instance, from the console; it cannot be derived.
        host: Option<String>,
    },
}

impl Credentials {
    /// An Aliyun device of the public instance in Shanghai that signs with HMAC-SHA256 and the time.
    pub fn aliyun(
        product_key: impl Into<String>,
        device_name: impl Into<String>,
        device_secret: impl Into<Secret>,
    ) -> Self {
        Self::Aliyun {
            product_key: product_key.into(),
            device_name: device_name.into(),
            device_secret: device_secret.into(),
            method: Method::HmacSha256,
            client_id: None,
            region: "cn-shanghai".to_owned(),
            instance_id: None,
            timestamp: true,
        }
    }

    /// A Huawei device whose clock the platform does not check (sign type 0).
    pub fn huawei(device_id: impl Into<String>, device_secret: impl Into<Secret>) -> Self {
        Self::Huawei {
            device_id: device_id.into(),
            device_secret: device_secret.into(),
            sign_type: SignType::NoCheck,
            host: None,
        }
    }

    /// The cloud that these credentials are for.
    pub const fn cloud(&self) -> Cloud {
        match self {
            Self::Aliyun { .. } => Cloud::Aliyun,
            Self::Huawei { .. } => Cloud::Huawei,
        }
    }

    /// Who signs. The names are not checked here; [`login`](Self::login) does.
    pub fn device_id(&self) -> DeviceId {
        match self {
            Self::Aliyun {
                product_key,
                device_name,
                ..
            } => DeviceId::Aliyun {
                product_key: product_key.clone(),
                device_name: device_name.clone(),
            },
            Self::Huawei { device_id, .. } => DeviceId::Huawei {
                device_id: device_id.clone(),
            },
        }
    }

    /// Signs a login for this moment.
    ///
    /// `now_unix_ms` is the time in milliseconds since 1970-01-01 UTC; `tls` says whether the connection is
    /// encrypted (Aliyun writes it into the client id as `securemode`, unsigned).
    ///
    /// # Errors
    /// `InvalidArgument` for a name that cannot be part of a login, and for an empty secret.
    pub fn login(&self, now_unix_ms: u64, tls: bool) -> Result<OwnedLogin> {
        let mut buffer = zeroize::Zeroizing::new([0_u8; LOGIN_BUFFER]);
        match self {
            Self::Aliyun {
                product_key,
                device_name,
                device_secret,
                method,
                client_id,
                region,
                instance_id,
                timestamp,
            } => {
                DeviceId::aliyun(product_key.as_str(), device_name.as_str())?;
                require_secret(device_secret)?;
                let credentials = aliyun::Credentials {
                    product_key,
                    device_name,
                    device_secret: device_secret.expose(),
                };
                let timestamp = if *timestamp {
                    aliyun::Timestamp::Value(now_unix_ms)
                } else {
                    aliyun::Timestamp::None
                };
                let options = aliyun::Options {
                    client_id: client_id.as_deref(),
                    method: *method,
                    secure_mode: if tls { 2 } else { 3 },
                    timestamp,
                    region,
                    instance_id: instance_id.as_deref(),
                    ..aliyun::Options::default()
                };
                Ok(aliyun::mqtt_login(&credentials, &options, buffer.as_mut_slice())?.into())
            }
            Self::Huawei {
                device_id,
                device_secret,
                sign_type,
                host,
            } => {
                DeviceId::huawei(device_id.as_str())?;
                require_secret(device_secret)?;
                let credentials = huawei::Credentials {
                    device_id,
                    device_secret: device_secret.expose(),
                };
                let options = huawei::Options {
                    sign_type: *sign_type,
                    hour: huawei::Hour::from_unix(now_unix_ms / 1000),
                    host: host.as_deref().unwrap_or_default(),
                    port: Some(if tls { 8883 } else { 1883 }),
                };
                Ok(huawei::mqtt_login(&credentials, &options, buffer.as_mut_slice())?.into())
            }
        }
    }
}

/// What one connect sends, and where to. `Debug` masks the password.
#[derive(Clone)]
pub struct OwnedLogin {
    /// The cloud's own host name; empty for a Huawei device whose credentials name none.
    pub host: String,
    /// The cloud's port for this kind of connection.
    pub port: u16,
    /// The MQTT client id.
    pub client_id: String,
    /// The MQTT user name.
    pub username: String,
    /// The MQTT password: the MAC.
    pub password: Secret,
}

impl From<faceiot_core::Login<'_>> for OwnedLogin {
    fn from(login: faceiot_core::Login<'_>) -> Self {
        Self {
            host: login.host.to_owned(),
            port: login.port,
            client_id: login.client_id.to_owned(),
            username: login.username.to_owned(),
            password: Secret::from(login.password),
        }
    }
}

impl fmt::Debug for OwnedLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedLogin")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("client_id", &self.client_id)
            .field("username", &self.username)
            .field("password", &self.password)
            .finish()
    }
}

fn require_secret(secret: &Secret) -> Result<()> {
    if secret.expose().is_empty() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "the device secret is empty",
        ));
    }
    Ok(())
}

/// Host, client id, user name and password of either cloud at their longest (256 octets each at Huawei) fit.
const LOGIN_BUFFER: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_534_494_218_000;

    #[test]
    fn a_login_of_another_moment_is_another_login() {
        let device = Credentials::aliyun("pk", "dn", "secret");
        let (first, later) = (
            device.login(NOW, false).unwrap(),
            device.login(NOW + 1, false).unwrap(),
        );
        assert_ne!(first.client_id, later.client_id);
        assert_ne!(first.password.expose(), later.password.expose());
    }

    #[test]
    fn tls_is_written_into_the_client_id_and_not_signed() {
        let device = Credentials::aliyun("pk", "dn", "secret");
        let (plain, tls) = (
            device.login(NOW, false).unwrap(),
            device.login(NOW, true).unwrap(),
        );
        assert!(plain.client_id.contains("securemode=3"), "{}", plain.client_id);
        assert!(tls.client_id.contains("securemode=2"), "{}", tls.client_id);
        assert_eq!(plain.password.expose(), tls.password.expose());
    }

    #[test]
    fn the_huawei_hour_is_in_the_client_id() {
        let login = Credentials::huawei("61e6d1_cam", "secret")
            .login(NOW, true)
            .unwrap();
        assert_eq!(login.client_id, "61e6d1_cam_0_0_2018081708");
        assert_eq!((login.username.as_str(), login.port), ("61e6d1_cam", 8883));
    }

    #[test]
    fn no_secret_and_no_mac_is_printed() {
        for device in [
            Credentials::aliyun("pk", "dn", "canary-secret"),
            Credentials::huawei("id", "canary-secret"),
        ] {
            let login = device.login(NOW, true).unwrap();
            let printed = format!("{device:?} {login:?}");
            assert!(!printed.contains("canary-secret"));
            assert!(!printed.contains(login.password.expose()));
            assert!(printed.contains("***"));
        }
    }

    #[test]
    fn names_that_cannot_be_signed_are_refused() {
        for device in [
            Credentials::aliyun("pk", "a&b", "s"),
            Credentials::aliyun("", "dn", "s"),
            Credentials::aliyun("pk", "dn", ""),
            Credentials::huawei("a/b", "s"),
            Credentials::huawei("id", ""),
        ] {
            assert_eq!(
                device.login(NOW, false).unwrap_err().kind(),
                ErrorKind::InvalidArgument,
                "{device:?}"
            );
        }
    }
}
