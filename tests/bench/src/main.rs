//! `make bench`: ratios against named peers, in one run on one machine; the absolute numbers beside them are only for
//! the reader's feeling. It prints a table in Markdown.
//!
//! It may import everything; nothing imports it.
//!
//! | file | question |
//! |---|---|
//! | `codec` | how fast are chunks written and read, against Python's `binascii`, `json`, `bytes.fromhex` and against `memcpy` |
//! | `camera` | what does a picture cost: encoded, decoded, handed on, held; in Python beside simplejpeg, Pillow and `OpenCV` |
//! | `chain` | how many photos a second go from 50 connections to disk, against mosquitto and a Python receiver, and in how much memory |
//! | `light` | how heavy is the Python package: wheel, import time, memory |
//! | `sign` | what does a signature cost beside the MACs and hashes that it consists of, and beside the vendors' signers in Python |
//! | `micropython` | what does the MicroPython port cost in a real MicroPython: chunks, a login, messages a second, heap |
//! | `generator`, `mqtt` | the load: one process, raw MQTT packets |
//! | `peers` | runs the programs in Python that measure both sides |
//! | `machine` | what machine this is, how busy it was, what a process uses |
//! | `table` | the rows and how they are printed |
//!
//! The peers written in Python are in `tests/bench/peers/`; they do the same work on the same bytes, and say what came out
//! so that it can be compared.

mod camera;
mod chain;
mod codec;
mod generator;
mod light;
mod machine;
mod micropython;
mod mqtt;
mod peers;
mod sign;
mod table;

use std::io::Write as _;
use std::path::PathBuf;

use clap::Parser;

use table::Table;

/// Ratios against named peers.
#[derive(Parser, Debug)]
struct Arguments {
    /// A Python with paho-mqtt and the built wheel of faceiot in it
    #[arg(long, value_name = "PROGRAM")]
    python: PathBuf,
    /// The wheel, for its size
    #[arg(long, value_name = "FILE")]
    wheel: Option<PathBuf>,
    /// The `faceiot` program
    #[arg(long, value_name = "PROGRAM")]
    faceiot: PathBuf,
    /// Where the data of both sides goes; it should be a real disk
    #[arg(long, value_name = "FOLDER")]
    folder: PathBuf,
    /// Photos from each of the 50 connections
    #[arg(long, default_value_t = 10)]
    photos: usize,
    /// The Python of tests/micropython/requirements.txt, which has MicroPython beside it; without it that part is left out
    #[arg(long, value_name = "PROGRAM")]
    micropython: Option<PathBuf>,
    /// The folder of `_faceiot.mpy`, for MicroPython's rows of the C module
    #[arg(long, value_name = "FOLDER")]
    natmod: Option<PathBuf>,
    /// Only these parts: codec, camera, chain, light, sign, micropython
    #[arg(long, value_delimiter = ',', default_values_t = ["codec", "camera", "chain", "light", "sign", "micropython"].map(String::from))]
    only: Vec<String>,
    /// Only print what pictures cost on our side, as JSON: seconds for one, for peers in other languages
    #[arg(long)]
    camera_json: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let wanted = |part: &str| arguments.only.iter().any(|name| name == part);
    if arguments.camera_json {
        let numbers = serde_json::to_string(&camera::numbers()?)?;
        writeln!(std::io::stdout().lock(), "{numbers}")?;
        return Ok(());
    }
    let mut table = Table::new();
    let before = machine::load()?;
    if wanted("codec") {
        codec::measure(&arguments.python, &mut table)?;
    }
    if wanted("camera") {
        camera::measure(&arguments.python, &mut table)?;
    }
    if wanted("chain") {
        chain::measure(
            &arguments.python,
            &arguments.faceiot,
            &arguments.folder,
            arguments.photos,
            &mut table,
        )?;
    }
    if wanted("sign") {
        sign::measure(&arguments.python, &mut table)?;
    }
    if wanted("light") {
        light::measure(&arguments.python, arguments.wheel.as_deref(), &mut table)?;
    }
    let heap = match &arguments.micropython {
        Some(python) if wanted("micropython") => {
            micropython::measure(python, arguments.natmod.as_deref(), &mut table)?
        }
        _ => String::new(),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", machine::describe(&before)?)?;
    writeln!(out, "{table}")?;
    writeln!(out, "{heap}")?;
    Ok(())
}
