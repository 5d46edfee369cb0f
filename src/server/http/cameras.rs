//! The plan and camera accounts.
//!
//! Invariant: an account leaves only after its release is durable in the log, and never the picture's to a level that
//! must not see pictures (R-MNT-1). A refusal is recorded too.

use super::answer::{Answer, Bounded, Refused};
use super::caller::Person;
use super::serve::App;
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::camera::CameraId;
use crate::domain::people::{Action, Decision, Level, Rule, decide};
use crate::domain::site::CameraPlan;
use crate::protocol::{CameraCredential, CredentialNeed, CredentialRequest, RefusalKind, SignedPlan};
use crate::server::log::recorder::Act;
use axum::Json;
use axum::extract::{Path, State};
use std::sync::Arc;

pub async fn plan(State(app): State<Arc<App>>, _person: Person) -> Answer<Json<SignedPlan>> {
    let plan = app.store.plan(&app.plan_vkey).await?;
    plan.map(Json).ok_or_else(|| Refused::not_found("plan"))
}

pub(super) fn camera_of(app: &App, camera: String) -> Answer<CameraPlan> {
    let id = CameraId::try_from(camera).map_err(|_| Refused::not_found("camera"))?;
    let plan = app.plans.current();
    plan.camera(&id).cloned().ok_or_else(|| Refused::not_found("camera"))
}

pub(super) fn act<'a>(person: &'a Person, camera: &'a CameraPlan) -> Act<'a> {
    Act {
        person: Some(&person.who.person),
        session: &person.who.session.session,
        at: Some(&person.station.station),
        camera: Some(&camera.id),
        purpose: Some(person.who.session.purpose),
        ..Act::default()
    }
}

/// Figures are for whoever may see the camera, and for maintainer and administrator of its controller.
fn may_have(person: &Person, need: CredentialNeed, camera: &CameraPlan) -> Decision {
    let who = &person.who.person;
    let technical = matches!(who.level, Level::Maintainer | Level::SystemAdministrator);
    match need {
        CredentialNeed::Figures if technical => {
            let granted = who.grants.iter().any(|grant| {
                grant.controller == camera.controller
                    && (grant.cameras.is_empty() || grant.cameras.contains(&camera.id))
            });
            if granted {
                Decision::Allowed
            } else {
                Decision::Refused(Rule::NoGrant)
            }
        }
        _ => decide(who, Action::Live, &camera.controller, &camera.id),
    }
}

pub async fn credentials(
    State(app): State<Arc<App>>,
    person: Person,
    Path(camera): Path<String>,
    Bounded(CredentialRequest { need }): Bounded<CredentialRequest>,
) -> Answer<Json<CameraCredential>> {
    let camera = &camera_of(&app, camera)?;
    let (word, place) = match need {
        CredentialNeed::Picture => ("picture", format!("{}/picture", camera.id)),
        CredentialNeed::Figures => ("figures", format!("{}/figures", camera.id)),
    };
    let act = act(&person, camera).with("need", word);
    if let Decision::Refused(rule) = may_have(&person, need, camera) {
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
