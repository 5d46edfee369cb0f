//! Recordings opened at once: nobody is there to clear at 3 a.m., so an officer opens the recent past with a written reason,
//! and a supervisor ratifies it or not by a deadline (R-ACC-11).
//!
//! Invariant: it reaches no further back than the controller set, lets nothing be copied, and is over after two hours, ratified
//! or not; who opened it never ratifies it; what nobody ratified in time is not ratified.
//! Deliberately absent: recording and notices (the server).

use super::{Answer, Clearance, ClearanceError, ClearanceStatus, HOUR_MS, MOST_HOURS, Step, Wish};
use crate::domain::people::Level;
use crate::domain::reason::Reason;
use serde::{Deserialize, Serialize};

const MINUTE_MS: i64 = 60_000;
/// How long it is in force, hours.
const IN_FORCE_HOURS: i64 = 2;

/// What is still to be said of recordings that were opened at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtOnce {
    /// The moment by which a supervisor has to ratify, Unix milliseconds.
    pub ratify_by_ms: i64,
    pub ratified: Option<Ratified>,
}

/// A supervisor's answer to recordings that were opened at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratified {
    /// Account of the supervisor.
    pub by: String,
    pub at_ms: i64,
    /// `None`: ratified; else why not.
    pub refused_because: Option<Reason>,
}

/// What a supervisor says of recordings that were opened at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ratification {
    Ratify,
    Refuse { reason: Reason },
}

impl Clearance {
    /// Opens the recent past at once; a supervisor ratifies it later. `recent_min` is how far back the controller lets it reach,
    /// minutes; 0: it is not allowed.
    ///
    /// # Errors
    /// [`ClearanceError::NotAtOnce`], [`ClearanceError::NotRecent`], [`ClearanceError::NoCopiesAtOnce`], or why it would not
    /// be a request either.
    pub fn open_at_once(
        wish: Wish,
        opened_by: &str,
        level: Level,
        recent_min: u32,
        now_ms: i64,
    ) -> Result<Self, ClearanceError> {
        let mut clearance = Self::request(wish, opened_by, level, now_ms)?;
        let extent = clearance.wish.extent.clone();
        if recent_min == 0 {
            return Err(ClearanceError::NotAtOnce);
        }
        if extent.from_ms < now_ms.saturating_sub(i64::from(recent_min) * MINUTE_MS) {
            return Err(ClearanceError::NotRecent { minutes: recent_min });
        }
        if extent.export {
            return Err(ClearanceError::NoCopiesAtOnce);
        }
        clearance.answer = Some(Answer::Granted {
            by: opened_by.to_owned(),
            at_ms: now_ms,
            until_ms: now_ms.saturating_add(IN_FORCE_HOURS * HOUR_MS),
            extent,
        });
        clearance.at_once = Some(AtOnce {
            ratify_by_ms: now_ms.saturating_add(i64::from(MOST_HOURS) * HOUR_MS),
            ratified: None,
        });
        Ok(clearance)
    }

    /// Whether it was opened at once and a supervisor may still ratify it.
    pub fn waits_for_ratification(&self, now_ms: i64) -> bool {
        let waiting = |at_once: &AtOnce| at_once.ratified.is_none() && now_ms < at_once.ratify_by_ms;
        self.at_once.as_ref().is_some_and(waiting)
    }

    /// Ratifies what was opened at once, or does not, which ends it. `by` is the supervisor's account.
    ///
    /// # Errors
    /// Why it is not theirs to ratify; it stands as before then.
    pub fn ratify(
        &mut self,
        by: &str,
        level: Level,
        ratification: Ratification,
        now_ms: i64,
    ) -> Result<Step, ClearanceError> {
        if level != Level::Supervisor {
            return Err(ClearanceError::SupervisorOnly);
        }
        if by == self.asked_by {
            return Err(ClearanceError::OwnRequest);
        }
        if !self.waits_for_ratification(now_ms) {
            return Err(ClearanceError::NotWaiting);
        }
        let in_force = self.standing(now_ms) == ClearanceStatus::InForce;
        let Some(at_once) = &mut self.at_once else {
            return Err(ClearanceError::NotWaiting);
        };
        let (refused_because, step) = match ratification {
            Ratification::Ratify => (None, Step::Ratified),
            Ratification::Refuse { reason } => (Some(reason), Step::NotRatified),
        };
        at_once.ratified = Some(Ratified {
            by: by.to_owned(),
            at_ms: now_ms,
            refused_because,
        });
        if step == Step::NotRatified
            && in_force
            && let Some(Answer::Granted { until_ms, .. }) = &mut self.answer
        {
            *until_ms = now_ms;
        }
        Ok(step)
    }

    /// The moment from which what was opened at once is listed no more, as far as its ratification goes: the deadline, or some
    /// time after the answer.
    pub(super) fn ratification_ends_ms(&self) -> Option<i64> {
        let at_once = self.at_once.as_ref()?;
        let answered = at_once.ratified.as_ref();
        let longest = i64::from(MOST_HOURS) * HOUR_MS;
        Some(answered.map_or(at_once.ratify_by_ms, |answer| answer.at_ms.saturating_add(longest)))
    }

