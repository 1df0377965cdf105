//! One GET by HTTP/1.1 (RFC 9112), every wait and every size bounded.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use faceiot_core::ErrorKind;

use super::url::Url;
use crate::camera::now_ms;
use crate::error::{Error, Result};
use crate::source::Stop;
use crate::source::stop::SLICE;

/// The head of an answer, and its body to be read.
pub(super) struct Response {
    pub(super) status: u16,
    /// In lower case, without parameters; empty when the server says none.
    pub(super) content_type: String,
    pub(super) location: Option<String>,
    pub(super) body: Body,
}

/// The octets of a body as they come.
pub(super) struct Body {
    stream: TcpStream,
    /// Read from the connection and not given out yet, and when the last of it came.
    ahead: Vec<u8>,
    came_ms: u64,
    framing: Framing,
    stop: Stop,
    /// For errors.
    url: String,
}

#[derive(Debug)]
enum Framing {
    /// So many octets are left.
    Length(u64),
    UntilClose,
    Chunked(Chunk),
}

#[derive(Debug)]
enum Chunk {
    /// A line with a size comes next.
    Size,
    /// So many octets of this chunk are left.
    Data(u64),
    /// The line end behind a chunk comes next.
    DataEnd,
    Last,
}

/// Asks, and reads the head of the answer.
pub(super) fn get(url: &Url, deadline: Instant, stop: &Stop) -> Result<Response> {
    let shown = url.to_string();
    let mut stream = connect(url, deadline)?;
    let authorization = match &url.authorization {
        Some(value) => format!("Authorization: {value}\r\n"),
        None => String::new(),
    };
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\n{authorization}Accept: image/jpeg, multipart/x-mixed-replace, */*;q=0.1\r\n\
         User-Agent: faceiot/{}\r\nConnection: close\r\n\r\n",
        url.path,
        url.host_header(),
        env!("CARGO_PKG_VERSION")
    );
    left(deadline)
        .and_then(|left| stream.set_write_timeout(Some(left)))
        .and_then(|()| stream.write_all(request.as_bytes()))
        .map_err(|error| failed(&shown, &error))?;

    let mut octets = Vec::new();
    loop {
        let mut piece = [0; 4_096];
        let read =
            read_some(&mut stream, &mut piece, deadline, stop).map_err(|error| failed(&shown, &error))?;
        octets.extend_from_slice(piece.get(..read).unwrap_or_default());
        if let Some(head) = Head::parse(&octets).map_err(|what| broken(&shown, &what))? {
            if (100..200).contains(&head.status) {
                octets.drain(..head.length);
                continue;
            }
            octets.drain(..head.length);
            return Ok(Response {
                status: head.status,
                content_type: head.content_type,
                location: head.location,
                body: Body {
                    stream,
                    ahead: octets,
                    came_ms: now_ms(),
                    framing: head.framing,
                    stop: stop.clone(),
                    url: shown,
                },
            });
        }
        if read == 0 {
            let words = format!("`{shown}` closed the connection before it answered");
            return Err(Error::new(ErrorKind::Disconnected, words));
        }
        if octets.len() > LONGEST_HEAD {
            return Err(broken(&shown, "answers with a head that is too long"));
        }
    }
}

fn connect(url: &Url, deadline: Instant) -> Result<TcpStream> {
    // The resolver of the system has no time-out but its own.
    let addresses = (&*url.host, url.port)
        .to_socket_addrs()
        .map_err(|error| Error::new(ErrorKind::Dns, format!("`{}`: {error}", url.host)))?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            last = io::ErrorKind::TimedOut.into();
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(failed(&url.to_string(), &last))
}

impl Body {
    /// Fills some of `piece`; 0 at the end of the body.
    pub(super) fn read(&mut self, piece: &mut [u8], deadline: Instant) -> Result<usize> {
        loop {
            let most = match &mut self.framing {
                Framing::Length(0) | Framing::Chunked(Chunk::Last) => return Ok(0),
                Framing::Length(left) | Framing::Chunked(Chunk::Data(left)) => *left,
                Framing::UntilClose => u64::MAX,
                Framing::Chunked(chunk) => {
                    let step = chunk.step(&mut self.ahead);
                    if step.map_err(|what| broken(&self.url, what))? {
                        continue;
                    }
                    if self.more(deadline)? == 0 {
                        return Err(cut_off(&self.url));
                    }
                    continue;
                }
            };
            if self.ahead.is_empty() && self.more(deadline)? == 0 {
                return match self.framing {
                    Framing::UntilClose => Ok(0),
                    _ => Err(cut_off(&self.url)),
                };
            }
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let count = self.ahead.len().min(piece.len()).min(most);
            for (to, from) in piece.iter_mut().zip(self.ahead.drain(..count)) {
                *to = from;
            }
            match &mut self.framing {
                Framing::Length(left) => *left -= count as u64,
                Framing::Chunked(chunk) => chunk.took(count as u64),
                Framing::UntilClose => {}
            }
            return Ok(count);
        }
    }

    /// When the octets that were given out last came.
    pub(super) fn came_ms(&self) -> u64 {
        self.came_ms
    }

    /// The whole body, unless it is larger than the cap.
    pub(super) fn read_all(&mut self, cap: usize, deadline: Instant) -> Result<Vec<u8>> {
        let too_large = |url: &str| {
            let words = format!("`{url}` answers with more than {cap} octets");
            Error::new(ErrorKind::FrameTooLarge, words)
        };
        if matches!(self.framing, Framing::Length(length) if length > cap as u64) {
            return Err(too_large(&self.url));
        }
        let mut octets = Vec::new();
        let mut piece = vec![0; 16 << 10];
        loop {
            match self.read(&mut piece, deadline)? {
                0 => return Ok(octets),
                read if octets.len() + read > cap => return Err(too_large(&self.url)),
                read => octets.extend_from_slice(piece.get(..read).unwrap_or_default()),
            }
        }
    }

    fn more(&mut self, deadline: Instant) -> Result<usize> {
        let mut piece = [0; 16 << 10];
        let read = read_some(&mut self.stream, &mut piece, deadline, &self.stop)
            .map_err(|error| failed(&self.url, &error))?;
        self.came_ms = now_ms();
        self.ahead
            .extend_from_slice(piece.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl Drop for Body {
    /// Ends the connection also when a forked child has it too: such cameras serve one viewer.
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both); // ended already
    }
}

impl Chunk {
    /// Goes on by what lies between two chunks; false when more octets are needed.
    fn step(&mut self, ahead: &mut Vec<u8>) -> std::result::Result<bool, &'static str> {
        let Some(end) = ahead.windows(2).position(|two| two == b"\r\n") else {
            if ahead.len() > LONGEST_LINE {
                return Err("sends a chunk without a size");
            }
            return Ok(false);
        };
        let line: Vec<u8> = ahead.drain(..end + 2).collect();
        let line = line.get(..end).unwrap_or_default();
        *self = match self {
            Self::DataEnd if line.is_empty() => Self::Size,
            Self::DataEnd => return Err("sends a chunk that is longer than it says"),
            _ => match httparse::parse_chunk_size(&[line, b"\r\n"].concat()) {
                Ok(httparse::Status::Complete((_, 0))) => Self::Last,
                Ok(httparse::Status::Complete((_, size))) => Self::Data(size),
                _ => return Err("sends a chunk without a size"),
            },
        };
        Ok(true)
    }

    fn took(&mut self, count: u64) {
        if let Self::Data(left) = self {
            *left -= count;
            if *left == 0 {
                *self = Self::DataEnd;
            }
        }
    }
}

struct Head {
    status: u16,
    content_type: String,
    location: Option<String>,
    framing: Framing,
    /// Octets of it.
    length: usize,
}

impl Head {
    fn parse(octets: &[u8]) -> std::result::Result<Option<Self>, String> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(octets) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(error) => return Err(format!("does not speak HTTP ({error})")),
        };
        let value = |name: &str| {
            response
                .headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case(name))
                .map(|header| String::from_utf8_lossy(header.value).trim().to_owned())
        };
        let kind = value("content-type").unwrap_or_default().to_ascii_lowercase();
        let chunked =
            value("transfer-encoding").is_some_and(|coding| coding.to_ascii_lowercase().ends_with("chunked"));
        let framing = if chunked {
            Framing::Chunked(Chunk::Size)
        } else if let Some(length) = value("content-length") {
            let length = length
                .parse()
                .map_err(|_| "gives a length that is no number".to_owned())?;
            Framing::Length(length)
        } else {
            Framing::UntilClose
        };
        Ok(Some(Self {
            status: response.code.unwrap_or(0),
            content_type: kind.split(';').next().unwrap_or_default().trim().to_owned(),
            location: value("location"),
            framing,
            length,
        }))
    }
}

/// Some octets before the deadline; 0 when the peer closed.
fn read_some(stream: &mut TcpStream, piece: &mut [u8], deadline: Instant, stop: &Stop) -> io::Result<usize> {
    use io::ErrorKind::{ConnectionAborted, Interrupted, TimedOut, WouldBlock};
    loop {
        if stop.is_said() {
            return Err(ConnectionAborted.into());
        }
        stream.set_read_timeout(Some(left(deadline)?.min(SLICE)))?;
        match stream.read(piece) {
            Err(error) if matches!(error.kind(), Interrupted | TimedOut | WouldBlock) => {}
            done => return done,
        }
    }
}

/// The time until the deadline, unless that is over.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}

fn failed(url: &str, error: &io::Error) -> Error {
    let (kind, words) = match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            (ErrorKind::Timeout, "does not answer in time".to_owned())
        }
        io::ErrorKind::ConnectionRefused => {
            (ErrorKind::ConnectionRefused, "refuses the connection".to_owned())
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            (ErrorKind::Disconnected, "closed the connection".to_owned())
        }
        _ => (ErrorKind::Io, error.to_string()),
    };
    Error::new(kind, format!("`{url}` {words}"))
}

fn cut_off(url: &str) -> Error {
    let words = format!("`{url}` closed the connection before all had come");
    Error::new(ErrorKind::Disconnected, words)
}

fn broken(url: &str, what: &str) -> Error {
    Error::new(ErrorKind::Protocol, format!("`{url}` {what}"))
}

const LONGEST_HEAD: usize = 16 << 10;
const MOST_HEADERS: usize = 64;
/// Of the line with a chunk's size.
const LONGEST_LINE: usize = 1 << 10;

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_camera_that_is_let_go_is_free_though_a_child_holds_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let spec = format!("http://{}/", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let mut request = Vec::new();
            stream.read_to_end(&mut request).map(|_| request)
        });
        let deadline = Instant::now() + Duration::from_mins(1);
        let response = get(&Url::parse(&spec).unwrap(), deadline, &Stop::default()).unwrap();
        let childs = response.body.stream.try_clone().unwrap();
        drop(response);
        assert!(server.join().unwrap().unwrap().starts_with(b"GET / HTTP/1.1\r\n"));
        drop(childs);
    }
}
