//! How much one caller may ask: a bucket of tokens per caller, so that one who floods takes nothing from the others.
//!
//! Used for requests (per workstation) and for wrong passwords (per address). Time is an argument, ms of any clock that
//! does not go back. Invariant: a caller who waits is served again; what is remembered is bounded.
//! Deliberately absent: who a caller is.

use std::collections::HashMap;
use std::hash::Hash;

/// Callers remembered at most; then those who have a full bucket are forgotten, and if that is not enough, all.
const REMEMBERED: usize = 4096;

/// How large a bucket is and how it fills.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowance {
    /// Tokens of a full bucket.
    pub burst: f64,
    pub per_second: f64,
}

/// The buckets of all callers.
#[derive(Debug)]
pub struct Flood<K> {
    allowance: Allowance,
    buckets: HashMap<K, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at_ms: i64,
}

impl<K: Hash + Eq> Flood<K> {
    /// Nobody has asked for anything.
    pub fn new(allowance: Allowance) -> Self {
        Self {
            allowance,
            buckets: HashMap::new(),
        }
    }

    /// Takes a token from the caller's bucket.
    ///
    /// # Errors
    /// The wait until there will be one, whole seconds, at least 1.
    pub fn take(&mut self, caller: K, now_ms: i64) -> Result<(), u64> {
        let wait = self.wait_s(&caller, now_ms);
        if wait > 0 {
            return Err(wait);
        }
        let tokens = self.tokens(&caller, now_ms) - 1.0;
        if self.buckets.len() >= REMEMBERED {
            let allowance = self.allowance;
            self.buckets
                .retain(|_, bucket| bucket.tokens(allowance, now_ms) < allowance.burst);
            if self.buckets.len() >= REMEMBERED {
                self.buckets.clear();
            }
        }
        self.buckets.insert(caller, Bucket { tokens, at_ms: now_ms });
        Ok(())
    }

    /// Seconds until the caller has a token; 0: now.
    pub fn wait_s(&self, caller: &K, now_ms: i64) -> u64 {
        let lacking = 1.0 - self.tokens(caller, now_ms);
        if lacking <= 0.0 {
            return 0;
        }
        (lacking / self.allowance.per_second).ceil().max(1.0) as u64
    }

    fn tokens(&self, caller: &K, now_ms: i64) -> f64 {
        let bucket = self.buckets.get(caller);
        bucket.map_or(self.allowance.burst, |bucket| bucket.tokens(self.allowance, now_ms))
    }
}

impl Bucket {
    fn tokens(&self, allowance: Allowance, now_ms: i64) -> f64 {
        let seconds = now_ms.saturating_sub(self.at_ms).max(0) as f64 / 1000.0;
        (self.tokens + seconds * allowance.per_second).min(allowance.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWANCE: Allowance = Allowance {
        burst: 3.0,
        per_second: 0.5,
    };

    #[test]
    fn one_who_floods_waits_and_the_others_do_not() {
        let mut flood = Flood::new(ALLOWANCE);
        for _ in 0..3 {
            assert_eq!(flood.take("a", 0), Ok(()));
        }
        assert_eq!(flood.take("a", 0), Err(2));
        assert_eq!(flood.take("b", 0), Ok(()));
        assert_eq!(flood.take("a", 1_999), Err(1));
        assert_eq!(flood.take("a", 2_000), Ok(()));
        assert_eq!(flood.take("a", 1_000), Err(2), "a clock that went back gives nothing");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut flood = Flood::new(ALLOWANCE);
        for caller in 0..20_000u32 {
            assert_eq!(flood.take(caller, i64::from(caller) * 10), Ok(()));
        }
        assert!(flood.buckets.len() <= REMEMBERED, "{}", flood.buckets.len());
    }
}
