//! `http://[name:password@]host[:port][/path][?query]` (RFC 3986), as far as cameras need it.

use std::fmt;

use faceiot_core::ErrorKind;
use faceiot_core::text::{base64_encode, base64_len};

use crate::error::{Error, Result};

/// Where a camera is. What is shown of it has neither name, password nor query, where cameras take passwords too.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Url {
    /// Without the brackets of IPv6.
    pub(super) host: String,
    pub(super) port: u16,
    /// With the query, as it goes into the request.
    pub(super) path: String,
    /// The value of the `Authorization` header.
    pub(super) authorization: Option<String>,
}

impl Url {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong =
            |what: &str| Error::new(ErrorKind::InvalidArgument, format!("the camera's address {what}"));
        // What is printable ASCII cannot begin a second line of the request.
        if !text.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(wrong(
                "has blanks or other characters that must be written as %20",
            ));
        }
        let rest = text
            .get(..7)
            .filter(|scheme| scheme.eq_ignore_ascii_case("http://"))
            .and_then(|_| text.get(7..))
            .ok_or_else(|| wrong("must begin with http://"))?;
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (userinfo, place) = authority
            .rsplit_once('@')
            .map_or((None, authority), |(user, place)| (Some(user), place));
        let (host, port) = match place.strip_prefix('[') {
            Some(ipv6) => {
                let (host, port) = ipv6
                    .split_once(']')
                    .ok_or_else(|| wrong("has no `]` after its host"))?;
                (host, port.strip_prefix(':'))
            }
            None => place
                .split_once(':')
                .map_or((place, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() {
            return Err(wrong("has no host"));
        }
        let port = match port {
            None | Some("") => 80,
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or_else(|| wrong("has a port that is none"))?,
        };
        let authorization = userinfo
            .map(|userinfo| {
                let plain = decoded(userinfo)
                    .ok_or_else(|| wrong("has a `%` without two hex digits in its name or password"))?;
                basic(&plain)
            })
            .transpose()?;
        Ok(Self {
            host: host.to_owned(),
            port,
            path: if path.starts_with('/') {
                path.to_owned()
            } else {
                format!("/{path}")
            },
            authorization,
        })
    }

    /// Where a redirect leads. Name and password go along to the same host only.
    pub(super) fn join(&self, location: &str) -> Result<Self> {
        let place = if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        };
        let mut joined = if location.contains("://") {
            Self::parse(location)?
        } else if let Some(elsewhere) = location.strip_prefix("//") {
            Self::parse(&format!("http://{elsewhere}"))?
        } else if location.starts_with('/') {
            Self::parse(&format!("http://{place}{location}"))?
        } else {
            let path = self.path.split('?').next().unwrap_or_default();
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            Self::parse(&format!("http://{place}{folder}/{location}"))?
        };
        if joined.authorization.is_none() && (&joined.host, joined.port) == (&self.host, self.port) {
            joined.authorization.clone_from(&self.authorization);
        }
        Ok(joined)
    }

    /// Host and port as the `Host` header has them.
    pub(super) fn host_header(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match self.port {
            80 => host,
            port => format!("{host}:{port}"),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = if self.authorization.is_some() { "***@" } else { "" };
        let (path, query) = self
            .path
            .split_once('?')
            .map_or((&*self.path, ""), |(path, _)| (path, "?***"));
        write!(f, "http://{who}{}{path}{query}", self.host_header())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

/// The `Authorization` header of RFC 7617.
fn basic(user_and_password: &[u8]) -> Result<String> {
    let colon: &[u8] = if user_and_password.contains(&b':') {
        b""
    } else {
        b":"
    };
    let plain = [user_and_password, colon].concat();
    let mut buffer = vec![0; base64_len(plain.len())];
    let encoded = base64_encode(&plain, &mut buffer)
        .map_err(|error| Error::new(error.kind, "name and password cannot be encoded"))?;
    Ok(format!("Basic {encoded}"))
}

/// `%20` and its like as octets; `None` for a `%` without two hex digits.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'%' => {
                let digit = |octet: u8| char::from(octet).to_digit(16);
                (digit(rest.next()?)? * 16 + digit(rest.next()?)?) as u8
            }
            octet => octet,
        });
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, u16, String) {
        let url = Url::parse(text).unwrap();
        (url.host, url.port, url.path)
    }

    #[test]
    fn an_address_is_taken_apart() {
        let is = |host: &str, port, path: &str| (host.to_owned(), port, path.to_owned());
        assert_eq!(
            parts("http://192.168.4.1/capture"),
            is("192.168.4.1", 80, "/capture")
        );
        assert_eq!(parts("HTTP://cam:81"), is("cam", 81, "/"));
        assert_eq!(parts("http://cam?x=1#y"), is("cam", 80, "/?x=1"));
        assert_eq!(parts("http://[fe80::1]:8080/a?b"), is("fe80::1", 8080, "/a?b"));
        assert_eq!(parts("http://a:b@c@cam/x@y"), is("cam", 80, "/x@y"));
    }

    #[test]
    fn name_and_password_become_a_header_and_are_never_shown() {
        let url = Url::parse("http://Aladdin:open%20sesame@cam/s?pwd=canary").unwrap();
        // RFC 7617, section 2.
        assert_eq!(
            url.authorization.as_deref(),
            Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
        );
        for shown in [url.to_string(), format!("{url:?}")] {
            assert!(shown.contains("http://***@cam/s?***"), "{shown}");
        }
        let alone = Url::parse("http://name@cam/").unwrap();
        assert_eq!(alone.authorization.as_deref(), Some("Basic bmFtZTo="));
    }

    #[test]
    fn a_wrong_address_is_refused_without_showing_it() {
        for wrong in [
            "http://",
            "http:///x",
            "http://u:canary@",
            "ftp://u:canary@cam/",
            "http://u:canary@cam:0/",
            "http://u:canary@cam:99999/",
            "http://u:canary@[::1/",
            "http://u:canary@cam/ HTTP/1.1\r\nX: y",
            "http://u:%zz@cam/",
            "http:/é",
            "http",
        ] {
            let error = Url::parse(wrong).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument, "{wrong}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_redirect_leads_on_and_takes_the_password_to_the_same_host_only() {
        let url = Url::parse("http://u:p@cam:81/a/b?c").unwrap();
        let to = |location: &str| {
            let joined = url.join(location).unwrap();
            (joined.to_string(), joined.authorization.is_some())
        };
        assert_eq!(to("/x"), ("http://***@cam:81/x".into(), true));
        assert_eq!(to("x"), ("http://***@cam:81/a/x".into(), true));
        assert_eq!(to("http://cam:81/x"), ("http://***@cam:81/x".into(), true));
        assert_eq!(to("http://cam/x"), ("http://cam/x".into(), false));
        assert_eq!(to("//other/x"), ("http://other/x".into(), false));
        assert!(url.join("https://cam/x").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_an_address_or_an_error(text in "\\PC{0,40}") {
            if let Ok(url) = Url::parse(&format!("http://{text}")) {
                proptest::prop_assert!(url.path.starts_with('/'));
                let sent = [url.host, url.path].concat();
                proptest::prop_assert!(!sent.contains(['\r', '\n', ' ']));
            }
        }
    }
}
