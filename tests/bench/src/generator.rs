//! The load: devices that log in and send photos in the tutorial's chunks as fast as they are taken, from one process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::{Buf as _, BytesMut};
use faceiot::OwnedLogin;
use faceiot_core::chunk::hex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::{Barrier, Semaphore};
use tokio::task::{JoinHandle, JoinSet};

use crate::mqtt;

/// The photo that is sent; each copy gets a comment of its own, so that no two are the same file.
pub(crate) const PHOTO: &[u8] = include_bytes!("../../../src/cli/assets/astronaut.jpg");
/// Unacknowledged messages of one connection at QoS 1.
const WINDOW: usize = 32;
const KEEP_ALIVE: u16 = 300;
/// Nothing in here takes longer unless something is broken.
const PATIENCE: Duration = Duration::from_mins(5);

/// A device of the load.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    pub(crate) login: OwnedLogin,
    pub(crate) topic: String,
}

/// What to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) photos: usize,
    pub(crate) qos: u8,
}

/// Connections that have sent everything and are still open.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) began: Instant,
    pub(crate) messages: usize,
    _connections: Vec<Connection>,
}

#[derive(Debug)]
struct Connection {
    _writer: tokio::net::tcp::OwnedWriteHalf,
    reader: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Connects all senders, starts them at one moment, and returns when the last message is written (QoS 0) or
/// acknowledged (QoS 1).
pub(crate) async fn run(address: SocketAddr, senders: &[Sender], load: Load) -> Result<Sent> {
    let start = Arc::new(Barrier::new(senders.len() + 1));
    let mut tasks = JoinSet::new();
    for (number, sender) in senders.iter().cloned().enumerate() {
        let start = Arc::clone(&start);
        tasks.spawn(async move {
            let connected = connect(address, &sender).await;
            start.wait().await;
            let (reader, writer) = connected?.into_split();
            send(reader, writer, number, &sender.topic, load).await
        });
    }
    start.wait().await;
    let began = Instant::now();
    let mut connections = Vec::new();
    let mut messages = 0;
    while let Some(done) = tokio::time::timeout(PATIENCE, tasks.join_next())
        .await
        .context("the load does not end")?
    {
        let (connection, sent) = done??;
        connections.push(connection);
        messages += sent;
    }
    Ok(Sent {
        began,
        messages,
        _connections: connections,
    })
}

/// The photo number `photo` of the sender number `sender`: the same picture, and a comment that no other copy has.
pub(crate) fn photo(sender: usize, photo: usize) -> Vec<u8> {
    let comment = format!("sender {sender:04} photo {photo:06}");
    let mut out = Vec::with_capacity(PHOTO.len() + 4 + comment.len());
    out.extend_from_slice(&PHOTO[..2]);
    out.extend_from_slice(&[0xFF, 0xFE]);
    out.extend_from_slice(&u16::try_from(comment.len() + 2).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(comment.as_bytes());
    out.extend_from_slice(&PHOTO[2..]);
    out
}

async fn connect(address: SocketAddr, sender: &Sender) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await.context("cannot connect")?;
    stream.set_nodelay(true)?;
    let login = &sender.login;
    stream
        .write_all(&mqtt::connect(
            &login.client_id,
            &login.username,
            login.password.expose(),
            KEEP_ALIVE,
        ))
        .await?;
    let mut input = BytesMut::new();
    let answer = loop {
        if let Some(packet) = mqtt::take(&mut input) {
            break packet;
        }
        ensure!(
            stream.read_buf(&mut input).await? > 0,
            "closed instead of CONNACK"
        );
    };
    match answer {
        (mqtt::CONNACK, body) if body[..] == [0, 0] => Ok(stream),
        (kind, body) => bail!("CONNACK with success expected, packet of type {kind} came: {body:?}"),
    }
}

async fn send(
    reader: OwnedReadHalf,
    mut writer: tokio::net::tcp::OwnedWriteHalf,
    number: usize,
    topic: &str,
    load: Load,
) -> Result<(Connection, usize)> {
    let window = Arc::new(Semaphore::new(WINDOW));
    let reader = tokio::spawn(read(reader, Arc::clone(&window)));
    let connection = |writer| Connection {
        _writer: writer,
        reader,
    };
    let mut message = [0; hex::MESSAGE_MAX];
    let mut out = BytesMut::with_capacity(64 * 1024);
    let (mut packet_id, mut messages) = (0_u16, 0);
    for photo_number in 0..load.photos {
        for chunk in hex::Encoder::new(&photo(number, photo_number)) {
            let payload = chunk.write_to(&mut message)?;
            let id = (load.qos == 1).then(|| {
                packet_id = packet_id.checked_add(1).unwrap_or(1);
                packet_id
            });
            if id.is_some() && window.available_permits() == 0 {
                writer.write_all_buf(&mut out).await.context("while sending")?;
            }
            if id.is_some() {
                window.acquire().await.context("closed while sending")?.forget();
            }
            mqtt::publish(&mut out, topic, id, payload);
            messages += 1;
            if out.len() >= 16 * 1024 {
                writer.write_all_buf(&mut out).await.context("while sending")?;
            }
        }
    }
    writer.write_all_buf(&mut out).await.context("while sending")?;
    if load.qos == 1 {
        let all = u32::try_from(WINDOW)?;
        drop(
            window
                .acquire_many(all)
                .await
                .context("closed before everything was acknowledged")?,
        );
    }
    Ok((connection(writer), messages))
}

/// Gives a place in the window back for every acknowledgement, and closes the window with the connection.
async fn read(mut reader: OwnedReadHalf, window: Arc<Semaphore>) {
    let mut input = BytesMut::with_capacity(16 * 1024);
    while matches!(reader.read_buf(&mut input).await, Ok(octets) if octets > 0) {
        while let Some((kind, _)) = mqtt::take(&mut input) {
            if kind == mqtt::PUBACK {
                window.add_permits(1);
            }
        }
        debug_assert!(
            input.remaining() < 1 << 20,
            "a packet of a megabyte was not asked for"
        );
    }
    window.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_copy_is_another_file_and_the_same_picture() {
        let (first, second) = (photo(1, 2), photo(2, 1));
        assert_ne!(first, second);
        let report = faceiot_camera::jpeg::check(&first);
        assert_eq!(report.problem, None);
        assert_eq!((report.width, report.height), {
            let original = faceiot_camera::jpeg::check(PHOTO);
            (original.width, original.height)
        });
    }
}
