//! Our own RTSP-over-TCP session, for replay, export and metadata: no client library does ONVIF replay without faults.
//!
//! Invariant: sizes and times are bounded, and whatever a recorder sends is an error value at worst. Deliberately
//! absent: live video (rtspsrc does it), UDP, GStreamer.

mod auth;
mod clock;
mod connection;
mod packet;
mod sdp;
mod session;

pub(super) use auth::Account;
#[cfg(test)]
pub(super) use packet::Replay;
pub(super) use packet::{RtpHeader, sender_report};
pub(super) use sdp::{MetadataTrack, VideoTrack};
pub(super) use session::{Event, Pace, Playing, Session};
