//! The commands around a running cloud.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::thread;

use crate::support::mqtt::Client;
use crate::support::{
    ASTRONAUT, CAMERA, Up, command, exit_code, faceiot, finish, photo_file, sha256sum, until, wait,
};

#[test]
fn a_device_is_added_listed_and_removed_while_the_cloud_runs() {
    let up = Up::new();
    let data = up.folder.to_str().unwrap();
    let secret = up.add("aliyun:pk:door");
    assert_eq!(secret.len(), 32);
    let listed = faceiot(["device", "list", "--data", data]).ok();
    assert!(
        listed.out.contains("aliyun:pk:door") && !listed.out.contains(&secret),
        "{}",
        listed.out
    );
    let again = faceiot(["device", "add", "aliyun:pk:door", "--data", data]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("registered already"), "{}", again.err);

    Client::login(up.mqtt(), "aliyun:pk:door", &secret);
    faceiot(["device", "remove", "aliyun:pk:door", "--data", data]).ok();
    until("the removed device is refused", || {
        let mut client = Client::open(up.mqtt());
        (client.connect(&crate::support::mqtt::signed("aliyun:pk:door", &secret)) != 0).then_some(())
    });
    assert_eq!(
        faceiot(["device", "remove", "aliyun:pk:door", "--data", data]).code,
        1
    );
}

#[test]
fn a_device_whose_configuration_cannot_be_saved_is_not_registered() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("cloud");
    let data = data.to_str().unwrap();
    let config = folder.path().join("missing/iot.cfg");
    let add = |save: &str| faceiot(["device", "add", "huawei:p_n", "--data", data, "--save", save]);
    let ran = add(config.to_str().unwrap());
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("missing/iot.cfg") && ran.err.contains("not registered"),
        "{}",
        ran.err
    );
    fs::create_dir(folder.path().join("missing")).unwrap();
    let ran = add(config.to_str().unwrap()).ok();
    assert!(ran.err.contains("no local cloud listens now"), "{}", ran.err);
}

#[test]
fn what_is_no_jpeg_is_refused_and_a_damaged_one_is_sent_with_a_warning() {
    let up = Up::new();
    let folder = up.folder.parent().unwrap();
    let config = folder.join("iot.cfg");
    let config = config.to_str().unwrap();
    faceiot([
        "device",
        "add",
        "huawei:p_n",
        "--data",
        up.folder.to_str().unwrap(),
        "--save",
        config,
    ])
    .ok();
    let photo = folder.join("photo.jpg");
    let send = |octets: &[u8]| {
        fs::write(&photo, octets).unwrap();
        faceiot(["send", "--config", config, photo.to_str().unwrap()])
    };
    for (octets, words) in [(&b""[..], "the file is empty"), (b"\x89PNG\r\n", "not a JPEG")] {
        let ran = send(octets);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    let ran = send(&ASTRONAUT[..ASTRONAUT.len() / 2]).ok();
    assert!(ran.err.contains("damaged"), "{}", ran.err);
    assert!(!send(ASTRONAUT).ok().err.contains("warning"));
}

#[test]
fn without_a_ca_the_systems_authorities_are_believed_and_no_others() {
    let up = Up::new();
    let folder = up.folder.parent().unwrap();
    let config = up.add_with_config("huawei:p_n");
    let photo = photo_file(folder, "a.jpg", CAMERA);
    let send = |authorities: &str| {
        let mut send = command();
        // Where the system's authorities are, for every program that asks OpenSSL's way.
        send.env("SSL_CERT_FILE", up.folder.join("tls").join(authorities))
            .env_remove("SSL_CERT_DIR")
            .args(["send", "--tls", "on", "--host", "localhost", "--connect"])
            .arg(up.mqtts().to_string())
            .arg("--config")
            .arg(&config)
            .arg(&photo);
        finish(&mut send, b"")
    };
    send("ca.pem").ok();
    // The server's own certificate is nobody's authority.
    let ran = send("server.pem");
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("not trusted") && ran.err.contains("--ca"),
        "{}",
        ran.err
    );
    assert_eq!(up.wait_photos("huawei:p_n", 1).len(), 1);
}

