//! How far a dome's statuses can be believed, and the self-test that finds it out at calibration: the dome is sent
//! somewhere, and what it says on the way is compared with where it can be by its speeds.
//!
//! Invariant: a dome is called ordinary only on statuses that cannot all be about its target or its start; a self-test
//! that shows too little says so. Deliberately absent: moving the dome (`station::admin::dome_self_test`), and what the cover makes of
//! the habits (`privacy::pose_tracker`).

use super::MotionBounds;
use crate::domain::camera::{MoveState, Pose};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Habits of a dome that decide how its statuses are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct DomeHabits {
    /// What the position in a status is about.
    #[serde(skip_serializing_if = "ReportedPosition::is_untested")]
    pub reports: ReportedPosition,
    /// Its motors are said to move for ever: «MOVING» tells nothing, only positions do.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub never_idle: bool,
    /// Whether it tells the field of view of its picture (`PTZStatus/FieldOfView`), and that agreed with the plan's table.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tells_view: bool,
}

/// What the position in a dome's status is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportedPosition {
    /// Not tried yet: the statuses are read as those of a dome that tells another place under every order.
    #[default]
    Untested,
    /// Where the dome is.
    Present,
    /// Where it was ordered to go, from the order on. Statuses that agree with an order are no evidence of rest before
    /// the time that the move must take.
    Target,
    /// Where it last arrived: nothing changes until the move is over.
    Arrival,
}

impl ReportedPosition {
    /// Whether a status is known to say where the dome is, also while it moves.
    pub fn is_present(&self) -> bool {
        *self == Self::Present
    }

    /// Whether no self-test has said what the position is about.
    pub fn is_untested(&self) -> bool {
        *self == Self::Untested
    }
}

impl DomeHabits {
    /// Of a dome that a self-test found to be as the standard says (ONVIF PTZ 5.4.1): it tells where it is, and when it stands.
    pub const ORDINARY: Self = Self {
        reports: ReportedPosition::Present,
        never_idle: false,
        tells_view: false,
    };

    /// Whether nothing is known of them, as in a plan of before the self-test.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// A status as it came during a self-test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestStatus {
    /// When its answer was complete.
    pub received: Instant,
    pub pose: Option<Pose>,
    pub moving: MoveState,
    /// Whether the field of view that it tells agrees with the plan's table; `None`: it tells none.
    pub view_agrees: Option<bool>,
}

/// A move of a self-test: where the dome stood, where it was sent, what it said.
#[derive(Debug, Clone, PartialEq)]
pub struct TestMove {
    pub from: Pose,
    pub to: Pose,
    /// Just before the order left.
    pub sent: Instant,
    /// In the order they came.
    pub statuses: Vec<TestStatus>,
}

/// Why a self-test shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SelfTestError {
    #[error("the dome was sent too short a way to tell anything")]
    TooShort,
    #[error("the dome gave too few positions while it moved")]
    TooFew,
    #[error("the dome did not arrive where it was sent")]
    NotArrived,
}

/// A share of the way that is neither the start nor the target.
const ON_THE_WAY: std::ops::Range<f64> = 0.1..0.9;
/// Statuses with a position that a move needs, before one can say that none of them was about the way.
const FEWEST: usize = 4;
/// After its last change of position, a dome that still says «MOVING» for this long never says anything else.
pub const NEVER_IDLE_AFTER: Duration = Duration::from_secs(5);

impl TestMove {
    /// The shortest time in which the dome can get there by the bounds of its plan.
    pub fn shortest(&self, bounds: &MotionBounds) -> Duration {
        let seconds = (turn(self.from.pan_deg, self.to.pan_deg).abs() / bounds.pan_speed_deg_s)
            .max((self.to.tilt_deg - self.from.tilt_deg).abs() / bounds.tilt_speed_deg_s);
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }

