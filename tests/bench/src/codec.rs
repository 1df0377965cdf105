//! Chunks in memory: one real photo, written and read again and again, on one core.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use faceiot_core::chunk::{hex, v2};
use faceiot_core::digest::sha256;
use faceiot_core::text::json;
use serde::Deserialize;

use crate::table::Table;

/// The photo of the demo, 45 kB.
const PHOTO: &[u8] = include_bytes!("../../../src/cli/assets/astronaut.jpg");
const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/codec.py");
/// Each loop runs this long, and the best of so many counts: interruptions only ever make it slower.
const LOOP: Duration = Duration::from_millis(300);
const LOOPS: usize = 7;

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
    let folder = tempfile::tempdir()?;
    let photo_file = folder.path().join("photo.jpg");
    std::fs::write(&photo_file, PHOTO)?;
    let output = Command::new(python)
        .arg(PEER)
        .arg(&photo_file)
        .output()
        .context("cannot start Python")?;
    ensure!(
        output.status.success(),
        "{PEER}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let theirs: Theirs = serde_json::from_slice(&output.stdout).context("what Python said")?;

    let mut wire = vec![0; hex::message_count(PHOTO.len()) * hex::MESSAGE_MAX];
    let messages = write_hex(&mut wire)?;
    let total = messages.iter().map(ExactSizeIterator::len).sum::<usize>();
    let digest = sha256(
        &messages
            .iter()
            .map(|range| &wire[range.clone()])
            .collect::<Vec<_>>(),
    );
    ensure!(
        hexadecimal(&digest) == theirs.messages_sha256,
        "both sides must write the same messages"
    );
    ensure!(
        hexadecimal(&sha256(&[PHOTO])) == theirs.photo_sha256,
        "both sides must read the same photo"
    );

    let mut target = wire.clone();
    let write = best(|| write_hex(black_box(&mut target)).map(drop))?;
    let mut memory = vec![0; PHOTO.len()];
    let read = best(|| read_hex(&wire, &messages, black_box(&mut memory)))?;
    ensure!(memory == PHOTO, "the photo read is the photo written");
    let copy_wire = best(|| copied(&wire[..total], black_box(&mut target)))?;
    let copy_photo = best(|| copied(PHOTO, black_box(&mut memory)))?;

    let speed = |seconds: f64| megabytes(PHOTO.len()) / seconds;
    let unit = "MB/s of photo";
    table.more_is_better(
        "hex: write the messages",
        unit,
        speed(write),
        "Python: binascii.hexlify, json.dumps",
        speed(theirs.write_seconds),
    );
    table.more_is_better(
        "hex: write the messages",
        unit,
        speed(write),
        "memcpy of the messages",
        speed(copy_wire),
    );
    table.more_is_better(
        "hex: read the messages, photo whole",
        unit,
        speed(read),
        "Python: json.loads, bytes.fromhex",
        speed(theirs.read_seconds),
    );
    table.more_is_better(
        "hex: read the messages, photo whole",
        unit,
        speed(read),
        "Python: bytes.fromhex alone, no JSON",
        speed(theirs.fromhex_seconds),
    );
    table.more_is_better(
        "hex: read the messages, photo whole",
        unit,
        speed(read),
        "memcpy of the photo",
        speed(copy_photo),
    );

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
    table.more_is_better(
        "v2: write the messages, two CRCs",
        unit,
        speed(write),
        "memcpy of the messages",
        speed(copy_photo),
    );
    table.more_is_better(
        "v2: read the messages, two CRCs",
        unit,
        speed(read),
        "memcpy of the photo",
        speed(copy_photo),
    );
    table.more_is_better(
        "v2: read the messages, two CRCs",
        unit,
        speed(read),
        "Python, hex: json.loads, bytes.fromhex",
        speed(theirs.read_seconds),
    );
    Ok(())
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

fn read_hex(wire: &[u8], messages: &Ranges, memory: &mut [u8]) -> Result<()> {
    let mut assembler = hex::Assembler::new(memory);
    let mut last = hex::Step::Empty;
    for range in messages {
        let img = json::find(&wire[range.clone()], &["params", "img"])?.context("no img")?;
        last = assembler.push(img.as_plain().context("img has escapes")?.as_bytes())?;
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

/// Seconds that one call takes.
fn best(mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..LOOPS {
        let began = Instant::now();
        let mut calls = 0_u32;
        while began.elapsed() < LOOP {
            for _ in 0..16 {
                call()?;
            }
            calls += 16;
        }
        best = best.min(began.elapsed().as_secs_f64() / f64::from(calls));
    }
    Ok(best)
}

#[expect(clippy::cast_precision_loss, reason = "a photo is far from 2^52 octets")]
fn megabytes(octets: usize) -> f64 {
    octets as f64 / 1e6
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}
