//! `log verify`: recomputes a whole log from its bytes and holds it against what was signed.
//!
//! Invariant: trusts no stored hash; memory does not grow with the log. The first thing that does not hold is named with
//! its index. Deliberately absent: repair.

use super::config::{DataDir, read_text};
use super::error::ServerError;
use super::keys::load_signer;
use super::log::signer::SignedState;
use super::store::entries::Entry;
use super::store::{Log, Store};
use crate::domain::audit::chain::StationChain;
use crate::domain::audit::checkpoint;
use crate::domain::audit::hash::Hash;
use crate::domain::audit::leaf::{self, Leaf, Salt};
use crate::domain::audit::tree::{Frontier, NodeId, node_hash};
use crate::domain::camera::StationId;
use serde::Serialize;
use std::collections::HashMap;

/// Entries read at once.
const PAGE: u32 = 1024;

/// What was found in every log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub ok: bool,
    pub logs: Vec<LogReport>,
}

/// What was found in one log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogReport {
    pub origin: String,
    /// Leaves in the database.
    pub size: u64,
    /// Leaves under the last signed checkpoint.
    pub signed_size: u64,
    /// Root computed here for the signed size.
    pub root: String,
    /// Chains of stations, the server's own among them.
    pub stations: usize,
    pub bodies: u64,
    /// The first thing that does not hold.
    pub broken: Option<Broken>,
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Index of the entry; the size of the log for what concerns the whole of it.
    pub index: u64,
    pub what: What,
}

/// What does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An index is missing.
    Missing,
    Unreadable,
    Leaf,
    LeafHash,
    /// Station, seq or class beside the leaf are not the leaf's.
    Columns,
    Body,
    Chain,
    Node,
    /// The log is shorter than what was signed.
    Shortened,
    Root,
    Signature,
}

impl What {
    /// In Italian, for the sentence of a person.
    pub fn for_people(self) -> &'static str {
        match self {
            Self::Missing => "manca una voce",
            Self::Unreadable => "una voce non si legge",
            Self::Leaf => "una foglia è stata alterata",
            Self::LeafHash => "l'impronta di una foglia non torna",
            Self::Columns => "i dati accanto alla foglia non tornano",
            Self::Body => "il contenuto di una voce è stato alterato o tolto",
            Self::Chain => "la catena di una postazione è spezzata",
            Self::Node => "un nodo dell'albero è stato alterato",
            Self::Shortened => "il registro è più corto di quanto è stato firmato",
            Self::Root => "la radice non è quella firmata",
            Self::Signature => "la firma non è valida",
        }
    }
}

/// Verifies every log of a data directory.
///
/// # Errors
/// The directory cannot be opened at all. What does not hold is in the report, not an error.
pub async fn verify(data: &DataDir) -> Result<Report, ServerError> {
    if !data.database().exists() {
        return Err(ServerError::NotSetUp);
    }
    let store = Store::open(data).await?;
    let mut logs = Vec::new();
    for log in store.logs().await? {
        logs.push(verify_log(data, &store, &log).await?);
    }
    store.close().await;
    Ok(Report {
        ok: logs.iter().all(|log| log.broken.is_none()),
        logs,
    })
}

async fn verify_log(data: &DataDir, store: &Store, log: &Log) -> Result<LogReport, ServerError> {
    // The state first: what is signed after this is not missed in the database read after it.
    let key = load_signer(&data.log_key(&log.controller))?.verifier();
    let state: Option<SignedState> = serde_json::from_str(&read_text(&data.signer_state(&log.controller))?).ok();
    let signed = state.and_then(|state| checkpoint::verify(&state.note, &key).ok());
    let signed = signed.filter(|signed| signed.origin == log.origin);
    let size = store.size(log).await?;
    let signed_size = signed.as_ref().map_or(0, |signed| signed.size);
    let mut walk = Walk {
        size,
        at: signed_size,
        ..Walk::default()
    };
    let mut broken = walk.entries(store, log).await.err();
    if broken.is_none() {
        broken = nodes(store, log, size).await.err();
    }
    if broken.is_none() {
        broken = match &signed {
            None => Some(What::Signature),
            Some(signed) if size < signed.size => Some(What::Shortened),
            Some(signed) if walk.root != Some(signed.root) => Some(What::Root),
            Some(_) => None,
        }
        .map(|what| Broken { index: size, what });
    }
    Ok(LogReport {
        origin: log.origin.clone(),
        size,
        signed_size,
        root: walk.root.map(|root| root.to_string()).unwrap_or_default(),
        stations: walk.chains.len(),
        bodies: walk.bodies,
        broken,
    })
}

