//! The promises of the journal, each broken on purpose.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use faceiot_journal::{Damage, FailedKind, Journal, Options, RECORD_HEADER_LEN, Snapshot, Sync, Ticket};
use proptest::prelude::*;

type Records = Vec<(u64, u8, Vec<u8>)>;

fn open(path: &Path) -> (Journal, Records) {
    open_with(path, Options::default()).unwrap()
}

fn open_with(path: &Path, options: Options) -> std::io::Result<(Journal, Records)> {
    let mut records = Vec::new();
    let journal = Journal::open(path, options, |r| {
        records.push((r.seq, r.kind, r.payload.to_vec()));
    })?;
    Ok((journal, records))
}

/// A journal file with `n` records of ten bytes each.
fn file_of(path: &Path, n: u64) -> Vec<u8> {
    let (journal, _) = open(path);
    let tickets: Vec<_> = (0..n)
        .map(|i| journal.append(1, &[format!("record{i:04}").as_bytes()], Sync::Yes))
        .collect();
    for ticket in &tickets {
        ticket.wait().unwrap();
    }
    journal.close().unwrap();
    fs::read(path).unwrap()
}

const HEAD: usize = 28;
const RECORD: usize = RECORD_HEADER_LEN + 10;

#[test]
fn what_was_appended_is_replayed_in_order_with_rising_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (journal, nothing) = open(&path);
    assert!(nothing.is_empty());
    let first = journal.append(7, &[b"a", b"", b"bc"], Sync::Yes);
    let empty = journal.append(255, &[], Sync::Yes);
    assert_eq!((first.seq(), empty.seq()), (Some(1), Some(2)));
    journal.close().unwrap();
    let (journal, records) = open(&path);
    assert_eq!(records, [(1, 7, b"abc".to_vec()), (2, 255, vec![])]);
    assert_eq!(journal.append(0, &[b"x"], Sync::Yes).seq(), Some(3));
}

#[test]
fn a_torn_last_record_is_cut_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let bytes = file_of(&path, 3);
    fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
    let (journal, records) = open(&path);
    assert_eq!(records.len(), 2);
    assert_eq!(journal.recovery().torn_bytes, (RECORD - 4) as u64);
    journal.append(2, &[b"next"], Sync::Yes).wait().unwrap();
    journal.close().unwrap();
    let (journal, records) = open(&path);
    assert_eq!(records.last(), Some(&(3, 2, b"next".to_vec())));
    assert_eq!(journal.recovery().torn_bytes, 0);
}

#[test]
fn zeros_behind_the_last_record_are_a_torn_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut bytes = file_of(&path, 2);
    bytes.resize(bytes.len() + 5000, 0);
    fs::write(&path, &bytes).unwrap();
    let (journal, records) = open(&path);
    assert_eq!((records.len(), journal.recovery().torn_bytes), (2, 5000));
}

#[test]
fn a_damaged_record_in_the_middle_is_refused_and_the_file_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut bytes = file_of(&path, 5);
    bytes[HEAD + 2 * RECORD + RECORD_HEADER_LEN + 3] ^= 0x40;
    fs::write(&path, &bytes).unwrap();
    let error = open_with(&path, Options::default()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    let words = error.to_string();
    assert!(
        words.contains(&format!(
            "from byte {} to {}",
            HEAD + 2 * RECORD,
            HEAD + 3 * RECORD
        )),
        "{words}"
    );
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_damaged_record_in_the_middle_can_be_skipped_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut bytes = file_of(&path, 5);
    // The length itself lies: the next record has to be found byte by byte.
    bytes[HEAD + 2 * RECORD] = 0xee;
    fs::write(&path, &bytes).unwrap();
    let options = Options {
        on_damage: Damage::Skip,
        ..Options::default()
    };
    let (journal, records) = open_with(&path, options).unwrap();
    assert_eq!(records.iter().map(|r| r.0).collect::<Vec<_>>(), [1, 2, 4, 5]);
    assert_eq!(
        (journal.recovery().skipped, journal.recovery().skipped_bytes),
        (1, RECORD as u64)
    );
}

