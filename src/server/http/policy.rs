//! What is in force beside the plan: declared events, the school calendar, proposed masks.
//!
//! Invariant: outside its calendar a school camera's account, live pictures, playback and export are refused here too
//! (R-PRV-2); a refusal is recorded.

use super::camera_scope::{act, camera_of};
use super::clearance::{clearances_seen_by, cleared};
use super::client_auth::{Person, ZONE};
use super::dome_lease::{leases_seen_by, watching_seen_by};
use super::responses::{Answer, Asked, Bounded, Refused};
use super::state::{PeopleState, SiteState, UsageState};
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::live::EventDeclared;
use crate::domain::audit::details::plan::{CredentialReleased, SchoolPictures};
use crate::domain::audit::event::Outcome;
use crate::domain::people::{Action, Decision, Right, Rule};
use crate::domain::privacy::declared_event::{Change, Declaration};
use crate::domain::site::CameraPlan;
use crate::protocol::{
    DeclaredState, MaskProposal, PermitRequest, Pictures, PolicyState, ProposedMask, RefusalKind, Verdict,
};
use crate::server::change_notifier::ChangeNotifier;
use crate::server::log::recorder::Recorder;
use crate::server::now::now_ms;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest wait for a change; also how soon a workstation notices that its session is over.
const PATIENCE: Duration = Duration::from_secs(1);

impl SiteState {
    /// Whether live pictures of this camera may be seen now, by its calendar or an event that opened it.
    pub(super) async fn school_is_out(&self, camera: &CameraPlan) -> bool {
        let Some(calendar) = &camera.school else { return true };
        let open = TimeZone::get(ZONE).is_ok_and(|zone| calendar.state(Timestamp::now(), &zone).is_open());
        open || self.declared.school_is_open(&camera.id, Instant::now()).await
    }

    /// Asks whether the calendar lets pictures be seen that were recorded between two moments.
    async fn school_was_out(&self, camera: &CameraPlan, from_ms: i64, to_ms: i64) -> bool {
        let Some(calendar) = &camera.school else { return true };
        let range =
            Timestamp::from_millisecond(from_ms).and_then(|from| Ok((from, Timestamp::from_millisecond(to_ms)?)));
        let open = match (range, TimeZone::get(ZONE)) {
            (Ok((from, to)), Ok(zone)) => calendar.is_open_throughout(from, to, &zone),
            _ => false,
        };
        open || self.declared.school_is_open(&camera.id, Instant::now()).await
    }
}

/// Records that a school camera stays closed.
pub(super) async fn school_refusal(
    recorder: &Recorder,
    person: &Person,
    camera: &CameraPlan,
    pictures: SchoolPictures,
) -> Refused {
    let refused = CredentialReleased {
        pictures: Some(pictures),
        ..CredentialReleased::default()
    };
    let refused = refused.refused_by(Rule::SchoolHours);
    let recorded = recorder
        .record(&camera.controller, refused, Outcome::Refused, act(person, camera))
        .await;
    match recorded {
        Ok(()) => RefusalKind::Rule(Rule::SchoolHours).into(),
        Err(rejection) => rejection.into(),
    }
}

/// Which state the caller has already.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    #[serde(default)]
    after: u64,
}

/// State in force: plan version, declared events, leases, clearances; waits a moment for another than the caller's.
///
/// # Errors
/// [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn state(
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(people): State<Arc<PeopleState>>,
    State(changes): State<ChangeNotifier>,
    person: Person,
    Asked(known): Asked<Known>,
) -> Answer<Json<PolicyState>> {
    let revision = changes.after(known.after, PATIENCE).await;
    let plan = site.plans.current();
    let mut declared = site.declared.all(Instant::now()).await;
    declared.retain(|event| {
        let camera = plan.camera(&event.camera);
        camera.is_some_and(|camera| person.who.person.knows(&camera.controller, &camera.id))
    });
    Ok(Json(PolicyState {
        revision,
        leases: leases_seen_by(&site, &usage, &person).await?,
        watching: watching_seen_by(&site, &usage, &person),
        clearances: clearances_seen_by(&site, &usage, &person).await?,
        plan_version: plan.version,
        declared,
        now_ms: now_ms(),
        knock: people.sessions.knock(&person.who.person.user, now_ms()),
    }))
}

pub async fn permit(
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(recorder): State<Recorder>,
    person: Person,
    Path(camera): Path<String>,
    Bounded(PermitRequest { pictures }): Bounded<PermitRequest>,
) -> Answer<StatusCode> {
    let camera = &camera_of(&site, &recorder, &person, camera).await?;
    let (action, word) = match pictures {
        Pictures::Live => (Action::Live, SchoolPictures::Live),
        Pictures::Playback { .. } => (Action::Playback, SchoolPictures::Playback),
        Pictures::Export { .. } => (Action::Export, SchoolPictures::Export),
    };
    allowed(&recorder, &person, camera, action).await?;
    cleared(&usage, &recorder, &person, camera, pictures).await?;
    let out = match pictures {
        Pictures::Live => site.school_is_out(camera).await,
        Pictures::Playback { from_ms, to_ms } | Pictures::Export { from_ms, to_ms } => {
            site.school_was_out(camera, from_ms, to_ms).await
        }
    };
    if out {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(school_refusal(&recorder, &person, camera, word).await)
    }
}

