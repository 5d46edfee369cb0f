//! One refusal of every kind, for the tests that hold the vocabulary: wire form, sentences, outcomes.

use super::{CameraTrouble, Refusal, RefusalKind, TroubleKind};
use crate::domain::people::account::PasswordFault;
use crate::domain::people::clearance::ClearanceError;
use crate::domain::people::{Holder, Rule};
use crate::domain::privacy::declared_event::DeclareError;
use crate::domain::site::change::SiteFault;
use crate::domain::version::critical::UpdateNeeded;
use std::time::Instant;

/// Every kind of a server, with every value of what it carries.
pub(crate) fn every_kind() -> Vec<RefusalKind> {
    let mut kinds = frozen_kinds();
    kinds.extend(later_kinds());
    kinds
}

/// The kinds that came after `tests/golden/refusals.json` was frozen.
pub(crate) fn later_kinds() -> [RefusalKind; 3] {
    let put_back = RefusalKind::PutBack {
        seen_by: "sala-operativa".parse().unwrap(),
        command: "vedetta-audit log new-beginning --data /var/lib/vedetta".into(),
    };
    [RefusalKind::UpdateWorkstation, RefusalKind::UpdateServer, put_back]
}

/// The kinds in `tests/golden/refusals.json`, in its order.
pub(crate) fn frozen_kinds() -> Vec<RefusalKind> {
    let holder = Holder {
        user: "operatore".into(),
        display_name: "Ag. Neri".into(),
        agency: "Polizia Locale".into(),
        station: "sala-operativa".parse().unwrap(),
    };
    let mut kinds = vec![
        RefusalKind::WrongCredentials,
        RefusalKind::LockedOut { seconds: 60 },
        RefusalKind::AlreadyActiveElsewhere,
        RefusalKind::UnknownStation,
        RefusalKind::SessionEnded,
        RefusalKind::MustChoosePassword,
        RefusalKind::SecondFactor,
        RefusalKind::NoProtocolNumber,
        RefusalKind::NoSecondFactor,
        RefusalKind::TooManyRequests,
        RefusalKind::LeasedByOther(holder),
        RefusalKind::LevelTooLow,
        RefusalKind::NotFound,
        RefusalKind::Gap { expected: 5 },
        RefusalKind::Equivocation { seq: 7 },
        RefusalKind::Malformed,
        RefusalKind::TooLarge,
        RefusalKind::Unavailable,
    ];
    kinds.extend(
        [
            PasswordFault::Length,
            PasswordFault::ContainsName,
            PasswordFault::Monotonous,
            PasswordFault::UsedBefore,
        ]
        .map(RefusalKind::NotTaken),
    );
    kinds.extend(
        [
            Rule::NoGrant,
            Rule::OutsideHours,
            Rule::NotAtThisStation,
            Rule::ServerAway,
            Rule::GraceOver,
            Rule::MaintainerSeesNoImage,
            Rule::AdministratorDoesNotWatch,
            Rule::SchoolHours,
            Rule::SupervisorOnly,
            Rule::FourEyes,
            Rule::OtherController,
        ]
        .map(RefusalKind::Rule),
    );
    kinds.extend(
        [
            DeclareError::NoReason,
            DeclareError::Minutes { most: 60 },
            DeclareError::NoCeiling,
            DeclareError::NoSuchMask,
            DeclareError::PermanentMask,
            DeclareError::NoSchool,
            DeclareError::SupervisorOnly,
            DeclareError::AlreadyInForce,
            DeclareError::TooMany,
        ]
        .map(RefusalKind::Declare),
    );
    kinds.extend(
        [
            ClearanceError::Cameras,
            ClearanceError::EmptyRange,
            ClearanceError::TooOld,
            ClearanceError::TooFarAhead,
            ClearanceError::TooMuch,
            ClearanceError::NoProtocolNumber,
            ClearanceError::Hours,
            ClearanceError::SupervisorOnly,
            ClearanceError::OwnRequest,
            ClearanceError::NotWaiting,
            ClearanceError::Wider,
            ClearanceError::NotCleared,
            ClearanceError::NotForThisLevel,
            ClearanceError::NotInForce,
            ClearanceError::Ended,
            ClearanceError::NotAtOnce,
            ClearanceError::NotRecent { minutes: 60 },
            ClearanceError::NoCopiesAtOnce,
        ]
        .map(RefusalKind::Clearance),
    );
    kinds.extend(
        [
            SiteFault::Address,
            SiteFault::Text,
            SiteFault::Taken,
            SiteFault::NotKept,
            SiteFault::NoSuchCamera,
            SiteFault::Controllers,
            SiteFault::Stale { version: 3 },
            SiteFault::Senseless { camera: None },
            SiteFault::Senseless {
                camera: Some("cam-01".parse().unwrap()),
            },
            SiteFault::Nothing,
            SiteFault::TooMany,
        ]
        .map(RefusalKind::Site),
    );
    kinds
}

/// Every refusal of a workstation; those of a server are among them.
pub(crate) fn every_refusal(now: Instant) -> Vec<Refusal> {
    let detail = || "detail".to_owned();
    let mut refusals: Vec<Refusal> = every_kind().into_iter().map(Refusal::Kind).collect();
    refusals.extend([
        Refusal::ZoomCeiling { ceiling: 4.0 },
        Refusal::DensityCeiling {
            px_m: 250.0,
            ceiling: 4.5,
        },
        Refusal::SectorCeiling {
            sector: "Piazza".into(),
            ceiling: 4.5,
        },
        Refusal::NoLook {
            sector: "Scuola".into(),
        },
        Refusal::SchoolHours { until: None },
        Refusal::SchoolHours { until: Some(now) },
        Refusal::PositionLimit,
        Refusal::LeaseEnded,
        Refusal::NoLeaseWithoutServer,
        Refusal::NotRecorded { detail: detail() },
        Refusal::ServerAway,
        Refusal::UnintelligibleAnswer { detail: detail() },
        Refusal::UnknownReason {
            name: "from_the_future".into(),
        },
        Refusal::GraceOver,
        Refusal::OutboxFilling,
        Refusal::LogNotTrusted { detail: detail() },
        Refusal::DiskFull,
        Refusal::NothingRecorded,
        Refusal::HoleRecorded {
            from_ms: 1_795_334_400_000,
            to_ms: 1_795_335_000_000,
        },
        Refusal::ClockSetBack {
            at_ms: 1_795_334_409_900,
            to_ms: 1_795_334_400_000,
        },
        Refusal::TooOld,
        Refusal::Covered,
        Refusal::Disk { detail: detail() },
        Refusal::NotSupported,
        Refusal::NoPoseRecorded,
        Refusal::PlanChanged,
        Refusal::WrongPassword,
        Refusal::UpdateNeeded(UpdateNeeded { since: None }),
        Refusal::UpdateNeeded(UpdateNeeded {
            since: "1.2".parse().ok(),
        }),
    ]);
    let troubles = [
        TroubleKind::Unreachable,
        TroubleKind::WrongPassword,
        TroubleKind::ClockWrong,
        TroubleKind::Nonsense,
        TroubleKind::Busy,
        TroubleKind::NoStream,
        TroubleKind::UnknownLogin,
        TroubleKind::UnknownFormat,
        TroubleKind::MissingDecoder,
        TroubleKind::StreamBroken,
        TroubleKind::StreamFrozen,
        TroubleKind::SeveralViews,
        TroubleKind::ViewGone,
        TroubleKind::SelfTest,
    ];
    refusals.extend(troubles.map(|kind| Refusal::Camera(CameraTrouble::new(kind, "401 at 10.0.0.7"))));
    refusals
}
