//! Overload: what quality is given up when this workstation cannot keep up, and how it comes back.
//!
//! A tile goes from its larger stream to the lower one, then to key frames only; the worst first. When the wall has been
//! at ease for a while some of it is tried again; a trial that fails makes the next one wait longer.
//!
//! Invariant: the selected tile is never lowered, a step is followed by a pause, and a wall at ease comes back in full by
//! itself. Deliberately absent: streams, words, measuring.

use super::diagnosis::{self, JUDGED_FPS, SHOWS};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// One visible tile, as measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load<K> {
    pub key: K,
    /// The tile the person works with.
    pub selected: bool,
    /// The tile shows the larger of two streams.
    pub can_lower: bool,
    /// Pictures per second, as for a verdict.
    pub received_fps: f64,
    pub decoded_fps: f64,
    pub shown_fps: f64,
}

/// The reduction in force on a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    #[default]
    Whole,
    /// The lower stream, every picture of it.
    Lower,
    /// Key frames only.
    KeyFrames,
}

/// Strain must last this long before something is given up, and again before more is.
const STRAIN: Duration = Duration::from_secs(3);
/// Ease must last this long before something is tried again.
const TRIAL: Duration = Duration::from_secs(10);
/// A trial that keeps failing waits no longer than this.
const LONGEST_TRIAL: Duration = Duration::from_secs(160);
/// A tile at ease shows this share of what comes in; between this and [`SHOWS`] nothing changes.
const EASE: f64 = 0.9;
/// One tile in so many is lowered in one step.
const STEP: usize = 8;

/// A tile that was brought down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lowered {
    level: Level,
    /// Whether the tile had a lower stream to go to, and goes back over it.
    over_lower: bool,
}

/// The state of the whole wall.
#[derive(Debug, Clone)]
pub struct Overload<K> {
    lowered: BTreeMap<K, Lowered>,
    strained_since: Option<Instant>,
    eased_since: Option<Instant>,
    /// When something was last tried again, until it is known to have worked.
    raised_at: Option<Instant>,
    trial: Duration,
}

impl<K> Default for Overload<K> {
    fn default() -> Self {
        Self {
            lowered: BTreeMap::new(),
            strained_since: None,
            eased_since: None,
            raised_at: None,
            trial: TRIAL,
        }
    }
}

impl<K: Copy + Ord> Overload<K> {
    /// The reduction in force on this tile now.
    pub fn level(&self, key: K) -> Level {
        self.lowered.get(&key).map(|lowered| lowered.level).unwrap_or_default()
    }

    /// Whether anything is given up.
    pub fn is_on(&self) -> bool {
        !self.lowered.is_empty()
    }

    /// Takes the figures of all visible tiles at `now`. Call it once or twice a second; see [`Overload::level`] after it.
    pub fn measure(&mut self, now: Instant, loads: &[Load<K>]) {
        // A tile that is gone, and the one a person just selected, come back at once.
        self.lowered
            .retain(|key, _| loads.iter().any(|load| load.key == *key && !load.selected));
        let judged = || loads.iter().filter(|load| self.is_judged(load));
        let strained = judged().any(|load| share(load) < SHOWS);
        let eased = judged().all(|load| share(load) >= EASE);
        self.strained_since = if strained {
            self.strained_since.or(Some(now))
        } else {
            None
        };
        self.eased_since = if eased { self.eased_since.or(Some(now)) } else { None };
        let lasted = |since: Option<Instant>, long: Duration| {
            since.is_some_and(|since| now.saturating_duration_since(since) >= long)
        };
        if lasted(self.strained_since, STRAIN) {
            self.lower(loads);
            // The measurements that follow are of the new state; they begin afresh.
            self.strained_since = None;
            self.eased_since = None;
            if self.raised_at.take().is_some() {
                self.trial = (self.trial * 2).min(LONGEST_TRIAL);
            }
        } else if lasted(self.eased_since, self.trial) {
            if self.lowered.is_empty() {
                self.trial = TRIAL;
                self.raised_at = None;
            } else {
                self.raise();
                self.raised_at = Some(now);
            }
            self.eased_since = None;
        }
    }

