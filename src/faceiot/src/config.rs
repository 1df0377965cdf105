//! How a device connects, and how it sends: every setting with its default and its reason.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use faceiot_core::chunk::v2::{HEADER_LEN, TEXT_DATA_MAX};

use crate::clock::Clock;
use crate::credentials::{Credentials, OwnedLogin};
use crate::error::{Error, ErrorKind, Result};
use crate::id::Cloud;
use crate::mqtt;
use crate::rate::{Limit, Rate};

/// How a connection is encrypted and whose certificate is believed.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Tls {
    /// Plain TCP. Aliyun has refused it to new accounts' devices since 2022-08-02.
    Off,
    /// TLS with the authorities that the operating system trusts.
    #[default]
    System,
    /// TLS with the authorities in this PEM file, and no others.
    CaFile(PathBuf),
    /// TLS with the authorities in this PEM text, and no others.
    CaPem(Vec<u8>),
}

impl Tls {
    /// Whether the connection is encrypted.
    pub const fn is_on(&self) -> bool {
        !matches!(self, Self::Off)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("Off"),
            Self::System => f.write_str("System"),
            Self::CaFile(path) => f.debug_tuple("CaFile").field(path).finish(),
            Self::CaPem(pem) => write!(f, "CaPem({} octets)", pem.len()),
        }
    }
}

/// Where to connect.
///
/// The name that TLS verifies and the address that is dialled are two settings: some modems resolve names
/// themselves, a tunnel ends on another host, and the local cloud runs on loopback under the cloud's own name.
///
/// ```
/// use faceiot::{Credentials, Endpoint, Tls};
///
/// let endpoint = Endpoint { connect: Some("127.0.0.1:8883".into()), tls: Tls::System, ..Endpoint::default() };
/// let login = Credentials::aliyun("a1", "door", "secret").login(0, true)?;
/// let address = endpoint.resolve(&login)?;
/// assert_eq!(address.name, "a1.iot-as-mqtt.cn-shanghai.aliyuncs.com"); // verified, and sent as SNI
/// assert_eq!((address.dial.as_str(), address.port), ("127.0.0.1", 8883)); // dialled
/// # Ok::<(), faceiot::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// The host name, verified by TLS; `None`: the cloud's own, from the credentials.
    pub host: Option<String>,
    /// The port; `None`: that of `connect`, and without it the cloud's own.
    pub port: Option<u16>,
    /// The address to dial when it is not the host name: `host`, `host:port`, `[v6]:port`.
    pub connect: Option<String>,
    /// How the connection is encrypted.
    pub tls: Tls,
}

impl Endpoint {
    /// A broker on this computer or network, unencrypted: for the local cloud.
    pub fn plain(address: impl fmt::Display) -> Self {
        Self {
            connect: Some(address.to_string()),
            tls: Tls::Off,
            ..Self::default()
        }
    }

    /// Puts the settings and the login together.
    ///
    /// # Errors
    /// `Config` when no name is known (a Huawei device without `host`) and when `connect` is not an address.
    pub fn resolve(&self, login: &OwnedLogin) -> Result<Address> {
        let config = |message: String| Error::new(ErrorKind::Config, message);
        let mut name = self.host.clone().unwrap_or_else(|| login.host.clone());
        let (dial, dial_port) = match &self.connect {
            Some(address) => split_address(address).ok_or_else(|| {
                config(format!(
                    "the address to connect to, `{address}`, is not `host`, `host:port` or `[v6]:port`"
                ))
            })?,
            None => (name.clone(), None),
        };
        if name.is_empty() {
            // The dialled name stands in only where the user chose it; there is nothing else to verify.
            name.clone_from(&dial);
        }
        if dial.is_empty() {
            return Err(config(
                "the host is not known: a Huawei instance has its own access domain name, shown in the console".into(),
            ));
        }
        let port = self.port.or(dial_port).unwrap_or(login.port);
        if port == 0 {
            return Err(config("port 0 cannot be connected to".into()));
        }
        Ok(Address { name, dial, port })
    }
}

/// Where one connect goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The name that TLS verifies and sends as SNI.
    pub name: String,
    /// What is dialled: a name or an IP address.
    pub dial: String,
    /// The port.
    pub port: u16,
}

/// How sure a publish is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Qos {
    /// QoS 0: done when it is written to the connection.
    AtMostOnce,
    /// QoS 1: done when the broker has acknowledged it.
    #[default]
    AtLeastOnce,
}

/// How a photo travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// The tutorials' format: upper-case hex in Alink property posts, then `END`. Aliyun only; it has no numbers,
    /// so a swap of chunks can pass unnoticed.
    Hex,
    /// Self-describing binary chunks on a custom topic.
    #[default]
    V2,
    /// The same chunks as base64 inside a text property.
    V2Text,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hex => "hex",
            Self::V2 => "v2",
            Self::V2Text => "v2-text",
        })
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "hex" => Ok(Self::Hex),
            "v2" => Ok(Self::V2),
            "v2-text" => Ok(Self::V2Text),
            other => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("`{other}` is not a chunk format: hex, v2, v2-text"),
            )),
        }
    }
}

