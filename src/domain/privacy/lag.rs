//! How much later than usual something arrived that a camera sent by itself, with its own time on it.
//!
//! A status that was asked for is no older than the question. One that comes unasked may have waited anywhere; its camera's
//! clock may be years off, but how far it is off does not change from one to the next: what arrived later than the quickest
//! of the last minute, by that clock, waited on its way.
//!
//! Invariant: nothing is said before enough has come to know how quick the way can be; a clock that was set back makes
//! everything late until the minute is over, never early. Deliberately absent: how long the quickest took. Of all that come
//! in [`SETTLED`] one must come as quickly as the plan's `status_delay_s` says.

use std::time::{Duration, Instant};

/// How long the quickest counts; the memory is kept in two halves.
const HALF: Duration = Duration::from_secs(30);
/// Before so many have come over so long, nothing is known.
const ENOUGH: u32 = 20;
const SETTLED: Duration = Duration::from_secs(10);

/// Watches one stream of a camera.
#[derive(Debug, Clone, Default)]
pub struct Lag {
    /// What the first arrival and its time were: everything is counted from there.
    base: Option<(Instant, i64)>,
    /// Since when the present half counts, and the smallest lead of it and of the half before, milliseconds.
    half_since: Option<Instant>,
    present: Option<i64>,
    before: Option<i64>,
    arrivals: u32,
}

impl Lag {
    /// Takes an arrival: when it came, and its camera's time on it, Unix milliseconds. `None`: not known yet.
    pub fn on_arrival(&mut self, at: Instant, sent_ms: i64) -> Option<Duration> {
        let (first, first_ms) = *self.base.get_or_insert((at, sent_ms));
        let passed = milliseconds(first, at);
        // Arrival by our clock minus sending by theirs: the way it took, and a number that never changes.
        let lead = passed.saturating_sub(sent_ms.saturating_sub(first_ms));
        let since = *self.half_since.get_or_insert(at);
        if at.saturating_duration_since(since) > HALF {
            (self.half_since, self.before, self.present) = (Some(at), self.present, None);
        }
        self.present = Some(self.present.map_or(lead, |least| least.min(lead)));
        self.arrivals = self.arrivals.saturating_add(1);
        let quickest = self.present.into_iter().chain(self.before).min()?;
        let known = self.arrivals >= ENOUGH && at.saturating_duration_since(first) >= SETTLED;
        let lag = u64::try_from(lead.saturating_sub(quickest)).unwrap_or(0);
        known.then(|| Duration::from_millis(lag))
    }
}

/// From one moment to another, negative when it lies before.
fn milliseconds(from: Instant, to: Instant) -> i64 {
    let whole = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    match to.checked_duration_since(from) {
        Some(later) => whole(later),
        None => -whole(from.saturating_duration_since(to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Ten a second with these delays (milliseconds), from a camera whose clock is off by `skew_ms`.
    fn run(delays: &[u64], skew_ms: i64) -> Vec<Option<u64>> {
        let (mut lag, begin) = (Lag::default(), Instant::now());
        let arrival = |(i, delay): (usize, &u64)| {
            let sent = i as u64 * 100;
            let at = begin + Duration::from_millis(sent + delay);
            lag.on_arrival(at, sent as i64 + skew_ms)
                .map(|lag| lag.as_millis() as u64)
        };
        delays.iter().enumerate().map(arrival).collect()
    }

    #[test]
    fn what_waited_is_late_by_as_much_and_before_enough_came_nothing_is_known() {
        let mut delays = vec![40; 160];
        (delays[130], delays[145]) = (440, 40 + 90);
        let lags = run(&delays, -15_552_000_000);
        assert!(lags[..100].iter().all(Option::is_none));
        assert_eq!(
            (lags[129], lags[130], lags[145], lags[159]),
            (Some(0), Some(400), Some(90), Some(0))
        );
    }

    #[test]
    fn a_clock_that_is_set_back_makes_late_and_one_set_forward_is_followed() {
        let begin = Instant::now();
        let after = |step_ms: i64, i: u64| {
            let mut lag = Lag::default();
            let mut last = None;
            for n in 0..=i {
                let sent = n * 100;
                let step = if n >= 130 { step_ms } else { 0 };
                last = lag.on_arrival(begin + Duration::from_millis(sent), sent as i64 + step);
            }
            last.map(|lag| lag.as_millis())
        };
        assert_eq!((after(-5_000, 131), after(5_000, 131)), (Some(5_000), Some(0)));
        assert_eq!(
            after(-5_000, 131 + 650),
            Some(0),
            "after a minute the new clock is the usual one"
        );
    }

    proptest! {
        #[test]
        fn nothing_seems_earlier_than_it_was(
            delays in proptest::collection::vec(20u64..900, 130..250), skew_ms in -1_000_000_000_000i64..1_000_000_000_000,
        ) {
            let quickest = |i: usize| delays[i.saturating_sub(250)..=i].iter().min().copied().unwrap_or_default();
            for (i, lag) in run(&delays, skew_ms).into_iter().enumerate() {
                if let Some(lag) = lag {
                    prop_assert!(lag + quickest(i) >= delays[i], "{lag} of {} at {i}", delays[i]);
                }
            }
        }
    }
}
