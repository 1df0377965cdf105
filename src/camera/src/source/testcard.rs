//! A drawn picture that changes: colour bars, a grey ramp, the number of the frame and the time.

use std::time::{SystemTime, UNIX_EPOCH};

use faceiot_core::ErrorKind;

use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::letters::Canvas;
use crate::source::FrameSource;

/// A source that needs no camera.
pub(crate) struct TestCard {
    width: u32,
    height: u32,
    number: u64,
}

impl TestCard {
    pub(crate) fn new(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            number: 0,
        }
    }
}

impl FrameSource for TestCard {
    fn next(&mut self) -> Result<Frame> {
        self.number += 1;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time_ms = since.as_millis() as u64;
        let rgb = draw(self.width, self.height, self.number, time_ms);
        let frame = Frame::from_rgb(&rgb, self.width, self.height, QUALITY)?;
        Ok(frame.with_time_ms(time_ms).with_source(self.describe()))
    }

    fn describe(&self) -> String {
        format!("test card {}x{}", self.width, self.height)
    }
}

/// Reads `WxH`.
pub(crate) fn parse_size(text: &str) -> Result<(u32, u32)> {
    let size = text
        .split_once('x')
        .and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    match size {
        Some((width, height)) if (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height) => {
            Ok((width, height))
        }
        _ => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("`{text}` is no size: use WxH, each side 1 to {MAX_SIDE}"),
        )),
    }
}

/// The picture as rows of `R G B`: the upper two thirds colour bars, below them a grey ramp, over both two lines of
/// text. The same arguments give the same octets.
fn draw(width: u32, height: u32, number: u64, time_ms: u64) -> Vec<u8> {
    let (width, height) = (width as usize, height as usize);
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let colour = if y * 3 < height * 2 {
                BARS[x * BARS.len() / width]
            } else {
                [(x * 255 / width) as u8; 3]
            };
            rgb.extend_from_slice(&colour);
        }
    }
    let time = Utc::from_unix_ms(time_ms).to_string();
    // The time has 24 characters of six dots: as large as fits, and gone on a picture too small for it.
    let dot = width / (time.len() * 6 + 4);
    if dot > 0 {
        let mut canvas = Canvas {
            rgb: &mut rgb,
            width,
            height,
        };
        canvas.text(dot * 2, height / 3, dot, &format!("#{number}"));
        canvas.text(dot * 2, height / 3 + dot * 10, dot, &time);
    }
    rgb
}

/// A moment as `2026-11-21T20:15:00.123Z`.
struct Utc {
    days: u64,
    ms_of_day: u64,
}

impl Utc {
    fn from_unix_ms(ms: u64) -> Self {
        Self {
            days: ms / 86_400_000,
            ms_of_day: ms % 86_400_000,
        }
    }

    /// Year, month, day of the proleptic Gregorian calendar: Howard Hinnant's `civil_from_days`, for days from 1970.
    fn date(&self) -> (u64, u64, u64) {
        let z = self.days + 719_468;
        let (era, of_era) = (z / 146_097, z % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        (year_of_era + era * 400 + u64::from(month <= 2), month, day)
    }
}

impl std::fmt::Display for Utc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = self.date();
        let (seconds, ms) = (self.ms_of_day / 1_000, self.ms_of_day % 1_000);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"
        )
    }
}

const QUALITY: u8 = 90;
const MAX_SIDE: u32 = 4_096;

/// The bars of a television test card, 75 % bright.
const BARS: [[u8; 3]; 8] = [
    [191, 191, 191],
    [191, 191, 0],
    [0, 191, 191],
    [0, 191, 0],
    [191, 0, 191],
    [191, 0, 0],
    [0, 0, 191],
    [16, 16, 16],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg::{Verified, check};

    #[test]
    fn the_time_is_written_as_iso_8601() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
            (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Utc::from_unix_ms(ms).to_string(), text);
        }
    }

    #[test]
    fn every_test_card_shows_its_number_and_passes_the_check() {
        let mut source = TestCard::new(640, 480);
        let (first, second) = (source.next().unwrap(), source.next().unwrap());
        assert_ne!(first.jpeg().unwrap(), second.jpeg().unwrap());
        assert_eq!(check(first.jpeg().unwrap()).verified, Verified::Entropy);
        assert!(first.time_ms() > 1_600_000_000_000);
    }

    #[test]
    fn the_number_can_be_read_off_the_picture() {
        let (width, height, dot) = (640, 480, 640 / (24 * 6 + 4));
        let rgb = draw(width as u32, height as u32, 7, 0);
        let (left, top) = (dot * 2 + 6 * dot, height / 3); // the second character: the first is `#`
        let read = |column: usize| {
            (0..7).fold(0_u8, |bits, row| {
                let at = ((top + (row + 1) * dot) * width + left + column * dot) * 3;
                bits | u8::from(rgb[at] == 255) << row
            })
        };
        let columns: Vec<u8> = (0..5).map(read).collect();
        assert_eq!(columns, crate::letters::glyph('7'));
    }

    #[test]
    fn any_size_can_be_drawn() {
        for (width, height) in [(1, 1), (7, 3), (149, 1), (1, 300), (160, 20)] {
            assert_eq!(
                draw(width, height, u64::MAX, u64::MAX).len(),
                (width * height * 3) as usize
            );
            assert_eq!(TestCard::new(width, height).next().unwrap().width(), width);
        }
    }
}
