//! A wire that can be watched and laid to another place: between a device and a cloud that is killed and started again.

use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::mqtt::read_packet;

/// The wire; its threads end with the test's process.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    target: Arc<Mutex<SocketAddr>>,
    published: Arc<AtomicUsize>,
}

impl Relay {
    pub(crate) fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("a port");
        let target = Arc::new(Mutex::new(target));
        let published = Arc::new(AtomicUsize::new(0));
        let (to, count) = (Arc::clone(&target), Arc::clone(&published));
        thread::spawn(move || {
            for device in listener.incoming().flatten() {
                let to = *to.lock().expect("the target");
                let count = Arc::clone(&count);
                thread::spawn(move || carry(device, to, &count));
            }
        });
        Self {
            address,
            target,
            published,
        }
    }

    /// From now on new connections go there.
    pub(crate) fn lay_to(&self, target: SocketAddr) {
        *self.target.lock().expect("the target") = target;
    }

    /// PUBLISH packets that went through so far.
    pub(crate) fn published(&self) -> usize {
        self.published.load(Ordering::SeqCst)
    }
}

fn carry(device: TcpStream, target: SocketAddr, published: &AtomicUsize) -> io::Result<()> {
    let Ok(cloud) = TcpStream::connect(target) else {
        return device.shutdown(Shutdown::Both);
    };
    let (mut down_from, mut down_to) = (cloud.try_clone()?, device.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut down_from, &mut down_to);
        // The end of one side is the end of the other.
        let _ = down_to.shutdown(Shutdown::Both);
    });
    let (mut from, mut to) = (device, cloud);
    let result = loop {
        let (first, body) = match read_packet(&mut from) {
            Ok(packet) => packet,
            Err(error) => break Err(error),
        };
        if let Err(error) = to.write_all(&super::mqtt::packet(first, &body)) {
            break Err(error);
        }
        if first >> 4 == 3 {
            published.fetch_add(1, Ordering::SeqCst);
        }
    };
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
    result
}
