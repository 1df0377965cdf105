//! The one error of this crate, and the numbering that every surface shares.

use core::fmt;

/// What went wrong, where, and at which octet.
///
/// `Copy`, three words long, without a string of its own: firmware can return it through a register and upper
/// layers add the words. The numbers of [`ErrorKind`] are the same in Rust, C and Python.
///
/// ```
/// use faceiot_core::{ErrorKind, text::hex_decode};
///
/// let error = hex_decode(b"FFD8F", &mut [0; 8]).unwrap_err();
/// assert_eq!(error.kind, ErrorKind::Hex);
/// assert_eq!(error.to_string(), "invalid hex: odd number of digits, at offset 5");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Error {
    /// The reason, with a stable number.
    pub kind: ErrorKind,
    /// The field or rule that failed, for people.
    pub at: &'static str,
    /// Offset in octets into the input; 0 where an offset has no meaning.
    pub offset: usize,
}

/// The result of every fallible function of this crate.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// An error of this kind at this field or rule.
    pub const fn new(kind: ErrorKind, at: &'static str) -> Self {
        // The C library tells its callers the kind only, and a microcontroller has no room for words that nobody reads.
        let at = if cfg!(faceiot_terse) { "" } else { at };
        Self { kind, at, offset: 0 }
    }

    /// The same error, at this offset into the input.
    #[must_use]
    pub const fn at_offset(self, offset: usize) -> Self {
        let offset = if cfg!(faceiot_terse) { 0 } else { offset };
        Self { offset, ..self }
    }

    /// Whether trying the same thing again can succeed.
    pub const fn retryable(&self) -> bool {
        self.kind.retryable()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.words())?;
        if !self.at.is_empty() {
            write!(f, ": {}", self.at)?;
        }
        if self.offset != 0 {
            write!(f, ", at offset {}", self.offset)?;
        }
        Ok(())
    }
}

impl core::error::Error for Error {}

/// Writes the enum, its list, its names and its words from one table, so that none can be forgotten.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal, $words:literal;)*) => {
        /// Why something failed. The numbers are part of the interface: they never change and are never reused.
        #[repr(i32)]
        #[non_exhaustive]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum ErrorKind {
            $($(#[$doc])* $variant = $code,)*
        }

        impl ErrorKind {
            /// Every kind, in the order of its number.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$variant),*];

            /// The stable snake-case name, for logs and for Python.
            pub const fn name(self) -> &'static str {
                match self { $(ErrorKind::$variant => $name),* }
            }

            /// The reason in words: lower case, no full stop.
            pub const fn words(self) -> &'static str {
                match self { $(ErrorKind::$variant => $words),* }
            }

            /// The kind that has this number.
            pub const fn from_code(code: i32) -> Option<Self> {
                match code { $($code => Some(ErrorKind::$variant),)* _ => None }
            }
        }
    };
}

