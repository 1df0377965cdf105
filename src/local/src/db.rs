//! The SQLite file: how it is opened and how its schema grows.

use std::path::Path;
use std::time::Duration;

use faceiot::{Error, ErrorKind, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};

/// Opens the file and brings its schema up to date.
///
/// Write-ahead log, so that `faceiot device list` reads while a cloud writes; `synchronous=FULL`, so that what a
/// commit says is on disk, is.
///
/// # Errors
/// `Store` when the file is no database, or was made by a newer faceiot.
pub(crate) async fn open(path: &Path) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5));
    let opened = async {
        let pool = connect(options).await.map_err(failed)?;
        migrate(&pool).await?;
        Ok(pool)
    };
    opened
        .await
        .map_err(|e: Error| e.context(format!("registry `{}`", path.display())))
}

/// Connects. Changing a new file to the write-ahead log does not wait for the busy time-out when another process does
/// the same at that moment, so this does.
async fn connect(options: SqliteConnectOptions) -> sqlx::Result<SqlitePool> {
    let mut tries = 0;
    loop {
        match SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_with(options.clone())
            .await
        {
            Err(sqlx::Error::Database(db)) if db.code().as_deref() == Some("5") && tries < 250 => tries += 1,
            other => return other,
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Starts a transaction that writes. SQLite's plain `BEGIN` takes the write lock at the first write and then fails
/// at once, without waiting, when another connection has written since: `IMMEDIATE` waits in its turn.
pub(crate) async fn begin(pool: &SqlitePool) -> sqlx::Result<sqlx::Transaction<'static, sqlx::Sqlite>> {
    pool.begin_with("BEGIN IMMEDIATE").await
}

/// One place that turns what SQLite says into our words.
pub(crate) fn failed(error: sqlx::Error) -> Error {
    let kind = match &error {
        sqlx::Error::RowNotFound => ErrorKind::NotFound,
        sqlx::Error::Database(db) if db.is_unique_violation() => ErrorKind::Exists,
        // SQLITE_FULL; SQLITE_IOERR_WRITE is what a full tmpfs gives under the write-ahead log.
        sqlx::Error::Database(db) if matches!(db.code().as_deref(), Some("13" | "778")) => {
            ErrorKind::DiskFull
        }
        sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::StorageFull => ErrorKind::DiskFull,
        _ => ErrorKind::Store,
    };
    Error::new(kind, error.to_string()).with_source(error)
}

async fn migrate(pool: &SqlitePool) -> Result<()> {
    // One write transaction around the question and the change: two processes that open a new file at the same
    // moment make one schema.
    let mut tx = begin(pool).await.map_err(failed)?;
    let version: i64 = sqlx::query("PRAGMA user_version")
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?
        .try_get(0)
        .map_err(failed)?;
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > newest {
        return Err(Error::new(
            ErrorKind::Store,
            format!("made by a newer faceiot (schema {version}; this one knows {newest})"),
        ));
    }
    for (_, sql, set_version) in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        sqlx::raw_sql(*sql).execute(&mut *tx).await.map_err(failed)?;
        sqlx::raw_sql(*set_version)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
    }
    tx.commit().await.map_err(failed)
}

/// Name, statements, and the statement that says it is done; only ever appended to.
const MIGRATIONS: &[(&str, &str, &str)] = &[
    (
        "registry",
        include_str!("../migrations/0001_registry.sql"),
        "PRAGMA user_version = 1",
    ),
    (
        "photos",
        include_str!("../migrations/0002_photos.sql"),
        "PRAGMA user_version = 2",
    ),
    (
        "frames",
        include_str!("../migrations/0003_frames.sql"),
        "PRAGMA user_version = 3",
    ),
];

const CONNECTIONS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    #[tokio::test]
    async fn the_settings_that_promises_rest_on_are_in_force() {
        let temp = tempfile::tempdir().unwrap();
        let pool = open(&DataDir::open(temp.path()).unwrap().database().unwrap())
            .await
            .unwrap();
        for (pragma, wanted) in [
            ("PRAGMA synchronous", "2"),
            ("PRAGMA foreign_keys", "1"),
            ("PRAGMA busy_timeout", "5000"),
        ] {
            let value: i64 = sqlx::query_scalar(pragma).fetch_one(&pool).await.unwrap();
            assert_eq!(value.to_string(), wanted, "{pragma}");
        }
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(mode, "wal");
        let version: i64 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(usize::try_from(version).unwrap(), MIGRATIONS.len());
    }

    #[tokio::test]
    async fn a_second_opening_changes_nothing_and_a_newer_schema_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let path = DataDir::open(temp.path()).unwrap().database().unwrap();
        let (one, two) = tokio::join!(open(&path), open(&path));
        let pool = one.unwrap();
        two.unwrap();
        sqlx::query("PRAGMA user_version = 99")
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
        let error = open(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(error.message().contains("newer faceiot (schema 99"), "{error}");
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("registry.db");
        std::fs::write(&path, vec![b'x'; 8192]).unwrap();
        let error = open(&path).await.unwrap_err();
        assert!(error.message().contains("registry.db"), "{error}");
    }
}
