//! What `rpicam-vid --list-cameras` says.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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
        .spawn()
        .map_err(failed)?;
    let deadline = Instant::now() + PATIENCE;
    // A list fits into the pipe, so the program ends without being read.
    while child.try_wait().map_err(failed)?.is_none() {
        if Instant::now() > deadline {
            let _ = child.kill(); // gone already
            let _ = child.wait();
            return Err(format!("{} --list-cameras does not end", program.display()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut text = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LONGEST).read_to_end(&mut text).map_err(failed)?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
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
