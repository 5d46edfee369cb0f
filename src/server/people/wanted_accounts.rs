//! Accounts that somebody wants at another workstation than the one where they are active, as this process knows them (R-ACC-1).
//!
//! Invariant: one want for an account, the newest; a want is found only with its ticket, or by the account's own session.
//! What is wanted is known to this process only: of several servers, another end hears of it that speaks with the same one.
//! Deliberately absent: proof of who wants it, and what is recorded (`sessions`, `takeover`).

use crate::domain::camera::StationId;
use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::takeover::{Rules, TakeoverStatus, Yielding};
use crate::protocol::{Asks, Knock};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One end that wants an account.
#[derive(Clone)]
pub(super) struct WantedAccount {
    /// SHA-256 of the ticket it asks with; without one it only tried.
    pub(super) ticket: Option<[u8; 32]>,
    pub(super) stated: Stated,
    /// Workstation that wants the account.
    pub(super) station: StationId,
    /// Workstation where the account is active.
    pub(super) active_at: StationId,
    /// Unix ms of the proof.
    pub(super) at_ms: i64,
    pub(super) yielding: Yielding,
}

/// What is wanted now, by account. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct WantedAccounts(Arc<Mutex<HashMap<String, WantedAccount>>>);

impl WantedAccounts {
    fn all(&self) -> MutexGuard<'_, HashMap<String, WantedAccount>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up that somebody wants an account, or how far they have come, in place of what was known of it.
    pub(super) fn keep(&self, user: &str, want: &WantedAccount) {
        self.all().insert(user.to_owned(), want.clone());
    }

    /// The account is active at one workstation again: nobody waits for it any more.
    pub(super) fn forget(&self, user: &str) {
        self.all().remove(user);
    }

    /// What is wanted of an account.
    pub(super) fn of_account(&self, user: &str) -> Option<WantedAccount> {
        self.all().get(user).cloned()
    }

    /// The account that a workstation wants with a ticket, by the ticket's SHA-256.
    pub(super) fn of_ticket(&self, ticket: &[u8; 32], station: &StationId) -> Option<(String, WantedAccount)> {
        let all = self.all();
        let found = all
            .iter()
            .find(|(_, want)| want.ticket.as_ref() == Some(ticket) && want.station == *station);
        found.map(|(user, want)| (user.clone(), want.clone()))
    }

    /// Whether an account was tried or is asked for elsewhere; what is over is forgotten first. `now` is Unix ms.
    pub(super) fn knock(&self, user: &str, rules: Rules, now: i64) -> Option<Knock> {
        let mut all = self.all();
        all.retain(|_, want| want.yielding.standing(rules, now) != TakeoverStatus::Over);
        let want = all.get(user)?;
        let asks = match want.yielding.standing(rules, now) {
            TakeoverStatus::Proven => None,
            TakeoverStatus::Waiting { left_ms } => Some(Asks {
                until_ms: now.saturating_add(left_ms),
                unanswered: rules.unanswered,
            }),
            TakeoverStatus::Yielded | TakeoverStatus::Kept { .. } | TakeoverStatus::Over => return None,
        };
        Some(Knock {
            station: want.station.clone(),
            at_ms: want.at_ms,
            asks,
        })
    }
}
