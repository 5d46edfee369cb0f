//! How many of a stream's pictures were really drawn.
//!
//! Invariant: a picture that is drawn again counts once. Deliberately absent: drawing.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How far back the rate looks.
const WINDOW: Duration = Duration::from_secs(2);

/// Counts the pictures of one view.
#[derive(Debug, Default)]
pub struct Drawn {
    latest: AtomicU64,
    count: AtomicU64,
    past: Mutex<VecDeque<(Instant, u64)>>,
}

impl Drawn {
    /// The picture with this number is drawn.
    pub fn picture(&self, number: u64) {
        if self.latest.swap(number, Ordering::Relaxed) != number {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Pictures drawn so far.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Remembers how many there are at `now`; call it about twice a second.
    pub fn measure(&self, now: Instant) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.push_back((now, self.count()));
        while past
            .get(1)
            .is_some_and(|(at, _)| now.saturating_duration_since(*at) >= WINDOW)
        {
            past.pop_front();
        }
    }

    /// Pictures drawn per second over the last two seconds.
    pub fn per_second(&self) -> f64 {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some((from, before)), Some((to, after))) = (past.front(), past.back()) else {
            return 0.0;
        };
        let seconds = to.saturating_duration_since(*from).as_secs_f64();
        if seconds > 0.0 {
            after.saturating_sub(*before) as f64 / seconds
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_drawn_twice_counts_once_and_the_rate_forgets() {
        let drawn = Drawn::default();
        let start = Instant::now();
        let mut number = 0;
        for half in 0..8u32 {
            drawn.measure(start + Duration::from_millis(500) * half);
            for _ in 0..6 {
                number += 1;
                drawn.picture(number);
                drawn.picture(number);
            }
        }
        assert_eq!(drawn.count(), 48);
        assert!((drawn.per_second() - 12.0).abs() < 0.01, "{}", drawn.per_second());
        for half in 8..14u32 {
            drawn.measure(start + Duration::from_millis(500) * half);
        }
        assert_eq!(drawn.per_second(), 0.0);
    }
}
