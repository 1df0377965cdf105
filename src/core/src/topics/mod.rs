//! Topics of both clouds: written with their names checked, and read back.
//!
//! A builder refuses a name that would change the topic's meaning: empty, over-long, or with one of `/ + #` or NUL in
//! it ([`ErrorKind::Topic`]). A parser takes any topic and says what it is; `None` is a topic of no device.

pub mod aliyun;
pub mod huawei;

use crate::error::{Error, ErrorKind, Result};
use crate::text::Writer;

/// A buffer of this size holds every topic that the builders write.
pub const TOPIC_BUFFER: usize = 1024;

/// Who publishes on a topic.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// The device; the cloud reads.
    Up,
    /// The cloud; the device reads.
    Down,
    /// Either.
    Both,
}

impl Direction {
    /// Whether the device may publish.
    pub const fn device_publishes(self) -> bool {
        matches!(self, Self::Up | Self::Both)
    }

    /// Whether the device may subscribe.
    pub const fn device_subscribes(self) -> bool {
        matches!(self, Self::Down | Self::Both)
    }
}

/// Writes the parts, one behind the other.
fn join<'b>(parts: &[&str], buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    for part in parts {
        w.push_str(part)?;
    }
    Ok(w.finish())
}

/// Whether `name` can be one level of a topic, or part of one.
fn check_name(at: &'static str, name: &str, longest: usize) -> Result<()> {
    if name.is_empty() || name.len() > longest {
        return Err(Error::new(ErrorKind::Topic, at).at_offset(name.len()));
    }
    match name
        .bytes()
        .position(|byte| matches!(byte, b'/' | b'+' | b'#' | 0))
    {
        Some(offset) => Err(Error::new(ErrorKind::Topic, at).at_offset(offset)),
        None => Ok(()),
    }
}

/// Whether `suffix` can end a topic: levels of which none is empty, no wildcard, no NUL.
fn check_suffix(suffix: &str, longest: usize) -> Result<()> {
    suffix
        .split('/')
        .try_for_each(|level| check_name("suffix", level, longest))?;
    if suffix.len() > longest {
        Err(Error::new(ErrorKind::Topic, "suffix").at_offset(longest))
    } else {
        Ok(())
    }
}

/// Whether this is a topic name that can be published to: no wildcard, no NUL.
fn is_name(topic: &str) -> bool {
    !topic.bytes().any(|byte| matches!(byte, b'+' | b'#' | 0))
}
