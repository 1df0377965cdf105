//! A small HTTP client for the local cloud: JSON, files, and server-sent events. The only file that touches reqwest.
//!
//! It goes straight to the address it is given: no proxy from the environment, no redirects. Answers have a cap.

mod sse;

use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::Tls;
use crate::error::{Error, ErrorKind, Result};
use crate::tls;

pub use sse::{SseEvent, SseParser};

/// A client of one server. Cloning shares its connections.
///
/// ```no_run
/// # async fn example() -> Result<(), faceiot::Error> {
/// use faceiot::http::Client;
///
/// let cloud = Client::new("http://127.0.0.1:8080", Some("token"), None)?;
/// let devices: serde_json::Value = cloud.get_json("/api/devices").await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    base: String,
    http: reqwest::Client,
}

impl Client {
    /// A client of the server at `base` (`http://127.0.0.1:8080`), which shows `token` as a bearer and, for
    /// `https`, believes the authorities in the PEM text `ca` (`None`: the system's).
    ///
    /// # Errors
    /// `Config` for an address, token or CA that cannot be used.
    pub fn new(base: &str, token: Option<&str>, ca: Option<&[u8]>) -> Result<Self> {
        let config = |words: String| Error::new(ErrorKind::Config, words);
        let url = reqwest::Url::parse(base)
            .map_err(|error| config(format!("`{base}` is not an address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(config(format!(
                "`{base}` is not an `http://` or `https://` address"
            )));
        }
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            let mut value = HeaderValue::try_from(format!("Bearer {token}"))
                .map_err(|_| config("the token holds characters that a header cannot".into()))?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        tls::install();
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .default_headers(headers);
        if url.scheme() == "https" {
            let security = ca.map_or(Tls::System, |pem| Tls::CaPem(pem.to_vec()));
            if let Some(config) = tls::client_config(&security)? {
                builder = builder.tls_backend_preconfigured((*config).clone());
            }
        }
        let http = builder
            .build()
            .map_err(|error| config(format!("no HTTP client: {error}")).with_source(error))?;
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            http,
        })
    }

    /// `GET`, and the answer as JSON.
    ///
    /// # Errors
    /// `Http` and what the server said; `NotFound` (404), `Refused` (401, 403), `Timeout` (408, 504); the
    /// connection's own errors.
    pub async fn get_json<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        json(self.request(Method::GET, path, None).await?).await
    }

    /// `POST` of a JSON value, and the answer as JSON.
    ///
    /// # Errors
    /// As [`get_json`](Self::get_json).
    pub async fn post_json<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let body = serde_json::to_vec(body).map_err(|error| {
            Error::new(ErrorKind::Json, format!("not serialisable: {error}")).with_source(error)
        })?;
        json(self.request(Method::POST, path, Some(body)).await?).await
    }

    /// `DELETE`; what the server answers is not read.
    ///
    /// # Errors
    /// As [`get_json`](Self::get_json).
    pub async fn delete(&self, path: &str) -> Result<()> {
        self.request(Method::DELETE, path, None).await.map(|_| ())
    }

    /// `GET`, and the octets of the answer.
    ///
    /// # Errors
    /// As [`get_json`](Self::get_json).
    pub async fn get_bytes(&self, path: &str) -> Result<Vec<u8>> {
        let mut response = self.request(Method::GET, path, None).await?;
        body(&mut response).await
    }

    /// Opens a stream of server-sent events.
    ///
    /// # Errors
    /// As [`get_json`](Self::get_json).
    pub async fn events(&self, path: &str) -> Result<SseStream> {
        let request = self
            .http
            .get(self.url(path)?)
            .header(header::ACCEPT, "text/event-stream");
        let response = checked(request.send().await.map_err(failed)?).await?;
        Ok(SseStream {
            response,
            parser: SseParser::new(),
        })
    }

    async fn request(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Response> {
        let mut request = self
            .http
            .request(method, self.url(path)?)
            .timeout(REQUEST_TIMEOUT);
        if let Some(body) = body {
            request = request
                .header(header::CONTENT_TYPE, "application/json")
                .body(body);
        }
        checked(request.send().await.map_err(failed)?).await
    }

    fn url(&self, path: &str) -> Result<String> {
        if path.starts_with('/') {
            Ok(format!("{}{path}", self.base))
        } else {
            Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("the path `{path}` does not begin with `/`"),
            ))
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// Events of a server, as they come.
pub struct SseStream {
    response: Response,
    parser: SseParser,
}

impl SseStream {
    /// The next event; `None` when the server ended the stream. Cancel safe.
    ///
    /// # Errors
    /// `Disconnected` when the connection is lost, `Protocol` for an event larger than 1 MiB.
    pub async fn next(&mut self) -> Result<Option<SseEvent>> {
        loop {
            if let Some(event) = self.parser.next_event()? {
                return Ok(Some(event));
            }
            match self.response.chunk().await.map_err(failed)? {
                Some(octets) => self.parser.push(&octets),
                None => return Ok(None),
            }
        }
    }
}

async fn json<T: DeserializeOwned>(mut response: Response) -> Result<T> {
    let octets = body(&mut response).await?;
    serde_json::from_slice(&octets).map_err(|error| {
        Error::new(
            ErrorKind::Http,
            format!("the server's answer is not the JSON expected: {error}"),
        )
        .with_source(error)
    })
}

async fn body(response: &mut Response) -> Result<Vec<u8>> {
    let mut octets = Vec::new();
    while let Some(part) = response.chunk().await.map_err(failed)? {
        if octets.len() + part.len() > MAX_BODY {
            return Err(Error::new(
                ErrorKind::Http,
                format!("the server's answer has more than {MAX_BODY} octets"),
            ));
        }
        octets.extend_from_slice(&part);
    }
    Ok(octets)
}

/// Turns an answer that is not a success into an error that holds what the server said.
async fn checked(mut response: Response) -> Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let said = body(&mut response).await.unwrap_or_default();
    let words = serde_json::from_slice::<serde_json::Value>(&said)
        .ok()
        .and_then(|answer| {
            let error = answer.get("error").unwrap_or(&answer);
            error
                .as_str()
                .or_else(|| error.get("message")?.as_str())
                .map(str::to_owned)
        })
        .unwrap_or_else(|| String::from_utf8_lossy(&said).chars().take(200).collect());
    let kind = match status {
        StatusCode::NOT_FOUND => ErrorKind::NotFound,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorKind::Refused,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => ErrorKind::Timeout,
        StatusCode::INSUFFICIENT_STORAGE => ErrorKind::DiskFull,
        _ => ErrorKind::Http,
    };
    let words = words.trim();
    Err(Error::new(
        kind,
        if words.is_empty() {
            format!("HTTP {status}")
        } else {
            format!("HTTP {status}: {words}")
        },
    ))
}

fn failed(error: reqwest::Error) -> Error {
    let kind = if error.is_timeout() {
        ErrorKind::Timeout
    } else if error.is_connect() {
        ErrorKind::ConnectionRefused
    } else {
        ErrorKind::Disconnected
    };
    // reqwest's own line says only "error sending request"; the cause is further down.
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Error::new(kind, format!("the HTTP request failed: {cause}")).with_source(error)
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than a command may take (20 s).
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
const MAX_BODY: usize = 64 * 1024 * 1024;
