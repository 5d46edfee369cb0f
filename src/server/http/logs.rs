//! Reading a log: checkpoint and tiles by anyone, proofs by workstations, entries by the system administrator.
//!
//! Invariant: nothing beyond the last signed checkpoint is proven or tiled; a page of entries is answered only after
//! its reading is durable in the same log (R-AUD-3), and a refused reading is recorded too.

use super::client_auth::{Caller, Person};
use super::responses::{Answer, Asked, Refused};
use super::state::LogState;
use crate::domain::audit::details::log::{LogRead, ReadFrom};
use crate::domain::audit::event::Outcome;
use crate::domain::audit::hash::Hash;
use crate::domain::audit::proof::{Recipe, consistency_recipe, inclusion_recipe};
use crate::domain::audit::tile::{Tile, TileKind, bundle};
use crate::domain::audit::tlog_proof::TlogProof;
use crate::domain::people::LogRight;
use crate::protocol::{ConsistencyProof, EventProof, InclusionProof, LogEntry, LogPage};
use crate::server::log::recorder::{Act, Recorder};
use crate::server::log::signed_state::SignedState;
use crate::server::store::entries::Entry;
use crate::server::store::{Log, Store};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;

/// Most entries in a page, and most bytes of bodies.
pub(super) const PAGE: u32 = 500;
pub(super) const PAGE_BYTES: usize = crate::protocol::MAX_BODY / 2;

pub(super) fn log_of<'a>(logs: &'a LogState, controller: &str) -> Answer<(&'a Log, SignedState)> {
    let log = logs.all.iter().find(|log| log.controller.as_str() == controller);
    let log = log.ok_or_else(|| Refused::not_found("log"))?;
    let signed = logs
        .signed
        .get(&log.controller)
        .ok_or_else(|| Refused::not_found("log"))?;
    Ok((log, signed.borrow().clone()))
}

/// Newest signed checkpoint of a log (C2SP tlog-checkpoint).
///
/// # Errors
/// `RefusalKind::NotFound`: there is no such log.
pub async fn checkpoint(State(logs): State<Arc<LogState>>, Path(controller): Path<String>) -> Answer<Response> {
    let (_, signed) = log_of(&logs, &controller)?;
    let head = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    Ok((head, signed.note).into_response())
}

