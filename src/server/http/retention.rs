//! Floors, holds and pruning: asked by the system administrator, approved by a supervisor.
//!
//! Invariant: every order and every refusal is durable in the log before it is carried out; one person alone prunes
//! nothing, and nothing is pruned while the server's clock and those of the workstations disagree.
//! Deliberately absent: floors and holds themselves (the database refuses by trigger).

use super::client_auth::{Caller, Person};
use super::logs::{log_of, reading};
use super::responses::{Answer, Bounded, Refused};
use super::state::LogState;
use crate::domain::audit::event::{Event, Operation, Outcome};
use crate::domain::audit::leaf::Leaf;
use crate::domain::people::LogRight;
use crate::protocol::{ConsoleAct, FloorRequest, LogHoldRequest, Numbered, PruneRequest, Pruned, RefusalKind};
use crate::server::clock::now_ms;
use crate::server::console::event_of;
use crate::server::log::recorder::{Act, Recorder};
use crate::server::log::sequencer::OWN_STATION;
use crate::server::setup::CONSOLE;
use crate::server::store::retention::DAY_MS;
use crate::server::store::{Log, Store};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;

/// Longest texts of an authority and a protocol number, characters.
const MAX_TEXT: usize = 200;
/// Entries looked at to see what time the workstations think it is.
const RECENT: u32 = 200;

async fn done(recorder: &Recorder, log: &Log, operation: Operation, act: Act<'_>) -> Answer<()> {
    Ok(recorder.record(&log.controller, operation, Outcome::Done, act).await?)
}

/// Raises the floor of a class of entries: days for which bodies are kept at least.
///
/// # Errors
/// [`RefusalKind::NotFound`] for a log that is not there; [`RefusalKind::Rule`], recorded, without the right on it;
/// [`RefusalKind::Malformed`], recorded, for a floor that is lower than before or over 36,500 days;
/// [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn floor(
    State(logs): State<Arc<LogState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path(controller): Path<String>,
    Bounded(ask): Bounded<FloorRequest>,
) -> Answer<StatusCode> {
    let (log, _) = log_of(&logs, &controller)?;
    let operation = Operation::ConfigurationChange;
    let act = || {
        let class = serde_json::to_value(ask.class).unwrap_or_default();
        reading(&person).with("floor", class).with("days", ask.days)
    };
    person
        .must_on_log(&recorder, log, LogRight::RaiseFloor, operation, act())
        .await?;
    if ask.days < store.floor_days(ask.class).await? || ask.days > 36_500 {
        recorder
            .record(&log.controller, operation, Outcome::Refused, act())
            .await?;
        return Err(Refused::malformed("a floor is never lowered"));
    }
    done(&recorder, log, operation, act()).await?;
    store.raise_floor(ask.class, ask.days).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets a legal hold on the entries of a span.
///
/// # Errors
/// [`RefusalKind::NotFound`] for a log that is not there; [`RefusalKind::Rule`], recorded, without the right on it;
/// [`RefusalKind::Malformed`] for a span that ends before it begins, or without authority and protocol number;
/// [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn hold(
    State(logs): State<Arc<LogState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path(controller): Path<String>,
    Bounded(ask): Bounded<LogHoldRequest>,
) -> Answer<Json<Numbered>> {
    let (log, _) = log_of(&logs, &controller)?;
    let short = |text: &str| !text.trim().is_empty() && text.chars().count() <= MAX_TEXT;
    if ask.to_ms < ask.from_ms || !short(&ask.authority) || !short(&ask.protocol_no) {
        return Err(Refused::malformed("hold"));
    }
    let act = || {
        reading(&person)
            .with("hold", "set")
            .with("from_ms", ask.from_ms)
            .with("to_ms", ask.to_ms)
            .with("authority", ask.authority.as_str())
            .with("protocol_no", ask.protocol_no.as_str())
    };
    person
        .must_on_log(&recorder, log, LogRight::SetHold, Operation::LogHold, act())
        .await?;
    done(&recorder, log, Operation::LogHold, act()).await?;
    let id = store
        .hold(log, ask.from_ms, ask.to_ms, &ask.authority, &ask.protocol_no)
        .await?;
    Ok(Json(Numbered { id }))
}

/// Lifts a legal hold.
///
/// # Errors
/// [`RefusalKind::NotFound`] for a log that is not there, or a hold that does not hold any more; [`RefusalKind::Rule`],
/// recorded, without the right; [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn lift(
    State(logs): State<Arc<LogState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path((controller, id)): Path<(String, i64)>,
) -> Answer<StatusCode> {
    let (log, _) = log_of(&logs, &controller)?;
    let act = || reading(&person).with("hold", "lifted").with("id", id);
    person
        .must_on_log(&recorder, log, LogRight::LiftHold, Operation::LogHold, act())
        .await?;
    done(&recorder, log, Operation::LogHold, act()).await?;
    if store.lift_hold(log, id, now_ms()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refused::not_found("hold"))
    }
}

