//! When each workstation was last heard, kept once a minute.
//!
//! Deliberately absent: what follows from silence (nobody's session ends by it alone).

use crate::domain::camera::StationId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Between two times that are kept, ms.
const EVERY_MS: i64 = 60_000;

/// What was kept last, Unix ms.
#[derive(Default)]
pub struct Contacts(Mutex<HashMap<StationId, i64>>);

impl Contacts {
    /// Whether it is time to keep that a workstation was heard.
    pub fn is_due(&self, station: &StationId, now_ms: i64) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept.get(station).copied();
        let due = before.is_none_or(|before| now_ms.abs_diff(before) >= EVERY_MS.unsigned_abs());
        if due {
            kept.insert(station.clone(), now_ms);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workstation_that_calls_all_the_time_is_kept_once_a_minute() {
        let contacts = Contacts::default();
        let (one, other) = ("sala".parse().unwrap(), "caserma".parse().unwrap());
        assert!(contacts.is_due(&one, 1_000));
        assert!(!contacts.is_due(&one, 60_999));
        assert!(contacts.is_due(&other, 60_999));
        assert!(contacts.is_due(&one, 61_000));
        assert!(contacts.is_due(&one, 1_000), "the clock was set back");
    }
}
