//! A connected camera or recorder.
use super::{DeviceFacts, Endpoint, Limits, OnvifError, Ptz, RecordedPosition, Recording, StreamOffer, Subscription};
use std::time::Duration;

/// A connected camera or recorder. Cheap to clone; safe to use from any task.
#[derive(Clone)]
pub struct Camera(std::sync::Arc<()>);

impl Camera {
    /// Reads clock, services and device information. Works without a clock set right on the device.
    pub async fn connect(_endpoint: Endpoint, _limits: Limits) -> Result<Camera, OnvifError> {
        todo!()
    }
    /// What the device says about itself, as read while connecting.
    pub fn facts(&self) -> &DeviceFacts {
        todo!()
    }
    /// Every stream it offers, largest picture first.
    pub async fn streams(&self) -> Result<Vec<StreamOffer>, OnvifError> {
        todo!()
    }
    /// Its motors; `None` for a fixed camera.
    pub async fn ptz(&self) -> Result<Option<Ptz>, OnvifError> {
        todo!()
    }
    /// What it has recorded (Profile G), oldest first.
    pub async fn recordings(&self) -> Result<Vec<Recording>, OnvifError> {
        todo!()
    }
    /// The RTSP address that plays a recording back; without credentials.
    pub async fn replay_uri(&self, _recording: &str) -> Result<String, OnvifError> {
        todo!()
    }
    /// Where a dome looked while it recorded (FindPTZPosition), Unix milliseconds.
    pub async fn recorded_positions(
        &self,
        _recording: &str,
        _from_ms: i64,
        _to_ms: i64,
    ) -> Result<Vec<RecordedPosition>, OnvifError> {
        todo!()
    }
    /// Asks for a key frame on a profile's streams.
    pub async fn synchronise(&self, _profile: &str) -> Result<(), OnvifError> {
        todo!()
    }
    /// A pull point for events.
    pub async fn subscribe(&self, _lifetime: Duration) -> Result<Subscription, OnvifError> {
        todo!()
    }
    /// Reads the device's clock now; device minus ours, seconds. The cheapest sign of life.
    pub async fn clock_offset(&self) -> Result<i64, OnvifError> {
        todo!()
    }
}
