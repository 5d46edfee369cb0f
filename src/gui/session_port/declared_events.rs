//! Declared events: masks or ceilings lifted for minutes, in one's own name.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, SignedIn, act};
use crate::domain::camera::CameraId;
use crate::domain::privacy::declared_event::{Change, Declaration};
use crate::station::Session;
use std::time::Instant;

/// Declared events, in force and to come.
pub trait DeclaredEvents: SignedIn {
    /// Declared events in force.
    fn declared(&self) -> Vec<InForce>;
    /// Declares an event at a camera.
    fn declare(&self, camera: CameraId, what: Declaration) -> Answer<()>;
    /// Ends a declared event before its time.
    fn end_declared(&self, id: u64) -> Answer<()>;
}

/// A declared event in force.
#[derive(Debug, Clone, PartialEq)]
pub struct InForce {
    pub id: u64,
    pub camera: CameraId,
    pub change: Change,
    pub display_name: String,
    pub ends: Instant,
}

impl DeclaredEvents for Session {
    fn declared(&self) -> Vec<InForce> {
        let now = Instant::now();
        let declared = Session::declared(self);
        let declared = declared.borrow();
        let in_force = declared.iter().filter(|event| event.ends > now);
        in_force
            .map(|event| InForce {
                id: event.id,
                camera: event.camera.clone(),
                change: event.declaration.change.clone(),
                display_name: event.by.display_name.clone(),
                ends: event.ends,
            })
            .collect()
    }

    fn declare(&self, camera: CameraId, what: Declaration) -> Answer<()> {
        act(self, async move |session| {
            session.declare(&camera, what).await.map(drop)
        })
    }

    fn end_declared(&self, id: u64) -> Answer<()> {
        act(self, async move |session| session.end_declared(id).await)
    }
}
