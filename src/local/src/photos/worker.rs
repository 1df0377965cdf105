//! What is done with a chunk, and in which order?

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use faceiot::ingest::{Ingest, Outcome, Photo};
use faceiot_journal::{Failed, Journal, Sync, Ticket};
use sqlx::SqlitePool;

use super::files::Files;
use super::queue::{Item, Queue};
use super::row;
use super::stats::{Shared, lock};
use super::{Event, record};

/// The one thread that puts photos together and stores them.
pub(super) struct Worker {
    ingest: Ingest,
    /// Photos that are over and not yet stored.
    ready: Vec<Photo>,
    ready_octets: usize,
    /// When the first of them became ready.
    ready_since: Option<Instant>,
    /// What the journal's replay led to, handled first.
    replayed: Vec<Outcome>,
    journal: Journal,
    queue: Arc<Queue>,
    files: Files,
    pool: SqlitePool,
    shared: Arc<Shared>,
    time: Time,
    journal_fails: bool,
    /// Set when photos were left to the journal because the store was closed before they could be stored. From then
    /// on nothing may be written that the journal would read as "done" with their chunks.
    gave_up: bool,
}

impl Worker {
    pub(super) fn new(
        ingest: Ingest,
        replayed: Vec<Outcome>,
        journal: Journal,
        queue: Arc<Queue>,
        files: Files,
        pool: SqlitePool,
        shared: Arc<Shared>,
    ) -> Self {
        let time = Time::system();
        Self {
            ingest,
            ready: Vec::new(),
            ready_octets: 0,
            ready_since: None,
            replayed,
            journal,
            queue,
            files,
            pool,
            shared,
            time,
            journal_fails: false,
            gave_up: false,
        }
    }

