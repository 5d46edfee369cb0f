//! The numbered steps by which a database or a folder moves to the version that this program writes.
//!
//! Invariant: steps are taken in order, none twice and none left out; what a newer program wrote is never touched.
//! Deliberately absent: what a step does, the copy that is made before, and where the version is written.

use std::ops::Range;

/// The versions of one kind of store that this program can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readable {
    /// Steps lead from here on.
    pub oldest: i64,
    /// What this program writes.
    pub newest: i64,
}

/// Why a store is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeftAlone {
    #[error("version {found} is of a newer program; this one writes version {newest}")]
    OfANewerProgram { found: i64, newest: i64 },
    #[error("version {found} is older than {oldest}, from where steps lead on")]
    TooOld { found: i64, oldest: i64 },
}

impl Readable {
    /// The versions that are to be moved on from, in order; empty when the store is of this program. The step from `n` makes
    /// version `n + 1`.
    ///
    /// # Errors
    /// [`LeftAlone`]: the store is of a newer program, or older than any step.
    pub fn steps_from(self, found: i64) -> Result<Range<i64>, LeftAlone> {
        if found > self.newest {
            Err(LeftAlone::OfANewerProgram {
                found,
                newest: self.newest,
            })
        } else if found < self.oldest {
            Err(LeftAlone::TooOld {
                found,
                oldest: self.oldest,
            })
        } else {
            Ok(found..self.newest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_taken_once_and_in_order_and_a_newer_store_is_left_alone() {
        let readable = Readable { oldest: 4, newest: 7 };
        let steps = |found| readable.steps_from(found).map(Iterator::collect::<Vec<_>>);
        assert_eq!(steps(4), Ok(vec![4, 5, 6]));
        assert_eq!(steps(6), Ok(vec![6]));
        assert_eq!(steps(7), Ok(vec![]));
        assert_eq!(steps(8), Err(LeftAlone::OfANewerProgram { found: 8, newest: 7 }));
        assert_eq!(steps(3), Err(LeftAlone::TooOld { found: 3, oldest: 4 }));
    }
}
