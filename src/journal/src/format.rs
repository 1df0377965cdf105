//! The bytes of a journal file; the table is in the crate's documentation.

use std::io;

use crc32fast::Hasher;

use crate::Seq;

/// Length of the file's header.
pub(crate) const HEAD_LEN: u64 = 28;

/// What a record costs in addition to its payload.
pub const RECORD_HEADER_LEN: usize = 17;

/// The largest payload of one record: 64 MiB.
pub const MAX_PAYLOAD: usize = 64 << 20;

const MAGIC: &[u8; 8] = b"FIOTJRNL";
const VERSION: u32 = 1;

/// Header of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    pub(crate) salt: u32,
    pub(crate) base: Seq,
}

impl Head {
    pub(crate) fn to_bytes(self) -> [u8; HEAD_LEN as usize] {
        let mut bytes = [0; HEAD_LEN as usize];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.salt.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.base.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..24]);
        bytes[24..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(crate) fn parse(bytes: &[u8; HEAD_LEN as usize]) -> io::Result<Self> {
        if &bytes[..8] != MAGIC {
            return Err(invalid("this file is no journal"));
        }
        let version = u32_at(bytes, 8);
        if version != VERSION {
            return Err(invalid(format!(
                "the journal has version {version}, this program reads version {VERSION}"
            )));
        }
        if u32_at(bytes, 24) != crc32fast::hash(&bytes[..24]) {
            return Err(invalid("the header of the journal is damaged"));
        }
        Ok(Self {
            salt: u32_at(bytes, 12),
            base: u64_at(bytes, 16),
        })
    }
}

/// Is this what is left when the creation of a journal was interrupted? A prefix of the header, or the zeros
/// that some file systems show for blocks that were allocated and never written.
pub(crate) fn is_torn_head(bytes: &[u8]) -> bool {
    let n = bytes.len();
    let prefix = if n <= 8 {
        MAGIC.starts_with(bytes)
    } else {
        n < HEAD_LEN as usize && bytes.starts_with(MAGIC)
    };
    prefix || bytes.iter().all(|&b| b == 0)
}

/// Header of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RecordHead {
    pub(crate) length: u32,
    pub(crate) crc: u32,
    pub(crate) kind: u8,
    pub(crate) seq: Seq,
}

impl RecordHead {
    /// `crc` begins with the payload so that the long part is computed before `seq` is known, outside the
    /// lock that hands out numbers.
    pub(crate) fn new(payload_crc: Hasher, length: u32, kind: u8, seq: Seq) -> Self {
        Self {
            length,
            crc: finish_crc(payload_crc, length, kind, seq),
            kind,
            seq,
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; RECORD_HEADER_LEN] {
        let mut bytes = [0; RECORD_HEADER_LEN];
        bytes[..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.crc.to_le_bytes());
        bytes[8] = self.kind;
        bytes[9..].copy_from_slice(&self.seq.to_le_bytes());
        bytes
    }

    pub(crate) fn parse(bytes: &[u8; RECORD_HEADER_LEN]) -> Self {
        Self {
            length: u32_at(bytes, 0),
            crc: u32_at(bytes, 4),
            kind: bytes[8],
            seq: u64_at(bytes, 9),
        }
    }

    pub(crate) fn matches(&self, salt: u32, payload: &[u8]) -> bool {
        self.crc == finish_crc(payload_hasher(salt, &[payload]), self.length, self.kind, self.seq)
    }
}

/// CRC of salt and payload, to be finished by [`RecordHead::new`].
pub(crate) fn payload_hasher(salt: u32, parts: &[&[u8]]) -> Hasher {
    let mut crc = Hasher::new();
    crc.update(&salt.to_le_bytes());
    for part in parts {
        crc.update(part);
    }
    crc
}

fn finish_crc(mut crc: Hasher, length: u32, kind: u8, seq: Seq) -> u32 {
    let mut tail = [0; 13];
    tail[..4].copy_from_slice(&length.to_le_bytes());
    tail[4] = kind;
    tail[5..].copy_from_slice(&seq.to_le_bytes());
    crc.update(&tail);
    crc.finalize()
}

pub(crate) fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}
