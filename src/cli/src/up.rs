//! `faceiot up`: the local cloud, until Ctrl-C.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use faceiot::ErrorKind;
use faceiot_local::{Cloud, CloudConfig, Event};
use serde_json::json;
use tokio::sync::broadcast;

use crate::failure::Failure;
use crate::interrupt::{self, Stop};
use crate::out::Output;
use crate::place::{DataArgs, Running};

/// Options of `faceiot up`.
#[derive(Args, Debug)]
pub(crate) struct UpCommand {
    #[command(flatten)]
    data: DataArgs,
    /// Where MQTT listens: ADDRESS:PORT, a port on this computer, or `off`; port 0: any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1883")]
    mqtt: Listen,
    /// Where MQTT over TLS listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8883")]
    mqtts: Listen,
    /// Where HTTP and the page listen; only on this computer
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    http: Listen,
    /// A further name or address that devices call this computer by, for its TLS certificate; may be repeated
    #[arg(long, value_name = "NAME")]
    tls_name: Vec<String>,
    /// Accept what only the real clouds refuse: a keep-alive outside 30 to 1200 seconds (an unchanged `PubSubClient` sends 15)
    #[arg(long)]
    lenient: bool,
    /// The largest photo in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 20, value_parser = clap::value_parser!(u64).range(1024..=64 << 20))]
    photo_bytes: u64,
    /// Memory in megabytes for all photos that are not complete yet; past it the oldest of them is given up and reported
    #[arg(long, value_name = "MEGABYTES", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=4096))]
    photo_memory: u64,
    /// Seconds after which a photo that does not go on is given up and reported
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    photo_idle: u64,
}

/// An address to listen at, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listen(Option<SocketAddr>);

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let port = text
            .strip_prefix("localhost:")
            .or_else(|| text.strip_prefix(':'))
            .unwrap_or(text);
        if let Ok(port) = port.parse::<u16>() {
            return Ok(Self(Some(SocketAddr::new(local, port))));
        }
        text.parse().map(|address| Self(Some(address))).map_err(|_| {
            "not an address: write 127.0.0.1:1883, [::1]:1883, 1883, or off; a host name is not resolved here".to_owned()
        })
    }
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  faceiot up
  faceiot up --data ./cloud --mqtt 1884 --mqtts off
  faceiot up --mqtt 0.0.0.0:1883 --mqtts 0.0.0.0:8883 --tls-name hub.lan   for the network
  faceiot up --mqtt 127.0.0.1:0 --mqtts 127.0.0.1:0 --http 127.0.0.1:0 --json   any free ports

Ctrl-C stops it (exit code 130), SIGTERM too (exit code 0). With --json one line says where everything is.";

/// Runs `faceiot up`.
pub(crate) async fn run(command: UpCommand, out: Output) -> Result<(), Failure> {
    let named = command.data.data.is_some();
    let folder = command.data.folder()?;
    // What is told to others must not depend on where this was started.
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let Some(http) = command.http.0 else {
        return Err(
            Failure::usage("--http cannot be off: the other commands need it").todo("use --http 127.0.0.1:0")
        );
    };
    if !http.ip().is_loopback() {
        return Err(
            Failure::usage(format!("--http {http} would open the page to the network"))
                .todo("use a loopback address, and a tunnel (ssh -L) from elsewhere"),
        );
    }
    if command.mqtt.0.is_none() && command.mqtts.0.is_none() {
        return Err(
            Failure::usage("--mqtt and --mqtts are both off: no device could connect")
                .todo("leave one of them on"),
        );
    }
    let mut config = CloudConfig::new(&folder);
    config.mqtt = command.mqtt.0;
    config.mqtts = command.mqtts.0;
    config.http = http;
    config.names.clone_from(&command.tls_name);
    config.strict = !command.lenient;
    config.limits.photo_bytes = usize::try_from(command.photo_bytes).unwrap_or(usize::MAX);
    config.limits.memory = usize::try_from(command.photo_memory << 20).unwrap_or(usize::MAX);
    config.limits.idle = Duration::from_secs(command.photo_idle);

    allow_many_connections();
    // Ctrl-C counts from the first moment, so that it does not kill the cloud while it opens its files.
    let stop = interrupt::stop();
    tokio::pin!(stop);
    let cloud = tokio::select! {
        started = Cloud::start(config) => started.map_err(|error| port_in_use(error, &command))?,
        stop = &mut stop => return stopped(stop),
    };
    let running = Running {
        pid: std::process::id(),
        http: cloud.http_url(),
        mqtt: cloud.mqtt_addr(),
        mqtts: cloud.mqtts_addr(),
    };
    let started = running
        .write(&folder)
        .and_then(|()| announce(&cloud, &running, &folder, named, out));
    let diary = tokio::spawn(keep_diary(cloud.subscribe()));
    let result = match started {
        Ok(()) => stopped(stop.await),
        Err(failure) => Err(failure),
    };
    running.remove(&folder);
    diary.abort();
    interrupt::within(LAST_WORDS, cloud.stop()).await;
    result
}

