//! Who is signed in at this workstation, and what is in force for them.
//!
//! Invariant: reads, never acts. Deliberately absent: rules.

use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::{Circumstances, Person};
use crate::domain::site::SitePlan;
use crate::station::{Health, LetInAlone, Session};
use std::sync::Arc;
use std::time::Instant;

/// The person, and the state of the workstation they sit at.
pub trait SignedIn: Send + Sync {
    /// The signed-in person, with level and grants.
    fn person(&self) -> Person;
    /// The purpose in force, with note and protocol number.
    fn stated(&self) -> Stated;
    /// Kind of workstation and reach of the server, for asking `domain::people` what is allowed now.
    fn circumstances(&self) -> Circumstances;
    /// The site plan in force.
    fn plan(&self) -> Arc<SitePlan>;
    /// State of outbox, audit log and server.
    fn health(&self) -> Health;
    /// Supervisors' accounts that came into use lately without another supervisor.
    fn let_in_alone(&self) -> Vec<LetInAlone>;
    /// The instant here of a moment of the server's clock, Unix ms.
    fn moment(&self, server_ms: i64) -> Instant;
}

impl SignedIn for Session {
    fn person(&self) -> Person {
        Session::person(self).clone()
    }

    fn stated(&self) -> Stated {
        Session::stated(self)
    }

    fn circumstances(&self) -> Circumstances {
        Session::circumstances(self)
    }

    fn plan(&self) -> Arc<SitePlan> {
        Session::plan(self)
    }

    fn health(&self) -> Health {
        Session::health(self).borrow().clone()
    }

    fn let_in_alone(&self) -> Vec<LetInAlone> {
        Session::let_in_alone(self).to_vec()
    }

    fn moment(&self, server_ms: i64) -> Instant {
        Session::moment(self, server_ms)
    }
}
