//! `faceiot.sign.explain`.

use pyo3::prelude::*;

/// Says where two strings to sign, or better two canonical requests, differ.
///
/// Give it what one side signed and what the other one signs for the same request; never a signature. Values of tokens are
/// masked.
///
/// Args:
///     signed: The text that the sender signed.
///     received: The text that the receiver signs for the request that came.
///
/// Returns:
///     The first difference in words, in a list; an empty list when there is none: then the secrets differ.
///
/// Example:
///     >>> faceiot.sign.explain("PUT\ncontent-type:image/jpeg\n", "PUT\n\n")
///     ['header content-type: you signed "image/jpeg", the request carries none']
///     >>> faceiot.sign.explain("GET\n/\n", "GET\n/\n")
///     []
#[pyfunction]
#[pyo3(signature = (signed, received, /))]
pub(crate) fn explain(signed: &str, received: &str) -> Vec<String> {
    faceiot_core::sign::explain(signed, received)
        .into_iter()
        .map(|difference| difference.to_string())
        .collect()
}
