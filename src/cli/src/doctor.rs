//! `faceiot doctor`: every step from this computer to a stored photo, looked at one by one; each says ok, or what is wrong and
//! what to do.
//!
//! | file | hops |
//! |---|---|
//! | this one | their order, the report, the exit code; `config` |
//! | `clock` | `clock` |
//! | `network` | `dns`, `tcp`, `tls` |
//! | `login` | `login` (CONNACK), `subscribe` (SUBACK), `echo` |
//! | `local` | `disk`, `store` |

mod clock;
mod local;
mod login;
mod network;

use std::time::{Duration, Instant};

use clap::Args;
use faceiot::{Address, Cloud, DeviceConfig};
use serde::Serialize;
use serde_json::json;

use crate::config::{DeviceArgs, Settings};
use crate::failure::Failure;
use crate::out::{Output, colours};
use crate::place::DataArgs;
use crate::secret::open_mode;

/// Options of `faceiot doctor`.
#[derive(Args, Debug)]
pub(crate) struct DoctorCommand {
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    data: DataArgs,
    /// The time server to compare the clock with, HOST or HOST:PORT, or `none` [default: ntp.aliyun.com for an Aliyun device that
    /// talks to the cloud itself, otherwise none]
    #[arg(long, value_name = "SERVER")]
    ntp: Option<String>,
    /// How many megabytes must be free where the local cloud keeps its photos
    #[arg(long, value_name = "MEGABYTES", default_value_t = 100)]
    min_free: u64,
    /// Seconds that each step may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  faceiot doctor --config iot.cfg
  faceiot doctor --config iot.cfg --json
  faceiot doctor --data ./cloud --ntp none

Exit code: 0 when nothing failed, otherwise that of the first step that did:
  10 config     the file, what it says, who can read it
  11 clock      against a time server, and against the cloud itself when it tells the time
  12 dns        the name has an address
  13 tcp        the port is open
  14 tls        the certificate chain, its issuer, its name, its dates
  15 login      CONNACK: the cloud accepts the signed login
  16 subscribe  SUBACK: it lets the device listen
  17 echo       a question is published and its answer comes back
  18 disk       free space for the local cloud
  19 store      the local cloud's folder and registry
A step that cannot be looked at because an earlier one failed is skipped.";

/// The steps, in the order in which they are looked at; their exit codes are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Hop {
    Config,
    Clock,
    Dns,
    Tcp,
    Tls,
    Login,
    Subscribe,
    Echo,
    Disk,
    Store,
}

impl Hop {
    const fn exit(self) -> i32 {
        10 + self as i32
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Clock => "clock",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Login => "login",
            Self::Subscribe => "subscribe",
            Self::Echo => "echo",
            Self::Disk => "disk",
            Self::Store => "store",
        }
    }
}

/// What a look at one step found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Outcome {
    Ok { found: String },
    Failed { found: String, todo: String },
    Skipped { found: String },
}

impl Outcome {
    fn ok(found: impl Into<String>) -> Self {
        Self::Ok { found: found.into() }
    }

    fn failed(found: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::Failed {
            found: found.into(),
            todo: todo.into(),
        }
    }

    fn skipped(found: impl Into<String>) -> Self {
        Self::Skipped { found: found.into() }
    }

    fn from_failure(failure: Failure) -> Self {
        Self::failed(
            failure.message,
            failure.todo.unwrap_or_else(|| "correct it".to_owned()),
        )
    }

    const fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

#[derive(Serialize)]
struct Finding {
    hop: Hop,
    #[serde(flatten)]
    outcome: Outcome,
    ms: u64,
}

/// Collects findings, and says each as soon as it is there.
struct Report {
    out: Output,
    findings: Vec<Finding>,
    since: Instant,
}

impl Report {
    fn say(&mut self, hop: Hop, outcome: Outcome) -> Result<(), Failure> {
        let ms = self.since.elapsed().as_millis() as u64;
        self.since = Instant::now();
        if !self.out.json {
            let (word, colour, text) = match &outcome {
                Outcome::Ok { found } => ("ok", 32, found.clone()),
                Outcome::Failed { found, todo } => ("failed", 31, format!("{found}; {todo}")),
                Outcome::Skipped { found } => ("skipped", 33, found.clone()),
            };
            let word = if colours() {
                format!("\u{1b}[{colour}m{word:<8}\u{1b}[0m")
            } else {
                format!("{word:<8}")
            };
            self.out.line(format!("{:<10}{word}{text}", hop.name()))?;
        }
        self.findings.push(Finding { hop, outcome, ms });
        Ok(())
    }

    /// Says that a step cannot be looked at.
    fn skip(&mut self, hops: &[Hop], why: &str) -> Result<(), Failure> {
        hops.iter()
            .try_for_each(|&hop| self.say(hop, Outcome::skipped(why)))
    }

