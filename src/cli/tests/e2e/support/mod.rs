//! What the tests share: the built command as a child process, a local cloud as another, HTTP by hand, deadlines.
//!
//! The program is judged from outside: its HTTP answers are read by these few lines and not by our own client, MQTT is
//! written octet by octet (`mqtt`), digests come from `sha256sum`.

pub(crate) mod broker;
pub(crate) mod chunks;
pub(crate) mod mqtt;
pub(crate) mod relay;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Nothing here may take longer: a hang is a failure with a name.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// The command, without anything of the user's environment that could change what it does.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faceiot"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FACEIOT_") {
            command.env_remove(name);
        }
    }
    let nowhere = std::env::temp_dir().join("faceiot-tests-nowhere");
    command
        .env_remove("RUST_LOG")
        .env_remove("NO_COLOR")
        .env("HOME", &nowhere)
        .env("XDG_DATA_HOME", nowhere.join("data"))
        .env("XDG_CONFIG_HOME", nowhere.join("config"))
        .stdin(Stdio::null());
    command
}

/// What a command that ended said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The one JSON document on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The same, and the command succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }
}

/// Runs the command with these arguments to its end.
pub(crate) fn faceiot<const N: usize>(args: [&str; N]) -> Ran {
    finish(command().args(args), b"")
}

/// Runs a prepared command to its end, with this standard input.
pub(crate) fn finish(command: &mut Command, input: &[u8]) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // A command that does not read its input closes it: that is its right.
    thread::spawn(move || stdin.write_all(&input));
    let out = drain(child.stdout.take().expect("a pipe"));
    let err = drain(child.stderr.take().expect("a pipe"));
    let status = wait(&mut child, &format!("{command:?}"));
    Ran {
        code: exit_code(status),
        out: out.recv().unwrap_or_default(),
        err: err.recv().unwrap_or_default(),
    }
}

fn drain(mut from: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut octets = Vec::new();
        let _ = from.read_to_end(&mut octets);
        let _ = sender.send(String::from_utf8_lossy(&octets).into_owned());
    });
    receiver
}

/// Waits for the end of a child; one that does not end is killed and fails the test.
pub(crate) fn wait(child: &mut Child, what: &str) -> ExitStatus {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return status;
        }
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{what} does not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The exit code as a shell reports it: 128 + the signal for a killed process.
pub(crate) fn exit_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(-1)
}

/// Looks again and again until there is something, or the test fails.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {DEADLINE:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A running `faceiot up`; killed when dropped.
pub(crate) struct Up {
    child: Child,
    /// What it said about itself.
    pub(crate) said: Value,
    pub(crate) folder: PathBuf,
    /// Where its folder is seen from here; another path when it lives in a name space of its own.
    pub(crate) view: PathBuf,
    log: PathBuf,
    // Held for its end.
    temp: Option<TempDir>,
}

impl Up {
    /// A cloud with a new folder.
    pub(crate) fn new() -> Self {
        let temp = tempfile::tempdir().expect("a folder");
        let folder = temp.path().join("cloud");
        let mut up = Self::start(&folder, &[], &[]);
        up.temp = Some(temp);
        up
    }

    /// A cloud on this folder, with further options and environment.
    pub(crate) fn start(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = command();
        command
            .arg("up")
            .args(ANYWHERE)
            .arg("--data")
            .arg(folder)
            .args(args)
            .envs(env.iter().copied());
        Self::spawn(command, folder)
    }

