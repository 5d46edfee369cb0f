//! The site plan as it travels, and what is in force beside it: declared events, proposed masks, permits.
//!
//! Invariant: the plan travels as the exact text that was signed. Deliberately absent: how it is administered (`site`),
//! behaviour (`domain::site`, `domain::privacy`).

use super::{ClearanceState, Holder, Knock, LeaseState, Watching};
use crate::domain::camera::{CameraId, LensModel, MaskId};
use crate::domain::privacy::declared_event::Declaration;
use crate::domain::site::{DomeDelays, DomeHabits, Mask, Orientation, SpeedTable};
use crate::domain::version::known_only::known_only;
use serde::{Deserialize, Serialize};

/// The site plan with the server's signature over its exact bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignedPlan {
    /// `SitePlan` as JSON text, signed as these bytes.
    pub plan: String,
    /// Ed25519 over `"vedetta/plan/v1\n"` followed by `plan`, base64, by the key of the plan signer.
    pub signature: String,
    /// C2SP-style verifier key of the plan signer; pinned at enrolment.
    pub vkey: String,
}

/// What is in force beside the plan, which plan, and who holds which dome: always being asked for. What a newer server lists in a
/// way that is not known here is passed over: it relieves, allows or tells something, and hides nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyState {
    /// Another number whenever something below changed.
    pub revision: u64,
    /// Version of the plan in force; a workstation with another one shows nothing until it has this one.
    pub plan_version: u64,
    #[serde(deserialize_with = "known_only")]
    pub declared: Vec<DeclaredState>,
    /// As [`LeaseState`] of every dome somebody holds.
    #[serde(rename = "holds", deserialize_with = "known_only")]
    pub leases: Vec<LeaseState>,
    /// The server's clock, Unix ms: what hours are counted by, whatever the workstation's clock says.
    pub now_ms: i64,
    /// The account was used with the right password at another workstation a moment ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knock: Option<Knock>,
    /// Who has live pictures open of what.
    #[serde(deserialize_with = "known_only")]
    pub watching: Vec<Watching>,
    /// One's own clearances, and those that wait for this person's answer.
    #[serde(deserialize_with = "known_only")]
    pub clearances: Vec<ClearanceState>,
}

/// A declared event in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeclaredState {
    pub id: u64,
    pub camera: CameraId,
    pub declaration: Declaration,
    pub by: Holder,
    /// Milliseconds until it ends by itself.
    pub remaining_ms: u64,
}

/// Asks the server whether pictures of a camera that follows a calendar may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitRequest {
    pub pictures: Pictures,
}

/// Which pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pictures {
    Live,
    /// Recorded between these moments, Unix milliseconds.
    Playback {
        from_ms: i64,
        to_ms: i64,
    },
    /// Recorded between these moments, to be copied, Unix milliseconds.
    Export {
        from_ms: i64,
        to_ms: i64,
    },
}

/// A change of a camera's masks that somebody drew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaskProposal {
    pub change: MaskChange,
    /// Why; never empty.
    pub reason: String,
    /// What the workstation found at the camera at that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<CameraFindings>,
}

/// What a workstation finds at a camera while a mask is drawn or a dome calibrated; it goes into the plan with the change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraFindings {
    /// How the picture lay.
    pub orientation: Orientation,
    /// How far its statuses can be believed; `None`: not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub habits: Option<DomeHabits>,
}

/// What happens to a mask, or to the lens model, the speeds and the delays that covers are computed from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskChange {
    /// Put in the place of the one with the same identity, or added.
    Put(Mask),
    Remove(MaskId),
    /// The lens model of a dome, calibrated.
    Lens(LensModel),
    /// The speeds of a dome, measured at its calibration.
    Speeds(SpeedTable),
    /// The delays of a dome, measured at its calibration.
    Delays(DomeDelays),
}

/// A change that waits for a supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposedMask {
    pub id: u64,
    pub camera: CameraId,
    pub proposal: MaskProposal,
    pub author: Holder,
    pub at_ms: i64,
}

/// What a supervisor says to a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Approve,
    Decline,
}
