//! The store as the broker sees it, with what can happen to a disk, a database and a process.
//!
//! `kill -9` is shown on a copy: the data folder is copied while the store runs, and the copy is opened. A copy holds
//! what a killed process would leave: everything that was written, and nothing that was only in memory.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use faceiot::DeviceId;
use faceiot::ingest::{Carrier, Limits};
use faceiot_core::chunk::{hex as hex_format, v2 as v2_format};
use faceiot_core::digest::sha256;
use sqlx::SqlitePool;

mod again;
mod overrun;

use super::*;
use crate::data_dir::DataDir;
use crate::db;

const ASTRONAUT: &[u8] = include_bytes!("../../../../tests/photos/astronaut.jpg");
const CHELSEA: &[u8] = include_bytes!("../../../../tests/photos/chelsea.jpg");

/// Makes writing photo files fail as on a full disk, or panic as a mistake in the program would.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    full: Arc<AtomicBool>,
    panics: Arc<AtomicBool>,
}

impl Faults {
    pub(super) fn fill(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    pub(super) fn before_write(&self) -> io::Result<()> {
        assert!(!self.panics.load(Ordering::SeqCst), "as the test wants it");
        if self.full.load(Ordering::SeqCst) {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }
}

/// A store in a folder of its own.
struct Bench {
    folder: tempfile::TempDir,
    pool: SqlitePool,
    store: PhotoStore,
    full: Arc<AtomicBool>,
    panics: Arc<AtomicBool>,
}

impl Bench {
    async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        Self::open(tempfile::tempdir().unwrap(), limits).await
    }

    async fn open(folder: tempfile::TempDir, limits: Limits) -> Self {
        let data = DataDir::open(folder.path()).unwrap();
        let pool = db::open(&data.database().unwrap()).await.unwrap();
        let files = Files::new(folder.path().join("photos"));
        let full = Arc::clone(&files.faults.full);
        let panics = Arc::clone(&files.faults.panics);
        let store = PhotoStore::open_with(pool.clone(), files, folder.path(), limits)
            .await
            .unwrap();
        Self {
            folder,
            pool,
            store,
            full,
            panics,
        }
    }

    /// What a `kill -9` at this moment would leave, opened again.
    async fn killed(&self) -> Self {
        Self::open(self.copy(), Limits::default()).await
    }

    fn copy(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(self.folder.path(), copy.path());
        copy
    }

    /// Sends all and waits until each is acknowledged.
    async fn send(&self, device: &DeviceId, values: &[Vec<u8>]) {
        let tickets: Vec<_> = values.iter().map(|value| self.accept(device, value, 1)).collect();
        for ticket in tickets {
            timely(ticket.durable()).await.unwrap();
        }
    }

    fn accept(&self, device: &DeviceId, value: &[u8], qos: u8) -> Ticket {
        let carrier = if value.starts_with(b"FC\x02") {
            Carrier::V2Raw(value)
        } else {
            Carrier::text(value)
        };
        self.store.accept(device, carrier, qos, NOW)
    }

    async fn rows(&self) -> Vec<PhotoRow> {
        self.store
            .list(&Filter::default(), Some(0), 100_000)
            .await
            .unwrap()
    }

    /// The rows, once there are so many.
    async fn rows_when(&self, count: usize) -> Vec<PhotoRow> {
        until(async || {
            let rows = self.rows().await;
            (rows.len() >= count).then_some(rows)
        })
        .await
    }

    fn files(&self) -> HashSet<PathBuf> {
        photo_files(self.folder.path())
    }
}

const NOW: u64 = 1_763_757_000_000;

fn photo_files(data_dir: &Path) -> HashSet<PathBuf> {
    let folders = std::fs::read_dir(data_dir.join("photos"))
        .unwrap()
        .map(|folder| folder.unwrap().path());
    folders
        .filter(|path| path.is_dir())
        .flat_map(|folder| {
            std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().path())
        })
        .collect()
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

async fn timely<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future)
        .await
        .expect("within 30 s")
}

