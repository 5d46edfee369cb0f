//! Events of administration: one operation, `configuration_change`, and the kinds of change it covers.
//!
//! Invariant: each kind is told apart by its first parameter. Deliberately absent: secrets of accounts; masks (`plan`).

use super::field::{Fields, Group, parameters, words};
use super::plan::AccountNeed;
use crate::domain::audit::operation::RetentionClass;
use crate::domain::people::{AdminRight, StationKind};
use serde_json::{Map, Value};

words! {
    /// A change of an account.
    AccountWord {
        Added = "account_added",
        Confirmed = "account_confirmed",
        Disabled = "account_disabled",
        Enabled = "account_enabled",
        PasswordReset = "password_reset",
        PasswordChosen = "password_chosen",
        SecondFactorGiven = "second_factor_given",
        GrantsChanged = "grants_changed",
    }
}

parameters! {
    /// An account changes; of `password_chosen` only the name is told.
    AccountChanged by "S" {
        /// Change that is made
        change: AccountWord,
        /// Account name
        account: String,
        /// The account without its secrets; `null` where there was none
        before: Value,
        /// The account without its secrets, and the `reason` that was given
        after: Value,
    }
}

words! {
    /// A change of a workstation.
    WorkstationWord {
        EnrolmentCode = "enrolment_code",
        Enrolled = "station_enrolled",
        CertificateRenewed = "certificate_renewed",
        Revoked = "station_revoked",
        QuarantineLifted = "quarantine_lifted",
    }
}

parameters! {
    /// A workstation is enrolled, renewed, revoked or let out of quarantine; a code for one is given out.
    WorkstationChanged by "S" {
        /// Change that is made
        change: WorkstationWord,
        /// Name of the workstation, where it is not `at_station`
        station: String,
        /// Purpose it is enabled for
        kind: StationKind,
        /// Time it may go on without the server, seconds
        grace_s: u64,
        /// Reason, in the person's words
        reason: String,
    }
}

words! {
    /// A change of the site plan.
    SiteWord {
        SitePlan = "site_plan",
    }
}

words! {
    /// A step of changing the site plan.
    SiteStep {
        /// One person was enough.
        Done = "done",
        Proposed = "proposed",
        Approved = "approved",
        Declined = "declined",
    }
}

parameters! {
    /// A camera of the site plan changes, or a change is proposed: one event for each camera and controller.
    SiteChanged by "S" {
        /// Change that is made
        change: SiteWord,
        /// Step that was taken; `done`: one person was enough
        step: SiteStep,
        /// Account name of who made the change
        author: String,
        /// Reason, in the author's words, at most 500 characters
        reason: String,
        /// The fields of the camera that differ; `null` where there is no camera
        before: Value,
        /// The fields of the camera that differ; `null` where it goes
        after: Value,
        /// Version of the plan that has it
        plan: u64,
        /// Number of the proposal
        proposal: u64,
        /// Whether the camera was tested before
        tested: bool,
    }
}

words! {
    /// A change of an account of a camera.
    CameraAccountWord {
        CameraAccount = "camera_account",
    }
}

parameters! {
    /// A camera gets an account.
    CameraAccountChanged by "S" {
        /// Change that is made
        change: CameraAccountWord,
        /// Purpose of the account
        need: AccountNeed,
        /// Reason, in the person's words, at most 500 characters
        reason: String,
        /// Name of the account before; `null` where there was none
        before: Option<String>,
        /// Name of the account
        after: String,
    }
}

words! {
    /// A question to cameras that need not be in the plan.
    ProbeWord {
        CameraTested = "camera_tested",
        CamerasSought = "cameras_sought",
    }
}

parameters! {
    /// A camera is tested, or cameras are looked for, from a workstation.
    CameraProbe by "W, S" {
        /// Act
        change: ProbeWord,
        /// Address that is tested
        onvif: String,
    }
}

words! {
    /// A change of the log's name.
    OriginWord {
        LogOrigin = "log_origin",
    }
}

parameters! {
    /// A log goes on under another name and key, or that is refused.
    LogOriginChanged by "S" {
        /// Change that is made
        change: OriginWord,
        /// Verifier key of the name before
        former: String,
        /// The new name
        origin: String,
        /// Number of entries of the log
        size: u64,
        /// Size the lost signer had signed, entries; more than `size` when the database lost some, `null` where it is not known
        signed_size: Option<u64>,
        /// Reason, in the person's words, at most 500 characters
        reason: String,
        /// Account name of the first supervisor who accepted that entries are lost; of one that is refused as it was typed, cut at
        /// 64 characters
        accepted_by: String,
        /// Account name of the second
        and_by: String,
        /// Size that a workstation had seen signed and the server forgot, entries
        seen_size: u64,
    }
}

