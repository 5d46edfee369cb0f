//! Clearances (*nullaosta*): what a workstation is told of one (R-REC-1).
//!
//! Invariant: the server's answer is the whole of it; a workstation never works out by itself that one is in force beyond
//! what it was told. Deliberately absent: behaviour (`domain::people::clearance`).

use super::Holder;
use crate::domain::people::clearance::Clearance;
use serde::{Deserialize, Serialize};

/// A clearance as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClearanceState {
    pub id: u64,
    /// Who asked for it.
    pub by: Holder,
    pub clearance: Clearance,
}
