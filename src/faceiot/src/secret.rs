//! A secret that never prints and is wiped when it goes.

use std::fmt;

use zeroize::Zeroizing;

/// A secret. `Debug` and `Display` show `***`; the memory is overwritten when the value is dropped.
///
/// ```
/// let secret = faceiot::Secret::from("0123456789abcdef");
/// assert_eq!(format!("{secret:?} {secret}"), "*** ***");
/// assert_eq!(secret.expose(), "0123456789abcdef");
/// ```
/// It is not comparable: comparing secrets is `faceiot_core::digest::ct_eq`'s work.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret itself: for signing, never for printing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self::from(secret.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
