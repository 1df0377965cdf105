//! A broker without policy, and a load for it or for another one, to compare the two on the same machine:
//!
//! ```sh
//! cargo run --release -p faceiot-broker --example load -- serve 1884 &
//! mosquitto -p 1885 &
//! for port in 1884 1885 1884 1885; do cargo run --release -p faceiot-broker --example load -- publish $port; done
//! ```
//!
//! `publish PORT [CONNECTIONS] [PAYLOAD] [QOS] [SECONDS]`: every connection keeps ten messages on their way
//! (QoS 1) or writes what the socket takes (QoS 0, counted when a final PINGREQ is answered). Nobody
//! subscribes.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use faceiot_broker::{
    Broker, Config, Connect, Hooks, Identity, Limits, Listener, LoginFuture, PublishVerdict, Rules,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Open;

impl Rules for Open {
    fn login<'a>(&'a self, c: Connect<'a>) -> LoginFuture<'a> {
        Box::pin(async move {
            Ok(Identity {
                session: c.client_id.into(),
                listener: c.listener.into(),
                extension: None,
            })
        })
    }
}

impl Hooks for Open {
    fn may_publish(&self, _: &Identity, _: &str, _: u8, _: bool) -> PublishVerdict {
        PublishVerdict::Allow
    }

    fn may_subscribe(&self, _: &Identity, _: &str) -> Result<(), ()> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default: usize| args.get(i).map_or(Ok(default), |a| a.parse());
    match args.first().map(String::as_str) {
        Some("serve") => serve(number(1, 0)?.try_into()?).await,
        Some("publish") => {
            let (port, connections, payload) = (number(1, 1883)?, number(2, 50)?, number(3, 4096)?);
            let seconds = Duration::from_secs(number(5, 3)? as u64);
            publish(port.try_into()?, connections, payload, number(4, 1)?, seconds).await
        }
        _ => Err("usage: load serve PORT | load publish PORT [CONNECTIONS] [PAYLOAD] [QOS] [SECONDS]".into()),
    }
}

async fn serve(port: u16) -> Result<(), Box<dyn Error + Send + Sync>> {
    let state = std::env::temp_dir().join(format!("faceiot-load-{}", std::process::id()));
    let listener = Listener {
        name: "load".into(),
        addr: ([127, 0, 0, 1], port).into(),
        tls: None,
        rules: Arc::new(Open),
    };
    let config = Config {
        state_dir: state.clone(),
        listeners: vec![listener],
        hooks: Arc::new(Open),
        limits: Limits::default(),
    };
    let broker = Broker::start(config).await?;
    println!("{}", broker.addrs()[0]);
    tokio::signal::ctrl_c().await?;
    println!("{:?}", broker.handle().stats());
    broker.stop().await;
    Ok(std::fs::remove_dir_all(state)?)
}

async fn publish(
    port: u16,
    connections: usize,
    payload: usize,
    qos: usize,
    lasting: Duration,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let start = Instant::now();
    let clients: Vec<_> = (0..connections)
        .map(|i| tokio::spawn(one_client(port, i, payload, qos, start + lasting)))
        .collect();
    let mut total = 0;
    for client in clients {
        total += client.await??;
    }
    println!(
        "{:.0} messages/s of {payload} bytes, QoS {qos}",
        f64::from(total) / start.elapsed().as_secs_f64()
    );
    Ok(())
}

async fn one_client(
    port: u16,
    number: usize,
    payload: usize,
    qos: usize,
    end: Instant,
) -> std::io::Result<u32> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let id = format!("load-{number:04}");
    stream
        .write_all(b"\x10\x15\x00\x04MQTT\x04\x02\x00\x00\x00\x09")
        .await?;
    stream.write_all(id.as_bytes()).await?;
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).await?;
    let topic = format!("load/{number:04}");
    let mut packet = vec![0x30 | (qos as u8) << 1];
    let mut length = 2 + topic.len() + 2 * qos + payload;
    while length > 127 {
        packet.push(0x80 | (length % 128) as u8);
        length /= 128;
    }
    packet.push(length as u8);
    packet.extend_from_slice(&(topic.len() as u16).to_be_bytes());
    packet.extend_from_slice(topic.as_bytes());
    let head = packet.len();
    packet.resize(head + 2 * qos + payload, 0x55);
    // Two halves of a window of ten, each message with its own id.
    let half = |first: u8| {
        let mut bytes = Vec::new();
        for id in first..first + 5 {
            packet_with(&packet, head, qos, id, &mut bytes);
        }
        bytes
    };
    let (window, other) = (half(1), half(6));
    let (mut input, mut output) = stream.into_split();
    let mut sent = 0;
    if qos == 0 {
        while Instant::now() < end {
            output.write_all(&window).await?;
            sent += 5;
        }
        output.write_all(&[0xc0, 0]).await?;
        input.read_exact(&mut [0; 2]).await?;
        return Ok(sent);
    }
    output.write_all(&window).await?;
    while Instant::now() < end {
        for next in [&other, &window] {
            output.write_all(next).await?;
            input.read_exact(&mut [0; 20]).await?;
            sent += 5;
        }
    }
    input.read_exact(&mut [0; 20]).await?;
    Ok(sent + 5)
}

fn packet_with(packet: &[u8], id_at: usize, qos: usize, id: u8, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(packet);
    if qos > 0 {
        out[start + id_at..start + id_at + 2].copy_from_slice(&[0, id]);
    }
}
