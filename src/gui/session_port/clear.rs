//! Clearances for recordings: requests, what is opened at once, a supervisor's answers and withdrawals.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, SignedIn, act};
use crate::domain::people::clearance::{self, Ratification, Wish, Withdrawal};
use crate::station::{ClearanceState, Session};

/// Clearances for recordings.
pub trait Clear: SignedIn {
    /// Clearances of this person, and those that wait for this person's answer.
    fn clearances(&self) -> Vec<ClearanceState>;
    /// Requests a clearance.
    fn request_clearance(&self, wish: Wish) -> Answer<()>;
    /// Opens the recent past at once, to be ratified later.
    fn open_at_once(&self, wish: Wish) -> Answer<()>;
    /// Ratifies what was opened at once, or does not.
    fn ratify_clearance(&self, id: u64, ratification: Ratification) -> Answer<()>;
    /// Grants or refuses a clearance.
    fn answer_clearance(&self, id: u64, verdict: clearance::Verdict) -> Answer<()>;
    /// Withdraws a clearance that is in force.
    fn withdraw_clearance(&self, id: u64, withdrawal: Withdrawal) -> Answer<()>;
}

impl Clear for Session {
    fn clearances(&self) -> Vec<ClearanceState> {
        Session::clearances(self).borrow().clone()
    }

    fn request_clearance(&self, wish: Wish) -> Answer<()> {
        act(self, async move |session| session.request_clearance(wish).await)
    }

    fn open_at_once(&self, wish: Wish) -> Answer<()> {
        act(self, async move |session| session.open_at_once(wish).await)
    }

    fn ratify_clearance(&self, id: u64, ratification: Ratification) -> Answer<()> {
        act(self, async move |session| {
            session.ratify_clearance(id, ratification).await
        })
    }

    fn answer_clearance(&self, id: u64, verdict: clearance::Verdict) -> Answer<()> {
        act(self, async move |session| session.answer_clearance(id, verdict).await)
    }

    fn withdraw_clearance(&self, id: u64, withdrawal: Withdrawal) -> Answer<()> {
        act(self, async move |session| {
            session.withdraw_clearance(id, withdrawal).await
        })
    }
}
