//! What every command has in common.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{ANYWHERE, Up, command, exit_code, faceiot, finish, signal, until, wait};

/// Every command line that can be asked for help.
const COMMANDS: [&[&str]; 15] = [
    &["up"],
    &["demo"],
    &["device"],
    &["device", "add"],
    &["device", "list"],
    &["device", "remove"],
    &["send"],
    &["capture"],
    &["cameras"],
    &["receive"],
    &["command"],
    &["sign"],
    &["sign", "aliyun-mqtt"],
    &["sign", "huawei-mqtt"],
    &["doctor"],
];

#[test]
fn every_command_has_help_with_examples_and_understands_json() {
    for path in COMMANDS {
        let ran = finish(command().args(path).arg("--help"), b"").ok();
        assert!(ran.out.contains("Examples:"), "{path:?}: {}", ran.out);
        assert!(ran.out.contains("--json"), "{path:?}");
        assert!(ran.err.is_empty(), "{path:?}");
    }
}

#[test]
fn exit_codes_are_in_the_help() {
    let help = faceiot(["--help"]).ok().out.replace('\n', " ");
    for words in [
        "0 done",
        "1 failed",
        "2 not understood",
        "130 interrupted",
        "10 to 19",
    ] {
        assert!(help.contains(words), "{words}");
    }
    let help = faceiot(["doctor", "--help"]).ok().out;
    for code in 10..20 {
        assert!(help.contains(&format!("  {code} ")), "{code}");
    }
}

#[test]
fn what_is_not_understood_is_exit_code_2() {
    for args in [
        &["fly"][..],
        &["send"],
        &["up", "--mqtt", "broker.lan:1883"],
        &["device", "add", "x:y"],
        &["demo", "--lose-chunk", "0"],
    ] {
        let ran = finish(command().args(args), b"");
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{ran:?}");
    }
}

#[test]
fn an_error_is_one_line_with_what_to_do_and_a_document_with_json() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let ran = faceiot(["device", "list", "--data", data]);
    assert_eq!((ran.code, ran.err.lines().count()), (1, 1), "{ran:?}");
    assert!(
        ran.err.starts_with("error: ") && ran.err.contains("--data"),
        "{}",
        ran.err
    );

    let ran = faceiot(["device", "list", "--data", data, "--json"]);
    assert_eq!(ran.code, 1);
    let error = &ran.json()["error"];
    assert_eq!(
        (error["kind"].as_str(), error["code"].as_i64()),
        (Some("not_found"), Some(202))
    );
    assert!(error["todo"].is_string());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = command()
        .arg("--help")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let status = wait(&mut child, "faceiot --help");
    assert_eq!(exit_code(status), 0);

    let up = Up::new();
    up.add("aliyun:pk:dn");
    let mut list = command();
    list.args(["device", "list", "--data"])
        .arg(&up.folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = list.spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    let status = wait(&mut child, "faceiot device list");
    BufReader::new(child.stderr.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    assert_eq!((exit_code(status), said.as_str()), (0, ""));
}

#[test]
fn colours_are_for_terminals_only_and_progress_too() {
    let up = Up::new();
    let config = up.add_with_config("huawei:p_n");
    let photo = crate::support::photo_file(up.folder.parent().unwrap(), "a.jpg", crate::support::CAMERA);
    let ran = finish(command().arg("send").arg(photo).arg("--config").arg(config), b"").ok();
    assert!(!ran.out.contains('\u{1b}') && ran.err.is_empty(), "{ran:?}");
    assert!(!up.log().contains('\u{1b}'));
}

#[test]
fn on_a_terminal_there_are_colours_and_progress_and_no_color_is_obeyed() {
    let up = Up::new();
    let config = up.add_with_config("aliyun:pk:door");
    let photo = crate::support::photo_file(up.folder.parent().unwrap(), "a.jpg", crate::support::CAMERA);
    // `script` of util-linux runs a command on a terminal of its own.
    let on_a_terminal = |line: &str, no_color: &str| {
        let mut script = std::process::Command::new("script");
        let line = format!("'{}' {line}", env!("CARGO_BIN_EXE_faceiot"));
        script
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .env("NO_COLOR", no_color)
            .env("TERM", "xterm");
        finish(&mut script, b"").ok().out
    };
    let doctor = format!(
        "doctor --min-free 1 --config '{}' --data '{}'",
        config.display(),
        up.folder.display()
    );
    assert!(on_a_terminal(&doctor, "").contains("\u{1b}[32mok"));
    assert!(!on_a_terminal(&doctor, "1").contains("\u{1b}[3"));
    // Ten chunks a second at most with QoS 1: there is time to see the bar.
    let send = format!("send --config '{}' '{}'", config.display(), photo.display());
    let said = on_a_terminal(&send, "1");
    assert!(said.contains("a.jpg [") && said.contains("chunks"), "{said:?}");
}

#[test]
fn a_port_in_use_names_its_option() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    for (index, flag) in ["--mqtt", "--mqtts", "--http"].into_iter().enumerate() {
        let mut up = command();
        up.arg("up")
            .args(ANYWHERE)
            .arg("--data")
            .arg(folder.path().join(index.to_string()));
        // The later of two equal options would be refused: the free port is replaced.
        let mut args: Vec<_> = up.get_args().map(std::ffi::OsStr::to_owned).collect();
        let at = args.iter().position(|arg| arg == flag).unwrap();
        args[at + 1] = address.clone().into();
        let ran = finish(command().args(args), b"");
        assert_eq!(ran.code, 1, "{ran:?}");
        let error = ran
            .err
            .lines()
            .find(|line| line.starts_with("error: "))
            .unwrap_or_default();
        assert!(
            error.contains(&format!("{address} of {flag} is in use")),
            "{ran:?}"
        );
        assert_eq!(ran.json()["error"]["kind"], "port_in_use");
    }
}

