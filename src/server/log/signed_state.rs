//! The newest signed checkpoint of a log, as its file has it.
//!
//! Invariant: `note` is the checkpoint that the other fields say. Deliberately absent: signing (`signer`).

use crate::domain::audit::hash::Hash;
use serde::{Deserialize, Serialize};

/// What was signed last, as it lies in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedState {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
    /// Unix ms; 0 while nothing was signed and no time accepted.
    pub time_ms: i64,
    /// The signed checkpoint.
    pub note: String,
}
