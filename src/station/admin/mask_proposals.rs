//! Changes of a camera's masks: drawn here, proposed to the server, approved by a second person (R-PRV-1).
//!
//! Invariant: a mask that is being drawn covers here at once; nothing else of a proposal is in force before the server signs
//! a new plan. Deliberately absent: geometry (`domain::privacy`), writing masks to a camera (`camera_mask_sync`).

use crate::domain::camera::CameraId;
use crate::domain::site::Mask;
use crate::protocol::{MaskProposal, ProposedMask, Verdict};
use crate::station::refusal::Refusal;
use crate::station::session::signed_in::Session;

impl Session {
    /// Covers a mask that is being drawn, here only and beside those in force; `None` ends it.
    pub fn draft_mask(&self, camera: &CameraId, mask: Option<Mask>) {
        self.0.policy.draft(camera, mask);
    }

    /// Proposes a change of a camera's masks; it waits for a supervisor.
    ///
    /// # Errors
    /// [`RefusalKind::NotFound`] or [`RefusalKind::Site`] when the change makes no sense; [`RefusalKind::Rule`];
    /// [`Refusal::ServerAway`].
    pub async fn propose_mask(&self, camera: &CameraId, proposal: MaskProposal) -> Result<ProposedMask, Refusal> {
        let server = &self.0.station.server;
        Ok(server.propose_mask(&self.0.facts.token, camera, &proposal).await?)
    }

    /// The changes of masks that wait for a supervisor.
    ///
    /// # Errors
    /// [`Refusal::ServerAway`]: without the server nobody knows what waits.
    pub async fn proposals(&self) -> Result<Vec<ProposedMask>, Refusal> {
        Ok(self.0.station.server.proposals(&self.0.facts.token).await?)
    }

    /// Approves or declines a proposed change of masks.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] when the verdict is not this person's to give; [`Refusal::Kind(RefusalKind::NotFound)`]; [`Refusal::ServerAway`].
    pub async fn decide_proposal(&self, id: u64, verdict: Verdict) -> Result<(), Refusal> {
        let server = &self.0.station.server;
        Ok(server.decide_proposal(&self.0.facts.token, id, verdict).await?)
    }
}
