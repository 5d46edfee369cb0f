//! Who holds a dome (R-PTZ-3): one person at a time; others ask, the holder hands over or not; urgent takeover by level.
//!
//! Invariant: never two holders; the fence grows with every change of holder and never falls.
//! Deliberately absent: the recording of each [`Outcome`] (the caller), rights (`people::decide`), clocks.

use std::time::{Duration, Instant};

/// People who may wait for one dome.
const MOST_ASKING: usize = 16;

/// The hold on one dome. `H` names a holder: person and workstation.
#[derive(Debug, Clone)]
pub struct Lease<H> {
    held: Option<Held<H>>,
    fence: u64,
    idle: Duration,
}

#[derive(Debug, Clone)]
struct Held<H> {
    by: H,
    until: Instant,
    asked: Vec<H>,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input<H> {
    /// Take it when it is free, or renew the hold one already has.
    Take(H),
    /// Give it back.
    Release(H),
    /// Ask the holder for it.
    Ask(H),
    /// The holder gives it to one who asked.
    HandOver { from: H, to: H },
    /// The holder says no to one who asked.
    Decline { from: H, to: H },
    /// Urgent takeover; the caller has checked that the level allows it.
    TakeOver(H),
    /// Time passes.
    Tick,
}

/// What became of it; everything but `Renewed` and `Nothing` is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<H> {
    Taken {
        by: H,
        fence: u64,
    },
    Renewed {
        fence: u64,
    },
    Released {
        by: H,
    },
    /// Nobody moved the dome for the idle time.
    Expired {
        by: H,
    },
    Refused {
        held_by: H,
    },
    Asked {
        holder: H,
        by: H,
    },
    Declined {
        by: H,
    },
    HandedOver {
        from: H,
        to: H,
        fence: u64,
    },
    TakenOver {
        from: H,
        to: H,
        fence: u64,
    },
    Nothing,
}

impl<H: Clone + PartialEq> Lease<H> {
    /// Free; a hold ends by itself after `idle` without renewal. `fence` is the highest ever given out.
    pub fn new(idle: Duration, fence: u64) -> Self {
        Self {
            held: None,
            fence,
            idle,
        }
    }

    /// Applies an input; first lets an idle hold end. The outcomes are in order.
    pub fn handle(&mut self, input: Input<H>, now: Instant) -> Vec<Outcome<H>> {
        let mut outcomes = Vec::new();
        if self.held.as_ref().is_some_and(|held| now >= held.until)
            && let Some(held) = self.held.take()
        {
            outcomes.push(Outcome::Expired { by: held.by });
        }
        let outcome = match input {
            Input::Take(by) => self.take(by, now),
            Input::Release(by) => self.release(&by),
            Input::Ask(by) => self.ask(by),
            Input::HandOver { from, to } => self.hand_over(&from, to, now),
            Input::Decline { from, to } => self.decline(&from, &to),
            Input::TakeOver(by) => self.take_over(by, now),
            Input::Tick => Outcome::Nothing,
        };
        if outcome != Outcome::Nothing {
            outcomes.push(outcome);
        }
        outcomes
    }

    fn take(&mut self, by: H, now: Instant) -> Outcome<H> {
        match &mut self.held {
            Some(held) if held.by == by => {
                held.until = now + self.idle;
                Outcome::Renewed { fence: self.fence }
            }
            Some(held) => Outcome::Refused {
                held_by: held.by.clone(),
            },
            None => {
                let fence = self.give(by.clone(), now);
                Outcome::Taken { by, fence }
            }
        }
    }

    fn release(&mut self, by: &H) -> Outcome<H> {
        match self.held.take_if(|held| &held.by == by) {
            Some(held) => Outcome::Released { by: held.by },
            None => Outcome::Nothing,
        }
    }

    fn ask(&mut self, by: H) -> Outcome<H> {
        match &mut self.held {
            Some(held) if held.by != by && held.asked.len() < MOST_ASKING => {
                if !held.asked.contains(&by) {
                    held.asked.push(by.clone());
                }
                Outcome::Asked {
                    holder: held.by.clone(),
                    by,
                }
            }
            Some(_) | None => Outcome::Nothing,
        }
    }

    /// Only the holder, only to somebody who asked.
    fn hand_over(&mut self, from: &H, to: H, now: Instant) -> Outcome<H> {
        let asked = |held: &mut Held<H>| &held.by == from && held.asked.contains(&to);
        match self.held.take_if(asked) {
            Some(held) => {
                let fence = self.give(to.clone(), now);
                Outcome::HandedOver {
                    from: held.by,
                    to,
                    fence,
                }
            }
            None => Outcome::Nothing,
        }
    }

    fn decline(&mut self, from: &H, to: &H) -> Outcome<H> {
        let held = self.held.as_mut().filter(|held| &held.by == from);
        let asked = held.and_then(|held| {
            let place = held.asked.iter().position(|asked| asked == to)?;
            Some(held.asked.remove(place))
        });
        asked.map_or(Outcome::Nothing, |by| Outcome::Declined { by })
    }

    fn take_over(&mut self, by: H, now: Instant) -> Outcome<H> {
        match self.held.take_if(|held| held.by != by) {
            Some(held) => {
                let fence = self.give(by.clone(), now);
                Outcome::TakenOver {
                    from: held.by,
                    to: by,
                    fence,
                }
            }
            None => self.take(by, now),
        }
    }

