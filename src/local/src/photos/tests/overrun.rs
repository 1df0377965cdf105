//! A store that is sent more than it can take, is closed while it cannot store, or loses its worker.

use super::*;

/// What no photo is made of, as one large chunk.
fn noise() -> Vec<u8> {
    vec![b'x'; 256 << 10]
}

#[tokio::test]
async fn a_store_closed_while_it_cannot_store_loses_nothing() {
    let bench = Bench::new().await;
    let (noise, noisy) = (noise(), device("noisy"));
    // To just below the length from which on the journal is compacted (16 MiB) ...
    for _ in 0..60 {
        bench.send(&noisy, std::slice::from_ref(&noise)).await;
    }
    bench.full.store(true, Ordering::SeqCst);
    bench.send(&device("door"), &hex_values(CHELSEA)).await;
    until(async || (bench.store.stats().failures > 0).then_some(())).await;
    // ... and beyond it, while the photo waits for room on the disk.
    bench.send(&noisy, &vec![noise; 8]).await;
    let journal = bench.folder.path().join("journal/ingest.log");
    assert!(std::fs::metadata(journal).unwrap().len() > 16 << 20);
    timely(bench.store.close()).await;
    assert_eq!(bench.rows().await, []);
    let again = bench.killed().await;
    let rows = again.rows_when(1).await;
    assert_eq!((rows.len(), rows[0].sha256.as_str()), (1, sum(CHELSEA).as_str()));
}

#[tokio::test]
async fn a_sender_at_qos_0_waits_when_the_journal_is_behind() {
    let folder = tempfile::tempdir().unwrap();
    let options = faceiot_journal::Options::default();
    let journal = Journal::open(folder.path().join("ingest.log"), options, |_| {}).unwrap();
    let queue = Queue::new(journal.clone()); // and no worker
    let send = || queue.accept(&device("flood"), Carrier::text(b"FFD8FF"), 0, NOW);
    assert_eq!(send().is_durable(), Some(Ok(())), "as a rule nobody waits");
    // The journal's thread takes all that is pending whenever the disk lets it: several tries to find it behind.
    let large = vec![b'x'; 1 << 20];
    let held = (0..50).find_map(|_| {
        while journal.pending_bytes() <= SOFT_QUEUE {
            drop(journal.append(record::CHUNK, &[&large], faceiot_journal::Sync::Yes));
        }
        Some(send()).filter(|ticket| ticket.is_durable().is_none())
    });
    timely(held.expect("one sender waits").durable()).await.unwrap();
}

#[tokio::test]
async fn a_worker_that_panicked_is_told_as_a_failure() {
    let bench = Bench::new().await;
    bench.panics.store(true, Ordering::SeqCst);
    bench.send(&device("door"), &hex_values(CHELSEA)).await;
    let why = until(async || bench.store.failing()).await;
    assert!(why.contains("worker"), "{why}");
    let ticket = bench.accept(&device("door"), b"FFD8FF", 1);
    assert_eq!(
        ticket.wait().unwrap_err().kind(),
        faceiot_journal::FailedKind::Closed
    );
    let again = bench.killed().await;
    assert_eq!(again.rows_when(1).await[0].sha256, sum(CHELSEA));
}

#[tokio::test]
async fn a_capture_time_that_cannot_be_is_replaced_by_the_arrival() {
    let bench = Bench::new().await;
    let day = 86_400_000;
    let times = [NOW - day, 0, NOW + day, NOW + day + 1, 1 << 63, u64::MAX];
    for (n, time_ms) in times.into_iter().enumerate() {
        let options = v2_format::Options {
            epoch: 7,
            frame_id: n as u32,
            content_type: v2_format::JPEG,
            time_ms,
            ..v2_format::Options::default()
        };
        bench
            .send(&device("door"), &v2_chunks_with(CHELSEA, options))
            .await;
        bench.rows_when(n + 1).await;
    }
    let told: Vec<u64> = bench.rows().await.iter().map(|row| row.time).collect();
    assert_eq!(told, [NOW - day, NOW, NOW + day, NOW, NOW, NOW]);
}
