//! ONVIF users that were made on cameras for one session, until they are removed there.
//!
//! Invariant: a user is written down before the camera is asked to make it, so that none is ever forgotten there.
//! Deliberately absent: passwords (nobody keeps them), cameras (`server::camera_users`).

use super::{Store, StoreError, parse};
use crate::domain::camera::CameraId;

/// A user on a camera.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CameraUserRow {
    pub camera: CameraId,
    /// The name on the camera.
    pub account: String,
    pub session: String,
}

impl Store {
    /// Writes a user down.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn add_camera_user(&self, row: &CameraUserRow) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("INSERT INTO camera_user (camera, account, session) VALUES ($1, $2, $3)")
            .bind(row.camera.as_str())
            .bind(row.account.as_str())
            .bind(row.session.as_str())
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Removes the record of a user that is not on the camera any more.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn forget_camera_user(&self, row: &CameraUserRow) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("DELETE FROM camera_user WHERE camera = $1 AND account = $2")
            .bind(row.camera.as_str())
            .bind(row.account.as_str())
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Every user that may be on a camera.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn camera_users(&self) -> Result<Vec<CameraUserRow>, StoreError> {
        let rows: Vec<(String, String, String)> = on!(&self.read, pool => sqlx::query_as(
            "SELECT camera, account, session FROM camera_user ORDER BY camera, account",
        )
        .fetch_all(pool).await)?;
        rows.into_iter()
            .map(|(camera, account, session)| {
                Ok(CameraUserRow {
                    camera: parse(camera)?,
                    account,
                    session,
                })
            })
            .collect()
    }
}
