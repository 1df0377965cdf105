//! A camera that is streaming.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use faceiot_core::ErrorKind;

use super::abi::{self, flag};
use super::controls;
use super::device::{Call, Device, Readiness};
use super::fourcc::{Encoding, FourCc};
use super::identity::Identity;
use super::negotiation::{Negotiated, check, negotiate};
use super::node::Node;
use super::problem;
use crate::error::{Error, Result};
use crate::{Control, Frame, FrameSource, Lost, Mode, Raw, Wish, jpeg};

/// A V4L2 camera whose frames come through memory that is mapped from the driver.
///
/// Frames are copied out of that memory once; motion JPEG is checked and mended by [`jpeg::repair`] and never decoded.
/// After an error other than `Timeout` the stream has ended: every further call gives the same error, and the camera
/// is to be opened anew.
pub struct Stream {
    device: Box<dyn Device>,
    path: PathBuf,
    source: Arc<str>,
    format: Negotiated,
    timeout: Duration,
    /// The driver's number of the last frame, and ours.
    last: Option<(u32, u64)>,
    lost: Lost,
    ended: Option<Error>,
}

impl Stream {
    /// Opens `/dev/videoN` (or a link to one, such as those in `/dev/v4l/by-id`), chooses the mode that serves the wish
    /// best, and starts streaming.
    ///
    /// # Errors
    /// `NoCamera` when nothing is there, `InvalidArgument` for what is no V4L2 device and for a rate or size of zero,
    /// `Camera` when the node is none that photos can be taken from (the message says what to use), is used by another
    /// program, or refuses.
    pub fn open(path: impl AsRef<Path>, wish: &Wish) -> Result<Self> {
        Self::open_only(path.as_ref(), None, wish)
    }

    /// As [`open`](Self::open), in this format only.
    pub(super) fn open_only(path: &Path, only: Option<FourCc>, wish: &Wish) -> Result<Self> {
        let node = Node::open(path).map_err(|error| problem::opening(path, &error))?;
        Self::start(Box::new(node), path, only, wish)
    }

    pub(super) fn start(
        mut device: Box<dyn Device>,
        path: &Path,
        only: Option<FourCc>,
        wish: &Wish,
    ) -> Result<Self> {
        check(wish)?;
        let identity = Identity::of(&mut *device, path)?;
        if let Some(obstacle) = identity.obstacle() {
            return Err(identity.refused(path, &obstacle));
        }
        let format = negotiate(&mut *device, path, &identity, only, wish)?;
        let mut stream = Self {
            device,
            path: path.to_owned(),
            source: format!("{} ({})", path.display(), identity.card).into(),
            format,
            timeout: wish.timeout.min(LONGEST),
            last: None,
            lost: Lost::default(),
            ended: None,
        };
        stream.stream_on()?;
        Ok(stream)
    }

    /// Maps the buffers that the driver grants, hands them over and starts.
    fn stream_on(&mut self) -> Result<()> {
        let mut request = abi::RequestBuffers {
            count: BUFFERS,
            ..abi::RequestBuffers::default()
        };
        self.call("asking for buffers", Call::RequestBuffers(&mut request))?;
        if request.count == 0 {
            let message = format!("`{}` granted no buffer", self.path.display());
            return Err(Error::new(ErrorKind::Camera, message));
        }
        for index in 0..request.count.min(MOST_BUFFERS) {
            let mut buffer = abi::Buffer {
                index,
                ..abi::Buffer::default()
            };
            self.call("asking for a buffer", Call::QueryBuffer(&mut buffer))?;
            self.device
                .map(buffer.offset, buffer.length)
                .map_err(|error| problem::failed(&self.path, "mapping a buffer", &error))?;
            self.queue(index)?;
        }
        self.call("starting the stream", Call::StreamOn)
    }

    fn queue(&mut self, index: u32) -> Result<()> {
        let mut buffer = abi::Buffer {
            index,
            ..abi::Buffer::default()
        };
        self.call("giving a buffer back", Call::Queue(&mut buffer))
    }

    fn call(&mut self, doing: &str, call: Call<'_>) -> Result<()> {
        self.device
            .call(call)
            .map_err(|error| problem::failed(&self.path, doing, &error))
    }

