//! Workstations: enrolment and revocation, by the system administrator.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, SignedIn, act};
use crate::domain::camera::StationId;
use crate::domain::reason::Reason;
use crate::station::{EnrolmentCode, NewCode, Session, StationView};

/// The workstations of the municipality.
pub trait WorkstationAdmin: SignedIn {
    /// Whether this person may enrol and revoke workstations.
    fn administers_workstations(&self) -> bool;
    /// Workstations, enrolled and revoked.
    fn workstations(&self) -> Answer<Vec<StationView>>;
    /// Makes a code with which a new workstation enrols itself, once.
    fn enrolment_code(&self, new: NewCode) -> Answer<EnrolmentCode>;
    /// Revokes a workstation.
    fn revoke_workstation(&self, station: StationId, reason: Reason) -> Answer<()>;
}

impl WorkstationAdmin for Session {
    fn administers_workstations(&self) -> bool {
        Session::may_enrol_workstations(self)
    }

    fn workstations(&self) -> Answer<Vec<StationView>> {
        act(self, async move |session| session.workstations().await)
    }

    fn enrolment_code(&self, new: NewCode) -> Answer<EnrolmentCode> {
        act(self, async move |session| session.enrolment_code(&new).await)
    }

    fn revoke_workstation(&self, station: StationId, reason: Reason) -> Answer<()> {
        act(self, async move |session| {
            session.revoke_workstation(&station, reason).await
        })
    }
}
