//! Leases of domes, and the word that goes round when something in force changed.
//!
//! Invariant: a lease is changed by one at a time, whatever server process they are in: PostgreSQL locks its row for the
//! whole turn, an embedded database has one process and the caller's turn. Time is one clock: the database's where
//! processes share one, this process's own otherwise. Deliberately absent: what a lease says (`domain::ptz::lease`).

use super::{Either, Store, StoreError, ended, parse};
use crate::domain::camera::CameraId;
use sqlx::{Postgres, Transaction};

/// Channel of the word that goes round between server processes.
const CHANNEL: &str = "vedetta_pulse";
/// The database's clock, Unix ms.
const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// A turn at one dome's lease. Dropped without [`Turn::keep`] it changes nothing.
pub struct Turn {
    camera: CameraId,
    /// The lease as it was kept, when there is one.
    pub kept: Option<String>,
    /// Unix ms by the one clock.
    pub now_ms: i64,
    store: Store,
    locked: Option<Transaction<'static, Postgres>>,
}

/// Every lease as it was kept, and the one clock.
pub struct Leases {
    pub kept: Vec<(CameraId, String)>,
    pub now_ms: i64,
}

impl Store {
    /// Begins a turn; `here_ms` is this process's clock. No two turns of one process may be open at once.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn turn(&self, camera: &CameraId, here_ms: i64) -> Result<Turn, StoreError> {
        const LEASE: &str = "SELECT lease FROM dome WHERE camera = $1";
        let (kept, now_ms, locked) = match &self.write {
            Either::Sqlite(pool) => {
                let kept = sqlx::query_scalar(LEASE)
                    .bind(camera.as_str())
                    .fetch_optional(pool)
                    .await?;
                (kept, here_ms, None)
            }
            Either::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                // A row that is not there cannot be locked.
                sqlx::query("INSERT INTO dome (camera, lease) VALUES ($1, '') ON CONFLICT (camera) DO NOTHING")
                    .bind(camera.as_str())
                    .execute(&mut *tx)
                    .await?;
                let kept: String = sqlx::query_scalar("SELECT lease FROM dome WHERE camera = $1 FOR UPDATE")
                    .bind(camera.as_str())
                    .fetch_one(&mut *tx)
                    .await?;
                let now_ms = sqlx::query_scalar(NOW).fetch_one(&mut *tx).await?;
                (Some(kept).filter(|kept| !kept.is_empty()), now_ms, Some(tx))
            }
        };
        Ok(Turn {
            camera: camera.clone(),
            kept,
            now_ms,
            store: self.clone(),
            locked,
        })
    }

    /// Every lease that was ever kept; `here_ms` is this process's clock.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn leases(&self, here_ms: i64) -> Result<Leases, StoreError> {
        let rows: Vec<(String, String)> = on!(&self.read, pool => sqlx::query_as("SELECT camera, lease FROM dome WHERE lease <> ''")
            .fetch_all(pool)
            .await)?;
        let now_ms = match &self.read {
            Either::Sqlite(_) => here_ms,
            Either::Postgres(pool) => sqlx::query_scalar(NOW).fetch_one(pool).await?,
        };
        let kept = rows.into_iter().map(|(camera, lease)| Ok((parse(camera)?, lease)));
        Ok(Leases {
            kept: kept.collect::<Result<_, StoreError>>()?,
            now_ms,
        })
    }

    /// Tells every other server process that something in force changed. Nothing to do where there is none.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn tell(&self) -> Result<(), StoreError> {
        if let Either::Postgres(pool) = &self.write {
            ended(sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(pool)).await?;
        }
        Ok(())
    }

    /// Calls `heard` whenever another process tells something, and when a word may have been lost; ends at once where
    /// there are no other processes.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is heard any more.
    pub async fn listen(&self, heard: impl Fn()) -> Result<(), StoreError> {
        let Either::Postgres(pool) = &self.read else {
            return Ok(());
        };
        let mut listener = sqlx::postgres::PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        loop {
            // `None`: the connection was lost and made again.
            listener.try_recv().await?;
            heard();
        }
    }
}

impl Turn {
    /// Keeps the lease as it is now; the turn is over.
    ///
    /// # Errors
    /// [`StoreError`]: it is as it was.
    pub async fn keep(self, lease: &str) -> Result<(), StoreError> {
        const KEEP: &str = "INSERT INTO dome (camera, lease) VALUES ($1, $2) ON CONFLICT (camera) DO UPDATE SET lease = excluded.lease";
        match (self.locked, &self.store.write) {
            (Some(mut tx), _) => {
                sqlx::query(KEEP)
                    .bind(self.camera.as_str())
                    .bind(lease)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query("SELECT pg_notify($1, '')")
                    .bind(CHANNEL)
                    .execute(&mut *tx)
                    .await?;
                ended(tx.commit()).await?;
            }
            (None, Either::Sqlite(pool)) => {
                sqlx::query(KEEP)
                    .bind(self.camera.as_str())
                    .bind(lease)
                    .execute(pool)
                    .await?;
            }
            (None, Either::Postgres(_)) => return Err(StoreError::Corrupt("a turn without its lock".into())),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::server::store::testing;

    #[tokio::test]
    async fn r_ptz_3_a_turn_that_is_not_kept_changes_nothing() {
        let (_dir, store, _) = testing::store().await;
        let camera = "cam-01".parse().unwrap();
        drop(store.turn(&camera, 1).await.unwrap());
        assert!(store.leases(1).await.unwrap().kept.is_empty());
        store.turn(&camera, 1).await.unwrap().keep("{}").await.unwrap();
        let turn = store.turn(&camera, 2).await.unwrap();
        assert_eq!((turn.kept.as_deref(), turn.now_ms), (Some("{}"), 2));
        assert_eq!(store.leases(3).await.unwrap().kept, [(camera, "{}".to_owned())]);
    }
}
