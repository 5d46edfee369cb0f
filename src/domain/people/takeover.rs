//! The takeover of an account that is active at another workstation (R-ACC-1): a person proves there that the account is
//! theirs, the active workstation is asked, and yields or not.
//!
//! Proven → asked → yielded or kept; nobody answers → as the rules say. Times are Unix milliseconds, an argument.
//! Invariant: an end that was not asked, or that may still answer, never loses the account; an answer is final.
//! Deliberately absent: passwords, sessions, telling (the server).

use serde::{Deserialize, Serialize};

/// A proof that is not used to ask is worth nothing after this long, and so is an answer that is not taken up.
const GOOD_MS: i64 = 120_000;

/// The outcome of a takeover that the active workstation does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Unanswered {
    /// The account stays where it is active.
    #[default]
    Keeps,
    /// The account passes to the workstation that asks.
    Yields,
}

/// Time to answer, and the outcome without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub answer_ms: i64,
    pub unanswered: Unanswered,
}

/// The inputs of a takeover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The end that wants the account asks for it.
    Ask,
    /// The workstation that asked does not want the account any more.
    GiveUp,
    /// The end that has the account answers.
    Yield,
    Keep,
    /// Time passed.
    Tick,
}

/// The changes of a takeover; each is an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Asked,
    GivenUp,
    Yielded,
    Kept,
    /// Nobody answered in time: the account passed, or stayed.
    Unanswered(Unanswered),
}

/// The state of a takeover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeoverStatus {
    /// The other end knows that somebody is at the door, and is not asked yet.
    Proven,
    /// The other end may answer for so long.
    Waiting {
        left_ms: i64,
    },
    Yielded,
    /// The account stays; `answered`: the active workstation said so, and not only silence.
    Kept {
        answered: bool,
    },
    /// Too old, or given up.
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Proven,
    Asked,
    Yielded,
    Kept { answered: bool },
    GivenUp,
}

/// One end that wants an account which is active at another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yielding {
    state: State,
    /// Since when it is in this state.
    since_ms: i64,
}

impl Yielding {
    /// Somebody has just proven who they are.
    pub fn proven(now_ms: i64) -> Self {
        Self {
            state: State::Proven,
            since_ms: now_ms,
        }
    }

    /// How it stands now.
    pub fn standing(&self, rules: Rules, now_ms: i64) -> TakeoverStatus {
        let since = now_ms.saturating_sub(self.since_ms);
        match self.state {
            State::Asked => TakeoverStatus::Waiting {
                left_ms: rules.answer_ms.saturating_sub(since).max(0),
            },
            _ if since >= GOOD_MS => TakeoverStatus::Over,
            State::Proven => TakeoverStatus::Proven,
            State::Yielded => TakeoverStatus::Yielded,
            State::Kept { answered } => TakeoverStatus::Kept { answered },
            State::GivenUp => TakeoverStatus::Over,
        }
    }

    /// Takes up what happened; gives what changed, if anything did.
    pub fn handle(&mut self, input: Input, rules: Rules, now_ms: i64) -> Option<Change> {
        let (state, change) = match (self.standing(rules, now_ms), input) {
            (TakeoverStatus::Waiting { left_ms: 0 }, _) => {
                let state = match rules.unanswered {
                    Unanswered::Keeps => State::Kept { answered: false },
                    Unanswered::Yields => State::Yielded,
                };
                (state, Change::Unanswered(rules.unanswered))
            }
            (TakeoverStatus::Proven, Input::Ask) => (State::Asked, Change::Asked),
            (TakeoverStatus::Waiting { .. }, Input::GiveUp) => (State::GivenUp, Change::GivenUp),
            (TakeoverStatus::Waiting { .. }, Input::Yield) => (State::Yielded, Change::Yielded),
            (TakeoverStatus::Waiting { .. }, Input::Keep) => (State::Kept { answered: true }, Change::Kept),
            _ => return None,
        };
        (self.state, self.since_ms) = (state, now_ms);
        Some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: Rules = Rules {
        answer_ms: 60_000,
        unanswered: Unanswered::Keeps,
    };

    fn asked() -> Yielding {
        let mut yielding = Yielding::proven(0);
        assert_eq!(yielding.handle(Input::Ask, RULES, 1_000), Some(Change::Asked));
        yielding
    }

    #[test]
    fn r_acc_1_the_other_end_yields_or_not_and_that_is_final() {
        let mut yields = asked();
        assert_eq!(
            yields.standing(RULES, 2_000),
            TakeoverStatus::Waiting { left_ms: 59_000 }
        );
        assert_eq!(yields.handle(Input::Yield, RULES, 2_000), Some(Change::Yielded));
        assert_eq!(yields.handle(Input::Keep, RULES, 2_001), None);
        assert_eq!(yields.standing(RULES, 2_001), TakeoverStatus::Yielded);
        assert_eq!(
            yields.standing(RULES, 2_000 + GOOD_MS),
            TakeoverStatus::Over,
            "nobody came in"
        );
        let mut keeps = asked();
        assert_eq!(keeps.handle(Input::Keep, RULES, 2_000), Some(Change::Kept));
        assert_eq!(keeps.handle(Input::Ask, RULES, 2_001), None, "one proof asks once");
        assert_eq!(keeps.standing(RULES, 2_001), TakeoverStatus::Kept { answered: true });
    }

    #[test]
    fn r_acc_1_without_an_answer_it_is_as_the_rules_say() {
        let yields = Rules {
            unanswered: Unanswered::Yields,
            ..RULES
        };
        for (rules, standing) in [
            (RULES, TakeoverStatus::Kept { answered: false }),
            (yields, TakeoverStatus::Yielded),
        ] {
            let mut yielding = asked();
            assert_eq!(yielding.handle(Input::Tick, rules, 60_999), None);
            let change = yielding.handle(Input::Keep, rules, 61_000);
            assert_eq!(change, Some(Change::Unanswered(rules.unanswered)), "too late");
            assert_eq!(yielding.standing(rules, 61_000), standing);
        }
    }

    #[test]
    fn r_acc_1_a_proof_is_good_for_two_minutes_and_giving_up_ends_it() {
        let mut late = Yielding::proven(0);
        assert_eq!(late.handle(Input::Ask, RULES, GOOD_MS), None);
        let mut gives_up = asked();
        assert_eq!(gives_up.handle(Input::GiveUp, RULES, 2_000), Some(Change::GivenUp));
        assert_eq!(gives_up.standing(RULES, 2_000), TakeoverStatus::Over);
        assert_eq!(gives_up.handle(Input::Yield, RULES, 3_000), None);
    }

    proptest! {
        #[test]
        fn r_acc_1_the_account_passes_only_after_a_yes_or_a_silence_that_yields(
            inputs in proptest::collection::vec((0usize..5, 0i64..40_000), 1..20), yields: bool
        ) {
            let unanswered = if yields { Unanswered::Yields } else { Unanswered::Keeps };
            let rules = Rules { unanswered, ..RULES };
            let all = [Input::Ask, Input::GiveUp, Input::Yield, Input::Keep, Input::Tick];
            let (mut yielding, mut now, mut passed) = (Yielding::proven(0), 0, false);
            for (which, later) in inputs {
                now += later;
                let change = yielding.handle(all[which], rules, now);
                passed |= matches!(change, Some(Change::Yielded | Change::Unanswered(Unanswered::Yields)));
                prop_assert!(yielding.standing(rules, now) != TakeoverStatus::Yielded || passed);
            }
        }
    }
}
