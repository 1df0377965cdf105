//! Where in a JPEG an octet stands, as far as the markers tell.

use crate::octets::find;

/// Follows the markers of a JPEG that comes in parts, to answer one question: can a chunk that begins like a JPEG be
/// the start of the next photo?
///
/// Yes in entropy-coded data, where `FF D8` cannot stand, and behind the end of the image. No inside a segment: there it
/// is the EXIF thumbnail, and cutting the photo there would leave a "whole" photo of 64x48 points. No either when the
/// octets are not those of a JPEG, for then nothing is known.
///
/// ```
/// use faceiot_core::chunk::hex::MarkerWalk;
///
/// let mut walk = MarkerWalk::new();
/// walk.feed(b"\xFF\xD8\xFF\xE1\x00\x10Exif\0\0"); // APP1 of 16 octets, 8 of them seen
/// assert!(!walk.can_restart());
/// walk.feed(b"\xFF\xD8\xFF\xD9....");             // a thumbnail, and the segment is over
/// walk.feed(b"\xFF\xDA\x00\x02\x01\x02");         // start of scan, then entropy-coded data
/// assert!(walk.can_restart());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MarkerWalk {
    at: At,
}

/// What the next octet is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum At {
    /// The `FF` of SOI.
    #[default]
    Start,
    /// The `D8` of SOI.
    Soi,
    /// The `FF` of a marker.
    Marker,
    /// The code of a marker.
    Code,
    /// The high octet of the length of a segment; the marker is kept.
    LengthHigh(u8),
    /// The low octet.
    LengthLow(u8, u8),
    /// One of so many octets of a segment.
    Segment(u8, u16),
    /// Entropy-coded data.
    Entropy,
    /// What follows `FF` in entropy-coded data.
    EntropyCode,
    /// Behind EOI.
    End,
    /// Not a JPEG.
    Lost,
}

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

impl MarkerWalk {
    /// At the start of a photo.
    pub const fn new() -> Self {
        Self { at: At::Start }
    }

    /// Whether a chunk that [begins like a JPEG](super::begins_photo) would be the next photo.
    pub const fn can_restart(&self) -> bool {
        matches!(self.at, At::Entropy | At::EntropyCode | At::End)
    }

    /// Whether the end of the image was seen.
    pub const fn is_past_end(&self) -> bool {
        matches!(self.at, At::End)
    }

    /// Takes the next octets.
    pub fn feed(&mut self, octets: &[u8]) {
        let mut rest = octets;
        while let Some((&octet, tail)) = rest.split_first() {
            match self.at {
                At::End | At::Lost => return,
                At::Entropy => {
                    let run = find(rest, 0xFF);
                    rest = rest.get(run..).unwrap_or_default();
                    if let Some((_, tail)) = rest.split_first() {
                        self.at = At::EntropyCode;
                        rest = tail;
                    }
                    continue;
                }
                At::Segment(marker, left) => {
                    let take = usize::from(left).min(rest.len());
                    rest = rest.get(take..).unwrap_or_default();
                    self.at = segment(marker, left - take as u16);
                    continue;
                }
                at => self.at = step(at, octet),
            }
            rest = tail;
        }
    }
}

/// One octet outside the long runs.
fn step(at: At, octet: u8) -> At {
    match (at, octet) {
        (At::Start, 0xFF) => At::Soi,
        (At::Soi, SOI) => At::Marker,
        (At::Marker | At::Code, 0xFF) => At::Code, // a marker may be preceded by any number of FF
        (At::LengthHigh(marker), high) => At::LengthLow(marker, high),
        (At::LengthLow(marker, high), low) => match u16::from_be_bytes([high, low]).checked_sub(2) {
            Some(left) => segment(marker, left), // the length counts itself
            None => At::Lost,
        },
        (At::EntropyCode, 0x00 | 0xD0..=0xD7) => At::Entropy, // a stuffed FF, a restart marker
        (At::EntropyCode, 0xFF) => At::EntropyCode,
        (At::Code | At::EntropyCode, code) => marker(code),
        _ => At::Lost,
    }
}

/// What follows a marker.
fn marker(code: u8) -> At {
    match code {
        EOI => At::End,
        0x01 | 0xD0..=0xD7 => At::Marker, // without a segment
        0x00 | SOI => At::Lost,
        _ => At::LengthHigh(code),
    }
}

/// What follows when `left` octets of the segment are still to come.
fn segment(marker: u8, left: u16) -> At {
    match (marker, left) {
        (SOS, 0) => At::Entropy,
        (_, 0) => At::Marker,
        _ => At::Segment(marker, left),
    }
}
