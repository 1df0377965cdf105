//! CRC-32/ISO-HDLC. Where there is an operating system by SIMD and tables of 16 KiB; on bare metal by a table of 64
//! octets, which is all that a small firmware has room for.

#[cfg(not(target_os = "none"))]
use crc32fast::Hasher;
#[cfg(target_os = "none")]
use small::Hasher;

/// CRC-32/ISO-HDLC, the one of zlib and of chunk format v2.
pub fn crc32(data: &[u8]) -> u32 {
    let mut crc = Crc32::new();
    crc.update(data);
    crc.finish()
}

/// CRC-32/ISO-HDLC of a message that comes in parts.
#[derive(Clone, Debug, Default)]
pub struct Crc32(Hasher);

impl Crc32 {
    /// The CRC of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on behind parts that had this CRC; 0 is the CRC of nothing.
    ///
    /// ```
    /// use faceiot_core::digest::{Crc32, crc32};
    ///
    /// let mut crc = Crc32::resume(crc32(b"1234"));
    /// crc.update(b"56789");
    /// assert_eq!(crc.finish(), 0xCBF4_3926);
    /// ```
    #[must_use]
    pub fn resume(crc: u32) -> Self {
        Self(Hasher::new_with_initial(crc))
    }

    /// Takes the next part.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The CRC of everything taken so far.
    #[must_use]
    pub fn finish(&self) -> u32 {
        self.0.clone().finalize()
    }
}

/// The same as crc32fast, half an octet at a time.
#[cfg(any(test, target_os = "none"))]
mod small {
    /// What is left of half an octet, divided by the polynomial.
    const TABLE: [u32; 16] = {
        let mut table = [0; 16];
        let mut at = 0;
        while at < 16 {
            let (mut rest, mut bit) = (at as u32, 0);
            while bit < 4 {
                let carried = rest & 1;
                rest >>= 1;
                rest ^= carried * 0xEDB8_8320;
                bit += 1;
            }
            table[at] = rest;
            at += 1;
        }
        table
    };

    #[derive(Clone, Debug, Default)]
    pub(super) struct Hasher(u32);

    impl Hasher {
        pub(super) fn new_with_initial(crc: u32) -> Self {
            Self(crc)
        }

        pub(super) fn update(&mut self, data: &[u8]) {
            let half = |rest: u32| TABLE.get(rest as usize & 15).copied().unwrap_or_default() ^ (rest >> 4);
            let start = !self.0;
            self.0 = !data
                .iter()
                .fold(start, |rest, octet| half(half(rest ^ u32::from(*octet))));
        }

        pub(super) fn finalize(self) -> u32 {
            self.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_table_gives_what_the_large_ones_give() {
        let data: [u8; 1000] = core::array::from_fn(|i| (i * 31 + (i >> 8) * 17 + 7) as u8);
        for (length, middle) in [(0, 0), (1, 0), (9, 4), (255, 255), (256, 1), (1000, 333)] {
            let (head, tail) = data[..length].split_at(middle);
            let mut crc = small::Hasher::default();
            crc.update(head);
            let mut crc = small::Hasher::new_with_initial(crc.finalize());
            crc.update(tail);
            assert_eq!(
                crc.finalize(),
                crc32(&data[..length]),
                "{length} octets, cut at {middle}"
            );
        }
    }
}
