//! One thread that reads a camera, so that there is always a new frame and never an old one.

use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use faceiot_core::ErrorKind;

use crate::camera::{Position, Statistics, now_ms};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::source::{Control, FrameSource, Lost, Mode};

/// Makes the source again after it ended.
pub(crate) type Opener = Box<dyn FnMut() -> Result<Box<dyn FrameSource>> + Send>;

/// How often, and how soon, a source that ended is opened again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) retries: u32,
    /// Before the first retry; twice as long before each that follows.
    pub(crate) backoff: Duration,
    /// What one frame may take.
    pub(crate) timeout: Duration,
}

impl Patience {
    /// The pause before this retry, counted from 0.
    pub(crate) fn pause(self, retry: u32) -> Duration {
        self.backoff
            .saturating_mul(2_u32.saturating_pow(retry))
            .min(LONGEST_PAUSE)
    }

    /// How long all retries together may take: opening and reading are bounded by the time-out each.
    pub(crate) fn in_all(self) -> Duration {
        // The pauses grow to the longest one within so many retries, and any number of retries is a good one.
        let growing = self.retries.min(32);
        let pauses: Duration = (0..growing).map(|retry| self.pause(retry)).sum();
        self.timeout
            .saturating_mul(2)
            .saturating_mul(self.retries.saturating_add(1))
            .saturating_add(pauses)
            .saturating_add(LONGEST_PAUSE.saturating_mul(self.retries - growing))
            .saturating_add(Duration::from_secs(1))
    }
}

/// The reader thread and what it shares with those who want frames.
pub(crate) struct Live {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    patience: Patience,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    latest: Option<Frame>,
    /// Frames received since the camera was opened: what a [`Position`] counts.
    received: u64,
    statistics: Statistics,
    mode: Option<Mode>,
    /// The error after which the reader gave up, and how often it did.
    failure: Option<Error>,
    failures: u64,
    errands: VecDeque<Errand>,
    phase: Phase,
    /// The thread is gone.
    ended: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Phase {
    #[default]
    Reading,
    /// The reader gave up and waits for somebody to want a frame.
    Parked,
    Closed,
}

/// What the reader does between two frames, because only it has the source.
enum Errand {
    Controls(SyncSender<Result<Vec<Control>>>),
    Set(String, i64, SyncSender<Result<()>>),
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is left half done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    /// Starts reading. Without an opener the same source is asked again after an error.
    pub(crate) fn start(
        source: Box<dyn FrameSource>,
        opener: Option<Opener>,
        patience: Patience,
    ) -> Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                mode: source.mode(),
                ..State::default()
            }),
            changed: Condvar::new(),
        });
        let reader = Reader {
            shared: Arc::clone(&shared),
            source: Some(source),
            opener,
            patience,
            lost: Lost::default(),
            set: Vec::new(),
        };
        let thread = thread::Builder::new()
            .name("faceiot camera".into())
            .spawn(move || reader.run())
            .map_err(|error| Error::new(ErrorKind::Io, format!("no thread for the camera: {error}")))?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
            patience,
        })
    }

    /// What comes from now on.
    pub(crate) fn position(&self) -> Position {
        let mut state = self.shared.lock();
        self.want(&mut state);
        Position {
            received: state.received,
            failures: state.failures,
            not_before_ms: now_ms(),
        }
    }

    /// The newest frame after the position, once there is one; moves the position. `None` when the time ran out.
    pub(crate) fn wait(&self, position: &mut Position, time: Duration) -> Result<Option<Frame>> {
        let deadline = Instant::now() + time;
        let mut state = self.shared.lock();
        if state.failures == position.failures {
            self.want(&mut state);
        }
        loop {
            if state.phase == Phase::Closed {
                return Err(closed());
            }
            if let Some(frame) = position.take(state.received, state.latest.as_ref()) {
                return Ok(Some(frame));
            }
            if state.failures > position.failures {
                position.failures = state.failures;
                return Err(state.failure.clone().unwrap_or_else(ended));
            }
            if state.ended {
                return Err(ended());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            (state, _) = self
                .shared
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn latest(&self) -> Option<Frame> {
        self.shared.lock().latest.clone()
    }

    pub(crate) fn mode(&self) -> Option<Mode> {
        self.shared.lock().mode.clone()
    }

    pub(crate) fn statistics(&self) -> Statistics {
        self.shared.lock().statistics
    }

    pub(crate) fn controls(&self) -> Result<Vec<Control>> {
        self.errand(Errand::Controls)
    }

    pub(crate) fn set_control(&self, name: &str, value: i64) -> Result<()> {
        self.errand(|answer| Errand::Set(name.to_owned(), value, answer))
    }

    fn errand<T>(&self, errand: impl FnOnce(SyncSender<Result<T>>) -> Errand) -> Result<T> {
        let (sender, receiver) = sync_channel(1);
        {
            let mut state = self.shared.lock();
            if state.phase == Phase::Closed {
                return Err(closed());
            }
            self.want(&mut state);
            state.errands.push_back(errand(sender));
        }
        receiver.recv_timeout(self.patience.in_all()).map_err(|_| {
            let state = self.shared.lock();
            if state.phase == Phase::Closed {
                return closed();
            }
            let failure = state.failure.clone();
            failure.unwrap_or_else(|| Error::new(ErrorKind::Timeout, "the camera does not answer"))
        })?
    }

    /// A reader that gave up starts anew.
    fn want(&self, state: &mut State) {
        if state.phase == Phase::Parked {
            state.phase = Phase::Reading;
            self.shared.changed.notify_all();
        }
    }

    /// Lets the camera go: waits for the frame that is being read, no longer than one may take.
    pub(crate) fn close(&self) {
        let mut state = self.shared.lock();
        state.phase = Phase::Closed;
        state.latest = None;
        state.errands.clear();
        self.shared.changed.notify_all();
        let longest = self.patience.timeout.saturating_mul(2) + Duration::from_secs(1);
        let (state, _) = self
            .shared
            .changed
            .wait_timeout_while(state, longest, |state| !state.ended)
            .unwrap_or_else(PoisonError::into_inner);
        let ended = state.ended;
        drop(state);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (true, Some(thread)) = (ended, thread) {
            let _ = thread.join(); // it has nothing left to do; a panic was told by `ended` to who waited
        }
    }
}

struct Reader {
    shared: Arc<Shared>,
    source: Option<Box<dyn FrameSource>>,
    opener: Option<Opener>,
    patience: Patience,
    /// What the source had lost when the last frame came.
    lost: Lost,
    /// Controls that were set, the last one last: a camera that was opened again is set again.
    set: Vec<(String, i64)>,
}

/// Says that the thread is gone, however it went.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        state.errands.clear();
        self.0.changed.notify_all();
    }
}

