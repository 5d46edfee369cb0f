//! Which pictures of a stream are looked at: all while the dome may move, few while it stands.
//!
//! Invariant: also of a dome that stands pictures are looked at less than a quarter of a second apart, where the stream has
//! them: statuses are bound to them before a move begins (`chain`). Deliberately absent: whether anything is to be covered
//! ([`PreparedMasks::may_come_into_view`](crate::domain::privacy::PreparedMasks::may_come_into_view)).

use std::time::{Duration, Instant};

/// Looks at a dome that stands are no farther apart, where pictures come often enough; a chain needs less than 0.25 s.
const REST_APART: Duration = Duration::from_millis(220);

/// The pace at which pictures of one stream are looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    came: Option<Instant>,
    looked: Option<Instant>,
}

impl Pace {
    /// Whether to look at the picture that `arrived` then; `stands`: the dome is known to stand.
    pub fn wants(&mut self, arrived: Instant, stands: bool) -> bool {
        let since = |before: Option<Instant>| before.map(|before| arrived.saturating_duration_since(before));
        let apart = since(self.came).unwrap_or(REST_APART);
        // The next picture may come too late.
        let wanted = !stands || since(self.looked).is_none_or(|since| since + apart > REST_APART);
        self.came = Some(arrived);
        if wanted {
            self.looked = Some(arrived);
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest time between two looks, and their number, over ten seconds of a stream.
    fn looks(rate: u32, stands: bool) -> (Duration, u32) {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let (mut last, mut longest, mut count) = (begin, Duration::ZERO, 0);
        for i in 0..10 * rate {
            let at = begin + Duration::from_secs(1) * i / rate;
            if pace.wants(at, stands) {
                longest = longest.max(at - last);
                (last, count) = (at, count + 1);
            }
        }
        (longest, count)
    }

    #[test]
    fn pictures_of_a_dome_that_stands_are_looked_at_seldom_and_never_a_quarter_of_a_second_apart() {
        for rate in [5, 8, 10, 12, 15, 25, 30, 50] {
            let (longest, count) = looks(rate, true);
            assert!(longest < Duration::from_millis(250), "{rate}: {longest:?}");
            assert!(count >= 40 && (rate < 12 || count <= 70), "{rate}: {count}");
            assert_eq!(looks(rate, false).1, 10 * rate);
        }
    }
}
