//! How long bodies are kept, what holds them longer, and the orders to prune.
//!
//! Invariant: the database itself refuses to remove a body before its class's floor, without an order that two people
//! gave, or under a hold (triggers); what is here only asks it. Leaves and tree stay, so old proofs still hold.
//! Deliberately absent: who may order (`server::http::log_retention`), the event of it (`server::log::sequencer`).

use super::entries::{Append, class_of, class_text};
use super::{Log, Store, StoreError, parse, signed, unsigned};
use crate::domain::audit::event::RetentionClass;
use crate::domain::camera::ControllerId;

/// Shortest floor there is, days (R-AUD-2).
pub const SHORTEST_DAYS: u64 = 180;
/// Floor of what the police do when a log begins, days; it is only ever raised.
pub const FIRST_POLICE_DAYS: u64 = 1826;
/// Milliseconds in a day.
pub const DAY_MS: i64 = 86_400_000;

/// An order to prune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: i64,
    pub log: ControllerId,
    pub class: RetentionClass,
    /// Bodies received before this are meant, Unix ms.
    pub before_ms: i64,
    pub asked_by: String,
    pub approved_by: Option<String>,
    pub done: bool,
}

/// Entries `first..end` of a log.
pub type Span = (u64, u64);

impl Store {
    /// Days that bodies of a class are kept.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn floor_days(&self, class: RetentionClass) -> Result<u64, StoreError> {
        let days: i64 = on!(&self.read, pool => sqlx::query_scalar("SELECT days FROM retention WHERE class = $1")
            .bind(class_text(class))
            .fetch_one(pool)
            .await)?;
        unsigned(days)
    }

    /// Raises the floor of a class.
    ///
    /// # Errors
    /// [`StoreError`], also when it would be lowered.
    pub async fn raise_floor(&self, class: RetentionClass, days: u64) -> Result<(), StoreError> {
        let days = signed(days)?;
        Ok(
            kept!(&self.write, pool => sqlx::query("UPDATE retention SET days = $1 WHERE class = $2")
            .bind(days)
            .bind(class_text(class))
            .execute(pool)
            .await
            .map(drop))?,
        )
    }

    /// Keeps what was received in a span (Unix ms, both ends included) whatever its floor. Returns the hold's number.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn hold(
        &self,
        log: &Log,
        from_ms: i64,
        to_ms: i64,
        authority: &str,
        protocol_no: &str,
    ) -> Result<i64, StoreError> {
        Ok(kept!(&self.write, pool => sqlx::query_scalar(
            "INSERT INTO hold (id, log, from_ms, to_ms, authority, protocol_no) \
             VALUES ((SELECT coalesce(max(id), 0) + 1 FROM hold), $1, $2, $3, $4, $5) RETURNING id",
        )
        .bind(log.id)
        .bind(from_ms)
        .bind(to_ms)
        .bind(authority)
        .bind(protocol_no)
        .fetch_one(pool)
        .await)?)
    }

    /// Ends a hold; false when there is no such hold of this log that still holds.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn lift_hold(&self, log: &Log, id: i64, now_ms: i64) -> Result<bool, StoreError> {
        let lifted = kept!(&self.write, pool => sqlx::query(
            "UPDATE hold SET lifted_ms = $1 WHERE id = $2 AND log = $3 AND lifted_ms IS NULL",
        )
        .bind(now_ms)
        .bind(id)
        .bind(log.id)
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(lifted > 0)
    }

    /// Keeps an order to prune that nobody approved yet. Returns its number.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn ask_pruning(
        &self,
        log: &Log,
        class: RetentionClass,
        before_ms: i64,
        asked_by: &str,
    ) -> Result<i64, StoreError> {
        Ok(kept!(&self.write, pool => sqlx::query_scalar(
            "INSERT INTO pruning (id, log, class, before_ms, asked_by) \
             VALUES ((SELECT coalesce(max(id), 0) + 1 FROM pruning), $1, $2, $3, $4) RETURNING id",
        )
        .bind(log.id)
        .bind(class_text(class))
        .bind(before_ms)
        .bind(asked_by)
        .fetch_one(pool)
        .await)?)
    }

    /// An order.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn pruning(&self, id: i64) -> Result<Option<Order>, StoreError> {
        type OrderRow = (String, String, i64, String, Option<String>, i64);
        let row: Option<OrderRow> = on!(&self.read, pool => sqlx::query_as(
            "SELECT l.controller, p.class, p.before_ms, p.asked_by, p.approved_by, p.done \
             FROM pruning p JOIN log l ON l.id = p.log WHERE p.id = $1",
        )
        .bind(id)
        .fetch_optional(pool)
        .await)?;
        row.map(|(log, class, before_ms, asked_by, approved_by, done)| {
            Ok(Order {
                id,
                log: parse(log)?,
                class: class_of(&class)?,
                before_ms,
                asked_by,
                approved_by,
                done: done != 0,
            })
        })
        .transpose()
    }

    /// Writes the second name under an order.
    ///
    /// # Errors
    /// [`StoreError`], also when it is the first name again or another approved before.
    pub async fn approve_pruning(&self, id: i64, by: &str) -> Result<(), StoreError> {
        Ok(
            kept!(&self.write, pool => sqlx::query("UPDATE pruning SET approved_by = $1 WHERE id = $2")
            .bind(by)
            .bind(id)
            .execute(pool)
            .await
            .map(drop))?,
        )
    }
}

