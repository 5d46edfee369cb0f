//! PTZ service.
use super::OnvifError;
use crate::domain::camera::NormalisedPosition;
use std::time::{Duration, Instant};

/// Speed of each commanded axis, −1..1 (right, up, in positive). `None`: the axis is not part of the command.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Velocity {
    pub pan: Option<f64>,
    pub tilt: Option<f64>,
    pub zoom: Option<f64>,
}

/// Whether the motors run, as the device says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveState {
    Idle,
    Moving,
    /// The device does not say.
    Unknown,
}

/// A status answer with the times between which it was true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PtzStatus {
    /// `None` when the device gave none, or one that cannot be placed in a declared range.
    pub position: Option<NormalisedPosition>,
    pub moving: MoveState,
    /// Just before the request left.
    pub sent: Instant,
    /// Just after the answer was complete.
    pub received: Instant,
}

/// A stored position.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    pub token: String,
    pub name: String,
    /// When the device says it.
    pub position: Option<NormalisedPosition>,
}

/// The motors of a camera. Cheap to clone. Commands go out one after the other in the order of the calls; a movement
/// overtaken by a later command before it left is not sent.
#[derive(Clone)]
pub struct Ptz(std::sync::Arc<()>);

impl Ptz {
    /// Moves until `timeout`, sent to the device as its own limit.
    pub async fn continuous(&self, _velocity: Velocity, _timeout: Duration) -> Result<(), OnvifError> {
        todo!()
    }
    /// Stops every axis. One request; repeating it until idle is the caller's (`domain::ptz`).
    pub async fn stop(&self) -> Result<(), OnvifError> {
        todo!()
    }
    /// Goes to a position.
    pub async fn absolute(&self, _to: NormalisedPosition) -> Result<(), OnvifError> {
        todo!()
    }
    /// Moves by a fraction of the whole range per axis, −1..1.
    pub async fn relative(&self, _by: Velocity) -> Result<(), OnvifError> {
        todo!()
    }
    /// Where it looks.
    pub async fn status(&self) -> Result<PtzStatus, OnvifError> {
        todo!()
    }
    /// At most 300 presets.
    pub async fn presets(&self) -> Result<Vec<Preset>, OnvifError> {
        todo!()
    }
    /// Calls a preset.
    pub async fn goto_preset(&self, _token: &str) -> Result<(), OnvifError> {
        todo!()
    }
    /// Saves the present position; gives the token the device chose.
    pub async fn set_preset(&self, _name: &str) -> Result<String, OnvifError> {
        todo!()
    }
    /// Deletes a preset.
    pub async fn remove_preset(&self, _token: &str) -> Result<(), OnvifError> {
        todo!()
    }
    /// Goes to the home position.
    pub async fn home(&self) -> Result<(), OnvifError> {
        todo!()
    }
}
