//! A camera tour: one tile goes through cameras by itself, each for the same time.
//!
//! Invariant: no step comes before its time, and after a pause of any length there is one step, not the missed ones.
//! Deliberately absent: opening the views; each step is a view like any other, and recorded as one.

use crate::domain::camera::CameraId;
use std::time::{Duration, Instant};

/// The times a camera can stay, in the order in which they are offered.
pub const DWELLS: [Duration; 4] = [
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(30),
];

/// A tour that is going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraTour {
    cameras: Vec<CameraId>,
    at: usize,
    dwell: Duration,
    next: Instant,
}

impl CameraTour {
    /// Begins with the first camera, which is on the tile from `now`. `None` when there are not two to change between.
    pub fn begin(cameras: Vec<CameraId>, dwell: Duration, now: Instant) -> Option<CameraTour> {
        (cameras.len() > 1).then(|| CameraTour {
            cameras,
            at: 0,
            dwell,
            next: now + dwell,
        })
    }

    /// How long each camera stays.
    pub fn dwell(&self) -> Duration {
        self.dwell
    }

    /// The camera that is on the tile.
    pub fn camera(&self) -> Option<&CameraId> {
        self.cameras.get(self.at)
    }

    /// The camera that comes on the tile at `now`, when it is time for one.
    pub fn step(&mut self, now: Instant) -> Option<CameraId> {
        if now < self.next {
            return None;
        }
        self.next = now + self.dwell;
        self.at = (self.at + 1) % self.cameras.len();
        self.camera().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cameras(count: usize) -> Vec<CameraId> {
        (0..count).map(|n| format!("cam-{n}").parse().unwrap()).collect()
    }

    #[test]
    fn one_camera_is_no_tour() {
        assert_eq!(CameraTour::begin(cameras(1), DWELLS[0], Instant::now()), None);
    }

    proptest! {
        #[test]
        fn every_camera_comes_in_turn_and_stays_its_time(count in 2usize..8, waits in prop::collection::vec(0u64..40_000, 1..60)) {
            let (start, dwell) = (Instant::now(), DWELLS[1]);
            let mut tour = CameraTour::begin(cameras(count), dwell, start).unwrap();
            let (mut now, mut since, mut at) = (start, start, 0);
            for wait in waits {
                now += Duration::from_millis(wait);
                match tour.step(now) {
                    Some(camera) => {
                        prop_assert!(now - since >= dwell);
                        at = (at + 1) % count;
                        prop_assert_eq!(camera, cameras(count)[at].clone());
                        since = now;
                    }
                    None => prop_assert!(now - since < dwell),
                }
            }
        }
    }
}
