//! The place where a photo was taken, out of it.

use std::borrow::Cow;
use std::ops::Range;

use crate::jpeg::walk::{APP1, EOI, SOI, SOS};

/// The JPEG without the place where it was taken. Every other octet stays where it is:
///
/// * in EXIF, the GPS directory is overwritten with zeros and its entry taken out of the directory that points to it; an
///   EXIF segment whose directories cannot be read is removed, because what it holds cannot be known;
/// * an XMP packet that speaks of GPS is removed;
/// * what follows the end of the picture is cut off: cameras put further pictures there, with EXIF of their own.
///
/// The picture need not be whole. What has nothing of it is not copied.
pub(crate) fn without_location(jpeg: &[u8]) -> Cow<'_, [u8]> {
    let mut kept = Cow::Borrowed(jpeg);
    let mut removed = Vec::new();
    let mut at = 2;
    while let Some([0xff, marker, high, low]) = jpeg.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        if matches!(*marker, SOS | SOI | EOI) {
            break;
        }
        if *marker == 0xff {
            at += 1; // fill
            continue;
        }
        let end = at + 2 + usize::from(u16::from_be_bytes([*high, *low]));
        let Some(body) = jpeg.get(at + 4..end) else {
            break;
        };
        if *marker == APP1 {
            match location(body) {
                Location::None => {}
                Location::Remove => removed.push(at..end),
                Location::Blank(rewritten) => {
                    if let Some(place) = kept.to_mut().get_mut(at + 4..end) {
                        place.copy_from_slice(&rewritten);
                    }
                }
            }
        }
        at = end;
    }
    if let Ok(structure) = super::walk::walk(jpeg)
        && jpeg.iter().skip(structure.end).any(|octet| *octet != 0)
    {
        removed.push(structure.end..jpeg.len());
    }
    for range in removed.into_iter().rev() {
        kept.to_mut().drain(range);
    }
    kept
}

enum Location {
    None,
    /// The whole segment has to go.
    Remove,
    /// The segment's octets, as many as before.
    Blank(Vec<u8>),
}

fn location(body: &[u8]) -> Location {
    if let Some(tiff) = body.strip_prefix(EXIF) {
        let mut tiff = Tiff {
            octets: tiff.to_vec(),
            big: tiff.starts_with(b"MM"),
            found: false,
        };
        return match tiff.blank() {
            None => Location::Remove,
            Some(()) if tiff.found => Location::Blank([EXIF, &tiff.octets].concat()),
            Some(()) => Location::None,
        };
    }
    let is_xmp = body.starts_with(b"http://ns.adobe.com/x");
    if is_xmp && body.windows(3).any(|three| three == b"GPS") {
        return Location::Remove;
    }
    Location::None
}

/// The octets of a TIFF file, which EXIF is (EXIF 2.32, section 4.5).
struct Tiff {
    octets: Vec<u8>,
    big: bool,
    found: bool,
}

impl Tiff {
    /// Blanks the GPS directories; `None` when the directories cannot be read.
    fn blank(&mut self) -> Option<()> {
        if !(self.octets.starts_with(b"MM\0*") || self.octets.starts_with(b"II*\0")) {
            return None;
        }
        let mut directory = self.long(4)?;
        // One directory for the photo, one for its thumbnail; a chain without end is none.
        for _ in 0..8 {
            if directory == 0 {
                return Some(());
            }
            let count = usize::from(self.short(directory)?);
            let next_at = directory + 2 + count * 12;
            let next = self.long(next_at)?;
            if let Some(index) = (0..count).find(|index| self.short(directory + 2 + index * 12) == Some(GPS))
            {
                let entry = directory + 2 + index * 12;
                let gps = self.long(entry + 8)?;
                self.blank_directory(gps)?;
                // The entries behind it and the pointer to the next directory move up; nothing else moves.
                self.octets.copy_within(entry + 12..next_at + 4, entry);
                self.octets.get_mut(next_at - 8..next_at + 4)?.fill(0);
                let fewer = u16::try_from(count - 1).ok()?;
                let fewer = if self.big {
                    fewer.to_be_bytes()
                } else {
                    fewer.to_le_bytes()
                };
                self.octets
                    .get_mut(directory..directory + 2)?
                    .copy_from_slice(&fewer);
                self.found = true;
                continue; // the same one again: it may have two
            }
            directory = next;
        }
        None
    }

    fn blank_directory(&mut self, at: usize) -> Option<()> {
        let count = usize::from(self.short(at)?);
        let end = at + 2 + count * 12 + 4;
        let mut ranges = Vec::with_capacity(count);
        for entry in (0..count).map(|index| at + 2 + index * 12) {
            let size = match self.short(entry + 2)? {
                1 | 2 | 6 | 7 => 1,
                3 | 8 => 2,
                5 | 10 | 12 => 8,
                _ => 4,
            };
            let length = self.long(entry + 4)?.checked_mul(size)?;
            if length > 4 {
                let from = self.long(entry + 8)?;
                ranges.push(from..from.checked_add(length)?);
            }
        }
        for range in ranges {
            self.fill(range)?;
        }
        self.fill(at..end.min(self.octets.len()))
    }

    fn fill(&mut self, range: Range<usize>) -> Option<()> {
        self.octets.get_mut(range)?.fill(0);
        Some(())
    }

    fn short(&self, at: usize) -> Option<u16> {
        let octets = *self.octets.get(at..)?.first_chunk()?;
        Some(if self.big {
            u16::from_be_bytes(octets)
        } else {
            u16::from_le_bytes(octets)
        })
    }

    fn long(&self, at: usize) -> Option<usize> {
        let octets = *self.octets.get(at..)?.first_chunk()?;
        let value = if self.big {
            u32::from_be_bytes(octets)
        } else {
            u32::from_le_bytes(octets)
        };
        usize::try_from(value).ok()
    }
}

const EXIF: &[u8] = b"Exif\0\0";
/// `GPSInfo`, the tag of the pointer to the GPS directory.
const GPS: u16 = 0x8825;
