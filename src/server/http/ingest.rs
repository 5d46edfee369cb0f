//! Taking events in.
//!
//! Invariant: an event is read, its commitment recomputed and its body looked at before the sequencer sees it.
//! Deliberately absent: strict reading of the body's fields, but for the purpose of whose level has only one (R-MNT-1); a newer
//! workstation must never lose an event here.

use super::client_auth::{Caller, Touch};
use super::logs::log_of;
use super::responses::{Answer, Bounded, Refused};
use super::state::{LogState, UsageState};
use crate::domain::audit::chain::Sealed;
use crate::domain::audit::leaf::{self, Leaf, Salt};
use crate::domain::audit::note::Statement;
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::people::{Level, Purpose};
use crate::protocol::{
    BatchReceipt, DurablePromise, EventBatch, MAX_BATCH, PINNED, PromisedEntry, RefusalKind, StationHead,
    SubmittedEvent,
};
use crate::server::attribution::Named;
use crate::server::causes::causes;
use crate::server::log::recorder::Recorder;
use crate::server::log::sequencer::Submitted;
use crate::server::presence::Sighting;
use crate::server::store::Store;
use crate::server::store::keys::Keys;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Operation of the one event in somebody's name that nobody proved to be theirs.
const NOT_PROVEN: &str = "sign_in_refused";

/// An event with what it says of who was there.
struct Read {
    submitted: Submitted,
    sighting: Option<Sighting>,
    named: Named,
}

fn read(event: SubmittedEvent) -> Result<Read, String> {
    let parsed = Leaf::parse(&event.leaf).map_err(|error| error.to_string())?;
    if event.body.len() > leaf::MAX_BODY {
        return Err(format!("body of seq {} is too long", parsed.seq));
    }
    let mut salt: Salt = [0; 32];
    hex::decode_to_slice(&event.salt, &mut salt).map_err(|_| format!("salt of seq {}", parsed.seq))?;
    if leaf::commitment(&salt, event.body.as_bytes()) != parsed.commit {
        return Err(format!("body of seq {} is not what its leaf commits to", parsed.seq));
    }
    let said: serde_json::Value =
        serde_json::from_str(&event.body).map_err(|error| format!("body of seq {}: {error}", parsed.seq))?;
    if said.get("station").and_then(serde_json::Value::as_str) != Some(parsed.station.as_str()) {
        return Err(format!("body of seq {} names another station", parsed.seq));
    }
    let leaf_hash = leaf::leaf_hash(event.leaf.as_bytes());
    let sealed = Sealed {
        seq: parsed.seq,
        class: parsed.class,
        leaf: event.leaf,
        leaf_hash,
        salt,
        body: event.body,
    };
    let submitted = Submitted {
        keys: Keys::of(&said, parsed.time),
        leaf: parsed,
        sealed,
    };
    let text = |name: &str| {
        let text = said.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        Keys::word(text)
    };
    Ok(Read {
        named: Named {
            person: text("person"),
            session: text("session"),
            is_refused_sign_in: submitted.keys.operation == NOT_PROVEN,
        },
        sighting: Sighting::of(&said),
        submitted,
    })
}

/// Nothing is taken by a server that forgot what it signed: it would be a second history.
fn hold_against_memory(
    logs: &LogState,
    controller: &ControllerId,
    station: &StationId,
    headers: &HeaderMap,
) -> Answer<()> {
    let pinned = headers.get(PINNED).and_then(|note| BASE64.decode(note).ok());
    let Some(note) = pinned.and_then(|note| String::from_utf8(note).ok()) else {
        return Ok(());
    };
    let (log, signed) = log_of(logs, controller.as_str())?;
    let key = logs.keys.get(controller).ok_or_else(|| Refused::not_found("log"))?;
    let names_another = note.lines().next() != Some(key.verifier().name());
    if names_another {
        // A promise by the new key would be a wrong one there: its next sign-in follows the succession first.
        return Err(Refused::new(
            RefusalKind::Unavailable,
            "the log has another name by now",
        ));
    }
    let held = logs
        .put_back
        .hold_against(log, (&key.verifier(), station), &note, &signed);
    if let Err(error) = &held {
        tracing::error!(error = %causes(error), "a workstation's checkpoint is not kept");
    }
    match logs.put_back.refusal() {
        Some(why) => Err(why.into()),
        None => Ok(()),
    }
}

