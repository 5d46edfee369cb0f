//! Held keys: from the press to the release of each physical key, as one gesture.
//!
//! A key ends what it began when that same physical key goes up, whatever modifiers are down by then. A remote desktop
//! may send a held key as pairs, *release, press*, at the rate of auto-repeat; such a pair is no release. A release is
//! therefore doubted, and waits [`WAIT`] for a press of the same key, where it may be the first half of a pair: the key was
//! down for at least [`REPEAT_DELAY`], on a keyboard that was not seen to mark its repeats. A keyboard at the machine marks
//! them, so from the first key held long enough to repeat none of its releases waits; a pair that came all the same says
//! that another keyboard is at work now.
//!
//! Invariant: every command that went down goes up exactly once; a release is acted upon at most [`WAIT`] late.
//! Deliberately absent: reading the clock, timers (the root asks again when it is told to), what a command does.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How long a doubted release waits for the press that makes a pair of it. Auto-repeat sends 20 to 40 presses a second, so
/// that the next one is at most 50 ms away; nobody lifts a finger and presses the same key again within 60 ms. A dome at
/// half of 100°/s turns 3° meanwhile.
pub const WAIT: Duration = Duration::from_millis(60);
/// The shortest delay before auto-repeat that desktops set out with (225 to 660 ms): a key let go sooner has not repeated.
/// Above a tap of a fifth of a second, whose length says how far a dome turns.
pub const REPEAT_DELAY: Duration = Duration::from_millis(225);

/// The keys that are down. `K` is a physical key, `C` what it was pressed for.
#[derive(Debug)]
pub struct HeldKeys<K, C> {
    down: HashMap<K, Down<C>>,
    /// The release that was last acted upon, of a key that may have been repeating.
    last: Option<(K, Instant)>,
    /// Whether the keyboard marks the repeats of a held key, as far as it was seen.
    marks: bool,
}

#[derive(Debug)]
struct Down<C> {
    command: C,
    since: Instant,
    /// When the release came that is doubted.
    doubted: Option<Instant>,
}

/// What follows from a press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press<C> {
    /// The key went down; before it what it had begun earlier ends.
    Down { ended: Option<C> },
    /// The key is down already.
    Repeat,
}

/// What follows from a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release<C> {
    /// The command goes up.
    Up(C),
    /// Ask [`HeldKeys::due`] at this moment whether it was one.
    Doubted(Instant),
    /// Nothing was begun by this key.
    Nothing,
}

impl<K, C> Default for HeldKeys<K, C> {
    fn default() -> Self {
        HeldKeys {
            down: HashMap::new(),
            last: None,
            marks: false,
        }
    }
}

impl<K: Eq + Hash + Clone, C: Clone> HeldKeys<K, C> {
    /// A key went down; `marked` when the system says that it is a repeat. What it is pressed for is told by
    /// [`HeldKeys::begin`] if the answer is [`Press::Down`].
    pub fn press(&mut self, key: &K, marked: bool, now: Instant) -> Press<C> {
        let pair_after = |at: Instant| now.saturating_duration_since(at) <= WAIT;
        if marked {
            self.marks = true;
        } else if self
            .last
            .take_if(|(last, _)| last == key)
            .is_some_and(|(_, at)| pair_after(at))
        {
            // Too late for this gesture; the next release is doubted.
            self.marks = false;
        }
        match self.down.get_mut(key) {
            None if marked => Press::Repeat,
            None => Press::Down { ended: None },
            Some(down) => match down.doubted.take() {
                Some(at) if !pair_after(at) => Press::Down {
                    ended: self.down.remove(key).map(|down| down.command),
                },
                Some(_) | None => Press::Repeat,
            },
        }
    }

    /// What a key that went down began.
    pub fn begin(&mut self, key: K, command: C, now: Instant) {
        let down = Down {
            command,
            since: now,
            doubted: None,
        };
        self.down.insert(key, down);
    }

    /// A key went up.
    pub fn release(&mut self, key: &K, now: Instant) -> Release<C> {
        let Some(down) = self.down.get_mut(key) else {
            return Release::Nothing;
        };
        let may_repeat = now.saturating_duration_since(down.since) >= REPEAT_DELAY;
        if may_repeat && !self.marks {
            let at = *down.doubted.get_or_insert(now);
            return Release::Doubted(at + WAIT);
        }
        self.last = may_repeat.then(|| (key.clone(), now));
        match self.down.remove(key) {
            Some(down) => Release::Up(down.command),
            None => Release::Nothing,
        }
    }

    /// Each key that is down and what it was pressed for, to be changed while it is held.
    pub fn each(&mut self) -> impl Iterator<Item = (&K, &mut C)> {
        self.down.iter_mut().map(|(key, down)| (key, &mut down.command))
    }

    /// The commands whose doubted release was one after all.
    pub fn due(&mut self, now: Instant) -> Vec<C> {
        self.take(|_, down| down.doubted.is_some_and(|at| now.saturating_duration_since(at) >= WAIT))
    }

