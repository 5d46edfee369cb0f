//! The office of a supervisor or an administrator: the list of accounts, and what is changed in it.
//!
//! Invariant: the one decision is asked here too, before the server; every answer is the server's.
//! Deliberately absent: new accounts, passwords (commands of `vedetta-audit`).

use super::refusal::Refusal;
use super::session::Session;
use crate::domain::people::account::AccountName;
use crate::domain::people::{Asked, Office, Rule, decide};
use crate::protocol::{AccountChange, AccountView};

impl Session {
    /// Whether this person may see who is enabled, here and now.
    pub fn keeps_people(&self) -> bool {
        self.office(Office::ReadPeople).is_ok()
    }

    /// The one decision about an office.
    ///
    /// # Errors
    /// The rule that refuses.
    pub(super) fn office(&self, office: Office) -> Result<(), Refusal> {
        decide(self.person(), Asked::Office(office), &self.circumstances())
            .granted()
            .map(drop)
            .map_err(Refusal::from)
    }

    /// Everybody, for the periodic check.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn people(&self) -> Result<Vec<AccountView>, Refusal> {
        self.office(Office::ReadPeople)?;
        Ok(self.0.station.server.people(&self.0.facts.token).await?)
    }

    /// Confirms or disables an account; the server records it, with before and after.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn change_account(&self, user: &str, change: &AccountChange) -> Result<(), Refusal> {
        self.office(Office::ConfirmPeople)?;
        let user = AccountName::read(user).ok_or(Refusal::Rule(Rule::NoGrant))?;
        let changed = self.0.station.server.change_account(&self.0.facts.token, &user, change);
        changed.await.map(drop)?;
        Ok(())
    }

    /// Ends somebody's session.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn end_session(&self, user: &str) -> Result<(), Refusal> {
        self.office(Office::ConfirmPeople)?;
        let user = AccountName::read(user).ok_or(Refusal::Rule(Rule::NoGrant))?;
        Ok(self.0.station.server.end_session(&self.0.facts.token, &user).await?)
    }
}