/// The pauses between attempts to connect: they double from `first` to `most`, and each is shortened by a random
/// part of up to `jitter`, so that a fleet does not return in step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The first pause.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
    /// The largest part taken off, 0.0 to 1.0.
    pub jitter: f64,
}

impl Default for Backoff {
    /// 1 s to 64 s, up to half of it taken off.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            most: Duration::from_secs(64),
            jitter: 0.5,
        }
    }
}

impl Backoff {
    /// The pause before attempt `attempt` (0 is the first one after a failure); `random` is in 0.0..1.0.
    pub fn pause(&self, attempt: u32, random: f64) -> Duration {
        let doubled = self
            .first
            .saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX))
            .min(self.most);
        let part = 1.0 - self.jitter.clamp(0.0, 1.0) * random.clamp(0.0, 1.0);
        doubled.mul_f64(part)
    }
}

/// Everything a [`Device`](crate::Device) needs to know.
///
/// ```
/// use faceiot::{Credentials, DeviceConfig, Endpoint, Format};
///
/// let mut config = DeviceConfig::new(Credentials::aliyun("a1B2c3D4e5F", "door", "secret"));
/// config.endpoint = Endpoint::plain("127.0.0.1:1883");
/// config.format = Some(Format::Hex);
/// ```
#[derive(Clone, Debug)]
pub struct DeviceConfig {
    /// Who signs.
    pub credentials: Credentials,
    /// Where to connect.
    pub endpoint: Endpoint,
    /// The MQTT keep-alive: both clouds refuse less than 30 s and more than 1200 s.
    pub keep_alive: Duration,
    /// The QoS of photos. Reports and replies use QoS 1 and 0 as the vendor's own devices do.
    pub qos: Qos,
    /// How photos travel; `None`: [`Format::V2`], which both clouds carry.
    pub format: Option<Format>,
    /// How fast to send; `None`: the cloud's own limit for this QoS, from [`rate::table`](crate::rate::TABLE).
    pub rate: Option<Rate>,
    /// The pauses between attempts to connect.
    pub reconnect: Backoff,
    /// Huawei: the service that reported properties belong to.
    pub service_id: String,
    /// The text property that carries a photo in [`Format::V2Text`].
    pub photo_property: String,
    /// Octets of data in a chunk; `None`: 4,096 (raw), and what a text property holds (text).
    pub chunk_size: Option<usize>,
    /// How long one attempt to connect may take: name, TCP, TLS, CONNACK.
    pub connect_timeout: Duration,
    /// The most octets of photos and messages that may wait in memory; beyond it `send` refuses.
    pub queue_bytes: usize,
    /// How long the first connect is tried again when it fails; zero: not at all, so that a wrong address is seen
    /// at once. A device that starts before its network is up wants a minute here.
    pub first_connect: Duration,
    /// Topics of the user's own whose messages are commands, besides the tutorial's `/{pk}/{dn}/control` (Huawei:
    /// `user/control`); `+` and `#` may stand in them.
    pub command_topics: Vec<String>,
    /// Where logins get their time from.
    pub clock: Clock,
    /// How long the handler of a command has before the cloud is told that it took too long.
    /// Huawei waits 20 s (DOC `iot_06_v5_0038`).
    pub command_timeout: Duration,
}

impl DeviceConfig {
    /// The settings that suit this device's cloud.
    pub fn new(credentials: Credentials) -> Self {
        // Aliyun advises 300 s and more, Huawei recommends 120 s; what a NAT forgets sooner is the user's to say.
        let keep_alive = match credentials.cloud() {
            Cloud::Aliyun => 300,
            Cloud::Huawei => 120,
        };
        Self {
            credentials,
            endpoint: Endpoint::default(),
            keep_alive: Duration::from_secs(keep_alive),
            qos: Qos::default(),
            format: None,
            rate: None,
            reconnect: Backoff::default(),
            service_id: "camera".to_owned(),
            photo_property: "img".to_owned(),
            chunk_size: None,
            connect_timeout: Duration::from_secs(20),
            queue_bytes: 64 * 1024 * 1024,
            first_connect: Duration::ZERO,
            command_topics: Vec::new(),
            clock: Clock::system(),
            command_timeout: Duration::from_secs(19),
        }
    }

