//! `faceiot demo`: the whole chain on this computer, with real octets over real sockets.
//!
//! A local cloud on free ports, one Aliyun device (`hex` chunks) and one Huawei device (`v2` chunks); each logs in with its signed
//! secret, is told to take a photo, takes a real one (assets/README.md says where they come from), sends it in chunks; the cloud
//! puts it together, and what its HTTP interface serves is compared with what was sent.

mod relay;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::Args;
use faceiot::http::Client;
use faceiot::{
    Command, Credentials, Device, DeviceConfig, DeviceId, Endpoint, ErrorKind, Format, Qos, Rate, Reply, Sent,
};
use faceiot_camera::Frame;
use faceiot_local::{Cloud, CloudConfig, NewDevice};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::oneshot;

use crate::command::percent_encoded;
use crate::failure::{Failure, exit};
use crate::interrupt;
use crate::out::{Output, colours, table};
use crate::send::sha256;

/// Options of `faceiot demo`.
#[derive(Args, Debug)]
pub(crate) struct DemoCommand {
    /// Leave the cloud running afterwards, to look at the page; Ctrl-C ends it
    #[arg(long)]
    keep: bool,
    /// Lose this chunk (from 1) of each photo on the way, to see that it is noticed: exit code 1. The chunks then travel
    /// unacknowledged, for otherwise a lost one would be sent again
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    lose_chunk: Option<u32>,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  faceiot demo
  faceiot demo --keep
  faceiot demo --json
  faceiot demo --lose-chunk 3      a chunk is lost on the way: it is noticed, exit code 1

Exit code 1 when a photo that is fetched over HTTP differs from the one that was sent.";

/// One device's way through the chain.
#[derive(Serialize)]
struct Line {
    device: DeviceId,
    format: String,
    chunks: usize,
    bytes: usize,
    /// From the command to the stored photo.
    milliseconds: u64,
    sha256_before: String,
    /// Of the file fetched over HTTP; absent when there is none.
    sha256_after: Option<String>,
    same: bool,
    /// What went wrong.
    problem: Option<String>,
}

/// Runs `faceiot demo`.
pub(crate) async fn run(command: DemoCommand, out: Output) -> Result<(), Failure> {
    let folder = tempfile::Builder::new()
        .prefix("faceiot-demo-")
        .tempdir()
        .map_err(|error| Failure::from(faceiot::Error::from(error)).at("the demo's folder"))?;
    let free = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let mut config = CloudConfig::new(folder.path());
    config.mqtt = free;
    config.mqtts = None;
    config.http = SocketAddr::from(([127, 0, 0, 1], 0));
    // Everything here happens within a second: a photo that stops does not go on.
    config.limits.idle = Duration::from_secs(2);
    let cloud = interrupt::or_interrupt_here(async { Ok(Cloud::start(config).await?) }).await?;
    let result = interrupt::or_interrupt_here(chain(&cloud, command.lose_chunk)).await;
    let result = match result {
        Ok(lines) => report(&lines, &cloud, out, command.keep).await,
        Err(failure) => Err(failure),
    };
    interrupt::within(Duration::from_secs(5), cloud.stop()).await;
    result
}

async fn report(lines: &[Line], cloud: &Cloud, out: Output, keep: bool) -> Result<(), Failure> {
    let good = lines.iter().all(|line| line.same);
    say(lines, good, &cloud.page_url()?, keep, out)?;
    if keep {
        interrupt::stop().await;
    }
    if good {
        Ok(())
    } else {
        Err(Failure::told(exit::FAILED))
    }
}

/// Both devices at once, as in life.
async fn chain(cloud: &Cloud, lose: Option<u32>) -> Result<Vec<Line>, Failure> {
    let mqtt = cloud
        .mqtt_addr()
        .ok_or_else(|| Failure::new(ErrorKind::Config, "the demo's cloud has no MQTT"))?;
    let wire = match lose {
        Some(nth) => relay::start(mqtt, nth).await.map_err(faceiot::Error::from)?,
        None => mqtt,
    };
    let client = Client::new(&cloud.http_url(), Some(cloud.token()), None)?;
    let photo = |bytes: &'static [u8]| Frame::from_jpeg(bytes).map_err(faceiot::Error::from);
    let aliyun = Case {
        id: DeviceId::aliyun("a1FaceIoTdemo", "door")?,
        format: Format::Hex,
        photo: photo(include_bytes!("../assets/astronaut.jpg"))?,
    };
    let huawei = Case {
        id: DeviceId::huawei("61e6d1_garden")?,
        format: Format::V2,
        photo: photo(include_bytes!("../assets/camera.jpg"))?,
    };
    let (first, second) = tokio::join!(
        one_device(cloud, &client, wire, aliyun, lose.is_some()),
        one_device(cloud, &client, wire, huawei, lose.is_some()),
    );
    Ok(vec![first?, second?])
}

struct Case {
    id: DeviceId,
    format: Format,
    photo: Frame,
}

/// What a device did when it was told to capture.
type Captured = faceiot::Result<Sent>;

async fn one_device(
    cloud: &Cloud,
    client: &Client,
    wire: SocketAddr,
    case: Case,
    lossy: bool,
) -> Result<Line, Failure> {
    let Case { id, format, photo } = case;
    let registered = cloud
        .registry()
        .add_device(NewDevice {
            id: id.clone(),
            secret: None,
        })
        .await?;
    let mut config = DeviceConfig::new(credentials(&id, registered.secret));
    config.endpoint = Endpoint::plain(wire);
    config.format = Some(format);
    config.qos = if lossy { Qos::AtMostOnce } else { Qos::AtLeastOnce };
    // The clouds' limits are kept where the clouds are; to this one it is a few inches.
    config.rate = Some(Rate::unlimited());
    let device = Device::connect(config)
        .await
        .map_err(|error| Failure::from(error).at(&id))?;

    let (captured, capture) = oneshot::channel();
    let camera = tokio::spawn(camera(device.clone(), photo.clone(), captured));
    let started = Instant::now();
    let told = client
        .post_json::<serde_json::Value>(
            &format!("/api/devices/{}/commands", percent_encoded(&id.to_string())),
            &json!({"name": "capture", "payload": {}, "timeout": 10}),
        )
        .await;
    let outcome = match told {
        Ok(_) => tokio::time::timeout(PATIENCE, capture)
            .await
            .ok()
            .and_then(Result::ok),
        Err(error) => Some(Err(error.context("the command was not answered"))),
    };
    let octets = photo.jpeg().map_err(faceiot::Error::from)?;
    let mut line = Line {
        device: id,
        format: format.to_string(),
        chunks: 0,
        bytes: octets.len(),
        milliseconds: 0,
        sha256_before: sha256(octets),
        sha256_after: None,
        same: false,
        problem: None,
    };
    match outcome {
        Some(Ok(sent)) => {
            line.chunks = sent.messages;
            look(client, &mut line).await;
        }
        Some(Err(error)) => line.problem = Some(error.to_string()),
        None => line.problem = Some("the device took no photo".to_owned()),
    }
    line.milliseconds = started.elapsed().as_millis() as u64;
    camera.abort();
    device.close().await;
    Ok(line)
}

/// The device's program: it answers a command to capture, and sends the photo.
async fn camera(device: Device, photo: Frame, captured: oneshot::Sender<Captured>) {
    let mut commands = device.commands();
    while let Some(command) = commands.next().await {
        if command.name == "capture" {
            let _ = captured.send(capture(&device, &photo, &command).await);
            return;
        }
    }
}

async fn capture(device: &Device, photo: &Frame, command: &Command) -> Captured {
    let receipt = device.send(photo)?;
    command.reply(Reply::ok(json!({"bytes": photo.jpeg()?.len()})))?;
    receipt.wait(PATIENCE).await
}

/// A photo's row, as far as the table needs it.
#[derive(Deserialize)]
struct Row {
    id: i64,
    problem: Option<String>,
}

/// Waits for the photo's row and fetches the photo, as any other program would.
async fn look(client: &Client, line: &mut Line) {
    let path = format!(
        "/api/photos?device={}&limit=1",
        percent_encoded(&line.device.to_string())
    );
    let deadline = Instant::now() + ARRIVAL;
    let fetched = loop {
        match client.get_json::<Vec<Row>>(&path).await {
            Ok(rows) => {
                if let Some(row) = rows.into_iter().next() {
                    line.problem = row.problem;
                    break client.get_bytes(&format!("/api/photos/{}/image", row.id)).await;
                }
            }
            Err(error) => break Err(error),
        }
        if Instant::now() > deadline {
            line.problem = Some("the photo did not arrive whole".to_owned());
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    match fetched {
        Ok(image) => {
            let after = sha256(&image);
            line.same = after == line.sha256_before && line.problem.is_none();
            line.sha256_after = Some(after);
        }
        // A photo that is known to be broken need not have a file.
        Err(error) => line.problem = Some(line.problem.take().unwrap_or_else(|| error.to_string())),
    }
}

fn credentials(id: &DeviceId, secret: faceiot::Secret) -> Credentials {
    match id {
        DeviceId::Aliyun {
            product_key,
            device_name,
        } => Credentials::aliyun(product_key, device_name, secret),
        DeviceId::Huawei { device_id } => Credentials::huawei(device_id, secret),
    }
}

fn say(lines: &[Line], good: bool, page: &str, keep: bool, out: Output) -> Result<(), Failure> {
    if out.json {
        return out.json(&json!({"ok": good, "page": page, "kept": keep, "devices": lines}));
    }
    let head = [
        "device",
        "format",
        "chunks",
        "bytes",
        "ms",
        "sha256 before",
        "sha256 over HTTP",
        "",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|line| {
        vec![
            line.device.to_string(),
            line.format.clone(),
            line.chunks.to_string(),
            line.bytes.to_string(),
            line.milliseconds.to_string(),
            short(Some(&line.sha256_before)),
            short(line.sha256_after.as_ref()),
            if line.same { "same" } else { "DIFFERENT" }.to_owned(),
        ]
    }));
    for row in table(&rows, &[2, 3, 4]) {
        out.line(painted(&row))?;
    }
    for line in lines {
        if let Some(problem) = &line.problem {
            out.line(format!("{}: {problem}", line.device))?;
        }
    }
    if keep {
        out.line(format!("page {page}   (opens once; Ctrl-C ends it)"))
    } else {
        out.line(format!(
            "page {page}   (gone with the demo: --keep leaves it open)"
        ))
    }
}

/// The whole digests are in `--json`; a table has to fit a terminal.
fn short(digest: Option<&String>) -> String {
    digest.map_or_else(
        || "-".to_owned(),
        |digest| format!("{}...", &digest[..digest.len().min(12)]),
    )
}

fn painted(row: &str) -> String {
    let (word, colour) = if row.ends_with("DIFFERENT") {
        ("DIFFERENT", 31)
    } else {
        ("same", 32)
    };
    match row.strip_suffix(word) {
        Some(rest) if colours() => format!("{rest}\u{1b}[{colour}m{word}\u{1b}[0m"),
        _ => row.to_owned(),
    }
}

/// More than a slow computer under load needs.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than the demo's cloud waits for a photo to go on.
const ARRIVAL: Duration = Duration::from_secs(6);
