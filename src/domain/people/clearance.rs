//! Clearances (*nullaosta*): an operator asks for recordings of named cameras and a range of time, a supervisor approves,
//! shortens or refuses, and what was approved expires or is withdrawn before (R-REC-1). An export is bound to it (R-EXP-5).
//!
//! Invariant: nobody answers their own request; what is granted is never more than what was asked; an answer is final but
//! for its withdrawal, which is final too; after its end nothing is seen under it. Times are Unix milliseconds.
//! Deliberately absent: grants (`domain::people::decide` was asked before), recording and notices (the server), the seven days
//! of each picture (`domain::timeline`), what is opened without asking (`at_once`).

mod at_once;

pub use at_once::{AtOnce, Ratification, Ratified};

use super::second_person::{Giver, may_approve};
use super::stated_purpose::{MOST_PROTOCOL, cleaned};
use super::{Level, Person, Purpose};
use crate::domain::camera::{CameraId, ControllerId};
use crate::domain::message::{Message, sentence};
use crate::domain::reason::Reason;
use crate::domain::timeline::{Span, horizon};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const HOUR_MS: i64 = 3_600_000;
/// Most cameras in one clearance.
pub const MOST_CAMERAS: usize = 16;
/// Most recording in one clearance, camera-hours: more would be a copy of the archive.
pub const MOST_CAMERA_HOURS: i64 = 48;
/// How far into the future the range may reach, hours.
const MOST_AHEAD_HOURS: i64 = 24;
/// Longest time it is in force, and longest time a request waits, hours.
pub const MOST_HOURS: u32 = 72;

/// The uses of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    Playback,
    Export,
}

/// Which recordings, and whether copies may be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    pub cameras: BTreeSet<CameraId>,
    pub from_ms: i64,
    pub to_ms: i64,
    pub export: bool,
}

/// The request for a clearance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// All its cameras belong to it.
    pub controller: ControllerId,
    pub extent: Extent,
    pub purpose: Purpose,
    pub reason: Reason,
    /// Protocol number of the request behind it; may be empty.
    pub protocol_no: String,
}

/// A supervisor's answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it was asked, in force for so many hours.
    Approve {
        hours: u32,
    },
    /// Grants a part of what was asked for.
    Shorten {
        extent: Extent,
        hours: u32,
    },
    Refuse {
        reason: Reason,
    },
}

/// The answer that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Granted {
        /// Account of the supervisor.
        by: String,
        at_ms: i64,
        /// The first moment at which it is not in force any more.
        until_ms: i64,
        extent: Extent,
    },
    Refused {
        by: String,
        at_ms: i64,
        reason: Reason,
    },
}

/// A supervisor's request to end a granted clearance at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    pub reason: Reason,
}

/// The end of a granted clearance before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Account of the supervisor.
    pub by: String,
    pub at_ms: i64,
    pub reason: Reason,
}

/// A request together with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clearance {
    pub wish: Wish,
    /// Account of who asked.
    pub asked_by: String,
    pub asked_ms: i64,
    pub answer: Option<Answer>,
    /// The end of the grant before its time; the answer's `until_ms` is the same moment, which is what a workstation of
    /// an earlier release goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawn>,
    /// Opened at once, without an answer before: `answer` names who opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<AtOnce>,
}

/// Where a clearance stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClearanceStatus {
    Waiting,
    /// Recordings may be seen under the clearance.
    InForce,
    Refused,
    /// A supervisor ended the grant before its time.
    Withdrawn,
    /// The clearance was granted and is over, or nobody answered in time.
    Expired,
}

/// The steps of a clearance, for the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Requested,
    Approved,
    Shortened,
    Refused,
    Withdrawn,
    /// Opened without an answer before (R-ACC-11).
    OpenedAtOnce,
    Ratified,
    /// A supervisor did not ratify it, or nobody did in time.
    NotRatified,
    Expired,
}

