//! Widgets that iced does not have: the wall of pictures, the timeline of recordings, the keyboard focus inside a form, the
//! order of keys where one of them changes the screen.
//!
//! Deliberately absent: anything that knows a session or a camera's address.

pub mod focus_scope;
pub mod key_order;
pub mod timeline;
#[cfg(test)]
pub mod typist;
pub mod wall;
