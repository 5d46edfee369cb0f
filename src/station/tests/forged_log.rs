//! A log in memory that keeps its promises, or breaks one of them.

use super::{borgo, station};
use crate::domain::audit::checkpoint::{self, Checkpoint};
use crate::domain::audit::hash::Hash;
use crate::domain::audit::leaf::leaf_hash;
use crate::domain::audit::note::{SignerKey, Statement, VerifierKey};
use crate::domain::audit::proof::{consistency_recipe, cook, inclusion_recipe};
use crate::domain::audit::succession::{self, TrustedKey};
use crate::domain::audit::tlog_proof::TlogProof;
use crate::domain::audit::tree::{Frontier, NodeId};
use crate::domain::camera::ControllerId;
use crate::protocol::{BatchReceipt, DurablePromise, EventBatch, EventProof, PromisedEntry, RefusalKind};
use crate::station::record::courier::LogServer;
use crate::station::record::proof_files::ProofSource;
use crate::station::record::server_client::ServerError;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

pub const ORIGIN: &str = "vedetta/020001/borgo";

/// Which promise is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lie {
    #[default]
    None,
    /// Does not answer.
    Away,
    /// Signs promises with another key.
    PromiseKey,
    /// Promises another leaf.
    PromiseLeaf,
    /// Signs checkpoints with another key.
    CheckpointKey,
    /// A proof for another place.
    Inclusion,
    /// Forgets events it promised and rebuilds the tree without them.
    Rewritten,
    /// Says that it expects another event.
    Gap,
    /// Takes the batch and loses the answer, once.
    LoseAnswer,
}

#[derive(Default)]
pub struct StoredLog {
    pub lie: Lie,
    leaves: Vec<Hash>,
    pub by_seq: BTreeMap<u64, (u64, String)>,
    pub posts: u64,
    /// Witnesses have not seen it yet.
    pub awaits_witness: bool,
}

#[derive(Clone, Default)]
pub struct ForgedLog(Arc<Mutex<StoredLog>>);

fn key(seed: u8) -> SignerKey {
    SignerKey::new(ORIGIN, &[seed; 32]).unwrap()
}

pub fn verifier() -> VerifierKey {
    key(1).verifier()
}

/// The log's key, at first sight.
pub fn first_seen() -> TrustedKey {
    succession::follow(&[], &verifier(), &borgo(), ORIGIN, None, &verifier()).unwrap()
}

fn tree(leaves: &[Hash]) -> (Frontier, HashMap<NodeId, Hash>) {
    let mut frontier = Frontier::default();
    let nodes = leaves.iter().flat_map(|leaf| frontier.append(*leaf)).collect();
    (frontier, nodes)
}

impl ForgedLog {
    pub fn kept(&self) -> MutexGuard<'_, StoredLog> {
        self.0.lock().unwrap()
    }

    /// The database of before comes back: what came after is gone, and only that.
    pub fn restore(&self, size: usize) {
        let mut kept = self.kept();
        kept.leaves.truncate(size);
        kept.by_seq.retain(|_, (index, _)| *index < size as u64);
    }

    pub fn lie(&self, lie: Lie) {
        self.kept().lie = lie;
    }

    fn cooked(&self, recipe: Vec<Vec<NodeId>>) -> Vec<Hash> {
        let nodes = tree(&self.kept().leaves).1;
        cook(&recipe, |node| nodes.get(&node).copied()).unwrap()
    }
}

