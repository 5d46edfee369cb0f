//! Sessions: signing in and out, another purpose, and an account that is wanted at another workstation.
//!
//! Invariant: what a session held is free when it ends. Deliberately absent: accounts (`people`), proofs and tickets
//! (`server::people`).

use super::client_auth::{Address, Caller, Person};
use super::lifecycle::App;
use super::responses::{Answer, Bounded};
use crate::domain::people::stated_purpose::Stated;
use crate::protocol::{AccountAsk, AskAnswer, AskState, AskStep, LogKey, RefusalKind, SessionGrant, SessionRequest};
use crate::server::dome_leases::holder;
use crate::server::log::sequencer::now_ms;
use crate::server::people::sessions::{Begun, SignedIn};
use crate::server::people::takeover::Asked;
use crate::server::store::registry::StationRow;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for a change of how an account stands.
const PATIENCE: Duration = Duration::from_secs(1);

pub async fn sign_in(
    State(app): State<Arc<App>>,
    Caller(station): Caller,
    Address(from): Address,
    Bounded(ask): Bounded<SessionRequest>,
) -> Answer<Json<SessionGrant>> {
    let begun = app.sessions.sign_in(&station, from, ask, now_ms()).await;
    if matches!(begun, Err(RefusalKind::AlreadyActiveElsewhere)) {
        // Who has the account there is told at once that somebody is at the door.
        app.changes.beat();
    }
    Ok(Json(grant(&app, station, begun?)))
}

fn grant(app: &App, station: StationRow, begun: Begun) -> SessionGrant {
    let person = &begun.signed_in.person;
    let known = |key: &&LogKey| key.controller == station.home || person.knows_controller(&key.controller);
    let log_keys = app.given_keys.iter().filter(known).cloned().collect();
    SessionGrant {
        session: begun.signed_in.session.session,
        token: begun.token,
        person: begun.signed_in.person,
        log_keys,
        home: station.home,
        grace_s: station.grace_s,
        kind: station.kind,
        lock_after_s: app.sessions.lock_after_s(),
    }
}

pub async fn sign_out(State(app): State<Arc<App>>, Person { station, who }: Person) -> Answer<StatusCode> {
    release_holds(&app, &who).await?;
    app.sessions
        .end(&station, &who.person, &who.session, "signed_out")
        .await?;
    app.changes.beat();
    Ok(StatusCode::NO_CONTENT)
}

pub async fn change_purpose(
    State(app): State<Arc<App>>,
    Person { station, who }: Person,
    Bounded(stated): Bounded<Stated>,
) -> Answer<StatusCode> {
    app.sessions.change_purpose(&station, &who, &stated).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The workstation that wants an account. One that only looks waits a moment for a change.
pub async fn asked(
    State(app): State<Arc<App>>,
    Caller(station): Caller,
    Bounded(ask): Bounded<AccountAsk>,
) -> Answer<Json<AskState>> {
    let known = app.changes.after(0, Duration::ZERO).await;
    let mut state = app.sessions.asked(&station, &ask, now_ms()).await?;
    if ask.step == AskStep::Look && matches!(state, Asked::State(AskState::Waiting { .. })) {
        app.changes.after(known, PATIENCE).await;
        state = app.sessions.asked(&station, &ask, now_ms()).await?;
    }
    if ask.step != AskStep::Look {
        app.changes.beat();
    }
    match state {
        Asked::State(state) => Ok(Json(state)),
        Asked::In { begun, ended } => {
            if let Some(ended) = ended {
                release_holds(&app, &ended).await?;
            }
            app.changes.beat();
            Ok(Json(AskState::Granted(Box::new(grant(&app, station, *begun)))))
        }
    }
}

/// The end that has the account.
pub async fn answer(
    State(app): State<Arc<App>>,
    Person { station, who }: Person,
    Bounded(AskAnswer { yields }): Bounded<AskAnswer>,
) -> Answer<StatusCode> {
    if yields {
        release_holds(&app, &who).await?;
    }
    app.sessions.answer_ask(&station, &who, yields, now_ms()).await?;
    app.changes.beat();
    Ok(StatusCode::NO_CONTENT)
}

/// What a person held and watched is free; they are gone, or about to be.
pub(super) async fn release_holds(app: &App, who: &SignedIn) -> Answer<()> {
    let plan = app.plans.current();
    let log_of = |camera: &_| plan.camera(camera).map(|camera| camera.controller.clone());
    app.presence.leave(&holder(who));
    Ok(app.holds.release_all(who, log_of).await?)
}
