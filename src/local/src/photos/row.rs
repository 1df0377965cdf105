//! How does a photo get its row, and how is it found?
//!
//! # One photo, one row
//!
//! - The `key` is the same however often the same chunks are delivered or replayed: a known key gets no second row.
//! - A v2 photo that was interrupted may have a row already, of what came before it was given up. Sent again (its
//!   chunks say so, under the same epoch, frame id and capture time), it takes that row's place: the old row goes and
//!   the new one comes in one transaction, with an id of its own, so that who follows the ids sees it. The file of
//!   what had come before stays in the folder.
//! - What of it is sent again in vain, and is no more than what is there, gets no row.
//! - `hex` has no numbers: there, every attempt that was given up keeps its row.

use faceiot::ingest::Photo;
use faceiot::{DeviceId, Error, ErrorKind, Result};
use faceiot_camera::jpeg::Verified;
use faceiot_core::digest::sha256;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqlitePool};

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
/// row already; one that was sent again may have one that is as good.
pub(super) async fn insert(pool: &SqlitePool, photos: &[(Photo, String)]) -> Result<Vec<PhotoRow>> {
    let inserted = async {
        let mut tx = db::begin(pool).await?;
        let mut rows: Vec<PhotoRow> = Vec::new();
        for (photo, sha256) in photos {
            let missing =
                serde_json::to_string(&photo.missing).map_err(|error| sqlx::Error::Encode(error.into()))?;
            let frame = photo
                .frame
                .map(|(epoch, number, time_ms)| format!("{epoch}-{number}-{time_ms}"));
            if let Some(frame) = frame.as_deref().filter(|_| photo.retransmitted) {
                match before(&mut tx, photo, frame).await? {
                    Before::AsGood => continue,
                    Before::Gone(ids) => rows.retain(|row| !ids.contains(&row.id)),
                }
            }
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
                .bind(frame)
                .fetch_optional(&mut *tx)
                .await?;
            rows.extend(row.as_ref().map(read).transpose()?);
        }
        tx.commit().await?;
        Ok(rows)
    };
    inserted.await.map_err(db::failed)
}

/// What there was of a photo that was sent again.
enum Before {
    /// Its row stays: the photo is whole, or no more of it came now.
    AsGood,
    /// The rows of less have made way.
    Gone(Vec<i64>),
}

async fn before(tx: &mut SqliteConnection, photo: &Photo, frame: &str) -> sqlx::Result<Before> {
    let device = photo.device.to_string();
    let since = clamped(photo.first_ms.saturating_sub(AGAIN_MS));
    if photo.verified != Verified::Crc {
        let as_good: bool = sqlx::query_scalar(AS_GOOD)
            .bind(&device)
            .bind(frame)
            .bind(since)
            .bind(clamped(photo.bytes.len() as u64))
            .fetch_one(&mut *tx)
            .await?;
        if as_good {
            return Ok(Before::AsGood);
        }
    }
    let gone = sqlx::query_scalar(MAKE_WAY)
        .bind(&device)
        .bind(frame)
        .bind(since)
        .bind(&photo.key)
        .fetch_all(tx)
        .await?;
    Ok(Before::Gone(gone))
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

/// How long an interrupted photo is known by its frame. A sender numbers its frames anew after a start, and though its
/// epoch changes then, an older frame of the same number is another photo.
const AGAIN_MS: u64 = 86_400_000;

const INSERT: &str = "INSERT INTO photos
    (key, device, time_ms, received_ms, size, sha256, format, verified, width, height, missing, problem, chunks, frame)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO NOTHING RETURNING *";
const AS_GOOD: &str = "SELECT EXISTS (SELECT 1 FROM photos
    WHERE device = ? AND frame = ? AND received_ms >= ? AND (verified = 'crc' OR size >= ?))";
const MAKE_WAY: &str = "DELETE FROM photos
    WHERE device = ? AND frame = ? AND received_ms >= ? AND verified <> 'crc' AND key <> ? RETURNING id";
const LIST_AFTER: &str =
    "SELECT * FROM photos WHERE id > ?1 AND (?2 IS NULL OR device = ?2) ORDER BY id LIMIT ?3";
const LIST_NEWEST: &str =
    "SELECT * FROM photos WHERE id <= ?1 AND (?2 IS NULL OR device = ?2) ORDER BY id DESC LIMIT ?3";
const GET: &str = "SELECT * FROM photos WHERE id = ?";
