//! When a status was true that a camera sent unasked.
//!
//! How long it was on its way nobody here can tell, but it carries the camera's time of it. A status that was asked for carries
//! that too, and was made after the question left and before its answer came. So what the camera's clock calls `u` was, by our
//! clock, no later than the answer's coming plus `u` minus the answer's time, and no earlier than that less the time the
//! question took. A status sent unasked therefore counts as one that came at that moment, wherever it waited; the time the
//! question took counts to the plan's `status_delay_s`, as it does for the question's own answer.
//!
//! By the same clock a picture's capture time (RFC 3550 §6.4.1) is put into ours, as far as the camera stamps pictures and
//! statuses by one clock. Some cameras write into a status when they answered, some when the position in it was true; so what an
//! answer calls `u` was, by our clock, between the question less the oldest a position can be, and the answer's coming. Every
//! answer of the last seconds bounds the clocks' difference that way, and the bounds are intersected.
//!
//! A status is surely older than `oldest` when it is so even if the freshest answer that was ever stamped by this clock was of
//! the very moment at which it came ([`CameraClock::is_older`]). A camera that stamps its answers and not its positions never
//! shows that.
//!
//! Invariant: without a quick answer of the last seconds nothing is said, nor after the camera's clock was seen to be set.
//! Deliberately absent: clocks that do not tell milliseconds; their statuses are not used.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// An answer says how the clocks stand for this long.
const COUNTS: Duration = Duration::from_secs(5);
/// Number of answers remembered.
const MOST_ANSWERS: usize = 32;
/// By how much the quartz of a camera and of this machine go apart at the most, seconds per second.
const DRIFT: f64 = 1e-4;
/// A clock whose statuses seem older than this was set back.
const SET_BACK: Duration = Duration::from_secs(10);

/// The offset of one camera's clock, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct CameraClock {
    /// The answers of the seconds before the newest of them: question, answer, and the camera's time in it, Unix milliseconds. None after
    /// the clock was seen to be set.
    answers: VecDeque<(Instant, Instant, i64)>,
    /// The answer whose position was the freshest by the camera's time, and that time.
    freshest: Option<(Instant, i64)>,
    /// The camera's time in the newest status that it sent unasked.
    newest_ms: Option<i64>,
}

impl CameraClock {
    /// A status was asked for, and its answer has this time of the camera, Unix milliseconds. One that took longer than
    /// `quick` tells too little.
    pub fn on_asked(&mut self, sent: Instant, received: Instant, camera_ms: i64, quick: Duration) {
        if tells_milliseconds(camera_ms) && received.saturating_duration_since(sent) <= quick {
            let latest = self.no_later(camera_ms, received);
            let set_back = |latest: Instant| latest.checked_add(SET_BACK).is_some_and(|latest| latest < sent);
            if latest.is_none_or(|latest| received <= latest || set_back(latest)) {
                self.freshest = Some((received, camera_ms));
            }
            let old = |answer: &(Instant, Instant, i64)| received.saturating_duration_since(answer.1) > COUNTS;
            while self.answers.len() >= MOST_ANSWERS || self.answers.front().is_some_and(old) {
                self.answers.pop_front();
            }
            self.answers.push_back((sent, received, camera_ms));
        }
    }

    /// A status came unasked, with this time of the camera: when one that was true then would have come in answer to a
    /// question. `quick` as for [`CameraClock::on_asked`].
    pub fn on_sent(&mut self, arrived: Instant, camera_ms: i64, quick: Duration) -> Option<Instant> {
        let (_, received, asked_ms) = *self.answers.back()?;
        let before = self.newest_ms.replace(camera_ms);
        let at = moved(received, camera_ms.checked_sub(asked_ms)?)?;
        let at = self.no_later(camera_ms, arrived).map_or(at, |latest| at.min(latest));
        let set_back = before.is_some_and(|before| camera_ms < before);
        let set_forward = at > arrived.checked_add(quick)?;
        if set_back || set_forward {
            self.answers.clear();
            return None;
        }
        let fresh = arrived.saturating_duration_since(received) <= COUNTS;
        (fresh && tells_milliseconds(camera_ms)).then(|| at.min(arrived))
    }
}

impl CameraClock {
    /// Whether a status that was asked for at `sent`, with this time of the camera, Unix milliseconds, surely says where the dome
    /// was more than `oldest` before. `false` also where nothing is known.
    pub fn is_older(&self, sent: Instant, camera_ms: i64, oldest: Duration) -> bool {
        let latest = self.no_later(camera_ms, sent);
        latest
            .zip(sent.checked_sub(oldest))
            .is_some_and(|(latest, counts)| latest < counts)
    }