    /// Whether a tile's figures say something: those of key frames are meant to be few.
    fn is_judged(&self, load: &Load<K>) -> bool {
        load.received_fps >= JUDGED_FPS && self.level(load.key) != Level::KeyFrames
    }

    /// Brings the worst tiles one step down.
    fn lower(&mut self, loads: &[Load<K>]) {
        let mut open: Vec<&Load<K>> = loads
            .iter()
            .filter(|load| !load.selected && self.level(load.key) != Level::KeyFrames)
            .collect();
        open.sort_by(|a, b| {
            // Those with a larger stream to give up first where they are equally bad.
            let bad = |load: &Load<K>| (share(load) * 10.0).round();
            bad(a)
                .total_cmp(&bad(b))
                .then(b.can_lower.cmp(&a.can_lower))
                .then(a.key.cmp(&b.key))
        });
        let count = open.len().div_ceil(STEP);
        for load in open.into_iter().take(count) {
            let over_lower = self.level(load.key) == Level::Lower || load.can_lower;
            let level = match self.level(load.key) {
                Level::Whole if load.can_lower => Level::Lower,
                Level::Whole | Level::Lower | Level::KeyFrames => Level::KeyFrames,
            };
            self.lowered.insert(load.key, Lowered { level, over_lower });
        }
    }

    /// Brings some tiles one step up, those without moving pictures first.
    fn raise(&mut self) {
        let mut keys: Vec<K> = self.lowered.keys().copied().collect();
        keys.sort_by_key(|key| std::cmp::Reverse(self.level(*key)));
        let count = keys.len().div_ceil(STEP);
        for key in keys.into_iter().take(count) {
            match self.lowered.get_mut(&key) {
                Some(lowered) if lowered.level == Level::KeyFrames && lowered.over_lower => {
                    lowered.level = Level::Lower
                }
                _ => {
                    self.lowered.remove(&key);
                }
            }
        }
    }
}

