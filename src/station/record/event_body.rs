//! What every event of a workstation is written with: a body to fill, and the retention class.
//!
//! Invariant: a body made here names the workstation and the act and nothing else; who and why are filled in by the
//! session. Deliberately absent: appending an event (`outbox`), the wire form (`domain::audit`).

use crate::domain::audit::details::Details;
use crate::domain::audit::event::{Body, Outcome, RetentionClass};
use crate::domain::camera::StationId;
use crate::domain::people::Purpose;

/// The retention class of an event's body, by the purpose it was recorded for: how long it is stored at least.
pub fn class_of(purpose: Purpose) -> RetentionClass {
    match purpose {
        Purpose::Maintenance => RetentionClass::Standard,
        Purpose::UrbanSecurity
        | Purpose::PublicOrder
        | Purpose::JudicialPoliceInitiative
        | Purpose::JudicialPoliceDelegated
        | Purpose::CrimeSeenLive
        | Purpose::Traffic
        | Purpose::CivilProtection
        | Purpose::Waste
        | Purpose::DataSubjectRequest => RetentionClass::Police,
    }
}

/// The body of an event with workstation, what happened and outcome, a fresh act, and no person.
pub fn body_without_person(station: &StationId, what: impl Into<Details>, result: Outcome) -> Body {
    Body::new(station.clone(), uuid::Uuid::new_v4(), what, result)
}
