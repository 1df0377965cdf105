//! The markers of a JPEG, from SOI to EOI (ITU-T T.81, annex B).

use std::fmt;

/// What the markers say about a JPEG whose markers are in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Structure {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The decoder has to hold every coefficient: progressive, or not all components in the first scan.
    pub(crate) buffered: bool,
    /// Where Huffman tables belong that a baseline picture does not bring along: before its frame header. `None` when it
    /// brings any, or needs none.
    pub(crate) tables_missing_at: Option<usize>,
    /// Octets up to and with EOI.
    pub(crate) end: usize,
}

/// Where the markers stop making sense.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) what: What,
    /// Width and height, when the frame header was reached.
    pub(crate) size: Option<(u32, u32)>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    NoSoi,
    NoMarker(u8),
    Segment(u8),
    Truncated,
    NoPicture,
    NoEoi,
    NoSize,
    SecondSoi,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.offset;
        match self.what {
            What::NoSoi => f.write_str("does not begin with SOI (ff d8): the first octets are missing"),
            What::NoMarker(octet) => write!(f, "{octet:02x} at octet {at} where a marker (ff ..) belongs"),
            What::Segment(marker) => write!(f, "the segment ff {marker:02x} at octet {at} is malformed"),
            What::Truncated => write!(f, "ends inside the header (at octet {at})"),
            What::NoPicture => write!(f, "EOI (ff d9) at octet {at} before any picture"),
            What::NoEoi => write!(
                f,
                "ends inside the picture (at octet {at}): EOI (ff d9) is missing"
            ),
            What::NoSize => write!(f, "the frame header at octet {at} gives no size"),
            What::SecondSoi => write!(f, "another SOI (ff d8) at octet {at}, inside the picture"),
        }
    }
}

/// Walks every marker. Linear in the length, allocates nothing.
pub(crate) fn walk(jpeg: &[u8]) -> Result<Structure, Fault> {
    let mut walk = Walk {
        jpeg,
        at: 0,
        frame: None,
        scans: 0,
        buffered: false,
        tables: false,
    };
    walk.soi()?;
    loop {
        match walk.marker()? {
            EOI => return walk.finish(),
            marker => walk.segment(marker)?,
        }
    }
}

/// Width and height from the frame header; stops there.
pub(crate) fn size(jpeg: &[u8]) -> Result<(u32, u32), Fault> {
    let mut walk = Walk {
        jpeg,
        at: 0,
        frame: None,
        scans: 0,
        buffered: false,
        tables: false,
    };
    walk.soi()?;
    loop {
        if let Some(frame) = &walk.frame {
            return Ok((frame.width, frame.height));
        }
        match walk.marker()? {
            EOI => return Err(walk.fault(walk.at - 2, What::NoPicture)),
            marker => walk.segment(marker)?,
        }
    }
}

struct Walk<'a> {
    jpeg: &'a [u8],
    at: usize,
    frame: Option<FrameHeader>,
    scans: usize,
    buffered: bool,
    /// A Huffman table was seen.
    tables: bool,
}

struct FrameHeader {
    marker: u8,
    at: usize,
    width: u32,
    height: u32,
    components: u8,
}

