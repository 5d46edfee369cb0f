//! `log verify`: recomputes a whole log from its bytes and holds it against what was signed.
//!
//! Invariant: trusts no stored hash; memory does not grow with the log. The first thing that does not hold is named with
//! its index. A body may be missing only where a record of pruning by two people says so, and not before its floor; it may be aside
//! only where the server's record says so; what entries are found by must be what they say. Earlier names of the log are held against it too. Verifying a log that
//! holds is an event of it; nothing is written to one that does not. Deliberately absent: repair.

mod former;
mod pruned;
mod set_aside;
mod walk;

use super::config::{DataDir, read_text};
use super::console;
use super::error::ServerError;
use super::keys::load_signer;
use super::log::cosigning::last_witnessed;
use super::log::signed_state::SignedState;
use super::store::{Log, Store};
use crate::domain::audit::checkpoint::{self, Checkpoint};
use crate::domain::camera::ControllerId;
use crate::domain::message::{Message, sentence};
use crate::protocol::ConsoleAct;
use former::former_checkpoints;
use serde::Serialize;
use walk::Walk;

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
    /// A body is aside, or does not read, and no record says so.
    Aside,
    /// A body was pruned before the shortest floor of its class can have passed.
    PrunedEarly,
    /// What an entry is found by is not what it says.
    Found,
    Chain,
    Node,
    /// The log is shorter than what was signed.
    Shortened,
    Root,
    Signature,
    /// What the witness cosigned is not in this log.
    Witness,
    /// The log is not the one that went on under its present name.
    Succession,
}

impl What {
    /// The part of the sentence that says how a log does not hold.
    pub fn message(self) -> Message {
        match self {
            Self::Missing => sentence("broken-missing"),
            Self::Unreadable => sentence("broken-unreadable"),
            Self::Leaf => sentence("broken-leaf"),
            Self::LeafHash => sentence("broken-leaf-hash"),
            Self::Columns => sentence("broken-columns"),
            Self::Body => sentence("broken-body"),
            Self::Aside => sentence("broken-aside"),
            Self::PrunedEarly => sentence("broken-pruned-early"),
            Self::Found => sentence("broken-found"),
            Self::Chain => sentence("broken-chain"),
            Self::Node => sentence("broken-node"),
            Self::Shortened => sentence("broken-shortened"),
            Self::Root => sentence("broken-root"),
            Self::Signature => sentence("broken-signature"),
            Self::Witness => sentence("broken-witness"),
            Self::Succession => sentence("broken-succession"),
        }
    }
}

impl Broken {
    /// The error of a log that does not hold.
    pub fn error(&self, origin: &str) -> ServerError {
        let what = sentence("broken-entry").with("what", self.what.message());
        ServerError::Broken {
            detail: format!("{:?} at entry {} of {origin}", self.what, self.index),
            what: what.with("origin", origin).with("index", self.index),
        }
    }
}

/// Verifies every log of a data directory, and records it in those that hold.
///
/// # Errors
/// The directory cannot be opened at all, or the verification cannot be recorded. What does not hold is in the report,
/// not an error.
pub async fn verify(data: &DataDir) -> Result<Report, ServerError> {
    data.check_set_up()?;
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

/// Writes the event of a verification into each log that holds.
async fn record(data: &DataDir, store: &Store, reports: &[LogReport]) -> Result<(), ServerError> {
    let held: Vec<(ControllerId, ConsoleAct)> = reports
        .iter()
        .filter(|log| log.broken.is_none())
        .map(|log| {
            let said = ConsoleAct::Verified {
                size: log.size,
                root: log.root.clone(),
            };
            (log.controller.clone(), said)
        })
        .collect();
    console::record(data, store, &held).await
}

/// Recomputes the first `size` leaves of a log, without asking who signed them.
///
/// # Errors
/// [`ServerError::Broken`] names the first thing that does not hold.
pub(super) async fn recompute(store: &Store, log: &Log, size: u64) -> Result<(), ServerError> {
    let walk = Walk::of(size, []);
    let whole = walk.whole(store, log).await;
    whole.map(drop).map_err(|(_, broken)| broken.error(&log.origin))
}

async fn verify_log(data: &DataDir, store: &Store, log: &Log) -> Result<LogReport, ServerError> {
    // The state first: what is signed after this is not missed in the database read after it.
    let key = load_signer(&data.log_key(&log.controller))?.verifier();
    let state: Option<SignedState> = serde_json::from_str(&read_text(&data.signer_state(&log.controller))?).ok();
    let signed = state.and_then(|state| checkpoint::verify(&state.note, &key).ok());
    let signed = signed.filter(|signed| signed.origin == log.origin);
    let witnessed = checkpoint::verify(&last_witnessed(data, log, &key).note, &key).ok();
    let former = former_checkpoints(data, &log.controller)?;
    let size = store.size(log).await?;
    let signed_size = signed.as_ref().map_or(0, |signed| signed.size);
    // Whatever else was vouched for, and what it means when it is not in this log.
    let mut vouched: Vec<(Checkpoint, What)> = former;
    vouched.extend(witnessed.iter().map(|seen| (seen.clone(), What::Witness)));
    let witnessed = vouched.iter().filter(|(_, what)| *what == What::Witness);
    let witnessed_size = witnessed.map(|(seen, _)| seen.size).max().unwrap_or(0);
    let sizes = vouched.iter().map(|(seen, _)| seen.size).chain([signed_size]);
    let walked = Walk::of(size, sizes).whole(store, log).await;
    let (walk, mut broken) = match walked {
        Ok(walk) => (walk, None),
        Err((walk, broken)) => (walk, Some(broken)),
    };
    if broken.is_none() {
        broken = match &signed {
            None => Some(What::Signature),
            Some(signed) if size < signed.size => Some(What::Shortened),
            Some(signed) if walk.root(signed_size) != Some(signed.root) => Some(What::Root),
            Some(_) => vouched
                .iter()
                .find(|(seen, _)| walk.root(seen.size) != Some(seen.root))
                .map(|(_, what)| *what),
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
        stations: walk.stations(),
        bodies: walk.bodies(),
        pruned: walk.pruned(),
        broken,
    })
}
