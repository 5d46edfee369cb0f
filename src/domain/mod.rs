//! The rules of Vedetta. Pure: no async, no I/O, no clock reading; time is always an argument.
//!
//! Deliberately absent: iced, GStreamer, tokio, HTTP. Code that needs one of them belongs to another room.

pub mod audit;
pub mod backoff;
pub mod camera;
pub mod camera_tour;
pub mod console_command;
pub mod digital_zoom;
pub mod doctor;
pub mod enrolment_code;
pub mod http_auth;
pub mod live;
pub mod local_time;
pub mod message;
pub mod people;
pub mod privacy;
pub mod ptz;
pub mod reason;
pub mod refusal;
pub mod saved_wall;
pub mod site;
pub mod strict;
pub mod timeline;
pub mod version;
pub mod wall;
