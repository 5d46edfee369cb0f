//! A dome that says it is moving for ever while it stands.
//!
//! Such a dome never proves that it rests, so its masks cover the whole picture without an end. What it says cannot be put right
//! here, but it can be told: the operator sees why, and that measuring the dome again (the self-test of calibration) helps.
//!
//! Invariant: nothing follows from this for the cover; one status of a dome that stands or turns ends it. Deliberately absent:
//! clocks (time is an argument), the cover (`domain::privacy`).

use crate::domain::camera::{MoveState, Pose};
use std::time::{Duration, Instant};

/// So long nothing may have been ordered and nothing may have changed: longer than any dome takes to get anywhere.
const LONG: Duration = Duration::from_secs(30);
/// The largest difference between two poses of a dome that stands, degrees.
const STANDS_DEG: f64 = 0.2;
/// A run of statuses with a hole longer than this between two of them says nothing.
const HOLE: Duration = Duration::from_secs(10);

/// Follows the statuses of one dome.
#[derive(Debug, Clone, Copy, Default)]
pub struct EndlessMotion {
    run: Option<Run>,
}

/// Statuses that said «moving», all from one place.
#[derive(Debug, Clone, Copy)]
struct Run {
    pose: Pose,
    since: Instant,
    last: Instant,
}

impl EndlessMotion {
    /// A status that came at `received`.
    pub fn on_status(&mut self, received: Instant, pose: Option<Pose>, moving: MoveState) {
        self.run = match (pose, moving) {
            (Some(pose), MoveState::Moving) => Some(match self.run {
                Some(run) if run.pose.is_near(pose) && received.saturating_duration_since(run.last) < HOLE => {
                    Run { last: received, ..run }
                }
                Some(_) | None => Run {
                    pose,
                    since: received,
                    last: received,
                },
            }),
            _ => None,
        };
    }

    /// A move was ordered: what the dome says now may be true.
    pub fn on_order(&mut self) {
        self.run = None;
    }

    /// Whether the dome has said for a long time that it moves, and stands.
    pub fn is_on(&self) -> bool {
        self.run
            .is_some_and(|run| run.last.saturating_duration_since(run.since) >= LONG)
    }
}

impl Pose {
    /// Whether a dome that stands may report both.
    fn is_near(self, other: Self) -> bool {
        let turn = (self.pan_deg - other.pan_deg).rem_euclid(360.0);
        turn.min(360.0 - turn) <= STANDS_DEG
            && (self.tilt_deg - other.tilt_deg).abs() <= STANDS_DEG
            && (self.hfov_deg - other.hfov_deg).abs() <= STANDS_DEG
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Pose = Pose {
        pan_deg: 359.95,
        tilt_deg: -12.0,
        hfov_deg: 40.0,
    };

    /// A status each second from the second `from` on.
    fn statuses(dome: &mut EndlessMotion, start: Instant, seconds: std::ops::Range<u64>, moving: MoveState) {
        for second in seconds {
            let pan_deg = if second % 2 == 0 { HERE.pan_deg } else { 0.05 };
            let pose = Pose { pan_deg, ..HERE };
            dome.on_status(start + Duration::from_secs(second), Some(pose), moving);
        }
    }

    #[test]
    fn a_dome_that_says_it_moves_and_stands_is_told_after_half_a_minute() {
        let (mut dome, start) = (EndlessMotion::default(), Instant::now());
        statuses(&mut dome, start, 0..30, MoveState::Moving);
        assert!(!dome.is_on());
        statuses(&mut dome, start, 30..31, MoveState::Moving);
        assert!(dome.is_on());
        statuses(&mut dome, start, 31..32, MoveState::Idle);
        assert!(!dome.is_on(), "it said once that it stands");
    }

    #[test]
    fn a_dome_that_turns_that_was_sent_somewhere_or_that_was_not_heard_is_not_told() {
        let start = Instant::now();
        let (mut turns, mut ordered, mut silent) = Default::default();
        for second in 0..60 {
            let pose = Pose {
                pan_deg: second as f64,
                ..HERE
            };
            EndlessMotion::on_status(
                &mut turns,
                start + Duration::from_secs(second),
                Some(pose),
                MoveState::Moving,
            );
        }
        statuses(&mut ordered, start, 0..40, MoveState::Moving);
        ordered.on_order();
        statuses(&mut silent, start, 0..20, MoveState::Moving);
        statuses(&mut silent, start, 40..60, MoveState::Moving);
        assert!(!turns.is_on() && !ordered.is_on() && !silent.is_on());
    }
}