#[test]
fn a_given_secret_is_used_and_not_shown_and_its_file_is_private() {
    let up = Up::new();
    let folder = up.folder.parent().unwrap();
    let config = folder.join("iot.cfg");
    let mut add = command();
    add.args(["device", "add", "huawei:p_n", "--secret", "-", "--data"])
        .arg(&up.folder)
        .arg("--save")
        .arg(&config);
    let ran = finish(&mut add, b"my-own-canary\n").ok();
    assert!(!ran.out.contains("my-own-canary") && !ran.err.contains("my-own-canary"));
    Client::login(up.mqtt(), "huawei:p_n", "my-own-canary");
    assert_eq!(fs::metadata(&config).unwrap().permissions().mode() & 0o777, 0o600);
    for name in ["registry.db", "api.token", "running.json"] {
        let mode = fs::metadata(up.folder.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    // What is there is not written over.
    let mut add = command();
    add.args(["device", "add", "huawei:p_m", "--data"])
        .arg(&up.folder)
        .arg("--save")
        .arg(&config);
    assert_eq!(finish(&mut add, b"").code, 2);
}

#[test]
fn photos_are_sent_and_received_whole_in_every_format() {
    let up = Up::new();
    let folder = up.folder.parent().unwrap();
    let (first, second) = (
        photo_file(folder, "a.jpg", ASTRONAUT),
        photo_file(folder, "b.jpg", CAMERA),
    );
    for (device, formats) in [
        ("aliyun:pk:door", &["v2", "v2-text", "hex"][..]),
        ("huawei:p_n", &["v2", "v2-text"]),
    ] {
        let config = up.add_with_config(device);
        for format in formats {
            let before = up.photos(device).len();
            let mut send = command();
            // QoS 0 where there are many messages: Aliyun allows 30 of them a second, and 10 with QoS 1.
            send.args(["send", "--json", "--format", format, "--qos", "0"])
                .arg("--config")
                .arg(&config)
                .arg(&first)
                .arg(&second);
            let ran = finish(&mut send, b"").ok();
            let said: Vec<serde_json::Value> = ran
                .out
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            assert_eq!(said.len(), 2, "{ran:?}");
            let rows = up.wait_photos(device, before + 2);
            // Newest first.
            for (photo, (said, row)) in [ASTRONAUT, CAMERA]
                .into_iter()
                .zip(said.iter().zip(rows[..2].iter().rev()))
            {
                let digest = sha256sum(photo);
                assert_eq!(said["sha256"], digest.as_str());
                assert_eq!(row["sha256"], digest.as_str(), "{format}");
                assert!(row["problem"].is_null(), "{row}");
                assert_eq!(sha256sum(&up.image(row)), digest);
            }
        }
    }
}

#[test]
fn a_hex_photo_to_huawei_is_refused_before_anything_is_sent() {
    let up = Up::new();
    let config = up.add_with_config("huawei:p_n");
    let photo = photo_file(up.folder.parent().unwrap(), "a.jpg", CAMERA);
    let ran = finish(
        command()
            .args(["send", "--format", "hex", "--config"])
            .arg(config)
            .arg(photo),
        b"",
    );
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("v2"), "{}", ran.err);
}

#[test]
fn what_is_no_jpeg_is_not_sent() {
    let up = Up::new();
    let config = up.add_with_config("huawei:p_n");
    let text = photo_file(up.folder.parent().unwrap(), "text.jpg", b"not a photo");
    let ran = finish(command().arg("send").arg("--config").arg(&config).arg(&text), b"");
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("text.jpg") && ran.err.lines().count() == 1,
        "{}",
        ran.err
    );
    assert!(up.photos("huawei:p_n").is_empty());
}

#[test]
fn a_wrong_secret_ends_send_with_a_clear_error() {
    let up = Up::new();
    up.add("aliyun:pk:door");
    let photo = photo_file(up.folder.parent().unwrap(), "a.jpg", CAMERA);
    let mut send = command();
    send.args([
        "send",
        "--product-key",
        "pk",
        "--device-name",
        "door",
        "--secret",
        "-",
        "--tls",
        "off",
    ])
    .args(["--connect", &up.mqtt().to_string()])
    .arg(photo);
    let ran = finish(&mut send, b"not-the-secret");
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("CONNACK 4") && ran.err.lines().count() == 1,
        "{}",
        ran.err
    );
    // The cloud says which string was signed, and never what the password should have been.
    let expected = crate::support::mqtt::signed("aliyun:pk:door", "not-the-secret");
    let log = up.log();
    assert!(log.contains("deviceNamedoorproductKeypk"), "{log}");
    assert!(!log.contains(expected.password.expose()));
}

#[test]
fn received_photos_are_whole_files_and_none_comes_twice() {
    let up = Up::new();
    let folder = up.folder.parent().unwrap();
    let config = up.add_with_config("huawei:p_n");
    let send = |photo: &[u8], name: &str| {
        let path = photo_file(folder, name, photo);
        finish(command().arg("send").arg("--config").arg(&config).arg(path), b"").ok();
    };
    // One that was there before is not "as they arrive".
    send(ASTRONAUT, "before.jpg");
    up.wait_photos("huawei:p_n", 1);
    let album = folder.join("album");
    let mut receive = command();
    receive
        .args(["receive", "--json", "--count", "1"])
        .arg(&album)
        .arg("--data")
        .arg(&up.folder);
    let receiver = thread::spawn(move || finish(&mut receive, b""));
    until("its folder", || album.is_dir().then_some(()));
    // It may not have asked for the newest number yet: send until it has enough.
    until("a photo in the album", || {
        send(CAMERA, "camera.jpg");
        receiver.is_finished().then_some(())
    });
    let said = receiver.join().unwrap().ok().json();
    let file = fs::read(said["file"].as_str().unwrap()).unwrap();
    assert_eq!(sha256sum(&file), sha256sum(CAMERA));
    assert_eq!(
        fs::read_dir(&album).unwrap().count(),
        1,
        "only whole photos, under their names"
    );

    let all = folder.join("all");
    let count = up.photos("huawei:p_n").len().to_string();
    let mut receive = command();
    receive
        .args(["receive", "--all", "--count", &count])
        .arg(&all)
        .arg("--data")
        .arg(&up.folder);
    let ran = finish(&mut receive, b"").ok();
    let mut names: Vec<&str> = ran.out.lines().collect();
    names.dedup();
    assert_eq!(names.len().to_string(), count);
    assert_eq!(fs::read_dir(&all).unwrap().count().to_string(), count);
}

