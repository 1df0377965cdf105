//! An HTTP request as the signatures over headers see it.

use super::order::{compare_lower, sorted};
use crate::error::{Error, ErrorKind, Result};
use crate::text::{Sink, lower, put_all};

/// What is signed of an HTTP request.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Request<'a> {
    /// HTTP method, in capitals.
    pub method: &'a str,
    /// Path as it is sent, encoded, without the query.
    pub path: &'a str,
    /// Query parameters, decoded.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers; the case of their names does not matter.
    pub headers: &'a [(&'a str, &'a str)],
    /// Body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The value of a header without blanks around it; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &'a str {
        value_of(self.headers, name)
    }
}

/// Queries, headers and bodies can hold tokens and signatures.
impl core::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Which headers are signed.
#[derive(Clone, Copy)]
pub(crate) enum Signed<'s> {
    /// Those for which this says so.
    Usual(fn(&str) -> bool),
    /// These names, joined by `;`, as a request that came in says.
    Listed(&'s str),
}

impl Signed<'_> {
    /// Writes `name:value` and a newline for each.
    pub(crate) fn put_headers(self, request: &Request<'_>, sink: &mut impl Sink) -> Result<()> {
        self.each(request, |name, value| put_header(name, value, sink))
    }

    /// Writes the names, joined by `;`.
    pub(crate) fn put_names(self, request: &Request<'_>, sink: &mut impl Sink) -> Result<()> {
        let mut first = true;
        self.each(request, |name, _| {
            sink.put(if first { "" } else { ";" })?;
            first = false;
            lower(name, sink)
        })
    }

    fn each(self, request: &Request<'_>, mut write: impl FnMut(&str, &str) -> Result<()>) -> Result<()> {
        match self {
            Signed::Usual(is_signed) => sorted(request.headers, |a, b| compare_lower(a.0, b.0))
                .filter(|header| is_signed(header.0))
                .try_for_each(|(name, value)| write(name, value)),
            Signed::Listed(names) => names.split(';').try_for_each(|name| {
                let mut given = request
                    .headers
                    .iter()
                    .filter(|header| header.0.eq_ignore_ascii_case(name));
                match (given.next(), given.next()) {
                    (Some((_, value)), None) => write(name, value),
                    _ => Err(Error::new(
                        ErrorKind::Signature,
                        "a signed header is missing or there twice",
                    )),
                }
            }),
        }
    }
}

/// The value of a header without blanks around it; empty when it is not there.
pub(crate) fn value_of<'a>(headers: &[(&'a str, &'a str)], name: &str) -> &'a str {
    let mut found = headers
        .iter()
        .filter(|header| header.0.eq_ignore_ascii_case(name));
    found.next().map_or("", |header| trimmed(header.1))
}

/// Writes `name:value` and a newline, as a header is signed.
pub(crate) fn put_header(name: &str, value: &str, sink: &mut impl Sink) -> Result<()> {
    lower(name, sink)?;
    put_all(sink, &[":", trimmed(value), "\n"])
}

/// A header's value without blanks around it.
fn trimmed(value: &str) -> &str {
    match value.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => value,
        _ => value.trim(),
    }
}

/// Takes `{algorithm} Name=value, Name=value` apart: the value of an item.
pub(crate) fn item<'a>(authorization: &'a str, algorithm: &str, name: &str) -> Result<&'a str> {
    let items = authorization
        .strip_prefix(algorithm)
        .and_then(|rest| rest.strip_prefix(' '));
    let mut values = items
        .into_iter()
        .flat_map(|items| items.split(','))
        .filter_map(|item| {
            let (key, value) = item.trim().split_once('=')?;
            (key == name).then_some(value)
        });
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(Error::new(ErrorKind::Signature, "Authorization")),
    }
}
