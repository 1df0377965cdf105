//! How a command ends when it does not succeed: one line that says what was wrong and what to do, and an exit code.

use std::fmt;

use faceiot::{Error, ErrorKind};

/// Exit codes. They are part of the interface: scripts depend on them, `--help` lists them.
pub(crate) mod exit {
    /// Everything that was asked for happened.
    pub(crate) const OK: i32 = 0;
    /// It was tried and did not work.
    pub(crate) const FAILED: i32 = 1;
    /// The command line or the configuration was not understood; nothing was tried.
    pub(crate) const USAGE: i32 = 2;
    /// Ctrl-C: 128 + SIGINT, as shells report it.
    pub(crate) const INTERRUPTED: i32 = 130;
}

/// Why a command ended, for a person (`Display`), a program (`--json`) and the shell (`exit`).
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: i32,
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    /// What the reader can do about it, an imperative clause.
    pub(crate) todo: Option<String>,
    /// Already told (a table that says "failed"), or nobody is left to tell (a closed pipe).
    pub(crate) silent: bool,
}

impl Failure {
    /// Something was tried and did not work.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            exit: exit::FAILED,
            kind,
            message: message.into(),
            todo: None,
            silent: false,
        }
    }

    /// The command line or a configuration file says something that cannot be meant.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: exit::USAGE,
            ..Self::new(ErrorKind::InvalidArgument, message)
        }
    }

    /// The outcome is already on the screen; only the exit code is left to say.
    pub(crate) fn told(exit: i32) -> Self {
        Self {
            exit,
            silent: true,
            ..Self::new(ErrorKind::Store, "told above")
        }
    }

    /// Ctrl-C.
    pub(crate) fn interrupted() -> Self {
        Self {
            exit: exit::INTERRUPTED,
            silent: true,
            ..Self::new(ErrorKind::Closed, "interrupted")
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub(crate) fn todo(mut self, what: impl Into<String>) -> Self {
        self.todo = Some(what.into());
        self
    }

    /// Says where it happened: "`photo.jpg`: not a JPEG".
    #[must_use]
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&self.message))?;
        match &self.todo {
            Some(todo) => write!(f, "; {}", one_line(todo)),
            None => Ok(()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = error.kind();
        let failure = Self::new(kind, error.to_string());
        match advice(kind) {
            Some(todo) => failure.todo(todo),
            None => failure,
        }
    }
}

/// What usually helps, by kind. A command that knows better overwrites it.
fn advice(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Refused => {
            "compare the product key, device name or id and the secret with the cloud's console, or with `faceiot device list`"
        }
        ErrorKind::Dns => "check the host name and this computer's network",
        ErrorKind::ConnectionRefused => {
            "is the broker running there? `faceiot doctor` looks at every step, `faceiot up` starts a local one"
        }
        ErrorKind::Tls => {
            "--ca (or `ca` under [ENDPOINT]) names the authority, --host the name in the certificate; `faceiot doctor` shows both"
        }
        ErrorKind::Protocol => {
            "is this an MQTT port, and is --tls right for it? `faceiot doctor` looks at every step"
        }
        ErrorKind::DiskFull => "free some space and try again",
        _ => return None,
    })
}

/// A message from elsewhere may hold a line break; an error stays on one line.
fn one_line(text: &str) -> String {
    text.split(['\r', '\n'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_that_says_what_to_do() {
        let failure = Failure::new(ErrorKind::Config, "line 1\nline 2\r\n")
            .at("`iot.cfg`")
            .todo("write it again");
        assert_eq!(failure.to_string(), "`iot.cfg`: line 1 line 2; write it again");
        assert_eq!(failure.exit, 1);
    }

    #[test]
    fn exit_codes_are_what_help_says() {
        assert_eq!(Failure::usage("x").exit, 2);
        assert_eq!(Failure::interrupted().exit, 130);
        assert_eq!(exit::OK, 0);
    }
}
