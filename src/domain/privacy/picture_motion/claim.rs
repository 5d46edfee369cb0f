//! A claim: pan and tilt of the dome when one picture was taken, by its chain.
//!
//! Invariant: what [`Claim::narrow`] gives is a subset of the envelope, and the envelope itself where the two contradict each
//! other. Deliberately absent: the zoom (the envelope's interval stays), how a claim comes about (`chain`).

use crate::domain::privacy::axes::nearest_turn;
use crate::domain::privacy::{Interval, PoseInterval};
use std::time::Instant;

/// Pan and tilt of one picture by its chain, degrees; a fact about that picture whatever comes after it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claim {
    /// When the picture left the decoder.
    pub arrived: Instant,
    pub pan: Interval,
    pub tilt: Interval,
}

impl Claim {
    /// The part of an envelope of the same picture that the claim leaves; the envelope itself when it leaves none.
    pub fn narrow(&self, envelope: PoseInterval) -> PoseInterval {
        shared(&envelope, &[self.pan, self.tilt]).unwrap_or(envelope)
    }
}

/// The part of an envelope that pan and tilt leave; `None` when they contradict each other.
pub(super) fn shared(envelope: &PoseInterval, [pan, tilt]: &[Interval; 2]) -> Option<PoseInterval> {
    let shift = nearest_turn(pan.middle(), envelope.pan.middle()) - pan.middle();
    let pan = Interval {
        lo: pan.lo + shift,
        hi: pan.hi + shift,
    };
    let pan = if pan.half_width() + envelope.pan.half_width() < 180.0 {
        cut(envelope.pan, pan)?
    } else {
        // They could meet on both sides of the circle.
        envelope.pan
    };
    Some(PoseInterval {
        pan,
        tilt: cut(envelope.tilt, *tilt)?,
        hfov: envelope.hfov,
    })
}

/// What two intervals have in common; `None` when that is nothing.
pub(super) fn cut(a: Interval, b: Interval) -> Option<Interval> {
    let both = Interval {
        lo: a.lo.max(b.lo),
        hi: a.hi.min(b.hi),
    };
    (both.lo <= both.hi).then_some(both)
}
