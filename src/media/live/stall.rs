//! When a stream that says it plays is in truth dead.
//!
//! Invariant: a stream from which nothing comes for the times below ends as a failure, whatever the connection says.
//! Deliberately absent: clocks (time is an argument), the threads that ask.

use super::stats::Counts;
use crate::domain::live::stream_selection::Attention;
use crate::media::error::{LiveError, LiveErrorKind};
use std::time::{Duration, Instant};

/// From opening to the first packet.
pub(crate) const FIRST_PACKET: Duration = Duration::from_secs(10);
/// Between two coded pictures once frames have come.
pub(crate) const NEXT_PICTURE: Duration = Duration::from_secs(5);
/// Between two decoded frames: longer than the longest distance of key frames in use (10 s).
pub(crate) const NEXT_FRAME: Duration = Duration::from_secs(15);

/// Watches the counters of one stream.
#[derive(Debug)]
pub(crate) struct Stall {
    last: Counts,
    packet: Instant,
    unit: Instant,
    frame: Instant,
}

impl Stall {
    /// The stream was opened `now`.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            last: Counts::default(),
            packet: now,
            unit: now,
            frame: now,
        }
    }

    /// Takes the counters at `now`; says why the stream is dead, if it is. From a stream that gets no attention no frame
    /// is expected, only that its coded pictures go on.
    pub(crate) fn check(&mut self, now: Instant, counts: Counts, attention: Attention) -> Option<LiveError> {
        if counts.packets != self.last.packets {
            self.packet = now;
        }
        if counts.units != self.last.units {
            self.unit = now;
        }
        if counts.decoded != self.last.decoded || attention == Attention::Nothing {
            self.frame = now;
        }
        self.last = counts;
        let quiet = |since: Instant, limit: Duration| now.duration_since(since) > limit;
        if counts.packets == 0 {
            return quiet(self.packet, FIRST_PACKET)
                .then(|| LiveError::new(LiveErrorKind::Timeout, "no RTP packet came after opening"));
        }
        if counts.decoded > 0 && quiet(self.unit, NEXT_PICTURE) {
            return Some(LiveError::new(LiveErrorKind::Frozen, "no coded picture for 5 s"));
        }
        quiet(self.frame, NEXT_FRAME)
            .then(|| LiveError::new(LiveErrorKind::Frozen, "packets come but no picture for 15 s"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(packets: u64, units: u64, decoded: u64) -> Counts {
        Counts {
            packets,
            units,
            decoded,
            ..Counts::default()
        }
    }

    #[test]
    fn silence_from_the_start_is_a_timeout() {
        let start = Instant::now();
        let mut stall = Stall::new(start);
        assert_eq!(
            stall.check(start + FIRST_PACKET, counts(0, 0, 0), Attention::Whole),
            None
        );
        let error = stall
            .check(
                start + FIRST_PACKET + Duration::from_millis(1),
                counts(0, 0, 0),
                Attention::Whole,
            )
            .unwrap();
        assert_eq!(error.kind, LiveErrorKind::Timeout);
    }

    #[test]
    fn a_stream_that_freezes_is_broken_after_five_seconds_and_not_before() {
        let start = Instant::now();
        let mut stall = Stall::new(start);
        assert_eq!(stall.check(start, counts(10, 5, 5), Attention::Whole), None);
        assert_eq!(
            stall.check(start + Duration::from_secs(5), counts(10, 5, 5), Attention::Whole),
            None
        );
        let error = stall
            .check(start + Duration::from_millis(5_001), counts(10, 5, 5), Attention::Whole)
            .unwrap();
        assert_eq!(error.kind, LiveErrorKind::Frozen);
    }

    #[test]
    fn a_stream_that_nobody_looks_at_may_rest_as_long_as_its_pictures_come() {
        let start = Instant::now();
        let mut stall = Stall::new(start);
        let at = |s| start + Duration::from_secs(s);
        for s in 0..60 {
            assert_eq!(stall.check(at(s), counts(s + 1, s + 1, 5), Attention::Nothing), None);
        }
        assert_eq!(stall.check(at(64), counts(60, 60, 5), Attention::Nothing), None);
        assert!(stall.check(at(66), counts(60, 60, 5), Attention::Nothing).is_some());
    }

    #[test]
    fn packets_without_pictures_are_broken_in_the_end() {
        let start = Instant::now();
        let mut stall = Stall::new(start);
        let verdicts: Vec<_> = (0..20)
            .map(|s| stall.check(start + Duration::from_secs(s), counts(s + 1, 0, 0), Attention::Whole))
            .collect();
        assert!(verdicts[..=15].iter().all(Option::is_none));
        assert_eq!(verdicts[16].as_ref().unwrap().kind, LiveErrorKind::Frozen);
    }
}
