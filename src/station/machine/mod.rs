//! What this machine is: enrolment, certificate and secrets, saved walls, and the workstation that runs them.
//!
//! Deliberately absent: people; an enrolled machine works with nobody signed in.

pub(in crate::station) mod config;
pub(in crate::station) mod enrol;
pub(in crate::station) mod enrolment;
pub(in crate::station) mod folder_format;
pub(in crate::station) mod keys_toml;
pub(in crate::station) mod pose_source;
pub(in crate::station) mod saved_walls;
pub(in crate::station) mod secrets;
pub(in crate::station) mod workstation;
