//! What a command says: lines for a person, one JSON document a line for a program, progress only on a terminal.
//!
//! Everything is written through a lock and with its errors looked at: `faceiot device list | head -1` ends quietly when
//! the pipe closes, instead of panicking as `println!` does.

use std::io::{self, IsTerminal, Write};

use faceiot::ErrorKind;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::json;

use crate::failure::{Failure, exit};

/// Where a command writes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// One line for a person to standard output; nothing with `--json`, where only documents are wanted.
    pub(crate) fn line(self, text: impl AsRef<str>) -> Result<(), Failure> {
        if self.json { Ok(()) } else { write(text.as_ref()) }
    }

    /// One JSON document on one line to standard output; nothing without `--json`.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        let text = serde_json::to_string(value).map_err(|error| {
            Failure::new(
                ErrorKind::Json,
                format!("cannot write the answer as JSON: {error}"),
            )
        })?;
        write(&text)
    }

    /// The end of a command that failed: one line on standard error; with `--json` the same as a document as well.
    pub(crate) fn failure(self, failure: &Failure) {
        if failure.silent {
            return;
        }
        note(format!("error: {failure}"));
        let _ = self.json(&json!({"error": {
            "kind": failure.kind.name(), "code": failure.kind.code(), "message": failure.message, "todo": failure.todo,
        }}));
    }

    /// A bar on standard error, when that is a terminal and nobody asked for JSON; otherwise one that draws nothing.
    pub(crate) fn bar(self, total: u64, what: &str) -> ProgressBar {
        let shown = !self.json && io::stderr().is_terminal();
        let target = if shown {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        // The template is a constant: a mistake in it shows as the plain bar, never as a panic.
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} chunks {elapsed}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what.to_owned());
        bar
    }
}

/// A remark to standard error. Nobody listening there is no reason to fail.
pub(crate) fn note(text: impl AsRef<str>) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{}", text.as_ref());
}

fn write(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| closed(&error))
}

/// Columns of equal width, two spaces apart; the columns named in `right` are aligned to the right.
pub(crate) fn table(rows: &[Vec<String>], right: &[usize]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, &width))| {
                    if right.contains(&column) {
                        format!("{cell:>width$}")
                    } else {
                        format!("{cell:<width$}")
                    }
                })
                .collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect()
}

/// Whether colours are wanted on standard output: a terminal, and no `NO_COLOR` (<https://no-color.org>).
pub(crate) fn colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn closed(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        // The reader has seen enough: not a failure of this command.
        return Failure::told(exit::OK);
    }
    Failure::new(ErrorKind::Io, format!("cannot write to standard output: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_its_columns_up() {
        let rows = vec![
            vec!["device".to_owned(), "bytes".to_owned()],
            vec!["aliyun:pk:dn".to_owned(), "7".to_owned()],
        ];
        assert_eq!(table(&rows, &[1]), ["device        bytes", "aliyun:pk:dn      7"]);
    }
}
