//! Proof files: beside each exported copy and each snapshot a C2SP tlog-proof (`NAME.tlog-proof`) that the entry with its SHA-256
//! stands in the log, for whoever is given the file and has no Vedetta.
//!
//! What is still to be proven stands in the folder of wishes, one small file each, so that it outlives the program; the proof is
//! written when the log has signed the entry, and once more when its witnesses have seen it.
//! Invariant: no proof is written that the pinned key of the log does not hold for; a proof replaces another whole or not at all.
//! Deliberately absent: the copy itself, and whose witnesses are believed (the policy of whoever verifies).

use super::outbox::{Outbox, Recorded, create_private_dir, read_bounded, replace_file};
use super::server_client::{ServerClient, ServerError};
use super::trusted_checkpoints::TrustedCheckpoints;
use crate::domain::audit::tlog_proof::{OpenedEvent, TlogProof, TlogProofError};
use crate::domain::audit::witness_policy::{self, Policy};
use crate::domain::camera::ControllerId;
use crate::protocol::EventProof;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How often what is not proven yet is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// Largest wish that is read, bytes.
const MAX_WISH: u64 = 16 * 1024;
/// The ending of a proof, added to the name of the copy (C2SP tlog-proof).
pub const ENDING: &str = "tlog-proof";

/// A copy whose entry is still to be proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    log: ControllerId,
    seq: u64,
    copy: PathBuf,
}

/// Whom proofs are asked of; the trait exists so that tests can be a server that lies.
pub trait ProofSource: Clone + Send + Sync + 'static {
    /// Proof of the entry that this workstation has at `seq`, not yet verified.
    fn proof(&self, log: &ControllerId, seq: u64) -> impl Future<Output = Result<EventProof, ServerError>> + Send;
}

impl ProofSource for ServerClient {
    async fn proof(&self, log: &ControllerId, seq: u64) -> Result<EventProof, ServerError> {
        Self::proof(self, log, seq).await
    }
}

/// How a try came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Try {
    /// Witnesses have seen it, or there are none.
    Proven,
    /// The proof lies there, and its witnesses are still to come.
    Signed,
    /// Nothing can come of it any more.
    GivenUp,
}

