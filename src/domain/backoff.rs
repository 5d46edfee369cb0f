//! Exponential backoff of a connection: when to try again, with time and chance as arguments.
//!
//! Invariant: the pause never exceeds the longest pause, and a connection that breaks at once is not tried at once.
//! Deliberately absent: timers and random numbers.

use std::time::{Duration, Instant};

/// Shortest and longest pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffPolicy {
    /// Pause before the first retry.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// A connection that lasted this long starts again from `first`.
    pub steady: Duration,
}

impl Default for BackoffPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            steady: Duration::from_secs(20),
        }
    }
}

impl BackoffPolicy {
    /// The pause after so many failures before this one: doubled for each, half of it left to `chance` (0..1).
    pub fn pause(&self, failures: u32, chance: f64) -> Duration {
        let full = self.first.saturating_mul(1 << failures.min(16)).min(self.longest);
        let chance = if chance.is_nan() { 1.0 } else { chance.clamp(0.0, 1.0) };
        full.mul_f64(0.5 + 0.5 * chance)
    }
}

/// Failures of one connection in a row.
#[derive(Debug, Clone)]
pub struct Backoff {
    policy: BackoffPolicy,
    failures: u32,
    connected: Option<Instant>,
}

impl Backoff {
    /// A connection that has not failed yet.
    pub fn new(policy: BackoffPolicy) -> Self {
        Self {
            policy,
            failures: 0,
            connected: None,
        }
    }

    /// Notes that the connection stands at `now`; it has lasted since the first time this was noted after a failure.
    pub fn connected(&mut self, now: Instant) {
        self.connected.get_or_insert(now);
    }

    /// Notes that a try failed or that the connection broke, and returns when to try next. `chance` is a random number
    /// 0..1.
    pub fn failed(&mut self, now: Instant, chance: f64) -> Instant {
        let lasted = self.connected.take().map(|since| now.saturating_duration_since(since));
        if lasted.is_some_and(|lasted| lasted >= self.policy.steady) {
            self.failures = 0;
        }
        let until = now + self.policy.pause(self.failures, chance);
        self.failures = self.failures.saturating_add(1);
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_chance_takes_at_most_half() {
        let policy = BackoffPolicy::default();
        let now = Instant::now();
        let mut backoff = Backoff::new(policy);
        let pauses: Vec<u128> = (0..9).map(|_| (backoff.failed(now, 1.0) - now).as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(backoff.failed(now, 0.0) - now, Duration::from_secs(15));
        assert_eq!(backoff.failures, 10);
    }

    #[test]
    fn a_connection_that_breaks_at_once_does_not_start_again_from_the_shortest_pause() {
        let now = Instant::now();
        let mut backoff = Backoff::new(BackoffPolicy::default());
        for _ in 0..4 {
            backoff.failed(now, 1.0);
        }
        backoff.connected(now);
        assert_eq!(
            backoff.failed(now + Duration::from_secs(1), 1.0) - now,
            Duration::from_secs(9)
        );
        backoff.connected(now);
        let later = now + Duration::from_secs(20);
        assert_eq!(backoff.failed(later, 1.0) - later, Duration::from_millis(500));
    }

    proptest! {
        #[test]
        fn no_pause_is_longer_than_the_longest_or_shorter_than_half_the_first(
            chances in proptest::collection::vec(prop_oneof![0.0f64..1.0, Just(f64::NAN), Just(7.0)], 1..60),
        ) {
            let policy = BackoffPolicy::default();
            let now = Instant::now();
            let mut backoff = Backoff::new(policy);
            for chance in chances {
                let pause = backoff.failed(now, chance) - now;
                prop_assert!(pause <= policy.longest && pause >= policy.first / 2);
            }
        }
    }
}
