//! When a stream that says it plays is in truth dead.
//!
//! Invariant: a stream from which nothing comes for the times below ends as a failure, whatever the connection says.
//! Deliberately absent: clocks (time is an argument), the threads that ask.

use super::stats::Counts;
use crate::domain::live::stream_selection::Attention;
use crate::media::error::{LiveError, LiveErrorKind};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// From opening to the first packet.
pub(crate) const FIRST_PACKET: Duration = Duration::from_secs(10);
/// Between two coded pictures once frames have come, of a stream whose pictures come often.
pub(crate) const NEXT_PICTURE: Duration = Duration::from_secs(5);
/// Between two coded pictures of one that has sent too few to know how often they come.
const FIRST_PICTURES: Duration = Duration::from_secs(15);
/// So many coded pictures tell how often they come.
const KNOWN_PICTURES: u64 = 4;
/// A stream is dead after so many of its own longest pauses: cameras send a picture in 7 s at night.
const PAUSES: u32 = 3;
/// The longest a stream is waited for, however slow it was.
const SLOWEST: Duration = Duration::from_secs(30);
/// The newest pauses that count.
const REMEMBERED: usize = 8;
/// Between two decoded frames of a stream that is decoded whole.
pub(crate) const NEXT_FRAME: Duration = Duration::from_secs(15);
/// From opening, or between two key frames where only those are decoded, while pictures come from the network: longer than
/// the longest distance of key frames in use (30 s). Who opens a stream in the middle of a group waits for the next one.
const NEXT_KEY_FRAME: Duration = Duration::from_secs(60);

/// Watches the counters of one stream.
#[derive(Debug)]
pub(crate) struct Stall {
    last: Counts,
    packet: Instant,
    unit: Instant,
    frame: Instant,
    /// When a picture last came from the network.
    arrival: Instant,
    /// The newest pauses between coded pictures.
    pauses: VecDeque<Duration>,
}

impl Stall {
    /// The stream was opened `now`.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            last: Counts::default(),
            packet: now,
            unit: now,
            frame: now,
            arrival: now,
            pauses: VecDeque::new(),
        }
    }

    /// How long the next coded picture is waited for.
    fn next_picture(&self) -> Duration {
        if self.last.units < KNOWN_PICTURES {
            return FIRST_PICTURES;
        }
        let longest = self.pauses.iter().max().copied().unwrap_or_default();
        (longest * PAUSES).clamp(NEXT_PICTURE, SLOWEST)
    }

    /// Takes the counters at `now`; says why the stream is dead, if it is. From a stream that gets no attention no frame
    /// is expected, only that its coded pictures go on.
    pub(crate) fn check(&mut self, now: Instant, counts: Counts, attention: Attention) -> Option<LiveError> {
        if counts.packets != self.last.packets {
            self.packet = now;
        }
        if counts.arrived != self.last.arrived {
            self.arrival = now;
        }
        if counts.units != self.last.units {
            if self.last.units > 0 {
                self.pauses.push_back(now.duration_since(self.unit));
            }
            if self.pauses.len() > REMEMBERED {
                self.pauses.pop_front();
            }
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
        let next_picture = self.next_picture();
        if counts.decoded > 0 && quiet(self.unit, next_picture) {
            let detail = format!("no coded picture for {} s", next_picture.as_secs());
            return Some(LiveError::new(LiveErrorKind::Frozen, detail));
        }
        // Every frame waits for a key frame at first, and all of them where nothing else is decoded.
        let for_key_frame = counts.decoded == 0 || attention == Attention::KeyFrames;
        let comes = counts.arrived > 0 && !quiet(self.arrival, next_picture);
        let next_frame = match for_key_frame && comes {
            true => NEXT_KEY_FRAME,
            // A slow stream cannot bring its frames sooner than its pictures.
            false => NEXT_FRAME.max(next_picture),
        };
        quiet(self.frame, next_frame).then(|| {
            let detail = format!("packets come but no picture for {} s", next_frame.as_secs());
            LiveError::new(LiveErrorKind::Frozen, detail)
        })
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
    fn a_stream_opened_in_the_middle_of_a_long_group_is_waited_for() {
        let start = Instant::now();
        let mut stall = Stall::new(start);
        let at = |s| start + Duration::from_secs(s);
        let coming = |s: u64| Counts {
            arrived: s * 25,
            ..counts(s * 40, 0, 0)
        };
        assert!(
            (1..60).all(|s| stall.check(at(s), coming(s), Attention::Whole).is_none()),
            "30 s between key frames"
        );
        let dead = stall.check(at(61), coming(61), Attention::Whole);
        assert_eq!(dead.unwrap().kind, LiveErrorKind::Frozen);
    }

    #[test]
    fn a_covered_tile_with_a_key_frame_in_thirty_seconds_is_not_dead() {
        let start = Instant::now();
        let mut stall = Stall::new(start);
        let at = |s| start + Duration::from_secs(s);
        for s in 1..120 {
            let now = Counts {
                arrived: s * 25,
                ..counts(s * 40, s * 25, 1 + s / 30)
            };
            assert_eq!(stall.check(at(s), now, Attention::KeyFrames), None, "{s}");
        }
    }

    #[test]
    fn a_slow_stream_is_not_dead_and_dies_when_it_stops() {
        let start = Instant::now();
        let mut stall = Stall::new(start);
        let at = |ms: u64| start + Duration::from_millis(ms);
        // A picture every 6.7 s, looked at four times a second.
        for ms in (0..67_000).step_by(250) {
            let so_far = 1 + ms / 6_700;
            assert_eq!(
                stall.check(at(ms), counts(so_far, so_far, so_far), Attention::Whole),
                None,
                "{ms}"
            );
        }
        let last = counts(10, 10, 10);
        assert_eq!(stall.check(at(67_000), last, Attention::Whole), None);
        assert_eq!(stall.check(at(79_000), last, Attention::Whole), None);
        assert!(stall.check(at(95_000), last, Attention::Whole).is_some());
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