    /// A cloud from a prepared command line, which ends in `faceiot up --json --data folder`.
    pub(crate) fn spawn(mut command: Command, folder: &Path) -> Self {
        let log = folder.with_extension(format!("{}.log", fresh()));
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("a log file"))
            .spawn()
            .expect("the cloud starts");
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, line) = mpsc::channel();
        thread::spawn(move || {
            let mut reader = BufReader::new(stdout);
            let mut line = String::new();
            let _ = reader.read_line(&mut line);
            let _ = sender.send(line);
            // Read on, so that it never writes into a full pipe.
            let _ = std::io::copy(&mut reader, &mut std::io::sink());
        });
        let line = line.recv_timeout(DEADLINE).unwrap_or_default();
        let said = serde_json::from_str(&line).unwrap_or_else(|error| {
            let _ = child.kill();
            panic!(
                "{error}: {line:?}\n{}",
                fs::read_to_string(&log).unwrap_or_default()
            )
        });
        Self {
            child,
            said,
            folder: folder.to_owned(),
            view: folder.to_owned(),
            log,
            temp: None,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn mqtt(&self) -> SocketAddr {
        self.said["mqtt"]
            .as_str()
            .expect("an address")
            .parse()
            .expect("an address")
    }

    pub(crate) fn mqtts(&self) -> SocketAddr {
        self.said["mqtts"]
            .as_str()
            .expect("an address")
            .parse()
            .expect("an address")
    }

    pub(crate) fn token(&self) -> String {
        fs::read_to_string(self.view.join("api.token"))
            .expect("the token")
            .trim()
            .to_owned()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Registers a device and returns its secret.
    pub(crate) fn add(&self, device: &str) -> String {
        let ran = finish(
            command()
                .args(["device", "add", device, "--json", "--data"])
                .arg(&self.folder),
            b"",
        )
        .ok();
        ran.json()["secret"].as_str().expect("a secret").to_owned()
    }

    /// Registers a device and writes its configuration beside the cloud's folder.
    pub(crate) fn add_with_config(&self, device: &str) -> PathBuf {
        let path = self
            .folder
            .with_file_name(format!("{}.cfg", device.replace(':', "-")));
        let mut add = command();
        add.args(["device", "add", device, "--json", "--data"])
            .arg(&self.folder)
            .arg("--save")
            .arg(&path);
        finish(&mut add, b"").ok();
        path
    }

    /// `GET` as the owner of the folder: status and body.
    pub(crate) fn get(&self, path: &str) -> (u16, Vec<u8>) {
        self.request("GET", path, "")
    }

    pub(crate) fn get_json(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("JSON")
    }

    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> (u16, Vec<u8>) {
        let http = self.said["http"].as_str().expect("an address");
        let host = http.strip_prefix("http://").expect("plain HTTP");
        let mut stream = TcpStream::connect(host).expect("the cloud listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
        let token = self.token();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let head = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("a header");
        let (head, body) = (
            String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase(),
            &answer[head + 4..],
        );
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .expect("a status");
        let body = if head.contains("transfer-encoding: chunked") {
            unchunked(body)
        } else {
            body.to_vec()
        };
        (status, body)
    }

    /// The photos of a device, newest first.
    pub(crate) fn photos(&self, device: &str) -> Vec<Value> {
        let rows = self.get_json(&format!(
            "/api/photos?limit=100&device={}",
            device.replace(':', "%3A")
        ));
        rows.as_array().expect("a list").clone()
    }

    /// Waits until the device has so many photos.
    #[track_caller]
    pub(crate) fn wait_photos(&self, device: &str, count: usize) -> Vec<Value> {
        until(&format!("{count} photos of {device}\n{}", self.log()), || {
            let photos = self.photos(device);
            (photos.len() >= count).then_some(photos)
        })
    }

    /// The file behind a row, fetched over HTTP.
    pub(crate) fn image(&self, row: &Value) -> Vec<u8> {
        let (status, body) = self.get(&format!("/api/photos/{}/image", row["id"]));
        assert_eq!(status, 200);
        body
    }

    /// The resident memory of the process in KiB, as the kernel counts it.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("the process runs");
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .expect("VmRSS");
        line.split_whitespace()
            .nth(1)
            .and_then(|number| number.parse().ok())
            .expect("a number")
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) -> Option<TempDir> {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.temp.take()
    }

    /// Sends a signal by name, such as INT.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Waits for the process's own end and returns the exit code.
    pub(crate) fn end(&mut self) -> i32 {
        exit_code(wait(&mut self.child, "faceiot up"))
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.log);
    }
}

/// Sends a signal to a process of ours.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{name} {pid}")])
        .status()
        .expect("a shell");
    assert!(status.success());
}

/// Ports that nobody else has, and an answer that programs can read.
pub(crate) const ANYWHERE: [&str; 7] = [
    "--json",
    "--mqtt",
    "127.0.0.1:0",
    "--mqtts",
    "127.0.0.1:0",
    "--http",
    "127.0.0.1:0",
];

/// The digest by coreutils: not our own code.
pub(crate) fn sha256sum(octets: &[u8]) -> String {
    let mut child = Command::new("sha256sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("coreutils");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(octets)
        .expect("a pipe");
    let output = child.wait_with_output().expect("an answer");
    String::from_utf8_lossy(&output.stdout)
        .split(' ')
        .next()
        .expect("a digest")
        .to_owned()
}

/// The demo's photographs.
pub(crate) const ASTRONAUT: &[u8] = include_bytes!("../../../assets/astronaut.jpg");
pub(crate) const CAMERA: &[u8] = include_bytes!("../../../assets/camera.jpg");

/// A photograph as a file in this folder.
pub(crate) fn photo_file(folder: &Path, name: &str, octets: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, octets).expect("a file");
    path
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(line) = body.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&body[..line])
            .ok()
            .and_then(|text| usize::from_str_radix(text.trim(), 16).ok());
        let size = size.expect("a chunk size");
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&body[line + 2..line + 2 + size]);
        body = &body[line + 2 + size + 2..];
    }
    whole
}

/// A number that no other call in this process gives.
fn fresh() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
