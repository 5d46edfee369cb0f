//! The cover.

use super::{Cover, PoseKnowledge, WholeReason};
use crate::domain::site::CameraPlan;

/// The masks of one camera, cut into convex pieces once; make it when the plan changes, not per frame.
#[derive(Debug, Clone)]
pub struct PreparedMasks {}

impl PreparedMasks {
    /// Cuts the masks of a camera.
    pub fn new(camera: &CameraPlan) -> Self {
        let _ = camera;
        Self {}
    }

    /// What must be covered when the pose is known like this.
    pub fn cover(&self, knowledge: &PoseKnowledge) -> Cover {
        let _ = knowledge;
        Cover::Whole(WholeReason::PoseNotKnown)
    }
}

/// [`PreparedMasks::new`] and [`PreparedMasks::cover`] in one, for those who need it once.
pub fn cover(camera: &CameraPlan, knowledge: &PoseKnowledge) -> Cover {
    PreparedMasks::new(camera).cover(knowledge)
}
