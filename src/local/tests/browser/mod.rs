//! A headless Chromium, driven by chromedriver over plain HTTP (W3C `WebDriver`).
//!
//! Debian: `apt-get install chromium chromium-driver`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use faceiot::http::Client;
use serde_json::{Value, json};

pub(crate) struct Browser {
    driver: Child,
    http: Client,
    session: String,
    _profile: tempfile::TempDir,
}

/// How the window looks.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) phone: bool,
    pub(crate) language: &'static str,
    pub(crate) dark: bool,
}

impl Browser {
    pub(crate) async fn open(window: Window) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is needed for the tests of the page (Debian: apt-get install chromium chromium-driver)");
        let stdout = driver.stdout.take().unwrap();
        let port = tokio::task::spawn_blocking(move || {
            let mut lines = BufReader::new(stdout).lines();
            let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
                let (_, port) = line.split_once("started successfully on port ")?;
                port.trim_end_matches('.').parse::<u16>().ok()
            });
            // Kept read, so that the driver never finds its output closed.
            std::thread::spawn(move || lines.for_each(drop));
            port
        });
        let port = tokio::time::timeout(PATIENCE, port)
            .await
            .expect("chromedriver starts")
            .unwrap()
            .unwrap();
        let http = Client::new(&format!("http://127.0.0.1:{port}"), None, None).unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut options = json!({
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                format!("--window-size={},{}", window.width, window.height),
                format!("--user-data-dir={}", profile.path().display()),
                // Nothing of its own may go out either.
                "--disable-background-networking", "--disable-component-update", "--no-first-run",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
            "prefs": {"intl.accept_languages": window.language},
        });
        if window.phone {
            options["mobileEmulation"] = json!({
                "deviceMetrics": {"width": window.width, "height": window.height, "pixelRatio": 2.0, "touch": true},
            });
        }
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}});
        let answer: Value = http
            .post_json("/session", &wanted)
            .await
            .expect("Chromium starts");
        let session = answer["value"]["sessionId"].as_str().unwrap().to_owned();
        let browser = Self {
            driver,
            http,
            session,
            _profile: profile,
        };
        let scheme = if window.dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        browser
            .post(
                "goog/cdp/execute",
                json!({"cmd": "Emulation.setEmulatedMedia", "params": media}),
            )
            .await;
        browser
    }

    pub(crate) async fn go(&self, url: &str) {
        self.post("url", json!({ "url": url })).await;
    }

    /// What a script returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({"script": script, "args": []}))
            .await
    }

    /// Waits until a script returns true.
    pub(crate) async fn until(&self, script: &str) {
        let wait = async {
            while self.run(script).await != Value::Bool(true) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            let page = self.run("return document.body.innerText").await;
            panic!(
                "not within {PATIENCE:?}: {script}\n{page}\n{:?}",
                self.console().await
            );
        }
    }

    pub(crate) async fn screenshot(&self, path: &Path) -> usize {
        let answer: Value = self
            .http
            .get_json(&format!("/session/{}/screenshot", self.session))
            .await
            .unwrap();
        let text = answer["value"].as_str().unwrap().as_bytes();
        let mut png = vec![0; text.len()];
        let png = faceiot_core::text::base64_decode(text, &mut png).unwrap();
        std::fs::write(path, &*png).unwrap();
        png.len()
    }

    /// What the page wrote to the console, warnings of the browser included.
    pub(crate) async fn console(&self) -> Vec<String> {
        let lines = self.post("se/log", json!({"type": "browser"})).await;
        lines
            .as_array()
            .unwrap()
            .iter()
            .map(|line| format!("{} {}", line["level"], line["message"]))
            .collect()
    }

    /// Every address that was asked for.
    pub(crate) async fn requests(&self) -> Vec<String> {
        let lines = self.post("se/log", json!({"type": "performance"})).await;
        let sent = |line: &Value| {
            let event: Value = serde_json::from_str(line["message"].as_str()?).ok()?;
            let message = &event["message"];
            (message["method"] == "Network.requestWillBeSent").then(|| {
                message["params"]["request"]["url"]
                    .as_str()
                    .map(ToOwned::to_owned)
            })?
        };
        lines.as_array().unwrap().iter().filter_map(sent).collect()
    }

    async fn post(&self, command: &str, body: Value) -> Value {
        let path = format!("/session/{}/{command}", self.session);
        let mut answer: Value = self
            .http
            .post_json(&path, &body)
            .await
            .unwrap_or_else(|e| panic!("{command}: {e}"));
        answer["value"].take()
    }

    pub(crate) async fn close(mut self) {
        let _ = self.http.delete(&format!("/session/{}", self.session)).await;
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

const PATIENCE: Duration = Duration::from_mins(1);
