//! What can go wrong with a camera, in kinds a person can act on.
//!
//! Invariant: no variant, and neither `Display` nor `Debug`, carries a credential or an unbounded text of the device:
//! texts from outside are cut and stripped of control characters by [`quote`], addresses lose their user and password.
//!
//! Deliberately absent: the words for people; `gui` has them per [`OnvifErrorKind`]. `Display` is for the log.

use crate::domain::site::video_view::ViewError;
use std::sync::Arc;
use std::time::Duration;

/// Why an exchange with a device failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OnvifError {
    /// No connection: power, network, address, TLS.
    #[error("no connection: {detail}")]
    Unreachable {
        /// The attempt, without credentials.
        detail: String,
        /// The HTTP client's error, without the address.
        #[source]
        source: Option<Arc<reqwest::Error>>,
    },
    /// Connected, but the answer was not complete in time.
    #[error("no complete answer within {} ms", after.as_millis())]
    Timeout {
        /// The limit that was reached.
        after: Duration,
    },
    /// The device refuses these credentials.
    #[error("the device refuses the credentials: {detail}")]
    WrongPassword {
        /// The device's own words.
        detail: String,
    },
    /// The device refuses because of the time, and following its clock did not help (WS-UsernameToken `Created`).
    #[error("the device's clock is {offset_s} s away from ours and it refuses for that")]
    ClockWrong {
        /// Device clock minus ours, seconds.
        offset_s: i64,
    },
    /// The device answered, but not what the standard says.
    #[error("not a usable answer: {detail}")]
    Nonsense {
        /// The fault in the answer, and its place.
        detail: String,
    },
    /// The answer is larger than the limit.
    #[error("the answer is larger than the limit of {limit} {unit}")]
    TooLarge {
        /// The limit.
        limit: usize,
        /// Of what: bytes, elements or attributes.
        unit: &'static str,
    },
    /// The answer is nested deeper than the limit.
    #[error("the answer is nested deeper than {limit} elements")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// A SOAP fault of no other kind.
    #[error("fault {code}: {reason}")]
    Fault {
        /// The most telling code, for example `ter:InvalidArgVal`, in the device's own prefix.
        code: String,
        /// The device's own words.
        reason: String,
    },
    /// The device lacks the service, the operation or the axis.
    #[error("not supported: {detail}")]
    NotSupported {
        /// The missing service or operation.
        detail: String,
    },
    /// The device has several video sources or views, or not the planned one.
    #[error("which picture is meant cannot be told")]
    View(#[from] ViewError),
    /// The device has no free session or resource at the moment.
    #[error("busy: {detail}")]
    Busy {
        /// The device's own words.
        detail: String,
    },
}

/// The kinds of [`OnvifError`] without their details, for choosing words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OnvifErrorKind {
    Unreachable,
    Timeout,
    WrongPassword,
    ClockWrong,
    Nonsense,
    TooLarge,
    TooDeep,
    Fault,
    NotSupported,
    SeveralViews,
    ViewGone,
    Busy,
}

impl OnvifError {
    /// The kind, for choosing words and next steps.
    pub fn kind(&self) -> OnvifErrorKind {
        match self {
            Self::Unreachable { .. } => OnvifErrorKind::Unreachable,
            Self::Timeout { .. } => OnvifErrorKind::Timeout,
            Self::WrongPassword { .. } => OnvifErrorKind::WrongPassword,
            Self::ClockWrong { .. } => OnvifErrorKind::ClockWrong,
            Self::Nonsense { .. } => OnvifErrorKind::Nonsense,
            Self::TooLarge { .. } => OnvifErrorKind::TooLarge,
            Self::TooDeep { .. } => OnvifErrorKind::TooDeep,
            Self::Fault { .. } => OnvifErrorKind::Fault,
            Self::NotSupported { .. } => OnvifErrorKind::NotSupported,
            Self::View(ViewError::Several(_)) => OnvifErrorKind::SeveralViews,
            Self::View(ViewError::Gone) => OnvifErrorKind::ViewGone,
            Self::Busy { .. } => OnvifErrorKind::Busy,
        }
    }

    pub(crate) fn nonsense(detail: impl Into<String>) -> Self {
        Self::Nonsense { detail: detail.into() }
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::nonsense(format!("{field} is missing"))
    }

    pub(crate) fn not_supported(detail: impl Into<String>) -> Self {
        Self::NotSupported { detail: detail.into() }
    }
}

/// A text of the device made fit for a log: one line, at most 200 characters.
pub(crate) fn quote(text: &str) -> String {
    text.split_whitespace()
        .flat_map(|word| std::iter::once(' ').chain(word.chars()))
        .skip(1)
        .filter(|c| !c.is_control())
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_devices_words_become_one_bounded_line() {
        assert_eq!(quote("  Sender\r\n\tnot \u{7}Authorized "), "Sender not Authorized");
        assert_eq!(quote(&"x".repeat(5000)).len(), 200);
    }

    #[test]
    fn every_error_has_a_kind_and_a_line_for_the_log() {
        let error = OnvifError::Timeout {
            after: Duration::from_millis(8000),
        };
        assert_eq!(error.kind(), OnvifErrorKind::Timeout);
        assert_eq!(error.to_string(), "no complete answer within 8000 ms");
    }
}
