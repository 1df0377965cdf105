//! Why a signature does not match, in words.

use core::fmt;

/// Where a string to sign, or a canonical request, first differs from another one.
///
/// `Display` says it in words; values of tokens are masked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Difference<'a> {
    /// Line in which the two differ, from 1.
    pub line: usize,
    /// What differs there.
    pub part: Part<'a>,
    /// What the signer signed; `None`: it has none of it.
    pub signed: Option<&'a str>,
    /// What the request gives; `None`: it has none of it.
    pub received: Option<&'a str>,
}

/// The part of a string to sign in which a difference stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part<'a> {
    /// A header.
    Header(&'a str),
    /// A parameter of the query or the form, in the spelling in which it is signed.
    Parameter(&'a str),
    /// A named piece of a device's login: `clientId`, `deviceName`, `productKey`, `timestamp`, `random`.
    Field(&'a str),
    /// The hash of something that is to be compared itself.
    Hash,
    /// The line as a whole.
    Line,
}

/// Compares what the other side signed with what this side signs for the request that came. `None` when they are equal:
/// then the secrets differ.
///
/// Give it two strings to sign, or better two canonical requests; never a MAC. It tells nothing that is not in them.
///
/// ```
/// use faceiot_core::sign::explain;
///
/// let signed = "PUT\n/examplebucket/a.jpg\n\ncontent-type:image/jpeg\nx-oss-date:20180817T082338Z\n\n\nUNSIGNED-PAYLOAD";
/// let received = "PUT\n/examplebucket/a.jpg\n\nx-oss-date:20180817T082338Z\n\n\nUNSIGNED-PAYLOAD";
/// let difference = explain(signed, received).unwrap();
/// assert_eq!(difference.to_string(), r#"header content-type: you signed "image/jpeg", the request carries none"#);
///
/// let difference = explain("clientId1deviceNameaproductKeyp", "clientId1deviceNamebproductKeyp").unwrap();
/// assert_eq!(difference.to_string(), r#"deviceName: you signed "a", the request carries "b""#);
///
/// assert_eq!(explain(signed, signed), None);
/// ```
pub fn explain<'a>(signed: &'a str, received: &'a str) -> Option<Difference<'a>> {
    let lines = |text: &'a str| text.split('\n').map(Some).chain(core::iter::repeat(None));
    let longest = signed.split('\n').count().max(received.split('\n').count());
    lines(signed)
        .zip(lines(received))
        .take(longest)
        .enumerate()
        .find(|(_, (signed, received))| signed != received)
        .map(|(at, (signed, received))| difference(at + 1, signed, received))
}

fn difference<'a>(line: usize, signed: Option<&'a str>, received: Option<&'a str>) -> Difference<'a> {
    let (one, other) = (signed.unwrap_or_default(), received.unwrap_or_default());
    let whole = Difference {
        line,
        part: Part::Line,
        signed,
        received,
    };
    if is_hash(one) && is_hash(other) {
        return Difference {
            part: Part::Hash,
            ..whole
        };
    }
    if let Some(found) = in_fields(line, one, other) {
        return found;
    }
    match (header(one), header(other)) {
        // Headers are sorted: where names differ, the smaller one is missing on the other side.
        (Some(a), Some(b)) if a.0 == b.0 => named(line, Part::Header(a.0), Some(a.1), Some(b.1)),
        (Some(a), b) if b.is_none_or(|b| a.0 < b.0) => named(line, Part::Header(a.0), Some(a.1), None),
        (_, Some(b)) => named(line, Part::Header(b.0), None, Some(b.1)),
        _ => in_parameters(line, one, other).unwrap_or(whole),
    }
}

fn named<'a>(
    line: usize,
    part: Part<'a>,
    signed: Option<&'a str>,
    received: Option<&'a str>,
) -> Difference<'a> {
    Difference {
        line,
        part,
        signed,
        received,
    }
}

/// `name:value`, when the name is one of a header.
fn header(line: &str) -> Option<(&str, &str)> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    line.split_once(':')
        .filter(|(name, _)| is_name(name) && name.bytes().any(|byte| byte.is_ascii_lowercase()))
}

