//! Events of being there: signing in and out, the purpose, an account that is active elsewhere, the lock, the grace.
//!
//! Invariant: no parameter has a password or a code. Deliberately absent: the parameters of any event (`any_operation`).

use super::field::{parameters, words};
use crate::domain::camera::StationId;
use crate::domain::people::Purpose;
use crate::domain::people::takeover::{Change, Unanswered};

parameters! {
    /// A session begins.
    SignIn by "W, S" {
        /// Free text beside the purpose
        note: String,
    }
}

parameters! {
    /// A session ends.
    SignOut by "W, S" {}
}

parameters! {
    /// Somebody was not let in, also at unlocking.
    SignInRefused by "W, S" {}
}

parameters! {
    /// Another purpose is in force in a session: the workstation writes intent and outcome, the server `done`.
    PurposeChange by "W, S" {
        /// The new purpose, in the workstation's events
        purpose_to: Purpose,
        /// Protocol number of the request behind it, in the workstation's events; empty where there is none
        protocol_no_to: String,
        /// The purpose before, in the server's events
        purpose_before: Purpose,
        /// Protocol number of that one, in the server's events; empty where there was none
        protocol_no_before: String,
        /// Free text beside the purpose
        note: String,
    }
}

words! {
    /// A step of asking for an account that is active elsewhere.
    TakeoverStep {
        Asked = "asked",
        GivenUp = "given_up",
        Yielded = "yielded",
        Kept = "kept",
        UnansweredKept = "unanswered_kept",
        UnansweredYielded = "unanswered_yielded",
    }
}

impl From<Change> for TakeoverStep {
    fn from(change: Change) -> Self {
        match change {
            Change::Asked => Self::Asked,
            Change::GivenUp => Self::GivenUp,
            Change::Yielded => Self::Yielded,
            Change::Kept => Self::Kept,
            Change::Unanswered(Unanswered::Keeps) => Self::UnansweredKept,
            Change::Unanswered(Unanswered::Yields) => Self::UnansweredYielded,
        }
    }
}

parameters! {
    /// An account that is active elsewhere is asked for, each step (R-ACC-1).
    AccountAsk by "S" {
        /// Step that was taken
        step: TakeoverStep,
        /// Workstation where the account is active
        active_at: StationId,
        /// Workstation where it is wanted
        wanted_at: StationId,
    }
}

words! {
    /// The state a workstation was brought into.
    LockState {
        Locked = "locked",
        Unlocked = "unlocked",
    }
}

parameters! {
    /// The workstation was locked or opened again.
    WorkstationLock by "W" {
        /// State it is in now; in a `refused` event the one it was not brought into
        state: LockState,
        /// Whether time locked it, and not the person
        by_itself: bool,
        /// Whether the server was away and the workstation went by the password it accepted last
        without_server: bool,
    }
}

parameters! {
    /// A named officer goes on for 15 minutes while the server is away.
    GraceExtended by "W" {
        /// Reason, in the officer's words, at most 500 characters
        reason: String,
    }
}
