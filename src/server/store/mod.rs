//! The database: SQLite built in, or a PostgreSQL that several server processes share.
//!
//! Every statement is one text for both (`$n` is understood by both); `on!` runs it where it belongs. The two differ in
//! their schema, in how a connection is made safe, and in who may write: SQLite by the lock of the data directory,
//! PostgreSQL by an advisory lock held for each transaction of the log and an epoch that grows when the writer changes.
//! Invariant: what was committed is on disk (WAL with `synchronous=FULL`; `synchronous_commit=on`), and log tables
//! refuse change by trigger. There is no table of station heads: the head is the last leaf of the station in the same
//! table, so it can never disagree with the log. Deliberately absent: order and signatures (`server::log`).

/// Runs the same expression on whichever database it is.
macro_rules! on {
    ($which:expr, $executor:ident => $run:expr) => {
        match $which {
            $crate::server::store::Either::Sqlite($executor) => $run,
            $crate::server::store::Either::Postgres($executor) => $run,
        }
    };
    ($which:expr, mut $executor:ident => $run:expr) => {
        match $which {
            $crate::server::store::Either::Sqlite(mut $executor) => $run,
            $crate::server::store::Either::Postgres(mut $executor) => $run,
        }
    };
}

/// Runs a write outside the log on whichever database it is, and gives it up when it has no end.
macro_rules! kept {
    ($which:expr, $executor:ident => $run:expr) => {
        on!($which, $executor => $crate::server::store::ended(async { $run }).await)
    };
}

pub mod accounts;
pub mod camera_users;
pub mod clearances;
mod credentials_given;
pub mod dome_lease;
pub mod entries;
pub(super) mod error;
pub mod keys;
pub mod log_retention;
pub mod migration;
pub mod registry;
pub mod search;
mod session_kept;
pub mod site;
pub mod tree;
pub mod view_events;
pub mod workstations;

use error::SCHEMA;
pub use error::StoreError;

use super::config::DataDir;
use super::request_end;
use crate::domain::camera::ControllerId;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longest wait for a connection of the pool.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest time a write or a commit may take; one that waits for a standby has no limit in PostgreSQL.
const KEPT_WITHIN: Duration = Duration::from_secs(10);

/// For so long a write of the log that failed says more than a row that is taken.
const FAILED_LATELY: Duration = Duration::from_secs(5);

/// A write with an end: its own limit, or that of the request it is done for.
///
/// # Errors
/// That of the write; [`StoreError::Unknown`]: the limit went by, and nobody knows whether it is kept.
async fn ended<T, E: Into<StoreError>>(write: impl Future<Output = Result<T, E>>) -> Result<T, StoreError> {
    match tokio::time::timeout(request_end::left(KEPT_WITHIN), write).await {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(StoreError::Unknown),
    }
}

/// One of the two databases.
#[derive(Clone)]
pub enum Either<S, P> {
    Sqlite(S),
    Postgres(P),
}

type Pool = Either<SqlitePool, PgPool>;

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
    read: Pool,
    write: Pool,
    /// When the last write of the log failed, where that was for a cause of the database's own.
    failed: Arc<Mutex<Option<Instant>>>,
}

impl Store {
    /// Makes a new database: a file readable by this account only, or the tables in an empty PostgreSQL database.
    ///
    /// # Errors
    /// There is one already, or it cannot be written.
    pub async fn create(data: &DataDir) -> Result<Self, StoreError> {
        let (store, schema) = match data.postgres() {
            Some(url) => (Self::postgres(url).await?, include_str!("schema/postgres.sql")),
            None => {
                OpenOptions::new()
                    .create_new(true)
                    .write(true)
                    .mode(0o600)
                    .open(data.database())?;
                (Self::sqlite(data).await?, include_str!("schema/sqlite.sql"))
            }
        };
        on!(&store.write, pool => sqlx::raw_sql(schema).execute(pool).await.map(drop))?;
        store.grant().await?;
        Ok(store)
    }

    /// Gives the servers' role of a PostgreSQL database what it needs; whoever asks owns the tables. Elsewhere there is no role.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer, or the account does not own the tables.
    pub async fn grant(&self) -> Result<(), StoreError> {
        if let Either::Postgres(pool) = &self.write {
            sqlx::raw_sql(include_str!("schema/postgres_grants.sql"))
                .execute(pool)
                .await?;
        }
        Ok(())
    }

    /// Opens an existing database.
    ///
    /// # Errors
    /// There is none; [`StoreError::LeftAlone`]: it is of a newer program, or too old; [`StoreError::Version`]: it is of an older one and
    /// [`Store::migrate`] was not called; [`StoreError::Encoding`] and [`StoreError::Pooler`].
    pub async fn open(data: &DataDir) -> Result<Self, StoreError> {
        let store = match data.postgres() {
            Some(url) => Self::postgres(url).await?,
            None => Self::sqlite(data).await?,
        };
        let version = store.schema_version().await?;
        if SCHEMA.steps_from(version)?.is_empty() {
            Ok(store)
        } else {
            Err(StoreError::Version(version))
        }
    }

