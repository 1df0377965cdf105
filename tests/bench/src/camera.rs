//! Pictures: what it costs to encode, to decode, to hand a camera's JPEG on, and how much memory a stream holds.
//!
//! [`numbers`] is our side, in seconds for one picture; `--camera-json` prints it for peers in other languages. The rows here
//! compare it with what can be had in one process (the way through RGB, `memcpy`), and in Python with simplejpeg, Pillow and
//! `OpenCV`.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use faceiot_camera::jpeg::{self, Splitter};
use faceiot_camera::{Camera, Frame, FrameSource, Options, PixelFormat, Range, Raw, Transform};
use serde::Serialize;

use crate::machine;
use crate::peers::in_python;
use crate::table::Table;

/// 600x400, scaled to what is measured.
const PHOTO: &[u8] = include_bytes!("../../photos/coffee.jpg");
const SIZES: [(u32, u32); 2] = [(720, 480), (1920, 1080)];
const QUALITY: u8 = 85;
/// How long each loop runs; the best of its batches counts.
const LOOP: Duration = Duration::from_millis(1_500);
const STREAMS: u32 = 8;

/// Our side for one size, in seconds for one picture.
#[derive(Debug, Serialize)]
pub(crate) struct Numbers {
    width: u32,
    height: u32,
    /// RGB to JPEG, quality 85, 4:2:0.
    encode_rgb: f64,
    /// YUYV to JPEG, quality 85, 4:2:2, by its planes.
    encode_yuyv: f64,
    /// The same through RGB: what it costs to know only that.
    encode_yuyv_through_rgb: f64,
    /// JPEG (4:2:0) to RGB in memory that is there.
    decode: f64,
    /// JPEG to RGB in new memory.
    decode_new: f64,
    /// A camera's JPEG to a frame: its markers walked, its octets copied once.
    passthrough: f64,
    /// The same out of a stream without framing.
    split: f64,
    /// `memcpy` of that JPEG.
    copy: f64,
    /// Decoded, scaled to half its size, encoded.
    halve: f64,
    /// Octets of the JPEG.
    octets: usize,
    /// MiB of resident memory that one more live camera of such JPEGs takes.
    stream_mebibytes: f64,
}

/// Measures every size.
pub(crate) fn numbers() -> Result<Vec<Numbers>> {
    SIZES.into_iter().map(one).collect()
}

/// The rows of the table: ours in one process, then in Python beside its peers.
pub(crate) fn measure(python: &Path, table: &mut Table) -> Result<()> {
    for numbers in numbers()? {
        let size = format!("{}x{}", numbers.width, numbers.height);
        let milliseconds = |seconds: f64| seconds * 1e3;
        table.less_is_better(
            &format!("YUYV to JPEG, {size}"),
            "ms",
            milliseconds(numbers.encode_yuyv),
            "the same through RGB",
            milliseconds(numbers.encode_yuyv_through_rgb),
        );
        table.less_is_better(
            &format!("camera's JPEG to frame, {size}"),
            "us",
            numbers.passthrough * 1e6,
            "decoding and encoding it",
            (numbers.decode + numbers.encode_rgb) * 1e6,
        );
        table.less_is_better(
            &format!("camera's JPEG to frame, {size}"),
            "us",
            numbers.passthrough * 1e6,
            "memcpy of it",
            numbers.copy * 1e6,
        );
        table.less_is_better(
            &format!("memory of a stream of JPEGs, {size}"),
            "MiB",
            numbers.stream_mebibytes,
            "one of its pictures as RGB",
            f64::from(numbers.width * numbers.height * 3) / f64::from(1 << 20),
        );
    }
    in_python(python, "camera.py", ("ms", 1e3), table)
}