    /// Lets go of the keys that `of` names, as when their window loses the keyboard.
    pub fn release_all(&mut self, of: impl Fn(&K) -> bool) -> Vec<C> {
        self.take(|key, _| of(key))
    }

    fn take(&mut self, which: impl Fn(&K, &Down<C>) -> bool) -> Vec<C> {
        let gone = self.down.extract_if(|key, down| which(key, down));
        gone.map(|(_, down)| down.command).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One key, `L`, pressed for `"left"`; what went down and up, in order.
    struct Desk {
        held: HeldKeys<char, &'static str>,
        start: Instant,
        seen: Vec<&'static str>,
        ask: Option<Instant>,
    }

    impl Desk {
        fn new() -> Desk {
            Desk {
                held: HeldKeys::default(),
                start: Instant::now(),
                seen: Vec::new(),
                ask: None,
            }
        }

        fn at(&mut self, ms: u64) -> Instant {
            let now = self.start + Duration::from_millis(ms);
            if self.ask.is_some_and(|ask| ask <= now) {
                self.ask = None;
                let due = self.held.due(now);
                self.seen.extend(due.iter().map(|_| "up"));
            }
            now
        }

        fn press(&mut self, ms: u64, marked: bool) {
            let now = self.at(ms);
            if let Press::Down { ended } = self.held.press(&'L', marked, now) {
                self.seen.extend(ended.map(|_| "up"));
                self.held.begin('L', "left", now);
                self.seen.push("down");
            }
        }

        fn release(&mut self, ms: u64) {
            let now = self.at(ms);
            match self.held.release(&'L', now) {
                Release::Up(_) => self.seen.push("up"),
                Release::Doubted(until) => self.ask = Some(until),
                Release::Nothing => {}
            }
        }
    }

    #[test]
    fn a_key_at_the_machine_goes_up_at_once_and_its_repeats_are_nothing() {
        let mut desk = Desk::new();
        desk.press(0, false);
        for ms in [500, 533, 566] {
            desk.press(ms, true);
        }
        desk.release(580);
        assert_eq!((desk.seen.as_slice(), desk.ask), (&["down", "up"][..], None));
        // The keyboard marks its repeats: a key held for less than they take to begin does not wait either.
        desk.press(1000, false);
        desk.release(1400);
        assert_eq!((desk.seen.len(), desk.ask), (4, None));
    }

    #[test]
    fn a_short_press_never_waits_not_even_the_first_one() {
        let mut desk = Desk::new();
        for ms in [0, 90, 180] {
            desk.press(ms, false);
            desk.release(ms + 50);
        }
        assert_eq!(desk.seen, ["down", "up", "down", "up", "down", "up"]);
        assert_eq!(desk.ask, None);
    }

    #[test]
    fn a_held_key_of_a_remote_desktop_is_one_gesture_and_ends_within_the_wait() {
        let mut desk = Desk::new();
        desk.press(0, false);
        for ms in (500..1500).step_by(40) {
            desk.release(ms);
            desk.press(ms + 3, false);
        }
        assert_eq!(desk.seen, ["down"]);
        desk.release(1510);
        desk.at(1569);
        assert_eq!(desk.seen, ["down"]);
        desk.at(1570);
        assert_eq!(desk.seen, ["down", "up"]);
    }

    #[test]
    fn pairs_half_a_repeat_apart_are_one_gesture_too() {
        let mut desk = Desk::new();
        desk.press(0, false);
        for ms in (500..1500).step_by(80) {
            desk.release(ms);
            desk.press(ms + 45, false);
        }
        desk.release(1600);
        desk.at(1700);
        assert_eq!(desk.seen, ["down", "up"]);
    }

    #[test]
    fn a_remote_desktop_after_a_keyboard_at_the_machine_costs_one_gesture_in_two_parts() {
        let mut desk = Desk::new();
        desk.press(0, false);
        desk.press(500, true);
        desk.release(600);
        desk.press(2000, false);
        desk.release(2500);
        desk.press(2502, false);
        assert_eq!(desk.seen, ["down", "up", "down", "up", "down"]);
        for ms in (2740..3500).step_by(40) {
            desk.release(ms);
            desk.press(ms + 2, false);
        }
        desk.release(3600);
        desk.at(3700);
        assert_eq!(desk.seen.len(), 6, "{:?}", desk.seen);
    }

    #[test]
    fn a_press_after_the_wait_is_a_new_one_even_if_nobody_asked_meanwhile() {
        let mut desk = Desk::new();
        desk.press(0, false);
        desk.release(300);
        desk.ask = None;
        desk.press(400, false);
        assert_eq!(desk.seen, ["down", "up", "down"]);
    }

    #[test]
    fn losing_the_keyboard_lets_go_of_what_is_doubted_as_well() {
        let mut desk = Desk::new();
        desk.press(0, false);
        desk.release(300);
        assert_eq!(desk.held.release_all(|_| true), ["left"]);
        assert!(desk.held.due(desk.start + Duration::from_secs(9)).is_empty());
        assert_eq!(desk.held.release(&'L', desk.start), Release::Nothing);
    }
}
