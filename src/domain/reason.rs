//! A reason that a person typed: why they ask, take over, refuse.
//!
//! Invariant: never empty, never longer than [`MOST`] characters, no control characters.
//! Deliberately absent: what it is a reason for.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest reason, characters.
pub const MOST: usize = 300;

/// Text that is a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reason(String);

/// Nothing was typed, or too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reason has between 1 and {MOST} characters")]
pub struct BadReason;

impl Reason {
    /// As it was typed, without what surrounds it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reason {
    type Error = BadReason;

    fn try_from(typed: String) -> Result<Self, BadReason> {
        let text: String = typed.trim().chars().filter(|c| !c.is_control()).collect();
        if (1..=MOST).contains(&text.chars().count()) {
            Ok(Self(text))
        } else {
            Err(BadReason)
        }
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_something_and_not_a_novel() {
        for nothing in ["", "   ", "\n\t\u{7}"] {
            assert_eq!(Reason::try_from(nothing.to_owned()), Err(BadReason));
        }
        assert_eq!(Reason::try_from("a".repeat(MOST + 1)), Err(BadReason));
        let reason = Reason::try_from("  rapina in\u{1b}corso ".to_owned());
        assert_eq!(reason.map(String::from), Ok("rapina incorso".to_owned()));
        assert!(serde_json::from_str::<Reason>("\"\"").is_err());
    }
}
