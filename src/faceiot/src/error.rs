//! What can go wrong, in one type: a kind with a stable number, a line for people, and the cause.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use faceiot_core::ErrorKind;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
///
/// `Display` is one line, lower case and without a full stop; the cause, when there is one, is
/// [`source`](std::error::Error::source). The number of the kind is the same in Rust, C and Python.
///
/// Cloning is cheap, because several waiters may share one failed transfer.
///
/// ```
/// use faceiot::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Refused, "user name or password refused (CONNACK 4)");
/// assert_eq!(error.to_string(), "user name or password refused (CONNACK 4)");
/// assert_eq!(error.code(), 100);
/// assert!(!error.retryable());
/// ```
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
    source: Option<Arc<dyn std::error::Error + Send + Sync + 'static>>,
}

impl Error {
    /// An error of this kind with these words.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// The same error with words in front that say what was being done: `{what}: {message}`.
    #[must_use]
    pub fn context(mut self, what: impl fmt::Display) -> Self {
        self.message = Cow::Owned(format!("{what}: {}", self.message));
        self
    }

    /// Which kind of failure this is.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The stable number of the kind, the same on every surface.
    pub const fn code(&self) -> i32 {
        self.kind.code()
    }

    /// The line for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the same call may succeed later without anything being changed.
    pub const fn retryable(&self) -> bool {
        self.kind.retryable()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug
            .field("kind", &self.kind)
            .field("code", &self.code())
            .field("message", &self.message);
        if let Some(source) = &self.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<faceiot_core::Error> for Error {
    fn from(error: faceiot_core::Error) -> Self {
        Self {
            kind: error.kind,
            message: Cow::Owned(error.to_string()),
            source: Some(Arc::new(error)),
        }
    }
}

impl From<faceiot_camera::Error> for Error {
    fn from(error: faceiot_camera::Error) -> Self {
        Self {
            kind: error.kind,
            message: Cow::Owned(error.to_string()),
            source: Some(Arc::new(error)),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match error.kind() {
            // A full disk is its own kind: what is kept must be told from what is lost.
            Io::StorageFull | Io::QuotaExceeded => ErrorKind::DiskFull,
            Io::TimedOut => ErrorKind::Timeout,
            Io::ConnectionRefused => ErrorKind::ConnectionRefused,
            Io::ConnectionReset
            | Io::ConnectionAborted
            | Io::BrokenPipe
            | Io::NotConnected
            | Io::UnexpectedEof => ErrorKind::Disconnected,
            Io::AddrInUse => ErrorKind::PortInUse,
            Io::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Io,
        };
        Self {
            kind,
            message: Cow::Owned(error.to_string()),
            source: Some(Arc::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        let full = Error::from(std::io::Error::from_raw_os_error(28));
        assert_eq!(full.kind(), ErrorKind::DiskFull);
        assert!(full.source().is_some());
        let other = Error::from(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
        assert_eq!(other.kind(), ErrorKind::Io);
    }

    #[test]
    fn context_goes_in_front_and_keeps_the_kind() {
        let error = Error::new(ErrorKind::Tls, "unknown issuer").context("connecting to `cloud`");
        assert_eq!(error.to_string(), "connecting to `cloud`: unknown issuer");
        assert_eq!(error.kind(), ErrorKind::Tls);
    }
}
