//! JSON values to and from Python objects, by Python's own `json`: its rules and its error messages.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};
use serde_json::Value;

use crate::errors::{Failure, Result};
use faceiot_core::ErrorKind;

/// A Python object as JSON. `NaN` and infinities are refused: no cloud takes them.
pub(crate) fn from_python(object: &Bound<'_, PyAny>) -> Result<Value> {
    static DUMPS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let options = PyDict::new(py);
    options.set_item("allow_nan", false)?;
    options.set_item("ensure_ascii", false)?;
    let text = DUMPS
        .import(py, "json", "dumps")?
        .call((object,), Some(&options))?;
    let text = text.cast_into::<PyString>().map_err(PyErr::from)?;
    serde_json::from_str(text.to_str()?).map_err(|error| Failure::new(ErrorKind::Json, error.to_string()))
}

/// JSON as Python objects.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> Result<Bound<'py, PyAny>> {
    static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    Ok(LOADS.import(py, "json", "loads")?.call1((value.to_string(),))?)
}
