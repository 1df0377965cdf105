//! What signatures of requests share: pairs of text in, a [`Signed`] out, a mismatch as an exception.

use faceiot_core::sign::{self, Mismatch, Utc};
use faceiot_core::{ErrorKind, text};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyMapping};

use super::mqtt::Stamp;
use crate::clock;
use crate::errors::{Failure, Result};

/// Headers or parameters, as a mapping or as pairs where the order or a name twice matters. The texts stay Python's.
#[derive(Default)]
pub(crate) struct Pairs(Vec<(PyBackedStr, PyBackedStr)>);

impl Pairs {
    pub(super) fn as_strs(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value)).collect()
    }
}

impl<'py> FromPyObject<'_, 'py> for Pairs {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(dict) = object.cast::<PyDict>() {
            let pairs = dict
                .iter()
                .map(|(name, value)| Ok((name.extract()?, value.extract()?)));
            return pairs.collect::<PyResult<_>>().map(Self);
        }
        let items = match object.cast::<PyMapping>() {
            Ok(mapping) => mapping.items()?.into_any(),
            Err(_) => object.to_owned(),
        };
        let pairs = items.try_iter()?.map(|pair| {
            let [name, value]: [PyBackedStr; 2] = pair?.extract()?;
            Ok((name, value))
        });
        pairs.collect::<PyResult<_>>().map(Self)
    }
}

/// A secret, or the key that was derived from it for a day.
#[derive(FromPyObject)]
pub(crate) enum Secret {
    Text(PyBackedStr),
    Key(Py<SigningKey>),
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

/// A key derived for a day and a region, so that a signature costs one HMAC. Give it in place of the secret.
///
/// `repr()` shows `***`; the key is wiped when the object goes.
#[pyclass(frozen, module = "faceiot.sign")]
pub(crate) struct SigningKey(pub(super) sign::SigningKey);

#[pymethods]
impl SigningKey {
    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// Names of this side, values made for this request.
pub(super) type Added = Vec<(&'static str, String)>;

/// A text for people: written already, or when it is looked at, so that signing alone does not pay for it.
pub(super) enum Shown {
    Written(String),
    Later(Box<dyn Fn() -> Result<String> + Send + Sync>),
}

impl Shown {
    pub(super) fn later(write: impl Fn() -> Result<String> + Send + Sync + 'static) -> Self {
        Self::Later(Box::new(write))
    }

    fn text(&self) -> Result<String> {
        match self {
            Self::Written(text) => Ok(text.clone()),
            Self::Later(write) => write(),
        }
    }
}

impl Default for Shown {
    fn default() -> Self {
        Self::Written(String::new())
    }
}

impl From<String> for Shown {
    fn from(text: String) -> Self {
        Self::Written(text)
    }
}

/// A signed request: what was signed, the signature, and what the request has to carry because of it.
///
/// `repr()` shows the signature as `***` and of headers and parameters the names only.
#[pyclass(frozen, module = "faceiot.sign")]
#[derive(Default)]
pub(crate) struct Signed {
    pub(super) canonical: Option<Shown>,
    pub(super) string_to_sign: Shown,
    /// The signature.
    #[pyo3(get)]
    pub(super) signature: String,
    pub(super) headers: Added,
    pub(super) params: Added,
    /// URL of the request, of signatures that stand in one; otherwise None.
    #[pyo3(get)]
    pub(super) url: Option<String>,
    /// Body of the request, of signatures that stand in a form; otherwise None.
    #[pyo3(get)]
    pub(super) body: Option<String>,
}

#[pymethods]
impl Signed {
    /// The canonical request, of signatures that hash one; otherwise None.
    #[getter]
    fn canonical(&self) -> Result<Option<String>> {
        self.canonical.as_ref().map(Shown::text).transpose()
    }

    /// The text that was signed.
    #[getter]
    fn string_to_sign(&self) -> Result<String> {
        self.string_to_sign.text()
    }

    /// Headers to add to the request.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        dict(py, &self.headers)
    }

    /// Parameters to add to the request.
    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        dict(py, &self.params)
    }

    fn __repr__(&self) -> String {
        let names = |added: &Added| added.iter().map(|pair| pair.0).collect::<Vec<_>>();
        let (headers, params) = (names(&self.headers), names(&self.params));
        format!("Signed(signature='***', headers={headers:?}, params={params:?})")
    }
}

fn dict<'py>(py: Python<'py>, pairs: &Added) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in pairs {
        dict.set_item(name, value)?;
    }
    Ok(dict)
}

/// What a request carries, and what is added to it where it is missing.
pub(super) struct Filled<'a> {
    given: Vec<(&'a str, &'a str)>,
    pub(super) added: Added,
    complete: bool,
}

