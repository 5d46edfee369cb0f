//! What can go wrong with a stream, in kinds a person can act on.
//!
//! Invariant: no value here carries a password or a URL with one; `detail` is for the log, `kind` decides the text.
//! Deliberately absent: texts for people (the interface has them per kind), disk errors (see `export`).

use std::fmt;

/// Why a stream does not play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LiveErrorKind {
    /// No answer at the address: power, network, address.
    Unreachable,
    /// RTSP 401 or 403 (RFC 2326 §11.3).
    WrongPassword,
    /// RTSP 401 that offers no way to log in that is known here (RFC 7616 §3.7): no password was tried.
    UnknownLogin,
    /// RTSP 453 or 503: no free session.
    Busy,
    /// RTSP 404 or 410, or nothing in the description that could be shown.
    NoStream,
    /// A GStreamer element is missing on this workstation.
    MissingPlugin {
        /// Name of the element, for example `avdec_h264`.
        element: &'static str,
    },
    /// The stream began and broke off, or is not what its description says.
    BrokenStream,
    /// The connection stands and no picture comes any more.
    Frozen,
    /// The camera accepted the connection and then did not answer in time.
    Timeout,
    /// The camera or recorder cannot do what was asked (RTSP 551, an unknown codec, an unknown URL scheme).
    NotSupported,
}

/// Why a stream does not play, with a line for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveError {
    pub kind: LiveErrorKind,
    /// English, for the log; never contains credentials.
    pub detail: String,
}

impl LiveError {
    /// An error of `kind`; `detail` is cut at 300 characters.
    pub fn new(kind: LiveErrorKind, detail: impl AsRef<str>) -> Self {
        Self {
            kind,
            detail: detail.as_ref().chars().filter(|c| !c.is_control()).take(300).collect(),
        }
    }

    /// The error for an RTSP status code that is not a success (RFC 2326 §7.1.1).
    pub fn from_status(code: u16, reason: &str) -> Self {
        let kind = match code {
            401 | 403 => LiveErrorKind::WrongPassword,
            404 | 410 | 454 => LiveErrorKind::NoStream,
            453 | 503 => LiveErrorKind::Busy,
            408 | 504 => LiveErrorKind::Timeout,
            405 | 456 | 457 | 459..=461 | 501 | 505 | 551 => LiveErrorKind::NotSupported,
            _ => LiveErrorKind::BrokenStream,
        };
        Self::new(kind, format!("RTSP status {code} {reason}"))
    }
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.detail)
    }
}

impl std::error::Error for LiveError {}

impl From<crate::media::plugins::MissingPlugin> for LiveError {
    fn from(missing: crate::media::plugins::MissingPlugin) -> Self {
        Self::new(
            LiveErrorKind::MissingPlugin {
                element: missing.element,
            },
            missing.to_string(),
        )
    }
}