words! {
    /// A change of what the log's clock is held against.
    TimeWord {
        LogTime = "log_time",
    }
}

parameters! {
    /// The server's clock is accepted where it is far from the last signature of the log.
    LogTimeAccepted by "S" {
        /// Change that is made
        change: TimeWord,
        /// Time of the last signature, Unix milliseconds
        signed_ms: i64,
        /// Time by the server's clock, Unix milliseconds
        now_ms: i64,
        /// Reason, in the person's words, at most 500 characters
        reason: String,
    }
}

parameters! {
    /// A session is ended by somebody else.
    SessionRevoked by "S" {
        /// Account name of the session
        revoked_user: String,
        /// Identifier of the session
        revoked_session: String,
        /// Reason, in the person's words
        reason: String,
    }
}

parameters! {
    /// A retention floor is raised.
    FloorRaised by "S" {
        /// Class of bodies
        floor: RetentionClass,
        /// Time they stay at least, days
        days: u64,
    }
}

words! {
    /// A step towards pruning.
    PruningStep {
        Asked = "asked",
        Approved = "approved",
    }
}

parameters! {
    /// Pruning of bodies is asked for or approved.
    PruningOrdered by "S" {
        /// Step that was taken
        pruning: PruningStep,
        /// Class of bodies
        class: RetentionClass,
        /// Moment before which they were received, Unix milliseconds
        before_ms: i64,
        /// Number of the order
        order: i64,
        /// Account name of who asked for it
        asked_by: String,
    }
}

words! {
    /// An administrative right, by the name it has in the log.
    Office {
        ReadPeople = "ReadPeople",
        ConfirmPeople = "ConfirmPeople",
        KeepPeople = "KeepPeople",
        KeepStations = "KeepStations",
        KeepCameras = "KeepCameras",
        ApproveCameras = "ApproveCameras",
        AdmitSupervisors = "AdmitSupervisors",
    }
}

impl From<AdminRight> for Office {
    fn from(right: AdminRight) -> Self {
        match right {
            AdminRight::ReadPeople => Self::ReadPeople,
            AdminRight::ConfirmPeople => Self::ConfirmPeople,
            AdminRight::KeepPeople => Self::KeepPeople,
            AdminRight::KeepStations => Self::KeepStations,
            AdminRight::KeepCameras => Self::KeepCameras,
            AdminRight::ApproveCameras => Self::ApproveCameras,
            AdminRight::AdmitSupervisors => Self::AdmitSupervisors,
        }
    }
}

parameters! {
    /// An administrative right that the person has not.
    AdminRefused by "S" {
        /// Name of the right
        office: Office,
    }
}

/// Lists the kinds of change.
macro_rules! changes {
    ($($name:ident($type:ident)),* $(,)?) => {
        /// A change of the configuration, by its kind.
        #[derive(Debug, Clone, PartialEq)]
        pub enum ConfigurationChange {
            $($name($type),)*
            /// A kind this program does not know: its parameters stay as they are.
            Other,
        }

        $(impl From<$type> for ConfigurationChange {
            fn from(change: $type) -> Self {
                Self::$name(change)
            }
        }

        impl From<$type> for super::EventKind {
            fn from(change: $type) -> Self {
                ConfigurationChange::from(change).into()
            }
        })*

        impl Fields for ConfigurationChange {
            const BY: &'static str = "W, S";
            const WRITTEN: &'static [&'static str] = &[
                " Anything that is administered changes: before it does. A workstation writes it where a camera is looked for or",
                " tested.",
            ];
            const GROUPS: &'static [Group] = &[$(<$type as Fields>::GROUPS[0]),*];

            fn write(&self, into: &mut Map<String, Value>) {
                match self {
                    $(Self::$name(change) => change.write(into),)*
                    Self::Other => {}
                }
            }

            fn read(from: &mut Map<String, Value>) -> Self {
                $(if $type::fits(from) {
                    return Self::$name($type::read(from));
                })*
                Self::Other
            }

            fn fits(from: &Map<String, Value>) -> bool {
                $($type::fits(from))||*
            }
        }
    };
}

changes! {
    Account(AccountChanged),
    Workstation(WorkstationChanged),
    Site(SiteChanged),
    CameraAccount(CameraAccountChanged),
    Probe(CameraProbe),
    LogOrigin(LogOriginChanged),
    LogTime(LogTimeAccepted),
    Session(SessionRevoked),
    Floor(FloorRaised),
    Pruning(PruningOrdered),
    Refused(AdminRefused),
}
