//! Who holds which dome, who asks for it, who watches what.
//!
//! Invariant: nobody is told of a camera of a controller that they have nothing to do with (R-ACC-5). Letting go of a
//! dome needs no grant. Deliberately absent: the lease (`server::holds`).

use super::answer::{Answer, Bounded, Refused};
use super::caller::Person;
use super::cameras::{act, camera_of};
use super::serve::App;
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::camera::CameraId;
use crate::domain::people::{Action, Decision, decide};
use crate::domain::ptz::lease::{Asking, Input};
use crate::protocol::{HoldRequest, HoldState, RefusalKind, Watching};
use crate::server::holds::{Trouble, holder};
use crate::server::people::sessions::SignedIn;
use axum::Json;
use axum::extract::{Path, State};
use std::sync::Arc;

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::HeldBy(other) => RefusalKind::HeldByOther(other).into(),
            Trouble::NothingThere => Self::not_found("hold or request"),
            Trouble::LevelTooLow => RefusalKind::LevelTooLow.into(),
            Trouble::NotRecorded(rejection) => rejection.into(),
            Trouble::Store(error) => error.into(),
        }
    }
}

pub async fn hold(
    State(app): State<Arc<App>>,
    person: Person,
    Path(camera): Path<String>,
    Bounded(ask): Bounded<HoldRequest>,
) -> Answer<Json<HoldState>> {
    let camera = &camera_of(&app, camera)?;
    let lets_go = matches!(ask, HoldRequest::Release { .. });
    if let Decision::Refused(rule) = decide(&person.who.person, Action::Ptz, &camera.controller, &camera.id)
        && !lets_go
    {
        let rule_word = serde_json::to_value(rule).unwrap_or_default();
        let act = act(&person, camera).with("rule", rule_word);
        app.recorder
            .record(&camera.controller, Operation::DomeHold, Outcome::Refused, act)
            .await?;
        return Err(RefusalKind::Rule(rule).into());
    }
    let by = holder(&person.who);
    let input = match ask {
        HoldRequest::Take => Input::Take(by),
        HoldRequest::Renew { fence } => Input::Renew { by, fence },
        HoldRequest::Release { fence } => Input::Release { by, fence },
        HoldRequest::Ask { reason } => Input::Ask(Asking { by, reason }),
        HoldRequest::HandOver { to, fence } => Input::HandOver { from: by, to, fence },
        HoldRequest::Decline { to } => Input::Decline { from: by, to },
        HoldRequest::TakeOver { reason } => Input::TakeOver(Asking { by, reason }),
    };
    let state = app
        .holds
        .apply(&camera.controller, &camera.id, &person.who, input)
        .await?;
    Ok(Json(state))
}

pub async fn holds(State(app): State<Arc<App>>, Person { who, .. }: Person) -> Answer<Json<Vec<HoldState>>> {
    Ok(Json(holds_seen_by(&app, &who).await?))
}

/// Whether a camera is of a controller that this person has to do with.
pub(super) fn concerns(app: &App, who: &SignedIn, camera: &CameraId) -> bool {
    let plan = app.plans.current();
    let controller = plan.camera(camera).map(|camera| &camera.controller);
    let mut grants = who.person.grants.iter();
    grants.any(|grant| Some(&grant.controller) == controller)
}

/// Who holds which of the domes that this person has to do with.
pub(super) async fn holds_seen_by(app: &App, who: &SignedIn) -> Answer<Vec<HoldState>> {
    let mut all = app.holds.all().await?;
    all.retain(|state| concerns(app, who, &state.camera));
    all.sort_by(|a, b| a.camera.cmp(&b.camera));
    Ok(all)
}

/// Who watches those cameras.
pub(super) fn watching_seen_by(app: &App, who: &SignedIn) -> Vec<Watching> {
    let mut all = app.presence.all();
    let plan = app.plans.current();
    all.retain(|watching| {
        plan.camera(&watching.camera).is_some_and(|camera| {
            decide(&who.person, Action::Live, &camera.controller, &camera.id) == Decision::Allowed
        })
    });
    all
}
