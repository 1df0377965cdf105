//! Octets that come from Python: borrowed when nothing can change them, copied otherwise.

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyString};

/// A bytes-like argument. `bytes` is borrowed; a `bytearray`, `memoryview` or array is copied once, because another
/// thread may write to it while the interpreter lock is released.
pub(crate) enum Octets {
    Borrowed(PyBackedBytes),
    Copied(Vec<u8>),
}

impl Octets {
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Copied(bytes) => bytes,
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Octets {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self::Borrowed(PyBackedBytes::from(bytes.to_owned())));
        }
        Ok(Self::Copied(PyBuffer::<u8>::get(&object)?.to_vec(object.py())?))
    }
}

/// Text or octets: what an MQTT library may hand over as a payload, or JSON as a value.
pub(crate) enum Text {
    Str(PyBackedStr),
    Octets(Octets),
}

impl Text {
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Str(text) => text.as_bytes(),
            Self::Octets(octets) => octets.as_slice(),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Text {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            return Ok(Self::Str(PyBackedStr::try_from(text.to_owned())?));
        }
        object.extract().map(Self::Octets)
    }
}
