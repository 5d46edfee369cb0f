//! Wire form of every refusal, frozen: status and body as `tests/golden/refusals.json` has them, byte for byte.

use super::Refused;
use crate::domain::people::Rule;
use crate::domain::people::account::PasswordFault;
use crate::domain::people::clearance::ClearanceError;
use crate::domain::privacy::declared_event::DeclareError;
use crate::domain::site::change::SiteFault;
use crate::protocol::{Holder, RefusalKind};
use axum::response::IntoResponse as _;

const GOLDEN: &str = include_str!("../../../../tests/golden/refusals.json");

/// Every kind, with every value of what it carries.
fn every_kind() -> Vec<RefusalKind> {
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
        RefusalKind::HeldByOther(holder),
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

#[tokio::test]
async fn every_refusal_keeps_its_status_and_its_body() {
    let mut lines = Vec::new();
    for kind in every_kind() {
        let response = Refused::from(kind).into_response();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        lines.push(format!("{{\"status\":{status},\"body\":{body}}}"));
    }
    let written = format!("[\n{}\n]\n", lines.join(",\n"));
    assert_eq!(written, GOLDEN, "{written}");
}
