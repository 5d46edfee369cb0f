//! Floors, holds and pruning: asked by the system administrator, approved by a supervisor.
//!
//! Invariant: every order and every refusal is durable in the log before it is carried out; one person alone prunes
//! nothing, and nothing is pruned while the server's clock and those of the workstations disagree.
//! Deliberately absent: floors and holds themselves (the database refuses by trigger).

use super::client_auth::{Caller, Person};
use super::logs::{log_of, reading};
use super::responses::{Answer, Bounded, Refused};
use super::state::LogState;
use crate::domain::audit::details::configuration::{FloorRaised, PruningOrdered, PruningStep};
use crate::domain::audit::details::log::{HoldWord, LogHold, LogPruned};
use crate::domain::audit::details::{Details, EventKind, Say as _};
use crate::domain::audit::event::{Event, Outcome};
use crate::domain::audit::leaf::Leaf;
use crate::domain::people::LogRight;
use crate::domain::people::second_person::{GIVEN_LATELY_MS, may_approve};
use crate::protocol::{ConsoleAct, FloorRequest, LogHoldRequest, Numbered, PruneRequest, Pruned, RefusalKind};
use crate::server::console::event_of;
use crate::server::log::recorder::{Act, Recorder};
use crate::server::log::sequencer::OWN_STATION;
use crate::server::now::now_ms;
use crate::server::setup::CONSOLE;
use crate::server::store::log_retention::DAY_MS;
use crate::server::store::{Log, Store};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;

/// Longest texts of an authority and a protocol number, characters.
const MAX_TEXT: usize = 200;
/// Entries looked at to see what time the workstations think it is.
const RECENT: u32 = 200;

async fn done(recorder: &Recorder, log: &Log, what: impl Into<EventKind>, act: Act<'_>) -> Answer<()> {
    let what: EventKind = what.into();
    Ok(recorder.record(&log.controller, what, Outcome::Done, act).await?)
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
    let act = reading(&person);
    let raised = FloorRaised {
        floor: Some(ask.class),
        days: Some(ask.days),
    };
    person
        .must_on_log(&recorder, log, LogRight::RaiseFloor, raised.clone(), act)
        .await?;
    if ask.days < store.floor_days(ask.class).await? || ask.days > 36_500 {
        recorder
            .record(&log.controller, EventKind::from(raised), Outcome::Refused, act)
            .await?;
        return Err(Refused::malformed("a floor is never lowered"));
    }
    done(&recorder, log, raised, act).await?;
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
    let act = reading(&person);
    let set = LogHold {
        hold: Some(HoldWord::Set),
        from_ms: Some(ask.from_ms),
        to_ms: Some(ask.to_ms),
        authority: Some(ask.authority.clone()),
        protocol_no: Some(ask.protocol_no.clone()),
        id: None,
    };
    person
        .must_on_log(&recorder, log, LogRight::SetHold, set.clone(), act)
        .await?;
    done(&recorder, log, set, act).await?;
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
    let act = reading(&person);
    let lifted = LogHold {
        hold: Some(HoldWord::Lifted),
        id: Some(id),
        ..LogHold::default()
    };
    person
        .must_on_log(&recorder, log, LogRight::LiftHold, lifted.clone(), act)
        .await?;
    done(&recorder, log, lifted, act).await?;
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
    let act = reading(&person);
    let asked = PruningOrdered {
        pruning: Some(PruningStep::Asked),
        class: Some(ask.class),
        before_ms: Some(ask.before_ms),
        ..PruningOrdered::default()
    };
    person
        .must_on_log(&recorder, log, LogRight::OrderPruning, asked.clone(), act)
        .await?;
    done(&recorder, log, asked, act).await?;
    let id = store
        .ask_pruning(log, ask.class, ask.before_ms, &person.who.person.user)
        .await?;
    Ok(Json(Numbered { id }))
}

/// The second person's word. What may be removed is removed at once, some thousands at a time, each time with the record
/// of which.
///
/// # Errors
/// [`RefusalKind::NotFound`] for a log or an order that is not there; [`RefusalKind::Rule`], recorded, without the right, from the
/// person who asked, and from one whom they gave a password lately; [`RefusalKind::Malformed`], recorded, from a third one, or while
/// the clocks disagree;
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
    let act = reading(&person);
    let approved = PruningOrdered {
        pruning: Some(PruningStep::Approved),
        order: Some(id),
        asked_by: Some(order.asked_by.clone()),
        ..PruningOrdered::default()
    };
    person
        .must_on_log(&recorder, log, LogRight::ApprovePruning, approved.clone(), act)
        .await?;
    let other = order.approved_by.as_ref().is_some_and(|by| by != user);
    let asked_by = store.life(&order.asked_by).await?;
    let asked_by = asked_by.map_or(String::new(), |row| row.person.display_name);
    let givers = store.givers(user, now_ms().saturating_sub(GIVEN_LATELY_MS)).await?;
    let may = may_approve(&person.who.person, &givers, (&order.asked_by, &asked_by), now_ms());
    if let Err(rule) = may {
        let refused = Details::from(EventKind::from(approved)).refused_by(rule);
        recorder.record(&log.controller, refused, Outcome::Refused, act).await?;
        return Err(RefusalKind::Rule(rule).into());
    }
    if other || !clocks_agree(&store, log).await? {
        recorder
            .record(&log.controller, EventKind::from(approved), Outcome::Refused, act)
            .await?;
        return Err(Refused::malformed("two people, and clocks that agree"));
    }
    done(&recorder, log, approved, act).await?;
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
    let pruned = LogPruned {
        order: Some(id),
        asked_by: Some(asked_by.to_owned()),
        spans: None,
    };
    recorder.event(&log.controller, pruned, Outcome::Done, reading(person))
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
    let act = Act {
        at: Some(&station.station),
        ..Act::default()
    };
    done(&recorder, log, event_of(&said), act).await?;
    Ok(StatusCode::NO_CONTENT)
}
