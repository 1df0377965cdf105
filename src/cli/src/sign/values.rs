//! What arguments are made of: pairs, times, and their spellings.

use std::time::{SystemTime, UNIX_EPOCH};

use faceiot_core::sign::{Utc, meituan};
use serde_json::{Map, Value};

use crate::failure::Failure;

/// Names and values that belong to the caller.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs(pub(super) Vec<(String, String)>);

impl Pairs {
    pub(super) fn lent(&self) -> Vec<(&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// Adds a pair, unless one of the name is there.
    pub(super) fn or_add(&mut self, name: &str, value: impl Into<String>) {
        if self.find(name).is_none() {
            self.0.push((name.to_owned(), value.into()));
        }
    }

    /// The value of a name in any case.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|pair| pair.0.eq_ignore_ascii_case(name))
            .map(|pair| pair.1.trim())
    }

    /// As a JSON object; of a repeated name a list.
    pub(super) fn json(&self) -> Value {
        let mut object = Map::new();
        for (name, value) in &self.0 {
            let value = Value::from(value.as_str());
            match object.get_mut(name) {
                Some(Value::Array(values)) => values.push(value),
                Some(one) => *one = Value::Array(vec![one.take(), value]),
                None => {
                    object.insert(name.clone(), value);
                }
            }
        }
        Value::Object(object)
    }

    /// As a JSON list of pairs, where their order is signed.
    pub(super) fn list(&self) -> Value {
        self.0
            .iter()
            .map(|(name, value)| Value::from(vec![name.as_str(), value.as_str()]))
            .collect()
    }

    /// `name=value` joined by `&`, encoded.
    pub(super) fn query(&self) -> String {
        let pairs = self
            .0
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name, ""), encode(value, "")));
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// A time, of the clock or spelled by the user.
pub(super) enum Moment<'a> {
    /// Milliseconds since 1970.
    Unix(u64),
    /// Sent as it is.
    Spelled(&'a str),
}

impl Moment<'_> {
    /// `20180817T082338Z`.
    pub(super) fn basic(&self) -> Result<String, Failure> {
        self.spelled(|utc| utc.basic(&mut [0; 32]).map(str::to_owned))
    }

    /// `2018-08-17T08:23:38Z`.
    pub(super) fn iso8601(&self) -> Result<String, Failure> {
        self.spelled(|utc| utc.iso8601(&mut [0; 32]).map(str::to_owned))
    }

    /// `Fri, 17 Aug 2018 08:23:38 GMT`.
    pub(super) fn http_date(&self) -> Result<String, Failure> {
        self.spelled(|utc| utc.http_date(&mut [0; 32]).map(str::to_owned))
    }

    /// Seconds since 1970.
    pub(super) fn seconds(&self) -> Result<u64, Failure> {
        match self {
            Moment::Unix(ms) => Ok(ms / 1000),
            Moment::Spelled(text) => seconds(text).ok_or_else(|| {
                Failure::usage("`timestamp` is not a time")
                    .todo("write seconds since 1970, or 2018-08-17T08:23:38Z")
            }),
        }
    }

    /// Milliseconds since 1970.
    pub(super) fn millis(&self) -> Result<u64, Failure> {
        match self {
            Moment::Unix(ms) => Ok(*ms),
            Moment::Spelled(_) => self.seconds().map(|seconds| seconds * 1000),
        }
    }

    fn spelled(&self, spell: impl FnOnce(Utc) -> faceiot_core::Result<String>) -> Result<String, Failure> {
        match self {
            Moment::Unix(ms) => spell(Utc::from_unix(ms / 1000)).map_err(wrong),
            Moment::Spelled(text) => Ok((*text).to_owned()),
        }
    }
}

/// The seconds of `2018-08-17T08:23:38Z` or `20180817T082338Z`.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let spelled = match (text.len(), text.is_ascii()) {
        (16, true) => format!(
            "{}-{}-{}:{}:{}",
            text.get(..4)?,
            text.get(4..6)?,
            text.get(6..11)?,
            text.get(11..13)?,
            text.get(13..)?
        ),
        _ => text.to_owned(),
    };
    meituan::parse_timestamp(&spelled).ok()
}

/// RFC 3986, but for the characters in `safe`.
pub(super) fn encode(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        let letter = char::from(octet);
        if letter.is_ascii_alphanumeric() || "-_.~".contains(letter) || safe.contains(letter) {
            out.push(letter);
        } else {
            let digit = |digit: u8| {
                char::from_digit(digit.into(), 16)
                    .unwrap_or_default()
                    .to_ascii_uppercase()
            };
            out.extend(['%', digit(octet >> 4), digit(octet & 15)]);
        }
    }
    out
}

/// `name=value`, both encoded, taken back.
pub(super) fn decoded(pair: &str) -> (String, String) {
    let plain = |text: &str| {
        let mut octets = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let [octet, behind @ ..] = rest {
            rest = behind;
            let hex = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
            match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(value) if *octet == b'%' => {
                    octets.push(value);
                    rest = behind.get(2..).unwrap_or_default();
                }
                _ => octets.push(*octet),
            }
        }
        String::from_utf8_lossy(&octets).into_owned()
    };
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (plain(name), plain(value))
}

/// What core finds wrong with an argument.
pub(super) fn wrong(error: faceiot_core::Error) -> Failure {
    Failure {
        kind: error.kind,
        ..Failure::usage(error.to_string())
    }
    .todo("correct what is to be signed")
}

pub(super) fn now() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_both_spellings() {
        assert_eq!(seconds("2018-08-17T08:23:38Z"), Some(1_534_494_218));
        assert_eq!(seconds("20180817T082338Z"), Some(1_534_494_218));
        assert_eq!(seconds("20180817T08233äZ"), None);
        assert_eq!(seconds("yesterday, at ten"), None);
    }

    #[test]
    fn encoding_is_that_of_rfc_3986() {
        assert_eq!(encode("a b/c~é*", "/"), "a%20b/c~%C3%A9%2A");
    }
}
