//! Meituan Open Services (seed 004): AWS signature version 2 over form parameters.
//!
//! The service ended on 2020-05-31; what is signed here can be checked against its SDKs, its seed and botocore, and spoken
//! to a local server. The sources do not agree on the order of the parameters nor on the spelling of the time, so both
//! are switches for signing, and [`verify`] accepts every one of them.
//!
//! | step | function |
//! |---|---|
//! | `METHOD`, host, path and the sorted, encoded parameters, a line each | [`string_to_sign`] |
//! | base64 of the MAC | [`sign`] |
//! | the body with signature | [`form`] |
//! | a request that came in | [`verify`], [`parse_timestamp`] |
//!
//! Not signed are `Signature` and `image_content`: there is no integrity of the photo, and a request can be replayed while
//! its time is accepted. TLS and a memory for signatures are the server's to bring.
//!
//! ```
//! use faceiot_core::sign::meituan::{self, Options, Request};
//!
//! let parameters = [
//!     ("Action", "GetBalance"), ("AWSAccessKeyId", "8b5ad48388a347c185b6b7b0ba9e6225"), ("Format", "json"),
//!     ("SignatureMethod", "HmacSHA256"), ("SignatureVersion", "2"), ("Timestamp", "2016-11-14T03:10:55.000Z"),
//! ];
//! let request = Request { parameters: &parameters, ..Request::default() };
//! let signature = meituan::sign("faceiot-example-secret-key-000001", &request, &Options::default())?;
//! assert_eq!(signature.as_str(), "BLZ8kqMzyTzAg/o6p5JdGs7imQlYXJG9effsKo0zqsU=");
//! # Ok::<(), faceiot_core::Error>(())
//! ```

mod time;

use core::cmp::Ordering;

pub use time::{TimestampForm, parse_timestamp, timestamp};

use super::Mismatch;
use super::mac::{self, Signature, single};
use super::order::{compare_encoded, sorted};
use crate::error::{Error, ErrorKind, Result};
use crate::text::{Sink, Writer, encode, lower, put_all};

/// What is signed of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Host, with its port when it has one.
    pub host: &'a str,
    /// Path; empty counts as `/`.
    pub path: &'a str,
    /// Form parameters, decoded. `Signature` and `image_content` may be among them and are not signed. A truth value is
    /// written `true` or `false` (the seed for Python signs `False`).
    pub parameters: &'a [(&'a str, &'a str)],
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            method: "POST",
            host: "mosapi.meituan.com",
            path: "/mcs/v1",
            parameters: &[],
        }
    }
}

/// Parameters can hold signatures and photos.
impl core::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self {
            method, host, path, ..
        } = self;
        f.debug_struct("Request")
            .field("method", method)
            .field("host", host)
            .field("path", path)
            .finish_non_exhaustive()
    }
}

/// The order in which parameters are signed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Order {
    /// By the octets of their names: AWS, botocore and both official SDKs.
    #[default]
    Keys,
    /// By the octets of their encoded `name=value` pairs: the seed for Python. Differs where one name begins with
    /// another, for `=` comes behind `0`.
    Pairs,
    /// As given: the seed for PHP.
    Insertion,
}

/// The MAC, `SignatureMethod`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Method {
    /// `HmacSHA256`.
    #[default]
    HmacSha256,
    /// `HmacSHA1`; of the documentation only: no official SDK signs with it, and the seeds send the name and sign with
    /// SHA-256.
    HmacSha1,
}

impl Method {
    /// The method of this name.
    ///
    /// # Errors
    /// [`ErrorKind::SignMethod`].
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "HmacSHA256" => Ok(Self::HmacSha256),
            "HmacSHA1" => Ok(Self::HmacSha1),
            _ => Err(Error::new(ErrorKind::SignMethod, "SignatureMethod")),
        }
    }
}

/// The switches of signing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Options {
    /// Order of the parameters.
    pub order: Order,
    /// The MAC.
    pub method: Method,
    /// Sign the host as it stands, as botocore does, and not in lower case without a default port.
    pub host_as_is: bool,
}

/// The text that is signed.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn string_to_sign<'b>(request: &Request<'_>, options: &Options, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_string(request, *options, &mut w)?;
    Ok(w.finish())
}

/// The value of the parameter `Signature`.
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn sign(secret_key: &str, request: &Request<'_>, options: &Options) -> Result<Signature> {
    let key = secret_key.as_bytes();
    match options.method {
        Method::HmacSha256 => Signature::base64(&mac::hmac_sha256(&[key], |mac| {
            put_string(request, *options, mac)
        })?),
        Method::HmacSha1 => {
            Signature::base64(&mac::hmac_sha1(&[key], |mac| put_string(request, *options, mac))?)
        }
    }
}

