//! A field of view that a dome tells of its picture (`PTZStatus/FieldOfView`: degrees, «practically usable … after image processing»,
//! ONVIF PTZ specification, GetStatus; common.xsd), beside the one that its zoom has in the plan's table.
//!
//! Counted on where the dome's calibration found that it tells one (`tells_view` of `DomeHabits`), each of the two with
//! the plan's `zoom_error_ln`. As long as they agree within both errors the told one is the picture's: digital zoom,
//! cropping and what lies between two rows of the table are in it. Where they do not, one of them is wrong and nobody
//! knows which: the whole picture is covered from the status that betrays it, and until no picture drawn can be of that time. While
//! the dome zooms the two may be of different moments: what the zoom changed within [`LATELY`] is allowed beside the errors,
//! and the table counts.
//!
//! Invariant: without `tells_view` nothing told counts, and nothing is doubted. Deliberately absent: reading it (`onvif`).

use crate::domain::camera::{LensModel, Pose};
use crate::domain::site::{CameraPlan, MotionBounds};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A position and a field of view of one status may be of moments this far apart.
const LATELY: Duration = Duration::from_secs(1);

/// Statuses remembered.
const MOST_STATUSES: usize = 64;

/// Whether a told horizontal field of view and the one of the table (degrees) agree within the errors of both.
pub fn agree(lens: &LensModel, motion: &MotionBounds, table_deg: f64, told_deg: f64) -> bool {
    apart_ln(lens, table_deg, told_deg) <= 2.0 * motion.zoom_error_ln
}

/// How far two fields of view (degrees) are apart, natural logarithm of magnification; infinite where one is no field of view.
fn apart_ln(lens: &LensModel, a_deg: f64, b_deg: f64) -> f64 {
    let sound = |deg: f64| deg > 0.0 && deg < 180.0;
    if sound(a_deg) && sound(b_deg) {
        (lens.magnification(a_deg) / lens.magnification(b_deg)).ln().abs()
    } else {
        f64::INFINITY
    }
}

/// What one dome tells of its field of view, and when that was last doubted.
#[derive(Debug, Clone, Default)]
pub struct ToldView {
    /// The fields of view of the last statuses by the table, degrees.
    lately: VecDeque<(Instant, f64)>,
    doubted: Option<Instant>,
}

impl ToldView {
    /// The pose of a status that came at `received`: `by_table`, or with the field of view it tells (degrees).
    pub fn on_status(&mut self, camera: &CameraPlan, received: Instant, by_table: Pose, told_deg: Option<f64>) -> Pose {
        let told = told_deg.filter(|_| camera.habits.tells_view);
        let (Some(lens), Some(told_deg)) = (&camera.lens, told) else {
            return by_table;
        };
        let old = |status: &(Instant, f64)| received.saturating_duration_since(status.0) > LATELY;
        while self.lately.len() >= MOST_STATUSES || self.lately.front().is_some_and(old) {
            self.lately.pop_front();
        }
        self.lately.push_back((received, by_table.hfov_deg));
        if agree(lens, &camera.motion, by_table.hfov_deg, told_deg) {
            return Pose {
                hfov_deg: told_deg,
                ..by_table
            };
        }
        let changed = self
            .lately
            .iter()
            .map(|(_, before)| apart_ln(lens, by_table.hfov_deg, *before));
        let allowed = changed.fold(0.0, f64::max) + 2.0 * camera.motion.zoom_error_ln;
        if apart_ln(lens, by_table.hfov_deg, told_deg) > allowed {
            self.doubted = self.doubted.max(Some(received));
        }
        by_table
    }

    /// Whether a picture drawn at `now` may be of a time at which the two disagreed.
    pub fn is_doubtful(&self, motion: &MotionBounds, now: Instant) -> bool {
        let lasts =
            Duration::try_from_secs_f64(motion.video_delay_s + motion.pose_lost_after_s).unwrap_or(Duration::MAX);
        self.doubted
            .is_some_and(|doubted| now.saturating_duration_since(doubted) <= lasts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::test_dome::{dome_plan, lens, tight};

    fn camera(tells_view: bool) -> CameraPlan {
        let mut camera = dome_plan(tight(), lens(), Vec::new());
        camera.habits.tells_view = tells_view;
        camera
    }

    const BY_TABLE: Pose = Pose {
        pan_deg: 10.0,
        tilt_deg: -5.0,
        hfov_deg: 30.0,
    };

    #[test]
    fn r_prv_1_a_view_that_agrees_with_the_table_is_the_pictures() {
        let now = Instant::now();
        let mut view = ToldView::default();
        let told = lens().hfov_of(lens().magnification(30.0) * 1.015);
        assert_eq!(view.on_status(&camera(true), now, BY_TABLE, Some(told)).hfov_deg, told);
        assert_eq!(view.on_status(&camera(true), now, BY_TABLE, None), BY_TABLE);
        assert!(!view.is_doubtful(&tight(), now));
    }

    #[test]
    fn r_prv_1_a_view_that_disagrees_is_doubted_until_no_picture_can_be_of_that_time() {
        let now = Instant::now();
        for told in [15.0, 32.0, 0.0, -4.0, 180.0, f64::NAN, f64::INFINITY] {
            let mut view = ToldView::default();
            assert_eq!(view.on_status(&camera(true), now, BY_TABLE, Some(told)), BY_TABLE);
            let after = |seconds| now + Duration::from_secs_f64(seconds);
            view.on_status(&camera(true), after(0.1), BY_TABLE, Some(30.0));
            assert!(view.is_doubtful(&tight(), after(0.1)), "{told}");
            let lasts = tight().video_delay_s + tight().pose_lost_after_s;
            assert!(view.is_doubtful(&tight(), after(lasts)) && !view.is_doubtful(&tight(), after(lasts + 0.1)));
        }
    }

    #[test]
    fn r_prv_1_while_it_zooms_the_table_counts_and_a_view_of_a_moment_ago_is_no_disagreement() {
        let now = Instant::now();
        let mut view = ToldView::default();
        let at = |ms| now + Duration::from_millis(ms);
        let pose = |hfov_deg| Pose { hfov_deg, ..BY_TABLE };
        view.on_status(&camera(true), at(0), pose(40.0), Some(40.0));
        assert_eq!(
            view.on_status(&camera(true), at(100), pose(30.0), Some(38.0)),
            pose(30.0)
        );
        view.on_status(&camera(true), at(200), pose(30.0), Some(36.0));
        assert!(!view.is_doubtful(&tight(), at(200)));
        // It stands at this zoom by now.
        view.on_status(&camera(true), at(1_150), pose(30.0), Some(36.0));
        assert!(view.is_doubtful(&tight(), at(1_150)));
    }

    #[test]
    fn what_a_dome_tells_that_was_not_found_to_tell_it_counts_for_nothing() {
        let mut view = ToldView::default();
        assert_eq!(
            view.on_status(&camera(false), Instant::now(), BY_TABLE, Some(15.0)),
            BY_TABLE
        );
        assert!(!view.is_doubtful(&tight(), Instant::now()));
    }
}