/// Looks at the purposes of those whose level has but one (R-MNT-1), whatever their workstation says: a contractor is nowhere
/// in the register with another purpose, or without one.
async fn check_purposes(store: &Store, events: &[Submitted]) -> Answer<()> {
    let purpose_of = |event: &Submitted| serde_json::from_value::<Purpose>(event.keys.purpose.as_str().into()).ok();
    let proven = events.iter().filter(|event| event.keys.operation != NOT_PROVEN);
    // One look-up a person, and none for those who state what would count for anybody.
    let stated: BTreeMap<&str, &Submitted> = proven
        .filter(|event| !event.keys.person.is_empty() && purpose_of(event) != Level::Maintainer.only_purpose())
        .map(|event| (event.keys.person.as_str(), event))
        .collect();
    for (person, event) in stated {
        let Some(row) = store.person(person).await? else {
            continue;
        };
        if row
            .person
            .level
            .only_purpose()
            .is_some_and(|only| purpose_of(event) != Some(only))
        {
            let refused = format!("the purpose of seq {} is none of its person's level", event.leaf.seq);
            return Err(Refused::malformed(refused));
        }
    }
    Ok(())
}

/// Takes a batch of events of a workstation; the promise is signed once they are durable.
///
/// # Errors
/// [`RefusalKind::Equivocation`] from a workstation in quarantine or of another event of a number; [`RefusalKind::Gap`] when
/// one is missing; [`RefusalKind::TooLarge`]; [`RefusalKind::Malformed`], also for a purpose that the person's level does not
/// have; [`RefusalKind::NotFound`] for a log that is not here;
/// [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn events(
    State(logs): State<Arc<LogState>>,
    State(usage): State<Arc<UsageState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    caller: Caller,
    _touch: Touch,
    Path(station): Path<String>,
    headers: HeaderMap,
    Bounded(batch): Bounded<EventBatch>,
) -> Answer<Json<BatchReceipt>> {
    let station = caller.must_be(&recorder, &station).await?.clone();
    if caller.0.quarantined {
        let seq = store.quarantine_seq(&station).await?;
        return Err(RefusalKind::Equivocation { seq }.into());
    }
    if batch.events.len() > MAX_BATCH {
        return Err(Refused::new(RefusalKind::TooLarge, "too many events"));
    }
    let key = logs.keys.get(&batch.log).ok_or_else(|| Refused::not_found("log"))?;
    hold_against_memory(&logs, &batch.log, &station, &headers)?;
    let (mut events, mut sightings) = (Vec::with_capacity(batch.events.len()), Vec::new());
    let mut named = HashSet::new();
    for event in batch.events {
        let event = read(event).map_err(Refused::malformed)?;
        events.push(event.submitted);
        sightings.extend(event.sighting);
        named.insert(event.named);
    }
    check_purposes(&store, &events).await?;
    let first_seq = events
        .first()
        .map(|event| event.leaf.seq)
        .ok_or_else(|| Refused::malformed("no events"))?;
    let placed = logs
        .sequencer
        .submit(batch.log.clone(), station.clone(), events)
        .await?;
    usage.attribution.look(&batch.log, &station, named).await;
    if let Err(error) = usage.presence.see(sightings).await {
        // The events are durable all the same.
        tracing::warn!(error = %causes(&error), "who watches is not known");
    }
    let entries = placed
        .into_iter()
        .map(|(index, hash)| PromisedEntry {
            index,
            leaf_hash: hash.to_string(),
        })
        .collect();
    let promise = DurablePromise {
        origin: key.verifier().name().to_owned(),
        station,
        first_seq,
        entries,
    };
    let promise = serde_json::to_string(&promise).map_err(|error| Refused::malformed(error.to_string()))?;
    let signature = key.sign_statement(Statement::Durable, &promise);
    Ok(Json(BatchReceipt { promise, signature }))
}

/// Heads of a workstation's chains, one for each log.
///
/// # Errors
/// The caller is another workstation, which is recorded; [`RefusalKind::Unavailable`] when the store or the log does not
/// answer.
pub async fn heads(
    State(logs): State<Arc<LogState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    caller: Caller,
    Path(station): Path<String>,
) -> Answer<Json<Vec<StationHead>>> {
    let station = caller.must_be(&recorder, &station).await?;
    let mut heads = Vec::new();
    for log in &logs.all {
        let chain = store.chain(log, station).await?;
        let prev = chain.prev.map(|hash| hash.to_string()).unwrap_or_default();
        heads.push(StationHead {
            log: log.controller.clone(),
            next_seq: chain.next_seq,
            prev,
        });
    }
    Ok(Json(heads))
}
