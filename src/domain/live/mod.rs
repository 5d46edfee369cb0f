//! The rules of a live tile: which stream it shows, whether it is true, what is wrong with it, what is given up when the
//! workstation cannot keep up, and when a lost camera is tried again.
//!
//! Invariant: time, chance and figures are arguments; nothing here knows a stream, a tile or a screen.
//! Deliberately absent: measuring (`media::live`), acting (`station`, the control room).

pub mod clock_offset;
pub mod diagnosis;
pub mod freshness;
pub mod overload;
pub mod reconnect;
pub mod stream_selection;
pub mod viewers;
pub mod wrong_clock;
