//! The hour of a login: `YYYYMMDDHH`, UTC.

use core::fmt;

use crate::error::{Error, ErrorKind, Result};

/// An hour in UTC, written `YYYYMMDDHH`. It is the key under which the device secret is signed.
///
/// ```
/// use faceiot_core::sign::huawei::Hour;
///
/// assert_eq!(Hour::from_unix(1_767_323_045).as_str(), "2026010203");
/// assert_eq!(Hour::parse("2022010507")?.as_str(), "2022010507");
/// # Ok::<(), faceiot_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hour([u8; 10]);

impl Hour {
    /// The hour that holds this second, counted since 1970-01-01 UTC; from the year 10000 on the last hour of 9999.
    pub fn from_unix(seconds: u64) -> Self {
        const LAST: u64 = 253_402_300_799; // 9999-12-31T23:59:59Z
        let seconds = seconds.min(LAST);
        let (year, month, day) = civil(seconds / 86_400);
        let hour = seconds / 3600 % 24;
        let mut digits = [b'0'; 10];
        let mut number = ((year * 100 + month) * 100 + day) * 100 + hour;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        Self(digits)
    }

    /// Ten digits. Whether they name an hour that exists is not checked: with sign type 0 the platform does not either.
    ///
    /// # Errors
    /// [`ErrorKind::Timestamp`].
    pub fn parse(text: &str) -> Result<Self> {
        match <[u8; 10]>::try_from(text.as_bytes()) {
            Ok(digits) if digits.iter().all(u8::is_ascii_digit) => Ok(Self(digits)),
            _ => Err(Error::new(ErrorKind::Timestamp, "not `YYYYMMDDHH`")),
        }
    }

    /// The ten digits.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The ten digits.
    pub const fn as_bytes(&self) -> &[u8; 10] {
        &self.0
    }
}

impl fmt::Debug for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hour({})", self.as_str())
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Year, month and day of a day counted since 1970-01-01, by the proleptic Gregorian calendar. Years begin in March
/// here, so that the leap day is the last of its year.
pub(crate) const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // since 0000-03-01
    let era = days / 146_097; // 400 years
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153; // 0 is March
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (0, month + 3)
    } else {
        (1, month - 9)
    };
    (era * 400 + year_of_era + year, month, day)
}
