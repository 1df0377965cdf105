//! A camera as it is used: opened once, asked for photos.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use faceiot_core::ErrorKind;

use crate::asked::Asked;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::live::{Live, Opener, Patience};
use crate::source::{Control, FrameSource, Mode, Stop, Wish, open_stoppable};
use crate::transform::{Rotate, Transform};

/// What a [`Camera`] is opened with.
#[derive(Clone, Debug)]
pub struct Options {
    /// As [`open`](crate::open) takes it; `auto` unless told.
    pub source: String,
    /// What is asked of the camera. When it names no size, the one of `transform` is asked for.
    pub wish: Wish,
    /// What is done to every frame. When it names no size, the one of `wish` is given exactly: a camera that has no such
    /// mode gives a larger one, which is cut and scaled.
    pub transform: Transform,
    /// Takes the place where a photo was taken out of its EXIF ([`Frame::without_location`]).
    pub strip_location: bool,
    /// How often a live camera that failed is opened again before the error is told: 3 unless told.
    pub retries: u32,
    /// The pause before the first retry, doubled before each that follows, 5 seconds at most: 200 ms unless told.
    pub backoff: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            source: "auto".into(),
            wish: Wish::default(),
            transform: Transform::default(),
            strip_location: false,
            retries: 3,
            backoff: Duration::from_millis(200),
        }
    }
}

/// What went through a camera since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames received.
    pub frames: u64,
    /// Frames that the camera took and could not deliver.
    pub dropped: u64,
    /// Frames that arrived damaged and were thrown away.
    pub damaged: u64,
    /// How often the source was opened again after an error; of a web server of single photos, how often it was asked
    /// again.
    pub restarts: u64,
}

/// A camera: files, a drawn picture or a real one, all used alike. Any thread may use it.
///
/// A live camera is read by a thread of its own all the time; only the newest frame is kept, so that nobody ever gets an
/// old one, and a camera that fails is opened again. Every frame has a number ([`Frame::sequence`]) and a time.
///
/// Dropping it closes it. After a `fork` the child's copy says `Closed` to everything.
///
/// ```
/// use faceiot_camera::{Camera, Options, Wish};
///
/// let camera = Camera::open(Options {
///     source: "testcard:640x480".into(),
///     wish: Wish { size: Some((720, 480)), ..Wish::default() },
///     ..Options::default()
/// })?;
/// let photo = camera.capture()?;
/// assert_eq!((photo.width(), photo.height()), (720, 480));
/// for frame in camera.frames().take(3) {
///     assert!(frame?.jpeg()?.len() > 1_000);
/// }
/// assert_eq!(camera.statistics().frames, 4);
/// # Ok::<(), faceiot_camera::Error>(())
/// ```
pub struct Camera {
    feed: Feed,
    description: String,
    transform: Transform,
    strip_location: bool,
    patience: Patience,
    stop: Stop,
    /// The process that opened it: a forked child has no reader thread.
    process: u32,
}

enum Feed {
    Live(Live),
    Asked(Asked),
}

/// A place in the stream of frames: what comes after it is new to who holds it.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    /// Frames received before it.
    pub(crate) received: u64,
    /// Errors told before it.
    pub(crate) failures: u64,
    /// A frame that was taken before this is too old, though it arrives after it.
    pub(crate) not_before_ms: u64,
}

impl Position {
    /// The latest frame, if it is new; moves on.
    pub(crate) fn take(&mut self, received: u64, latest: Option<&Frame>) -> Option<Frame> {
        let frame = latest?;
        // The second frame after the position was begun after it even when its clock says otherwise.
        let new = received > self.received + 1
            || (received > self.received && frame.time_ms() >= self.not_before_ms);
        if !new {
            return None;
        }
        self.received = received;
        self.not_before_ms = 0;
        Some(frame.clone())
    }
}

