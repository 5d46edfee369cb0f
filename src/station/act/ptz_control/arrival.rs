//! Waiting for a dome that was sent to a pose.
//!
//! Invariant: bounded in time, and over as soon as somebody else moves the dome. Deliberately absent: sending it, stopping it.

use crate::domain::camera::Pose;
use crate::onvif::{MoveState, Ptz};
use crate::station::camera::watched::Watched;
use std::time::{Duration, Instant};

/// How long a move with a target is given to arrive.
const LONGEST: Duration = Duration::from_secs(10);
/// How long a dome that stands elsewhere is taken not to have begun yet.
pub const UNDERWAY: Duration = Duration::from_secs(2);
/// Between two looks while waiting for a dome.
pub const LOOK: Duration = Duration::from_millis(100);

/// How a move with a target ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The dome says that it stands there.
    There,
    /// The dome stands elsewhere, and will not go on.
    Elsewhere,
    /// The dome was still moving, or said nothing, when the time was over; or another gesture moves it by now.
    NotSeen,
}

/// Waits until the dome that the gesture `mover` sent to `target` at `sent` says that it stands there. One that stands
/// elsewhere has either not begun to move, or will not: after [`UNDERWAY`] it is taken at its word. Cancel-safe.
pub async fn arrival(ptz: &Ptz, watched: &Watched, mover: u64, target: Pose, sent: Instant) -> Arrival {
    while sent.elapsed() < LONGEST && watched.mover() == mover {
        if let Ok(status) = ptz.status().await
            && status.moving == MoveState::Idle
        {
            if watched.pose_of(&status).is_some_and(|at| near(target, at)) {
                return Arrival::There;
            }
            if sent.elapsed() > UNDERWAY {
                return Arrival::Elsewhere;
            }
        }
        tokio::time::sleep(LOOK).await;
    }
    Arrival::NotSeen
}

/// Whether two poses are one to a camera that rounds: half a degree, a twentieth of the picture's angle.
fn near(one: Pose, other: Pose) -> bool {
    let turned = (one.pan_deg - other.pan_deg + 180.0).rem_euclid(360.0) - 180.0;
    turned.abs() < 0.5
        && (one.tilt_deg - other.tilt_deg).abs() < 0.5
        && (one.hfov_deg - other.hfov_deg).abs() < 0.05 * one.hfov_deg
}
