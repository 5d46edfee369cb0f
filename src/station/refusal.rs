//! Why an act was not done, and what is wrong with a camera, in kinds a person can act on.
//!
//! Invariant: `detail` is English for the log and never carries a credential; the screen has its own words per kind.
//! Deliberately absent: deciding (see `authorised_act`).

use crate::domain::people::Rule;
use crate::domain::people::clearance::ClearanceError;
use crate::domain::privacy::declared_event::DeclareError;
use crate::domain::ptz::limits::LimitHit;
use crate::domain::site::CameraPlan;
use crate::domain::site::change::SiteFault;
use crate::media::error::{LiveError, LiveErrorKind};
use crate::onvif::{OnvifError, OnvifErrorKind};
use crate::protocol::{Holder, RefusalKind};
use crate::station::record::outbox::OutboxError;
use crate::station::record::server_client::ServerError;
use std::time::Instant;

/// Why an act was not done. The screen says it in words and names the rule.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("refused by rule {0:?}")]
    Rule(Rule),
    #[error("zoom beyond the ceiling of {ceiling:.1}×")]
    ZoomCeiling { ceiling: f64 },
    #[error("zoom beyond {ceiling:.1}× here: more than {px_m:.0} pixels per metre at the ground")]
    DensityCeiling { px_m: f64, ceiling: f64 },
    #[error("zoom beyond the ceiling of {ceiling:.1}× of sector {sector}")]
    SectorCeiling { sector: String, ceiling: f64 },
    #[error("sector {sector} must not be looked at")]
    NoLook { sector: String },
    /// The school is open (R-PRV-2); `until` is when its pictures may be seen again, if that is known.
    #[error("the school is open")]
    SchoolHours { until: Option<Instant> },
    #[error("not declared: {0}")]
    Declare(DeclareError),
    #[error("beyond the pan or tilt limit")]
    PositionLimit,
    #[error("held by {}", .0.display_name)]
    HeldByOther(Holder),
    /// The hold on the dome ran out here, or another began.
    #[error("the hold on the dome is over")]
    HoldEnded,
    /// Without the server nobody knows who else takes the dome.
    #[error("the server is away, and no hold begins without it")]
    NoHoldWithoutServer,
    /// A dome is taken over only from a lower level.
    #[error("the holder's level is not lower")]
    LevelTooLow,
    /// What it was about is over: a hold, a request.
    #[error("there is no such thing any more")]
    NotThere,
    #[error("not cleared: {0}")]
    Clearance(ClearanceError),
    #[error("the site plan is not changed so: {0}")]
    Site(SiteFault),
    #[error("the event could not be recorded: {detail}")]
    NotRecorded { detail: String },
    #[error("the server is away, and this needs it")]
    ServerAway,
    /// The time this workstation may go on without the server is over.
    #[error("the server is away for longer than the grace")]
    GraceOver,
    /// Too many events wait for the server.
    #[error("more than four fifths of the outbox wait for the server")]
    OutboxFilling,
    /// A proof was wrong: the log is not what it was.
    #[error("the log is not trusted: {detail}")]
    LogNotTrusted { detail: String },
    /// The disk of this workstation is full.
    #[error("the disk is full: the event could not be recorded")]
    DiskFull,
    #[error("the camera: {0}")]
    Camera(CameraTrouble),
    #[error("nothing is recorded in that range")]
    NothingRecorded,
    #[error("older than seven days without a hold")]
    TooOld,
    #[error("the picture is covered: its pose is not known")]
    Covered,
    #[error("the disk: {detail}")]
    Disk { detail: String },
    #[error("the camera cannot do that")]
    NotSupported,
    /// A copy would show nothing: the recorder does not tell where the dome looked.
    #[error("the whole range is covered: the recorder does not tell where the dome looked")]
    NoPoseRecorded,
    /// What must be covered changed while a copy was made.
    #[error("the plan of the camera changed meanwhile")]
    PlanChanged,
    /// The password at a locked workstation was wrong, or there were too many.
    #[error("wrong password")]
    WrongPassword,
    /// A name is taken, or something is not written as it must be.
    #[error("the server does not take it: a name is taken, or something is not written well")]
    NotAccepted,
    /// The session was ended: signed out, revoked by the server, or closed.
    #[error("the session has ended")]
    SessionEnded,
}

