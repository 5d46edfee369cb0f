//! What is known of a dome's pose in a recording: from the positions recorded with the video.
//!
//! A recorded position was true at some moment no farther from its time than `status_delay_s`. Between two of them each
//! axis moves no faster than its highest speed, so a frame's pose lies where both can be reached from.
//!
//! Invariant: a frame without a position near it is covered whole. Deliberately absent: orders; nobody knows now who moved
//! the dome then, so it may have moved at full speed at any moment.

use super::axes::{axes_of, common, hfov_of, nearest_turn};
use super::{Interval, PoseInterval, PoseKnowledge, WholeReason};
use crate::domain::camera::Pose;
use crate::domain::site::MotionBounds;

/// A pan or tilt interval wider than this on each side of its middle says nothing. Degrees.
const WIDEST_DEG: f64 = 90.0;
/// Recorders stamp frames and positions by clocks that differ by this much, seconds.
const CLOCKS_S: f64 = 0.1;

/// The positions of a stretch of recording.
#[derive(Debug, Clone)]
pub struct RecordedPoses {
    /// In time order, Unix milliseconds.
    poses: Vec<(i64, Pose)>,
    motion: MotionBounds,
}

impl RecordedPoses {
    /// Puts them in order.
    pub fn new(mut poses: Vec<(i64, Pose)>, motion: MotionBounds) -> Self {
        poses.sort_by_key(|(at_ms, _)| *at_ms);
        Self { poses, motion }
    }

    /// Every pose the dome may have had when the frame of this moment was taken.
    pub fn knowledge(&self, at_ms: i64) -> PoseKnowledge {
        let unknown = PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
        let next = self.poses.partition_point(|(time, _)| *time < at_ms);
        let before = next.checked_sub(1).and_then(|i| self.poses.get(i));
        let mut bounds: Option<[Interval; 3]> = None;
        let mut pan = None;
        for (time, pose) in before.into_iter().chain(self.poses.get(next)) {
            let seconds = at_ms.abs_diff(*time) as f64 / 1000.0;
            let Some(mut axes) = axes_of(*pose).filter(|_| seconds <= self.motion.pose_lost_after_s) else {
                continue;
            };
            axes[0] = nearest_turn(axes[0], *pan.get_or_insert(axes[0]));
            let Some(shared) = common(bounds, self.reach(axes, seconds)) else {
                return PoseKnowledge::Unknown(WholeReason::TooUncertain);
            };
            bounds = Some(shared);
        }
        let Some([pan, tilt, zoom]) = bounds else {
            return unknown;
        };
        if pan.half_width() > WIDEST_DEG || tilt.half_width() > WIDEST_DEG {
            return PoseKnowledge::Unknown(WholeReason::TooUncertain);
        }
        PoseKnowledge::Within(PoseInterval {
            pan,
            tilt,
            hfov: Interval {
                lo: hfov_of(zoom.hi),
                hi: hfov_of(zoom.lo),
            },
        })
    }

    fn reach(&self, axes: [f64; 3], seconds: f64) -> [Interval; 3] {
        let motion = &self.motion;
        let speed = [motion.pan_speed_deg_s, motion.tilt_speed_deg_s, motion.zoom_speed_ln_s];
        let error = [motion.pose_error_deg, motion.pose_error_deg, motion.zoom_error_ln];
        let seconds = seconds + motion.status_delay_s + CLOCKS_S;
        std::array::from_fn(|axis| {
            let way = error[axis] + speed[axis] * seconds;
            Interval {
                lo: axes[axis] - way,
                hi: axes[axis] + way,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::trial::{Dome, lens, tight};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

        #[test]
        fn r_prv_1_the_pose_of_every_recorded_frame_lies_in_what_is_known(seed in any::<u64>(), every in 5usize..60) {
            let motion = tight();
            let mut dome = Dome::new(seed, motion.clone(), &lens());
            let mut recorded = Vec::new();
            for i in 0..900 {
                if i % 37 == 0 {
                    let order = dome.some_order();
                    dome.order(order);
                }
                dome.tick();
                if i % every == 0 {
                    // Stamped with the time it is written; it is a little older, and not exact.
                    if let (_, _, Some(pose), _) = dome.status(true) {
                        recorded.push(((dome.now_s() * 1000.0) as i64, pose));
                    }
                }
            }
            let poses = RecordedPoses::new(recorded, motion);
            for i in 0..180 {
                let at = f64::from(i) * 0.05;
                if let PoseKnowledge::Within(known) = poses.knowledge((at * 1000.0) as i64) {
                    let truly = dome.pose(at);
                    let pan = nearest_turn(truly.pan_deg, known.pan.middle());
                    let near = |interval: Interval, v: f64| interval.lo - 1e-6 <= v && v <= interval.hi + 1e-6;
                    prop_assert!(near(known.pan, pan), "{known:?} {truly:?}");
                    prop_assert!(near(known.tilt, truly.tilt_deg) && near(known.hfov, truly.hfov_deg));
                }
            }
        }
    }

    #[test]
    fn r_prv_1_far_from_every_position_the_frame_is_covered_whole() {
        let pose = Pose {
            pan_deg: 10.0,
            tilt_deg: -10.0,
            hfov_deg: 50.0,
        };
        let poses = RecordedPoses::new(vec![(10_000, pose), (10_200, pose)], tight());
        assert!(matches!(poses.knowledge(10_100), PoseKnowledge::Within(_)));
        let unknown = PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
        assert_eq!(poses.knowledge(14_000), unknown);
        assert_eq!(poses.knowledge(0), unknown);
        assert_eq!(RecordedPoses::new(Vec::new(), tight()).knowledge(0), unknown);
    }
}
