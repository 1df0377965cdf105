//! A camera for tests that does as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::abi::{self, cap, control, range};
use super::device::{Call, Device, Readiness};
use super::fourcc::FourCc;

/// Hand a clone to the stream and keep one to look at.
#[derive(Clone)]
pub(super) struct Fake(Arc<Mutex<State>>);

pub(super) struct State {
    pub(super) driver: &'static str,
    pub(super) capabilities: u32,
    pub(super) formats: Vec<Offered>,
    pub(super) controls: Vec<abi::QueryControl>,
    pub(super) values: BTreeMap<u32, i32>,
    /// What happens next, in order; when nothing is left, no frame comes.
    pub(super) events: VecDeque<Event>,
    /// The last event happens for ever.
    pub(super) endless: bool,
    /// The calls that fail, by name, with their error number.
    pub(super) failing: BTreeMap<&'static str, i32>,
    /// What `S_FMT` makes of a format.
    pub(super) adjust: fn(&mut abi::Format) -> io::Result<()>,
    /// What `S_PARM` makes of an interval.
    pub(super) interval: Option<[u32; 2]>,
    pub(super) granted: u32,
    pub(super) now: Duration,
    /// The names of all calls so far.
    pub(super) calls: Vec<&'static str>,
    pub(super) asked: [u32; 2],
    buffers: Vec<Slot>,
}

/// A format with what the driver answers about its sizes and rates.
pub(super) struct Offered {
    pub(super) fourcc: FourCc,
    pub(super) sizes: Vec<(u32, [u32; 6])>,
    /// Of a width: the intervals.
    pub(super) intervals: fn(u32) -> Vec<(u32, [u32; 6])>,
}

#[derive(Clone)]
pub(super) enum Event {
    Frame {
        octets: Vec<u8>,
        used: u32,
        flags: u32,
        sequence: u32,
        timestamp: [i64; 2],
    },
    /// `poll` says this, and dequeuing fails with that number.
    Failure(Readiness, i32),
}

#[derive(Default)]
struct Slot {
    octets: Vec<u8>,
    queued: bool,
}

impl Fake {
    /// A webcam with 640x480 and 1280x720, both as YUYV and as motion JPEG, 30 frames a second.
    pub(super) fn webcam() -> Self {
        Self(Arc::new(Mutex::new(State {
            driver: "uvcvideo",
            capabilities: cap::VIDEO_CAPTURE | cap::STREAMING,
            formats: vec![
                offered(*b"YUYV", &[(640, 480), (1280, 720)]),
                offered(*b"MJPG", &[(640, 480), (1280, 720)]),
            ],
            controls: Vec::new(),
            values: BTreeMap::new(),
            events: VecDeque::new(),
            endless: false,
            failing: BTreeMap::new(),
            adjust: |_| Ok(()),
            interval: None,
            granted: 4,
            now: Duration::from_secs(100),
            calls: Vec::new(),
            asked: [0, 0],
            buffers: Vec::new(),
        })))
    }

    /// The same with other properties.
    pub(super) fn with(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.state());
        self
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn boxed(&self) -> Box<dyn Device> {
        Box::new(Loan {
            fake: self.clone(),
            memory: Vec::new(),
        })
    }
}

/// A format of these sizes, each at most 30 times a second.
pub(super) fn offered(name: [u8; 4], sizes: &[(u32, u32)]) -> Offered {
    Offered {
        fourcc: FourCc::new(name),
        sizes: sizes
            .iter()
            .map(|&(width, height)| (range::DISCRETE, [width, height, 0, 0, 0, 0]))
            .collect(),
        intervals: |_| vec![(range::DISCRETE, [1, 30, 0, 0, 0, 0])],
    }
}

/// A frame that is as long as the driver says.
pub(super) fn frame(octets: &[u8], sequence: u32) -> Event {
    Event::Frame {
        octets: octets.to_vec(),
        used: octets.len() as u32,
        flags: 0,
        sequence,
        timestamp: [0, 0],
    }
}

/// A control of the webcam.
pub(super) fn query(id: u32, kind: u32, name: &str, limits: [i32; 2], flags: u32) -> abi::QueryControl {
    let mut query = abi::QueryControl {
        id,
        kind,
        minimum: limits[0],
        maximum: limits[1],
        step: 1,
        default: limits[0],
        flags,
        ..abi::QueryControl::default()
    };
    query.name[..name.len()].copy_from_slice(name.as_bytes());
    query
}

/// What a stream owns of a fake: the memory of the buffers lies here, so that it can be lent.
struct Loan {
    fake: Fake,
    memory: Vec<Vec<u8>>,
}

impl Device for Loan {
    fn call(&mut self, call: Call<'_>) -> io::Result<()> {
        let mut state = self.fake.state();
        let name = name(&call);
        state.calls.push(name);
        if let Some(&number) = state.failing.get(name) {
            return Err(io::Error::from_raw_os_error(number));
        }
        state.answer(call)?;
        self.memory = state
            .buffers
            .iter()
            .map(|slot| {
                if slot.queued {
                    Vec::new()
                } else {
                    slot.octets.clone()
                }
            })
            .collect();
        Ok(())
    }

    fn wait(&mut self, _: Duration) -> io::Result<Readiness> {
        let mut state = self.fake.state();
        state.calls.push("wait");
        if let Some(&number) = state.failing.get("wait") {
            return Err(io::Error::from_raw_os_error(number));
        }
        Ok(match state.events.front() {
            None => Readiness::Nothing,
            Some(Event::Frame { .. }) => Readiness::Buffer,
            Some(Event::Failure(readiness, _)) => *readiness,
        })
    }