#[test]
fn a_payload_that_looks_like_a_record_does_not_turn_a_torn_write_into_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    // A record of another journal, with a number that would be allowed: only the salt tells them apart.
    let other = file_of(&folder.path().join("other"), 9);
    let (journal, _) = open(&path);
    journal
        .append(1, &[&other[HEAD..], b"and more"], Sync::Yes)
        .wait()
        .unwrap();
    journal.close().unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let (journal, records) = open(&path);
    assert_eq!(records.len(), 0);
    assert_eq!(journal.recovery().torn_bytes, (bytes.len() - 1 - HEAD) as u64);
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("short", &b"hello"[..]),
        ("long", &[b'x'; 100][..]),
        ("newer", b"FIOTJRNL\x02\0\0\0aaaabbbbbbbbcccc"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let error = open_with(&path, Options::default()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{name}: {error}");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_creation_cut_short_starts_afresh() {
    let folder = tempfile::tempdir().unwrap();
    for torn in [&b""[..], b"FIOT", b"FIOTJRNL\x01\0\0\0", &[0; 28]] {
        let path = folder.path().join("log");
        fs::write(&path, torn).unwrap();
        let (journal, records) = open(&path);
        assert!(records.is_empty());
        journal.append(1, &[b"first"], Sync::Yes).wait().unwrap();
        journal.close().unwrap();
        assert_eq!(open(&path).1, [(1, 1, b"first".to_vec())]);
    }
}

#[test]
fn two_holders_of_one_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (journal, _) = open(&path);
    assert_eq!(
        open_with(&path, Options::default()).unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
    journal.close().unwrap();
    open(&path);
}

#[cfg(unix)]
#[test]
fn the_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (journal, _) = open(&path);
    journal.append(0, &[b"x"], Sync::Yes).wait().unwrap();
    compact_and_wait(&journal, |snapshot| snapshot.append(0, &[b"x"]));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_closed_journal_fails_tickets_and_closing_brings_everything_to_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (journal, _) = open(&path);
    let clone = journal.clone();
    let lazy: Vec<Ticket> = (0..100)
        .map(|_| journal.append(3, &[b"lazy"], Sync::Lazy))
        .collect();
    journal.close().unwrap();
    assert!(lazy.iter().all(|t| t.is_durable() == Some(Ok(()))));
    let failed = clone.append(3, &[b"late"], Sync::Yes).wait().unwrap_err();
    assert_eq!(failed.kind(), FailedKind::Closed);
    drop(clone);
    assert_eq!(open(&path).1.len(), 100);
}

#[test]
fn a_payload_past_the_cap_is_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(&folder.path().join("log"));
    let size = journal.size();
    let large = vec![0; faceiot_journal::MAX_PAYLOAD + 1];
    let failed = journal.append(0, &[&large], Sync::Yes).wait().unwrap_err();
    assert_eq!(failed.kind(), FailedKind::TooLarge);
    assert_eq!(journal.size(), size);
}

#[tokio::test]
async fn a_task_waits_for_a_ticket_without_blocking_a_thread() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(&folder.path().join("log"));
    let tickets: Vec<_> = (0..50_u8)
        .map(|i| journal.append(i, &[&[i; 100]], Sync::Yes))
        .collect();
    for ticket in tickets {
        tokio::time::timeout(Duration::from_secs(20), ticket.durable())
            .await
            .unwrap()
            .unwrap();
    }
    Ticket::ready().durable().await.unwrap();
}

/// Compacts and waits until the file has been exchanged.
fn compact_and_wait(journal: &Journal, snapshot: impl FnOnce(&mut Snapshot) + Send + 'static) {
    assert!(journal.compact(snapshot));
    wait_until("the compaction ends", || !journal.is_compacting());
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(std::time::Instant::now() < deadline, "{what}: not within 30 s");
        std::thread::yield_now();
    }
}

