//! An MQTT 3.1.1 client in a few lines, which does what it is told, wrong things included.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

use faceiot::{Credentials, DeviceId, OwnedLogin};

use super::DEADLINE;

/// A connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    next: u16,
}

/// One packet: the first octet, and everything after the length.
pub(crate) type Packet = (u8, Vec<u8>);

impl Client {
    /// Only TCP.
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the broker listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
        stream.set_nodelay(true).expect("a socket");
        Self { stream, next: 0 }
    }

    /// Logs a device in; it must be accepted.
    #[track_caller]
    pub(crate) fn login(address: SocketAddr, device: &str, secret: &str) -> Self {
        let mut client = Self::open(address);
        let login = signed(device, secret);
        assert_eq!(client.connect(&login), 0, "CONNACK for {device}");
        client
    }

    /// Sends CONNECT and returns the code of CONNACK.
    pub(crate) fn connect(&mut self, login: &OwnedLogin) -> u8 {
        self.write(&connect_packet(login)).expect("CONNECT");
        let (first, body) = self.packet().expect("CONNACK");
        assert_eq!((first, body.len()), (0x20, 2));
        body[1]
    }

    pub(crate) fn publish0(&mut self, topic: &str, payload: &[u8]) -> io::Result<()> {
        self.write(&packet(0x30, &[&text(topic), payload].concat()))
    }

    /// Sends a QoS 1 message and returns its id, without waiting.
    pub(crate) fn publish1(&mut self, topic: &str, payload: &[u8]) -> io::Result<u16> {
        let id = self.id();
        self.write(&packet(
            0x32,
            &[&text(topic)[..], &id.to_be_bytes(), payload].concat(),
        ))?;
        Ok(id)
    }

    /// Waits for the acknowledgement of a QoS 1 message, and passes over everything else.
    pub(crate) fn acknowledged(&mut self, id: u16) -> io::Result<()> {
        loop {
            let (first, body) = self.packet()?;
            if first == 0x40 && body == id.to_be_bytes() {
                return Ok(());
            }
        }
    }

    /// Sends a QoS 1 message and waits until the broker has it.
    pub(crate) fn deliver(&mut self, topic: &str, payload: &[u8]) -> io::Result<()> {
        let id = self.publish1(topic, payload)?;
        self.acknowledged(id)
    }

    /// Returns the code of SUBACK.
    pub(crate) fn subscribe(&mut self, filter: &str) -> u8 {
        let id = self.id();
        self.write(&packet(
            0x82,
            &[&id.to_be_bytes()[..], &text(filter), &[0]].concat(),
        ))
        .expect("SUBSCRIBE");
        loop {
            let (first, body) = self.packet().expect("SUBACK");
            if first == 0x90 && body[..2] == id.to_be_bytes() {
                return body[2];
            }
        }
    }

    /// Whether the broker still answers on this connection: everything sent before has then been looked at.
    pub(crate) fn ping(&mut self) -> io::Result<()> {
        self.write(&[0xC0, 0])?;
        while self.packet()?.0 != 0xD0 {}
        Ok(())
    }

    pub(crate) fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets)
    }

    pub(crate) fn packet(&mut self) -> io::Result<Packet> {
        read_packet(&mut self.stream)
    }

    /// Whether the broker hangs up, and does so without another word.
    pub(crate) fn hung_up(&mut self) -> bool {
        let mut octet = [0];
        match self.stream.read(&mut octet) {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    fn id(&mut self) -> u16 {
        self.next = self.next % u16::MAX + 1;
        self.next
    }
}

/// The login of a device now.
pub(crate) fn signed(device: &str, secret: &str) -> OwnedLogin {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock")
        .as_millis() as u64;
    credentials(device, secret).login(now, false).expect("a login")
}

pub(crate) fn credentials(device: &str, secret: &str) -> Credentials {
    match device.parse().expect("a device") {
        DeviceId::Aliyun {
            product_key,
            device_name,
        } => Credentials::aliyun(product_key, device_name, secret),
        DeviceId::Huawei { device_id } => Credentials::huawei(device_id, secret),
    }
}

pub(crate) fn connect_packet(login: &OwnedLogin) -> Vec<u8> {
    let fixed = [&text("MQTT")[..], &[4, 0xC2], &60_u16.to_be_bytes()].concat();
    let fields = [
        text(&login.client_id),
        text(&login.username),
        text(login.password.expose()),
    ]
    .concat();
    packet(0x10, &[fixed, fields].concat())
}

/// A packet with its length in front.
pub(crate) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut length = body.len();
    loop {
        let low = (length % 128) as u8;
        length /= 128;
        packet.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    packet
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text");
    [&length.to_be_bytes()[..], text.as_bytes()].concat()
}

pub(crate) fn read_packet(from: &mut impl Read) -> io::Result<Packet> {
    let mut octet = [0];
    from.read_exact(&mut octet)?;
    let first = octet[0];
    let (mut length, mut shift) = (0, 0);
    loop {
        from.read_exact(&mut octet)?;
        length |= usize::from(octet[0] & 0x7F) << shift;
        shift += 7;
        if octet[0] & 0x80 == 0 || shift > 21 {
            break;
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok((first, body))
}
