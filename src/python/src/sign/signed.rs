//! What comes out of a request: what it has to carry, and the texts that were signed.

use faceiot_core::sign::{self, Mismatch, Request};
use faceiot_core::{ErrorKind, Result as CoreResult};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;
use pyo3::types::PyDict;

use super::filled::{Filled, Literal, literal};
use super::request::{Pairs, checked, encoded, octets, string};
use crate::bytes::Text;
use crate::errors::Result;

/// One of the texts of a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Canonical,
    StringToSign,
}

/// Writes one of the texts once more: of these headers or parameters, and of what else it keeps of the request.
type Write = dyn for<'b> Fn(Step, &[(&str, &str)], &'b mut [u8]) -> CoreResult<&'b str> + Send + Sync;

/// What was signed, for people.
pub(super) enum Texts {
    Written {
        canonical: Option<Str>,
        string_to_sign: Str,
    },
    /// Written when somebody looks: signing alone does not pay for it.
    Later { has_canonical: bool, write: Box<Write> },
}

impl Texts {
    pub(super) fn later(
        has_canonical: bool,
        write: impl for<'b> Fn(Step, &[(&str, &str)], &'b mut [u8]) -> CoreResult<&'b str> + Send + Sync + 'static,
    ) -> Self {
        Self::Later {
            has_canonical,
            write: Box::new(write),
        }
    }
}

/// The form that is sent, of signatures that stand in one.
pub(super) enum Form {
    None,
    Written(Str),
    /// The canonical parameters and the signature behind them.
    Canonical,
}

/// Where what was filled in stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Headers,
    Params,
}

/// A signed request: what was signed, the signature, and what the request has to carry because of it.
///
/// `repr()` shows the signature as `***` and of headers and parameters the names only.
#[pyclass(frozen, module = "faceiot.sign")]
pub(crate) struct Signed {
    /// The signature.
    #[pyo3(get)]
    pub(super) signature: Str,
    /// URL of the request, of signatures that stand in one; otherwise None.
    #[pyo3(get)]
    pub(super) url: Option<Str>,
    pub(super) form: Form,
    place: Place,
    filled: Filled,
    /// The header or parameter that holds the signature; it is not signed itself.
    carrier: Option<(&'static Literal, Str)>,
    texts: Texts,
}

impl Signed {
    /// A signature that stands in a header or parameter of this name, as `value` or as a part of it.
    pub(super) fn carried(
        py: Python<'_>,
        place: Place,
        filled: Filled,
        (name, value): (&'static Literal, Str),
        texts: Texts,
    ) -> Result<Self> {
        let signature = match signature_in(&value) {
            whole if whole.len() == value.len() => value.clone_ref(py),
            part => string(py, part)?,
        };
        Ok(Self {
            signature,
            url: None,
            form: Form::None,
            place,
            filled,
            carrier: Some((name, value)),
            texts,
        })
    }

    /// A signature that stands in a URL.
    pub(super) fn in_url(url: Str, signature: Str, texts: Texts) -> Self {
        Self {
            signature,
            url: Some(url),
            form: Form::None,
            place: Place::Params,
            filled: Filled::new(Pairs::default(), false),
            carrier: None,
            texts,
        }
    }

    fn text(&self, py: Python<'_>, step: Step) -> Result<Option<Str>> {
        match &self.texts {
            Texts::Written {
                canonical,
                string_to_sign,
            } => Ok(match step {
                Step::Canonical => canonical.as_ref().map(|text| text.clone_ref(py)),
                Step::StringToSign => Some(string_to_sign.clone_ref(py)),
            }),
            Texts::Later { has_canonical, write } => {
                if step == Step::Canonical && !has_canonical {
                    return Ok(None);
                }
                let all = self.filled.all();
                written(py, |out| write(step, &all, out)).map(Some)
            }
        }
    }

    fn added(&self, place: Place) -> impl Iterator<Item = &(&'static Literal, Str)> {
        let here = self.place == place;
        let all = self.filled.added.iter().chain(&self.carrier);
        all.filter(move |_| here)
    }

    fn dict<'py>(&self, py: Python<'py>, place: Place) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, value) in self.added(place) {
            dict.set_item(name.bound(py), value)?;
        }
        Ok(dict)
    }
}

