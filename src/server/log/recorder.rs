//! Events of the server itself: who did what at which workstation, durable before it is answered.
//!
//! Invariant: when recording fails the act is refused. Deliberately absent: the decision whether the act is allowed.

use super::sequencer::{OWN_STATION, Rejection, Sequencer, own_event};
use crate::domain::audit::details::Details;
use crate::domain::audit::event::{Event, Outcome};
use crate::domain::camera::{CameraId, ControllerId, StationId};
use crate::domain::people::{Person, Purpose};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Records on behalf of the server. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    sequencer: Sequencer,
    own: StationId,
    policy_version: Arc<AtomicU64>,
}

/// Who acts, where, on what camera and under which purpose. `Default` is an act of nobody on nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Act<'a> {
    /// The signed-in person.
    pub person: Option<&'a Person>,
    /// Name that was typed, when nobody is signed in.
    pub typed_user: &'a str,
    pub session: &'a str,
    /// The workstation it happens at.
    pub at: Option<&'a StationId>,
    pub camera: Option<&'a CameraId>,
    /// As it was stated; what is recorded is what counts at the person's level.
    pub purpose: Option<Purpose>,
    /// Of the request behind the purpose; empty when there is none.
    pub protocol_no: &'a str,
}

impl Recorder {
    /// Records with this plan version in each event.
    ///
    /// # Errors
    /// The server's own name is not a name (never).
    pub fn new(sequencer: Sequencer, policy_version: u64) -> Result<Self, crate::domain::camera::BadSlug> {
        Ok(Self {
            sequencer,
            own: OWN_STATION.parse()?,
            policy_version: Arc::new(AtomicU64::new(policy_version)),
        })
    }

    /// Another plan is in force from now on.
    pub fn set_policy_version(&self, version: u64) {
        self.policy_version.store(version, Ordering::Release);
    }

    /// Records an act; returns when it is durable.
    ///
    /// # Errors
    /// [`Rejection`]: it is not recorded.
    pub async fn record(
        &self,
        log: &ControllerId,
        what: impl Into<Details>,
        result: Outcome,
        act: Act<'_>,
    ) -> Result<(), Rejection> {
        self.sequencer.record(self.event(log, what, result, act)).await
    }

    /// The event of an act, for who records it together with something else.
    pub fn event(&self, log: &ControllerId, what: impl Into<Details>, result: Outcome, act: Act<'_>) -> Event {
        let what: Details = what.into();
        let mut event = own_event(log.clone(), self.own.clone(), what.at(act.at), result);
        event.body.person = act.person.map_or(act.typed_user, |person| &person.user).to_owned();
        event.body.level = act.person.map(|person| person.level);
        event.body.agency = act.person.map(|person| person.agency.clone()).unwrap_or_default();
        event.body.session = act.session.to_owned();
        event.body.camera = act.camera.cloned();
        let stated = act.purpose;
        event.body.purpose = match act.person {
            Some(person) => stated.map(|purpose| purpose.at_level(person.level)),
            None => stated,
        };
        act.protocol_no.clone_into(&mut event.body.protocol_no);
        event.body.policy_version = self.policy_version.load(Ordering::Acquire);
        event
    }
}
