//! A dome that nobody steers any more: when it is to go back to its guard position, and that one workstation sends it.
//!
//! Each workstation keeps one [`Unattended`] a dome. Only the one where somebody steered last, under a lease that nobody had after
//! it, comes to the end of the time: the server gives one lease at a time, and a lease of somebody else disarms.
//!
//! Invariant: never due while anybody has the lease, and once only until a person steers again. A patrol calls presets for a
//! person, so each of its steps counts as steering. Deliberately absent: sending the dome (the station), clocks.

use std::time::{Duration, Instant};

/// Who has the lease of a dome, seen from one workstation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseSeen {
    Nobody,
    Ours,
    Others,
}

/// How long a dome has been without a hand, as far as this workstation steered it last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unattended {
    /// Since when; `None`: this workstation did not steer it last, or has sent it back.
    since: Option<Instant>,
}

impl Unattended {
    /// A person steers the dome from this workstation, or calls a preset of it.
    pub fn on_steered(&mut self, now: Instant) {
        self.since = Some(now);
    }

    /// Takes who has the lease now, as the server says. Whether the dome is to go back, `after` so long without a hand; `None`: it
    /// never does.
    pub fn on_lease(&mut self, lease: LeaseSeen, after: Option<Duration>, now: Instant) -> bool {
        match lease {
            LeaseSeen::Others => self.since = None,
            LeaseSeen::Ours => self.since = self.since.map(|_| now),
            LeaseSeen::Nobody => {
                let due =
                    |since: &mut Instant| after.is_some_and(|after| now.saturating_duration_since(*since) >= after);
                return self.since.take_if(due).is_some();
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use LeaseSeen::{Nobody, Others, Ours};
    use proptest::prelude::*;

    const AFTER: Option<Duration> = Some(Duration::from_secs(60));

    #[test]
    fn a_dome_goes_back_once_after_its_time_without_a_lease() {
        let (mut dome, start) = (Unattended::default(), Instant::now());
        let at = |s| start + Duration::from_secs(s);
        assert!(!dome.on_lease(Nobody, AFTER, at(1_000)), "nobody here ever steered it");
        dome.on_steered(at(1_000));
        assert!(!dome.on_lease(Ours, AFTER, at(1_070)), "a lease in force is steering");
        assert!(!dome.on_lease(Nobody, AFTER, at(1_129)));
        assert!(dome.on_lease(Nobody, AFTER, at(1_130)));
        // The lease under which it is sent back is no hand.
        assert!(!dome.on_lease(Ours, AFTER, at(1_131)) && !dome.on_lease(Nobody, AFTER, at(9_000)));
        dome.on_steered(at(9_000));
        assert!(!dome.on_lease(Nobody, None, at(99_000)), "the plan says never");
        assert!(dome.on_lease(Nobody, AFTER, at(99_001)));
    }

    proptest! {
        /// Two workstations, one lease: each sees it and may steer while it has it.
        #[test]
        fn r_ptz_3_of_two_workstations_the_last_holder_alone_sends_it_back_and_never_under_a_lease(
            steps in prop::collection::vec((0usize..3, 1u64..50), 1..120),
        ) {
            let mut domes = [Unattended::default(); 2];
            let (mut now, mut last, mut since) = (Instant::now(), None, Instant::now());
            for (holder, seconds) in steps {
                now += Duration::from_secs(seconds);
                if holder < 2 {
                    domes[holder].on_steered(now);
                    (last, since) = (Some(holder), now);
                }
                for (station, dome) in domes.iter_mut().enumerate() {
                    let seen = match holder {
                        2 => Nobody,
                        holder if holder == station => Ours,
                        _ => Others,
                    };
                    if dome.on_lease(seen, AFTER, now) {
                        prop_assert!(holder == 2 && last.take() == Some(station));
                        prop_assert!(now - since >= Duration::from_secs(60));
                    }
                }
            }
        }
    }
}