/// Why a clearance is not asked for, not answered, or does not let something be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ClearanceError {
    #[error("between 1 and {MOST_CAMERAS} cameras of one controller")]
    Cameras,
    #[error("the range is empty or runs backwards")]
    EmptyRange,
    #[error("the range begins more than seven days ago")]
    TooOld,
    #[error("the range reaches too far into the future")]
    TooFarAhead,
    #[error("more than {MOST_CAMERA_HOURS} hours of recording")]
    TooMuch,
    #[error("this purpose needs the protocol number of the request")]
    NoProtocolNumber,
    #[error("between 1 and {MOST_HOURS} hours")]
    Hours,
    #[error("only a supervisor answers")]
    SupervisorOnly,
    #[error("nobody answers their own request")]
    OwnRequest,
    #[error("it was answered already, or nobody did in time")]
    NotWaiting,
    #[error("more than what was asked")]
    Wider,
    /// R-REC-1: no clearance in force covers this.
    #[error("no clearance covers this")]
    NotCleared,
    #[error("this account watches no recordings")]
    NotForThisLevel,
    #[error("it was not granted, or is over already")]
    NotInForce,
    /// R-REC-1: the clearance under which recordings were being seen or copied is over.
    #[error("the clearance ended or was withdrawn")]
    Ended,
    #[error("the controller lets nothing be opened at once")]
    NotAtOnce,
    #[error("only the last {minutes} minutes are opened at once")]
    NotRecent { minutes: u32 },
    #[error("what is opened at once is not copied")]
    NoCopiesAtOnce,
}

impl ClearanceError {
    /// Why not, then what to do.
    pub fn message(self) -> Message {
        match self {
            Self::Cameras => sentence("clearance-bad-cameras").with("most", MOST_CAMERAS),
            Self::EmptyRange => sentence("clearance-bad-range"),
            Self::TooOld => sentence("clearance-too-old"),
            Self::TooFarAhead => sentence("clearance-too-far"),
            Self::TooMuch => sentence("clearance-too-much").with("most", MOST_CAMERA_HOURS),
            Self::NoProtocolNumber => sentence("clearance-no-protocol"),
            Self::Hours => sentence("clearance-bad-hours").with("most", MOST_HOURS),
            Self::SupervisorOnly => sentence("clearance-supervisor"),
            Self::OwnRequest => sentence("clearance-own"),
            Self::NotWaiting => sentence("clearance-not-waiting"),
            Self::Wider => sentence("clearance-wider"),
            Self::NotCleared => sentence("clearance-needed"),
            Self::NotForThisLevel => sentence("clearance-not-for-level"),
            Self::NotInForce => sentence("clearance-not-in-force"),
            Self::Ended => sentence("clearance-ended"),
            Self::NotAtOnce => sentence("clearance-not-at-once"),
            Self::NotRecent { minutes } => sentence("clearance-not-recent").with("minutes", minutes),
            Self::NoCopiesAtOnce => sentence("clearance-no-copies-at-once"),
        }
    }
}

/// Whether recordings need a clearance at this level (R-REC-1).
pub fn is_needed(level: Level) -> bool {
    match level {
        Level::Operator | Level::ForceOperator => true,
        Level::Supervisor | Level::SystemAdministrator | Level::Maintainer => false,
    }
}

impl Extent {
    fn check(&self, now_ms: i64) -> Result<(), ClearanceError> {
        if self.cameras.is_empty() || self.cameras.len() > MOST_CAMERAS {
            return Err(ClearanceError::Cameras);
        }
        let span = Span::new(self.from_ms, self.to_ms).ok_or(ClearanceError::EmptyRange)?;
        if self.from_ms < horizon(now_ms) {
            return Err(ClearanceError::TooOld);
        }
        if self.to_ms > now_ms.saturating_add(MOST_AHEAD_HOURS * HOUR_MS) {
            return Err(ClearanceError::TooFarAhead);
        }
        let cameras = i64::try_from(self.cameras.len()).unwrap_or(i64::MAX);
        if span.length_ms().saturating_mul(cameras) > MOST_CAMERA_HOURS * HOUR_MS {
            return Err(ClearanceError::TooMuch);
        }
        Ok(())
    }

