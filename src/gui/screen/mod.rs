//! Screens: `State` + `Message` + `update` → `Action` + `view`. Siblings never import each other.

pub mod cameras;
pub mod change_purpose;
pub mod clearance_answer;
pub mod clearance_request;
pub mod control_room;
pub mod declare_event;
pub mod diagnostics;
pub mod enrol;
pub mod export;
pub mod extend_grace;
pub mod hand_over;
pub mod people;
pub mod playback;
pub mod request_dome;
pub mod sessions;
pub mod sign_in;
pub mod workstations;
