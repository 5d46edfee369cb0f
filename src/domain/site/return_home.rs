//! Where a dome goes back to when nobody has steered it for a while, and after how long.
//!
//! Invariant: what was read is a time of 1 minute to a day. Deliberately absent: when it is due (`ptz::unattended`), the move, which
//! passes the limits like any other.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The longest time, minutes.
const LONGEST: u32 = 24 * 60;
/// Longest name of a preset, characters, as for a preset that is saved.
const MOST_NAME: usize = 64;

/// The return of a dome to its guard position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnHome {
    /// Time without anybody steering, minutes.
    pub after_minutes: u32,
    /// Name of the preset it goes to; `None`: its home position, which may be called only where nothing is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
}

/// The text names no return.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReturnHomeError {
    #[error("it begins with no whole number of minutes")]
    Minutes(#[source] std::num::ParseIntError),
    #[error("the time or the name of the preset is out of range")]
    OutOfRange,
}

impl ReturnHome {
    /// Time without anybody steering.
    pub fn after(&self) -> Duration {
        Duration::from_secs(u64::from(self.after_minutes) * 60)
    }

    /// Whether time and name are in range.
    pub fn is_sound(&self) -> bool {
        let named = |name: &String| {
            !name.trim().is_empty() && name.chars().count() <= MOST_NAME && !name.chars().any(char::is_control)
        };
        (1..=LONGEST).contains(&self.after_minutes) && self.preset.as_ref().is_none_or(named)
    }
}

/// Reads minutes, and after them the name of the preset where one is named: `10` or `10 Ingresso`.
impl FromStr for ReturnHome {
    type Err = ReturnHomeError;

    fn from_str(text: &str) -> Result<Self, ReturnHomeError> {
        let text = text.trim();
        let (minutes, name) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let after_minutes = minutes.parse().map_err(ReturnHomeError::Minutes)?;
        let name = name.trim();
        let read = Self {
            after_minutes,
            preset: (!name.is_empty()).then(|| name.to_owned()),
        };
        if read.is_sound() {
            Ok(read)
        } else {
            Err(ReturnHomeError::OutOfRange)
        }
    }
}

/// As it is read.
impl fmt::Display for ReturnHome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.preset {
            Some(preset) => write!(f, "{} {preset}", self.after_minutes),
            None => write!(f, "{}", self.after_minutes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_and_the_name_of_a_preset_are_read_as_they_are_written() {
        for (text, minutes, preset) in [("10", 10, None), (" 5  Piazza Nord ", 5, Some("Piazza Nord"))] {
            let read: ReturnHome = text.parse().unwrap();
            assert_eq!((read.after_minutes, read.preset.as_deref()), (minutes, preset));
            assert_eq!(read.to_string().parse(), Ok(read));
        }
        assert!(matches!("mai".parse::<ReturnHome>(), Err(ReturnHomeError::Minutes(_))));
        for text in ["0", "1441 Piazza", &format!("5 {}", "x".repeat(65))] {
            assert_eq!(text.parse::<ReturnHome>(), Err(ReturnHomeError::OutOfRange), "{text}");
        }
    }
}
