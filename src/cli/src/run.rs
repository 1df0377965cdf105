//! `faceiot run`: a Python script as it is, with the modules that it expects and with the local cloud where it expects its cloud.
//!
//! This side finds the cloud and an interpreter, and hands over: on Unix the interpreter takes this process' place, so that
//! Ctrl-C, the terminal and the exit code are the script's. The Python side is `python/faceiot/run.py`.

use std::ffi::{OsStr, OsString};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use faceiot::ErrorKind;

use crate::failure::Failure;
use crate::place::{DataArgs, Running};

/// Options of `faceiot run`.
#[derive(Args, Debug)]
pub(crate) struct RunCommand {
    #[command(flatten)]
    data: DataArgs,
    /// Let the script reach the real clouds: its connections are left alone
    #[arg(long, conflicts_with = "data")]
    real_cloud: bool,
    /// The script needs no cloud: connections to the clouds' hosts are refused
    #[arg(long, conflicts_with_all = ["data", "real_cloud"])]
    no_cloud: bool,
    /// Send connections for HOST:PORT to ADDRESS:PORT, or `refuse` them; may be repeated, `*` stands for anything
    #[arg(
        long,
        value_name = "HOST:PORT=ADDRESS:PORT",
        env = "FACEIOT_ROUTES",
        hide_env_values = true,
        value_delimiter = ' '
    )]
    route: Vec<Route>,
    /// The Python that runs it [default: the one faceiot is installed in; for a program without one, `python3` of the PATH]
    #[arg(long, value_name = "PROGRAM", env = "FACEIOT_PYTHON", hide_env_values = true)]
    python: Option<PathBuf>,
    /// Run it in MicroPython (unix port) instead, with the same modules
    #[arg(long, value_name = "PROGRAM", num_args = 0..=1, require_equals = true, default_missing_value = "micropython")]
    micropython: Option<PathBuf>,
    /// The script and its arguments
    #[arg(
        value_name = "SCRIPT",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    script: Vec<OsString>,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  faceiot run iot.py
  faceiot run --micropython quectel.py
  faceiot run --route 121.36.42.100:1883=127.0.0.1:1883 quectel.py   connects by address
  faceiot run --no-cloud timelapse.py                                 a script for picamera alone
  faceiot run --real-cloud iot.py

The script is not changed. The modules of QuecPython that it imports are there (camera, checkNet, machine,
modem, sim, uhashlib, umqtt, usocket, utime); FACEIOT_MODEM_IMEI, FACEIOT_CAMERA and others say what the
modem is and sees: docs/guide/quecpython.md. So is picamera 1.13, with FACEIOT_CAMERA as its camera:
docs/guide/camera.md.

Connections to the device hosts of Alibaba Cloud IoT and Huawei IoTDA go to the local cloud of `faceiot up`:
port 1883 to its MQTT, 443 and 8883 to its MQTT over TLS, every other port is refused, so that nothing
reaches a real cloud by accident. TLS stays verified, against the local cloud's own authority. All other
hosts are reached as usual, and so is everything by programs that the script starts. The device must be
registered: `faceiot device add`.

A Python with the faceiot package runs the script. `pip install faceiot` brings this command and is that
Python. When the command was installed without Python (cargo install), it takes --python or FACEIOT_PYTHON,
else `python3` or `python` of the PATH, and faceiot must be installed there (pip install faceiot).";

/// The hosts that devices of both clouds connect to: Aliyun's public and enterprise instances (document 2.1 and 6.2 of IoT
/// Platform), `IoTDA`'s basic and standard editions (api-iothub/iot_06_v5_3009), its provisioning service.
const DEVICE_HOSTS: [&str; 6] = [
    "*.iot-as-mqtt.*.aliyuncs.com",
    "iot-as-mqtt.*.aliyuncs.com",
    "*.mqtt.iothub.aliyuncs.com",
    "*.iot-mqtts.*.myhuaweicloud.com",
    "*.iotda-device.*.myhuaweicloud.com",
    "iot-bs.*.myhuaweicloud.com",
];

/// One entry of `FACEIOT_ROUTES`; its form is read by `python/faceiot/compat/quecpython/routes.py`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Route(String);

impl FromStr for Route {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
        let target = |text: &str| {
            text == "refuse"
                || text
                    .rsplit_once(':')
                    .is_some_and(|(host, number)| is_host(host) && port(number))
        };
        let source = |text: &str| {
            text.rsplit_once(':')
                .is_some_and(|(host, number)| is_host(host) && (number == "*" || port(number)))
        };
        match text.split_once('=') {
            Some((from, to)) if source(from) && target(to) => Ok(Self(text.to_owned())),
            _ => Err(
                "write HOST:PORT=ADDRESS:PORT or HOST:PORT=refuse, such as 121.36.42.100:1883=127.0.0.1:1883"
                    .to_owned(),
            ),
        }
    }
}

/// What can be a name, a pattern of names, or an IPv4 address.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b".-_*".contains(&octet))
}

