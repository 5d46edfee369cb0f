//! Figures of a stream, counted where the data passes and summed up once a second.
//!
//! Invariant: counting is a few atomic additions per frame and never waits. Deliberately absent: reading clocks;
//! the time is an argument.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Counters that the streaming threads add to.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    packets: AtomicU64,
    units: AtomicU64,
    bytes: AtomicU64,
    decoded: AtomicU64,
}

impl Meter {
    /// Something came in from the network.
    pub(crate) fn packet(&self) {
        self.packets.fetch_add(1, Ordering::Relaxed);
    }

    /// A coded access unit of `bytes` came out of the parser.
    pub(crate) fn unit(&self, bytes: usize) {
        self.units.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// A frame left the decoder.
    pub(crate) fn frame(&self) {
        self.decoded.fetch_add(1, Ordering::Relaxed);
    }

    /// The counters now, with those that others keep: pictures from the network, packets through the jitter buffer and
    /// lost on the way.
    pub(crate) fn count(&self, arrived: u64, (passed, lost): (u64, u64)) -> Counts {
        Counts {
            arrived,
            passed,
            lost,
            packets: self.packets.load(Ordering::Relaxed),
            units: self.units.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            decoded: self.decoded.load(Ordering::Relaxed),
        }
    }
}

/// Counters at one moment, since the start of the stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) arrived: u64,
    pub(crate) passed: u64,
    pub(crate) lost: u64,
    pub(crate) packets: u64,
    pub(crate) units: u64,
    pub(crate) bytes: u64,
    pub(crate) decoded: u64,
}

/// Rates over the last two seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Rates {
    pub(crate) received_fps: f64,
    pub(crate) decoded_fps: f64,
    pub(crate) bitrate_kbit_s: f64,
    /// Share of the packets that were lost, 0..1.
    pub(crate) loss: f64,
}

/// How far back rates look.
const WINDOW: Duration = Duration::from_secs(2);

/// Turns counters into rates over a sliding window.
#[derive(Debug, Default)]
pub(crate) struct Rater(VecDeque<(Instant, Counts)>);

impl Rater {
    /// Adds the counters at `now` and returns the rates since the start of the window.
    pub(crate) fn at(&mut self, now: Instant, counts: Counts) -> Rates {
        while self.0.len() > 1 && self.0.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            self.0.pop_front();
        }
        let rates = self.0.front().map_or_else(Rates::default, |(at, before)| {
            let seconds = now.duration_since(*at).as_secs_f64();
            let per_second = |new: u64, old: u64| {
                if seconds > 0.0 {
                    new.saturating_sub(old) as f64 / seconds
                } else {
                    0.0
                }
            };
            let (passed, lost) = (
                per_second(counts.passed, before.passed),
                per_second(counts.lost, before.lost),
            );
            Rates {
                loss: if lost > 0.0 { lost / (passed + lost) } else { 0.0 },
                received_fps: per_second(counts.arrived, before.arrived),
                decoded_fps: per_second(counts.decoded, before.decoded),
                bitrate_kbit_s: per_second(counts.bytes, before.bytes) * 8.0 / 1000.0,
            }
        });
        self.0.push_back((now, counts));
        rates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_the_window_and_fall_to_zero_when_nothing_comes() {
        let start = Instant::now();
        let meter = Meter::default();
        let mut rater = Rater::default();
        let mut last = Rates::default();
        for i in 0..=40u64 {
            if i > 0 {
                (0..5).for_each(|_| meter.unit(1_000));
                (0..3).for_each(|_| meter.frame());
            }
            last = rater.at(start + Duration::from_millis(200 * i), meter.count(i * 5, (i * 9, i)));
        }
        assert!((last.loss - 0.1).abs() < 0.001, "{last:?}");
        assert!((last.received_fps - 25.0).abs() < 0.01, "{last:?}");
        assert!((last.decoded_fps - 15.0).abs() < 0.01, "{last:?}");
        assert!((last.bitrate_kbit_s - 200.0).abs() < 0.1, "{last:?}");
        for i in 41..=52u64 {
            last = rater.at(start + Duration::from_millis(200 * i), meter.count(200, (360, 40)));
        }
        assert_eq!(last, Rates::default());
    }
}
