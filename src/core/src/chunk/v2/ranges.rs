//! Which parts of a frame are there.

use crate::error::{Error, ErrorKind, Result};

/// Octets `start..end` of a frame. (`repr(C)`: the C library's callers bring the memory for them.)
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Range {
    /// First octet.
    pub start: u32,
    /// Behind the last octet.
    pub end: u32,
}

impl Range {
    /// Octets in it.
    pub const fn len(&self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(&self) -> bool {
        self.end <= self.start
    }
}

/// A set of octets, kept as sorted ranges that neither overlap nor touch.
///
/// The storage is the caller's: an array on firmware, a `Vec` on a host. In order of arrival one range is enough; the
/// worst case is one for every second chunk.
///
/// ```
/// use faceiot_core::chunk::v2::{Range, RangeSet};
///
/// let mut set = RangeSet::new([Range::default(); 4]);
/// set.insert(Range { start: 0, end: 10 })?;
/// set.insert(Range { start: 20, end: 30 })?;
/// assert_eq!(set.missing(40).collect::<Vec<_>>(), [Range { start: 10, end: 20 }, Range { start: 30, end: 40 }]);
/// set.insert(Range { start: 10, end: 20 })?;
/// assert_eq!(set.as_slice(), [Range { start: 0, end: 30 }]);
/// # Ok::<(), faceiot_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RangeSet<S> {
    storage: S,
    len: usize,
}

impl<S: AsRef<[Range]> + AsMut<[Range]>> RangeSet<S> {
    /// An empty set in this storage; what the storage holds is forgotten.
    pub const fn new(storage: S) -> Self {
        Self { storage, len: 0 }
    }

    /// The ranges, in order.
    pub fn as_slice(&self) -> &[Range] {
        self.storage.as_ref().get(..self.len).unwrap_or_default()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Octets in it.
    pub fn octets(&self) -> u64 {
        self.as_slice().iter().map(|range| u64::from(range.len())).sum()
    }

    /// Behind the last octet in it; 0 when it is empty.
    pub fn end(&self) -> u32 {
        self.as_slice().last().map_or(0, |range| range.end)
    }

    /// Whether all of `range` is in it.
    pub fn covers(&self, range: Range) -> bool {
        let at = self.first_reaching(range.start);
        range.is_empty()
            || self
                .as_slice()
                .get(at)
                .is_some_and(|known| known.start <= range.start && range.end <= known.end)
    }

    /// Whether [`insert`](Self::insert) would find a place.
    pub fn has_room_for(&self, range: Range) -> bool {
        let (first, behind) = self.touched(range);
        first < behind || self.len < self.storage.as_ref().len() || range.is_empty()
    }

    /// Adds a range.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`] when the storage is full; nothing was changed.
    pub fn insert(&mut self, range: Range) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        if !self.has_room_for(range) {
            return Err(Error::new(ErrorKind::BufferTooSmall, "ranges").at_offset(self.len));
        }
        let (first, behind) = self.touched(range);
        let len = self.len;
        let all = self.storage.as_mut();
        if first == behind {
            // Nothing is touched: make room.
            if let Some(tail) = all.get_mut(first..=len) {
                tail.rotate_right(1);
            }
            if let Some(place) = all.get_mut(first) {
                *place = range;
            }
            self.len = len + 1;
            return Ok(());
        }
        let start = all
            .get(first)
            .map_or(range.start, |touched| touched.start.min(range.start));
        let end = all
            .get(behind - 1)
            .map_or(range.end, |touched| touched.end.max(range.end));
        if let Some(place) = all.get_mut(first) {
            *place = Range { start, end };
        }
        all.copy_within(behind..len, first + 1);
        self.len = len + first + 1 - behind;
        Ok(())
    }

    /// The parts of `range` that are in the set, in order.
    pub fn common(&self, range: Range) -> impl Iterator<Item = Range> {
        let first = self.first_reaching(range.start);
        self.as_slice()
            .iter()
            .skip(first)
            .take_while(move |known| known.start < range.end)
            .map(move |known| Range {
                start: known.start.max(range.start),
                end: known.end.min(range.end),
            })
            .filter(|common| !common.is_empty())
    }

    /// The gaps below `total`, in order.
    pub fn missing(&self, total: u32) -> impl Iterator<Item = Range> {
        let starts = core::iter::once(0).chain(self.as_slice().iter().map(|known| known.end));
        let ends = self
            .as_slice()
            .iter()
            .map(|known| known.start)
            .chain(core::iter::once(total));
        starts
            .zip(ends)
            .map(move |(start, end)| Range {
                start,
                end: end.min(total),
            })
            .filter(|gap| !gap.is_empty())
    }

    /// The storage and how many ranges are in it, to move them into a larger one.
    pub fn into_parts(self) -> (S, usize) {
        (self.storage, self.len)
    }

    /// The set whose ranges are the first `len` of `storage`, as [`into_parts`](Self::into_parts) gave them.
    pub fn from_parts(storage: S, len: usize) -> Self {
        let len = len.min(storage.as_ref().len());
        Self { storage, len }
    }

    /// The first range that ends at `start` or behind it.
    fn first_reaching(&self, start: u32) -> usize {
        self.as_slice().partition_point(|known| known.end < start)
    }

    /// The ranges that overlap or touch `range`: from the first, to behind the last.
    fn touched(&self, range: Range) -> (usize, usize) {
        let first = self.first_reaching(range.start);
        (
            first,
            self.as_slice()
                .partition_point(|known| known.start <= range.end)
                .max(first),
        )
    }
}
