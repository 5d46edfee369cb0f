//! What boxes of poses have in common, and the seam for the picture as a witness.
//!
//! A witness that looks at the pictures themselves is handed every pose that is possible for a picture and says which of them
//! remain. [`PoseKnowledge::narrowed`] holds what may come of that: a part of the possible poses, or all of them. So a wrong
//! witness uncovers what lies outside its box and inside the envelope, and nothing beyond the envelope; where nothing is known
//! it is not asked.
//!
//! Invariant: nothing here is wider than what it was made of. Deliberately absent: looking at pictures, and the checks by which a
//! witness decides to say something.

use super::axes::nearest_turn;
use super::{Interval, PoseInterval, PoseKnowledge};

impl PoseKnowledge {
    /// What a witness leaves of the possible poses; all of them when it leaves none, or names others.
    pub fn narrowed(self, witness: impl FnOnce(PoseInterval) -> PoseInterval) -> Self {
        match self {
            Self::Within(possible) => both(&possible, &witness(possible)).map_or(self, Self::Within),
            Self::Unknown(_) => self,
        }
    }
}

/// What two boxes have in common; `None` when that is nothing.
fn both(a: &PoseInterval, b: &PoseInterval) -> Option<PoseInterval> {
    let turned = nearest_turn(b.pan.middle(), a.pan.middle()) - b.pan.middle();
    let pan = Interval {
        lo: b.pan.lo + turned,
        hi: b.pan.hi + turned,
    };
    let common = |a: Interval, b: Interval| {
        let both = Interval {
            lo: a.lo.max(b.lo),
            hi: a.hi.min(b.hi),
        };
        (both.lo <= both.hi).then_some(both)
    };
    // Two wide pans may meet on both sides of the circle: then the narrower stays as it is.
    let pan = if a.pan.half_width() + pan.half_width() >= 180.0 {
        Some(if a.pan.half_width() <= pan.half_width() {
            a.pan
        } else {
            pan
        })
    } else {
        common(a.pan, pan)
    };
    Some(PoseInterval {
        pan: pan?,
        tilt: common(a.tilt, b.tilt)?,
        hfov: common(a.hfov, b.hfov)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::WholeReason;
    use proptest::prelude::*;

    fn interval(middle: f64, half: f64) -> Interval {
        Interval {
            lo: middle - half,
            hi: middle + half,
        }
    }

    fn poses(pan: f64, half: f64) -> PoseInterval {
        PoseInterval {
            pan: interval(pan, half),
            tilt: interval(-10.0, half.min(20.0)),
            hfov: interval(50.0, 1.0),
        }
    }

    fn inside(inner: Interval, outer: Interval) -> bool {
        outer.lo <= inner.lo && inner.hi <= outer.hi && inner.lo <= inner.hi
    }

    proptest! {
        #[test]
        fn r_prv_1_a_witness_narrows_and_never_widens_whatever_it_says(
            pan in -400.0f64..400.0, half in 0.0f64..90.0, says in -800.0f64..800.0, wide in prop_oneof![0.0f64..5.0, 0.0f64..200.0],
        ) {
            let possible = poses(pan, half);
            let PoseKnowledge::Within(left) = PoseKnowledge::Within(possible).narrowed(|_| poses(says, wide)) else {
                unreachable!("what was known is known")
            };
            prop_assert!(inside(left.pan, possible.pan) && inside(left.tilt, possible.tilt), "{left:?} of {possible:?}");
            // Nor does it lose a pose that both name.
            let turned = nearest_turn(says, pan);
            if (turned - pan).abs() <= half && half + wide < 180.0 {
                prop_assert!(left.pan.contains(turned), "{turned} in {left:?}");
            }
        }
    }

    #[test]
    fn r_prv_1_where_nothing_is_known_a_witness_is_not_asked() {
        let unknown = PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
        assert_eq!(unknown.narrowed(|_| unreachable!("asked")), unknown);
        let nowhere = PoseInterval {
            pan: Interval { lo: 1.0, hi: f64::NAN },
            ..poses(0.0, 1.0)
        };
        let known = PoseKnowledge::Within(poses(0.0, 1.0));
        assert_eq!(known.narrowed(|_| nowhere), known);
    }
}
