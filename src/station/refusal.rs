//! Errors of outbox, cameras, streams and server as the refusals of `domain::refusal`.
//!
//! Invariant: every error of theirs becomes one that a person can act on, and none is told as another.
//! Deliberately absent: deciding (see `authorised_act`), and the vocabulary itself.

pub use crate::domain::refusal::{CameraTrouble, Refusal, TroubleKind};
use crate::media::error::{LiveError, LiveErrorKind};
use crate::onvif::{OnvifError, OnvifErrorKind};
use crate::station::record::outbox::OutboxError;
use crate::station::record::server_client::ServerError;

impl From<OutboxError> for Refusal {
    fn from(error: OutboxError) -> Self {
        match error {
            OutboxError::DiskFull => Self::DiskFull,
            OutboxError::Full => Self::OutboxFilling,
            other => Self::NotRecorded {
                detail: other.to_string(),
            },
        }
    }
}

impl From<OnvifError> for CameraTrouble {
    fn from(error: OnvifError) -> Self {
        let kind = match error.kind() {
            OnvifErrorKind::Unreachable | OnvifErrorKind::Timeout => TroubleKind::Unreachable,
            OnvifErrorKind::WrongPassword => TroubleKind::WrongPassword,
            OnvifErrorKind::ClockWrong => TroubleKind::ClockWrong,
            OnvifErrorKind::Busy => TroubleKind::Busy,
            OnvifErrorKind::SeveralViews => TroubleKind::SeveralViews,
            OnvifErrorKind::ViewGone => TroubleKind::ViewGone,
            OnvifErrorKind::Nonsense
            | OnvifErrorKind::TooLarge
            | OnvifErrorKind::TooDeep
            | OnvifErrorKind::Fault
            | OnvifErrorKind::NotSupported => TroubleKind::Nonsense,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<OnvifError> for Refusal {
    fn from(error: OnvifError) -> Self {
        match error.kind() {
            OnvifErrorKind::NotSupported => Self::NotSupported,
            _ => Self::Camera(error.into()),
        }
    }
}

impl From<LiveError> for CameraTrouble {
    fn from(error: LiveError) -> Self {
        let kind = match error.kind {
            LiveErrorKind::Unreachable | LiveErrorKind::Timeout => TroubleKind::Unreachable,
            LiveErrorKind::WrongPassword => TroubleKind::WrongPassword,
            LiveErrorKind::UnknownLogin => TroubleKind::UnknownLogin,
            LiveErrorKind::Busy => TroubleKind::Busy,
            LiveErrorKind::NoStream => TroubleKind::NoStream,
            LiveErrorKind::NotSupported => TroubleKind::UnknownFormat,
            LiveErrorKind::MissingPlugin { .. } => TroubleKind::MissingDecoder,
            LiveErrorKind::BrokenStream => TroubleKind::StreamBroken,
            LiveErrorKind::Frozen => TroubleKind::StreamFrozen,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<ServerError> for Refusal {
    fn from(error: ServerError) -> Self {
        tracing::warn!(%error, "the server did not help");
        match error {
            ServerError::Refused { why, .. } => why.into(),
            ServerError::RefusedOtherwise { name, .. } => Self::UnknownReason { name },
            ServerError::Unintelligible { detail, .. } => Self::UnintelligibleAnswer { detail },
            ServerError::Away { .. } | ServerError::CertificateNotInTime { .. } => Self::ServerAway,
        }
    }
}
