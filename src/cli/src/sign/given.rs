//! One argument, read from the command line or from a key of the JSON object. A message names what is wrong, never a value.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use faceiot::{ErrorKind, Secret};
use serde_json::{Map, Value};

use super::arguments::{Argument, BODY_FILE, Form};
use super::kinds::Kind;
use crate::failure::Failure;
use crate::out::note;
use crate::secret::warn_when_others_can_read;

/// What was given for an argument.
#[derive(Debug)]
pub(super) enum Given {
    Text(String),
    Pairs(Vec<(String, String)>),
    Bytes(Vec<u8>),
    Switch(bool),
    Private(Secret),
}

/// The longest JSON object and the longest body.
const LONGEST: u64 = 64 << 20;

/// What an option says.
pub(super) fn option(argument: &Argument, matches: &ArgMatches) -> Result<Option<Given>, Failure> {
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
pub(super) fn key(
    kind: &Kind,
    argument: &Argument,
    object: &mut Map<String, Value>,
) -> Result<Option<Given>, Failure> {
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

pub(super) fn text_of(value: &Value) -> Option<String> {
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

/// A mistake in the JSON object.
pub(super) fn help(kind: &Kind, message: impl Into<String>) -> Failure {
    Failure::usage(message).todo(format!("`faceiot sign {} --help` shows an object", kind.name))
}