fn one(size: (u32, u32)) -> Result<Numbers> {
    let (width, height) = size;
    let transform = Transform {
        size: Some(size),
        ..Transform::default()
    };
    let scaled = Frame::from_jpeg(PHOTO)?.transform(&transform)?;
    let mut rgb = scaled.decode_rgb()?;
    let frame = Frame::from_rgb(&rgb, width, height, QUALITY)?;
    let octets = frame.jpeg()?.to_vec();
    let yuyv = yuyv(&rgb, width, height);
    let raw = || Frame::from_raw(yuyv.clone(), QUALITY);
    ensure!(
        raw()?.jpeg()?.len() > octets.len() / 2,
        "the YUYV picture is a picture"
    );
    let stream = octets.repeat(8);
    let half = Transform {
        size: Some((width / 2, height / 2)),
        ..Transform::default()
    };
    Ok(Numbers {
        width,
        height,
        encode_rgb: best(|| Ok(Frame::from_rgb(&rgb, width, height, QUALITY)?))?,
        encode_yuyv: best(|| Ok(raw()?.shared_jpeg()?))?,
        encode_yuyv_through_rgb: best(|| {
            let rgb = raw()?.decode_rgb()?;
            Ok(Frame::from_rgb(&rgb, width, height, QUALITY)?)
        })?,
        decode_new: best(|| Ok(frame.decode_rgb()?))?,
        decode: best(|| Ok(frame.decode_rgb_into(black_box(&mut rgb))?))?,
        passthrough: best(|| Ok(Frame::from_jpeg(jpeg::repair(&octets)?)?))?,
        split: best(|| {
            let mut splitter = Splitter::new(32 << 20);
            for piece in stream.chunks(64 << 10) {
                splitter.push(piece);
                while let Some(picture) = splitter.next() {
                    black_box(Frame::from_jpeg(jpeg::repair(&picture)?)?);
                }
            }
            Ok(())
        })? / 8.0,
        copy: best(|| Ok(octets.clone()))?,
        halve: best(|| Ok(frame.transform(&half)?.shared_jpeg()?))?,
        octets: octets.len(),
        stream_mebibytes: stream_memory(&octets)?,
    })
}

/// As a camera would give it: BT.601, both pixels of a pair with the chroma of the first.
#[expect(clippy::cast_sign_loss, reason = "clamped to 0..=255")]
fn yuyv(rgb: &[u8], width: u32, height: u32) -> Raw {
    let luma = |p: &[u8]| (77 * i32::from(p[0]) + 150 * i32::from(p[1]) + 29 * i32::from(p[2])) >> 8;
    let octet = |value: i32| value.clamp(0, 255) as u8;
    let data = rgb.chunks_exact(6).flat_map(|pair| {
        let (y0, y1) = (luma(&pair[..3]), luma(&pair[3..]));
        let cb = octet(128 + (((i32::from(pair[2]) - y0) * 144) >> 8));
        let cr = octet(128 + (((i32::from(pair[0]) - y0) * 183) >> 8));
        [octet(y0), cb, octet(y1), cr]
    });
    Raw {
        format: PixelFormat::Yuyv,
        range: Range::Full,
        width,
        height,
        stride: width * 2,
        data: data.collect(),
    }
}

/// A camera that gives one JPEG for ever.
struct Same(Vec<u8>);

impl FrameSource for Same {
    fn next(&mut self) -> faceiot_camera::Result<Frame> {
        std::thread::sleep(Duration::from_millis(1));
        Frame::from_jpeg(jpeg::repair(&self.0)?)
    }

    fn describe(&self) -> String {
        "the same picture".into()
    }

    fn live(&self) -> bool {
        true
    }
}

/// MiB that one more camera takes, after each of some gave a hundred frames; the source's own picture is part of it.
fn stream_memory(octets: &[u8]) -> Result<f64> {
    let resident = || machine::memory(std::process::id()).map(|memory| memory.now);
    let before = resident()?;
    let cameras: Vec<Camera> = (0..STREAMS)
        .map(|_| Camera::of(Box::new(Same(octets.to_vec())), Options::default()))
        .collect::<Result<_, _>>()?;
    for camera in &cameras {
        for frame in camera.frames().take(100) {
            frame?;
        }
    }
    Ok((resident()? - before) / f64::from(STREAMS))
}

/// Seconds of the fastest run.
fn best<T>(mut run: impl FnMut() -> Result<T>) -> Result<f64> {
    let (start, mut best) = (Instant::now(), f64::INFINITY);
    while start.elapsed() < LOOP {
        let begin = Instant::now();
        black_box(run()?);
        best = best.min(begin.elapsed().as_secs_f64());
    }
    Ok(best)
}
