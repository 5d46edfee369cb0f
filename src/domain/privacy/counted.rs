//! What of a dome is counted on: the bounds of its plan, or what was measured of it.
//!
//! Invariant: measured numbers are never wider than those of the plan; what makes a status worth less (a dome that reports its
//! target, one that says «moving» for ever) counts in both. Deliberately absent: doubt (`dome_pose`).

use super::axes::speed_share;
use super::told_target::TargetReport;
use crate::domain::site::{Axis, CameraPlan, MotionBounds, Orientation};

/// Speeds of the table are exceeded by no more than this share, and by [`SPEED_ROUNDING`] of the highest speed.
const TABLE_MARGIN: f64 = 1.05;
/// Share of the highest speed by which rounding may make a velocity faster than the table says.
const SPEED_ROUNDING: f64 = 0.002;

/// What of a dome's ways is counted on, beside its bounds.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    /// The pose of a status is at least this old when the camera answers, seconds.
    pub status_youngest_s: f64,
    /// Highest age of that pose, seconds; `None`: not measured.
    pub status_oldest_s: Option<f64>,
    /// Orders are obeyed; one may overtake another by this much, seconds.
    pub obeyed_apart_s: Option<f64>,
    /// Speeds are those of the table.
    by_table: bool,
    /// «Moving» says nothing.
    pub never_idle: bool,
    pub target_report: Option<TargetReport>,
    /// The sign of a velocity does not say which way the dome turns.
    pub signs_unknown: bool,
}

impl Counted {
    /// By the plan.
    pub fn planned(camera: &CameraPlan) -> Self {
        Self {
            never_idle: camera.habits.never_idle,
            target_report: TargetReport::of(camera),
            signs_unknown: camera.orientation.as_ref().is_some_and(Orientation::turns_commands),
            ..Self::default()
        }
    }

    /// By what was measured, and the bounds that follow. `None` when nothing was, or when somebody may move the dome of whom
    /// nobody hears.
    pub fn measured(camera: &CameraPlan) -> Option<(MotionBounds, Self)> {
        let planned = &camera.motion;
        let delays = planned.delays.as_ref().filter(|_| !planned.unannounced_movers)?;
        let [status_youngest_s, status_oldest_s] = delays.status_age_s;
        let [picture_youngest_s, picture_oldest_s] = delays.picture_age_s;
        let [soonest_s, latest_s] = delays.command_s;
        let video_delay_s = picture_oldest_s.min(planned.video_delay_s);
        let motion = MotionBounds {
            video_delay_s,
            video_delay_min_s: picture_youngest_s.max(planned.video_delay_min_s).min(video_delay_s),
            command_delay_s: (latest_s + delays.ramp_s).min(planned.command_delay_s),
            ..planned.clone()
        };
        let planned = Self::planned(camera);
        let counted = Self {
            // Of a dome that obeys, a Stop is over as measured.
            target_report: planned.target_report.map(|report| TargetReport {
                stands_s: if delays.obeys {
                    motion.command_delay_s
                } else {
                    report.stands_s
                },
                ..report
            }),
            status_youngest_s: status_youngest_s.min(motion.status_delay_s),
            status_oldest_s: Some(status_oldest_s),
            obeyed_apart_s: delays.obeys.then_some(latest_s - soonest_s),
            by_table: true,
            ..planned
        };
        Some((motion, counted))
    }

    /// When the pose of a status was taken that was asked for at `sent` and came at `received`: at the earliest, at the latest.
    /// Seconds, as the moments are.
    pub fn taken(&self, sent: f64, received: f64, motion: &MotionBounds) -> [f64; 2] {
        let oldest_s = self.status_oldest_s.unwrap_or(motion.status_delay_s);
        let earliest = sent - oldest_s.min(motion.status_delay_s);
        [earliest, (received - self.status_youngest_s).max(earliest)]
    }

