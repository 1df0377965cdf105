//! Where to connect: `[ENDPOINT]` and the options that win over it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use faceiot::{Endpoint, Tls};

use super::ini::Ini;
use crate::failure::Failure;

/// The options that say where to connect.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Connection")]
pub(super) struct EndpointArgs {
    /// The cloud's host name, which TLS verifies
    #[arg(long, env = "FACEIOT_HOST")]
    pub(super) host: Option<String>,

    /// The port
    #[arg(long, env = "FACEIOT_PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) port: Option<u16>,

    /// Dial this address instead; TLS still verifies the host name
    #[arg(long, value_name = "ADDRESS", env = "FACEIOT_CONNECT")]
    pub(super) connect: Option<String>,

    /// Encrypt the connection [default: on]
    #[arg(long, value_enum, env = "FACEIOT_TLS")]
    pub(super) tls: Option<Switch>,

    /// Believe the authorities in this PEM file and no others
    #[arg(long, value_name = "FILE", env = "FACEIOT_CA")]
    pub(super) ca: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

impl EndpointArgs {
    /// Puts options and file together.
    pub(super) fn endpoint(&self, ini: &Ini) -> Result<Endpoint, Failure> {
        if let Some(name) = ini
            .names(ENDPOINT)
            .find(|name| !["host", "port", "connect", "tls", "ca"].contains(name))
        {
            return Err(Failure::usage(format!("[{ENDPOINT}] has no `{name}`"))
                .todo("it knows host, port, connect, tls and ca"));
        }
        let own = |option: &Option<String>, name: &str| {
            option
                .clone()
                .or_else(|| ini.value(ENDPOINT, name).map(str::to_owned))
        };
        let port = match (self.port, ini.value(ENDPOINT, "port")) {
            (Some(port), _) => Some(port),
            (None, Some(text)) => match text.parse() {
                Ok(port @ 1..) => Some(port),
                _ => {
                    return Err(
                        Failure::usage("`port` under [ENDPOINT] is not a number from 1 to 65535")
                            .todo("correct it"),
                    );
                }
            },
            (None, None) => None,
        };
        let ca = self
            .ca
            .clone()
            .or_else(|| ini.value(ENDPOINT, "ca").map(PathBuf::from));
        let on = match (self.tls, ini.value(ENDPOINT, "tls")) {
            (Some(switch), _) => switch == Switch::On,
            (None, None | Some("on")) => true,
            (None, Some("off")) => false,
            (None, Some(_)) => {
                return Err(Failure::usage("`tls` under [ENDPOINT] is neither on nor off").todo("correct it"));
            }
        };
        let tls = match (on, ca) {
            (false, None) => Tls::Off,
            (true, None) => Tls::System,
            (true, Some(path)) => Tls::CaFile(path),
            (false, Some(_)) => {
                return Err(Failure::usage("a CA is given and TLS is off").todo("leave one of them out"));
            }
        };
        Ok(Endpoint {
            host: own(&self.host, "host"),
            port,
            connect: own(&self.connect, "connect"),
            tls,
        })
    }
}

const ENDPOINT: &str = "ENDPOINT";
