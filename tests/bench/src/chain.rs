//! The whole chain: 50 devices send photos, and the clock stops when the last of them is durable on disk with its row.
//!
//! Ours is `faceiot up`; the peer is mosquitto and `peers/receiver.py`. Both get the same bytes from the same generator and
//! keep the same order: photo synced, then its row committed. Ours does more: it checks every login and topic, decodes
//! every photo to its end, and what it acknowledges at QoS 1 is on disk, while mosquitto acknowledges from memory.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use faceiot::http::Client;
use faceiot::{Credentials, DeviceId};
use faceiot_core::digest::sha256;
use faceiot_local::{NewDevice, Registry};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::generator::{self, Load, Sender};
use crate::machine::{self, Memory};
use crate::table::Table;

const RECEIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/receiver.py");
const CONNECTIONS: usize = 50;
/// Both sides alternate this often; the median counts.
const ROUNDS: usize = 3;
const PATIENCE: Duration = Duration::from_mins(2);

/// One side, one round.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    photos_per_second: f64,
    idle: f64,
    peak: f64,
}

pub(crate) fn measure(
    python: &Path,
    faceiot: &Path,
    folder: &Path,
    photos: usize,
    table: &mut Table,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        for qos in [0, 1] {
            let load = Load { photos, qos };
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                ours.push(local_cloud(faceiot, folder, load).await.context("faceiot up")?);
                theirs.push(
                    mosquitto(python, folder, load)
                        .await
                        .context("mosquitto and receiver")?,
                );
            }
            report(load, &ours, &theirs, table);
        }
        Ok(())
    })
}

fn report(load: Load, ours: &[Outcome], theirs: &[Outcome], table: &mut Table) {
    let qos = load.qos;
    let peer = "mosquitto + paho-mqtt";
    let median = |outcomes: &[Outcome], value: fn(&Outcome) -> f64| {
        let mut values: Vec<f64> = outcomes.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let both = |value| (median(ours, value), median(theirs, value));
    let (own, other) = both(|outcome| outcome.photos_per_second);
    let what = format!(
        "{} photos of {} kB from {CONNECTIONS} connections to disk, QoS {qos}",
        CONNECTIONS * load.photos,
        generator::PHOTO.len() / 1000
    );
    table.more_is_better(&what, "photos/s", own, peer, other);
    if qos == 0 {
        let (own, other) = both(|outcome| outcome.idle);
        table.less_is_better("memory idle", "MiB", own, peer, other);
    }
    let (own, other) = both(|outcome| outcome.peak);
    table.less_is_better(
        &format!("memory at most under that load, QoS {qos}"),
        "MiB",
        own,
        peer,
        other,
    );
}

/// What `faceiot up --json` says.
#[derive(Deserialize)]
struct Up {
    mqtt: SocketAddr,
    http: String,
    token_file: PathBuf,
}

async fn local_cloud(program: &Path, folder: &Path, load: Load) -> Result<Outcome> {
    let data = tempfile::tempdir_in(folder)?;
    let senders = register(data.path()).await?;
    let mut command = Command::new(program);
    command.args([
        "up",
        "--json",
        "-q",
        "--mqtt",
        "127.0.0.1:0",
        "--mqtts",
        "off",
        "--http",
        "127.0.0.1:0",
        "--data",
    ]);
    let (child, mut lines) = start(command.arg(data.path()))?;
    let up: Up = serde_json::from_str(&next(&mut lines).await?).context("what `faceiot up --json` says")?;
    let cloud = Client::new(&up.http, Some(fs::read_to_string(up.token_file)?.trim()), None)?;
    let pid = child.id().context("it ended at once")?;
    let idle = machine::memory(pid)?.now;

    let sent = generator::run(up.mqtt, &senders, load).await?;
    let expected = CONNECTIONS * load.photos;
    let (mut stored, mut newest) = (0, 0);
    let deadline = Instant::now() + PATIENCE;
    while stored < expected {
        ensure!(
            Instant::now() < deadline,
            "{stored} of {expected} photos are stored, {} messages were sent",
            sent.messages
        );
        let rows: Vec<Row> = cloud
            .get_json(&format!("/api/photos?after={newest}&limit=500"))
            .await?;
        stored += rows.len();
        newest = rows.last().map_or(newest, |row| row.id);
        if rows.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let seconds = sent.began.elapsed().as_secs_f64();
    let peak = machine::memory(pid)?.peak;
    drop(child);
    same_photos(&data.path().join("photos"), load)?;
    Ok(outcome(expected, seconds, idle, peak))
}

#[derive(Deserialize)]
struct Row {
    id: i64,
}

async fn mosquitto(python: &Path, folder: &Path, load: Load) -> Result<Outcome> {
    let data = tempfile::tempdir_in(folder)?;
    let senders = credentials().iter().map(sender).collect::<Result<Vec<_>>>()?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let settings = data.path().join("mosquitto.conf");
    fs::write(
        &settings,
        format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\nlog_dest none\n\
             max_queued_messages 0\nmax_queued_bytes 0\nmax_inflight_messages 0\n"
        ),
    )?;
    let broker = Command::new("mosquitto")
        .arg("-c")
        .arg(&settings)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start mosquitto")?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    listening(address).await?;

    let expected = CONNECTIONS * load.photos;
    let photos = data.path().join("photos");
    fs::create_dir(&photos)?;
    let mut command = Command::new(python);
    command
        .arg(RECEIVER)
        .arg(port.to_string())
        .arg(&photos)
        .arg(expected.to_string())
        .arg(load.qos.to_string());
    let (receiver, mut lines) = start(&mut command)?;
    ensure!(
        next(&mut lines).await? == "ready",
        "the receiver must subscribe first"
    );
    let pids = [
        broker.id().context("mosquitto ended")?,
        receiver.id().context("the receiver ended")?,
    ];
    let both = || -> Result<Memory> {
        pids.iter().try_fold(Memory::default(), |sum, pid| {
            let memory = machine::memory(*pid)?;
            Ok(Memory {
                now: sum.now + memory.now,
                peak: sum.peak + memory.peak,
            })
        })
    };
    let idle = both()?.now;

    let sent = generator::run(address, &senders, load).await?;
    ensure!(
        next(&mut lines).await? == format!("stored {expected}"),
        "the receiver must store everything"
    );
    let seconds = sent.began.elapsed().as_secs_f64();
    let peak = both()?.peak;
    drop((receiver, broker));
    same_photos(&photos, load)?;
    Ok(outcome(expected, seconds, idle, peak))
}

#[expect(clippy::cast_precision_loss, reason = "a number of photos is far from 2^52")]
fn outcome(photos: usize, seconds: f64, idle: f64, peak: f64) -> Outcome {
    Outcome {
        photos_per_second: photos as f64 / seconds,
        idle,
        peak,
    }
}

/// Both sides must have stored exactly what was sent.
fn same_photos(folder: &Path, load: Load) -> Result<()> {
    let mut stored = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jpg") {
                stored.insert(sha256(&[&fs::read(path)?]));
            }
        }
    }
    let sent: BTreeSet<_> = (0..CONNECTIONS)
        .flat_map(|device| (0..load.photos).map(move |photo| sha256(&[&generator::photo(device, photo)])))
        .collect();
    ensure!(
        stored == sent,
        "{} of {} photos arrived unchanged",
        stored.intersection(&sent).count(),
        sent.len()
    );
    Ok(())
}

