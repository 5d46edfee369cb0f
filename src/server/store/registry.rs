//! Stations, people, sessions, plan and camera accounts: the tables that change.
//!
//! Invariant: tokens are kept hashed, passwords as argon2id, camera accounts sealed; none of them is in the clear.
//! Deliberately absent: rules (`server::people`, `domain::people`).

use super::{Store, StoreError, parse, signed, unsigned};
use crate::domain::audit::attribution::KeptSession;
use crate::domain::camera::{CameraId, ControllerId, StationId};
use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::{Person, Purpose, StationKind};
use crate::protocol::{CredentialNeed, SignedPlan};

/// An enrolled workstation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StationRow {
    pub station: StationId,
    /// The controller whose log takes the workstation's own events.
    pub home: ControllerId,
    /// Seconds it may go on when the server is away.
    pub grace_s: u64,
    pub quarantined: bool,
    /// What it is for.
    pub kind: StationKind,
}

/// An account.
pub struct PersonRow {
    pub person: Person,
    /// argon2id, PHC text.
    pub password: String,
    pub enabled: bool,
}

/// A session that has not ended.
#[derive(Debug, Clone)]
pub struct SessionRow {
    pub session: String,
    pub user: String,
    pub station: StationId,
    pub purpose: Purpose,
    /// What was noted beside the purpose, and the protocol number of the request behind it; may be empty.
    pub note: String,
    pub protocol_no: String,
    /// When the person signed in, Unix ms.
    pub begun_ms: i64,
    /// Last call made with it, Unix ms.
    pub seen_ms: i64,
    pub expires_ms: i64,
}

/// A sealed camera account.
pub struct CameraAccountRow {
    pub user: String,
    pub sealed: Vec<u8>,
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// What stands in `session.ended` where nobody wrote down when it ended; 0 while it goes on, otherwise Unix ms.
const ENDED_SOME_TIME: i64 = 1;

/// The head of every query for a session.
pub(super) const SESSION: &str =
    "SELECT session, account, station, purpose, seen_ms, expires_ms, begun_ms, note, protocol_no FROM session";

fn need_text(need: CredentialNeed) -> &'static str {
    match need {
        CredentialNeed::Picture => "picture",
        CredentialNeed::Figures => "figures",
    }
}

