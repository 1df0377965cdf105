//! What a stream asks of a device: ioctls with their structures, waiting, and mapped memory.
//!
//! [`Node`](super::node::Node) is the kernel's; tests have one of their own that can be made to fail in every way.

use std::io;
use std::time::Duration;

use super::abi;

/// One ioctl with the structure that belongs to it.
pub(super) enum Call<'a> {
    QueryCapability(&'a mut abi::Capability),
    EnumerateFormat(&'a mut abi::FormatDescription),
    EnumerateSize(&'a mut abi::FrameSize),
    EnumerateInterval(&'a mut abi::FrameInterval),
    SetFormat(&'a mut abi::Format),
    SetParameters(&'a mut abi::StreamParameters),
    RequestBuffers(&'a mut abi::RequestBuffers),
    QueryBuffer(&'a mut abi::Buffer),
    Queue(&'a mut abi::Buffer),
    Dequeue(&'a mut abi::Buffer),
    StreamOn,
    StreamOff,
    QueryControl(&'a mut abi::QueryControl),
    QueryMenu(&'a mut abi::QueryMenu),
    Control(&'a mut abi::ControlValue),
    SetControl(&'a mut abi::ControlValue),
}

/// What `poll` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Nothing came in time.
    Nothing,
    /// A buffer can be dequeued.
    Buffer,
    /// `POLLERR` or `POLLHUP`: dequeuing tells why.
    Fault,
}

/// A V4L2 device that is open and never blocks but in `wait`.
pub(super) trait Device: Send {
    /// Makes one call.
    fn call(&mut self, call: Call<'_>) -> io::Result<()>;

    /// Waits until a buffer is filled, the device fails, or the time is over.
    fn wait(&mut self, timeout: Duration) -> io::Result<Readiness>;

    /// Maps the memory of the next buffer (0, 1, 2 ...), as `QueryBuffer` described it.
    fn map(&mut self, offset: u32, length: u32) -> io::Result<()>;

    /// Gives the memory of all buffers back.
    fn unmap(&mut self);

    /// The memory of a buffer that was dequeued and not queued again; empty for any other.
    fn octets(&self, index: u32) -> &[u8];

    /// Now, on the clock of the buffers' time stamps.
    fn monotonic(&self) -> Duration;
}
