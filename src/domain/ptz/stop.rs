//! Making a dome stand: Stop, then ContinuousMove with zero velocity, again and again until it is seen to stand.
//!
//! Why so stubborn: some cameras obey Stop only as zero velocity, some have no Stop, and a ContinuousMove that was delayed
//! on its way can land after the Stop. So a dome counts as standing only when the statuses say so from questions asked
//! after the last moving command can still land ([`LATE`]), and after a Stop and a zero velocity sent later than that.
//! Some say «idle» always: two positions that differ are motion, whatever the word. Bounded in tries and time.
//! Deliberately absent: sending, timers.

use crate::domain::camera::{MoveState, Pose};
use std::time::{Duration, Instant};

/// A moving command lands no later than this after it was sent.
pub const LATE: Duration = Duration::from_millis(1000);
/// The whole sequence takes no longer than this.
pub const LONGEST: Duration = Duration::from_secs(8);
/// Rounds of Stop, zero velocity and status, at most.
pub const MOST_ROUNDS: u32 = 12;
/// Between two rounds at first; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Between two rounds at most.
const LONGEST_PAUSE: Duration = Duration::from_millis(800);
/// Positions that differ by less are the same, degrees.
const SAME_DEG: f64 = 0.05;
/// Two positions must be asked for at least this far apart to show anything.
const APART: Duration = Duration::from_millis(80);

/// The next act of a stop sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopAct {
    /// Send PTZ `Stop`, then call [`StopSequence::next`] again, whatever the camera answered.
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

/// The steps of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Stop,
    Zero,
    Status,
    Pause(Instant),
    Over { stands: bool },
}

/// One stopping of one dome.
#[derive(Debug, Clone)]
pub struct StopSequence {
    turn: Turn,
    round: u32,
    until: Instant,
    /// From here on no moving command can land any more.
    settled_from: Instant,
    /// The last round in which Stop and zero velocity went out after `settled_from`, or none.
    ordered_late: bool,
    evidence: Option<(Instant, Option<Pose>)>,
}

impl StopSequence {
    /// Begins; `last_move` is when the last command that moves was sent.
    pub fn new(now: Instant, last_move: Instant) -> Self {
        Self {
            turn: Turn::Stop,
            round: 0,
            until: now + LONGEST,
            settled_from: last_move + LATE,
            ordered_late: false,
            evidence: None,
        }
    }

    /// The act due at `now`. Each act but `Wait` counts as done when it was returned.
    pub fn next(&mut self, now: Instant) -> StopAct {
        if let Turn::Pause(until) = self.turn {
            if now < until {
                return StopAct::Wait(until);
            }
            self.turn = if self.ordered_late && self.evidence.is_some() {
                Turn::Status
            } else {
                Turn::Stop
            };
        }
        let spent = self.round >= MOST_ROUNDS || now >= self.until;
        if spent && !matches!(self.turn, Turn::Over { .. }) {
            self.turn = Turn::Over { stands: false };
        }
        match self.turn {
            Turn::Stop => {
                self.turn = Turn::Zero;
                StopAct::SendStop
            }
            Turn::Zero => {
                self.turn = Turn::Status;
                self.ordered_late = now >= self.settled_from;
                self.evidence = None;
                StopAct::SendZeroVelocity
            }
            Turn::Status => {
                let pause = FIRST_PAUSE.saturating_mul(1 << self.round.min(8)).min(LONGEST_PAUSE);
                self.round += 1;
                self.turn = Turn::Pause(now + pause);
                StopAct::PollStatus
            }
            Turn::Pause(until) => StopAct::Wait(until),
            Turn::Over { stands: true } => StopAct::Done,
            Turn::Over { stands: false } => StopAct::GaveUp,
        }
    }

    /// A status answer; `sent` is when it was asked for.
    pub fn on_status(&mut self, sent: Instant, moving: MoveState, pose: Option<Pose>) {
        if matches!(self.turn, Turn::Over { .. }) || !self.ordered_late {
            return;
        }
        let moved = match (self.evidence.and_then(|(_, before)| before), pose) {
            (Some(before), Some(now)) => !same(before, now),
            _ => false,
        };
        let says_idle = moving == MoveState::Idle;
        if moving == MoveState::Moving || moved || (pose.is_none() && !says_idle) {
            self.evidence = None;
            return;
        }
        match self.evidence {
            Some((first, _)) if sent.saturating_duration_since(first) >= APART => {
                self.turn = Turn::Over { stands: true };
            }
            Some(_) => {}
            None => self.evidence = Some((sent, pose)),
        }
    }
}