/// Tile of a log (C2SP tlog-tiles): hashes, or a bundle of entries.
///
/// # Errors
/// `RefusalKind::NotFound` for a log or tile that is not there, or not signed yet; `RefusalKind::Unavailable` when the
/// store or the log does not answer.
pub async fn tile(
    State(logs): State<Arc<LogState>>,
    State(store): State<Store>,
    Path((controller, path)): Path<(String, String)>,
) -> Answer<Response> {
    let (log, signed) = log_of(&logs, &controller)?;
    let tile: Tile = path.parse().map_err(|_| Refused::not_found("tile"))?;
    if !tile.is_within(signed.size) {
        return Err(Refused::not_found("tile"));
    }
    let bytes = match tile.kind {
        TileKind::Hashes(_) => store
            .hashes(log, tile.first(), tile.width)
            .await?
            .iter()
            .flat_map(|hash| hash.0)
            .collect(),
        TileKind::Entries => {
            let leaves = store.leaves(log, tile.first().index, tile.width).await?;
            bundle(leaves.iter().map(String::as_bytes))
        }
    };
    let head = [
        (CONTENT_TYPE, "application/octet-stream"),
        (CACHE_CONTROL, "max-age=31536000, immutable"),
    ];
    Ok((head, bytes).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionQuery {
    index: u64,
    size: u64,
}

/// Inclusion proof (RFC 9162 §2.1.3).
///
/// # Errors
/// `RefusalKind::NotFound` for a log that is not there, an index outside the tree, a tree that is not signed yet;
/// `RefusalKind::Unavailable` when the store or the log does not answer.
pub async fn inclusion(
    State(logs): State<Arc<LogState>>,
    State(store): State<Store>,
    _caller: Caller,
    Path(controller): Path<String>,
    Asked(ask): Asked<InclusionQuery>,
) -> Answer<Json<InclusionProof>> {
    let path = hashes(
        &logs,
        &store,
        &controller,
        ask.size,
        inclusion_recipe(ask.index, ask.size),
    )
    .await?;
    Ok(Json(InclusionProof {
        index: ask.index,
        size: ask.size,
        path,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofQuery {
    log: String,
    seq: u64,
}

/// Proof of a workstation's own entry, under the newest checkpoint that witnesses cosigned or, before they saw it, the log signed.
///
/// # Errors
/// The caller is another workstation, which is recorded; `RefusalKind::NotFound` for a log or entry that is not there, or not
/// signed yet; `RefusalKind::Unavailable` when the store or the log does not answer.
pub async fn proof(
    State(logs): State<Arc<LogState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    caller: Caller,
    Path(station): Path<String>,
    Asked(ask): Asked<ProofQuery>,
) -> Answer<Json<EventProof>> {
    let station = caller.must_be(&recorder, &station).await?;
    let (log, signed) = log_of(&logs, &ask.log)?;
    let seen = logs.witnessed.get(&log.controller).map(|seen| seen.borrow().clone());
    let index = store.index_of(log, station, ask.seq).await?;
    let index = index.filter(|index| *index < signed.size);
    let index = index.ok_or_else(|| Refused::not_found("entry"))?;
    let (size, note, is_witnessed) = match seen.filter(|seen| seen.size > index && seen.size <= signed.size) {
        Some(seen) => (seen.size, seen.note, true),
        None => (signed.size, signed.note, false),
    };
    let proof = TlogProof {
        event: None,
        index,
        path: path(&store, log, (size, signed.size), inclusion_recipe(index, size)).await?,
        note,
    };
    Ok(Json(EventProof {
        proof: proof.encode(),
        awaits_witness: logs.has_witnesses && !is_witnessed,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyQuery {
    from: u64,
    to: u64,
}

/// Consistency proof (RFC 9162 §2.1.4).
///
/// # Errors
/// `RefusalKind::NotFound` for a log that is not there, or trees that are not signed yet; `RefusalKind::Unavailable` when
/// the store or the log does not answer.
pub async fn consistency(
    State(logs): State<Arc<LogState>>,
    State(store): State<Store>,
    _caller: Caller,
    Path(controller): Path<String>,
    Asked(ask): Asked<ConsistencyQuery>,
) -> Answer<Json<ConsistencyProof>> {
    let path = hashes(&logs, &store, &controller, ask.to, consistency_recipe(ask.from, ask.to)).await?;
    Ok(Json(ConsistencyProof {
        from: ask.from,
        to: ask.to,
        path,
    }))
}

async fn hashes(
    logs: &LogState,
    store: &Store,
    controller: &str,
    size: u64,
    recipe: Option<Recipe>,
) -> Answer<Vec<String>> {
    let (log, signed) = log_of(logs, controller)?;
    let path = path(store, log, (size, signed.size), recipe).await?;
    Ok(path.iter().map(ToString::to_string).collect())
}

/// The hashes of a proof in a tree of `size` entries, of which `signed` are vouched for.
async fn path(store: &Store, log: &Log, (size, signed): (u64, u64), recipe: Option<Recipe>) -> Answer<Vec<Hash>> {
    let recipe = recipe.filter(|_| size <= signed);
    let recipe = recipe.ok_or_else(|| Refused::not_found("proof"))?;
    Ok(store.cook(log, &recipe).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntriesQuery {
    #[serde(default)]
    from: u64,
    #[serde(default = "page")]
    limit: u32,
}

fn page() -> u32 {
    100
}

/// An act of this person at their workstation.
pub(super) fn reading(person: &Person) -> Act<'_> {
    Act {
        person: Some(&person.who.person),
        session: &person.who.session.session,
        at: Some(&person.station.station),
        purpose: Some(person.who.session.purpose),
        protocol_no: &person.who.session.protocol_no,
        ..Act::default()
    }
}

/// Only the system administrator of the log's controller reads it (R-AUD-3); either way it is recorded first.
pub(super) async fn may_read(recorder: &Recorder, person: &Person, log: &Log, read: LogRead) -> Answer<()> {
    let act = reading(person);
    person
        .must_on_log(recorder, log, LogRight::Read, read.clone(), act)
        .await?;
    recorder.record(&log.controller, read, Outcome::Done, act).await?;
    Ok(())
}

/// An entry as it is read.
pub(super) fn log_entry(entry: Entry) -> LogEntry {
    LogEntry {
        index: entry.index,
        class: entry.class,
        leaf: entry.leaf,
        received_ms: entry.received_ms,
        body: entry.opening.map(|(_, body)| body),
    }
}

/// Page of a log; that it was read is recorded first.
///
/// # Errors
/// `RefusalKind::NotFound` for a log that is not there; `RefusalKind::Rule`, recorded, when the person may not read it;
/// `RefusalKind::Unavailable` when the store or the log does not answer.
pub async fn entries(
    State(logs): State<Arc<LogState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path(controller): Path<String>,
    Asked(ask): Asked<EntriesQuery>,
) -> Answer<Json<LogPage>> {
    let (log, _) = log_of(&logs, &controller)?;
    let limit = ask.limit.clamp(1, PAGE);
    let read = LogRead {
        from: Some(ReadFrom::Index(ask.from)),
        limit: Some(limit),
        ..LogRead::default()
    };
    may_read(&recorder, &person, log, read).await?;
    let size = store.size(log).await?;
    let mut bytes = 0;
    let mut entries = Vec::new();
    for entry in store.entries(log, ask.from, limit).await? {
        let entry = log_entry(entry);
        bytes += entry.leaf.len() + entry.body.as_ref().map_or(0, String::len);
        if bytes > PAGE_BYTES && !entries.is_empty() {
            break;
        }
        entries.push(entry);
    }
    Ok(Json(LogPage {
        origin: log.origin.clone(),
        size,
        entries,
        next: None,
    }))
}
