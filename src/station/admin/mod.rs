//! What an administrator, a supervisor or a maintainer does: accounts, workstations, cameras,
//! masks inside a camera, diagnosis, what is wrong with the server.
//!
//! Deliberately absent: live pictures and recordings (`act`).

pub(in crate::station) mod account_admin;
pub(in crate::station) mod camera_admin;
pub(in crate::station) mod camera_drift;
pub(in crate::station) mod diagnosis;
mod dome_self_test;
pub(in crate::station) mod mask_proposals;
mod server_findings;
