//! JSON without memory: a writer for strings, and a scanner that validates a document while it looks for one value.
//!
//! The scanner is strict (RFC 8259): the whole document is checked, unpaired surrogates included, even when the value
//! stands at its beginning. It keeps nothing but a bit for each open bracket, hence the limit of [`DEPTH_MAX`]. Of two
//! members with the same name the last counts, as in most parsers.
//!
//! ```
//! use faceiot_core::text::json::{self, Value};
//!
//! let payload = br#"{"id":"7","version":"1.0","params":{"img":"FFD8FF"}}"#;
//! let img = json::find(payload, &["params", "img"])?.unwrap();
//! assert_eq!(img.as_plain(), Some("FFD8FF"));
//! assert!(json::find(payload, &["params", "temp"])?.is_none());
//! # Ok::<(), faceiot_core::Error>(())
//! ```

mod scan;
mod string;

pub use self::string::{RawStr, json_string};

use self::scan::Scanner;
use crate::error::{Error, ErrorKind, Result};

/// How deep arrays and objects may nest.
pub const DEPTH_MAX: usize = 64;

/// A value, still in the text it came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'a> {
    /// A string, its escapes not yet resolved.
    Str(RawStr<'a>),
    /// A number, as written.
    Number(&'a str),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// An object with its braces; [`members`] reads it.
    Object(&'a [u8]),
    /// An array with its brackets; [`elements`] reads it.
    Array(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The string, when this is a string without escapes.
    pub fn as_plain(&self) -> Option<&'a str> {
        match self {
            Value::Str(text) => text.as_plain(),
            _ => None,
        }
    }

    /// The string, when this is one.
    pub fn as_raw_str(&self) -> Option<RawStr<'a>> {
        match self {
            Value::Str(text) => Some(*text),
            _ => None,
        }
    }

    /// The number, when this is an integer from 0 to `u64::MAX` without fraction or exponent.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The number, when this is an integer without fraction or exponent.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }
}

/// Checks that `document` is one JSON value and nothing else.
///
/// # Errors
/// [`ErrorKind::Json`] with the offset where it stops being JSON, or where it is nested too deep.
pub fn validate(document: &[u8]) -> Result<()> {
    find(document, &[]).map(drop)
}

/// The value at `path`, a list of member names from the outermost object inwards; an empty path is the document.
///
/// The whole document is validated in the same pass.
///
/// # Errors
/// [`ErrorKind::Json`] with the offset where it stops being JSON, or where it is nested too deep.
pub fn find<'a>(document: &'a [u8], path: &[&str]) -> Result<Option<Value<'a>>> {
    let mut scanner = Scanner::new(document);
    let found = scanner.value(path)?;
    scanner.end()?;
    Ok(found)
}

/// The members of an object, in the order in which they are written.
///
/// `object` is what [`Value::Object`] holds. Other text gives an error as the first item.
///
/// ```
/// use faceiot_core::text::json;
///
/// let mut names = [""; 2];
/// for (name, member) in names.iter_mut().zip(json::members(br#"{"a": 1, "b": [true]}"#)) {
///     *name = member?.0.as_plain().unwrap();
/// }
/// assert_eq!(names, ["a", "b"]);
/// # Ok::<(), faceiot_core::Error>(())
/// ```
pub fn members(object: &[u8]) -> Members<'_> {
    Members {
        items: Items::new(object, b'{', b'}'),
    }
}

/// The elements of an array, in order.
///
/// `array` is what [`Value::Array`] holds. Other text gives an error as the first item.
pub fn elements(array: &[u8]) -> Elements<'_> {
    Elements {
        items: Items::new(array, b'[', b']'),
    }
}

/// Iterator of [`members`].
#[derive(Clone, Debug)]
pub struct Members<'a> {
    items: Items<'a>,
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<(RawStr<'a>, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.items.next_with(|scanner| {
            let name = scanner.string()?;
            scanner.expect(b':')?;
            Ok((name, scanner.any()?))
        })
    }
}

/// Iterator of [`elements`].
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    items: Items<'a>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Value<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.items.next_with(Scanner::any)
    }
}

/// What members and elements share: brackets and commas.
#[derive(Clone, Debug)]
struct Items<'a> {
    scanner: Scanner<'a>,
    open: u8,
    close: u8,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Start,
    Between,
    Done,
}

impl<'a> Items<'a> {
    fn new(text: &'a [u8], open: u8, close: u8) -> Self {
        Self {
            scanner: Scanner::new(text),
            open,
            close,
            state: State::Start,
        }
    }

    fn next_with<T>(&mut self, item: impl FnOnce(&mut Scanner<'a>) -> Result<T>) -> Option<Result<T>> {
        match self.step(item) {
            Ok(Some(item)) => Some(Ok(item)),
            Ok(None) => {
                self.state = State::Done;
                None
            }
            Err(error) => {
                self.state = State::Done;
                Some(Err(error))
            }
        }
    }

    fn step<T>(&mut self, item: impl FnOnce(&mut Scanner<'a>) -> Result<T>) -> Result<Option<T>> {
        match self.state {
            State::Done => return Ok(None),
            State::Start => {
                self.scanner.expect(self.open)?;
                if self.scanner.eat(self.close) {
                    return self.scanner.end().map(|()| None);
                }
            }
            State::Between => {
                if self.scanner.eat(self.close) {
                    return self.scanner.end().map(|()| None);
                }
                self.scanner.expect(b',')?;
            }
        }
        self.state = State::Between;
        item(&mut self.scanner).map(Some)
    }
}

/// The error of this module.
fn broken(at: &'static str, offset: usize) -> Error {
    Error::new(ErrorKind::Json, at).at_offset(offset)
}
