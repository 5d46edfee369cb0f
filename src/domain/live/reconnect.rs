//! When a lost camera is tried again, and what is asked of it afresh.
//!
//! Invariant: a camera is always tried again without anybody's click; a pause never exceeds its fault's longest; cameras
//! that were lost together do not come back together; a wrong password is not repeated so often that an account is locked.
//! Deliberately absent: timers, random numbers, connections.

use crate::domain::backoff::BackoffPolicy;
use std::time::{Duration, Instant};

/// The ways a connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// No answer: it reboots, or the network is away.
    Away,
    /// The connection was closed, or the stream broke.
    Dropped,
    /// The connection stands and nothing comes.
    Frozen,
    /// The camera has no free session (RTSP 453, 503): often only until it notices that the old one is gone.
    Busy,
    /// 401: a new password, or a clock that jumped.
    Refused,
    /// The camera says that the clocks differ.
    ClockWrong,
    /// No stream at the address: it was configured anew.
    NoStream,
    /// Neither a decoder of this workstation can show the stream, nor can it be logged in to.
    CannotShow,
}

/// The questions the next try asks the camera again; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    /// Nothing: the same address.
    Nothing,
    /// Its address, its streams and its clock.
    Device,
    /// Its account too, from the server.
    Account,
}

/// When and how the next try is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    pub at: Instant,
    pub ask: Ask,
}

/// For each other camera in trouble the tries are spread over so much more time.
const SPREAD: Duration = Duration::from_millis(100);
/// But over no more than this.
const WIDEST: Duration = Duration::from_secs(8);
/// A stream that lived this long has no past.
const STEADY: Duration = Duration::from_secs(20);
/// After so many tries at the same address the camera is asked for it again.
const SAME_ADDRESS: u32 = 2;

impl Fault {
    /// First and longest pause.
    pub fn policy(self) -> BackoffPolicy {
        let (first_ms, longest_s) = match self {
            Fault::Dropped | Fault::Frozen => (250, 15),
            Fault::Away | Fault::NoStream => (500, 15),
            // A slot is free again 3 to 4 s after TEARDOWN.
            Fault::Busy => (4_000, 15),
            Fault::ClockWrong => (500, 30),
            // A camera that locked the account keeps it locked for half an hour, and longer if it is tried meanwhile.
            Fault::Refused => (500, 1_800),
            // Nothing changes here before somebody configures the camera.
            Fault::CannotShow => (15_000, 600),
        };
        BackoffPolicy {
            first: Duration::from_millis(first_ms),
            longest: Duration::from_secs(longest_s),
            steady: STEADY,
        }
    }

    /// How much longer a pause gets with each failure: a refused account is left alone soon.
    fn growth(self, failures: u32) -> u32 {
        match self {
            Fault::Refused => failures.saturating_mul(4),
            _ => failures,
        }
    }

    fn ask(self, failures: u32) -> Ask {
        match self {
            Fault::Busy | Fault::CannotShow => Ask::Nothing,
            Fault::Dropped | Fault::Frozen if failures < SAME_ADDRESS => Ask::Nothing,
            Fault::Dropped | Fault::Frozen | Fault::Away | Fault::NoStream | Fault::ClockWrong => Ask::Device,
            // The first 401 may be a clock that jumped: the clock is read anew. The next one is the password.
            Fault::Refused if failures == 0 => Ask::Device,
            Fault::Refused => Ask::Account,
        }
    }
}

/// The reconnection of one camera's stream.
#[derive(Debug, Clone, Default)]
pub struct Reconnect {
    /// Since when it has been lost.
    troubled_since: Option<Instant>,
    live_since: Option<Instant>,
    /// The fault that repeats, and how often it did.
    repeated: Option<(Fault, u32)>,
}

impl Reconnect {
    /// Notes that a picture came.
    pub fn live(&mut self, now: Instant) {
        self.live_since.get_or_insert(now);
        self.troubled_since = None;
    }

    /// Since when it has been lost.
    pub fn troubled_since(&self) -> Option<Instant> {
        self.troubled_since
    }

