//! Canonical text on its way: into a buffer for people, into a hash or a MAC for signing, written once for both.

use core::cmp::Ordering;

use crate::digest::{Algorithm, Hash, Mac};
use crate::error::Result;
use crate::text::{AsciiSet, Writer, encode_keeping};

/// Where canonical text goes.
pub(crate) trait Sink {
    /// Takes the next octets; only all of them together are text for certain.
    fn put_octets(&mut self, octets: &[u8]) -> Result<()>;

    /// Takes the next piece.
    #[inline]
    fn put(&mut self, text: &str) -> Result<()> {
        self.put_octets(text.as_bytes())
    }
}

impl Sink for Writer<'_> {
    #[inline]
    fn put_octets(&mut self, octets: &[u8]) -> Result<()> {
        self.push_octets(octets)
    }
}

impl<A: Algorithm> Sink for Hash<A> {
    #[inline]
    fn put_octets(&mut self, octets: &[u8]) -> Result<()> {
        self.update(octets);
        Ok(())
    }
}

impl<A: Algorithm> Sink for Mac<A> {
    #[inline]
    fn put_octets(&mut self, octets: &[u8]) -> Result<()> {
        self.update(octets);
        Ok(())
    }
}

/// What goes in comes out percent-encoded: canonical text inside canonical text.
pub(crate) struct Encoding<'s, S>(pub(crate) &'s mut S);

impl<S: Sink> Sink for Encoding<'_, S> {
    fn put_octets(&mut self, octets: &[u8]) -> Result<()> {
        encode_keeping(&AsciiSet::UNRESERVED, octets, &mut |piece| {
            self.0.put_octets(piece)
        })
    }
}

/// Percent-encodes (RFC 3986).
pub(crate) fn encode(text: &str, sink: &mut impl Sink) -> Result<()> {
    Encoding(sink).put(text)
}

/// Percent-encodes a path: `/` stays as it is.
pub(crate) fn encode_path(path: &str, sink: &mut impl Sink) -> Result<()> {
    const KEPT: AsciiSet = AsciiSet::UNRESERVED.with("/");
    encode_keeping(&KEPT, path.as_bytes(), &mut |piece| sink.put_octets(piece))
}

/// Writes in lower case; only ASCII letters change.
pub(crate) fn lower(text: &str, sink: &mut impl Sink) -> Result<()> {
    for piece in text.as_bytes().chunks(32) {
        let mut copy = [0; 32];
        let (place, _) = copy.split_at_mut(piece.len());
        place.copy_from_slice(piece);
        copy.make_ascii_lowercase();
        sink.put_octets(copy.split_at(piece.len()).0)?;
    }
    Ok(())
}

/// Compares as if both were in lower case.
pub(crate) fn compare_lower(a: &str, b: &str) -> Ordering {
    a.bytes()
        .map(|byte| byte.to_ascii_lowercase())
        .cmp(b.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// The items in order, equal ones as they stand, without moving or copying any.
pub(crate) fn sorted<T: Copy>(items: &[T], compare: impl Fn(&T, &T) -> Ordering) -> impl Iterator<Item = T> {
    sorted_by(items.len(), |at| items.get(at).copied(), compare)
}

/// As [`sorted`], of the first list and the second one behind it.
pub(crate) fn sorted_both<T: Copy>(
    first: &[T],
    second: &[T],
    compare: impl Fn(&T, &T) -> Ordering,
) -> impl Iterator<Item = T> {
    let item = |at: usize| {
        first
            .get(at)
            .or_else(|| second.get(at.checked_sub(first.len())?))
            .copied()
    };
    sorted_by(first.len() + second.len(), item, compare)
}

/// Each step looks for the next item among all: requests have some ten parameters, and what is in order already costs one
/// look at each.
fn sorted_by<T: Copy>(
    count: usize,
    item: impl Fn(usize) -> Option<T>,
    compare: impl Fn(&T, &T) -> Ordering,
) -> impl Iterator<Item = T> {
    let pair = |at: usize| Some((item(at)?, item(at + 1)?));
    let in_order = (0..count)
        .map_while(pair)
        .all(|(a, b)| compare(&a, &b) != Ordering::Greater);
    let mut last: Option<(usize, T)> = None;
    core::iter::from_fn(move || {
        let next = if in_order {
            let at = last.map_or(0, |last| last.0 + 1);
            item(at).map(|item| (at, item))
        } else {
            let behind = |at: usize, item: &T| {
                last.as_ref()
                    .is_none_or(|(before, last)| compare(last, item).then(before.cmp(&at)) == Ordering::Less)
            };
            (0..count)
                .filter_map(|at| Some((at, item(at)?)))
                .filter(|(at, item)| behind(*at, item))
                .reduce(|best, next| {
                    if compare(&next.1, &best.1) == Ordering::Less {
                        next
                    } else {
                        best
                    }
                })
        };
        last = next.or(last);
        next.map(|next| next.1)
    })
}

/// Compares two texts as if both were percent-encoded.
pub(crate) fn compare_encoded(a: &str, b: &str) -> Ordering {
    // Encoding keeps the order of octets within letters, digits and `-._~`; every other octet sorts as `%` and its hex.
    let rank = |octet: u8| {
        if AsciiSet::UNRESERVED.contains(octet) {
            (octet, 0)
        } else {
            (b'%', octet)
        }
    };
    a.bytes().map(rank).cmp(b.bytes().map(rank))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_in_order_and_equal_ones_as_they_stand() {
        let mut seed = 7_u32;
        for len in 0..40_u32 {
            let items: [(u32, u32); 40] = core::array::from_fn(|at| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((seed >> 20) % 7, at as u32)
            });
            let items = &items[..len as usize];
            let mut expected = [(0, 0); 40];
            let expected = &mut expected[..items.len()];
            expected.copy_from_slice(items);
            expected.sort_by_key(|item| *item);
            assert!(
                sorted(items, |a, b| a.0.cmp(&b.0)).eq(expected.iter().copied()),
                "{items:?}"
            );
            assert!(
                sorted_both(
                    &expected[..expected.len() / 2],
                    &expected[expected.len() / 2..],
                    |a, b| a.0.cmp(&b.0)
                )
                .eq(expected.iter().copied())
            );
        }
    }

    #[test]
    fn names_are_compared_as_if_they_were_encoded() {
        let encoded = |text: &str, out: &mut [u8; 64]| {
            let mut w = Writer::new(out);
            encode(text, &mut w).unwrap();
            w.len()
        };
        for a in ["a", "a/", "A", "中", "a%", "a~", "a1", "", "é", "😀", "%", "-"] {
            for b in ["a", "a/", "A", "中", "a%", "a~", "a1", "", "é", "😀", "%", "-"] {
                let (mut x, mut y) = ([0; 64], [0; 64]);
                let (m, n) = (encoded(a, &mut x), encoded(b, &mut y));
                assert_eq!(compare_encoded(a, b), x[..m].cmp(&y[..n]), "{a} {b}");
            }
        }
    }

    #[test]
    fn encoding_twice_is_encoding_the_encoded() {
        let mut buffer = [0; 64];
        let mut w = Writer::new(&mut buffer);
        encode("a b/é", &mut Encoding(&mut w)).unwrap();
        assert_eq!(w.finish(), "a%2520b%252F%25C3%25A9");
        let mut w = Writer::new(&mut buffer);
        encode_path("a b/+~*", &mut w).unwrap();
        lower("X-Acs-ÄB", &mut w).unwrap();
        assert_eq!(w.finish(), "a%20b/%2B~%2Ax-acs-Äb");
    }
}
