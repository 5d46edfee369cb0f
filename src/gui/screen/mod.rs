//! Screens: `State` + `Message` + `update` → `Action` + `view`.
//!
//! Invariant (tested): siblings never import each other. Deliberately absent: dialogues over a screen (`dialogue`).

pub mod cameras;
pub mod control_room;
pub mod diagnostics;
pub mod enrol;
pub mod people;
pub mod playback;
pub mod server_findings;
pub mod sessions;
pub mod sign_in;
pub mod workstations;
