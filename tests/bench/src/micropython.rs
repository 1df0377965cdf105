//! The MicroPython port in a real MicroPython: chunks, a login, messages a second, and the heap that a photo takes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::table::Table;

const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/micropython_port.py");

/// What the script measured, both sides in one run.
#[derive(Deserialize)]
struct Measured {
    rows: Vec<Row>,
    /// Format, octets of data in a chunk, octets of heap.
    heap: Vec<(String, usize, usize)>,
}

#[derive(Deserialize)]
struct Row {
    what: String,
    unit: String,
    ours: f64,
    peer: String,
    theirs: f64,
    more_is_better: bool,
}

/// Fills the table; gives the heap as a second one. `native` is the folder of the C module as a `.mpy`, if there is one.
pub(crate) fn measure(python: &Path, native: Option<&Path>, table: &mut Table) -> Result<String> {
    let mut command = Command::new(python);
    command.arg(PEER);
    if let Some(folder) = native {
        command.arg("--native").arg(folder);
    }
    let output = command.output().context("cannot start Python")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{PEER}: {errors}");
    let measured: Measured = serde_json::from_slice(&output.stdout).context("what Python said")?;
    for row in measured.rows {
        let add = if row.more_is_better {
            Table::more_is_better
        } else {
            Table::less_is_better
        };
        add(table, &row.what, &row.unit, row.ours, &row.peer, row.theirs);
    }
    Ok(heap(&measured.heap))
}

fn heap(rows: &[(String, usize, usize)]) -> String {
    let head = "| MicroPython, pure, 64-bit: a photo of 200 KB | octets in a chunk | heap at its highest |\n|---|--:|--:|";
    rows.iter().fold(head.to_owned(), |text, (format, size, octets)| {
        format!("{text}\n| {format} | {size} | {octets} |")
    })
}
