//! A server whose folder was put back with its signer's memory: workstations hold what it signed and forgot.
//!
//! The first workstation that shows a checkpoint which is not in the log, beyond it or in another history that the log has grown into
//! since, stops the server's service, over restarts too, before it takes an event that would make a second history.
//! Invariant: nothing is believed of a workstation but the log's own signature. A rude one shows what it likes: what the log did not
//! sign says nothing, and what it did sign is in a log that was not put back. So nobody stops a room but who has the log's key, or a
//! log that is truly two. The checkpoint is kept as evidence before anybody is refused. The mark goes by itself when the newer folder
//! is there again, or aside with what another name left (`rollover`).
//! Deliberately absent: making workstations trust a log that lost what they saw (`server::new_beginning`).

use super::signed_state::SignedState;
use crate::domain::audit::checkpoint::{self, Checkpoint};
use crate::domain::audit::hash::Hash;
use crate::domain::audit::note::VerifierKey;
use crate::domain::audit::put_back::{is_beyond, is_elsewhere};
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::console_command;
use crate::domain::refusal::RefusalKind;
use crate::server::config::{DataDir, read_text, write_whole};
use crate::server::error::ServerError;
use crate::server::now::now_ms;
use crate::server::store::{Log, Store, StoreError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a workstation holds and the log does not, as it lies in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ahead {
    pub station: StationId,
    /// Number of entries that the workstation saw signed.
    pub size: u64,
    /// Number of entries that the signer remembered then; not less than `size` where the log had grown in another way meanwhile.
    pub signed_size: u64,
    /// The workstation's checkpoint, signed by the log.
    pub note: String,
    /// Unix ms.
    pub at_ms: i64,
}

/// SHA-256 of the checkpoint that a workstation showed last of a log and that is in it.
type Shown = BTreeMap<(ControllerId, StationId), [u8; 32]>;

/// What workstations hold and the logs do not, by log. Cheap to clone.
#[derive(Clone)]
pub struct PutBack {
    data: DataDir,
    ahead: Arc<Mutex<BTreeMap<ControllerId, Ahead>>>,
    /// What need not be looked up again: a log only grows.
    shown: Arc<Mutex<Shown>>,
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
            shown: Arc::default(),
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

    /// Holds a workstation's checkpoint against the log and what its signer remembers. One that the log did not sign says nothing.
    ///
    /// # Errors
    /// [`ServerError::File`]: the evidence cannot be kept, or the signer's state not be read; [`ServerError::Store`]: the log cannot be
    /// looked at. The workstation is to be refused all the same.
    pub async fn hold_against(
        &self,
        store: &Store,
        log: &Log,
        (key, station): (&VerifierKey, &StationId),
        note: &str,
        signed: &SignedState,
    ) -> Result<(), ServerError> {
        let by = (log.controller.clone(), station.clone());
        let digest: [u8; 32] = Sha256::digest(note).into();
        if self.shown().get(&by) == Some(&digest) {
            return Ok(());
        }
        let Ok(pinned) = checkpoint::verify(note, key) else {
            return Ok(());
        };
        let (size, root) = self.newest(log, &pinned, signed)?;
        // Of the size that was signed last the signer's own memory speaks.
        let there = if pinned.size < size {
            root_at(store, log, pinned.size).await?
        } else {
            None
        };
        if !is_elsewhere(&pinned, (size, &root), there.as_ref()) {
            self.shown().insert(by, digest);
            return Ok(());
        }
        let found = Ahead {
            station: station.clone(),
            size: pinned.size,
            signed_size: size,
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

    /// Size and root that were signed last: beyond what this process knows, those in the signer's file, because another server process
    /// on the same folder may have signed a moment ago.
    fn newest(&self, log: &Log, pinned: &Checkpoint, signed: &SignedState) -> Result<(u64, Hash), ServerError> {
        if !is_beyond(pinned, signed.size, &signed.root) {
            return Ok((signed.size, signed.root));
        }
        let text = read_text(&self.data.signer_state(&log.controller))?;
        let kept: Option<SignedState> = serde_json::from_str(&text).ok();
        Ok(kept.map_or((signed.size, signed.root), |kept| (kept.size, kept.root)))
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads what a workstation held and the log did not.
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
    if size > signed_size {
        return format!(
            "the server was put back from a copy: {station} knows {size} signed entries, the signer remembered {signed_size}"
        );
    }
    format!(
        "the server was put back from a copy: {station} knows another history of {size} signed entries than the log, which went on to \
         {signed_size}"
    )
}

/// The root that the log has at a size; `None` while it has fewer entries.
async fn root_at(store: &Store, log: &Log, size: u64) -> Result<Option<Hash>, StoreError> {
    if store.size(log).await? < size {
        return Ok(None);
    }
    Ok(Some(store.frontier(log, size).await?.root()))
}

/// Whether the log has what the workstation saw.
async fn is_there(store: &Store, log: &Log, found: &Ahead) -> Result<bool, ServerError> {
    let text = found.note.split_once("\n\n").map(|(text, _)| format!("{text}\n"));
    let Some(pinned) = text.and_then(|text| Checkpoint::parse(&text).ok()) else {
        return Ok(false);
    };
    let there = root_at(store, log, pinned.size).await?;
    Ok(there == Some(pinned.root))
}