/// A shell grants 1,024 open files, and a fleet has more devices than that; the system's own limit stays.
#[cfg(unix)]
fn allow_many_connections() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    ) {
        tracing::warn!("the number of open files stays at {:?}: {error}", limit.current);
    }
}

#[cfg(not(unix))]
fn allow_many_connections() {}

fn stopped(stop: Stop) -> Result<(), Failure> {
    match stop {
        Stop::Interrupt => Err(Failure::interrupted()),
        Stop::Terminate => Ok(()),
    }
}

/// Says where everything is. `named`: the folder is not the usual one, so the commands to copy have to name it as well.
fn announce(
    cloud: &Cloud,
    running: &Running,
    folder: &std::path::Path,
    named: bool,
    out: Output,
) -> Result<(), Failure> {
    let ca = running.mqtts.map(|_| cloud.ca_file());
    let page = cloud.page_url()?;
    if out.json {
        return out.json(&json!({
            "pid": running.pid, "data": folder, "mqtt": running.mqtt, "mqtts": running.mqtts, "http": running.http,
            "page": page, "ca": ca, "token_file": folder.join("api.token"),
        }));
    }
    let at =
        |address: Option<SocketAddr>| address.map_or_else(|| "off".to_owned(), |address| address.to_string());
    out.line(format!(
        "faceiot {}: the local cloud, its data in {}",
        env!("CARGO_PKG_VERSION"),
        folder.display()
    ))?;
    out.line(format!("  MQTT       {}", at(running.mqtt)))?;
    let ca = ca
        .map(|path| format!("   CA {}", path.display()))
        .unwrap_or_default();
    out.line(format!("  MQTT, TLS  {}{ca}", at(running.mqtts)))?;
    out.line(format!(
        "  HTTP       {}   token in {}",
        running.http,
        folder.join("api.token").display()
    ))?;
    out.line(format!("  page       {page}   (opens once, within ten minutes)"))?;
    let data = if named {
        format!(" --data {}", folder.display())
    } else {
        String::new()
    };
    out.line(format!(
        "add a device   faceiot device add aliyun:a1B2c3D4e5F:door --save iot.cfg{data}"
    ))?;
    out.line("send a photo   faceiot send --config iot.cfg photo.jpg")?;
    out.line("Ctrl-C stops it")
}

/// Tells the log who comes and goes and which photos are stored; what is wrong with something is told where it is found.
async fn keep_diary(mut events: broadcast::Receiver<Event>) {
    loop {
        match events.recv().await {
            Ok(Event::Photo(row)) if row.problem.is_none() => {
                tracing::info!(device = %row.device, photo = row.id, bytes = row.size, "photo stored");
            }
            Ok(Event::Connection {
                device, online: true, ..
            }) => tracing::info!(%device, "connected"),
            Ok(Event::Connection { device, reason, .. }) => tracing::info!(%device, reason, "disconnected"),
            Ok(Event::Command {
                device, name, code, ..
            }) => tracing::info!(%device, name, ?code, "command"),
            Ok(_) => {}
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                tracing::warn!("{missed} events are not in this log");
            }
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// The system says only "address in use"; which option that is can be found out by trying.
fn port_in_use(error: faceiot::Error, command: &UpCommand) -> Failure {
    if error.kind() != ErrorKind::PortInUse {
        return error.into();
    }
    let listeners = [
        ("--mqtt", command.mqtt),
        ("--mqtts", command.mqtts),
        ("--http", command.http),
    ];
    let taken = listeners.iter().find_map(|(flag, listen)| {
        let address = listen.0?;
        let refused = TcpListener::bind(address).err()?;
        (refused.kind() == std::io::ErrorKind::AddrInUse).then_some((flag, address))
    });
    match taken {
        Some((flag, address)) => Failure::new(
            ErrorKind::PortInUse,
            format!("{address} of {flag} is in use by another program"),
        )
        .todo(format!(
            "stop that program, or choose another port with {flag}, such as {flag} {}:0",
            address.ip()
        )),
        None => Failure::from(error).todo("choose other ports with --mqtt, --mqtts and --http"),
    }
}

/// Long enough to write what was acknowledged, short enough for a service manager's patience.
const LAST_WORDS: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_short_and_a_wrong_one_is_explained() {
        for (text, address) in [
            ("1883", "127.0.0.1:1883"),
            (":0", "127.0.0.1:0"),
            ("localhost:9", "127.0.0.1:9"),
            ("0.0.0.0:1883", "0.0.0.0:1883"),
            ("[::1]:1883", "[::1]:1883"),
        ] {
            assert_eq!(text.parse::<Listen>(), Ok(Listen(address.parse().ok())));
        }
        assert_eq!("off".parse::<Listen>(), Ok(Listen(None)));
        for text in ["", "broker.lan:1883", "127.0.0.1", "1:2:3", "99999"] {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
    }
}
