//! The broker's log as it may be found: a good file with bytes changed, cut or appended is read to an end or
//! refused, never with a panic.
#![no_main]

use std::io::Cursor;
use std::sync::OnceLock;

use faceiot_journal::{Damage, Journal, Options, RECORD_HEADER_LEN, Sync, read};
use libfuzzer_sys::fuzz_target;

fn good() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("faceiot-fuzz-journal-{}", std::process::id()));
        let journal = Journal::open(&path, Options::default(), |_| {}).expect("a new journal");
        for n in 0..6_u8 {
            journal.append(n, &[&vec![n; 7 * usize::from(n)]], Sync::Lazy);
        }
        journal.close().expect("a closed journal");
        let bytes = std::fs::read(&path).expect("its bytes");
        std::fs::remove_file(&path).expect("removed");
        bytes
    })
}

fuzz_target!(|data: &[u8]| {
    let mut file = good().to_vec();
    let (edits, tail) = data.split_at(data.len() / 2);
    for edit in edits.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]]));
        match file.get_mut(at) {
            Some(byte) => *byte ^= edit[2],
            None => file.truncate(at % (file.len() + 1)),
        }
    }
    file.extend_from_slice(tail);
    for damage in [Damage::Refuse, Damage::Skip] {
        let mut octets = 0;
        let found = read(&mut Cursor::new(&file), damage, |record| {
            octets += RECORD_HEADER_LEN + record.payload.len()
        });
        if let Ok(found) = found {
            let counted = found.end + found.torn_bytes;
            assert_eq!(counted, file.len() as u64, "every byte is accounted for");
            assert_eq!(28 + octets as u64 + found.skipped_bytes, found.end);
        }
    }
});
