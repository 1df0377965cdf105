//! A source that gives a photo when it is asked for one: files, a drawn picture, a web server of single pictures.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use faceiot_core::ErrorKind;

use crate::camera::Statistics;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::live::{Patience, closed};
use crate::source::{Control, FrameSource, Mode};

/// The source, and beside it what is known of it: who asks for that never waits for a photo that is being taken.
pub(crate) struct Asked {
    /// `None` once it is closed.
    source: Mutex<Option<Box<dyn FrameSource>>>,
    known: Mutex<Known>,
    changed: Condvar,
    /// Between two photos at least.
    interval: Duration,
    /// `None` where trying again cannot help: the photo is a file, or another program's object.
    patience: Option<Patience>,
}

#[derive(Default)]
struct Known {
    latest: Option<Frame>,
    statistics: Statistics,
    mode: Option<Mode>,
    /// The thread that has the source now.
    holder: Option<ThreadId>,
    closed: bool,
    /// No photo is taken before this.
    due: Option<Instant>,
    /// Photos that failed since the last good one.
    failed: u32,
}

impl Asked {
    pub(crate) fn new(source: Box<dyn FrameSource>, interval: Option<Duration>, patience: Patience) -> Self {
        let remote = source.remote();
        let unless_told = if remote { REMOTE_INTERVAL } else { Duration::ZERO };
        let known = Known {
            mode: source.mode(),
            ..Known::default()
        };
        Self {
            source: Mutex::new(Some(source)),
            known: Mutex::new(known),
            changed: Condvar::new(),
            interval: interval.unwrap_or(unless_told),
            patience: remote.then_some(patience),
        }
    }

    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    /// A photo, unless none is due in time: because of the rate, or because the last try failed a moment ago.
    pub(crate) fn wait(&self, time: Duration) -> Result<Option<Frame>> {
        let deadline = Instant::now().checked_add(time);
        loop {
            if !self.until_due(deadline)? {
                return Ok(None);
            }
            let mut held = self.hold()?;
            {
                let mut known = self.lock();
                let now = Instant::now();
                if known.due.is_some_and(|due| due > now) {
                    continue; // another thread was faster
                }
                known.due = now.checked_add(self.interval);
            }
            match self.publish(&mut held) {
                Ok(frame) => return Ok(Some(frame)),
                Err(error) => self.try_again(error)?,
            }
        }
    }

