//! [`Writer`]: text into a caller's buffer, refusing what does not fit.

use crate::error::{Error, ErrorKind, Result};

/// Writes UTF-8 text into a buffer that the caller owns.
///
/// Nothing is cut off silently: what does not fit is refused with [`ErrorKind::BufferTooSmall`], and the writer holds
/// what it held before.
///
/// ```
/// use faceiot_core::text::Writer;
///
/// let mut buffer = [0; 32];
/// let mut w = Writer::new(&mut buffer);
/// w.push_str("timestamp=")?.push_u64(1_534_494_218)?;
/// assert_eq!(w.finish(), "timestamp=1534494218");
/// # Ok::<(), faceiot_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer<'b> {
    buffer: &'b mut [u8],
    len: usize,
}

impl<'b> Writer<'b> {
    /// A writer at the start of `buffer`.
    pub fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

    /// Appends text.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`]; nothing was written.
    #[inline]
    pub fn push_str(&mut self, text: &str) -> Result<&mut Self> {
        self.push_octets(text.as_bytes())?;
        Ok(self)
    }

    /// Appends texts, one behind the other.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`]; the texts before the first that did not fit are written.
    #[inline]
    pub fn push_all(&mut self, texts: &[&str]) -> Result<&mut Self> {
        for text in texts {
            self.push_str(text)?;
        }
        Ok(self)
    }

    /// Appends octets that are text.
    ///
    /// # Errors
    /// [`ErrorKind::Utf8`] when they are not UTF-8, [`ErrorKind::BufferTooSmall`]; nothing was written.
    pub fn push_bytes(&mut self, text: &[u8]) -> Result<&mut Self> {
        match core::str::from_utf8(text) {
            Ok(text) => self.push_str(text),
            Err(error) => Err(Error::new(ErrorKind::Utf8, "text").at_offset(error.valid_up_to())),
        }
    }

    /// Appends one character.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`]; nothing was written.
    pub fn push_char(&mut self, character: char) -> Result<&mut Self> {
        self.push_str(character.encode_utf8(&mut [0; 4]))
    }

    /// Appends a number in decimal.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`]; nothing was written.
    pub fn push_u64(&mut self, mut number: u64) -> Result<&mut Self> {
        if STEP > 1 && number < 10 {
            self.push_octets(&[b'0' + number as u8])?;
            return Ok(self);
        }
        let mut digits = [[0; STEP]; 20_usize.div_ceil(STEP)]; // u64::MAX has 20
        let mut start = digits.as_flattened().len();
        for place in digits.iter_mut().rev() {
            *place = last_digits(&mut number);
            start -= STEP;
            if number == 0 {
                break;
            }
        }
        let digits = digits.as_flattened().get(start..).unwrap_or_default();
        let head = digits.iter().take(STEP - 1);
        let zeros = head.take_while(|digit| **digit == b'0').count();
        self.push_octets(digits.get(zeros..).unwrap_or_default())?;
        Ok(self)
    }

    /// Appends a signed number in decimal.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`]; nothing was written.
    pub fn push_i64(&mut self, number: i64) -> Result<&mut Self> {
        let before = self.len;
        if number < 0 {
            self.push_str("-")?;
        }
        if let Err(error) = self.push_u64(number.unsigned_abs()) {
            self.len = before;
            return Err(error);
        }
        Ok(self)
    }

    /// Appends octets as upper-case hex.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`]; nothing was written.
    pub fn push_hex_upper(&mut self, octets: &[u8]) -> Result<&mut Self> {
        self.push_hex(octets, true)
    }

    /// Appends octets as lower-case hex.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`]; nothing was written.
    pub fn push_hex_lower(&mut self, octets: &[u8]) -> Result<&mut Self> {
        self.push_hex(octets, false)
    }

    /// Appends octets as hex of either case.
    pub(crate) fn push_hex(&mut self, octets: &[u8], upper: bool) -> Result<&mut Self> {
        let room = self.reserve(octets.len().saturating_mul(2))?;
        super::hex::encode(octets, room, upper)?;
        Ok(self)
    }

    /// Appends octets as standard base64 with padding.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`]; nothing was written.
    pub fn push_base64(&mut self, octets: &[u8]) -> Result<&mut Self> {
        let room = self.reserve(super::base64_len(octets.len()))?;
        super::base64_encode(octets, room)?;
        Ok(self)
    }

    /// How many octets are written since the start or the last [`cut`](Self::cut).
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is written yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What is written so far.
    pub fn as_str(&self) -> &str {
        text(self.buffer.get(..self.len).unwrap_or_default())
    }

    /// Forgets what was written after the first `len` octets.
    pub fn truncate(&mut self, len: usize) {
        if self.as_str().is_char_boundary(len) {
            self.len = self.len.min(len);
        }
    }

