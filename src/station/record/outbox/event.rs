//! An event as the outbox keeps it: exactly the bytes that are sent, and where they go.
//!
//! Invariant: leaf, salt and body are never encoded again after they were sealed.
//! Deliberately absent: keys and files.

use crate::domain::audit::chain::Sealed;
use crate::domain::audit::hash::Hash;
use crate::domain::audit::leaf::{self, Leaf};
use crate::domain::camera::ControllerId;
use crate::protocol::SubmittedEvent;
use serde::{Deserialize, Serialize};

/// One event, sealed into its station's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The log that takes it.
    pub log: ControllerId,
    pub seq: u64,
    pub leaf_hash: Hash,
    /// What is sent.
    pub submitted: SubmittedEvent,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    log: ControllerId,
    event: SubmittedEvent,
}

impl StoredEvent {
    /// Takes a freshly sealed event.
    pub fn new(log: ControllerId, sealed: Sealed) -> Self {
        let submitted = SubmittedEvent {
            leaf: sealed.leaf,
            salt: hex::encode(sealed.salt),
            body: sealed.body,
        };
        Self {
            log,
            seq: sealed.seq,
            leaf_hash: sealed.leaf_hash,
            submitted,
        }
    }

    /// The plain bytes of its record.
    pub fn encode(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(&Written {
            log: self.log.clone(),
            event: self.submitted.clone(),
        })
        .ok()
    }

    /// Reads the plain bytes of a record, with its leaf; `None` when they are not an event.
    pub fn decode(plain: &[u8]) -> Option<(Self, Leaf)> {
        let written: Written = serde_json::from_slice(plain).ok()?;
        let leaf = Leaf::parse(&written.event.leaf).ok()?;
        let leaf_hash = leaf::leaf_hash(written.event.leaf.as_bytes());
        Some((
            Self {
                log: written.log,
                seq: leaf.seq,
                leaf_hash,
                submitted: written.event,
            },
            leaf,
        ))
    }

    /// What it weighs in memory and on the wire, bytes.
    pub fn size(&self) -> usize {
        self.submitted.leaf.len() + self.submitted.salt.len() + self.submitted.body.len()
    }
}
