//! The pose that a cover is computed for, as a policy of whoever builds the workstation.
//!
//! Invariant: the officers' program gives [`TrackedPose`], and none of its arguments can change that. Deliberately absent: any
//! other policy. The leak search needs some that are wrong, to be seen failing, and one that counts; they live in the checker
//! (`tests/check`).

use crate::domain::camera::Pose;
use crate::domain::privacy::PoseKnowledge;
use crate::domain::privacy::picture_motion::Claim;
use crate::domain::site::CameraPlan;
use std::fmt::Debug;
use std::time::Instant;

/// What is told of a dome's pose beside its tracker.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside {
    /// The dome's latest status, where one came within two seconds.
    pub reported: Option<Pose>,
    /// When the frame left the decoder; `None`: no frame is asked about.
    pub arrived: Option<Instant>,
    /// What the pictures say of this very frame.
    pub claim: Option<Claim>,
}

/// The choice of the pose that masks are projected with.
pub trait PoseSource: Debug + Send + Sync {
    /// Every pose the dome may have had when the frame drawn now was taken. `tracked` is what the tracker vouches for.
    fn pose(&self, camera: &CameraPlan, tracked: PoseKnowledge, beside: &Beside) -> PoseKnowledge;

    /// Every pose the dome may have had when a recorded frame was taken. `known` is what the positions recorded around it vouch
    /// for, `nearest` the position nearest to it.
    fn recorded_pose(&self, camera: &CameraPlan, known: PoseKnowledge, nearest: Option<Pose>) -> PoseKnowledge;
}

/// The tracker's interval, or the part of it that the picture leaves, and what recorded positions vouch for: R-PRV-1 rests on it.
#[derive(Debug, Clone, Copy, Default)]
pub struct TrackedPose;

impl PoseSource for TrackedPose {
    fn pose(&self, _: &CameraPlan, tracked: PoseKnowledge, beside: &Beside) -> PoseKnowledge {
        match beside.claim {
            Some(claim) => tracked.narrowed(|possible| claim.narrow(possible)),
            None => tracked,
        }
    }

    fn recorded_pose(&self, _: &CameraPlan, known: PoseKnowledge, _: Option<Pose>) -> PoseKnowledge {
        known
    }
}
