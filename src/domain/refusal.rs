//! Why something was refused: the one vocabulary of server, workstation, log and screen.
//!
//! [`RefusalKind`] is what a server answers with; [`Refusal`] is what a workstation tells its person, a server's refusal
//! or something that only the workstation knows. Each kind has its wire name, its English line for the log and, in
//! [`RefusalKind::told`] or [`Refusal::told`], its outcome in the log, its HTTP status and its sentence.
//! Invariant: wire names and lines for the log never change, old events and other versions have them. A new kind is
//! written here and in `i18n/it/vedetta.ftl` and `i18n/en/vedetta.ftl`, and nowhere else.
//! Deliberately absent: deciding, and what goes wrong in other rooms (each turns its errors into a refusal itself).

mod camera_trouble;
#[cfg(test)]
pub(crate) mod samples;

pub use camera_trouble::{CameraTrouble, TroubleKind};

use super::audit::event::Outcome;
use super::camera::StationId;
use super::message::{Argument, Message, sentence};
use super::people::account::PasswordFault;
use super::people::clearance::ClearanceError;
use super::people::{Holder, Rule};
use super::privacy::declared_event::DeclareError;
use super::ptz::limits::LimitHit;
use super::site::CameraPlan;
use super::site::change::SiteFault;
use super::version::critical::UpdateNeeded;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Why a server refuses: `why` in the body of its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    #[error("wrong user name or password")]
    WrongCredentials,
    #[error("locked out for {seconds} s")]
    LockedOut { seconds: u64 },
    #[error("the account is active on another workstation")]
    AlreadyActiveElsewhere,
    #[error("this workstation is not enabled")]
    UnknownStation,
    /// Signed out, revoked by the server, or closed.
    #[error("the session has ended")]
    SessionEnded,
    /// The password is too old, or somebody else's.
    #[error("another password must be chosen first")]
    MustChoosePassword,
    #[error("the code of the second factor is missing or wrong")]
    SecondFactor,
    #[error("the purpose needs a protocol number")]
    NoProtocolNumber,
    /// The administrator gives one.
    #[error("the account has no second factor, and needs one here")]
    NoSecondFactor,
    #[error("the new password is not taken: {0}")]
    NotTaken(PasswordFault),
    /// One caller asks too much; the others are served.
    #[error("too many requests of one caller")]
    TooManyRequests,
    #[error("refused by rule {0:?}")]
    Rule(Rule),
    /// Somebody else has the lease of the dome.
    #[error("held by {}", .0.display_name)]
    #[serde(rename = "held_by_other")]
    LeasedByOther(Holder),
    /// A dome is taken over only from a lower level.
    #[error("the holder's level is not lower")]
    LevelTooLow,
    #[error("not declared: {0}")]
    Declare(DeclareError),
    #[error("not cleared: {0}")]
    Clearance(ClearanceError),
    #[error("the site plan is not changed so: {0}")]
    Site(SiteFault),
    /// The thing asked about never was, or is over: a lease, a request.
    #[error("there is no such thing any more")]
    NotFound,
    /// `expected` is the next seq that the server wants.
    #[error("the server expects event {expected}")]
    Gap { expected: u64 },
    #[error("the server holds another event {seq} of this workstation")]
    Equivocation { seq: u64 },
    #[error("the server does not take it: a name is taken, or something is not written well")]
    Malformed,
    #[error("the request is too large")]
    TooLarge,
    #[error("the server cannot work now")]
    Unavailable,
    /// The server's folder is older than what the workstation `seen_by` saw signed; `command` is what two supervisors type there when
    /// the newer one is lost.
    #[error("the server was put back from a copy older than what {seen_by} saw signed")]
    PutBack { seen_by: StationId, command: String },
    /// The workstation speaks no version of the protocol that the server still serves.
    #[error("the workstation's program is older than the server serves")]
    UpdateWorkstation,
    /// The workstation speaks no version of the protocol as old as the server's.
    #[error("the server's program is older than the workstation's")]
    UpdateServer,
}

