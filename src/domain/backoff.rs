//! When to try again: a state machine with time and chance as arguments.
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
        Self { first: Duration::from_millis(500), longest: Duration::from_secs(30), steady: Duration::from_secs(20) }
    }
}

/// Where one connection stands.
#[derive(Debug, Clone)]
pub struct Backoff {
    policy: BackoffPolicy,
    failures: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Connected { since: Instant },
    Waiting { until: Instant },
}

impl Backoff {
    /// The first try may be made at once.
    pub fn new(policy: BackoffPolicy) -> Self {
        Self { policy, failures: 0, state: State::Trying }
    }

    /// The connection stands.
    pub fn connected(&mut self, now: Instant) {
        self.state = State::Connected { since: now };
    }

    /// A try failed or the connection broke. `chance` is a random number 0..1. Returns when to try next.
    pub fn failed(&mut self, now: Instant, chance: f64) -> Instant {
        if let State::Connected { since } = self.state
            && now.saturating_duration_since(since) >= self.policy.steady
        {
            self.failures = 0;
        }
        let full = self.policy.first.saturating_mul(1 << self.failures.min(16)).min(self.policy.longest);
        self.failures = self.failures.saturating_add(1);
        let chance = if chance.is_nan() { 1.0 } else { chance.clamp(0.0, 1.0) };
        let until = now + full.mul_f64(0.5 + 0.5 * chance);
        self.state = State::Waiting { until };
        until
    }

    /// Somebody asked to try now.
    pub fn try_now(&mut self) {
        self.state = State::Trying;
    }

    /// Whether a try may be made; becomes «trying» when so.
    pub fn due(&mut self, now: Instant) -> bool {
        match self.state {
            State::Waiting { until } if now >= until => {
                self.state = State::Trying;
                true
            }
            State::Trying => true,
            State::Waiting { .. } | State::Connected { .. } => false,
        }
    }

    /// When the next try is due, while waiting.
    pub fn next_try(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } => Some(until),
            State::Trying | State::Connected { .. } => None,
        }
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}
