//! What is done with whole logs at the server's own console, recorded: by the running server, or directly when nobody else
//! writes.
//!
//! Invariant: when recording fails, so does the act. Deliberately absent: the acts (`log_verify`, `log_export`, `log_time`), and who sits there:
//! whoever may run a command on the server.

use super::config::{DataDir, read_text};
use super::error::ServerError;
use super::keys::load_signer;
use super::log::recorder::{Act, Recorder};
use super::log::sequencer::Sequencer;
use super::log::signer::Signer;
use super::log_read;
use super::now::now_ms;
use super::store::Store;
use crate::domain::audit::details::EventKind;
use crate::domain::audit::details::configuration::{LogTimeAccepted, TimeWord};
use crate::domain::audit::details::log::{LogRead, LogVerify};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::ControllerId;
use crate::protocol::ConsoleAct;
use crate::server::causes::causes;

/// What the event of an act says.
pub fn event_of(act: &ConsoleAct) -> EventKind {
    match act {
        ConsoleAct::Verified { size, root } => LogVerify {
            size: Some(*size),
            root: Some(root.chars().take(64).collect()),
        }
        .into(),
        ConsoleAct::Exported { size } => LogRead {
            export: Some(true),
            size: Some(*size),
            ..LogRead::default()
        }
        .into(),
        ConsoleAct::TimeAccepted {
            signed_ms,
            now_ms,
            reason,
        } => LogTimeAccepted {
            change: Some(TimeWord::LogTime),
            signed_ms: Some(*signed_ms),
            now_ms: Some(*now_ms),
            reason: Some(reason.chars().take(500).collect()),
        }
        .into(),
    }
}

/// Makes acts durable in their logs, and signed as far as that is possible.
///
/// # Errors
/// [`ServerError::NotRecorded`] when a log does not take its event; keys, the store or the running server that do not answer.
pub async fn record(data: &DataDir, store: &Store, acts: &[(ControllerId, ConsoleAct)]) -> Result<(), ServerError> {
    let _lock = match data.lock() {
        Ok(lock) => lock,
        Err(ServerError::AlreadyRunning) => return tell(data, acts).await,
        Err(error) => return Err(error),
    };
    let logs = store.logs().await?;
    let (sequencer, writer) = Sequencer::start(data, store.clone(), logs.clone(), Default::default())?;
    let recorder = Recorder::new(sequencer, 0).map_err(|error| ServerError::Key(error.to_string()))?;
    for (controller, said) in acts {
        recorder
            .record(controller, event_of(said), Outcome::Done, Act::default())
            .await
            .map_err(|error| ServerError::NotRecorded(error.to_string()))?;
    }
    drop(recorder);
    drop(writer.await);
    for log in logs {
        if acts.iter().any(|(controller, _)| *controller == log.controller) {
            let key = load_signer(&data.log_key(&log.controller))?;
            let origin = log.origin.clone();
            if let Err(error) = Signer::open(data, log, key)?.step(store, now_ms()).await {
                tracing::error!(error = %causes(&error), log = origin, "not signed");
            }
        }
    }
    Ok(())
}

/// Tells the running server.
async fn tell(data: &DataDir, acts: &[(ControllerId, ConsoleAct)]) -> Result<(), ServerError> {
    let address = read_text(&data.address())?;
    let client = log_read::client(data)?;
    for (controller, act) in acts {
        let url = format!("{}/v1/logs/{controller}/console", address.trim());
        log_read::send(client.post(url).json(act)).await?;
    }
    Ok(())
}
