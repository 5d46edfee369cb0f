//! Declared events: for a limited time a person lifts a mask or opens a school's pictures, with a reason (R-PRV-2).
//!
//! Invariant: an event is in force only once the server says so. Deliberately absent: what an event lifts
//! (`domain::privacy::declared_event`), its end (`camera::plan_in_force`).

use crate::domain::camera::CameraId;
use crate::domain::privacy::declared_event::Declaration;
use crate::station::camera::plan_in_force::DeclaredEvent;
use crate::station::refusal::Refusal;
use crate::station::session::signed_in::Session;
use std::time::Instant;
use tokio::sync::watch;

impl Session {
    /// The declared events in force, as they come and go.
    pub fn declared(&self) -> watch::Receiver<Vec<DeclaredEvent>> {
        self.0.policy.declared()
    }

    /// Declares an event: the server records it, ends it in time and notifies every workstation.
    ///
    /// # Errors
    /// [`RefusalKind::Declare`] or [`RefusalKind::Rule`] when it may not be declared; [`Refusal::ServerAway`].
    pub async fn declare(&self, camera: &CameraId, what: Declaration) -> Result<DeclaredEvent, Refusal> {
        let server = &self.0.station.server;
        let state = server.declare(&self.0.facts.token, camera, &what).await?;
        Ok(DeclaredEvent::new(state, Instant::now()))
    }

    /// Ends a declared event before its time.
    ///
    /// # Errors
    /// [`Refusal::Kind(RefusalKind::NotFound)`] when it is over already; [`RefusalKind::Rule`]; [`Refusal::ServerAway`].
    pub async fn end_declared(&self, id: u64) -> Result<(), Refusal> {
        Ok(self.0.station.server.end_declared(&self.0.facts.token, id).await?)
    }
}