    fn frame(&mut self) -> Result<Frame> {
        let deadline = Instant::now() + self.timeout;
        let mut fault = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let ready = self
                .device
                .wait(left)
                .map_err(|error| problem::failed(&self.path, "waiting for a frame", &error))?;
            if ready == Readiness::Nothing {
                return Err(self.nothing_came(fault));
            }
            if let Some(buffer) = self.dequeue(ready)? {
                let number = self.number(buffer.sequence);
                let taken = self.take(&buffer);
                self.queue(buffer.index)?;
                match taken {
                    Ok(frame) => {
                        return Ok(frame.with_sequence(number).with_source(Arc::clone(&self.source)));
                    }
                    Err(error) => {
                        self.lost.damaged += 1;
                        fault = Some(error.message);
                    }
                }
            }
            // A camera that is always ready and never gives anything whole must not keep us.
            if Instant::now() >= deadline {
                return Err(self.nothing_came(fault));
            }
        }
    }

    /// The filled buffer; `None` when `poll` was early, as a few drivers' is.
    fn dequeue(&mut self, ready: Readiness) -> Result<Option<abi::Buffer>> {
        let mut buffer = abi::Buffer::default();
        match self.device.call(Call::Dequeue(&mut buffer)) {
            Ok(()) => Ok(Some(buffer)),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                Err(problem::failed(&self.path, "taking a frame", &error))
            }
            Err(_) if ready == Readiness::Buffer => Ok(None),
            Err(_) => {
                let message = format!("`{}` stopped streaming", self.path.display());
                Err(Error::new(ErrorKind::Camera, message))
            }
        }
    }

    /// Makes a frame of a buffer that is ours for the moment.
    fn take(&self, buffer: &abi::Buffer) -> Result<Frame> {
        let damaged = |message: &str| Err(Error::new(ErrorKind::Camera, message));
        if buffer.flags & flag::ERROR != 0 {
            return damaged("the driver marked the frame as damaged");
        }
        let octets = self.device.octets(buffer.index);
        // Some drivers leave a length that is longer than the frame, or than the buffer; none at all is a lost frame.
        let octets = octets.get(..buffer.used as usize).unwrap_or(octets);
        if octets.is_empty() {
            return damaged("the driver gave an empty frame");
        }
        let format = &self.format;
        let frame = match format.encoding {
            Encoding::Jpeg => Frame::from_jpeg(jpeg::repair(octets)?)?,
            Encoding::Raw(pixels) => {
                let raw = Raw {
                    format: pixels,
                    range: format.range,
                    width: format.width,
                    height: format.height,
                    stride: format.stride,
                    data: octets.to_vec(),
                };
                Frame::from_raw(raw, QUALITY)?
            }
        };
        Ok(frame.with_time_ms(self.taken_at(buffer)))
    }

    /// Milliseconds since 1970 when the driver says that the frame was taken; now, when it does not.
    fn taken_at(&self, buffer: &abi::Buffer) -> u64 {
        let is_monotonic = buffer.flags & flag::TIMESTAMP_MASK == flag::TIMESTAMP_MONOTONIC;
        let [seconds, micros] = buffer.timestamp.map(|part| u64::try_from(part).unwrap_or(0));
        let stamp = Duration::from_secs(seconds) + Duration::from_micros(micros);
        let age = if is_monotonic {
            self.device.monotonic().saturating_sub(stamp)
        } else {
            Duration::ZERO
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        now.saturating_sub(age).as_millis() as u64
    }

    /// Our number of a frame from the driver's: a gap is a frame that the driver dropped. Numbers that stand still or
    /// go back (some drivers always say 0) tell nothing.
    fn number(&mut self, sequence: u32) -> u64 {
        let number = match self.last {
            None => 0,
            Some((last, number)) => {
                let step = sequence.wrapping_sub(last);
                let step = if (1..=u32::MAX / 2).contains(&step) {
                    step
                } else {
                    1
                };
                self.lost.dropped += u64::from(step - 1);
                number + u64::from(step)
            }
        };
        self.last = Some((sequence, number));
        number
    }

    fn nothing_came(&self, fault: Option<String>) -> Error {
        let (path, seconds) = (self.path.display(), self.timeout.as_secs_f64());
        let message = match fault {
            None => format!("`{path}` gave no frame within {seconds} s"),
            Some(fault) => format!("`{path}` gave no whole frame within {seconds} s; the last one: {fault}"),
        };
        Error::new(ErrorKind::Timeout, message)
    }
}

impl FrameSource for Stream {
    fn next(&mut self) -> Result<Frame> {
        if let Some(error) = &self.ended {
            return Err(error.clone());
        }
        let frame = self.frame();
        if let Err(error) = &frame
            && error.kind != ErrorKind::Timeout
        {
            self.ended = Some(error.clone());
        }
        frame
    }

    fn describe(&self) -> String {
        self.source.to_string()
    }

    fn mode(&self) -> Option<Mode> {
        Some(Mode {
            width: self.format.width,
            height: self.format.height,
            format: self.format.fourcc.to_string(),
            fps: self.format.fps,
        })
    }

    fn live(&self) -> bool {
        true
    }

    fn controls(&mut self) -> Result<Vec<Control>> {
        controls::list(&mut *self.device, &self.path)
    }

    fn set_control(&mut self, name: &str, value: i64) -> Result<()> {
        controls::set(&mut *self.device, &self.path, name, value)
    }

    fn lost(&self) -> Lost {
        self.lost
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // The camera may be gone; what is mapped and open is given back in any case.
        let _ = self.device.call(Call::StreamOff);
        self.device.unmap();
        // A forked child that has the descriptor too must not keep the camera: who frees the buffers is done with it.
        let _ = self
            .device
            .call(Call::RequestBuffers(&mut abi::RequestBuffers::default()));
    }
}

/// Enough for one to be read while one is filled and one waits; with more, frames are only older.
const BUFFERS: u32 = 4;
const MOST_BUFFERS: u32 = 32;
/// Of the JPEG that raw pixels become.
const QUALITY: u8 = 85;
/// A day; no caller waits longer, and sums with the time of now stay sums.
const LONGEST: Duration = Duration::from_hours(24);
