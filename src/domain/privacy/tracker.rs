//! What is known of a dome's pose.

use super::{PoseKnowledge, WholeReason};
use crate::domain::camera::{MoveState, Pose};
use crate::domain::ptz::Order;
use crate::domain::site::CameraPlan;
use std::time::{Duration, Instant};

/// Follows one dome.
#[derive(Debug, Clone)]
pub struct PoseTracker {
    camera: CameraPlan,
}

impl PoseTracker {
    /// Nothing is known yet.
    pub fn new(camera: &CameraPlan) -> Self {
        Self { camera: camera.clone() }
    }

    /// A status: asked for at `sent`, complete at `received`. `pose` is `None` when it had no position.
    pub fn on_status(&mut self, sent: Instant, received: Instant, pose: Option<Pose>, moving: MoveState) {
        let _ = (sent, received, pose, moving);
    }

    /// A command leaves this workstation at `now`. Call it *before* sending.
    pub fn on_command(&mut self, now: Instant, order: Order) {
        let _ = (now, order);
    }

    /// The camera restarted, homes, or was lost: nothing known before counts.
    pub fn on_restart(&mut self, now: Instant) {
        let _ = now;
    }

    /// Somebody else holds the dome from `now` on (`true`), or no longer (`false`).
    pub fn on_other_holder(&mut self, now: Instant, holds: bool) {
        let _ = (now, holds);
    }

    /// Every pose the dome may have had when the frame drawn at `now` was taken.
    pub fn knowledge(&self, now: Instant) -> PoseKnowledge {
        let _ = (now, &self.camera);
        PoseKnowledge::Unknown(WholeReason::PoseNotKnown)
    }

    /// Every pose the dome may have at some moment between `now` and `now + ahead` by orders already given.
    pub fn reach(&self, now: Instant, ahead: Duration) -> PoseKnowledge {
        let _ = (now, ahead);
        PoseKnowledge::Unknown(WholeReason::PoseNotKnown)
    }
}