impl Reader {
    fn run(mut self) {
        let _ended = Ended(Arc::clone(&self.shared));
        let mut failed = 0;
        let mut since = 0;
        loop {
            if self.source.is_some() {
                self.errands();
            }
            if self.shared.lock().phase == Phase::Closed {
                // Before `_ended` says so: who closes a camera may open it again at once.
                self.source = None;
                return;
            }
            match self.next() {
                Ok(frame) => {
                    // One that dies after each first frame is not started for ever.
                    since += 1;
                    if since >= STEADY {
                        failed = 0;
                    }
                    self.publish(frame);
                }
                Err(error) => {
                    since = 0;
                    if self.opener.is_some() {
                        self.source = None;
                    }
                    if failed < self.patience.retries {
                        self.pause(self.patience.pause(failed));
                        failed += 1;
                    } else {
                        self.give_up(error);
                        failed = 0;
                    }
                }
            }
        }
    }

    fn next(&mut self) -> Result<Frame> {
        if let Some(source) = &mut self.source {
            return source.next();
        }
        let Some(opener) = &mut self.opener else {
            return Err(ended());
        };
        let mut source = opener()?;
        // In the order of setting: some can only be set after another one. A control set twice has moved behind those
        // that need it, so what was refused is tried once more; another camera may be there now, without that control.
        let mut refused = self.set.clone();
        for _ in 0..2 {
            refused.retain(|(name, value)| source.set_control(name, *value).is_err());
        }
        {
            let mut state = self.shared.lock();
            state.mode = source.mode();
            state.statistics.restarts += 1;
        }
        self.lost = Lost::default();
        self.source.insert(source).next()
    }

    fn publish(&mut self, frame: Frame) {
        let lost = self.source.as_ref().map_or(self.lost, |source| source.lost());
        let dropped = lost.dropped.saturating_sub(self.lost.dropped);
        let damaged = lost.damaged.saturating_sub(self.lost.damaged);
        self.lost = lost;

        let mut state = self.shared.lock();
        let size = (frame.width(), frame.height());
        if state
            .mode
            .as_ref()
            .is_none_or(|mode| (mode.width, mode.height) != size)
        {
            // Some sources know it from the first frame on.
            state.mode = self.source.as_ref().and_then(|source| source.mode());
        }
        let statistics = &mut state.statistics;
        statistics.frames += 1;
        statistics.dropped += dropped;
        statistics.damaged += damaged;
        // From 0, without a break when the source begins anew; what was lost leaves a gap.
        let sequence = statistics.frames - 1 + statistics.dropped + statistics.damaged;
        let time_ms = match frame.time_ms() {
            0 => now_ms(),
            known => known,
        };
        state.latest = Some(frame.with_sequence(sequence).with_time_ms(time_ms));
        state.received += 1;
        self.shared.changed.notify_all();
    }