/// Share of what came in that was shown.
fn share<K>(load: &Load<K>) -> f64 {
    diagnosis::share(load.received_fps, load.decoded_fps, load.shown_fps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BEAT: Duration = Duration::from_millis(500);

    fn load(key: u32, shown_fps: f64) -> Load<u32> {
        Load {
            key,
            selected: key == 0,
            can_lower: false,
            received_fps: 25.0,
            decoded_fps: shown_fps,
            shown_fps,
        }
    }

    /// A workstation that can show so many pictures a second in all; key frames cost one, a lower stream half of a large
    /// one. Returns the loads it measures.
    fn workstation(overload: &Overload<u32>, tiles: u32, large: bool, can_show: f64) -> Vec<Load<u32>> {
        let cost = |key| match overload.level(key) {
            Level::Whole if large => 50.0,
            Level::Whole | Level::Lower => 25.0,
            Level::KeyFrames => 1.0,
        };
        let wanted: f64 = (0..tiles).map(cost).sum();
        let share = (can_show / wanted).min(1.0);
        (0..tiles)
            .map(|key| Load {
                can_lower: large && overload.level(key) == Level::Whole,
                ..load(
                    key,
                    match overload.level(key) {
                        Level::KeyFrames => 1.0,
                        _ => 25.0 * share,
                    },
                )
            })
            .collect()
    }

    fn run(overload: &mut Overload<u32>, now: &mut Instant, seconds: u64, tiles: u32, large: bool, can_show: f64) {
        for _ in 0..seconds * 2 {
            overload.measure(*now, &workstation(overload, tiles, large, can_show));
            *now += BEAT;
        }
    }

    #[test]
    fn the_worst_goes_first_and_only_when_it_lasts() {
        let mut overload = Overload::default();
        let start = Instant::now();
        let loads = [load(0, 5.0), load(1, 24.0), load(2, 12.0), load(3, 18.0)];
        for ms in [0, 1_000, 2_000, 2_999] {
            overload.measure(start + Duration::from_millis(ms), &loads);
            assert!(!overload.is_on(), "{ms}");
        }
        overload.measure(start + STRAIN, &loads);
        assert_eq!(
            [0, 1, 2, 3].map(|key| overload.level(key)),
            [Level::Whole, Level::Whole, Level::KeyFrames, Level::Whole]
        );
    }

    #[test]
    fn a_larger_stream_is_given_up_before_the_moving_picture() {
        let (mut overload, mut now) = (Overload::default(), Instant::now());
        // Four large pictures are too much, four lower ones are not.
        run(&mut overload, &mut now, 60, 4, true, 130.0);
        let levels = [0, 1, 2, 3].map(|key| overload.level(key));
        assert_eq!(levels[0], Level::Whole);
        assert!(
            levels.contains(&Level::Lower) && !levels.contains(&Level::KeyFrames),
            "{levels:?}"
        );
    }

    #[test]
    fn it_comes_back_by_itself_over_the_lower_stream() {
        let (mut overload, mut now) = (Overload::default(), Instant::now());
        run(&mut overload, &mut now, 60, 16, true, 60.0);
        assert!((1..16).any(|key| overload.level(key) == Level::KeyFrames));
        run(&mut overload, &mut now, 900, 16, true, 10_000.0);
        assert!(!overload.is_on());
    }

    #[test]
    fn a_trial_that_fails_makes_the_next_one_wait_longer() {
        let (mut overload, mut now) = (Overload::default(), Instant::now());
        let (mut changes, mut before) = (Vec::new(), 0);
        for _ in 0..3_600 {
            overload.measure(now, &workstation(&overload, 8, false, 150.0));
            let whole = (0..8).filter(|key| overload.level(*key) == Level::Whole).count();
            if whole != before {
                changes.push(now);
                before = whole;
            }
            now += BEAT;
        }
        let late = changes
            .iter()
            .filter(|at| now - **at < Duration::from_secs(600))
            .count();
        assert!(late <= 10, "{late} changes in the last ten minutes of thirty");
    }

    #[test]
    fn selecting_a_lowered_tile_gives_it_back_at_once() {
        let (mut overload, mut now) = (Overload::default(), Instant::now());
        run(&mut overload, &mut now, 30, 4, false, 30.0);
        assert_eq!(overload.level(3), Level::KeyFrames);
        let mut loads = workstation(&overload, 4, false, 30.0);
        loads[0].selected = false;
        loads[3].selected = true;
        overload.measure(now, &loads);
        assert_eq!(overload.level(3), Level::Whole);
    }

    proptest! {
        #[test]
        fn the_selected_tile_is_never_lowered_steps_are_apart_and_ease_brings_everything_back(
            tiles in 1u32..40, large in any::<bool>(), strain in proptest::collection::vec(20.0f64..1_500.0, 1..30),
        ) {
            let (mut overload, mut now) = (Overload::default(), Instant::now());
            let mut last_step: Option<Instant> = None;
            for can_show in strain {
                for _ in 0..20 {
                    let levels: Vec<_> = (0..tiles).map(|key| overload.level(key)).collect();
                    overload.measure(now, &workstation(&overload, tiles, large, can_show));
                    prop_assert_eq!(overload.level(0), Level::Whole);
                    let after: Vec<_> = (0..tiles).map(|key| overload.level(key)).collect();
                    if after != levels {
                        prop_assert!(last_step.is_none_or(|last| now - last >= STRAIN));
                        last_step = Some(now);
                        let (up, down) = (after < levels, after > levels);
                        prop_assert!(up != down);
                        let one_way = after.iter().zip(&levels).all(|(a, b)| if up { a <= b } else { a >= b });
                        prop_assert!(one_way, "up and down in one step");
                    }
                    now += BEAT;
                }
            }
            run(&mut overload, &mut now, 8_000, tiles, large, 1e9);
            prop_assert!(!overload.is_on());
        }
    }
}
