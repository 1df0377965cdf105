//! Compaction: live records take the place of a long history.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::Seq;
use crate::format::{HEAD_LEN, Head, MAX_PAYLOAD, RECORD_HEADER_LEN, RecordHead, payload_hasher};

/// Takes the live records of a compaction; see [`Journal::compact`](crate::Journal::compact).
pub struct Snapshot {
    out: BufWriter<File>,
    head: Head,
    length: u64,
    error: Option<io::Error>,
}

impl Snapshot {
    pub(crate) fn create(path: &Path, head: Head) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        crate::restrict(&mut options);
        let file = options.open(path)?;
        crate::make_private(&file)?;
        crate::lock(&file, path)?;
        let mut out = BufWriter::with_capacity(256 << 10, file);
        out.write_all(&head.to_bytes())?;
        Ok(Self {
            out,
            head,
            length: HEAD_LEN,
            error: None,
        })
    }

    /// Writes one live record. It is read back with the number of the last record that the snapshot replaces.
    ///
    /// An error is kept: the compaction is then given up and the old file stays.
    pub fn append(&mut self, kind: u8, parts: &[&[u8]]) {
        self.append_as(self.head.base, kind, parts);
    }

    /// Writes one live record under the number that it had, which must be one that the snapshot replaces.
    pub fn append_as(&mut self, seq: Seq, kind: u8, parts: &[&[u8]]) {
        if self.error.is_none() {
            self.error = self.write(seq, kind, parts).err();
        }
    }

    /// Bytes written so far.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Has no record been written yet?
    pub fn is_empty(&self) -> bool {
        self.length == HEAD_LEN
    }

    fn write(&mut self, seq: Seq, kind: u8, parts: &[&[u8]]) -> io::Result<()> {
        let length: usize = parts.iter().map(|p| p.len()).sum();
        if length > MAX_PAYLOAD || seq > self.head.base {
            let message = format!(
                "record {seq} of {length} bytes does not belong in a snapshot of {}",
                self.head.base
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let head = RecordHead::new(payload_hasher(self.head.salt, parts), length as u32, kind, seq);
        self.out.write_all(&head.to_bytes())?;
        for part in parts {
            self.out.write_all(part)?;
        }
        self.length += (RECORD_HEADER_LEN + length) as u64;
        Ok(())
    }

    /// Brings it to disk, so that little is left to do while appends wait.
    pub(crate) fn finish(self) -> io::Result<(File, u64)> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok((file, self.length))
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("len", &self.length)
            .finish_non_exhaustive()
    }
}

/// Where a snapshot is written before it takes the journal's place.
pub(crate) fn new_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}