/// Why a try failed; it is made again.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the server")]
    Server(#[from] ServerError),
    #[error("the outbox")]
    Outbox(#[from] super::outbox::OutboxError),
    #[error("the log is not trusted")]
    NotTrusted,
    #[error("the proof does not hold")]
    Wrong(#[from] TlogProofError),
    #[error("the disk")]
    Disk(#[from] std::io::Error),
}

/// The folder of wishes. Cheap to clone.
#[derive(Clone)]
pub struct ProofFiles {
    folder: PathBuf,
    wished: Arc<Notify>,
}

impl ProofFiles {
    /// Inside a workstation's data folder. Nothing is touched yet.
    pub fn inside(data: &Path) -> Self {
        Self {
            folder: data.join("proofs"),
            wished: Arc::default(),
        }
    }

    /// Asks for the proof of an entry beside a copy. Returns where it will lie; `None` where the disk refuses to keep the wish, which
    /// is logged. Cancelled or not, the wish is kept whole or not at all.
    pub async fn wish(&self, entry: &Recorded, copy: &Path) -> Option<PathBuf> {
        match self.keep(entry, copy).await {
            Ok(()) => Some(beside(copy)),
            Err(error) => {
                tracing::error!(%error, "the proof of a copy will not be written");
                None
            }
        }
    }

    async fn keep(&self, entry: &Recorded, copy: &Path) -> std::io::Result<()> {
        let (log, seq) = entry.place();
        let wish = Wish {
            log: log.clone(),
            seq,
            copy: copy.to_owned(),
        };
        let folder = self.folder.clone();
        let kept = tokio::task::spawn_blocking(move || {
            create_private_dir(&folder)?;
            let path = folder.join(format!("{}-{}.json", wish.log, wish.seq));
            replace_file(&path, &serde_json::to_vec(&wish)?)
        });
        kept.await.map_err(std::io::Error::other).flatten()?;
        self.wished.notify_one();
        Ok(())
    }

    /// Works until `stop` becomes true or its sender is gone.
    pub async fn run(
        self,
        source: impl ProofSource,
        outbox: Outbox,
        trusted: Arc<TrustedCheckpoints>,
        mut stop: watch::Receiver<bool>,
    ) {
        let work = async {
            loop {
                let waiting = self.round(&source, &outbox, &trusted).await;
                let wished = self.wished.notified();
                if waiting == 0 {
                    wished.await;
                } else {
                    drop(tokio::time::timeout(AGAIN, wished).await);
                }
            }
        };
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Tries every wish once. Returns how many are left.
    pub(in crate::station) async fn round(
        &self,
        source: &impl ProofSource,
        outbox: &Outbox,
        trusted: &TrustedCheckpoints,
    ) -> usize {
        let folder = self.folder.clone();
        let wishes = match tokio::task::spawn_blocking(move || wishes(&folder)).await {
            Ok(Ok(wishes)) => wishes,
            Ok(Err(error)) => {
                tracing::error!(%error, "what is still to be proven cannot be read");
                return 1;
            }
            Err(error) => {
                tracing::error!(%error, "what is still to be proven cannot be read");
                return 1;
            }
        };
        let mut left = 0;
        for (path, wish) in wishes {
            match attempt(&wish, source, outbox, trusted).await {
                Ok(Try::Signed) => left += 1,
                Ok(Try::Proven | Try::GivenUp) => {
                    if let Err(error) = tokio::fs::remove_file(&path).await {
                        tracing::error!(%error, "a wish that is fulfilled stays");
                    }
                }
                Err(trouble @ Trouble::Wrong(_)) => {
                    let error = &trouble as &dyn std::error::Error;
                    tracing::warn!(error, copy = %wish.copy.display(), "the proof of a copy does not hold");
                    left += 1;
                }
                Err(trouble) => {
                    tracing::debug!(error = &trouble as &dyn std::error::Error, "not proven yet");
                    left += 1;
                }
            }
        }
        left
    }
}

/// The wishes and where they lie. Blocks.
fn wishes(folder: &Path) -> std::io::Result<Vec<(PathBuf, Wish)>> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let wish = read_bounded(&path, MAX_WISH)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        match wish {
            Some(wish) => found.push((path, wish)),
            None => tracing::warn!(path = %path.display(), "not a wish for a proof"),
        }
    }
    Ok(found)
}

async fn attempt(
    wish: &Wish,
    source: &impl ProofSource,
    outbox: &Outbox,
    trusted: &TrustedCheckpoints,
) -> Result<Try, Trouble> {
    if !tokio::fs::try_exists(&wish.copy).await? {
        return Ok(Try::GivenUp);
    }
    let event = outbox.again(&wish.log, wish.seq, 1).await?;
    let Some(event) = event.into_iter().next().filter(|event| event.seq == wish.seq) else {
        tracing::warn!(copy = %wish.copy.display(), "the entry of a copy has left the outbox before it was proven");
        return Ok(Try::GivenUp);
    };
    let log = trusted.get(&wish.log).filter(|log| log.broken.is_none());
    let key = log.ok_or(Trouble::NotTrusted)?.key;
    let given = source.proof(&wish.log, wish.seq).await?;
    let proof = TlogProof {
        event: Some(OpenedEvent {
            leaf: event.submitted.leaf,
            salt: event.submitted.salt,
            body: event.submitted.body,
        }),
        ..TlogProof::parse(&given.proof)?
    };
    // The workstation knows the log's key and no witness's: theirs are for the policy of whoever verifies.
    let pinned = Policy::parse(witness_policy::any_of(&[key], &[]).as_bytes()).map_err(|_| Trouble::NotTrusted)?;
    proof.verify(&pinned)?;
    let (path, text) = (beside(&wish.copy), proof.encode());
    tokio::task::spawn_blocking(move || replace_file(&path, text.as_bytes()))
        .await
        .map_err(std::io::Error::other)
        .flatten()?;
    Ok(if given.awaits_witness { Try::Signed } else { Try::Proven })
}

/// Where the proof of a copy lies.
pub fn beside(copy: &Path) -> PathBuf {
    let mut name = copy.as_os_str().to_owned();
    name.push(".");
    name.push(ENDING);
    PathBuf::from(name)
}