    /// The step that time alone makes when it is listed no more.
    pub fn step_of_time(&self, now_ms: i64) -> Option<Step> {
        match &self.at_once {
            Some(at_once) if at_once.ratified.is_none() => Some(Step::NotRatified),
            Some(_) => None,
            None => (self.standing(now_ms) == ClearanceStatus::Expired).then_some(Step::Expired),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, because, covers, extent, wish};
    use super::*;
    use crate::domain::people::clearance::{Use, Verdict, Withdrawal};

    fn opened(from_h: i64, recent_min: u32, export: bool) -> Result<Clearance, ClearanceError> {
        let wish = wish(extent(&["a"], from_h, 0, export));
        Clearance::open_at_once(wish, "neri", Level::Operator, recent_min, NOW)
    }

    #[test]
    fn r_acc_11_only_the_recent_past_is_opened_at_once_and_never_copied() {
        assert_eq!(opened(-1, 0, false).err(), Some(ClearanceError::NotAtOnce));
        assert_eq!(
            opened(-2, 60, false).err(),
            Some(ClearanceError::NotRecent { minutes: 60 })
        );
        assert_eq!(opened(-1, 60, true).err(), Some(ClearanceError::NoCopiesAtOnce));
        let clearance = opened(-1, 60, false).unwrap();
        assert!(covers(&clearance, "neri", Use::Playback, "a", (-1, 0), NOW));
        assert!(!covers(&clearance, "neri", Use::Export, "a", (-1, 0), NOW));
        assert!(!covers(&clearance, "rossi", Use::Playback, "a", (-1, 0), NOW));
        assert!(!covers(
            &clearance,
            "neri",
            Use::Playback,
            "a",
            (-1, 0),
            NOW + 2 * HOUR_MS
        ));
        let supervisor =
            Clearance::open_at_once(wish(extent(&["a"], -1, 0, false)), "villa", Level::Supervisor, 60, NOW);
        assert_eq!(supervisor.err(), Some(ClearanceError::NotForThisLevel));
    }

    #[test]
    fn r_acc_11_another_person_who_is_a_supervisor_ratifies_once_and_in_time() {
        let deadline = NOW + 72 * HOUR_MS;
        let mut clearance = opened(-1, 60, false).unwrap();
        let mut ratify = |by, level, at| clearance.ratify(by, level, Ratification::Ratify, at);
        assert_eq!(
            ratify("rossi", Level::Operator, NOW),
            Err(ClearanceError::SupervisorOnly)
        );
        assert_eq!(ratify("neri", Level::Supervisor, NOW), Err(ClearanceError::OwnRequest));
        assert_eq!(
            ratify("villa", Level::Supervisor, deadline),
            Err(ClearanceError::NotWaiting)
        );
        assert_eq!(ratify("villa", Level::Supervisor, deadline - 1), Ok(Step::Ratified));
        assert_eq!(
            ratify("villa", Level::Supervisor, deadline - 1),
            Err(ClearanceError::NotWaiting)
        );
        assert_eq!(clearance.step_of_time(deadline), None);
    }

    #[test]
    fn r_acc_11_what_is_not_ratified_ends_at_once_and_silence_is_no_ratification() {
        let mut clearance = opened(-1, 60, false).unwrap();
        let listed = clearance.ends_ms();
        assert_eq!(listed, NOW + 72 * HOUR_MS, "it is listed until somebody answers");
        assert_eq!(clearance.step_of_time(listed), Some(Step::NotRatified));
        let refuse = Ratification::Refuse {
            reason: because("non c'era urgenza"),
        };
        let later = NOW + HOUR_MS;
        assert_eq!(
            clearance.ratify("villa", Level::Supervisor, refuse, later),
            Ok(Step::NotRatified)
        );
        assert!(!covers(&clearance, "neri", Use::Playback, "a", (-1, 0), later));
        assert_eq!(clearance.ends_ms(), later + 72 * HOUR_MS, "who opened it reads why");
    }

    #[test]
    fn r_acc_11_withdrawing_it_does_not_answer_for_its_ratification() {
        let mut clearance = opened(-1, 60, false).unwrap();
        let reason = because("basta così");
        clearance
            .withdraw("villa", Level::Supervisor, Withdrawal { reason }, NOW + 1)
            .unwrap();
        assert!(clearance.waits_for_ratification(NOW + 2));
        let done = clearance.ratify("villa", Level::Supervisor, Ratification::Ratify, NOW + 2);
        assert_eq!(done, Ok(Step::Ratified));
        assert_eq!(clearance.standing(NOW + 3), ClearanceStatus::Withdrawn);
    }

    #[test]
    fn r_acc_11_a_clearance_that_was_asked_for_is_nothing_to_ratify() {
        let mut clearance =
            Clearance::request(wish(extent(&["a"], -2, -1, false)), "neri", Level::Operator, NOW).unwrap();
        clearance
            .answer("villa", Level::Supervisor, Verdict::Approve { hours: 1 }, NOW)
            .unwrap();
        assert!(!clearance.waits_for_ratification(NOW));
        let refused = clearance.ratify("villa", Level::Supervisor, Ratification::Ratify, NOW);
        assert_eq!(refused, Err(ClearanceError::NotWaiting));
    }
}
