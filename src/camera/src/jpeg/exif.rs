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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Frame;
    use crate::jpeg::{Verified, check};

    /// A TIFF file as EXIF has it: orientation 6, GPS (52 degrees north, a reference), a time; in this byte order. Written
    /// by hand after EXIF 2.32, and read by Pillow 13 (`Image.getexif().get_ifd(0x8825)`).
    fn exif(big: bool) -> Vec<u8> {
        let short = |value: u16| {
            if big {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        let long = |value: u32| {
            if big {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
            [&short(tag)[..], &short(kind), &long(count), &value].concat()
        };
        let orientation = [short(6), [0; 2]].concat().try_into().unwrap();
        let mut tiff = [if big { &b"MM"[..] } else { b"II" }, &short(42), &long(8)].concat();
        // IFD0 at 8: three entries, then the next one's offset; 8 + 2 + 36 + 4 = 50.
        tiff.extend(short(3));
        tiff.extend(entry(0x0112, 3, 1, orientation));
        tiff.extend(entry(0x8825, 4, 1, long(70)));
        tiff.extend(entry(0x0132, 2, 20, long(50)));
        tiff.extend(long(0));
        tiff.extend(b"2026:11:22 00:00:00\0");
        // The GPS IFD at 70: two entries; 70 + 2 + 24 + 4 = 100.
        tiff.extend(short(2));
        tiff.extend(entry(1, 2, 2, *b"N\0\0\0"));
        tiff.extend(entry(2, 5, 3, long(100)));
        tiff.extend(long(0));
        for part in [52, 1, 31, 1, 0x1234, 100] {
            tiff.extend(long(part));
        }
        tiff
    }

    fn with_segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let photo = include_bytes!("../../../../tests/photos/astronaut.jpg");
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&photo[..2], &[0xff, marker], &length, body, &photo[2..]].concat()
    }

    fn stripped(octets: &[u8]) -> Vec<u8> {
        let frame = Frame::from_jpeg(octets).unwrap().without_location().unwrap();
        assert_eq!(check(frame.jpeg().unwrap()).verified, Verified::Entropy);
        frame.jpeg().unwrap().to_vec()
    }

    #[test]
    fn the_place_is_blanked_and_every_other_octet_stays() {
        for big in [false, true] {
            let tiff = exif(big);
            let photo = with_segment(APP1, &[EXIF, &tiff].concat());
            let without = stripped(&photo);
            assert_eq!(without.len(), photo.len());
            let after = &without[12..12 + tiff.len()];
            assert_eq!(after[70..], [0; 54], "the GPS directory and its values");
            let mut read = Tiff {
                octets: after.to_vec(),
                big,
                found: false,
            };
            assert_eq!(
                (read.short(8), read.short(10), read.short(22)),
                (Some(2), Some(0x0112), Some(0x0132))
            );
            assert_eq!(read.short(18), Some(6), "the orientation");
            assert_eq!(after[50..70], tiff[50..70], "the time");
            assert_eq!((read.blank(), read.found), (Some(()), false));
            assert_eq!(without[12 + tiff.len()..], photo[12 + tiff.len()..]);
            assert_eq!(stripped(&without), without);
        }
    }

    #[test]
    fn exif_that_cannot_be_read_is_removed() {
        let plain = include_bytes!("../../../../tests/photos/astronaut.jpg").to_vec();
        for at in [0, 4, 8, 26, 30, 34, 72, 76, 100] {
            let mut tiff = exif(true);
            tiff[at] = 0xf1;
            let without = stripped(&with_segment(APP1, &[EXIF, &tiff].concat()));
            let gone = without == plain;
            let blanked = !without.windows(8).any(|eight| eight == &exif(true)[100..108]);
            assert!(gone || blanked || at == 34 || at == 30, "octet {at}");
        }
        for length in [0, 7, 9, 40] {
            let body = [EXIF, &exif(false)[..length]].concat();
            assert_eq!(stripped(&with_segment(APP1, &body)), plain, "{length} octets");
        }
    }

    #[test]
    fn xmp_with_a_place_and_further_pictures_go_and_xmp_without_stays() {
        let plain = include_bytes!("../../../../tests/photos/astronaut.jpg").to_vec();
        let xmp = |text: &str| with_segment(APP1, format!("http://ns.adobe.com/xap/1.0/\0{text}").as_bytes());
        assert_eq!(stripped(&xmp("<exif:GPSLatitude>52,31N")), plain);
        assert_eq!(stripped(&xmp("<dc:title>door")), xmp("<dc:title>door"));
        let second = with_segment(APP1, &[EXIF, &exif(false)].concat());
        assert_eq!(stripped(&[&plain[..], &second].concat()), plain);
    }

    #[test]
    fn what_has_no_place_is_not_copied() {
        for photo in [
            &include_bytes!("../../../../tests/photos/coffee.jpg")[..], // EXIF without GPS
            include_bytes!("../../../../tests/photos/rocket.jpg"),
            b"",
            b"\xff\xd8",
            b"no photo",
        ] {
            assert!(matches!(without_location(photo), Cow::Borrowed(same) if same == photo));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_damage_to_exif_is_survived(
            at in 0usize..124, with in proptest::num::u8::ANY, more in 0usize..124, by in proptest::num::u8::ANY
        ) {
            let mut tiff = exif(at % 2 == 0);
            tiff[at] = with;
            tiff[more] = by;
            let photo = with_segment(APP1, &[EXIF, &tiff].concat());
            let without = without_location(&photo);
            proptest::prop_assert!(Frame::from_jpeg(without.into_owned()).is_ok());
        }

        #[test]
        fn any_octets_are_survived(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let photo = with_segment(APP1, &[EXIF, b"MM\0*", &octets].concat());
            proptest::prop_assert!(without_location(&photo).len() <= photo.len());
            let _ = without_location(&octets);
        }
    }
}
