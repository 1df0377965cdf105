//! The `faceiot` program: everything is in the library, so that the Python package's console script runs the same code.

use std::process::ExitCode;

fn main() -> ExitCode {
    let status = faceiot_cli::run(std::env::args_os());
    ExitCode::from(u8::try_from(status).unwrap_or(1))
}
