//! The folder that a local cloud owns: who may read it, who uses it now, and where things are in it.
//!
//! ```text
//! registry.db        products, devices and their secrets, properties, photos' rows    0600
//! photos/            photo files, named by their SHA-256                              0700
//! journal/           what was acknowledged and is not yet a photo                     0700
//! tls/               ca.pem, ca.key, server.pem, server.key                           0700
//! api.token          the bearer token of the HTTP interface                           0600
//! lock               held, and naming the process, while a cloud runs
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use faceiot::{Error, ErrorKind, Result};

/// A data folder that exists and, as far as it is ours, can be read by its owner only.
#[derive(Clone, Debug)]
pub(crate) struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// Creates the folder when it is missing. An existing folder is closed to others only when it is empty or
    /// already holds a registry: the permissions of somebody's home folder are not ours to change. The files and
    /// folders inside are always closed.
    pub(crate) fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        let at = |e: io::Error| Error::from(e).context(format!("data folder `{}`", root.display()));
        if root.is_dir() {
            let ours = root.join("registry.db").exists() || fs::read_dir(&root).map_err(at)?.next().is_none();
            if ours {
                fs::set_permissions(&root, fs::Permissions::from_mode(0o700)).map_err(at)?;
            }
        } else {
            private_dir(&root).map_err(at)?;
        }
        Ok(Self { root })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The SQLite file, created empty and closed to others: SQLite gives its `-wal` and `-shm` the same mode.
    pub(crate) fn database(&self) -> Result<PathBuf> {
        let path = self.root.join("registry.db");
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .and_then(|file| file.set_permissions(fs::Permissions::from_mode(0o600)))
            .map_err(|e| Error::from(e).context(format!("registry `{}`", path.display())))?;
        Ok(path)
    }

    /// A folder inside, created with mode 0700.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.root.join(name);
        private_dir(&path)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o700)))
            .map_err(|e| Error::from(e).context(format!("folder `{}`", path.display())))?;
        Ok(path)
    }

    /// Takes the folder for this process. The lock is the kernel's (`flock`), so a killed owner leaves none behind;
    /// the number in the file only serves the message.
    ///
    /// # Errors
    /// `Store` when another process holds it, naming that process.
    pub(crate) fn lock(&self) -> Result<Lock> {
        let path = self.root.join("lock");
        let at = |e: io::Error| Error::from(e).context(format!("lock `{}`", path.display()));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(at)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // The owner may be between taking the lock and writing its number; then it has no name yet.
                let _ = Read::by_ref(&mut file).take(32).read_to_string(&mut owner);
                let owner = match owner.trim() {
                    "" => "another process".to_owned(),
                    pid => format!("process {pid}"),
                };
                return Err(Error::new(
                    ErrorKind::Store,
                    format!(
                        "data folder `{}` is in use by {owner}: stop it, or name another folder",
                        self.root.display()
                    ),
                ));
            }
            Err(TryLockError::Error(e)) => return Err(at(e)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(at)?;
        Ok(Lock { _file: file })
    }

    /// The bearer token of the HTTP interface, made at the first start.
    pub(crate) fn token(&self) -> Result<String> {
        let path = self.root.join("api.token");
        match fs::read_to_string(&path) {
            Ok(token) if token.trim().len() >= TOKEN_LEN => {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
                Ok(token.trim().to_owned())
            }
            Ok(_) => Err(Error::new(
                ErrorKind::Config,
                format!(
                    "`{}` holds no token of {TOKEN_LEN} characters; delete it to get a new one",
                    path.display()
                ),
            )),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let token = random_text(TOKEN_LEN)?;
                write_private(&path, format!("{token}\n").as_bytes())?;
                Ok(token)
            }
            Err(e) => Err(Error::from(e).context(format!("token `{}`", path.display()))),
        }
    }

    /// Octets that an ordinary process may still write to this folder's file system.
    pub(crate) fn free_bytes(&self) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(&self.root)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

/// The data folder is ours until this is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let next = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&next)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&next, path)?;
        if let Some(parent) = path.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|e| Error::from(e).context(format!("writing `{}`", path.display())))
}

/// Random text of the 62 letters and digits, from the operating system's source; 5.95 bits a character.
pub(crate) fn random_text(len: usize) -> Result<String> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(len);
    let mut pool = [0u8; 64];
    while text.len() < len {
        getrandom::fill(&mut pool).map_err(|e| {
            Error::new(
                ErrorKind::Io,
                format!("the operating system gives no random numbers: {e}"),
            )
        })?;
        // 248 = 4 * 62: the octets above are thrown away, otherwise the first eight letters would come more often.
        let fair = pool.iter().filter(|octet| **octet < 248);
        text.extend(
            fair.map(|octet| char::from(ALPHABET[usize::from(*octet) % 62]))
                .take(len - text.len()),
        );
    }
    Ok(text)
}

fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

const TOKEN_LEN: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn everything_inside_is_closed_to_others() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temp.path().join("a/b")).unwrap();
        dir.database().unwrap();
        dir.folder("tls").unwrap();
        let token = dir.token().unwrap();
        assert_eq!(token.len(), TOKEN_LEN);
        assert_eq!(dir.token().unwrap(), token, "the token is kept");
        for (path, wanted) in [
            ("", 0o700),
            ("registry.db", 0o600),
            ("tls", 0o700),
            ("api.token", 0o600),
        ] {
            assert_eq!(mode(&dir.root().join(path)), wanted, "{path}");
        }
    }

    #[test]
    fn a_folder_of_someone_else_keeps_its_mode() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("diary.txt"), "mine").unwrap();
        fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let dir = DataDir::open(temp.path()).unwrap();
        dir.database().unwrap();
        assert_eq!(mode(temp.path()), 0o755);
        assert_eq!(mode(&temp.path().join("registry.db")), 0o600);
    }

    #[test]
    fn a_second_owner_is_told_who_the_first_is() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temp.path()).unwrap();
        let held = dir.lock().unwrap();
        let error = dir.lock().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(
            error
                .message()
                .contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        drop(held);
        dir.lock().unwrap();
    }

    #[test]
    fn random_text_has_the_length_and_does_not_repeat() {
        let (a, b) = (random_text(43).unwrap(), random_text(43).unwrap());
        assert_eq!((a.len(), b.len()), (43, 43));
        assert_ne!(a, b);
        assert!(a.bytes().all(|c| c.is_ascii_alphanumeric()));
    }
}
