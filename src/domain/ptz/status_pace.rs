//! How often a dome is asked for its status: as fast as it can bear while it may be moving, seldom while it stands.
//!
//! A camera is kept busy with answering for no more than a share of its time: the slower it answers, the seldomer it is asked.
//! Whether it moves is what is *known* of it, not its word: one that says «moving» for ever, or does not say, is asked
//! seldom again when its positions show that it stands. One of which that is never known is asked seldom in the end.
//! Invariant: between two questions at least [`SHORTEST`], and after failures in a row a pause that doubles to [`LONGEST`].
//! Deliberately absent: asking, timers.

use std::time::Duration;

/// The shortest time between two questions.
pub const SHORTEST: Duration = Duration::from_millis(50);
/// The longest pause, after many failures.
pub const LONGEST: Duration = Duration::from_secs(8);
/// Between two questions while the dome stands.
const STANDING: Duration = Duration::from_millis(200);
/// Between two questions while the dome pushes its status.
const PUSHED: Duration = Duration::from_secs(1);
/// After so many answers in a row without a rest the dome is asked as one that stands.
const RESTLESS: u32 = 600;
/// After the first failure.
const TROUBLED: Duration = Duration::from_millis(500);

/// What is known of a dome when it has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Motors may run.
    MayMove,
    /// The dome is known to stand.
    Stands,
    /// Statuses are pushed by the camera.
    Tells,
}

/// The pace at which one dome is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct StatusPace {
    /// How long it takes to answer: rises at once, falls slowly.
    answer: Duration,
    failures: u32,
    /// Answers in a row since the dome was last known to stand.
    restless: u32,
}

impl StatusPace {
    /// Time from a question that was answered after `took` to the next.
    pub fn answered(&mut self, took: Duration, activity: Activity) -> Duration {
        self.failures = 0;
        self.answer = took.max(self.answer * 7 / 8);
        self.restless = match activity {
            Activity::MayMove => self.restless.saturating_add(1),
            Activity::Stands | Activity::Tells => 0,
        };
        match activity {
            Activity::MayMove if self.restless > RESTLESS => STANDING.max(self.answer * 4),
            Activity::MayMove => SHORTEST.max(self.answer * 2),
            Activity::Stands => STANDING.max(self.answer * 4),
            Activity::Tells => PUSHED.max(self.answer * 4),
        }
        .min(LONGEST)
    }

    /// Time from a question that was not answered as it should be to the next.
    pub fn failed(&mut self) -> Duration {
        let pause = TROUBLED.saturating_mul(1 << self.failures.min(8)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_dome_that_may_move_is_asked_as_fast_as_it_answers_and_no_faster_than_it_can_bear() {
        let mut pace = StatusPace::default();
        assert_eq!(pace.answered(ms(5), Activity::MayMove), SHORTEST);
        assert_eq!(pace.answered(ms(400), Activity::MayMove), ms(800));
        // One quick answer does not make a slow camera a quick one.
        assert_eq!(pace.answered(ms(5), Activity::MayMove), ms(700));
        for _ in 0..40 {
            pace.answered(ms(5), Activity::MayMove);
        }
        assert_eq!(pace.answered(ms(5), Activity::MayMove), SHORTEST);
    }

    #[test]
    fn a_dome_that_is_never_known_to_stand_is_asked_seldom_in_the_end() {
        let mut pace = StatusPace::default();
        let pauses: Vec<Duration> = (0..=RESTLESS)
            .map(|_| pace.answered(ms(5), Activity::MayMove))
            .collect();
        assert_eq!((pauses.first(), pauses.last()), (Some(&SHORTEST), Some(&STANDING)));
        pace.answered(ms(5), Activity::Stands);
        assert_eq!(pace.answered(ms(5), Activity::MayMove), SHORTEST);
    }

    #[test]
    fn a_dome_that_stands_or_tells_is_asked_seldom() {
        let mut pace = StatusPace::default();
        assert_eq!(pace.answered(ms(10), Activity::Stands), STANDING);
        assert_eq!(pace.answered(ms(10), Activity::Tells), PUSHED);
        assert_eq!(pace.answered(ms(300), Activity::Stands), ms(1200));
    }

    #[test]
    fn failures_double_the_pause_and_an_answer_ends_that() {
        let mut pace = StatusPace::default();
        let pauses: Vec<Duration> = (0..6).map(|_| pace.failed()).collect();
        assert_eq!(pauses, [ms(500), ms(1000), ms(2000), ms(4000), LONGEST, LONGEST]);
        pace.answered(ms(10), Activity::MayMove);
        assert_eq!(pace.failed(), TROUBLED);
    }
}
