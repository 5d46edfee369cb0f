//! Holes in a recording: stretches of the range in which nothing was recorded, told by the times of pictures alone.
//!
//! A player shows the picture before a hole for as long as the hole is; who watches such a file takes it for what happened. What
//! is a hole and what a camera that records slowly at night is told by what lies beside it.
//!
//! Invariant: a stretch of a minute without a picture is a hole whatever lies beside it. Deliberately absent: packets; times
//! that go back (`recorder`).

/// The shortest hole, milliseconds: streams of a picture every second, and recorders that begin a new piece, have shorter ones.
const SHORTEST_MS: i64 = 2_000;
/// A hole is this many times as long as the distances of pictures beside it.
const TIMES: i64 = 5;
/// From here on it is a hole in any case, milliseconds.
const ALWAYS_MS: i64 = 60_000;

/// A stretch without pictures: the last time before it and the first one after it, Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hole {
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
}

impl Hole {
    fn length_ms(self) -> i64 {
        self.to_ms.saturating_sub(self.from_ms)
    }
}

/// Looks for holes in the times of pictures as they come.
#[derive(Debug)]
pub(super) struct Holes {
    from_ms: i64,
    to_ms: i64,
    newest_ms: Option<i64>,
    /// The distance of the two pictures before.
    before_ms: Option<i64>,
    /// Much longer than what was before; what follows tells.
    suspected: Option<Hole>,
    /// The recorder said that a stretch ends with the newest picture.
    section_ended: bool,
}

impl Holes {
    /// In this range, Unix milliseconds.
    pub(super) fn new((from_ms, to_ms): (i64, i64)) -> Self {
        Self {
            from_ms,
            to_ms,
            newest_ms: None,
            before_ms: None,
            suspected: None,
            section_ended: false,
        }
    }

    /// Takes the time of the next picture; the hole that is now known. `section_ends`: the recorder says that a stretch of
    /// recording ends with it.
    pub(super) fn put(&mut self, recorded_ms: i64, section_ends: bool) -> Option<Hole> {
        let newest_ms = *self.newest_ms.get_or_insert(recorded_ms);
        let stretch = Hole {
            from_ms: newest_ms,
            to_ms: recorded_ms,
        };
        let length = stretch.length_ms();
        if length <= 0 {
            // Another packet of the same picture, or one that is coded before it is shown.
            self.section_ended |= section_ends;
            return None;
        }
        if let Some(suspected) = self.suspected.take()
            && suspected.length_ms() > TIMES * length
        {
            return Some(suspected);
        }
        let inside = recorded_ms.min(self.to_ms) - newest_ms.max(self.from_ms);
        let ended = std::mem::replace(&mut self.section_ended, section_ends);
        let before = self.before_ms.replace(length);
        self.newest_ms = Some(recorded_ms);
        if inside <= SHORTEST_MS {
            return None;
        }
        if ended || length > ALWAYS_MS {
            return Some(stretch);
        }
        self.suspected = before.is_none_or(|before| length > TIMES * before).then_some(stretch);
        None
    }

    /// Nothing follows: what is still suspected is a hole.
    pub(super) fn end(&mut self) -> Option<Hole> {
        self.suspected.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hole in a range of 0 to 100 s, with so much between the pictures, milliseconds.
    fn hole(first_ms: i64, distances: impl IntoIterator<Item = i64>) -> Option<(i64, i64)> {
        let mut holes = Holes::new((0, 100_000));
        let mut at_ms = first_ms;
        let mut found = holes.put(at_ms, false);
        for distance in distances {
            at_ms += distance;
            found = found.or(holes.put(at_ms, false));
        }
        let found = found.or(holes.end());
        found.map(|hole| (hole.from_ms, hole.to_ms))
    }

    fn many(distance: i64, times: usize) -> Vec<i64> {
        vec![distance; times]
    }

    #[test]
    fn r_exp_1_a_stretch_without_pictures_is_a_hole_with_both_its_ends() {
        assert_eq!(hole(0, many(40, 100)), None);
        let across = [many(40, 25), vec![3_000], many(40, 25)].concat();
        assert_eq!(hole(0, across), Some((1_000, 4_000)));
        let long = [many(40, 25), vec![600_000]].concat();
        assert_eq!(
            hole(0, long),
            Some((1_000, 601_000)),
            "the first picture after it is beyond the range"
        );
        assert_eq!(hole(0, [many(40, 25), vec![1_900], many(40, 25)].concat()), None);
        assert_eq!(
            hole(0, [many(40, 25), vec![3_000]].concat()),
            Some((1_000, 4_000)),
            "nothing follows"
        );
    }

    #[test]
    fn r_exp_1_a_camera_that_records_slowly_has_no_holes() {
        assert_eq!(hole(0, many(5_000, 10)), None);
        assert_eq!(
            hole(0, [many(40, 25), many(5_000, 5), many(40, 25)].concat()),
            None,
            "slow at night"
        );
        let slow = [many(5_000, 3), vec![40_000], many(5_000, 3)].concat();
        assert_eq!(hole(0, slow), Some((15_000, 55_000)));
        assert_eq!(
            hole(0, many(61_000, 3)),
            Some((0, 61_000)),
            "nobody takes that for a recording"
        );
    }

    #[test]
    fn r_exp_1_only_what_lies_in_the_range_counts() {
        assert_eq!(hole(-30_000, [vec![20_000], many(40, 300)].concat()), None, "before it");
        assert_eq!(
            hole(-3_000, [vec![9_000], many(40, 25)].concat()),
            Some((-3_000, 6_000)),
            "across its beginning"
        );
        assert_eq!(hole(99_000, [many(40, 25), vec![50_000]].concat()), None, "behind it");
    }

    #[test]
    fn r_exp_1_where_the_recorder_says_that_a_stretch_ends_the_next_picture_is_behind_a_hole() {
        let mut holes = Holes::new((0, 100_000));
        for ms in [0, 5_000, 10_000] {
            assert_eq!(holes.put(ms, ms == 10_000), None);
        }
        // Another packet of the same picture takes nothing back.
        assert_eq!(holes.put(10_000, false), None);
        let hole = Hole {
            from_ms: 10_000,
            to_ms: 15_000,
        };
        assert_eq!(holes.put(15_000, false), Some(hole));
    }
}
