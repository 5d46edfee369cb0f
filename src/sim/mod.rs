//! The simulated town: cameras and a recorder that speak RTSP and ONVIF as real ones do.
//!
//! Invariant: nothing of the client is used here (only `domain`), so that a bug of the client is not mirrored by
//! the thing it is tested on. Deliberately absent: everything a real town has and no test needs.

pub mod auth;
pub mod clip;
pub mod control;
mod control_call;
mod control_sight;
pub mod device;
pub mod discovery;
pub mod dome;
pub mod dome_motion;
pub mod encode;
pub mod faults;
pub mod film;
pub mod footage;
pub mod live;
pub mod makes;
#[cfg(test)]
mod measured_makes;
pub mod metadata;
pub mod onboard_masks;
pub mod onvif;
#[cfg(test)]
mod planned_makes;
pub mod recorder;
pub mod reserved_hue;
pub mod rtsp;
pub mod run;
pub mod sight_test;
pub mod site_files;
pub mod timecode;
pub mod town;
