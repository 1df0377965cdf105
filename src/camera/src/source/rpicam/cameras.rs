//! What `rpicam-vid --list-cameras` says.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::source::{Found, Mode};

/// The cameras that libcamera knows. Without the program there are none; a program that does not answer is one that
/// cannot be used.
pub(crate) fn list() -> Vec<Found> {
    let Ok(program) = super::program() else {
        return Vec::new();
    };
    let name = super::name_of(&program);
    match ask(&program) {
        Ok(text) => parse(&text, &name),
        Err(why) => vec![Found {
            spec: "rpicam:".into(),
            name: "Raspberry Pi camera".into(),
            driver: name,
            modes: Vec::new(),
            usable: false,
            why,
        }],
    }
}

fn ask(program: &std::path::Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{} --list-cameras: {error}", program.display());
    let mut child = Command::new(program)
        .arg("--list-cameras")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (sender, said) = sync_channel(1);
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut text = Vec::new();
            let read = stdout.take(LONGEST).read_to_end(&mut text);
            let _ = sender.send(read.map(|_| text)); // nobody waits any more
        });
    }
    let deadline = Instant::now() + PATIENCE;
    let mut ended = false;
    // Looked at without waiting for it: as long as it was not, its number is nobody else's.
    while !ended && Instant::now() < deadline {
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        ended = pid.is_none_or(|pid| !matches!(waitid(WaitId::Pid(pid), how), Ok(None)));
        thread::sleep(Duration::from_millis(10));
    }
    // What it started and left behind may keep its standard output open.
    if let Some(pid) = pid {
        let _ = kill_process_group(pid, Signal::KILL); // gone already
    }
    let _ = child.wait();
    if !ended {
        return Err(format!("{} --list-cameras does not end", program.display()));
    }
    match said.recv_timeout(PATIENCE) {
        Ok(text) => Ok(String::from_utf8_lossy(&text.map_err(failed)?).into_owned()),
        Err(_) => Err(format!("{} --list-cameras does not end", program.display())),
    }
}

/// Reads the list of rpicam-apps 1.5:
///
/// ```text
/// 0 : imx219 [3280x2464 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx219@10)
///     Modes: 'SRGGB10_CSI2P' : 640x480 [206.65 fps - (1000, 752)/1280x960 crop]
///                              1640x1232 [41.85 fps - (0, 0)/3280x2464 crop]
/// ```
///
/// The sensor's modes are given as what they are for a photo: sizes and rates, delivered as MJPG.
fn parse(text: &str, program: &str) -> Vec<Found> {
    let mut cameras: Vec<Found> = Vec::new();
    for line in text.lines() {
        if let Some((number, rest)) = line.split_once(" : ")
            && let Ok(number) = number.trim().parse::<u32>()
        {
            cameras.push(Found {
                spec: format!("rpicam:{number}"),
                name: rest.split_whitespace().next().unwrap_or_default().to_owned(),
                driver: program.to_owned(),
                modes: Vec::new(),
                usable: true,
                why: format!("libcamera knows it; read by {program}"),
            });
        } else if let Some(camera) = cameras.last_mut()
            && let Some(mode) = mode(line)
            && !camera.modes.contains(&mode)
        {
            camera.modes.push(mode);
        }
    }
    cameras
}

/// `.. 640x480 [206.65 fps - ..`
fn mode(line: &str) -> Option<Mode> {
    let (before, after) = line.split_once(" [")?;
    let (width, height) = before.split_whitespace().last()?.split_once('x')?;
    let fps = after.split_once(" fps")?.0.parse().ok()?;
    Some(Mode {
        width: width.parse().ok()?,
        height: height.parse().ok()?,
        format: "MJPG".into(),
        fps: Some(fps),
    })
}

const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "Available cameras
-----------------
0 : imx219 [3280x2464 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx219@10)
    Modes: 'SRGGB10_CSI2P' : 640x480 [206.65 fps - (1000, 752)/1280x960 crop]
                             1640x1232 [41.85 fps - (0, 0)/3280x2464 crop]
           'SRGGB8' : 640x480 [206.65 fps - (1000, 752)/1280x960 crop]

1 : ov5647 [2592x1944 10-bit GBRG] (/base/soc/i2c0mux/i2c@0/ov5647@36)
    Modes: 'SGBRG10_CSI2P' : 2592x1944 [15.63 fps - (0, 0)/2592x1944 crop]
";

    #[test]
    fn a_list_of_cameras_is_read_with_their_modes() {
        let cameras = parse(LIST, "rpicam-vid");
        let told: Vec<String> = cameras
            .iter()
            .map(|camera| {
                let modes: Vec<String> = camera.modes.iter().map(ToString::to_string).collect();
                format!("{} {}: {}", camera.spec, camera.name, modes.join(", "))
            })
            .collect();
        assert_eq!(
            told,
            [
                "rpicam:0 imx219: 640x480 MJPG at 206.65 frames/s, 1640x1232 MJPG at 41.85 frames/s",
                "rpicam:1 ov5647: 2592x1944 MJPG at 15.63 frames/s"
            ]
        );
        assert!(
            cameras
                .iter()
                .all(|camera| camera.usable && camera.driver == "rpicam-vid")
        );
    }

    #[test]
    fn no_cameras_and_strange_words_are_an_empty_list() {
        for text in [
            "",
            "No cameras available!\n",
            "a : b\n : \n9999999999 : x",
            "    1x [z fps",
        ] {
            assert_eq!(parse(text, "rpicam-vid"), [], "{text}");
        }
    }
}
