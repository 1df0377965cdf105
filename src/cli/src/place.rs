//! Where things are on this computer: the local cloud's folder, the user's configuration, and a cloud that runs.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use faceiot::ErrorKind;
use faceiot::http::Client;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The option of every command that works on the local cloud's folder.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DataArgs {
    /// The local cloud's folder [default: faceiot in the user's data folder, such as ~/.local/share/faceiot]
    #[arg(long, value_name = "FOLDER", env = "FACEIOT_DATA", hide_env_values = true)]
    pub(crate) data: Option<PathBuf>,
}

impl DataArgs {
    /// The folder that is meant; it need not exist.
    pub(crate) fn folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.data {
            return Ok(folder.clone());
        }
        user_folder("XDG_DATA_HOME", ".local/share", "LOCALAPPDATA")
            .map(|folder| folder.join("faceiot"))
            .ok_or_else(|| {
                Failure::usage("this user has no home folder")
                    .todo("name the local cloud's folder with --data")
            })
    }
}

/// The user's folder of configuration files for this program.
pub(crate) fn config_folder() -> Option<PathBuf> {
    user_folder("XDG_CONFIG_HOME", ".config", "APPDATA").map(|folder| folder.join("faceiot"))
}

/// The XDG base directory (which must be absolute to count), its default below the home folder, or Windows' own.
fn user_folder(variable: &str, below_home: &str, windows: &str) -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if cfg!(windows) {
        return absolute(windows);
    }
    absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(below_home)))
}

/// The options of every command that talks to a running local cloud.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct CloudArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,

    /// The local cloud's HTTP address [default: the one that runs in its folder]
    #[arg(long, env = "FACEIOT_URL")]
    url: Option<String>,

    /// The file with the local cloud's token [default: api.token in its folder]
    #[arg(long, value_name = "FILE", env = "FACEIOT_TOKEN_FILE", hide_env_values = true)]
    token_file: Option<PathBuf>,
}

impl CloudArgs {
    /// A client of that cloud, with its token.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let folder = self.data.folder()?;
        let base = match &self.url {
            Some(url) => url.clone(),
            None => Running::read(&folder)
                .map(|running| running.http)
                .ok_or_else(|| {
                    Failure::new(
                        ErrorKind::NotFound,
                        format!("no local cloud runs in `{}`", folder.display()),
                    )
                    .todo("start one with `faceiot up`, or say where it is with --data or --url")
                })?,
        };
        let path = self
            .token_file
            .clone()
            .unwrap_or_else(|| folder.join("api.token"));
        let token = fs::read_to_string(&path).map_err(|error| {
            Failure::from(faceiot::Error::from(error))
                .at(format_args!("`{}`", path.display()))
                .todo("name the cloud's folder with --data, or its token with --token-file")
        })?;
        Ok(Client::new(&base, Some(token.trim()), None)?)
    }
}

/// What to do when a local cloud does not answer over HTTP.
pub(crate) fn unreachable_cloud(error: faceiot::Error) -> Failure {
    let kind = error.kind();
    let failure = Failure::from(error);
    match kind {
        ErrorKind::ConnectionRefused => {
            failure.todo("is it running? `faceiot up` starts it; --data or --url say where it is")
        }
        ErrorKind::Refused => {
            failure.todo("the token is another cloud's: name the folder with --data, or --token-file")
        }
        _ => failure,
    }
}

/// What a running `faceiot up` says about itself to the other commands, in `running.json` of its folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) pid: u32,
    pub(crate) http: String,
    pub(crate) mqtt: Option<SocketAddr>,
    pub(crate) mqtts: Option<SocketAddr>,
}

impl Running {
    /// The note of the cloud that last started in this folder. It may be gone: a killed one leaves its note behind.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(NOTE)).ok()?).ok()
    }

    /// Leaves the note, whole or not at all.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let text = serde_json::to_vec(self)
            .map_err(|error| Failure::new(ErrorKind::Json, format!("cannot write `{NOTE}`: {error}")))?;
        write_private(&folder.join(NOTE), &text)
    }

    /// Takes the note away again, if it is ours.
    pub(crate) fn remove(&self, folder: &Path) {
        if Self::read(folder).is_some_and(|other| other.pid == self.pid) {
            let _ = fs::remove_file(folder.join(NOTE));
        }
    }
}

/// Writes a file whole or not at all, under a name that only appears when it is complete; `0600` from its first moment.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let at = |error: io::Error| {
        Failure::from(faceiot::Error::from(error)).at(format_args!("`{}`", path.display()))
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = write_synced(&part, bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written.map_err(at)?;
    // The name itself is on disk only when its folder is; not every file system can, and then there is no more to do.
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

const NOTE: &str = "running.json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_back_closed_to_others_and_taken_away_by_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let note = Running {
            pid: 7,
            http: "http://127.0.0.1:1".into(),
            mqtt: None,
            mqtts: None,
        };
        note.write(folder.path()).unwrap();
        #[cfg(unix)]
        assert_eq!(crate::secret::open_mode(&folder.path().join(NOTE)), None);
        Running {
            pid: 8,
            ..note.clone()
        }
        .remove(folder.path());
        assert_eq!(
            Running::read(folder.path()).map(|found| found.http),
            Some(note.http.clone())
        );
        note.remove(folder.path());
        assert!(Running::read(folder.path()).is_none());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
