//! Our own RTSP-over-TCP session, for live video, replay, export and metadata. No client library does ONVIF replay without
//! faults; and of several ways to log in `rtspsrc` (GStreamer 1.22) takes the last one named, also where it cannot compute it
//! (`findings/rtsp-digest-last-challenge.sh`).
//!
//! Invariant: sizes and times are bounded, and whatever a device sends is an error value at worst. Deliberately
//! absent: UDP, GStreamer.

mod challenge_answer;
mod clock;
mod connection;
mod packet;
mod picture_ends;
mod sdp;
mod session;
mod sources;

pub(super) use challenge_answer::Account;
#[cfg(test)]
pub(super) use packet::Replay;
pub(super) use packet::{RtpHeader, sender_report};
pub(super) use picture_ends::PictureEnds;
pub(super) use sdp::{LiveTrack, MetadataTrack, VideoTrack};
pub(super) use session::{Event, Pace, Playing, Session};
pub(super) use sources::{Sequenced, Sources, Step};
