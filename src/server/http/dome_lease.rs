//! Who holds which dome, who asks for it, who watches what.
//!
//! Invariant: nobody is told of a camera of a controller that they have nothing to do with (R-ACC-5). Letting go of a
//! dome needs no grant. Deliberately absent: the lease (`server::dome_leases`).

use super::camera_scope::{act, camera_of};
use super::client_auth::Person;
use super::responses::{Answer, Bounded};
use super::state::{SiteState, UsageState};
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::live::DomeHold;
use crate::domain::audit::event::Outcome;
use crate::domain::people::{Action, Decision, Right};
use crate::domain::ptz::lease::{Asking, Input};
use crate::protocol::{LeaseRequest, LeaseState, RefusalKind, Watching};
use crate::server::dome_leases::holder;
use crate::server::log::recorder::Recorder;
use axum::Json;
use axum::extract::{Path, State};
use std::sync::Arc;

/// A step of the lease of a dome: take, renew, release, ask, hand over, decline, take over.
///
/// # Errors
/// [`RefusalKind::Rule`], recorded, without the grant; [`RefusalKind::LeasedByOther`] when somebody else has the dome or takes
/// it over; [`RefusalKind::NotFound`] for a camera, lease or request that is not there; [`RefusalKind::Unavailable`] when the
/// store or the log does not answer.
pub async fn lease(
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(recorder): State<Recorder>,
    person: Person,
    Path(camera): Path<String>,
    Bounded(ask): Bounded<LeaseRequest>,
) -> Answer<Json<LeaseState>> {
    let camera = &camera_of(&site, &recorder, &person, camera).await?;
    let lets_go = matches!(ask, LeaseRequest::Release { .. });
    if let Decision::Refused(rule) = person.may_on(Right::Grant(Action::Ptz), camera)
        && !lets_go
    {
        let refused = DomeHold::default().refused_by(rule);
        recorder
            .record(&camera.controller, refused, Outcome::Refused, act(&person, camera))
            .await?;
        return Err(RefusalKind::Rule(rule).into());
    }
    let by = holder(&person.who);
    let input = match ask {
        LeaseRequest::Take => Input::Take(by),
        LeaseRequest::Renew { fence } => Input::Renew { by, fence },
        LeaseRequest::Release { fence } => Input::Release { by, fence },
        LeaseRequest::Ask { reason } => Input::Ask(Asking { by, reason }),
        LeaseRequest::HandOver { to, fence } => Input::HandOver { from: by, to, fence },
        LeaseRequest::Decline { to } => Input::Decline { from: by, to },
        LeaseRequest::TakeOver { reason } => Input::TakeOver(Asking { by, reason }),
    };
    let state = usage
        .leases
        .apply(&camera.controller, &camera.id, &person.who, input)
        .await?;
    Ok(Json(state))
}

/// Leases of the domes that the person has to do with.
///
/// # Errors
/// [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn leases(
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    person: Person,
) -> Answer<Json<Vec<LeaseState>>> {
    Ok(Json(leases_seen_by(&site, &usage, &person).await?))
}

/// Who holds which of the domes that this person has to do with.
pub(super) async fn leases_seen_by(site: &SiteState, usage: &UsageState, person: &Person) -> Answer<Vec<LeaseState>> {
    let plan = site.plans.current();
    let mut all = usage.leases.all().await?;
    all.retain(|state| {
        let camera = plan.camera(&state.camera);
        camera.is_some_and(|camera| person.who.person.knows(&camera.controller, &camera.id))
    });
    all.sort_by(|a, b| a.camera.cmp(&b.camera));
    Ok(all)
}

/// Who watches those cameras.
pub(super) fn watching_seen_by(site: &SiteState, usage: &UsageState, person: &Person) -> Vec<Watching> {
    let mut all = usage.presence.all();
    let plan = site.plans.current();
    all.retain(|watching| {
        let camera = plan.camera(&watching.camera);
        camera.is_some_and(|camera| person.may_on(Right::Grant(Action::Live), camera).granted().is_ok())
    });
    all
}
