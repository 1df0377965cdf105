//! Seed 001's chunks, byte for byte: 400 octets as 800 upper-case hex digits in a property named `img`, then `END`.
//!
//! The format has no numbers, so it can lie: a lost, doubled or swapped chunk leaves a file that begins and ends like a
//! JPEG. Whoever assembles must decode the photo before trusting it, and should prefer [`v2`](super::v2).
//!
//! ```
//! use faceiot_core::chunk::hex::{Assembler, Encoder, MESSAGE_MAX, Step};
//! use faceiot_core::text::json;
//!
//! let photo = b"\xFF\xD8\xFF\xE0\xFF\xD9";
//! let (mut message, mut memory) = ([0; MESSAGE_MAX], [0; 64]);
//! let mut assembler = Assembler::new(&mut memory);
//! let mut steps = Vec::new();
//! for m in Encoder::new(photo) {
//!     let payload = m.write_to(&mut message)?;
//!     let img = json::find(payload, &["params", "img"])?.and_then(|img| img.as_plain()).unwrap();
//!     steps.push((img.to_owned(), assembler.push(img.as_bytes())?));
//! }
//! assert_eq!(steps, [("FFD8FFE0FFD9".into(), Step::More), ("END".into(), Step::Complete { len: 6 })]);
//! assert_eq!(assembler.photo(), photo);
//! # Ok::<(), faceiot_core::Error>(())
//! ```

mod assembler;
mod encoder;
mod walk;

pub use assembler::{Assembler, Step};
pub use encoder::{Encoder, Message, message_count};
pub use walk::MarkerWalk;

/// What stands before and after the hex digits in a message. The id never changes and the method is not the thing
/// model's; the platform takes both (seed 001).
pub const ENVELOPE: [&str; 2] = [
    r#"{"id":"1189401707","version":"1.0.0","method":"123","params":{"img":""#,
    r#""}}"#,
];

/// Octets of the photo in a full chunk.
pub const CHUNK_OCTETS: usize = 400;

/// The value that ends a photo. `N` is no hex digit, so no chunk can be mistaken for it.
pub const END: &str = "END";

/// Length of the longest message.
pub const MESSAGE_MAX: usize = ENVELOPE[0].len() + 2 * CHUNK_OCTETS + ENVELOPE[1].len();

/// The value of `img` in a message spelled exactly as [`Message::write_to`] spells it: what existing sketches send.
///
/// `None` for any other spelling, which is a case for [`json::find`](crate::text::json::find): both give the same value
/// where this one gives any, but here a photo does not have to pass through a JSON scanner.
///
/// ```
/// use faceiot_core::chunk::hex;
///
/// let message = br#"{"id":"1189401707","version":"1.0.0","method":"123","params":{"img":"FFD8FF"}}"#;
/// assert_eq!(hex::img(message), Some(&b"FFD8FF"[..]));
/// assert_eq!(hex::img(br#"{"params": {"img": "FFD8FF"}}"#), None);
/// ```
pub fn img(message: &[u8]) -> Option<&[u8]> {
    let [head, tail] = ENVELOPE.map(str::as_bytes);
    let img = message.strip_prefix(head)?.strip_suffix(tail)?;
    // No early way out: a loop without one becomes vector instructions. Letters and digits mean themselves in JSON.
    let plain = img
        .iter()
        .fold(true, |plain, octet| plain & octet.is_ascii_alphanumeric());
    plain.then_some(img)
}

/// Whether this value begins like a JPEG: start of image, and the next marker.
pub fn begins_photo(text: &[u8]) -> bool {
    text.get(..6)
        .is_some_and(|head| head.eq_ignore_ascii_case(b"FFD8FF"))
}
