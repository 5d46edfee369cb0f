//! What a session knows of its cameras: connection, plan in force, pose and cover, lease of a dome.
//!
//! Deliberately absent: what a person does with a camera (`act`).

pub(in crate::station) mod connection;
pub(in crate::station) mod dome_lease;
pub(in crate::station) mod frame_cover;
pub(in crate::station) mod link;
pub(in crate::station) mod orientation_check;
pub(in crate::station) mod picture_motion_feed;
pub(in crate::station) mod plan_in_force;
pub(in crate::station) mod pose_tracking;
pub(in crate::station) mod pushed_ptz_status;
pub(in crate::station) mod recorded_cover;
pub(in crate::station) mod watched;
