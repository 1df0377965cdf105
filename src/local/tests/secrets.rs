//! No log, no `Debug` and no HTTP answer holds a device's secret or the password that was expected.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at the first surprise"
)]

mod common;

use std::io::Write;
use std::sync::{Arc, Mutex};

use common::{Mqtt, Rig, SECRET, aliyun, huawei, now_ms};
use faceiot_local::CommandRequest;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_no_debug_and_no_http_answer_has_a_secret_or_the_expected_password() {
    let captured = Captured::default();
    // Everything that any crate logs, at the finest level.
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(captured.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let rig = Rig::start().await;
    let mut said: Vec<String> = Vec::new();
    let mut passwords = Vec::new();
    for credentials in [aliyun(), huawei()] {
        let login = credentials.login(now_ms(), false).unwrap();
        let right = login.password.expose().to_owned();
        // Wrong in its last digit only: whoever prints what was expected prints the right one.
        let mut wrong = right.clone();
        wrong.replace_range(right.len() - 1.., if right.ends_with('0') { "1" } else { "0" });
        for password in [&wrong, &right] {
            let (_client, code) =
                Mqtt::connect(rig.addr(), &login.client_id, &login.username, password, 60).await;
            assert_eq!(code, if *password == right { 0 } else { 4 });
        }
        said.push(rig.log(Some(&credentials.device_id())).await);
        said.push(format!("{credentials:?} {login:?}"));
        passwords.push(right.to_lowercase());
    }
    let id = aliyun().device_id();
    let request = CommandRequest {
        form: None,
        name: "x".into(),
        payload: Value::Null,
    };
    said.push(format!(
        "{:?}",
        rig.cloud.command(&id, request, common::PATIENCE).await
    ));
    said.push(format!(
        "{:?} {:?} {:?}",
        rig.cloud,
        rig.cloud.registry(),
        rig.cloud.registry().list().await
    ));
    said.push(format!("{:?}", rig.http));
    for path in [
        "/api/devices".to_owned(),
        format!("/api/devices/{id}"),
        format!("/api/devices/{id}/log"),
        "/api/log".to_owned(),
        "/health".to_owned(),
        "/metrics".to_owned(),
        "/api/photos".to_owned(),
    ] {
        said.push(String::from_utf8(rig.http.get_bytes(&path).await.unwrap()).unwrap());
    }
    let exists = rig
        .http
        .post_json::<Value>("/api/devices", &json!({"id": id, "secret": SECRET}))
        .await;
    said.push(format!("{exists:?}"));
    let malformed = rig
        .http
        .post_json::<Value>("/api/devices", &json!({"id": "huawei:x", "secret": [SECRET]}))
        .await;
    said.push(format!("{malformed:?}"));
    let token = rig.cloud.token().to_owned();
    rig.cloud.stop().await;

    let said = said.concat();
    let logged = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("login refused"), "the log was captured");
    assert!(
        said.contains("deviceNameesp001productKeyk0abcdefgIM"),
        "what was signed is said"
    );
    for (what, text) in [("said", said), ("logged", logged)] {
        let text = text.to_lowercase();
        assert!(!text.contains(&SECRET.to_lowercase()), "{what} holds the secret");
        for password in &passwords {
            assert!(
                !text.contains(password.as_str()),
                "{what} holds a password that comes in"
            );
            assert!(
                !text.contains(&password[..password.len() - 1]),
                "{what} holds a password that was tried"
            );
        }
        assert!(!text.contains(&token.to_lowercase()), "{what} holds the token");
    }
}
