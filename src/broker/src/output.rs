//! Bytes on their way to one client.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

/// Input is not read, and the mailbox not emptied, while so much waits to be written.
pub(crate) const HIGH: usize = 64 << 10;

/// The writing half of a connection with what it has not taken yet.
pub(crate) struct Output<W> {
    stream: W,
    pub(crate) bytes: Vec<u8>,
    /// How much of `bytes` is written.
    sent: usize,
    /// Written, and perhaps still in a buffer of TLS.
    unflushed: bool,
    /// When the client last took something, or had nothing to take.
    progress: Instant,
}

impl<W: AsyncWrite + Unpin> Output<W> {
    pub(crate) fn new(stream: W) -> Self {
        Self {
            stream,
            bytes: Vec::new(),
            sent: 0,
            unflushed: false,
            progress: Instant::now(),
        }
    }

    /// One step: writes what the stream takes, or flushes it when everything is written. May be cancelled and
    /// called again.
    pub(crate) async fn push(&mut self) -> io::Result<()> {
        if self.unsent() == 0 {
            self.stream.flush().await?;
            self.unflushed = false;
        } else {
            match self.stream.write(&self.bytes[self.sent..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => self.sent += n,
            }
            self.unflushed = true;
            self.tidy();
        }
        self.progress = Instant::now();
        Ok(())
    }

    /// Writes everything, then says goodbye.
    pub(crate) async fn finish(&mut self) -> io::Result<()> {
        while !self.is_idle() {
            self.push().await?;
        }
        self.stream.shutdown().await
    }
}

impl<W> Output<W> {
    pub(crate) fn unsent(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Has it room for more?
    pub(crate) fn has_room(&self) -> bool {
        self.unsent() < HIGH
    }

    /// Has the stream taken everything?
    pub(crate) fn is_idle(&self) -> bool {
        self.unsent() == 0 && !self.unflushed
    }

    /// Since when the client has taken nothing, although there is something.
    pub(crate) fn stalled_since(&mut self) -> Option<Instant> {
        if self.is_idle() {
            self.progress = Instant::now();
            return None;
        }
        Some(self.progress)
    }

    fn tidy(&mut self) {
        if self.sent == self.bytes.len() {
            self.sent = 0;
            self.bytes.clear();
            if self.bytes.capacity() > 2 * HIGH {
                self.bytes = Vec::new();
            }
        } else if self.sent > HIGH {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }
}
