//! Widgets that iced does not have: the wall of pictures, the timeline of recordings.
//!
//! Deliberately absent: anything that knows a session or a camera's address.

pub mod timeline;
pub mod wall;