    /// Waits for the moment of the next photo; false when the deadline comes before it.
    fn until_due(&self, deadline: Option<Instant>) -> Result<bool> {
        let mut known = self.lock();
        loop {
            if known.closed {
                return Err(closed());
            }
            let now = Instant::now();
            let Some(due) = known.due.filter(|due| *due > now) else {
                return Ok(true);
            };
            let until = deadline.map_or(due, |deadline| due.min(deadline));
            if until <= now {
                return Ok(false);
            }
            (known, _) = self
                .changed
                .wait_timeout(known, until - now)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn publish(&self, held: &mut Held<'_>) -> Result<Frame> {
        let source = held.source()?;
        let frame = source.next()?;
        let (lost, mode) = (source.lost(), source.mode());
        let mut known = self.lock();
        let frame = frame.with_sequence(known.statistics.frames + lost.dropped + lost.damaged);
        known.statistics.frames += 1;
        known.statistics.dropped = lost.dropped;
        known.statistics.damaged = lost.damaged;
        known.mode = mode;
        known.failed = 0;
        known.latest = (!known.closed).then(|| frame.clone());
        Ok(frame)
    }

    /// Puts the next try off, if there is to be one; otherwise the error is told.
    fn try_again(&self, error: Error) -> Result<()> {
        let mut known = self.lock();
        if known.closed {
            return Err(closed()); // which is what ended the waiting for it
        }
        match self.patience {
            Some(patience) if error.kind.retryable() && known.failed < patience.retries => {
                let pause = patience.pause(known.failed);
                known.due = Instant::now().checked_add(pause);
                known.failed += 1;
                known.statistics.restarts += 1;
                Ok(())
            }
            _ => {
                known.failed = 0;
                // An old photo is not handed out as if the camera still worked.
                known.latest = None;
                Err(error)
            }
        }
    }

    pub(crate) fn latest(&self) -> Option<Frame> {
        self.lock().latest.clone()
    }

    pub(crate) fn mode(&self) -> Option<Mode> {
        self.lock().mode.clone()
    }

    pub(crate) fn statistics(&self) -> Statistics {
        self.lock().statistics
    }

    pub(crate) fn controls(&self) -> Result<Vec<Control>> {
        self.hold()?.source()?.controls()
    }

    pub(crate) fn set_control(&self, name: &str, value: i64) -> Result<()> {
        self.hold()?.source()?.set_control(name, value)
    }

    /// Lets the source go when the photo that is being taken is there.
    pub(crate) fn close(&self) {
        {
            let mut known = self.lock();
            known.closed = true;
            known.latest = None;
            self.changed.notify_all();
        }
        if let Ok(mut held) = self.hold() {
            *held.source = None;
        } // else it is closed from within the taking of a photo: who takes it lets the source go after that
    }

    /// The source, for one at a time.
    fn hold(&self) -> Result<Held<'_>> {
        let me = thread::current().id();
        if self.lock().holder == Some(me) {
            return Err(Error::new(
                ErrorKind::Camera,
                "the camera is taking a photo for this very call",
            ));
        }
        // A source that panicked in one thread is still the same source for the next.
        let source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock().holder = Some(me);
        Ok(Held { asked: self, source })
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The source as long as a thread has it.
struct Held<'a> {
    asked: &'a Asked,
    source: MutexGuard<'a, Option<Box<dyn FrameSource>>>,
}

impl Held<'_> {
    fn source(&mut self) -> Result<&mut dyn FrameSource> {
        match &mut *self.source {
            Some(source) => Ok(source.as_mut()),
            None => Err(closed()),
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let closed = self.asked.lock().closed;
        if closed {
            *self.source = None;
        }
        self.asked.lock().holder = None;
    }
}

/// Of a web server whose rate nobody asked for: thirty photos in a second.
const REMOTE_INTERVAL: Duration = Duration::from_nanos(1_000_000_000 / 30);

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{Arc, OnceLock};

    use super::*;
    use crate::{Camera, Options, Wish};

    /// A camera that fails as often as it is told to, and does something while it takes a photo.
    struct Told<F> {
        failures: u32,
        kind: ErrorKind,
        remote: bool,
        meanwhile: F,
    }

    impl<F: FnMut() + Send> FrameSource for Told<F> {
        fn next(&mut self) -> Result<Frame> {
            (self.meanwhile)();
            if self.failures > 0 {
                self.failures -= 1;
                return Err(Error::new(self.kind, "the test said so"));
            }
            Frame::from_rgb(&[7; 12], 2, 2, 85)
        }

        fn describe(&self) -> String {
            "told".into()
        }

        fn remote(&self) -> bool {
            self.remote
        }
    }

    const LONG: Duration = Duration::from_mins(1);

    fn options(retries: u32) -> Options {
        Options {
            retries,
            backoff: Duration::from_millis(1),
            ..Options::default()
        }
    }

    fn failing(failures: u32, kind: ErrorKind, remote: bool) -> Camera {
        let source = Told {
            failures,
            kind,
            remote,
            meanwhile: || {},
        };
        Camera::of(Box::new(source), options(2)).unwrap()
    }

    /// A camera that takes its photo when it is told to, and says when it has begun.
    fn slow() -> (Arc<Camera>, Receiver<()>, Sender<()>) {
        let ((begun, begins), (go, goes)) = (channel(), channel());
        let source = Told {
            failures: 0,
            kind: ErrorKind::Camera,
            remote: false,
            meanwhile: move || {
                begun.send(()).unwrap();
                goes.recv_timeout(LONG).unwrap();
            },
        };
        (
            Arc::new(Camera::of(Box::new(source), options(0)).unwrap()),
            begins,
            go,
        )
    }

    #[test]
    fn what_is_known_is_told_while_a_photo_is_taken() {
        let (camera, begins, go) = slow();
        thread::scope(|scope| {
            let taking = scope.spawn(|| camera.capture());
            begins.recv_timeout(LONG).unwrap();
            assert_eq!((camera.mode(), camera.statistics().frames), (None, 0));
            assert!(camera.latest().unwrap().is_none());
            go.send(()).unwrap();
            taking.join().unwrap().unwrap();
        });
        assert_eq!(camera.statistics().frames, 1);
    }

    #[test]
    fn a_camera_that_is_closed_while_it_takes_a_photo_gives_that_one_and_no_other() {
        let (camera, begins, go) = slow();
        thread::scope(|scope| {
            let taking = scope.spawn(|| camera.capture());
            begins.recv_timeout(LONG).unwrap();
            let closing = scope.spawn(|| camera.close());
            go.send(()).unwrap();
            taking.join().unwrap().unwrap();
            closing.join().unwrap();
        });
        assert!(go.send(()).is_err(), "the source was let go");
        assert_eq!(camera.capture().unwrap_err().kind, ErrorKind::Closed);
        assert!(camera.latest().unwrap().is_none());
    }

    #[test]
    fn a_source_that_asks_its_own_camera_gets_an_answer() {
        let slot: Arc<OnceLock<Camera>> = Arc::new(OnceLock::new());
        let (teller, told) = channel();
        let own = Arc::clone(&slot);
        let source = Told {
            failures: 0,
            kind: ErrorKind::Camera,
            remote: false,
            meanwhile: move || {
                let camera = own.get().unwrap();
                assert_eq!((camera.mode(), camera.statistics().frames), (None, 0));
                teller.send(camera.capture().unwrap_err()).unwrap();
                teller.send(camera.controls().unwrap_err()).unwrap();
                teller.send(camera.set_control("x", 1).unwrap_err()).unwrap();
                camera.close();
            },
        };
        assert!(
            slot.set(Camera::of(Box::new(source), options(0)).unwrap())
                .is_ok()
        );
        let camera = slot.get().unwrap();
        camera.capture().unwrap();
        for error in told.try_iter().take(3) {
            assert_eq!(
                (error.kind, &*error.message),
                (
                    ErrorKind::Camera,
                    "the camera is taking a photo for this very call"
                )
            );
        }
        assert_eq!(
            camera.capture().unwrap_err().kind,
            ErrorKind::Closed,
            "closed from within"
        );
    }

    #[test]
    fn a_web_server_that_was_away_is_asked_again_so_many_times() {
        let camera = failing(2, ErrorKind::Disconnected, true);
        camera.capture().unwrap();
        assert_eq!((camera.statistics().frames, camera.statistics().restarts), (1, 2));

        let camera = failing(4, ErrorKind::Timeout, true);
        assert_eq!(camera.capture().unwrap_err().kind, ErrorKind::Timeout);
        assert_eq!(camera.statistics().restarts, 2);
        camera.capture().unwrap(); // the next call tries anew
    }

    #[test]
    fn what_asking_again_cannot_mend_is_told_at_once() {
        for (kind, remote) in [(ErrorKind::Refused, true), (ErrorKind::Timeout, false)] {
            let camera = failing(1, kind, remote);
            assert_eq!(camera.capture().unwrap_err().kind, kind);
            assert_eq!(camera.statistics().restarts, 0);
        }
    }

    #[test]
    fn a_source_that_is_asked_keeps_the_rate() {
        let camera = Camera::open(Options {
            source: "testcard:16x16".into(),
            wish: Wish {
                fps: Some(20.0),
                ..Wish::default()
            },
            ..Options::default()
        })
        .unwrap();
        let start = Instant::now();
        for _ in 0..5 {
            camera.capture().unwrap();
        }
        assert!(
            start.elapsed() >= Duration::from_millis(200),
            "four pauses of 50 ms"
        );
    }

    #[test]
    fn who_waits_less_than_the_rate_gets_nothing_and_closing_wakes_who_waits() {
        let camera = Camera::open(Options {
            source: "testcard:16x16".into(),
            wish: Wish {
                fps: Some(0.001),
                ..Wish::default()
            },
            ..Options::default()
        })
        .unwrap();
        camera.capture().unwrap();
        assert!(camera.longest_wait() > Duration::from_secs(1_000));
        let mut position = camera.position().unwrap();
        let soon = Duration::from_millis(1);
        assert!(camera.wait(&mut position, soon).unwrap().is_none());
        thread::scope(|scope| {
            let waiting = scope.spawn(|| camera.capture());
            camera.close();
            assert_eq!(waiting.join().unwrap().unwrap_err().kind, ErrorKind::Closed);
        });
    }

    #[test]
    fn any_number_of_retries_and_any_time_out_are_good_ones() {
        let camera = Camera::open(Options {
            source: "testcard:16x16".into(),
            wish: Wish {
                timeout: Duration::MAX,
                ..Wish::default()
            },
            retries: u32::MAX,
            backoff: Duration::MAX,
            ..Options::default()
        })
        .unwrap();
        camera.capture().unwrap();
        assert!(camera.longest_wait() > Duration::from_hours(24));
    }

    #[test]
    fn a_rate_that_is_none_is_refused() {
        for fps in [0.0, -1.0, f64::NAN, 1e-300] {
            let opened = Camera::open(Options {
                source: "testcard:".into(),
                wish: Wish {
                    fps: Some(fps),
                    ..Wish::default()
                },
                ..Options::default()
            });
            assert_eq!(opened.unwrap_err().kind, ErrorKind::InvalidArgument, "{fps}");
        }
    }
}
