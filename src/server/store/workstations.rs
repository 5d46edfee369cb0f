//! Workstations: enrolling, renewing a certificate, revoking, codes.
//!
//! Invariant: a certificate that was replaced stays good until its successor is used once, and no longer; a code is used
//! once. Deliberately absent: certificates (`server::tls`), who may do it.

use super::registry::StationRow;
use super::{Store, StoreError, parse, signed, unsigned};
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::people::StationKind;
use crate::protocol::StationView;

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRow {
    pub station: StationId,
    pub kind: StationKind,
    pub home: ControllerId,
    pub grace_s: u64,
}

/// What a list of workstations is read from.
type Columns = (String, String, String, i64, i64, i64, i64, i64);

fn kind_of(word: &str) -> Result<StationKind, StoreError> {
    let found = StationKind::ALL.into_iter().find(|kind| kind.word() == word);
    found.ok_or_else(|| StoreError::Corrupt(format!("kind of workstation {word}")))
}

impl Store {
    /// Enrols a workstation, or gives an enrolled one a new certificate.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn enrol(&self, row: &StationRow, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
        let grace = signed(row.grace_s)?;
        kept!(&self.write, pool => {
            let mut tx = pool.begin().await?;
            sqlx::query(
                "INSERT INTO station (station, home, fingerprint, grace_s) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (station) DO UPDATE SET fingerprint = excluded.fingerprint, enabled = 1",
            )
            .bind(row.station.as_str())
            .bind(row.home.as_str())
            .bind(fingerprint.as_slice())
            .bind(grace)
            .execute(&mut *tx).await?;
            sqlx::query(
                "INSERT INTO station_kind (station, kind) VALUES ($1, $2) \
                 ON CONFLICT (station) DO UPDATE SET kind = excluded.kind, next_fingerprint = NULL",
            )
            .bind(row.station.as_str())
            .bind(row.kind.word())
            .execute(&mut *tx).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(())
        })?;
        Ok(())
    }

    /// The enabled workstation that has this certificate, or is about to; used once, the new one is the only one.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn station(&self, fingerprint: &[u8; 32]) -> Result<Option<StationRow>, StoreError> {
        let row: Option<(String, String, i64, i64, String, i64)> = on!(&self.read, pool => sqlx::query_as(
            "SELECT s.station, s.home, s.grace_s, s.quarantined, k.kind, \
                    CAST(CASE WHEN k.next_fingerprint = $1 THEN 1 ELSE 0 END AS BIGINT) \
             FROM station s JOIN station_kind k ON k.station = s.station \
             WHERE (s.fingerprint = $1 OR k.next_fingerprint = $1) AND s.enabled = 1",
        )
        .bind(fingerprint.as_slice())
        .fetch_optional(pool).await)?;
        let Some((station, home, grace, quarantined, kind, next)) = row else {
            return Ok(None);
        };
        if next == 1 {
            self.use_next_certificate(&station, fingerprint).await?;
        }
        Ok(Some(StationRow {
            station: parse(station)?,
            home: parse(home)?,
            grace_s: unsigned(grace)?,
            quarantined: quarantined != 0,
            kind: kind_of(&kind)?,
        }))
    }

    async fn use_next_certificate(&self, station: &str, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
        kept!(&self.write, pool => {
            let mut tx = pool.begin().await?;
            sqlx::query("UPDATE station SET fingerprint = $1 WHERE station = $2")
                .bind(fingerprint.as_slice())
                .bind(station)
                .execute(&mut *tx).await?;
            sqlx::query("UPDATE station_kind SET next_fingerprint = NULL WHERE station = $1 AND next_fingerprint = $2")
                .bind(station)
                .bind(fingerprint.as_slice())
                .execute(&mut *tx).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(())
        })?;
        Ok(())
    }

    /// The certificate that is to follow the present one.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn keep_next_certificate(&self, station: &StationId, fingerprint: &[u8; 32]) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("UPDATE station_kind SET next_fingerprint = $1 WHERE station = $2")
            .bind(fingerprint.as_slice())
            .bind(station.as_str())
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Revokes a workstation: its certificates are a stranger's, and sessions there end. False: there is none.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn revoke_station(&self, station: &StationId) -> Result<bool, StoreError> {
        let changed = kept!(&self.write, pool => {
            let mut tx = pool.begin().await?;
            let done = sqlx::query("UPDATE station SET enabled = 0 WHERE station = $1 AND enabled = 1")
                .bind(station.as_str())
                .execute(&mut *tx).await?;
            sqlx::query("UPDATE session SET ended = 1 WHERE station = $1 AND ended = 0")
                .bind(station.as_str())
                .execute(&mut *tx).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(done.rows_affected())
        })?;
        Ok(changed == 1)
    }

    /// Every workstation, by name.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn workstations(&self) -> Result<Vec<StationView>, StoreError> {
        let rows: Vec<Columns> = on!(&self.read, pool => sqlx::query_as(
            "SELECT s.station, k.kind, s.home, s.grace_s, s.enabled, s.quarantined, s.seen_ms, s.certificate_until_ms \
             FROM station s JOIN station_kind k ON k.station = s.station ORDER BY s.station",
        )
        .fetch_all(pool).await)?;
        rows.into_iter()
            .map(|(station, kind, home, grace, enabled, quarantined, seen, until)| {
                Ok(StationView {
                    station: parse(station)?,
                    kind: kind_of(&kind)?,
                    home: parse(home)?,
                    grace_s: unsigned(grace)?,
                    enabled: enabled != 0,
                    quarantined: quarantined != 0,
                    seen_ms: (seen > 0).then_some(seen),
                    certificate_until_ms: (until > 0).then_some(until),
                })
            })
            .collect()
    }

    /// A workstation was heard.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn station_seen(&self, station: &StationId, now_ms: i64) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("UPDATE station SET seen_ms = $1 WHERE station = $2")
            .bind(now_ms)
            .bind(station.as_str())
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Its newest certificate is good until then; `None`: as long as the authority.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn certified_until(&self, station: &StationId, until_ms: Option<i64>) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("UPDATE station SET certificate_until_ms = $1 WHERE station = $2")
            .bind(until_ms.unwrap_or(0))
            .bind(station.as_str())
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Keeps a code by its hash.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn add_code(&self, code: &[u8; 32], row: &CodeRow, expires_ms: i64) -> Result<(), StoreError> {
        let grace = signed(row.grace_s)?;
        kept!(&self.write, pool => sqlx::query(
            "INSERT INTO enrolment_code (code, station, kind, home, grace_s, expires_ms) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(code.as_slice())
        .bind(row.station.as_str())
        .bind(row.kind.word())
        .bind(row.home.as_str())
        .bind(grace)
        .bind(expires_ms)
        .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// What a code stands for, when it is good now.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn code(&self, code: &[u8; 32], now_ms: i64) -> Result<Option<CodeRow>, StoreError> {
        let row: Option<(String, String, String, i64)> = on!(&self.read, pool => sqlx::query_as(
            "SELECT station, kind, home, grace_s FROM enrolment_code \
             WHERE code = $1 AND used = 0 AND expires_ms > $2",
        )
        .bind(code.as_slice())
        .bind(now_ms)
        .fetch_optional(pool).await)?;
        row.map(|(station, kind, home, grace)| {
            Ok(CodeRow {
                station: parse(station)?,
                kind: kind_of(&kind)?,
                home: parse(home)?,
                grace_s: unsigned(grace)?,
            })
        })
        .transpose()
    }

    /// Uses a code up. False: somebody was faster.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn use_code(&self, code: &[u8; 32]) -> Result<bool, StoreError> {
        let changed: u64 = kept!(&self.write, pool => sqlx::query(
            "UPDATE enrolment_code SET used = 1 WHERE code = $1 AND used = 0",
        )
        .bind(code.as_slice())
        .execute(pool).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }
}
