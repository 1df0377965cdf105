//! Writes what devices report to SQLite, many reports in one transaction.
//!
//! The broker's hooks must not block, so they hand a report over a bounded queue and get a ticket back; one task takes
//! what has gathered, writes it in one transaction, and settles the tickets after the commit. That is how a
//! property at QoS 1 is on disk before its acknowledgement. A report that finds the queue full, or whose
//! transaction fails, has a failed ticket: the broker does not acknowledge it and the device sends it again.
//!
//! (Photos go another way, through the journal of `photos`: their chunks are large and many. A property is small and
//! wants to be a row anyway, so the transaction itself is the durable record and nothing has to be replayed.)

mod pace;
mod writer;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use faceiot::DeviceId;
use faceiot_journal::{Completer, Ticket};
use serde_json::value::RawValue;
use sqlx::SqlitePool;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::events::{Event, Level, LogLine};
use pace::Pace;
use writer::Writer;

/// One property as a device reported it.
#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) value: Box<RawValue>,
    pub(crate) time_ms: u64,
}

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    /// Names a device may report; later names are dropped.
    pub(crate) names: u32,
    /// Earlier values per name.
    pub(crate) history: u32,
    /// Lines of log per device, and for all strangers together.
    pub(crate) log: u32,
    /// Of them, so many a second; more are counted and left out.
    pub(crate) log_per_second: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            names: 256,
            history: 1000,
            log: 500,
            log_per_second: 50,
        }
    }
}

/// The way to the task that writes. Clones lead to the same task.
#[derive(Clone)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
}