    fn errands(&mut self) {
        loop {
            let Some(errand) = self.shared.lock().errands.pop_front() else {
                return;
            };
            let Some(source) = &mut self.source else {
                return;
            };
            // Who asked may have gone away: then nobody reads the answer.
            match errand {
                Errand::Controls(answer) => {
                    let _ = answer.send(source.controls());
                }
                Errand::Set(name, value, answer) => {
                    let done = source.set_control(&name, value);
                    if done.is_ok() && !is_button(source.as_mut(), &name) {
                        self.set.retain(|(other, _)| *other != name);
                        self.set.push((name, value));
                    }
                    let _ = answer.send(done);
                }
            }
        }
    }

    /// Waits, unless the camera is closed meanwhile.
    fn pause(&self, time: Duration) {
        let state = self.shared.lock();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, time, |state| state.phase != Phase::Closed);
        drop(waited);
    }

    /// Tells the error to who waits, and waits for somebody to try anew.
    fn give_up(&self, error: Error) {
        let mut state = self.shared.lock();
        state.failure = Some(error);
        state.failures += 1;
        state.errands.clear();
        if state.phase == Phase::Reading {
            state.phase = Phase::Parked;
        }
        // An old frame is not handed out as if the camera still worked.
        state.latest = None;
        self.shared.changed.notify_all();
        let idle = |state: &mut State| state.phase == Phase::Parked;
        drop(self.shared.changed.wait_while(state, idle));
    }
}

pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the camera was closed")
}

/// What is pressed once is not pressed again when the camera comes back.
fn is_button(source: &mut dyn FrameSource, name: &str) -> bool {
    let is_it = |control: &Control| control.name == name && control.minimum == control.maximum;
    source.controls().is_ok_and(|controls| controls.iter().any(is_it))
}

fn ended() -> Error {
    Error::new(ErrorKind::Camera, "the thread that read the camera ended")
}

