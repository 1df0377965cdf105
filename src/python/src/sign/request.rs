//! What comes in of a request: pairs of text, secrets, moments and nonces; and a check of one that was received.

use faceiot_core::sign::{self, Mismatch, Utc};
use faceiot_core::{ErrorKind, digest, text};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;
use pyo3::types::{PyDict, PyMapping, PyString};

use super::signed::SigningKey;
use crate::bytes::Text;
use crate::clock;
use crate::errors::{Failure, Result};

/// Headers or parameters, as a mapping or as pairs where the order or a name twice matters. The texts stay Python's.
#[derive(Default)]
pub(crate) struct Pairs(pub(super) Vec<(Str, Str)>);

impl Pairs {
    pub(super) fn as_strs(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value)).collect()
    }
}

impl<'py> FromPyObject<'_, 'py> for Pairs {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(dict) = object.cast::<PyDict>() {
            let text = |object: Bound<'py, PyAny>| Str::try_from(object.cast_into::<PyString>()?);
            let mut pairs = Vec::with_capacity(dict.len());
            for (name, value) in dict.iter() {
                pairs.push((text(name)?, text(value)?));
            }
            return Ok(Self(pairs));
        }
        let items = match object.cast::<PyMapping>() {
            Ok(mapping) => mapping.items()?.into_any(),
            Err(_) => object.to_owned(),
        };
        let pairs = items.try_iter()?.map(|pair| {
            let [name, value]: [Str; 2] = pair?.extract()?;
            Ok((name, value))
        });
        pairs.collect::<PyResult<_>>().map(Self)
    }
}

/// A secret, or the key that was derived from it for a day.
pub(crate) enum Secret {
    Text(Str),
    Key(Py<SigningKey>),
}

impl<'py> FromPyObject<'_, 'py> for Secret {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match object.cast::<SigningKey>() {
            Ok(key) => Ok(Self::Key(key.to_owned().unbind())),
            Err(_) => object.extract().map(Self::Text),
        }
    }
}

impl Secret {
    /// The key of the day.
    pub(super) fn key(
        &self,
        derive: impl FnOnce(&str) -> faceiot_core::Result<sign::SigningKey>,
    ) -> Result<sign::SigningKey> {
        match self {
            Self::Text(secret) => Ok(derive(secret)?),
            Self::Key(key) => Ok(key.get().0.clone()),
        }
    }
}

/// A time stamp as Python gives it: a number, or the text that is signed as it stands.
pub(crate) enum Stamp {
    Number(u64),
    Text(Str),
}

impl<'py> FromPyObject<'_, 'py> for Stamp {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        // Asked for its type first: a conversion that fails costs more than a signature.
        match object.cast::<PyString>() {
            Ok(text) => Str::try_from(text.to_owned()).map(Self::Text),
            Err(_) => object.extract().map(Self::Number),
        }
    }
}

impl Stamp {
    /// As it is signed.
    pub(super) fn text(&self, py: Python<'_>) -> Result<Str> {
        match self {
            Self::Text(text) => Ok(text.clone_ref(py)),
            Self::Number(number) => string(py, &number.to_string()),
        }
    }
}

/// A Python string.
pub(super) fn string(py: Python<'_>, text: &str) -> Result<Str> {
    Ok(Str::try_from(PyString::new(py, text))?)
}

/// A moment as the request spells it: now, a number of seconds, or text as it stands.
pub(super) fn moment(
    py: Python<'_>,
    stamp: Option<&Stamp>,
    spell: impl for<'b> Fn(Utc, &'b mut [u8]) -> faceiot_core::Result<&'b str>,
) -> Result<Str> {
    let seconds = match stamp {
        Some(Stamp::Text(text)) => return Ok(text.clone_ref(py)),
        Some(Stamp::Number(seconds)) => *seconds,
        None => clock::unix_seconds(),
    };
    string(py, spell(Utc::from_unix(seconds), &mut [0; 32])?)
}

/// The nonce that was given, or 128 random bits.
pub(super) fn nonce(py: Python<'_>, given: Option<&Str>) -> Result<Str> {
    if let Some(nonce) = given {
        return Ok(nonce.clone_ref(py));
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| {
        let message = format!("the operating system gives no random numbers: {error}");
        Failure::new(ErrorKind::Io, message)
    })?;
    string(py, text::hex_lower(&random, &mut [0; 32])?)
}

/// The MD5 of a body, as `Content-MD5` spells it.
pub(super) fn md5_of(py: Python<'_>, body: &[u8]) -> Result<Str> {
    string(py, text::base64_encode(&digest::md5(&[body]), &mut [0; 24])?)
}

/// The octets of a body that may be missing.
pub(super) fn octets(body: Option<&Text>) -> &[u8] {
    body.map_or(b"", Text::as_slice)
}

/// The value of the first header of this name, in any case of letters.
pub(super) fn header<'a>(headers: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|header| header.0.eq_ignore_ascii_case(name))
        .map(|header| header.1)
}

/// The header `Authorization`, which `parse` takes apart.
pub(super) fn authorization<'a>(headers: &[(&str, &'a str)]) -> &'a str {
    header(headers, "authorization").unwrap_or_default()
}

/// Runs a check. The message of its refusal shows the string that was signed here.
pub(super) fn checked(
    check: impl for<'o> Fn(&'o mut [u8]) -> std::result::Result<(), Mismatch<'o>>,
) -> Result<()> {
    let refusal = |refused: Mismatch<'_>| Failure::new(refused.kind, refused.to_string());
    let mut little = [0; 4096];
    match check(&mut little) {
        Ok(()) => return Ok(()),
        Err(refused) if !refused.string_to_sign.is_empty() => return Err(refusal(refused)),
        Err(_) => {}
    }
    // Refused before anything was signed, or the string is longer than that.
    check(&mut vec![0; 1 << 20]).map_err(refusal)
}

/// Percent-encoded.
pub(super) fn encoded(plain: &str) -> String {
    let mut room = vec![0; plain.len() * 3];
    let mut writer = text::Writer::new(&mut room);
    // The room holds every octet escaped.
    match text::percent_encode(plain.as_bytes(), &mut writer) {
        Ok(()) => writer.finish().to_owned(),
        Err(_) => String::new(),
    }
}
