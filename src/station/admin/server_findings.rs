//! What is wrong with the audit server, read by the system administrator.
//!
//! Invariant: the one decision is asked here too, before the server. Deliberately absent: looking (the server's), whether the server can be
//! reached (`record::contact`).

use crate::domain::doctor::Finding;
use crate::domain::people::AdminRight;
use crate::station::refusal::Refusal;
use crate::station::session::signed_in::Session;

impl Session {
    /// Whether this person may see how the server is, here and now.
    pub fn may_see_findings(&self) -> bool {
        self.check_admin(AdminRight::KeepStations).is_ok()
    }

    /// What is wrong with the server and what is worth knowing.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`](crate::domain::refusal::RefusalKind::Rule) when the right is missing; [`Refusal::ServerAway`].
    pub async fn findings(&self) -> Result<Vec<Finding>, Refusal> {
        self.check_admin(AdminRight::KeepStations)?;
        Ok(self.0.station.server.findings(&self.0.facts.token).await?)
    }
}