#[test]
fn a_receiver_outlives_the_cloud_and_misses_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("cloud");
    let up = Up::start(&folder, &[], &[]);
    let config = up.add_with_config("huawei:p_n");
    let photo = photo_file(temp.path(), "a.jpg", CAMERA);
    let http = up.said["http"]
        .as_str()
        .unwrap()
        .strip_prefix("http://")
        .unwrap()
        .to_owned();
    let album = temp.path().join("album");
    let mut receive = command();
    receive
        .args(["receive", "--all", "--count", "2"])
        .arg(&album)
        .arg("--data")
        .arg(&folder);
    let mut receiver = receive
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let send = |config: &std::path::Path, mqtt: std::net::SocketAddr| {
        let mut send = command();
        send.arg("send")
            .arg("--config")
            .arg(config)
            .args(["--connect", &mqtt.to_string()])
            .arg(&photo);
        finish(&mut send, b"").ok();
    };
    send(&config, up.mqtt());
    until("the first photo", || {
        (fs::read_dir(&album).is_ok_and(|all| all.count() == 1)).then_some(())
    });
    drop(up.kill());
    // The receiver knows one address: the cloud comes back there.
    let mut again = command();
    again
        .args([
            "up",
            "--json",
            "--mqtts",
            "off",
            "--mqtt",
            "127.0.0.1:0",
            "--http",
            &http,
            "--data",
        ])
        .arg(&folder);
    let up = Up::spawn(again, &folder);
    send(&config, up.mqtt());
    assert_eq!(exit_code(wait(&mut receiver, "faceiot receive")), 0);
    assert_eq!(fs::read_dir(&album).unwrap().count(), 2);
}

#[test]
fn a_command_to_a_device_that_is_not_there_says_so() {
    let up = Up::new();
    up.add("aliyun:pk:door");
    let data = up.folder.to_str().unwrap();
    let offline = faceiot([
        "command",
        "aliyun:pk:door",
        "capture",
        "--data",
        data,
        "--timeout",
        "2",
    ]);
    assert_eq!(offline.code, 1);
    assert!(
        offline.err.contains("not connected") || offline.err.contains("offline"),
        "{}",
        offline.err
    );
    let unknown = faceiot([
        "command",
        "aliyun:pk:nobody",
        "capture",
        "--data",
        data,
        "--timeout",
        "2",
    ]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("device list"), "{}", unknown.err);
    let not_json = faceiot(["command", "aliyun:pk:door", "capture", "{a:1}", "--data", data]);
    assert_eq!(not_json.code, 2);
}

#[test]
fn a_command_reaches_the_device_and_its_answer_comes_back() {
    let up = Up::new();
    let secret = up.add("aliyun:pk:door");
    let mut device = Client::login(up.mqtt(), "aliyun:pk:door", &secret);
    assert_eq!(device.subscribe("/sys/pk/door/thing/service/#"), 0);
    let answering = thread::spawn(move || {
        loop {
            let (first, body) = device.packet().expect("the command");
            if first >> 4 == 3 {
                let length = usize::from(body[0]) << 8 | usize::from(body[1]);
                let topic = String::from_utf8(body[2..2 + length].to_vec()).unwrap();
                let skip = if first & 6 == 0 { 0 } else { 2 };
                let request: serde_json::Value = serde_json::from_slice(&body[2 + length + skip..]).unwrap();
                assert_eq!(topic, "/sys/pk/door/thing/service/capture");
                assert_eq!(request["params"]["quality"], 80);
                let answer = format!(r#"{{"id":{},"code":200,"data":{{"taken":true}}}}"#, request["id"]);
                device
                    .publish0(&format!("{topic}_reply"), answer.as_bytes())
                    .unwrap();
                let _ = device.ping();
                return;
            }
        }
    });
    let data = up.folder.to_str().unwrap();
    let ran = faceiot([
        "command",
        "aliyun:pk:door",
        "capture",
        r#"{"quality": 80}"#,
        "--data",
        data,
        "--json",
    ])
    .ok();
    let answer = ran.json();
    assert_eq!(
        (answer["code"].as_i64(), answer["data"]["taken"].as_bool()),
        (Some(200), Some(true)),
        "{answer}"
    );
    answering.join().unwrap();
}
