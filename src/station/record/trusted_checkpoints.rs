//! The trusted checkpoint of each log as this workstation stores it: the log's key, the last checkpoint it verified, how far it delivered.
//!
//! Invariant: a key or a checkpoint is only ever replaced by one that was checked against it; a log that was caught
//! lying stays marked until an administrator acts, over restarts too.
//! Deliberately absent: the checking itself (see `courier`).

use super::outbox::{create_private_dir, read_bounded, replace_file};
use crate::domain::audit::checkpoint::{self, Checkpoint};
use crate::domain::audit::hash::Hash;
use crate::domain::audit::new_beginning::NewBeginning;
use crate::domain::audit::note::VerifierKey;
use crate::domain::audit::succession::TrustedKey;
use crate::domain::audit::tree::empty_root;
use crate::domain::camera::ControllerId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

const MAX_FILE: u64 = 256 * 1024;

/// The trusted key and checkpoint of one log, and how far it was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedCheckpoint {
    pub key: VerifierKey,
    /// The last verified checkpoint, as signed; `None` before the first.
    pub note: Option<String>,
    /// Who signed it, when that was the key that [`TrustedCheckpoint::key`] succeeded.
    pub former: Option<VerifierKey>,
    /// Our first `seq` that is not yet verified in the log.
    pub next_seq: u64,
    /// Why the log is not trusted any more.
    pub broken: Option<String>,
    /// Where the log began anew, when two supervisors accepted that the server lost entries.
    pub begun: Option<BegunAnew>,
}

/// A new beginning of a log that this workstation followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BegunAnew {
    /// Entries of the log at its new beginning, and their root.
    pub size: u64,
    pub root: Hash,
    /// Entries that this workstation had verified before.
    pub had: u64,
    /// Names of the two supervisors.
    pub accepted_by: [String; 2],
    /// Unix ms.
    pub at_ms: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    vkey: String,
    note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<String>,
    next_seq: u64,
    broken: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begun: Option<BegunAnew>,
}

impl TrustedCheckpoint {
    /// The last verified checkpoint; before the first the new beginning that was accepted, or the empty log.
    pub fn checkpoint(&self) -> Checkpoint {
        self.note
            .as_deref()
            .and_then(|note| checkpoint::verify(note, self.former.as_ref().unwrap_or(&self.key)).ok())
            .unwrap_or_else(|| Checkpoint {
                origin: self.key.name().to_owned(),
                size: self.begun.as_ref().map_or(0, |begun| begun.size),
                root: self.begun.as_ref().map_or_else(empty_root, |begun| begun.root),
            })
    }

    /// The last verified checkpoint, where the present key signed it: the server knows by it which of the log's names is trusted here.
    pub fn note_of_key(&self) -> Option<&str> {
        self.note.as_deref().filter(|_| self.former.is_none())
    }
}

/// The trusted checkpoints of every log this workstation writes to.
pub struct TrustedCheckpoints {
    folder: PathBuf,
    by_log: Mutex<BTreeMap<ControllerId, TrustedCheckpoint>>,
}

/// The trusted checkpoints cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TrustedCheckpointError {
    #[error("{} cannot be used", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not what was written", path.display())]
    Content { path: PathBuf },
    #[error("the log {log} has another key than before")]
    KeyChanged { log: ControllerId },
    #[error("version {given} of the site plan, after version {had}")]
    OlderPlan { had: u64, given: u64 },
}

