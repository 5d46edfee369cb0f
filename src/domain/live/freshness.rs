//! Whether a picture may be taken for live (R-LIV-2): its age since it came, and how much older than that it is.
//!
//! Invariant: neither a stream that stopped nor one that plays an ever older past passes for live. A camera's clock that
//! is wrong, drifts or is put right never makes a live picture look old, and neither does ours.
//! Deliberately absent: reading clocks, RTCP itself (`media::live` gives the capture times).

use super::clock_offset::{ClockOffset, ClockReading};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Whether a picture may be taken for live (R-LIV-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Freshness {
    Live,
    /// More than a second old: the age is shown.
    Late,
    /// More than three seconds old, or none at all: marked NON IN DIRETTA.
    NotLive,
}

/// From this age on the tile says so.
const LATE: Duration = Duration::from_secs(1);
/// From this age on the picture is not live.
const NOT_LIVE: Duration = Duration::from_secs(3);

/// The freshness of a picture of this age; `None`: no picture came yet.
pub fn freshness(age: Option<Duration>) -> Freshness {
    match age {
        Some(age) if age <= LATE => Freshness::Live,
        Some(age) if age <= NOT_LIVE => Freshness::Late,
        Some(_) | None => Freshness::NotLive,
    }
}

/// How much faster or slower than ours a camera's clock may run without being taken for a growing delay.
const DRIFT: f64 = 200e-6;
/// A change of the way's length by more than this between two pictures that came right after each other is a clock that
/// was put right, milliseconds.
const JUMP_MS: f64 = 2_000.0;
/// Pictures that came within this time of each other came right after each other, milliseconds.
const RIGHT_AFTER_MS: f64 = 500.0;
/// The error assumed of a camera's clock that is taken for ours, milliseconds.
const UNSURE_MS: f64 = 2_000.0;
/// A camera's clock is taken for ours when ONVIF tells no more difference than this, seconds: it tells whole seconds, so one
/// of them, and half of one for rounding.
const SAME_CLOCK_S: f64 = 1.5;

/// Follows how long pictures take from the lens to here, by the camera's clock (RTCP sender reports, RFC 3550 §6.4.1).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Delay {
    /// Our clock when the first picture came: arrivals are counted on from here.
    first: Option<ClockReading>,
    /// The shortest way so far, allowed to drift, milliseconds of our clock minus the camera's.
    best_ms: Option<f64>,
    /// Of the latest picture: when it came by our clock, and how long its way was.
    latest: Option<(f64, f64)>,
}

impl Delay {
    /// A picture captured at `captured_ms` by the camera's clock (Unix milliseconds) came when our clock read `arrived`.
    pub fn picture(&mut self, arrived: ClockReading, captured_ms: f64) {
        let arrived_ms = self.first.get_or_insert(arrived).unix_ms_at(arrived.at);
        let way = arrived_ms - captured_ms;
        let Some((before, way_before)) = self.latest.replace((arrived_ms, way)) else {
            self.best_ms = Some(way);
            return;
        };
        let passed = (arrived_ms - before).max(0.0);
        let longer = way - way_before;
        // However slow the stream: between two pictures that were captured one after the other a way grows by no more than
        // the time between their arrivals. What grew by more was captured before the one before it: a clock put back.
        let jumped = (passed < RIGHT_AFTER_MS && longer.abs() > JUMP_MS) || longer > passed + JUMP_MS;
        self.best_ms = match self.best_ms {
            Some(best) if jumped => Some(best + way - way_before),
            Some(best) => Some(way.min(best + passed * DRIFT)),
            None => Some(way),
        };
    }

    /// How much longer than the best one the way of the latest picture was: what waits somewhere on it.
    pub fn behind(&self) -> Duration {
        match (self.best_ms, self.latest) {
            (Some(best), Some((_, way))) => Duration::from_secs_f64((way - best).clamp(0.0, 86_400_000.0) / 1_000.0),
            _ => Duration::ZERO,
        }
    }

    /// How old the latest picture surely was when it came. Where the clocks agree, a way that was too long from the start
    /// counts too.
    pub fn on_arrival(&self, offset: Option<ClockOffset>) -> Duration {
        let surely = self.latency_ms(offset).map_or(0.0, |way| (way - UNSURE_MS).max(0.0));
        self.behind().max(Duration::from_secs_f64(surely / 1_000.0))
    }

    /// From the lens to here, milliseconds; `None` when the two clocks are not the same (`offset`: camera's minus ours as
    /// ONVIF tells it).
    pub fn latency_ms(&self, offset: Option<ClockOffset>) -> Option<f64> {
        let ((_, way), first) = (self.latest?, self.first?);
        let same = offset.is_some_and(|offset| offset.from(&first).abs() < SAME_CLOCK_S);
        (same && (0.0..600_000.0).contains(&way)).then_some(way)
    }
}

/// How far back the quickest picture counts where only the stream's own time line tells, seconds: over so long a time line that runs a
/// twentieth too fast or too slow makes no picture seem later than half a second.
const LATELY: Duration = Duration::from_secs(10);

