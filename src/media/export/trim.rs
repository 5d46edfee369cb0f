//! Which coded pictures of a recording go into the file.
//!
//! Invariant: the first picture is the last key frame at or before the start of the range (or the first after it), and
//! none is from after the range. Deliberately absent: GStreamer; pictures are any value.

/// Pictures held while the start of the range is looked for.
const MAX_HELD: usize = 3_000;

/// A coded picture with its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit<T> {
    pub(super) picture: T,
    /// Unix nanoseconds.
    pub(super) recorded_ns: i64,
    pub(super) key: bool,
}

/// Cuts a sequence of pictures, in coding order, to a range.
pub(super) struct Trim<T> {
    from_ns: i64,
    to_ns: i64,
    held: Vec<Unit<T>>,
    begun: bool,
    over: bool,
}

impl<T> Trim<T> {
    pub(super) fn new(from_ms: i64, to_ms: i64) -> Self {
        let ns = |ms: i64| ms.saturating_mul(1_000_000);
        Self {
            from_ns: ns(from_ms),
            to_ns: ns(to_ms),
            held: Vec::new(),
            begun: false,
            over: false,
        }
    }

    /// Takes the next picture; returns what goes into the file now.
    pub(super) fn put(&mut self, unit: Unit<T>) -> Vec<Unit<T>> {
        if self.over {
            return Vec::new();
        }
        if self.begun {
            // At a key frame after the range everything of the range has come; before it, pictures may be reordered.
            self.over = unit.key && unit.recorded_ns > self.to_ns;
            return if unit.recorded_ns <= self.to_ns {
                vec![unit]
            } else {
                Vec::new()
            };
        }
        if unit.key {
            self.held.clear();
            self.over = unit.recorded_ns > self.to_ns;
        }
        if self.over || (self.held.is_empty() && !unit.key) || self.held.len() >= MAX_HELD {
            return Vec::new();
        }
        let inside = unit.recorded_ns >= self.from_ns;
        self.held.push(unit);
        if inside {
            self.begun = true;
            let to_ns = self.to_ns;
            return std::mem::take(&mut self.held)
                .into_iter()
                .filter(|unit| unit.recorded_ns <= to_ns)
                .collect();
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key frame every five pictures, one picture a millisecond.
    fn cut(first: i64, from_ms: i64, to_ms: i64) -> Vec<i64> {
        let mut trim = Trim::new(from_ms, to_ms);
        let unit = |ms: i64| Unit {
            picture: (),
            recorded_ns: ms * 1_000_000,
            key: ms % 5 == 0,
        };
        (first..60)
            .flat_map(|ms| trim.put(unit(ms)))
            .map(|unit| unit.recorded_ns / 1_000_000)
            .collect()
    }

    #[test]
    fn it_begins_with_the_key_frame_before_and_ends_with_the_range() {
        assert_eq!(cut(0, 12, 17), (10..=17).collect::<Vec<_>>());
        assert_eq!(cut(0, 15, 17), (15..=17).collect::<Vec<_>>());
    }

    #[test]
    fn a_recording_that_begins_inside_the_range_begins_with_its_first_key_frame() {
        assert_eq!(cut(13, 12, 21), (15..=21).collect::<Vec<_>>());
    }

    #[test]
    fn a_range_with_nothing_in_it_is_empty() {
        assert_eq!(cut(30, 12, 17), Vec::<i64>::new());
        assert_eq!(cut(16, 12, 17), Vec::<i64>::new());
    }
}
