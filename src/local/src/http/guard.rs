//! Who may ask.
//!
//! The interface is on loopback, where two kinds of stranger live: other users of this computer, and web pages in the
//! browser of its owner. Against the first stands the token (a file that only the owner reads) or the cookie (got with
//! a one-time code that only the owner sees). Against the second: the `Host` must be a name of this computer, or a
//! page could re-point its own name to 127.0.0.1; an `Origin`, when there is one, must be this server; the cookie is
//! `SameSite=Strict`; and no answer may be framed, sniffed or read across origins.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use faceiot::{ErrorKind, Result};
use faceiot_core::digest::ct_eq;

use super::Api;
use super::answer::Failure;
use crate::data_dir::random_text;

/// Keeps the token, the codes that are out and the cookies that are in use.
pub(crate) struct Guard {
    hosts: Vec<String>,
    port: u16,
    token: String,
    codes: Mutex<Issued>,
    cookies: Mutex<Issued>,
}

/// The newest few random texts, each with the moment it ends.
struct Issued {
    texts: VecDeque<(String, Instant)>,
    most: usize,
    life: Duration,
}

impl Guard {
    pub(crate) fn new(addr: SocketAddr, token: String) -> Self {
        let port = addr.port();
        let mut hosts: Vec<String> = ["127.0.0.1", "localhost", "[::1]"]
            .map(|host| format!("{host}:{port}"))
            .into();
        hosts.push(match addr.ip() {
            IpAddr::V4(ip) => format!("{ip}:{port}"),
            IpAddr::V6(ip) => format!("[{ip}]:{port}"),
        });
        Self {
            hosts,
            port,
            token,
            codes: Mutex::new(Issued::new(16, Duration::from_mins(10))),
            cookies: Mutex::new(Issued::new(64, Duration::from_hours(7 * 24))),
        }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A link that opens the page once, within ten minutes.
    pub(crate) fn new_link(&self) -> Result<String> {
        let code = self.new_code()?;
        let host = self.hosts.last().map_or("", String::as_str);
        Ok(format!("http://{host}/login?code={code}"))
    }

    fn new_code(&self) -> Result<String> {
        let code = random_text(32)?;
        self.codes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(code.clone());
        Ok(code)
    }

    /// Takes a code back and gives the `Set-Cookie` that it buys; `None` for a code that is not out.
    pub(super) fn redeem(&self, code: &str) -> Result<Option<HeaderValue>> {
        if !self
            .codes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(code)
        {
            return Ok(None);
        }
        let cookie = random_text(43)?;
        let text = format!(
            "{}={cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age=604800",
            self.cookie_name()
        );
        self.cookies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(cookie);
        Ok(HeaderValue::try_from(text).ok())
    }

    pub(super) fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie_name();
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(key, value)| key == name && cookies.has(value))
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|token| ct_eq(token.as_bytes(), self.token.as_bytes()))
    }

    /// Browsers keep cookies per host and not per port: two clouds on one computer need two names.
    fn cookie_name(&self) -> String {
        format!("faceiot-{}", self.port)
    }

    fn is_own_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }

    fn judge(&self, request: &Request) -> Result<(), Failure> {
        let headers = request.headers();
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        if !self.is_own_host(host) {
            return Err(Failure::new(
                StatusCode::MISDIRECTED_REQUEST,
                ErrorKind::Http,
                "the Host of this request is not a name of this computer",
            ));
        }
        let origin = headers
            .get(header::ORIGIN)
            .map(|origin| origin.to_str().unwrap_or("null"));
        if let Some(origin) = origin
            && !origin
                .strip_prefix("http://")
                .is_some_and(|host| self.is_own_host(host))
        {
            return Err(forbidden("this request comes from another site"));
        }
        if OPEN.contains(&request.uri().path()) || self.has_token(headers) {
            return Ok(());
        }
        if !self.has_cookie(headers) {
            return Err(Failure::new(
                StatusCode::UNAUTHORIZED,
                ErrorKind::Refused,
                "a bearer token (`api.token` in the data folder) or the page's cookie is needed",
            ));
        }
        // A cookie comes along whoever makes the request, so what changes something must say where it comes from.
        let same_site = headers
            .get("sec-fetch-site")
            .is_some_and(|site| site == "same-origin");
        if request.method() != Method::GET
            && request.method() != Method::HEAD
            && origin.is_none()
            && !same_site
        {
            return Err(forbidden(
                "a request with a cookie that changes something needs its Origin",
            ));
        }
        Ok(())
    }
}

