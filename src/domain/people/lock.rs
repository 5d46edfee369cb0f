//! The automatic lock of a workstation: after a time without input, controls are hidden and the wall stays.
//!
//! Invariant: locked stays locked until the same person proves who they are; a tick never unlocks.
//! Deliberately absent: asking the server, drawing, what counts as input.

use std::time::{Duration, Instant};

/// The events at the workstation that bear on its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A key, a button or the pointer.
    Activity,
    /// Time goes by.
    Tick,
    /// Somebody wants it locked now.
    Lock,
    /// The server vouches for the person again.
    Proven,
}

/// A change of the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Locked,
    Unlocked,
}

/// The lock of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Without a hand for so long, it locks; `None`: never by itself.
    after: Option<Duration>,
    last_hand: Instant,
    locked: bool,
}

impl Lock {
    /// Unlocked, with a hand just now.
    pub fn new(after: Option<Duration>, now: Instant) -> Self {
        Self {
            after,
            last_hand: now,
            locked: false,
        }
    }

    /// Takes in what happened at `now`.
    pub fn handle(&mut self, input: Input, now: Instant) -> Option<Change> {
        let before = self.locked;
        match input {
            Input::Activity if !self.locked && !self.is_due(now) => self.last_hand = now,
            // The hand that comes too late finds it locked.
            Input::Activity | Input::Tick => self.locked |= self.is_due(now),
            Input::Lock => self.locked = true,
            Input::Proven => {
                self.locked = false;
                self.last_hand = now;
            }
        }
        match (before, self.locked) {
            (false, true) => Some(Change::Locked),
            (true, false) => Some(Change::Unlocked),
            _ => None,
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        self.after
            .is_some_and(|after| now.saturating_duration_since(self.last_hand) >= after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_locks_when_no_hand_came_for_long_enough_and_only_proof_opens_it() {
        let begun = Instant::now();
        let at = |s| begun + Duration::from_secs(s);
        let mut lock = Lock::new(Some(Duration::from_secs(60)), begun);
        assert_eq!(lock.handle(Input::Tick, at(59)), None);
        assert_eq!(lock.handle(Input::Activity, at(59)), None);
        assert_eq!(lock.handle(Input::Tick, at(118)), None);
        assert_eq!(lock.handle(Input::Tick, at(119)), Some(Change::Locked));
        for input in [Input::Activity, Input::Tick, Input::Lock] {
            assert_eq!(lock.handle(input, at(120)), None);
        }
        assert_eq!(lock.handle(Input::Proven, at(121)), Some(Change::Unlocked));
        assert_eq!(lock.handle(Input::Tick, at(180)), None, "counted anew");
        assert_eq!(lock.handle(Input::Lock, at(181)), Some(Change::Locked));
    }

    #[test]
    fn a_hand_that_comes_after_the_time_finds_it_locked() {
        let begun = Instant::now();
        let mut lock = Lock::new(Some(Duration::from_secs(60)), begun);
        let change = lock.handle(Input::Activity, begun + Duration::from_secs(61));
        assert_eq!(change, Some(Change::Locked), "the clock of the machine slept");
    }

    proptest! {
        #[test]
        fn locked_is_left_by_proof_only(
            steps in proptest::collection::vec((0u64..40, proptest::sample::select(vec![Input::Activity, Input::Tick, Input::Lock, Input::Proven])), 0..60)
        ) {
            let mut now = Instant::now();
            let mut lock = Lock::new(Some(Duration::from_secs(60)), now);
            for (seconds, input) in steps {
                now += Duration::from_secs(seconds);
                let before = lock.locked;
                lock.handle(input, now);
                prop_assert!(!before || lock.locked || input == Input::Proven);
            }
        }
    }
}
