//! [`AsciiSet`]: which characters stand for themselves, and which may not stand somewhere at all.

/// A set of ASCII characters, a bit each: to ask costs the same whatever is in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AsciiSet([u32; 4]);

impl AsciiSet {
    /// `U+0000` to `U+001F`, and `U+007F`.
    pub(crate) const CONTROLS: Self = Self([u32::MAX, 0, 0, 1 << 31]);

    /// Letters, digits and `-._~`: what RFC 3986 calls unreserved, and percent-encoding leaves alone.
    pub(crate) const UNRESERVED: Self = Self([0, 0x03FF_6000, 0x87FF_FFFE, 0x47FF_FFFE]);

    /// This set and these ASCII characters.
    pub(crate) const fn with(mut self, characters: &str) -> Self {
        let mut rest = characters.as_bytes();
        while let [octet, tail @ ..] = rest {
            assert!(octet.is_ascii());
            self.0[*octet as usize / 32] |= 1 << (*octet % 32);
            rest = tail;
        }
        self
    }

    /// Whether this octet is one of the characters.
    #[inline]
    pub(crate) fn contains(&self, octet: u8) -> bool {
        let bits = self.0.get(usize::from(octet / 32));
        bits.is_some_and(|bits| bits >> (octet % 32) & 1 == 1)
    }

    /// How many octets at the start are characters of the set.
    #[inline]
    pub(crate) fn span(&self, octets: &[u8]) -> usize {
        let outside = octets.iter().position(|octet| !self.contains(*octet));
        outside.unwrap_or(octets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_hold_what_their_names_say() {
        let named = AsciiSet::CONTROLS.with("&/|");
        for octet in 0..=255_u8 {
            let unreserved = octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
            assert_eq!(AsciiSet::UNRESERVED.contains(octet), unreserved, "{octet:#x}");
            assert_eq!(
                AsciiSet::CONTROLS.contains(octet),
                octet.is_ascii_control(),
                "{octet:#x}"
            );
            let control_or_named = octet.is_ascii_control() || b"&/|".contains(&octet);
            assert_eq!(named.contains(octet), control_or_named, "{octet:#x}");
        }
        assert_eq!(AsciiSet::UNRESERVED.span(b"a-Z_9.~/b"), 7);
        assert_eq!(AsciiSet::UNRESERVED.span("é".as_bytes()), 0);
        assert_eq!(AsciiSet::UNRESERVED.span(b"abc"), 3);
    }
}
