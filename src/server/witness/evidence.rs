//! What a witness keeps of a checkpoint that it refused: of a fork both checkpoints for good, of a proof that was not accepted the
//! newest request of a log.
//!
//! Invariant: only a checkpoint with the log's own signature leaves anything on the disk, and however often it is sent it takes its
//! room once; so who has no more than public checkpoints fills one file of each log.
//! Deliberately absent: deciding which it is (`domain::audit::witness`).

use super::short;
use crate::domain::audit::checkpoint::{self, Checkpoint};
use crate::domain::audit::note::VerifierKey;
use crate::domain::audit::witness::{Ask, Objection};
use crate::server::config::{read_text, write_whole};
use crate::server::error::ServerError;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Most forks of one log that are kept: one is proof enough, and who has the log's key can sign any number.
const MOST_FORKS: usize = 16;

/// The folder of the evidence.
pub(super) struct Evidence(pub(super) PathBuf);

impl Evidence {
    /// Keeps what an objection calls for, beside the checkpoint that was cosigned last (`seen`, as signed).
    ///
    /// # Errors
    /// [`ServerError::File`]: the disk refuses.
    pub(super) fn keep(
        &self,
        objection: Objection,
        key: &VerifierKey,
        seen: &str,
        ask: &Ask,
    ) -> Result<(), ServerError> {
        let Ok(offered) = checkpoint::verify(&ask.note, key) else {
            return Ok(());
        };
        let (log, size, root) = (&offered.origin, offered.size, offered.root);
        match objection {
            Objection::Fork => {
                tracing::error!(log, size, %root, "the log signed two roots for one size: both are kept");
                self.keep_fork(&offered, seen, ask)
            }
            Objection::NotProven => {
                tracing::warn!(log, size, %root, "the checkpoint is not cosigned: its proof is not accepted");
                self.keep_unproven(&offered, key, ask)
            }
            Objection::Checkpoint(_) | Objection::Backwards | Objection::KnowsOther(_) => Ok(()),
        }
    }

    fn keep_fork(&self, offered: &Checkpoint, seen: &str, ask: &Ask) -> Result<(), ServerError> {
        let of_log = short(&offered.origin);
        let root = hex::encode(&offered.root.0[..8]);
        let dir = self.0.join(format!("{of_log}-fork-{}-{root}", offered.size));
        // Written last: where it is, all of it is.
        let last = dir.join("offered.ask");
        if last.exists() || self.forks(&of_log)? >= MOST_FORKS {
            return Ok(());
        }
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir);
        made.map_err(|source| ServerError::File {
            path: dir.clone(),
            source,
        })?;
        write_whole(&dir.join("seen.note"), seen.as_bytes(), 0o600)?;
        write_whole(&last, ask.encode().as_bytes(), 0o600)
    }

    fn forks(&self, of_log: &str) -> Result<usize, ServerError> {
        let begin = format!("{of_log}-fork-");
        let all = fs::read_dir(&self.0).map_err(|source| ServerError::File {
            path: self.0.clone(),
            source,
        })?;
        let is_fork = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&begin);
        Ok(all.flatten().filter(is_fork).count())
    }

    fn keep_unproven(&self, offered: &Checkpoint, key: &VerifierKey, ask: &Ask) -> Result<(), ServerError> {
        let path = self.0.join(format!("{}-unproven.ask", short(&offered.origin)));
        if kept(&path, key).is_some_and(|kept| kept == *offered) {
            return Ok(());
        }
        write_whole(&path, ask.encode().as_bytes(), 0o600)
    }
}

/// The checkpoint of a request that was kept.
fn kept(path: &Path, key: &VerifierKey) -> Option<Checkpoint> {
    let ask = Ask::parse(&read_text(path).ok()?).ok()?;
    checkpoint::verify(&ask.note, key).ok()
}