/// The parameter that differs, of lines that hold parameters: `name=value&..`, or the same encoded once more (POP RPC).
fn in_parameters<'a>(line: usize, signed: &'a str, received: &'a str) -> Option<Difference<'a>> {
    let (between, equals) = if signed.contains("&%2F&") {
        ("%26", "%3D")
    } else {
        ("&", "=")
    };
    if !(signed.contains(equals) || received.contains(equals)) {
        return None;
    }
    // The path may stand before a query, the method before the parameters of POP RPC.
    let parameters = |text: &'a str| {
        let text = text.rsplit_once("&%2F&").map_or(text, |parts| parts.1);
        let text = text
            .split_once('?')
            .filter(|(path, _)| path.starts_with('/'))
            .map_or(text, |parts| parts.1);
        text.split(between)
            .map(move |pair| pair.split_once(equals).unwrap_or((pair, "")))
    };
    let (mut a, mut b) = (parameters(signed), parameters(received));
    loop {
        return match (a.next(), b.next()) {
            (None, None) => None,
            (Some(a), Some(b)) if a == b => continue,
            (Some(a), Some(b)) if a.0 == b.0 => Some(named(line, Part::Parameter(a.0), Some(a.1), Some(b.1))),
            (Some(a), Some(b)) if a.0 > b.0 => Some(named(line, Part::Parameter(b.0), None, Some(b.1))),
            (Some(a), _) => Some(named(line, Part::Parameter(a.0), Some(a.1), None)),
            (None, Some(b)) => Some(named(line, Part::Parameter(b.0), None, Some(b.1))),
        };
    }
}

/// The piece that differs, of a device's login or registration: names and values without anything between them.
fn in_fields<'a>(line: usize, signed: &'a str, received: &'a str) -> Option<Difference<'a>> {
    const NAMES: [&str; 5] = ["clientId", "deviceName", "productKey", "timestamp", "random"];
    let is_login = |text: &str| {
        (text.starts_with("clientId") || text.starts_with("deviceName")) && text.contains("productKey")
    };
    if !is_login(signed) || !is_login(received) {
        return None;
    }
    let value = |text: &'a str, name: &str| -> Option<&'a str> {
        // A value may hold such a name itself; the last one is the one that separates.
        let start = if text.starts_with(name) {
            name.len()
        } else {
            text.rfind(name)? + name.len()
        };
        let rest = text.get(start..)?;
        let end = NAMES
            .iter()
            .filter_map(|next| rest.rfind(next))
            .min()
            .unwrap_or(rest.len());
        rest.get(..end)
    };
    NAMES.into_iter().find_map(|name| {
        let (a, b) = (value(signed, name), value(received, name));
        (a != b).then(|| named(line, Part::Field(name), a, b))
    })
}

/// SHA-256 in hex.
fn is_hash(line: &str) -> bool {
    line.len() == 64 && line.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.part {
            Part::Header(name) => {
                write!(f, "header {name}")?;
                name
            }
            Part::Parameter(name) => {
                write!(f, "parameter {name}")?;
                name
            }
            Part::Field(name) => {
                f.write_str(name)?;
                name
            }
            Part::Hash => {
                return write!(
                    f,
                    "line {}: the hashes differ; compare what was hashed",
                    self.line
                );
            }
            Part::Line => {
                write!(f, "line {}", self.line)?;
                ""
            }
        };
        // Of a line as a whole it is not known what is secret in it: then all of it is.
        let line = |value: Option<&str>| value.filter(|_| name.is_empty()).is_some_and(names_a_secret);
        let secret = names_a_secret(name) || line(self.signed) || line(self.received);
        f.write_str(": you signed ")?;
        show(f, self.signed, secret)?;
        f.write_str(", the request carries ")?;
        show(f, self.received, secret)
    }
}

impl fmt::Debug for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Difference({self})")
    }
}

/// A value in quotes, its invisible characters escaped and its end cut.
fn show(f: &mut fmt::Formatter<'_>, value: Option<&str>, secret: bool) -> fmt::Result {
    const LONGEST: usize = 200;
    match value {
        None => f.write_str("none"),
        Some(_) if secret => f.write_str("***"),
        Some(text) => match text
            .char_indices()
            .nth(LONGEST)
            .and_then(|(end, _)| text.get(..end))
        {
            Some(start) => write!(f, "{start:?}.."),
            None => write!(f, "{text:?}"),
        },
    }
}

/// Whether a name says that its value is to be kept.
fn names_a_secret(name: &str) -> bool {
    let holds = |word: &[u8]| {
        name.as_bytes()
            .windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    [&b"token"[..], b"secret", b"password"].into_iter().any(holds)
}
