//! Reads a journal and tells a torn end from damage in the middle.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crate::Seq;
use crate::format::{HEAD_LEN, Head, MAX_PAYLOAD, RECORD_HEADER_LEN, RecordHead, invalid};

/// A record read back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// Its number. Records of a snapshot have the number given to them there, or the snapshot's own.
    pub seq: Seq,
    /// What the writer called it.
    pub kind: u8,
    /// What the writer put in it.
    pub payload: &'a [u8],
}

/// What to do about a damaged record that whole records follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Damage {
    /// Stop with `InvalidData`, and leave the file untouched: acknowledged data is broken and somebody should
    /// know.
    #[default]
    Refuse,
    /// Go on with the next whole record; [`Recovery`] counts what was left out.
    Skip,
}

/// What reading a journal found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Recovery {
    /// Whole records.
    pub records: u64,
    /// Bytes after the last whole record: an interrupted write, never acknowledged.
    pub torn_bytes: u64,
    /// Damaged places that were skipped ([`Damage::Skip`]).
    pub skipped: u64,
    /// Bytes in them.
    pub skipped_bytes: u64,
    /// Number of the last record, or of the snapshot when none follows it.
    pub last_seq: Seq,
    /// Offset behind the last whole record.
    pub end: u64,
}

/// Reads a journal from its first byte and gives every whole record to `each`; changes nothing.
///
/// # Errors
///
/// `InvalidData` when it is no journal, has another version, or (with [`Damage::Refuse`]) is damaged in the
/// middle; otherwise what `source` reports.
pub fn read<R: Read + Seek>(
    source: &mut R,
    on_damage: Damage,
    mut each: impl FnMut(Record<'_>),
) -> io::Result<Recovery> {
    read_with_head(source, on_damage, &mut each).map(|(_, recovery)| recovery)
}

pub(crate) fn read_with_head<R: Read + Seek>(
    source: &mut R,
    on_damage: Damage,
    each: &mut dyn FnMut(Record<'_>),
) -> io::Result<(Head, Recovery)> {
    let length = source.seek(SeekFrom::End(0))?;
    source.rewind()?;
    if length < HEAD_LEN {
        return Err(invalid("this file is too short for a journal"));
    }
    let mut input = BufReader::with_capacity(64 << 10, source);
    let mut bytes = [0; HEAD_LEN as usize];
    input.read_exact(&mut bytes)?;
    let head = Head::parse(&bytes)?;
    let mut recovery = Recovery {
        end: HEAD_LEN,
        last_seq: head.base,
        ..Recovery::default()
    };
    let mut order = Order {
        base: head.base,
        last: head.base,
    };
    let mut payload = Vec::new();
    while recovery.end < length {
        let at = recovery.end;
        match next(&mut input, length - at, head.salt, order, &mut payload)? {
            Some(record) => {
                order.accept(record.seq);
                each(Record {
                    seq: record.seq,
                    kind: record.kind,
                    payload: &payload,
                });
                recovery.records += 1;
                recovery.last_seq = recovery.last_seq.max(record.seq);
                recovery.end = at + (RECORD_HEADER_LEN + payload.len()) as u64;
            }
            None => match whole_record_after(&mut input, at, length, head.salt, order)? {
                None => {
                    recovery.torn_bytes = length - at;
                    break;
                }
                Some(found) if on_damage == Damage::Skip => {
                    tracing::error!(from = at, to = found, "a damaged part of the journal is skipped");
                    recovery.skipped += 1;
                    recovery.skipped_bytes += found - at;
                    recovery.end = found;
                    input.seek(SeekFrom::Start(found))?;
                }
                Some(found) => {
                    return Err(invalid(format!(
                        "the journal is damaged from byte {at} to {found}, and whole records follow: restore it from a \
                         copy, or open it with `Damage::Skip` to go on without what is lost"
                    )));
                }
            },
        }
    }
    Ok((head, recovery))
}

/// Which numbers may come next: the snapshot's in any order, then appended ones, rising.
#[derive(Clone, Copy)]
struct Order {
    base: Seq,
    last: Seq,
}

impl Order {
    fn allows(self, seq: Seq) -> bool {
        seq > self.last || (self.last == self.base && seq <= self.base)
    }

    fn accept(&mut self, seq: Seq) {
        self.last = self.last.max(seq);
    }
}

/// The record at the present position, its payload in `payload`; `None` when it is not whole.
fn next(
    input: &mut impl Read,
    left: u64,
    salt: u32,
    order: Order,
    payload: &mut Vec<u8>,
) -> io::Result<Option<RecordHead>> {
    if left < RECORD_HEADER_LEN as u64 {
        return Ok(None);
    }
    let mut bytes = [0; RECORD_HEADER_LEN];
    input.read_exact(&mut bytes)?;
    let record = RecordHead::parse(&bytes);
    // Checked against what is really there before memory is taken for it.
    if !fits(&record, left) || !order.allows(record.seq) {
        return Ok(None);
    }
    payload.resize(record.length as usize, 0);
    input.read_exact(payload)?;
    Ok(record.matches(salt, payload).then_some(record))
}

fn fits(record: &RecordHead, left: u64) -> bool {
    record.length as usize <= MAX_PAYLOAD && RECORD_HEADER_LEN as u64 + u64::from(record.length) <= left
}

/// Where the first whole record behind the damage at `at` begins.
fn whole_record_after<R: Read + Seek>(
    input: &mut BufReader<R>,
    at: u64,
    length: u64,
    salt: u32,
    order: Order,
) -> io::Result<Option<u64>> {
    input.seek(SeekFrom::Start(at))?;
    let mut rest = Vec::new();
    input.take(length - at).read_to_end(&mut rest)?;
    // Every byte is a candidate and a lying length makes each cost a long CRC: the work is capped, in
    // proportion to the bytes there are.
    let mut budget = (rest.len() as u64)
        .saturating_mul(64)
        .saturating_add(MAX_PAYLOAD as u64);
    for offset in 1..rest.len() {
        let candidate = &rest[offset..];
        let Some((bytes, behind)) = candidate.split_first_chunk::<RECORD_HEADER_LEN>() else {
            break;
        };
        let record = RecordHead::parse(bytes);
        if !fits(&record, candidate.len() as u64) || !order.allows(record.seq) {
            continue;
        }
        budget = match budget.checked_sub(u64::from(record.length)) {
            Some(left) => left,
            None => {
                return Err(invalid(format!(
                    "the journal is damaged from byte {at}, and what follows cannot be told apart"
                )));
            }
        };
        if record.matches(salt, &behind[..record.length as usize]) {
            return Ok(Some(at + offset as u64));
        }
    }
    Ok(None)
}
