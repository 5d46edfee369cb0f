//! Clearances (*nullaosta*): asking for one, answering a request, withdrawing what was granted (R-REC-1); opening the recent past
//! at once and ratifying it (R-ACC-11).
//!
//! Invariant: the server decides and records; its answer is in force here at once. Deliberately absent: what may be seen
//! under a clearance (`session::clearance`).

use crate::domain::people::clearance::{Ratification, Verdict, Wish, Withdrawal};
use crate::protocol::ClearanceState;
use crate::station::refusal::Refusal;
use crate::station::session::signed_in::Session;
use tokio::sync::watch;

impl Session {
    /// The person's own clearances and those that wait for their answer, as they change.
    pub fn clearances(&self) -> watch::Receiver<Vec<ClearanceState>> {
        self.0.clearances.known()
    }

    /// Asks for a clearance; it waits for a supervisor.
    ///
    /// # Errors
    /// [`RefusalKind::Clearance`] tells what is wrong with the request; [`Refusal::ServerAway`].
    pub async fn request_clearance(&self, wish: Wish) -> Result<(), Refusal> {
        let server = &self.0.station.server;
        let state = server.request_clearance(&self.0.facts.token, &wish).await?;
        self.0.clearances.put(state);
        Ok(())
    }

    /// Answers a request for a clearance.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] or [`RefusalKind::Clearance`] when the request is not this person's to answer; [`Refusal::Kind(RefusalKind::NotFound)`] when
    /// it was answered already; [`Refusal::ServerAway`].
    pub async fn answer_clearance(&self, id: u64, verdict: Verdict) -> Result<(), Refusal> {
        let server = &self.0.station.server;
        let state = server.answer_clearance(&self.0.facts.token, id, &verdict).await?;
        self.0.clearances.put(state);
        Ok(())
    }

    /// Opens the recent past at once; a supervisor ratifies it later.
    ///
    /// # Errors
    /// [`RefusalKind::Clearance`] tells what is wrong with it; [`Refusal::ServerAway`].
    pub async fn open_at_once(&self, wish: Wish) -> Result<(), Refusal> {
        let server = &self.0.station.server;
        let state = server.open_at_once(&self.0.facts.token, &wish).await?;
        self.0.clearances.put(state);
        Ok(())
    }

    /// Ratifies recordings that were opened at once, or does not, which ends them.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] or [`RefusalKind::Clearance`] when it is not this person's to ratify;
    /// [`Refusal::Kind(RefusalKind::NotFound)`] when there is none; [`Refusal::ServerAway`].
    pub async fn ratify_clearance(&self, id: u64, ratification: Ratification) -> Result<(), Refusal> {
        let server = &self.0.station.server;
        let state = server.ratify_clearance(&self.0.facts.token, id, &ratification).await?;
        self.0.clearances.put(state);
        Ok(())
    }

    /// Withdraws a clearance that is in force: what is seen under it ends.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] or [`RefusalKind::Clearance`] when the clearance is not this person's to decide on, or not in
    /// force; [`Refusal::Kind(RefusalKind::NotFound)`] when there is none; [`Refusal::ServerAway`].
    pub async fn withdraw_clearance(&self, id: u64, withdrawal: Withdrawal) -> Result<(), Refusal> {
        let server = &self.0.station.server;
        let state = server.withdraw_clearance(&self.0.facts.token, id, &withdrawal).await?;
        self.0.clearances.put(state);
        Ok(())
    }
}