impl TrustedCheckpoints {
    /// Reads the folder. Blocks.
    ///
    /// # Errors
    /// A file that cannot be read or was changed; it is never replaced by a fresh one.
    pub fn open(folder: PathBuf) -> Result<Self, TrustedCheckpointError> {
        let wrap = |source| TrustedCheckpointError::File {
            path: folder.clone(),
            source,
        };
        create_private_dir(&folder).map_err(wrap)?;
        let mut by_log = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).map_err(wrap)? {
            let path = entry.map_err(wrap)?.path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .and_then(|name| name.strip_suffix(".pin"));
            let Some(log) = name.and_then(|name| name.parse().ok()) else {
                continue;
            };
            let bytes = read_bounded(&path, MAX_FILE).map_err(wrap)?.unwrap_or_default();
            let trusted = decode(&bytes).ok_or(TrustedCheckpointError::Content { path })?;
            by_log.insert(log, trusted);
        }
        Ok(Self {
            folder,
            by_log: Mutex::new(by_log),
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ControllerId, TrustedCheckpoint>> {
        self.by_log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log that takes the workstation's own events, since the first sign-in. Blocks.
    pub fn home(&self) -> Option<ControllerId> {
        let bytes = read_bounded(&self.folder.join("home"), 64).ok()??;
        String::from_utf8(bytes).ok()?.trim().parse().ok()
    }

    /// Remembers that log. Blocks.
    ///
    /// # Errors
    /// [`TrustedCheckpointError::File`]: the disk refuses to write or flush it.
    pub fn set_home(&self, log: &ControllerId) -> Result<(), TrustedCheckpointError> {
        let path = self.folder.join("home");
        replace_file(&path, log.as_str().as_bytes()).map_err(|source| TrustedCheckpointError::File { path, source })
    }

    /// Remembers the newest version of the site plan. Blocks.
    ///
    /// # Errors
    /// It is older than one this workstation had, or the disk refuses.
    pub fn keep_plan_version(&self, given: u64) -> Result<(), TrustedCheckpointError> {
        let path = self.folder.join("plan.version");
        let wrap = |source| TrustedCheckpointError::File {
            path: path.clone(),
            source,
        };
        let had = match read_bounded(&path, MAX_FILE).map_err(wrap)? {
            Some(bytes) => std::str::from_utf8(&bytes)
                .ok()
                .and_then(|text| text.trim().parse().ok()),
            None => Some(0),
        };
        let had: u64 = had.ok_or_else(|| TrustedCheckpointError::Content { path: path.clone() })?;
        match given {
            given if given < had => Err(TrustedCheckpointError::OlderPlan { had, given }),
            given if given == had => Ok(()),
            given => replace_file(&path, format!("{given}\n").as_bytes()).map_err(wrap),
        }
    }

    /// What is remembered of a log.
    pub fn get(&self, log: &ControllerId) -> Option<TrustedCheckpoint> {
        self.lock().get(log).cloned()
    }

    /// The last verified checkpoint of each log, where the log's present key signed it.
    pub fn shown(&self) -> Vec<String> {
        let all = self.lock();
        let notes = all.values().filter_map(TrustedCheckpoint::note_of_key);
        notes.map(str::to_owned).collect()
    }

    /// Per log: our first `seq` that is not yet verified in it.
    pub fn delivered(&self) -> BTreeMap<ControllerId, u64> {
        self.lock()
            .iter()
            .map(|(log, trusted)| (log.clone(), trusted.next_seq))
            .collect()
    }

    /// The first reason why a log is not trusted any more.
    pub fn broken(&self) -> Option<String> {
        self.lock()
            .iter()
            .find_map(|(log, trusted)| trusted.broken.as_ref().map(|why| format!("{log}: {why}")))
    }

    /// The logs that began anew since `since_ms` (Unix ms), for who signs in here.
    pub fn begun_since(&self, since_ms: i64) -> Vec<(ControllerId, BegunAnew)> {
        let all = self.lock();
        let begun = all
            .iter()
            .filter_map(|(log, trusted)| Some((log, trusted.begun.as_ref()?)));
        let recent = begun.filter(|(_, begun)| begun.at_ms >= since_ms);
        recent.map(|(log, begun)| (log.clone(), begun.clone())).collect()
    }

    /// Pins a log's key: at first sight, or in place of the one that it succeeds. What comes next is checked against the last
    /// verified checkpoint in either case, but where two supervisors accepted a new beginning: then against that one. Blocks.
    ///
    /// # Errors
    /// [`TrustedCheckpointError::File`]: the disk refuses to write or flush it, or the evidence of what was trusted before.
    pub fn pin_key(&self, log: &ControllerId, key: TrustedKey) -> Result<(), TrustedCheckpointError> {
        let (beginning, key) = (key.beginning().cloned(), key.into_key());
        let trusted = match self.get(log) {
            Some(trusted) if trusted.key == key => return Ok(()),
            Some(trusted) if let Some(beginning) = beginning => self.begin_anew(log, trusted, key, beginning)?,
            Some(trusted) => TrustedCheckpoint {
                former: trusted.note.is_some().then(|| trusted.former.unwrap_or(trusted.key)),
                key,
                ..trusted
            },
            None => TrustedCheckpoint {
                key,
                note: None,
                former: None,
                next_seq: 0,
                broken: None,
                begun: None,
            },
        };
        self.save(log, trusted)
    }

    /// What is trusted from a new beginning on. What was trusted before is evidence, and is on the disk first.
    fn begin_anew(
        &self,
        log: &ControllerId,
        before: TrustedCheckpoint,
        key: VerifierKey,
        beginning: NewBeginning,
    ) -> Result<TrustedCheckpoint, TrustedCheckpointError> {
        let NewBeginning { size, root, accepted } = beginning;
        let begun = BegunAnew {
            size,
            root,
            had: before.checkpoint().size,
            accepted_by: [accepted.accepted_by.display_name, accepted.and_by.display_name],
            at_ms: accepted.at_ms,
        };
        tracing::warn!(%log, had = begun.had, size, "the log began anew, by the word of two supervisors");
        let evidence = self.folder.join(format!("evidence-{log}-{}", accepted.at_ms));
        let vkey = before.former.as_ref().unwrap_or(&before.key).to_string();
        let files = [
            ("reason.txt", before.broken.as_deref().unwrap_or("the log began anew")),
            ("pinned.note", before.note.as_deref().unwrap_or_default()),
            ("pinned.vkey", &vkey),
        ];
        let stored = create_private_dir(&evidence).and_then(|()| {
            let mut files = files.into_iter();
            files.try_for_each(|(name, text)| replace_file(&evidence.join(name), text.as_bytes()))
        });
        stored.map_err(|source| TrustedCheckpointError::File { path: evidence, source })?;
        Ok(TrustedCheckpoint {
            key,
            note: None,
            former: None,
            next_seq: before.next_seq,
            broken: None,
            begun: Some(begun),
        })
    }

    /// Replaces what is remembered of a log, durably. Blocks.
    ///
    /// # Errors
    /// The disk refuses; the memory then stays as it was.
    pub fn save(&self, log: &ControllerId, trusted: TrustedCheckpoint) -> Result<(), TrustedCheckpointError> {
        let path = self.folder.join(format!("{log}.pin"));
        let written = Written {
            vkey: trusted.key.to_string(),
            note: trusted.note.clone(),
            former: trusted.former.as_ref().map(VerifierKey::to_string),
            next_seq: trusted.next_seq,
            broken: trusted.broken.clone(),
            begun: trusted.begun.clone(),
        };
        serde_json::to_vec(&written)
            .map_err(io::Error::other)
            .and_then(|bytes| replace_file(&path, &bytes))
            .map_err(|source| TrustedCheckpointError::File { path, source })?;
        self.lock().insert(log.clone(), trusted);
        Ok(())
    }

    /// Marks a log as not trusted and stores the evidence: the pinned and the offered checkpoint and the reason. Blocks.
    pub fn mark_broken(&self, log: &ControllerId, why: &str, offered: &[(&str, &str)], now: jiff::Timestamp) {
        let evidence = self.folder.join(format!("evidence-{log}-{}", now.as_millisecond()));
        let pinned = self.get(log).and_then(|trusted| trusted.note).unwrap_or_default();
        let stored = create_private_dir(&evidence).and_then(|()| {
            replace_file(&evidence.join("reason.txt"), why.as_bytes())?;
            replace_file(&evidence.join("pinned.note"), pinned.as_bytes())?;
            offered
                .iter()
                .try_for_each(|(name, text)| replace_file(&evidence.join(name), text.as_bytes()))
        });
        if let Err(error) = stored {
            tracing::error!(%error, %log, "the evidence against the log could not be stored");
        }
        let Some(mut trusted) = self.get(log) else { return };
        trusted.broken = Some(why.to_owned());
        if let Err(error) = self.save(log, trusted.clone()) {
            tracing::error!(%error, %log, "the mark against the log could not be stored");
            self.lock().insert(log.clone(), trusted);
        }
    }
}

fn decode(bytes: &[u8]) -> Option<TrustedCheckpoint> {
    let written: Written = serde_json::from_slice(bytes).ok()?;
    let key: VerifierKey = written.vkey.parse().ok()?;
    let former: Option<VerifierKey> = match written.former {
        Some(former) => Some(former.parse().ok()?),
        None => None,
    };
    if let Some(note) = &written.note {
        checkpoint::verify(note, former.as_ref().unwrap_or(&key)).ok()?;
    }
    Some(TrustedCheckpoint {
        key,
        note: written.note,
        former,
        next_seq: written.next_seq,
        broken: written.broken,
        begun: written.begun,
    })
}
