//! Versions of the calls between workstation and server: each side says which it speaks, in every request and every answer.
//!
//! | version | from | what it is |
//! |---|---|---|
//! | 1 | the first release | bodies are read strictly: one unknown field makes a body unreadable; nothing is said of versions |
//! | 2 | 0.2 | unknown fields are passed over, critical ones are marked (`super::critical`), the header is there |
//!
//! Invariant: who says nothing speaks version 1. Deliberately absent: HTTP, and what changed in a body.

use std::fmt;
use std::str::FromStr;

/// Header of every request and answer, `oldest-newest`.
pub const HEADER: &str = "vedetta-protocol";

/// The versions that this program speaks, as a server and as a workstation.
pub const SPOKEN: Spoken = Spoken { oldest: 1, newest: 2 };

/// The versions of a program that says nothing of versions.
pub const UNSAID: Spoken = Spoken { oldest: 1, newest: 1 };

/// The versions that one program speaks: all from `oldest` to `newest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    oldest: u32,
    newest: u32,
}

/// The text is not what a program says of its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the versions of the protocol are not two numbers, the oldest first")]
pub struct NotVersions;

/// Why two programs have no version in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Apart {
    /// The other program must be updated.
    #[error("the other side speaks version {newest} of the protocol at most, and {oldest} is the oldest spoken here")]
    OtherTooOld { newest: u32, oldest: u32 },
    /// This program must be updated.
    #[error("the other side speaks version {oldest} of the protocol at least, and {newest} is the newest spoken here")]
    OtherTooNew { oldest: u32, newest: u32 },
}

impl Spoken {
    /// The newest version that both sides speak.
    ///
    /// # Errors
    /// [`Apart`]: there is none; it says which side must be updated.
    pub fn in_common(self, other: Self) -> Result<u32, Apart> {
        if other.newest < self.oldest {
            Err(Apart::OtherTooOld {
                newest: other.newest,
                oldest: self.oldest,
            })
        } else if other.oldest > self.newest {
            Err(Apart::OtherTooNew {
                oldest: other.oldest,
                newest: self.newest,
            })
        } else {
            Ok(self.newest.min(other.newest))
        }
    }

    /// The versions in a header; a header that is not there says [`UNSAID`].
    ///
    /// # Errors
    /// [`NotVersions`]: it is there and says nothing that can be understood.
    pub fn said(header: Option<&str>) -> Result<Self, NotVersions> {
        header.map_or(Ok(UNSAID), str::parse)
    }
}

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.oldest, self.newest)
    }
}

impl FromStr for Spoken {
    type Err = NotVersions;

    fn from_str(text: &str) -> Result<Self, NotVersions> {
        let number = |text: &str| match text.parse::<u32>() {
            Ok(number) if number > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(number),
            _ => Err(NotVersions),
        };
        let (oldest, newest) = text.split_once('-').ok_or(NotVersions)?;
        let (oldest, newest) = (number(oldest)?, number(newest)?);
        if oldest <= newest {
            Ok(Self { oldest, newest })
        } else {
            Err(NotVersions)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spoken(text: &str) -> Spoken {
        text.parse().unwrap()
    }

    #[test]
    fn two_programs_speak_the_newest_version_both_know_and_otherwise_know_which_is_too_old() {
        for (here, there, version) in [
            ("1-2", "1-1", 1),
            ("1-2", "2-5", 2),
            ("3-4", "1-9", 4),
            ("2-2", "2-2", 2),
        ] {
            assert_eq!(spoken(here).in_common(spoken(there)), Ok(version), "{here} {there}");
        }
        let apart = spoken("2-3").in_common(spoken("1-1"));
        assert_eq!(apart, Err(Apart::OtherTooOld { newest: 1, oldest: 2 }));
        let apart = spoken("2-3").in_common(spoken("4-6"));
        assert_eq!(apart, Err(Apart::OtherTooNew { oldest: 4, newest: 3 }));
    }

    #[test]
    fn the_release_before_there_were_versions_is_served() {
        assert_eq!(SPOKEN.in_common(Spoken::said(None).unwrap()), Ok(1));
        assert_eq!(Spoken::said(Some(&SPOKEN.to_string())), Ok(SPOKEN));
    }

    #[test]
    fn what_is_no_statement_of_versions_is_none() {
        for wrong in [
            "",
            "2",
            "2-1",
            "0-1",
            "1-",
            "-1",
            "+1-2",
            "1-2-3",
            "1 - 2",
            "1-99999999999",
        ] {
            assert_eq!(Spoken::said(Some(wrong)), Err(NotVersions), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn both_sides_come_to_the_same_answer(a in 1..9u32, b in 0..9u32, c in 1..9u32, d in 0..9u32) {
            let here = Spoken { oldest: a, newest: a + b };
            let there = Spoken { oldest: c, newest: c + d };
            match (here.in_common(there), there.in_common(here)) {
                (Ok(one), Ok(other)) => {
                    prop_assert_eq!(one, other);
                    prop_assert!(one >= a && one >= c && one <= a + b && one <= c + d);
                }
                (Err(Apart::OtherTooOld { newest, .. }), Err(Apart::OtherTooNew { oldest, .. })) => {
                    prop_assert_eq!((newest, oldest), (c + d, a));
                }
                (Err(Apart::OtherTooNew { oldest, .. }), Err(Apart::OtherTooOld { newest, .. })) => {
                    prop_assert_eq!((newest, oldest), (a + b, c));
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