/// The middleware around everything.
pub(super) async fn check(State(api): State<Api>, request: Request, next: Next) -> Response {
    let mut response = match api.guard.judge(&request) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    response
}

impl Issued {
    const fn new(most: usize, life: Duration) -> Self {
        Self {
            texts: VecDeque::new(),
            most,
            life,
        }
    }

    fn add(&mut self, text: String) {
        if self.texts.len() >= self.most {
            self.texts.pop_front();
        }
        self.texts.push_back((text, Instant::now() + self.life));
    }

    fn has(&self, text: &str) -> bool {
        // Every entry is compared, so that the time says nothing about which one came close.
        let now = Instant::now();
        let found = self.texts.iter().filter(|(own, end)| {
            let same = ct_eq(own.as_bytes(), text.as_bytes());
            same && *end > now
        });
        found.count() > 0
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.has(text);
        self.texts
            .retain(|(own, _)| !ct_eq(own.as_bytes(), text.as_bytes()));
        found
    }
}

fn forbidden(message: &'static str) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, ErrorKind::Refused, message)
}

/// Paths that show nothing of value without the token. `/` decides for itself which page it shows.
const OPEN: [&str; 4] = ["/", "/icon.svg", "/login", "/health"];

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new("127.0.0.1:8080".parse().unwrap(), "t".repeat(43))
    }

    fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request {
        let mut builder = axum::http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(axum::body::Body::empty()).unwrap()
    }

    fn status(guard: &Guard, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
        match guard.judge(&request(method, path, headers)) {
            Ok(()) => 200,
            Err(failure) => failure.into_response().status().as_u16(),
        }
    }

    #[test]
    fn only_names_of_this_computer_and_its_own_origin_are_served() {
        let guard = guard();
        let bearer = format!("Bearer {}", "t".repeat(43));
        let with = |host, origin: Option<&str>| {
            let mut headers = vec![("host", host), ("authorization", bearer.as_str())];
            headers.extend(origin.map(|origin| ("origin", origin)));
            status(&guard, "GET", "/api/devices", &headers)
        };
        assert_eq!(with("127.0.0.1:8080", None), 200);
        assert_eq!(with("LOCALHOST:8080", None), 200);
        assert_eq!(with("[::1]:8080", None), 200);
        for host in [
            "evil.example:8080",
            "127.0.0.1",
            "127.0.0.1:81",
            "localhost.evil.example:8080",
            "",
        ] {
            assert_eq!(with(host, None), 421, "{host}");
        }
        assert_eq!(with("127.0.0.1:8080", Some("http://localhost:8080")), 200);
        for origin in [
            "http://evil.example",
            "null",
            "https://127.0.0.1:8080",
            "http://127.0.0.1:8081",
        ] {
            assert_eq!(with("127.0.0.1:8080", Some(origin)), 403, "{origin}");
        }
    }

    #[test]
    fn without_token_or_cookie_only_health_and_the_way_in_are_open() {
        let guard = guard();
        let host = ("host", "127.0.0.1:8080");
        for path in [
            "/api/devices",
            "/api/events",
            "/api/photos/1/image",
            "/metrics",
            "/nothing",
        ] {
            assert_eq!(status(&guard, "GET", path, &[host]), 401, "{path}");
            assert_eq!(
                status(&guard, "GET", path, &[host, ("authorization", "Bearer wrong")]),
                401,
                "{path}"
            );
        }
        assert_eq!(status(&guard, "GET", "/health", &[host]), 200);
    }

    #[test]
    fn a_code_buys_one_cookie_that_only_scripts_of_this_site_may_use() {
        let guard = guard();
        let code = guard.new_code().unwrap();
        let set = guard.redeem(&code).unwrap().unwrap();
        assert!(guard.redeem(&code).unwrap().is_none(), "only once");
        assert!(guard.redeem("").unwrap().is_none());
        let set = set.to_str().unwrap();
        assert!(
            set.contains("HttpOnly") && set.contains("SameSite=Strict"),
            "{set}"
        );
        let cookie = set.split(';').next().unwrap();
        let base = [("host", "127.0.0.1:8080"), ("cookie", cookie)];
        assert_eq!(status(&guard, "GET", "/api/devices", &base), 200);
        assert_eq!(status(&guard, "POST", "/api/devices", &base), 403);
        let from_page = [base[0], base[1], ("origin", "http://127.0.0.1:8080")];
        assert_eq!(status(&guard, "POST", "/api/devices", &from_page), 200);
        let mixed = [base[0], ("cookie", "a=b; faceiot-8080=guess; faceiot-9=x")];
        assert_eq!(status(&guard, "GET", "/api/devices", &mixed), 401);
    }
}
