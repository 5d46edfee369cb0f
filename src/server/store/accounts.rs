//! Accounts beside their passwords: appointment, confirmation, second factor, former passwords, sessions running now.
//!
//! Invariant: an account is changed by one statement or one transaction. Deliberately absent: rules
//! (`domain::people::account`), the event that comes before each change (`server::people::accounts`).

use super::registry::{SESSION, SessionColumns, SessionRow, from_json, json, session_row};
use super::{Store, StoreError, parse, signed, unsigned};
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::people::Person;
use crate::domain::people::account::Life;

/// What an account begins with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Appointment {
    /// The act of appointment.
    pub act: String,
    pub until_ms: Option<i64>,
    pub confirm_by_ms: Option<i64>,
    /// The password was made by somebody else.
    pub must_change: bool,
}

/// An account with everything but its password.
pub struct AccountRow {
    pub person: Person,
    pub life: Life,
    pub act: String,
    pub appointed_ms: i64,
    pub last_use_ms: Option<i64>,
    /// Sealed.
    pub second_factor: Option<Vec<u8>>,
    /// Step of the last code that was used.
    pub second_factor_step: u64,
    /// Where a session runs now.
    pub active_at: Option<StationId>,
    /// The controller that the account was made for.
    pub home: ControllerId,
}

impl AccountRow {
    /// Every controller the account has to do with: the one it was made for, and those of its grants.
    pub fn controllers(&self) -> Vec<ControllerId> {
        let mut all = vec![self.home.clone()];
        for grant in &self.person.grants {
            if !all.contains(&grant.controller) {
                all.push(grant.controller.clone());
            }
        }
        all
    }
}

type Columns = (
    String,
    i64,
    i64,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    i64,
    Option<Vec<u8>>,
    i64,
    Option<String>,
    String,
);

const ACCOUNT: &str = "SELECT p.person, p.enabled, p.password_set_ms, a.act, a.appointed_ms, a.until_ms, \
     a.last_use_ms, a.confirm_by_ms, a.must_change, a.second_factor, a.second_factor_step, \
     (SELECT s.station FROM session s WHERE s.account = p.account AND s.ended = 0), a.home \
     FROM person p JOIN account a ON a.account = p.account";

fn account_row(row: Columns) -> Result<AccountRow, StoreError> {
    let (
        person,
        enabled,
        set_ms,
        act,
        appointed_ms,
        until_ms,
        last_use_ms,
        confirm_by_ms,
        must,
        sealed,
        step,
        at,
        home,
    ) = row;
    Ok(AccountRow {
        person: from_json(&person)?,
        life: Life {
            enabled: enabled != 0,
            password_set_ms: set_ms,
            must_change: must != 0,
            until_ms,
            confirm_by_ms,
        },
        act,
        appointed_ms,
        last_use_ms,
        second_factor: sealed,
        second_factor_step: unsigned(step)?,
        active_at: at.map(parse).transpose()?,
        home: parse(home)?,
    })
}

impl Store {
    /// Adds an account of a controller; `password` is argon2id.
    ///
    /// # Errors
    /// [`StoreError`], also when the name is taken.
    pub async fn add_person(
        &self,
        person: &Person,
        password: &str,
        now_ms: i64,
        appointment: &Appointment,
        home: &ControllerId,
    ) -> Result<(), StoreError> {
        let text = json(person)?;
        kept!(&self.write, pool => {
            let mut tx = pool.begin().await?;
            sqlx::query("INSERT INTO person (account, person, password, password_set_ms) VALUES ($1, $2, $3, $4)")
                .bind(person.user.as_str())
                .bind(text.as_str())
                .bind(password)
                .bind(now_ms)
                .execute(&mut *tx).await?;
            sqlx::query(
                "INSERT INTO account (account, act, appointed_ms, until_ms, confirm_by_ms, must_change, home) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(person.user.as_str())
            .bind(appointment.act.as_str())
            .bind(now_ms)
            .bind(appointment.until_ms)
            .bind(appointment.confirm_by_ms)
            .bind(i64::from(appointment.must_change))
            .bind(home.as_str())
            .execute(&mut *tx).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(())
        })?;
        Ok(())
    }

    /// An account with its life.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn life(&self, user: &str) -> Result<Option<AccountRow>, StoreError> {
        let text = sqlx::AssertSqlSafe(format!("{ACCOUNT} WHERE p.account = $1"));
        let row: Option<Columns> = on!(&self.read, pool => sqlx::query_as(text).bind(user).fetch_optional(pool).await)?;
        row.map(account_row).transpose()
    }