    /// The habits that the move shows.
    ///
    /// # Errors
    /// [`SelfTestError`] when it shows none.
    pub fn habits(&self, bounds: &MotionBounds) -> Result<DomeHabits, SelfTestError> {
        let way = turn(self.from.pan_deg, self.to.pan_deg).hypot(self.to.tilt_deg - self.from.tilt_deg);
        // Ends are told apart by many times the error of a position.
        if !(way > (10.0 * bounds.pose_error_deg).max(2.0)) {
            return Err(SelfTestError::TooShort);
        }
        let seen: Vec<(Instant, f64)> = self
            .statuses
            .iter()
            .filter_map(|status| Some((status.received, self.share(status.pose?))))
            .filter(|(_, share)| share.is_finite())
            .collect();
        let Some(arrived) = seen.iter().position(|(_, share)| *share >= ON_THE_WAY.end) else {
            return Err(if seen.len() < FEWEST {
                SelfTestError::TooFew
            } else {
                SelfTestError::NotArrived
            });
        };
        let too_soon = seen[arrived].0.saturating_duration_since(self.sent).as_secs_f64()
            < self.shortest(bounds).as_secs_f64() * ON_THE_WAY.end;
        let on_the_way = seen.iter().any(|(_, share)| ON_THE_WAY.contains(share));
        let reports = if too_soon {
            ReportedPosition::Target
        } else if on_the_way {
            ReportedPosition::Present
        } else if arrived >= FEWEST {
            ReportedPosition::Arrival
        } else if self.says_target_while_moving(seen[arrived].0) {
            ReportedPosition::Target
        } else {
            return Err(SelfTestError::TooFew);
        };
        Ok(DomeHabits {
            reports,
            never_idle: self.never_idle(seen[arrived].0),
            tells_view: self.tells_view(),
        })
    }

    /// The share of the way to the target at which a pose lies: 0 at the start, 1 at the target.
    fn share(&self, pose: Pose) -> f64 {
        let way = [
            turn(self.from.pan_deg, self.to.pan_deg),
            self.to.tilt_deg - self.from.tilt_deg,
        ];
        let gone = [
            turn(self.from.pan_deg, pose.pan_deg),
            pose.tilt_deg - self.from.tilt_deg,
        ];
        (way[0] * gone[0] + way[1] * gone[1]) / (way[0] * way[0] + way[1] * way[1])
    }

    /// Whether the motors are said to run on after the target was first reported.
    fn says_target_while_moving(&self, reported: Instant) -> bool {
        let after = self.statuses.iter().filter(|status| status.received >= reported);
        after.filter(|status| status.moving == MoveState::Moving).count() >= FEWEST
    }

    /// Whether every status with a position told a field of view that agrees.
    fn tells_view(&self) -> bool {
        let mut placed = self.statuses.iter().filter(|status| status.pose.is_some());
        placed.clone().count() >= FEWEST && placed.all(|status| status.view_agrees == Some(true))
    }

    fn never_idle(&self, arrived: Instant) -> bool {
        let after = self.statuses.iter().filter(|status| status.received >= arrived);
        let mut last = None;
        for status in after {
            if status.moving != MoveState::Moving {
                return false;
            }
            last = Some(status.received);
        }
        last.is_some_and(|last| last.saturating_duration_since(arrived) >= NEVER_IDLE_AFTER)
    }
}

