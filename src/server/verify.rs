//! `log verify`: recomputes a whole log from its bytes and holds it against what was signed.
//!
//! Invariant: trusts no stored hash; memory does not grow with the log. The first thing that does not hold is named with
//! its index. A body may be missing only where a record of pruning says so. Verifying a log that holds is an event of it;
//! nothing is written to one that does not. Deliberately absent: repair.

use super::config::{DataDir, read_text};
use super::error::ServerError;
use super::keys::load_signer;
use super::log::recorder::{Act, Recorder};
use super::log::sequencer::{OWN_STATION, Sequencer, now_ms};
use super::log::signer::{SignedState, Signer};
use super::log::witnessing::last_witnessed;
use super::read;
use super::store::entries::Entry;
use super::store::retention::Span;
use super::store::{Log, Store};
use crate::domain::audit::chain::StationChain;
use crate::domain::audit::checkpoint;
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::audit::hash::Hash;
use crate::domain::audit::leaf::{self, Leaf, Salt};
use crate::domain::audit::tree::{Frontier, NodeId, node_hash};
use crate::domain::camera::{ControllerId, StationId};
use crate::protocol::Verification;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

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
    pub controller: ControllerId,
    /// Leaves in the database.
    pub size: u64,
    /// Leaves under the last signed checkpoint.
    pub signed_size: u64,
    /// Leaves under the last checkpoint that a witness cosigned; what lies beyond only the server vouches for.
    pub witnessed_size: u64,
    /// Root computed here for the signed size.
    pub root: String,
    /// Chains of stations, the server's own among them.
    pub stations: usize,
    pub bodies: u64,
    /// Bodies that were pruned, each named by a record of pruning.
    pub pruned: u64,
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
    /// What the witness cosigned is not in this log.
    Witness,
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
            Self::Witness => "il registro non è quello visto dal testimone",
        }
    }
}

impl Broken {
    /// The error of a log that does not hold.
    pub fn error(&self, origin: &str) -> ServerError {
        let what = self.what.for_people();
        ServerError::Broken(format!("{what} (registro {origin}, voce {})", self.index))
    }
}

/// Verifies every log of a data directory, and records it in those that hold.
///
/// # Errors
/// The directory cannot be opened at all, or the verification cannot be recorded. What does not hold is in the report,
/// not an error.
pub async fn verify(data: &DataDir) -> Result<Report, ServerError> {
    if !data.is_set_up() {
        return Err(ServerError::NotSetUp);
    }
    let store = Store::open(data).await?;
    let mut logs = Vec::new();
    for log in store.logs().await? {
        logs.push(verify_log(data, &store, &log).await?);
    }
    let recorded = record(data, &store, &logs).await;
    store.close().await;
    recorded?;
    Ok(Report {
        ok: logs.iter().all(|log| log.broken.is_none()),
        logs,
    })
}

/// Writes the event of a verification into each log that holds: directly when nobody else writes, else through the
/// server that does.
async fn record(data: &DataDir, store: &Store, reports: &[LogReport]) -> Result<(), ServerError> {
    let held: Vec<(&ControllerId, Verification)> = reports
        .iter()
        .filter(|log| log.broken.is_none())
        .map(|log| {
            let said = Verification {
                size: log.size,
                root: log.root.clone(),
            };
            (&log.controller, said)
        })
        .collect();
    let _lock = match data.lock() {
        Ok(lock) => lock,
        Err(ServerError::AlreadyRunning) => return read::tell_verified(data, &held).await,
        Err(error) => return Err(error),
    };
    let logs = store.logs().await?;
    let (sequencer, writer) = Sequencer::start(store.clone(), logs.clone(), Default::default())?;
    let recorder = Recorder::new(sequencer, 0).map_err(|error| ServerError::Key(error.to_string()))?;
    for (controller, said) in &held {
        let act = Act::default().with("size", said.size).with("root", said.root.as_str());
        recorder
            .record(controller, Operation::LogVerify, Outcome::Done, act)
            .await
            .map_err(|error| ServerError::NotRecorded(error.to_string()))?;
    }
    drop(recorder);
    drop(writer.await);
    for log in logs
        .into_iter()
        .filter(|log| held.iter().any(|(held, _)| **held == log.controller))
    {
        let key = load_signer(&data.log_key(&log.controller))?;
        Signer::open(data, log, key)?.step(store, now_ms()).await?;
    }
    Ok(())
}

/// Recomputes the first `size` leaves of a log, without asking who signed them.
///
/// # Errors
/// [`ServerError::Broken`] names the first thing that does not hold.
pub(super) async fn recompute(store: &Store, log: &Log, size: u64) -> Result<(), ServerError> {
    let mut walk = Walk {
        size,
        ..Walk::default()
    };
    let whole = walk.whole(store, log).await;
    whole.map_err(|broken| broken.error(&log.origin))
}

