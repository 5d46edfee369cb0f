//! A log that goes on under a new name and key, after the signer's memory was lost.
//!
//! Works while no server runs on the data directory, and on PostgreSQL with the account that owns the tables. The whole log is recomputed first; the change is an event of the log and a
//! statement signed by the key of the site plan, which workstations follow. What the lost signer left is moved aside and
//! kept. Invariant: nothing is signed under the new name before the reason is durable in the log, and a step that was
//! done is not done twice, so that the command can be repeated after a crash. Where a workstation showed what the server forgot,
//! two supervisors have to accept that it is lost (`new_beginning`), and the statement carries their word; one that is not believed
//! is an event.
//! Deliberately absent: repairing a log that does not hold.

use super::administer::Claim;
use super::config::{DataDir, read_text, write_whole};
use super::error::ServerError;
use super::keys::{create_signer, load_signer};
use super::log::put_back::{self, Ahead};
use super::log::recorder::{Act, Recorder};
use super::log::signed_state::SignedState;
use super::log::signer::Signer;
use super::log_verify;
use super::new_beginning;
use super::people::authentication::MAX_USER;
use super::store::{Log, Store};
use super::successions::{aside, successions};
use super::workstation_console;
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::any_operation::Why;
use crate::domain::audit::details::configuration::{LogOriginChanged, OriginWord};
use crate::domain::audit::event::Outcome;
use crate::domain::audit::new_beginning::Acceptance;
use crate::domain::audit::note::SignerKey;
use crate::domain::audit::succession::{self, SignedSuccession, Succession};
use crate::domain::camera::ControllerId;
use crate::domain::refusal::RefusalKind;
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
/// saw signed is lost, so that they follow all the same. A word that is not believed is recorded before it is refused.
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
    let asked = (reason.as_str(), supervisors.as_ref());
    workstation_console::change(data.lock_alone()?, data, controller, async |store, recorder, home| {
        go_on(data, store, (recorder, home), asked).await
    })
    .await
}

/// Goes on under another name, by this reason and the word of these two.
async fn go_on(
    data: &DataDir,
    store: &Store,
    (recorder, home): (&Recorder, &ControllerId),
    (reason, supervisors): (&str, Option<&[Claim; 2]>),
) -> Result<NewOrigin, ServerError> {
    if !store.may_rename().await? {
        return Err(ServerError::OwnerNeeded);
    }
    let log = log_of(store, home).await?;
    // A name that was ever said is not said again, whatever an older database or an interrupted attempt has.
    let said = successions(data, home)?;
    let (number, origin) = next_name(&log, said.len());
    let seen = seen_by_a_workstation(data, home, number)?;
    let asked = Asked {
        reason,
        supervisors,
        seen: seen.as_ref(),
    };
    let accepted = asked.accepted(data, store, (recorder, home)).await?;
    let size = store.size(&log).await?;
    log_verify::recompute(store, &log, size).await?;
    let former = former_key(data, &log, number)?;
    let renamed = LogOriginChanged {
        // More than `size`: the database lost what was signed, and the reason should say how.
        signed_size: Some(signed_size(data, home)),
        former: Some(former.clone()),
        origin: Some(origin.clone()),
        size: Some(size),
        ..asked.event(accepted.as_ref().map(Acceptance::users))
    };
    workstation_console::record(recorder, home, renamed, Act::default()).await?;
    let size = store.size(&log).await?;
    let root = store.frontier(&log, size).await?.root();
    let key = new_key(data, home, number, &origin)?;
    let log = Log { origin, ..log };
    Signer::begin(data, &log, &key, size, root)?;
    let statement = Succession {
        controller: home.clone(),
        number,
        former,
        vkey: key.verifier().to_string(),
        size,
        root,
        reason: reason.to_owned(),
        accepted,
    };
    put_in_force(data, store, (&log, said), &statement).await?;
    Ok(NewOrigin {
        controller: log.controller,
        origin: log.origin,
        vkey: statement.vkey,
        size,
    })
}

/// What a new name is asked for with.
struct Asked<'a> {
    reason: &'a str,
    /// Who accepts that entries are lost.
    supervisors: Option<&'a [Claim; 2]>,
    /// What a workstation showed and the signer forgot.
    seen: Option<&'a Ahead>,
}