    /// Says what is wrong with the settings before anything is connected.
    ///
    /// # Errors
    /// `Config` for a keep-alive that the clouds refuse; `InvalidArgument` for a format the cloud has not, a chunk
    /// size it does not take, a command topic that is no topic filter, and what [`Credentials::login`] refuses.
    pub fn check(&self) -> Result<()> {
        // Names and secret are what a login is made of; the moment does not matter here.
        self.credentials.login(0, self.endpoint.tls.is_on())?;
        let seconds = self.keep_alive.as_secs();
        if !(30..=1200).contains(&seconds) {
            return Err(Error::new(
                ErrorKind::Config,
                format!("a keep-alive of {seconds} s is refused by both clouds: 30 to 1200"),
            ));
        }
        if self.format == Some(Format::Hex) && self.credentials.cloud() == Cloud::Huawei {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "format `hex` is made of Aliyun property posts; a Huawei device sends `v2` or `v2-text`",
            ));
        }
        let most = self.chunk_most();
        if let Some(size) = self.chunk_size
            && !(1..=most).contains(&size)
        {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("a chunk of {size} octets: 1 to {most}"),
            ));
        }
        if let Some(topic) = self.command_topics.iter().find(|topic| !mqtt::is_filter(topic)) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("`{topic}` is not a topic filter"),
            ));
        }
        Ok(())
    }
}

impl DeviceConfig {
    /// How photos travel.
    pub fn photo_format(&self) -> Format {
        self.format.unwrap_or_default()
    }

    /// Octets of data in a chunk.
    pub(crate) fn chunk_octets(&self) -> usize {
        self.chunk_size.unwrap_or(match self.photo_format() {
            Format::V2Text => TEXT_DATA_MAX,
            Format::V2 | Format::Hex => 4096,
        })
    }

    /// The most octets of data that one chunk can carry.
    fn chunk_most(&self) -> usize {
        match self.photo_format() {
            Format::V2Text => TEXT_DATA_MAX,
            Format::V2 | Format::Hex => Limit::of(self.credentials.cloud(), self.qos).payload - HEADER_LEN,
        }
    }
}

fn split_address(address: &str) -> Option<(String, Option<u16>)> {
    if let Ok(socket) = address.parse::<std::net::SocketAddr>() {
        return Some((socket.ip().to_string(), Some(socket.port())));
    }
    if let Ok(ip) = address
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<std::net::IpAddr>()
    {
        return Some((ip.to_string(), None));
    }
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (address, None),
    };
    let plain = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    plain.then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> OwnedLogin {
        Credentials::aliyun("pk", "dn", "s").login(0, true).unwrap()
    }

    #[test]
    fn the_verified_name_stays_the_clouds_own_whatever_is_dialled() {
        let cloud = "pk.iot-as-mqtt.cn-shanghai.aliyuncs.com";
        for (connect, dial, port) in [
            (None, cloud, login().port),
            (Some("127.0.0.1"), "127.0.0.1", login().port),
            (Some("127.0.0.1:99"), "127.0.0.1", 99),
            (Some("[::1]:99"), "::1", 99),
            (Some("::1"), "::1", login().port),
            (Some("gateway.lan:99"), "gateway.lan", 99),
        ] {
            let endpoint = Endpoint {
                connect: connect.map(str::to_owned),
                ..Endpoint::default()
            };
            let address = endpoint.resolve(&login()).unwrap();
            assert_eq!(
                (address.name.as_str(), address.dial.as_str(), address.port),
                (cloud, dial, port)
            );
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for connect in ["", "a b", "host:port", "host:99999", "tcp://host:1", "host:0"] {
            let endpoint = Endpoint {
                connect: Some(connect.to_owned()),
                ..Endpoint::default()
            };
            assert_eq!(
                endpoint.resolve(&login()).unwrap_err().kind(),
                ErrorKind::Config,
                "{connect:?}"
            );
        }
    }

    #[test]
    fn a_huawei_device_without_a_host_is_told_so() {
        let login = Credentials::huawei("id", "s").login(0, true).unwrap();
        let error = Endpoint::default().resolve(&login).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("console"));
    }

    #[test]
    fn pauses_double_to_the_most_and_jitter_only_shortens_them() {
        let backoff = Backoff::default();
        let seconds: Vec<u64> = (0..9).map(|n| backoff.pause(n, 0.0).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
        assert_eq!(backoff.pause(3, 1.0), Duration::from_secs(4));
        assert_eq!(backoff.pause(u32::MAX, 0.0), Duration::from_secs(64));
    }

    #[test]
    fn what_the_clouds_refuse_is_refused_before_connecting() {
        let mut config = DeviceConfig::new(Credentials::huawei("id", "s"));
        config.check().unwrap();
        for seconds in [0, 29, 1201] {
            config.keep_alive = Duration::from_secs(seconds);
            assert_eq!(config.check().unwrap_err().kind(), ErrorKind::Config);
        }
        config.keep_alive = Duration::from_secs(30);
        config.format = Some(Format::Hex);
        assert_eq!(config.check().unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}