async fn register(data: &Path) -> Result<Vec<Sender>> {
    let registry = Registry::open(data).await?;
    for (id, secret) in credentials() {
        registry
            .add_device(NewDevice {
                id,
                secret: Some(secret),
            })
            .await?;
    }
    credentials().iter().map(sender).collect()
}

fn credentials() -> Vec<(DeviceId, String)> {
    (0..CONNECTIONS)
        .map(|number| {
            let id = DeviceId::Aliyun {
                product_key: "a1bench".into(),
                device_name: format!("camera{number:02}"),
            };
            (id, format!("{number:032}"))
        })
        .collect()
}

fn sender((id, secret): &(DeviceId, String)) -> Result<Sender> {
    let DeviceId::Aliyun {
        product_key,
        device_name,
    } = id
    else {
        anyhow::bail!("the load is made of Aliyun devices")
    };
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    Ok(Sender {
        login: Credentials::aliyun(product_key.as_str(), device_name.as_str(), secret.as_str())
            .login(now, false)?,
        topic: format!("/sys/{product_key}/{device_name}/thing/event/property/post"),
    })
}

fn start(command: &mut Command) -> Result<(Child, Lines<BufReader<ChildStdout>>)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {command:?}"))?;
    let output = child.stdout.take().context("no output")?;
    Ok((child, BufReader::new(output).lines()))
}

async fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String> {
    tokio::time::timeout(PATIENCE, lines.next_line())
        .await
        .context("it says nothing")??
        .context("it ended")
}

async fn listening(address: SocketAddr) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while tokio::net::TcpStream::connect(address).await.is_err() {
        ensure!(
            Instant::now() < deadline,
            "mosquitto does not listen at {address}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
