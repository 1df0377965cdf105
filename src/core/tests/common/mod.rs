//! Runs the suites of tests/vectors: every case counted, failures with suite, case and input.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::format_collect,
    reason = "each test file uses its part; a vector file that does not parse is a failed test"
)]

use std::path::Path;

pub(crate) use serde_json::Value;

/// One case of a suite.
pub(crate) struct Case {
    pub(crate) suite: String,
    pub(crate) name: String,
    pub(crate) input: Value,
    pub(crate) expected: Value,
    pub(crate) string_to_sign: Option<String>,
}

impl Case {
    /// The text at `name` of the input.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.input[name]
            .as_str()
            .unwrap_or_else(|| panic!("input has no text `{name}`"))
    }

    /// The text at `name` of the input, when it is there.
    pub(crate) fn text_or<'a>(&'a self, name: &str, otherwise: &'a str) -> &'a str {
        self.input[name].as_str().unwrap_or(otherwise)
    }

    /// The text at `name` of what is expected.
    pub(crate) fn wants(&self, name: &str) -> &str {
        self.expected[name]
            .as_str()
            .unwrap_or_else(|| panic!("nothing expected as `{name}`"))
    }

    /// The string to sign.
    pub(crate) fn signed(&self) -> &str {
        self.string_to_sign
            .as_deref()
            .unwrap_or_else(|| panic!("the case has no string to sign"))
    }

    /// The string to sign as a refusal shows it: without the security token.
    pub(crate) fn shown(&self) -> String {
        match ["token", "sts_token", "security_token"]
            .iter()
            .find_map(|name| self.input[name].as_str())
        {
            Some(token) => self.signed().replace(token, "***"),
            None => self.signed().to_owned(),
        }
    }
}

/// Says which case failed, when it does.
impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "FAILED: suite {}, case {}\ninput: {}\nexpected: {}",
                self.suite, self.name, self.input, self.expected
            );
        }
    }
}

/// Runs a suite of `count` cases. Those in `later` belong to a capability that is not built yet; they are listed with the
/// reason, must exist, and are counted.
pub(crate) fn run(file: &str, suite: &str, count: usize, later: &[(&str, &str)], test: impl Fn(&Case)) {
    let cases = &read(file)[suite];
    let cases = cases
        .as_object()
        .unwrap_or_else(|| panic!("{file} has no suite {suite}"));
    let (mut ran, mut put_off) = (0, 0);
    for (name, case) in cases {
        if let Some((_, reason)) = later.iter().find(|(later, _)| later == name) {
            println!("{suite}/{name}: later: {reason}");
            put_off += 1;
            continue;
        }
        test(&Case {
            suite: suite.to_owned(),
            name: name.clone(),
            input: case["input"].clone(),
            expected: case["expected"].clone(),
            string_to_sign: case["string_to_sign"].as_str().map(str::to_owned),
        });
        ran += 1;
    }
    assert_eq!(
        put_off,
        later.len(),
        "a case listed as `later` is not in suite {suite}"
    );
    assert_eq!(
        ran + put_off,
        count,
        "suite {suite} of {file} has lost or gained cases"
    );
    println!("{suite}: {ran} cases, {put_off} later");
}

/// A file of tests/vectors, its suites on the top level.
pub(crate) fn read(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/vectors")
        .join(file);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut all: Value = serde_json::from_slice(&text).unwrap();
    all.get_mut("suites").map(Value::take).unwrap_or(all)
}

/// Octets of hex, by other code than ours.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "odd hex in a vector");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Lower-case hex, by other code than ours.
pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The octets that the vectors describe by the formula `b[i] = (i*31 + (i>>8)*17 + 7) & 0xFF`.
pub(crate) fn formula(count: u64) -> Vec<u8> {
    (0..count).map(|i| (i * 31 + (i >> 8) * 17 + 7) as u8).collect()
}

/// The parameters of a query or a form, decoded by other code than ours.
pub(crate) fn decoded(query: &str) -> Vec<(String, String)> {
    let unescape = |text: &str| {
        let mut octets = Vec::new();
        let mut rest = text.bytes();
        while let Some(octet) = rest.next() {
            octets.push(match octet {
                b'%' => u8::from_str_radix(
                    &String::from_utf8(vec![rest.next().unwrap(), rest.next().unwrap()]).unwrap(),
                    16,
                )
                .unwrap(),
                b'+' => b' ',
                octet => octet,
            });
        }
        String::from_utf8(octets).unwrap()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (unescape(name), unescape(value)))
        .collect()
}

/// Borrowed.
pub(crate) fn pairs(parameters: &[(String, String)]) -> Vec<(&str, &str)> {
    parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// The members of an object of texts.
pub(crate) fn texts(object: &Value) -> Vec<(String, String)> {
    let members = object.as_object().into_iter().flatten();
    members
        .filter(|member| !member.1.is_null())
        .map(|(name, value)| {
            (
                name.clone(),
                value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            )
        })
        .collect()
}
