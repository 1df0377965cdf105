//! The CSI cameras of a Raspberry Pi: `rpicam-vid` runs all the time and its newest picture is kept.
//!
//! libcamera itself is not linked: its C++ interface breaks with every 0.x release, and a wheel has to run on all of
//! them. Each start pays for opening the camera and finding exposure and white balance, so the program is started once
//! and every photo is one of its stream.
//!
//! | module | answers |
//! |---|---|
//! | `process` | how is the program started, read, and ended for sure |
//! | `cameras` | which cameras does it know |

mod cameras;
mod process;

pub(crate) use cameras::list;

use std::path::{Path, PathBuf};

use faceiot_core::ErrorKind;

use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::source::{FrameSource, Lost, Mode, Stop, Wish};
use process::Process;

/// A running `rpicam-vid`.
pub(crate) struct Rpicam {
    process: Process,
    description: String,
    mode: Option<Mode>,
    wish: Wish,
    stop: Stop,
}

/// Opens the camera of this number (nothing: the first).
pub(crate) fn open(argument: &str, wish: &Wish, stop: &Stop) -> Result<Rpicam> {
    let camera = match argument {
        "" => None,
        number => Some(number.parse::<u32>().map_err(|_| {
            let words = format!("`{number}` is no number of a camera: use rpicam: or rpicam:1");
            Error::new(ErrorKind::InvalidArgument, words)
        })?),
    };
    let program = program()?;
    let mut arguments: Vec<String> = [
        "-t", "0", "-n", "--codec", "mjpeg", "-q", "85", "--flush", "-o", "-",
    ]
    .map(String::from)
    .into();
    let mut option = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
    if let Some(camera) = camera {
        option("--camera", camera.to_string());
    }
    if let Some((width, height)) = wish.size {
        // The encoder wants even sides; one pixel more is cut off afterwards.
        option("--width", width.next_multiple_of(2).to_string());
        option("--height", height.next_multiple_of(2).to_string());
    }
    if let Some(fps) = wish.fps {
        option("--framerate", fps.to_string());
    }
    let name = name_of(&program);
    let number = camera.map(|camera| format!(" {camera}")).unwrap_or_default();
    Ok(Rpicam {
        description: format!("Raspberry Pi camera{number} ({name})"),
        process: Process::start(program, arguments)?,
        mode: None,
        wish: *wish,
        stop: stop.clone(),
    })
}

impl FrameSource for Rpicam {
    fn next(&mut self) -> Result<Frame> {
        let frame = self.process.next(self.wish.timeout, &self.stop)?;
        self.mode = Some(Mode {
            width: frame.width(),
            height: frame.height(),
            format: "MJPG".into(),
            fps: self.wish.fps,
        });
        Ok(frame.with_source(&*self.description))
    }

    fn describe(&self) -> String {
        self.description.clone()
    }

    /// Known from the first frame on.
    fn mode(&self) -> Option<Mode> {
        self.mode.clone()
    }

    fn live(&self) -> bool {
        true
    }

    fn lost(&self) -> Lost {
        Lost {
            dropped: 0,
            damaged: self.process.damaged(),
        }
    }
}

/// The program, by its name of today or that of Raspberry Pi OS before Bookworm.
fn program() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = NAMES
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|program| is_program(program));
    found.ok_or_else(|| {
        Error::new(
            ErrorKind::NoCamera,
            "neither rpicam-vid nor libcamera-vid is installed: on a Raspberry Pi, `sudo apt install rpicam-apps-lite`",
        )
    })
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn name_of(program: &Path) -> String {
    program
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

const NAMES: [&str; 2] = ["rpicam-vid", "libcamera-vid"];
