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
//! | `GET /v1/doctor` | – → list of `domain::doctor::Finding`: what is wrong with the server, administrator, recorded |
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
//! | `POST /v1/clearances/{id}/withdrawal` | `domain::people::clearance::Withdrawal` → [`ClearanceState`], a supervisor |
//! | `POST /v1/clearances/{id}/ratification` | `domain::people::clearance::Ratification` → [`ClearanceState`], a supervisor |
//! | `POST /v1/recordings/at-once` | `domain::people::clearance::Wish` → [`ClearanceState`], ratified later |
//! | `GET /v1/policy?after=` | – → [`PolicyState`]: at once when it is not `after` any more, else within a second |
//! | `POST /v1/cameras/{camera}/permit` | [`PermitRequest`] → – |
//! | `POST /v1/cameras/{camera}/declared` | `Declaration` → [`DeclaredState`] |
//! | `DELETE /v1/declared/{id}` | – (ends a declared event before its time) |
//! | `POST /v1/cameras/{camera}/masks` | [`MaskProposal`] → [`ProposedMask`] |
//! | `GET /v1/proposals` | – → `Vec<ProposedMask>` |
//! | `POST /v1/proposals/{id}` | [`Verdict`] → – |
//! | `POST /v1/stations/{station}/events` | [`EventBatch`] → [`BatchReceipt`] |
//! | `GET /v1/stations/{station}/heads` | – → `Vec<StationHead>` |
//! | `GET /v1/stations/{station}/proof?log=&seq=` | → [`EventProof`] of the entry it has at `seq` |
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
//! Every request and every answer says in the header `vedetta-protocol` which versions its program speaks
//! (`domain::version::protocol`); without it, version 1. A request that is made over mutual TLS may show in the header
//! `vedetta-pinned` which checkpoints its workstation verified last ([`PINNED`]).
//!
//! Invariant: nothing here has behaviour; fields that are not known are passed over, so that an older program reads what a newer one
//! says. Deliberately absent: HTTP itself, cryptography.

mod accounts;
mod clearance;
mod credential;
mod dome_lease;
mod log;
mod plan;
mod refusal;
mod sessions;
mod site;
#[cfg(test)]
mod tests;

pub use accounts::{
    AccountAnswer, AccountChange, AccountState, AccountView, Certified, Enrol, EnrolmentCode, NewAccount, NewCode,
    NotTaken, PasswordChange, PasswordConfirmation, Renewal, StationView,
};

pub use clearance::ClearanceState;
pub use credential::{CameraCredential, CredentialNeed, CredentialRequest};
pub use dome_lease::{Holder, LeaseRequest, LeaseState, Watching};
pub use log::{
    BatchReceipt, ConsistencyProof, ConsoleAct, DurablePromise, EventBatch, EventProof, FloorRequest, InclusionProof,
    LogEntry, LogHoldRequest, LogKey, LogPage, MOST_PINNED, Numbered, PINNED, PromisedEntry, PruneRequest, Pruned,
    StationHead, SubmittedEvent,
};
pub use plan::{
    CameraFindings, DeclaredState, MaskChange, MaskProposal, PermitRequest, Pictures, PolicyState, ProposedMask,
    SignedPlan, Verdict,
};
pub use refusal::{Refusal, RefusalKind};
pub use sessions::{
    AccountAsk, AskAnswer, AskState, AskStep, Asks, Because, Knock, LetInAlone, SessionGrant, SessionRequest,
    SessionView, SignIn,
};
pub use site::{CameraAccount, CameraTestReport, CameraView, Changed, PlanImport, PutCamera, Removal, SiteProposal};

use secrecy::{ExposeSecret, SecretString};
use serde::Serializer;

/// Largest request or answer of any call, bytes.
pub const MAX_BODY: usize = 4 * 1024 * 1024;
/// Most events in one batch.
pub const MAX_BATCH: usize = 256;

fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}
