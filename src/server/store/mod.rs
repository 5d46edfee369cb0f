//! The embedded database.
//!
//! Invariant: WAL with `synchronous=FULL`, so a committed transaction is on disk; log tables refuse change by trigger.
//! There is no table of station heads: the head is the last leaf of the station in the same table, so it can never
//! disagree with the log. Deliberately absent: order and signatures (`server::log`).

pub mod entries;
pub mod registry;
pub mod tree;

use super::config::DataDir;
use crate::domain::camera::ControllerId;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

/// Version of the schema, `user_version`.
const SCHEMA_VERSION: i64 = 1;

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database")]
    Sql(#[from] sqlx::Error),
    #[error("database file")]
    File(#[from] std::io::Error),
    #[error("the database holds something impossible: {0}")]
    Corrupt(String),
    #[error("the database has schema version {0}, not {SCHEMA_VERSION}")]
    Version(i64),
}

/// One controller's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Key in the database.
    pub id: i64,
    pub controller: ControllerId,
    /// `vedetta/<istat code>/<controller slug>`.
    pub origin: String,
}

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    read: SqlitePool,
    write: SqlitePool,
}

impl Store {
    /// Makes a new database, readable by this account only.
    ///
    /// # Errors
    /// There is one already, or it cannot be written.
    pub async fn create(data: &DataDir) -> Result<Self, StoreError> {
        OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(data.database())?;
        let store = Self::connect(data).await?;
        sqlx::raw_sql(include_str!("schema.sql")).execute(&store.write).await?;
        Ok(store)
    }

    /// Opens an existing database.
    ///
    /// # Errors
    /// There is none, or it is of another version.
    pub async fn open(data: &DataDir) -> Result<Self, StoreError> {
        let store = Self::connect(data).await?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&store.read).await?;
        if version == SCHEMA_VERSION {
            Ok(store)
        } else {
            Err(StoreError::Version(version))
        }
    }

    async fn connect(data: &DataDir) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(data.database())
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            // Without it INSERT OR REPLACE would remove a row past the triggers that forbid it.
            .pragma("recursive_triggers", "ON")
            .pragma("trusted_schema", "OFF");
        let pool = |size| {
            SqlitePoolOptions::new()
                .max_connections(size)
                .acquire_timeout(Duration::from_secs(10))
                .idle_timeout(None)
                .max_lifetime(None)
        };
        Ok(Self {
            write: pool(1).connect_with(options.clone()).await?,
            read: pool(4).connect_with(options.pragma("query_only", "ON")).await?,
        })
    }

    /// Every log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn logs(&self) -> Result<Vec<Log>, StoreError> {
        let rows: Vec<(i64, String, String)> = sqlx::query_as("SELECT id, controller, origin FROM log ORDER BY id")
            .fetch_all(&self.read)
            .await?;
        rows.into_iter()
            .map(|(id, controller, origin)| {
                Ok(Log {
                    id,
                    controller: parse(controller)?,
                    origin,
                })
            })
            .collect()
    }

    /// Adds an empty log.
    ///
    /// # Errors
    /// [`StoreError`], also when the controller has one.
    pub async fn add_log(&self, controller: &ControllerId, origin: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO log (controller, origin) VALUES (?, ?)")
            .bind(controller.as_str())
            .bind(origin)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Closes every connection, so that the write-ahead log is folded in.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Reads an identifier the database holds.
fn parse<T: TryFrom<String>>(text: String) -> Result<T, StoreError>
where
    T::Error: std::fmt::Display,
{
    T::try_from(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// A count as SQLite keeps it.
fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Corrupt(format!("{number} is too large")))
}

/// A count as SQLite gave it.
fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Corrupt(format!("{number} is negative")))
}

#[cfg(test)]
pub mod testing {
    //! A database of one test.
    use super::*;

    pub async fn store() -> (tempfile::TempDir, Store, Log) {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path());
        data.create().unwrap();
        let store = Store::create(&data).await.unwrap();
        store
            .add_log(&"borgo".parse().unwrap(), "vedetta/020001/borgo")
            .await
            .unwrap();
        let log = store.logs().await.unwrap().remove(0);
        (dir, store, log)
    }
}