impl Camera {
    /// Opens a camera.
    ///
    /// # Errors
    /// `NoCamera` when there is none, `InvalidArgument` for a spec or a transform that makes no sense, and what the
    /// source says. Opening is tried once; the retries are for a camera that worked.
    pub fn open(options: Options) -> Result<Self> {
        let Options {
            source: spec,
            wish,
            transform,
            strip_location,
            retries,
            backoff,
        } = options;
        let wish = wish.bounded();
        let wish = Wish {
            size: wish
                .size
                .or(transform.size.map(|(width, height)| match transform.rotate {
                    Rotate::By90 | Rotate::By270 => (height, width),
                    Rotate::None | Rotate::By180 => (width, height),
                })),
            ..wish
        };
        let transform = Transform {
            size: transform.size.or(wish.size),
            ..transform
        };
        let interval = interval(&wish)?;
        let stop = Stop::default();
        let source = open_stoppable(&spec, &wish, &stop)?;
        let patience = Patience {
            retries,
            backoff,
            timeout: wish.timeout,
        };
        let told = stop.clone();
        let opener: Opener = Box::new(move || open_stoppable(&spec, &wish, &told));
        let mut camera = Self::start(
            source,
            Some(opener),
            patience,
            interval,
            transform,
            strip_location,
        )?;
        camera.stop = stop;
        Ok(camera)
    }

    /// A camera of a source that somebody made: `options` says the rest, its `source` is not looked at.
    ///
    /// # Errors
    /// `Io` when there is no thread for a live source, `InvalidArgument` for a rate that is none.
    pub fn of(source: Box<dyn FrameSource>, options: Options) -> Result<Self> {
        let patience = Patience {
            retries: options.retries,
            backoff: options.backoff,
            timeout: options.wish.bounded().timeout,
        };
        let transform = Transform {
            size: options.transform.size.or(options.wish.size),
            ..options.transform
        };
        let interval = interval(&options.wish)?;
        Self::start(
            source,
            None,
            patience,
            interval,
            transform,
            options.strip_location,
        )
    }

    fn start(
        source: Box<dyn FrameSource>,
        opener: Option<Opener>,
        patience: Patience,
        interval: Option<Duration>,
        transform: Transform,
        strip_location: bool,
    ) -> Result<Self> {
        let description = source.describe();
        let feed = if source.live() {
            Feed::Live(Live::start(source, opener, patience)?)
        } else {
            Feed::Asked(Asked::new(source, interval, patience))
        };
        Ok(Self {
            feed,
            description,
            transform,
            strip_location,
            patience,
            stop: Stop::default(),
            process: std::process::id(),
        })
    }

    /// Takes a photo: the first frame that is taken after the call.
    ///
    /// # Errors
    /// What the camera said when all retries were used up; the next call tries anew. `Timeout` when even that did not
    /// come, `Closed`, and what the transform says.
    pub fn capture(&self) -> Result<Frame> {
        let mut position = self.position()?;
        self.next_after(&mut position)
    }

    /// The place in the stream that is now, for [`wait`](Self::wait).
    ///
    /// # Errors
    /// `Closed`.
    pub fn position(&self) -> Result<Position> {
        self.check_process()?;
        Ok(match &self.feed {
            Feed::Live(live) => live.position(),
            Feed::Asked(_) => Position {
                received: 0,
                failures: 0,
                not_before_ms: 0,
            },
        })
    }

    /// The newest frame after a position, and moves the position behind it: [`capture`](Self::capture) and
    /// [`frames`](Self::frames) for callers who have to look after something else now and then. `None` when there was no
    /// frame in time. A source that is not live takes its frame in this call, however long that is, and not before the
    /// rate that was asked for ([`Wish::fps`]) allows it.
    ///
    /// # Errors
    /// As [`capture`](Self::capture).
    pub fn wait(&self, position: &mut Position, time: Duration) -> Result<Option<Frame>> {
        self.check_process()?;
        let frame = match &self.feed {
            Feed::Live(live) => live.wait(position, time)?,
            Feed::Asked(asked) => asked.wait(time)?,
        };
        frame.map(|frame| self.finish(&frame)).transpose()
    }

    /// How long [`capture`](Self::capture) waits at most: for every retry and the pauses between them, and, of a source
    /// that is not live, for the moment that the rate allows.
    pub fn longest_wait(&self) -> Duration {
        let pace = match &self.feed {
            Feed::Live(_) => Duration::ZERO,
            Feed::Asked(asked) => asked.interval(),
        };
        self.patience.in_all().saturating_add(pace)
    }

