//! A server whose folder was put back with its signer's memory: workstations hold what it signed and forgot.
//!
//! The first workstation that shows such a checkpoint stops the server's service, over restarts too, before it takes an event that
//! would make a second history. Invariant: the checkpoint is kept as evidence before anybody is refused; it bears the log's own
//! signature. It goes by itself when the newer folder is there again, or aside with what another name left (`rollover`).
//! Deliberately absent: making workstations trust a log that lost what they saw (`server::new_beginning`).

use super::signed_state::SignedState;
use crate::domain::audit::checkpoint::{self, Checkpoint};
use crate::domain::audit::note::VerifierKey;
use crate::domain::audit::put_back::is_beyond;
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::console_command;
use crate::domain::refusal::RefusalKind;
use crate::server::causes::causes;
use crate::server::config::{DataDir, read_text, write_whole};
use crate::server::error::ServerError;
use crate::server::now::now_ms;
use crate::server::store::{Log, Store};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What a workstation holds and the signer does not, as it lies in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ahead {
    pub station: StationId,
    /// Number of entries that the workstation saw signed.
    pub size: u64,
    /// Number of entries that the signer remembered then.
    pub signed_size: u64,
    /// The workstation's checkpoint, signed by the log.
    pub note: String,
    /// Unix ms.
    pub at_ms: i64,
}

/// What workstations hold and the signers do not, by log. Cheap to clone.
#[derive(Clone)]
pub struct PutBack {
    data: DataDir,
    ahead: Arc<Mutex<BTreeMap<ControllerId, Ahead>>>,
}

impl PutBack {
    /// Reads what was found before. What is in the log again by now is set aside.
    ///
    /// # Errors
    /// A file cannot be read or moved, or the store does not answer.
    pub async fn open(data: &DataDir, store: &Store, logs: &[Log]) -> Result<Self, ServerError> {
        let mut ahead = BTreeMap::new();
        for log in logs {
            let path = data.put_back(&log.controller);
            if !path.exists() {
                continue;
            }
            let found = read(&path)?;
            if is_there(store, log, &found).await? {
                let aside = path.with_extension(format!("ahead-{}", found.at_ms));
                std::fs::rename(&path, &aside).map_err(|source| ServerError::File { path: aside, source })?;
                tracing::warn!(
                    log = log.origin,
                    size = found.size,
                    "the log has again what a workstation knew"
                );
                continue;
            }
            tracing::error!(log = log.origin, why = said(&found), "nothing is served");
            ahead.insert(log.controller.clone(), found);
        }
        Ok(Self {
            data: data.clone(),
            ahead: Arc::new(Mutex::new(ahead)),
        })
    }

    /// Why nothing is served, for the log; `None`: nothing is known against it.
    pub fn why(&self) -> Option<String> {
        self.first(|log, found| format!("{log}: {}", said(found)))
    }

    /// The refusal that everybody gets, with the command that is left when the newer folder is lost; `None` as with [`Self::why`].
    pub fn refusal(&self) -> Option<RefusalKind> {
        let data = self.data.path().display().to_string();
        self.first(|log, found| RefusalKind::PutBack {
            seen_by: found.station.clone(),
            command: console_command::new_beginning(&data, log),
        })
    }

    fn first<T>(&self, told: impl FnOnce(&ControllerId, &Ahead) -> T) -> Option<T> {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        ahead.iter().next().map(|(log, found)| told(log, found))
    }

    /// Holds a workstation's checkpoint against what the signer remembers. One that the log did not sign says nothing.
    ///
    /// # Errors
    /// [`ServerError::File`]: the evidence cannot be kept; the workstation is to be refused all the same.
    pub fn hold_against(
        &self,
        log: &Log,
        (key, station): (&VerifierKey, &StationId),
        note: &str,
        signed: &SignedState,
    ) -> Result<(), ServerError> {
        let Ok(pinned) = checkpoint::verify(note, key) else {
            return Ok(());
        };
        if !is_beyond(&pinned, signed.size, &signed.root) || self.is_signed_by_another(log, &pinned) {
            return Ok(());
        }
        let found = Ahead {
            station: station.clone(),
            size: pinned.size,
            signed_size: signed.size,
            note: note.to_owned(),
            at_ms: now_ms(),
        };
        tracing::error!(log = log.origin, why = said(&found), "nothing is served from now on");
        let text = serde_json::to_vec_pretty(&found).map_err(|error| ServerError::Key(error.to_string()))?;
        let kept = write_whole(&self.data.put_back(&log.controller), &text, 0o600);
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        ahead.insert(log.controller.clone(), found);
        kept
    }

    /// Whether the file of the signer has it by now: another server process on the same folder signed it a moment ago.
    fn is_signed_by_another(&self, log: &Log, pinned: &Checkpoint) -> bool {
        let text = match read_text(&self.data.signer_state(&log.controller)) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(error = %causes(&error), log = log.origin, "the signer's state cannot be read");
                return false;
            }
        };
        let kept: Option<SignedState> = serde_json::from_str(&text).ok();
        kept.is_some_and(|kept| !is_beyond(pinned, kept.size, &kept.root))
    }
}

/// Reads what a workstation held and the signer did not.
///
/// # Errors
/// The file cannot be read, or is not what was written.
pub fn read(path: &Path) -> Result<Ahead, ServerError> {
    serde_json::from_str(&read_text(path)?).map_err(|error| ServerError::Config {
        path: path.to_owned(),
        detail: error.to_string(),
    })
}

fn said(found: &Ahead) -> String {
    let Ahead {
        station,
        size,
        signed_size,
        ..
    } = found;
    format!(
        "the server was put back from a copy: {station} knows {size} signed entries, the signer remembered {signed_size}"
    )
}

/// Whether the log has what the workstation saw.
async fn is_there(store: &Store, log: &Log, found: &Ahead) -> Result<bool, ServerError> {
    if store.size(log).await? < found.size {
        return Ok(false);
    }
    let text = found.note.split_once("\n\n").map(|(text, _)| format!("{text}\n"));
    let Some(pinned) = text.and_then(|text| Checkpoint::parse(&text).ok()) else {
        return Ok(false);
    };
    Ok(store.frontier(log, found.size).await?.root() == pinned.root)
}