    fn give(&mut self, by: H, now: Instant) -> u64 {
        self.fence += 1;
        self.held = Some(Held {
            by,
            until: now + self.idle,
            asked: Vec::new(),
        });
        self.fence
    }

    /// Who holds it at `now`.
    pub fn holder(&self, now: Instant) -> Option<&H> {
        self.held.as_ref().filter(|held| now < held.until).map(|held| &held.by)
    }

    /// Who has asked the present holder, in order.
    pub fn asking(&self) -> &[H] {
        self.held.as_ref().map_or(&[], |held| &held.asked)
    }

    /// The highest fence given out.
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// Time until the hold ends by itself.
    pub fn remaining(&self, now: Instant) -> Duration {
        self.held
            .as_ref()
            .map_or(Duration::ZERO, |held| held.until.saturating_duration_since(now))
    }

    /// Whether a command under this fence may still be sent: the fence is the newest and its hold runs.
    pub fn admits(&self, fence: u64, now: Instant) -> bool {
        fence == self.fence && self.holder(now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const IDLE: Duration = Duration::from_secs(30);

    fn input() -> impl Strategy<Value = Input<u8>> {
        let who = 0u8..4;
        prop_oneof![
            4 => who.clone().prop_map(Input::Take),
            1 => who.clone().prop_map(Input::Release),
            2 => who.clone().prop_map(Input::Ask),
            2 => (who.clone(), who.clone()).prop_map(|(from, to)| Input::HandOver { from, to }),
            1 => (who.clone(), who.clone()).prop_map(|(from, to)| Input::Decline { from, to }),
            1 => who.prop_map(Input::TakeOver),
            2 => Just(Input::Tick),
        ]
    }

    #[test]
    fn r_ptz_3_the_holder_hands_over_to_one_who_asked_and_to_nobody_else() {
        let now = Instant::now();
        let mut lease = Lease::new(IDLE, 7);
        assert_eq!(
            lease.handle(Input::Take("neri"), now),
            [Outcome::Taken { by: "neri", fence: 8 }]
        );
        assert_eq!(
            lease.handle(Input::Take("bianchi"), now),
            [Outcome::Refused { held_by: "neri" }]
        );
        assert!(
            lease
                .handle(
                    Input::HandOver {
                        from: "neri",
                        to: "bianchi"
                    },
                    now
                )
                .is_empty()
        );
        lease.handle(Input::Ask("bianchi"), now);
        assert!(
            lease
                .handle(
                    Input::HandOver {
                        from: "bianchi",
                        to: "bianchi"
                    },
                    now
                )
                .is_empty()
        );
        let outcome = lease.handle(
            Input::HandOver {
                from: "neri",
                to: "bianchi",
            },
            now,
        );
        assert_eq!(
            outcome,
            [Outcome::HandedOver {
                from: "neri",
                to: "bianchi",
                fence: 9
            }]
        );
        assert!(!lease.admits(8, now) && lease.admits(9, now));
    }

    #[test]
    fn r_ptz_3_a_hold_that_nobody_renews_ends_by_itself() {
        let now = Instant::now();
        let mut lease = Lease::new(IDLE, 0);
        lease.handle(Input::Take(1), now);
        lease.handle(Input::Take(1), now + IDLE / 2);
        assert_eq!(lease.holder(now + IDLE), Some(&1));
        assert_eq!(lease.remaining(now + IDLE), IDLE / 2);
        let later = now + IDLE / 2 + IDLE;
        assert_eq!(lease.holder(later), None);
        assert!(!lease.admits(1, later));
        assert_eq!(
            lease.handle(Input::Take(2), later),
            [Outcome::Expired { by: 1 }, Outcome::Taken { by: 2, fence: 2 }]
        );
    }

    proptest! {
        /// Holders as the outcomes tell it: never two, and the fence grows exactly with each new holder.
        #[test]
        fn r_ptz_3_never_two_holders_and_the_fence_only_grows(
            inputs in proptest::collection::vec((input(), 0u64..20), 1..80),
        ) {
            let mut now = Instant::now();
            let mut lease = Lease::new(IDLE, 0);
            let mut told: Option<u8> = None;
            let mut fence = 0;
            for (input, seconds) in inputs {
                now += Duration::from_secs(seconds);
                for outcome in lease.handle(input, now) {
                    match outcome {
                        Outcome::Taken { by, fence: new } => {
                            prop_assert_eq!(told, None);
                            prop_assert!(new > fence);
                            (told, fence) = (Some(by), new);
                        }
                        Outcome::HandedOver { from, to, fence: new } | Outcome::TakenOver { from, to, fence: new } => {
                            prop_assert_eq!(told, Some(from));
                            prop_assert!(new > fence);
                            (told, fence) = (Some(to), new);
                        }
                        Outcome::Released { by } | Outcome::Expired { by } => {
                            prop_assert_eq!(told, Some(by));
                            told = None;
                        }
                        Outcome::Refused { held_by } => prop_assert_eq!(told, Some(held_by)),
                        Outcome::Renewed { fence: same } => prop_assert_eq!(same, fence),
                        Outcome::Asked { holder, by } => prop_assert!(told == Some(holder) && by != holder),
                        Outcome::Declined { .. } | Outcome::Nothing => {}
                    }
                }
                prop_assert_eq!(lease.holder(now).copied(), told);
                prop_assert_eq!(lease.fence(), fence);
            }
        }
    }
}
