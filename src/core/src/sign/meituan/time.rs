//! The spellings of `Timestamp` that clients of the service used.

use crate::error::{Error, ErrorKind, Result};
use crate::sign::Utc;
use crate::text::Writer;

/// How the time is spelled. All mean UTC.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum TimestampForm {
    /// `2016-11-14T03:10:55.123Z`: the documentation.
    #[default]
    Millis,
    /// `2016-11-14T03:10:55.000Z`: the official SDK for Python.
    Zeros3,
    /// `2016-11-14T03:10:55.0000Z`: the seed for PHP.
    Zeros4,
    /// `2016-11-14T03:10:55000Z`: the official SDK for Java.
    NoDot,
    /// `2016-11-14T03:10:55Z`: botocore.
    Seconds,
}

/// Spells a time, in milliseconds since 1970.
///
/// ```
/// use faceiot_core::sign::meituan::{TimestampForm, timestamp};
///
/// let mut buffer = [0; 32];
/// assert_eq!(timestamp(1_479_093_055_123, TimestampForm::Millis, &mut buffer)?, "2016-11-14T03:10:55.123Z");
/// # Ok::<(), faceiot_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn timestamp(unix_ms: u64, form: TimestampForm, buffer: &mut [u8]) -> Result<&str> {
    let mut seconds = [0; 20];
    let seconds = Utc::from_unix(unix_ms / 1000).iso8601(&mut seconds)?;
    let mut w = Writer::new(buffer);
    w.push_str(seconds.strip_suffix('Z').unwrap_or(seconds))?;
    match form {
        TimestampForm::Millis => {
            let millis = unix_ms % 1000;
            w.push_str(".")?
                .push_u64(millis / 100)?
                .push_u64(millis / 10 % 10)?
                .push_u64(millis % 10)?
        }
        TimestampForm::Zeros3 => w.push_str(".000")?,
        TimestampForm::Zeros4 => w.push_str(".0000")?,
        TimestampForm::NoDot => w.push_str("000")?,
        TimestampForm::Seconds => &mut w,
    };
    w.push_str("Z")?;
    Ok(w.finish())
}

/// Reads a time in any of the spellings, in seconds since 1970, also that of the seed for Python when its clock shows no
/// microseconds: `2016-11-14T03:10Z`, without seconds.
///
/// # Errors
/// [`ErrorKind::Timestamp`].
pub fn parse_timestamp(text: &str) -> Result<u64> {
    read(text).ok_or(Error::new(ErrorKind::Timestamp, "Timestamp"))
}

fn read(text: &str) -> Option<u64> {
    let rest = text.strip_suffix('Z')?;
    let (date, time) = rest.split_once('T')?;
    let field = |text: &str, at: core::ops::Range<usize>| {
        let digits = text.get(at)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse::<u64>().ok())?
    };
    let separated = |text: &str, at: usize, by: &str| text.get(at..=at) == Some(by);
    if date.len() != 10 || !separated(date, 4, "-") || !separated(date, 7, "-") || !separated(time, 2, ":") {
        return None;
    }
    let seconds = match time.get(5..)? {
        "" => 0,
        rest => {
            let fraction = rest.get(3..)?;
            let digits = fraction.strip_prefix('.').unwrap_or(fraction);
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit())
                && digits.len() <= 9
                && (fraction.len() != 1);
            if !separated(rest, 0, ":") || !plain {
                return None;
            }
            field(rest, 1..3)?
        }
    };
    let (year, month, day) = (field(date, 0..4)?, field(date, 5..7)?, field(date, 8..10)?);
    let (hour, minute) = (field(time, 0..2)?, field(time, 3..5)?);
    let valid =
        (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && seconds < 61;
    if !valid || year < 1970 {
        return None;
    }
    // Days since 1970 by the calendar whose years begin in March, as `civil` counts them back.
    let (year, month) = if month < 3 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + seconds)
}
