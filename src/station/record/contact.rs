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
    /// Grace is over: everything is refused, unless a named officer goes on (see [`Contact::go_on`]).
    AwayTooLong,
}

/// Whether the server answers, as seen by everybody who calls it.
#[derive(Default)]
pub struct Contact(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    away_since: Option<Instant>,
    grace: Duration,
    /// Until when a named officer goes on although the table says no.
    going_on_until: Option<Instant>,
}

/// How long a named officer may go on at a time.
pub const GOING_ON: Duration = Duration::from_secs(15 * 60);

impl Contact {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server answered.
    pub fn reached(&self) {
        self.lock().away_since = None;
    }

    /// The server did not answer.
    pub fn away(&self) {
        self.lock().away_since.get_or_insert_with(Instant::now);
    }

    /// How long this workstation may go on without the server.
    pub fn set_grace(&self, grace: Duration) {
        self.lock().grace = grace;
    }

    /// A named officer goes on for [`GOING_ON`]; their event is durable already.
    pub fn go_on(&self, now: Instant) {
        self.lock().going_on_until = Some(now + GOING_ON);
    }

    /// Whether a named officer goes on at `now`.
    pub fn is_going_on(&self, now: Instant) -> bool {
        self.lock().going_on_until.is_some_and(|until| now < until)
    }

    /// Where it stands at `now`.
    pub fn state(&self, now: Instant) -> ServerState {
        let inner = self.lock();
        let Some(since) = inner.away_since else {
            return ServerState::Reachable;
        };
        let grace_until = (since + inner.grace).max(inner.going_on_until.unwrap_or(since));
        if now < grace_until {
            ServerState::Away { since, grace_until }
        } else {
            ServerState::AwayTooLong
        }
    }
}
