//! Clearances: asking for one, answering, withdrawing, opening at once and ratifying, and what recordings may be seen under them (R-REC-1, R-EXP-5).
//!
//! Invariant: an operator asks only for cameras whose recordings their grants allow, and a supervisor answers and withdraws
//! only where theirs say so; a refusal is recorded. Deliberately absent: the steps (`server::clearances`).

use super::camera_scope::act;
use super::client_auth::Person;
use super::responses::{Answer, Bounded};
use super::state::{LogState, SiteState, UsageState};
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::recordings as event;
use crate::domain::audit::details::recordings::AskedRecordings;
use crate::domain::audit::event::Outcome;
use crate::domain::people::clearance::{Clearance, Ratification, Use, Verdict, Wish, Withdrawal, is_needed};
use crate::domain::people::{Action, Right, Rule};
use crate::domain::site::CameraPlan;
use crate::domain::timeline::Span;
use crate::protocol::{ClearanceState, Pictures, RefusalKind};
use crate::server::log::recorder::Recorder;
use crate::server::people::accounts::By;
use crate::server::step_error::Trouble;
use axum::Json;
use axum::extract::{Path, State};
use std::sync::Arc;

/// The rule that keeps a person from one of the actions on one of the wish's cameras.
fn hindrance(site: &SiteState, person: &Person, wish: &Wish, actions: &[Action]) -> Option<Rule> {
    let plan = site.plans.current();
    wish.extent.cameras.iter().find_map(|camera| {
        let Some(camera) = plan
            .camera(camera)
            .filter(|camera| camera.controller == wish.controller)
        else {
            return Some(Rule::NoGrant);
        };
        let mut refusals = actions
            .iter()
            .map(|action| person.may_on(Right::Grant(*action), camera).granted().err());
        refusals.find_map(|rule| rule)
    })
}

fn uses(wish: &Wish) -> &'static [Action] {
    if wish.extent.export {
        &[Action::Playback, Action::Export]
    } else {
        &[Action::Playback]
    }
}

async fn check(
    logs: &LogState,
    site: &SiteState,
    recorder: &Recorder,
    person: &Person,
    wish: &Wish,
    actions: &[Action],
) -> Answer<()> {
    let Some(rule) = hindrance(site, person, wish, actions) else {
        return Ok(());
    };
    // A controller that does not exist has no log; the workstation's own takes it.
    let known = logs.all.iter().any(|log| log.controller == wish.controller)
        && person.who.person.knows_controller(&wish.controller);
    let log = if known { &wish.controller } else { &person.station.home };
    let act = crate::server::log::recorder::Act {
        person: Some(&person.who.person),
        session: &person.who.session.session,
        at: Some(&person.station.station),
        purpose: Some(wish.purpose),
        protocol_no: &wish.protocol_no,
        ..Default::default()
    };
    let refused = event::Clearance::default().refused_by(rule);
    recorder.record(log, refused, Outcome::Refused, act).await?;
    Err(RefusalKind::Rule(rule).into())
}

/// Requests a clearance.
///
/// # Errors
/// [`RefusalKind::Rule`], recorded, without a grant on one of the cameras; [`RefusalKind::Clearance`] for a wish that makes no
/// sense; [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn request(
    State(logs): State<Arc<LogState>>,
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(recorder): State<Recorder>,
    person: Person,
    Bounded(wish): Bounded<Wish>,
) -> Answer<Json<ClearanceState>> {
    check(&logs, &site, &recorder, &person, &wish, uses(&wish)).await?;
    Ok(Json(usage.clearances.request(&person.who, wish).await?))
}

/// Opens the recent past at once, to be ratified later (R-ACC-11).
///
/// # Errors
/// [`RefusalKind::Rule`], recorded, without a grant on one of the cameras; [`RefusalKind::Clearance`] for a wish that makes no
/// sense or reaches too far back; [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn open_at_once(
    State(logs): State<Arc<LogState>>,
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(recorder): State<Recorder>,
    person: Person,
    Bounded(wish): Bounded<Wish>,
) -> Answer<Json<ClearanceState>> {
    check(&logs, &site, &recorder, &person, &wish, uses(&wish)).await?;
    Ok(Json(usage.clearances.open_at_once(&person.who, wish).await?))
}

/// A clearance that the person may decide on; one of another controller is none, after the same work (R-ACC-5).
async fn decided_by(
    logs: &LogState,
    site: &SiteState,
    usage: &UsageState,
    recorder: &Recorder,
    person: &Person,
    id: u64,
) -> Answer<()> {
    let asked = usage.clearances.get(id).await;
    let asked = match asked {
        Ok(asked) if person.who.person.knows_controller(&asked.clearance.wish.controller) => asked,
        Ok(_) | Err(Trouble::Refused(RefusalKind::NotFound)) => {
            let act = By {
                station: &person.station,
                who: &person.who,
            }
            .act();
            let refused = event::Clearance {
                clearance: Some(id),
                ..event::Clearance::default()
            };
            let refused = refused.refused_by(Rule::OtherController);
            recorder
                .record(&person.station.home, refused, Outcome::Refused, act)
                .await?;
            return Err(RefusalKind::NotFound.into());
        }
        Err(other) => return Err(other.into()),
    };
    check(logs, site, recorder, person, &asked.clearance.wish, &[Action::Clear]).await
}

