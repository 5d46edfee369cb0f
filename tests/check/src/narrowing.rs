//! How often the picture narrowed what was known of a dome's pose, and by how much, for the leak report.
//!
//! Invariant: the pose is that of the officers' program ([`TrackedPose`]); this only looks on. Every picture counts once, where
//! the tracker alone knew something of it. Deliberately absent: a way to officers' screens.

use serde::Serialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use vedetta::domain::camera::{CameraId, Pose};
use vedetta::domain::privacy::{PoseInterval, PoseKnowledge};
use vedetta::domain::site::CameraPlan;
use vedetta::station::{Beside, PoseSource, TrackedPose};

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Narrowing {
    /// Pictures of domes of which the tracker knew something.
    pub pictures: u64,
    /// Pictures of those that said more.
    pub narrowed: u64,
    /// Of pictures that said more, the mean width of pan before and after, degrees.
    pub narrowed_from_deg: f64,
    pub narrowed_to_deg: f64,
}

#[derive(Debug, Default)]
struct Sums {
    newest: HashMap<CameraId, Instant>,
    pictures: u64,
    narrowed: u64,
    before_deg: f64,
    after_deg: f64,
}

/// The pose of the officers' program, counted.
#[derive(Debug, Clone, Default)]
pub struct CountedPose(Arc<Mutex<Sums>>);

impl CountedPose {
    /// What was counted so far.
    pub fn so_far(&self) -> Narrowing {
        let sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = sums.narrowed.max(1) as f64;
        Narrowing {
            pictures: sums.pictures,
            narrowed: sums.narrowed,
            narrowed_from_deg: sums.before_deg / count,
            narrowed_to_deg: sums.after_deg / count,
        }
    }

    fn count(&self, camera: &CameraId, arrived: Instant, [before, after]: [PoseInterval; 2]) {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Drawn again, or by another view of the same picture.
        if sums.newest.get(camera).is_some_and(|newest| *newest >= arrived) {
            return;
        }
        sums.newest.insert(camera.clone(), arrived);
        sums.pictures += 1;
        if before != after {
            sums.narrowed += 1;
            sums.before_deg += 2.0 * before.pan.half_width();
            sums.after_deg += 2.0 * after.pan.half_width();
        }
    }
}

impl PoseSource for CountedPose {
    fn pose(&self, camera: &CameraPlan, tracked: PoseKnowledge, beside: &Beside) -> PoseKnowledge {
        let known = TrackedPose.pose(camera, tracked, beside);
        if let (PoseKnowledge::Within(before), PoseKnowledge::Within(after), Some(arrived)) =
            (tracked, known, beside.arrived)
        {
            self.count(&camera.id, arrived, [before, after]);
        }
        known
    }

    fn recorded_pose(&self, camera: &CameraPlan, known: PoseKnowledge, nearest: Option<Pose>) -> PoseKnowledge {
        TrackedPose.recorded_pose(camera, known, nearest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;
    use std::time::Duration;
    use vedetta::domain::privacy::Interval;
    use vedetta::domain::privacy::picture_motion::Claim;

    #[test]
    fn every_picture_counts_once_and_what_it_said_is_what_the_officers_program_makes_of_it() {
        let camera = &fake::plan(1, 1).cameras[0];
        let about = |half: f64| Interval { lo: -half, hi: half };
        let tracked = PoseKnowledge::Within(PoseInterval {
            pan: about(4.0),
            tilt: about(1.0),
            hfov: Interval { lo: 40.0, hi: 40.0 },
        });
        let (counted, begin) = (CountedPose::default(), Instant::now());
        for (ms, half) in [(0, None), (40, Some(1.0)), (40, Some(1.0)), (80, Some(9.0))] {
            let arrived = begin + Duration::from_millis(ms);
            let claim = half.map(|half| Claim {
                arrived,
                pan: about(half),
                tilt: about(2.0),
            });
            let beside = Beside {
                arrived: Some(arrived),
                claim,
                ..Beside::default()
            };
            let known = counted.pose(camera, tracked, &beside);
            assert_eq!(known, TrackedPose.pose(camera, tracked, &beside));
        }
        let expected = Narrowing {
            pictures: 3,
            narrowed: 1,
            narrowed_from_deg: 8.0,
            narrowed_to_deg: 2.0,
        };
        assert_eq!(counted.so_far(), expected);
    }
}
