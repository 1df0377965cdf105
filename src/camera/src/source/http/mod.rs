//! Cameras that are web servers: an ESP32-CAM's `/capture` and `/stream`, and whatever else answers GET with a JPEG or
//! with `multipart/x-mixed-replace`.
//!
//! | module | answers |
//! |---|---|
//! | `url` | where is it, and what may be shown of it |
//! | `client` | how is one GET done within limits of time and size |

mod client;
mod url;

use std::time::{Duration, Instant};

use faceiot_core::ErrorKind;

use crate::camera::now_ms;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::jpeg::{self, Splitter};
use crate::source::{FrameSource, Lost, MAX_JPEG, Mode, NO_PICTURE, Stop, Wish};
use client::{Body, Response};
use url::Url;

/// A camera's web server.
pub(crate) struct Http {
    url: Url,
    timeout: Duration,
    kind: Kind,
    size: Option<(u32, u32)>,
    damaged: u64,
    stop: Stop,
}

enum Kind {
    /// Every photo is a request.
    Snapshot,
    /// One answer without end.
    Stream { body: Body, splitter: Splitter },
}

/// Asks once, to learn what the server gives.
pub(crate) fn open(spec: &str, wish: &Wish, stop: &Stop) -> Result<Http> {
    let url = Url::parse(spec)?;
    let response = fetch(&url, Instant::now() + wish.timeout, stop)?;
    // The picture of a server of pictures is let go: it would be old when somebody asks for one.
    let kind = if is_stream(&response) {
        Kind::Stream {
            body: response.body,
            splitter: Splitter::new(MAX_JPEG),
        }
    } else {
        Kind::Snapshot
    };
    Ok(Http {
        url,
        timeout: wish.timeout,
        kind,
        size: None,
        damaged: 0,
        stop: stop.clone(),
    })
}

/// Follows redirects to an answer that is a picture or a stream of them.
fn fetch(url: &Url, deadline: Instant, stop: &Stop) -> Result<Response> {
    let mut url = url.clone();
    for _ in 0..=REDIRECTS {
        let response = client::get(&url, deadline, stop)?;
        let failed = |kind, words: String| Err(Error::new(kind, format!("`{url}` {words}")));
        match response.status {
            200 => {}
            301 | 302 | 303 | 307 | 308 => {
                let Some(location) = &response.location else {
                    return failed(ErrorKind::Http, "redirects to nowhere".into());
                };
                url = url.join(location)?;
                continue;
            }
            401 | 403 => {
                let words = "refuses: write name and password into it, http://NAME:PASSWORD@HOST/PATH";
                return failed(ErrorKind::Refused, words.into());
            }
            404 => return failed(ErrorKind::NotFound, "is not there (404)".into()),
            status => return failed(ErrorKind::Http, format!("answers with status {status}")),
        }
        let kind = &response.content_type;
        let is_picture = ["image/", "multipart/", "application/octet-stream"]
            .iter()
            .any(|good| kind.starts_with(good));
        if !is_picture && !kind.is_empty() {
            let words = format!(
                "answers with {kind}, not with a picture: is the path right? (/capture, /stream, /jpg)"
            );
            return failed(ErrorKind::Http, words);
        }
        return Ok(response);
    }
    Err(Error::new(
        ErrorKind::Http,
        format!("`{url}` redirects more than {REDIRECTS} times"),
    ))
}

fn is_stream(response: &Response) -> bool {
    response.content_type.starts_with("multipart/")
}

impl FrameSource for Http {
    fn next(&mut self) -> Result<Frame> {
        let deadline = Instant::now() + self.timeout;
        let frame = match &mut self.kind {
            Kind::Snapshot => {
                let mut response = fetch(&self.url, deadline, &self.stop)?;
                if is_stream(&response) {
                    let words = format!("`{}` gave pictures and is a stream now: open it again", self.url);
                    return Err(Error::new(ErrorKind::Http, words));
                }
                let octets = response.body.read_all(MAX_JPEG, deadline)?;
                let whole = jpeg::repair(&octets)
                    .inspect_err(|_| self.damaged += 1)
                    .map_err(|error| Error::new(error.kind, format!("`{}`: {error}", self.url)))?;
                Frame::from_jpeg(whole)?.with_time_ms(now_ms())
            }
            Kind::Stream { body, splitter } => {
                next_of_stream(&self.url, body, splitter, &mut self.damaged, deadline)?
            }
        };
        self.size = Some((frame.width(), frame.height()));
        Ok(frame.with_source(self.url.to_string()))
    }

    fn describe(&self) -> String {
        self.url.to_string()
    }

    /// Known from the first frame on.
    fn mode(&self) -> Option<Mode> {
        self.size.map(|(width, height)| Mode {
            width,
            height,
            format: "MJPG".into(),
            fps: None,
        })
    }

    fn live(&self) -> bool {
        matches!(self.kind, Kind::Stream { .. })
    }

    fn remote(&self) -> bool {
        true
    }

    fn lost(&self) -> Lost {
        let damaged = match &self.kind {
            Kind::Snapshot => 0,
            Kind::Stream { splitter, .. } => splitter.damaged(),
        };
        Lost {
            dropped: 0,
            damaged: self.damaged + damaged,
        }
    }
}

/// The part headers between two pictures are stepped over as what they are to a splitter: no picture. Firmwares differ in
/// where they write the boundary and whether they give lengths; the markers of a JPEG are always the same.
fn next_of_stream(
    url: &Url,
    body: &mut Body,
    splitter: &mut Splitter,
    broken: &mut u64,
    deadline: Instant,
) -> Result<Frame> {
    let mut piece = vec![0; 16 << 10];
    loop {
        while let Some(picture) = splitter.next() {
            match jpeg::repair(&picture).and_then(Frame::from_jpeg) {
                Ok(frame) => return Ok(frame.with_time_ms(splitter.begun_ms())),
                Err(_) => *broken += 1,
            }
        }
        if splitter.between() > NO_PICTURE {
            let words = format!("`{url}` sends a stream of something else than JPEGs");
            return Err(Error::new(ErrorKind::Jpeg, words));
        }
        match body.read(&mut piece, deadline)? {
            0 => {
                let words = format!("`{url}` ended its stream");
                return Err(Error::new(ErrorKind::Disconnected, words));
            }
            read => splitter.push_at(piece.get(..read).unwrap_or_default(), body.came_ms()),
        }
    }
}

const REDIRECTS: usize = 5;
