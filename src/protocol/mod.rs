//! What travels between workstation and server: versioned paths, JSON bodies, bounded sizes.
//!
//! | call | body → answer |
//! |---|---|
//! | `POST /v1/sessions` | [`SessionRequest`] → [`SessionGrant`] |
//! | `POST /v1/sessions/asked` | [`AccountAsk`] → [`AskState`]: at once when it changed, else within a second |
//! | `POST /v1/sessions/current/asked` | [`AskAnswer`] → – (the end that has the account yields it or not, recorded) |
//! | `POST /v1/sessions/current/purpose` | `domain::people::stated_purpose::Stated` → – (another purpose from now on, recorded) |
//! | `DELETE /v1/sessions/current` | – (ends the session of the bearer token) |
//! | `DELETE /v1/people/{user}/sessions` | [`Because`], or nothing → – (ends that person's session, recorded) |
//! | `GET /v1/sessions` | – → `Vec<`[`SessionView`]`>`: sessions running now |
//! | `POST /v1/sessions/current/proof` | [`PasswordConfirmation`] → – (who is at the locked workstation, again) |
//! | `POST /v1/password` | [`PasswordChange`] → – |
//! | `GET /v1/people` | – → `Vec<`[`AccountView`]`>`, recorded |
//! | `POST /v1/people` | [`NewAccount`] → [`AccountAnswer`], recorded |
//! | `POST /v1/people/{user}` | [`AccountChange`] → [`AccountAnswer`], recorded |
//! | `GET /v1/workstations` | – → `Vec<`[`StationView`]`>` |
//! | `POST /v1/workstations/codes` | [`NewCode`] → [`EnrolmentCode`], recorded |
//! | `DELETE /v1/workstations/{station}` | [`Because`], or nothing → – (revoked at once, recorded) |
//! | `GET /v1/authority` | the internal CA, PEM; anyone |
//! | `POST /v1/enrolments` | [`Enrol`] → [`Certified`]; whoever has a code |
//! | `POST /v1/stations/{station}/certificate` | [`Renewal`] → [`Certified`] |
//! | `GET /v1/plan` | – → [`SignedPlan`] |
//! | `GET /v1/cameras` | – → `Vec<`[`CameraView`]`>`, administrator or supervisor |
//! | `POST /v1/cameras` | [`PutCamera`] → [`Changed`], administrator, recorded |
//! | `POST /v1/cameras/{camera}/removal` | [`Removal`] → [`Changed`], administrator, recorded |
//! | `POST /v1/site` | [`PlanImport`] → [`Changed`], administrator, recorded |
//! | `POST /v1/site/trials` | [`CameraTestReport`] → – (somebody is about to test a camera), administrator, recorded |
//! | `GET /v1/site/proposals` | – → `Vec<`[`SiteProposal`]`>`, administrator or supervisor |
//! | `POST /v1/site/proposals/{id}` | [`Verdict`] → –: another supervisor, or declined by who made it; recorded |
//! | `POST /v1/cameras/{camera}/credentials` | [`CredentialRequest`] → [`CameraCredential`] |
//! | `POST /v1/cameras/{camera}/hold` | [`LeaseRequest`] → [`LeaseState`] |
//! | `GET /v1/holds` | – → `Vec<LeaseState>` |
//! | `POST /v1/clearances` | `domain::people::clearance::Wish` → [`ClearanceState`] |
//! | `POST /v1/clearances/{id}` | `domain::people::clearance::Verdict` → [`ClearanceState`], a supervisor |
//! | `GET /v1/policy?after=` | – → [`PolicyState`]: at once when it is not `after` any more, else within a second |
//! | `POST /v1/cameras/{camera}/permit` | [`PermitRequest`] → – |
//! | `POST /v1/cameras/{camera}/declared` | `Declaration` → [`DeclaredState`] |
//! | `DELETE /v1/declared/{id}` | – (ends a declared event before its time) |
//! | `POST /v1/cameras/{camera}/masks` | [`MaskProposal`] → [`ProposedMask`] |
//! | `GET /v1/proposals` | – → `Vec<ProposedMask>` |
//! | `POST /v1/proposals/{id}` | [`Verdict`] → – |
//! | `POST /v1/stations/{station}/events` | [`EventBatch`] → [`BatchReceipt`] |
//! | `GET /v1/stations/{station}/heads` | – → `Vec<StationHead>` |
//! | `GET /v1/logs/{controller}/checkpoint` | C2SP signed note, text |
//! | `GET /v1/logs/{controller}/inclusion?index=&size=` | → [`InclusionProof`] |
//! | `GET /v1/logs/{controller}/consistency?from=&to=` | → [`ConsistencyProof`] |
//! | `GET /v1/logs/{controller}/tile/...` | C2SP tlog-tiles |
//! | `GET /v1/logs/{controller}/entries?from=&limit=` | [`LogPage`], administrator only, recorded |
//! | `GET /v1/logs/{controller}/search?person=&camera=&operation=&purpose=&result=&from=&to=&after=&limit=` | [`LogPage`] by the stations' time, administrator only, recorded |
//! | `GET /v1/people/me/entries?limit=` | [`LogPage`]: one's own last entries, newest first, recorded |
//! | `POST /v1/logs/{controller}/console` | [`ConsoleAct`] done at the server's console, recorded |
//! | `POST /v1/logs/{controller}/floor` | [`FloorRequest`] → –, administrator only, recorded |
//! | `POST /v1/logs/{controller}/holds` | [`LogHoldRequest`] → [`Numbered`], supervisor or administrator, recorded |
//! | `DELETE /v1/logs/{controller}/holds/{id}` | –, supervisor only, recorded |
//! | `POST /v1/logs/{controller}/prunings` | [`PruneRequest`] → [`Numbered`], administrator only, recorded |
//! | `POST /v1/logs/{controller}/prunings/{id}/approval` | → [`Pruned`], a supervisor, recorded |
//! | `GET /metrics`, `/healthz`, `/readyz` | figures for Prometheus; alive; able to record |
//!
//! Every call but the checkpoint, the tiles, the authority and an enrolment is made over mutual TLS by an enrolled workstation (R-ACC-6) and, after
//! sign-in, carries `Authorization: Bearer <token>`. Refusals are [`Refusal`] with a 4xx status.
//!
//! Invariant: nothing here has behaviour. Deliberately absent: HTTP itself, cryptography.

