//! The task behind the queue: what has gathered becomes one transaction, and the tickets are settled after it.

use std::collections::HashMap;
use std::sync::Weak;
use std::sync::atomic::Ordering;

use sqlx::SqlitePool;
use tokio::sync::{broadcast, mpsc};

use super::{Job, Keep, Property, Shared, lock};
use crate::db;
use crate::events::{Event, LogLine};

pub(super) struct Writer {
    pool: SqlitePool,
    events: broadcast::Sender<Event>,
    keep: Keep,
    /// Rows added per table part since it was pruned; an unknown part is pruned at its first row.
    since_pruned: HashMap<(String, Option<String>), u32>,
}

impl Writer {
    pub(super) fn new(pool: SqlitePool, events: broadcast::Sender<Event>, keep: Keep) -> Self {
        Self {
            pool,
            events,
            keep,
            since_pruned: HashMap::new(),
        }
    }

    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Job>, shared: Weak<Shared>) {
        let mut batch = Vec::new();
        while jobs.recv_many(&mut batch, BATCH).await > 0 {
            let stop = batch.iter().any(|job| matches!(job, Job::Stop));
            let bytes: usize = batch
                .iter()
                .map(|job| match job {
                    Job::Properties { bytes, .. } | Job::Log { bytes, .. } => *bytes,
                    _ => 0,
                })
                .sum();
            let written = self.write(&batch).await;
            if let Some(shared) = shared.upgrade() {
                shared.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
                let mut failing = lock(&shared.failing);
                match &written {
                    Ok(()) => *failing = None,
                    Err(e) => {
                        if failing.is_none() {
                            tracing::error!("reports cannot be written: {e}");
                        }
                        *failing = Some(e.to_string());
                    }
                }
            }
            for job in batch.drain(..) {
                match job {
                    Job::Flush(done) => {
                        let _ = done.send(());
                    }
                    // A job that is dropped here fails its ticket.
                    job if written.is_ok() => self.settle(job),
                    _ => {}
                }
            }
            if stop {
                break;
            }
        }
    }

    async fn write(&mut self, batch: &[Job]) -> faceiot::Result<()> {
        if batch.iter().all(|job| matches!(job, Job::Flush(_) | Job::Stop)) {
            return Ok(());
        }
        let mut tx = db::begin(&self.pool).await.map_err(db::failed)?;
        for job in batch {
            match job {
                Job::Properties {
                    device,
                    properties,
                    received_ms,
                    ..
                } => {
                    self.write_properties(&mut tx, &device.to_string(), properties, *received_ms)
                        .await
                        .map_err(db::failed)?;
                }
                Job::Log { line, .. } => self.write_log(&mut tx, line).await.map_err(db::failed)?,
                Job::Seen { device, ms } => {
                    sqlx::query("UPDATE devices SET last_seen_ms = ?2 WHERE id = ?1")
                        .bind(device.to_string())
                        .bind(signed(*ms))
                        .execute(&mut *tx)
                        .await
                        .map_err(db::failed)?;
                }
                Job::Flush(_) | Job::Stop => {}
            }
        }
        tx.commit().await.map_err(db::failed)
    }

    async fn write_properties(
        &mut self,
        tx: &mut sqlx::Transaction<'static, sqlx::Sqlite>,
        device: &str,
        properties: &[Property],
        received_ms: u64,
    ) -> sqlx::Result<()> {
        for property in properties {
            // A device may have been removed since it reported: then there is nothing to write, and no error that
            // would fail the whole batch. A device that invents names without end keeps its first ones.
            let kept = sqlx::query(
                "INSERT INTO properties (device, name, value, time_ms, received_ms)
                 SELECT ?1, ?2, ?3, ?4, ?5
                 WHERE EXISTS (SELECT 1 FROM devices WHERE id = ?1)
                   AND (EXISTS (SELECT 1 FROM properties WHERE device = ?1 AND name = ?2)
                        OR (SELECT count(*) FROM properties WHERE device = ?1) < ?6)
                 ON CONFLICT (device, name) DO UPDATE
                 SET value = excluded.value, time_ms = excluded.time_ms, received_ms = excluded.received_ms",
            )
            .bind(device)
            .bind(&property.name)
            .bind(property.value.get())
            .bind(signed(property.time_ms))
            .bind(signed(received_ms))
            .bind(self.keep.names)
            .execute(&mut **tx)
            .await?
            .rows_affected();
            if kept == 0 {
                continue;
            }
            sqlx::query(
                "INSERT INTO property_history (device, name, value, time_ms, received_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            )
            .bind(device)
            .bind(&property.name)
            .bind(property.value.get())
            .bind(signed(property.time_ms))
            .bind(signed(received_ms))
            .execute(&mut **tx)
            .await?;
            if self.prune_due(device, Some(&property.name)) {
                sqlx::query(
                    "DELETE FROM property_history WHERE device = ?1 AND name = ?2 AND id <=
                       (SELECT id FROM property_history WHERE device = ?1 AND name = ?2
                        ORDER BY id DESC LIMIT 1 OFFSET ?3)",
                )
                .bind(device)
                .bind(&property.name)
                .bind(self.keep.history)
                .execute(&mut **tx)
                .await?;
            }
        }
        Ok(())
    }

    async fn write_log(
        &mut self,
        tx: &mut sqlx::Transaction<'static, sqlx::Sqlite>,
        line: &LogLine,
    ) -> sqlx::Result<()> {
        let device = line.device.as_deref().unwrap_or("");
        sqlx::query(
            "INSERT INTO device_log (device, time_ms, level, code, text) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(device)
        .bind(signed(line.time))
        .bind(line.level.as_str())
        .bind(line.code)
        .bind(&line.text)
        .execute(&mut **tx)
        .await?;
        if self.prune_due(device, None) {
            sqlx::query(
                "DELETE FROM device_log WHERE device = ?1 AND id <=
                   (SELECT id FROM device_log WHERE device = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            )
            .bind(device)
            .bind(self.keep.log)
            .execute(&mut **tx)
            .await?;
        }
        Ok(())
    }

    fn prune_due(&mut self, device: &str, name: Option<&str>) -> bool {
        if self.since_pruned.len() >= PARTS {
            self.since_pruned.clear();
        }
        let added = self
            .since_pruned
            .entry((device.to_owned(), name.map(ToOwned::to_owned)))
            .or_insert(PRUNE_EVERY);
        let due = *added >= PRUNE_EVERY;
        *added = if due { 1 } else { *added + 1 };
        due
    }

    fn settle(&self, job: Job) {
        match job {
            Job::Properties {
                device,
                properties,
                done,
                ..
            } => {
                done.complete(Ok(()));
                for property in properties {
                    let value = serde_json::from_str(property.value.get()).unwrap_or_default();
                    let _ = self.events.send(Event::Property {
                        device: device.clone(),
                        name: property.name,
                        value,
                        time: property.time_ms,
                    });
                }
            }
            Job::Log { line, .. } => {
                let _ = self.events.send(Event::Log(line));
            }
            Job::Seen { .. } | Job::Flush(_) | Job::Stop => {}
        }
    }
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

const BATCH: usize = 512;
pub(super) const PRUNE_EVERY: u32 = 100;
const PARTS: usize = 20_000;
