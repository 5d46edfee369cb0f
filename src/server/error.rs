//! What can go wrong with the server as a program, in two texts: `Display` in English for the log, and
//! [`ServerError::message`] for who started it.
//!
//! Invariant: no sentence in a language is written here; the keys are those of `i18n/`.
//! Deliberately absent: refusals to a client (`protocol::Refusal`), languages.

use super::store::error::StoreError;
use crate::domain::audit::signing_time::TimeFault;
use crate::domain::audit::tlog_proof::TlogProofError;
use crate::domain::audit::witness_policy::{NotAccepted, PolicyError};
use crate::domain::doctor::Finding;
use crate::domain::message::{Message, sentence};
use crate::domain::people::Rule;
use crate::domain::people::account::PasswordFault;
use crate::domain::refusal::RefusalKind;
use crate::domain::site::PlanError;
use crate::domain::site::change::SiteFault;
use crate::domain::version::steps::LeftAlone;
use std::path::PathBuf;

/// Why a command of the server failed.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("file {path}")]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("configuration {path}: {detail}")]
    Config { path: PathBuf, detail: String },
    #[error("a newer program wrote {what}: {detail}")]
    NewerData { what: &'static str, detail: String },
    #[error("the data directory is in use by another process")]
    AlreadyRunning,
    #[error("the data directory is not set up")]
    NotSetUp,
    #[error("the data directory is already set up")]
    AlreadySetUp,
    #[error("the preparation of {path} broke off")]
    Unfinished { path: PathBuf },
    #[error("store")]
    Store(#[from] StoreError),
    #[error("key or certificate: {0}")]
    Key(String),
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
    #[error("signer of {log}: {detail}")]
    Signer { log: String, detail: String },
    #[error("signer of {log}: {fault}; where the clock is right now: {command}")]
    ClockRefused {
        log: String,
        fault: TimeFault,
        /// What accepts the clock, as it is typed.
        command: String,
    },
    /// `remembered` and `here` are numbers of entries; `None`: the folder does not know the log.
    #[error("the witness of {log} was put back: its memory {path} has {remembered} entries, its folder {here:?}")]
    WitnessPutBack {
        log: String,
        path: PathBuf,
        remembered: u64,
        here: Option<u64>,
    },
    #[error("listening on {address}")]
    Listen {
        address: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the running server: {0}")]
    Remote(String),
    #[error("the running server refused: {0:?}")]
    Refused(RefusalKind),
    #[error("the name {0} is taken")]
    NameTaken(String),
    #[error("the answer is wrong: {0}")]
    Answer(String),
    #[error("the password is not taken: {0}")]
    Password(PasswordFault),
    #[error("the controller makes no sense: {0}")]
    Controller(PlanError),
    #[error("the plan does not become text")]
    PlanText(#[source] toml::ser::Error),
    #[error("{0} is not in quarantine")]
    NotQuarantined(String),
    #[error("something is wrong with the server")]
    Unwell,
    #[error("no reason was given")]
    NoReason,
    #[error("workstations saw signed what this server lost: two supervisors have to accept that")]
    TwoSupervisors,
    #[error("{0} is no supervisor who looks after this controller")]
    NotSupervisor(String),
    #[error("both accounts are of one person")]
    OnePerson,
    #[error("the account may not change the names of logs")]
    OwnerNeeded,
    #[error("the change cannot be recorded: {0}")]
    NotRecorded(String),
    #[error("policy {path}")]
    Policy {
        path: PathBuf,
        #[source]
        fault: PolicyError,
    },
    #[error("the proof")]
    Proof(#[from] TlogProofError),
    #[error("{path} is not the file that the proven event speaks of")]
    OtherCopy { path: PathBuf },
    /// `what` is the part of the sentence that says how.
    #[error("the log does not hold: {detail}")]
    Broken { detail: String, what: Message },
}

impl ServerError {
    /// One sentence for who started the program; the program says it in the language of its terminal.
    pub fn message(&self) -> Message {
        match self {
            Self::File { path, .. } => sentence("server-file").with("path", path.display().to_string()),
            Self::Config { path, .. } => sentence("server-config").with("path", path.display().to_string()),
            Self::AlreadyRunning => sentence("server-already-running"),
            Self::NotSetUp => sentence("server-not-set-up"),
            Self::AlreadySetUp => sentence("server-already-set-up"),
            Self::Unfinished { path } => sentence("server-unfinished").with("path", path.display().to_string()),
            Self::Store(StoreError::Encoding(encoding)) => {
                sentence("server-encoding").with("encoding", encoding.as_str())
            }
            Self::Store(StoreError::Pooler(_)) => sentence("server-pooler"),
            Self::Store(StoreError::LeftAlone(LeftAlone::OfANewerProgram { .. })) | Self::NewerData { .. } => {
                sentence("server-newer-data")
            }
            Self::Store(StoreError::LeftAlone(LeftAlone::TooOld { .. })) => sentence("server-too-old-data"),
            Self::Store(StoreError::Version(_)) => sentence("server-migrate"),
            Self::Store(StoreError::Copy { .. }) => sentence("server-copy"),
            Self::Store(_) => sentence("server-store"),
            Self::Key(_) => sentence("server-key"),
            Self::Random(_) => sentence("server-random"),
            Self::Signer { log, .. } => sentence("server-signer").with("log", log.as_str()),
            Self::ClockRefused { log, fault, command } => Finding::clock(log, *fault, command).message(),
            Self::WitnessPutBack {
                log, path, remembered, ..
            } => sentence("server-witness-put-back")
                .with("log", log.as_str())
                .with("path", path.display().to_string())
                .with("size", *remembered),
            Self::Listen { address, .. } => sentence("server-listen").with("address", address.as_str()),
            Self::Remote(_) => sentence("server-remote"),
            Self::Refused(kind) => at_console(kind),
            Self::NameTaken(name) => sentence("server-name-taken").with("name", name.as_str()),
            Self::Answer(what) => sentence("server-answer").with("what", what.as_str()),
            Self::Password(fault) => sentence("server-password").with("why", fault.message()),
            Self::Controller(_) => sentence("server-controller"),
            Self::PlanText(_) => sentence("server-plan-text"),
            Self::NotQuarantined(name) => sentence("server-not-quarantined").with("name", name.as_str()),
            Self::Unwell => sentence("server-unwell"),
            Self::NoReason => sentence("server-no-reason"),
            Self::NotSupervisor(user) => sentence("server-not-supervisor").with("user", user.as_str()),
            Self::OnePerson => sentence("server-one-person"),
            Self::TwoSupervisors => sentence("server-two-supervisors"),
            Self::OwnerNeeded => sentence("server-owner-needed"),
            Self::NotRecorded(_) => sentence("server-not-recorded"),
            Self::Policy {
                path,
                fault: PolicyError::Line { line, .. },
            } => sentence("server-policy-line")
                .with("path", path.display().to_string())
                .with("line", *line),
            Self::Policy { path, .. } => sentence("server-policy").with("path", path.display().to_string()),
            Self::Proof(fault) => proves_nothing(fault),
            Self::OtherCopy { path } => sentence("server-other-copy").with("path", path.display().to_string()),
            Self::Broken { what, .. } => sentence("server-broken").with("what", what.clone()),
        }
    }
}

/// The sentence of a proof that proves nothing.
fn proves_nothing(fault: &TlogProofError) -> Message {
    match fault {
        TlogProofError::Malformed => sentence("server-proof-malformed"),
        TlogProofError::NoEvent => sentence("server-proof-no-event"),
        TlogProofError::NotAccepted(NotAccepted::OfNoLog) => sentence("server-proof-other-log"),
        TlogProofError::NotAccepted(NotAccepted::Quorum) => sentence("server-proof-quorum"),
        TlogProofError::NotAccepted(NotAccepted::Witness(_) | NotAccepted::Checkpoint(_)) => {
            sentence("server-proof-signature")
        }
        TlogProofError::NotIncluded | TlogProofError::OtherWords => sentence("server-proof-other-event"),
    }
}

/// A refusal where there is no screen: what to do is another command, and what is refused is never about a camera's picture.
fn at_console(kind: &RefusalKind) -> Message {
    match kind {
        RefusalKind::Rule(Rule::OtherController) => sentence("console-other-controller"),
        RefusalKind::Rule(Rule::FourEyes) => sentence("console-four-eyes"),
        RefusalKind::Rule(_) => sentence("console-rule"),
        RefusalKind::MustChoosePassword => sentence("console-must-choose"),
        RefusalKind::NotFound => sentence("console-not-found"),
        RefusalKind::Site(SiteFault::Stale { version }) => sentence("console-stale").with("version", *version),
        RefusalKind::Site(SiteFault::Senseless { camera: Some(camera) }) => {
            sentence("console-senseless-camera").with("camera", camera.as_str())
        }
        RefusalKind::Site(SiteFault::Senseless { camera: None }) => sentence("console-senseless"),
        other => other.told().message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::refusal::samples::every_kind;

    #[test]
    fn a_refused_right_at_the_console_reads_as_such_and_not_as_one_about_pictures() {
        for kind in every_kind() {
            let key = ServerError::Refused(kind.clone()).message().key();
            let is_rule = matches!(kind, RefusalKind::Rule(_));
            assert_eq!(
                key.starts_with("console-"),
                is_rule || is_other_command(&kind),
                "{kind:?}: {key}"
            );
        }
    }

    /// What to do is another command than at a workstation.
    fn is_other_command(kind: &RefusalKind) -> bool {
        matches!(
            kind,
            RefusalKind::MustChoosePassword
                | RefusalKind::NotFound
                | RefusalKind::Site(SiteFault::Stale { .. } | SiteFault::Senseless { .. })
        )
    }
}