    fn end(self) -> Result<(), Failure> {
        let first = self
            .findings
            .iter()
            .filter(|finding| finding.outcome.is_failed())
            .map(|finding| finding.hop)
            .min();
        let exit = first.map_or(0, Hop::exit);
        if self.out.json {
            self.out
                .json(&json!({"ok": first.is_none(), "exit": exit, "hops": self.findings}))?;
        }
        first.map_or(Ok(()), |hop| Err(Failure::told(hop.exit())))
    }
}

/// Runs `faceiot doctor`.
pub(crate) async fn run(command: DoctorCommand, out: Output) -> Result<(), Failure> {
    let patience = Duration::from_secs(command.timeout);
    let mut report = Report {
        out,
        findings: Vec::new(),
        since: Instant::now(),
    };
    let settings = config(&command.device, &mut report)?;
    let target = settings.as_ref().and_then(Target::new);
    report.say(
        Hop::Clock,
        clock::check(time_server(command.ntp.as_deref(), target.as_ref()).as_deref()).await,
    )?;
    match (settings, &target) {
        (Some(settings), Some(target)) => outside(settings, target, patience, &mut report).await?,
        _ => report.skip(
            &[
                Hop::Dns,
                Hop::Tcp,
                Hop::Tls,
                Hop::Login,
                Hop::Subscribe,
                Hop::Echo,
            ],
            "there is no device to connect",
        )?,
    }
    let folder = command.data.folder()?;
    report.say(Hop::Disk, local::disk(&folder, command.min_free))?;
    let expected = command.data.data.is_some() || target.as_ref().is_some_and(|target| target.here);
    report.say(Hop::Store, local::store(&folder, expected).await)?;
    report.end()
}

/// The steps that leave this computer.
async fn outside(
    settings: Settings,
    target: &Target,
    patience: Duration,
    report: &mut Report,
) -> Result<(), Failure> {
    let addresses = match network::dns(&target.address, patience).await {
        Ok((addresses, outcome)) => {
            report.say(Hop::Dns, outcome)?;
            addresses
        }
        Err(outcome) => {
            report.say(Hop::Dns, outcome)?;
            return report.skip(
                &[Hop::Tcp, Hop::Tls, Hop::Login, Hop::Subscribe, Hop::Echo],
                "the name has no address",
            );
        }
    };
    let open = network::tcp(&addresses, patience).await;
    let failed = open.is_failed();
    report.say(Hop::Tcp, open)?;
    if failed {
        return report.skip(
            &[Hop::Tls, Hop::Login, Hop::Subscribe, Hop::Echo],
            "there is no connection",
        );
    }
    let encrypted = network::tls(&target.address, &settings.endpoint.tls, patience).await;
    let failed = encrypted.is_failed();
    report.say(Hop::Tls, encrypted)?;
    if failed {
        return report.skip(
            &[Hop::Login, Hop::Subscribe, Hop::Echo],
            "the connection is not safe to log in over",
        );
    }
    login::look(settings, patience, report).await
}

/// Where the device connects to.
struct Target {
    cloud: Cloud,
    address: Address,
    /// Whether that is this computer: a local cloud.
    here: bool,
}

impl Target {
    fn new(settings: &Settings) -> Option<Self> {
        let login = settings
            .credentials
            .login(0, settings.endpoint.tls.is_on())
            .ok()?;
        let address = settings.endpoint.resolve(&login).ok()?;
        let here = address.dial == "localhost"
            || address
                .dial
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback());
        Some(Self {
            cloud: settings.credentials.cloud(),
            address,
            here,
        })
    }
}

/// Looks at the configuration; gives it back when it can be used, even if others can read it.
fn config(device: &DeviceArgs, report: &mut Report) -> Result<Option<Settings>, Failure> {
    let settings = match device.settings_whoever_reads() {
        Ok(settings) => settings,
        Err(failure) => {
            report.say(Hop::Config, Outcome::from_failure(failure))?;
            return Ok(None);
        }
    };
    let id = settings.credentials.device_id();
    let usable = DeviceConfig::new(settings.credentials.clone())
        .check()
        .and_then(|()| {
            let login = settings.credentials.login(0, settings.endpoint.tls.is_on())?;
            settings.endpoint.resolve(&login)
        });
    let outcome = match (&usable, &settings.file) {
        (Err(error), _) => Outcome::from_failure(Failure::from(error.clone())),
        (Ok(_), Some(path)) => match open_mode(path) {
            Some(mode) => Outcome::failed(
                format!(
                    "`{}` holds a secret and can be read by others (mode {mode:04o})",
                    path.display()
                ),
                format!("run `chmod 600 {}`", path.display()),
            ),
            None => Outcome::ok(format!("{id}, from `{}`", path.display())),
        },
        (Ok(_), None) => Outcome::ok(format!("{id}, from options and the environment")),
    };
    report.say(Hop::Config, outcome)?;
    Ok(usable.is_ok().then_some(settings))
}

/// The time server to ask: the one that is named, or the cloud's own when that is where the device connects to.
fn time_server(named: Option<&str>, target: Option<&Target>) -> Option<String> {
    match named {
        Some("none") => None,
        Some(name) if name.contains(':') => Some(name.to_owned()),
        Some(name) => Some(format!("{name}:123")),
        None => target
            .filter(|target| !target.here)
            .and_then(|target| clock::server(target.cloud))
            .map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hop_has_the_exit_code_that_help_says() {
        let hops = [
            Hop::Config,
            Hop::Clock,
            Hop::Dns,
            Hop::Tcp,
            Hop::Tls,
            Hop::Login,
            Hop::Subscribe,
            Hop::Echo,
            Hop::Disk,
            Hop::Store,
        ];
        for (hop, exit) in hops.into_iter().zip(10..) {
            assert_eq!(hop.exit(), exit);
            assert!(EXAMPLES.contains(&format!("  {exit} {}", hop.name())), "{exit}");
        }
    }
}
