//! The office of a supervisor or an administrator: accounts, running sessions, workstations, and what is changed in them.
//!
//! Invariant: the one decision is asked here too, before the server; every answer is the server's.
//! Deliberately absent: new accounts, passwords (commands of `vedetta-audit`).

use super::refusal::Refusal;
use super::session::Session;
use crate::domain::camera::StationId;
use crate::domain::people::account::AccountName;
use crate::domain::people::{AdminRight, Asked, Rule, decide};
use crate::domain::reason::Reason;
use crate::domain::refusal::RefusalKind;
use crate::protocol::{AccountChange, AccountView, Because, EnrolmentCode, NewCode, SessionView, StationView};

impl Session {
    /// Whether this person may see who is enabled, here and now.
    pub fn keeps_people(&self) -> bool {
        self.office(AdminRight::ReadPeople).is_ok()
    }

    /// The one decision about an office.
    ///
    /// # Errors
    /// The rule that refuses.
    pub(super) fn office(&self, office: AdminRight) -> Result<(), Refusal> {
        decide(self.person(), Asked::Admin(office), &self.circumstances())
            .granted()
            .map(drop)
            .map_err(Refusal::from)
    }

    /// Everybody, for the periodic check.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn people(&self) -> Result<Vec<AccountView>, Refusal> {
        self.office(AdminRight::ReadPeople)?;
        Ok(self.0.station.server.people(&self.0.facts.token).await?)
    }

    /// Confirms or disables an account; the server records it, with before and after.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn change_account(&self, user: &str, change: &AccountChange) -> Result<(), Refusal> {
        self.office(AdminRight::ConfirmPeople)?;
        let user = AccountName::read(user).ok_or(Refusal::Kind(RefusalKind::Rule(Rule::NoGrant)))?;
        let changed = self.0.station.server.change_account(&self.0.facts.token, &user, change);
        changed.await.map(drop)?;
        Ok(())
    }

    /// Sessions running now, for whoever may see the accounts.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn sessions(&self) -> Result<Vec<SessionView>, Refusal> {
        self.office(AdminRight::ReadPeople)?;
        Ok(self.0.station.server.sessions(&self.0.facts.token).await?)
    }

    /// Ends somebody's session; the reason is recorded.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn end_session(&self, user: &str, reason: Reason) -> Result<(), Refusal> {
        self.office(AdminRight::ConfirmPeople)?;
        let user = AccountName::read(user).ok_or(Refusal::Kind(RefusalKind::Rule(Rule::NoGrant)))?;
        let (server, token) = (&self.0.station.server, &self.0.facts.token);
        Ok(server.end_session(token, &user, &Because { reason }).await?)
    }

    /// Whether this person may enrol and revoke workstations, here and now.
    pub fn keeps_stations(&self) -> bool {
        self.office(AdminRight::KeepStations).is_ok()
    }

    /// The enrolled workstations, for whoever may see the accounts.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn workstations(&self) -> Result<Vec<StationView>, Refusal> {
        self.office(AdminRight::ReadPeople)?;
        Ok(self.0.station.server.workstations(&self.0.facts.token).await?)
    }

    /// A code that enrols one more workstation, given out once.
    ///
    /// # Errors
    /// Who refuses, the name is taken, or the server is away.
    pub async fn enrolment_code(&self, new: &NewCode) -> Result<EnrolmentCode, Refusal> {
        self.office(AdminRight::KeepStations)?;
        let code = self.0.station.server.enrolment_code(&self.0.facts.token, new);
        Ok(code.await?)
    }

    /// Revokes a workstation; the reason is recorded.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn revoke_workstation(&self, station: &StationId, reason: Reason) -> Result<(), Refusal> {
        self.office(AdminRight::KeepStations)?;
        let (server, token) = (&self.0.station.server, &self.0.facts.token);
        Ok(server.revoke_workstation(token, station, &Because { reason }).await?)
    }
}