/// What is carried from entry to entry.
#[derive(Default)]
struct Walk {
    /// Leaves to look at.
    size: u64,
    /// The size whose root is wanted.
    at: u64,
    frontier: Frontier,
    chains: HashMap<StationId, StationChain>,
    bodies: u64,
    root: Option<Hash>,
    /// A page did not read: entries are read one by one.
    narrow: bool,
}

impl Walk {
    async fn entries(&mut self, store: &Store, log: &Log) -> Result<(), Broken> {
        loop {
            let index = self.frontier.size();
            if index == self.at {
                self.root = Some(self.frontier.root());
            }
            if index == self.size {
                return Ok(());
            }
            let limit = (self.size - index).min(if self.narrow { 1 } else { u64::from(PAGE) });
            let page = match store.entries(log, index, u32::try_from(limit).unwrap_or(PAGE)).await {
                Ok(page) => page,
                Err(_) if self.narrow => {
                    return Err(Broken {
                        index,
                        what: What::Unreadable,
                    });
                }
                // One of the page does not read: go on one by one to name it.
                Err(_) => {
                    self.narrow = true;
                    continue;
                }
            };
            if page.is_empty() {
                return Err(Broken {
                    index,
                    what: What::Missing,
                });
            }
            for entry in page {
                let index = self.frontier.size();
                if index == self.at {
                    self.root = Some(self.frontier.root());
                }
                self.entry(&entry).map_err(|what| Broken { index, what })?;
            }
        }
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), What> {
        if entry.index != self.frontier.size() {
            return Err(What::Missing);
        }
        let parsed = Leaf::parse(&entry.leaf).map_err(|_| What::Leaf)?;
        let hash = leaf::leaf_hash(entry.leaf.as_bytes());
        if entry.hash != hash.0 {
            return Err(What::LeafHash);
        }
        if (parsed.station.as_str(), parsed.seq, parsed.class) != (entry.station.as_str(), entry.seq, entry.class) {
            return Err(What::Columns);
        }
        let (salt, body) = entry.opening.as_ref().ok_or(What::Body)?;
        let salt = Salt::try_from(salt.as_slice()).map_err(|_| What::Body)?;
        if leaf::commitment(&salt, body.as_bytes()) != parsed.commit {
            return Err(What::Body);
        }
        self.bodies += 1;
        let station = parsed.station.clone();
        let chain = self
            .chains
            .entry(station.clone())
            .or_insert_with(|| StationChain::new(station));
        chain.check(&parsed).map_err(|_| What::Chain)?;
        chain.advance(hash);
        self.frontier.append(hash);
        Ok(())
    }
}

/// Every stored node is the hash of the two below it.
async fn nodes(store: &Store, log: &Log, size: u64) -> Result<(), Broken> {
    let page = u64::from(PAGE);
    for level in 1..63u8 {
        let count = size >> level;
        if count == 0 {
            return Ok(());
        }
        let mut first = 0;
        while first < count {
            let width = (count - first).min(page);
            let broken = |offset: u64| Broken {
                index: (first + offset) << level,
                what: What::Node,
            };
            let below = NodeId {
                level: level - 1,
                index: first * 2,
            };
            let below = store.hashes(log, below, width * 2).await.map_err(|_| broken(0))?;
            let here = store
                .hashes(log, NodeId { level, index: first }, width)
                .await
                .map_err(|_| broken(0))?;
            for (offset, (pair, node)) in below.chunks_exact(2).zip(&here).enumerate() {
                if node_hash(&pair[0], &pair[1]) != *node {
                    return Err(broken(offset as u64));
                }
            }
            first += width;
        }
    }
    Ok(())
}