#[test]
fn up_tells_where_everything_is_in_one_line_of_json() {
    let up = Up::new();
    for name in ["mqtt", "mqtts", "http", "page", "ca", "data", "token_file"] {
        assert!(up.said[name].is_string(), "{name}: {}", up.said);
    }
    assert_eq!(up.said["pid"], up.pid());
    assert!(up.said["page"].as_str().unwrap().contains("code="));
    assert!(
        fs::read_to_string(up.said["ca"].as_str().unwrap())
            .unwrap()
            .contains("BEGIN CERTIFICATE")
    );
    let (status, _) = up.get("/health");
    assert_eq!(status, 200);
}

#[test]
fn the_log_of_up_tells_who_comes_and_which_photos_are_stored() {
    let up = Up::new();
    let config = up.add_with_config("huawei:p_n");
    let photo = crate::support::photo_file(up.folder.parent().unwrap(), "a.jpg", crate::support::CAMERA);
    finish(command().arg("send").arg("--config").arg(config).arg(photo), b"").ok();
    until("the log", || {
        let log = up.log();
        let told = [
            "INFO",
            "connected device=huawei:p_n",
            "photo stored device=huawei:p_n",
            "disconnected device=huawei:p_n",
        ];
        told.iter().all(|words| log.contains(words)).then_some(())
    });
}

#[test]
fn up_tells_a_person_how_to_add_a_device() {
    let folder = tempfile::tempdir().unwrap();
    let mut up = command();
    up.arg("up")
        .args(&ANYWHERE[1..])
        .arg("--data")
        .arg(folder.path().join("cloud"));
    let mut child = up.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines: Vec<String> = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .take(8)
        .collect();
    signal(child.id(), "TERM");
    wait(&mut child, "faceiot up");
    let text = lines.join("\n");
    for words in [
        "MQTT ",
        "MQTT, TLS",
        "CA ",
        "HTTP",
        "page",
        "code=",
        "faceiot device add aliyun:",
        "Ctrl-C",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
}

#[test]
fn ctrl_c_ends_up_cleanly_with_130_and_sigterm_with_0() {
    for (name, code) in [("INT", 130), ("TERM", 0)] {
        let mut up = Up::new();
        let note = up.folder.join("running.json");
        let running: Value = serde_json::from_slice(&fs::read(&note).unwrap()).unwrap();
        assert_eq!(running["pid"], up.pid());
        up.signal(name);
        assert_eq!(up.end(), code, "SIG{name}\n{}", up.log());
        assert!(!note.exists(), "the note of a cloud that runs stays behind");
        assert!(!up.log().contains("panicked"));
    }
}

#[test]
fn ctrl_c_ends_a_command_that_waits_with_130() {
    let up = Up::new();
    let mut receive = command();
    receive
        .arg("receive")
        .arg(up.folder.join("album"))
        .arg("--data")
        .arg(&up.folder);
    let mut child = receive
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Its folder is made when it has begun.
    until("the folder", || up.folder.join("album").is_dir().then_some(()));
    signal(child.id(), "INT");
    assert_eq!(exit_code(wait(&mut child, "faceiot receive")), 130);
}

#[test]
fn ctrl_c_ends_a_command_that_waits_for_a_secret_to_be_typed() {
    let folder = tempfile::tempdir().unwrap();
    let mut add = command();
    add.args(["device", "add", "huawei:p_n", "--secret", "-", "--data"])
        .arg(folder.path());
    let mut child = add
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let typing = child.stdin.take();
    // It listens for Ctrl-C when the signal has a handler: bit 1 of the mask is SIGINT, signal 2.
    until("a handler of SIGINT", || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
        let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
        (mask & 2 != 0).then_some(())
    });
    signal(child.id(), "INT");
    assert_eq!(exit_code(wait(&mut child, "faceiot device add")), 130);
    drop(typing);
}

#[test]
fn a_folder_in_use_by_another_cloud_is_an_error_that_names_it() {
    let up = Up::new();
    let ran = finish(
        command().arg("up").args(ANYWHERE).arg("--data").arg(&up.folder),
        b"",
    );
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains(&up.pid().to_string()), "{ran:?}");
    // The running one is not disturbed, and its note stays.
    assert!(up.folder.join("running.json").exists());
    assert_eq!(up.get("/health").0, 200);
}
