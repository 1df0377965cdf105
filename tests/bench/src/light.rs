//! How heavy the Python package is: the wheel's size, and what `import faceiot` costs in a fresh process.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::table::Table;

const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/import_cost.py");
/// What DESIGN allows.
const WHEEL_MEGABYTES: f64 = 25.0;
const IMPORT_MILLISECONDS: f64 = 50.0;
const IMPORT_MEBIBYTES: f64 = 15.0;
const ROUNDS: usize = 9;

#[derive(Deserialize)]
struct Cost {
    seconds: f64,
    mebibytes: f64,
}

pub(crate) fn measure(python: &Path, wheel: Option<&Path>, table: &mut Table) -> Result<()> {
    if let Some(wheel) = wheel {
        #[expect(clippy::cast_precision_loss, reason = "a wheel is far from 2^52 octets")]
        let megabytes = std::fs::metadata(wheel)
            .with_context(|| wheel.display().to_string())?
            .len() as f64
            / 1e6;
        table.less_is_better("wheel", "MB", megabytes, "the limit", WHEEL_MEGABYTES);
    }
    let (ours, theirs) = (import(python, "faceiot")?, import(python, "paho.mqtt.client")?);
    let name = "Python: import paho.mqtt.client";
    let milliseconds = |cost: &Cost| cost.seconds * 1e3;
    table.less_is_better(
        "import faceiot",
        "ms",
        milliseconds(&ours),
        "the limit",
        IMPORT_MILLISECONDS,
    );
    table.less_is_better(
        "import faceiot",
        "ms",
        milliseconds(&ours),
        name,
        milliseconds(&theirs),
    );
    table.less_is_better(
        "import faceiot, memory added",
        "MiB",
        ours.mebibytes,
        "the limit",
        IMPORT_MEBIBYTES,
    );
    table.less_is_better(
        "import faceiot, memory added",
        "MiB",
        ours.mebibytes,
        name,
        theirs.mebibytes,
    );
    Ok(())
}

/// The median of several fresh processes, after one that warms the disk's cache.
fn import(python: &Path, module: &str) -> Result<Cost> {
    let mut costs = Vec::new();
    for _ in 0..=ROUNDS {
        let output = Command::new(python)
            .args(["-I", PEER, module])
            .output()
            .context("cannot start Python")?;
        ensure!(
            output.status.success(),
            "import {module}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        costs.push(serde_json::from_slice::<Cost>(&output.stdout)?);
    }
    costs.remove(0);
    let median = |value: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Ok(Cost {
        seconds: median(|cost| cost.seconds),
        mebibytes: median(|cost| cost.mebibytes),
    })
}