impl Append {
    /// What an approved order may still remove from index `from` on: up to `most` entries, as spans. Leaves out what a hold covers, what has
    /// not reached its floor at `now_ms`, and the records of pruning itself and of what is set aside.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn prunable(
        &mut self,
        log: &Log,
        order: &Order,
        from: u64,
        now_ms: i64,
        most: u32,
    ) -> Result<Vec<Span>, StoreError> {
        let from = signed(from)?;
        let indices: Vec<i64> = on!(&mut self.tx, tx => sqlx::query_scalar(
            "SELECT l.idx FROM leaf l JOIN body b ON b.log = l.log AND b.idx = l.idx \
             JOIN retention r ON r.class = l.class \
             WHERE l.log = $1 AND l.idx >= $6 AND l.class = $2 AND l.received_ms < $3 AND l.received_ms + r.days * 86400000 <= $4 \
             AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.log = l.log AND h.lifted_ms IS NULL \
                             AND l.received_ms BETWEEN h.from_ms AND h.to_ms) \
             AND NOT EXISTS (SELECT 1 FROM found f JOIN word w ON w.id = f.operation \
                             WHERE f.log = l.log AND f.idx = l.idx \
                             AND w.text IN ('log_pruned', 'event_set_aside')) \
             ORDER BY l.idx LIMIT $5",
        )
        .bind(log.id)
        .bind(class_text(order.class))
        .bind(order.before_ms)
        .bind(now_ms)
        .bind(i64::from(most))
        .bind(from)
        .fetch_all(&mut **tx)
        .await)?;
        let mut spans: Vec<Span> = Vec::new();
        for index in indices {
            let index = unsigned(index)?;
            match spans.last_mut() {
                Some((_, end)) if *end == index => *end += 1,
                _ => spans.push((index, index + 1)),
            }
        }
        Ok(spans)
    }

    /// Removes the bodies, salts and search words of these entries.
    ///
    /// # Errors
    /// [`StoreError`], also when the database keeps one of them; the transaction is then given up as a whole.
    pub async fn prune(&mut self, log: &Log, spans: &[Span]) -> Result<(), StoreError> {
        for (first, end) in spans {
            let (first, end) = (signed(*first)?, signed(*end)?);
            on!(&mut self.tx, tx => {
                for statement in [
                    "DELETE FROM body WHERE log = $1 AND idx >= $2 AND idx < $3",
                    "DELETE FROM found WHERE log = $1 AND idx >= $2 AND idx < $3",
                ] {
                    sqlx::query(statement).bind(log.id).bind(first).bind(end).execute(&mut **tx).await?;
                }
            });
        }
        Ok(())
    }

    /// Marks an order as carried out.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn pruning_done(&mut self, id: i64) -> Result<(), StoreError> {
        Ok(
            on!(&mut self.tx, tx => sqlx::query("UPDATE pruning SET done = 1 WHERE id = $1")
            .bind(id)
            .execute(&mut **tx)
            .await
            .map(drop))?,
        )
    }
}
