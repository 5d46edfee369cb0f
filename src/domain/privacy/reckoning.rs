//! Where a dome may be by its orders alone: the box it stood in, and every target it was sent to since.
//!
//! Proof. A dome obeys an absolute move by turning each axis from where it is to the target, without going back on its way
//! and without passing the target by more than the position's error (assumption; a dome that overshoots has its overshoot
//! added to `pose_error_deg`). So as long as nothing but targets was ordered it stays in the hull of the box it stood in and
//! of all targets, whichever of them it obeys, in whatever order, and whenever. Velocities ordered since then are added by
//! the caller, as the integral of the `Drive` part of the [envelope](super::speed_envelope): a drive that begins inside the
//! hull ends no farther from it than it drove, and an absolute move afterwards only comes back towards the hull. So a move
//! of a few degrees makes an uncertainty of a few degrees, and a step of zoom one of the zooms between.
//!
//! The *direction* follows too: an axis whose whole box lies on one side of the target only moves towards it. That is used
//! for the first target after a rest, or one that was ordered when no earlier order can still be under way: of two orders
//! on their way the earlier may be obeyed last, and turn the dome back.
//!
//! Invariant: a pan whose way round is not known (beyond 150°, or over the seam of ±180°) is left open on both sides.
//! Deliberately absent: speeds, time.

use super::axes::{crosses_seam, nearest_turn};
use super::speed_envelope::{Axes3, Envelope};

/// A pan that has farther to go than this may go either way round. Degrees.
const EITHER_WAY_DEG: f64 = 150.0;

/// The dome stood in a box; since then it was sent to targets and driven.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reckoning {
    /// Valid for moments from here on, seconds.
    pub stood_since: f64,
    /// Velocities count from here on, seconds.
    pub driven_since: f64,
    pub low: Axes3,
    pub high: Axes3,
    /// No velocity was ordered since the dome stood.
    pub only_targets: bool,
}

impl Reckoning {
    /// With one target more, known to `error`.
    pub fn and_to(self, goal: Axes3, error: Axes3) -> Self {
        let goal = self.turned(goal);
        let mut low: Axes3 = std::array::from_fn(|axis| self.low[axis].min(goal[axis] - error[axis]));
        let mut high: Axes3 = std::array::from_fn(|axis| self.high[axis].max(goal[axis] + error[axis]));
        if either_way(low[0], high[0]) {
            (low[0], high[0]) = (low[0] - 360.0, high[0] + 360.0);
        }
        Self { low, high, ..self }
    }

    /// The ways the axes may turn to reach a target from the box, at speeds within `full`.
    pub fn ways_to(&self, goal: Axes3, error: Axes3, full: Envelope) -> Envelope {
        let goal = self.turned(goal);
        let mut ways = full;
        for axis in 0..3 {
            let (least, most) = (goal[axis] - error[axis], goal[axis] + error[axis]);
            if axis == 0 && either_way(self.low[0].min(least), self.high[0].max(most)) {
                continue;
            }
            if least >= self.high[axis] {
                ways.low[axis] = 0.0;
            } else if most <= self.low[axis] {
                ways.high[axis] = 0.0;
            }
        }
        ways
    }

    fn turned(&self, goal: Axes3) -> Axes3 {
        [
            nearest_turn(goal[0], f64::midpoint(self.low[0], self.high[0])),
            goal[1],
            goal[2],
        ]
    }
}

/// Whether a pan between these (degrees) may go either way round.
pub(super) fn either_way(low: f64, high: f64) -> bool {
    high - low > EITHER_WAY_DEG || crosses_seam(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: [f64; 3] = [100.0, 80.0, 1.0];

    fn standing(pan: f64) -> Reckoning {
        Reckoning {
            stood_since: 0.0,
            driven_since: 0.0,
            low: [pan - 0.3, -20.3, 0.49],
            high: [pan + 0.3, -19.7, 0.51],
            only_targets: true,
        }
    }

    #[test]
    fn r_prv_1_a_step_of_zoom_opens_the_zooms_between_and_no_direction() {
        let box_of = standing(10.0).and_to([10.0, -20.0, 1.2], [0.3, 0.3, 0.01]);
        assert!((box_of.low[0] - 9.7).abs() < 1e-9 && (box_of.high[0] - 10.3).abs() < 1e-9);
        assert!((box_of.low[2] - 0.49).abs() < 1e-9 && (box_of.high[2] - 1.21).abs() < 1e-9);
        let ways = standing(10.0).ways_to([10.0, -20.0, 1.2], [0.3, 0.3, 0.01], Envelope::both_ways(FULL));
        assert_eq!((ways.low[2], ways.high[2]), (0.0, 1.0));
    }

    #[test]
    fn a_target_on_one_side_is_gone_to_on_that_side_alone() {
        let ways = standing(10.0).ways_to([2.0, -20.0, 0.5], [0.3, 0.3, 0.01], Envelope::both_ways(FULL));
        assert_eq!((ways.low[0], ways.high[0]), (-100.0, 0.0));
        // A target inside the box may be on either side.
        assert_eq!((ways.low[1], ways.high[1]), (-80.0, 80.0));
    }

    #[test]
    fn r_prv_1_where_the_way_round_is_not_known_both_are_open() {
        for (from, goal) in [(10.0, 175.0), (170.0, -170.0)] {
            let full = Envelope::both_ways(FULL);
            let ways = standing(from).ways_to([goal, -20.0, 0.5], [0.3; 3], full);
            assert_eq!((ways.low[0], ways.high[0]), (-100.0, 100.0), "{from} to {goal}");
            let box_of = standing(from).and_to([goal, -20.0, 0.5], [0.3; 3]);
            assert!(box_of.high[0] - box_of.low[0] > 720.0, "{from} to {goal}");
        }
    }
}