async fn verify_log(data: &DataDir, store: &Store, log: &Log) -> Result<LogReport, ServerError> {
    // The state first: what is signed after this is not missed in the database read after it.
    let key = load_signer(&data.log_key(&log.controller))?.verifier();
    let state: Option<SignedState> = serde_json::from_str(&read_text(&data.signer_state(&log.controller))?).ok();
    let signed = state.and_then(|state| checkpoint::verify(&state.note, &key).ok());
    let signed = signed.filter(|signed| signed.origin == log.origin);
    let witnessed = checkpoint::verify(&last_witnessed(data, log, &key).note, &key).ok();
    let size = store.size(log).await?;
    let signed_size = signed.as_ref().map_or(0, |signed| signed.size);
    let witnessed_size = witnessed.as_ref().map_or(0, |seen| seen.size);
    let mut walk = Walk {
        size,
        roots: BTreeMap::from([(signed_size, None), (witnessed_size, None)]),
        ..Walk::default()
    };
    let mut broken = walk.whole(store, log).await.err();
    if broken.is_none() {
        broken = match &signed {
            None => Some(What::Signature),
            Some(signed) if size < signed.size => Some(What::Shortened),
            Some(signed) if walk.root(signed_size) != Some(signed.root) => Some(What::Root),
            Some(_) => match &witnessed {
                Some(seen) if walk.root(seen.size) != Some(seen.root) => Some(What::Witness),
                _ => None,
            },
        }
        .map(|what| Broken { index: size, what });
    }
    Ok(LogReport {
        origin: log.origin.clone(),
        controller: log.controller.clone(),
        size,
        signed_size,
        witnessed_size,
        root: walk.root(signed_size).map(|root| root.to_string()).unwrap_or_default(),
        stations: walk.chains.len(),
        bodies: walk.bodies,
        pruned: walk.size.min(walk.frontier.size()) - walk.bodies,
        broken,
    })
}

/// What is carried from entry to entry.
#[derive(Default)]
struct Walk {
    /// Leaves to look at.
    size: u64,
    /// The sizes whose roots are wanted.
    roots: BTreeMap<u64, Option<Hash>>,
    frontier: Frontier,
    chains: HashMap<StationId, StationChain>,
    bodies: u64,
    /// Entries without a body, and those that records of pruning name.
    missing: Vec<Span>,
    pruned: Vec<Span>,
    /// A page did not read: entries are read one by one.
    narrow: bool,
}

/// The parts of a body that say what was pruned.
#[derive(serde::Deserialize)]
struct PruneRecord {
    operation: Operation,
    result: Outcome,
    parameters: PruneSpans,
}

#[derive(serde::Deserialize)]
struct PruneSpans {
    spans: Vec<Span>,
}

/// Joins spans that touch; both sides of a comparison are brought into this one form.
fn join(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::new();
    for (first, end) in spans {
        match joined.last_mut() {
            Some((_, last)) if *last >= first => *last = end.max(*last),
            _ => joined.push((first, end)),
        }
    }
    joined
}

impl Walk {
    fn root(&self, size: u64) -> Option<Hash> {
        self.roots.get(&size).copied().flatten()
    }

    fn note_root(&mut self) {
        let size = self.frontier.size();
        if let Some(root) = self.roots.get_mut(&size) {
            *root = Some(self.frontier.root());
        }
    }

    /// The first entry whose body is missing and that no record of pruning names.
    fn unexplained(&mut self) -> Option<u64> {
        let pruned = join(std::mem::take(&mut self.pruned));
        let missing = std::mem::take(&mut self.missing);
        missing.iter().find_map(|(first, end)| {
            let covering = pruned.iter().find(|(from, to)| from <= first && first < to);
            match covering {
                Some((_, to)) if to >= end => None,
                Some((_, to)) => Some(*to),
                None => Some(*first),
            }
        })
    }

    fn without_body(&mut self, index: u64) {
        match self.missing.last_mut() {
            Some((_, end)) if *end == index => *end += 1,
            _ => self.missing.push((index, index + 1)),
        }
    }

    fn remember_pruning(&mut self, station: &StationId, body: &str) {
        if station.as_str() != OWN_STATION || !body.contains("\"log_pruned\"") {
            return;
        }
        if let Ok(record) = serde_json::from_str::<PruneRecord>(body)
            && (record.operation, record.result) == (Operation::LogPruned, Outcome::Done)
        {
            self.pruned.extend(record.parameters.spans);
        }
    }

    /// Entries, bodies and nodes.
    async fn whole(&mut self, store: &Store, log: &Log) -> Result<(), Broken> {
        self.entries(store, log).await?;
        if let Some(index) = self.unexplained() {
            return Err(Broken {
                index,
                what: What::Body,
            });
        }
        nodes(store, log, self.size).await
    }

    async fn entries(&mut self, store: &Store, log: &Log) -> Result<(), Broken> {
        loop {
            let index = self.frontier.size();
            self.note_root();
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
                self.note_root();
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
        let station = parsed.station.clone();
        match &entry.opening {
            Some((salt, body)) => {
                let salt = Salt::try_from(salt.as_slice()).map_err(|_| What::Body)?;
                if leaf::commitment(&salt, body.as_bytes()) != parsed.commit {
                    return Err(What::Body);
                }
                self.bodies += 1;
                self.remember_pruning(&station, body);
            }
            None => self.without_body(entry.index),
        }
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