/// The short way from one azimuth to another, degrees, −180..180.
fn turn(from: f64, to: f64) -> f64 {
    (to - from + 180.0).rem_euclid(360.0) - 180.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60°/s, 40°/s.
    fn bounds() -> MotionBounds {
        MotionBounds {
            pan_speed_deg_s: 60.0,
            tilt_speed_deg_s: 40.0,
            ..MotionBounds::default()
        }
    }

    fn pose(pan_deg: f64) -> Pose {
        Pose {
            pan_deg,
            tilt_deg: -10.0,
            hfov_deg: 60.0,
        }
    }

    /// A dome sent from 170° over the seam to −160°, 30° away: half a second at its speed. It answers every 50 ms with what `says` makes of the
    /// milliseconds since the order.
    fn sent_over(milliseconds: u64, says: impl Fn(u64) -> (f64, MoveState)) -> Result<DomeHabits, SelfTestError> {
        let sent = Instant::now();
        let statuses = (1..=milliseconds / 50).map(|step| {
            let (share, moving) = says(step * 50);
            TestStatus {
                received: sent + Duration::from_millis(step * 50),
                pose: Some(pose(170.0 + share * 30.0 - if share > 0.34 { 360.0 } else { 0.0 })),
                moving,
                view_agrees: None,
            }
        });
        let statuses = statuses.collect();
        let (from, to) = (pose(170.0), pose(-160.0));
        TestMove {
            from,
            to,
            sent,
            statuses,
        }
        .habits(&bounds())
    }

    fn way(ms: u64, from: u64, lasts: u64) -> f64 {
        (ms.saturating_sub(from) as f64 / lasts as f64).min(1.0)
    }

    #[test]
    fn r_prv_1_an_honest_dome_with_delays_is_ordinary() {
        let honest = |ms| {
            let share = way(ms, 300, 900);
            let moving = if share > 0.0 && share < 1.0 {
                MoveState::Moving
            } else {
                MoveState::Idle
            };
            (share, moving)
        };
        assert_eq!(sent_over(2_000, honest), Ok(DomeHabits::ORDINARY));
        assert!(DomeHabits::default().is_unknown() && !DomeHabits::ORDINARY.is_unknown());
    }

    #[test]
    fn r_prv_1_a_field_of_view_counts_only_where_every_status_told_one_that_agrees() {
        let sent = Instant::now();
        let habits = |agrees: &dyn Fn(u64) -> Option<bool>| {
            let status = |step: u64| TestStatus {
                received: sent + Duration::from_millis(step * 100),
                pose: Some(pose(way(step * 100, 100, 900) * 30.0)),
                moving: MoveState::Moving,
                view_agrees: agrees(step),
            };
            let test = TestMove {
                from: pose(0.0),
                to: pose(30.0),
                sent,
                statuses: (1..=20).map(status).collect(),
            };
            test.habits(&bounds()).unwrap()
        };
        assert!(habits(&|_| Some(true)).tells_view && !habits(&|_| None).tells_view);
        assert!(!habits(&|step| Some(step != 7)).tells_view && !habits(&|step| (step != 7).then_some(true)).tells_view);
        assert!(
            !serde_json::to_string(&DomeHabits::default())
                .unwrap()
                .contains("tells_view")
        );
    }

    #[test]
    fn r_prv_1_a_dome_that_says_its_target_at_once_is_found() {
        let found = sent_over(4_000, |_| (1.0, MoveState::Idle)).unwrap();
        assert_eq!(found.reports, ReportedPosition::Target);
        let slow_to_answer = sent_over(4_000, |ms| (if ms < 200 { 0.0 } else { 1.0 }, MoveState::Moving)).unwrap();
        assert_eq!(slow_to_answer.reports, ReportedPosition::Target);
    }

    #[test]
    fn r_prv_1_a_dome_that_speaks_only_after_arrival_is_found() {
        let found = sent_over(4_000, |ms| (if ms < 1_500 { 0.0 } else { 1.0 }, MoveState::Idle)).unwrap();
        assert_eq!(found.reports, ReportedPosition::Arrival);
    }

    #[test]
    fn r_prv_1_motors_that_are_said_to_run_for_ever_are_found() {
        let found = sent_over(8_000, |ms| (way(ms, 100, 900), MoveState::Moving)).unwrap();
        assert_eq!(
            found,
            DomeHabits {
                reports: ReportedPosition::Present,
                never_idle: true,
                tells_view: false,
            }
        );
        let patient = sent_over(3_000, |ms| (way(ms, 100, 900), MoveState::Moving)).unwrap();
        assert!(!patient.never_idle, "not watched for long enough");
    }

    #[test]
    fn r_prv_1_a_self_test_that_shows_too_little_calls_no_dome_ordinary() {
        assert_eq!(
            sent_over(2_000, |_| (0.0, MoveState::Idle)),
            Err(SelfTestError::NotArrived)
        );
        assert_eq!(sent_over(100, |_| (0.0, MoveState::Idle)), Err(SelfTestError::TooFew));
        // Three positions before and none on the way: it may have been quick between two answers.
        let seldom = |ms| (if ms < 650 { f64::NAN } else { 1.0 }, MoveState::Idle);
        assert_eq!(sent_over(2_000, seldom), Err(SelfTestError::TooFew));
        let sent = Instant::now();
        let still = TestMove {
            from: pose(10.0),
            to: pose(11.0),
            sent,
            statuses: Vec::new(),
        };
        assert_eq!(still.habits(&bounds()), Err(SelfTestError::TooShort));
    }
}