    pub(super) fn run(mut self) {
        // A runtime of its own: the database must stay usable while the cloud's runtime is shut down around it.
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                tracing::error!(%error, "the photo worker cannot start");
                *lock(&self.shared.failing) = Some(format!("the photo worker cannot start: {error}"));
                return self.queue.close();
            }
        };
        self.ingest.resume(self.time.now_ms());
        let replayed = std::mem::take(&mut self.replayed);
        self.handle(replayed);
        self.store(&runtime);
        let mut ticked = Instant::now();
        while let Some(items) = self.queue.take(TICK) {
            for item in items {
                self.chunk(item);
                if self.ready_octets > READY_OCTETS {
                    self.store(&runtime);
                }
            }
            if ticked.elapsed() >= TICK {
                let outcomes = self.ingest.tick(self.time.now_ms());
                self.handle(outcomes);
                ticked = Instant::now();
            }
            if self.is_time_to_store() {
                self.store(&runtime);
            }
            // Also when more waits: who sends without end would otherwise keep the journal from ever becoming shorter.
            self.compact();
            self.publish();
        }
        self.store(&runtime);
        self.publish();
    }

    /// Photos that become ready within a moment share their syncs and their transaction.
    fn is_time_to_store(&self) -> bool {
        self.queue.octets() == 0 || self.ready_since.is_some_and(|since| since.elapsed() > READY_FOR)
    }

    fn chunk(&mut self, item: Item) {
        // A chunk that did not reach the disk was not acknowledged, and its sender sends it again: used now, it would
        // be there twice.
        let durable = item.durable.as_ref().map_or(Ok(()), Ticket::wait);
        let is_durable = durable.is_ok();
        self.say_journal(durable.as_ref().err());
        if let Some(held) = item.held {
            held.complete(durable);
        }
        // What comes after photos were given up stays in the journal with them, for the next opening.
        if is_durable && !self.gave_up {
            self.time.set(item.now_ms);
            let carrier = item.carrier.with(&item.payload);
            let outcomes = self.ingest.push(&item.device, carrier, item.now_ms, item.seq);
            if !outcomes.is_empty() {
                self.handle(outcomes);
            }
        }
    }

    /// Says once that the journal fails, and once that it works again.
    fn say_journal(&mut self, error: Option<&Failed>) {
        match error {
            Some(error) if !self.journal_fails => {
                tracing::error!(%error, "chunks cannot be written to the journal and are not acknowledged");
            }
            None if self.journal_fails => tracing::info!("chunks can be written to the journal again"),
            _ => {}
        }
        self.journal_fails = error.is_some();
    }

    fn handle(&mut self, outcomes: Vec<Outcome>) {
        for outcome in outcomes {
            match outcome {
                Outcome::Photo(photo) => {
                    self.ready_octets += photo.bytes.len();
                    self.ready_since.get_or_insert_with(Instant::now);
                    self.ready.push(photo);
                }
                Outcome::Problem(problem) => {
                    // For whoever uses the store alone; the cloud logs the event, so many a second and no more.
                    tracing::debug!(device = %problem.device, kind = problem.kind.name(), "{}", problem.message);
                    self.tell(Event::Problem(problem));
                }
            }
        }
    }

    /// Stores what is ready; tries until it works, or until the store is closed.
    fn store(&mut self, runtime: &tokio::runtime::Runtime) {
        if self.ready.is_empty() || self.gave_up {
            return;
        }
        self.publish();
        self.ready_octets = 0;
        self.ready_since = None;
        let photos: Vec<(Photo, String)> = self
            .ready
            .drain(..)
            .map(|photo| {
                let sum = row::sum(&photo.bytes);
                (photo, sum)
            })
            .collect();
        let mut patience = FIRST_PAUSE;
        let mut said = None;
        let rows = loop {
            let files: Vec<(&str, &[u8])> = photos
                .iter()
                .map(|(photo, sum)| (sum.as_str(), photo.bytes.as_slice()))
                .collect();
            let stored = self
                .files
                .store(&files)
                .and_then(|()| runtime.block_on(row::insert(&self.pool, &photos)));
            match stored {
                Ok(rows) => break rows,
                Err(error) => {
                    self.shared.failures.fetch_add(1, Ordering::Relaxed);
                    *lock(&self.shared.failing) = Some(error.to_string());
                    if said != Some(error.kind()) {
                        tracing::error!(
                            photos = photos.len(), %error,
                            "photos cannot be stored; acknowledgements wait until they can"
                        );
                        said = Some(error.kind());
                    }
                }
            }
            if self.queue.pause(patience) {
                self.gave_up = true;
                tracing::warn!(
                    photos = photos.len(),
                    "closed before photos were stored; their chunks are in the journal"
                );
                return;
            }
            patience = (patience * 2).min(LONGEST_PAUSE);
        };
        if said.is_some() {
            *lock(&self.shared.failing) = None;
            tracing::info!(photos = photos.len(), "photos can be stored again");
        }
        for (photo, _) in &photos {
            self.journal
                .append(record::DONE, &[&record::done(photo)], Sync::Lazy);
        }
        self.shared.stored.fetch_add(rows.len() as u64, Ordering::Relaxed);
        for row in rows {
            if let Some(problem) = &row.problem {
                tracing::debug!(device = %row.device, photo = row.id, verified = row.verified, "{problem}");
            }
            self.tell(Event::Photo(row));
        }
    }

    /// Replaces a long journal by what is still on its way. Not while photos wait to be stored, nor after some were
    /// given up: their chunks are nowhere else.
    fn compact(&self) {
        if self.gave_up || !self.ready.is_empty() {
            return;
        }
        let live = (self.ingest.memory() + self.queue.octets()) as u64;
        if self.journal.wants_compaction(live) {
            self.queue.compact(|| self.live());
        }
    }

    fn live(&self) -> Vec<(u8, Vec<u8>)> {
        let partials = self
            .ingest
            .save()
            .map(|(head, octets)| (record::PARTIAL, record::partial(&head, octets)));
        let done = self
            .ingest
            .remembered()
            .map(|(device, frame)| (record::DONE, record::remembered(device, frame)));
        done.chain(partials).collect()
    }

    fn tell(&self, event: Event) {
        let _ = self.shared.events.send(event); // an error means that nobody listens
    }

    fn publish(&self) {
        *lock(&self.shared.counters) = self.ingest.counters();
        self.shared.open.store(self.ingest.open(), Ordering::Relaxed);
        self.shared.memory.store(self.ingest.memory(), Ordering::Relaxed);
    }
}

impl Drop for Worker {
    /// However the worker ends: nobody may be left waiting for it.
    fn drop(&mut self) {
        if std::thread::panicking() {
            *lock(&self.shared.failing) =
                Some("the photo worker panicked: no photo is taken until a restart".into());
        }
        self.queue.close();
        while self.queue.take(Duration::ZERO).is_some() {}
    }
}

/// The clock of whoever brings the chunks, carried on between them: what is idle is told by one clock only, and one
/// that is set does no harm.
struct Time {
    base_ms: u64,
    since: Instant,
}