    fn is_within(&self, asked: &Extent) -> bool {
        self.cameras.is_subset(&asked.cameras)
            && asked.from_ms <= self.from_ms
            && self.to_ms <= asked.to_ms
            && (asked.export || !self.export)
    }

    fn allows(&self, what: Use) -> bool {
        what == Use::Playback || self.export
    }
}

impl Clearance {
    /// Makes a request that waits for its answer.
    ///
    /// # Errors
    /// [`ClearanceError`]: the level needs no clearance, cameras or range are more than one may ask for, or the protocol
    /// number is missing.
    pub fn request(mut wish: Wish, asked_by: &str, level: Level, now_ms: i64) -> Result<Self, ClearanceError> {
        if !is_needed(level) {
            return Err(ClearanceError::NotForThisLevel);
        }
        wish.extent.check(now_ms)?;
        wish.protocol_no = cleaned(&wish.protocol_no, MOST_PROTOCOL);
        if wish.purpose.needs_protocol_no() && wish.protocol_no.is_empty() {
            return Err(ClearanceError::NoProtocolNumber);
        }
        Ok(Self {
            wish,
            asked_by: asked_by.to_owned(),
            asked_ms: now_ms,
            answer: None,
            withdrawn: None,
            at_once: None,
        })
    }

    /// Whether somebody is another person than who asked, whose name is `asker`: not only another account of theirs, nor one that
    /// they gave a password or a second factor lately.
    ///
    /// # Errors
    /// [`ClearanceError::OwnRequest`]: they are one person.
    pub fn is_for_another(
        &self,
        asker: &str,
        who: &Person,
        givers: &[Giver],
        now_ms: i64,
    ) -> Result<(), ClearanceError> {
        may_approve(who, givers, (&self.asked_by, asker), now_ms).map_err(|_| ClearanceError::OwnRequest)
    }

    /// Answers it. `by` is the supervisor's account.
    ///
    /// # Errors
    /// Why it is not theirs to answer, or not so; it stands as before then.
    pub fn answer(&mut self, by: &str, level: Level, verdict: Verdict, now_ms: i64) -> Result<Step, ClearanceError> {
        if level != Level::Supervisor {
            return Err(ClearanceError::SupervisorOnly);
        }
        if by == self.asked_by {
            return Err(ClearanceError::OwnRequest);
        }
        if self.standing(now_ms) != ClearanceStatus::Waiting {
            return Err(ClearanceError::NotWaiting);
        }
        let (extent, hours, step) = match verdict {
            Verdict::Refuse { reason } => {
                self.answer = Some(Answer::Refused {
                    by: by.to_owned(),
                    at_ms: now_ms,
                    reason,
                });
                return Ok(Step::Refused);
            }
            Verdict::Approve { hours } => (self.wish.extent.clone(), hours, Step::Approved),
            Verdict::Shorten { extent, hours } => {
                extent.check(now_ms)?;
                if !extent.is_within(&self.wish.extent) {
                    return Err(ClearanceError::Wider);
                }
                (extent, hours, Step::Shortened)
            }
        };
        if !(1..=MOST_HOURS).contains(&hours) {
            return Err(ClearanceError::Hours);
        }
        self.answer = Some(Answer::Granted {
            by: by.to_owned(),
            at_ms: now_ms,
            until_ms: now_ms.saturating_add(i64::from(hours) * HOUR_MS),
            extent,
        });
        Ok(step)
    }

