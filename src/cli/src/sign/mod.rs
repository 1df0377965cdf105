//! `faceiot sign` and `faceiot verify`: every signature of the clouds, with the text whose MAC it is. Nothing is connected.
//!
//! The signature is printed: it is what `sign` is for. A secret is not, and `verify` never prints a signature: one that is
//! expected is one that is valid.
//!
//! | file | question |
//! |---|---|
//! | `kinds` | which signatures there are, and what each one reads |
//! | `arguments`, `given`, `values` | options, or one JSON object from standard input; one argument; pairs and times |
//! | `answer` | what is said of a signature, and of a request that was checked |
//! | `login`, `register`, `consumer` | logins of devices, of new devices, of consumers |
//! | `pop`, `oss`, `tablestore`, `huawei`, `meituan` | requests over HTTP |
//! | `examples` | the help's examples |
//!
//! A command goes `kinds` -> `arguments` -> one function of a family, which calls `faceiot_core::sign` -> `answer`.

mod answer;
mod arguments;
mod consumer;
mod examples;
mod given;
mod huawei;
mod kinds;
mod login;
mod meituan;
mod oss;
mod pop;
mod register;
mod tablestore;
mod values;

use std::fmt;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};

use crate::failure::Failure;
use crate::out::Output;
use crate::secret::SecretArgs;
use arguments::Arguments;
use kinds::{KINDS, Kind};

/// Options of `faceiot sign`.
#[derive(Debug)]
pub(crate) struct SignCommand {
    asked: Asked,
    /// The options of the logins that also read a configuration file.
    login: Option<login::Login>,
}

/// Options of `faceiot verify`.
#[derive(Debug)]
pub(crate) struct VerifyCommand {
    asked: Asked,
}

/// A kind, and what the command line says of it.
struct Asked {
    kind: &'static Kind,
    matches: ArgMatches,
}

/// Its matches hold what was typed, perhaps a secret.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Asked").field(&self.kind.name).finish()
    }
}

impl Asked {
    fn from(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let named = matches.subcommand().and_then(|(name, matches)| {
            let kind = KINDS.iter().find(|kind| kind.name == name)?;
            Some(Self {
                kind,
                matches: matches.clone(),
            })
        });
        named.ok_or_else(|| clap::Error::new(clap::error::ErrorKind::MissingSubcommand))
    }

    /// Whether nothing of the request is on the command line.
    fn says_nothing(&self) -> bool {
        let general = ["json", "verbose", "quiet", "secret_file"];
        let mut ids = self.matches.ids().map(clap::Id::as_str);
        !ids.any(|id| {
            !general.contains(&id) && self.matches.value_source(id) == Some(ValueSource::CommandLine)
        })
    }
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  faceiot sign aliyun-mqtt --config iot.cfg
  faceiot sign huawei-mqtt --device-id 61e6d1_cam --secret-file secret.txt
  faceiot sign oss-v4 --json   < request.json

With --json and no option of the request, one JSON object is read from standard input. Its keys are the names of the
arguments in Python; the secret may be one of them.";

pub(crate) const VERIFY_EXAMPLES: &str = "\
Examples:
  faceiot verify oss-v4 --json   < request.json
  faceiot verify aliyun-mqtt --client-id 'cam|signmethod=hmacsha256|' --username 'cam&pk' --password-file password.txt --secret-file secret.txt

Give what the other side signed as --string-to-sign or --canonical, and the answer says where it differs.
Exit codes: 0 the signature is right, 1 it is not, 2 not understood.";

impl FromArgMatches for SignCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let asked = Asked::from(matches)?;
        let login = if login::Login::has_subcommand(asked.kind.name) {
            Some(login::Login::from_arg_matches(matches)?)
        } else {
            None
        };
        Ok(Self { asked, login })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for SignCommand {
    fn augment_args(command: Command) -> Command {
        let rest = KINDS
            .iter()
            .filter(|kind| !login::Login::has_subcommand(kind.name))
            .map(|kind| {
                let command = Command::new(kind.name)
                    .about(kind.about)
                    .after_help(kind.examples);
                arguments::define(command, kind.arguments)
            });
        login::Login::augment_subcommands(command)
            .subcommands(rest)
            .subcommand_required(true)
            .arg_required_else_help(true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for VerifyCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Asked::from(matches).map(|asked| Self { asked })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for VerifyCommand {
    fn augment_args(command: Command) -> Command {
        let kinds = KINDS.iter().map(|kind| {
            let command = Command::new(kind.name)
                .about(kind.about)
                .after_help(kind.verify_examples);
            arguments::define(command, kind.carries)
        });
        command
            .subcommands(kinds)
            .subcommand_required(true)
            .arg_required_else_help(true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Runs `faceiot sign`.
pub(crate) fn run(command: &SignCommand, out: Output) -> Result<(), Failure> {
    let Asked { kind, matches } = &command.asked;
    if let Some(login) = &command.login {
        // Without options these read the configuration file of the folder; an object on standard input comes first.
        let text = if out.json && command.asked.says_nothing() && login::is_input_given() {
            given::standard_input()?
        } else {
            String::new()
        };
        if text.trim().is_empty() {
            return login::run(login, out);
        }
        let secret =
            SecretArgs::from_arg_matches(matches).map_err(|error| Failure::usage(error.to_string()))?;
        let arguments = Arguments::from_json(kind, &text, &secret)?;
        return (kind.sign)(&arguments)?.print(&arguments, out);
    }
    let arguments = Arguments::read(kind, kind.arguments, matches, out.json)?;
    (kind.sign)(&arguments)?.print(&arguments, out)
}

/// Runs `faceiot verify`.
pub(crate) fn verify(command: &VerifyCommand, out: Output) -> Result<(), Failure> {
    let Asked { kind, matches } = &command.asked;
    let arguments = Arguments::read(kind, kind.carries, matches, out.json)?;
    (kind.verify)(&arguments)?.print(&arguments, out)
}