async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within 30 s");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn device(name: &str) -> DeviceId {
    DeviceId::aliyun("a1Test", name).unwrap()
}

fn hex_values(photo: &[u8]) -> Vec<Vec<u8>> {
    let mut text = [0; 2 * hex_format::CHUNK_OCTETS];
    hex_format::Encoder::new(photo)
        .map(|m| m.write_text_to(&mut text).unwrap().to_vec())
        .collect()
}

fn v2_chunks(photo: &[u8], frame_id: u32) -> Vec<Vec<u8>> {
    let options = v2_format::Options {
        epoch: 7,
        frame_id,
        content_type: v2_format::JPEG,
        time_ms: NOW - 5_000,
        ..v2_format::Options::default()
    };
    v2_chunks_with(photo, options)
}

fn v2_chunks_with(photo: &[u8], options: v2_format::Options) -> Vec<Vec<u8>> {
    let mut chunk = vec![0; 5000];
    let messages = v2_format::Encoder::new(photo, options).unwrap();
    messages
        .map(|m| m.write_to(&mut chunk).unwrap().to_vec())
        .collect()
}

fn sum(photo: &[u8]) -> String {
    let mut text = [0; 64];
    faceiot_core::text::hex_lower(&sha256(&[photo]), &mut text)
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_photo_gets_one_file_one_row_and_one_event() {
    let bench = Bench::new().await;
    let mut events = bench.store.subscribe();
    bench.send(&device("door"), &v2_chunks(CHELSEA, 1)).await;
    let Event::Photo(row) = timely(events.recv()).await.unwrap() else {
        panic!("not a photo")
    };
    assert_eq!(bench.rows().await, std::slice::from_ref(&row));
    assert_eq!(bench.store.get(row.id).await.unwrap(), Some(row.clone()));
    assert_eq!(std::fs::read(bench.store.image_path(&row)).unwrap(), CHELSEA);
    assert_eq!(bench.files().len(), 1);
    let json = serde_json::to_value(&row).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "id": 1, "device": "aliyun:a1Test:door", "time": NOW - 5_000, "received": NOW, "size": CHELSEA.len(),
            "sha256": sum(CHELSEA), "format": "v2", "verified": "crc", "width": 451, "height": 300, "missing": [],
            "problem": null, "chunks": 7
        })
    );
    assert_eq!(bench.store.get(2).await.unwrap(), None);
}

#[tokio::test]
async fn a_broken_photo_gets_a_row_that_says_what_is_wrong() {
    let bench = Bench::with(Limits {
        idle: Duration::from_millis(50),
        ..Limits::default()
    })
    .await;
    let mut events = bench.store.subscribe();
    let mut values = hex_values(ASTRONAUT);
    values.insert(41, values[40].clone());
    values.insert(3, b"F".to_vec());
    bench.send(&device("door"), &values).await;
    let Event::Problem(problem) = timely(events.recv()).await.unwrap() else {
        panic!("not a problem")
    };
    assert_eq!(
        (problem.kind, &problem.device),
        (faceiot::ErrorKind::Hex, &device("door"))
    );
    let doubled = &bench.rows_when(1).await[0];
    assert_eq!(
        (doubled.verified.as_str(), doubled.size),
        ("structure", ASTRONAUT.len() as u64 + 400)
    );
    assert!(
        doubled
            .problem
            .as_deref()
            .unwrap()
            .contains("chunk 42 came twice"),
        "{doubled:?}"
    );
    let mut chunks = v2_chunks(CHELSEA, 1);
    chunks.remove(2);
    bench.send(&device("gate"), &chunks).await;
    let torn = &bench.rows_when(2).await[1];
    assert_eq!(torn.missing, [(8192, 4096)]);
    assert!(
        torn.problem
            .as_deref()
            .unwrap()
            .contains("4096 octets are missing in 1 places"),
        "{torn:?}"
    );
    assert_eq!(
        std::fs::read(bench.store.image_path(torn)).unwrap().len(),
        CHELSEA.len(),
        "the octets are kept"
    );
}