    /// Gives out what is written and goes on behind it: several strings in one buffer.
    ///
    /// ```
    /// use faceiot_core::text::Writer;
    ///
    /// let mut buffer = [0; 8];
    /// let mut w = Writer::new(&mut buffer);
    /// w.push_str("user")?;
    /// let user = w.cut();
    /// w.push_str("pass")?;
    /// assert_eq!((user, w.finish()), ("user", "pass"));
    /// # Ok::<(), faceiot_core::Error>(())
    /// ```
    pub fn cut(&mut self) -> &'b str {
        let buffer = core::mem::take(&mut self.buffer);
        let (done, rest) = buffer.split_at_mut(self.len.min(buffer.len()));
        self.buffer = rest;
        self.len = 0;
        text(done)
    }

    /// Everything written.
    pub fn finish(mut self) -> &'b str {
        self.cut()
    }

    /// The rest of the buffer, for a function that wants plain memory; what it writes is not counted.
    pub fn into_rest(self) -> &'b mut [u8] {
        let at = self.len.min(self.buffer.len());
        self.buffer.split_at_mut(at).1
    }

    /// Everything written, cut at these places, which are lengths at which the writer was; and the rest of the buffer.
    pub(crate) fn finish_cut<const N: usize>(
        mut self,
        at: [usize; N],
    ) -> ([&'b str; N], &'b str, &'b mut [u8]) {
        let (mut rest, mut done) = (self.cut(), 0);
        let parts = at.map(|end| {
            let (part, behind) = rest
                .split_at_checked(end.saturating_sub(done))
                .unwrap_or_default();
            (rest, done) = (behind, end);
            part
        });
        (parts, rest, self.buffer)
    }

    /// Appends octets that are a piece of a text, not necessarily whole characters.
    #[inline]
    pub(crate) fn push_octets(&mut self, octets: &[u8]) -> Result<()> {
        self.reserve(octets.len())?.copy_from_slice(octets);
        Ok(())
    }

    /// Room for exactly `count` octets, counted as written.
    #[inline]
    fn reserve(&mut self, count: usize) -> Result<&mut [u8]> {
        let too_small = Error::new(ErrorKind::BufferTooSmall, "output").at_offset(self.len);
        let end = self.len.checked_add(count).ok_or(too_small)?;
        let room = self.buffer.get_mut(self.len..end).ok_or(too_small)?;
        self.len = end;
        Ok(room)
    }
}

/// How many decimal digits are taken at a time: eight are quick, one is small.
const STEP: usize = if cfg!(target_pointer_width = "64") { 8 } else { 1 };

/// Takes the last [`STEP`] decimal digits off a number.
#[cfg(target_pointer_width = "64")]
fn last_digits(number: &mut u64) -> [u8; STEP] {
    let last = *number % 100_000_000;
    *number /= 100_000_000;
    // Two numbers of four digits, four of two, eight of one: divided side by side in one word, by multiplication.
    let fours = (last / 10_000) | ((last % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7F_0000_007F;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000F_000F_000F_000F;
    let ones = tens | ((twos - tens * 10) << 8);
    (ones | u64::from_ne_bytes([b'0'; STEP])).to_le_bytes()
}

/// Takes the last [`STEP`] decimal digits off a number.
#[cfg(not(target_pointer_width = "64"))]
fn last_digits(number: &mut u64) -> [u8; STEP] {
    [b'0' + divide_by_halves(number, 10) as u8]
}

/// A division without one of 64 bits, which is a routine of 400 octets on a microcontroller. `by` is below 65,536.
#[cfg(any(test, not(target_pointer_width = "64")))]
fn divide_by_halves(number: &mut u64, by: u32) -> u32 {
    let (high, low) = ((*number >> 32) as u32, *number as u32);
    let middle = ((high % by) << 16) | (low >> 16);
    let last = ((middle % by) << 16) | (low & 0xFFFF);
    *number = (u64::from(high / by) << 32) | u64::from(((middle / by) << 16) | (last / by));
    last % by
}

/// The text in octets that came in through `push_*`, which lets only UTF-8 in; the fallback is not reached.
fn text(octets: &[u8]) -> &str {
    core::str::from_utf8(octets).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Writer, divide_by_halves};

    #[test]
    fn a_number_is_written_in_decimal() {
        let borders = (0..20).map(|zeros| 10_u64.pow(zeros));
        let borders = borders.flat_map(|power| [power - 1, power, power + 1]);
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        let random = (0..64).cycle().take(100_000).map(|shift| {
            seed = seed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            seed >> shift
        });
        for number in borders.chain(random).chain([u64::MAX]) {
            let (mut ours, mut theirs) = ([0; 20], [0; 20]);
            let mut w = Writer::new(&mut ours);
            w.push_u64(number).unwrap();
            let mut left = number;
            let start = (0..20).rev().find(|place| {
                theirs[*place] = b'0' + (left % 10) as u8;
                left /= 10;
                left == 0
            });
            assert_eq!(w.finish().as_bytes(), &theirs[start.unwrap()..]);
        }
    }

    #[test]
    fn a_number_is_divided_by_halves_as_by_the_processor() {
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        for shift in (0..64).cycle().take(100_000) {
            seed = seed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            for number in [seed >> shift, u64::MAX >> shift, 1 << shift] {
                for by in [10, 10_000] {
                    let mut rest = number;
                    let last = u64::from(divide_by_halves(&mut rest, by));
                    let by = u64::from(by);
                    assert_eq!((rest, last), (number / by, number % by), "{number} by {by}");
                }
            }
        }
    }
}