impl Asked<'_> {
    /// The word of the two supervisors, where a new name needs it or they give it. One that is not believed is recorded.
    async fn accepted(
        &self,
        data: &DataDir,
        store: &Store,
        (recorder, log): (&Recorder, &ControllerId),
    ) -> Result<Option<Acceptance>, ServerError> {
        let word = match self.supervisors {
            Some(two) => new_beginning::accept(data, store, log, two, self.seen).await.map(Some),
            None if self.seen.is_some() => Err(ServerError::TwoSupervisors),
            None => Ok(None),
        };
        if let Some(why) = word.as_ref().err().and_then(refusal) {
            let named = self
                .supervisors
                .map(|two| two.each_ref().map(|claim| claim.user.as_str()));
            let refused = self.event(named).because(why);
            let recorded = recorder.record(log, refused, Outcome::Refused, Act::default()).await;
            recorded.map_err(|error| ServerError::NotRecorded(error.to_string()))?;
        }
        word
    }

    /// The event of another name, with whom it names as accepting that entries are lost.
    fn event(&self, named: Option<[&str; 2]>) -> LogOriginChanged {
        let [accepted_by, and_by] = match named {
            Some(two) => two.map(|user| Some(user.chars().take(MAX_USER).collect())),
            None => [None, None],
        };
        LogOriginChanged {
            change: Some(OriginWord::LogOrigin),
            reason: Some(self.reason.to_owned()),
            seen_size: self.seen.map(|seen| seen.size),
            accepted_by,
            and_by,
            ..LogOriginChanged::default()
        }
    }
}

/// Why the word of two supervisors does not count; `None`: it could not be looked at.
fn refusal(error: &ServerError) -> Option<Why> {
    match error {
        ServerError::Refused(RefusalKind::Unavailable) => None,
        ServerError::Refused(why) => Some(Why::Told(serde_json::to_value(why).unwrap_or_default())),
        ServerError::NotSupervisor(_) | ServerError::OnePerson | ServerError::TwoSupervisors => {
            Some(error.to_string().into())
        }
        _ => None,
    }
}

/// The number and the name that come after those a log has had; `said`: names that a statement was made of.
fn next_name(log: &Log, said: usize) -> (u32, String) {
    let (first, number) = succession::parts(&log.origin);
    let said = u32::try_from(said).unwrap_or(u32::MAX).saturating_add(1);
    let number = number.max(said).saturating_add(1);
    (number, succession::name(first, number))
}

/// Moves aside what the former name signed with and remembered, and gives the key of the new one.
fn new_key(data: &DataDir, home: &ControllerId, number: u32, origin: &str) -> Result<SignerKey, ServerError> {
    set_aside(&data.log_key(home), number, Some(origin))?;
    for former in [
        data.signer_state(home),
        data.witnessed(home),
        data.signed_tail(home),
        data.put_back(home),
    ] {
        set_aside(&former, number, None)?;
    }
    load_signer(&data.log_key(home)).or_else(|_| create_signer(&data.log_key(home), origin))
}

/// Size that the signer signed last; `None`: it is not known any more.
fn signed_size(data: &DataDir, controller: &ControllerId) -> Option<u64> {
    let text = read_text(&data.signer_state(controller)).ok()?;
    let signed: SignedState = serde_json::from_str(&text).ok()?;
    Some(signed.size)
}

/// What a workstation held and the signer did not, wherever the command was interrupted before.
fn seen_by_a_workstation(data: &DataDir, controller: &ControllerId, number: u32) -> Result<Option<Ahead>, ServerError> {
    let path = data.put_back(controller);
    let mut kept = [aside(&path, number), path].into_iter().filter(|path| path.exists());
    kept.next().map(|path| put_back::read(&path)).transpose()
}

/// Adds the signed statement to those before it and writes the new name.
async fn put_in_force(
    data: &DataDir,
    store: &Store,
    (log, mut said): (&Log, Vec<SignedSuccession>),
    statement: &Succession,
) -> Result<(), ServerError> {
    said.push(sign(statement, &load_signer(&data.plan_key())?)?);
    let text = serde_json::to_vec_pretty(&said).map_err(|error| ServerError::Key(error.to_string()))?;
    write_whole(&data.successions(&log.controller), &text, 0o644)?;
    // Last: until then no server signs, because name and state differ.
    Ok(store.rename_log(log).await?)
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
