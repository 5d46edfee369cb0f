//! The events of views, read from the log: how a server process learns of those that were handed to another.
//!
//! Invariant: read in the order of the log, each once by who asks from where it stopped; bounded. Deliberately absent: what
//! they say (`server::presence`).

use super::{Log, Store, StoreError, signed, unsigned};

/// Most events of views read at once.
const MOST: i64 = 4096;

impl Store {
    /// Bodies of the events of views from `from` on, before `to`; without those that were pruned.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn view_events(&self, log: &Log, from: u64, to: u64) -> Result<Vec<String>, StoreError> {
        let (from, to) = (signed(from)?, signed(to)?);
        let rows: Vec<String> = on!(&self.read, pool => sqlx::query_scalar(
            "SELECT b.body FROM found f JOIN word w ON w.id = f.operation \
             JOIN body b ON b.log = f.log AND b.idx = f.idx \
             WHERE f.log = $1 AND f.idx >= $2 AND f.idx < $3 \
               AND w.text IN ('view_open', 'view_pulse', 'view_close') ORDER BY f.idx LIMIT $4",
        )
        .bind(log.id)
        .bind(from)
        .bind(to)
        .bind(MOST)
        .fetch_all(pool).await)?;
        Ok(rows)
    }

    /// Where the log stood at a moment of the server's clock, Unix ms: the first entry received after it.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn index_at(&self, log: &Log, at_ms: i64) -> Result<u64, StoreError> {
        let last: Option<i64> = on!(&self.read, pool => sqlx::query_scalar(
            "SELECT idx FROM leaf WHERE log = $1 AND received_ms <= $2 ORDER BY idx DESC LIMIT 1",
        )
        .bind(log.id)
        .bind(at_ms)
        .fetch_optional(pool).await)?;
        last.map_or(Ok(0), |last| unsigned(last.saturating_add(1)))
    }
}
