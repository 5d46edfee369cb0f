//! The vocabulary of events (R-AUD-1) and the body that carries one.
//!
//! Invariant: every operation that touches a camera, a recording, a file or an account has its variant here, and
//! the station's one road asks for it before acting, so an operation without an event does not compile.
//! Deliberately absent: images, plates, faces, passwords. A body says who did what where, never what was seen.

use super::details::Parameters;
use crate::domain::camera::{CameraId, ControllerId, StationId, StreamRole};
use crate::domain::people::{Level, Purpose};
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
    PresetRemove,
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

/// The body of an event: what the leaf commits to. Stored byte for byte as first encoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Account name; empty only for what nobody signed in for (a refused sign-in keeps the name that was typed out).
    pub person: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<Level>,
    /// Agency of the person.
    #[serde(rename = "body", skip_serializing_if = "String::is_empty", default)]
    pub agency: String,
    /// Session identifier given by the server.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub session: String,
    pub station: StationId,
    /// Unique for an intent and repeated by its outcome, so the two can be joined.
    pub act: uuid::Uuid,
    pub operation: Operation,
    pub result: Outcome,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub camera: Option<CameraId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stream: Option<StreamRole>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub purpose: Option<Purpose>,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub protocol_no: String,
    /// Figures and short words that belong to the operation: written by [`Body::say`], read by [`Body::said`].
    #[serde(skip_serializing_if = "Parameters::is_empty", default)]
    pub parameters: Parameters,
    /// Version of the site plan in force.
    pub policy_version: u64,
    /// Time range of recorded media, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub media_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub media_to: Option<String>,
}

/// An event as the outbox takes it: body and where it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The controller whose log takes it: the camera's, or the workstation's own when there is no camera.
    pub log: ControllerId,
    pub class: RetentionClass,
    pub body: Body,
}
