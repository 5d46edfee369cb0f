//! What the outbox must know beside its records: how far was acknowledged, where each chain stands, the next MAC key.
//!
//! Written after each group of records is durable and before they are acknowledged, so a record below
//! [`State::acknowledged`] that is missing was taken away, and a broken record at or above it was never acknowledged.
//! Encrypted with the record key. Deliberately absent: files.

use super::record::{MacKey, RecordFault, RecordKey};
use crate::domain::audit::chain::StationChain;
use crate::domain::audit::hash::Hash;
use crate::domain::camera::{ControllerId, StationId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const CONTEXT: &[u8] = b"vedetta/outbox/state/v1";

/// The outbox's own memory.
#[derive(Clone)]
pub struct State {
    /// First record that is still kept; earlier ones were delivered and are past their 35 days.
    pub first: u64,
    /// Records below this were acknowledged.
    pub acknowledged: u64,
    /// Number of the segment written last.
    pub segment: u64,
    /// Key of record [`State::acknowledged`].
    pub mac: MacKey,
    /// Heads of the chains, one per log.
    pub chains: BTreeMap<ControllerId, StationChain>,
    /// Ranges of records (first, one past the last) that damage took and an event already reports.
    pub lost: Vec<(u64, u64)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    first: u64,
    acknowledged: u64,
    segment: u64,
    mac: String,
    chains: Vec<WrittenChain>,
    lost: Vec<(u64, u64)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenChain {
    log: ControllerId,
    station: StationId,
    next_seq: u64,
    prev: Option<Hash>,
}

impl State {
    /// The state of an outbox that never held anything.
    ///
    /// # Errors
    /// [`RecordFault::NoRandomness`]: the system gives none for its key.
    pub fn empty() -> Result<Self, RecordFault> {
        Ok(Self {
            first: 0,
            acknowledged: 0,
            segment: 0,
            mac: MacKey::random()?,
            chains: BTreeMap::new(),
            lost: Vec::new(),
        })
    }

    /// Encrypted, for the disk.
    ///
    /// # Errors
    /// [`RecordFault`]: no randomness, or what cannot be sealed.
    pub fn encode(&self, key: &RecordKey) -> Result<Vec<u8>, RecordFault> {
        let chains = self
            .chains
            .iter()
            .map(|(log, chain)| WrittenChain {
                log: log.clone(),
                station: chain.station.clone(),
                next_seq: chain.next_seq,
                prev: chain.prev,
            })
            .collect();
        let written = Written {
            first: self.first,
            acknowledged: self.acknowledged,
            segment: self.segment,
            mac: hex::encode(self.mac.expose()),
            chains,
            lost: self.lost.clone(),
        };
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(&written).map_err(|_| RecordFault::Sealing)?);
        key.seal(CONTEXT, &plain)
    }

    /// Read back; `None` when it is not what was written.
    pub fn decode(key: &RecordKey, bytes: &[u8]) -> Option<Self> {
        let plain = key.open(CONTEXT, bytes)?;
        let written: Written = serde_json::from_slice(&plain).ok()?;
        let mac = MacKey::from_bytes(&zeroize::Zeroizing::new(hex::decode(&written.mac).ok()?))?;
        let chains = written
            .chains
            .into_iter()
            .map(|chain| {
                (
                    chain.log,
                    StationChain {
                        station: chain.station,
                        next_seq: chain.next_seq,
                        prev: chain.prev,
                    },
                )
            })
            .collect();
        Some(Self {
            first: written.first,
            acknowledged: written.acknowledged,
            segment: written.segment,
            mac,
            chains,
            lost: written.lost,
        })
    }
}
