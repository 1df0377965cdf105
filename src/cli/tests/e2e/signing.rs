//! `faceiot sign` against the vectors that were made with the vendors' own programs.

use serde_json::Value;

use crate::support::{command, faceiot, finish};

#[test]
fn aliyun_logins_are_those_of_the_vectors() {
    let vectors: Value = serde_json::from_str(include_str!("../../../../tests/vectors/aliyun.json")).unwrap();
    let mut checked = 0;
    for (name, case) in vectors["iot_mqtt_login_formula"].as_object().unwrap() {
        let (input, expected) = (&case["input"], &case["expected"]);
        let text = |field: &str| input[field].as_str().unwrap_or_default();
        // The cases of the C SDKs put the items of the client id in their own order; an empty secret is refused here.
        if input.get("sign_method").is_none() || text("device_secret").is_empty() {
            continue;
        }
        let secure_mode = input["securemode"].to_string();
        let mut sign = command();
        sign.args(["sign", "aliyun-mqtt", "--json", "--secret", "-"])
            .args([
                "--product-key",
                text("product_key"),
                "--device-name",
                text("device_name"),
            ])
            .args([
                "--client-id",
                text("client_id"),
                "--method",
                text("sign_method"),
                "--secure-mode",
                &secure_mode,
            ])
            .args(["--timestamp", input["timestamp"].as_str().unwrap_or("none")]);
        for item in text("extra").split(',').filter(|item| !item.is_empty()) {
            sign.args(["--extra", item]);
        }
        let upper = finish(&mut sign, text("device_secret").as_bytes()).ok().json();
        assert_eq!(upper["client_id"], expected["client_id"], "{name}");
        assert_eq!(upper["username"], expected["username"], "{name}");
        assert_eq!(upper["password"], expected["password_upper"], "{name}");
        assert_eq!(upper["string_to_sign"], case["string_to_sign"], "{name}");
        let lower = finish(sign.arg("--lower"), text("device_secret").as_bytes())
            .ok()
            .json();
        assert_eq!(lower["password"], expected["password_lower"], "{name}");
        checked += 1;
    }
    assert!(checked >= 8, "only {checked} cases");
}

#[test]
fn huawei_logins_are_those_of_the_vectors() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../../tests/vectors/huawei_meituan.json")).unwrap();
    let mut checked = 0;
    for (name, case) in vectors["huawei_device_sign"].as_object().unwrap() {
        let (input, expected) = (&case["input"], &case["expected"]);
        let (Some(id), Some(secret), Some(hour)) = (
            input["id"].as_str(),
            input["secret"].as_str(),
            input["timestamp"].as_str(),
        ) else {
            continue;
        };
        // The bootstrap with a scope is another login.
        if input.get("scope_id").is_some() || expected["password"].is_null() {
            continue;
        }
        let check = input
            .get("check_timestamp")
            .and_then(Value::as_str)
            .unwrap_or("1");
        let mut sign = command();
        sign.args([
            "sign",
            "huawei-mqtt",
            "--json",
            "--secret",
            "-",
            "--device-id",
            id,
            "--hour",
            hour,
            "--sign-type",
            check,
        ]);
        let said = finish(&mut sign, secret.as_bytes()).ok().json();
        for field in ["client_id", "username", "password"] {
            assert_eq!(said[field], expected[field], "{name} {field}");
        }
        assert!(
            !said["string_to_sign"].to_string().contains(secret) || secret.len() < 3,
            "{name}"
        );
        checked += 1;
    }
    assert!(checked >= 7, "only {checked} cases");
}

#[test]
fn the_string_to_sign_is_shown_and_the_secret_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("iot.cfg");
    std::fs::write(
        &path,
        "[IOT]\nproductKey = pk\ndeviceName = device\ndeviceSecret = secret-canary\n",
    )
    .unwrap();
    let ran = faceiot([
        "sign",
        "aliyun-mqtt",
        "--config",
        path.to_str().unwrap(),
        "--timestamp",
        "789",
        "--client-id",
        "12345",
    ])
    .ok();
    assert!(
        ran.out
            .contains("clientId12345deviceNamedeviceproductKeypktimestamp789"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("canary") && !ran.err.contains("canary"));
    // Written with the usual umask: others can read it, and that is said.
    assert!(ran.err.contains("chmod 600"), "{}", ran.err);
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_repeated() {
    let ran = faceiot([
        "sign",
        "huawei-mqtt",
        "--device-id",
        "p_n",
        "--secret",
        "s3cret-canary",
    ]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--secret-file"), "{}", ran.err);
    assert!(!ran.err.contains("s3cret-canary"), "{}", ran.err);
}

#[test]
fn a_secret_may_come_from_a_file_or_from_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.txt");
    std::fs::write(&path, "ac4263b86eaf6442997a\n").unwrap();
    let base = [
        "sign",
        "huawei-mqtt",
        "--json",
        "--device-id",
        "p_n",
        "--hour",
        "2026010203",
    ];
    let file = finish(command().args(base).arg("--secret-file").arg(&path), b"")
        .ok()
        .json();
    let environment = finish(
        command()
            .args(base)
            .env("FACEIOT_DEVICE_SECRET", "ac4263b86eaf6442997a"),
        b"",
    )
    .ok()
    .json();
    let stdin = finish(
        command().args(base).args(["--secret", "-"]),
        b"ac4263b86eaf6442997a\n",
    )
    .ok()
    .json();
    assert_eq!(file, environment);
    assert_eq!(file, stdin);
}
