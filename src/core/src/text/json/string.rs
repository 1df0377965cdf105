//! JSON strings: found fast, compared and unescaped without memory.

use core::fmt;

use super::super::Writer;
use super::broken;
use crate::error::{Error, ErrorKind, Result};
use crate::octets::plain_json_len;

/// What stands between the quotes of a JSON string: valid, its escapes not resolved.
///
/// Equality with a `str` resolves the escapes: `"\u0069mg"` is `img`.
#[derive(Clone, Copy)]
pub struct RawStr<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> RawStr<'a> {
    /// The octets between the quotes, as they came.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether there are escapes in it.
    pub fn is_escaped(&self) -> bool {
        self.escaped
    }

    /// The octets of the text, when it has no escapes. Cheaper than [`as_plain`](Self::as_plain).
    pub fn as_plain_bytes(&self) -> Option<&'a [u8]> {
        (!self.escaped).then_some(self.raw)
    }

    /// The text, when it has no escapes.
    pub fn as_plain(&self) -> Option<&'a str> {
        self.as_plain_bytes()
            .and_then(|raw| core::str::from_utf8(raw).ok())
    }

    /// The text with its escapes resolved, in `out`; never longer than [`raw`](Self::raw).
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`].
    pub fn unescape<'o>(&self, out: &'o mut [u8]) -> Result<&'o str> {
        let mut w = Writer::new(out);
        for piece in self.pieces() {
            match piece {
                Piece::Plain(text) => w.push_bytes(text)?,
                Piece::Escaped(character) => w.push_char(character)?,
            };
        }
        Ok(w.finish())
    }

    /// Reads a string that follows an opening quote; gives it and its length without the closing quote.
    pub(super) fn scan(text: &'a [u8]) -> Result<(Self, usize)> {
        let mut at = 0;
        let mut escaped = false;
        let mut ascii = true;
        loop {
            at += plain_json_len(text.get(at..).unwrap_or_default());
            match text.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    let rest = text.get(at..).unwrap_or_default();
                    at += escape(rest).map_err(|error| error.at_offset(at))?.1;
                }
                Some(0x80..) => {
                    ascii = false;
                    at += 1;
                }
                Some(_) => return Err(broken("control character in a string", at)),
                None => return Err(broken("string without end", at)),
            }
        }
        let raw = text.get(..at).unwrap_or_default();
        if !ascii && let Err(error) = core::str::from_utf8(raw) {
            return Err(broken("string is not utf-8", error.valid_up_to()));
        }
        Ok((Self { raw, escaped }, at))
    }

    /// Runs of plain text and resolved escapes.
    fn pieces(&self) -> impl Iterator<Item = Piece<'a>> {
        let mut rest = self.raw;
        core::iter::from_fn(move || {
            let first = rest.first()?;
            if *first == b'\\' {
                let (character, len) = escape(rest).ok()?;
                rest = rest.get(len..)?;
                return Some(Piece::Escaped(character));
            }
            let plain = rest.iter().take_while(|byte| **byte != b'\\').count();
            let (text, tail) = rest.split_at(plain);
            rest = tail;
            Some(Piece::Plain(text))
        })
    }
}

impl PartialEq<str> for RawStr<'_> {
    fn eq(&self, other: &str) -> bool {
        let mut other = other.as_bytes();
        for piece in self.pieces() {
            let rest = match piece {
                Piece::Plain(text) => other.strip_prefix(text),
                Piece::Escaped(character) => {
                    other.strip_prefix(character.encode_utf8(&mut [0; 4]).as_bytes())
                }
            };
            match rest {
                Some(rest) => other = rest,
                None => return false,
            }
        }
        other.is_empty()
    }
}

impl PartialEq for RawStr<'_> {
    /// Compares the text as it came.
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for RawStr<'_> {}

impl fmt::Debug for RawStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", core::str::from_utf8(self.raw).unwrap_or_default())
    }
}

/// A part of a string.
enum Piece<'a> {
    Plain(&'a [u8]),
    Escaped(char),
}

/// Appends `text` as a JSON string with its quotes.
///
/// Escaped are what RFC 8259 demands: the quote, the backslash and control characters. Everything else stays as it is.
///
/// ```
/// use faceiot_core::text::{Writer, json_string};
///
/// let mut buffer = [0; 32];
/// let mut w = Writer::new(&mut buffer);
/// json_string("a\"b\\\n\u{1}中", &mut w)?;
/// assert_eq!(w.finish(), r#""a\"b\\\n\u0001中""#);
/// # Ok::<(), faceiot_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`]; what fitted was written.
pub fn json_string(text: &str, w: &mut Writer<'_>) -> Result<()> {
    w.push_str("\"")?;
    let mut rest = text;
    while let Some(at) = rest
        .bytes()
        .position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        let (plain, tail) = rest.split_at(at);
        w.push_str(plain)?;
        let mut characters = tail.chars();
        match characters.next() {
            Some('"') => w.push_str("\\\"")?,
            Some('\\') => w.push_str("\\\\")?,
            Some('\n') => w.push_str("\\n")?,
            Some('\r') => w.push_str("\\r")?,
            Some('\t') => w.push_str("\\t")?,
            Some(control) => w.push_str("\\u00")?.push_hex_lower(&[control as u8])?,
            None => w,
        };
        rest = characters.as_str();
    }
    w.push_str(rest)?.push_str("\"")?;
    Ok(())
}

/// Resolves the escape at the start; gives the character and the length of the escape.
fn escape(text: &[u8]) -> Result<(char, usize)> {
    let wrong = Error::new(ErrorKind::Json, "escape in a string");
    let character = match text.get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let first = hex4(text.get(2..6)).ok_or(wrong)?;
            if !(0xD800..0xE000).contains(&first) {
                return Ok((char::from_u32(first).ok_or(wrong)?, 6));
            }
            if first >= 0xDC00 || text.get(6..8) != Some(b"\\u") {
                return Err(wrong);
            }
            let second = hex4(text.get(8..12))
                .filter(|code| (0xDC00..0xE000).contains(code))
                .ok_or(wrong)?;
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            return Ok((char::from_u32(code).ok_or(wrong)?, 12));
        }
        _ => return Err(wrong),
    };
    Ok((character, 2))
}

/// Four hex digits.
fn hex4(digits: Option<&[u8]>) -> Option<u32> {
    digits?.iter().try_fold(0, |code, digit| {
        Some(code << 4 | char::from(*digit).to_digit(16)?)
    })
}