/// Why an act was not done at a workstation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A server refuses so, and a workstation for the same reason.
    #[error(transparent)]
    Kind(RefusalKind),
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
    #[error("beyond the pan or tilt limit")]
    PositionLimit,
    /// The lease of the dome ran out here, or another began.
    #[error("the hold on the dome is over")]
    LeaseEnded,
    /// Without the server nobody knows who else takes the dome.
    #[error("the server is away, and no hold begins without it")]
    NoLeaseWithoutServer,
    #[error("the event could not be recorded: {detail}")]
    NotRecorded { detail: String },
    #[error("the server is away, and this needs it")]
    ServerAway,
    /// Something answered, but not as a server of Vedetta does.
    #[error("the server's answer is not understood: {detail}")]
    UnintelligibleAnswer { detail: String },
    /// A newer server refuses with a kind that this version does not have.
    #[error("the server refuses for a reason that this version does not know: {name}")]
    UnknownReason { name: String },
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
    /// Nothing is recorded for a while inside the range; the last moment before and the first one after it, Unix milliseconds.
    #[error("nothing is recorded from {from_ms} ms to {to_ms} ms")]
    HoleRecorded { from_ms: i64, to_ms: i64 },
    /// Times of recording repeat inside the range; both moments by the recorder's clock, Unix milliseconds.
    #[error("the recorder's clock was put back from {at_ms} ms to {to_ms} ms")]
    ClockSetBack { at_ms: i64, to_ms: i64 },
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
    /// At a locked workstation, where nobody types a name.
    #[error("wrong password")]
    WrongPassword,
    /// The plan, or what it says of the camera, is for a newer program.
    #[error(transparent)]
    UpdateNeeded(UpdateNeeded),
}

/// What a server's refusal is to the log, to HTTP and to a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Outcome of the act in the workstation's event.
    pub outcome: Outcome,
    /// Status of the answer (RFC 9110 §15.5, §15.6).
    pub status: u16,
    /// What happened, then what to do.
    pub message: Message,
}

/// Somebody or a rule says no.
fn refused(status: u16, message: Message) -> Told {
    Told {
        outcome: Outcome::Refused,
        status,
        message,
    }
}

/// Something does not work.
fn failed(status: u16, message: Message) -> Told {
    Told {
        outcome: Outcome::Failed,
        status,
        message,
    }
}

impl RefusalKind {
    /// Outcome, HTTP status and sentence, one line a kind.
    pub fn told(&self) -> Told {
        match self {
            Self::WrongCredentials => refused(401, sentence("sign-in-wrong")),
            Self::LockedOut { seconds } => {
                let wait = Argument::Span(Duration::from_secs(*seconds));
                refused(429, sentence("sign-in-locked").with("wait", wait))
            }
            Self::AlreadyActiveElsewhere => refused(409, sentence("sign-in-elsewhere")),
            Self::UnknownStation => refused(403, sentence("sign-in-station")),
            Self::SessionEnded => refused(401, sentence("refusal-session-ended")),
            Self::MustChoosePassword => refused(403, sentence("sign-in-must-choose")),
            Self::SecondFactor => refused(401, sentence("sign-in-second-factor")),
            Self::NoProtocolNumber => refused(422, sentence("sign-in-no-protocol")),
            Self::NoSecondFactor => refused(403, sentence("sign-in-no-second-factor")),
            Self::NotTaken(fault) => refused(422, fault.message()),
            Self::TooManyRequests => failed(429, sentence("refusal-too-many-requests")),
            Self::Rule(rule) => refused(403, rule.message()),
            Self::LeasedByOther(holder) => {
                let held = sentence("refusal-leased").with("name", holder.display_name.as_str());
                refused(409, held.with("body", holder.agency.as_str()))
            }
            Self::LevelTooLow => refused(403, sentence("refusal-level")),
            Self::Declare(error) => refused(422, error.message()),
            Self::Clearance(error) => refused(422, error.message()),
            Self::Site(fault) => refused(422, fault.message()),
            Self::NotFound => refused(404, sentence("refusal-not-there")),
            Self::Gap { .. } => failed(422, sentence("refusal-gap")),
            Self::Equivocation { .. } => failed(409, sentence("refusal-equivocation")),
            Self::Malformed => refused(400, sentence("refusal-not-accepted")),
            Self::TooLarge => failed(413, sentence("refusal-too-large")),
            Self::Unavailable => failed(503, sentence("refusal-unavailable")),
            Self::PutBack { seen_by, command } => {
                let told = sentence("refusal-put-back").with("station", seen_by.as_str());
                failed(503, told.with("command", command.as_str()))
            }
            Self::UpdateWorkstation => refused(403, sentence("refusal-update")),
            Self::UpdateServer => failed(501, sentence("refusal-update-server")),
        }
    }

    /// Whether waiting may help.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable | Self::PutBack { .. } | Self::TooManyRequests)
    }
}