#[pymethods]
impl Signed {
    /// The canonical request, of signatures that hash one; otherwise None.
    #[getter]
    fn canonical(&self, py: Python<'_>) -> Result<Option<Str>> {
        self.text(py, Step::Canonical)
    }

    /// The text that was signed.
    #[getter]
    fn string_to_sign(&self, py: Python<'_>) -> Result<Option<Str>> {
        self.text(py, Step::StringToSign)
    }

    /// Form of all parameters, of signatures that stand in one: body of a POST, query of a GET. Otherwise None.
    #[getter]
    fn body(&self, py: Python<'_>) -> Result<Option<Str>> {
        Ok(match (&self.form, &self.carrier) {
            (Form::Written(form), _) => Some(form.clone_ref(py)),
            (Form::Canonical, Some((name, value))) => {
                let canonical = self.text(py, Step::Canonical)?;
                let canonical = canonical.as_deref().unwrap_or_default();
                let form = format!("{canonical}&{}={}", name.text, encoded(value));
                Some(string(py, &form)?)
            }
            _ => None,
        })
    }

    /// Headers to add to the request.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.dict(py, Place::Headers)
    }

    /// Parameters to add to the request.
    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.dict(py, Place::Params)
    }

    fn __repr__(&self) -> String {
        let names = |place| self.added(place).map(|pair| pair.0.text).collect::<Vec<_>>();
        let (headers, params) = (names(Place::Headers), names(Place::Params));
        format!("Signed(signature='***', headers={headers:?}, params={params:?})")
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

/// An HTTP request without its headers, as those signatures keep it that sign one.
pub(super) struct Http {
    method: Str,
    path: Str,
    query: Pairs,
    body: Option<Text>,
}

impl Http {
    pub(super) fn new(method: Str, path: Str, query: Option<Pairs>, body: Option<Text>) -> Self {
        Self {
            method,
            path,
            query: query.unwrap_or_default(),
            body,
        }
    }

    pub(super) fn body(&self) -> &[u8] {
        octets(self.body.as_ref())
    }

    /// The request with these headers.
    pub(super) fn with<T>(&self, headers: &[(&str, &str)], then: impl FnOnce(&Request<'_>) -> T) -> T {
        then(&Request {
            method: &self.method,
            path: &self.path,
            query: &self.query.as_strs(),
            headers,
            body: self.body(),
        })
    }

    /// Checks the request with these headers.
    pub(super) fn checked(
        &self,
        headers: &[(&str, &str)],
        check: impl for<'o> Fn(&Request<'_>, &'o mut [u8]) -> std::result::Result<(), Mismatch<'o>>,
    ) -> Result<()> {
        self.with(headers, |request| checked(|out| check(request, out)))
    }

    /// The request signed: its header `Authorization` holds the signature.
    pub(super) fn authorized(
        self,
        py: Python<'_>,
        headers: Filled,
        authorization: Str,
        has_canonical: bool,
        write: impl for<'b> Fn(Step, &Request<'_>, &'b mut [u8]) -> CoreResult<&'b str> + Send + Sync + 'static,
    ) -> Result<Signed> {
        let texts = Texts::later(has_canonical, move |step, headers, out| {
            self.with(headers, |request| write(step, request, out))
        });
        let carrier = (literal!("Authorization"), authorization);
        Signed::carried(py, Place::Headers, headers, carrier, texts)
    }
}

/// Text that the core writes, however long it is.
pub(super) fn written(
    py: Python<'_>,
    write: impl for<'b> Fn(&'b mut [u8]) -> CoreResult<&'b str>,
) -> Result<Str> {
    const MOST: usize = 1 << 26;
    let mut little = [0; 2048];
    match write(&mut little) {
        Ok(text) => return string(py, text),
        Err(error) if error.kind != ErrorKind::BufferTooSmall => return Err(error.into()),
        Err(_) => {}
    }
    let mut room = 1 << 14;
    loop {
        match write(&mut vec![0; room]) {
            Err(error) if error.kind == ErrorKind::BufferTooSmall && room < MOST => room *= 8,
            done => return string(py, done?),
        }
    }
}

/// The signature in a header that was made here: its item `Signature`, or what stands behind a colon, or all of it.
fn signature_in(value: &str) -> &str {
    let item = value
        .rsplit([',', ' '])
        .find_map(|item| item.strip_prefix("Signature="));
    item.or(value.rsplit(':').next()).unwrap_or_default()
}
