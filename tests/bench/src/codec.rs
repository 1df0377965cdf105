//! Chunks in memory: one real photo, written and read again and again, on one core.

use std::borrow::Cow;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use faceiot::ingest;
use faceiot_core::chunk::{hex, v2};
use faceiot_core::digest::sha256;
use faceiot_core::text::{hex_lower, json};
use serde::Deserialize;

use crate::table::Table;

/// The photo of the demo, 45 kB.
const PHOTO: &[u8] = include_bytes!("../../../src/cli/assets/astronaut.jpg");
const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/codec.py");
/// How long each of the loops runs, on both sides.
const LOOP: Duration = Duration::from_secs(2);
const BATCH: u32 = 16;

/// What the Python side says: seconds for one photo, and digests of what came out.
#[derive(Deserialize)]
struct Theirs {
    write_seconds: f64,
    read_seconds: f64,
    fromhex_seconds: f64,
    messages_sha256: String,
    photo_sha256: String,
}

pub(crate) fn measure(python: &Path, table: &mut Table) -> Result<()> {
    let theirs = python_side(python)?;
    measure_hex(&theirs, table)?;
    measure_v2(&theirs, table)
}

fn python_side(python: &Path) -> Result<Theirs> {
    let folder = tempfile::tempdir()?;
    let photo = folder.path().join("photo.jpg");
    std::fs::write(&photo, PHOTO)?;
    let output = Command::new(python)
        .arg(PEER)
        .arg(&photo)
        .output()
        .context("cannot start Python")?;
    ensure!(
        output.status.success(),
        "{PEER}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).context("what Python said")
}

fn measure_hex(theirs: &Theirs, table: &mut Table) -> Result<()> {
    let mut wire = vec![0; hex::message_count(PHOTO.len()) * hex::MESSAGE_MAX];
    let messages = write_hex(&mut wire)?;
    let total = messages.iter().map(ExactSizeIterator::len).sum::<usize>();
    ensure!(
        hexadecimal(&wire[..total])? == theirs.messages_sha256,
        "both sides must write the same messages"
    );
    ensure!(
        hexadecimal(PHOTO)? == theirs.photo_sha256,
        "both sides must read the same photo"
    );

    let mut target = wire.clone();
    let write = best(|| write_hex(black_box(&mut target)).map(drop))?;
    let mut memory = vec![0; PHOTO.len()];
    let read = best(|| read_hex(&wire, &messages, black_box(&mut memory), image_value))?;
    ensure!(memory == PHOTO, "the photo read is the photo written");
    memory.fill(0);
    let read_any = best(|| read_hex(&wire, &messages, black_box(&mut memory), any_image_value))?;
    ensure!(memory == PHOTO, "the photo read is the photo written");
    let copy_wire = best(|| copied(&wire[..total], black_box(&mut target)))?;
    let copy_photo = best(|| copied(PHOTO, black_box(&mut memory)))?;

    let what = "hex: photo into messages";
    row(
        table,
        what,
        write,
        "Python: binascii.hexlify, json.dumps",
        theirs.write_seconds,
    );
    row(table, what, write, "memcpy of the messages", copy_wire);
    let what = "hex: messages into photo";
    row(
        table,
        what,
        read,
        "Python: json.loads, bytes.fromhex",
        theirs.read_seconds,
    );
    row(
        table,
        what,
        read,
        "Python: bytes.fromhex alone, no JSON",
        theirs.fromhex_seconds,
    );
    row(table, what, read, "memcpy of the photo", copy_photo);
    let what = "hex: messages into photo, JSON of any shape";
    row(
        table,
        what,
        read_any,
        "Python: json.loads, bytes.fromhex",
        theirs.read_seconds,
    );
    Ok(())
}

fn measure_v2(theirs: &Theirs, table: &mut Table) -> Result<()> {
    let options = v2::Options {
        content_type: v2::JPEG,
        ..v2::Options::default()
    };
    let mut wire = vec![0; PHOTO.len() + 16 * v2::HEADER_LEN];
    let messages = write_v2(&mut wire, options)?;
    let mut target = wire.clone();
    let write = best(|| write_v2(black_box(&mut target), options).map(drop))?;
    let mut memory = vec![0; PHOTO.len()];
    let read = best(|| read_v2(&wire, &messages, black_box(&mut memory)))?;
    ensure!(memory == PHOTO, "the photo read is the photo written");
    let copy = best(|| copied(PHOTO, black_box(&mut memory)))?;

    row(
        table,
        "v2: photo into messages, two CRCs",
        write,
        "memcpy of the photo",
        copy,
    );
    let what = "v2: messages into photo, two CRCs";
    row(
        table,
        what,
        read,
        "Python, hex: json.loads, bytes.fromhex",
        theirs.read_seconds,
    );
    row(table, what, read, "memcpy of the photo", copy);
    Ok(())
}

/// A row of speeds, from the seconds that one photo takes on both sides.
fn row(table: &mut Table, what: &str, seconds: f64, peer: &str, peer_seconds: f64) {
    #[expect(clippy::cast_precision_loss, reason = "a photo is far from 2^52 octets")]
    let megabytes = PHOTO.len() as f64 / 1e6;
    table.more_is_better(what, "MB/s", megabytes / seconds, peer, megabytes / peer_seconds);
}

type Ranges = Vec<std::ops::Range<usize>>;

fn write_hex(wire: &mut [u8]) -> Result<Ranges> {
    let mut at = 0;
    hex::Encoder::new(PHOTO)
        .map(|message| {
            let begin = at;
            at += message.write_to(&mut wire[begin..])?.len();
            Ok(begin..at)
        })
        .collect()
}

/// As the local cloud reads a message.
fn image_value(payload: &[u8]) -> Result<Cow<'_, [u8]>> {
    ingest::image_value(payload)?.context("no img")
}

