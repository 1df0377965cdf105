//! [`AsciiSet`]: which characters stand for themselves, and which may not stand somewhere at all.

/// A set of ASCII characters. All sets share one table of classes, so that an octet is looked up by one load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AsciiSet(u8);

impl AsciiSet {
    /// Letters, digits and `-._~`: what RFC 3986 calls unreserved, and percent-encoding leaves alone.
    pub(crate) const UNRESERVED: Self = Self(1);
    /// `U+0000` to `U+001F`, and `U+007F`.
    pub(crate) const CONTROLS: Self = Self(2);

    /// This set and these characters, which must be among `/`, `&`, `,`, `=` and `|`.
    pub(crate) const fn with(mut self, characters: &str) -> Self {
        let mut rest = characters.as_bytes();
        while let [octet, tail @ ..] = rest {
            let class = CLASSES[*octet as usize];
            assert!(class > Self::CONTROLS.0, "a character without a class of its own");
            self.0 |= class;
            rest = tail;
        }
        self
    }

    /// Whether this octet is one of the characters.
    #[inline]
    pub(crate) const fn contains(self, octet: u8) -> bool {
        CLASSES[octet as usize] & self.0 != 0
    }

    /// Whether one of these octets is one of the characters, or not ASCII.
    #[inline]
    pub(crate) fn may_be_among(self, octets: &[u8]) -> bool {
        let all = octets
            .iter()
            .fold(0, |all, octet| all | CLASSES[usize::from(*octet)]);
        all & (self.0 | BEYOND_ASCII) != 0
    }

    /// How many octets at the start are characters of the set.
    #[inline]
    pub(crate) fn span(self, octets: &[u8]) -> usize {
        let outside = octets.iter().position(|octet| !self.contains(*octet));
        outside.unwrap_or(octets.len())
    }
}

/// The class of what is not ASCII.
const BEYOND_ASCII: u8 = 0x80;

/// The class of each octet, a bit.
const CLASSES: [u8; 256] = {
    const OWN: &[u8] = b"/&,=|";
    let mut classes = [BEYOND_ASCII; 256];
    let mut octet = 0;
    while octet < 128 {
        let character = octet as u8;
        classes[octet] =
            if character.is_ascii_alphanumeric() || matches!(character, b'-' | b'.' | b'_' | b'~') {
                AsciiSet::UNRESERVED.0
            } else if character.is_ascii_control() {
                AsciiSet::CONTROLS.0
            } else {
                0
            };
        octet += 1;
    }
    let mut at = 0;
    while at < OWN.len() {
        classes[OWN[at] as usize] = 4 << at;
        at += 1;
    }
    classes
};

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
            assert_eq!(
                named.may_be_among(&[b'a', octet, b'b']),
                control_or_named || !octet.is_ascii()
            );
        }
        assert_eq!(AsciiSet::UNRESERVED.span(b"a-Z_9.~/b"), 7);
        assert_eq!(AsciiSet::UNRESERVED.span("é".as_bytes()), 0);
        assert_eq!(AsciiSet::UNRESERVED.span(b"abc"), 3);
    }
}
