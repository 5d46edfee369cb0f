//! Unlocking a workstation while the server is away: within the grace, against the password that the server accepted last.
//!
//! Invariant: after three wrong passwords in a row only the server opens it; where the grace is over nothing does (R-AUD-7).
//! Deliberately absent: the password and its hash (`password_hash`), recording (the station).

use super::Reach;

/// Wrong passwords in a row after which only the server opens the workstation.
const MOST_WRONG: u32 = 3;

/// The count of wrong passwords since the server last vouched for the person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoneUnlock {
    wrong: u32,
}

impl LoneUnlock {
    /// Whether a password may be tried without the server, as far as it can be reached.
    pub fn may_try(&self, server: Reach) -> bool {
        let within_grace = match server {
            // It was reached a moment ago.
            Reach::Reachable | Reach::Grace => true,
            Reach::Away => false,
        };
        within_grace && self.wrong < MOST_WRONG
    }

    /// Counts a password that was tried, by the workstation or by the server.
    pub fn tried(&mut self, right: bool) {
        self.wrong = if right { 0 } else { self.wrong.saturating_add(1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_acc_1_three_wrong_passwords_leave_the_workstation_to_the_server() {
        let mut lone = LoneUnlock::default();
        for _ in 0..MOST_WRONG {
            assert!(lone.may_try(Reach::Grace));
            lone.tried(false);
        }
        assert!(!lone.may_try(Reach::Grace));
        lone.tried(true);
        assert!(lone.may_try(Reach::Grace), "the server vouched for the person");
    }

    #[test]
    fn r_aud_7_where_the_grace_is_over_nothing_opens_it_without_the_server() {
        assert!(!LoneUnlock::default().may_try(Reach::Away));
        assert!(LoneUnlock::default().may_try(Reach::Reachable));
    }
}
