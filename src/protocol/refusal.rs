//! The body of a refusal.
//!
//! Invariant: its kinds are those of `domain::refusal`, which has their status and sentences too. Deliberately absent: behaviour.

pub use crate::domain::refusal::RefusalKind;
use serde::{Deserialize, Serialize};

/// A server's refusal: the body of an answer with a 4xx or 5xx status.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refusal {
    pub why: RefusalKind,
    /// Detail for the log, in English.
    pub detail: String,
}