struct Shared {
    queue: mpsc::Sender<Job>,
    waiting_bytes: AtomicUsize,
    dropped: AtomicU64,
    pace: Mutex<Pace>,
    left_out: AtomicU64,
    failing: Mutex<Option<String>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

enum Job {
    Properties {
        device: DeviceId,
        properties: Vec<Property>,
        received_ms: u64,
        done: Completer,
        bytes: usize,
    },
    Log {
        line: LogLine,
        bytes: usize,
    },
    Seen {
        device: DeviceId,
        ms: u64,
    },
    Flush(oneshot::Sender<()>),
    Stop,
}

impl Recorder {
    pub(crate) fn start(pool: SqlitePool, events: broadcast::Sender<Event>, keep: Keep) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE_JOBS);
        let shared = Arc::new(Shared {
            queue,
            waiting_bytes: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
            pace: Mutex::new(Pace::new(keep.log_per_second)),
            left_out: AtomicU64::new(0),
            failing: Mutex::new(None),
            task: Mutex::new(None),
        });
        let writer = Writer::new(pool, events, keep);
        let task = tokio::spawn(writer.run(jobs, Arc::downgrade(&shared)));
        *lock(&shared.task) = Some(task);
        Self { shared }
    }

    /// Hands properties over. The ticket is durable when they are committed.
    pub(crate) fn properties(
        &self,
        device: &DeviceId,
        properties: Vec<Property>,
        received_ms: u64,
    ) -> Ticket {
        if properties.is_empty() {
            return Ticket::ready();
        }
        let bytes = properties
            .iter()
            .map(|p| p.name.len() + p.value.get().len() + 64)
            .sum();
        let (ticket, done) = Ticket::pending();
        // Dropping the job drops its completer, which fails the ticket.
        self.offer(
            Job::Properties {
                device: device.clone(),
                properties,
                received_ms,
                done,
                bytes,
            },
            bytes,
        );
        ticket
    }

    /// Adds a line to the log of a device (`None`: of strangers), and to the program's. Best effort: what is more than
    /// so many lines a second is counted and left out, and so is what finds the queue full.
    pub(crate) fn log(&self, device: Option<&DeviceId>, time: u64, level: Level, code: i64, text: &str) {
        let device = device.map(ToString::to_string);
        let passed = lock(&self.shared.pace).pass(device.as_deref(), time);
        match passed {
            None => {
                self.shared.left_out.fetch_add(1, Ordering::Relaxed);
            }
            Some(0) => self.line(device, time, level, code, text),
            Some(left_out) => {
                let gap = format!("{left_out} lines were left out: too many in one second");
                self.line(device.clone(), time, Level::Warn, 0, &gap);
                self.line(device, time, level, code, text);
            }
        }
    }

    fn line(&self, device: Option<String>, time: u64, level: Level, code: i64, text: &str) {
        let text = one_line(text);
        let who = device.as_deref().unwrap_or("-");
        match level {
            Level::Info => tracing::info!(device = who, code, "{text}"),
            Level::Warn => tracing::warn!(device = who, code, "{text}"),
        }
        let bytes = text.len() + 128;
        self.offer(
            Job::Log {
                line: LogLine {
                    device,
                    time,
                    level,
                    code,
                    text,
                },
                bytes,
            },
            bytes,
        );
    }

    /// Notes when a device was last connected.
    pub(crate) fn seen(&self, device: &DeviceId, ms: u64) {
        self.offer(
            Job::Seen {
                device: device.clone(),
                ms,
            },
            0,
        );
    }

    /// Returns when everything handed over before is written or has failed.
    pub(crate) async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.shared.queue.send(Job::Flush(done)).await.is_ok() {
            let _ = wait.await;
        }
    }

    /// Reports and log lines that found the queue full.
    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Log lines that were more than a device may write in a second.
    pub(crate) fn left_out(&self) -> u64 {
        self.shared.left_out.load(Ordering::Relaxed)
    }

    /// Octets waiting to be written.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.shared.waiting_bytes.load(Ordering::Relaxed)
    }

    /// Why the last transaction failed; `None` when it went well.
    pub(crate) fn failing(&self) -> Option<String> {
        lock(&self.shared.failing).clone()
    }

    /// Writes what is waiting and ends the task.
    pub(crate) async fn stop(&self) {
        let _ = self.shared.queue.send(Job::Stop).await;
        let task = lock(&self.shared.task).take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }

    fn offer(&self, job: Job, bytes: usize) {
        let waiting = self.shared.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        if waiting + bytes > QUEUE_BYTES || self.shared.queue.try_send(job).is_err() {
            self.shared.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Text of a device for a log: control characters escaped, and not longer than a screen.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(LINE));
    for c in text.chars() {
        if line.len() >= LINE {
            line.push('…');
            break;
        }
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const QUEUE_JOBS: usize = 8192;
const QUEUE_BYTES: usize = 8 << 20;
const LINE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewDevice, Registry};

    async fn recorder(keep: Keep) -> (tempfile::TempDir, Registry, Recorder, DeviceId) {
        let temp = tempfile::tempdir().unwrap();
        let registry = Registry::open(temp.path()).await.unwrap();
        let id: DeviceId = "huawei:p_1".parse().unwrap();
        registry
            .add_device(NewDevice {
                id: id.clone(),
                secret: None,
            })
            .await
            .unwrap();
        let recorder = Recorder::start(registry.pool().clone(), broadcast::channel(16).0, keep);
        (temp, registry, recorder, id)
    }

    fn property(name: &str, json: &str) -> Property {
        Property {
            name: name.into(),
            value: RawValue::from_string(json.into()).unwrap(),
            time_ms: 5,
        }
    }

    async fn count(registry: &Registry, table: &'static str) -> i64 {
        sqlx::query_scalar(table)
            .fetch_one(registry.pool())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_ticket_is_durable_when_the_row_is_there() {
        let (_temp, registry, recorder, id) = recorder(Keep::default()).await;
        let ticket = recorder.properties(&id, vec![property("t", "21.5")], 7);
        ticket.durable().await.unwrap();
        let value: String = sqlx::query_scalar("SELECT value FROM properties")
            .fetch_one(registry.pool())
            .await
            .unwrap();
        assert_eq!(value, "21.5");
    }

    #[tokio::test]
    async fn history_names_and_log_stay_bounded() {
        let keep = Keep {
            names: 3,
            history: 10,
            log: 10,
            log_per_second: u32::MAX,
        };
        let (_temp, registry, recorder, id) = recorder(keep).await;
        for i in 0..400 {
            recorder.properties(&id, vec![property("same", &i.to_string())], 7);
            recorder.properties(&id, vec![property(&format!("n{i}"), "1")], 7);
            recorder.log(Some(&id), 1, Level::Warn, 460, "odd");
        }
        recorder.flush().await;
        assert_eq!(count(&registry, "SELECT count(*) FROM properties").await, 3);
        let history = count(
            &registry,
            "SELECT count(*) FROM property_history WHERE name = 'same'",
        )
        .await;
        assert!(history <= i64::from(10 + writer::PRUNE_EVERY), "{history}");
        assert!(
            count(&registry, "SELECT count(*) FROM device_log").await <= i64::from(10 + writer::PRUNE_EVERY)
        );
        let last: String = sqlx::query_scalar("SELECT value FROM properties WHERE name = 'same'")
            .fetch_one(registry.pool())
            .await
            .unwrap();
        assert_eq!(last, "399");
    }

    #[tokio::test]
    async fn a_device_that_complains_without_end_has_some_lines_a_second_and_the_rest_counted() {
        let keep = Keep {
            log_per_second: 5,
            ..Keep::default()
        };
        let (_temp, registry, recorder, id) = recorder(keep).await;
        for _ in 0..1000 {
            recorder.log(Some(&id), 1_000, Level::Warn, 460, "odd");
        }
        recorder.log(None, 1_000, Level::Warn, 0, "a stranger");
        recorder.log(Some(&id), 2_000, Level::Warn, 460, "odd again");
        recorder.flush().await;
        let lines: Vec<String> =
            sqlx::query_scalar("SELECT text FROM device_log WHERE device <> '' ORDER BY id")
                .fetch_all(registry.pool())
                .await
                .unwrap();
        let [first @ .., gap, last] = &lines[..] else {
            panic!("{lines:?}")
        };
        assert_eq!(first, ["odd"; 5]);
        assert_eq!(
            (gap.as_str(), last.as_str()),
            ("995 lines were left out: too many in one second", "odd again")
        );
        assert_eq!(recorder.left_out(), 995);
        assert_eq!(
            count(&registry, "SELECT count(*) FROM device_log WHERE device = ''").await,
            1
        );
    }

    #[tokio::test]
    async fn a_report_of_a_removed_device_does_not_fail_its_neighbours() {
        let (_temp, registry, recorder, id) = recorder(Keep::default()).await;
        let gone: DeviceId = "huawei:gone".parse().unwrap();
        let one = recorder.properties(&gone, vec![property("t", "1")], 7);
        let two = recorder.properties(&id, vec![property("t", "2")], 7);
        one.durable().await.unwrap();
        two.durable().await.unwrap();
        assert_eq!(count(&registry, "SELECT count(*) FROM properties").await, 1);
    }

    #[tokio::test]
    async fn a_failing_disk_fails_the_ticket_and_says_so() {
        let (_temp, registry, recorder, id) = recorder(Keep::default()).await;
        registry.close().await;
        recorder
            .properties(&id, vec![property("t", "1")], 7)
            .durable()
            .await
            .unwrap_err();
        assert!(recorder.failing().is_some());
    }

    #[tokio::test]
    async fn more_than_the_queue_holds_is_refused_not_kept() {
        let (_temp, _registry, recorder, id) = recorder(Keep::default()).await;
        let big = format!("\"{}\"", "x".repeat(1 << 20));
        // No await in between: the writer cannot run on this single-threaded runtime.
        let tickets: Vec<_> = (0..20)
            .map(|_| recorder.properties(&id, vec![property("t", &big)], 7))
            .collect();
        assert!(recorder.waiting_bytes() <= QUEUE_BYTES);
        assert!(recorder.dropped() > 0);
        let mut refused = 0;
        for ticket in tickets {
            refused += u64::from(ticket.durable().await.is_err());
        }
        assert_eq!(refused, recorder.dropped());
    }

    #[test]
    fn what_a_device_sends_cannot_break_a_log_line() {
        assert_eq!(one_line("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert!(one_line(&"x".repeat(5000)).len() <= LINE + '…'.len_utf8());
    }
}