fn same(a: Pose, b: Pose) -> bool {
    let turned = (a.pan_deg - b.pan_deg + 180.0).rem_euclid(360.0) - 180.0;
    turned.abs() < SAME_DEG
        && (a.tilt_deg - b.tilt_deg).abs() < SAME_DEG
        && (a.hfov_deg / b.hfov_deg - 1.0).abs() < 0.005
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a camera takes orders to stand.
    #[derive(Clone, Copy, PartialEq)]
    enum Dialect {
        Normal,
        OnlyZeroVelocity,
        OnlyStop,
        Deaf,
        /// Stops, but a move sent just before lands 800 ms later.
        LateMove,
        /// Deaf, and says «idle» all the same.
        DeafAlwaysIdle,
        /// Stands, and has no status.
        NoStatus,
        /// Stands, and says neither whether it moves nor where it is.
        Silent,
    }

    /// Runs the sequence against a camera that pans at 20°/s; answers when it ended, how, and whether it moves then.
    fn play(dialect: Dialect) -> (Duration, StopAct, bool, u32) {
        let begin = Instant::now();
        let mut now = begin;
        let mut sequence = StopSequence::new(now, now);
        let (mut moving, mut pan, mut late, mut acts) = (true, 0.0, dialect == Dialect::LateMove, 0);
        loop {
            let act = sequence.next(now);
            acts += 1;
            let mut spend = Duration::from_millis(30);
            match act {
                StopAct::SendStop
                    if !matches!(
                        dialect,
                        Dialect::OnlyZeroVelocity | Dialect::Deaf | Dialect::DeafAlwaysIdle
                    ) =>
                {
                    moving = false;
                }
                StopAct::SendZeroVelocity
                    if !matches!(dialect, Dialect::OnlyStop | Dialect::Deaf | Dialect::DeafAlwaysIdle) =>
                {
                    moving = false;
                }
                StopAct::PollStatus => {
                    let pose = Pose {
                        pan_deg: pan,
                        tilt_deg: 0.0,
                        hfov_deg: 40.0,
                    };
                    let word = if moving && dialect != Dialect::DeafAlwaysIdle {
                        MoveState::Moving
                    } else {
                        MoveState::Idle
                    };
                    match dialect {
                        Dialect::NoStatus => {}
                        Dialect::Silent => sequence.on_status(now, MoveState::Unknown, None),
                        _ => sequence.on_status(now, word, Some(pose)),
                    }
                }
                StopAct::Wait(until) => spend = until - now,
                StopAct::Done | StopAct::GaveUp => return (now - begin, act, moving, acts),
                StopAct::SendStop | StopAct::SendZeroVelocity => {}
            }
            now += spend;
            if moving {
                pan += 20.0 * spend.as_secs_f64();
            }
            if late && now - begin > Duration::from_millis(800) {
                (moving, late) = (true, false);
            }
            assert!(acts < 100);
        }
    }

    #[test]
    fn every_dialect_that_can_be_stopped_is_and_is_seen_to_be() {
        for dialect in [
            Dialect::Normal,
            Dialect::OnlyZeroVelocity,
            Dialect::OnlyStop,
            Dialect::LateMove,
        ] {
            let (took, act, moving, _) = play(dialect);
            assert_eq!(act, StopAct::Done);
            assert!(!moving, "still moves when done");
            assert!(took <= LATE * 4, "{took:?}");
        }
    }

    #[test]
    fn what_does_not_stop_or_does_not_say_is_given_up_in_bounded_tries_and_time() {
        for dialect in [
            Dialect::Deaf,
            Dialect::DeafAlwaysIdle,
            Dialect::NoStatus,
            Dialect::Silent,
        ] {
            let (took, act, _, acts) = play(dialect);
            assert_eq!(act, StopAct::GaveUp);
            assert!(
                took <= LONGEST + LONGEST_PAUSE && acts <= 4 * MOST_ROUNDS + 1,
                "{took:?} {acts}"
            );
        }
    }

    #[test]
    fn the_first_acts_are_stop_and_zero_velocity_at_once() {
        let now = Instant::now();
        let mut sequence = StopSequence::new(now, now);
        assert_eq!(sequence.next(now), StopAct::SendStop);
        assert_eq!(sequence.next(now), StopAct::SendZeroVelocity);
        assert_eq!(sequence.next(now), StopAct::PollStatus);
        assert!(matches!(sequence.next(now), StopAct::Wait(_)));
    }
}