/// As it reads one that is not written like the tutorial's: the whole document is scanned and checked.
fn any_image_value(payload: &[u8]) -> Result<Cow<'_, [u8]>> {
    let img = json::find(payload, &["params", "img"])?.context("no img")?;
    Ok(Cow::Borrowed(
        img.as_plain().context("img has escapes")?.as_bytes(),
    ))
}

fn read_hex(
    wire: &[u8],
    messages: &Ranges,
    memory: &mut [u8],
    value: fn(&[u8]) -> Result<Cow<'_, [u8]>>,
) -> Result<()> {
    let mut assembler = hex::Assembler::new(memory);
    let mut last = hex::Step::Empty;
    for range in messages {
        last = assembler.push(&value(&wire[range.clone()])?)?;
    }
    ensure!(
        last == hex::Step::Complete { len: PHOTO.len() },
        "the photo is whole"
    );
    Ok(())
}

fn write_v2(wire: &mut [u8], options: v2::Options) -> Result<Ranges> {
    let mut at = 0;
    v2::Encoder::new(PHOTO, options)?
        .map(|message| {
            let begin = at;
            at += message.write_to(&mut wire[begin..])?.len();
            Ok(begin..at)
        })
        .collect()
}

fn read_v2(wire: &[u8], messages: &Ranges, memory: &mut [u8]) -> Result<()> {
    let mut ranges = [v2::Range::default(); 8];
    let mut assembler = v2::Assembler::new(memory, &mut ranges);
    let mut last = v2::Step::More;
    for range in messages {
        last = assembler.push(&v2::parse(&wire[range.clone()])?)?;
    }
    ensure!(
        last == v2::Step::Complete { len: PHOTO.len() },
        "the photo is whole"
    );
    Ok(())
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is one of the things that `best` measures"
)]
fn copied(from: &[u8], to: &mut [u8]) -> Result<()> {
    to[..from.len()].copy_from_slice(black_box(from));
    Ok(())
}

/// Seconds that one call takes: the best of many short batches, so that what else the machine does hardly counts.
fn best(mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let (mut best, began) = (f64::INFINITY, Instant::now());
    while began.elapsed() < LOOP {
        let batch = Instant::now();
        for _ in 0..BATCH {
            call()?;
        }
        best = best.min(batch.elapsed().as_secs_f64() / f64::from(BATCH));
    }
    Ok(best)
}

fn hexadecimal(data: &[u8]) -> Result<String> {
    let mut memory = [0; 64];
    Ok(hex_lower(&sha256(&[data]), &mut memory)?.to_owned())
}