impl LogServer for ForgedLog {
    async fn post_events(&self, batch: &EventBatch, _pinned: Option<&str>) -> Result<BatchReceipt, ServerError> {
        assert_eq!(batch.log, borgo());
        let mut kept = self.kept();
        kept.posts += 1;
        match kept.lie {
            Lie::Away => return Err(ServerError::Away { detail: "test".into() }),
            Lie::Gap => {
                return Err(ServerError::Refused {
                    why: RefusalKind::Gap { expected: 99 },
                    detail: String::new(),
                });
            }
            _ => {}
        }
        let mut entries = Vec::new();
        let mut first_seq = None;
        if let Some(first) = batch.events.first() {
            let leaf: serde_json::Value = serde_json::from_str(&first.leaf).unwrap();
            let expected = kept.by_seq.len() as u64;
            if leaf["seq"].as_u64().unwrap() > expected {
                return Err(ServerError::Refused {
                    why: RefusalKind::Gap { expected },
                    detail: String::new(),
                });
            }
        }
        for event in &batch.events {
            let leaf: serde_json::Value = serde_json::from_str(&event.leaf).unwrap();
            let seq = leaf["seq"].as_u64().unwrap();
            first_seq.get_or_insert(seq);
            if !kept.by_seq.contains_key(&seq) {
                assert_eq!(seq, kept.by_seq.len() as u64, "a gap");
                let index = kept.leaves.len() as u64;
                kept.leaves.push(leaf_hash(event.leaf.as_bytes()));
                kept.by_seq.insert(seq, (index, event.leaf.clone()));
            }
            let (index, leaf) = kept.by_seq[&seq].clone();
            assert_eq!(leaf, event.leaf, "a retry sends the same bytes");
            let mut hash = leaf_hash(leaf.as_bytes());
            if kept.lie == Lie::PromiseLeaf {
                hash.0[0] ^= 1;
            }
            entries.push(PromisedEntry {
                index,
                leaf_hash: hash.to_string(),
            });
        }
        if kept.lie == Lie::LoseAnswer {
            kept.lie = Lie::None;
            return Err(ServerError::Away {
                detail: "answer lost".into(),
            });
        }
        let promise = DurablePromise {
            origin: ORIGIN.into(),
            station: station(),
            first_seq: first_seq.unwrap(),
            entries,
        };
        let promise = serde_json::to_string(&promise).unwrap();
        let signer = key(if kept.lie == Lie::PromiseKey { 2 } else { 1 });
        let signature = signer.sign_statement(Statement::Durable, &promise);
        Ok(BatchReceipt { promise, signature })
    }

    async fn checkpoint(&self, _log: &ControllerId) -> Result<String, ServerError> {
        let mut kept = self.kept();
        if kept.lie == Lie::Rewritten {
            // Another first event, the same size: every inclusion of a later one still holds.
            kept.leaves[0] = Hash([9; 32]);
        }
        let frontier = tree(&kept.leaves).0;
        let checkpoint = Checkpoint {
            origin: ORIGIN.into(),
            size: frontier.size(),
            root: frontier.root(),
        };
        Ok(checkpoint::sign(
            &checkpoint,
            &key(if kept.lie == Lie::CheckpointKey { 2 } else { 1 }),
        ))
    }

    async fn inclusion(&self, _log: &ControllerId, index: u64, size: u64) -> Result<Vec<Hash>, ServerError> {
        let mut path = self.cooked(inclusion_recipe(index, size).unwrap());
        if self.kept().lie == Lie::Inclusion {
            match path.first_mut() {
                Some(first) => first.0[0] ^= 1,
                None => path.push(Hash([0; 32])),
            }
        }
        Ok(path)
    }

    async fn consistency(&self, _log: &ControllerId, from: u64, to: u64) -> Result<Vec<Hash>, ServerError> {
        Ok(self.cooked(consistency_recipe(from, to).unwrap()))
    }
}

impl ProofSource for ForgedLog {
    async fn proof(&self, log: &ControllerId, seq: u64) -> Result<EventProof, ServerError> {
        if self.kept().lie == Lie::Away {
            return Err(ServerError::Away { detail: "test".into() });
        }
        let note = self.checkpoint(log).await?;
        let (index, size) = (self.kept().by_seq[&seq].0, self.kept().leaves.len() as u64);
        let proof = TlogProof {
            event: None,
            index,
            path: self.inclusion(log, index, size).await?,
            note,
        };
        Ok(EventProof {
            proof: proof.encode(),
            awaits_witness: self.kept().awaits_witness,
        })
    }
}
