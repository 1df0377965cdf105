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
    pub fn push_str(&mut self, text: &str) -> Result<&mut Self> {
        let room = self.reserve(text.len())?;
        room.copy_from_slice(text.as_bytes());
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
        let mut digits = [0; 20]; // u64::MAX has 20
        let mut used = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
            used += 1;
            if number == 0 {
                break;
            }
        }
        let start = digits.len() - used;
        self.push_bytes(digits.get(start..).unwrap_or_default())
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
        let room = self.reserve(octets.len().saturating_mul(2))?;
        super::hex_upper(octets, room)?;
        Ok(self)
    }

    /// Appends octets as lower-case hex.
    ///
    /// # Errors
    /// [`ErrorKind::BufferTooSmall`]; nothing was written.
    pub fn push_hex_lower(&mut self, octets: &[u8]) -> Result<&mut Self> {
        let room = self.reserve(octets.len().saturating_mul(2))?;
        super::hex_lower(octets, room)?;
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

    /// Room for exactly `count` octets, counted as written.
    fn reserve(&mut self, count: usize) -> Result<&mut [u8]> {
        let too_small = Error::new(ErrorKind::BufferTooSmall, "output").at_offset(self.len);
        let end = self.len.checked_add(count).ok_or(too_small)?;
        let room = self.buffer.get_mut(self.len..end).ok_or(too_small)?;
        self.len = end;
        Ok(room)
    }
}

/// The text in octets that came in through `push_*`, which lets only UTF-8 in; the fallback cannot be reached.
fn text(octets: &[u8]) -> &str {
    core::str::from_utf8(octets).unwrap_or_default()
}