    /// What the camera calls `camera_ms` was no later than this, said at `now`.
    fn no_later(&self, camera_ms: i64, now: Instant) -> Option<Instant> {
        let (received, told_ms) = self.freshest?;
        // Whole milliseconds are cut off.
        let at = moved(received, camera_ms.checked_sub(told_ms)?.checked_add(1)?)?;
        at.checked_add(now.saturating_duration_since(received).mul_f64(DRIFT))
    }

    /// How long the question took by which the clock is known: a status that was sent unasked was made no earlier than so much
    /// before the moment that [`CameraClock::on_sent`] tells.
    pub fn took(&self) -> Duration {
        let newest = self.answers.back();
        newest.map_or(Duration::ZERO, |(sent, received, _)| {
            received.saturating_duration_since(*sent)
        })
    }

    /// Between which moments a picture was captured that has this time of the camera, Unix milliseconds. `oldest`: how old a
    /// position can be when it is answered. `None` when the clock is not known or contradicts itself, and when the picture
    /// would have come before it was captured.
    pub fn captured(&self, arrived: Instant, camera_ms: f64, oldest: Duration) -> Option<[Instant; 2]> {
        let (mut earliest, mut latest): (Option<Instant>, Option<Instant>) = (None, None);
        let near = |at: Instant| arrived.max(at).duration_since(arrived.min(at)) <= COUNTS;
        for (sent, received, told_ms) in self.answers.iter().filter(|answer| near(answer.1)) {
            let after_ms = camera_ms - *told_ms as f64;
            if after_ms.abs() > 1e5 {
                return None;
            }
            // Whole milliseconds are cut off the status's time.
            let from = moved(sent.checked_sub(oldest)?, after_ms.floor() as i64 - 1)?;
            let to = moved(*received, after_ms.ceil() as i64 + 1)?;
            earliest = Some(earliest.map_or(from, |known| known.max(from)));
            latest = Some(latest.map_or(to, |known| known.min(to)));
        }
        let (earliest, latest) = (earliest?, latest?);
        (earliest <= latest && earliest <= arrived).then(|| [earliest, latest.min(arrived)])
    }
}

/// Whole tens come from a clock that tells no more than that, or are one in ten: nothing is lost without them.
fn tells_milliseconds(ms: i64) -> bool {
    ms % 10 != 0
}