impl Refusal {
    /// Outcome and sentence, one line a kind.
    pub fn told(&self) -> (Outcome, Message) {
        use Outcome::{Failed, Refused};
        match self {
            Self::Kind(kind) => {
                let told = kind.told();
                (told.outcome, told.message)
            }
            Self::ZoomCeiling { ceiling } => (Refused, at(sentence("refusal-zoom-ceiling"), *ceiling)),
            Self::DensityCeiling { px_m, ceiling } => {
                let density = Argument::decimal(*px_m, 0);
                (
                    Refused,
                    at(sentence("refusal-density-ceiling"), *ceiling).with("density", density),
                )
            }
            Self::SectorCeiling { sector, ceiling } => (
                Refused,
                at(sentence("refusal-sector-ceiling"), *ceiling).with("sector", sector.as_str()),
            ),
            Self::NoLook { sector } => (Refused, sentence("refusal-no-look").with("sector", sector.as_str())),
            Self::SchoolHours { until: None } => (Refused, Rule::SchoolHours.message()),
            Self::SchoolHours { until: Some(until) } => (
                Refused,
                sentence("refusal-school-until").with("time", Argument::Moment(*until)),
            ),
            Self::PositionLimit => (Refused, sentence("refusal-position-limit")),
            Self::LeaseEnded => (Refused, sentence("refusal-lease-ended")),
            Self::NoLeaseWithoutServer => (Failed, sentence("refusal-no-lease")),
            Self::NotRecorded { .. } => (Failed, sentence("refusal-not-recorded")),
            Self::ServerAway => (Failed, Rule::ServerAway.message()),
            Self::UnintelligibleAnswer { .. } => (Failed, sentence("refusal-unintelligible")),
            Self::UnknownReason { name } => (Refused, sentence("refusal-unknown-reason").with("name", name.as_str())),
            Self::GraceOver => (Failed, Rule::GraceOver.message()),
            Self::OutboxFilling => (Failed, sentence("refusal-outbox-filling")),
            Self::LogNotTrusted { .. } => (Failed, sentence("refusal-log-not-trusted")),
            Self::DiskFull => (Failed, sentence("refusal-disk-full")),
            Self::Camera(trouble) => (Failed, trouble.kind.message()),
            Self::NothingRecorded => (Failed, sentence("refusal-nothing-recorded")),
            Self::HoleRecorded { from_ms, to_ms } => (
                Failed,
                sentence("refusal-hole")
                    .with("from", Argument::Clock(*from_ms))
                    .with("to", Argument::Clock(*to_ms)),
            ),
            Self::ClockSetBack { at_ms, to_ms } => (
                Failed,
                sentence("refusal-clock-set-back")
                    .with("at", Argument::Clock(*at_ms))
                    .with("to", Argument::Clock(*to_ms)),
            ),
            Self::TooOld => (Refused, sentence("refusal-too-old")),
            Self::Covered => (Refused, sentence("refusal-covered")),
            Self::Disk { detail } => (Failed, sentence("refusal-disk").with("detail", detail.as_str())),
            Self::NotSupported => (Failed, sentence("refusal-not-supported")),
            Self::NoPoseRecorded => (Refused, sentence("refusal-no-pose-recorded")),
            Self::PlanChanged => (Refused, sentence("refusal-plan-changed")),
            Self::WrongPassword => (Refused, sentence("lock-wrong")),
            Self::UpdateNeeded(UpdateNeeded { since: None }) => (Refused, sentence("refusal-update")),
            Self::UpdateNeeded(UpdateNeeded { since: Some(release) }) => (
                Refused,
                sentence("refusal-update-release").with("release", release.to_string()),
            ),
        }
    }

    /// Outcome of the refused act in its event: whether somebody said no, or something broke.
    pub fn outcome(&self) -> Outcome {
        self.told().0
    }

    /// What happened, then what to do.
    pub fn message(&self) -> Message {
        self.told().1
    }

    /// Whether the server gave no usable word: it is away, cannot work now, or its answer is not understood.
    pub fn is_without_server(&self) -> bool {
        match self {
            Self::ServerAway | Self::UnintelligibleAnswer { .. } => true,
            Self::Kind(kind) => kind.is_temporary(),
            _ => false,
        }
    }

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

fn at(message: Message, ceiling: f64) -> Message {
    message.with("ceiling", Argument::decimal(ceiling, 1))
}

impl From<RefusalKind> for Refusal {
    fn from(kind: RefusalKind) -> Self {
        match kind {
            RefusalKind::Rule(rule) => rule.into(),
            other => Self::Kind(other),
        }
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
            | Rule::OtherController => Self::Kind(RefusalKind::Rule(rule)),
        }
    }
}

impl From<CameraTrouble> for Refusal {
    fn from(trouble: CameraTrouble) -> Self {
        Self::Camera(trouble)
    }
}
