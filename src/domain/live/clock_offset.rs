//! Clocks: how far a camera's is from ours, and readings of our own that stay comparable while it is put right.
//!
//! Invariant: a time that is counted on from a reading ([`ClockReading::unix_ms_at`]) follows the monotonic clock alone, so
//! that NTP, a hand or a battery that is empty changes nothing of it.
//! Deliberately absent: reading clocks; judging a picture's age (`freshness`), whether ours can be right (`wrong_clock`).

use std::time::Instant;

/// A reading of this machine's clock: what it said, and at which moment of the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// Unix milliseconds.
    pub unix_ms: i64,
    pub at: Instant,
}

impl ClockReading {
    /// The time at a moment as this reading counts on, Unix milliseconds, however the clock was set since.
    pub fn unix_ms_at(&self, at: Instant) -> f64 {
        let since = at.saturating_duration_since(self.at).as_secs_f64();
        let before = self.at.saturating_duration_since(at).as_secs_f64();
        self.unix_ms as f64 + (since - before) * 1_000.0
    }

    /// By how much the clock was put forward between this reading and a later one, milliseconds; negative: back.
    pub fn put_forward_ms(&self, later: &ClockReading) -> f64 {
        later.unix_ms as f64 - self.unix_ms_at(later.at)
    }
}

/// A camera's clock minus ours, as it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset {
    pub camera_minus_ours_s: i64,
    /// Our clock when it was asked.
    pub read: ClockReading,
}

impl ClockOffset {
    /// The difference to our clock as it counts on from another reading, seconds: what our clock was put forward in between
    /// is no longer between the two.
    pub fn from(&self, reading: &ClockReading) -> f64 {
        self.camera_minus_ours_s as f64 - self.read.put_forward_ms(reading) / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn r_liv_2_a_time_counted_on_from_a_reading_does_not_follow_a_clock_that_is_set() {
        let at = Instant::now();
        let read = ClockReading { unix_ms: 1_000, at };
        let later = at + Duration::from_secs(10);
        assert!((read.unix_ms_at(later) - 11_000.0).abs() < 1e-6);
        for set in [-3_600_000, 0, 787_000_000_000] {
            let after = ClockReading {
                unix_ms: 11_000 + set,
                at: later,
            };
            assert!((read.put_forward_ms(&after) - set as f64).abs() < 1e-6);
        }
    }

    #[test]
    fn r_liv_2_a_cameras_clock_that_was_asked_before_ours_was_set_is_known_after_it() {
        let at = Instant::now();
        let read = ClockReading { unix_ms: 0, at };
        let asked = ClockOffset {
            camera_minus_ours_s: 3_600,
            read,
        };
        let right = ClockReading {
            unix_ms: 3_600_000 + 5_000,
            at: at + Duration::from_secs(5),
        };
        assert!(asked.from(&right).abs() < 1e-6, "{}", asked.from(&right));
        assert!((asked.from(&read) - 3_600.0).abs() < 1e-6);
    }
}
