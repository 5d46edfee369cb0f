//! The log as it travels: events handed in and promised, proofs, pages, what is ordered of it.
//!
//! Invariant: leaf, salt and body of an event travel byte for byte as they were sealed; hashes are lower-case hex.
//! Deliberately absent: behaviour (`domain::audit`).

use crate::domain::audit::event::RetentionClass;
use crate::domain::audit::succession::SignedSuccession;
use crate::domain::camera::{ControllerId, StationId};
use serde::{Deserialize, Serialize};

/// The key that checks one controller's checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogKey {
    pub controller: ControllerId,
    /// C2SP note verifier key.
    pub vkey: String,
    /// How the log came to this key, when its signer was ever lost; checked by `succession::follow`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successions: Vec<SignedSuccession>,
}

/// Events of one station for one log, in order of `seq`, without gaps.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventBatch {
    pub log: ControllerId,
    pub events: Vec<SubmittedEvent>,
}

/// One event: leaf and what opens its commitment, each byte for byte as the outbox holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct BatchReceipt {
    /// Canonical text that is signed: see [`DurablePromise`], as JSON text.
    pub promise: String,
    /// Ed25519 by the log key over `"vedetta/durable/v1\n"` followed by `promise`, base64.
    pub signature: String,
}

/// What a [`BatchReceipt`] promises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DurablePromise {
    pub origin: String,
    pub station: StationId,
    pub first_seq: u64,
    /// For each event in order: its index in the log and its leaf hash in lower-case hex.
    pub entries: Vec<PromisedEntry>,
}

/// One promised entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromisedEntry {
    pub index: u64,
    pub leaf_hash: String,
}

/// Where a station's chain stands in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationHead {
    pub log: ControllerId,
    /// The next `seq` expected.
    pub next_seq: u64,
    /// Leaf hash of the last event, lower-case hex; empty before the first.
    pub prev: String,
}

/// RFC 9162 §2.1.3 inclusion proof. Hashes in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InclusionProof {
    pub index: u64,
    pub size: u64,
    pub path: Vec<String>,
}

/// Proof that an event stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventProof {
    /// C2SP tlog-proof without extra data, under the newest checkpoint that witnesses cosigned or, before they saw the entry, that
    /// the log signed.
    pub proof: String,
    /// The log has witnesses, and none has seen the entry yet.
    pub awaits_witness: bool,
}

/// RFC 9162 §2.1.4 consistency proof. Hashes in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsistencyProof {
    pub from: u64,
    pub to: u64,
    pub path: Vec<String>,
}

/// What was done with a whole log at the server's console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsoleAct {
    /// The log was verified, and held. `root` is that of the signed size, lower-case hex.
    Verified { size: u64, root: String },
    /// Its entries are about to be copied out, bodies included.
    Exported { size: u64 },
    /// The server's clock is accepted although it is far from the last signature. Unix ms.
    TimeAccepted {
        signed_ms: i64,
        now_ms: i64,
        reason: String,
    },
}

/// Header of a workstation's calls: the last checkpoint of a log that it verified, Base64, once for each log; over a batch of events
/// that of the batch's log alone. By it a server that was put back from a copy knows. A call without it is as good.
pub const PINNED: &str = "vedetta-pinned";
/// Most checkpoints that are shown over one call.
pub const MOST_PINNED: usize = 16;

/// Raises how long bodies of a class are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorRequest {
    pub class: RetentionClass,
    pub days: u64,
}

/// Keeps what was received in a span whatever its floor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHoldRequest {
    /// By the server's clock, both ends included, Unix ms.
    pub from_ms: i64,
    pub to_ms: i64,
    pub authority: String,
    pub protocol_no: String,
}

/// Orders the bodies of a class to be removed: those received before a moment and past their floor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneRequest {
    pub class: RetentionClass,
    /// Unix ms.
    pub before_ms: i64,
}

/// The number of a hold or an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    pub id: i64,
}

/// How many bodies were removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    pub bodies: u64,
}

/// A page of the log, for the system administrator.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
pub struct LogEntry {
    pub index: u64,
    pub class: RetentionClass,
    pub leaf: String,
    /// When the server took it in, Unix ms; the leaf has the station's time.
    pub received_ms: i64,
    /// `None` once pruned.
    pub body: Option<String>,
}
