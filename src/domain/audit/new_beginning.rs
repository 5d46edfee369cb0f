//! A log that begins anew where its server lost for good what workstations saw signed, by the word of two supervisors.
//!
//! Invariant: it is accepted by two people, never by one with two accounts; what workstations showed stays in the signed statement.
//! Deliberately absent: who may accept it (`server::new_beginning` asks), the statement it is part of (`succession`).

use super::hash::Hash;
use crate::domain::people::second_person::is_same_person;
use serde::{Deserialize, Serialize};

/// A supervisor who accepted a new beginning, as the statement names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepter {
    pub user: String,
    pub display_name: String,
}

/// The word of two supervisors that a log goes on without what its server lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    pub accepted_by: Accepter,
    pub and_by: Accepter,
    /// Checkpoints that workstations showed and the server had forgotten, as the log signed them.
    pub evidence: Vec<String>,
    /// Unix ms.
    pub at_ms: i64,
}

impl Acceptance {
    /// Account names of the two supervisors.
    pub fn users(&self) -> [&str; 2] {
        [&self.accepted_by.user, &self.and_by.user]
    }

    /// Whether two people accepted it, as far as names say.
    pub fn is_by_two_people(&self) -> bool {
        let (one, other) = (&self.accepted_by, &self.and_by);
        !is_same_person((&one.user, &one.display_name), (&other.user, &other.display_name))
    }
}

/// The place where a log begins anew: what a workstation trusts instead of the checkpoint that it had verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBeginning {
    /// Entries the log had then, and their root.
    pub size: u64,
    pub root: Hash,
    pub accepted: Acceptance,
}
