//! Who somebody is, again; another password; the list of accounts, what is changed in it, whose sessions run.
//!
//! Invariant: who may is the one decision's; a refusal is recorded. Deliberately absent: how accounts are kept
//! (`server::people`), sessions (`sessions`).

use super::account_scope::{over, theirs};
use super::client_auth::{Address, Caller, Person};
use super::responses::{Answer, Bounded, Refused, Why};
use super::sessions::release_leases;
use super::state::{PeopleState, SiteState, UsageState};
use crate::domain::audit::details::log::{ListWord, LogRead};
use crate::domain::audit::event::Outcome;
use crate::domain::people::AdminRight;
use crate::domain::people::second_person::{Given, waits_for_a_supervisor};
use crate::protocol::{
    AccountAnswer, AccountChange, AccountView, NewAccount, PasswordChange, PasswordConfirmation, SessionView,
};
use crate::server::change_notifier::ChangeNotifier;
use crate::server::log::recorder::Recorder;
use crate::server::now::now_ms;
use crate::server::people::accounts::By;
use crate::server::store::Store;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;

/// R-ACC-3: a credential that is lost ends its session at once. Recorded either way.
///
/// # Errors
/// `RefusalKind::Rule`, recorded, when the account is not the person's to end; `RefusalKind::NotFound` when it has no
/// session; `RefusalKind::Unavailable` when the store or the log does not answer.
pub async fn revoke(
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(people): State<Arc<PeopleState>>,
    State(changes): State<ChangeNotifier>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path(user): Path<String>,
    Why(reason): Why,
) -> Answer<StatusCode> {
    over(&recorder, &store, &person, AdminRight::ConfirmPeople, &user).await?;
    let ended = people
        .sessions
        .revoke(&person.station, &person.who, &user, reason.as_ref());
    let ended = ended.await?;
    let ended = ended.ok_or_else(|| Refused::not_found("account"))?;
    release_leases(&site, &usage, &ended).await?;
    changes.beat();
    Ok(StatusCode::NO_CONTENT)
}

pub async fn prove(
    State(people): State<Arc<PeopleState>>,
    Person { station, who }: Person,
    Address(from): Address,
    Bounded(proof): Bounded<PasswordConfirmation>,
) -> Answer<StatusCode> {
    people.sessions.prove(&station, &who, from, proof, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Chooses another password, without a session.
///
/// # Errors
/// `RefusalKind::WrongCredentials`, `RefusalKind::LockedOut`, `RefusalKind::NotTaken`; `RefusalKind::Unavailable` when
/// the store or the log does not answer.
pub async fn choose_password(
    State(people): State<Arc<PeopleState>>,
    Caller(station): Caller,
    Address(from): Address,
    Bounded(ask): Bounded<PasswordChange>,
) -> Answer<StatusCode> {
    people.accounts.choose_password(&station, from, ask, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Accounts of the controllers in the person's care; that they were read is recorded first.
///
/// # Errors
/// `RefusalKind::Rule`, recorded, when the level may not read accounts; `RefusalKind::Unavailable` when the store or the
/// log does not answer.
pub async fn list(
    State(people): State<Arc<PeopleState>>,
    State(recorder): State<Recorder>,
    person: Person,
) -> Answer<Json<Vec<AccountView>>> {
    person.authorise_admin(&recorder, AdminRight::ReadPeople).await?;
    let read = LogRead {
        read: Some(ListWord::People),
        ..LogRead::default()
    };
    recorder
        .record(&person.station.home, read, Outcome::Done, by(&person).act())
        .await?;
    Ok(Json(people.accounts.list(&person.who.person, now_ms()).await?))
}

/// Open sessions of the controllers in the person's care.
///
/// # Errors
/// `RefusalKind::Rule`, recorded, when the level may not read accounts; `RefusalKind::Unavailable` when the store or the
/// log does not answer.
pub async fn running(
    State(people): State<Arc<PeopleState>>,
    State(recorder): State<Recorder>,
    person: Person,
) -> Answer<Json<Vec<SessionView>>> {
    person.authorise_admin(&recorder, AdminRight::ReadPeople).await?;
    Ok(Json(people.accounts.running(&person.who.person).await?))
}

/// Adds an account.
///
/// # Errors
/// `RefusalKind::Rule`, recorded, when one of the controllers is not in the person's care; `RefusalKind::Malformed` for a
/// name that is taken or details that do not fit; `RefusalKind::Unavailable` when the store or the log does not answer.
pub async fn add(
    State(people): State<Arc<PeopleState>>,
    State(recorder): State<Recorder>,
    person: Person,
    Bounded(new): Bounded<NewAccount>,
) -> Answer<Json<AccountAnswer>> {
    let home = new.controller.as_ref().unwrap_or(&person.station.home);
    let mut controllers = vec![home.clone()];
    controllers.extend(new.grants.iter().map(|grant| grant.controller.clone()));
    theirs(&recorder, &person, &controllers, &new.user).await?;
    Ok(Json(people.accounts.add(by(&person), new, now_ms()).await?))
}

/// Changes an account; one that is disabled loses its session.
///
/// # Errors
/// `RefusalKind::Rule`, recorded, when the account or a granted controller is not in the person's care;
/// `RefusalKind::NotFound` when there is no such account; `RefusalKind::Unavailable` when the store or the log does not
/// answer.
pub async fn change(
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(people): State<Arc<PeopleState>>,
    State(changes): State<ChangeNotifier>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path(user): Path<String>,
    Bounded(change): Bounded<AccountChange>,
) -> Answer<Json<AccountAnswer>> {
    let admits = matches!(change, AccountChange::Enable { .. })
        && store
            .life(&user)
            .await?
            .is_some_and(|row| waits_for_a_supervisor(row.person.level, Given::Account));
    let office = match &change {
        _ if admits => AdminRight::AdmitSupervisors,
        AccountChange::Confirm | AccountChange::Disable { .. } => AdminRight::ConfirmPeople,
        AccountChange::Enable { .. }
        | AccountChange::ResetPassword
        | AccountChange::NewSecondFactor
        | AccountChange::Grants(_) => AdminRight::KeepPeople,
    };
    over(&recorder, &store, &person, office, &user).await?;
    if let AccountChange::Grants(grants) = &change {
        let controllers: Vec<_> = grants.iter().map(|grant| grant.controller.clone()).collect();
        theirs(&recorder, &person, &controllers, &user).await?;
    }
    let (answer, ended) = people.accounts.change(by(&person), &user, change, now_ms()).await?;
    if let Some(ended) = ended {
        release_leases(&site, &usage, &ended).await?;
        changes.beat();
    }
    Ok(Json(answer))
}

fn by(person: &Person) -> By<'_> {
    By {
        station: &person.station,
        who: &person.who,
    }
}