mod accounts;
mod clearance;
mod dome_lease;
mod sessions;
mod site;
#[cfg(test)]
mod tests;

pub use accounts::{
    AccountAnswer, AccountChange, AccountState, AccountView, Certified, Enrol, EnrolmentCode, NewAccount, NewCode,
    NotTaken, PasswordChange, PasswordConfirmation, Renewal, StationView,
};

pub use clearance::ClearanceState;
pub use dome_lease::{Holder, LeaseRequest, LeaseState, Watching};
pub use sessions::{
    AccountAsk, AskAnswer, AskState, AskStep, Asks, Because, Knock, SessionGrant, SessionRequest, SessionView, SignIn,
};
pub use site::{CameraAccount, CameraTestReport, CameraView, Changed, PlanImport, PutCamera, Removal, SiteProposal};

use crate::domain::audit::event::RetentionClass;
use crate::domain::audit::succession::SignedSuccession;
use crate::domain::camera::{CameraId, ControllerId, LensModel, MaskId, StationId};
use crate::domain::privacy::declared_event::Declaration;
pub use crate::domain::refusal::RefusalKind;
use crate::domain::site::Mask;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// Largest request or answer of any call, bytes.
pub const MAX_BODY: usize = 4 * 1024 * 1024;
/// Most events in one batch.
pub const MAX_BATCH: usize = 256;

fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// The key that checks one controller's checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogKey {
    pub controller: ControllerId,
    /// C2SP note verifier key.
    pub vkey: String,
    /// How the log came to this key, when its signer was ever lost; checked by `succession::follow`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successions: Vec<SignedSuccession>,
}

/// The site plan with the server's signature over its exact bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedPlan {
    /// `SitePlan` as JSON text, signed as these bytes.
    pub plan: String,
    /// Ed25519 over `"vedetta/plan/v1\n"` followed by `plan`, base64, by the key of the plan signer.
    pub signature: String,
    /// C2SP-style verifier key of the plan signer; pinned at enrolment.
    pub vkey: String,
}

/// Asks for what a camera's own sign-in needs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialRequest {
    pub need: CredentialNeed,
}

/// What the credential is for. The maintainer's level is given [`CredentialNeed::Figures`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialNeed {
    /// Live picture and what moves the dome.
    Picture,
    /// Device facts only: an account that cannot stream.
    Figures,
}

/// A camera account, kept in memory only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraCredential {
    pub user: String,
    #[serde(serialize_with = "expose")]
    pub password: SecretString,
}

