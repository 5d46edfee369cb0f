//! PTZ control: moves and presets of a dome.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, SignedIn, act};
use crate::domain::camera::CameraId;
use crate::domain::ptz::delay_trial::MeasuredMotion;
use crate::domain::ptz::steering::PictureVelocity;
use crate::station::{Gesture, Preset, Refusal, Session};
use futures::future::BoxFuture;
use std::time::Duration;

/// PTZ control of the domes.
pub trait PtzControl: SignedIn {
    /// Takes the dome's lease and opens its PTZ drive.
    fn drive_ptz(&self, camera: CameraId) -> Answer<Box<dyn PtzDrive>>;
    /// Presets stored in the camera.
    fn presets(&self, camera: CameraId) -> Answer<Vec<Preset>>;
    /// Moves the dome to a preset, within its limits.
    fn call_preset(&self, camera: CameraId, preset: String) -> Answer<()>;
    /// Moves the dome to its home position.
    fn call_home(&self, camera: CameraId) -> Answer<()>;
    /// Measures the dome's speeds and delays, for minutes.
    fn measure_motion(&self, camera: CameraId) -> Answer<MeasuredMotion>;
    /// Stores the dome's pose as a preset.
    fn save_preset(&self, camera: CameraId, name: String) -> Answer<()>;
}

/// The PTZ drive of one gesture. Dropping it stops the dome.
pub trait PtzDrive: Send + Sync {
    fn velocity(&self, wanted: PictureVelocity) -> BoxFuture<'_, Result<(), Refusal>>;
    fn tap(&self, wanted: PictureVelocity, held: Duration) -> BoxFuture<'_, Result<(), Refusal>>;
    fn box_zoom(&self, corners: [[f64; 2]; 2]) -> BoxFuture<'_, Result<(), Refusal>>;
    fn centre_on(&self, x: f64, y: f64) -> BoxFuture<'_, Result<(), Refusal>>;
    fn zoom_by(&self, factor: f64) -> BoxFuture<'_, Result<(), Refusal>>;
    fn end(self: Box<Self>) -> Answer<()>;
}

impl PtzControl for Session {
    fn drive_ptz(&self, camera: CameraId) -> Answer<Box<dyn PtzDrive>> {
        act(self, async move |session| {
            let gesture = session.drive_ptz(&camera).await?;
            Ok(Box::new(gesture) as Box<dyn PtzDrive>)
        })
    }

    fn presets(&self, camera: CameraId) -> Answer<Vec<Preset>> {
        act(self, async move |session| session.presets(&camera).await)
    }

    fn call_preset(&self, camera: CameraId, preset: String) -> Answer<()> {
        act(self, async move |session| session.call_preset(&camera, &preset).await)
    }

    fn call_home(&self, camera: CameraId) -> Answer<()> {
        act(self, async move |session| session.call_home(&camera).await)
    }

    fn measure_motion(&self, camera: CameraId) -> Answer<MeasuredMotion> {
        act(self, async move |session| session.measure_motion(&camera).await)
    }

    fn save_preset(&self, camera: CameraId, name: String) -> Answer<()> {
        act(self, async move |session| session.save_preset(&camera, &name).await)
    }
}

impl PtzDrive for Gesture {
    fn velocity(&self, wanted: PictureVelocity) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(Gesture::velocity(self, wanted))
    }
    fn tap(&self, wanted: PictureVelocity, held: Duration) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(Gesture::tap(self, wanted, held))
    }
    fn box_zoom(&self, corners: [[f64; 2]; 2]) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(Gesture::box_zoom(self, corners))
    }
    fn centre_on(&self, x: f64, y: f64) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(Gesture::centre_on(self, x, y))
    }
    fn zoom_by(&self, factor: f64) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(Gesture::zoom_by(self, factor))
    }
    fn end(self: Box<Self>) -> Answer<()> {
        Box::pin(Gesture::end(*self))
    }
}