    /// The highest speed of an axis (0 pan, 1 tilt, 2 zoom) under a velocity.
    pub fn fastest(&self, motion: &MotionBounds, axis: usize, velocity: f64) -> f64 {
        let full = [motion.pan_speed_deg_s, motion.tilt_speed_deg_s, motion.zoom_speed_ln_s][axis];
        let by_share = speed_share(motion, velocity) * full;
        let of_table = |axis: Axis| motion.speeds.at_most(axis, velocity);
        let measured = Axis::ALL
            .get(axis)
            .copied()
            .filter(|_| self.by_table)
            .and_then(of_table);
        measured.map_or(by_share, |most| (most * TABLE_MARGIN + SPEED_ROUNDING * full).min(full))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
    use crate::domain::site::{DomeDelays, ReportedPosition, SpeedRow, SpeedTable};

    fn camera(motion: MotionBounds) -> CameraPlan {
        dome_plan(motion, lens(), Vec::new())
    }

    #[test]
    fn r_prv_1_the_sign_of_a_velocity_counts_only_while_the_picture_lies_upright() {
        let mut dome = camera(tight());
        assert!(!Counted::planned(&dome).signs_unknown);
        for turned in [
            Orientation {
                mirror: Some(true),
                ..Orientation::default()
            },
            Orientation {
                reverse: Some("ON".into()),
                ..Orientation::default()
            },
        ] {
            dome.orientation = Some(turned);
            assert!(Counted::planned(&dome).signs_unknown);
        }
    }

    fn delays() -> DomeDelays {
        DomeDelays {
            status_age_s: [0.05, 0.4],
            picture_age_s: [0.1, 0.3],
            command_s: [0.05, 0.2],
            ramp_s: 0.3,
            obeys: true,
            target_move: None,
            capture_error_s: None,
        }
    }

    #[test]
    fn what_was_measured_never_widens_what_the_plan_bounds() {
        let planned = MotionBounds {
            delays: Some(delays()),
            ..tight()
        };
        let (motion, counted) = Counted::measured(&camera(planned.clone())).unwrap();
        assert_eq!((motion.status_delay_s, motion.command_delay_s), (0.15, 0.3));
        // Asked at 1.0 and here at 1.02: no older than planned or measured when it was asked for.
        let near = |[a, b]: [f64; 2], [c, d]: [f64; 2]| assert!((a - c).abs() + (b - d).abs() < 1e-9, "{a} {b}");
        near(counted.taken(1.0, 1.02, &motion), [0.85, 0.97]);
        let fresh = Counted {
            status_oldest_s: Some(0.05),
            ..counted.clone()
        };
        near(fresh.taken(1.0, 1.02, &motion), [0.95, 0.97]);
        near(
            Counted::planned(&camera(planned.clone())).taken(1.0, 1.02, &planned),
            [0.85, 1.02],
        );
        assert_eq!((motion.video_delay_min_s, motion.video_delay_s), (0.2, 0.3));
        assert_eq!(
            (counted.status_youngest_s, counted.obeyed_apart_s),
            (0.05, Some(0.2 - 0.05))
        );
        let unheard = MotionBounds {
            unannounced_movers: true,
            ..planned.clone()
        };
        assert!(Counted::measured(&camera(unheard)).is_none() && Counted::measured(&camera(tight())).is_none());
    }

    #[test]
    fn r_prv_1_a_stop_of_a_dome_that_says_nothing_meanwhile_is_over_as_measured_where_it_obeys() {
        let stands = |obeys: bool| {
            let mut dome = camera(MotionBounds {
                delays: Some(DomeDelays { obeys, ..delays() }),
                command_delay_s: 0.7,
                ..tight()
            });
            dome.habits.reports = ReportedPosition::Arrival;
            let (_, measured) = Counted::measured(&dome).unwrap();
            let planned = Counted::planned(&dome).target_report.unwrap();
            [measured.target_report.unwrap().stands_s, planned.stands_s]
        };
        // By the plan as long as a move begins, of which nothing was measured: 4 s.
        assert_eq!(stands(true), [0.5, 4.0]);
        assert_eq!(stands(false), [4.0, 4.0]);
    }

    #[test]
    fn r_prv_1_a_velocity_is_as_fast_as_this_dome_is_under_it_and_a_little() {
        let row = |velocity, speed| SpeedRow {
            velocity,
            speed,
            spread: 1.0,
        };
        let planned = MotionBounds {
            delays: Some(delays()),
            speeds: SpeedTable {
                pan: vec![row(0.5, 9.0)],
                ..SpeedTable::default()
            },
            ..tight()
        };
        let (motion, measured) = Counted::measured(&camera(planned.clone())).unwrap();
        assert!((measured.fastest(&motion, 0, -0.4) - (10.0 * 1.05 + 0.12)).abs() < 1e-9);
        // Beyond the table, on an axis that was not measured, and by the plan: the share of the highest speed.
        let is = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
        is(measured.fastest(&motion, 0, 0.9), 0.92 * 60.0);
        is(measured.fastest(&motion, 1, 0.4), 0.42 * 40.0);
        is(
            Counted::planned(&camera(planned.clone())).fastest(&planned, 0, 0.4),
            0.42 * 60.0,
        );
    }
}
