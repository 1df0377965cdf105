//! What is to be signed, from options or from one JSON object: the same names on both ways in.
//!
//! Every kind of signature lists its arguments ([`Argument`]); options, keys and help come from that list. A secret is
//! never an option: it is a key of the object, a file, or in the environment.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use faceiot::Secret;
use faceiot_core::sign::aliyun::Method;
use serde_json::Value;

use super::given::{Given, help, key, option, standard_input, text_of};
use super::kinds::Kind;
use super::values::{Moment, Pairs, encode, now};
use crate::failure::Failure;
use crate::secret::SecretArgs;

/// An argument of a kind.
#[derive(Clone, Copy)]
pub(super) struct Argument {
    /// The key of the JSON object: the name that the argument has in Python.
    pub(super) name: &'static str,
    /// The option, without its dashes.
    pub(super) flag: &'static str,
    pub(super) form: Form,
    pub(super) help: &'static str,
}

/// How an argument is written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Text,
    /// `Name: value`, repeated; an object or a list of pairs.
    Headers,
    /// `name=value`, repeated; an object or a list of pairs.
    Pairs,
    /// Text, a file, or base64.
    Body,
    Switch,
    /// From a file or the variable named here; never from the command line.
    Private(&'static str),
}

/// Adds the options of these arguments and those of the secret.
pub(super) fn define(mut command: Command, arguments: &[Argument]) -> Command {
    for argument in arguments {
        let arg = Arg::new(argument.name).long(argument.flag).help(argument.help);
        command = command.arg(match argument.form {
            Form::Headers => arg.value_name("NAME: VALUE").action(ArgAction::Append),
            Form::Pairs => arg.value_name("NAME=VALUE").action(ArgAction::Append),
            Form::Switch => arg.action(ArgAction::SetTrue),
            Form::Private(_) => arg.value_name("FILE").value_parser(clap::value_parser!(PathBuf)),
            Form::Text | Form::Body => arg.value_name("TEXT").allow_hyphen_values(true),
        });
        if matches!(argument.form, Form::Body) {
            let arg = Arg::new(BODY_FILE).long("body-file").value_name("FILE");
            command = command.arg(
                arg.value_parser(clap::value_parser!(PathBuf))
                    .conflicts_with(argument.name)
                    .help("The body of the request, from a file"),
            );
        }
    }
    SecretArgs::augment_args(command)
}

/// The option of a body in a file.
pub(super) const BODY_FILE: &str = "body_file";

/// The arguments of one call.
pub(super) struct Arguments {
    given: BTreeMap<&'static str, Given>,
    secret: Secret,
    nonce: String,
}

