//! Programs in Python that measure our package and its peers in one process, and print what came out.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::table::Table;

/// What a program measured: seconds of ours, seconds of the peer's.
#[derive(Deserialize)]
struct Row {
    what: String,
    peer: String,
    ours: f64,
    theirs: f64,
}

/// Runs a program of `tests/bench/peers` and puts its rows into the table, in this unit (its name, how many of it in a
/// second).
pub(crate) fn in_python(python: &Path, script: &str, unit: (&str, f64), table: &mut Table) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
    let output = Command::new(python)
        .arg(&path)
        .output()
        .context("cannot start Python")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {errors}", path.display());
    let rows: Vec<Row> = serde_json::from_slice(&output.stdout).context("what Python said")?;
    let (name, factor) = unit;
    for row in rows {
        table.less_is_better(&row.what, name, row.ours * factor, &row.peer, row.theirs * factor);
    }
    Ok(())
}
