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
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn size(&self, log: &Log) -> Result<u64, StoreError> {
        let size: i64 = on!(&self.read, pool => sqlx::query_scalar("SELECT coalesce(max(idx) + 1, 0) FROM leaf WHERE log = $1")
            .bind(log.id)
            .fetch_one(pool).await)?;
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
            "SELECT hash FROM leaf WHERE log = $1 AND $2 = 0 AND idx >= $3 ORDER BY idx LIMIT $4"
        } else {
            "SELECT hash FROM node WHERE log = $1 AND level = $2 AND idx >= $3 ORDER BY idx LIMIT $4"
        };
        let (at, most) = (signed(first.index)?, signed(count)?);
        let rows: Vec<Vec<u8>> = on!(&self.read, pool => sqlx::query_scalar(query)
            .bind(log.id)
            .bind(i64::from(first.level))
            .bind(at)
            .bind(most)
            .fetch_all(pool)
            .await)?;
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
            "SELECT hash FROM leaf WHERE log = $1 AND $2 = 0 AND idx = $3"
        } else {
            "SELECT hash FROM node WHERE log = $1 AND level = $2 AND idx = $3"
        };
        let index = signed(id.index)?;
        let hash: Option<Vec<u8>> = on!(&self.read, pool => sqlx::query_scalar(query)
            .bind(log.id)
            .bind(i64::from(id.level))
            .bind(index)
            .fetch_optional(pool)
            .await)?;
        let hash = hash.ok_or_else(|| StoreError::Corrupt(format!("node {id:?} is missing")))?;
        Hash::try_from(hash.as_slice()).map_err(|error| StoreError::Corrupt(error.to_string()))
    }
}
