//! How does a photo get its row, and how is it found?

use faceiot::ingest::Photo;
use faceiot::{DeviceId, Error, ErrorKind, Result};
use faceiot_core::digest::sha256;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use crate::db;

/// A photo that arrived, whole or not. As JSON it has exactly these members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoRow {
    /// Rises from photo to photo, and is never given twice.
    pub id: i64,
    /// Who sent it.
    pub device: DeviceId,
    /// When it was taken, milliseconds since 1970; when its first chunk came, if the sender did not say or its clock
    /// is more than a day ahead.
    pub time: u64,
    /// When its last chunk came.
    pub received: u64,
    /// Octets.
    pub size: u64,
    /// SHA-256 of the octets, 64 lower-case hexadecimal digits; also the name of the file.
    pub sha256: String,
    /// How it came: `hex`, `v2` or `v2-text`.
    pub format: String,
    /// How far it can be trusted: `crc`, `entropy`, `structure` or `none`.
    pub verified: String,
    /// Pixels in a row; 0 when unknown.
    pub width: u32,
    /// Rows; 0 when unknown.
    pub height: u32,
    /// What did not come, as offset and length; these octets are zero in the file.
    pub missing: Vec<(u64, u64)>,
    /// What is wrong with it, in words.
    pub problem: Option<String>,
    /// Chunks it is made of.
    pub chunks: u32,
}

/// Which photos.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those of this device.
    pub device: Option<DeviceId>,
}

/// Writes the rows of these photos in one transaction; gives those that are new. A photo whose key is known has its
/// row already.
pub(super) async fn insert(pool: &SqlitePool, photos: &[(Photo, String)]) -> Result<Vec<PhotoRow>> {
    let inserted = async {
        let mut tx = db::begin(pool).await?;
        let mut rows = Vec::new();
        for (photo, sha256) in photos {
            let missing =
                serde_json::to_string(&photo.missing).map_err(|error| sqlx::Error::Encode(error.into()))?;
            let row = sqlx::query(INSERT)
                .bind(&photo.key)
                .bind(photo.device.to_string())
                .bind(clamped(taken_ms(photo)))
                .bind(clamped(photo.last_ms))
                .bind(clamped(photo.bytes.len() as u64))
                .bind(sha256)
                .bind(photo.format.to_string())
                .bind(photo.verified.as_str())
                .bind(photo.width)
                .bind(photo.height)
                .bind(missing)
                .bind(&photo.problem)
                .bind(photo.chunks)
                .fetch_optional(&mut *tx)
                .await?;
            rows.extend(row.as_ref().map(read).transpose()?);
        }
        tx.commit().await?;
        Ok(rows)
    };
    inserted.await.map_err(db::failed)
}

pub(super) async fn list(
    pool: &SqlitePool,
    filter: &Filter,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<PhotoRow>> {
    let device = filter.device.as_ref().map(ToString::to_string);
    let query = match after {
        Some(after) => sqlx::query(LIST_AFTER).bind(after),
        None => sqlx::query(LIST_NEWEST).bind(i64::MAX),
    };
    let rows = query
        .bind(device)
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(db::failed)?;
    rows.iter().map(|row| read(row).map_err(db::failed)).collect()
}

pub(super) async fn get(pool: &SqlitePool, id: i64) -> Result<Option<PhotoRow>> {
    let row = sqlx::query(GET)
        .bind(id)
        .fetch_optional(pool)
        .await
        .map_err(db::failed)?;
    row.as_ref().map(|row| read(row).map_err(db::failed)).transpose()
}

fn read(row: &SqliteRow) -> sqlx::Result<PhotoRow> {
    let wrong = |error: Error| sqlx::Error::Decode(error.into());
    let missing: String = row.try_get("missing")?;
    let device: String = row.try_get("device")?;
    Ok(PhotoRow {
        id: row.try_get("id")?,
        device: device.parse().map_err(wrong)?,
        time: unsigned(row.try_get("time_ms")?),
        received: unsigned(row.try_get("received_ms")?),
        size: unsigned(row.try_get("size")?),
        sha256: row.try_get("sha256")?,
        format: row.try_get("format")?,
        verified: row.try_get("verified")?,
        width: row.try_get("width")?,
        height: row.try_get("height")?,
        missing: serde_json::from_str(&missing)
            .map_err(|error| wrong(Error::new(ErrorKind::Store, error.to_string())))?,
        problem: row.try_get("problem")?,
        chunks: row.try_get("chunks")?,
    })
}

/// When a photo was taken. The sender's word, unless it said nothing or a time that cannot be: a clock may run ahead by
/// a day, as for properties (Aliyun's limits page).
fn taken_ms(photo: &Photo) -> u64 {
    match photo.time_ms {
        0 => photo.first_ms,
        time if time > photo.last_ms.saturating_add(DAY_MS) => photo.first_ms,
        time => time,
    }
}

/// SHA-256 as it stands in the table and in the name of the file.
pub(super) fn sum(octets: &[u8]) -> String {
    sha256(&[octets])
        .iter()
        .fold(String::with_capacity(64), |mut text, octet| {
            use std::fmt::Write as _;
            let _ = write!(text, "{octet:02x}"); // a String takes everything
            text
        })
}

/// SQLite's integers are signed.
fn clamped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

const DAY_MS: u64 = 86_400_000;

const INSERT: &str = "INSERT INTO photos
    (key, device, time_ms, received_ms, size, sha256, format, verified, width, height, missing, problem, chunks)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO NOTHING RETURNING *";
const LIST_AFTER: &str =
    "SELECT * FROM photos WHERE id > ?1 AND (?2 IS NULL OR device = ?2) ORDER BY id LIMIT ?3";
const LIST_NEWEST: &str =
    "SELECT * FROM photos WHERE id <= ?1 AND (?2 IS NULL OR device = ?2) ORDER BY id DESC LIMIT ?3";
const GET: &str = "SELECT * FROM photos WHERE id = ?";
