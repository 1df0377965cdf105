//! Text in and out of caller buffers: a bounded writer, hex, base64, percent-encoding, JSON.

mod ascii;
mod base64;
mod hex;
pub mod json;
mod percent;
mod sink;
mod writer;

pub(crate) use self::ascii::AsciiSet;
pub use self::base64::{base64_decode, base64_encode, base64_len};
pub(crate) use self::hex::encode as hex;
pub use self::hex::{hex_decode, hex_lower, hex_upper};
pub use self::json::json_string;
pub use self::percent::percent_encode;
pub(crate) use self::percent::{Encoding, encode, encode_path};
pub(crate) use self::sink::{Sink, lower, put_all};
pub use self::writer::Writer;
