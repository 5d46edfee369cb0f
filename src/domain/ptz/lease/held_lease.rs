//! A lease as its holder knows it: what a command is checked against before it is sent.
//!
//! Invariant: it ends before the lease behind it does, however long the answer took and although the two clocks do not run
//! at the same speed; under another fence it is another lease. Deliberately absent: asking the server (the station).

use std::time::{Duration, Instant};

/// Share of the time that is not counted on: clocks may differ by one part in a hundred, each way.
const MARGIN: u32 = 50;

/// A lease that was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    fence: u64,
    until: Instant,
}

impl Claim {
    /// Granted under `fence` for `remaining`, by an answer to what was asked at `asked`, by this machine's clock.
    pub fn new(fence: u64, asked: Instant, remaining: Duration) -> Self {
        // A time no clock can hold is over at once.
        let until = asked.checked_add(remaining - remaining / MARGIN).unwrap_or(asked);
        Self { fence, until }
    }

    /// The number under which it was granted.
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// Takes in the answer to a renewal; what belongs to another fence changes nothing. An answer that was overtaken by a
    /// later one never makes it shorter.
    pub fn renew(&mut self, renewed: Claim) {
        if renewed.fence == self.fence {
            self.until = self.until.max(renewed.until);
        }
    }

    /// Whether a command may be sent under it.
    pub fn admits(&self, now: Instant) -> bool {
        now < self.until
    }

    /// Whether a lease began since: under it, or under this one again, nothing is sent any more.
    pub fn is_before(&self, fence: u64) -> bool {
        self.fence < fence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_ptz_3_a_claim_counts_from_the_question_and_ends_early() {
        let asked = Instant::now();
        let mut claim = Claim::new(4, asked, Duration::from_secs(10));
        assert!(claim.admits(asked + Duration::from_millis(9_799)));
        assert!(!claim.admits(asked + Duration::from_millis(9_800)));
        let later = asked + Duration::from_secs(5);
        claim.renew(Claim::new(5, later, Duration::from_secs(10)));
        assert!(
            !claim.admits(later + Duration::from_secs(6)),
            "another lease renews nothing"
        );
        claim.renew(Claim::new(4, later, Duration::from_secs(10)));
        claim.renew(Claim::new(4, asked, Duration::from_secs(10)));
        assert!(claim.admits(later + Duration::from_secs(9)));
        assert!(claim.is_before(5) && !claim.is_before(4));
    }
}
