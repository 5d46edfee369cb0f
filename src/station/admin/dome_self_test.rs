//! What a dome's statuses are worth, found out at calibration: it is sent a little way and back, and what it says before it
//! can have arrived tells whether it reports where it is or where it was sent (case of domes that report their target).
//!
//! Invariant: the dome is moved as by a hand, with a lease, inside its limits, recorded; a dome that says too little is not
//! called ordinary. Deliberately absent: the rule (`domain::site::dome_habits`).

use crate::domain::camera::{CameraId, LensModel, MoveState, Pose};
use crate::domain::ptz::gesture;
use crate::domain::site::DomeHabits;
use crate::domain::site::dome_habits::{NEVER_IDLE_AFTER, TestMove, TestStatus};
use crate::onvif::{self, Ptz};
use crate::station::camera::watched::Watched;
use crate::station::refusal::{CameraTrouble, Refusal, TroubleKind};
use crate::station::session::signed_in::Session;
use std::time::{Duration, Instant};

/// The points of the picture to go to, there and back, or the other way round where a limit is in the way.
const SIDES: [[f64; 2]; 2] = [[0.97, 0.5], [0.03, 0.5]];
/// Between two statuses.
const POLL: Duration = Duration::from_millis(30);
/// A dome that is not there after this does not arrive.
const LONGEST: Duration = Duration::from_secs(15);
/// What still counts as the target, degrees.
const THERE_DEG: f64 = 0.7;

impl Session {
    /// The habits of a dome that somebody watches and may move; `lens` is the model that it is being calibrated to.
    ///
    /// # Errors
    /// Why it may not or cannot be moved; [`Refusal::Covered`] when it gives no position; [`TroubleKind::SelfTest`] when it
    /// said too little.
    pub(super) async fn try_habits(&self, camera: &CameraId, lens: &LensModel) -> Result<DomeHabits, Refusal> {
        let plan = self.0.camera(camera)?;
        let hand = self.drive_ptz(camera).await?;
        let watched = self.0.watched.watched(camera).ok_or(Refusal::Covered)?;
        let connection = self.0.cameras.connection(&plan, watched.proof()).await?;
        let ptz = connection.ptz().await?;
        let at = |status: &onvif::PtzStatus| watched.pose_by_table(status);
        let from = at(&ptz.status().await?).ok_or(Refusal::Covered)?;
        let free = |side: &[f64; 2]| gesture::centre_on(&plan, from, *side).ok();
        let [there, back] = match SIDES.iter().position(|side| free(side).is_some()) {
            Some(1) => [SIDES[1], SIDES[0]],
            _ => SIDES,
        };
        let to = free(&there).ok_or(Refusal::PositionLimit)?;
        let sent = Instant::now();
        let moved = async {
            hand.centre_on(there[0], there[1]).await?;
            Ok(watch(&ptz, &watched, lens, to, sent).await)
        };
        let statuses: Result<Vec<TestStatus>, Refusal> = moved.await;
        // Back where it was, whatever was seen; a limit that is in the way now leaves it where it is.
        let _ = hand.centre_on(back[0], back[1]).await;
        let rest = hand.end().await;
        let statuses = statuses?;
        rest?;
        let test = TestMove {
            from,
            to,
            sent,
            statuses,
        };
        test.habits(&plan.motion)
            .map_err(|error| CameraTrouble::new(TroubleKind::SelfTest, error.to_string()).into())
    }
}

/// The statuses of a move until it is over, and of a dome that says «moving» for as long as one needs to disbelieve it.
async fn watch(ptz: &Ptz, watched: &Watched, lens: &LensModel, to: Pose, sent: Instant) -> Vec<TestStatus> {
    let mut seen: Vec<TestStatus> = Vec::new();
    let mut arrived: Option<Instant> = None;
    while sent.elapsed() < LONGEST {
        if let Ok(status) = ptz.status().await {
            let pose = watched.pose_by_table(&status);
            let view_agrees = watched.view_agrees(&status, lens);
            let moving = match status.moving {
                onvif::MoveState::Idle => MoveState::Idle,
                onvif::MoveState::Moving => MoveState::Moving,
                onvif::MoveState::Unknown => MoveState::Unknown,
            };
            let received = status.received;
            seen.push(TestStatus {
                received,
                pose,
                moving,
                view_agrees,
            });
            if arrived.is_none() && pose.is_some_and(|pose| is_there(pose, to)) {
                arrived = Some(received);
            }
            let patience = if moving == MoveState::Moving {
                NEVER_IDLE_AFTER
            } else {
                Duration::ZERO
            };
            if arrived.is_some_and(|arrived| received.saturating_duration_since(arrived) > patience + POLL) {
                break;
            }
        }
        tokio::time::sleep(POLL).await;
    }
    seen
}

fn is_there(pose: Pose, to: Pose) -> bool {
    let pan = (to.pan_deg - pose.pan_deg + 180.0).rem_euclid(360.0) - 180.0;
    pan.abs() < THERE_DEG && (to.tilt_deg - pose.tilt_deg).abs() < THERE_DEG
}
