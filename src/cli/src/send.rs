//! `faceiot send`: photos from files, as a device sends them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use faceiot::{Device, DeviceConfig, ErrorKind, Format, Qos, Receipt, Sent};
use faceiot_camera::{Frame, jpeg};
use serde_json::json;

use crate::config::DeviceArgs;
use crate::failure::{Failure, exit};
use crate::out::{Output, note};

/// Options of `faceiot send`.
#[derive(Args, Debug)]
pub(crate) struct SendCommand {
    /// The photos (JPEG)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How a photo travels: v2 (numbered chunks with checksums), v2-text (the same inside a text property), or hex (the tutorials'
    /// format, Aliyun only, which has no numbers)
    #[arg(long, value_enum, default_value = "v2")]
    format: FormatName,
    /// 1: the cloud acknowledges every chunk; 0: it does not
    #[arg(long, value_name = "0|1", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=1))]
    qos: u8,
    /// Seconds that connecting, and then each photo, may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "kebab-case")]
enum FormatName {
    V2,
    V2Text,
    Hex,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  faceiot send photo.jpg                                   with the iot.cfg of this folder
  faceiot send --config iot.cfg --format hex *.jpg
  faceiot send --device-id 61e6d1_cam --secret-file s.txt --connect 127.0.0.1:1883 --tls off a.jpg

The configuration file is the tutorial's:
  [IOT]                            or   [HUAWEI]
  productKey = a1B2c3D4e5F              deviceId = 61e6d1_cam
  deviceName = door                     deviceSecret = ...
  deviceSecret = ...                    host = ...iot-mqtts.cn-north-4.myhuaweicloud.com
and, to send to another place than the cloud itself:
  [ENDPOINT]
  connect = 127.0.0.1:1883
  tls = off                             (host, port and ca are known as well)";

/// Runs `faceiot send`.
pub(crate) async fn run(command: SendCommand, out: Output) -> Result<(), Failure> {
    let settings = command.device.settings()?;
    // Every file is read before anything is connected: a mistake costs nothing.
    let photos = command
        .files
        .iter()
        .map(|path| Ok((path.as_path(), load(path)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    for (path, frame) in &photos {
        if let Some(doubt) = doubt(octets(frame)?) {
            note(format!("warning: `{}`: {doubt}", path.display()));
        }
    }

    let mut config = DeviceConfig::new(settings.credentials);
    config.endpoint = settings.endpoint;
    config.qos = if command.qos == 0 {
        Qos::AtMostOnce
    } else {
        Qos::AtLeastOnce
    };
    config.format = Some(match command.format {
        FormatName::V2 => Format::V2,
        FormatName::V2Text => Format::V2Text,
        FormatName::Hex => Format::Hex,
    });
    let patience = Duration::from_secs(command.timeout);
    let device = tokio::time::timeout(patience, Device::connect(config))
        .await
        .map_err(|_| {
            Failure::new(
                ErrorKind::Timeout,
                format!("not connected within {} s", command.timeout),
            )
            .todo("`faceiot doctor` shows which step fails")
        })??;

    let mut lost = 0;
    for (path, frame) in &photos {
        match send(&device, frame, path, patience, out).await {
            Ok(sent) => say(path, octets(frame)?, sent, out)?,
            Err(failure) => {
                lost += 1;
                out.failure(&failure.at(format_args!("`{}`", path.display())));
            }
        }
    }
    device.close().await;
    if lost == 0 {
        Ok(())
    } else {
        Err(Failure::told(exit::FAILED))
    }
}

async fn send(
    device: &Device,
    frame: &Frame,
    path: &Path,
    patience: Duration,
    out: Output,
) -> Result<Sent, Failure> {
    let receipt = device.send(frame)?;
    let (_, total) = receipt.progress();
    let bar = out.bar(
        total as u64,
        &path.file_name().unwrap_or_default().to_string_lossy(),
    );
    let result = tokio::select! {
        result = receipt.wait(patience) => result,
        never = follow(&receipt, &bar) => match never {},
    };
    bar.finish_and_clear();
    result.map_err(|error| {
        let late = error.kind() == ErrorKind::Timeout;
        let failure = Failure::from(error);
        if late {
            failure.todo("the cloud takes only so many messages a second: give it longer with --timeout, or make the photo smaller")
        } else {
            failure
        }
    })
}

/// Moves the bar, until the caller has seen enough.
async fn follow(receipt: &Receipt, bar: &indicatif::ProgressBar) -> std::convert::Infallible {
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        tick.tick().await;
        let (done, total) = receipt.progress();
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    }
}

fn say(path: &Path, jpeg: &[u8], sent: Sent, out: Output) -> Result<(), Failure> {
    let ms = sent.elapsed.as_millis() as u64;
    if out.json {
        return out.json(&json!({
            "file": path, "bytes": jpeg.len(), "messages": sent.messages, "message_bytes": sent.bytes,
            "ms": ms, "restarts": sent.restarts, "sha256": sha256(jpeg),
        }));
    }
    let restarts = match sent.restarts {
        0 => String::new(),
        n => format!(", started again {n} times after the connection was lost"),
    };
    out.line(format!(
        "{}: {} bytes in {} messages, {ms} ms{restarts}",
        path.display(),
        jpeg.len(),
        sent.messages
    ))
}

/// Reads a photo; what is no JPEG, or far too large for one, is refused here.
fn load(path: &Path) -> Result<Frame, Failure> {
    let place = format!("`{}`", path.display());
    let unreadable = |error: std::io::Error| Failure::from(faceiot::Error::from(error)).at(&place);
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(unreadable)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::new(
            ErrorKind::FrameTooLarge,
            format!("larger than {} MiB", LARGEST >> 20),
        )
        .at(&place));
    }
    if !bytes.starts_with(b"\xff\xd8") {
        let words = if bytes.is_empty() {
            "the file is empty"
        } else {
            "not a JPEG: it does not begin with ff d8"
        };
        return Err(Failure::new(ErrorKind::Jpeg, words).at(&place));
    }
    Frame::from_jpeg(bytes).map_err(|error| Failure::from(faceiot::Error::from(error)).at(&place))
}

fn octets(frame: &Frame) -> Result<&[u8], Failure> {
    Ok(frame.jpeg().map_err(faceiot::Error::from)?)
}

/// What the receiver may not like. It is sent all the same: a receiver elsewhere may, and a damaged photo is a test too.
fn doubt(octets: &[u8]) -> Option<String> {
    let bytes = octets.len() as u64;
    if bytes > USUAL_CAP {
        return Some(format!(
            "{bytes} bytes; `faceiot up` gives up photos over {} MiB unless --photo-bytes says more, and tells only its own log",
            USUAL_CAP >> 20
        ));
    }
    let problem = jpeg::check(octets).problem?;
    Some(format!("damaged: {problem}; it is sent as it is"))
}

/// The SHA-256 in lower-case hex, as `sha256sum` prints it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut text = [0; 64];
    let digest = faceiot_core::digest::sha256(&[bytes]);
    // 64 characters hold the hex of 32 octets.
    faceiot_core::text::hex_lower(&digest, &mut text)
        .map(str::to_owned)
        .unwrap_or_default()
}

/// What the local cloud takes unless told otherwise.
const USUAL_CAP: u64 = 4 << 20;

/// Four times that: a receiver elsewhere may take more.
const LARGEST: u64 = 4 * USUAL_CAP;
