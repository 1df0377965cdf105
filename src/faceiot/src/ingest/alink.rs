//! Where is the chunk in a property post?

use std::borrow::Cow;

use faceiot_core::chunk::hex;
use faceiot_core::text::json::{self, Value};

use crate::error::{Error, ErrorKind, Result};

/// The value of `params.img` (or of `params.img.value`, the form with a time beside it) in an Alink property post.
///
/// Borrowed from the payload unless the sender escaped characters, as PHP and some embedded JSON writers do with the
/// `/` of base64. `None` when there is no such property, or it is no text.
///
/// # Errors
/// `Json` when the payload is no JSON, with the offset in the message.
///
/// ```
/// use faceiot::ingest::image_value;
///
/// let post = br#"{"id":"1","version":"1.0.0","method":"123","params":{"img":"FFD8FF"}}"#;
/// assert_eq!(image_value(post)?.as_deref(), Some(&b"FFD8FF"[..]));
/// assert_eq!(image_value(br#"{"params":{"temp":21}}"#)?, None);
/// assert!(image_value(b"{").is_err());
/// # Ok::<(), faceiot::Error>(())
/// ```
pub fn image_value(payload: &[u8]) -> Result<Option<Cow<'_, [u8]>>> {
    if let Some(img) = hex::img(payload) {
        return Ok(Some(Cow::Borrowed(img)));
    }
    let value = match json::find(payload, &["params", "img"])? {
        Some(Value::Object(_)) => json::find(payload, &["params", "img", "value"])?,
        value => value,
    };
    let Some(text) = value.and_then(|value| value.as_raw_str()) else {
        return Ok(None);
    };
    if let Some(plain) = text.as_plain_bytes() {
        return Ok(Some(Cow::Borrowed(plain)));
    }
    let mut unescaped = vec![0; text.raw().len()];
    let len = text
        .unescape(&mut unescaped)
        .map_err(|error| Error::new(ErrorKind::Json, error.to_string()))?
        .len();
    unescaped.truncate(len);
    Ok(Some(Cow::Owned(unescaped)))
}
