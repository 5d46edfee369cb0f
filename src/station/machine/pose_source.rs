//! The pose that a cover is computed for, as a policy of whoever builds the workstation.
//!
//! Invariant: the officers' program gives [`TrackedPose`], and none of its arguments can change that. Deliberately absent: any
//! other policy. The leak search needs one that is wrong, to be seen failing; it lives in the checker (`tests/check`).

use crate::domain::camera::Pose;
use crate::domain::privacy::PoseKnowledge;
use crate::domain::site::CameraPlan;
use std::fmt::Debug;

/// The choice of the pose that masks are projected with.
pub trait PoseSource: Debug + Send + Sync {
    /// Every pose the dome may have had when the frame drawn now was taken. `tracked` is what the tracker vouches for;
    /// `reported` is the dome's latest status, where one came within two seconds.
    fn pose(&self, camera: &CameraPlan, tracked: PoseKnowledge, reported: Option<Pose>) -> PoseKnowledge;
}

/// The tracker's interval as it is: R-PRV-1 rests on it.
#[derive(Debug, Clone, Copy, Default)]
pub struct TrackedPose;

impl PoseSource for TrackedPose {
    fn pose(&self, _: &CameraPlan, tracked: PoseKnowledge, _: Option<Pose>) -> PoseKnowledge {
        tracked
    }
}
