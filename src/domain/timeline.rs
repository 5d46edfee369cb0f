//! The timeline of recordings: spans, gaps, the 7-day horizon, seeking.
//!
//! Invariant: spans are in order, do not touch or overlap, and none begins before the horizon (R-REC-2).
//! Times are Unix milliseconds. Deliberately absent: local time and its clock changes (the screen), evidence holds.

/// How long recordings may be offered: 7 days (R-REC-2).
pub const HORIZON_MS: i64 = 7 * 24 * 3600 * 1000;

/// A stretch of recording, `from_ms < to_ms`; the end does not belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub from_ms: i64,
    pub to_ms: i64,
}

impl Span {
    /// A span, unless it is empty or runs backwards.
    pub fn new(from_ms: i64, to_ms: i64) -> Option<Span> {
        (from_ms < to_ms).then_some(Span { from_ms, to_ms })
    }

    /// Length in milliseconds.
    pub fn length_ms(&self) -> i64 {
        self.to_ms.saturating_sub(self.from_ms)
    }

    /// Whether the moment lies in it.
    pub fn contains(&self, ms: i64) -> bool {
        self.from_ms <= ms && ms < self.to_ms
    }

    /// The part two spans share.
    pub fn common(&self, other: Span) -> Option<Span> {
        Span::new(self.from_ms.max(other.from_ms), self.to_ms.min(other.to_ms))
    }
}

/// The recordings of one camera, as far as they may be offered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    spans: Vec<Span>,
}

/// Why a range may not be played or exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    #[error("the range is empty or runs backwards")]
    Backwards,
    #[error("older than seven days without a hold")]
    TooOld,
    #[error("the range ends in the future")]
    InTheFuture,
    #[error("nothing is recorded in that range")]
    NothingRecorded,
}

impl Timeline {
    /// From spans in any order, overlapping or not; joined when they are no further apart than `join_ms`; cut at the
    /// horizon before `now_ms`.
    pub fn new(spans: impl IntoIterator<Item = Span>, join_ms: i64, now_ms: i64) -> Timeline {
        let horizon = horizon(now_ms);
        let mut sorted: Vec<Span> = spans
            .into_iter()
            .filter_map(|span| Span::new(span.from_ms.max(horizon), span.to_ms))
            .collect();
        sorted.sort_unstable();
        let mut joined: Vec<Span> = Vec::with_capacity(sorted.len());
        for span in sorted {
            match joined.last_mut() {
                Some(last) if span.from_ms <= last.to_ms.saturating_add(join_ms.max(0)) => {
                    last.to_ms = last.to_ms.max(span.to_ms);
                }
                Some(_) | None => joined.push(span),
            }
        }
        Timeline { spans: joined }
    }

    /// The spans in order.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The gaps between recordings inside a range.
    pub fn gaps(&self, range: Span) -> Vec<Span> {
        let mut at = range.from_ms;
        let mut gaps = Vec::new();
        for span in self.spans.iter().filter_map(|span| span.common(range)) {
            gaps.extend(Span::new(at, span.from_ms));
            at = span.to_ms;
        }
        gaps.extend(Span::new(at, range.to_ms));
        gaps
    }

    /// Where playing really begins when somebody seeks to a moment: there, or at the start of the next span, or a
    /// second before the end of the last one. `None`: nothing is recorded.
    pub fn seek(&self, ms: i64) -> Option<i64> {
        let next = self.spans.iter().find(|span| ms < span.to_ms);
        match next {
            Some(span) => Some(ms.max(span.from_ms)),
            None => self.spans.last().map(|last| (last.to_ms - 1000).max(last.from_ms)),
        }
    }

    /// Jumps by recorded time, over gaps: `by_ms` forwards or, negative, backwards; stays at the ends.
    pub fn step(&self, from_ms: i64, by_ms: i64) -> Option<i64> {
        let start = self.seek(from_ms)?;
        let mut left = by_ms.unsigned_abs();
        let here = self.spans.iter().position(|span| span.contains(start))?;
        if by_ms >= 0 {
            let mut at = start;
            for span in &self.spans[here..] {
                at = at.max(span.from_ms);
                let room = at.abs_diff(span.to_ms - 1);
                if left <= room {
                    return at.checked_add_unsigned(left);
                }
                left -= room + 1;
            }
            return self.spans.last().map(|last| last.to_ms - 1);
        }
        let mut at = start;
        for span in self.spans[..=here].iter().rev() {
            at = at.min(span.to_ms - 1);
            let room = at.abs_diff(span.from_ms);
            if left <= room {
                return at.checked_sub_unsigned(left);
            }
            left -= room + 1;
        }
        self.spans.first().map(|first| first.from_ms)
    }

