//! Who gave an account a password or second factor, and when.
//!
//! Invariant: rows are only added. Deliberately absent: what follows from it (`domain::people::second_person`).

use super::{Store, StoreError};
use crate::domain::people::Person;
use crate::domain::people::second_person::Giver;
use crate::protocol::LetInAlone;

impl Store {
    /// Writes down that somebody gives an account a password or second factor; before it is given.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses.
    pub async fn credential_given(&self, user: &str, by: &Person, now_ms: i64) -> Result<(), StoreError> {
        self.add_given(user, (&by.user, &by.display_name), "", now_ms).await
    }

    /// Writes down that a supervisor's account is let into use at the server's console, without another supervisor.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses.
    pub async fn let_in_alone(&self, user: &str, reason: &str, now_ms: i64) -> Result<(), StoreError> {
        self.add_given(user, ("", ""), reason, now_ms).await
    }

    async fn add_given(
        &self,
        user: &str,
        (giver, name): (&str, &str),
        reason: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        kept!(&self.write, pool => sqlx::query(
            "INSERT INTO credential_given (account, at_ms, giver, giver_name, reason) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
        )
        .bind(user)
        .bind(now_ms)
        .bind(giver)
        .bind(name)
        .bind(reason)
        .execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Who gave an account a password or second factor after `since_ms`.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses.
    pub async fn givers(&self, user: &str, since_ms: i64) -> Result<Vec<Giver>, StoreError> {
        let rows: Vec<(String, String, i64)> = on!(&self.read, pool => sqlx::query_as(
            "SELECT giver, giver_name, at_ms FROM credential_given WHERE account = $1 AND at_ms > $2 AND giver <> ''",
        )
        .bind(user)
        .bind(since_ms)
        .fetch_all(pool).await)?;
        let giver = |(user, display_name, at_ms)| Giver {
            user,
            display_name,
            at_ms,
        };
        Ok(rows.into_iter().map(giver).collect())
    }

    /// Supervisors' accounts that were let into use at the console after `since_ms`, oldest first.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses.
    pub async fn all_let_in_alone(&self, since_ms: i64) -> Result<Vec<LetInAlone>, StoreError> {
        let rows: Vec<(String, i64, String)> = on!(&self.read, pool => sqlx::query_as(
            "SELECT account, at_ms, reason FROM credential_given WHERE giver = '' AND at_ms > $1 ORDER BY at_ms",
        )
        .bind(since_ms)
        .fetch_all(pool).await)?;
        let let_in = |(user, at_ms, reason)| LetInAlone { user, at_ms, reason };
        Ok(rows.into_iter().map(let_in).collect())
    }
}
