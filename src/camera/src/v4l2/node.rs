//! A device node of the kernel: the only file with `unsafe`.
#![expect(
    unsafe_code,
    reason = "ioctl, mmap, poll and clock_gettime have no safe form in std"
)]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::ptr::{self, NonNull};
use std::time::{Duration, Instant};

use super::abi;
use super::device::{Call, Device, Readiness};

/// An open `/dev/videoN` and the buffers mapped from it.
///
/// A buffer's memory is lent out only between `Dequeue` and `Queue`: then the driver does not write to it, and
/// `&mut self` of [`Device::call`] ends every loan before the buffer goes back.
pub(super) struct Node {
    buffers: Vec<Mapping>, // dropped before the file: declared first
    file: File,
}

struct Mapping {
    start: NonNull<u8>,
    length: usize,
    held: bool,
}

impl Node {
    /// Opens for reading and writing, without blocking.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
            .open(path)?;
        Ok(Self {
            buffers: Vec::new(),
            file,
        })
    }

    /// One ioctl, again when a signal interrupted it.
    fn ioctl<T>(&self, request: libc::Ioctl, argument: &mut T) -> io::Result<()> {
        loop {
            // SAFETY: the descriptor is open as long as `self`; `request` was made for `T` (its size is part of the
            // number, abi.rs), so that the kernel reads and writes within `argument` only. The structures hold no
            // pointers: their kind is always CAPTURE and their memory MMAP, set in `call`.
            let status = unsafe { libc::ioctl(self.file.as_raw_fd(), request, ptr::from_mut(argument)) };
            if status >= 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    fn hold(&mut self, index: u32, held: bool) {
        if let Some(buffer) = self.buffers.get_mut(index as usize) {
            buffer.held = held;
        }
    }
}

impl Device for Node {
    fn call(&mut self, call: Call<'_>) -> io::Result<()> {
        let mapped = |buffer: &mut abi::Buffer| {
            buffer.kind = abi::CAPTURE;
            buffer.memory = abi::MMAP;
        };
        match call {
            Call::QueryCapability(capability) => self.ioctl(abi::VIDIOC_QUERYCAP, capability),
            Call::EnumerateFormat(format) => {
                format.kind = abi::CAPTURE;
                self.ioctl(abi::VIDIOC_ENUM_FMT, format)
            }
            Call::EnumerateSize(size) => self.ioctl(abi::VIDIOC_ENUM_FRAMESIZES, size),
            Call::EnumerateInterval(interval) => self.ioctl(abi::VIDIOC_ENUM_FRAMEINTERVALS, interval),
            Call::SetFormat(format) => {
                format.kind = abi::CAPTURE;
                self.ioctl(abi::VIDIOC_S_FMT, format)
            }
            Call::SetParameters(parameters) => {
                parameters.kind = abi::CAPTURE;
                self.ioctl(abi::VIDIOC_S_PARM, parameters)
            }
            Call::RequestBuffers(request) => {
                request.kind = abi::CAPTURE;
                request.memory = abi::MMAP;
                self.ioctl(abi::VIDIOC_REQBUFS, request)
            }
            Call::QueryBuffer(buffer) => {
                mapped(buffer);
                self.ioctl(abi::VIDIOC_QUERYBUF, buffer)
            }
            Call::Queue(buffer) => {
                mapped(buffer);
                self.hold(buffer.index, false);
                self.ioctl(abi::VIDIOC_QBUF, buffer)
            }
            Call::Dequeue(buffer) => {
                mapped(buffer);
                self.ioctl(abi::VIDIOC_DQBUF, buffer)?;
                self.hold(buffer.index, true);
                Ok(())
            }
            Call::StreamOn => self.ioctl(abi::VIDIOC_STREAMON, &mut { abi::CAPTURE }),
            Call::StreamOff => self.ioctl(abi::VIDIOC_STREAMOFF, &mut { abi::CAPTURE }),
            Call::QueryControl(query) => self.ioctl(abi::VIDIOC_QUERYCTRL, query),
            Call::QueryMenu(query) => self.ioctl(abi::VIDIOC_QUERYMENU, query),
            Call::Control(value) => self.ioctl(abi::VIDIOC_G_CTRL, value),
            Call::SetControl(value) => self.ioctl(abi::VIDIOC_S_CTRL, value),
        }
    }

    fn wait(&mut self, timeout: Duration) -> io::Result<Readiness> {
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let milliseconds = i32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX);
            let mut poll = libc::pollfd {
                fd: self.file.as_raw_fd(),
                events: libc::POLLIN,
                revents: 0,
            };
            // SAFETY: one `pollfd` that lives through the call, and the count says one.
            let status = unsafe { libc::poll(&raw mut poll, 1, milliseconds) };
            if status < 0 {
                let error = io::Error::last_os_error();
                if error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                return Err(error);
            }
            return Ok(match (status, poll.revents) {
                (0, _) => Readiness::Nothing,
                (_, events) if events & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0 => {
                    Readiness::Fault
                }
                _ => Readiness::Buffer,
            });
        }
    }

    fn map(&mut self, offset: u32, length: u32) -> io::Result<()> {
        let wrong = || io::Error::from_raw_os_error(libc::EINVAL);
        let length = length as usize;
        // SAFETY: a new shared mapping of a length and offset that the driver named, at an address that the kernel
        // chooses; nothing that is mapped already is touched. The result is checked before it is used.
        let start = unsafe {
            libc::mmap64(
                ptr::null_mut(),
                length,
                libc::PROT_READ,
                libc::MAP_SHARED,
                self.file.as_raw_fd(),
                i64::from(offset),
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // A forked child does not get the mapping, which would keep the buffers, and the camera, after we have gone.
        // SAFETY: the mapping that was just made, in its full length; in this process nothing about it changes.
        let _ = unsafe { libc::madvise(start, length, libc::MADV_DONTFORK) };
        let start = NonNull::new(start.cast::<u8>()).ok_or_else(wrong)?;
        self.buffers.push(Mapping {
            start,
            length,
            held: false,
        });
        Ok(())
    }

    fn unmap(&mut self) {
        self.buffers.clear();
    }

    fn octets(&self, index: u32) -> &[u8] {
        match self.buffers.get(index as usize) {
            // SAFETY: `start` is a live mapping of `length` octets until `self` is dropped; a held buffer was
            // dequeued, so the driver does not write to it, and `Queue`, which ends that, needs `&mut self`.
            Some(buffer) if buffer.held => unsafe {
                std::slice::from_raw_parts(buffer.start.as_ptr(), buffer.length)
            },
            _ => &[],
        }
    }

    fn monotonic(&self) -> Duration {
        let mut now = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `now` is a `timespec` that lives through the call; this clock exists on every Linux.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
        Duration::new(
            u64::try_from(now.tv_sec).unwrap_or(0),
            u32::try_from(now.tv_nsec).unwrap_or(0),
        )
    }
}

// SAFETY: the mapping belongs to its `Node` alone, and memory of a process may be used from any of its threads.
unsafe impl Send for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `start` and `length` are those of a mapping made in `map` and never unmapped elsewhere. Loans of
        // it borrow the `Node`, which is being dropped, so none is left.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}
