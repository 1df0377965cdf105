//! What machine this is, and what a process on it uses: read from /proc.

use std::fs;

use anyhow::{Context as _, Result};

/// The load averages of 1, 5 and 15 minutes, as the system writes them.
pub(crate) fn load() -> Result<String> {
    let text = fs::read_to_string("/proc/loadavg").context("/proc/loadavg")?;
    Ok(text.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

/// Processor, cores, memory, kernel, and how busy it was before and after.
pub(crate) fn describe(before: &str) -> Result<String> {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|_| "unknown processor".to_owned());
    let memory = kibibytes("/proc/meminfo", "MemTotal")? / 1024 / 1024;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(format!(
        "{processor}, {cores} cores, {memory} GiB, Linux {}; load average before {before}, after {}\n",
        kernel.trim(),
        load()?
    ))
}

/// Memory of a process in MiB.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Resident now.
    pub(crate) now: f64,
    /// The most that was ever resident.
    pub(crate) peak: f64,
}

/// Reads the memory of a process.
#[expect(clippy::cast_precision_loss, reason = "kibibytes of memory are far from 2^52")]
pub(crate) fn memory(pid: u32) -> Result<Memory> {
    let path = format!("/proc/{pid}/status");
    let mebibytes = |name| kibibytes(&path, name).map(|value| value as f64 / 1024.0);
    Ok(Memory {
        now: mebibytes("VmRSS")?,
        peak: mebibytes("VmHWM")?,
    })
}

fn kibibytes(path: &str, name: &str) -> Result<u64> {
    let value = field(path, name)?;
    value
        .trim_end_matches("kB")
        .trim()
        .parse()
        .with_context(|| format!("`{name}` in {path} is `{value}`"))
}

fn field(path: &str, name: &str) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .with_context(|| format!("no `{name}` in {path}"))?;
    Ok(line.trim_start_matches([' ', '\t', ':']).trim().to_owned())
}
