//! Debian's mosquitto, started for one test with a login of ours as its only user.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use faceiot::OwnedLogin;

/// A running broker; killed when dropped.
pub(crate) struct Mosquitto {
    child: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Mosquitto {
    /// Starts a broker that knows these logins; with `tls` (certificate chain and key, PEM) it speaks TLS only.
    pub(crate) fn start(logins: &[&OwnedLogin], tls: Option<(&str, &str)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let passwords = folder.path().join("passwords");
        std::fs::write(&passwords, "").unwrap();
        for login in logins {
            let status = Command::new("mosquitto_passwd")
                .arg("-b")
                .arg(&passwords)
                .args([&login.username, login.password.expose()])
                .stderr(Stdio::null())
                .status()
                .expect("Debian's `mosquitto` package is needed for this test: apt-get install mosquitto");
            assert!(status.success(), "mosquitto_passwd failed");
        }
        // The port may be taken by someone else between finding it and listening on it: then another one.
        (0..5)
            .find_map(|_| Self::listen(folder.path(), &passwords, tls))
            .map(|(child, address)| Self {
                child,
                address,
                folder,
            })
            .expect("mosquitto did not start")
    }

    fn listen(folder: &Path, passwords: &Path, tls: Option<(&str, &str)>) -> Option<(Child, SocketAddr)> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap();
        // Started as root it would change to a user of its own, who cannot read the files of this test.
        let mut settings = format!(
            "listener {} 127.0.0.1\nallow_anonymous false\npassword_file {}\nuser root\nmessage_size_limit 0\n\
             max_queued_messages 0\nlog_type error\nlog_type warning\n",
            address.port(),
            passwords.display(),
        );
        if let Some((chain, key)) = tls {
            for (name, pem) in [("certfile", chain), ("keyfile", key)] {
                let path = folder.join(name);
                std::fs::write(&path, pem).unwrap();
                settings = format!("{settings}{name} {}\n", path.display());
            }
        }
        let file = folder.join("mosquitto.conf");
        std::fs::write(&file, settings).unwrap();
        let mut child = Command::new(program())
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Debian's `mosquitto` package is needed for this test: apt-get install mosquitto");
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end {
            if TcpStream::connect(address).is_ok() {
                return Some((child, address));
            }
            if child.try_wait().unwrap().is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let _ = child.wait();
        None
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it without a goodbye and starts it again on the same port.
    pub(crate) fn restart(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.child = Command::new(program())
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(self.address).is_err() {
            assert!(Instant::now() < end, "mosquitto did not come back");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Debian installs it where a user's `PATH` does not look.
fn program() -> &'static str {
    let path = "/usr/sbin/mosquitto";
    if Path::new(path).exists() {
        path
    } else {
        "mosquitto"
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
