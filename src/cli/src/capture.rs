//! `faceiot capture` and `faceiot cameras`: photos from cameras into files, and which cameras there are.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use faceiot_camera::{Camera, Control, Found, Frame, Options, Rotate, Transform, Wish, choose, list};
use serde_json::{Value, json};

use crate::failure::{Failure, exit};
use crate::out::{Output, note, table};
use crate::place::write_private;

/// Options of `faceiot capture`.
#[derive(Args, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct CaptureCommand {
    /// What to take photos with: auto, or one of the sources below
    #[arg(
        long,
        value_name = "SOURCE",
        env = "FACEIOT_CAMERA",
        hide_env_values = true,
        default_value = "auto"
    )]
    source: String,
    /// Where to: a file; with {number} or {time} in it for several; - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "capture.jpg")]
    output: String,
    /// How many photos; with --every, as many as come until Ctrl-C
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// A photo so often: 5s, 500ms, 10m, 1h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    every: Option<Duration>,
    /// Width and height; what the camera gives otherwise is cut and scaled
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(u32, u32)>,
    /// Frames in a second, as near as the camera can
    #[arg(long, value_name = "N", value_parser = rate)]
    fps: Option<f64>,
    /// Turn clockwise by 90, 180 or 270 degrees
    #[arg(long, value_name = "DEGREES", value_parser = rotation)]
    rotate: Option<Rotate>,
    /// Left becomes right
    #[arg(long)]
    hflip: bool,
    /// Up becomes down
    #[arg(long)]
    vflip: bool,
    /// Text for the upper edge, printable ASCII; \n begins a new line
    #[arg(long, value_name = "TEXT")]
    annotate: Option<String>,
    /// JPEG quality, 1 to 100; encodes what could have stayed as it came
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// Take the place where a photo was taken out of its EXIF
    #[arg(long)]
    strip_location: bool,
    /// Set one of the camera's controls first; may be given again
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, i64)>,
    /// Show what can be set at the camera, and take no photo
    #[arg(long, conflicts_with_all = ["every", "count"])]
    show_controls: bool,
    /// Seconds that one photo may take
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// Options of `faceiot cameras`.
#[derive(Args, Debug)]
pub(crate) struct CamerasCommand {
    /// Every size and format of each camera, not only the largest
    #[arg(long)]
    all: bool,
}

pub(crate) const CAPTURE_EXAMPLES: &str = "\
Examples:
  faceiot capture                                          one photo of the first camera into capture.jpg
  faceiot capture -o door.jpg --size 720x480
  faceiot capture --every 5s -o 'photos/{time}.jpg'        until Ctrl-C
  faceiot capture --count 10 -o 'burst-{number}.jpg'
  faceiot capture --source http://192.168.1.9:81/stream -o esp32.jpg
  faceiot capture --show-controls
  faceiot capture --set brightness=140 --rotate 180 -o upright.jpg

Sources:
  auto               the first camera that works: `faceiot cameras` says which
  v4l2:/dev/video0   a camera of the Linux kernel: USB, capture cards
  rpicam:            the camera of a Raspberry Pi, by rpicam-vid
  http://HOST/...    a web camera's snapshot or MJPEG stream, an ESP32-CAM's
  file:PHOTO  dir:FOLDER  mjpeg:FILE  testcard:WxH";

pub(crate) const CAMERAS_EXAMPLES: &str = "\
Examples:
  faceiot cameras
  faceiot cameras --all
  faceiot cameras --json";

