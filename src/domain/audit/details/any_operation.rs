//! Parameters that an event of any operation may carry: why it did not happen, by which rule, at which workstation.
//!
//! Invariant: what somebody asked for in vain is cut, so that nobody fills the log with it.
//! Deliberately absent: the parameters of single operations.

use super::field::{Typed, parameters, words};
use crate::domain::camera::StationId;
use crate::domain::people::Rule;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest text of somebody who asked for something in vain, characters.
const MOST_ASKED: usize = 64;

words! {
    /// A cause the log has a word for.
    Cause {
        /// The task that acted was cancelled: nobody knows how far it came.
        Abandoned = "abandoned",
        /// The disk took the record of the refusal only, and the act did not happen.
        DiskFull = "disk_full",
        /// A code for a new workstation was not good.
        EnrolmentCode = "enrolment_code",
        /// The person signed out.
        SignedOut = "signed_out",
        /// The person signed in again.
        Replaced = "replaced",
        /// Somebody else ended the session.
        Revoked = "revoked",
        /// The account was given up to another workstation.
        Yielded = "yielded",
        /// Nobody confirmed the account in time.
        NotConfirmed = "not_confirmed",
        /// The appointment of the person is over.
        AppointmentOver = "appointment_over",
    }
}

/// The reason why something was refused, failed or ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Why {
    Cause(Cause),
    Rule(Rule),
    /// A short sentence in English.
    Text(String),
    /// A refusal in its wire form, with its figures.
    Told(Value),
}

impl Typed for Why {
    const VALUE: &'static str = "word or text";
}

impl From<Cause> for Why {
    fn from(cause: Cause) -> Self {
        Self::Cause(cause)
    }
}

impl From<Rule> for Why {
    fn from(rule: Rule) -> Self {
        Self::Rule(rule)
    }
}

impl From<String> for Why {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Why {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

parameters! {
    /// Parameters that any operation may carry.
    Common by "W, S" {
        /// Reason why it was refused or failed: the rule's name, or a short sentence in English. `abandoned`: the task that
        /// acted was cancelled, nobody knows how far it came. `disk_full`: the workstation's disk took the record of the
        /// refusal, and the act did not happen. Of a sign-out: `signed_out`, `replaced` (signed in again), `revoked`,
        /// `yielded` (given up to another workstation); absent in the workstation's when the person signed out. Of an
        /// account the server disabled by itself: `not_confirmed`, `appointment_over`. Of a workstation that is refused:
        /// `enrolment_code`
        why: Why,
        /// Name of the rule of `domain::people` by which the server refused
        rule: Rule,
        /// In the server's own events: the workstation where the person was
        at_station: StationId,
        /// Name that was asked for and is not this person's to see, cut at 64 characters
        asked_for: String,
    }
}

impl Common {
    /// What was asked for in vain, cut.
    pub(super) fn asked(&mut self, text: &str) {
        self.asked_for = Some(text.chars().take(MOST_ASKED).collect());
    }
}
