//! What is to be signed, from options or from one JSON object: the same names on both ways in.
//!
//! Every kind of signature lists its arguments ([`Argument`]); options, keys and help come from that list. A secret is
//! never an option: it is a key of the object, a file, or in the environment.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use faceiot::{ErrorKind, Secret};
use faceiot_core::sign::{Utc, aliyun::Method, meituan};
use serde_json::{Map, Value};

use super::kinds::Kind;
use crate::failure::Failure;
use crate::out::note;
use crate::secret::{SecretArgs, warn_when_others_can_read};

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

/// The longest JSON object and the longest body.
const LONGEST: u64 = 64 << 20;

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

const BODY_FILE: &str = "body_file";

#[derive(Debug)]
enum Given {
    Text(String),
    Pairs(Vec<(String, String)>),
    Bytes(Vec<u8>),
    Switch(bool),
    Private(Secret),
}

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

/// Names and values that belong to the caller.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs(pub(super) Vec<(String, String)>);

impl Pairs {
    pub(super) fn lent(&self) -> Vec<(&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// Adds a pair, unless one of the name is there.
    pub(super) fn or_add(&mut self, name: &str, value: impl Into<String>) {
        if self.find(name).is_none() {
            self.0.push((name.to_owned(), value.into()));
        }
    }

    /// The value of a name in any case.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|pair| pair.0.eq_ignore_ascii_case(name))
            .map(|pair| pair.1.trim())
    }

    /// As a JSON object; of a repeated name a list.
    pub(super) fn json(&self) -> Value {
        let mut object = Map::new();
        for (name, value) in &self.0 {
            let value = Value::from(value.as_str());
            match object.get_mut(name) {
                Some(Value::Array(values)) => values.push(value),
                Some(one) => *one = Value::Array(vec![one.take(), value]),
                None => {
                    object.insert(name.clone(), value);
                }
            }
        }
        Value::Object(object)
    }

    /// As a JSON list of pairs, where their order is signed.
    pub(super) fn list(&self) -> Value {
        self.0
            .iter()
            .map(|(name, value)| Value::from(vec![name.as_str(), value.as_str()]))
            .collect()
    }

    /// `name=value` joined by `&`, encoded.
    pub(super) fn query(&self) -> String {
        let pairs = self
            .0
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name, ""), encode(value, "")));
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// A time, of the clock or spelled by the user.
pub(super) enum Moment<'a> {
    /// Milliseconds since 1970.
    Unix(u64),
    /// Sent as it is.
    Spelled(&'a str),
}

impl Moment<'_> {
    /// `20180817T082338Z`.
    pub(super) fn basic(&self) -> Result<String, Failure> {
        self.spelled(|utc| utc.basic(&mut [0; 32]).map(str::to_owned))
    }

    /// `2018-08-17T08:23:38Z`.
    pub(super) fn iso8601(&self) -> Result<String, Failure> {
        self.spelled(|utc| utc.iso8601(&mut [0; 32]).map(str::to_owned))
    }

    /// `Fri, 17 Aug 2018 08:23:38 GMT`.
    pub(super) fn http_date(&self) -> Result<String, Failure> {
        self.spelled(|utc| utc.http_date(&mut [0; 32]).map(str::to_owned))
    }

    /// Seconds since 1970.
    pub(super) fn seconds(&self) -> Result<u64, Failure> {
        match self {
            Moment::Unix(ms) => Ok(ms / 1000),
            Moment::Spelled(text) => seconds(text).ok_or_else(|| {
                Failure::usage("`timestamp` is not a time")
                    .todo("write seconds since 1970, or 2018-08-17T08:23:38Z")
            }),
        }
    }

    /// Milliseconds since 1970.
    pub(super) fn millis(&self) -> Result<u64, Failure> {
        match self {
            Moment::Unix(ms) => Ok(*ms),
            Moment::Spelled(_) => self.seconds().map(|seconds| seconds * 1000),
        }
    }

    fn spelled(&self, spell: impl FnOnce(Utc) -> faceiot_core::Result<String>) -> Result<String, Failure> {
        match self {
            Moment::Unix(ms) => spell(Utc::from_unix(ms / 1000)).map_err(wrong),
            Moment::Spelled(text) => Ok((*text).to_owned()),
        }
    }
}

