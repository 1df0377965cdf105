//! Hops "disk" and "store": the local cloud's folder.

use std::path::{Path, PathBuf};

use faceiot_local::Registry;

use super::Outcome;
use crate::secret::open_mode;

/// Whether there is room for photos where the folder is, or will be.
pub(super) fn disk(folder: &Path, min_free_mb: u64) -> Outcome {
    let existing = nearest(folder);
    let place = existing.display();
    match rustix::fs::statvfs(&existing) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize) >> 20;
            if free < min_free_mb {
                return Outcome::failed(
                    format!("{free} MB are free at `{place}`, wanted are {min_free_mb}"),
                    "free some space, or move the folder with --data",
                );
            }
            if stat.f_files > 0 && stat.f_favail == 0 {
                return Outcome::failed(
                    format!("no file can be made at `{place}`: no inodes are left"),
                    "remove some files",
                );
            }
            Outcome::ok(format!("{free} MB are free at `{place}`"))
        }
        Err(error) => Outcome::failed(
            format!("`{place}`: {error}"),
            "name a folder that can be read with --data",
        ),
    }
}

/// Whether the local cloud's folder is there, closed to others, readable and writable.
pub(super) async fn store(folder: &Path, expected: bool) -> Outcome {
    let place = format!("`{}`", folder.display());
    let registry_file = folder.join("registry.db");
    if !registry_file.is_file() {
        return if expected {
            Outcome::failed(
                format!("there is no local cloud in {place}"),
                "start one with `faceiot up`, or name its folder with --data",
            )
        } else {
            Outcome::skipped(format!("there is no local cloud in {place}, and none is needed"))
        };
    }
    for path in [registry_file, folder.join("api.token")] {
        if let Some(mode) = open_mode(&path) {
            return Outcome::failed(
                format!("`{}` can be read by others (mode {mode:04o})", path.display()),
                format!("run `chmod 600 {}`", path.display()),
            );
        }
    }
    if let Err(error) = writable(folder) {
        return Outcome::failed(
            format!("{place} cannot be written: {error}"),
            "look at its owner, its mode and the disk",
        );
    }
    let registry = match Registry::open(folder).await {
        Ok(registry) => registry,
        Err(error) => {
            return Outcome::failed(
                error.to_string(),
                "restore the folder from a backup, or move it away to start anew",
            );
        }
    };
    let devices = registry.list().await;
    registry.close().await;
    match devices {
        Ok(devices) if devices.is_empty() => Outcome::ok(format!("{place}, no devices yet")),
        Ok(devices) => Outcome::ok(format!("{place}, devices: {}", devices.len())),
        Err(error) => Outcome::failed(
            error.to_string(),
            "restore the folder from a backup, or move it away to start anew",
        ),
    }
}

/// The folder itself, or the first one above it that exists.
fn nearest(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    absolute
        .ancestors()
        .find(|path| path.exists())
        .unwrap_or(&absolute)
        .to_owned()
}

/// Writes and removes a file: modes alone do not tell (a read-only mount, a full disk, root).
fn writable(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!("doctor.{}.part", std::process::id()));
    let written = std::fs::write(&path, [0; 4096]).and_then(|()| std::fs::File::open(&path)?.sync_all());
    let removed = std::fs::remove_file(&path);
    written.and(removed)
}
