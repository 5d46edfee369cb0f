//! Why a sign-in failed, in kinds a person can act on.
//!
//! Invariant: `detail` is English for the log; the screen has its own words per kind. Deliberately absent: signing in
//! (`sign_in`).

use super::ask_ticket::AskTicket;
use crate::domain::people::stated_purpose::NoProtocolNumber;
use crate::domain::refusal::RefusalKind;
use crate::domain::version::critical::UpdateNeeded;
use crate::station::record::server_client::ServerError;
use crate::station::record::trusted_checkpoints::TrustedCheckpointError;
use crate::station::refusal::Refusal;

/// Why a sign-in failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SignInError {
    /// By the server, or by this workstation for the same reason.
    #[error(transparent)]
    Refused(Refusal),
    /// The ticket asks for the account, once a sign-in found it active.
    #[error("the account is active on another workstation")]
    ActiveElsewhere(Option<AskTicket>),
    #[error("the account cannot be asked for any more")]
    AskOver,
    #[error("the server does not answer: {detail}")]
    ServerAway { detail: String },
    /// Most likely this machine's clock is wrong.
    #[error("the server cannot be believed: {detail}")]
    CertificateNotInTime { detail: String },
    #[error("the site plan's signature is wrong")]
    PlanNotGenuine,
    /// The plan is genuine, and for a newer program.
    #[error(transparent)]
    UpdateNeeded(UpdateNeeded),
    #[error("the sign-in cannot be recorded: {detail}")]
    NotRecorded { detail: String },
}

impl SignInError {
    /// Whether the sign-in was refused for this reason.
    pub fn is(&self, kind: &RefusalKind) -> bool {
        matches!(self, Self::Refused(Refusal::Kind(why)) if why == kind)
    }
}

impl From<RefusalKind> for SignInError {
    fn from(kind: RefusalKind) -> Self {
        match kind {
            RefusalKind::AlreadyActiveElsewhere => Self::ActiveElsewhere(None),
            RefusalKind::NotFound => Self::AskOver,
            other => Self::Refused(other.into()),
        }
    }
}

impl From<ServerError> for SignInError {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Refused { why, .. } => why.into(),
            ServerError::Away { .. } => Self::ServerAway {
                detail: error.to_string(),
            },
            ServerError::CertificateNotInTime { detail } => Self::CertificateNotInTime { detail },
            ServerError::RefusedOtherwise { .. } | ServerError::Unintelligible { .. } => Self::Refused(error.into()),
        }
    }
}

impl From<NoProtocolNumber> for SignInError {
    fn from(_: NoProtocolNumber) -> Self {
        RefusalKind::NoProtocolNumber.into()
    }
}

impl From<TrustedCheckpointError> for SignInError {
    fn from(error: TrustedCheckpointError) -> Self {
        Self::NotRecorded {
            detail: error.to_string(),
        }
    }
}