fn moved(at: Instant, ms: i64) -> Option<Instant> {
    let by = Duration::from_millis(ms.unsigned_abs());
    if ms < 0 { at.checked_sub(by) } else { at.checked_add(by) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(150);
    /// A camera half a year behind.
    const BEHIND_MS: i64 = 15_552_000_000;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A clock that was asked at `begin`, the answer made at 20 and here at 40 milliseconds.
    fn asked(begin: Instant) -> CameraClock {
        let mut clock = CameraClock::default();
        clock.on_asked(begin, begin + ms(40), 21 - BEHIND_MS, QUICK);
        clock
    }

    #[test]
    fn what_waited_counts_as_when_it_was_made_whatever_the_camera_calls_that() {
        let begin = Instant::now();
        let mut clock = asked(begin);
        for (made, arrived) in [(101, 120), (201, 900), (301, 901), (1_401, 1_410)] {
            let at = clock
                .on_sent(begin + ms(arrived), made as i64 - BEHIND_MS, QUICK)
                .unwrap();
            assert!(at <= begin + ms(arrived) && at >= begin + ms(made), "made at {made}");
            assert!(at <= begin + ms(made + 40), "made at {made}");
        }
    }

    #[test]
    fn without_a_quick_answer_of_the_last_seconds_nothing_is_said() {
        let begin = Instant::now();
        assert_eq!(CameraClock::default().on_sent(begin, 3, QUICK), None);
        let mut slow = CameraClock::default();
        slow.on_asked(begin, begin + ms(400), 21, QUICK);
        assert_eq!(slow.on_sent(begin + ms(500), 101, QUICK), None);
        let mut clock = asked(begin);
        assert_eq!(clock.on_sent(begin + ms(6_000), 5_951 - BEHIND_MS, QUICK), None);
        // A clock of whole seconds, or of hundredths.
        let mut coarse = CameraClock::default();
        coarse.on_asked(begin, begin + ms(40), 0, QUICK);
        assert_eq!(coarse.on_sent(begin + ms(100), 1_000, QUICK), None);
    }

    #[test]
    fn a_picture_was_captured_within_the_moments_that_its_capture_time_allows_whatever_the_status_is_stamped_with() {
        let begin = Instant::now();
        let oldest = ms(150);
        // Stamped with the moment of the answer, or with that of the position in it, 80 to 140 milliseconds before.
        for stamped_with_position in [false, true] {
            let mut clock = CameraClock::default();
            for i in 0..20u64 {
                let (sent, answered) = (100 * i, 100 * i + 5 + i % 7);
                let age = if stamped_with_position { 80 + (i * 13) % 60 } else { 0 };
                let told = (answered + 1_000 - age) as i64 - BEHIND_MS;
                clock.on_asked(begin + ms(sent), begin + ms(answered + 9), told, QUICK);
            }
            let captured = (1_801 + 1_000) as f64 - BEHIND_MS as f64;
            let [earliest, latest] = clock.captured(begin + ms(1_950), captured, oldest).unwrap();
            assert!(
                earliest <= begin + ms(1_801) && latest >= begin + ms(1_801),
                "{stamped_with_position}"
            );
            assert!(latest.duration_since(earliest) <= ms(190), "{stamped_with_position}");
            assert_eq!(
                clock.captured(begin + ms(1_950), captured + 900.0, oldest),
                None,
                "not captured yet"
            );
            assert_eq!(
                clock.captured(begin + ms(9_000), captured, oldest),
                None,
                "too long ago"
            );
        }
        assert_eq!(CameraClock::default().captured(begin, 0.0, oldest), None);
    }

    #[test]
    fn statuses_that_are_older_than_they_can_be_say_nothing_of_a_pictures_time() {
        let begin = Instant::now();
        let mut clock = CameraClock::default();
        for (sent, age) in [(0, 20), (100, 800)] {
            let told = (sent + 1_007 - age) as i64;
            clock.on_asked(begin + ms(sent), begin + ms(sent + 8), told, QUICK);
        }
        // Long enough after it that no moment of it is still to come.
        assert_eq!(clock.captured(begin + ms(900), 1_151.0, ms(150)), None);
        let mut sound = CameraClock::default();
        sound.on_asked(begin, begin + ms(8), 987, QUICK);
        assert!(sound.captured(begin + ms(900), 1_151.0, ms(150)).is_some());
    }

    #[test]
    fn r_prv_1_a_status_is_older_than_measured_when_it_is_so_by_the_freshest_answer() {
        let begin = Instant::now();
        let oldest = ms(110);
        // Stamped with the moment of the position; answered at once.
        let mut clock = CameraClock::default();
        let mut ask = |at: u64, age: u64| {
            let (sent, told) = (begin + ms(at), (at + 100_001 - age) as i64 - BEHIND_MS);
            let older = clock.is_older(sent, told, oldest);
            clock.on_asked(sent, sent + ms(4), told, QUICK);
            older
        };
        assert!(!ask(1_000, 90), "nothing is known of its clock");
        // 90 of its age are not known of: only what comes on top of that shows.
        assert!(!ask(1_100, 20) && !ask(1_200, 100));
        for later in [1_300, 2_000, 9_000, 300_000] {
            assert!(ask(later, 350), "however long it goes on: {later}");
            assert!(!ask(later + 100, 60));
        }
        // The clock is set forward, and a minute back: only what comes after the first answer is judged by it.
        let mut set = CameraClock::default();
        for (at, by) in [(1_000, 0), (2_000, 60_000), (3_000, 0)] {
            let told = |at: u64| (at + 100_001 + by) as i64;
            set.on_asked(begin + ms(at), begin + ms(at + 4), told(at), QUICK);
            assert!(!set.is_older(begin + ms(at + 100), told(at + 80), oldest));
            assert!(set.is_older(begin + ms(at + 100), told(at - 300), oldest));
        }
        // One that stamps the answer itself never shows how old the position in it is.
        let mut answers = CameraClock::default();
        for at in (1..200u64).map(|i| i * 101) {
            let (sent, told) = (begin + ms(at), (at + 7_003) as i64);
            assert!(!answers.is_older(sent, told, Duration::ZERO));
            answers.on_asked(sent, sent + ms(3 + at % 50), told, QUICK);
        }
    }

    #[test]
    fn a_clock_that_is_set_says_nothing_until_it_was_asked_again() {
        let begin = Instant::now();
        for step in [-5_000, 5_000] {
            let mut clock = asked(begin);
            assert!(clock.on_sent(begin + ms(121), 101 - BEHIND_MS, QUICK).is_some());
            for made in [201, 301, 401] {
                let told = clock.on_sent(begin + ms(made + 20), made as i64 + step - BEHIND_MS, QUICK);
                assert_eq!(told, None, "{step} ms");
            }
            clock.on_asked(begin + ms(410), begin + ms(430), 421 + step - BEHIND_MS, QUICK);
            assert!(clock.on_sent(begin + ms(521), 501 + step - BEHIND_MS, QUICK).is_some());
        }
    }
}