#[tokio::test]
async fn the_list_is_cut_by_device_by_id_and_by_number() {
    let bench = Bench::new().await;
    for (n, name) in ["a", "b", "a", "a"].into_iter().enumerate() {
        bench.send(&device(name), &v2_chunks(CHELSEA, n as u32 + 1)).await;
        bench.rows_when(n + 1).await;
    }
    let ids = async |filter: &Filter, after, limit| {
        let rows = bench.store.list(filter, after, limit).await.unwrap();
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let (all, a) = (
        Filter::default(),
        Filter {
            device: Some(device("a")),
        },
    );
    assert_eq!(ids(&all, None, 10).await, [4, 3, 2, 1], "the newest first");
    assert_eq!(ids(&all, None, 2).await, [4, 3]);
    assert_eq!(ids(&all, Some(1), 2).await, [2, 3], "what came after, in order");
    assert_eq!(ids(&a, Some(0), 10).await, [1, 3, 4]);
    assert_eq!(ids(&a, None, 1).await, [4]);
    assert_eq!(bench.files().len(), 1, "the same octets are one file");
}

#[tokio::test]
async fn a_photo_whose_chunks_were_acknowledged_survives_kill_9_in_mid_photo() {
    let bench = Bench::new().await;
    let (hex, v2) = (hex_values(ASTRONAUT), v2_chunks(CHELSEA, 1));
    bench.send(&device("door"), &hex[..70]).await;
    bench.send(&device("gate"), &v2[3..]).await;
    let again = bench.killed().await;
    again.send(&device("door"), &hex[70..]).await;
    again.send(&device("gate"), &v2[..3]).await;
    let rows = again.rows_when(2).await;
    let told: HashSet<_> = rows
        .iter()
        .map(|row| (row.sha256.clone(), row.problem.clone()))
        .collect();
    assert_eq!(
        told,
        HashSet::from([(sum(ASTRONAUT), None), (sum(CHELSEA), None)])
    );
}

#[tokio::test]
async fn kill_9_between_photo_and_row_leaves_the_photo_and_one_row() {
    let bench = Bench::new().await;
    let lock = bench.pool.begin_with("BEGIN IMMEDIATE").await.unwrap(); // no row can be written now
    bench.send(&device("door"), &hex_values(CHELSEA)).await;
    let file = bench
        .folder
        .path()
        .join("photos")
        .join(&sum(CHELSEA)[..2])
        .join(format!("{}.jpg", sum(CHELSEA)));
    until(async || file.exists().then_some(())).await;
    let again = bench.killed().await;
    let rows = again.rows_when(1).await;
    assert_eq!(
        (rows.len(), rows[0].sha256.as_str(), &rows[0].problem),
        (1, sum(CHELSEA).as_str(), &None)
    );
    lock.rollback().await.unwrap();
    assert_eq!(
        bench.rows_when(1).await.len(),
        1,
        "and who was not killed goes on"
    );
}

#[tokio::test]
async fn however_often_it_is_killed_and_replayed_a_photo_makes_one_row() {
    let mut bench = Bench::new().await;
    bench.send(&device("door"), &hex_values(CHELSEA)).await;
    bench.send(&device("gate"), &v2_chunks(CHELSEA, 1)).await;
    let first = bench.rows_when(2).await;
    for _ in 0..3 {
        bench = bench.killed().await;
        bench.send(&device("gate"), &v2_chunks(CHELSEA, 1)).await; // delivered again by a sender that saw no answer
        bench.store.close().await;
        assert_eq!(bench.rows().await, first);
    }
}

#[tokio::test]
async fn a_photo_that_is_sent_twice_on_purpose_makes_two_rows() {
    let bench = Bench::new().await;
    bench.send(&device("door"), &hex_values(CHELSEA)).await;
    bench.send(&device("door"), &hex_values(CHELSEA)).await;
    bench.rows_when(2).await;
    assert_eq!(bench.files().len(), 1);
}

#[tokio::test]
async fn a_full_disk_holds_everything_back_and_loses_nothing() {
    let bench = Bench::new().await;
    bench.full.store(true, Ordering::SeqCst);
    bench.send(&device("door"), &hex_values(CHELSEA)).await; // the journal has room: acknowledged, and kept
    until(async || (bench.store.stats().failures > 0).then_some(())).await;
    assert!(
        bench
            .store
            .stats()
            .failing
            .is_some_and(|why| why.contains("photo folder"))
    );
    assert_eq!(
        (bench.rows().await, bench.files().len()),
        (vec![], 0),
        "nothing half is left lying about"
    );
    bench.send(&device("gate"), &hex_values(ASTRONAUT)).await;
    bench.full.store(false, Ordering::SeqCst);
    let rows = bench.rows_when(2).await;
    assert!(rows.iter().all(|row| row.problem.is_none()), "{rows:?}");
    assert_eq!(bench.store.stats().failing, None);
}

#[tokio::test]
async fn a_disk_that_is_full_when_the_cloud_stops_keeps_the_photo_for_the_next_start() {
    let bench = Bench::new().await;
    bench.full.store(true, Ordering::SeqCst);
    bench.send(&device("door"), &hex_values(CHELSEA)).await;
    timely(bench.store.close()).await;
    assert_eq!(bench.rows().await, []);
    let again = bench.killed().await;
    assert_eq!(again.rows_when(1).await[0].sha256, sum(CHELSEA));
}

#[tokio::test]
async fn acknowledgements_wait_when_the_worker_is_behind_and_memory_stays_bounded() {
    let bench = Bench::new().await;
    bench.full.store(true, Ordering::SeqCst);
    bench.send(&device("door"), &hex_values(CHELSEA)).await; // the worker is busy with this one from now on
    until(async || (bench.store.stats().failures > 0).then_some(())).await;
    let chunk = vec![b'A'; 100_000];
    let mut held = Vec::new();
    let mut refused = 0;
    for _ in 0..HARD_QUEUE / chunk.len() + 10 {
        let ticket = bench.accept(&device("flood"), &chunk, 0);
        match ticket.is_durable() {
            Some(Ok(())) => {}
            None => held.push(ticket),
            Some(Err(error)) => {
                assert_eq!(error.kind(), faceiot_journal::FailedKind::Overloaded);
                refused += 1;
            }
        }
        assert!(bench.store.stats().queued <= HARD_QUEUE);
    }
    let between = (HARD_QUEUE - SOFT_QUEUE) / chunk.len();
    assert!(
        held.len().abs_diff(between) <= 2,
        "{} wait, which is what fits between soft and hard",
        held.len()
    );
    assert!(refused >= 10, "{refused} refused");
    assert_eq!(bench.store.stats().refused, refused);
    bench.full.store(false, Ordering::SeqCst);
    for ticket in held {
        timely(ticket.durable()).await.unwrap();
    }
    let ticket = bench.accept(&device("flood"), b"END", 0);
    timely(ticket.durable()).await.unwrap();
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_swept_at_the_next_start() {
    let bench = Bench::new().await;
    bench.send(&device("door"), &hex_values(CHELSEA)).await;
    let row = bench.rows_when(1).await.remove(0);
    let half = bench.store.image_path(&row).with_extension("tmp");
    std::fs::write(&half, "half a photo").unwrap();
    let again = bench.killed().await;
    assert_eq!(again.files().len(), 1);
    assert_eq!(std::fs::read(again.store.image_path(&row)).unwrap(), CHELSEA);
}

#[tokio::test]
async fn a_compacted_journal_keeps_what_is_unfinished() {
    let bench = Bench::new().await;
    let (hex, v2) = (hex_values(ASTRONAUT), v2_chunks(ASTRONAUT, 9));
    bench.send(&device("door"), &hex[..70]).await;
    bench.send(&device("gate"), &v2[5..]).await;
    let journal = bench.folder.path().join("journal/ingest.log");
    let size = || std::fs::metadata(&journal).unwrap().len();
    // Photos that come and are done fill the journal until it is compacted: 28 kB each, 16 MiB.
    let mut largest = 0;
    let mut frame = 100;
    until(async || {
        for _ in 0..60 {
            frame += 1;
            bench.send(&device("busy"), &v2_chunks(CHELSEA, frame)).await;
        }
        let now = size();
        let shrank = now < largest / 2;
        largest = largest.max(now);
        shrank.then_some(())
    })
    .await;
    let stored = (frame - 100) as usize;
    bench.rows_when(stored).await;
    let again = bench.killed().await;
    again.send(&device("door"), &hex[70..]).await;
    again.send(&device("gate"), &v2[..5]).await;
    let rows = &again.rows_when(stored + 2).await[stored..];
    assert!(
        rows.iter()
            .all(|row| row.sha256 == sum(ASTRONAUT) && row.problem.is_none()),
        "{rows:?}"
    );
    assert_eq!(rows.len(), 2);
}

#[tokio::test]
async fn a_compacted_journal_keeps_what_waits_for_the_worker_under_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ingest.log");
    let journal = Journal::open(&path, faceiot_journal::Options::default(), |_| {}).unwrap();
    let queue = Queue::new(journal.clone()); // and no worker
    let values = hex_values(CHELSEA);
    let send = |value: &Vec<u8>| queue.accept(&device("door"), Carrier::text(value), 1, NOW);
    let seq = send(&b"END".to_vec()).seq().unwrap();
    assert_eq!(
        queue.take(Duration::ZERO).unwrap().len(),
        1,
        "this one is done with"
    );
    values[..30].iter().for_each(|value| drop(send(value)));
    assert!(queue.compact(Vec::new));
    let last = values[30..].iter().map(send).last().unwrap();
    timely(last.durable()).await.unwrap();
    until(async || (!journal.is_compacting()).then_some(())).await;
    drop(queue);
    journal.close().unwrap();
    let (mut records, mut replay) = (0, record::Replay::default());
    let take = |record: faceiot_journal::Record<'_>| {
        records += 1;
        replay.take(&record);
    };
    Journal::open(&path, faceiot_journal::Options::default(), take)
        .unwrap()
        .close()
        .unwrap();
    assert_eq!(records, values.len(), "what was done with is gone");
    let (_, outcomes) = replay.finish(Limits::default());
    let [faceiot::ingest::Outcome::Photo(photo)] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!((photo.bytes.as_slice(), photo.first_seq), (CHELSEA, seq + 1));
}

#[tokio::test]
async fn a_closed_store_takes_nothing_and_has_finished_what_it_took() {
    let bench = Bench::new().await;
    bench.send(&device("door"), &hex_values(CHELSEA)).await;
    timely(bench.store.close()).await;
    assert_eq!(bench.rows().await.len(), 1);
    let ticket = bench.accept(&device("door"), b"FFD8FF", 1);
    assert_eq!(
        ticket.wait().unwrap_err().kind(),
        faceiot_journal::FailedKind::Closed
    );
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_photos_and_journal() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new().await;
    bench.send(&device("door"), &hex_values(CHELSEA)).await;
    let row = bench.rows_when(1).await.remove(0);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let image = bench.store.image_path(&row);
    assert_eq!(mode(&image), 0o600);
    for folder in [
        image.parent().unwrap(),
        &bench.folder.path().join("photos"),
        &bench.folder.path().join("journal"),
    ] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
}