/// What is wrong with a camera, in kinds a person can act on; `detail` is for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraTrouble {
    pub kind: TroubleKind,
    pub detail: String,
}

impl std::fmt::Display for CameraTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.detail)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// No answer: power, network, address.
    Unreachable,
    WrongPassword,
    ClockWrong,
    /// It answers, but not what the standard says.
    Nonsense,
    /// It has no free session.
    Busy,
    NoStream,
    /// This workstation lacks a GStreamer plug-in.
    MissingDecoder,
    StreamBroken,
    /// The connection stands and no picture comes.
    StreamFrozen,
}

impl CameraTrouble {
    pub(super) fn new(kind: TroubleKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

impl From<CameraTrouble> for Refusal {
    fn from(trouble: CameraTrouble) -> Self {
        Self::Camera(trouble)
    }
}

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
            LiveErrorKind::Busy => TroubleKind::Busy,
            LiveErrorKind::NoStream | LiveErrorKind::NotSupported => TroubleKind::NoStream,
            LiveErrorKind::MissingPlugin { .. } => TroubleKind::MissingDecoder,
            LiveErrorKind::BrokenStream => TroubleKind::StreamBroken,
            LiveErrorKind::Frozen => TroubleKind::StreamFrozen,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<Rule> for Refusal {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::SchoolHours => Self::SchoolHours { until: None },
            Rule::ServerAway => Self::ServerAway,
            Rule::GraceOver => Self::GraceOver,
            Rule::NoGrant
            | Rule::OutsideHours
            | Rule::NotAtThisStation
            | Rule::MaintainerSeesNoImage
            | Rule::AdministratorDoesNotWatch
            | Rule::SupervisorOnly
            | Rule::FourEyes
            | Rule::OtherController => Self::Rule(rule),
        }
    }
}

impl From<ServerError> for Refusal {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Refused {
                why: RefusalKind::Rule(rule),
                ..
            } => rule.into(),
            ServerError::Refused {
                why: RefusalKind::WrongCredentials | RefusalKind::LockedOut { .. },
                ..
            } => Self::WrongPassword,
            ServerError::Refused {
                why: RefusalKind::Declare(error),
                ..
            } => Self::Declare(error),
            ServerError::Refused {
                why: RefusalKind::HeldByOther(holder),
                ..
            } => Self::HeldByOther(holder),
            ServerError::Refused {
                why: RefusalKind::LevelTooLow,
                ..
            } => Self::LevelTooLow,
            ServerError::Refused {
                why: RefusalKind::Clearance(error),
                ..
            } => Self::Clearance(error),
            ServerError::Refused {
                why: RefusalKind::Site(fault),
                ..
            } => Self::Site(fault),
            ServerError::Refused {
                why: RefusalKind::NotFound,
                ..
            } => Self::NotThere,
            ServerError::Refused {
                why: RefusalKind::Malformed,
                ..
            } => Self::NotAccepted,
            ServerError::Refused {
                why: RefusalKind::SessionEnded,
                ..
            } => Self::SessionEnded,
            ServerError::Refused { .. } | ServerError::Away { .. } | ServerError::Nonsense { .. } => {
                tracing::warn!(%error, "the server did not help");
                Self::ServerAway
            }
        }
    }
}

impl Refusal {
    /// The limit of this camera that stopped a command.
    pub fn of_limit(hit: LimitHit, camera: &CameraPlan) -> Self {
        let name = |sector: usize| {
            let found = camera.limits.sectors.get(sector);
            found.map(|sector| sector.name.clone()).unwrap_or_default()
        };
        match hit {
            LimitHit::ZoomCeiling { ceiling } => Self::ZoomCeiling { ceiling },
            LimitHit::DensityCeiling { px_m, ceiling } => Self::DensityCeiling { px_m, ceiling },
            LimitHit::SectorCeiling { sector, ceiling } => Self::SectorCeiling {
                sector: name(sector),
                ceiling,
            },
            LimitHit::NoLook { sector } => Self::NoLook { sector: name(sector) },
            LimitHit::PanLimit | LimitHit::TiltLimit => Self::PositionLimit,
            LimitHit::PoseNotKnown => Self::Covered,
        }
    }
}
