//! How does a photo get its name?
//!
//! `photos/<first two hex digits>/<sha256>.jpg`. The octets go to a temporary file in the same folder, are synced, and
//! only then renamed; the folder is synced before the row is written. What a crash leaves behind ends in `.tmp`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use faceiot::{Error, Result};

/// The folder of the photos.
#[derive(Clone, Debug)]
pub(super) struct Files {
    root: PathBuf,
    #[cfg(test)]
    pub(super) faults: super::tests::Faults,
}

impl Files {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            #[cfg(test)]
            faults: super::tests::Faults::default(),
        }
    }

    /// Makes the folder when it is missing, and sweeps what a crash left behind.
    pub(super) fn prepare(&self) -> Result<()> {
        private_folder(&self.root)?;
        let swept = self.sweep().map_err(|error| self.failed(error))?;
        if swept > 0 {
            tracing::info!(files = swept, "removed unfinished photo files");
        }
        Ok(())
    }

    pub(super) fn path(&self, sha256: &str) -> PathBuf {
        let folder = sha256.get(..2).unwrap_or("00");
        self.root.join(folder).join(format!("{sha256}.jpg"))
    }

    /// Brings photos to disk under their names: when this returns, they are there after a power cut.
    ///
    /// Up to [`LANES`] at a time, so that their syncs share the disk's commits.
    pub(super) fn store(&self, photos: &[(&str, &[u8])]) -> Result<()> {
        // Each file once: two lanes that write the same one would be in each other's way.
        let photos: Vec<(&str, &[u8])> = photos
            .iter()
            .copied()
            .collect::<BTreeMap<_, _>>()
            .into_iter()
            .collect();
        let lane = photos.len().div_ceil(LANES).max(1);
        let results: Vec<io::Result<()>> = std::thread::scope(|scope| {
            let mut lanes = photos.chunks(lane);
            let mine = lanes.next().unwrap_or_default();
            let others: Vec<_> = lanes.map(|lane| scope.spawn(|| self.store_all(lane))).collect();
            let mut results = vec![self.store_all(mine)];
            let panicked = || io::Error::other("writing a photo panicked");
            results.extend(
                others
                    .into_iter()
                    .map(|lane| lane.join().unwrap_or_else(|_| Err(panicked()))),
            );
            results
        });
        results
            .into_iter()
            .collect::<io::Result<()>>()
            .map_err(|error| self.failed(error))?;
        let folders: BTreeSet<_> = photos
            .iter()
            .filter_map(|(sha256, _)| self.path(sha256).parent().map(Path::to_owned))
            .collect();
        folders
            .iter()
            .try_for_each(|folder| sync_folder(folder))
            .map_err(|error| self.failed(error))
    }

    fn store_all(&self, photos: &[(&str, &[u8])]) -> io::Result<()> {
        photos
            .iter()
            .try_for_each(|(sha256, octets)| self.store_one(&self.path(sha256), octets))
    }

    fn store_one(&self, path: &Path, octets: &[u8]) -> io::Result<()> {
        // The name is the sum of the octets, and a file has its name only when it is whole.
        if path.exists() {
            return Ok(());
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
            match DirBuilder::new().mode(0o700).create(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => sync_folder(&self.root)?,
            }
        }
        let temporary = path.with_extension(TEMPORARY);
        #[cfg(test)]
        self.faults.before_write()?;
        let written = write_synced(&temporary, octets).and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary); // best effort: what stays is swept at the next start
        }
        written
    }

    fn sweep(&self) -> io::Result<usize> {
        let mut swept = 0;
        for folder in fs::read_dir(&self.root)? {
            let folder = folder?.path();
            if !folder.is_dir() {
                continue;
            }
            for file in fs::read_dir(&folder)? {
                let file = file?.path();
                if file.extension().is_some_and(|ext| ext == TEMPORARY) {
                    fs::remove_file(&file)?;
                    swept += 1;
                }
            }
        }
        Ok(swept)
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::from(error).context(format!("photo folder `{}`", self.root.display()))
    }
}

/// Makes a folder that only its owner can read, when it is missing.
pub(super) fn private_folder(path: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Error::from(error).context(format!("folder `{}`", path.display())))
}

fn write_synced(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(octets)?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

const TEMPORARY: &str = "tmp";

/// Syncs at a time: enough that one commit of the file system serves several photos.
const LANES: usize = 4;