/// What is in force beside the plan, which plan, and who holds which dome: always being asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyState {
    /// Another number whenever something below changed.
    pub revision: u64,
    /// Version of the plan in force; a workstation with another one shows nothing until it has this one.
    pub plan_version: u64,
    pub declared: Vec<DeclaredState>,
    /// As [`LeaseState`] of every dome somebody holds.
    pub holds: Vec<LeaseState>,
    /// The server's clock, Unix ms: what hours are counted by, whatever the workstation's clock says.
    pub now_ms: i64,
    /// The account was used with the right password at another workstation a moment ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knock: Option<Knock>,
    /// Who has live pictures open of what.
    pub watching: Vec<Watching>,
    /// One's own clearances, and those that wait for this person's answer.
    pub clearances: Vec<ClearanceState>,
}

/// A declared event in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
pub struct PermitRequest {
    pub pictures: Pictures,
}

/// Which pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Pictures {
    Live,
    /// Recorded between these moments, Unix milliseconds.
    Playback {
        from_ms: i64,
        to_ms: i64,
    },
    /// The same.
    Export {
        from_ms: i64,
        to_ms: i64,
    },
}

/// A change of a camera's masks that somebody drew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskProposal {
    pub change: MaskChange,
    /// Why; never empty.
    pub reason: String,
}

/// What happens to a mask, or to the lens model that masks are drawn by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MaskChange {
    /// Put in the place of the one with the same identity, or added.
    Put(Mask),
    Remove(MaskId),
    /// The lens model of a dome, calibrated.
    Lens(LensModel),
}

/// A change that waits for a supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// Events of one station for one log, in order of `seq`, without gaps.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventBatch {
    pub log: ControllerId,
    pub events: Vec<SubmittedEvent>,
}

/// One event: leaf and what opens its commitment, each byte for byte as the outbox holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmittedEvent {
    /// Leaf, UTF-8 JSON text.
    pub leaf: String,
    /// Salt, 32 bytes, lower-case hex.
    pub salt: String,
    /// Body, UTF-8 JSON text.
    pub body: String,
}

/// The signed promise that a batch is durable.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchReceipt {
    /// Canonical text that is signed: see [`DurablePromise`], as JSON text.
    pub promise: String,
    /// Ed25519 by the log key over `"vedetta/durable/v1\n"` followed by `promise`, base64.
    pub signature: String,
}

/// What a [`BatchReceipt`] promises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DurablePromise {
    pub origin: String,
    pub station: StationId,
    pub first_seq: u64,
    /// For each event in order: its index in the log and its leaf hash in lower-case hex.
    pub entries: Vec<PromisedEntry>,
}

/// One promised entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromisedEntry {
    pub index: u64,
    pub leaf_hash: String,
}

/// Where a station's chain stands in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationHead {
    pub log: ControllerId,
    /// The next `seq` expected.
    pub next_seq: u64,
    /// Leaf hash of the last event, lower-case hex; empty before the first.
    pub prev: String,
}

/// RFC 9162 §2.1.3 inclusion proof. Hashes in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    pub index: u64,
    pub size: u64,
    pub path: Vec<String>,
}

/// RFC 9162 §2.1.4 consistency proof. Hashes in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyProof {
    pub from: u64,
    pub to: u64,
    pub path: Vec<String>,
}

/// What was done with a whole log at the server's console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ConsoleAct {
    /// It was verified, and held. `root` is that of the signed size, lower-case hex.
    Verified { size: u64, root: String },
    /// Its entries are about to be copied out, bodies included.
    Exported { size: u64 },
}

/// Raises how long bodies of a class are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloorRequest {
    pub class: RetentionClass,
    pub days: u64,
}

/// Keeps what was received in a span whatever its floor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHoldRequest {
    /// By the server's clock, both ends included, Unix ms.
    pub from_ms: i64,
    pub to_ms: i64,
    pub authority: String,
    pub protocol_no: String,
}

/// Orders the bodies of a class to be removed: those received before a moment and past their floor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PruneRequest {
    pub class: RetentionClass,
    /// Unix ms.
    pub before_ms: i64,
}

/// The number of a hold or an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbered {
    pub id: i64,
}

/// How many bodies were removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pruned {
    pub bodies: u64,
}

/// A page of the log, for the system administrator.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogPage {
    pub origin: String,
    pub size: u64,
    pub entries: Vec<LogEntry>,
    /// Of a search: what `after` must be to get the page that follows; `None` at the end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<String>,
}

/// One entry of the log as it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    pub index: u64,
    pub class: RetentionClass,
    pub leaf: String,
    /// When the server took it in, Unix ms; the leaf has the station's time.
    pub received_ms: i64,
    /// `None` once pruned.
    pub body: Option<String>,
}

/// A server's refusal: the body of an answer with a 4xx or 5xx status.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    pub why: RefusalKind,
    /// Detail for the log, in English.
    pub detail: String,
}
