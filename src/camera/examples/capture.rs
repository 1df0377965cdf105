//! Takes frames from a source and prints a line for each: what the crate does with a camera, without anything around
//! it. The virtual machine of tests/vm runs it against real drivers.
//!
//! ```text
//! capture --list
//! capture v4l2:/dev/video0 --size 1280x720 --fps 30 --count 30 --save photos
//! capture v4l2:/dev/video0 --controls
//! capture v4l2:/dev/video0 --set brightness=100 --after 10:hue=5 --count 60 --supervise 3
//! ```
//!
//! `--after N:NAME=VALUE` sets a control after N frames; `--columns N` prints N colours of the first frame's lower
//! part, from left to right; `--supervise N` has `Camera` read the source, which opens it again up to N times when it
//! fails; `--timeout S`.
#![expect(clippy::print_stdout, reason = "printing is what this command is for")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use faceiot_camera::{
    Camera, Control, Error, ErrorKind, Frame, FrameSource, Mode, Options, Result, Statistics, Wish, open_with,
};

fn main() -> ExitCode {
    match Arguments::parse(std::env::args().skip(1)).and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error {}: {error}", error.kind.name());
            ExitCode::FAILURE
        }
    }
}

#[derive(Default)]
struct Arguments {
    source: String,
    list: bool,
    controls: bool,
    count: u64,
    columns: u32,
    wish: Wish,
    /// After how many frames, which control, what value.
    set: Vec<(u64, String, i64)>,
    save: Option<String>,
    supervise: Option<u32>,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut given = Self {
            count: 1,
            ..Self::default()
        };
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .ok_or_else(|| wrong(&format!("{word} wants a value")))
            };
            match word.as_str() {
                "--list" => given.list = true,
                "--controls" => given.controls = true,
                "--count" => given.count = number(&value()?)?,
                "--columns" => given.columns = number(&value()?)?,
                "--fps" => given.wish.fps = Some(number(&value()?)?),
                "--timeout" => given.wish.timeout = Duration::from_secs(number(&value()?)?),
                "--save" => given.save = Some(value()?),
                "--supervise" => given.supervise = Some(number(&value()?)?),
                "--size" => {
                    let (width, height) = split(&value()?, 'x')?;
                    given.wish.size = Some((number(&width)?, number(&height)?));
                }
                "--set" | "--after" => {
                    let text = value()?;
                    let (frames, setting) = if word == "--set" {
                        (0, text)
                    } else {
                        let (frames, setting) = split(&text, ':')?;
                        (number(&frames)?, setting)
                    };
                    let (name, value) = split(&setting, '=')?;
                    given.set.push((frames, name, number(&value)?));
                }
                _ if word.starts_with("--") => return Err(wrong(&format!("there is no option {word}"))),
                _ => given.source = word,
            }
        }
        Ok(given)
    }
}

fn run(given: &Arguments) -> Result<()> {
    if given.list {
        for found in faceiot_camera::list() {
            let state = if found.usable { "usable" } else { "not usable" };
            println!(
                "camera {} [{}] {} - {state}: {}",
                found.spec, found.driver, found.name, found.why
            );
            for mode in &found.modes {
                println!("  mode {mode}");
            }
        }
        return Ok(());
    }
    let mut input = Input::open(given)?;
    println!("source {}", input.describe());
    if let Some(mode) = input.mode() {
        println!("mode {mode}");
    }
    if given.controls {
        for control in input.controls()? {
            println!("control {control:?}");
        }
    }
    let began = Instant::now();
    for index in 0..given.count {
        for (_, name, value) in given.set.iter().filter(|(after, ..)| *after == index) {
            input.set_control(name, *value)?;
            println!("set {name}={value}");
        }
        let frame = input.next()?;
        let so_far = input.statistics();
        println!(
            "frame {index} number {} {}x{} dropped {} damaged {} restarts {}",
            frame.sequence(),
            frame.width(),
            frame.height(),
            so_far.dropped,
            so_far.damaged,
            so_far.restarts
        );
        if index == 0 && given.columns > 0 {
            println!("colours {:?}", colours(&frame, given.columns)?);
        }
        if let Some(folder) = &given.save {
            let path = format!("{folder}/{index:04}.jpg");
            std::fs::write(&path, frame.jpeg()?)
                .map_err(|error| Error::new(ErrorKind::Io, format!("`{path}`: {error}")))?;
        }
    }
    println!(
        "done {} frames in {:.3} s",
        given.count,
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

/// The source itself, or a camera that looks after it.
enum Input {
    Source(Box<dyn FrameSource>),
    Camera(Box<Camera>),
}

impl Input {
    fn open(given: &Arguments) -> Result<Self> {
        Ok(match given.supervise {
            None => Self::Source(open_with(&given.source, &given.wish)?),
            Some(retries) => Self::Camera(Box::new(Camera::open(Options {
                source: given.source.clone(),
                wish: given.wish,
                retries,
                ..Options::default()
            })?)),
        })
    }

    fn describe(&self) -> String {
        match self {
            Self::Source(source) => source.describe(),
            Self::Camera(camera) => camera.describe().to_owned(),
        }
    }

    fn mode(&self) -> Option<Mode> {
        match self {
            Self::Source(source) => source.mode(),
            Self::Camera(camera) => camera.mode(),
        }
    }

    fn controls(&mut self) -> Result<Vec<Control>> {
        match self {
            Self::Source(source) => source.controls(),
            Self::Camera(camera) => camera.controls(),
        }
    }

    fn set_control(&mut self, name: &str, value: i64) -> Result<()> {
        match self {
            Self::Source(source) => source.set_control(name, value),
            Self::Camera(camera) => camera.set_control(name, value),
        }
    }

    fn next(&mut self) -> Result<Frame> {
        match self {
            Self::Source(source) => source.next(),
            Self::Camera(camera) => camera.capture(),
        }
    }

    fn statistics(&self) -> Statistics {
        match self {
            Self::Source(source) => {
                let lost = source.lost();
                Statistics {
                    dropped: lost.dropped,
                    damaged: lost.damaged,
                    ..Statistics::default()
                }
            }
            Self::Camera(camera) => camera.statistics(),
        }
    }
}

/// The pixels in the middle of `columns` equal columns, three quarters of the way down.
fn colours(frame: &Frame, columns: u32) -> Result<Vec<[u8; 3]>> {
    let rgb = frame.decode_rgb()?;
    let row = frame.height() * 3 / 4 * frame.width();
    let pixel = |column| {
        let at = (row + (2 * column + 1) * frame.width() / (2 * columns)) as usize * 3;
        rgb.get(at..at + 3)
            .and_then(|pixel| pixel.try_into().ok())
            .unwrap_or_default()
    };
    Ok((0..columns).map(pixel).collect())
}

fn split(text: &str, at: char) -> Result<(String, String)> {
    let (left, right) = text
        .split_once(at)
        .ok_or_else(|| wrong(&format!("`{text}` has no `{at}`")))?;
    Ok((left.to_owned(), right.to_owned()))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| wrong(&format!("`{text}` is no number")))
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