impl Walk<'_> {
    fn soi(&mut self) -> Result<(), Fault> {
        if !self.jpeg.starts_with(&[0xff, SOI]) {
            return Err(self.fault(0, What::NoSoi));
        }
        self.at = 2;
        Ok(())
    }

    /// The next marker, with any fill octets (`ff ff ..`) before it.
    fn marker(&mut self) -> Result<u8, Fault> {
        let lead = self.octet()?;
        if lead != 0xff {
            return Err(self.fault(self.at - 1, What::NoMarker(lead)));
        }
        loop {
            match self.octet()? {
                0xff => {}
                0 => return Err(self.fault(self.at - 1, What::NoMarker(0))),
                marker => return Ok(marker),
            }
        }
    }

    fn segment(&mut self, marker: u8) -> Result<(), Fault> {
        let start = self.at - 2;
        match marker {
            TEM => return Ok(()), // stands alone
            SOI => return Err(self.fault(start, What::SecondSoi)),
            RST0..=RST7 => return Err(self.fault(start, What::Segment(marker))),
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes([self.octet()?, self.octet()?]));
        let body_at = self.at;
        let body_len = length
            .checked_sub(2)
            .ok_or_else(|| self.fault(start, What::Segment(marker)))?;
        let body = body_at
            .checked_add(body_len)
            .and_then(|end| self.jpeg.get(body_at..end))
            .ok_or_else(|| self.fault(self.jpeg.len(), self.end_word()))?;
        self.at += body_len;
        match marker {
            SOF0..=SOF15 if !matches!(marker, DHT | JPG | DAC) => self.frame_header(start, marker, body),
            SOS => {
                let in_scan = body.first().copied().unwrap_or(0);
                self.scan(start, in_scan)
            }
            DHT => {
                self.tables = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn frame_header(&mut self, start: usize, marker: u8, body: &[u8]) -> Result<(), Fault> {
        let [_precision, h1, h0, w1, w0, components, ..] = *body else {
            return Err(self.fault(start, What::Segment(marker)));
        };
        let width = u32::from(u16::from_be_bytes([w1, w0]));
        let height = u32::from(u16::from_be_bytes([h1, h0]));
        if self.frame.is_some() {
            return Err(self.fault(start, What::Segment(marker)));
        }
        // Height 0 means "see DNL later", which no camera writes and libjpeg does not read.
        if width == 0 || height == 0 {
            return Err(self.fault(start, What::NoSize));
        }
        self.buffered = !matches!(marker, SOF0 | SOF1 | SOF9);
        self.frame = Some(FrameHeader {
            marker,
            at: start,
            width,
            height,
            components,
        });
        Ok(())
    }

    /// Steps over the entropy-coded data that follow a scan header, to the next marker that ends them.
    fn scan(&mut self, start: usize, in_scan: u8) -> Result<(), Fault> {
        let Some(frame) = &self.frame else {
            return Err(self.fault(start, What::Segment(SOS)));
        };
        self.buffered |= in_scan < frame.components;
        self.scans += 1;
        loop {
            let rest = self.jpeg.get(self.at..).unwrap_or_default();
            let Some(next) = rest.iter().position(|octet| *octet == 0xff) else {
                return Err(self.fault(self.jpeg.len(), What::NoEoi));
            };
            self.at += next;
            match self.jpeg.get(self.at + 1) {
                None => return Err(self.fault(self.jpeg.len(), What::NoEoi)),
                Some(0 | RST0..=RST7) => self.at += 2, // a stuffed ff, or a restart
                Some(0xff) => self.at += 1,            // fill
                Some(_) => return Ok(()),
            }
        }
    }

    fn finish(self) -> Result<Structure, Fault> {
        match &self.frame {
            Some(frame) if self.scans > 0 => Ok(Structure {
                width: frame.width,
                height: frame.height,
                buffered: self.buffered,
                tables_missing_at: (!self.tables && matches!(frame.marker, SOF0 | SOF1)).then_some(frame.at),
                end: self.at,
            }),
            _ => Err(self.fault(self.at - 2, What::NoPicture)),
        }
    }

    fn octet(&mut self) -> Result<u8, Fault> {
        let octet = *self
            .jpeg
            .get(self.at)
            .ok_or_else(|| self.fault(self.jpeg.len(), self.end_word()))?;
        self.at += 1;
        Ok(octet)
    }

    fn end_word(&self) -> What {
        if self.scans == 0 {
            What::Truncated
        } else {
            What::NoEoi
        }
    }

    fn fault(&self, offset: usize, what: What) -> Fault {
        Fault {
            offset,
            what,
            size: self.frame.as_ref().map(|frame| (frame.width, frame.height)),
        }
    }
}

pub(super) const TEM: u8 = 0x01;
const SOF0: u8 = 0xc0;
const SOF1: u8 = 0xc1;
pub(super) const DHT: u8 = 0xc4;
const JPG: u8 = 0xc8;
const SOF9: u8 = 0xc9;
const DAC: u8 = 0xcc;
const SOF15: u8 = 0xcf;
pub(super) const RST0: u8 = 0xd0;
pub(super) const RST7: u8 = 0xd7;
pub(super) const SOI: u8 = 0xd8;
pub(super) const EOI: u8 = 0xd9;
pub(super) const SOS: u8 = 0xda;
pub(super) const APP1: u8 = 0xe1;

#[cfg(test)]
mod tests {
    use super::*;

    fn says(jpeg: &[u8]) -> String {
        walk(jpeg).unwrap_err().to_string()
    }

    #[test]
    fn a_thumbnail_is_stepped_over_with_its_segment() {
        let coffee = include_bytes!("../../../../tests/photos/coffee.jpg");
        assert_eq!(
            coffee[800..803],
            [0xff, SOI, 0xff],
            "the thumbnail begins at the head of a chunk"
        );
        let structure = walk(coffee).unwrap();
        assert_eq!(
            (structure.width, structure.height, structure.end),
            (600, 400, coffee.len())
        );
    }

    #[test]
    fn a_progressive_photo_has_to_be_buffered_and_a_baseline_one_does_not() {
        assert!(
            walk(include_bytes!("../../../../tests/photos/rocket.jpg"))
                .unwrap()
                .buffered
        );
        assert!(
            !walk(include_bytes!("../../../../tests/photos/chelsea.jpg"))
                .unwrap()
                .buffered
        );
    }

    #[test]
    fn every_fault_has_its_words() {
        assert_eq!(
            says(b""),
            "does not begin with SOI (ff d8): the first octets are missing"
        );
        assert_eq!(
            says(b"\xff\xd8\x00"),
            "00 at octet 2 where a marker (ff ..) belongs"
        );
        assert_eq!(
            says(b"\xff\xd8\xff\xd9"),
            "EOI (ff d9) at octet 2 before any picture"
        );
        assert_eq!(
            says(b"\xff\xd8\xff\xe0\x00\x01"),
            "the segment ff e0 at octet 2 is malformed"
        );
        assert_eq!(
            says(b"\xff\xd8\xff\xe0\x00\x10JFIF"),
            "ends inside the header (at octet 10)"
        );
        assert_eq!(
            says(b"\xff\xd8\xff\xd8"),
            "another SOI (ff d8) at octet 2, inside the picture"
        );
        assert_eq!(
            says(b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x00\x00\x10\x01\x01\x11\x00"),
            "the frame header at octet 2 gives no size"
        );
        assert_eq!(
            says(b"\xff\xd8\xff\xda\x00\x02"),
            "the segment ff da at octet 2 is malformed"
        );
    }

    #[test]
    fn fill_octets_before_a_marker_are_allowed() {
        let chelsea = include_bytes!("../../../../tests/photos/chelsea.jpg");
        let filled = [&chelsea[..2], &[0xff, 0xff], &chelsea[2..]].concat();
        assert_eq!(walk(&filled).unwrap().end, chelsea.len() + 2);
    }
}
