//! GStreamer: live pictures, replay, snapshot, export. Gives out frames; knows no iced and no ONVIF.
//!
//! Invariant: whatever a camera sends, the process lives; a failure is an `enum` value with a text for people.
//! Deliberately absent: masks are drawn by whoever shows a frame (`domain::privacy`); snapshot and export take the
//! cover as an argument.

mod masked_picture;
pub mod decoder;
pub mod error;
pub mod export;
mod rtp_feed;
pub mod frame;
mod packet_guard;
pub mod live;
pub mod metadata;
pub mod plugins;
pub mod replay;
mod rtsp;
mod gst_frame;
pub mod snapshot;
