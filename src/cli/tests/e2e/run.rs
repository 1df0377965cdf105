//! `faceiot run` of a program that was installed without Python: which interpreter it takes, and what that is told.
//! What the interpreter then does is tested with the wheel, in `tests/micropython/test_run.py`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Up, command, finish};

/// A program of this name that says how it was started.
fn interpreter(folder: &Path, name: &str) {
    let path = folder.join(name);
    let script = format!(
        "#!/bin/sh\nshift 3\nprintf '{name}'\nfor word; do printf ' [%s]' \"$word\"; done\n\
         printf '\\n%s\\n%s\\n' \"$FACEIOT_ROUTES\" \"$FACEIOT_RUN_CA\"\nexit 9\n"
    );
    fs::write(&path, script).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
}

#[test]
fn python3_of_the_path_runs_the_script_and_its_exit_code_is_the_commands() {
    let up = Up::new();
    let folder = tempfile::tempdir().expect("a folder");
    interpreter(folder.path(), "python3");
    let mut run = command();
    run.args(["run", "--data"])
        .arg(&up.folder)
        .args(["iot.py", "--data", "-x"])
        .env("PATH", folder.path());
    let ran = finish(&mut run, b"");
    assert_eq!(ran.code, 9, "{ran:?}");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[0], "python3 [] [iot.py] [--data] [-x]");
    for (port, listener) in [("1883", "mqtt"), ("8883", "mqtts")] {
        let address = up.said[listener].as_str().expect("an address");
        let route = format!("*.iot-mqtts.*.myhuaweicloud.com:{port}={address}");
        assert!(lines[1].split(' ').any(|entry| entry == route), "{ran:?}");
    }
    assert_eq!(lines[2], up.said["ca"].as_str().expect("a path"));
}

#[test]
fn the_real_clouds_are_reached_only_when_that_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    interpreter(folder.path(), "python");
    let mut run = command();
    run.args(["run", "--real-cloud", "--micropython", "iot.py"])
        .env("PATH", folder.path());
    assert_eq!(
        finish(&mut run, b"").out,
        "python [micropython] [iot.py]\n\n\n",
        "no routes"
    );
    let mut run = command();
    run.args(["run", "iot.py"]).env("PATH", folder.path());
    let ran = finish(&mut run, b"");
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("--real-cloud"), "{ran:?}");
}

#[test]
fn without_any_python_it_says_what_is_needed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut run = command();
    run.args(["run", "--real-cloud", "iot.py"])
        .env("PATH", folder.path());
    let ran = finish(&mut run, b"");
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("there is no Python to run the script"),
        "{ran:?}"
    );
    assert!(ran.err.contains("pip install faceiot"), "{ran:?}");
}

#[test]
fn a_script_that_needs_no_cloud_runs_without_one_and_reaches_none() {
    let folder = tempfile::tempdir().expect("a folder");
    interpreter(folder.path(), "python3");
    let mut run = command();
    run.args(["run", "--no-cloud", "timelapse.py"])
        .env("PATH", folder.path());
    let ran = finish(&mut run, b"");
    assert_eq!(ran.code, 9, "{ran:?}");
    let routes = ran.out.lines().nth(1).expect("the routes");
    assert!(
        routes.contains("iot-as-mqtt") && routes.split(' ').all(|route| route.ends_with("=refuse")),
        "{ran:?}"
    );
    let ran = finish(command().args(["run", "--no-cloud", "--real-cloud", "x.py"]), b"");
    assert_eq!(ran.code, 2, "{ran:?}");
}
