//! Who holds which dome, who asks for it, who watches what (R-PTZ-3).
//!
//! Invariant: a word of the holder names the fence it was said under, so that one that arrives late changes nothing.
//! Deliberately absent: behaviour (`domain::ptz::lease`).

use crate::domain::camera::CameraId;
pub use crate::domain::people::Holder;
use crate::domain::ptz::lease::Asking;
use crate::domain::reason::Reason;
use serde::{Deserialize, Serialize};

/// What somebody wants with a dome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseRequest {
    /// Begin a lease.
    Take,
    /// Go on holding it.
    Renew { fence: u64 },
    /// Give it back.
    Release { fence: u64 },
    /// Ask the holder for it.
    Ask { reason: Reason },
    /// Give it to one who asked.
    HandOver { to: Holder, fence: u64 },
    /// Say no to one who asked.
    Decline { to: Holder },
    /// Urgent: take it from the holder, by level.
    TakeOver { reason: Reason },
}

/// Who holds a dome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeaseState {
    pub camera: CameraId,
    /// Nobody: `None`.
    pub holder: Option<Holder>,
    /// Grows with each lease that begins; a command under an older fence is not sent.
    pub fence: u64,
    /// Milliseconds until the lease ends by itself.
    pub remaining_ms: u64,
    /// Who asked the holder for it, in order.
    pub asking: Vec<Asking<Holder>>,
    /// Who is taking it over: the holder must let go.
    pub passes_to: Option<Holder>,
}

/// Who has live pictures of a camera open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watching {
    pub camera: CameraId,
    /// Each once, by name.
    pub people: Vec<Holder>,
}
