//! The vocabulary of events (R-AUD-1): operations, outcomes, retention classes.
//!
//! Invariant: every operation that touches a camera, a recording, a file or an account has its variant here, and
//! the station's one road asks for it before acting, so an operation without an event does not compile. Wire names are for
//! ever. Deliberately absent: parameters (`details`).

use serde::{Deserialize, Serialize};

/// The kind of an event. Its parameters have a type of the same name in `details`; `docs/events.md` explains both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    SignIn,
    SignOut,
    SignInRefused,
    ViewOpen,
    ViewPulse,
    ViewClose,
    /// A PTZ gesture begins: before its first command.
    PtzStart,
    /// A PTZ gesture ended: where it went, highest zoom.
    PtzEnd,
    PresetCall,
    PresetSave,
    /// Who holds the dome: taken, asked, handed over, released (R-PTZ-3).
    DomeHold,
    MaskLift,
    EventDeclared,
    EventEnded,
    /// A mask was drawn, changed or removed: proposed, approved or declined, with before and after (R-PRV-1).
    MaskChange,
    /// A camera does not keep the masks or limits of the plan (R-PRV-3).
    CameraDrift,
    /// Masks and limits were written to a camera (R-PRV-3).
    CameraWritten,
    RecordingSearch,
    PlaybackOpen,
    PlaybackSeek,
    PlaybackClose,
    Snapshot,
    ExportStart,
    ExportEnd,
    DiagnosticsOpen,
    DiagnosticsClose,
    ConfigurationChange,
    /// A clearance for recordings: requested, approved, shortened, refused, expired; or recordings without one (R-REC-1).
    Clearance,
    LogRead,
    LogVerify,
    /// A hold on entries of the log, set or lifted.
    LogHold,
    /// Pruning of bodies past their floor: asked, approved, and which entries. The body of this one is never pruned.
    LogPruned,
    /// A workstation asked in another's name, or with a certificate that is not its own.
    StationRefused,
    OutboxDamage,
    /// A named officer goes on without the server beyond the grace, with a reason, for fifteen minutes.
    GraceExtended,
    Equivocation,
    /// An event of a station that cannot be read, or that the database does not take as it is: set aside in its place.
    EventSetAside,
    CredentialReleased,
    /// Another purpose is in force in a session: which one before, with which note.
    PurposeChange,
    /// An account that is active at another workstation was asked for: each step and the end (R-ACC-1).
    AccountAsk,
    /// The workstation was locked, by hand or by itself, or opened again by the same person.
    WorkstationLock,
}

/// How it ended, or that it is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Recorded before the act.
    Intent,
    Done,
    Refused,
    Failed,
}

/// The retention class of a body: how many days it stays at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionClass {
    Police,
    Standard,
}
