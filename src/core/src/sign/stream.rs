//! Canonical text on its way: into a buffer for people, into a hash or a MAC for signing, written once for both.

use core::cmp::Ordering;

use crate::digest::{Algorithm, Hash, Mac};
use crate::error::Result;
use crate::text::Writer;

/// Where canonical text goes.
pub(crate) trait Sink {
    /// Takes the next piece.
    fn put(&mut self, text: &str) -> Result<()>;
}

impl Sink for Writer<'_> {
    fn put(&mut self, text: &str) -> Result<()> {
        self.push_str(text).map(drop)
    }
}

impl<A: Algorithm> Sink for Hash<A> {
    #[inline]
    fn put(&mut self, text: &str) -> Result<()> {
        self.update(text.as_bytes());
        Ok(())
    }
}

impl<A: Algorithm> Sink for Mac<A> {
    #[inline]
    fn put(&mut self, text: &str) -> Result<()> {
        self.update(text.as_bytes());
        Ok(())
    }
}

/// What goes in comes out percent-encoded: canonical text inside canonical text.
pub(crate) struct Encoding<'s, S>(pub(crate) &'s mut S);

impl<S: Sink> Sink for Encoding<'_, S> {
    fn put(&mut self, text: &str) -> Result<()> {
        encode(text, "", self.0)
    }
}

/// Percent-encodes (RFC 3986); the ASCII characters in `keep` stay as they are.
pub(crate) fn encode(text: &str, keep: &str, sink: &mut impl Sink) -> Result<()> {
    let mut rest = text;
    while !rest.is_empty() {
        let stays = |byte: &u8| {
            byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || keep.as_bytes().contains(byte)
        };
        let plain = rest.bytes().take_while(stays).count();
        let (head, tail) = rest.split_at(plain);
        if plain > 0 {
            sink.put(head)?;
        }
        let mut characters = tail.chars();
        if let Some(character) = characters.next() {
            for octet in character.encode_utf8(&mut [0; 4]).bytes() {
                sink.put(escape(octet, &mut [0; 3]))?;
            }
        }
        rest = characters.as_str();
    }
    Ok(())
}

/// Percent-encodes one octet, unless it is unreserved.
pub(crate) fn encode_octet(octet: u8, sink: &mut impl Sink) -> Result<()> {
    if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
        sink.put(char::from(octet).encode_utf8(&mut [0; 4]))
    } else {
        sink.put(escape(octet, &mut [0; 3]))
    }
}

/// `%XX`.
fn escape(octet: u8, out: &mut [u8; 3]) -> &str {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
    *out = [b'%', digit(octet >> 4), digit(octet & 15)];
    core::str::from_utf8(out).unwrap_or_default()
}

/// Writes in lower case; only ASCII letters change.
pub(crate) fn lower(text: &str, sink: &mut impl Sink) -> Result<()> {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte.is_ascii_uppercase()) {
        let (head, tail) = rest.split_at(at);
        sink.put(head)?;
        let (letter, tail) = tail.split_at(1);
        let letter = letter.bytes().next().unwrap_or_default().to_ascii_lowercase();
        sink.put(char::from(letter).encode_utf8(&mut [0; 4]))?;
        rest = tail;
    }
    sink.put(rest)
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
    let rank = |byte: u8| {
        let stays = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if stays { (byte, 0) } else { (b'%', byte) }
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
            encode(text, "", &mut w).unwrap();
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
        encode("a b/é", "", &mut Encoding(&mut w)).unwrap();
        assert_eq!(w.finish(), "a%2520b%252F%25C3%25A9");
        let mut w = Writer::new(&mut buffer);
        encode("a b/+~*", "/", &mut w).unwrap();
        lower("X-Acs-ÄB", &mut w).unwrap();
        assert_eq!(w.finish(), "a%20b/%2B~%2Ax-acs-Äb");
    }
}
