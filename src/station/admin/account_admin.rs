//! Administration of accounts, running sessions and workstations, by a supervisor or an administrator.
//!
//! Invariant: the one decision is asked here too, before the server; every answer is the server's.
//! Deliberately absent: new accounts, passwords (commands of `vedetta-audit`).

use crate::domain::camera::StationId;
use crate::domain::people::account::AccountName;
use crate::domain::people::{AdminRight, Rule};
use crate::domain::reason::Reason;
use crate::domain::refusal::RefusalKind;
use crate::protocol::{
    AccountAnswer, AccountChange, AccountView, Because, EnrolmentCode, NewCode, SessionView, StationView,
};
use crate::station::refusal::Refusal;
use crate::station::session::signed_in::Session;

impl Session {
    /// Whether this person may see the accounts, here and now.
    pub fn may_see_accounts(&self) -> bool {
        self.check_admin(AdminRight::ReadPeople).is_ok()
    }

    /// Every account, for the periodic check.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] when the right is missing; [`Refusal::ServerAway`].
    pub async fn people(&self) -> Result<Vec<AccountView>, Refusal> {
        self.check_admin(AdminRight::ReadPeople)?;
        Ok(self.0.station.server.people(&self.0.facts.token).await?)
    }

    /// Confirms or disables an account, or lets another supervisor's into use; the server records it, with before and after. Gives what
    /// the account begins with, once.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] when the right is missing or it is one's own account; [`Refusal::ServerAway`].
    pub async fn change_account(&self, user: &str, change: &AccountChange) -> Result<AccountAnswer, Refusal> {
        self.check_admin(match change {
            AccountChange::Enable { .. } => AdminRight::AdmitSupervisors,
            _ => AdminRight::ConfirmPeople,
        })?;
        let user = AccountName::read(user).ok_or(Refusal::Kind(RefusalKind::Rule(Rule::NoGrant)))?;
        let changed = self.0.station.server.change_account(&self.0.facts.token, &user, change);
        Ok(changed.await?)
    }

    /// Sessions running now, for whoever may see the accounts.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] when the right is missing; [`Refusal::ServerAway`].
    pub async fn sessions(&self) -> Result<Vec<SessionView>, Refusal> {
        self.check_admin(AdminRight::ReadPeople)?;
        Ok(self.0.station.server.sessions(&self.0.facts.token).await?)
    }

    /// Ends somebody's session; the reason is recorded.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] when the right is missing; [`Refusal::ServerAway`].
    pub async fn end_session(&self, user: &str, reason: Reason) -> Result<(), Refusal> {
        self.check_admin(AdminRight::ConfirmPeople)?;
        let user = AccountName::read(user).ok_or(Refusal::Kind(RefusalKind::Rule(Rule::NoGrant)))?;
        let (server, token) = (&self.0.station.server, &self.0.facts.token);
        Ok(server.end_session(token, &user, &Because { reason }).await?)
    }

    /// Whether this person may enrol and revoke workstations, here and now.
    pub fn may_enrol_workstations(&self) -> bool {
        self.check_admin(AdminRight::KeepStations).is_ok()
    }

    /// The enrolled workstations, for whoever may see the accounts.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] when the right is missing; [`Refusal::ServerAway`].
    pub async fn workstations(&self) -> Result<Vec<StationView>, Refusal> {
        self.check_admin(AdminRight::ReadPeople)?;
        Ok(self.0.station.server.workstations(&self.0.facts.token).await?)
    }

    /// Creates a code that enrols one workstation, once.
    ///
    /// # Errors
    /// [`RefusalKind::NotFound`] when the name is taken; [`RefusalKind::Rule`]; [`Refusal::ServerAway`].
    pub async fn enrolment_code(&self, new: &NewCode) -> Result<EnrolmentCode, Refusal> {
        self.check_admin(AdminRight::KeepStations)?;
        let code = self.0.station.server.enrolment_code(&self.0.facts.token, new);
        Ok(code.await?)
    }

    /// Revokes a workstation; the reason is recorded.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] when the right is missing; [`Refusal::ServerAway`].
    pub async fn revoke_workstation(&self, station: &StationId, reason: Reason) -> Result<(), Refusal> {
        self.check_admin(AdminRight::KeepStations)?;
        let (server, token) = (&self.0.station.server, &self.0.facts.token);
        Ok(server.revoke_workstation(token, station, &Because { reason }).await?)
    }
}
