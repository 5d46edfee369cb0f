//! What is wrong with the running server, for the administrator's screen.
//!
//! Invariant: the answer comes within [`LIMIT`] even where disk and database say nothing, which is a finding then; logs, workstations and
//! cameras are those in the person's care; no key and no password is in it. Deliberately absent: what only a look from outside can tell
//! (`server::doctor::look`): that the server does not run, or was put back from a copy and answers nobody.

use super::client_auth::Person;
use super::responses::Answer;
use super::state::{LogState, SiteState, Traffic};
use crate::domain::audit::details::log::{ListWord, LogRead};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::CameraId;
use crate::domain::doctor::Finding;
use crate::domain::people::AdminRight;
use crate::server::causes::causes;
use crate::server::config::DataDir;
use crate::server::doctor;
use crate::server::error::ServerError;
use crate::server::log::recorder::Recorder;
use crate::server::now::now_ms;
use crate::server::people::accounts::By;
use crate::server::store::{Log, Store, StoreError};
use axum::Json;
use axum::extract::State;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for the disk, and for the database.
const LIMIT: Duration = Duration::from_secs(5);

/// What is wrong with the server and what is worth knowing; that it was read is recorded first.
///
/// # Errors
/// `RefusalKind::Rule`, recorded, when the level does not keep workstations and server; `RefusalKind::Unavailable` when the log does
/// not answer.
pub async fn look(
    State(logs): State<Arc<LogState>>,
    State(site): State<Arc<SiteState>>,
    State(traffic): State<Arc<Traffic>>,
    State(data): State<DataDir>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
) -> Answer<Json<Vec<Finding>>> {
    person.authorise_admin(&recorder, AdminRight::KeepStations).await?;
    let read = LogRead {
        read: Some(ListWord::Server),
        ..LogRead::default()
    };
    let by = By {
        station: &person.station,
        who: &person.who,
    };
    recorder
        .record(&person.station.home, read, Outcome::Done, by.act())
        .await?;
    let own = |log: &&Log| person.who.person.keeps(&log.controller);
    let mut found: Vec<Finding> = logs
        .all
        .iter()
        .filter(own)
        .flat_map(|log| signed(&logs, &data, log))
        .collect();
    found.extend(unknown_users(&site, &person));
    if !traffic.readiness.is_ready() {
        found.push(Finding::NoRow);
    }
    let (folder, database) = tokio::join!(folder(data), timeout(LIMIT, database(&store, &logs, &person)));
    found.extend(folder);
    match database {
        Ok(Ok(of_database)) => found.extend(of_database),
        Ok(Err(error)) => {
            tracing::error!(error = %causes(&error), "the database cannot be looked at");
            found.push(Finding::DatabaseUnread);
        }
        Err(_) => {
            tracing::error!(
                seconds = LIMIT.as_secs(),
                "the database does not answer who looks at it"
            );
            found.push(Finding::DatabaseUnread);
        }
    }
    Ok(Json(found))
}

/// A log as this server holds it in memory: whether it is signed.
fn signed(logs: &LogState, data: &DataDir, log: &Log) -> Vec<Finding> {
    let mut found = Vec::new();
    let failing = logs
        .signing
        .get(&log.controller)
        .and_then(|failing| failing.borrow().clone());
    let Some(last) = logs.signed.get(&log.controller).map(|last| last.borrow().clone()) else {
        return found;
    };
    found.extend(failing.or_else(|| doctor::clock(data, log, &last, now_ms())));
    found
}

/// Users on the cameras in the person's care that nobody here made.
fn unknown_users(site: &SiteState, person: &Person) -> Vec<Finding> {
    let plan = site.plans.current();
    let person = &person.who.person;
    let in_care = |camera: &CameraId| {
        plan.camera(camera)
            .is_some_and(|camera| person.keeps(&camera.controller))
    };
    let mut all = site.personal_users.unknown().all();
    all.retain(|(camera, _)| in_care(camera));
    all.into_iter()
        .map(|(camera, users)| Finding::UnknownUsers { camera, users })
        .collect()
}

/// The data folder. A disk that does not answer keeps a thread of the blocking pool, and not the caller.
async fn folder(data: DataDir) -> Vec<Finding> {
    let looked = tokio::task::spawn_blocking(move || [doctor::keys(&data), doctor::disk(&data)]);
    let Ok(Ok(looked)) = timeout(LIMIT, looked).await else {
        tracing::error!(
            seconds = LIMIT.as_secs(),
            "the data folder does not answer who looks at it"
        );
        return vec![Finding::FolderUnread];
    };
    let told = |looked: Result<Option<Finding>, ServerError>| {
        looked.unwrap_or_else(|error| {
            tracing::error!(error = %causes(&error), "the data folder cannot be looked at");
            Some(Finding::FolderUnread)
        })
    };
    looked.into_iter().filter_map(told).collect()
}

/// What the database says: logs that are shorter than signed or not seen by witnesses, workstations and their events, supervisors.
async fn database(store: &Store, logs: &LogState, person: &Person) -> Result<Vec<Finding>, StoreError> {
    let person = &person.who.person;
    let (mut found, now) = (Vec::new(), now_ms());
    for log in logs.all.iter().filter(|log| person.keeps(&log.controller)) {
        found.extend(doctor::events(store, log, now).await?);
        let signed = logs.signed.get(&log.controller).map_or(0, |last| last.borrow().size);
        let witnessed = logs.witnessed.get(&log.controller).filter(|_| logs.has_witnesses);
        let seen = witnessed.map(|seen| seen.borrow().size);
        found.extend(doctor::witnessed(store, log, signed, seen, now).await?);
        if store.size(log).await? < signed {
            let log = log.origin.clone();
            found.push(Finding::Shorter { log });
        }
    }
    let mut rows = store.workstations().await?;
    rows.retain(|row| person.keeps(&row.home));
    found.extend(doctor::stations(&rows, now));
    found.extend(doctor::supervisors(store, now).await?);
    Ok(found)
}
