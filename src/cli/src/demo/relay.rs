//! A wire that loses one message: between a device and the cloud, for `faceiot demo --lose-chunk`.
//!
//! It copies octets both ways and takes one MQTT PUBLISH of a photo out of the device's stream, as a radio link does with a
//! datagram. Nothing in the device or in the cloud knows of it.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Starts a wire to `target` that loses the `nth` (from 1) chunk of a photo in each connection; returns where it can be dialled.
/// It ends with the runtime.
pub(super) async fn start(target: SocketAddr, nth: u32) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((device, _)) = listener.accept().await {
            tokio::spawn(async move {
                // An end on either side ends the other: that is all a wire can say about it.
                let _ = carry(device, target, nth).await;
            });
        }
    });
    Ok(address)
}

async fn carry(device: TcpStream, target: SocketAddr, nth: u32) -> io::Result<()> {
    let cloud = TcpStream::connect(target).await?;
    let (from_device, mut to_device) = device.into_split();
    let (mut from_cloud, to_cloud) = cloud.into_split();
    tokio::select! {
        result = lossy(from_device, to_cloud, nth) => result,
        result = tokio::io::copy(&mut from_cloud, &mut to_device) => result.map(drop),
    }
}

async fn lossy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, nth: u32) -> io::Result<()> {
    let mut seen = 0;
    loop {
        let packet = packet(&mut from).await?;
        if is_chunk(&packet) {
            seen += 1;
            if seen == nth {
                tracing::debug!("the wire loses chunk {nth}");
                continue;
            }
        }
        to.write_all(&packet).await?;
    }
}

/// One MQTT control packet as it is on the wire (MQTT 3.1.1, section 2.2).
async fn packet(from: &mut OwnedReadHalf) -> io::Result<Vec<u8>> {
    let mut packet = vec![from.read_u8().await?];
    let mut length = 0_usize;
    for shift in [0, 7, 14, 21] {
        let octet = from.read_u8().await?;
        packet.push(octet);
        length |= usize::from(octet & 0x7F) << shift;
        if octet & 0x80 == 0 {
            break;
        }
    }
    let header = packet.len();
    packet.resize(header + length, 0);
    from.read_exact(&mut packet[header..]).await?;
    Ok(packet)
}

/// Whether the packet is a PUBLISH to a topic that photos travel on.
fn is_chunk(packet: &[u8]) -> bool {
    let body = packet
        .iter()
        .skip(1)
        .position(|octet| octet & 0x80 == 0)
        .map_or(&[][..], |last| &packet[last + 2..]);
    let topic = match body {
        [high, low, rest @ ..] => rest
            .get(..usize::from(*high) << 8 | usize::from(*low))
            .unwrap_or_default(),
        _ => &[],
    };
    packet.first().is_some_and(|first| first >> 4 == 3)
        && (topic.ends_with(b"/user/photo") || topic.ends_with(b"/thing/event/property/post"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(topic: &str) -> Vec<u8> {
        let mut packet = vec![
            0x30,
            u8::try_from(topic.len() + 3).unwrap(),
            0,
            u8::try_from(topic.len()).unwrap(),
        ];
        packet.extend_from_slice(topic.as_bytes());
        packet.push(b'x');
        packet
    }

    #[test]
    fn only_photos_are_lost() {
        assert!(is_chunk(&publish("/pk/dn/user/photo")));
        assert!(is_chunk(&publish("/sys/pk/dn/thing/event/property/post")));
        assert!(!is_chunk(&publish("/sys/pk/dn/thing/service/capture_reply")));
        assert!(!is_chunk(&[0xC0, 0]), "PINGREQ");
        assert!(!is_chunk(&[]) && !is_chunk(&[0x30]) && !is_chunk(&[0x30, 2, 0, 9]));
    }

    #[tokio::test]
    async fn one_chunk_is_lost_and_everything_else_passes() {
        let cloud = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = start(cloud.local_addr().unwrap(), 2).await.unwrap();
        let mut device = TcpStream::connect(address).await.unwrap();
        let (end, _) = cloud.accept().await.unwrap();
        let (chunk, other) = (publish("/pk/dn/user/photo"), publish("/pk/dn/user/else"));
        for packet in [&other, &chunk, &chunk, &chunk, &other] {
            device.write_all(packet).await.unwrap();
        }
        device.shutdown().await.unwrap();
        let mut received = Vec::new();
        let whole = [&other[..], &chunk, &chunk, &other].concat();
        let mut end = end.take(whole.len() as u64);
        let read = end.read_to_end(&mut received);
        tokio::time::timeout(std::time::Duration::from_secs(5), read)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(received, whole);
    }
}
