//! Changes of the site plan that wait for a second person: written down, told once their event is durable, over in the end.
//!
//! Invariant: of several answers to one proposal, one counts, whatever server process it was given to.
//! Deliberately absent: what a change may be (`domain::site::change`).

use super::registry::{from_json, json};
use super::{Store, StoreError, signed, unsigned};
use crate::domain::camera::CameraId;
use crate::protocol::SiteProposal;

impl Store {
    /// Writes a proposal down; nobody is told of it before [`Store::open_site_proposal`]. Returns its number.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn add_site_proposal(&self, proposal: &SiteProposal) -> Result<u64, StoreError> {
        let proposal = json(proposal)?;
        let id: i64 = kept!(&self.write, pool => sqlx::query_scalar(
            "INSERT INTO site_proposal (id, proposal, stage) \
             VALUES ((SELECT coalesce(max(id), 0) + 1 FROM site_proposal), $1, 'draft') RETURNING id",
        )
        .bind(proposal.as_str())
        .fetch_one(pool)
        .await)?;
        unsigned(id)
    }

    /// From now on a proposal is told of.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn open_site_proposal(&self, id: u64) -> Result<(), StoreError> {
        self.move_site_proposal(id, "draft", "open").await.map(drop)
    }

    /// Marks a proposal as answered; `false` when it was already.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn close_site_proposal(&self, id: u64) -> Result<bool, StoreError> {
        self.move_site_proposal(id, "open", "over").await
    }

    async fn move_site_proposal(&self, id: u64, from: &str, to: &str) -> Result<bool, StoreError> {
        let id = signed(id)?;
        let rows = kept!(&self.write, pool => sqlx::query(
            "UPDATE site_proposal SET stage = $1 WHERE id = $2 AND stage = $3",
        )
        .bind(to)
        .bind(id)
        .bind(from)
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(rows == 1)
    }

    /// Every proposal that waits, oldest first.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn site_proposals(&self) -> Result<Vec<SiteProposal>, StoreError> {
        let rows: Vec<(i64, String)> = on!(&self.read, pool => sqlx::query_as(
            "SELECT id, proposal FROM site_proposal WHERE stage = 'open' ORDER BY id",
        )
        .fetch_all(pool)
        .await)?;
        rows.into_iter()
            .map(|(id, proposal)| {
                Ok(SiteProposal {
                    id: unsigned(id)?,
                    ..from_json(&proposal)?
                })
            })
            .collect()
    }

    /// Forgets the accounts of a camera that is not in the plan any more.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn remove_accounts(&self, camera: &CameraId) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("DELETE FROM camera_account WHERE camera = $1")
            .bind(camera.as_str())
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Which cameras have an account for pictures, and which for figures.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn cameras_with_accounts(&self) -> Result<Vec<(String, String)>, StoreError> {
        let rows: Vec<(String, String)> = on!(&self.read, pool => sqlx::query_as("SELECT camera, need FROM camera_account")
            .fetch_all(pool)
            .await)?;
        Ok(rows)
    }
}
