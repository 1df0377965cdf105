//! The `faceiot` command, for the console script that the wheel installs.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the `faceiot` command.
///
/// Args:
///     argv: The command line, the program's name first.
///
/// Returns:
///     The exit code.
#[pyfunction]
pub(crate) fn cli_main(py: Python<'_>, argv: Vec<OsString>) -> i32 {
    py.detach(|| faceiot_cli::run(argv))
}
