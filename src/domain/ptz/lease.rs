//! Who holds a dome (R-PTZ-3): one person at a time; others ask, the holder hands over or not; urgent takeover by level.
//!
//! Invariant: never two holders; the fence grows with every change of holder and never falls.
//! Deliberately absent: the recording of each [`Outcome`] (the caller), rights (`people::decide`), clocks.

use std::time::{Duration, Instant};

/// The hold on one dome. `H` names a holder: person and workstation.
#[derive(Debug, Clone)]
pub struct Lease<H> {
    held: Option<Held<H>>,
    fence: u64,
    idle: Duration,
}

#[derive(Debug, Clone)]
struct Held<H> {
    by: H,
    until: Instant,
    asked: Vec<H>,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input<H> {
    /// Take it when it is free, or renew the hold one already has.
    Take(H),
    /// Give it back.
    Release(H),
    /// Ask the holder for it.
    Ask(H),
    /// The holder gives it to one who asked.
    HandOver { from: H, to: H },
    /// The holder says no to one who asked.
    Decline { from: H, to: H },
    /// Urgent takeover; the caller has checked that the level allows it.
    TakeOver(H),
    /// Time passes.
    Tick,
}

/// What became of it; everything but `Renewed` and `Nothing` is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<H> {
    Taken { by: H, fence: u64 },
    Renewed { fence: u64 },
    Released { by: H },
    /// Nobody moved the dome for the idle time.
    Expired { by: H },
    Refused { held_by: H },
    Asked { holder: H, by: H },
    Declined { by: H },
    HandedOver { from: H, to: H, fence: u64 },
    TakenOver { from: H, to: H, fence: u64 },
    Nothing,
}

impl<H: Clone + PartialEq> Lease<H> {
    /// Free; a hold ends by itself after `idle` without renewal. `fence` is the highest ever given out.
    pub fn new(idle: Duration, fence: u64) -> Self {
        Self { held: None, fence, idle }
    }

    /// Applies an input; first lets an idle hold end. The outcomes are in order.
    pub fn handle(&mut self, input: Input<H>, now: Instant) -> Vec<Outcome<H>> {
        let _ = (input, now);
        Vec::new()
    }

    /// Who holds it at `now`.
    pub fn holder(&self, now: Instant) -> Option<&H> {
        self.held.as_ref().filter(|held| now < held.until).map(|held| &held.by)
    }

    /// Who has asked the present holder, in order.
    pub fn asking(&self) -> &[H] {
        self.held.as_ref().map_or(&[], |held| &held.asked)
    }

    /// The highest fence given out.
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// Time until the hold ends by itself.
    pub fn remaining(&self, now: Instant) -> Duration {
        self.held.as_ref().map_or(Duration::ZERO, |held| held.until.saturating_duration_since(now))
    }

    /// Whether a command under this fence may still be sent: the fence is the newest and its hold runs.
    pub fn admits(&self, fence: u64, now: Instant) -> bool {
        fence == self.fence && self.holder(now).is_some()
    }
}
