//! Who somebody is, again; another password; the list of accounts, what is changed in it, whose sessions run.
//!
//! Invariant: who may is the one decision's; a refusal is recorded. Deliberately absent: how accounts are kept
//! (`server::people`), sessions (`sessions`).

use super::account_scope::{over, theirs};
use super::client_auth::{Address, Caller, Person};
use super::lifecycle::App;
use super::responses::{Answer, Bounded, Refused, Why};
use super::sessions::release_holds;
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::people::AdminRight;
use crate::protocol::{
    AccountAnswer, AccountChange, AccountView, NewAccount, PasswordChange, PasswordConfirmation, SessionView,
};
use crate::server::log::sequencer::now_ms;
use crate::server::people::accounts::By;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;

/// R-ACC-3: a credential that is lost ends its session at once. Recorded either way.
pub async fn revoke(
    State(app): State<Arc<App>>,
    person: Person,
    Path(user): Path<String>,
    Why(reason): Why,
) -> Answer<StatusCode> {
    over(&app, &person, AdminRight::ConfirmPeople, &user).await?;
    let ended = app
        .sessions
        .revoke(&person.station, &person.who, &user, reason.as_ref());
    let ended = ended.await?;
    let ended = ended.ok_or_else(|| Refused::not_found("account"))?;
    release_holds(&app, &ended).await?;
    app.changes.beat();
    Ok(StatusCode::NO_CONTENT)
}

pub async fn prove(
    State(app): State<Arc<App>>,
    Person { station, who }: Person,
    Address(from): Address,
    Bounded(proof): Bounded<PasswordConfirmation>,
) -> Answer<StatusCode> {
    app.sessions.prove(&station, &who, from, proof, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn choose_password(
    State(app): State<Arc<App>>,
    Caller(station): Caller,
    Address(from): Address,
    Bounded(ask): Bounded<PasswordChange>,
) -> Answer<StatusCode> {
    app.accounts.choose_password(&station, from, ask, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn list(State(app): State<Arc<App>>, person: Person) -> Answer<Json<Vec<AccountView>>> {
    person.authorise_admin(&app, AdminRight::ReadPeople).await?;
    let act = by(&person).act().with("read", "people");
    app.recorder
        .record(&person.station.home, Operation::LogRead, Outcome::Done, act)
        .await?;
    Ok(Json(app.accounts.list(&person.who.person, now_ms()).await?))
}

pub async fn running(State(app): State<Arc<App>>, person: Person) -> Answer<Json<Vec<SessionView>>> {
    person.authorise_admin(&app, AdminRight::ReadPeople).await?;
    Ok(Json(app.accounts.running(&person.who.person).await?))
}

pub async fn add(
    State(app): State<Arc<App>>,
    person: Person,
    Bounded(new): Bounded<NewAccount>,
) -> Answer<Json<AccountAnswer>> {
    let home = new.controller.as_ref().unwrap_or(&person.station.home);
    let mut controllers = vec![home.clone()];
    controllers.extend(new.grants.iter().map(|grant| grant.controller.clone()));
    theirs(&app, &person, &controllers, &new.user).await?;
    Ok(Json(app.accounts.add(by(&person), new, now_ms()).await?))
}

pub async fn change(
    State(app): State<Arc<App>>,
    person: Person,
    Path(user): Path<String>,
    Bounded(change): Bounded<AccountChange>,
) -> Answer<Json<AccountAnswer>> {
    let office = match &change {
        AccountChange::Confirm | AccountChange::Disable { .. } => AdminRight::ConfirmPeople,
        AccountChange::Enable { .. }
        | AccountChange::ResetPassword
        | AccountChange::NewSecondFactor
        | AccountChange::Grants(_) => AdminRight::KeepPeople,
    };
    over(&app, &person, office, &user).await?;
    if let AccountChange::Grants(grants) = &change {
        let controllers: Vec<_> = grants.iter().map(|grant| grant.controller.clone()).collect();
        theirs(&app, &person, &controllers, &user).await?;
    }
    let (answer, ended) = app.accounts.change(by(&person), &user, change, now_ms()).await?;
    if let Some(ended) = ended {
        release_holds(&app, &ended).await?;
        app.changes.beat();
    }
    Ok(Json(answer))
}

fn by(person: &Person) -> By<'_> {
    By {
        station: &person.station,
        who: &person.who,
    }
}