    /// Notes that the stream was lost at `now`, like `others` more cameras, and gives when and how to try next.
    /// `chance` is a random number 0..1.
    pub fn lost(&mut self, now: Instant, fault: Fault, others: usize, chance: f64) -> Next {
        self.troubled_since.get_or_insert(now);
        let steady = self
            .live_since
            .take()
            .is_some_and(|since| now.saturating_duration_since(since) >= STEADY);
        let failures = match self.repeated {
            Some((before, times)) if before == fault && !steady => times.saturating_add(1),
            // Another fault than the last one is a new situation, but not a reason to hurry.
            Some((_, times)) if !steady => times.min(1),
            _ => 0,
        };
        self.repeated = Some((fault, failures));
        let chance = if chance.is_nan() { 1.0 } else { chance.clamp(0.0, 1.0) };
        let pause = fault.policy().pause(fault.growth(failures), chance);
        let spread = SPREAD
            .saturating_mul(u32::try_from(others).unwrap_or(u32::MAX))
            .min(WIDEST);
        Next {
            at: now + pause + spread.mul_f64(chance),
            ask: fault.ask(failures),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FAULTS: [Fault; 8] = [
        Fault::Away,
        Fault::Dropped,
        Fault::Frozen,
        Fault::Busy,
        Fault::Refused,
        Fault::ClockWrong,
        Fault::NoStream,
        Fault::CannotShow,
    ];

    fn pauses(fault: Fault, times: usize) -> Vec<(Duration, Ask)> {
        let (mut reconnect, mut now) = (Reconnect::default(), Instant::now());
        (0..times)
            .map(|_| {
                let next = reconnect.lost(now, fault, 0, 1.0);
                let pause = next.at - now;
                now = next.at;
                (pause, next.ask)
            })
            .collect()
    }

    #[test]
    fn a_dropped_stream_is_back_at_once_and_asks_for_its_address_only_when_that_does_not_help() {
        let pauses = pauses(Fault::Dropped, 4);
        assert_eq!(pauses[0], (Duration::from_millis(250), Ask::Nothing));
        assert_eq!(pauses[1], (Duration::from_millis(500), Ask::Nothing));
        assert_eq!(pauses[2], (Duration::from_secs(1), Ask::Device));
    }

    #[test]
    fn a_camera_that_reboots_is_asked_for_everything_again() {
        let pauses = pauses(Fault::Away, 12);
        assert!(pauses.iter().all(|(_, ask)| *ask == Ask::Device));
        assert_eq!(pauses[11].0, Duration::from_secs(15));
    }

    #[test]
    fn a_busy_camera_gets_the_time_it_needs_to_free_its_slot() {
        assert!(
            pauses(Fault::Busy, 5)
                .iter()
                .all(|(pause, ask)| *pause >= Duration::from_secs(4) && *ask == Ask::Nothing)
        );
    }

    #[test]
    fn after_a_401_first_the_clock_is_read_again_then_the_password_asked_for_and_then_the_account_is_left_alone() {
        let pauses = pauses(Fault::Refused, 6);
        assert_eq!(pauses[0], (Duration::from_millis(500), Ask::Device));
        assert_eq!(pauses[1].1, Ask::Account);
        // Most cameras lock an account after five wrong passwords within a few minutes.
        let three: Duration = pauses[1..4].iter().map(|(pause, _)| *pause).sum();
        assert!(three > Duration::from_secs(120), "{pauses:?}");
        assert_eq!(
            pauses[5].0,
            Duration::from_secs(1_800),
            "a locked account is free again after half an hour"
        );
    }

    #[test]
    fn a_stream_that_lived_has_no_past_and_one_that_only_flickered_has() {
        let now = Instant::now();
        let mut reconnect = Reconnect::default();
        for _ in 0..5 {
            reconnect.lost(now, Fault::Dropped, 0, 1.0);
        }
        reconnect.live(now);
        assert_eq!(reconnect.troubled_since(), None);
        let flickered = reconnect
            .clone()
            .lost(now + Duration::from_secs(1), Fault::Dropped, 0, 1.0);
        assert!(flickered.at - now > Duration::from_secs(8));
        // Every picture says «live»; the first one counts.
        reconnect.live(now + Duration::from_secs(19));
        let lived = reconnect.lost(now + STEADY, Fault::Dropped, 0, 1.0);
        assert_eq!(lived.at - (now + STEADY), Duration::from_millis(250));
        assert_eq!(reconnect.troubled_since(), Some(now + STEADY));
    }

    /// The most of these moments that lie within one second.
    fn most_within_a_second(mut at: Vec<Instant>) -> usize {
        at.sort();
        at.iter()
            .map(|from| {
                at.iter()
                    .filter(|to| *to >= from && **to - *from < Duration::from_secs(1))
                    .count()
            })
            .max()
            .unwrap_or_default()
    }

    proptest! {
        #[test]
        fn fifty_cameras_that_return_together_do_not_stampede(
            chances in proptest::collection::vec(0.0f64..1.0, 50), fault in proptest::sample::select(&FAULTS[..3]),
        ) {
            let now = Instant::now();
            let tries = chances.into_iter().map(|chance| Reconnect::default().lost(now, fault, 49, chance).at).collect();
            // Ten a second on average; chance may heap some of them.
            prop_assert!(most_within_a_second(tries) <= 30);
        }

        #[test]
        fn it_is_always_tried_again_neither_at_once_nor_too_late(
            story in proptest::collection::vec(
                (proptest::sample::select(&FAULTS[..]), 0usize..100, prop_oneof![0.0f64..1.0, Just(f64::NAN), Just(9.0)], 0u64..60),
                1..80,
            ),
        ) {
            let (mut reconnect, mut now) = (Reconnect::default(), Instant::now());
            for (fault, others, chance, lived_s) in story {
                if lived_s > 0 {
                    reconnect.live(now);
                    now += Duration::from_secs(lived_s);
                }
                let next = reconnect.lost(now, fault, others, chance);
                let pause = next.at - now;
                prop_assert!(pause >= fault.policy().first / 2, "{pause:?}");
                prop_assert!(pause <= fault.policy().longest + WIDEST, "{pause:?}");
                prop_assert!(reconnect.troubled_since().is_some());
                now = next.at;
            }
        }
    }

    #[test]
    fn evenly_drawn_chances_spread_fifty_cameras_over_five_seconds() {
        let now = Instant::now();
        let tries = (0..50)
            .map(|n| Reconnect::default().lost(now, Fault::Away, 49, f64::from(n) / 50.0).at)
            .collect();
        assert!(most_within_a_second(tries) <= 11);
    }
}
