//! Changes of a camera's masks: drawn here, proposed to the server, approved by a second person (R-PRV-1).
//!
//! Invariant: a mask that is being drawn covers here at once; nothing else of a proposal is in force before the server signs
//! a new plan. Deliberately absent: geometry (`domain::privacy`), writing masks to a camera (`camera_drift`).

use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::plan::CameraDrift;
use crate::domain::camera::CameraId;
use crate::domain::people::Action;
use crate::domain::site::orientation::OrientationPart;
use crate::domain::site::{Mask, Orientation};
use crate::protocol::{CameraFindings, MaskChange, MaskProposal, ProposedMask, Verdict};
use crate::station::record::health::Need;
use crate::station::refusal::Refusal;
use crate::station::session::authorised_act::{Intent, Right};
use crate::station::session::signed_in::Session;

/// Why a camera is compared, in the log.
const CALIBRATION: &str = "calibration";

impl Session {
    /// Covers a mask that is being drawn, here only and beside those in force; `None` ends it.
    pub fn draft_mask(&self, camera: &CameraId, mask: Option<Mask>) {
        self.0.policy.draft(camera, mask);
    }

    /// Begins the calibration of a dome that somebody watches here: compares how its picture lies with the plan, recorded. Where it
    /// lies otherwise, this person sees from now on the pictures in which nothing hidden can be however they lie, until
    /// [`Session::end_calibration`]; everybody else sees none. The parts that differ.
    ///
    /// # Errors
    /// The refusal of the act, [`Refusal::Covered`] when nobody watches it here, or [`Refusal::Camera`].
    pub async fn begin_calibration(&self, camera: &CameraId) -> Result<Vec<OrientationPart>, Refusal> {
        let plan = self.0.camera(camera)?;
        let watched = self.0.watched.watched(camera).ok_or(Refusal::Covered)?;
        let right = Right::Grant(Action::Ptz);
        let intent = Intent::new(CameraDrift::default(), &plan, right, Need::Act);
        let act = self.0.intend(intent).await?;
        let compared = async {
            let connection = self.0.cameras.connection(&plan, act.recorded()).await?;
            // Of a plan that says nothing the calibration goes on where the camera says nothing either.
            let silent = |error| plan.orientation.is_none().then(Orientation::default).ok_or(error);
            Ok((
                connection.number,
                connection.camera.orientation().await.or_else(silent)?,
            ))
        };
        let (number, seen) = match compared.await {
            Ok(compared) => compared,
            Err(refusal) => return Err(act.failed(refusal).await),
        };
        let planned = plan.orientation.clone().unwrap_or_else(|| seen.upright());
        watched.orientation().take(&planned, &seen, number);
        let turned = planned.differences(&seen);
        let drift = CameraDrift {
            drifts: Some(!turned.is_empty()),
            orientation: (!turned.is_empty()).then(|| serde_json::json!(turned)),
            ..CameraDrift::default()
        };
        act.done(Some(drift.because(CALIBRATION))).await?;
        watched.set_calibrated(!turned.is_empty());
        Ok(turned)
    }

    /// Ends the calibration of a dome: its pictures are covered again as for anybody.
    pub fn end_calibration(&self, camera: &CameraId) {
        if let Some(watched) = self.0.watched.watched(camera) {
            watched.set_calibrated(false);
        }
    }

    /// Proposes a change of a camera's masks, with how its picture lies now; it waits for a supervisor. A calibrated dome is
    /// sent a little way and back first, to find out what its statuses are worth.
    ///
    /// # Errors
    /// [`RefusalKind::NotFound`] or [`RefusalKind::Site`] when the change makes no sense; [`RefusalKind::Rule`];
    /// [`Refusal::ServerAway`]; for a calibration also what is wrong with the dome.
    pub async fn propose_mask(&self, camera: &CameraId, mut proposal: MaskProposal) -> Result<ProposedMask, Refusal> {
        proposal.found = match &proposal.change {
            MaskChange::Lens(lens) => {
                let orientation = self.orientation(camera).await?;
                let habits = Some(self.try_habits(camera, lens).await?);
                Some(CameraFindings { orientation, habits })
            }
            MaskChange::Put(_) => match self.orientation(camera).await {
                Ok(orientation) => Some(CameraFindings {
                    orientation,
                    habits: None,
                }),
                Err(refusal) => {
                    tracing::info!(%camera, %refusal, "a mask is proposed without how the picture lies");
                    None
                }
            },
            MaskChange::Remove(_) | MaskChange::Speeds(_) | MaskChange::Delays(_) => None,
        };
        let server = &self.0.station.server;
        Ok(server.propose_mask(&self.0.facts.token, camera, &proposal).await?)
    }

    /// How the picture of a watched camera lies now.
    async fn orientation(&self, camera: &CameraId) -> Result<Orientation, Refusal> {
        let plan = self.0.camera(camera)?;
        let watched = self.0.watched.watched(camera).ok_or(Refusal::Covered)?;
        let connection = self.0.cameras.connection(&plan, watched.proof()).await?;
        Ok(connection.camera.orientation().await?)
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
