//! Append log: CRC per record, group commit, replay, compaction
