//! Why a sign-in failed, in kinds a person can act on.
//!
//! Invariant: `detail` is English for the log; the screen has its own words per kind. Deliberately absent: signing in
//! (`sign_in`).

use super::ask_ticket::AskTicket;
use crate::domain::people::account::PasswordFault;
use crate::domain::people::stated_purpose::NoProtocolNumber;
use crate::protocol::RefusalKind;
use crate::station::record::server_client::ServerError;
use crate::station::record::trusted_checkpoints::PinError;

/// Why a sign-in failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    #[error("wrong user name or password")]
    WrongCredentials,
    #[error("locked out for {seconds} s")]
    LockedOut { seconds: u64 },
    /// The ticket asks for the account, once a sign-in found it active.
    #[error("the account is active on another workstation")]
    ActiveElsewhere(Option<AskTicket>),
    #[error("the account cannot be asked for any more")]
    AskOver,
    #[error("the purpose needs a protocol number")]
    NoProtocolNumber,
    #[error("this workstation is not enabled")]
    UnknownStation,
    #[error("another password must be chosen first")]
    MustChoosePassword,
    #[error("the code of the second factor is missing or wrong")]
    SecondFactor,
    #[error("the account has no second factor, and needs one here")]
    NoSecondFactor,
    #[error("the new password is not taken: {0}")]
    NotTaken(PasswordFault),
    #[error("the server does not answer: {detail}")]
    ServerAway { detail: String },
    #[error("the site plan's signature is wrong")]
    PlanNotGenuine,
    #[error("the sign-in cannot be recorded: {detail}")]
    NotRecorded { detail: String },
}

impl From<ServerError> for SignInError {
    fn from(error: ServerError) -> Self {
        let detail = error.to_string();
        match error {
            ServerError::Refused {
                why: RefusalKind::WrongCredentials,
                ..
            } => Self::WrongCredentials,
            ServerError::Refused {
                why: RefusalKind::LockedOut { seconds },
                ..
            } => Self::LockedOut { seconds },
            ServerError::Refused {
                why: RefusalKind::AlreadyActiveElsewhere,
                ..
            } => Self::ActiveElsewhere(None),
            ServerError::Refused {
                why: RefusalKind::NoProtocolNumber,
                ..
            } => Self::NoProtocolNumber,
            ServerError::Refused {
                why: RefusalKind::UnknownStation,
                ..
            } => Self::UnknownStation,
            ServerError::Refused {
                why: RefusalKind::MustChoosePassword,
                ..
            } => Self::MustChoosePassword,
            ServerError::Refused {
                why: RefusalKind::SecondFactor,
                ..
            } => Self::SecondFactor,
            ServerError::Refused {
                why: RefusalKind::NoSecondFactor,
                ..
            } => Self::NoSecondFactor,
            ServerError::Refused {
                why: RefusalKind::NotTaken(fault),
                ..
            } => Self::NotTaken(fault),
            ServerError::Refused {
                why: RefusalKind::NotFound,
                ..
            } => Self::AskOver,
            ServerError::Refused { .. } | ServerError::Away { .. } | ServerError::Nonsense { .. } => {
                Self::ServerAway { detail }
            }
        }
    }
}

impl From<NoProtocolNumber> for SignInError {
    fn from(_: NoProtocolNumber) -> Self {
        Self::NoProtocolNumber
    }
}

impl From<PinError> for SignInError {
    fn from(error: PinError) -> Self {
        Self::NotRecorded {
            detail: error.to_string(),
        }
    }
}