/// Grants or refuses a request for clearance.
///
/// # Errors
/// [`RefusalKind::NotFound`] when there is no such request of the person's controllers; [`RefusalKind::Rule`], recorded, when
/// the person may not answer it; [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn answer(
    State(logs): State<Arc<LogState>>,
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(recorder): State<Recorder>,
    person: Person,
    Path(id): Path<u64>,
    Bounded(verdict): Bounded<Verdict>,
) -> Answer<Json<ClearanceState>> {
    decided_by(&logs, &site, &usage, &recorder, &person, id).await?;
    Ok(Json(usage.clearances.answer(&person.who, id, verdict).await?))
}

/// Withdraws a clearance that is in force.
///
/// # Errors
/// [`RefusalKind::NotFound`] when there is no such clearance of the person's controllers; [`RefusalKind::Rule`], recorded, when
/// the person may not decide on it; [`RefusalKind::Clearance`] when it is not in force; [`RefusalKind::Unavailable`] when the
/// store or the log does not answer.
pub async fn withdraw(
    State(logs): State<Arc<LogState>>,
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(recorder): State<Recorder>,
    person: Person,
    Path(id): Path<u64>,
    Bounded(withdrawal): Bounded<Withdrawal>,
) -> Answer<Json<ClearanceState>> {
    decided_by(&logs, &site, &usage, &recorder, &person, id).await?;
    Ok(Json(usage.clearances.withdraw(&person.who, id, withdrawal).await?))
}

/// Ratifies recordings that were opened at once, or does not.
///
/// # Errors
/// [`RefusalKind::NotFound`] when there is no such clearance of the person's controllers; [`RefusalKind::Rule`], recorded, when
/// the person may not decide on it; [`RefusalKind::Clearance`] when nothing waits to be ratified; [`RefusalKind::Unavailable`]
/// when the store or the log does not answer.
pub async fn ratify(
    State(logs): State<Arc<LogState>>,
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(recorder): State<Recorder>,
    person: Person,
    Path(id): Path<u64>,
    Bounded(ratification): Bounded<Ratification>,
) -> Answer<Json<ClearanceState>> {
    decided_by(&logs, &site, &usage, &recorder, &person, id).await?;
    Ok(Json(usage.clearances.ratify(&person.who, id, ratification).await?))
}

/// One's own clearances, and all that this person may answer.
pub(super) async fn clearances_seen_by(
    site: &SiteState,
    usage: &UsageState,
    person: &Person,
) -> Answer<Vec<ClearanceState>> {
    let mut all = usage.clearances.all().await?;
    let theirs = |clearance: &Clearance| clearance.asked_by == person.who.person.user;
    all.retain(|state| {
        theirs(&state.clearance) || hindrance(site, person, &state.clearance.wish, &[Action::Clear]).is_none()
    });
    Ok(all)
}

/// Refuses recordings that no clearance covers, where one is needed; recorded.
pub(super) async fn cleared(
    usage: &UsageState,
    recorder: &Recorder,
    person: &Person,
    camera: &CameraPlan,
    pictures: Pictures,
) -> Answer<()> {
    let (what, asked, (from_ms, to_ms)) = match pictures {
        Pictures::Live => return Ok(()),
        Pictures::Playback { from_ms, to_ms } => {
            let asked = AskedRecordings::Playback { from_ms, to_ms };
            (Use::Playback, asked, (from_ms, to_ms))
        }
        Pictures::Export { from_ms, to_ms } => {
            let asked = AskedRecordings::Export { from_ms, to_ms };
            (Use::Export, asked, (from_ms, to_ms))
        }
    };
    if !is_needed(person.who.person.level) {
        return Ok(());
    }
    let range = Span::new(from_ms, to_ms);
    match usage.clearances.covering(&person.who, what, &camera.id, range).await {
        Ok(_) => Ok(()),
        Err(Trouble::Refused(RefusalKind::Clearance(error))) => {
            let refused = event::Clearance {
                pictures: Some(asked),
                ..event::Clearance::default()
            };
            let refused = refused.because(error.to_string());
            let act = act(person, camera);
            recorder
                .record(&camera.controller, refused, Outcome::Refused, act)
                .await?;
            Err(RefusalKind::Clearance(error).into())
        }
        Err(other) => Err(other.into()),
    }
}
