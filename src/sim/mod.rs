//! The simulated town: cameras and a recorder that speak real RTSP and real ONVIF.

pub mod auth;
pub mod control;
pub mod device;
pub mod discovery;
pub mod dome;
pub mod faults;
pub mod motion;
pub mod onvif;
pub mod town;
