//! Whether the server answers, as everybody who calls it finds out, and the grace that follows when it does not.
//!
//! Invariant: the grace runs from the first missing answer and ends with the next answer. Deliberately absent: what may be
//! done meanwhile (`health`).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Whether the server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    Reachable,
    Away {
        since: Instant,
        grace_until: Instant,
    },
    /// Grace is over: everything is refused, unless a named officer extends it (see [`Contact::extend_grace`]).
    AwayTooLong,
}

/// Whether the server answers, as seen by everybody who calls it.
#[derive(Default)]
pub struct Contact(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    away_since: Option<Instant>,
    grace: Duration,
    /// Until when a named officer extended the grace.
    extended_until: Option<Instant>,
}

/// How long a named officer extends the grace at a time.
pub const GRACE_EXTENSION: Duration = Duration::from_secs(15 * 60);

impl Contact {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down that the server answered.
    pub fn reached(&self) {
        self.lock().away_since = None;
    }

    /// Takes down that the server did not answer.
    pub fn away(&self) {
        self.lock().away_since.get_or_insert_with(Instant::now);
    }

    /// Sets how long this workstation may go on without the server.
    pub fn set_grace(&self, grace: Duration) {
        self.lock().grace = grace;
    }

    /// Extends the grace for [`GRACE_EXTENSION`] from `now`; the officer's event is durable already.
    pub fn extend_grace(&self, now: Instant) {
        self.lock().extended_until = Some(now + GRACE_EXTENSION);
    }

    /// Whether a named officer's extension is in force at `now`.
    pub fn is_extended(&self, now: Instant) -> bool {
        self.lock().extended_until.is_some_and(|until| now < until)
    }

    /// The state of the server at `now`.
    pub fn state(&self, now: Instant) -> ServerState {
        let inner = self.lock();
        let Some(since) = inner.away_since else {
            return ServerState::Reachable;
        };
        let grace_until = (since + inner.grace).max(inner.extended_until.unwrap_or(since));
        if now < grace_until {
            ServerState::Away { since, grace_until }
        } else {
            ServerState::AwayTooLong
        }
    }
}
