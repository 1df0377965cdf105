//! The example as a process, against Debian's mosquitto, with another device playing the cloud.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use faceiot::{Credentials, Device, DeviceConfig, Endpoint, Qos};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// Ended when the test ends, however it ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn mosquitto(folder: &std::path::Path) -> (Process, SocketAddr) {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let settings = folder.join("mosquitto.conf");
    let text = format!("listener {} 127.0.0.1\nallow_anonymous true\n", address.port());
    std::fs::write(&settings, text).unwrap();
    let program = ["/usr/sbin/mosquitto", "mosquitto"];
    let program = program
        .into_iter()
        .find(|path| std::path::Path::new(path).exists())
        .unwrap_or(program[1]);
    let child = Command::new(program)
        .arg("-c")
        .arg(settings)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("Debian's `mosquitto` package is needed for this test: apt-get install mosquitto");
    let process = Process(child);
    let end = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < end, "mosquitto does not listen");
        std::thread::sleep(Duration::from_millis(10));
    }
    (process, address)
}

#[tokio::test]
async fn the_example_reports_answers_a_command_and_sends_a_photo() {
    let folder = tempfile::tempdir().unwrap();
    let (_broker, address) = mosquitto(folder.path());
    let mut config = DeviceConfig::new(Credentials::huawei("the_cloud", "secret"));
    config.endpoint = Endpoint::plain(address);
    let cloud = Device::connect(config).await.unwrap();
    for filter in ["/sys/pk/door/thing/#", "/pk/door/user/photo"] {
        cloud.subscribe(filter, Qos::AtLeastOnce).await.unwrap();
    }
    let mut camera = Process(
        Command::new(env!("CARGO_BIN_EXE_camera"))
            .args([&address.to_string(), "pk", "door", "secret", "testcard:64x48"])
            .spawn()
            .unwrap(),
    );

    let story = async {
        let mut messages = cloud.messages();
        let report = messages.next().await.unwrap();
        assert!(report.topic.ends_with("/thing/event/property/post"));
        let report: Value = serde_json::from_slice(&report.payload).unwrap();
        assert_eq!(report["params"], json!({"Online": 1}));

        let ask = json!({"id": "1", "version": "1.0.0", "params": {}, "method": "thing.service.capture"});
        cloud
            .publish(
                "/sys/pk/door/thing/service/capture",
                ask.to_string(),
                Qos::AtLeastOnce,
            )
            .unwrap();
        let (mut answer, mut photo) = (None, None);
        while answer.is_none() || photo.is_none() {
            let message = messages.next().await.unwrap();
            if message.topic.ends_with("capture_reply") {
                answer = Some(serde_json::from_slice::<Value>(&message.payload).unwrap());
            } else if message.topic.ends_with("/user/photo") {
                photo = Some(message.payload.len());
            }
        }
        (answer.unwrap(), photo.unwrap())
    };
    let (answer, photo) = tokio::time::timeout(PATIENCE, story)
        .await
        .expect("the example was silent");
    assert_eq!(
        (&answer["code"], &answer["data"]["command"]),
        (&json!(200), &json!("capture"))
    );
    // The test card is small enough for one chunk: its header has 40 octets.
    assert_eq!(answer["data"]["bytes"], json!(photo - 40));
    assert!(
        camera.0.try_wait().unwrap().is_none(),
        "the example waits for the next command"
    );
    cloud.close().await;
}

#[test]
fn the_example_says_what_it_wants() {
    let output = Command::new(env!("CARGO_BIN_EXE_camera")).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("DEVICE_SECRET"));
}
