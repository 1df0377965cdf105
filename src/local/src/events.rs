//! What happens in the cloud, as the page and other listeners see it.

use faceiot::DeviceId;
use serde::Serialize;
use serde_json::Value;

use crate::photos::PhotoRow;

/// Something that happened. Listeners that are slow miss the oldest events; the tables keep everything.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Event {
    /// A photo is stored.
    Photo(Box<PhotoRow>),
    /// A device reported a property, and it is on disk.
    Property {
        /// Who.
        device: DeviceId,
        /// Name of the property; Huawei's are `{service_id}.{property}`.
        name: String,
        /// Its value.
        value: Value,
        /// When the device says it was so, milliseconds since 1970.
        time: u64,
    },
    /// A device came or went.
    Connection {
        /// Who.
        device: DeviceId,
        /// Whether it is connected now.
        online: bool,
        /// Why it went; empty when it came.
        reason: String,
        /// When, milliseconds since 1970.
        time: u64,
    },
    /// A command was answered, or was not.
    Command {
        /// To whom.
        device: DeviceId,
        /// Its name.
        name: String,
        /// The device's code; `None` when no answer came.
        code: Option<i64>,
        /// When, milliseconds since 1970.
        time: u64,
    },
    /// A line was added to a device's log, or to the log of strangers.
    Log(LogLine),
}

impl Event {
    /// Name of the event on the wire: `photo`, `property`, `connection`, `command` or `log`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Photo(_) => "photo",
            Self::Property { .. } => "property",
            Self::Connection { .. } => "connection",
            Self::Command { .. } => "command",
            Self::Log(_) => "log",
        }
    }
}

/// One line of a device's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// Whose log; `None` for clients that were refused before they were anybody.
    pub device: Option<String>,
    /// When, milliseconds since 1970.
    pub time: u64,
    /// How grave.
    pub level: Level,
    /// The vendor's code where there is one (460, CONNACK 4), else 0.
    pub code: i64,
    /// What happened, in one line without secrets.
    pub text: String,
}

/// How grave a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Something was refused, dropped or is incomplete.
    Warn,
}

impl Level {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
        }
    }
}