    /// Every new frame from now on, without end; frames that came while the last one was looked at are passed over.
    pub fn frames(&self) -> Frames<'_> {
        Frames {
            camera: self,
            position: None,
        }
    }

    /// The newest frame that there is, without waiting; `None` before the first one, while a camera fails, and after it
    /// was closed.
    ///
    /// # Errors
    /// What the transform says.
    pub fn latest(&self) -> Result<Option<Frame>> {
        self.check_process()?;
        let frame = match &self.feed {
            Feed::Live(live) => live.latest(),
            Feed::Asked(asked) => asked.latest(),
        };
        frame.map(|frame| self.finish(&frame)).transpose()
    }

    /// What the camera really gives, before the transform; `None` for files.
    pub fn mode(&self) -> Option<Mode> {
        self.check_process().ok()?;
        match &self.feed {
            Feed::Live(live) => live.mode(),
            Feed::Asked(asked) => asked.mode(),
        }
    }

    /// What can be set at the camera.
    ///
    /// # Errors
    /// What the device says, `Timeout`, `Closed`.
    pub fn controls(&self) -> Result<Vec<Control>> {
        self.check_process()?;
        match &self.feed {
            Feed::Live(live) => live.controls(),
            Feed::Asked(asked) => asked.controls(),
        }
    }

    /// Sets a control; it is set again when the camera has to be opened again.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown name or a value outside its limits; `Camera`, `Timeout`, `Closed`.
    pub fn set_control(&self, name: &str, value: i64) -> Result<()> {
        self.check_process()?;
        match &self.feed {
            Feed::Live(live) => live.set_control(name, value),
            Feed::Asked(asked) => asked.set_control(name, value),
        }
    }

    /// What went through it so far.
    pub fn statistics(&self) -> Statistics {
        if self.check_process().is_err() {
            return Statistics::default();
        }
        match &self.feed {
            Feed::Live(live) => live.statistics(),
            Feed::Asked(asked) => asked.statistics(),
        }
    }

    /// What this camera is, for people.
    pub fn describe(&self) -> &str {
        &self.description
    }

    /// Lets the camera go, so that another program can have it. A web server or `rpicam-vid` that says nothing is left
    /// within a moment; of the others the frame that is being read is waited for. It takes twice the time-out (connecting,
    /// and one frame) and a second at the longest. Who waits for a frame is told `Closed`. Closing again does nothing.
    pub fn close(&self) {
        if self.check_process().is_err() {
            return; // the parent's camera is not the child's to close
        }
        self.stop.stop();
        match &self.feed {
            Feed::Live(live) => live.close(),
            Feed::Asked(asked) => asked.close(),
        }
    }

    fn next_after(&self, position: &mut Position) -> Result<Frame> {
        let time = self.longest_wait();
        self.wait(position, time)?.ok_or_else(|| {
            let words = format!("no frame from {} in {time:.0?}", self.description);
            Error::new(ErrorKind::Timeout, words)
        })
    }

    fn finish(&self, frame: &Frame) -> Result<Frame> {
        let frame = frame.transform(&self.transform)?;
        if self.strip_location {
            return frame.without_location();
        }
        Ok(frame)
    }

    fn check_process(&self) -> Result<()> {
        if self.process == std::process::id() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Closed,
            "the camera belongs to the process that opened it: open it after the fork",
        ))
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.close();
    }
}

impl std::fmt::Debug for Camera {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Camera")
            .field("source", &self.description)
            .finish_non_exhaustive()
    }
}

/// The frames of a camera, without end: what [`Camera::frames`] gives.
#[derive(Debug)]
pub struct Frames<'a> {
    camera: &'a Camera,
    position: Option<Position>,
}

impl Iterator for Frames<'_> {
    type Item = Result<Frame>;

    /// Never `None`. After an error the next call tries anew.
    fn next(&mut self) -> Option<Self::Item> {
        let position = match &mut self.position {
            Some(position) => position,
            none => match self.camera.position() {
                Ok(now) => none.insert(now),
                Err(error) => return Some(Err(error)),
            },
        };
        Some(self.camera.next_after(position))
    }
}

/// Between two frames, at the rate that was asked for.
fn interval(wish: &Wish) -> Result<Option<Duration>> {
    let Some(fps) = wish.fps else {
        return Ok(None);
    };
    Duration::try_from_secs_f64(1.0 / fps).map(Some).map_err(|_| {
        let words = format!("`{fps}` is no number of frames in a second");
        Error::new(ErrorKind::InvalidArgument, words)
    })
}

/// Milliseconds since 1970-01-01 UTC.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as u64
}
