//! Every login that the vendors' own code produced comes in as it is, over a socket, in both hex cases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at the first surprise"
)]

mod common;

use std::collections::BTreeMap;

use common::Mqtt;
use faceiot::{Clock, DeviceId};
use faceiot_local::{Cloud, CloudConfig, NewDevice};
use serde_json::Value;

/// Cases that the platforms themselves refuse, or whose flow is a later one, each with its reason.
const REFUSED: &[(&str, &str, u8)] = &[
    (
        "signmethod_hmacmd5_is_ignored",
        "iot-client 0.0.14 signs SHA-1 and says MD5",
        4,
    ),
    (
        "signmethod_hmacsha256_is_ignored",
        "iot-client 0.0.14 signs SHA-1 and says SHA-256",
        4,
    ),
    (
        "clock_ticks_between_the_two_reads",
        "iot-client 0.0.14 signs another second than it sends",
        4,
    ),
];
const NOT_A_LOGIN: &[(&str, &str)] = &[
    ("create_signature_hmacsha1", "a signature without a client id"),
    ("create_signature_hmacmd5", "a signature without a client id"),
    ("create_signature_hmacsha256", "a signature without a client id"),
    ("dynreg_register", "dynamic registration"),
    ("dynreg_register_instance", "dynamic registration"),
    ("dynreg_regnwl", "dynamic registration"),
    ("connwl_saved_triple", "login with a token from registration"),
    ("empty_secret", "the registry takes no empty secret"),
    ("x509_no_password", "a certificate logs in"),
    ("bootstrap_scope_secret", "bootstrapping"),
    ("bootstrap_scope_x509", "bootstrapping"),
];

struct Login {
    case: String,
    device: DeviceId,
    secret: String,
    client_id: String,
    username: String,
    password: String,
}

#[tokio::test]
async fn all_aliyun_logins_of_the_vectors_come_in_in_both_hex_cases() {
    let suites = [
        "iot_mqtt_login_iot_client",
        "iot_mqtt_login_linkkit",
        "iot_mqtt_login_formula",
        "seed001_aliyunmqtt_cpp",
    ];
    let logins = logins("aliyun", &suites, |input, expected| {
        let device = DeviceId::aliyun(text(&input["product_key"])?, text(&input["device_name"])?).ok()?;
        let password = text(&expected["password"]).or_else(|| text(&expected["password_upper"]))?;
        Some((device, text(&input["device_secret"])?, password))
    });
    assert!(logins.len() >= 30, "{}", logins.len());
    all_come_in(logins, Clock::system()).await;
}

#[tokio::test]
async fn all_huawei_logins_of_the_vectors_come_in_in_both_hex_cases_at_their_hour() {
    let logins = logins(
        "huawei_meituan",
        &["huawei_device_sign", "huawei_seed_snippet"],
        |input, expected| {
            let id = text(&input["id"]).or_else(|| text(&expected["username"]))?;
            Some((
                DeviceId::huawei(id).ok()?,
                text(&input["secret"])?,
                text(&expected["password"])?,
            ))
        },
    );
    assert!(logins.len() >= 10, "{}", logins.len());
    // Sign type 1 is checked against the clock: each hour gets its own cloud.
    let mut by_hour: BTreeMap<String, Vec<Login>> = BTreeMap::new();
    for login in logins {
        let hour = login.client_id.rsplit('_').next().unwrap().to_owned();
        by_hour.entry(hour).or_default().push(login);
    }
    for (hour, logins) in by_hour {
        let start: jiff::civil::DateTime = format!(
            "{}-{}-{}T{}:30:00",
            &hour[..4],
            &hour[4..6],
            &hour[6..8],
            &hour[8..]
        )
        .parse()
        .unwrap();
        let ms = start
            .to_zoned(jiff::tz::TimeZone::UTC)
            .unwrap()
            .timestamp()
            .as_millisecond()
            .cast_unsigned();
        all_come_in(logins, Clock::from_fn(move || ms)).await;
    }
}

async fn all_come_in(logins: Vec<Login>, clock: Clock) {
    let dir = tempfile::tempdir().unwrap();
    let config = CloudConfig {
        mqtts: None,
        clock,
        ..CloudConfig::on_free_ports(dir.path())
    };
    let cloud = Cloud::start(config).await.unwrap();
    for login in logins {
        // Several cases use one device with other secrets.
        cloud.registry().remove(&login.device).await.unwrap();
        let new = NewDevice {
            id: login.device.clone(),
            secret: Some(login.secret.clone()),
        };
        cloud.registry().add_device(new).await.unwrap();
        let wanted = REFUSED
            .iter()
            .find(|(case, _, _)| *case == login.case)
            .map_or(0, |(_, _, code)| *code);
        for password in [login.password.to_uppercase(), login.password.to_lowercase()] {
            let (_client, code) = Mqtt::connect(
                cloud.mqtt_addr().unwrap(),
                &login.client_id,
                &login.username,
                &password,
                60,
            )
            .await;
            assert_eq!(code, wanted, "{}: {}", login.case, login.client_id);
        }
    }
    cloud.stop().await;
}

fn logins(
    file: &str,
    suites: &[&str],
    read: impl Fn(&Value, &Value) -> Option<(DeviceId, String, String)>,
) -> Vec<Login> {
    let path = format!("{}/../../tests/vectors/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut logins = Vec::new();
    for suite in suites {
        for (case, vector) in vectors[suite].as_object().unwrap() {
            let (input, expected) = (&vector["input"], &vector["expected"]);
            let read = read(input, expected).and_then(|(device, secret, password)| {
                Some(Login {
                    case: case.clone(),
                    device,
                    secret,
                    client_id: text(&expected["client_id"])?,
                    username: text(&expected["username"])?,
                    password,
                })
            });
            let listed = NOT_A_LOGIN.iter().any(|(name, _)| name == case);
            match read {
                Some(login) if !listed => logins.push(login),
                // A new case must be tried or have its reason here.
                None if !listed
                    && expected.get("client_id").is_some()
                    && expected.get("username").is_some() =>
                {
                    panic!("{suite}/{case} is a login and cannot be read")
                }
                _ => {}
            }
        }
    }
    logins
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}
