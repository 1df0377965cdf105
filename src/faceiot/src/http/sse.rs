//! Server-sent events: octets in, events out, as the HTML standard has it (section 9.2.6), with a cap.

use crate::error::{Error, ErrorKind, Result};

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The `event` field; `message` when the server gave none.
    pub event: String,
    /// The `data` lines, joined by line feeds.
    pub data: String,
    /// The last `id` seen on the stream.
    pub id: String,
}

/// Takes a stream apart, however it is cut.
///
/// ```
/// use faceiot::http::SseParser;
///
/// let mut parser = SseParser::new();
/// parser.push(b"event: photo\ndata: {\"id\":1}\n\n");
/// let event = parser.next_event()?.expect("an empty line ends an event");
/// assert_eq!((event.event.as_str(), event.data.as_str()), ("photo", "{\"id\":1}"));
/// # Ok::<(), faceiot::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct SseParser {
    buffer: Vec<u8>,
    /// How much of the buffer is taken apart already.
    done: usize,
    event: String,
    data: String,
    has_data: bool,
    id: String,
    /// The stream's first octets may be a byte order mark.
    started: bool,
}

impl SseParser {
    /// A parser at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds octets as they came.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.drain(..self.done);
        self.done = 0;
        self.buffer.extend_from_slice(octets);
    }

    /// The next whole event.
    ///
    /// # Errors
    /// `Protocol` when one event or line has more than 1 MiB.
    pub fn next_event(&mut self) -> Result<Option<SseEvent>> {
        while let Some(line) = self.line() {
            if self.data.len() + line.len() > MAX_EVENT {
                return Err(too_large());
            }
            if line.is_empty() {
                let event = std::mem::take(&mut self.event);
                let data = std::mem::take(&mut self.data);
                if std::mem::take(&mut self.has_data) {
                    let event = if event.is_empty() {
                        "message".to_owned()
                    } else {
                        event
                    };
                    return Ok(Some(SseEvent {
                        event,
                        data,
                        id: self.id.clone(),
                    }));
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.event),
                "data" => {
                    if std::mem::replace(&mut self.has_data, true) {
                        self.data.push('\n');
                    }
                    self.data.push_str(value);
                }
                "id" if !value.contains('\0') => value.clone_into(&mut self.id),
                // `retry`, comments (an empty field) and unknown fields are passed over.
                _ => {}
            }
        }
        if self.buffer.len() - self.done > MAX_EVENT {
            return Err(too_large());
        }
        Ok(None)
    }

    /// The next line without its end: LF, CR LF or CR.
    fn line(&mut self) -> Option<String> {
        let rest = &self.buffer[self.done..];
        let end = rest.iter().position(|octet| matches!(octet, b'\n' | b'\r'))?;
        let ending = match (rest[end], rest.get(end + 1)) {
            (b'\r', Some(b'\n')) => 2,
            // The LF that belongs to this CR may still be on its way.
            (b'\r', None) => return None,
            _ => 1,
        };
        let mut text = &rest[..end];
        if !std::mem::replace(&mut self.started, true) {
            text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        }
        let line = String::from_utf8_lossy(text).into_owned();
        self.done += end + ending;
        Some(line)
    }
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::Protocol,
        format!("an event of the server has more than {MAX_EVENT} octets"),
    )
}

const MAX_EVENT: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b"\xEF\xBB\xBF: hello\r\nevent: photo\r\nid: 7\r\ndata: a\r\ndata: b\r\n\r\n\
                            data:x\n\nevent: nothing\n\nretry: 10\ndata\n\n";

    fn expected() -> Vec<SseEvent> {
        [("photo", "a\nb"), ("message", "x"), ("message", "")]
            .map(|(event, data)| SseEvent {
                event: event.into(),
                data: data.into(),
                id: "7".into(),
            })
            .to_vec()
    }

    #[test]
    fn events_come_out_the_same_however_the_stream_is_cut() {
        for size in 1..=STREAM.len() {
            let mut parser = SseParser::new();
            let mut events = Vec::new();
            for part in STREAM.chunks(size) {
                parser.push(part);
                while let Some(event) = parser.next_event().unwrap() {
                    events.push(event);
                }
            }
            assert_eq!(events, expected(), "in pieces of {size}");
        }
    }

    #[test]
    fn an_event_without_end_is_refused_before_it_fills_the_memory() {
        let mut parser = SseParser::new();
        let refused = (0..40).find_map(|_| {
            parser.push(&vec![b'x'; 64 * 1024]);
            parser.next_event().err()
        });
        assert_eq!(refused.map(|error| error.kind()), Some(ErrorKind::Protocol));
    }
}
