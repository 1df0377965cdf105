//! Failures of every layer below as Python exceptions. No other file makes them.
//!
//! The classes themselves are `faceiot.errors` (Python: they inherit two bases each, and people read them there).

use faceiot_core::ErrorKind;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

/// What a function of this crate returns when it cannot do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Ours: becomes the class of its kind.
    Ours { kind: ErrorKind, message: String },
    /// Python's own: a `TypeError` of an argument, a `KeyboardInterrupt`.
    Python(PyErr),
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::Ours {
            kind,
            message: message.into(),
        }
    }
}

impl From<faceiot_core::Error> for Failure {
    fn from(error: faceiot_core::Error) -> Self {
        Self::new(error.kind, error.to_string())
    }
}

impl From<faceiot_camera::Error> for Failure {
    /// Whatever a camera does wrong is a `CameraError`, be it a web server that is down or a device that is gone: only
    /// what the caller has to tell apart keeps its kind.
    fn from(error: faceiot_camera::Error) -> Self {
        use ErrorKind::{Camera, FrameTooLarge, InvalidArgument, Jpeg, NoCamera, NotFound, Timeout};
        let kind = match error.kind {
            kind @ (InvalidArgument | Jpeg | NoCamera | NotFound | Timeout) => kind,
            FrameTooLarge => Jpeg,
            _ => Camera,
        };
        Self::new(kind, error.message)
    }
}

impl From<faceiot::Error> for Failure {
    fn from(error: faceiot::Error) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Python(error) => error,
            Failure::Ours { kind, message } => {
                Python::attach(|py| make(py, kind, &message).unwrap_or_else(|error| error))
            }
        }
    }
}

/// `faceiot.errors._make(kind, message)`, found once.
fn make(py: Python<'_>, kind: ErrorKind, message: &str) -> PyResult<PyErr> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = MAKE.import(py, "faceiot.errors", "_make")?;
    Ok(PyErr::from_value(make.call1((kind.name(), message))?))
}

/// `ERROR_KINDS`: the name of every kind with its number and whether it is worth trying again.
pub(crate) fn kinds(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let kinds = PyDict::new(py);
    for kind in ErrorKind::ALL {
        kinds.set_item(
            kind.name(),
            PyTuple::new(py, [kind.code()])?.add((kind.retryable(),))?,
        )?;
    }
    Ok(kinds)
}
