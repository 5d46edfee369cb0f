//! What is wrong with a camera, in kinds a person can act on.
//!
//! Invariant: `detail` is English for the log and never carries a credential. Deliberately absent: what each protocol calls
//! it (`onvif`, `media`).

use crate::domain::message::{Message, sentence};
use std::fmt;

/// A camera that does not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraTrouble {
    pub kind: TroubleKind,
    /// For the log.
    pub detail: String,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// No answer: power, network, address.
    Unreachable,
    WrongPassword,
    ClockWrong,
    /// The camera answers, but not what the standard says.
    Nonsense,
    /// No session of the camera is free.
    Busy,
    NoStream,
    /// The camera offers no way to log in that this program knows: the password may be right.
    UnknownLogin,
    /// Video comes in a form that is not shown here: another codec, 10 bit, 4:2:2, another transport.
    UnknownFormat,
    /// A GStreamer plug-in is missing on the workstation.
    MissingDecoder,
    StreamBroken,
    /// The connection stands and no picture comes.
    StreamFrozen,
    /// The device has several lenses, channels or views, and the plan does not say which is meant.
    SeveralViews,
    /// The device does not have the view of the plan any more.
    ViewGone,
    /// The dome said too little in the self-test of its calibration.
    SelfTest,
}

impl CameraTrouble {
    /// Trouble of a kind, with its detail for the log.
    pub fn new(kind: TroubleKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for CameraTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.detail)
    }
}

impl TroubleKind {
    /// What is wrong, then what to do.
    pub fn message(self) -> Message {
        match self {
            Self::Unreachable => sentence("trouble-unreachable"),
            Self::WrongPassword => sentence("trouble-password"),
            Self::ClockWrong => sentence("trouble-clock"),
            Self::Nonsense => sentence("trouble-nonsense"),
            Self::Busy => sentence("trouble-busy"),
            Self::NoStream => sentence("trouble-no-stream"),
            Self::UnknownLogin => sentence("trouble-unknown-login"),
            Self::UnknownFormat => sentence("trouble-unknown-format"),
            Self::MissingDecoder => sentence("trouble-decoder"),
            Self::StreamBroken => sentence("trouble-stream-broken"),
            Self::StreamFrozen => sentence("trouble-stream-frozen"),
            Self::SeveralViews => sentence("trouble-several-views"),
            Self::ViewGone => sentence("trouble-view-gone"),
            Self::SelfTest => sentence("trouble-self-test"),
        }
    }
}
