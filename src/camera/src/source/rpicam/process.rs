//! A program that writes JPEGs to its standard output, and that does not outlive us.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use faceiot_core::ErrorKind;
use rustix::process::{Pid, Signal, kill_process_group, set_parent_process_death_signal};

use crate::camera::now_ms;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::jpeg::{self, Splitter};
use crate::live::closed;
use crate::source::stop::SLICE;
use crate::source::{MAX_JPEG, Stop};

/// The running program, as the thread that asks for frames has it. Dropping it ends the program.
pub(super) struct Process {
    shared: Arc<Shared>,
    name: String,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Until it was waited for: so that no signal goes to a process number that somebody else has by now.
    child: Option<Child>,
    /// The newest picture nobody took yet.
    latest: Option<Frame>,
    damaged: u64,
    /// The end of what it wrote to standard error.
    said: Vec<u8>,
    /// How it ended.
    ended: Option<Error>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    /// Starts the program. The thread that does so stays until the program ends: the kernel takes the death of that
    /// thread, not of the whole process, for the parent's (prctl(2), `PR_SET_PDEATHSIG`).
    pub(super) fn start(program: PathBuf, arguments: Vec<String>) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let name = super::name_of(&program);
        let (sender, started) = sync_channel(1);
        let keeper = Keeper {
            shared: Arc::clone(&shared),
            name: name.clone(),
        };
        thread::Builder::new()
            .name("faceiot rpicam".into())
            .spawn(move || keeper.run(program, &arguments, &sender))
            .map_err(|error| Error::new(ErrorKind::Io, format!("no thread for {name}: {error}")))?;
        started.recv().unwrap_or_else(|_| {
            let words = format!("the thread of {name} ended");
            Err(Error::new(ErrorKind::Camera, words))
        })?;
        Ok(Self { shared, name })
    }

    /// The newest picture, as soon as there is one that was not taken yet.
    pub(super) fn next(&mut self, timeout: Duration, stop: &Stop) -> Result<Frame> {
        let began = Instant::now();
        let mut state = self.shared.lock();
        loop {
            let left = timeout.saturating_sub(began.elapsed());
            if state.latest.is_some() || state.ended.is_some() || left.is_zero() {
                break;
            }
            if stop.is_said() {
                return Err(closed());
            }
            (state, _) = self
                .shared
                .changed
                .wait_timeout(state, left.min(SLICE))
                .unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(frame) = state.latest.take() {
            return Ok(frame);
        }
        if let Some(error) = &state.ended {
            return Err(error.clone());
        }
        let words = format!(
            "no picture from {} in {timeout:.0?}{}",
            self.name,
            quote(&state.said)
        );
        Err(Error::new(ErrorKind::Timeout, words))
    }

    pub(super) fn damaged(&self) -> u64 {
        self.shared.lock().damaged
    }

    /// Sends a signal to the program and what it started; false when it is gone.
    fn signal(&self, signal: Signal) -> bool {
        let state = self.shared.lock();
        let pid = state.child.as_ref().map(Child::id);
        let Some(pid) = pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) else {
            return false;
        };
        let _ = kill_process_group(pid, signal); // gone already
        let gone = |state: &mut State| state.child.is_some();
        let (state, _) = self
            .shared
            .changed
            .wait_timeout_while(state, GRACE, gone)
            .unwrap_or_else(PoisonError::into_inner);
        state.child.is_some()
    }
}

impl Drop for Process {
    /// Lets it put the camera away; who does not go is killed.
    fn drop(&mut self) {
        if self.signal(Signal::INT) {
            self.signal(Signal::KILL);
        }
    }
}

/// The thread that started the program and reads it until it ends.
struct Keeper {
    shared: Arc<Shared>,
    name: String,
}

impl Keeper {
    fn run(self, program: PathBuf, arguments: &[String], started: &SyncSender<Result<()>>) {
        let mut child = match spawn(program, arguments) {
            Ok(child) => child,
            Err(error) => {
                let words = format!("{} cannot be started: {error}", self.name);
                let _ = started.send(Err(Error::new(ErrorKind::Camera, words)));
                return;
            }
        };
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let said = stderr.map(|stderr| self.listen(stderr));
        self.shared.lock().child = Some(child);
        let _ = started.send(Ok(()));
        if let Some(stdout) = stdout {
            self.read(stdout);
        }
        let status = self.wait();
        if let Some(said) = said {
            let _ = said.recv_timeout(GRACE); // its last words, unless something it started keeps the pipe open
        }
        let mut state = self.shared.lock();
        state.ended = Some(explain(&self.name, status, &state.said));
        self.shared.changed.notify_all();
    }