impl Store {
    /// Seconds a workstation may go on when the server is away; 0 for one that is not enrolled.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn grace_s(&self, station: &StationId) -> Result<u64, StoreError> {
        let grace: Option<i64> = on!(&self.read, pool => sqlx::query_scalar("SELECT grace_s FROM station WHERE station = $1")
            .bind(station.as_str())
            .fetch_optional(pool).await)?;
        unsigned(grace.unwrap_or(0))
    }

    /// Whether a workstation is in quarantine.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn is_quarantined(&self, station: &StationId) -> Result<bool, StoreError> {
        let found: Option<i64> = on!(&self.read, pool => sqlx::query_scalar("SELECT quarantined FROM station WHERE station = $1")
            .bind(station.as_str())
            .fetch_optional(pool).await)?;
        Ok(found == Some(1))
    }

    /// Lets a workstation out of quarantine.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn lift_quarantine(&self, station: &StationId) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("UPDATE station SET quarantined = 0 WHERE station = $1")
            .bind(station.as_str())
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// The `seq` a station said twice in two ways first.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn quarantine_seq(&self, station: &StationId) -> Result<u64, StoreError> {
        let seq: i64 = on!(&self.read, pool => sqlx::query_scalar("SELECT coalesce(min(seq), 0) FROM equivocation WHERE station = $1")
            .bind(station.as_str())
            .fetch_one(pool).await)?;
        unsigned(seq)
    }

    /// The account with this name.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn person(&self, user: &str) -> Result<Option<PersonRow>, StoreError> {
        let row: Option<(String, String, i64)> = on!(&self.read, pool => sqlx::query_as("SELECT person, password, enabled FROM person WHERE account = $1")
                .bind(user)
                .fetch_optional(pool).await)?;
        row.map(|(person, password, enabled)| {
            Ok(PersonRow {
                person: from_json(&person)?,
                password,
                enabled: enabled != 0,
            })
        })
        .transpose()
    }

    /// Failed attempts in a row and until when the name is locked, Unix ms.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn lockout(&self, user: &str) -> Result<(u32, i64), StoreError> {
        let row: Option<(i64, i64)> = on!(&self.read, pool => sqlx::query_as("SELECT failures, until_ms FROM lockout WHERE account = $1")
            .bind(user)
            .fetch_optional(pool).await)?;
        Ok(row.map_or((0, 0), |(failures, until)| {
            (u32::try_from(failures).unwrap_or(u32::MAX), until)
        }))
    }

    /// Keeps the failed attempts of a name (0 forgets it) and forgets names whose lock ended before `forget_ms`.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn set_lockout(
        &self,
        user: &str,
        failures: u32,
        until_ms: i64,
        forget_ms: i64,
    ) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("DELETE FROM lockout WHERE account = $1 OR until_ms < $2")
            .bind(user)
            .bind(forget_ms)
            .execute(pool).await.map(drop))?;
        if failures > 0 {
            kept!(&self.write, pool => sqlx::query("INSERT INTO lockout (account, failures, until_ms) VALUES ($1, $2, $3)")
                .bind(user)
                .bind(i64::from(failures))
                .bind(until_ms)
                .execute(pool).await.map(drop))?;
        }
        Ok(())
    }

    /// Begins a session; every other one of the same person must have been ended.
    ///
    /// # Errors
    /// [`StoreError`], also when the person has a session that has not ended.
    pub async fn begin_session(&self, row: &SessionRow, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        let purpose = json(&row.purpose)?;
        kept!(&self.write, pool => sqlx::query(
            "INSERT INTO session (session, token, account, station, purpose, seen_ms, expires_ms, begun_ms, note, \
             protocol_no) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(row.session.as_str())
        .bind(token_hash.as_slice())
        .bind(row.user.as_str())
        .bind(row.station.as_str())
        .bind(purpose.as_str())
        .bind(row.seen_ms)
        .bind(row.expires_ms)
        .bind(row.begun_ms)
        .bind(row.note.as_str())
        .bind(row.protocol_no.as_str())
        .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Another purpose is in force in a session.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn change_purpose(&self, session: &str, stated: &Stated) -> Result<(), StoreError> {
        let purpose = json(&stated.purpose())?;
        kept!(&self.write, pool => sqlx::query(
            "UPDATE session SET purpose = $1, note = $2, protocol_no = $3 WHERE session = $4 AND ended = 0",
        )
        .bind(purpose.as_str())
        .bind(stated.note())
        .bind(stated.protocol_no())
        .bind(session)
        .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// The session that has not ended with this token.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn session_by_token(&self, token_hash: &[u8; 32]) -> Result<Option<SessionRow>, StoreError> {
        let text = sqlx::AssertSqlSafe(format!("{SESSION} WHERE token = $1 AND ended = 0"));
        let row: Option<SessionColumns> = on!(&self.read, pool => sqlx::query_as(text)
        .bind(token_hash.as_slice())
        .fetch_optional(pool).await)?;
        row.map(session_row).transpose()
    }

    /// Whose a session is and where, ended or not.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn kept_session(&self, session: &str) -> Result<Option<KeptSession>, StoreError> {
        let kept: Option<(String, String, i64, i64)> = on!(&self.read, pool => sqlx::query_as(
            "SELECT s.account, s.station, s.ended, coalesce(t.grace_s, 0) FROM session s \
             LEFT JOIN station t ON t.station = s.station WHERE s.session = $1",
        )
        .bind(session)
        .fetch_optional(pool)
        .await)?;
        kept.map(|(person, station, ended, grace_s)| {
            Ok(KeptSession {
                person,
                station: parse(station)?,
                ended_ms: (ended > ENDED_SOME_TIME).then_some(ended),
                grace_ms: grace_s.saturating_mul(1000),
            })
        })
        .transpose()
    }

    /// The session of a person that has not ended.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn session_of(&self, user: &str) -> Result<Option<SessionRow>, StoreError> {
        let text = sqlx::AssertSqlSafe(format!("{SESSION} WHERE account = $1 AND ended = 0"));
        let row: Option<SessionColumns> = on!(&self.read, pool => sqlx::query_as(text)
        .bind(user)
        .fetch_optional(pool).await)?;
        row.map(session_row).transpose()
    }

    /// Remembers that a session was used.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn session_seen(&self, session: &str, now_ms: i64) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("UPDATE session SET seen_ms = $1 WHERE session = $2")
            .bind(now_ms)
            .bind(session)
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Ends a session, once: at `now_ms`, Unix ms.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn end_session(&self, session: &str, now_ms: i64) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("UPDATE session SET ended = $1 WHERE session = $2 AND ended = 0")
            .bind(now_ms.max(ENDED_SOME_TIME))
            .bind(session)
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Keeps a plan; its version must be new.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn add_plan(&self, version: u64, plan: &str, signature: &str) -> Result<(), StoreError> {
        let version = signed(version)?;
        kept!(&self.write, pool => sqlx::query("INSERT INTO plan (version, plan, signature) VALUES ($1, $2, $3)")
            .bind(version)
            .bind(plan)
            .bind(signature)
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// The plan in force; `vkey` is put beside it for the answer.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn plan(&self, vkey: &str) -> Result<Option<SignedPlan>, StoreError> {
        let row: Option<(String, String)> = on!(&self.read, pool => sqlx::query_as("SELECT plan, signature FROM plan ORDER BY version DESC LIMIT 1")
                .fetch_optional(pool).await)?;
        Ok(row.map(|(plan, signature)| SignedPlan {
            plan,
            signature,
            vkey: vkey.to_owned(),
        }))
    }

    /// Keeps a camera's account.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn add_account(
        &self,
        camera: &CameraId,
        need: CredentialNeed,
        user: &str,
        sealed: &[u8],
    ) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("INSERT INTO camera_account (camera, need, account, sealed) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (camera, need) DO UPDATE SET account = excluded.account, sealed = excluded.sealed")
            .bind(camera.as_str())
            .bind(need_text(need))
            .bind(user)
            .bind(sealed)
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// A camera's account, sealed.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn account(
        &self,
        camera: &CameraId,
        need: CredentialNeed,
    ) -> Result<Option<CameraAccountRow>, StoreError> {
        let row: Option<(String, Vec<u8>)> = on!(&self.read, pool => sqlx::query_as("SELECT account, sealed FROM camera_account WHERE camera = $1 AND need = $2")
                .bind(camera.as_str())
                .bind(need_text(need))
                .fetch_optional(pool).await)?;
        Ok(row.map(|(user, sealed)| CameraAccountRow { user, sealed }))
    }
}

/// What [`SESSION`] selects.
pub(super) type SessionColumns = (String, String, String, String, i64, i64, i64, String, String);

pub(super) fn session_row(
    (session, user, station, purpose, seen_ms, expires_ms, begun_ms, note, protocol_no): SessionColumns,
) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        session,
        user,
        station: parse(station)?,
        purpose: from_json(&purpose)?,
        note,
        protocol_no,
        begun_ms,
        seen_ms,
        expires_ms,
    })
}
