//! The `faceiot` command, as a library: [`run`] takes the arguments and gives the exit code back, so that the program and the
//! Python package's console script are the same code.
//!
//! It imports `faceiot-local`, `faceiot`, `faceiot-camera` and `faceiot-core`, and holds no protocol of its own: it reads what
//! the user says, calls them, and says what came of it.
//!
//! # Map
//!
//! | file | question |
//! |---|---|
//! | `args` | what can be said on the command line |
//! | `up`, `demo`, `device`, `send`, `capture`, `receive`, `command`, `run`, `sign`, `doctor` | one subcommand each, its options included |
//! | `config` (`endpoint`, `ini`), `secret` | which device: options, environment, the tutorial's `iot.cfg` |
//! | `place` | which folder, which running cloud |
//! | `out`, `logging` | answers on standard output (text or JSON), progress and the log on standard error |
//! | `failure` | one line that says what was wrong and what to do, and the exit code |
//! | `interrupt` | Ctrl-C and SIGTERM |
//!
//! # Flow
//!
//! `run` -> `args` (clap) -> a runtime -> the subcommand's `run(options, Output) -> Result<(), Failure>` -> exit code. Nothing
//! here calls `process::exit` or `print!`: a subcommand returns, so that connections are closed and files are whole.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | it was tried and failed |
//! | 2 | the command line or a configuration file was not understood |
//! | 10..19 | `doctor`: the first step that failed, see its `--help` |
//! | 130 | Ctrl-C |

mod args;
mod capture;
mod command;
mod config;
mod demo;
mod device;
mod doctor;
mod failure;
mod interrupt;
mod logging;
mod out;
mod place;
mod receive;
mod run;
mod secret;
mod send;
mod sign;
mod up;

use std::ffi::OsString;
use std::time::Duration;

use clap::Parser;
use clap::error::ErrorKind as Clap;
use tracing_subscriber::filter::LevelFilter;

use args::{Cli, Subcommands};
use faceiot::ErrorKind;
use failure::{Failure, exit};
use out::Output;

/// Runs the command and returns its exit code. The first argument is the program's name, as in `std::env::args_os`.
///
/// It may be called more than once in a process, from any thread, but not from inside an asynchronous runtime.
///
/// ```
/// assert_eq!(faceiot_cli::run(["faceiot", "--version"].map(Into::into)), 0);
/// assert_eq!(faceiot_cli::run(["faceiot", "no-such-thing"].map(Into::into)), 2);
/// ```
pub fn run(args: impl IntoIterator<Item = OsString>) -> i32 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output, mistakes to standard error; a closed one is nobody's loss.
            let _ = error.print();
            return match error.kind() {
                Clap::DisplayHelp | Clap::DisplayVersion => exit::OK,
                _ => exit::USAGE,
            };
        }
    };
    let out = Output {
        json: cli.global.json,
    };
    // A service tells what it does; a command that answers and ends speaks up only when something is wrong.
    let usual = if matches!(cli.command, Subcommands::Up(_)) {
        LevelFilter::INFO
    } else {
        LevelFilter::WARN
    };
    logging::start(logging::level(usual, cli.global.verbose, cli.global.quiet));
    match execute(cli.command, out) {
        Ok(()) => exit::OK,
        Err(failure) => {
            out.failure(&failure);
            failure.exit
        }
    }
}

fn execute(command: Subcommands, out: Output) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("faceiot")
        .build()
        .map_err(|error| Failure::new(ErrorKind::Io, format!("cannot start: {error}")))?;
    let result = runtime.block_on(async {
        match command {
            Subcommands::Up(command) => up::run(command, out).await,
            Subcommands::Demo(command) => demo::run(command, out).await,
            Subcommands::Device(command) => interrupt::or_interrupt(device::run(command, out)).await,
            Subcommands::Send(command) => interrupt::or_interrupt(send::run(command, out)).await,
            Subcommands::Capture(command) => interrupt::or_interrupt(capture::run(command, out)).await,
            Subcommands::Cameras(command) => interrupt::or_interrupt(capture::cameras(command, out)).await,
            Subcommands::Receive(command) => interrupt::or_interrupt(receive::run(command, out)).await,
            Subcommands::Command(command) => interrupt::or_interrupt(command::run(command, out)).await,
            Subcommands::Run(command) => run::run(&command),
            Subcommands::Sign(command) => sign::run(&command, out),
            Subcommands::Verify(command) => sign::verify(&command, out),
            Subcommands::Doctor(command) => interrupt::or_interrupt(doctor::run(command, out)).await,
        }
    });
    // A thread that waits for the user (a secret from a terminal) must not hold the end up.
    runtime.shutdown_timeout(Duration::from_secs(2));
    result
}

/// The README's Rust is run as a test of the documentation: this crate imports all that it shows.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