/// Runs `faceiot capture`.
pub(crate) async fn run(command: CaptureCommand, out: Output) -> Result<(), Failure> {
    let several = command.every.is_some() || command.count.is_some_and(|count| count > 1);
    if several
        && command.output != "-"
        && !command.output.contains("{number}")
        && !command.output.contains("{time}")
    {
        return Err(Failure::usage(format!(
            "`{}` would be written over again and again; put {{number}} or {{time}} into the name",
            command.output
        )));
    }
    refuse_other_formats(&command.output)?;
    let count = command
        .count
        .unwrap_or(if command.every.is_some() { u64::MAX } else { 1 });
    let options = Options {
        // An empty variable is none.
        source: if command.source.is_empty() {
            "auto".into()
        } else {
            command.source
        },
        wish: Wish {
            size: None,
            fps: command.fps,
            timeout: Duration::from_secs(command.timeout),
        },
        transform: Transform {
            crop: None,
            size: command.size,
            rotate: command.rotate.unwrap_or_default(),
            flip_horizontal: command.hflip,
            flip_vertical: command.vflip,
            annotate: command.annotate.map(|text| text.replace("\\n", "\n")),
            quality: command.quality,
        },
        strip_location: command.strip_location,
        ..Options::default()
    };
    let camera = Arc::new(blocking(move || Camera::open(options)).await?);
    for (name, value) in command.set {
        let camera = Arc::clone(&camera);
        blocking(move || camera.set_control(&name, value)).await?;
    }
    if command.show_controls {
        let controls = blocking(move || camera.controls()).await?;
        return say_controls(&controls, out);
    }
    if several {
        note(describe(&camera));
    }
    let mut due = tokio::time::Instant::now();
    for number in 1..=count {
        let taking = Arc::clone(&camera);
        match blocking(move || taking.capture()).await {
            Ok(frame) => keep(&command.output, number, &frame, out)?,
            // A time lapse outlives a camera that is away for a while.
            Err(failure) if command.every.is_some() && number > 1 && failure.kind.retryable() => {
                note(format!("photo {number}: {failure}"));
            }
            Err(failure) => return Err(failure),
        }
        if let Some(every) = command.every
            && number < count
        {
            // From the first photo on in equal steps; one that took longer than a step delays only itself.
            due += every;
            let now = tokio::time::Instant::now();
            if due < now {
                due = now;
            }
            tokio::time::sleep_until(due).await;
        }
    }
    let statistics = camera.statistics();
    if several && statistics.dropped + statistics.damaged + statistics.restarts > 0 {
        note(format!(
            "{} frames dropped, {} damaged, the camera opened again {} times",
            statistics.dropped, statistics.damaged, statistics.restarts
        ));
    }
    Ok(())
}

/// Writes a photo and says so.
fn keep(template: &str, number: u64, frame: &Frame, out: Output) -> Result<(), Failure> {
    let name = file_name(template, number, frame.time_ms());
    let octets = frame.shared_jpeg().map_err(camera_failure)?;
    write(&name, &octets)?;
    say(&name, frame, octets.len(), out)
}

/// A name that promises another format would lie.
fn refuse_other_formats(output: &str) -> Result<(), Failure> {
    let suffix = Path::new(output).extension().unwrap_or_default();
    match suffix.to_string_lossy().to_ascii_lowercase().as_str() {
        wrong @ ("png" | "gif" | "bmp" | "webp" | "tif" | "tiff" | "heic") => Err(Failure::usage(format!(
            "photos are JPEG, and `{output}` ends with .{wrong}: call it .jpg"
        ))),
        _ => Ok(()),
    }
}

/// Runs `faceiot cameras`.
pub(crate) async fn cameras(command: CamerasCommand, out: Output) -> Result<(), Failure> {
    let found = blocking(|| Ok(list())).await?;
    let chosen = choose(&found).map(|camera| camera.spec.clone());
    if out.json {
        out.json(&json!({
            "cameras": found.iter().map(document).collect::<Vec<_>>(),
            "auto": chosen.as_ref().ok(),
        }))?;
        return chosen.map(|_| ()).map_err(|_| Failure::told(exit::FAILED));
    }
    for camera in &found {
        out.line(format!("{}  {} ({})", camera.spec, camera.name, camera.driver))?;
        out.line(format!(
            "    {}: {}",
            if camera.usable { "usable" } else { "not usable" },
            camera.why
        ))?;
        let shown = if command.all { usize::MAX } else { 3 };
        for mode in camera.modes.iter().take(shown) {
            out.line(format!("    {mode}"))?;
        }
        if camera.modes.len() > shown {
            out.line(format!("    and {} more: --all", camera.modes.len() - shown))?;
        }
    }
    match chosen {
        Ok(spec) => out.line(format!("auto takes {spec}: the first one that is usable")),
        Err(error) => Err(camera_failure(error)),
    }
}

/// A camera's error in its own words: the advice for clouds and brokers would mislead.
fn camera_failure(error: faceiot_camera::Error) -> Failure {
    Failure::new(error.kind, error.message)
}

/// Work that waits for a device, off the threads that serve Ctrl-C.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> faceiot_camera::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(camera_failure),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => Err(Failure::interrupted()),
        },
    }
}

fn describe(camera: &Camera) -> String {
    match camera.mode() {
        Some(mode) => format!("{}, {mode}", camera.describe()),
        None => camera.describe().to_owned(),
    }
}

fn document(camera: &Found) -> Value {
    let modes: Vec<Value> = camera
        .modes
        .iter()
        .map(|mode| json!({"width": mode.width, "height": mode.height, "format": mode.format, "fps": mode.fps}))
        .collect();
    json!({
        "source": camera.spec, "name": camera.name, "driver": camera.driver, "usable": camera.usable, "why": camera.why,
        "modes": modes,
    })
}