    /// Pictures from standard output, until it is closed.
    fn read(&self, mut stdout: impl Read) {
        let mut splitter = Splitter::new(MAX_JPEG);
        let mut piece = vec![0; 64 << 10];
        let mut broken = 0;
        loop {
            match stdout.read(&mut piece) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => return,
                Ok(read) => splitter.push_at(piece.get(..read).unwrap_or_default(), now_ms()),
            }
            let mut latest = None;
            while let Some(picture) = splitter.next() {
                let frame = jpeg::repair(&picture).and_then(Frame::from_jpeg);
                match frame {
                    Ok(frame) => latest = Some(frame.with_time_ms(splitter.begun_ms())),
                    Err(_) => broken += 1,
                }
            }
            let mut state = self.shared.lock();
            state.damaged = splitter.damaged() + broken;
            if latest.is_some() {
                state.latest = latest;
                self.shared.changed.notify_all();
            }
        }
    }

    /// Reads standard error all the time, lest the program waits for us to; the receiver is told of its end.
    fn listen(&self, mut stderr: ChildStderr) -> Receiver<()> {
        let (sender, receiver) = sync_channel(1);
        let shared = Arc::clone(&self.shared);
        let listen = move || {
            let mut piece = [0; 4_096];
            while let Ok(read @ 1..) = stderr.read(&mut piece) {
                let mut state = shared.lock();
                state
                    .said
                    .extend_from_slice(piece.get(..read).unwrap_or_default());
                let too_many = state.said.len().saturating_sub(SAID);
                state.said.drain(..too_many);
            }
            let _ = sender.send(());
        };
        // Without the thread the program may stop at a full pipe, which the time-out then notices.
        let _ = thread::Builder::new()
            .name("faceiot rpicam words".into())
            .spawn(listen);
        receiver
    }

    /// Waits for a program that closed its standard output, and ends it when it does not go.
    fn wait(&self) -> Option<ExitStatus> {
        let deadline = Instant::now() + GRACE;
        loop {
            let mut state = self.shared.lock();
            let child = state.child.as_mut()?;
            let status = child.try_wait();
            if let Ok(None) = status {
                if Instant::now() > deadline {
                    let _ = child.kill(); // gone already
                }
                drop(state);
                thread::sleep(Duration::from_millis(5));
                continue;
            }
            state.child = None;
            self.shared.changed.notify_all();
            return status.ok().flatten();
        }
    }
}

#[expect(unsafe_code, reason = "the only way to run something between fork and exec")]
fn spawn(program: PathBuf, arguments: &[String]) -> std::io::Result<Child> {
    let parent = std::process::id();
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0); // Ctrl-C is ours to act upon; what it starts goes with it
    let die_with_us = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // We may have died before that line.
        if rustix::process::getppid()
            .map(Pid::as_raw_nonzero)
            .map(|pid| pid.get().unsigned_abs())
            != Some(parent)
        {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    };
    // SAFETY: between fork and exec only two system calls are made; nothing is allocated and no lock is taken.
    unsafe { command.pre_exec(die_with_us) };
    command.spawn()
}

/// What it means that the program ended, by what it said.
fn explain(name: &str, status: Option<ExitStatus>, said: &[u8]) -> Error {
    let text = String::from_utf8_lossy(said).to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let (kind, what) = if says(&[
        "in use by another process",
        "failed to acquire camera",
        "resource busy",
    ]) {
        let what =
            "the camera is in use by another program: end that first (picamera2, motion, another capture)";
        (ErrorKind::Camera, what.to_owned())
    } else if says(&["no cameras available"]) {
        let what =
            "libcamera knows no camera: look at the ribbon cable, then at `rpicam-hello --list-cameras`";
        (ErrorKind::NoCamera, what.to_owned())
    } else {
        let how = status.map_or_else(|| "ended".to_owned(), |status| format!("ended ({status})"));
        (ErrorKind::Camera, format!("{name} {how}"))
    };
    Error::new(kind, format!("{what}{}", quote(said)))
}

/// The last lines that the program wrote, for a message of one line.
fn quote(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let last = lines.get(lines.len().saturating_sub(3)..).unwrap_or_default();
    if last.is_empty() {
        return String::new();
    }
    format!("; it said: `{}`", last.join(" | "))
}

/// How long a program may take to end.
const GRACE: Duration = Duration::from_secs(1);
/// Octets of standard error that are kept.
const SAID: usize = 4_096;
