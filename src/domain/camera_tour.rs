//! A camera tour: one tile goes through cameras by itself, each for the same time; so does a dome's patrol through its presets.
//!
//! Invariant: no step comes before its time, and after a pause of any length there is one step, not the missed ones.
//! Deliberately absent: opening the views, calling the presets; each step is one like any other, and recorded as one.

use crate::domain::camera::CameraId;
use std::time::{Duration, Instant};

/// The times a camera can stay, in the order in which they are offered.
pub const DWELLS: [Duration; 4] = [
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(30),
];

/// A tour of one tile through cameras.
pub type CameraTour = Tour<CameraId>;

/// A tour that is going on through places of one kind: cameras on a tile, presets of a dome (its patrol).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tour<T> {
    places: Vec<T>,
    at: usize,
    dwell: Duration,
    next: Instant,
}

impl<T: Clone> Tour<T> {
    /// Begins with the first place, where the tour is from `now`. `None` when there are not two to change between.
    pub fn begin(places: Vec<T>, dwell: Duration, now: Instant) -> Option<Tour<T>> {
        (places.len() > 1).then(|| Tour {
            places,
            at: 0,
            dwell,
            next: now + dwell,
        })
    }

    /// How long the tour stays at each place.
    pub fn dwell(&self) -> Duration {
        self.dwell
    }

    /// The place where the tour is.
    pub fn place(&self) -> Option<&T> {
        self.places.get(self.at)
    }

    /// The place that the tour comes to at `now`, when it is time for one.
    pub fn step(&mut self, now: Instant) -> Option<T> {
        if now < self.next {
            return None;
        }
        self.next = now + self.dwell;
        self.at = (self.at + 1) % self.places.len();
        self.place().cloned()
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