fn say_controls(controls: &[Control], out: Output) -> Result<(), Failure> {
    if out.json {
        let all: Vec<Value> = controls
            .iter()
            .map(|control| {
                json!({
                    "name": control.name, "value": control.value, "minimum": control.minimum,
                    "maximum": control.maximum, "step": control.step, "default": control.default,
                    "choices": control.choices, "writable": control.writable,
                })
            })
            .collect();
        return out.json(&all);
    }
    if controls.is_empty() {
        note("there is nothing to set at this camera");
        return Ok(());
    }
    let mut rows = vec![
        ["control", "value", "from", "to", "default", ""]
            .map(str::to_owned)
            .to_vec(),
    ];
    for control in controls {
        let mut remark: Vec<String> = control
            .choices
            .iter()
            .map(|(value, name)| format!("{value}={name}"))
            .collect();
        if !control.writable {
            remark.push("cannot be set now".into());
        }
        let numbers = [control.value, control.minimum, control.maximum, control.default];
        let mut row = vec![control.name.clone()];
        row.extend(numbers.map(|number| number.to_string()));
        row.push(remark.join(", "));
        rows.push(row);
    }
    for row in table(&rows, &[1, 2, 3, 4]) {
        out.line(row)?;
    }
    Ok(())
}

/// The name of a file: `{number}` is the number with at least four digits, `{time}` when the photo was taken, in UTC.
fn file_name(template: &str, number: u64, time_ms: u64) -> String {
    let time = i64::try_from(time_ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(String::new, |time| {
            time.strftime("%Y%m%dT%H%M%S.%3fZ").to_string()
        });
    template
        .replace("{number}", &format!("{number:04}"))
        .replace("{time}", &time)
}

fn write(name: &str, octets: &[u8]) -> Result<(), Failure> {
    if name != "-" {
        let path = Path::new(name);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| {
                Failure::from(faceiot::Error::from(error)).at(format_args!("`{}`", folder.display()))
            })?;
        }
        return write_private(path, octets);
    }
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(octets)
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::from(faceiot::Error::from(error)).at("standard output"))
}

fn say(name: &str, frame: &Frame, bytes: usize, out: Output) -> Result<(), Failure> {
    let (width, height) = (frame.width(), frame.height());
    if name == "-" {
        return Ok(()); // nothing may stand between the octets
    }
    if out.json {
        return out.json(&json!({
            "file": name, "width": width, "height": height, "bytes": bytes, "time_ms": frame.time_ms(),
            "sequence": frame.sequence(), "source": frame.source(),
        }));
    }
    out.line(format!("{name}: {width}x{height}, {bytes} bytes"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits
        .parse()
        .map_err(|_| "a number with s, ms, m or h, such as 5s".to_owned())?;
    let unit = match text.get(digits.len()..).unwrap_or_default() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        other => return Err(format!("`{other}` is no unit of time here: s, ms, m or h")),
    };
    Duration::try_from_secs_f64(number * unit)
        .ok()
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "a time longer than nothing".to_owned())
}

fn size(text: &str) -> Result<(u32, u32), String> {
    text.split_once(['x', 'X'])
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
        .filter(|&(width, height)| width > 0 && height > 0)
        .ok_or_else(|| "width and height, such as 720x480".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate: &f64| rate.is_finite() && *rate > 0.0)
        .ok_or_else(|| "a number of frames in a second, such as 15".to_owned())
}

fn rotation(text: &str) -> Result<Rotate, String> {
    let degrees = text.parse().map_err(|_| "0, 90, 180 or 270".to_owned())?;
    Rotate::from_degrees(degrees).map_err(|error| error.to_string())
}

fn setting(text: &str) -> Result<(String, i64), String> {
    text.split_once('=')
        .and_then(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
        .ok_or_else(|| "a name and a whole number, such as brightness=140".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_write_them() {
        for (text, ms) in [
            ("5s", 5_000),
            ("500ms", 500),
            ("2", 2_000),
            ("1.5m", 90_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "s", "0s", "-1s", "5 s", "5d", "nan", "1e400"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_rates_angles_and_settings_are_read_or_refused() {
        assert_eq!(size("720x480"), Ok((720, 480)));
        assert!(
            ["720", "x480", "0x1", "720x480x3"]
                .iter()
                .all(|text| size(text).is_err())
        );
        assert_eq!(rate("12.5"), Ok(12.5));
        assert!(
            ["0", "-1", "inf", "nan", "fast"]
                .iter()
                .all(|text| rate(text).is_err())
        );
        assert_eq!(rotation("270"), Ok(Rotate::By270));
        assert!(rotation("45").is_err());
        assert_eq!(setting("hue=-5"), Ok(("hue".into(), -5)));
        assert!(setting("hue").is_err() && setting("hue=much").is_err());
    }

    #[test]
    fn a_name_tells_number_and_time() {
        assert_eq!(
            file_name("a/{time}-{number}.jpg", 7, 1_767_323_045_006),
            "a/20260102T030405.006Z-0007.jpg"
        );
        assert_eq!(file_name("door.jpg", 1, 0), "door.jpg");
    }
}