impl Arguments {
    /// Reads what the command line says; with `json`, when it says nothing of the request, one object from standard input.
    pub(super) fn read(
        kind: &Kind,
        arguments: &[Argument],
        matches: &ArgMatches,
        json: bool,
    ) -> Result<Self, Failure> {
        let from = |id: &str| matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine);
        let has_body = arguments
            .iter()
            .any(|argument| matches!(argument.form, Form::Body));
        let any = arguments.iter().any(|argument| from(argument.name)) || has_body && from(BODY_FILE);
        if json && !any && !from("secret") {
            let text = standard_input()?;
            return Self::from_json(
                kind,
                &text,
                &SecretArgs::from_arg_matches(matches).map_err(|error| unreadable(&error))?,
            );
        }
        let mut given = BTreeMap::new();
        for argument in arguments {
            if let Some(value) = option(argument, matches)? {
                given.insert(argument.name, value);
            }
        }
        let secret = SecretArgs::from_arg_matches(matches).map_err(|error| unreadable(&error))?;
        Self::finish(kind, given, secret.read(kind.variable)?)
    }

    /// Reads one JSON object; the secret is one of its keys, or where `secret` says.
    pub(super) fn from_json(kind: &Kind, text: &str, secret: &SecretArgs) -> Result<Self, Failure> {
        // The parser's words name a place, never a value: the type is looked at here and not by it.
        let value: Value = serde_json::from_str(text)
            .map_err(|error| help(kind, format!("standard input is not JSON: {error}")))?;
        let Value::Object(mut object) = value else {
            return Err(help(kind, "standard input is not one JSON object"));
        };
        let mut inside = None;
        for name in kind.secrets {
            if let Some(value) = object.remove(*name) {
                inside = Some(Secret::from(
                    text_of(&value).ok_or_else(|| help(kind, format!("`{name}` is not text")))?,
                ));
            }
        }
        let mut given = BTreeMap::new();
        for argument in kind.all_arguments() {
            if let Some(value) = key(kind, argument, &mut object)? {
                given.insert(argument.name, value);
            }
        }
        if let Some(unknown) = object.keys().next() {
            let names: Vec<_> = kind
                .all_arguments()
                .map(|argument| argument.name)
                .chain(kind.secrets.iter().copied())
                .collect();
            return Err(help(
                kind,
                format!(
                    "{} knows no `{unknown}`; it knows {}",
                    kind.name,
                    names.join(", ")
                ),
            ));
        }
        let secret = match inside {
            Some(secret) => Some(secret),
            None => secret.read(kind.variable)?,
        };
        Self::finish(kind, given, secret)
    }

    fn finish(
        kind: &Kind,
        mut given: BTreeMap<&'static str, Given>,
        secret: Option<Secret>,
    ) -> Result<Self, Failure> {
        for argument in kind.all_arguments() {
            if let Form::Private(variable) = argument.form {
                let value = std::env::var(variable).unwrap_or_default();
                if !value.is_empty() {
                    given
                        .entry(argument.name)
                        .or_insert_with(|| Given::Private(Secret::from(value)));
                }
            }
        }
        let secret = secret.ok_or_else(|| {
            Failure::usage("no secret is given").todo(format!(
                "use --secret-file FILE, --secret - or {}; in a JSON object, `{}`",
                kind.variable,
                kind.secrets.join("` or `")
            ))
        })?;
        Ok(Self {
            given,
            secret,
            nonce: fresh(),
        })
    }

    /// The secret that signs.
    pub(super) fn secret(&self) -> &str {
        self.secret.expose()
    }

    /// Text, also of what is kept private.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.given.get(name) {
            Some(Given::Text(text)) => Some(text),
            Some(Given::Private(secret)) => Some(secret.expose()),
            _ => None,
        }
    }

    /// Text, or what stands for it.
    pub(super) fn text_or<'a>(&'a self, name: &str, usual: &'a str) -> &'a str {
        self.text(name).unwrap_or(usual)
    }

    /// Text that must be given.
    pub(super) fn need(&self, name: &'static str) -> Result<&str, Failure> {
        self.text(name).ok_or_else(|| {
            Failure::usage(format!("`{name}` is missing")).todo(format!(
                "give --{}, or the key `{name}` of the JSON object",
                name.replace('_', "-")
            ))
        })
    }

    pub(super) fn number<N: std::str::FromStr>(&self, name: &'static str) -> Result<Option<N>, Failure> {
        self.text(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    Failure::usage(format!("`{name}` is not a number that fits")).todo("correct it")
                })
            })
            .transpose()
    }

    pub(super) fn is(&self, name: &str) -> bool {
        matches!(self.given.get(name), Some(Given::Switch(true)))
    }

    /// Headers, or parameters, as given.
    pub(super) fn pairs(&self, name: &str) -> Pairs {
        match self.given.get(name) {
            Some(Given::Pairs(pairs)) => Pairs(pairs.clone()),
            _ => Pairs(Vec::new()),
        }
    }

    pub(super) fn body(&self) -> &[u8] {
        match self.given.get("body") {
            Some(Given::Bytes(octets)) => octets,
            Some(Given::Text(text)) => text.as_bytes(),
            _ => b"",
        }
    }

    /// The MAC of a login.
    pub(super) fn method(&self, name: &'static str) -> Result<Method, Failure> {
        self.text(name).map_or(Ok(Method::default()), |text| {
            Method::parse(text).map_err(|_| {
                Failure::usage(format!("`{name}` is none of hmacmd5, hmacsha1, hmacsha256"))
                    .todo("correct it")
            })
        })
    }

    /// `nonce`, or one that no other call gives.
    pub(super) fn nonce(&self) -> &str {
        self.text_or("nonce", &self.nonce)
    }

    /// `timestamp`, or now.
    pub(super) fn moment(&self) -> Moment<'_> {
        match self.text("timestamp") {
            None | Some("now") => Moment::Unix(now().as_millis().try_into().unwrap_or(u64::MAX)),
            Some(text) => match text.parse::<u64>() {
                // What has twelve digits was milliseconds: the seconds of the year 5138 are not meant.
                Ok(number) if number >= 100_000_000_000 => Moment::Unix(number),
                Ok(number) => Moment::Unix(number.saturating_mul(1000)),
                Err(_) => Moment::Spelled(text),
            },
        }
    }

    /// Room for any string that is signed: an octet can become five, encoded twice.
    pub(super) fn buffer(&self) -> Vec<u8> {
        let size: usize = self
            .given
            .values()
            .map(|value| match value {
                Given::Text(text) => text.len(),
                Given::Pairs(pairs) => pairs
                    .iter()
                    .map(|(name, value)| name.len() + value.len() + 8)
                    .sum(),
                Given::Private(secret) => secret.expose().len(),
                Given::Bytes(_) | Given::Switch(_) => 0,
            })
            .sum();
        vec![0; 8 * size + 8192]
    }

    /// The text with every security token in it replaced, as it stands and in the encodings in which it is signed.
    pub(super) fn mask(&self, text: &str) -> String {
        let mut tokens: Vec<&str> = self.text("security_token").into_iter().collect();
        for value in self.given.values() {
            if let Given::Pairs(pairs) = value {
                tokens.extend(
                    pairs
                        .iter()
                        .filter(|(name, _)| name.to_ascii_lowercase().contains("token"))
                        .map(|(_, value)| value.trim()),
                );
            }
        }
        let mut masked = text.to_owned();
        for token in tokens.into_iter().filter(|token| token.len() >= 4) {
            let once = encode(token, "");
            for spelling in [&encode(&once, ""), &once, token] {
                masked = masked.replace(spelling, "***");
            }
        }
        masked
    }
}

fn unreadable(error: &clap::Error) -> Failure {
    Failure::usage(error.to_string())
}

/// 128 bits that no other call gives. The keys of the standard library's hash maps are random; a nonce need not be secret.
fn fresh() -> String {
    let half = || RandomState::new().hash_one(now().as_nanos());
    format!("{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_differ() {
        assert_ne!(fresh(), fresh());
        assert_eq!(fresh().len(), 32);
    }
}
