//! Nodes of the tree: frontier, proofs and tiles read what `entries` wrote.
//!
//! Invariant: level 0 lies in `leaf`, the levels above in `node`; what is missing there is corruption, never guessed.
//! Deliberately absent: writing.

use super::{Log, Store, StoreError, signed, unsigned};
use crate::domain::audit::hash::Hash;
use crate::domain::audit::proof::{self, Recipe};
use crate::domain::audit::tree::{Frontier, NodeId, cover};
use std::collections::HashMap;

impl Store {
    /// Number of leaves.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn size(&self, log: &Log) -> Result<u64, StoreError> {
        let size: i64 = sqlx::query_scalar("SELECT coalesce(max(idx) + 1, 0) FROM leaf WHERE log = ?")
            .bind(log.id)
            .fetch_one(&self.read)
            .await?;
        unsigned(size)
    }

    /// The right edge of the tree at this size.
    ///
    /// # Errors
    /// [`StoreError`], also when a node is missing.
    pub async fn frontier(&self, log: &Log, size: u64) -> Result<Frontier, StoreError> {
        let mut peaks = Vec::new();
        for id in cover(0, size) {
            peaks.push(self.node(log, id).await?);
        }
        Frontier::from_peaks(size, peaks).ok_or_else(|| StoreError::Corrupt("peaks".into()))
    }

    /// Hashes of a proof.
    ///
    /// # Errors
    /// [`StoreError`], also when a node is missing.
    pub async fn cook(&self, log: &Log, recipe: &Recipe) -> Result<Vec<Hash>, StoreError> {
        let mut known = HashMap::new();
        for id in recipe.iter().flatten() {
            known.insert(*id, self.node(log, *id).await?);
        }
        proof::cook(recipe, |id| known.get(&id).copied()).ok_or_else(|| StoreError::Corrupt("proof".into()))
    }

    /// `count` hashes of one level, from `first` on.
    ///
    /// # Errors
    /// [`StoreError`], also when one is missing.
    pub async fn hashes(&self, log: &Log, first: NodeId, count: u64) -> Result<Vec<Hash>, StoreError> {
        let query = if first.level == 0 {
            sqlx::query_scalar("SELECT hash FROM leaf WHERE log = ? AND ? = 0 AND idx >= ? ORDER BY idx LIMIT ?")
        } else {
            sqlx::query_scalar("SELECT hash FROM node WHERE log = ? AND level = ? AND idx >= ? ORDER BY idx LIMIT ?")
        };
        let rows: Vec<Vec<u8>> = query
            .bind(log.id)
            .bind(i64::from(first.level))
            .bind(signed(first.index)?)
            .bind(signed(count)?)
            .fetch_all(&self.read)
            .await?;
        if rows.len() as u64 != count {
            return Err(StoreError::Corrupt(format!(
                "level {} lacks nodes after {}",
                first.level, first.index
            )));
        }
        rows.iter()
            .map(|row| Hash::try_from(row.as_slice()).map_err(|e| StoreError::Corrupt(e.to_string())))
            .collect()
    }

    async fn node(&self, log: &Log, id: NodeId) -> Result<Hash, StoreError> {
        let query = if id.level == 0 {
            sqlx::query_scalar("SELECT hash FROM leaf WHERE log = ? AND ? = 0 AND idx = ?")
        } else {
            sqlx::query_scalar("SELECT hash FROM node WHERE log = ? AND level = ? AND idx = ?")
        };
        let hash: Option<Vec<u8>> = query
            .bind(log.id)
            .bind(i64::from(id.level))
            .bind(signed(id.index)?)
            .fetch_optional(&self.read)
            .await?;
        let hash = hash.ok_or_else(|| StoreError::Corrupt(format!("node {id:?} is missing")))?;
        Hash::try_from(hash.as_slice()).map_err(|error| StoreError::Corrupt(error.to_string()))
    }
}
