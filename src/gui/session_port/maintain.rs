//! Diagnostics: what a maintainer sees of a camera, no picture.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, SignedIn, act};
use crate::domain::camera::CameraId;
use crate::station::{Diagnosis, Session};

/// Diagnostics of the cameras.
pub trait Maintain: SignedIn {
    /// Asks a camera for its state: reach, model, clock, streams.
    fn diagnose(&self, camera: CameraId) -> Answer<Diagnosis>;
}

impl Maintain for Session {
    fn diagnose(&self, camera: CameraId) -> Answer<Diagnosis> {
        act(self, async move |session| session.diagnose(&camera).await)
    }
}