    fn map(&mut self, offset: u32, length: u32) -> io::Result<()> {
        let mut state = self.fake.state();
        if let Some(&number) = state.failing.get("map") {
            return Err(io::Error::from_raw_os_error(number));
        }
        assert_eq!((offset, length), (state.buffers.len() as u32 * LENGTH, LENGTH));
        state.buffers.push(Slot::default());
        Ok(())
    }

    fn unmap(&mut self) {
        self.memory.clear();
        self.fake.state().calls.push("unmap");
    }

    fn octets(&self, index: u32) -> &[u8] {
        self.memory.get(index as usize).map_or(&[], Vec::as_slice)
    }

    fn monotonic(&self) -> Duration {
        self.fake.state().now
    }
}

impl State {
    fn answer(&mut self, call: Call<'_>) -> io::Result<()> {
        match call {
            Call::QueryCapability(answer) => {
                answer.driver[..self.driver.len()].copy_from_slice(self.driver.as_bytes());
                answer.card[..4].copy_from_slice(b"Fake");
                answer.capabilities = u32::MAX; // of all nodes together: not to be looked at
                answer.device_caps = self.capabilities;
            }
            Call::EnumerateFormat(answer) => answer.fourcc = nth(&self.formats, answer.index)?.fourcc.0,
            Call::EnumerateSize(answer) => {
                (answer.kind, answer.values) = *nth(&self.format(answer.fourcc)?.sizes, answer.index)?;
            }
            Call::EnumerateInterval(answer) => {
                let intervals = (self.format(answer.fourcc)?.intervals)(answer.width);
                (answer.kind, answer.values) = *nth(&intervals, answer.index)?;
            }
            Call::SetFormat(format) => {
                format.stride = format.width * 2;
                (self.adjust)(format)?;
            }
            Call::SetParameters(parameters) => {
                self.asked = parameters.interval;
                parameters.interval = self.interval.unwrap_or(parameters.interval);
            }
            Call::RequestBuffers(request) => {
                // As many as it likes, and none for none.
                request.count = if request.count == 0 { 0 } else { self.granted };
                self.buffers.clear();
            }
            Call::QueryBuffer(buffer) => {
                buffer.offset = buffer.index * LENGTH;
                buffer.length = LENGTH;
            }
            Call::Queue(buffer) => self.slot(buffer.index)?.queued = true,
            Call::Dequeue(buffer) => return self.dequeue(buffer),
            Call::StreamOn | Call::StreamOff => {}
            Call::QueryControl(query) => {
                let after = query.id & !control::NEXT;
                let next = self.controls.iter().find(|control| control.id > after);
                *query = *next.ok_or_else(invalid)?;
            }
            Call::QueryMenu(query) => {
                if query.index == 2 {
                    return Err(invalid()); // menus have gaps
                }
                query.name[..6].copy_from_slice(b"Item n");
                query.name[5] = b'0' + query.index as u8;
            }
            Call::Control(value) => value.value = *self.values.get(&value.id).ok_or_else(invalid)?,
            Call::SetControl(value) => {
                self.values.insert(value.id, value.value);
            }
        }
        Ok(())
    }

    fn dequeue(&mut self, buffer: &mut abi::Buffer) -> io::Result<()> {
        let event = if self.endless {
            self.events.front().cloned()
        } else {
            self.events.pop_front()
        };
        match event {
            None => Err(io::Error::from_raw_os_error(libc::EAGAIN)),
            Some(Event::Failure(_, number)) => Err(io::Error::from_raw_os_error(number)),
            Some(Event::Frame {
                octets,
                used,
                flags,
                sequence,
                timestamp,
            }) => {
                let index = self
                    .buffers
                    .iter()
                    .position(|slot| slot.queued)
                    .ok_or_else(invalid)?;
                self.buffers[index] = Slot {
                    octets,
                    queued: false,
                };
                buffer.index = index as u32;
                (buffer.used, buffer.flags, buffer.sequence) = (used, flags, sequence);
                buffer.timestamp = timestamp;
                Ok(())
            }
        }
    }

    fn format(&self, fourcc: u32) -> io::Result<&Offered> {
        let found = self.formats.iter().find(|format| format.fourcc.0 == fourcc);
        found.ok_or_else(invalid)
    }

    fn slot(&mut self, index: u32) -> io::Result<&mut Slot> {
        self.buffers.get_mut(index as usize).ok_or_else(invalid)
    }
}

fn nth<T>(items: &[T], index: u32) -> io::Result<&T> {
    items.get(index as usize).ok_or_else(invalid)
}

fn invalid() -> io::Error {
    io::Error::from_raw_os_error(libc::EINVAL)
}

fn name(call: &Call<'_>) -> &'static str {
    match call {
        Call::QueryCapability(_) => "QUERYCAP",
        Call::EnumerateFormat(_) => "ENUM_FMT",
        Call::EnumerateSize(_) => "ENUM_FRAMESIZES",
        Call::EnumerateInterval(_) => "ENUM_FRAMEINTERVALS",
        Call::SetFormat(_) => "S_FMT",
        Call::SetParameters(_) => "S_PARM",
        Call::RequestBuffers(_) => "REQBUFS",
        Call::QueryBuffer(_) => "QUERYBUF",
        Call::Queue(_) => "QBUF",
        Call::Dequeue(_) => "DQBUF",
        Call::StreamOn => "STREAMON",
        Call::StreamOff => "STREAMOFF",
        Call::QueryControl(_) => "QUERYCTRL",
        Call::QueryMenu(_) => "QUERYMENU",
        Call::Control(_) => "G_CTRL",
        Call::SetControl(_) => "S_CTRL",
    }
}

/// Of a buffer, in octets.
const LENGTH: u32 = 0x1000;
