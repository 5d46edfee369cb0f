//! The plan and camera accounts.
//!
//! Invariant: an account leaves only after its release is durable in the log, and never the picture's to a level that
//! must not see pictures (R-MNT-1). A refusal is recorded too.

use super::client_auth::Person;
use super::lifecycle::App;
use super::responses::{Answer, Bounded, Refused};
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::camera::CameraId;
use crate::domain::people::{Action, Decision, Right};
use crate::domain::site::{CameraPlan, SitePlan};
use crate::protocol::{CameraCredential, CredentialNeed, CredentialRequest, RefusalKind, SignedPlan};
use crate::server::camera_users;
use crate::server::log::recorder::Act;
use crate::server::people::accounts::By;
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
pub async fn plan(State(app): State<Arc<App>>, person: Person) -> Answer<Json<SignedPlan>> {
    let mut seen = SitePlan::clone(&app.plans.current());
    let who = &person.who.person;
    seen.cameras.retain(|camera| who.knows(&camera.controller, &camera.id));
    seen.controllers
        .retain(|controller| who.knows_controller(&controller.id) || controller.id == person.station.home);
    let signed = app.plans.signed(&seen, &app.plan_vkey);
    signed.map(Json).ok_or_else(|| RefusalKind::Unavailable.into())
}

/// A camera the person has to do with. Any other is answered like one that does not exist, after the same work: the
/// attempt is recorded either way.
pub(super) async fn camera_of(app: &App, person: &Person, camera: String) -> Answer<CameraPlan> {
    let plan = app.plans.current();
    let found = CameraId::try_from(camera.clone()).ok();
    let found = found.and_then(|id| plan.camera(&id).cloned());
    let known = found.filter(|camera| person.who.person.knows(&camera.controller, &camera.id));
    if let Some(camera) = known {
        return Ok(camera);
    }
    let asked: String = camera.chars().take(64).collect();
    let act = By {
        station: &person.station,
        who: &person.who,
    }
    .act()
    .with("asked_for", asked);
    app.recorder
        .record(
            &person.station.home,
            Operation::CredentialReleased,
            Outcome::Refused,
            act,
        )
        .await?;
    Err(Refused::not_found("camera"))
}

pub(super) fn act<'a>(person: &'a Person, camera: &'a CameraPlan) -> Act<'a> {
    Act {
        person: Some(&person.who.person),
        session: &person.who.session.session,
        at: Some(&person.station.station),
        camera: Some(&camera.id),
        purpose: Some(person.who.session.purpose),
        protocol_no: &person.who.session.protocol_no,
        ..Act::default()
    }
}

pub async fn credentials(
    State(app): State<Arc<App>>,
    person: Person,
    Path(camera): Path<String>,
    Bounded(CredentialRequest { need }): Bounded<CredentialRequest>,
) -> Answer<Json<CameraCredential>> {
    let camera = &camera_of(&app, &person, camera).await?;
    let (word, place, right) = match need {
        CredentialNeed::Picture => ("picture", format!("{}/picture", camera.id), Right::Grant(Action::Live)),
        CredentialNeed::Figures => ("figures", format!("{}/figures", camera.id), Right::Figures),
    };
    let act = act(&person, camera).with("need", word);
    if let Decision::Refused(rule) = person.may_on(right, camera) {
        let rule_word = serde_json::to_value(rule).unwrap_or_default();
        app.recorder
            .record(
                &camera.controller,
                Operation::CredentialReleased,
                Outcome::Refused,
                act.with("rule", rule_word),
            )
            .await?;
        return Err(RefusalKind::Rule(rule).into());
    }
    if need == CredentialNeed::Picture && !app.school_is_out(camera).await {
        return Err(super::policy::school_refusal(&app, &person, camera, "credential").await);
    }
    if need == CredentialNeed::Picture && camera.personal_users {
        let moves = person.may_on(Right::Grant(Action::Ptz), camera).is_allowed();
        let session = person.who.session.session.as_str();
        if let Some(personal) = app.personal_users.make(camera, session, moves, &act).await? {
            return Ok(Json(personal));
        }
    }
    let row = app
        .store
        .account(&camera.id, need)
        .await?
        .ok_or_else(|| Refused::not_found("account"))?;
    let password = app.vault.open(&place, &row.sealed).ok_or_else(|| {
        tracing::error!(camera = %camera.id, "a sealed account does not open");
        Refused::new(RefusalKind::Unavailable, "the account does not open")
    })?;
    app.recorder
        .record(&camera.controller, Operation::CredentialReleased, Outcome::Done, act)
        .await?;
    Ok(Json(CameraCredential {
        user: row.user,
        password,
    }))
}