kinds! {
    /// The caller's buffer cannot hold the result.
    BufferTooSmall = 1, "buffer_too_small", "buffer too small";
    /// An argument is outside what the function or the vendor allows.
    InvalidArgument = 2, "invalid_argument", "invalid argument";
    /// Odd length, or a character that is not a hex digit.
    Hex = 3, "hex", "invalid hex";
    /// Not standard base64 with padding.
    Base64 = 4, "base64", "invalid base64";
    /// Not a JSON document (RFC 8259), or nested deeper than is read.
    Json = 5, "json", "invalid json";
    /// Not UTF-8.
    Utf8 = 6, "utf8", "invalid utf-8";
    /// A name that cannot stand in a topic, or a topic that is too long.
    Topic = 7, "topic", "invalid topic";

    /// The signature or password does not belong to what was signed.
    Signature = 20, "signature", "signature does not match";
    /// No such device.
    UnknownDevice = 21, "unknown_device", "unknown device";
    /// The MQTT client id is not what the vendor describes.
    ClientId = 22, "client_id", "invalid client id";
    /// The MQTT user name does not fit the client id or the device.
    Username = 23, "username", "invalid user name";
    /// The signed time is malformed or outside what is accepted.
    Timestamp = 24, "timestamp", "timestamp not accepted";
    /// The signature method is not known here.
    SignMethod = 25, "sign_method", "signature method not supported";

    /// The chunk is shorter than its header, or carries no data.
    ChunkLength = 40, "chunk_length", "chunk has a wrong length";
    /// The chunk does not begin with the format's magic.
    ChunkMagic = 41, "chunk_magic", "not a chunk of this format";
    /// The chunk is of a version that is not read here.
    ChunkVersion = 42, "chunk_version", "chunk version not supported";
    /// A header field contradicts the format or the frame's other chunks.
    ChunkHeader = 43, "chunk_header", "chunk header is inconsistent";
    /// The chunk's own CRC does not match.
    ChunkCrc = 44, "chunk_crc", "chunk CRC does not match";
    /// Offset and length lie outside the frame.
    ChunkRange = 45, "chunk_range", "chunk lies outside its frame";
    /// The frame is larger than the memory or the cap.
    FrameTooLarge = 46, "frame_too_large", "frame is too large";
    /// Two chunks claim the same place with different data.
    FrameConflict = 47, "frame_conflict", "two chunks of the frame contradict each other";
    /// The whole frame's CRC does not match.
    FrameCrc = 48, "frame_crc", "frame CRC does not match";
    /// Parts of the frame never came.
    FrameIncomplete = 49, "frame_incomplete", "frame is incomplete";
    /// Not a JPEG, or a damaged one.
    Jpeg = 50, "jpeg", "invalid jpeg";

    /// The server refused the credentials; trying again cannot help.
    Refused = 100, "refused", "credentials refused";
    /// The time granted ran out.
    Timeout = 101, "timeout", "timed out";
    /// The connection was lost.
    Disconnected = 102, "disconnected", "disconnected";
    /// The TLS handshake or the certificate failed.
    Tls = 103, "tls", "tls failed";
    /// The host name did not resolve.
    Dns = 104, "dns", "host name did not resolve";
    /// Another input or output error.
    Io = 105, "io", "input or output failed";
    /// The peer broke the protocol.
    Protocol = 106, "protocol", "protocol violated";
    /// The object was closed by its owner.
    Closed = 107, "closed", "already closed";
    /// A rate limit was reached.
    RateLimit = 108, "rate_limit", "rate limit reached";
    /// Nothing listens at the address.
    ConnectionRefused = 109, "connection_refused", "connection refused";

    /// No space is left on the device.
    DiskFull = 200, "disk_full", "disk full";
    /// The store failed.
    Store = 201, "store", "store failed";
    /// There is no such thing.
    NotFound = 202, "not_found", "not found";
    /// It exists already.
    Exists = 203, "exists", "already exists";
    /// The configuration is wrong.
    Config = 204, "config", "invalid configuration";
    /// An HTTP request failed.
    Http = 205, "http", "http request failed";
    /// Another process has the port.
    PortInUse = 206, "port_in_use", "port in use";

    /// The camera failed.
    Camera = 300, "camera", "camera failed";
    /// There is no camera.
    NoCamera = 301, "no_camera", "no camera found";
}

impl ErrorKind {
    /// The stable number.
    #[expect(
        clippy::cast_possible_wrap,
        reason = "the discriminants are small positive literals"
    )]
    pub const fn code(self) -> i32 {
        self as u32 as i32
    }

    /// Whether trying the same thing again can succeed.
    pub const fn retryable(self) -> bool {
        matches!(
            self,
            Self::Timeout
                | Self::Disconnected
                | Self::Dns
                | Self::Io
                | Self::RateLimit
                | Self::ConnectionRefused
                | Self::DiskFull
                | Self::Store
                | Self::Http
                | Self::FrameIncomplete
                | Self::ChunkCrc
                | Self::FrameCrc
        )
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorKind;

    #[test]
    fn every_kind_is_found_again_by_its_number_and_has_its_own_name() {
        for (i, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(ErrorKind::from_code(kind.code()), Some(*kind));
            assert!(!kind.words().ends_with('.'), "{kind:?}");
            for other in &ErrorKind::ALL[i + 1..] {
                assert_ne!(kind.name(), other.name());
                assert!(
                    kind.code() < other.code(),
                    "{kind:?} and {other:?} are out of order"
                );
            }
        }
        assert_eq!(ErrorKind::from_code(0), None);
        assert_eq!(ErrorKind::from_code(-1), None);
    }

    #[test]
    fn the_numbers_are_the_published_ones() {
        for (kind, code) in [
            (ErrorKind::BufferTooSmall, 1),
            (ErrorKind::Topic, 7),
            (ErrorKind::Signature, 20),
            (ErrorKind::SignMethod, 25),
            (ErrorKind::ChunkLength, 40),
            (ErrorKind::Jpeg, 50),
            (ErrorKind::Refused, 100),
            (ErrorKind::ConnectionRefused, 109),
            (ErrorKind::DiskFull, 200),
            (ErrorKind::PortInUse, 206),
            (ErrorKind::NoCamera, 301),
        ] {
            assert_eq!(kind.code(), code, "{kind:?}");
        }
        assert_eq!(ErrorKind::ALL.len(), 43);
    }

    #[test]
    fn refused_credentials_are_final_and_a_lost_connection_is_not() {
        assert!(!ErrorKind::Refused.retryable());
        assert!(!ErrorKind::Signature.retryable());
        assert!(ErrorKind::Disconnected.retryable());
        assert!(ErrorKind::Timeout.retryable());
    }
}
