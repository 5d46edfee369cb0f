//! Where a workstation finds its enrolment, its data and its secrets, and why it cannot work at all.
//!
//! Invariant: the choice between keyring and file is the person's, made by name. Deliberately absent: reading any of it
//! (`enrolment`, `secrets`).

use crate::domain::version::steps::LeftAlone;
use crate::station::machine::pose_source::PoseSource;
use std::path::PathBuf;
use std::sync::Arc;

/// Name of the file with the enrolment's facts.
pub const FACTS: &str = "station.toml";

/// The folders of a workstation, and how it stores secrets.
#[derive(Debug, Clone)]
pub struct StationConfig {
    /// Enrolment: `station.toml` (server address, station id), `cert.pem`, `key.pem`, `ca.pem`, `plan_key`.
    pub enrolment: PathBuf,
    /// Outbox, pinned checkpoints, settings.
    pub data: PathBuf,
    /// Where snapshots and exports go.
    pub evidence: PathBuf,
    /// The store of secrets.
    pub secrets: SecretsChoice,
    /// The pose that masks are projected with; [`TrackedPose`](crate::station::TrackedPose) in service.
    pub pose_source: Arc<dyn PoseSource>,
}

impl StationConfig {
    /// Whether this machine was made a workstation, well or badly.
    pub fn is_enrolled(&self) -> bool {
        self.enrolment.join(FACTS).exists()
    }
}

/// The store of secrets, chosen by name: there is no silent way from one to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretsChoice {
    /// The system keyring (Secret Service); refuse to start without it.
    SystemKeyring,
    /// A file only this account can read, beside the data: less safe, chosen by name, said on screen.
    ProtectedFile,
}

/// Why the place for secrets gives or takes none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretsTrouble {
    /// Nobody offers a Secret Service in this login, or not yet.
    KeyringAbsent,
    /// Locked, and it was not unlocked when that was asked for.
    KeyringLocked,
    /// Something takes the questions and does not answer.
    KeyringMute,
    /// A keyring that answers, and has no key though an outbox needs one.
    KeyringEmpty,
    /// The protected file is missing, cannot be read or written, or others can read it.
    File,
}

/// A secret that was not given, or not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no secrets, {why:?}: {detail}")]
pub struct SecretsError {
    pub why: SecretsTrouble,
    pub detail: String,
}

/// Why the workstation cannot work at all.
#[derive(Debug, thiserror::Error)]
pub enum StationError {
    #[error("not enrolled: {path}")]
    NotEnrolled {
        path: PathBuf,
        #[source]
        source: Option<std::io::Error>,
    },
    #[error(transparent)]
    NoSecrets(#[from] SecretsError),
    #[error("the data folder")]
    NewerFolder(#[source] LeftAlone),
    #[error("the outbox cannot be opened: {detail}")]
    Outbox { detail: String },
}
