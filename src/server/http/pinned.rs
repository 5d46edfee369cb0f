//! The checkpoints that a workstation shows over a call (`protocol::PINNED`), held against what this server remembers.
//!
//! Invariant: they are looked at before the call is, so that a server which was put back records nothing of a workstation that shows
//! it; a call without them is as good as one with them. Deliberately absent: what makes one speak against a log
//! (`server::log::put_back`).

use super::responses::{Answer, Refused};
use super::state::LogState;
use crate::domain::camera::StationId;
use crate::protocol::{MOST_PINNED, PINNED, RefusalKind};
use crate::server::causes::causes;
use crate::server::error::ServerError;
use crate::server::store::Store;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The checkpoints over a call, not yet verified. What is none is passed over.
fn shown(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let values = headers.get_all(PINNED).iter().take(MOST_PINNED);
    values.filter_map(|value| String::from_utf8(BASE64.decode(value).ok()?).ok())
}

/// The name of the log in the first checkpoint over a call; `None` without one.
pub(super) fn names(headers: &HeaderMap) -> Option<String> {
    let note = shown(headers).next()?;
    note.lines().next().map(str::to_owned)
}

/// Refuses everybody while a log lacks what a workstation saw signed, beginning with the workstation that shows it.
///
/// # Errors
/// [`RefusalKind::PutBack`]; [`RefusalKind::Unavailable`] when what is shown cannot be looked up.
pub(super) async fn hold(logs: &LogState, store: &Store, station: &StationId, headers: &HeaderMap) -> Answer<()> {
    if let Some(why) = logs.put_back.refusal() {
        return Err(why.into());
    }
    let held = hold_each(logs, store, station, headers).await;
    if let Err(error) = &held {
        tracing::error!(error = %causes(error), "a workstation's checkpoint is not held against the log, or not kept");
    }
    if let Some(why) = logs.put_back.refusal() {
        return Err(why.into());
    }
    held.map_err(|_| Refused::new(RefusalKind::Unavailable, "the checkpoint is not held against the log"))
}

/// Those of a log's former names, and of logs that are not here, say nothing: there is no key to verify them with.
async fn hold_each(
    logs: &LogState,
    store: &Store,
    station: &StationId,
    headers: &HeaderMap,
) -> Result<(), ServerError> {
    for note in shown(headers) {
        let named = logs
            .all
            .iter()
            .find(|log| note.lines().next() == Some(log.origin.as_str()));
        let Some(log) = named else { continue };
        let (Some(key), Some(signed)) = (logs.keys.get(&log.controller), logs.signed.get(&log.controller)) else {
            continue;
        };
        let signed = signed.borrow().clone();
        let by = (&key.verifier(), station);
        logs.put_back.hold_against(store, log, by, &note, &signed).await?;
    }
    Ok(())
}
