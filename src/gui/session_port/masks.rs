//! Masks and limits: drafts, proposals for two people, and a camera's own copy of them.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, SignedIn, act};
use crate::domain::camera::CameraId;
use crate::domain::site::Mask;
use crate::domain::site::orientation::OrientationPart;
use crate::station::{MaskProposal, MaskSyncState, ProposedMask, Session, Verdict};

/// Masks of the plan and of the cameras.
pub trait Masks: SignedIn {
    /// Covers a mask that is being drawn, beside those in force.
    fn draft_mask(&self, camera: CameraId, mask: Option<Mask>);
    /// Begins the calibration of a watched dome; in what its picture lies otherwise than planned.
    fn begin_calibration(&self, camera: CameraId) -> Answer<Vec<OrientationPart>>;
    /// Ends the calibration of a dome: its picture is covered again as for anybody.
    fn end_calibration(&self, camera: CameraId);
    /// Proposes a change of a mask, for somebody else to approve.
    fn propose_mask(&self, camera: CameraId, proposal: MaskProposal) -> Answer<()>;
    /// Proposals of masks that wait.
    fn proposals(&self) -> Answer<Vec<ProposedMask>>;
    /// Approves or declines a proposal of a mask.
    fn decide_proposal(&self, id: u64, verdict: Verdict) -> Answer<()>;
    /// Compares a camera's own masks and limits with the plan.
    fn check_camera(&self, camera: CameraId) -> Answer<MaskSyncState>;
    /// Writes the plan's masks and limits to the camera and reads them back.
    fn write_to_camera(&self, camera: CameraId) -> Answer<MaskSyncState>;
}

impl Masks for Session {
    fn draft_mask(&self, camera: CameraId, mask: Option<Mask>) {
        Session::draft_mask(self, &camera, mask);
    }

    fn begin_calibration(&self, camera: CameraId) -> Answer<Vec<OrientationPart>> {
        act(self, async move |session| session.begin_calibration(&camera).await)
    }

    fn end_calibration(&self, camera: CameraId) {
        Session::end_calibration(self, &camera);
    }

    fn propose_mask(&self, camera: CameraId, proposal: MaskProposal) -> Answer<()> {
        act(self, async move |session| {
            session.propose_mask(&camera, proposal).await.map(drop)
        })
    }

    fn proposals(&self) -> Answer<Vec<ProposedMask>> {
        act(self, async move |session| session.proposals().await)
    }

    fn decide_proposal(&self, id: u64, verdict: Verdict) -> Answer<()> {
        act(self, async move |session| session.decide_proposal(id, verdict).await)
    }

    fn check_camera(&self, camera: CameraId) -> Answer<MaskSyncState> {
        act(self, async move |session| session.check_camera(&camera).await)
    }

    fn write_to_camera(&self, camera: CameraId) -> Answer<MaskSyncState> {
        act(self, async move |session| session.write_to_camera(&camera).await)
    }
}
