//! GStreamer: live pictures, replay, snapshot, export. Gives out frames; knows no iced and no ONVIF.
//!
//! Invariant: whatever a camera sends, the process lives; a failure is an `enum` value (`error`).
//! Deliberately absent: masks; the wall draws them over a frame (`domain::privacy`), snapshot and export take the cover as an
//! argument.

mod caption;
mod covered_picture;
pub mod decoder;
pub mod error;
pub mod export;
pub mod frame;
mod gst_frame;
pub mod live;
pub mod metadata;
mod packet_guard;
pub mod plugins;
pub mod replay;
mod rtp_feed;
mod rtsp;
pub mod snapshot;
pub mod stream_trial;
