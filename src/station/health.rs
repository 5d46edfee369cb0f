//! State of the audit path and of the server, for the top bar, and what follows from it for what may be done.
//!
//! Invariant: what [`Health::allows`] says is the table of the audit path: away within the grace only live and PTZ, a
//! log that was caught lying leaves live view only, an outbox that cannot be written leaves nothing.
//! Deliberately absent: words for the screen.

use super::Refusal;
use super::courier::Delivered;
use super::outbox::{CAPACITY, OutboxStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Whether everything this workstation recorded has reached the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// Events written to the outbox since it was opened.
    pub written: u64,
    /// Promised durable by the server.
    pub durable: u64,
    /// In a checkpoint, with a proof that was verified here.
    pub included: u64,
    /// Verified inclusion and consistency.
    pub verified: u64,
}

/// State of the audit path and of the server, for the top bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    pub delivery: Delivery,
    pub audit: AuditState,
    pub server: ServerState,
}

/// Whether the log has what was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditState {
    Delivered,
    Waiting {
        events: u64,
    },
    /// A proof was wrong or the outbox cannot be written: red.
    Broken {
        detail: String,
    },
}

/// Whether the server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    Reachable,
    Away {
        since: Instant,
        grace_until: Instant,
    },
    /// Grace is over: everything is refused.
    AwayTooLong,
}

/// What an act needs of the audit path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Seeing a live picture.
    Watch,
    /// Moving a dome, saving a picture.
    Act,
    /// Recordings, exports, diagnostics: only while the server answers.
    Server,
}

/// Health together with what decides but is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub health: Health,
    /// The outbox takes nothing any more.
    pub outbox_closed: Option<String>,
    /// More than 80 % of the outbox waits for delivery.
    pub outbox_filling: bool,
}

impl Standing {
    /// Puts the parts together.
    pub fn of(outbox: &OutboxStatus, delivered: Delivered, broken: Option<String>, server: ServerState) -> Self {
        let detail = outbox.poisoned.clone().or(broken);
        let audit = match (detail, outbox.pending) {
            (Some(detail), _) => AuditState::Broken { detail },
            (None, 0) => AuditState::Delivered,
            (None, events) => AuditState::Waiting { events },
        };
        let delivery = Delivery {
            written: outbox.written,
            durable: delivered.durable,
            included: delivered.included,
            verified: delivered.verified,
        };
        Self {
            health: Health {
                delivery,
                audit,
                server,
            },
            outbox_closed: outbox.poisoned.clone(),
            outbox_filling: outbox.pending_bytes / 4 > CAPACITY / 5,
        }
    }

    /// Whether the table of the audit path lets an act be done now.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`] or [`Refusal::ServerAway`].
    pub fn allows(&self, need: Need) -> Result<(), Refusal> {
        if let Some(detail) = &self.outbox_closed {
            return Err(Refusal::NotRecorded { detail: detail.clone() });
        }
        if let AuditState::Broken { detail } = &self.health.audit
            && need != Need::Watch
        {
            return Err(Refusal::NotRecorded { detail: detail.clone() });
        }
        let enough = match self.health.server {
            ServerState::Reachable => true,
            ServerState::Away { .. } => need != Need::Server,
            ServerState::AwayTooLong => false,
        };
        if enough && !self.outbox_filling {
            Ok(())
        } else {
            Err(Refusal::ServerAway)
        }
    }
}

/// Whether the server answers, as seen by everybody who calls it.
#[derive(Default)]
pub struct Contact(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    away_since: Option<Instant>,
    grace: Duration,
}

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

    /// Where it stands at `now`.
    pub fn state(&self, now: Instant) -> ServerState {
        let inner = self.lock();
        match inner.away_since {
            None => ServerState::Reachable,
            Some(since) if now < since + inner.grace => ServerState::Away {
                since,
                grace_until: since + inner.grace,
            },
            Some(_) => ServerState::AwayTooLong,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(server: ServerState, broken: Option<&str>, outbox: OutboxStatus) -> Standing {
        Standing::of(&outbox, Delivered::default(), broken.map(str::to_owned), server)
    }

    fn allowed(standing: &Standing) -> [bool; 3] {
        [Need::Watch, Need::Act, Need::Server].map(|need| standing.allows(need).is_ok())
    }

    #[test]
    fn r_aud_7_what_may_be_done_follows_the_table() {
        let now = Instant::now();
        let away = ServerState::Away {
            since: now,
            grace_until: now,
        };
        let poisoned = OutboxStatus {
            poisoned: Some("disk".into()),
            ..OutboxStatus::default()
        };
        let filling = OutboxStatus {
            pending: 9,
            pending_bytes: CAPACITY * 81 / 100,
            ..OutboxStatus::default()
        };
        let fine = OutboxStatus::default;
        assert_eq!(
            allowed(&standing(ServerState::Reachable, None, fine())),
            [true, true, true]
        );
        assert_eq!(allowed(&standing(away.clone(), None, fine())), [true, true, false]);
        assert_eq!(allowed(&standing(ServerState::AwayTooLong, None, fine())), [false; 3]);
        assert_eq!(allowed(&standing(away, None, filling)), [false; 3]);
        assert_eq!(
            allowed(&standing(ServerState::Reachable, Some("forked"), fine())),
            [true, false, false]
        );
        assert_eq!(allowed(&standing(ServerState::Reachable, None, poisoned)), [false; 3]);
    }

    #[test]
    fn grace_runs_from_the_first_missing_answer_and_ends() {
        let contact = Contact::default();
        contact.set_grace(Duration::from_secs(60));
        assert_eq!(contact.state(Instant::now()), ServerState::Reachable);
        contact.away();
        let now = Instant::now();
        assert!(matches!(contact.state(now), ServerState::Away { .. }));
        contact.away();
        assert_eq!(contact.state(now + Duration::from_secs(61)), ServerState::AwayTooLong);
        contact.reached();
        assert_eq!(contact.state(now + Duration::from_secs(61)), ServerState::Reachable);
    }
}