/// The seconds of `2018-08-17T08:23:38Z` or `20180817T082338Z`.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let spelled = match (text.len(), text.is_ascii()) {
        (16, true) => format!(
            "{}-{}-{}:{}:{}",
            text.get(..4)?,
            text.get(4..6)?,
            text.get(6..11)?,
            text.get(11..13)?,
            text.get(13..)?
        ),
        _ => text.to_owned(),
    };
    meituan::parse_timestamp(&spelled).ok()
}

/// RFC 3986, but for the characters in `safe`.
pub(super) fn encode(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        let letter = char::from(octet);
        if letter.is_ascii_alphanumeric() || "-_.~".contains(letter) || safe.contains(letter) {
            out.push(letter);
        } else {
            let digit = |digit: u8| {
                char::from_digit(digit.into(), 16)
                    .unwrap_or_default()
                    .to_ascii_uppercase()
            };
            out.extend(['%', digit(octet >> 4), digit(octet & 15)]);
        }
    }
    out
}

/// `name=value`, both encoded, taken back.
pub(super) fn decoded(pair: &str) -> (String, String) {
    let plain = |text: &str| {
        let mut octets = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let [octet, behind @ ..] = rest {
            rest = behind;
            let hex = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
            match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(value) if *octet == b'%' => {
                    octets.push(value);
                    rest = behind.get(2..).unwrap_or_default();
                }
                _ => octets.push(*octet),
            }
        }
        String::from_utf8_lossy(&octets).into_owned()
    };
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (plain(name), plain(value))
}

/// What core finds wrong with an argument.
pub(super) fn wrong(error: faceiot_core::Error) -> Failure {
    Failure {
        kind: error.kind,
        ..Failure::usage(error.to_string())
    }
    .todo("correct what is to be signed")
}

pub(super) fn now() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// All of standard input, which a person may type.
pub(super) fn standard_input() -> Result<String, Failure> {
    let input = io::stdin().lock();
    if input.is_terminal() {
        note("type one JSON object, then Ctrl-D");
    }
    let octets = limited(input, "standard input")?;
    String::from_utf8(octets)
        .map_err(|_| Failure::usage("standard input is not UTF-8").todo("send one JSON object"))
}

fn limited(from: impl Read, place: &str) -> Result<Vec<u8>, Failure> {
    let mut octets = Vec::new();
    from.take(LONGEST + 1)
        .read_to_end(&mut octets)
        .map_err(|error| Failure::new(ErrorKind::Io, format!("cannot read {place}: {error}")))?;
    if octets.len() as u64 > LONGEST {
        return Err(Failure::usage(format!("{place} is longer than 64 MiB")).todo("sign less"));
    }
    Ok(octets)
}

fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    let place = format!("`{}`", path.display());
    let file = File::open(path).map_err(|error| Failure::from(faceiot::Error::from(error)).at(&place))?;
    limited(file, &place)
}

