//! Nothing secret in any output, at any level.

use crate::support::mqtt::{Client, signed};
use crate::support::{CAMERA, Up, command, faceiot, finish, photo_file};

#[test]
fn no_log_at_any_level_holds_a_secret_a_password_or_a_token() {
    let temp = tempfile::tempdir().unwrap();
    let up = Up::start(&temp.path().join("cloud"), &[], &[("RUST_LOG", "trace")]);
    let mut said = Vec::new();
    for device in ["aliyun:pk:door", "huawei:p_n"] {
        let config = temp.path().join(format!("{}.cfg", device.replace(':', "-")));
        let mut add = command();
        add.args(["device", "add", device, "--secret", "-", "-vv", "--data"])
            .arg(&up.folder)
            .arg("--save")
            .arg(&config);
        said.push(finish(&mut add, b"canary-device-secret").ok());
        let photo = photo_file(temp.path(), "a.jpg", CAMERA);
        let mut send = command();
        send.env("RUST_LOG", "trace")
            .arg("send")
            .arg("--config")
            .arg(&config)
            .arg(&photo);
        said.push(finish(&mut send, b"").ok());
        let mut doctor = command();
        doctor
            .env("RUST_LOG", "trace")
            .args(["doctor", "--min-free", "1", "--data"])
            .arg(&up.folder)
            .arg("--config")
            .arg(&config);
        said.push(finish(&mut doctor, b""));
        up.wait_photos(device, 1);
    }
    // A refused login is where a log is tempted to say too much.
    let wrong = signed("aliyun:pk:door", "canary-wrong-secret");
    assert_ne!(Client::open(up.mqtt()).connect(&wrong), 0);
    let data = up.folder.to_str().unwrap();
    let mut list = command();
    list.env("RUST_LOG", "trace")
        .args(["device", "list", "--json", "--data", data]);
    said.push(finish(&mut list, b"").ok());
    let mut offline = command();
    offline.env("RUST_LOG", "trace").args([
        "command",
        "huawei:p_n",
        "capture",
        "--timeout",
        "1",
        "--data",
        data,
    ]);
    said.push(finish(&mut offline, b""));
    let mut demo = command();
    demo.env("RUST_LOG", "trace").arg("demo");
    said.push(finish(&mut demo, b"").ok());

    let mut everything = up.log();
    for ran in &said {
        everything.push_str(&ran.out);
        everything.push_str(&ran.err);
    }
    assert!(
        everything.contains("TRACE"),
        "the log was not at its most talkative"
    );
    let token = up.token();
    for secret in [
        "canary-device-secret",
        "canary-wrong-secret",
        token.as_str(),
        wrong.password.expose(),
    ] {
        assert!(!everything.contains(secret), "`{secret}` is in the output");
    }
    // The passwords of these logins carry the time; what they are made of is known, so their form is looked for.
    for line in everything
        .lines()
        .filter(|line| line.to_lowercase().contains("password"))
    {
        let hex = line
            .split(|c: char| !c.is_ascii_hexdigit())
            .find(|word| word.len() >= 32);
        assert!(hex.is_none(), "a password may be in the log: {line}");
    }
    // The page's one-time code is for the reader of the answer, not of the log.
    let page = up.said["page"].as_str().unwrap();
    let code = page.split("code=").nth(1).unwrap();
    assert!(!up.log().contains(code), "the page's code is in the log");
}

#[test]
fn a_secret_never_comes_back_in_an_error() {
    for args in [
        ["device", "add", "aliyun:pk:dn", "--secret", "canary-on-the-line"],
        ["doctor", "--device-id", "p_n", "--secret", "canary-on-the-line"],
    ] {
        let ran = faceiot(args);
        assert!(
            ran.code != 0 && !ran.err.contains("canary") && !ran.out.contains("canary"),
            "{ran:?}"
        );
    }
}