    /// Ends a clearance that is in force, at once and for good. `by` is the supervisor's account, who need not be the one
    /// that granted it.
    ///
    /// # Errors
    /// [`ClearanceError::SupervisorOnly`]; [`ClearanceError::NotInForce`] when there is nothing to withdraw. It stands as
    /// before then.
    pub fn withdraw(
        &mut self,
        by: &str,
        level: Level,
        withdrawal: Withdrawal,
        now_ms: i64,
    ) -> Result<Step, ClearanceError> {
        if level != Level::Supervisor {
            return Err(ClearanceError::SupervisorOnly);
        }
        let in_force = self.standing(now_ms) == ClearanceStatus::InForce;
        match &mut self.answer {
            Some(Answer::Granted { until_ms, .. }) if in_force => *until_ms = now_ms,
            _ => return Err(ClearanceError::NotInForce),
        }
        self.withdrawn = Some(Withdrawn {
            by: by.to_owned(),
            at_ms: now_ms,
            reason: withdrawal.reason,
        });
        Ok(Step::Withdrawn)
    }

    /// The state of the clearance at this moment.
    pub fn standing(&self, now_ms: i64) -> ClearanceStatus {
        match &self.answer {
            Some(Answer::Granted { .. }) if self.withdrawn.is_some() => ClearanceStatus::Withdrawn,
            None if now_ms >= self.answer_ends_ms() => ClearanceStatus::Expired,
            None => ClearanceStatus::Waiting,
            Some(Answer::Refused { .. }) => ClearanceStatus::Refused,
            Some(Answer::Granted { until_ms, .. }) if now_ms >= *until_ms => ClearanceStatus::Expired,
            Some(Answer::Granted { .. }) => ClearanceStatus::InForce,
        }
    }

    /// The moment from which the clearance is listed no more: its end, or some time after a refusal, a withdrawal
    /// or a ratification.
    pub fn ends_ms(&self) -> i64 {
        let ratification = self.ratification_ends_ms().unwrap_or(i64::MIN);
        self.answer_ends_ms().max(ratification)
    }

    fn answer_ends_ms(&self) -> i64 {
        let longest = i64::from(MOST_HOURS) * HOUR_MS;
        if let Some(withdrawn) = &self.withdrawn {
            return withdrawn.at_ms.saturating_add(longest);
        }
        match &self.answer {
            None => self.asked_ms.saturating_add(longest),
            Some(Answer::Refused { at_ms, .. }) => at_ms.saturating_add(longest),
            Some(Answer::Granted { until_ms, .. }) => *until_ms,
        }
    }

    /// The end of what was granted, Unix milliseconds; `None` where nothing was.
    pub fn granted_until_ms(&self) -> Option<i64> {
        match &self.answer {
            Some(Answer::Granted { until_ms, .. }) => Some(*until_ms),
            Some(Answer::Refused { .. }) | None => None,
        }
    }

    /// The span of a camera's recordings that this account may see under the clearance at this moment.
    pub fn cleared(&self, account: &str, what: Use, camera: &CameraId, now_ms: i64) -> Option<Span> {
        let Some(Answer::Granted { extent, .. }) = &self.answer else {
            return None;
        };
        let theirs = self.asked_by == account && self.standing(now_ms) == ClearanceStatus::InForce;
        let span = Span::new(extent.from_ms, extent.to_ms)?;
        (theirs && extent.allows(what) && extent.cameras.contains(camera)).then_some(span)
    }
}

/// The clearance under which an account may see a whole range of a camera.
///
/// # Errors
/// [`ClearanceError::NotCleared`] when no clearance in force covers the whole range.
pub fn covering<'a>(
    mut clearances: impl Iterator<Item = &'a Clearance>,
    account: &str,
    what: Use,
    camera: &CameraId,
    range: Span,
    now_ms: i64,
) -> Result<&'a Clearance, ClearanceError> {
    clearances
        .find(|clearance| {
            let cleared = clearance.cleared(account, what, camera, now_ms);
            cleared.is_some_and(|span| span.common(range) == Some(range))
        })
        .ok_or(ClearanceError::NotCleared)
}

#[cfg(test)]
mod tests;