/// Follows how long pictures take by the time line of their stream alone (RTP time stamps, RFC 3550 §5.1): where a camera sends no
/// reports, nothing else tells that pictures wait on their way.
#[derive(Debug, Clone, Default)]
pub struct TimeLine {
    first: Option<Instant>,
    /// When each picture came that was quicker than all later ones, and its way, milliseconds; the quickest first.
    quickest: VecDeque<(Instant, f64)>,
}

impl TimeLine {
    /// A picture at `line_ms` of the time line came at `arrived`: how much later than the quickest of the last ten seconds.
    pub fn picture(&mut self, arrived: Instant, line_ms: f64) -> Duration {
        let first = *self.first.get_or_insert(arrived);
        let way = arrived.saturating_duration_since(first).as_secs_f64() * 1_000.0 - line_ms;
        while self.quickest.back().is_some_and(|(_, slower)| *slower >= way) {
            self.quickest.pop_back();
        }
        self.quickest.push_back((arrived, way));
        let old = |(came, _): &(Instant, f64)| arrived.saturating_duration_since(*came) > LATELY;
        while self.quickest.front().is_some_and(old) {
            self.quickest.pop_front();
        }
        let best = self.quickest.front().map_or(way, |(_, best)| *best);
        Duration::try_from_secs_f64((way - best).max(0.0) / 1_000.0).unwrap_or(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Our clock, which is right, `ms` after the tests began.
    fn reads(began: Instant, ms: f64) -> ClockReading {
        ClockReading {
            unix_ms: ms as i64,
            at: began + Duration::from_secs_f64(ms / 1_000.0),
        }
    }

    /// A camera's clock that was asked at the beginning.
    fn differs(began: Instant, camera_minus_ours_s: i64) -> Option<ClockOffset> {
        let read = reads(began, 0.0);
        Some(ClockOffset {
            camera_minus_ours_s,
            read,
        })
    }

    #[test]
    fn r_liv_2_a_picture_is_marked_late_after_one_second_and_not_live_after_three() {
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(freshness(ms(1_000)), Freshness::Live);
        assert_eq!(freshness(ms(1_001)), Freshness::Late);
        assert_eq!(freshness(ms(3_000)), Freshness::Late);
        assert_eq!(freshness(ms(3_001)), Freshness::NotLive);
        assert_eq!(freshness(None), Freshness::NotLive);
    }

    /// Pictures 40 ms apart, each with its own way; the camera's clock is `off` milliseconds ahead.
    fn play(delay: &mut Delay, began: Instant, from: f64, ways: impl IntoIterator<Item = f64>, off: f64) -> f64 {
        let mut captured = from;
        for way in ways {
            delay.picture(reads(began, captured + way), captured + off);
            captured += 40.0;
        }
        captured
    }

    #[test]
    fn r_liv_2_a_delay_that_grows_to_forty_seconds_is_seen_whatever_the_clock_says() {
        for off in [0.0, -15_552_000_000.0, 3_600_000.0] {
            let (mut delay, began) = (Delay::default(), Instant::now());
            let steady = play(&mut delay, began, 0.0, std::iter::repeat_n(120.0, 100), off);
            assert!(delay.behind() < Duration::from_millis(5), "{off} {:?}", delay.behind());
            // Pictures are played at half speed: the way grows by 40 ms for every picture.
            play(
                &mut delay,
                began,
                steady,
                (0..1_000).map(|n| 120.0 + f64::from(n) * 40.0),
                off,
            );
            assert_eq!(freshness(Some(delay.behind())), Freshness::NotLive, "{off}");
            assert!(delay.behind() > Duration::from_secs(39), "{off} {:?}", delay.behind());
        }
    }

    #[test]
    fn r_liv_2_a_clock_that_is_put_right_does_not_make_the_picture_old() {
        for step in [-7_200_000.0, 7_200_000.0] {
            let (mut delay, began) = (Delay::default(), Instant::now());
            let next = play(&mut delay, began, 0.0, std::iter::repeat_n(120.0, 50), 0.0);
            play(&mut delay, began, next, std::iter::repeat_n(120.0, 50), step);
            assert!(
                delay.behind() < Duration::from_millis(50),
                "{step} {:?}",
                delay.behind()
            );
        }
    }

    #[test]
    fn r_liv_2_a_clock_that_is_put_back_is_noticed_at_any_rate_of_pictures() {
        for apart in [40.0, 1_000.0, 6_700.0, 60_000.0] {
            let (mut delay, began) = (Delay::default(), Instant::now());
            let mut at = 0.0;
            for n in 0..50 {
                let step = if n < 25 { 0.0 } else { -3_600_000.0 };
                at += apart;
                delay.picture(reads(began, at + 120.0), at + step);
            }
            assert!(
                delay.behind() < Duration::from_millis(50),
                "{apart} {:?}",
                delay.behind()
            );
        }
    }

    #[test]
    fn r_liv_2_our_own_clock_that_is_put_right_does_not_make_the_picture_old_and_hides_no_delay() {
        for set_ms in [-3_600_000, 3_600_000, 788_918_400_000, 60_000] {
            let (mut delay, began) = (Delay::default(), Instant::now());
            let offset = differs(began, 0);
            let came = |ms: f64, set_ms: i64| {
                let right = reads(began, ms);
                let unix_ms = right.unix_ms + set_ms;
                ClockReading { unix_ms, ..right }
            };
            for n in 0..100 {
                let captured = f64::from(n) * 40.0;
                delay.picture(came(captured + 120.0, if n < 50 { 0 } else { set_ms }), captured);
            }
            assert!(
                delay.behind() < Duration::from_millis(5),
                "{set_ms} {:?}",
                delay.behind()
            );
            assert_eq!(freshness(Some(delay.on_arrival(offset))), Freshness::Live, "{set_ms}");
            // A stream that was opened after the step, by a camera that was asked before it.
            let mut opened = Delay::default();
            opened.picture(came(10_120.0, set_ms), 10_000.0);
            assert_eq!(opened.on_arrival(offset), Duration::ZERO, "{set_ms}");
            assert!(
                opened.latency_ms(offset).is_none(),
                "{set_ms}: its clock is not ours any more"
            );
            delay.picture(came(44_000.0, set_ms), 4_000.0);
            assert!(
                delay.behind() > Duration::from_secs(39),
                "{set_ms} {:?}",
                delay.behind()
            );
        }
    }

    #[test]
    fn r_liv_2_a_slow_stream_that_falls_behind_is_not_taken_for_a_clock_that_was_put_back() {
        let (mut delay, began) = (Delay::default(), Instant::now());
        for n in 0..40 {
            let captured = f64::from(n) * 1_000.0;
            // Played at half speed: every picture comes a second later than the one before did.
            delay.picture(reads(began, captured * 2.0 + 120.0), captured);
        }
        assert!(delay.behind() > Duration::from_secs(38), "{:?}", delay.behind());
    }

    #[test]
    fn the_way_is_only_told_when_the_clocks_agree() {
        let (mut delay, began) = (Delay::default(), Instant::now());
        assert_eq!(delay.latency_ms(differs(began, 0)), None);
        delay.picture(reads(began, 1_000.0), 920.0);
        assert_eq!(delay.latency_ms(differs(began, -1)), Some(80.0));
        assert_eq!(delay.latency_ms(differs(began, 2)), None);
        assert_eq!(delay.latency_ms(None), None);
        delay.picture(reads(began, 2_000.0), 2_100.0);
        assert_eq!(delay.latency_ms(differs(began, 0)), None);
    }

    #[test]
    fn r_liv_2_a_way_that_was_too_long_from_the_start_counts_where_the_clocks_agree() {
        let (mut delay, began) = (Delay::default(), Instant::now());
        delay.picture(reads(began, 10_000.0), 4_000.0);
        assert_eq!(delay.on_arrival(differs(began, 0)), Duration::from_secs(4));
        assert_eq!(delay.on_arrival(differs(began, 40)), Duration::ZERO);
        delay.picture(reads(began, 10_040.0), 9_990.0);
        assert_eq!(delay.on_arrival(differs(began, 0)), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn a_clock_that_drifts_a_little_never_makes_a_picture_old(
            drift in -100e-6f64..100e-6, jitter in proptest::collection::vec(0.0f64..200.0, 200),
        ) {
            // Eight hours, a picture every two minutes and a half.
            let (mut delay, began) = (Delay::default(), Instant::now());
            for (n, jitter) in (0u32..).zip(&jitter) {
                let captured = f64::from(n) * 150_000.0;
                delay.picture(reads(began, captured + 100.0 + jitter), captured * (1.0 + drift));
                prop_assert!(freshness(Some(delay.behind())) == Freshness::Live, "{:?}", delay.behind());
            }
        }
    }

    #[test]
    fn r_prv_1_without_reports_the_time_line_tells_pictures_that_wait_on_their_way() {
        let (mut line, began) = (TimeLine::default(), Instant::now());
        let mut picture = |captured: u64, way: u64| {
            let came = began + Duration::from_millis(captured + way);
            line.picture(came, 3_600_000.0 + captured as f64).as_millis()
        };
        let ways = (0..100).map(|n| (n * 40, if n < 50 { 120 } else { 900 }));
        let behind: Vec<u128> = ways.map(|(captured, way)| picture(captured, way)).collect();
        assert!(behind[..50].iter().all(|behind| *behind == 0));
        assert!(behind[50..].iter().all(|behind| *behind == 780), "{behind:?}");
        // What was so for longer than it is remembered is the stream's own way.
        assert_eq!(picture(60_000, 900), 0);
    }

    #[test]
    fn r_prv_1_a_time_line_that_runs_wrong_makes_no_picture_seem_half_a_second_late() {
        for rate in [0.95, 0.99, 1.0, 1.01, 1.05] {
            let (mut line, began) = (TimeLine::default(), Instant::now());
            for n in 0..10_000 {
                let captured = f64::from(n) * 40.0;
                let came = began + Duration::from_secs_f64((captured + 120.0) / 1_000.0);
                let behind = line.picture(came, captured * rate);
                assert!(behind <= Duration::from_millis(501), "{rate} {behind:?}");
            }
        }
    }
}