#[test]
fn compaction_replaces_the_past_and_keeps_what_is_appended_during_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (journal, _) = open(&path);
    for i in 0..500_u32 {
        journal.append(1, &[&i.to_le_bytes(), &[0; 1000]], Sync::Lazy);
    }
    let before = journal.append(1, &[b"last of the past"], Sync::Yes);
    before.wait().unwrap();
    let size = journal.size();
    let (go, wait) = mpsc::channel::<()>();
    assert!(journal.compact(move |snapshot| {
        snapshot.append(9, &[b"all of it"]);
        snapshot.append_as(17, 8, &[b"number kept"]);
        wait.recv().unwrap();
    }));
    assert!(!journal.compact(|_| panic!("two at a time")));
    // Durable although the snapshot is still being written.
    journal.append(2, &[b"during"], Sync::Yes).wait().unwrap();
    go.send(()).unwrap();
    wait_until("the compaction ends", || !journal.is_compacting());
    assert!(journal.size() < size / 100);
    journal.append(3, &[b"after"], Sync::Yes).wait().unwrap();
    journal.close().unwrap();
    let (journal, records) = open(&path);
    let expected: [(u64, u8, &[u8]); 4] = [
        (501, 9, b"all of it"),
        (17, 8, b"number kept"),
        (502, 2, b"during"),
        (503, 3, b"after"),
    ];
    assert_eq!(
        records
            .iter()
            .map(|(s, k, p)| (*s, *k, &p[..]))
            .collect::<Vec<_>>(),
        expected
    );
    assert_eq!(journal.append(0, &[], Sync::Yes).seq(), Some(504));
}

#[test]
fn a_snapshot_of_nothing_keeps_the_numbers_rising() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (journal, _) = open(&path);
    (0..5).for_each(|_| drop(journal.append(1, &[b"gone"], Sync::Yes)));
    compact_and_wait(&journal, |_| {});
    journal.close().unwrap();
    let (journal, records) = open(&path);
    assert!(records.is_empty());
    assert_eq!(journal.append(1, &[b"x"], Sync::Yes).seq(), Some(6));
}

#[test]
fn a_snapshot_that_panics_keeps_the_old_file_and_the_journal_usable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (journal, _) = open(&path);
    journal.append(1, &[b"kept"], Sync::Yes).wait().unwrap();
    compact_and_wait(&journal, |_| panic!("on purpose"));
    journal.append(1, &[b"too"], Sync::Yes).wait().unwrap();
    journal.close().unwrap();
    assert_eq!(open(&path).1.len(), 2);
}

#[test]
fn closing_waits_for_a_compaction() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (journal, _) = open(&path);
    (0..100).for_each(|_| drop(journal.append(1, &[&[1; 1000]], Sync::Lazy)));
    assert!(journal.compact(|snapshot| snapshot.append(2, &[b"live"])));
    journal.close().unwrap();
    assert_eq!(open(&path).1, [(100, 2, b"live".to_vec())]);
}

#[test]
fn compaction_is_wanted_only_when_the_file_is_large_and_mostly_dead() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        compact_at: 10_000,
        ..Options::default()
    };
    let (journal, _) = open_with(&folder.path().join("log"), options).unwrap();
    assert!(!journal.wants_compaction(0));
    for _ in 0..20 {
        journal.append(1, &[&[0; 1000]], Sync::Yes).wait().unwrap();
    }
    assert!(journal.wants_compaction(1000));
    assert!(!journal.wants_compaction(19_000));
}

/// The child of the test below: appends for ever, and says which records were acknowledged.
fn child(path: &Path) -> ! {
    let (journal, _) = open(path);
    let mut out = std::io::stdout();
    let mut next = 0_u32;
    loop {
        let tickets: Vec<_> = (0..7)
            .map(|_| {
                next += 1;
                journal.append(1, &[&next.to_le_bytes(), &[next as u8; 900]], Sync::Yes)
            })
            .collect();
        for ticket in tickets {
            ticket.wait().unwrap();
            writeln!(out, "ack {}", ticket.seq().unwrap()).unwrap();
        }
        out.flush().unwrap();
        if next.is_multiple_of(700) {
            let live = next;
            journal.compact(move |snapshot| snapshot.append(2, &[&live.to_le_bytes()]));
        }
    }
}