/// Frames after which a source that was opened again counts as one that works.
const STEADY: u32 = 10;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc::{Receiver, Sender};

    use super::*;

    /// A camera that does what it is told, step by step.
    struct Told {
        steps: Arc<Mutex<Receiver<Step>>>,
        lost: Lost,
        brightness: i64,
        /// Can be set while `manual` is 1, as exposure times can.
        exposure: i64,
        manual: i64,
    }

    enum Step {
        Frame,
        /// A frame after so many that were lost.
        After(u64),
        /// One whose time is known: milliseconds.
        At(u64),
        Fail(&'static str),
        Panic,
    }

    impl FrameSource for Told {
        fn next(&mut self) -> Result<Frame> {
            let step = self.steps.lock().unwrap().recv_timeout(Duration::from_secs(20));
            let frame = Frame::from_rgb(&[7; 12], 2, 2, 85)?;
            match step {
                Ok(Step::Frame) => Ok(frame),
                Ok(Step::After(lost)) => {
                    self.lost.dropped += lost;
                    Ok(frame)
                }
                Ok(Step::At(time)) => Ok(frame.with_time_ms(time)),
                Ok(Step::Fail(words)) => Err(Error::new(ErrorKind::Camera, words)),
                Ok(Step::Panic) => panic!("the test said so"),
                Err(_) => Err(Error::new(ErrorKind::Timeout, "told nothing")),
            }
        }

        fn describe(&self) -> String {
            "told".into()
        }

        fn live(&self) -> bool {
            true
        }

        fn lost(&self) -> Lost {
            self.lost
        }

        fn controls(&mut self) -> Result<Vec<Control>> {
            let control = |name: &str, value| Control {
                name: name.into(),
                value,
                minimum: 0,
                maximum: 255,
                step: 1,
                default: 0,
                choices: Vec::new(),
                writable: true,
            };
            Ok(vec![
                control("brightness", self.brightness),
                control("exposure", self.exposure),
                control("manual", self.manual),
            ])
        }

        fn set_control(&mut self, name: &str, value: i64) -> Result<()> {
            match name {
                "brightness" => self.brightness = value,
                "exposure" if self.manual == 1 => self.exposure = value,
                "manual" => self.manual = value,
                _ => return Err(Error::new(ErrorKind::InvalidArgument, "no such control")),
            }
            Ok(())
        }
    }

    /// A camera, what tells it what to do, and how often it was opened.
    fn told(retries: u32) -> (Live, Sender<Step>, Arc<AtomicU32>) {
        let (teller, steps) = std::sync::mpsc::channel();
        let steps = Arc::new(Mutex::new(steps));
        let opened = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&opened);
        let open = move || -> Result<Box<dyn FrameSource>> {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(Box::new(Told {
                steps: Arc::clone(&steps),
                lost: Lost::default(),
                brightness: 0,
                exposure: 0,
                manual: 0,
            }))
        };
        let first = open().unwrap();
        let patience = Patience {
            retries,
            backoff: Duration::from_millis(1),
            timeout: Duration::from_secs(20),
        };
        (
            Live::start(first, Some(Box::new(open)), patience).unwrap(),
            teller,
            opened,
        )
    }

    fn tell(teller: &Sender<Step>, steps: impl IntoIterator<Item = Step>) {
        for step in steps {
            teller.send(step).unwrap();
        }
    }

    /// Does something that the reader has to see to between two frames.
    fn while_frames_come<T: Send>(teller: &Sender<Step>, work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let working = scope.spawn(work);
            while !working.is_finished() {
                tell(teller, [Step::Frame]);
                thread::sleep(Duration::from_millis(1));
            }
            working.join().unwrap()
        })
    }

    const LONG: Duration = Duration::from_mins(1);

    /// Waits until so many frames have arrived.
    fn arrived(live: &Live, frames: u64) {
        let state = live.shared.lock();
        let waiting = |state: &mut State| state.statistics.frames < frames;
        let (_state, time) = live
            .shared
            .changed
            .wait_timeout_while(state, LONG, waiting)
            .unwrap();
        assert!(!time.timed_out(), "{frames} frames never came");
    }

    #[test]
    fn a_photo_is_one_that_came_after_it_was_asked_for() {
        let (live, teller, _) = told(0);
        tell(&teller, [Step::Frame, Step::Frame]);
        arrived(&live, 2);
        let mut position = live.position();
        assert!(
            live.wait(&mut position, Duration::ZERO).unwrap().is_none(),
            "two are there, both are old"
        );
        tell(&teller, [Step::Frame]);
        assert_eq!(live.wait(&mut position, LONG).unwrap().unwrap().sequence(), 2);
    }

    #[test]
    fn a_frame_that_was_taken_before_the_call_and_came_after_it_is_passed_over_once() {
        let (live, teller, _) = told(0);
        let mut position = live.position();
        tell(&teller, [Step::At(1_000)]);
        arrived(&live, 1);
        assert!(live.wait(&mut position, Duration::ZERO).unwrap().is_none());
        // A clock that was set back must not keep every photo away.
        tell(&teller, [Step::At(1_001)]);
        assert_eq!(live.wait(&mut position, LONG).unwrap().unwrap().time_ms(), 1_001);
    }

    #[test]
    fn who_is_slow_gets_the_newest_and_the_numbers_show_what_was_missed() {
        let (live, teller, _) = told(0);
        let mut position = live.position();
        tell(&teller, [Step::Frame, Step::After(3), Step::Frame]);
        arrived(&live, 3);
        assert_eq!(
            live.wait(&mut position, LONG).unwrap().unwrap().sequence(),
            5,
            "three came, three were lost"
        );
        assert!(
            live.wait(&mut position, Duration::ZERO).unwrap().is_none(),
            "none is given twice"
        );
        assert_eq!(live.statistics().dropped, 3);
        assert!(
            live.latest().unwrap().time_ms() > 0,
            "without a time of its own it is when it came"
        );
    }

    /// Sets controls one after the other, unplugs the camera, and gives the values it has after that.
    fn set_and_unplugged(live: &Live, teller: &Sender<Step>, set: &[(&str, i64)]) -> Vec<i64> {
        for (name, value) in set {
            while_frames_come(teller, || live.set_control(name, *value)).unwrap();
        }
        tell(teller, [Step::Fail("unplugged")]);
        let controls = while_frames_come(teller, || {
            let state = live.shared.lock();
            let whole = |state: &mut State| state.statistics.restarts == 0;
            drop(live.shared.changed.wait_timeout_while(state, LONG, whole));
            live.controls().unwrap()
        });
        controls.iter().map(|control| control.value).collect()
    }

    #[test]
    fn controls_that_need_each_other_are_set_again_in_their_order() {
        for set in [
            &[("manual", 1), ("exposure", 7)][..],
            // Set again, it stands behind the one that needs it.
            &[("manual", 1), ("exposure", 7), ("manual", 1)],
        ] {
            let (live, teller, _) = told(2);
            assert_eq!(set_and_unplugged(&live, &teller, set), [0, 7, 1], "{set:?}");
        }
    }

    #[test]
    fn the_last_value_of_a_control_is_set_again() {
        let (live, teller, _) = told(2);
        let set = [("manual", 1), ("exposure", 7), ("manual", 0), ("brightness", 3)];
        assert_eq!(set_and_unplugged(&live, &teller, &set), [3, 0, 0]);
    }

    #[test]
    fn a_camera_that_failed_is_opened_again_and_set_again() {
        let (live, teller, opened) = told(2);
        let values = set_and_unplugged(&live, &teller, &[("brightness", 9)]);
        assert_eq!(
            (live.statistics().restarts, opened.load(Ordering::SeqCst)),
            (1, 2)
        );
        assert_eq!(values[0], 9);
    }

    #[test]
    fn after_the_last_retry_everybody_is_told_and_the_next_call_tries_anew() {
        let (live, teller, opened) = told(1);
        let (mut one, mut other) = (live.position(), live.position());
        tell(&teller, [Step::Frame, Step::Fail("first"), Step::Fail("second")]);
        arrived(&live, 1);
        let until = |position: &mut Position| loop {
            match live.wait(position, LONG) {
                Ok(Some(_)) => {}
                Ok(None) => panic!("never told"),
                Err(error) => return error,
            }
        };
        assert_eq!(until(&mut one).message, "second");
        assert_eq!(until(&mut other).message, "second");
        assert!(live.latest().is_none(), "an old frame would look like a new one");
        assert_eq!(
            opened.load(Ordering::SeqCst),
            2,
            "nobody asked: nothing is opened"
        );
        tell(&teller, [Step::Frame]);
        assert!(live.wait(&mut one, LONG).unwrap().is_some());
        assert_eq!(opened.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn one_that_dies_after_each_first_frame_is_not_started_for_ever() {
        let (live, teller, _) = told(2);
        let mut position = live.position();
        for _ in 0..3 {
            tell(&teller, [Step::Frame, Step::Fail("again")]);
        }
        arrived(&live, 3);
        let error = loop {
            match live.wait(&mut position, LONG) {
                Err(error) => break error,
                Ok(frame) => assert!(frame.is_some(), "never told"),
            }
        };
        assert_eq!((error.message.as_str(), live.statistics().restarts), ("again", 2));
    }

    #[test]
    fn closing_wakes_who_waits_and_lets_the_camera_go() {
        let (live, teller, _) = told(0);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let mut position = live.position();
                live.wait(&mut position, LONG)
            });
            let closing = scope.spawn(|| live.close());
            while !(waiting.is_finished() && closing.is_finished()) {
                let _ = teller.send(Step::Frame); // the one that is being read when it is closed
                thread::sleep(Duration::from_millis(1));
            }
            // It came before the close, or the close came first.
            let frame = waiting.join().unwrap();
            assert!(frame.is_ok() || frame.unwrap_err().kind == ErrorKind::Closed);
            closing.join().unwrap();
        });
        assert!(teller.send(Step::Frame).is_err(), "the source was dropped");
        assert_eq!(
            live.wait(&mut live.position(), LONG).unwrap_err().kind,
            ErrorKind::Closed
        );
        assert_eq!(live.controls().unwrap_err().kind, ErrorKind::Closed);
        live.close();
    }

    #[test]
    fn closing_ends_the_waiting_for_a_stalled_cameras_controls() {
        let (live, teller, _) = told(0);
        thread::scope(|scope| {
            let asking = scope.spawn(|| live.controls());
            let asked = Instant::now();
            while live.shared.lock().errands.is_empty() && !asking.is_finished() {
                assert!(asked.elapsed() < LONG, "never asked");
                thread::sleep(Duration::from_millis(1));
            }
            let closing = scope.spawn(|| live.close());
            // It was asked before the reader began to wait, or the close ended it.
            let answer = asking.join().unwrap();
            assert!(answer.is_ok() || answer.unwrap_err().kind == ErrorKind::Closed);
            let _ = teller.send(Step::Frame); // the one that is being read when it is closed
            closing.join().unwrap();
        });
    }

    #[test]
    fn a_source_that_panics_is_an_error_and_hangs_nobody() {
        let (live, teller, _) = told(3);
        let mut position = live.position();
        tell(&teller, [Step::Panic]);
        assert_eq!(
            live.wait(&mut position, LONG).unwrap_err().kind,
            ErrorKind::Camera
        );
        live.close();
    }
}
