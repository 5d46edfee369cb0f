//! State of the audit path and of the server, for the top bar, and what follows from it for what may be done.
//!
//! Invariant: what [`HealthReport::allows`] says is the table in `docs/log.md`: away within the grace only live and PTZ, a
//! log that was caught lying leaves live view only, an outbox that cannot be written leaves nothing.
//! Deliberately absent: words for the screen.

use super::contact::ServerState;
use super::courier::Delivered;
use super::outbox::{CAPACITY, OutboxStatus};
use super::trusted_checkpoints::BegunAnew;
use crate::domain::camera::ControllerId;
use crate::domain::live::wrong_clock::WrongClock;
use crate::station::refusal::Refusal;

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
    /// What is wrong with this machine's clock, if anything.
    pub clock: Option<WrongClock>,
    /// Logs that began anew in the last weeks, because their server lost what this workstation had verified.
    pub begun_anew: Vec<(ControllerId, BegunAnew)>,
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
pub struct HealthReport {
    pub health: Health,
    /// The outbox takes nothing any more.
    pub outbox_closed: Option<String>,
    /// More than 80 % of the outbox waits for delivery, and no named officer extended the grace.
    pub outbox_filling: bool,
}

impl HealthReport {
    /// The report of outbox, delivery and server; `extended`: a named officer extended the grace.
    pub fn of(
        outbox: &OutboxStatus,
        delivered: Delivered,
        broken: Option<String>,
        server: ServerState,
        extended: bool,
    ) -> Self {
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
                clock: None,
                begun_anew: Vec::new(),
            },
            outbox_closed: outbox.poisoned.clone(),
            outbox_filling: outbox.pending_bytes / 4 > CAPACITY / 5 && !extended,
        }
    }

    /// The report of a machine whose clock is wrong in this way, or is not.
    pub fn with_clock(mut self, clock: Option<WrongClock>) -> Self {
        self.health.clock = clock;
        self
    }

    /// With the logs that began anew.
    pub fn with_begun_anew(mut self, begun_anew: Vec<(ControllerId, BegunAnew)>) -> Self {
        self.health.begun_anew = begun_anew;
        self
    }

    /// Whether the table in `docs/log.md` lets an act be done now.
    ///
    /// # Errors
    /// One refusal for each row: [`Refusal::NotRecorded`], [`Refusal::LogNotTrusted`], [`Refusal::GraceOver`],
    /// [`Refusal::OutboxFilling`], [`Refusal::ServerAway`].
    pub fn allows(&self, need: Need) -> Result<(), Refusal> {
        if let Some(detail) = &self.outbox_closed {
            return Err(Refusal::NotRecorded { detail: detail.clone() });
        }
        if let AuditState::Broken { detail } = &self.health.audit
            && need != Need::Watch
        {
            return Err(Refusal::LogNotTrusted { detail: detail.clone() });
        }
        match self.health.server {
            ServerState::AwayTooLong => Err(Refusal::GraceOver),
            _ if self.outbox_filling => Err(Refusal::OutboxFilling),
            ServerState::Away { .. } if need == Need::Server => Err(Refusal::ServerAway),
            ServerState::Reachable | ServerState::Away { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::record::contact::{Contact, GRACE_EXTENSION};
    use std::time::{Duration, Instant};

    fn standing(server: ServerState, broken: Option<&str>, outbox: OutboxStatus) -> HealthReport {
        HealthReport::of(&outbox, Delivered::default(), broken.map(str::to_owned), server, false)
    }

    /// For seeing, moving and what needs the server: why not, if not.
    fn refused(standing: &HealthReport) -> [Option<Refusal>; 3] {
        [Need::Watch, Need::Act, Need::Server].map(|need| standing.allows(need).err())
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
        let reachable = ServerState::Reachable;
        let all = |why: Refusal| [Some(why.clone()), Some(why.clone()), Some(why)];
        assert_eq!(refused(&standing(reachable.clone(), None, fine())), [None, None, None]);
        assert_eq!(
            refused(&standing(away.clone(), None, fine())),
            [None, None, Some(Refusal::ServerAway)]
        );
        assert_eq!(
            refused(&standing(ServerState::AwayTooLong, None, fine())),
            all(Refusal::GraceOver)
        );
        for server in [reachable.clone(), away] {
            assert_eq!(
                refused(&standing(server, None, filling.clone())),
                all(Refusal::OutboxFilling)
            );
        }
        let not_trusted = Some(Refusal::LogNotTrusted {
            detail: "forked".into(),
        });
        assert_eq!(
            refused(&standing(reachable.clone(), Some("forked"), fine())),
            [None, not_trusted.clone(), not_trusted]
        );
        let not_recorded = Refusal::NotRecorded { detail: "disk".into() };
        assert_eq!(refused(&standing(reachable.clone(), None, poisoned)), all(not_recorded));
        let extended = HealthReport::of(&filling, Delivered::default(), None, reachable, true);
        assert_eq!(refused(&extended), [None, None, None], "a named officer goes on");
    }

    #[test]
    fn r_aud_7_a_named_officer_goes_on_for_fifteen_minutes_at_a_time() {
        let contact = Contact::default();
        contact.away();
        let now = Instant::now();
        assert_eq!(contact.state(now), ServerState::AwayTooLong, "no grace");
        contact.extend_grace(now);
        assert!(
            matches!(contact.state(now), ServerState::Away { grace_until, .. } if grace_until == now + GRACE_EXTENSION)
        );
        let refused = [Need::Watch, Need::Act, Need::Server].map(|need| {
            let standing = standing(contact.state(now), None, OutboxStatus::default());
            standing.allows(need).err()
        });
        assert_eq!(refused, [None, None, Some(Refusal::ServerAway)], "live and PTZ only");
        assert_eq!(contact.state(now + GRACE_EXTENSION), ServerState::AwayTooLong);
        assert!(!contact.is_extended(now + GRACE_EXTENSION));
        contact.reached();
        assert_eq!(contact.state(now), ServerState::Reachable);
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
