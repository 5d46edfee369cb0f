//! Clearances as they are kept: written down, told once their event is durable, over in the end and never removed.
//!
//! Invariant: an answer enters only if nothing changed since it was read, so that there is one, whatever server process
//! it was given to. Deliberately absent: what a clearance allows (`domain::people::clearance`).

use super::registry::{from_json, json};
use super::{Store, StoreError, signed, unsigned};
use crate::domain::people::clearance::Clearance;
use crate::protocol::{ClearanceState, Holder};

type Columns = (i64, String, String);

fn state((id, by, clearance): Columns) -> Result<ClearanceState, StoreError> {
    Ok(ClearanceState {
        id: unsigned(id)?,
        by: from_json(&by)?,
        clearance: from_json(&clearance)?,
    })
}

impl Store {
    /// Writes a request down; nobody is told of it before [`Store::open_clearance`]. Returns its number.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn add_clearance(&self, by: &Holder, clearance: &Clearance) -> Result<u64, StoreError> {
        let (by, asked, ends_ms) = (json(by)?, json(clearance)?, clearance.ends_ms());
        let id: i64 = kept!(&self.write, pool => sqlx::query_scalar(
            "INSERT INTO clearance (id, asked_by, clearance, ends_ms, stage) \
             VALUES ((SELECT coalesce(max(id), 0) + 1 FROM clearance), $1, $2, $3, 'draft') RETURNING id",
        )
        .bind(by.as_str())
        .bind(asked.as_str())
        .bind(ends_ms)
        .fetch_one(pool)
        .await)?;
        unsigned(id)
    }

    /// From now on a request is told of.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn open_clearance(&self, id: u64) -> Result<(), StoreError> {
        let id = signed(id)?;
        Ok(
            kept!(&self.write, pool => sqlx::query("UPDATE clearance SET stage = 'open' WHERE id = $1 AND stage = 'draft'")
            .bind(id)
            .execute(pool)
            .await
            .map(drop))?,
        )
    }

    /// Keeps an answer; `false` when it was answered in between.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn answer_clearance(&self, id: u64, was: &Clearance, is: &Clearance) -> Result<bool, StoreError> {
        let (id, was, now) = (signed(id)?, json(was)?, json(is)?);
        let rows = kept!(&self.write, pool => sqlx::query(
            "UPDATE clearance SET clearance = $1, ends_ms = $2 WHERE id = $3 AND clearance = $4 AND stage = 'open'",
        )
        .bind(now.as_str())
        .bind(is.ends_ms())
        .bind(id)
        .bind(was.as_str())
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(rows == 1)
    }

    /// Takes one that is over out of what is told; `false` when that was done already.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn close_clearance(&self, id: u64) -> Result<bool, StoreError> {
        let id = signed(id)?;
        let rows = kept!(&self.write, pool => sqlx::query("UPDATE clearance SET stage = 'over' WHERE id = $1 AND stage = 'open'")
            .bind(id)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(rows == 1)
    }

    /// Every clearance that is told of, oldest first.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn clearances(&self) -> Result<Vec<ClearanceState>, StoreError> {
        let rows: Vec<Columns> = on!(&self.read, pool => sqlx::query_as(
            "SELECT id, asked_by, clearance FROM clearance WHERE stage = 'open' ORDER BY id",
        )
        .fetch_all(pool)
        .await)?;
        rows.into_iter().map(state).collect()
    }

    /// Those whose time has come.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn clearances_over(&self, now_ms: i64) -> Result<Vec<ClearanceState>, StoreError> {
        let rows: Vec<Columns> = on!(&self.read, pool => sqlx::query_as(
            "SELECT id, asked_by, clearance FROM clearance WHERE stage = 'open' AND ends_ms <= $1 ORDER BY id",
        )
        .bind(now_ms)
        .fetch_all(pool)
        .await)?;
        rows.into_iter().map(state).collect()
    }
}