/// A grant for this, or a recorded refusal.
async fn allowed(recorder: &Recorder, person: &Person, camera: &CameraPlan, action: Action) -> Answer<()> {
    let Decision::Refused(rule) = person.may_on(Right::Grant(action), camera) else {
        return Ok(());
    };
    let refused = EventDeclared::default().refused_by(rule);
    recorder
        .record(&camera.controller, refused, Outcome::Refused, act(person, camera))
        .await?;
    Err(RefusalKind::Rule(rule).into())
}

/// Declares an event at a camera.
///
/// # Errors
/// [`RefusalKind::NotFound`] for a camera the person has nothing to do with; [`RefusalKind::Rule`], recorded, without the
/// grant; [`RefusalKind::Declare`] for a declaration that makes no sense; [`RefusalKind::Unavailable`] when the store or the
/// log does not answer.
pub async fn declare(
    State(site): State<Arc<SiteState>>,
    State(recorder): State<Recorder>,
    person: Person,
    Path(camera): Path<String>,
    Bounded(declaration): Bounded<Declaration>,
) -> Answer<Json<DeclaredState>> {
    let camera = &camera_of(&site, &recorder, &person, camera).await?;
    let action = match declaration.change {
        Change::Ceilings => Action::Ptz,
        Change::Mask(_) | Change::School => Action::Lift,
    };
    allowed(&recorder, &person, camera, action).await?;
    let state = site
        .declared
        .declare(camera, &person.who, declaration, Instant::now())
        .await?;
    Ok(Json(state))
}

/// Ends a declared event before its time.
///
/// # Errors
/// [`RefusalKind::NotFound`] for an event that is over or on a camera the person has nothing to do with; [`RefusalKind::Rule`],
/// recorded, without the grant; [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn end(
    State(site): State<Arc<SiteState>>,
    State(recorder): State<Recorder>,
    person: Person,
    Path(id): Path<u64>,
) -> Answer<StatusCode> {
    let now = Instant::now();
    let camera = site
        .declared
        .camera_of(id, now)
        .await
        .ok_or_else(|| Refused::not_found("event"))?;
    // An event on a camera that is nothing to them is none.
    let camera = camera_of(&site, &recorder, &person, camera.to_string()).await;
    let camera = &camera.map_err(|_| Refused::not_found("event"))?;
    allowed(&recorder, &person, camera, Action::Ptz).await?;
    site.declared.end(id, &person.who, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Proposes a change of a mask.
///
/// # Errors
/// [`RefusalKind::NotFound`] for a camera the person has nothing to do with; [`RefusalKind::Rule`], recorded, without the
/// grant; [`RefusalKind::Malformed`] for a mask that makes no sense; [`RefusalKind::Unavailable`] when the store or the log
/// does not answer.
pub async fn propose(
    State(site): State<Arc<SiteState>>,
    State(recorder): State<Recorder>,
    person: Person,
    Path(camera): Path<String>,
    Bounded(proposal): Bounded<MaskProposal>,
) -> Answer<Json<ProposedMask>> {
    let camera = &camera_of(&site, &recorder, &person, camera).await?;
    allowed(&recorder, &person, camera, Action::Live).await?;
    let proposed = site.plans.propose(camera, &person.who, proposal, now_ms()).await?;
    Ok(Json(proposed))
}

/// Changes of masks that wait, on cameras the person may watch.
///
/// # Errors
/// Never: it is read from memory; the answer is a handler's.
pub async fn proposals(State(site): State<Arc<SiteState>>, person: Person) -> Answer<Json<Vec<ProposedMask>>> {
    let plan = site.plans.current();
    let mut all = site.plans.proposals().await;
    all.retain(|proposed| {
        plan.camera(&proposed.camera)
            .is_some_and(|camera| person.may_on(Right::Grant(Action::Live), camera).is_allowed())
    });
    Ok(Json(all))
}

/// Approves or declines a change of a mask.
///
/// # Errors
/// [`RefusalKind::NotFound`] for a proposal that is not there, or on a camera the person has nothing to do with;
/// [`RefusalKind::Rule`], recorded, when it takes another person; [`RefusalKind::Unavailable`] when the store or the log does
/// not answer.
pub async fn decide_proposal(
    State(site): State<Arc<SiteState>>,
    person: Person,
    Path(id): Path<u64>,
    Bounded(verdict): Bounded<Verdict>,
) -> Answer<StatusCode> {
    let plan = site.plans.current();
    let waiting = site.plans.proposals().await;
    let proposed = waiting.iter().find(|proposed| proposed.id == id);
    let camera = proposed.and_then(|proposed| plan.camera(&proposed.camera));
    let known = camera.is_some_and(|camera| person.who.person.knows(&camera.controller, &camera.id));
    if !known {
        return Err(Refused::not_found("proposal"));
    }
    site.plans
        .decide(id, &person.who, &person.here(), verdict, now_ms())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
