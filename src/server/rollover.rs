//! A log that goes on under a new name and key, after the signer's memory was lost.
//!
//! Works while no server runs on the data directory, and on PostgreSQL with the account that owns the tables. The whole log is recomputed first; the change is an event of the log and a
//! statement signed by the key of the site plan, which workstations follow. What the lost signer left is moved aside and
//! kept. Invariant: nothing is signed under the new name before the reason is durable in the log, and a step that was
//! done is not done twice, so that the command can be repeated after a crash. Where a workstation showed what the server forgot,
//! two supervisors have to accept that it is lost (`new_beginning`), and the statement carries their word.
//! Deliberately absent: repairing a log that does not hold.

use super::administer::Claim;
use super::config::{DataDir, read_text, write_whole};
use super::error::ServerError;
use super::keys::{create_signer, load_signer};
use super::log::put_back::{self, Ahead};
use super::log::recorder::Act;
use super::log::signed_state::SignedState;
use super::log::signer::Signer;
use super::log_verify;
use super::new_beginning;
use super::store::{Log, Store};
use super::successions::{aside, successions};
use super::workstation_admin;
use crate::domain::audit::details::configuration::{LogOriginChanged, OriginWord};
use crate::domain::audit::note::SignerKey;
use crate::domain::audit::succession::{self, SignedSuccession, Succession};
use crate::domain::camera::ControllerId;
use serde::Serialize;
use std::path::Path;

/// A log under its new name.
#[derive(Debug, Clone, Serialize)]
pub struct NewOrigin {
    pub controller: ControllerId,
    pub origin: String,
    /// Verifier key to give to witnesses and outside verifiers.
    pub vkey: String,
    /// Leaves at which the new name begins.
    pub size: u64,
}

/// Begins a new name for a controller's log; `None` is the first controller. `supervisors`: who accepts that what workstations
/// saw signed is lost, so that they follow all the same.
///
/// # Errors
/// The server is running, there is no reason, the log does not hold, or the change cannot be recorded or written;
/// [`ServerError::TwoSupervisors`]: a workstation showed what the server forgot, and nobody accepts the loss; as
/// [`new_beginning::accept`].
pub async fn begin(
    data: &DataDir,
    controller: Option<ControllerId>,
    reason: &str,
    supervisors: Option<[Claim; 2]>,
) -> Result<NewOrigin, ServerError> {
    let reason: String = reason.trim().chars().take(500).collect();
    if reason.is_empty() {
        return Err(ServerError::NoReason);
    }
    workstation_admin::change(data.lock_alone()?, data, controller, async |store, recorder, home| {
        if !store.may_rename().await? {
            return Err(ServerError::OwnerNeeded);
        }
        let log = log_of(store, home).await?;
        let (first, number) = succession::parts(&log.origin);
        // A name that was ever said is not said again, whatever an older database or an interrupted attempt has.
        let mut said = successions(data, home)?;
        let said_number = u32::try_from(said.len()).unwrap_or(u32::MAX).saturating_add(1);
        let number = number.max(said_number).saturating_add(1);
        let origin = succession::name(first, number);
        let seen = seen_by_a_workstation(data, home, number)?;
        let accepted = match &supervisors {
            Some(two) => Some(new_beginning::accept(data, store, home, two, seen.as_ref()).await?),
            None if seen.is_some() => return Err(ServerError::TwoSupervisors),
            None => None,
        };
        let size = store.size(&log).await?;
        log_verify::recompute(store, &log, size).await?;
        let former = former_key(data, &log, number)?;
        let signed: Option<SignedState> = read_text(&data.signer_state(home))
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok());
        let renamed = LogOriginChanged {
            change: Some(OriginWord::LogOrigin),
            // More than `size`: the database lost what was signed, and the reason should say how.
            signed_size: Some(signed.map(|signed| signed.size)),
            former: Some(former.clone()),
            origin: Some(origin.clone()),
            size: Some(size),
            reason: Some(reason.clone()),
            accepted_by: accepted.as_ref().map(|accepted| accepted.accepted_by.user.clone()),
            and_by: accepted.as_ref().map(|accepted| accepted.and_by.user.clone()),
            seen_size: seen.map(|seen| seen.size),
        };
        workstation_admin::record(recorder, home, renamed, Act::default()).await?;
        let size = store.size(&log).await?;
        let root = store.frontier(&log, size).await?.root();

        set_aside(&data.log_key(home), number, Some(&origin))?;
        set_aside(&data.signer_state(home), number, None)?;
        set_aside(&data.witnessed(home), number, None)?;
        set_aside(&data.signed_tail(home), number, None)?;
        set_aside(&data.put_back(home), number, None)?;
        let key = match load_signer(&data.log_key(home)) {
            Ok(key) => key,
            Err(_) => create_signer(&data.log_key(home), &origin)?,
        };
        let log = Log { origin, ..log };
        Signer::begin(data, &log, &key, size, root)?;
        let statement = Succession {
            controller: home.clone(),
            number,
            former,
            vkey: key.verifier().to_string(),
            size,
            root,
            reason: reason.clone(),
            accepted,
        };
        said.push(sign(&statement, &load_signer(&data.plan_key())?)?);
        let text = serde_json::to_vec_pretty(&said).map_err(|error| ServerError::Key(error.to_string()))?;
        write_whole(&data.successions(home), &text, 0o644)?;
        // Last: until then no server signs, because name and state differ.
        store.rename_log(&log).await?;
        Ok(NewOrigin {
            controller: home.clone(),
            origin: log.origin,
            vkey: statement.vkey,
            size,
        })
    })
    .await
}

/// What a workstation held and the signer did not, wherever the command was interrupted before.
fn seen_by_a_workstation(data: &DataDir, controller: &ControllerId, number: u32) -> Result<Option<Ahead>, ServerError> {
    let path = data.put_back(controller);
    let mut kept = [aside(&path, number), path].into_iter().filter(|path| path.exists());
    kept.next().map(|path| put_back::read(&path)).transpose()
}

async fn log_of(store: &Store, controller: &ControllerId) -> Result<Log, ServerError> {
    let mut logs = store.logs().await?;
    logs.retain(|log| log.controller == *controller);
    logs.pop().ok_or(ServerError::NotSetUp)
}

/// The verifier key that vouched so far, wherever the command was interrupted before.
fn former_key(data: &DataDir, log: &Log, number: u32) -> Result<String, ServerError> {
    let aside = aside(&data.log_key(&log.controller), number);
    let path = if aside.exists() {
        aside
    } else {
        data.log_key(&log.controller)
    };
    Ok(load_signer(&path)?.verifier().to_string())
}

/// Moves a file of the former name aside; what carries the new name already stays.
fn set_aside(path: &Path, number: u32, unless_named: Option<&str>) -> Result<(), ServerError> {
    let kept = aside(path, number);
    let is_new = |origin: &str| load_signer(path).is_ok_and(|key| key.verifier().name() == origin);
    if kept.exists() || !path.exists() || unless_named.is_some_and(is_new) {
        return Ok(());
    }
    std::fs::rename(path, &kept).map_err(|source| ServerError::File { path: kept, source })
}

fn sign(statement: &Succession, plan_key: &SignerKey) -> Result<SignedSuccession, ServerError> {
    statement
        .sign(plan_key)
        .map_err(|error| ServerError::Key(error.to_string()))
}
