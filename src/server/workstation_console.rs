//! Workstations after the first day: enrolling another one, and letting one out of quarantine.
//!
//! Works on a server that is not running, because a log has one writer. Invariant: the change is durable in the log
//! before it is made. Deliberately absent: taking over the name of a workstation that lost its data; it would tell a
//! second story under the same name, so it gets a new one.

use super::config::{DataDir, read_text};
use super::error::ServerError;
use super::keys::load_signer;
use super::log::recorder::{Act, Recorder};
use super::log::sequencer::{OWN_STATION, Sequencer};
use super::setup::{Enrolment, write_enrolment};
use super::store::Store;
use crate::domain::audit::details::configuration::{ConfigurationChange, WorkstationChanged, WorkstationWord};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::people::StationKind;
use std::fs::File;
use std::path::PathBuf;

/// Enrols a workstation under a new name. Returns the directory to bring to it.
///
/// # Errors
/// The server is running, the name is taken or reserved, or the change cannot be recorded.
pub async fn enrol(
    data: &DataDir,
    station: StationId,
    home: Option<ControllerId>,
    grace_s: u64,
    kind: StationKind,
    server_url: &str,
) -> Result<PathBuf, ServerError> {
    let dir = data.station(&station);
    if dir.exists() || station.as_str() == OWN_STATION {
        return Err(ServerError::NameTaken(station.to_string()));
    }
    let plan_vkey = load_signer(&data.plan_key())?.verifier().to_string();
    let address = read_text(&data.address()).unwrap_or_default();
    let server = if server_url.is_empty() {
        address.trim()
    } else {
        server_url
    };
    change(data.lock()?, data, home, async |store, recorder, home| {
        let enrolled = WorkstationChanged {
            change: Some(WorkstationWord::Enrolled),
            grace_s: Some(grace_s),
            kind: Some(kind),
            ..WorkstationChanged::default()
        };
        let act = Act {
            at: Some(&station),
            ..Act::default()
        };
        record(recorder, home, enrolled, act).await?;
        let row = Enrolment {
            station: station.clone(),
            home: home.clone(),
            grace_s,
            kind,
            server,
            plan_vkey: &plan_vkey,
        };
        write_enrolment(data, store, row).await
    })
    .await?;
    Ok(dir)
}

/// Lets a workstation out of quarantine; the evidence of what it said twice stays.
///
/// # Errors
/// The server is running, the workstation is not in quarantine, or the change cannot be recorded.
pub async fn release(data: &DataDir, station: &StationId, reason: &str) -> Result<(), ServerError> {
    change(data.lock()?, data, None, async |store, recorder, home| {
        if !store.is_quarantined(station).await? {
            return Err(ServerError::NotQuarantined(station.to_string()));
        }
        let lifted = WorkstationChanged {
            change: Some(WorkstationWord::QuarantineLifted),
            reason: Some(reason.chars().take(500).collect()),
            ..WorkstationChanged::default()
        };
        let act = Act {
            at: Some(station),
            ..Act::default()
        };
        record(recorder, home, lifted, act).await?;
        Ok(store.lift_quarantine(station).await?)
    })
    .await
}

/// Records a change, or refuses it.
pub(super) async fn record(
    recorder: &Recorder,
    log: &ControllerId,
    change: impl Into<ConfigurationChange>,
    act: Act<'_>,
) -> Result<(), ServerError> {
    let change: ConfigurationChange = change.into();
    let recorded = recorder.record(log, change, Outcome::Done, act).await;
    recorded.map_err(|error| ServerError::NotRecorded(error.to_string()))
}

/// Runs a change with the log open for writing under the directory's lock, and closes it again.
pub(super) async fn change<T>(
    _lock: File,
    data: &DataDir,
    home: Option<ControllerId>,
    make: impl AsyncFnOnce(&Store, &Recorder, &ControllerId) -> Result<T, ServerError>,
) -> Result<T, ServerError> {
    data.check_set_up()?;
    let store = Store::open(data).await?;
    let logs = store.logs().await?;
    let found = match &home {
        Some(home) => logs.iter().find(|log| log.controller == *home),
        None => logs.first(),
    };
    let home = found.map(|log| log.controller.clone()).ok_or(ServerError::NotSetUp)?;
    let (sequencer, writer) = Sequencer::start(data, store.clone(), logs, Default::default())?;
    let recorder = Recorder::new(sequencer, 0).map_err(|error| ServerError::Key(error.to_string()))?;
    let made = make(&store, &recorder, &home).await;
    drop(recorder);
    drop(writer.await);
    store.close().await;
    made
}
