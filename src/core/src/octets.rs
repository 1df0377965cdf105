//! Looking at octets eight at a time, without `unsafe`.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Non-zero exactly when one of the eight octets is zero.
const fn has_zero(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

/// How many octets at the start of a JSON string need no attention: ASCII, no quote, no backslash, no control character.
pub(crate) fn plain_json_len(text: &[u8]) -> usize {
    let quiet = |word: u64| {
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let quote = has_zero(word ^ (ONES * u64::from(b'"')));
        let backslash = has_zero(word ^ (ONES * u64::from(b'\\')));
        (word | control) & HIGH | quote | backslash
    };
    let plain = |byte: &u8| matches!(byte, 0x20..=0x7F) && !matches!(byte, b'"' | b'\\');
    skip(text, quiet, plain)
}

/// Where the first octet is that equals `wanted`; the length when there is none.
pub(crate) fn find(octets: &[u8], wanted: u8) -> usize {
    let pattern = ONES * u64::from(wanted);
    skip(octets, |word| has_zero(word ^ pattern), |octet| *octet != wanted)
}

/// The length of the longest start in which every octet is to be skipped. `stop` is non-zero for eight octets of which
/// one is not; it looks at 16 a turn, so that the branch costs little.
fn skip(octets: &[u8], stop: impl Fn(u64) -> u64, skipped: impl Fn(&u8) -> bool) -> usize {
    let mut len = 0;
    let (pairs, _) = octets.as_chunks::<16>();
    for pair in pairs {
        let pair = u128::from_ne_bytes(*pair);
        if stop(pair as u64) | stop((pair >> 64) as u64) != 0 {
            break;
        }
        len += 16;
    }
    let rest = octets.get(len..).unwrap_or_default();
    len + rest.iter().take_while(|octet| skipped(octet)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_at_every_place_is_seen() {
        for octet in 0..=255u8 {
            let plain = (0x20..0x80).contains(&octet) && octet != b'"' && octet != b'\\';
            for at in 0..40 {
                let mut text = [b'A'; 40];
                text[at] = octet;
                assert_eq!(
                    plain_json_len(&text),
                    if plain { 40 } else { at },
                    "octet {octet:#x} at {at}"
                );
                if octet != b'A' {
                    assert_eq!(find(&text, octet), at, "octet {octet:#x} at {at}");
                }
            }
        }
        assert_eq!(find(&[], 0xFF), 0);
        assert_eq!(find(&[0; 33], 0xFF), 33);
    }

    #[test]
    fn a_neighbour_does_not_hide_or_feign_an_octet() {
        // has_zero alone may flag the octet above a match; only "any" is asked of it.
        for (a, b) in [
            (0x00, 0x01),
            (0x01, 0x00),
            (0x80, 0x00),
            (0xFF, 0xFE),
            (0xFE, 0xFF),
            (0x22, 0x23),
            (0x23, 0x22),
        ] {
            let octets = [a, b, a, b, a, b, a, b, a, b, a, b, a, b, a, b];
            for wanted in [a, b, 0x7F] {
                let slow = octets.iter().position(|octet| *octet == wanted).unwrap_or(16);
                assert_eq!(find(&octets, wanted), slow, "{a:#x} {b:#x} {wanted:#x}");
            }
        }
    }
}
