//! Why a step of the server was not taken: it was refused, could not be recorded, or could not be kept.
//!
//! One type for everything that is recorded before it happens: leases, clearances, declared events, the site plan.
//! Invariant: each way it can go wrong is told to the caller. Deliberately absent: the answer over the network (`http`).

use super::log::sequencer::Rejection;
use super::store::StoreError;
use crate::domain::people::clearance::ClearanceError;
use crate::domain::privacy::declared_event::DeclareError;
use crate::protocol::RefusalKind;

/// Why a step was not taken.
#[derive(Debug)]
pub enum Trouble {
    Refused(RefusalKind),
    NotRecorded(Rejection),
    Store(StoreError),
}

impl From<RefusalKind> for Trouble {
    fn from(kind: RefusalKind) -> Self {
        Self::Refused(kind)
    }
}

impl From<ClearanceError> for Trouble {
    fn from(error: ClearanceError) -> Self {
        Self::Refused(RefusalKind::Clearance(error))
    }
}

impl From<DeclareError> for Trouble {
    fn from(error: DeclareError) -> Self {
        Self::Refused(RefusalKind::Declare(error))
    }
}

impl From<Rejection> for Trouble {
    fn from(rejection: Rejection) -> Self {
        Self::NotRecorded(rejection)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