    /// Every account, by name.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn lives(&self) -> Result<Vec<AccountRow>, StoreError> {
        let text = sqlx::AssertSqlSafe(format!("{ACCOUNT} ORDER BY p.account"));
        let rows: Vec<Columns> = on!(&self.read, pool => sqlx::query_as(text).fetch_all(pool).await)?;
        rows.into_iter().map(account_row).collect()
    }

    /// Enables or disables an account. Disabled, its session ends with the same transaction.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn enable_person(&self, user: &str, enabled: bool) -> Result<(), StoreError> {
        kept!(&self.write, pool => {
            let mut tx = pool.begin().await?;
            sqlx::query("UPDATE person SET enabled = $1 WHERE account = $2")
                .bind(i64::from(enabled))
                .bind(user)
                .execute(&mut *tx).await?;
            if !enabled {
                sqlx::query("UPDATE session SET ended = 1 WHERE account = $1 AND ended = 0")
                    .bind(user)
                    .execute(&mut *tx).await?;
            }
            tx.commit().await?;
            Ok::<_, StoreError>(())
        })?;
        Ok(())
    }

    /// The account is good until then without another confirmation.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn confirm_person(&self, user: &str, confirm_by_ms: i64) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query("UPDATE account SET confirm_by_ms = $1 WHERE account = $2")
            .bind(confirm_by_ms)
            .bind(user)
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Other grants.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn set_person(&self, person: &Person) -> Result<(), StoreError> {
        let text = json(person)?;
        kept!(&self.write, pool => sqlx::query("UPDATE person SET person = $1 WHERE account = $2")
            .bind(text.as_str())
            .bind(person.user.as_str())
            .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Another password (argon2id); the present one is remembered.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn set_password(
        &self,
        user: &str,
        password: &str,
        now_ms: i64,
        must_change: bool,
    ) -> Result<(), StoreError> {
        kept!(&self.write, pool => {
            let mut tx = pool.begin().await?;
            sqlx::query(
                "INSERT INTO former_password (account, set_ms, password) \
                 SELECT account, password_set_ms, password FROM person WHERE account = $1",
            )
            .bind(user)
            .execute(&mut *tx).await?;
            sqlx::query("UPDATE person SET password = $1, password_set_ms = $2 WHERE account = $3")
                .bind(password)
                .bind(now_ms)
                .bind(user)
                .execute(&mut *tx).await?;
            sqlx::query("UPDATE account SET must_change = $1 WHERE account = $2")
                .bind(i64::from(must_change))
                .bind(user)
                .execute(&mut *tx).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(())
        })?;
        Ok(())
    }

    /// The last former passwords, argon2id, newest first.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn former_passwords(&self, user: &str, most: usize) -> Result<Vec<String>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows: Vec<String> = on!(&self.read, pool => sqlx::query_scalar(
            "SELECT password FROM former_password WHERE account = $1 ORDER BY set_ms DESC LIMIT $2",
        )
        .bind(user)
        .bind(most)
        .fetch_all(pool).await)?;
        Ok(rows)
    }

    /// A new second factor, sealed; none of its codes is used yet.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn set_second_factor(&self, user: &str, sealed: &[u8]) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query(
            "UPDATE account SET second_factor = $1, second_factor_step = 0 WHERE account = $2",
        )
        .bind(sealed)
        .bind(user)
        .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// The account was used now; `step` is that of the code, when there was one. False: that code was used meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn person_used(&self, user: &str, now_ms: i64, step: Option<u64>) -> Result<bool, StoreError> {
        let after = signed(step.unwrap_or(0))?;
        let changed: u64 = kept!(&self.write, pool => sqlx::query(
            "UPDATE account SET last_use_ms = $1, second_factor_step = CASE WHEN $2 > 0 THEN $2 ELSE second_factor_step END \
             WHERE account = $3 AND ($2 = 0 OR second_factor_step < $2)",
        )
        .bind(now_ms)
        .bind(after)
        .bind(user)
        .execute(pool).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Sessions that have not ended.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        let text = sqlx::AssertSqlSafe(format!("{SESSION} WHERE ended = 0 ORDER BY account"));
        let rows: Vec<SessionColumns> = on!(&self.read, pool => sqlx::query_as(text).fetch_all(pool).await)?;
        rows.into_iter().map(session_row).collect()
    }
}
