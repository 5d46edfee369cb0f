//! What a person does with cameras and recordings: each act is recorded before it happens.
//!
//! Deliberately absent: deciding whether it may be done (`session::authorised_act`).

pub(in crate::station) mod clearance_request;
pub(in crate::station) mod declared_event;
pub(in crate::station) mod dome_request;
pub(in crate::station) mod export;
pub(in crate::station) mod playback;
pub(in crate::station) mod presets;
pub(in crate::station) mod ptz_control;
pub(in crate::station) mod snapshot;
mod speed_trial;
pub(in crate::station) mod view;
pub(in crate::station) mod view_stream;
