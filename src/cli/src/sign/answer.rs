//! What is said of a signature that was made, and of one that was checked.

use faceiot::ErrorKind;
use faceiot_core::sign::{Difference, Mismatch, Part, explain};
use serde_json::{Map, Value, json};

use super::arguments::Arguments;
use super::values::Pairs;
use crate::failure::{Failure, exit};
use crate::out::Output;

/// What `faceiot sign` shows.
#[derive(Default)]
pub(super) struct Signed {
    /// The request spelled the one way, where the service hashes one.
    pub(super) canonical: Option<String>,
    pub(super) string_to_sign: String,
    pub(super) signature: String,
    /// What is to be sent, by name.
    pub(super) send: Vec<(&'static str, Value)>,
}

impl Signed {
    /// Adds something to be sent.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.send.push((name, value.into()));
        self
    }

    pub(super) fn print(&self, arguments: &Arguments, out: Output) -> Result<(), Failure> {
        let canonical = self.canonical.as_deref().map(|text| arguments.mask(text));
        let string_to_sign = arguments.mask(&self.string_to_sign);
        if out.json {
            let mut object = Map::new();
            if let Some(canonical) = canonical {
                object.insert("canonical".to_owned(), canonical.into());
            }
            object.insert("string_to_sign".to_owned(), string_to_sign.into());
            object.insert("signature".to_owned(), self.signature.as_str().into());
            for (name, value) in &self.send {
                object.insert((*name).to_owned(), value.clone());
            }
            return out.json(&object);
        }
        if let Some(canonical) = canonical {
            block(out, "canonical request", &canonical)?;
        }
        block(out, "string to sign", &string_to_sign)?;
        block(out, "signature", &self.signature)?;
        for (name, value) in &self.send {
            let text = match value {
                Value::Object(pairs) => pairs
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", bare(value)))
                    .collect::<Vec<_>>()
                    .join("\n"),
                value => bare(value),
            };
            block(out, &name.replace('_', " "), &text)?;
        }
        Ok(())
    }
}

/// What this side found when it signed the request that came in.
pub(super) struct Checked {
    /// Why it is refused; `None`: it is not.
    refused: Option<Refusal>,
    /// This side's canonical request; never a MAC.
    canonical: Option<String>,
    string_to_sign: String,
}

struct Refusal {
    kind: ErrorKind,
    at: &'static str,
}

impl Checked {
    /// The outcome of a `verify` of core.
    pub(super) fn new(outcome: Result<(), Mismatch<'_>>) -> Self {
        let (refused, string_to_sign) = match outcome {
            Ok(()) => (None, String::new()),
            Err(mismatch) => (
                Some(Refusal {
                    kind: mismatch.kind,
                    at: mismatch.at,
                }),
                mismatch.string_to_sign.to_owned(),
            ),
        };
        Self {
            refused,
            canonical: None,
            string_to_sign,
        }
    }

    /// A request that could not be taken apart.
    pub(super) fn refused(error: faceiot_core::Error) -> Self {
        Self {
            refused: Some(Refusal {
                kind: error.kind,
                at: error.at,
            }),
            canonical: None,
            string_to_sign: String::new(),
        }
    }

    /// Adds this side's canonical request, for a request that was refused.
    #[must_use]
    pub(super) fn with_canonical(mut self, canonical: faceiot_core::Result<&str>) -> Self {
        if self.refused.is_some() && !self.string_to_sign.is_empty() {
            self.canonical = canonical.ok().map(str::to_owned);
        }
        self
    }

    pub(super) fn print(&self, arguments: &Arguments, out: Output) -> Result<(), Failure> {
        let Some(refusal) = &self.refused else {
            out.line("ok: the signature is that of this request and this secret")?;
            return out.json(&json!({"ok": true}));
        };
        let difference = self.difference(arguments);
        let words = match (&difference, refusal.kind) {
            (Some(words), _) => words.clone(),
            // Where core names a rule, the rule is the answer; where it names the field that holds the MAC, it is not.
            (None, ErrorKind::Signature) if self.string_to_sign.is_empty() => refusal.at.to_owned(),
            (None, ErrorKind::Signature) => {
                format!("`{}` is not the signature of what was signed here", refusal.at)
            }
            (None, _) => refusal.at.to_owned(),
        };
        let message = format!("{}: {words}", refusal.kind);
        let todo = if self.string_to_sign.is_empty() {
            "look at what the request carries"
        } else if difference.is_some() {
            "make both sides sign the same"
        } else {
            "compare the string to sign with the signer's, or give the signer's as --string-to-sign or --canonical"
        };
        let canonical = self.canonical.as_deref().map(|text| arguments.mask(text));
        let string_to_sign = arguments.mask(&self.string_to_sign);
        if out.json {
            out.json(&json!({
                "ok": false,
                "error": {"kind": refusal.kind.name(), "code": refusal.kind.code(), "message": message, "todo": todo},
                "at": refusal.at, "difference": difference,
                "canonical": canonical, "string_to_sign": Some(string_to_sign).filter(|text| !text.is_empty()),
            }))?;
            crate::out::note(format!("error: {message}; {todo}"));
            return Err(Failure::told(exit::FAILED));
        }
        if let Some(canonical) = canonical {
            block(out, "canonical request here", &canonical)?;
        }
        if !string_to_sign.is_empty() {
            block(out, "string to sign here", &string_to_sign)?;
        }
        Err(Failure::new(refusal.kind, message).todo(todo))
    }

    /// Where the signer's strings, when they were given, differ from this side's, in words.
    fn difference(&self, arguments: &Arguments) -> Option<String> {
        if self.string_to_sign.is_empty() {
            return None;
        }
        let pairs = [
            (arguments.text("canonical"), self.canonical.as_deref()),
            (
                arguments.text("string_to_sign"),
                Some(self.string_to_sign.as_str()),
            ),
        ];
        let mut equal = false;
        let mut hashes = false;
        for (theirs, ours) in pairs {
            let (Some(theirs), Some(ours)) = (theirs, ours) else {
                continue;
            };
            // Line ends of a file or a terminal are not what was signed.
            let theirs = theirs.replace("\r\n", "\n");
            let theirs = if ours.ends_with('\n') {
                theirs.as_str()
            } else {
                theirs.trim_end_matches('\n')
            };
            // Tokens are masked on both sides: they are not told apart, and not shown.
            let (theirs, ours) = (arguments.mask(theirs), arguments.mask(ours));
            match explain(&theirs, &ours) {
                Some(Difference { part: Part::Hash, .. }) => hashes = true,
                Some(difference) => return Some(difference.to_string()),
                None => equal = true,
            }
        }
        if hashes {
            return Some("the bodies or canonical requests that were hashed differ".to_owned());
        }
        equal.then(|| "both sides sign the same text: the secrets differ".to_owned())
    }
}

/// Headers or parameters, as an answer shows them.
impl From<&Pairs> for Value {
    fn from(pairs: &Pairs) -> Self {
        pairs.json()
    }
}

/// A heading and the text under it.
fn block(out: Output, heading: &str, text: &str) -> Result<(), Failure> {
    out.line(heading)?;
    text.split('\n')
        .try_for_each(|line| out.line(format!("  {line}")))
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
