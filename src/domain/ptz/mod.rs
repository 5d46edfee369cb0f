//! Moving a dome: what a hand means ([`gesture`], [`steering`]), how fast the dome is and how late it obeys ([`speed_trial`],
//! [`delay_trial`]), what may be sent ([`limits`], [`ceiling_by_place`], [`sector`]), who may send it ([`lease`]), how it is made to stand
//! ([`stop`], [`dead_man`]), how often it is asked where it looks ([`status_pace`]), whether what it says of its motion can be
//! ([`endless_motion`]), and when it goes back by itself ([`unattended`]).
//!
//! Invariant: no sequence of moves passes a limit of the plan, and there are never two holders.
//! Deliberately absent: SOAP, timers, recording (the station), screens.

pub mod ceiling_by_place;
pub mod dead_man;
pub mod delay_trial;
pub mod endless_motion;
pub mod gesture;
pub mod lease;
mod limit_hit;
pub mod limits;
#[cfg(test)]
mod properties;
pub mod sector;
pub mod speed_trial;
pub mod status_pace;
pub mod steering;
pub mod stop;
pub mod unattended;

use super::camera::Pose;

/// Speed of each axis, −1..1: pan to the right, tilt upwards, zoom in are positive. Zero: the axis is not moved.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Velocity {
    pub pan: f64,
    pub tilt: f64,
    pub zoom: f64,
}

impl Velocity {
    /// Nothing moves.
    pub const ZERO: Velocity = Velocity {
        pan: 0.0,
        tilt: 0.0,
        zoom: 0.0,
    };

    /// Whether no axis moves.
    pub fn is_zero(&self) -> bool {
        self.pan == 0.0 && self.tilt == 0.0 && self.zoom == 0.0
    }

    /// Each axis held within −1..1; what is not a number becomes 0.
    pub fn clamped(self) -> Self {
        let clamp = |v: f64| if v.is_nan() { 0.0 } else { v.clamp(-1.0, 1.0) };
        Self {
            pan: clamp(self.pan),
            tilt: clamp(self.tilt),
            zoom: clamp(self.zoom),
        }
    }
}

/// The orders a workstation sends to a dome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    /// A continuous move.
    Velocity(Velocity),
    /// An absolute move to a known pose (also a relative move, with the pose it leads to).
    Position(Pose),
    /// A preset, home or anything else whose target is not known.
    SomewhereElse,
    /// Stop, or a continuous move with zero velocity.
    Stop,
}