/// What an option says.
fn option(argument: &Argument, matches: &ArgMatches) -> Result<Option<Given>, Failure> {
    let text = || matches.get_one::<String>(argument.name).cloned();
    let pairs = |separator: char| -> Result<Option<Given>, Failure> {
        let Some(values) = matches.get_many::<String>(argument.name) else {
            return Ok(None);
        };
        let pairs = values.map(|value| {
            let pair = value.split_once(separator);
            // A query may hold a name alone; a header may not.
            pair.or((separator == '=').then_some((value.as_str(), "")))
                .filter(|pair| !pair.0.trim().is_empty())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .ok_or_else(|| {
                    Failure::usage(format!("--{} is not `name{separator}value`", argument.flag))
                        .todo("correct it")
                })
        });
        pairs
            .collect::<Result<_, _>>()
            .map(|pairs| Some(Given::Pairs(pairs)))
    };
    Ok(match argument.form {
        Form::Text => text().map(Given::Text),
        Form::Headers => return headers_trimmed(pairs(':')?),
        Form::Pairs => return pairs('='),
        Form::Switch => Some(Given::Switch(matches.get_flag(argument.name))),
        Form::Body => match matches.get_one::<PathBuf>(BODY_FILE) {
            Some(path) => Some(Given::Bytes(file(path)?)),
            None => text().map(Given::Text),
        },
        Form::Private(_) => match matches.get_one::<PathBuf>(argument.name) {
            None => None,
            Some(path) => {
                warn_when_others_can_read(path);
                let text = String::from_utf8(file(path)?).map_err(|_| {
                    Failure::usage(format!("`{}` is not UTF-8", path.display())).todo("write it again")
                })?;
                Some(Given::Private(Secret::from(text.trim_end_matches(['\r', '\n']))))
            }
        },
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the end of a function that can fail")]
fn headers_trimmed(given: Option<Given>) -> Result<Option<Given>, Failure> {
    Ok(given.map(|given| match given {
        Given::Pairs(pairs) => Given::Pairs(
            pairs
                .into_iter()
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                .collect(),
        ),
        other => other,
    }))
}

/// What a key of the object says. `null` says nothing.
fn key(kind: &Kind, argument: &Argument, object: &mut Map<String, Value>) -> Result<Option<Given>, Failure> {
    let name = argument.name;
    // Python's functions of OSS call the query `params`, as oss2 does.
    let mut take = |name: &str| object.remove(name).filter(|value| !value.is_null());
    let value = match name {
        "query" | "form" => take(name).or_else(|| take("params")),
        _ => take(name),
    };
    if matches!(argument.form, Form::Body)
        && let Some(encoded) = take("body_base64")
    {
        let (Some(text), None) = (encoded.as_str(), &value) else {
            return Err(help(kind, "`body_base64` is not text, or `body` is there too"));
        };
        let text = text.as_bytes();
        let mut room = vec![0; text.len()];
        let octets = faceiot_core::text::base64_decode(text, &mut room)
            .map_err(|_| help(kind, "`body_base64` is not base64"))?;
        return Ok(Some(Given::Bytes(octets.to_vec())));
    }
    let Some(value) = value else {
        return Ok(None);
    };
    let is_not = |what: &str| help(kind, format!("`{name}` is not {what}"));
    Ok(Some(match argument.form {
        Form::Text | Form::Body => Given::Text(text_of(&value).ok_or_else(|| is_not("text"))?),
        Form::Private(_) => Given::Private(Secret::from(text_of(&value).ok_or_else(|| is_not("text"))?)),
        Form::Switch => Given::Switch(value.as_bool().ok_or_else(|| is_not("true or false"))?),
        Form::Headers | Form::Pairs => Given::Pairs(
            pairs_of(&value).ok_or_else(|| is_not("an object of texts, or a list of pairs of texts"))?,
        ),
    }))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        // A list of names, such as additional_headers.
        Value::Array(values) => {
            let names: Option<Vec<_>> = values.iter().map(Value::as_str).collect();
            names.map(|names| names.join(";"))
        }
        Value::Null | Value::Object(_) => None,
    }
}

fn pairs_of(value: &Value) -> Option<Vec<(String, String)>> {
    let single = |value: &Value| match value {
        Value::Null => Some(String::new()),
        Value::Array(_) => None,
        value => text_of(value),
    };
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| Some((name.clone(), single(value)?)))
            .collect(),
        Value::Array(pairs) => pairs
            .iter()
            .map(|pair| match pair.as_array()?.as_slice() {
                [name, value] => Some((name.as_str()?.to_owned(), single(value)?)),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

fn help(kind: &Kind, message: impl Into<String>) -> Failure {
    Failure::usage(message).todo(format!("`faceiot sign {} --help` shows an object", kind.name))
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
    fn a_time_is_read_in_both_spellings() {
        assert_eq!(seconds("2018-08-17T08:23:38Z"), Some(1_534_494_218));
        assert_eq!(seconds("20180817T082338Z"), Some(1_534_494_218));
        assert_eq!(seconds("20180817T08233äZ"), None);
        assert_eq!(seconds("yesterday, at ten"), None);
    }

    #[test]
    fn encoding_is_that_of_rfc_3986() {
        assert_eq!(encode("a b/c~é*", "/"), "a%20b/c~%C3%A9%2A");
    }

    #[test]
    fn nonces_differ() {
        assert_ne!(fresh(), fresh());
        assert_eq!(fresh().len(), 32);
    }
}
