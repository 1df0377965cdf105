//! The scanner: one pass, no recursion, no memory.

use super::string::RawStr;
use super::{DEPTH_MAX, Value, broken};
use crate::error::Result;

/// A place in a document.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    document: &'a [u8],
    at: usize,
}

/// What the next value means to the search.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    /// Nothing: it is only validated.
    No,
    /// It must be an object to go on in.
    Inside,
    /// It is the answer.
    Answer,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(document: &'a [u8]) -> Self {
        Self { document, at: 0 }
    }

    /// Reads one value of any kind.
    pub(super) fn any(&mut self) -> Result<Value<'a>> {
        let at = self.at;
        self.value(&[])?.ok_or(broken("value", at))
    }

    /// Reads one value and finds the one at `path` in it.
    ///
    /// `level` names of the path are matched, and the object in which the next one is looked for is always the one at
    /// depth `level + 1`. `answer` is the depth of an object or array that is itself the answer and still open.
    pub(super) fn value(&mut self, path: &[&str]) -> Result<Option<Value<'a>>> {
        let mut open = Open::default();
        let mut level = 0;
        let mut answer: Option<(usize, usize)> = None;
        let mut found = None;
        let mut wanted = if path.is_empty() {
            Wanted::Answer
        } else {
            Wanted::Inside
        };
        loop {
            self.blanks();
            let start = self.at;
            let scalar = match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.at += 1;
                    open.push(bracket == b'{', start)?;
                    match wanted {
                        Wanted::Answer => answer = Some((start, open.depth)),
                        Wanted::Inside if open.depth > 1 && bracket == b'{' => level += 1,
                        _ => {}
                    }
                    self.blanks();
                    if self.peek() != Some(open.closing()) {
                        wanted = if bracket == b'{' {
                            self.name(path, level, open.depth, &mut found)?
                        } else {
                            Wanted::No
                        };
                        continue;
                    }
                    None
                }
                Some(b'"') => Some(Value::Str(self.string()?)),
                Some(b't') => self.literal(b"true").map(|()| Some(Value::Bool(true)))?,
                Some(b'f') => self.literal(b"false").map(|()| Some(Value::Bool(false)))?,
                Some(b'n') => self.literal(b"null").map(|()| Some(Value::Null))?,
                Some(b'-' | b'0'..=b'9') => Some(Value::Number(self.number()?)),
                _ => return Err(broken("value expected", self.at)),
            };
            if scalar.is_some() && wanted == Wanted::Answer {
                found = scalar;
            }
            // A value has ended: close what ends with it, or go on to the next one.
            loop {
                if open.depth == 0 {
                    return Ok(found);
                }
                self.blanks();
                let next = self.peek();
                if next == Some(open.closing()) {
                    self.at += 1;
                    if let Some((start, depth)) = answer
                        && depth == open.depth
                    {
                        answer = None;
                        let raw = self.document.get(start..self.at).unwrap_or_default();
                        found = Some(if open.is_object() {
                            Value::Object(raw)
                        } else {
                            Value::Array(raw)
                        });
                    }
                    if open.depth == level + 1 && open.is_object() {
                        level = level.saturating_sub(1);
                    }
                    open.pop();
                } else if next == Some(b',') {
                    self.at += 1;
                    wanted = Wanted::No;
                    if open.is_object() {
                        self.blanks();
                        wanted = self.name(path, level, open.depth, &mut found)?;
                    }
                    break;
                } else {
                    return Err(broken(
                        if open.is_object() {
                            "`,` or `}` expected"
                        } else {
                            "`,` or `]` expected"
                        },
                        self.at,
                    ));
                }
            }
        }
    }

    /// Reads a member's name and its colon; says what its value means.
    fn name(
        &mut self,
        path: &[&str],
        level: usize,
        depth: usize,
        found: &mut Option<Value<'a>>,
    ) -> Result<Wanted> {
        let name = self.string()?;
        self.expect(b':')?;
        Ok(match path.get(level) {
            Some(wanted) if depth == level + 1 && name == **wanted => {
                *found = None; // the last of several with this name counts
                if level + 1 == path.len() {
                    Wanted::Answer
                } else {
                    Wanted::Inside
                }
            }
            _ => Wanted::No,
        })
    }

    /// Reads a string with its quotes.
    pub(super) fn string(&mut self) -> Result<RawStr<'a>> {
        self.expect(b'"')?;
        let start = self.at;
        let rest = self.document.get(start..).unwrap_or_default();
        let (text, len) = RawStr::scan(rest).map_err(|error| error.at_offset(error.offset + start))?;
        self.at += len + 1;
        Ok(text)
    }

    /// Reads a number: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
    fn number(&mut self) -> Result<&'a str> {
        let start = self.at;
        self.eat_byte(b'-');
        if !self.eat_byte(b'0') {
            self.digits()?;
        }
        if self.eat_byte(b'.') {
            self.digits()?;
        }
        if self.eat_byte(b'e') || self.eat_byte(b'E') {
            let _ = self.eat_byte(b'+') || self.eat_byte(b'-');
            self.digits()?;
        }
        let text = self.document.get(start..self.at).unwrap_or_default();
        core::str::from_utf8(text).map_err(|_| broken("number", start))
    }

    /// At least one digit.
    fn digits(&mut self) -> Result<()> {
        let rest = self.document.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 {
            Err(broken("digit expected", self.at))
        } else {
            Ok(())
        }
    }

    /// Exactly this word.
    fn literal(&mut self, word: &[u8]) -> Result<()> {
        let rest = self.document.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(broken("value expected", self.at));
        }
        self.at += word.len();
        Ok(())
    }

    /// Skips blanks, then takes this character or fails.
    pub(super) fn expect(&mut self, byte: u8) -> Result<()> {
        let at = match byte {
            b'"' => "string expected",
            b':' => "`:` expected",
            b',' => "`,` expected",
            b'{' => "object expected",
            _ => "array expected",
        };
        if self.eat(byte) {
            Ok(())
        } else {
            Err(broken(at, self.at))
        }
    }

    /// Skips blanks, then takes this character when it stands here.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        self.blanks();
        self.eat_byte(byte)
    }

    /// Nothing but blanks may follow.
    pub(super) fn end(&mut self) -> Result<()> {
        self.blanks();
        if self.at == self.document.len() {
            Ok(())
        } else {
            Err(broken("text after the value", self.at))
        }
    }

    fn eat_byte(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    fn peek(&self) -> Option<u8> {
        self.document.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }
}

/// The open brackets: one bit each, set for an object.
#[derive(Default)]
struct Open {
    objects: u64,
    depth: usize,
}

impl Open {
    fn push(&mut self, object: bool, offset: usize) -> Result<()> {
        if self.depth == DEPTH_MAX {
            return Err(broken("nested too deep", offset));
        }
        self.objects = self.objects << 1 | u64::from(object);
        self.depth += 1;
        Ok(())
    }

    fn pop(&mut self) {
        self.objects >>= 1;
        self.depth = self.depth.saturating_sub(1);
    }

    fn is_object(&self) -> bool {
        self.objects & 1 == 1
    }

    fn closing(&self) -> u8 {
        if self.is_object() { b'}' } else { b']' }
    }
}
