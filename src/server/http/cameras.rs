//! The plan and camera accounts.
//!
//! Invariant: an account leaves only after its release is durable in the log, and never the picture's to a level that
//! must not see pictures (R-MNT-1). A refusal is recorded too.

use super::camera_scope::{act, camera_of};
use super::client_auth::Person;
use super::policy::school_refusal;
use super::responses::{Answer, Bounded, Refused};
use super::state::SiteState;
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::plan::{AccountNeed, CredentialReleased, SchoolPictures};
use crate::domain::audit::event::Outcome;
use crate::domain::people::{Action, Decision, Right};
use crate::domain::site::SitePlan;
use crate::protocol::{CameraCredential, CredentialNeed, CredentialRequest, RefusalKind, SignedPlan};
use crate::server::camera_users;
use crate::server::log::recorder::Recorder;
use crate::server::store::Store;
use axum::Json;
use axum::extract::{Path, State};
use std::sync::Arc;

impl From<camera_users::Trouble> for Refused {
    fn from(trouble: camera_users::Trouble) -> Self {
        match trouble {
            camera_users::Trouble::NotRecorded(rejection) => rejection.into(),
            camera_users::Trouble::Store(error) => error.into(),
        }
    }
}

/// The plan in force, as far as the person has to do with it, signed (R-ACC-5).
///
/// # Errors
/// [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn plan(State(site): State<Arc<SiteState>>, person: Person) -> Answer<Json<SignedPlan>> {
    let mut seen = SitePlan::clone(&site.plans.current());
    let who = &person.who.person;
    seen.cameras.retain(|camera| who.knows(&camera.controller, &camera.id));
    seen.controllers
        .retain(|controller| who.knows_controller(&controller.id) || controller.id == person.station.home);
    let signed = site.plans.signed(&seen, &site.plan_vkey);
    signed.map(Json).ok_or_else(|| RefusalKind::Unavailable.into())
}

pub async fn credentials(
    State(site): State<Arc<SiteState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path(camera): Path<String>,
    Bounded(CredentialRequest { need }): Bounded<CredentialRequest>,
) -> Answer<Json<CameraCredential>> {
    let camera = &camera_of(&site, &recorder, &person, camera).await?;
    let (account, place, right) = match need {
        CredentialNeed::Picture => (
            AccountNeed::Picture,
            format!("{}/picture", camera.id),
            Right::Grant(Action::Live),
        ),
        CredentialNeed::Figures => (AccountNeed::Figures, format!("{}/figures", camera.id), Right::Figures),
    };
    let released = CredentialReleased {
        need: Some(account),
        ..CredentialReleased::default()
    };
    let act = act(&person, camera);
    if let Decision::Refused(rule) = person.may_on(right, camera) {
        recorder
            .record(&camera.controller, released.refused_by(rule), Outcome::Refused, act)
            .await?;
        return Err(RefusalKind::Rule(rule).into());
    }
    if need == CredentialNeed::Picture && !site.school_is_out(camera).await {
        return Err(school_refusal(&recorder, &person, camera, SchoolPictures::Credential).await);
    }
    if need == CredentialNeed::Picture && camera.personal_users {
        let moves = person.may_on(Right::Grant(Action::Ptz), camera).is_allowed();
        let session = person.who.session.session.as_str();
        if let Some(personal) = site
            .personal_users
            .make(camera, session, moves, (&released, act))
            .await?
        {
            return Ok(Json(personal));
        }
    }
    let row = store
        .account(&camera.id, need)
        .await?
        .ok_or_else(|| Refused::not_found("account"))?;
    let password = site.vault.open(&place, &row.sealed).ok_or_else(|| {
        tracing::error!(camera = %camera.id, "a sealed account does not open");
        Refused::new(RefusalKind::Unavailable, "the account does not open")
    })?;
    recorder
        .record(&camera.controller, released, Outcome::Done, act)
        .await?;
    Ok(Json(CameraCredential {
        user: row.user,
        password,
    }))
}
