//! Where a secret may come from: a file, the environment, standard input; never the command line, which every user of the
//! computer can read with `ps`, and which the shell writes into its history.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use faceiot::{ErrorKind, Secret};

use crate::failure::Failure;
use crate::out::note;

/// The options that say where the secret is.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SecretArgs {
    /// Read the secret from this file (its last line break is not part of it)
    #[arg(long, value_name = "FILE", conflicts_with = "secret")]
    secret_file: Option<PathBuf>,

    /// `-`: read the secret from standard input. A secret itself is refused here: others could read it
    // Kept as a secret and refused later: a parser's own error would repeat what was typed.
    #[arg(long, value_name = "-", value_parser = |text: &str| Ok::<_, String>(Secret::from(text)), allow_hyphen_values = true)]
    secret: Option<Secret>,
}

impl SecretArgs {
    /// The secret these options or `variable` name; `None` when none of them is given.
    pub(crate) fn read(&self, variable: &str) -> Result<Option<Secret>, Failure> {
        if let Some(path) = &self.secret_file {
            warn_when_others_can_read(path);
            let file = File::open(path)
                .map_err(|error| Failure::from(faceiot::Error::from(error)))
                .map_err(|failure| failure.at(format_args!("`{}`", path.display())))?;
            return secret(file, &format!("`{}`", path.display())).map(Some);
        }
        if let Some(given) = &self.secret {
            if given.expose() != "-" {
                return Err(Failure::usage("a secret on the command line can be read by every user of this computer")
                    .todo("use --secret-file FILE, or `--secret -` and type it in; then get a new secret, for this one was shown"));
            }
            let input = io::stdin().lock();
            if input.is_terminal() {
                note("type the secret, then Enter (it can be seen)");
                // A terminal has no end: one line is all there is.
                let mut line = String::new();
                input
                    .take(LONGEST + 1)
                    .read_line(&mut line)
                    .map_err(|error| unreadable(&error, "standard input"))?;
                return secret(line.as_bytes(), "standard input").map(Some);
            }
            return secret(input, "standard input").map(Some);
        }
        match std::env::var(variable) {
            Ok(text) if !text.is_empty() => Ok(Some(Secret::from(text))),
            Ok(_) | Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(Failure::usage(format!("`{variable}` is not UTF-8")).todo("set it again"))
            }
        }
    }
}

/// Says so on standard error when a file with a secret in it can be read by others.
pub(crate) fn warn_when_others_can_read(path: &Path) {
    if let Some(mode) = open_mode(path) {
        note(format!(
            "warning: `{0}` can be read by others (mode {mode:04o}); run `chmod 600 {0}`",
            path.display()
        ));
    }
}

/// The mode of a file that group or others can read or write; `None` when nobody else can, or there is no such notion.
#[cfg(unix)]
pub(crate) fn open_mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
pub(crate) fn open_mode(_path: &Path) -> Option<u32> {
    None
}

fn secret(from: impl Read, place: &str) -> Result<Secret, Failure> {
    let mut text = String::new();
    from.take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(|error| unreadable(&error, place))?;
    if text.len() as u64 > LONGEST {
        return Err(Failure::usage(format!(
            "what {place} holds is too long for a secret (over {LONGEST} bytes)"
        )));
    }
    let text = text
        .strip_suffix('\n')
        .map_or(text.as_str(), |rest| rest.strip_suffix('\r').unwrap_or(rest));
    if text.is_empty() {
        return Err(Failure::usage(format!("{place} holds no secret"))
            .todo("write the secret as its first and only line"));
    }
    Ok(Secret::from(text))
}

fn unreadable(error: &io::Error, place: &str) -> Failure {
    Failure::new(
        ErrorKind::Io,
        format!("cannot read a secret from {place}: {error}"),
    )
}

/// The longest secret any of the clouds issues is 64 characters; this leaves room and ends a wrong file early.
const LONGEST: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_at_the_end_is_not_part_of_the_secret() {
        for text in ["s3cret", "s3cret\n", "s3cret\r\n"] {
            assert_eq!(
                secret(text.as_bytes(), "x")
                    .map(|s| s.expose().to_owned())
                    .ok()
                    .as_deref(),
                Some("s3cret")
            );
        }
        assert!(secret(&b"\n"[..], "x").is_err());
        assert!(secret(io::repeat(b'a'), "x").is_err());
    }
}