    async fn sqlite(data: &DataDir) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(data.database())
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(256)
            // Rows of some hundred bytes: a larger page loses less of itself to its end.
            .page_size(8192)
            // Without it INSERT OR REPLACE would remove a row past the triggers that forbid it.
            .pragma("recursive_triggers", "ON")
            .pragma("trusted_schema", "OFF");
        let pool = |size| {
            SqlitePoolOptions::new()
                .max_connections(size)
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        // SQLite gives a transaction up by itself when its disk is full; sqlx goes on counting it, and begins none on that connection
        // any more. The ping before it was taken has seen every end that was asked for.
        let writer = pool(1).before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }));
        Ok(Self {
            write: Either::Sqlite(writer.connect_with(options.clone()).await?),
            read: Either::Sqlite(pool(4).connect_with(options.pragma("query_only", "ON")).await?),
            failed: Arc::default(),
        })
    }

    async fn postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("vedetta-audit")
            .options(session_kept::SETTINGS);
        let pool = |size| PgPoolOptions::new().max_connections(size).acquire_timeout(PATIENCE);
        let write = pool(4).connect_with(options.clone()).await;
        let write = write.map_err(session_kept::not_connected)?;
        session_kept::check(&write).await?;
        // In another encoding words of some people cannot be kept, and nothing would say so before they are used.
        let encoding: String = sqlx::query_scalar("SHOW server_encoding").fetch_one(&write).await?;
        if encoding != "UTF8" {
            return Err(StoreError::Encoding(encoding));
        }
        Ok(Self {
            write: Either::Postgres(write),
            read: Either::Postgres(pool(8).connect_with(options).await?),
            failed: Arc::default(),
        })
    }

    /// Whether other server processes may write to the same database.
    pub fn is_shared(&self) -> bool {
        matches!(self.write, Either::Postgres(_))
    }

    /// Every log.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn logs(&self) -> Result<Vec<Log>, StoreError> {
        let rows: Vec<(i64, String, String)> = on!(&self.read, pool => sqlx::query_as("SELECT id, controller, origin FROM log ORDER BY id")
                .fetch_all(pool)
                .await)?;
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
        kept!(&self.write, pool => sqlx::query(
            "INSERT INTO log (id, controller, origin) VALUES ((SELECT coalesce(max(id), 0) + 1 FROM log), $1, $2)",
        )
        .bind(controller.as_str())
        .bind(origin)
        .execute(pool)
        .await
        .map(drop))?;
        Ok(())
    }

    /// Whether this account of the database may write another name for a log; the servers' own may not.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn may_rename(&self) -> Result<bool, StoreError> {
        match &self.read {
            Either::Sqlite(_) => Ok(true),
            Either::Postgres(pool) => Ok(sqlx::query_scalar("SELECT has_table_privilege('log', 'UPDATE')")
                .fetch_one(pool)
                .await?),
        }
    }

    /// Writes another name for a log; its leaves stay.
    ///
    /// # Errors
    /// [`StoreError`], also when the database's account may not ([`Store::may_rename`]).
    pub async fn rename_log(&self, log: &Log) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("UPDATE log SET origin = $1 WHERE id = $2")
            .bind(&log.origin)
            .bind(log.id)
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Notes how the last write of the log ended: whether it failed for a cause of the database's own.
    pub(super) fn note_write(&self, failed: bool) {
        *self.last_failed() = failed.then(Instant::now);
    }

    fn last_failed(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the database takes a row: one is written, and given up again. Some seconds after a write of the log that failed, and
    /// since which none succeeded, it is committed, and removed again in the same commit: what is full shows in nothing less, and
    /// small writes may still fit where those of the log do not.
    ///
    /// # Errors
    /// [`StoreError::JustFailed`]: the log was not written, seconds ago. [`StoreError`]: the database does not answer, is read only,
    /// or refuses.
    pub async fn takes_a_row(&self) -> Result<(), StoreError> {
        const ROW: &str = "INSERT INTO camera_user (camera, account, session) VALUES ('', '', '')";
        const GONE: &str = "DELETE FROM camera_user WHERE camera = '' AND account = ''";
        let failed = *self.last_failed();
        if failed.is_some_and(|failed| failed.elapsed() < FAILED_LATELY) {
            return Err(StoreError::JustFailed);
        }
        let tx = match &self.write {
            Either::Sqlite(pool) => Either::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Either::Postgres(pool) => Either::Postgres(pool.begin().await?),
        };
        on!(tx, mut tx => {
            sqlx::query(ROW).execute(&mut *tx).await?;
            if failed.is_some() {
                sqlx::query(GONE).execute(&mut *tx).await?;
                ended(tx.commit()).await?;
                self.note_write(false);
            } else {
                tx.rollback().await?;
            }
        });
        Ok(())
    }

    /// Whether a new log may be begun in this PostgreSQL database: it can be reached, keeps sessions, and its encoding has every
    /// character.
    ///
    /// # Errors
    /// [`StoreError::Encoding`]; [`StoreError::Pooler`]; [`StoreError`]: the database does not answer or refuses.
    pub async fn try_postgres(url: &str) -> Result<(), StoreError> {
        Self::postgres(url).await?.close().await;
        Ok(())
    }

    /// Closes every connection, so that the write-ahead log is folded in.
    pub async fn close(&self) {
        on!(&self.read, pool => pool.close().await);
        on!(&self.write, pool => pool.close().await);
    }
}

/// Reads an identifier the database holds.
fn parse<T: TryFrom<String>>(text: String) -> Result<T, StoreError>
where
    T::Error: std::fmt::Display,
{
    T::try_from(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// A count as the database keeps it.
fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Corrupt(format!("{number} is too large")))
}

/// A count as the database gave it.
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
