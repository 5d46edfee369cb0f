//! Clearances: asking for one, answering, and what recordings may be seen under them (R-REC-1, R-EXP-5).
//!
//! Invariant: an operator asks only for cameras whose recordings their grants allow, and a supervisor answers only where
//! theirs say so; a refusal is recorded. Deliberately absent: the steps (`server::clearances`).

use super::cameras::act;
use super::client_auth::Person;
use super::lifecycle::App;
use super::responses::{Answer, Bounded};
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::people::clearance::{Clearance, Use, Verdict, Wish, is_needed};
use crate::domain::people::{Action, Right, Rule};
use crate::domain::site::CameraPlan;
use crate::domain::timeline::Span;
use crate::protocol::{ClearanceState, Pictures, RefusalKind};
use crate::server::people::accounts::By;
use crate::server::step_error::Trouble;
use axum::Json;
use axum::extract::{Path, State};
use std::sync::Arc;

/// The rule that keeps a person from one of the actions on one of the wish's cameras.
fn hindrance(app: &App, person: &Person, wish: &Wish, actions: &[Action]) -> Option<Rule> {
    let plan = app.plans.current();
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

async fn check(app: &App, person: &Person, wish: &Wish, actions: &[Action]) -> Answer<()> {
    let Some(rule) = hindrance(app, person, wish, actions) else {
        return Ok(());
    };
    // A controller that does not exist has no log; the workstation's own takes it.
    let known = app.logs.iter().any(|log| log.controller == wish.controller)
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
    let act = act.with("rule", serde_json::to_value(rule).unwrap_or_default());
    app.recorder
        .record(log, Operation::Clearance, Outcome::Refused, act)
        .await?;
    Err(RefusalKind::Rule(rule).into())
}

pub async fn request(
    State(app): State<Arc<App>>,
    person: Person,
    Bounded(wish): Bounded<Wish>,
) -> Answer<Json<ClearanceState>> {
    check(&app, &person, &wish, uses(&wish)).await?;
    Ok(Json(app.clearances.request(&person.who, wish).await?))
}

pub async fn answer(
    State(app): State<Arc<App>>,
    person: Person,
    Path(id): Path<u64>,
    Bounded(verdict): Bounded<Verdict>,
) -> Answer<Json<ClearanceState>> {
    let asked = app.clearances.get(id).await;
    // A request of another controller is none, after the same work (R-ACC-5).
    let asked = match asked {
        Ok(asked) if person.who.person.knows_controller(&asked.clearance.wish.controller) => asked,
        Ok(_) | Err(Trouble::Refused(RefusalKind::NotFound)) => {
            let act = By {
                station: &person.station,
                who: &person.who,
            }
            .act()
            .with("clearance", id)
            .with("rule", serde_json::to_value(Rule::OtherController).unwrap_or_default());
            app.recorder
                .record(&person.station.home, Operation::Clearance, Outcome::Refused, act)
                .await?;
            return Err(RefusalKind::NotFound.into());
        }
        Err(other) => return Err(other.into()),
    };
    check(&app, &person, &asked.clearance.wish, &[Action::Clear]).await?;
    Ok(Json(app.clearances.answer(&person.who, id, verdict).await?))
}

/// One's own clearances, and all that this person may answer.
pub(super) async fn clearances_seen_by(app: &App, person: &Person) -> Answer<Vec<ClearanceState>> {
    let mut all = app.clearances.all().await?;
    let theirs = |clearance: &Clearance| clearance.asked_by == person.who.person.user;
    all.retain(|state| {
        theirs(&state.clearance) || hindrance(app, person, &state.clearance.wish, &[Action::Clear]).is_none()
    });
    Ok(all)
}

/// Refuses recordings that no clearance covers, where one is needed; recorded.
pub(super) async fn cleared(app: &App, person: &Person, camera: &CameraPlan, pictures: Pictures) -> Answer<()> {
    let (what, from_ms, to_ms) = match pictures {
        Pictures::Live => return Ok(()),
        Pictures::Playback { from_ms, to_ms } => (Use::Playback, from_ms, to_ms),
        Pictures::Export { from_ms, to_ms } => (Use::Export, from_ms, to_ms),
    };
    if !is_needed(person.who.person.level) {
        return Ok(());
    }
    let range = Span::new(from_ms, to_ms);
    match app.clearances.covering(&person.who, what, &camera.id, range).await {
        Ok(_) => Ok(()),
        Err(Trouble::Refused(RefusalKind::Clearance(error))) => {
            let act = act(person, camera)
                .with("why", error.to_string())
                .with("pictures", serde_json::to_value(pictures).unwrap_or_default());
            app.recorder
                .record(&camera.controller, Operation::Clearance, Outcome::Refused, act)
                .await?;
            Err(RefusalKind::Clearance(error).into())
        }
        Err(other) => Err(other.into()),
    }
}
