//! Taking events in.
//!
//! Invariant: an event is read, its commitment recomputed and its body looked at before the sequencer sees it. One that is bound to
//! its place is taken, whatever its body is; one that is not is refused, recorded, and no hindrance to what came before it.
//! Deliberately absent: strict reading of the body's fields; a newer workstation must never lose an event here. What events name is
//! held against sessions and levels once they are durable (`server::attribution`).

use super::client_auth::{Caller, Touch};
use super::pinned;
use super::responses::{Answer, BoundedWithNul, Refused};
use super::state::{LogState, UsageState};
use crate::domain::audit::chain::Sealed;
use crate::domain::audit::details::log::{AsideWord, EventSetAside};
use crate::domain::audit::leaf::{self, Leaf, LeafError, Salt};
use crate::domain::audit::note::{SignerKey, Statement};
use crate::domain::camera::StationId;
use crate::protocol::{
    BatchReceipt, DurablePromise, EventBatch, MAX_BATCH, PromisedEntry, RefusalKind, StationHead, SubmittedEvent,
};
use crate::server::attribution::Named;
use crate::server::causes::causes;
use crate::server::log::recorder::Recorder;
use crate::server::log::sequencer::{Aside, Submitted, Taken};
use crate::server::now::now_ms;
use crate::server::presence::Sighting;
use crate::server::store::Store;
use crate::server::store::keys::Keys;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// An event with what it says of who was there; nothing where its body does not read.
struct Read {
    submitted: Submitted,
    sighting: Option<Sighting>,
    named: Option<Named>,
}

/// Why an event has no place in the log.
#[derive(Debug, thiserror::Error)]
enum NotRead {
    #[error("the leaf of an event")]
    Leaf(#[from] LeafError),
    #[error("body of seq {seq} is too long")]
    TooLong { seq: u64 },
    #[error("salt of seq {seq}")]
    Salt { seq: u64 },
    #[error("body of seq {seq} is not what its leaf commits to")]
    Commitment { seq: u64 },
    #[error("body of seq {seq} names another station")]
    OtherStation { seq: u64 },
}

impl NotRead {
    /// What is recorded of it.
    fn told(&self, station: &StationId) -> EventSetAside {
        let (fault, seq) = match self {
            Self::Leaf(_) => (AsideWord::Leaf, None),
            Self::TooLong { seq } => (AsideWord::TooLong, Some(*seq)),
            Self::Salt { seq } => (AsideWord::Salt, Some(*seq)),
            Self::Commitment { seq } => (AsideWord::Commitment, Some(*seq)),
            Self::OtherStation { seq } => (AsideWord::OtherStation, Some(*seq)),
        };
        EventSetAside {
            index: None,
            station: Some(station.clone()),
            seq,
            fault: Some(fault),
        }
    }
}

fn read(event: SubmittedEvent) -> Result<Read, NotRead> {
    let parsed = Leaf::parse(&event.leaf)?;
    let seq = parsed.seq;
    if event.body.len() > leaf::MAX_BODY {
        return Err(NotRead::TooLong { seq });
    }
    let mut salt: Salt = [0; 32];
    hex::decode_to_slice(&event.salt, &mut salt).map_err(|_| NotRead::Salt { seq })?;
    if leaf::commitment(&salt, event.body.as_bytes()) != parsed.commit {
        return Err(NotRead::Commitment { seq });
    }
    // A body that does not read is set aside: what its leaf commits to is in the log, whatever it is.
    let said = serde_json::from_str::<Value>(&event.body).ok().filter(Value::is_object);
    if let Some(said) = &said
        && said.get("station").and_then(Value::as_str) != Some(parsed.station.as_str())
    {
        return Err(NotRead::OtherStation { seq });
    }
    let taken = match &said {
        Some(said) => Taken::Readable(Keys::of(said, parsed.time)),
        None => Taken::Aside(Aside {
            fault: AsideWord::Unreadable,
            code: None,
        }),
    };
    let submitted = Submitted {
        sealed: Sealed {
            seq,
            class: parsed.class,
            leaf_hash: leaf::leaf_hash(event.leaf.as_bytes()),
            leaf: event.leaf,
            salt,
            body: event.body,
        },
        leaf: parsed,
        taken,
    };
    Ok(Read {
        named: said.as_ref().map(Named::of),
        sighting: said.as_ref().and_then(Sighting::of),
        submitted,
    })
}

/// Events up to the first that has no place, and what they say.
#[derive(Default)]
struct Batch {
    submitted: Vec<Submitted>,
    sightings: Vec<Sighting>,
    /// By what is named, the latest moment, Unix ms.
    named: HashMap<Named, i64>,
    refused: Option<NotRead>,
}

impl Batch {
    fn read(events: Vec<SubmittedEvent>) -> Self {
        let mut batch = Self::default();
        for event in events {
            let event = match read(event) {
                Ok(event) => event,
                Err(why) => {
                    batch.refused = Some(why);
                    break;
                }
            };
            let at_ms = event.submitted.leaf.time.as_millisecond();
            if let Some(named) = event.named {
                let latest = batch.named.entry(named).or_insert(at_ms);
                *latest = at_ms.max(*latest);
            }
            batch.sightings.extend(event.sighting);
            batch.submitted.push(event.submitted);
        }
        batch
    }
}

/// A workstation that trusts a former name of the log is not answered under the present one.
fn trusts_the_name(key: &SignerKey, headers: &HeaderMap) -> Answer<()> {
    if pinned::names(headers).is_some_and(|name| name != key.verifier().name()) {
        // A promise by the new key would be a wrong one there: its next sign-in follows the succession first.
        return Err(Refused::new(
            RefusalKind::Unavailable,
            "the log has another name by now",
        ));
    }
    Ok(())
}

/// Takes a batch of events of a workstation; the promise is signed once they are durable. What came before an event that has no
/// place is taken all the same.
///
/// # Errors
/// [`RefusalKind::Equivocation`] from a workstation in quarantine or of another event of a number; [`RefusalKind::Gap`] when
/// one is missing; [`RefusalKind::TooLarge`]; [`RefusalKind::Malformed`], recorded, for an event that has no place;
/// [`RefusalKind::NotFound`] for a log that is not here; [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn events(
    State(logs): State<Arc<LogState>>,
    State(usage): State<Arc<UsageState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    caller: Caller,
    _touch: Touch,
    Path(station): Path<String>,
    headers: HeaderMap,
    BoundedWithNul(batch): BoundedWithNul<EventBatch>,
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
    trusts_the_name(key, &headers)?;
    let Batch {
        submitted,
        sightings,
        named,
        refused,
    } = Batch::read(batch.events);
    let first_seq = submitted.first().map(|event| event.leaf.seq);
    let mut placed = Vec::new();
    if first_seq.is_some() {
        placed = logs
            .sequencer
            .submit(batch.log.clone(), station.clone(), submitted)
            .await?;
        usage.attribution.look(&batch.log, &station, named, now_ms()).await;
        if let Err(error) = usage.presence.see(sightings).await {
            // The events are durable all the same.
            tracing::warn!(error = %causes(&error), "who watches is not known");
        }
    }
    if let Some(why) = refused {
        tracing::error!(error = %causes(&why), %station, "an event has no place in the log");
        usage
            .attribution
            .no_place(&batch.log, &station, why.told(&station))
            .await;
        return Err(Refused::malformed(causes(&why).to_string()));
    }
    let first_seq = first_seq.ok_or_else(|| Refused::malformed("no events"))?;
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
