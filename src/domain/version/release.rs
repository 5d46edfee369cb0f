//! The number of a release, as people read it: `1.12.0`.
//!
//! Invariant: one to four numbers with dots between them, each of at most five digits, so that it fits into a sentence whoever
//! wrote it. Deliberately absent: which release this program is.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Most numbers of a release.
const MOST_PARTS: usize = 4;
/// Most digits of one number.
const MOST_DIGITS: usize = 5;

/// A release of the program, ordered by its numbers: `1.9` comes before `1.12`, and `1` is `1.0`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Release(String);

/// The text is not the number of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a release is one to four numbers with dots between them")]
pub struct NotARelease;

impl Release {
    fn numbers(&self) -> [u32; MOST_PARTS] {
        let mut numbers = [0; MOST_PARTS];
        for (number, part) in numbers.iter_mut().zip(self.0.split('.')) {
            *number = part.parse().unwrap_or(u32::MAX);
        }
        numbers
    }
}

impl TryFrom<String> for Release {
    type Error = NotARelease;

    fn try_from(text: String) -> Result<Self, NotARelease> {
        let is_number =
            |part: &str| (1..=MOST_DIGITS).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if text.split('.').count() <= MOST_PARTS && text.split('.').all(is_number) {
            Ok(Self(text))
        } else {
            Err(NotARelease)
        }
    }
}

impl FromStr for Release {
    type Err = NotARelease;

    fn from_str(text: &str) -> Result<Self, NotARelease> {
        text.to_owned().try_into()
    }
}

impl From<Release> for String {
    fn from(release: Release) -> Self {
        release.0
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for Release {
    fn eq(&self, other: &Self) -> bool {
        self.numbers() == other.numbers()
    }
}

impl Eq for Release {}

impl PartialOrd for Release {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Release {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers().cmp(&other.numbers())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_ordered_by_their_numbers_and_nothing_else_is_one() {
        let release = |text: &str| text.parse::<Release>().unwrap();
        assert!(release("1.9") < release("1.12") && release("1.12.0.1") > release("1.12"));
        assert_eq!(release("2"), release("2.0.0"));
        assert_eq!(serde_json::to_string(&release("1.12.0")).unwrap(), "\"1.12.0\"");
        for wrong in ["", ".", "1.", "1.2.3.4.5", "1.2-beta", "123456", "uno", "1 2", "-1"] {
            assert_eq!(wrong.parse::<Release>(), Err(NotARelease), "{wrong}");
        }
    }
}
