//! What a request carries: headers or parameters that are given, and those that signing adds.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use super::request::Pairs;
use crate::errors::Result;

/// A name or a value that is the same in every request: a Python string that is made once. [`literal!`] makes it.
pub(super) struct Literal {
    pub(super) text: &'static str,
    string: PyOnceLock<Py<PyString>>,
}

impl Literal {
    pub(super) const fn new(text: &'static str) -> Self {
        Self {
            text,
            string: PyOnceLock::new(),
        }
    }

    pub(super) fn bound<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        let string = self
            .string
            .get_or_init(py, || PyString::intern(py, self.text).unbind());
        string.bind(py)
    }

    /// As a value.
    pub(super) fn string(&self, py: Python<'_>) -> Result<Str> {
        Ok(Str::try_from(self.bound(py).clone())?)
    }
}

macro_rules! literal {
    ($text:literal) => {{
        static LITERAL: $crate::sign::filled::Literal = $crate::sign::filled::Literal::new($text);
        &LITERAL
    }};
}
pub(super) use literal;

/// Headers or parameters of a request: those that are given, and those that are added where they are missing.
pub(super) struct Filled {
    given: Pairs,
    pub(super) added: Vec<(&'static Literal, Str)>,
    complete: bool,
}

impl Filled {
    /// Adds what is missing only when `complete`.
    pub(super) fn new(given: Pairs, complete: bool) -> Self {
        Self {
            given,
            added: Vec::with_capacity(if complete { 8 } else { 0 }),
            complete,
        }
    }

    /// Adds it when there is none of this name, in any case of letters.
    pub(super) fn add(
        &mut self,
        name: &'static Literal,
        value: impl FnOnce() -> Result<Str>,
    ) -> Result<&mut Self> {
        if self.complete && self.value(name.text).is_none() {
            self.added.push((name, value()?));
        }
        Ok(self)
    }

    /// Adds what may be there or not.
    pub(super) fn add_some(&mut self, name: &'static Literal, value: Option<Str>) -> Result<&mut Self> {
        match value {
            Some(value) => self.add(name, || Ok(value)),
            None => Ok(self),
        }
    }

    /// The value that is given under this name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut given = self.given.0.iter();
        let found = given.find(|pair| pair.0.eq_ignore_ascii_case(name));
        found.map(|pair| &*pair.1)
    }

    /// What is given, and what was added behind it.
    pub(super) fn all(&self) -> Vec<(&str, &str)> {
        let given = self.given.0.iter().map(|(name, value)| (&**name, &**value));
        let added = self.added.iter().map(|(name, value)| (name.text, &**value));
        let mut all = Vec::with_capacity(self.given.0.len() + self.added.len());
        all.extend(given.chain(added));
        all
    }
}
