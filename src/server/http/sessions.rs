//! Sessions: signing in and out, another purpose, and an account that is wanted at another workstation.
//!
//! Invariant: what a session held is free when it ends. Deliberately absent: accounts (`people`), proofs and tickets
//! (`server::people`).

use super::client_auth::{Address, Caller, Person};
use super::responses::{Answer, Bounded};
use super::state::{LogState, PeopleState, SiteState, UsageState};
use crate::domain::audit::details::any_operation::Cause;
use crate::domain::people::stated_purpose::Stated;
use crate::protocol::{
    AccountAsk, AskAnswer, AskState, AskStep, LetInAlone, LogKey, RefusalKind, SessionGrant, SessionRequest,
};
use crate::server::change_notifier::ChangeNotifier;
use crate::server::dome_leases::holder;
use crate::server::now::now_ms;
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

/// Signs a person in.
///
/// # Errors
/// What [`Sessions::sign_in`](crate::server::people::sessions::Sessions::sign_in) refuses, recorded: wrong credentials, locked
/// out, active elsewhere, a purpose without its protocol number, a workstation that is not enabled;
/// [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn sign_in(
    State(logs): State<Arc<LogState>>,
    State(people): State<Arc<PeopleState>>,
    State(changes): State<ChangeNotifier>,
    Caller(station): Caller,
    Address(from): Address,
    Bounded(ask): Bounded<SessionRequest>,
) -> Answer<Json<SessionGrant>> {
    let begun = people.sessions.sign_in(&station, from, ask, now_ms()).await;
    if matches!(begun, Err(RefusalKind::AlreadyActiveElsewhere)) {
        // Who has the account there is told at once that somebody is at the door.
        changes.beat();
    }
    let let_in_alone = people.sessions.let_in_alone(now_ms()).await?;
    Ok(Json(grant(&logs, &people, (station, let_in_alone), begun?)))
}

fn grant(
    logs: &LogState,
    people: &PeopleState,
    (station, let_in_alone): (StationRow, Vec<LetInAlone>),
    begun: Begun,
) -> SessionGrant {
    let person = &begun.signed_in.person;
    let known = |key: &&LogKey| key.controller == station.home || person.knows_controller(&key.controller);
    let log_keys = logs.given_keys.iter().filter(known).cloned().collect();
    SessionGrant {
        session: begun.signed_in.session.session,
        token: begun.token,
        person: begun.signed_in.person,
        log_keys,
        home: station.home,
        grace_s: station.grace_s,
        kind: station.kind,
        lock_after_s: people.sessions.lock_after_s(),
        let_in_alone,
    }
}

pub async fn sign_out(
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(people): State<Arc<PeopleState>>,
    State(changes): State<ChangeNotifier>,
    Person { station, who }: Person,
) -> Answer<StatusCode> {
    release_leases(&site, &usage, &who).await?;
    people
        .sessions
        .end(&station, &who.person, &who.session, Cause::SignedOut)
        .await?;
    changes.beat();
    Ok(StatusCode::NO_CONTENT)
}

pub async fn change_purpose(
    State(people): State<Arc<PeopleState>>,
    Person { station, who }: Person,
    Bounded(stated): Bounded<Stated>,
) -> Answer<StatusCode> {
    people.sessions.change_purpose(&station, &who, &stated).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The workstation that wants an account. One that only looks waits a moment for a change.
///
/// # Errors
/// [`RefusalKind::NotFound`] when the ticket is not of this workstation, or it is over; [`RefusalKind::Unavailable`] when the
/// store or the log does not answer.
pub async fn asked(
    State(logs): State<Arc<LogState>>,
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(people): State<Arc<PeopleState>>,
    State(changes): State<ChangeNotifier>,
    Caller(station): Caller,
    Bounded(ask): Bounded<AccountAsk>,
) -> Answer<Json<AskState>> {
    let known = changes.after(0, Duration::ZERO).await;
    let mut state = people.sessions.asked(&station, &ask, now_ms()).await?;
    if ask.step == AskStep::Look && matches!(state, Asked::State(AskState::Waiting { .. })) {
        changes.after(known, PATIENCE).await;
        state = people.sessions.asked(&station, &ask, now_ms()).await?;
    }
    if ask.step != AskStep::Look {
        changes.beat();
    }
    match state {
        Asked::State(state) => Ok(Json(state)),
        Asked::In { begun, ended } => {
            if let Some(ended) = ended {
                release_leases(&site, &usage, &ended).await?;
            }
            changes.beat();
            let let_in_alone = people.sessions.let_in_alone(now_ms()).await?;
            let granted = grant(&logs, &people, (station, let_in_alone), *begun);
            Ok(Json(AskState::Granted(Box::new(granted))))
        }
    }
}

/// The end that has the account.
pub async fn answer(
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(people): State<Arc<PeopleState>>,
    State(changes): State<ChangeNotifier>,
    Person { station, who }: Person,
    Bounded(AskAnswer { yields }): Bounded<AskAnswer>,
) -> Answer<StatusCode> {
    if yields {
        release_leases(&site, &usage, &who).await?;
    }
    people.sessions.answer_ask(&station, &who, yields, now_ms()).await?;
    changes.beat();
    Ok(StatusCode::NO_CONTENT)
}

/// What a person held and watched is free; they are gone, or about to be.
pub(super) async fn release_leases(site: &SiteState, usage: &UsageState, who: &SignedIn) -> Answer<()> {
    let plan = site.plans.current();
    let log_of = |camera: &_| plan.camera(camera).map(|camera| camera.controller.clone());
    usage.presence.leave(&holder(who));
    Ok(usage.leases.release_all(who, log_of).await?)
}
