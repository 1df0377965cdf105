//! What the recorder wrote, read back.

use faceiot::{DeviceId, Result};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use crate::db;
use crate::events::{Level, LogLine};

/// A property's value at one time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PropertyRow {
    /// Its name; Huawei's are `{service_id}.{property}`.
    pub(crate) name: String,
    /// Its value, as the device wrote it.
    pub(crate) value: Box<RawValue>,
    /// When the device says it was so, milliseconds since 1970.
    pub(crate) time: u64,
    /// When it arrived.
    pub(crate) received: u64,
}

/// Last values, by name.
pub(crate) async fn properties(pool: &SqlitePool, device: &DeviceId) -> Result<Vec<PropertyRow>> {
    let rows = sqlx::query(
        "SELECT name, value, time_ms, received_ms FROM properties WHERE device = ?1 ORDER BY name",
    )
    .bind(device.to_string())
    .fetch_all(pool)
    .await
    .map_err(db::failed)?;
    rows.iter()
        .map(property)
        .collect::<sqlx::Result<_>>()
        .map_err(db::failed)
}

/// Values of one property, newest first.
pub(crate) async fn history(
    pool: &SqlitePool,
    device: &DeviceId,
    name: &str,
    limit: u32,
) -> Result<Vec<PropertyRow>> {
    let rows = sqlx::query(
        "SELECT name, value, time_ms, received_ms FROM property_history
         WHERE device = ?1 AND name = ?2 ORDER BY id DESC LIMIT ?3",
    )
    .bind(device.to_string())
    .bind(name)
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(db::failed)?;
    rows.iter()
        .map(property)
        .collect::<sqlx::Result<_>>()
        .map_err(db::failed)
}

/// Lines of a device's log (`None`: of strangers), newest first.
pub(crate) async fn log(pool: &SqlitePool, device: Option<&DeviceId>, limit: u32) -> Result<Vec<LogLine>> {
    let rows = sqlx::query(
        "SELECT device, time_ms, level, code, text FROM device_log WHERE device = ?1 ORDER BY id DESC LIMIT ?2",
    )
    .bind(device.map(ToString::to_string).unwrap_or_default())
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(db::failed)?;
    let line = |row: &SqliteRow| -> sqlx::Result<LogLine> {
        let device: String = row.try_get(0)?;
        let level: String = row.try_get(2)?;
        Ok(LogLine {
            device: (!device.is_empty()).then_some(device),
            time: unsigned(row.try_get(1)?),
            level: if level == Level::Warn.as_str() {
                Level::Warn
            } else {
                Level::Info
            },
            code: row.try_get(3)?,
            text: row.try_get(4)?,
        })
    };
    rows.iter()
        .map(line)
        .collect::<sqlx::Result<_>>()
        .map_err(db::failed)
}

/// How many photos there are of each `verified`.
pub(crate) async fn photos_by_verified(pool: &SqlitePool) -> Result<Vec<(&'static str, u64)>> {
    let rows = sqlx::query("SELECT verified, count(*) FROM photos GROUP BY verified")
        .fetch_all(pool)
        .await
        .map_err(db::failed)?;
    let mut counts = vec![("crc", 0), ("entropy", 0), ("structure", 0), ("none", 0)];
    for row in rows {
        let verified: String = row.try_get(0).map_err(db::failed)?;
        let count: i64 = row.try_get(1).map_err(db::failed)?;
        if let Some(entry) = counts.iter_mut().find(|(name, _)| *name == verified) {
            entry.1 = unsigned(count);
        }
    }
    Ok(counts)
}

fn property(row: &SqliteRow) -> sqlx::Result<PropertyRow> {
    let value: String = row.try_get(1)?;
    Ok(PropertyRow {
        name: row.try_get(0)?,
        value: RawValue::from_string(value).map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
        time: unsigned(row.try_get(2)?),
        received: unsigned(row.try_get(3)?),
    })
}

fn unsigned(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}
