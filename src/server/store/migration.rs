//! The schema's numbered steps: a database of an older program becomes one of this program, one step a transaction.
//!
//! Invariant: a database of a newer program is not touched; before the first step an SQLite file is copied whole, and the copy is
//! read and found sound; a step and its number are kept together or not at all, so that a migration that was cut off goes on where
//! it stopped; no step changes or removes a row of the log (its triggers stay in force meanwhile).
//! Deliberately absent: a copy of a PostgreSQL database, which is its administrator's (`pg_dump`), and steps back: whoever goes
//! back puts the copy in place (`docs/administrator.md`).

use super::error::SCHEMA;
use super::{Either, Store, StoreError};
use crate::server::config::DataDir;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The statements that lead from each version to the next, SQLite and PostgreSQL, from [`SCHEMA`]`.oldest` on.
const STEPS: &[(i64, &str, &str)] = &[(
    4,
    include_str!("schema/sqlite_from_4.sql"),
    include_str!("schema/postgres_from_4.sql"),
)];

const VERSION: &str = "SELECT version FROM schema_version";
const NEXT: &str = "UPDATE schema_version SET version = $1 WHERE version = $2";

/// A database that was moved on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    pub from: i64,
    pub to: i64,
    /// The database as it was; `None`: the administrator keeps it.
    pub copy: Option<PathBuf>,
}

impl Store {
    /// Moves a database to the version of this program; `None`: it is of this version. The caller holds the directory's lock, so
    /// that nobody writes meanwhile.
    ///
    /// # Errors
    /// [`StoreError::LeftAlone`]: the database is of a newer program, or too old; [`StoreError::Copy`]: the copy is not sound;
    /// [`StoreError`]: the database does not answer or refuses (in PostgreSQL only the owner of the tables may).
    pub async fn migrate(data: &DataDir) -> Result<Option<Migrated>, StoreError> {
        let store = match data.postgres() {
            Some(url) => Self::postgres(url).await?,
            None => Self::sqlite(data).await?,
        };
        let migrated = store.move_on(data).await;
        store.close().await;
        migrated
    }

    /// Version of the schema.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer, or is none of this program's.
    pub(super) async fn schema_version(&self) -> Result<i64, StoreError> {
        Ok(on!(&self.read, pool => sqlx::query_scalar(VERSION).fetch_one(pool).await)?)
    }

    async fn move_on(&self, data: &DataDir) -> Result<Option<Migrated>, StoreError> {
        let from = self.schema_version().await?;
        let steps = SCHEMA.steps_from(from)?;
        if steps.is_empty() {
            return Ok(None);
        }
        let copy = match &self.write {
            Either::Sqlite(pool) => Some(copied(pool, data, from).await?),
            Either::Postgres(_) => None,
        };
        for version in steps {
            self.step(version).await?;
        }
        self.grant().await?;
        Ok(Some(Migrated {
            from,
            to: SCHEMA.newest,
            copy,
        }))
    }

    /// Takes one step from this version. What another process did meanwhile is not done again.
    async fn step(&self, version: i64) -> Result<(), StoreError> {
        let step = STEPS.iter().find(|(from, _, _)| *from == version);
        let (_, sqlite, postgres) = *step.ok_or(StoreError::Version(version))?;
        let moved = match &self.write {
            Either::Sqlite(pool) => {
                let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
                sqlx::raw_sql(sqlite).execute(&mut *tx).await?;
                let moved = sqlx::query(NEXT).bind(version + 1).bind(version);
                let moved = moved.execute(&mut *tx).await?.rows_affected();
                if moved == 1 {
                    tx.commit().await?;
                }
                moved
            }
            Either::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                sqlx::raw_sql("LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE")
                    .execute(&mut *tx)
                    .await?;
                sqlx::raw_sql(postgres).execute(&mut *tx).await?;
                let moved = sqlx::query(NEXT).bind(version + 1).bind(version);
                let moved = moved.execute(&mut *tx).await?.rows_affected();
                if moved == 1 {
                    tx.commit().await?;
                }
                moved
            }
        };
        if moved == 1 {
            Ok(())
        } else {
            Err(StoreError::Version(version))
        }
    }
}

/// Copies the database of `version` beside itself, as of one moment, and gives the path of the copy. It replaces one of an
/// earlier attempt.
async fn copied(pool: &SqlitePool, data: &DataDir, version: i64) -> Result<PathBuf, StoreError> {
    let (copy, begun) = (
        data.database_copy(version),
        data.database_copy(version).with_extension("part"),
    );
    // Empty and private from the start: the copy has what the database has.
    OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&begun)?;
    sqlx::query("VACUUM INTO $1")
        .bind(begun.display().to_string())
        .execute(pool)
        .await?;
    let there = counted(&mut *pool.acquire().await?).await?;
    verify(&begun, &there).await?;
    File::open(&begun)?.sync_all()?;
    fs::rename(&begun, &copy)?;
    File::open(data.path())?.sync_all()?;
    Ok(copy)
}

/// What a copy must have as the database has it: version, and of each log its number, leaves and bodies.
type Counted = (i64, Vec<(i64, i64, i64)>);

async fn counted(connection: &mut SqliteConnection) -> Result<Counted, StoreError> {
    let version = sqlx::query_scalar(VERSION).fetch_one(&mut *connection).await?;
    let logs = sqlx::query_as(
        "SELECT id, (SELECT count(*) FROM leaf WHERE log = id), (SELECT count(*) FROM body WHERE log = id) \
         FROM log ORDER BY id",
    );
    Ok((version, logs.fetch_all(&mut *connection).await?))
}

/// Reads the whole copy.
///
/// # Errors
/// [`StoreError::Copy`]: a page or an index of it is wrong, or it has not what the database has.
async fn verify(copy: &Path, there: &Counted) -> Result<(), StoreError> {
    let options = SqliteConnectOptions::new().filename(copy).read_only(true);
    let mut connection = options.connect().await?;
    let sound: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_one(&mut connection)
        .await?;
    let here = counted(&mut connection).await?;
    connection.close().await?;
    if sound == "ok" && here == *there {
        Ok(())
    } else {
        Err(StoreError::Copy { found: sound })
    }
}

#[cfg(test)]
mod tests;