    /// The recordings inside a range, if the range may be played or exported at `now_ms`.
    ///
    /// # Errors
    /// Which rule refuses it. A range that begins before the horizon is refused whole, not cut.
    pub fn check(&self, from_ms: i64, to_ms: i64, now_ms: i64) -> Result<Vec<Span>, RangeError> {
        let range = Span::new(from_ms, to_ms).ok_or(RangeError::Backwards)?;
        if from_ms < horizon(now_ms) {
            return Err(RangeError::TooOld);
        }
        if to_ms > now_ms {
            return Err(RangeError::InTheFuture);
        }
        let recorded: Vec<Span> = self.spans.iter().filter_map(|span| span.common(range)).collect();
        if recorded.is_empty() {
            Err(RangeError::NothingRecorded)
        } else {
            Ok(recorded)
        }
    }
}

/// The oldest moment that may be offered at `now_ms`.
pub fn horizon(now_ms: i64) -> i64 {
    now_ms.saturating_sub(HORIZON_MS)
}

/// The moment at a share 0..1 of a shown range (a click on the strip).
pub fn moment_at(range: Span, share: f64) -> i64 {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    range
        .from_ms
        .saturating_add((share * range.length_ms() as f64).round() as i64)
}

/// The share of a shown range that lies before a moment: 0..1 inside the range.
pub fn share_of(range: Span, ms: i64) -> f64 {
    (ms - range.from_ms) as f64 / range.length_ms().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_800_000_000_000;

    fn span(from: i64, to: i64) -> Span {
        Span::new(NOW + from, NOW + to).unwrap()
    }

    #[test]
    fn r_rec_2_nothing_older_than_seven_days_is_offered() {
        let line = Timeline::new(
            [Span::new(NOW - HORIZON_MS - 5000, NOW - HORIZON_MS + 5000).unwrap()],
            0,
            NOW,
        );
        assert_eq!(
            line.spans(),
            [Span::new(NOW - HORIZON_MS, NOW - HORIZON_MS + 5000).unwrap()]
        );
        let old = NOW - HORIZON_MS - 1;
        assert_eq!(line.check(old, old + 4000, NOW), Err(RangeError::TooOld));
        assert!(line.check(old + 1, old + 4000, NOW).is_ok());
        // A minute later the same range is too old.
        assert_eq!(line.check(old + 1, old + 4000, NOW + 60_000), Err(RangeError::TooOld));
    }

    #[test]
    fn spans_close_together_are_one_and_gaps_are_what_is_between() {
        let line = Timeline::new([span(-3000, -2000), span(-9000, -5000), span(-5200, -4000)], 500, NOW);
        assert_eq!(line.spans(), [span(-9000, -4000), span(-3000, -2000)]);
        assert_eq!(
            line.gaps(span(-10_000, 0)),
            [span(-10_000, -9000), span(-4000, -3000), span(-2000, 0)]
        );
        assert!(line.gaps(span(-8000, -4500)).is_empty());
    }

    #[test]
    fn seeking_into_a_gap_leads_to_the_next_span_and_past_the_end_to_the_last_second() {
        let line = Timeline::new([span(-9000, -4000), span(-3000, -2000)], 0, NOW);
        assert_eq!(line.seek(NOW - 5000), Some(NOW - 5000));
        assert_eq!(line.seek(NOW - 3500), Some(NOW - 3000));
        assert_eq!(line.seek(NOW + 5000), Some(NOW - 3000));
        assert_eq!(line.step(NOW - 4100, 600), Some(NOW - 2500));
        assert_eq!(line.step(NOW - 2500, -600), Some(NOW - 4100));
        assert_eq!(line.step(NOW - 2500, -60_000), Some(NOW - 9000));
        assert_eq!(Timeline::default().seek(NOW), None);
    }

    #[test]
    fn a_range_that_cannot_be_played_says_why() {
        let line = Timeline::new([span(-9000, -4000)], 0, NOW);
        assert_eq!(line.check(NOW - 4000, NOW - 5000, NOW), Err(RangeError::Backwards));
        assert_eq!(line.check(NOW - 4000, NOW + 5000, NOW), Err(RangeError::InTheFuture));
        assert_eq!(line.check(NOW - 4000, NOW - 1, NOW), Err(RangeError::NothingRecorded));
        assert_eq!(line.check(NOW - 5000, NOW - 1, NOW), Ok(vec![span(-5000, -4000)]));
    }

    proptest! {
        #[test]
        fn joined_spans_are_ordered_apart_and_keep_every_moment(
            raw in proptest::collection::vec((-100_000i64..0, 1i64..5000), 0..20),
            join in 0i64..2000,
        ) {
            let given: Vec<Span> = raw.iter().map(|(from, length)| span(*from, from + length)).collect();
            let line = Timeline::new(given.clone(), join, NOW);
            for pair in line.spans().windows(2) {
                prop_assert!(pair[0].to_ms + join < pair[1].from_ms);
            }
            for span in given {
                prop_assert!(line.spans().iter().any(|s| s.from_ms <= span.from_ms && span.to_ms <= s.to_ms));
            }
        }

        #[test]
        fn a_click_and_its_place_agree(share in 0.0f64..1.0, length in 1000i64..HORIZON_MS) {
            let range = span(-length, 0);
            prop_assert!((share_of(range, moment_at(range, share)) - share).abs() < 1e-3);
        }
    }
}
