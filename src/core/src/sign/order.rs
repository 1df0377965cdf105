//! The order in which headers and parameters are signed.

use core::cmp::Ordering;

use crate::text::AsciiSet;

/// Compares as if both were in lower case.
pub(crate) fn compare_lower(a: &str, b: &str) -> Ordering {
    a.bytes()
        .map(|byte| byte.to_ascii_lowercase())
        .cmp(b.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// The items in order, equal ones as they stand, without moving or copying any.
pub(crate) fn sorted<T: Copy>(items: &[T], compare: impl Fn(&T, &T) -> Ordering) -> impl Iterator<Item = T> {
    sorted_both(items, &[], compare)
}

/// As [`sorted`], of the first list and the second one behind it.
///
/// One look at all items finds the next 16: requests have some ten headers or parameters, and those of more cost a look
/// for each 16.
pub(crate) fn sorted_both<T: Copy>(
    first: &[T],
    second: &[T],
    compare: impl Fn(&T, &T) -> Ordering,
) -> impl Iterator<Item = T> {
    const AHEAD: usize = 16;
    let mut found: [Option<(usize, T)>; AHEAD] = [None; AHEAD];
    let mut next = AHEAD;
    core::iter::from_fn(move || {
        if next == AHEAD {
            let [.., last] = found;
            found = [None; AHEAD];
            next = 0;
            let mut count = 0_usize;
            for (at, item) in first.iter().chain(second).enumerate() {
                let given =
                    |(before, last): (usize, T)| compare(&last, item).then(before.cmp(&at)) != Ordering::Less;
                if last.is_some_and(given) {
                    continue;
                }
                // What is greater moves up by one place; when all are taken, the greatest falls out.
                let mut place = count;
                while let Some(Some((_, below))) = place.checked_sub(1).and_then(|below| found.get(below)) {
                    if compare(below, item) != Ordering::Greater {
                        break;
                    }
                    place -= 1;
                }
                if place < AHEAD {
                    found.copy_within(place..count.min(AHEAD - 1), place + 1);
                    if let Some(place) = found.get_mut(place) {
                        *place = Some((at, *item));
                    }
                    count = AHEAD.min(count + 1);
                }
            }
        }
        let item = found.get(next).copied().flatten()?;
        next += 1;
        Some(item.1)
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
    use crate::text::{Writer, encode};

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
}