impl<'a> Filled<'a> {
    /// Adds what is missing only when `complete`.
    pub(super) fn new(given: &'a Pairs, complete: bool) -> Self {
        Self {
            given: given.as_strs(),
            added: Vec::new(),
            complete,
        }
    }

    /// Adds it when there is none of this name, in any case of letters.
    pub(super) fn add(
        &mut self,
        name: &'static str,
        value: impl FnOnce() -> Result<String>,
    ) -> Result<&mut Self> {
        if self.complete && self.value(name).is_none() {
            self.added.push((name, value()?));
        }
        Ok(self)
    }

    /// The value of this name.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        header(&self.given, name)
    }

    /// What is given, and what was added behind it.
    pub(super) fn all(&self) -> Vec<(&str, &str)> {
        let added = self.added.iter().map(|(name, value)| (*name, value.as_str()));
        self.given.iter().copied().chain(added).collect()
    }
}

/// The value of the first header of this name.
pub(super) fn header<'a>(headers: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|header| header.0.eq_ignore_ascii_case(name))
        .map(|header| header.1)
}

/// What is given, and what was added behind it.
pub(super) fn joined<'a>(given: &'a Pairs, added: &'a Added) -> Vec<(&'a str, &'a str)> {
    let added = added.iter().map(|(name, value)| (*name, value.as_str()));
    let given = given.0.iter().map(|(name, value)| (&**name, &**value));
    given.chain(added).collect()
}

/// The signature in an `Authorization` that was made here.
pub(super) fn signature_in(authorization: &str) -> String {
    let behind = authorization
        .rsplit_once("Signature=")
        .map_or("", |parts| parts.1);
    behind.split(',').next().unwrap_or_default().to_owned()
}

/// The header `Authorization`, which `parse` takes apart.
pub(super) fn authorization<'a>(headers: &[(&str, &'a str)]) -> &'a str {
    header(headers, "authorization").unwrap_or_default()
}

/// Text that the core writes, however long it is.
pub(super) fn written(
    write: impl for<'b> Fn(&'b mut [u8]) -> faceiot_core::Result<&'b str>,
) -> Result<String> {
    const MOST: usize = 1 << 26;
    let mut little = [0; 2048];
    match write(&mut little) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) if error.kind != ErrorKind::BufferTooSmall => return Err(error.into()),
        Err(_) => {}
    }
    let mut room = 1 << 14;
    loop {
        match write(&mut vec![0; room]) {
            Err(error) if error.kind == ErrorKind::BufferTooSmall && room < MOST => room *= 8,
            done => return Ok(done?.to_owned()),
        }
    }
}

/// Runs a check. The message of its refusal shows the string that was signed here, tokens of the request masked.
pub(super) fn checked(
    carried: &[&[(&str, &str)]],
    check: impl for<'o> Fn(&'o mut [u8]) -> std::result::Result<(), Mismatch<'o>>,
) -> Result<()> {
    let mut little = [0; 4096];
    match check(&mut little) {
        Ok(()) => return Ok(()),
        Err(refused) if !refused.string_to_sign.is_empty() => return Err(refusal(refused, carried)),
        Err(_) => {}
    }
    // Refused before anything was signed, or the string is longer than that.
    check(&mut vec![0; 1 << 20]).map_err(|refused| refusal(refused, carried))
}

fn refusal(refused: Mismatch<'_>, carried: &[&[(&str, &str)]]) -> Failure {
    let mut message = refused.to_string();
    let names_a_token = |name: &str| name.to_ascii_lowercase().ends_with("token");
    for (_, token) in carried
        .iter()
        .copied()
        .flatten()
        .filter(|pair| names_a_token(pair.0) && !pair.1.is_empty())
    {
        // As it stands, encoded, and encoded twice: as the strings to sign hold it.
        let mut form = (*token).to_owned();
        for _ in 0..3 {
            message = message.replace(&form, "***");
            form = encoded(&form);
        }
    }
    Failure::new(refused.kind, message)
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

/// A moment as the request spells it: now, a number of seconds, or text as it stands.
pub(super) fn moment(
    stamp: Option<&Stamp>,
    spell: impl for<'b> Fn(Utc, &'b mut [u8]) -> faceiot_core::Result<&'b str>,
) -> Result<String> {
    let seconds = match stamp {
        Some(Stamp::Text(text)) => return Ok(text.clone()),
        Some(Stamp::Number(seconds)) => *seconds,
        None => clock::unix_seconds(),
    };
    Ok(spell(Utc::from_unix(seconds), &mut [0; 32])?.to_owned())
}

/// The nonce that was given, or 128 random bits.
pub(super) fn nonce(py: Python<'_>, given: Option<&str>) -> Result<String> {
    static TOKEN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    match given {
        Some(nonce) => Ok(nonce.to_owned()),
        None => Ok(TOKEN
            .import(py, "secrets", "token_hex")?
            .call1((16,))?
            .extract()?),
    }
}
