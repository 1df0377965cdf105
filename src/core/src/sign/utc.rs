//! A moment in the spellings that signatures use, computed without a clock.

use super::huawei::civil;
use crate::error::Result;
use crate::text::Sink;

/// A second in UTC.
///
/// ```
/// use faceiot_core::sign::Utc;
///
/// let moment = Utc::from_unix(1_534_494_218);
/// let mut out = [0; 32];
/// assert_eq!(moment.http_date(&mut out)?, "Fri, 17 Aug 2018 08:23:38 GMT");
/// assert_eq!(moment.iso8601(&mut out)?, "2018-08-17T08:23:38Z");
/// assert_eq!(moment.basic(&mut out)?, "20180817T082338Z");
/// # Ok::<(), faceiot_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Utc {
    seconds: u64,
}

impl Utc {
    /// The second so many seconds after 1970-01-01 UTC; from the year 10000 on the last second of 9999.
    pub fn from_unix(seconds: u64) -> Self {
        const LAST: u64 = 253_402_300_799;
        Self {
            seconds: seconds.min(LAST),
        }
    }

    /// `Fri, 17 Aug 2018 08:23:38 GMT` (RFC 9110), 29 characters.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`](crate::ErrorKind::BufferTooSmall).
    pub fn http_date(self, out: &mut [u8]) -> Result<&str> {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]; // 1970-01-01 was a Thursday
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let (year, month, day) = civil(self.seconds / 86_400);
        let weekday = DAYS
            .get((self.seconds / 86_400 % 7) as usize)
            .copied()
            .unwrap_or_default();
        let month = MONTHS
            .get((month as usize).wrapping_sub(1))
            .copied()
            .unwrap_or_default();
        let mut w = crate::text::Writer::new(out);
        w.put(weekday)?;
        w.put(", ")?;
        digits(day, 2, &mut w)?;
        for piece in [" ", month, " "] {
            w.put(piece)?;
        }
        digits(year, 4, &mut w)?;
        w.put(" ")?;
        self.time(":", &mut w)?;
        w.put(" GMT")?;
        Ok(w.finish())
    }

    /// `2018-08-17T08:23:38Z`, 20 characters.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`](crate::ErrorKind::BufferTooSmall).
    pub fn iso8601(self, out: &mut [u8]) -> Result<&str> {
        let mut w = crate::text::Writer::new(out);
        self.date("-", &mut w)?;
        w.put("T")?;
        self.time(":", &mut w)?;
        w.put("Z")?;
        Ok(w.finish())
    }

    /// `20180817T082338Z`, 16 characters.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`](crate::ErrorKind::BufferTooSmall).
    pub fn basic(self, out: &mut [u8]) -> Result<&str> {
        let mut w = crate::text::Writer::new(out);
        self.date("", &mut w)?;
        w.put("T")?;
        self.time("", &mut w)?;
        w.put("Z")?;
        Ok(w.finish())
    }

    fn date(self, between: &str, sink: &mut impl Sink) -> Result<()> {
        let (year, month, day) = civil(self.seconds / 86_400);
        digits(year, 4, sink)?;
        sink.put(between)?;
        digits(month, 2, sink)?;
        sink.put(between)?;
        digits(day, 2, sink)
    }

    fn time(self, between: &str, sink: &mut impl Sink) -> Result<()> {
        digits(self.seconds / 3600 % 24, 2, sink)?;
        sink.put(between)?;
        digits(self.seconds / 60 % 60, 2, sink)?;
        sink.put(between)?;
        digits(self.seconds % 60, 2, sink)
    }
}

/// A number with leading zeros.
fn digits(number: u64, count: u32, sink: &mut impl Sink) -> Result<()> {
    for place in (0..count).rev() {
        let digit = b'0' + (number / 10_u64.pow(place) % 10) as u8;
        sink.put_octets(&[digit])?;
    }
    Ok(())
}
