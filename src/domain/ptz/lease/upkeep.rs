//! When the workstation of a holder renews a lease, and when it lets go of it.
//!
//! A lease that runs out between a velocity and the Stop after it leaves the dome to the camera's own timeout, because nothing is sent
//! without a lease. So it is renewed for as long as the dome is kept, whether a gesture is going on or not: a row of gestures,
//! each too short for a renewal, is one use of it.
//!
//! Invariant: from taking a lease until letting go of it a renewal is due every [`RENEW`]. Deliberately absent: asking the server,
//! timers, bringing the dome to rest (the station).

use std::time::{Duration, Instant};

/// Between two renewals.
pub const RENEW: Duration = Duration::from_secs(2);
/// How long a dome stays a person's after their last gesture.
pub const IDLE: Duration = Duration::from_secs(8);

/// An act that falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Renewal,
    LettingGo,
}

/// A lease while it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Upkeep {
    /// When the server was last asked for it.
    asked: Instant,
    /// Since when no gesture has been going on; `None`: one is.
    unused: Option<Instant>,
}

impl Upkeep {
    /// Taken at `now`; `used`: a gesture is going on.
    pub fn new(now: Instant, used: bool) -> Self {
        Self {
            asked: now,
            unused: (!used).then_some(now),
        }
    }

    /// A gesture began or ended; `used`: one is going on now.
    pub fn on_use(&mut self, now: Instant, used: bool) {
        self.unused = (!used).then_some(now);
    }

    /// The server is asked for a renewal now.
    pub fn on_renewal(&mut self, now: Instant) {
        self.asked = now;
    }

    /// The next act and when it is due, if no gesture begins or ends meanwhile.
    pub fn next(&self) -> (Instant, Due) {
        let renewal = self.asked + RENEW;
        match self.unused.map(|since| since + IDLE) {
            Some(over) if over <= renewal => (over, Due::LettingGo),
            Some(_) | None => (renewal, Due::Renewal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::held_lease::Claim;
    use super::*;
    use proptest::prelude::*;

    /// A lease on the server lasts this long.
    const LEASE: Duration = Duration::from_secs(12);

    /// Begins and ends gestures after these pauses, milliseconds, and does what falls due meanwhile. Whether the claim admitted a
    /// command all the time; when the dome was let go of, since the last gesture ended.
    fn kept(pauses: &[u64]) -> (bool, Duration) {
        let mut now = Instant::now();
        let (mut upkeep, mut claim) = (Upkeep::new(now, true), Claim::new(1, now, LEASE));
        let mut admitted = true;
        for (i, pause) in pauses.iter().enumerate() {
            let until = now + Duration::from_millis(*pause);
            while let (at, Due::Renewal) = upkeep.next()
                && at <= until
            {
                admitted &= claim.admits(at);
                claim.renew(Claim::new(1, at, LEASE));
                upkeep.on_renewal(at);
            }
            now = until;
            admitted &= claim.admits(now);
            upkeep.on_use(now, i % 2 == 1);
        }
        upkeep.on_use(now, false);
        loop {
            match upkeep.next() {
                (at, Due::Renewal) => upkeep.on_renewal(at),
                (at, Due::LettingGo) => return (admitted, at - now),
            }
        }
    }

    #[test]
    fn r_ptz_3_a_row_of_short_taps_does_not_outlast_the_lease() {
        let taps: Vec<u64> = (0..40).flat_map(|_| [200, 1_300]).collect();
        assert_eq!(kept(&taps), (true, IDLE));
    }

    proptest! {
        #[test]
        fn r_ptz_3_a_lease_that_is_kept_admits_every_command_and_ends_after_the_last_gesture(
            pauses in prop::collection::vec(prop_oneof![0u64..2_000, 0u64..7_900], 0..60),
        ) {
            prop_assert_eq!(kept(&pauses), (true, IDLE));
        }
    }
}
