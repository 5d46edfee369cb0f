//! Sign-in, sign-out, and ending somebody's session.

use super::answer::{Answer, Bounded, Refused};
use super::caller::{Caller, Person};
use super::serve::App;
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::people::{Level, Rule};
use crate::protocol::{LogKey, RefusalKind, SessionGrant, SignIn};
use crate::server::holds::holder;
use crate::server::log::recorder::Act;
use crate::server::log::sequencer::now_ms;
use crate::server::people::sessions::SignedIn;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;

pub async fn sign_in(
    State(app): State<Arc<App>>,
    Caller(station): Caller,
    Bounded(ask): Bounded<SignIn>,
) -> Answer<Json<SessionGrant>> {
    let begun = app.sessions.sign_in(&station, ask, now_ms()).await?;
    let log_keys = app
        .logs
        .iter()
        .filter_map(|log| {
            let vkey = app.log_keys.get(&log.controller)?.verifier().to_string();
            Some(LogKey {
                controller: log.controller.clone(),
                vkey,
            })
        })
        .collect();
    Ok(Json(SessionGrant {
        session: begun.signed_in.session.session,
        token: begun.token,
        person: begun.signed_in.person,
        log_keys,
        home: station.home,
        grace_s: station.grace_s,
    }))
}

pub async fn sign_out(State(app): State<Arc<App>>, Person { station, who }: Person) -> Answer<StatusCode> {
    release_holds(&app, &who).await?;
    app.sessions
        .end(&station, &who.person, &who.session, "signed_out")
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// R-ACC-3: a credential that is lost ends its session at once. System administrator only; recorded either way.
pub async fn revoke(
    State(app): State<Arc<App>>,
    Person { station, who }: Person,
    Path(user): Path<String>,
) -> Answer<StatusCode> {
    if who.person.level != Level::SystemAdministrator {
        let act = Act {
            person: Some(&who.person),
            session: &who.session.session,
            at: Some(&station.station),
            purpose: Some(who.session.purpose),
            ..Act::default()
        };
        app.recorder
            .record(
                &station.home,
                Operation::ConfigurationChange,
                Outcome::Refused,
                act.with("revoke", user),
            )
            .await?;
        return Err(RefusalKind::Rule(Rule::NoGrant).into());
    }
    let ended = app.sessions.revoke(&station, &who, &user).await?;
    let ended = ended.ok_or_else(|| Refused::not_found("session"))?;
    release_holds(&app, &ended).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn release_holds(app: &App, who: &SignedIn) -> Answer<()> {
    let plan = app.plans.current();
    let log_of = |camera: &_| plan.camera(camera).map(|camera| camera.controller.clone());
    app.presence.leave(&holder(who));
    Ok(app.holds.release_all(who, log_of).await?)
}
