//! Parts of screens that keep their own state or are used by more than one screen.

pub mod account_given;
pub mod admin_reason;
pub mod calibration;
pub mod camera_list;
pub mod controls;
pub mod enrolment_code;
pub mod form;
pub mod mask_editor;
pub mod message_strip;
pub mod ptz_panel;
pub mod shortcuts_help;
pub mod table;
pub mod takeover_prompt;
pub mod takeover_request;
pub mod top_bar;
pub mod unlock;
pub mod wall_chooser;