/// Runs `faceiot run`. It returns only when the script could not be started, or where a process cannot be replaced.
pub(crate) fn run(command: &RunCommand) -> Result<(), Failure> {
    let mut routes: Vec<String> = command.route.iter().map(|route| route.0.clone()).collect();
    let mut authority = None;
    if command.no_cloud {
        routes.extend(to_the_local_cloud(None, None));
    } else if !command.real_cloud {
        let folder = command.data.folder()?;
        let running = answering(&folder)?;
        routes.extend(to_the_local_cloud(running.mqtt, running.mqtts));
        authority = running.mqtts.map(|_| folder.join("tls/ca.pem"));
    }
    let given = command.python.as_deref().map(|path| vec![path.as_os_str()]);
    for python in given.unwrap_or_else(|| vec![OsStr::new("python3"), OsStr::new("python")]) {
        let mut interpreter = Command::new(python);
        interpreter
            .args(["-P", "-c", IN_PYTHON])
            .arg(command.micropython.as_deref().unwrap_or("".as_ref()))
            .args(&command.script)
            .env_remove("FACEIOT_ROUTES")
            .env_remove("FACEIOT_RUN_CA");
        if !routes.is_empty() {
            interpreter.env("FACEIOT_ROUTES", routes.join(" "));
        }
        if let Some(path) = &authority {
            interpreter.env("FACEIOT_RUN_CA", path);
        }
        hand_over(interpreter).or_else(|error| missing(&error, python))?;
    }
    Err(
        Failure::new(ErrorKind::NotFound, "there is no Python to run the script")
            .todo("install Python 3.11 or newer and `pip install faceiot` there, or name one with --python"),
    )
}

/// A Python that is not there leaves the next one to be tried; any other reason is the user's to know.
fn missing(error: &std::io::Error, python: &OsStr) -> Result<(), Failure> {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Ok(());
    }
    let what = format!("`{}` does not start: {error}", python.display());
    Err(Failure::new(ErrorKind::Io, what).todo("name a Python with --python"))
}

/// The note of the cloud in this folder, which also answers: a killed one leaves its note behind.
fn answering(folder: &std::path::Path) -> Result<Running, Failure> {
    let todo = "start one with `faceiot up`, name its folder with --data, run a script that needs no cloud with --no-cloud, or reach the real clouds with --real-cloud";
    let none = |what: &str| {
        let message = format!("{what} in `{}`", folder.display());
        Failure::new(ErrorKind::NotFound, message).todo(todo)
    };
    let running = Running::read(folder).ok_or_else(|| none("no local cloud runs"))?;
    let address = running.mqtt.or(running.mqtts);
    let answers = |address| TcpStream::connect_timeout(&reachable(address), Duration::from_secs(2)).is_ok();
    if address.is_some_and(answers) {
        Ok(running)
    } else {
        Err(none("the local cloud does not answer any more"))
    }
}

/// The routes of both clouds' device hosts. The first that fits counts: what is left is refused.
fn to_the_local_cloud(mqtt: Option<SocketAddr>, mqtts: Option<SocketAddr>) -> Vec<String> {
    let ports = [("1883", mqtt), ("8883", mqtts), ("443", mqtts), ("*", None)];
    let route = |host: &str, port: &str, address: Option<SocketAddr>| match address.map(reachable) {
        Some(address) => format!("{host}:{port}={address}"),
        None => format!("{host}:{port}=refuse"),
    };
    DEVICE_HOSTS
        .iter()
        .flat_map(|host| ports.map(|(port, address)| route(host, port, address)))
        .collect()
}

/// Where a listener is reached from this computer: one on all addresses is on loopback too.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

/// Replaces this process. Returns only with the reason why that could not be.
#[cfg(unix)]
fn hand_over(mut interpreter: Command) -> Result<(), std::io::Error> {
    use std::os::unix::process::CommandExt;
    Err(interpreter.exec())
}

/// Runs it and ends with its exit code.
#[cfg(not(unix))]
fn hand_over(mut interpreter: Command) -> Result<(), std::io::Error> {
    let status = interpreter.status()?;
    std::process::exit(status.code().unwrap_or(1));
}

/// In the interpreter: everything else is in the package, which may not be there.
const IN_PYTHON: &str = "\
import sys
try:
    from faceiot.run import main
except ImportError as error:
    sys.exit(f'error: {sys.executable} cannot run it: {error}; install faceiot there (pip install faceiot), or name another Python with --python')
main(sys.argv[1:])
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_says_from_where_to_where_or_it_is_explained() {
        for text in [
            "a.example:1883=127.0.0.1:1",
            "*.example:*=refuse",
            "1.2.3.4:443=localhost:65535",
        ] {
            assert_eq!(text.parse::<Route>(), Ok(Route(text.to_owned())));
        }
        for text in [
            "",
            "a",
            "a:1",
            "a=b:1",
            ":1=b:1",
            "a:0=b:1",
            "a:1=b",
            "a:1=b:*",
            "a b:1=c:1",
            "a:1=b:99999",
        ] {
            assert!(text.parse::<Route>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_port_of_a_clouds_host_goes_to_the_local_cloud_or_nowhere() {
        let mqtt = "0.0.0.0:4000".parse().ok();
        let routes = to_the_local_cloud(mqtt, None);
        assert_eq!(
            routes[..4],
            [
                "*.iot-as-mqtt.*.aliyuncs.com:1883=127.0.0.1:4000",
                "*.iot-as-mqtt.*.aliyuncs.com:8883=refuse",
                "*.iot-as-mqtt.*.aliyuncs.com:443=refuse",
                "*.iot-as-mqtt.*.aliyuncs.com:*=refuse",
            ]
        );
        assert!(routes.iter().all(|route| route.parse::<Route>().is_ok()));
    }
}