/// The body of the request: the parameters as given, and `Signature` behind them.
///
/// Blanks are written `%20`, as the seed for PHP does; the one for Python writes `+`, which a server reads the same.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn form<'b>(parameters: &[(&str, &str)], signature: &Signature, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    for (name, value) in parameters.iter().chain(&[("Signature", signature.as_str())]) {
        w.push_str(if w.is_empty() { "" } else { "&" })?;
        encode(name, &mut w)?;
        w.push_str("=")?;
        encode(value, &mut w)?;
    }
    Ok(w.finish())
}

/// Checks a request in every order and host spelling that a client of the service used, and, where it names `HmacSHA1`,
/// with either MAC. `request.parameters` hold `Signature`. The time is the caller's to check ([`parse_timestamp`]), and so
/// is whether the signature was seen before.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::SignMethod`] or [`ErrorKind::Signature`]; its string is that of the official SDKs.
pub fn verify<'o>(
    secret_key: &str,
    request: &Request<'_>,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let checked = (|| {
        let named = single(
            request.parameters,
            |name| name == "SignatureMethod",
            "SignatureMethod",
        )?;
        let given = single(request.parameters, |name| name == "Signature", "Signature")?;
        let given = given.ok_or(Error::new(ErrorKind::Signature, "no Signature"))?;
        Ok((given, Method::parse(named.unwrap_or_default())?))
    })();
    let (given, named) = checked.map_err(Mismatch::before)?;
    let accepted = |method: Method| {
        [Order::Keys, Order::Pairs, Order::Insertion]
            .into_iter()
            .any(|order| {
                [false, true].into_iter().any(|host_as_is| {
                    let options = Options {
                        order,
                        method,
                        host_as_is,
                    };
                    sign(secret_key, request, &options).is_ok_and(|expected| expected.accepts(given))
                })
            })
    };
    if accepted(Method::HmacSha256) || named == Method::HmacSha1 && accepted(Method::HmacSha1) {
        return Ok(());
    }
    let options = Options {
        method: named,
        ..Options::default()
    };
    let expected = sign(secret_key, request, &options).map_err(Mismatch::before)?;
    mac::compare(&expected, given, "Signature", out, |w| {
        put_string(request, options, w)
    })
}

fn put_string(request: &Request<'_>, options: Options, sink: &mut impl Sink) -> Result<()> {
    put_all(sink, &[request.method, "\n"])?;
    if options.host_as_is {
        sink.put(request.host)?;
    } else {
        let host = request.host;
        lower(
            host.strip_suffix(":443")
                .or_else(|| host.strip_suffix(":80"))
                .unwrap_or(host),
            sink,
        )?;
    }
    put_all(
        sink,
        &[
            "\n",
            if request.path.is_empty() {
                "/"
            } else {
                request.path
            },
            "\n",
        ],
    )?;
    let compare = |a: &(&str, &str), b: &(&str, &str)| match options.order {
        Order::Keys => a.0.cmp(b.0),
        Order::Pairs => compare_pairs(*a, *b),
        Order::Insertion => Ordering::Equal,
    };
    let signed = sorted(request.parameters, compare)
        .filter(|parameter| !matches!(parameter.0, "Signature" | "image_content"));
    for (at, (name, value)) in signed.enumerate() {
        sink.put(if at == 0 { "" } else { "&" })?;
        encode(name, sink)?;
        sink.put("=")?;
        encode(value, sink)?;
    }
    Ok(())
}

/// Compares `name=value` pairs as if they were encoded, the `=` between them being a plain one.
fn compare_pairs(a: (&str, &str), b: (&str, &str)) -> Ordering {
    if a.0 == b.0 {
        return compare_encoded(a.1, b.1);
    }
    // Where one name ends, its `=` meets an octet of the other name, which is encoded: `%` comes before `=`, as do `-`,
    // `.` and the digits; letters, `_` and `~` come behind it.
    let ends_first = |short: &str, long: &str| long.strip_prefix(short).and_then(|rest| rest.bytes().next());
    let meets = |octet: u8| {
        if octet.is_ascii_alphabetic() || matches!(octet, b'_' | b'~') {
            Ordering::Less
        } else {
            Ordering::Greater
        }
    };
    match (ends_first(a.0, b.0), ends_first(b.0, a.0)) {
        (Some(octet), _) => meets(octet),
        (_, Some(octet)) => meets(octet).reverse(),
        _ => compare_encoded(a.0, b.0),
    }
}
