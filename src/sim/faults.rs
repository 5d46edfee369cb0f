//! What can go wrong with a simulated camera, and the personas it can play.
//!
//! Invariant: the default of everything is a well-behaved camera; every deviation was asked for over the control endpoint.
//! Deliberately absent: the misbehaviour itself; each service reads its part from here.

use serde::{Deserialize, Serialize};
use std::time::Instant;

/// How `GetStatus` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusFault {
    /// The position of some time ago (`status_delay_ms`), moving as it moves.
    #[default]
    Normal,
    /// The answer takes three seconds.
    Slow,
    /// A fault: the camera knows no status.
    Missing,
    /// A status without position.
    NoPosition,
    /// A true position, but always IDLE.
    AlwaysIdle,
    /// The position of another direction.
    Wrong,
}

/// What becomes of every ONVIF reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyFault {
    #[default]
    Normal,
    /// Not well-formed: a prefix is not declared and a tag is not closed.
    Malformed,
    /// Eight mebibytes.
    Huge,
    /// Sixty thousand elements inside each other.
    Deep,
    /// Half of the body, with the whole Content-Length.
    Truncated,
    /// One byte a second.
    SlowDrip,
    /// 200 without a body.
    Empty200,
}

/// What becomes of right credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialsFault {
    #[default]
    Normal,
    /// Nobody is let in, over ONVIF or RTSP.
    Refuse,
}

/// How the camera takes `Stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopFault {
    #[default]
    Normal,
    /// Answers well and goes on moving; a continuous move of zero stops it.
    Ignored,
    /// `ActionNotSupported`; a continuous move of zero stops it.
    Absent,
}

/// The faults of one camera at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults {
    /// The picture stands still with perfect timing.
    pub freeze: bool,
    /// Grows with every «drop the stream»: RTSP sessions opened under an older number end.
    pub stream_generation: u64,
    /// Until then the camera is rebooting: nothing answers, streams are closed.
    pub reboot_until: Option<Instant>,
    pub status: StatusFault,
    /// Age of the position in a status, milliseconds; `None` for the camera's own.
    pub status_delay_ms: Option<u64>,
    /// The camera's clock minus the true time, seconds.
    pub clock_skew_s: i64,
    pub reply: ReplyFault,
    pub credentials: CredentialsFault,
    pub stop: StopFault,
}

impl Faults {
    /// Whether the camera is away because it reboots.
    pub fn rebooting(&self, now: Instant) -> bool {
        self.reboot_until.is_some_and(|until| now < until)
    }
}