#[test]
fn every_acknowledged_record_survives_kill_minus_nine() {
    if let Some(path) = std::env::var_os("JOURNAL_TEST_CHILD") {
        child(Path::new(&path));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut acknowledged = 0;
    for round in 1..=4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "every_acknowledged_record_survives_kill_minus_nine",
                "--nocapture",
            ])
            .env("JOURNAL_TEST_CHILD", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let mut take = |n: Option<usize>| {
            let numbers = lines
                .by_ref()
                .filter_map(|l| l.split_once("ack ").and_then(|(_, n)| n.parse::<u64>().ok()));
            match n {
                Some(n) => numbers.take(n).last(),
                None => numbers.last(),
            }
        };
        let seen = take(Some(400 * round)).expect("the child acknowledges");
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        // What it had said before it died counts as well.
        acknowledged = take(None).unwrap_or(seen).max(seen).max(acknowledged);
        let (journal, records) = open(&path);
        // A snapshot of the child says up to which number it stands for the records.
        let from = records
            .iter()
            .filter(|r| r.1 == 2)
            .map(|r| r.0)
            .max()
            .unwrap_or(0);
        let numbers: Vec<_> = records.iter().filter(|r| r.1 == 1).map(|r| r.0).collect();
        let last = numbers.last().copied().unwrap_or(from);
        assert!(
            last >= acknowledged,
            "record {acknowledged} was acknowledged, the last one found is {last}"
        );
        assert_eq!(numbers, (from + 1..=last).collect::<Vec<_>>(), "no gaps");
        journal.close().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_truncation_replays_a_prefix_and_can_be_appended_to(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (journal, _) = open(&path);
        let mut ends = vec![HEAD];
        for payload in &payloads {
            journal.append(payload.len() as u8, &[payload], Sync::Lazy);
            ends.push(ends.last().unwrap() + RECORD_HEADER_LEN + payload.len());
        }
        journal.close().unwrap();
        let bytes = fs::read(&path).unwrap();
        prop_assert_eq!(bytes.len(), *ends.last().unwrap());
        let cut = cut.index(bytes.len() + 1);
        fs::write(&path, &bytes[..cut]).unwrap();
        let whole = ends.iter().filter(|&&e| e <= cut).count().saturating_sub(1);
        let (journal, records) = open(&path);
        prop_assert_eq!(records.iter().map(|r| r.2.clone()).collect::<Vec<_>>(), payloads[..whole].to_vec());
        journal.append(9, &[b"next"], Sync::Yes).wait().unwrap();
        journal.close().unwrap();
        prop_assert_eq!(open(&path).1.len(), whole + 1);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic_and_any_flip_is_noticed(
        n in 1_u64..8,
        flip in any::<prop::sample::Index>(),
        bit in 0_u8..8,
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let good = file_of(&path, n);
        let mut noisy = good[..HEAD].to_vec();
        noisy.extend_from_slice(&noise);
        for damage in [Damage::Refuse, Damage::Skip] {
            let _ = faceiot_journal::read(&mut Cursor::new(&noise), damage, |_| {});
            let _ = faceiot_journal::read(&mut Cursor::new(&noisy), damage, |_| {});
        }
        let at = flip.index(good.len());
        let mut bad = good.clone();
        bad[at] ^= 1 << bit;
        let mut seen = 0;
        match faceiot_journal::read(&mut Cursor::new(&bad), Damage::Skip, |_| seen += 1) {
            Err(_) => prop_assert!(at < HEAD),
            Ok(recovery) => {
                prop_assert_eq!(seen, n - 1);
                prop_assert_eq!(recovery.skipped_bytes + recovery.torn_bytes, RECORD as u64);
            }
        }
    }
}