/// Asks for the bodies of a class before a moment to be pruned; a second person approves it.
///
/// # Errors
/// [`RefusalKind::NotFound`] for a log that is not there; [`RefusalKind::Rule`], recorded, without the right on it;
/// [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn ask_pruning(
    State(logs): State<Arc<LogState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path(controller): Path<String>,
    Bounded(ask): Bounded<PruneRequest>,
) -> Answer<Json<Numbered>> {
    let (log, _) = log_of(&logs, &controller)?;
    let act = || {
        let class = serde_json::to_value(ask.class).unwrap_or_default();
        reading(&person)
            .with("pruning", "asked")
            .with("class", class)
            .with("before_ms", ask.before_ms)
    };
    let operation = Operation::ConfigurationChange;
    person
        .must_on_log(&recorder, log, LogRight::OrderPruning, operation, act())
        .await?;
    done(&recorder, log, operation, act()).await?;
    let id = store
        .ask_pruning(log, ask.class, ask.before_ms, &person.who.person.user)
        .await?;
    Ok(Json(Numbered { id }))
}

/// The second person's word. What may be removed is removed at once, some thousands at a time, each time with the record
/// of which.
///
/// # Errors
/// [`RefusalKind::NotFound`] for a log or an order that is not there; [`RefusalKind::Rule`], recorded, without the right;
/// [`RefusalKind::Malformed`], recorded, from the person who asked, from a third one, or while the clocks disagree;
/// [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn approve_pruning(
    State(logs): State<Arc<LogState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path((controller, id)): Path<(String, i64)>,
) -> Answer<Json<Pruned>> {
    let (log, _) = log_of(&logs, &controller)?;
    let order = store.pruning(id).await?.filter(|order| order.log == log.controller);
    let mut order = order.ok_or_else(|| Refused::not_found("order"))?;
    let user = &person.who.person.user;
    let act = || {
        reading(&person)
            .with("pruning", "approved")
            .with("order", id)
            .with("asked_by", order.asked_by.as_str())
    };
    let operation = Operation::ConfigurationChange;
    person
        .must_on_log(&recorder, log, LogRight::ApprovePruning, operation, act())
        .await?;
    let other = order.approved_by.as_ref().is_some_and(|by| by != user);
    if order.asked_by == *user || other || !clocks_agree(&store, log).await? {
        recorder
            .record(&log.controller, operation, Outcome::Refused, act())
            .await?;
        return Err(Refused::malformed("two people, and clocks that agree"));
    }
    done(&recorder, log, operation, act()).await?;
    store.approve_pruning(id, user).await?;
    order.approved_by = Some(user.clone());
    let event = record_of(&recorder, &person, log, &order.asked_by, id);
    let (mut bodies, mut next) = (0, 0);
    while let Some(step) = logs
        .sequencer
        .prune(order.clone(), event.clone(), next, now_ms())
        .await?
    {
        bodies += step.bodies;
        next = step.next;
    }
    Ok(Json(Pruned { bodies }))
}

fn record_of(recorder: &Recorder, person: &Person, log: &Log, asked_by: &str, id: i64) -> Event {
    let act = reading(person).with("order", id).with("asked_by", asked_by);
    recorder.event(&log.controller, Operation::LogPruned, Outcome::Done, act)
}

/// Whether some workstation lately wrote of a time within a day of this server's. A clock that jumped ahead must not
/// make floors pass.
async fn clocks_agree(store: &Store, log: &Log) -> Answer<bool> {
    let size = store.size(log).await?;
    let recent = store
        .entries(log, size.saturating_sub(u64::from(RECENT)), RECENT)
        .await?;
    let now = now_ms();
    Ok(recent
        .iter()
        .filter(|entry| entry.station != OWN_STATION)
        .filter_map(|entry| Leaf::parse(&entry.leaf).ok())
        .any(|leaf| (leaf.time.as_millisecond() - now).abs() < DAY_MS))
}

/// Records what was done with the whole log at the server's own console.
///
/// # Errors
/// [`RefusalKind::NotFound`] for a log that is not there; [`RefusalKind::UnknownStation`] from a workstation that is not the
/// console; [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn at_console(
    State(logs): State<Arc<LogState>>,
    State(recorder): State<Recorder>,
    Caller(station): Caller,
    Path(controller): Path<String>,
    Bounded(said): Bounded<ConsoleAct>,
) -> Answer<StatusCode> {
    let (log, _) = log_of(&logs, &controller)?;
    if station.station.as_str() != CONSOLE {
        return Err(Refused::new(RefusalKind::UnknownStation, "only the console does that"));
    }
    let (operation, act) = event_of(&said);
    let act = Act {
        at: Some(&station.station),
        ..act
    };
    done(&recorder, log, operation, act).await?;
    Ok(StatusCode::NO_CONTENT)
}