impl Time {
    /// The system's, as long as no chunk has come.
    fn system() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            base_ms: now.as_millis() as u64,
            since: Instant::now(),
        }
    }

    fn set(&mut self, now_ms: u64) {
        *self = Self {
            base_ms: now_ms,
            since: Instant::now(),
        };
    }

    fn now_ms(&self) -> u64 {
        self.base_ms
            .saturating_add(self.since.elapsed().as_millis() as u64)
    }
}

/// How often unfinished photos are looked at.
const TICK: Duration = Duration::from_secs(1);

/// Photos are stored when nothing more waits, when so many octets of them are ready, or the first has been for so long.
const READY_OCTETS: usize = 4 << 20;
const READY_FOR: Duration = Duration::from_millis(20);

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use faceiot::ingest::{Carrier, Limits};
    use faceiot::{Clock, DeviceId};
    use faceiot_journal::FailedKind;

    use super::*;
    use crate::data_dir::DataDir;
    use crate::db;
    use crate::photos::record::CarrierKind;

    #[tokio::test]
    async fn a_chunk_that_did_not_reach_the_journal_is_not_used_for_its_sender_sends_it_again() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(
            folder.path().join("log"),
            faceiot_journal::Options::default(),
            |_| {},
        )
        .unwrap();
        let mut worker = Worker::new(
            Ingest::new(Limits::default()),
            Vec::new(),
            journal.clone(),
            Arc::new(Queue::new(journal)),
            Files::new(folder.path().join("photos")),
            SqlitePool::connect_lazy("sqlite::memory:").unwrap(),
            Arc::new(Shared::new()),
        );
        let item = |durable: Ticket, held| Item {
            seq: 1,
            now_ms: Clock::system().now_unix_ms(),
            device: DeviceId::huawei("p_door").unwrap(),
            carrier: CarrierKind::HexText,
            payload: b"FFD8FF".to_vec(),
            durable: Some(durable),
            held,
        };
        let (refused, completer) = Ticket::pending();
        completer.complete(Err(Failed::new(FailedKind::DiskFull, "no space")));
        let (answer, held) = Ticket::pending();
        worker.chunk(item(refused, Some(held)));
        assert_eq!(worker.ingest.open(), 0);
        assert_eq!(
            answer.wait().unwrap_err().kind(),
            FailedKind::DiskFull,
            "and who waits for it is told"
        );
        worker.chunk(item(Ticket::ready(), None));
        assert_eq!(worker.ingest.open(), 1);
    }
    #[test]
    fn a_photo_given_up_when_closing_is_not_covered_by_a_later_one() {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let database = DataDir::open(folder.path()).unwrap().database().unwrap();
        let pool = runtime.block_on(db::open(&database)).unwrap();
        let path = folder.path().join("log");
        let journal = Journal::open(&path, faceiot_journal::Options::default(), |_| {}).unwrap();
        let queue = Arc::new(Queue::new(journal.clone()));
        let files = Files::new(folder.path().join("photos"));
        files.prepare().unwrap();
        let faults = files.faults.clone();
        let mut worker = Worker::new(
            Ingest::new(Limits::default()),
            Vec::new(),
            journal.clone(),
            Arc::clone(&queue),
            files,
            pool,
            Arc::new(Shared::new()),
        );
        let door = DeviceId::huawei("p_door").unwrap();
        for value in ["FFD8FF01", "END", "FFD8FF02", "END"] {
            drop(queue.accept(&door, Carrier::text(value.as_bytes()), 1, 1_763_757_000_000));
        }
        queue.close();
        let mut first = queue.take(Duration::ZERO).unwrap();
        let second = first.split_off(2);
        faults.fill(true); // the disk is full as the store is closed ...
        for item in first {
            worker.chunk(item);
        }
        worker.store(&runtime);
        faults.fill(false); // ... and has room again before the queue is empty
        for item in second {
            worker.chunk(item);
        }
        worker.store(&runtime);
        drop((worker, queue));
        journal.close().unwrap();
        let mut replay = record::Replay::default();
        Journal::open(&path, faceiot_journal::Options::default(), |record| {
            replay.take(&record);
        })
        .unwrap();
        let (_, outcomes) = replay.finish(Limits::default());
        let photos = outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Photo(photo) => Some(photo.bytes.as_slice()),
            Outcome::Problem(_) => None,
        });
        assert_eq!(
            photos.collect::<Vec<_>>(),
            [b"\xff\xd8\xff\x01", b"\xff\xd8\xff\x02"],
            "both are in the journal for the next opening"
        );
    }
}
