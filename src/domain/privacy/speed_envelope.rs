//! How fast each axis may move, as a function of time: what lies between two known poses.
//!
//! Invariant: at every moment the envelope contains zero, so the way between two moments is bounded by its integral over
//! everything between them. Axes are pan and tilt in degrees and zoom as natural logarithm of magnification; seconds.
//! Deliberately absent: where the bounds come from (see `pose_tracker`).

use std::collections::VecDeque;

/// Number of steps remembered; older ones are joined.
const MOST_STEPS: usize = 48;

/// One value per axis: pan, tilt, zoom.
pub type Axes3 = [f64; 3];

/// Lowest (never positive) and highest (never negative) signed speed of each axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Envelope {
    pub low: Axes3,
    pub high: Axes3,
}

impl Envelope {
    /// An envelope of one speed in both directions of each axis.
    pub fn both_ways(speed: Axes3) -> Self {
        Self {
            low: speed.map(|v| -v),
            high: speed,
        }
    }

    /// What both of two envelopes allow.
    pub fn and(self, other: Self) -> Self {
        Self {
            low: std::array::from_fn(|i| self.low[i].max(other.low[i])),
            high: std::array::from_fn(|i| self.high[i].min(other.high[i])),
        }
    }

    /// The union of two envelopes.
    pub fn or(self, other: Self) -> Self {
        Self {
            low: std::array::from_fn(|i| self.low[i].min(other.low[i])),
            high: std::array::from_fn(|i| self.high[i].max(other.high[i])),
        }
    }
}

/// From a moment on, until the next step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Seconds.
    pub since: f64,
    /// All motion.
    pub any: Envelope,
    /// Motion other than towards a known target.
    pub drive: Envelope,
}

/// The envelope over time.
#[derive(Debug, Clone)]
pub struct Speeds {
    /// Before the first step.
    full: Envelope,
    steps: VecDeque<Step>,
}

/// Which part of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Any,
    Drive,
}

impl Speeds {
    /// Full speed, always.
    pub fn new(full: Envelope) -> Self {
        Self {
            full,
            steps: VecDeque::new(),
        }
    }

    /// The last step; full speed before the first.
    pub fn last(&self) -> Step {
        self.steps.back().copied().unwrap_or(Step {
            since: f64::NEG_INFINITY,
            any: self.full,
            drive: self.full,
        })
    }

    /// Adds a step; one that begins before the last takes the place of all that begin later than it.
    pub fn push(&mut self, step: Step) {
        while self.steps.back().is_some_and(|last| last.since >= step.since) {
            self.steps.pop_back();
        }
        let last = self.last();
        if last.any == step.any && last.drive == step.drive {
            return;
        }
        self.steps.push_back(step);
        if self.steps.len() > MOST_STEPS
            && let Some(oldest) = self.steps.pop_front()
            && let Some(next) = self.steps.front_mut()
        {
            *next = Step {
                since: oldest.since,
                any: oldest.any.or(next.any),
                drive: oldest.drive.or(next.drive),
            };
        }
    }

    /// Forgets what ended before a moment; before it, full speed is assumed.
    pub fn forget_before(&mut self, moment: f64) {
        while self.steps.get(1).is_some_and(|second| second.since <= moment) {
            self.steps.pop_front();
        }
    }

    /// The farthest ways (down, up) between two moments; `tail` are steps after the stored ones, in order.
    pub fn way(&self, part: Part, from: f64, to: f64, tail: &[Step]) -> Envelope {
        let mut sum = Envelope::both_ways([0.0; 3]);
        if to <= from {
            return sum;
        }
        let first = Step {
            since: f64::NEG_INFINITY,
            any: self.full,
            drive: self.full,
        };
        let first_of_tail = tail.first().map_or(f64::INFINITY, |step| step.since);
        let stored = self.steps.iter().copied().filter(|step| step.since < first_of_tail);
        let mut steps = std::iter::once(first)
            .chain(stored)
            .chain(tail.iter().copied())
            .peekable();
        while let Some(step) = steps.next() {
            let end = steps.peek().map_or(f64::INFINITY, |next| next.since).min(to);
            let seconds = end - step.since.max(from);
            if seconds <= 0.0 {
                continue;
            }
            let envelope = match part {
                Part::Any => step.any,
                Part::Drive => step.drive,
            };
            for axis in 0..3 {
                sum.low[axis] += envelope.low[axis] * seconds;
                sum.high[axis] += envelope.high[axis] * seconds;
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(since: f64, speed: f64) -> Step {
        let envelope = Envelope::both_ways([speed; 3]);
        Step {
            since,
            any: envelope,
            drive: envelope,
        }
    }

    #[test]
    fn the_way_is_the_sum_over_the_steps() {
        let mut speeds = Speeds::new(Envelope::both_ways([100.0; 3]));
        speeds.push(step(10.0, 1.0));
        speeds.push(step(20.0, 5.0));
        assert_eq!(speeds.way(Part::Any, 9.0, 22.0, &[]).high[0], 100.0 + 10.0 + 10.0);
        assert_eq!(
            speeds.way(Part::Any, 9.0, 22.0, &[step(21.0, 0.0)]).low[0],
            -(100.0 + 10.0 + 5.0)
        );
        assert_eq!(speeds.way(Part::Any, 22.0, 9.0, &[]).high[0], 0.0);
        speeds.push(step(15.0, 2.0));
        assert_eq!(speeds.way(Part::Any, 14.0, 22.0, &[]).high[0], 1.0 + 14.0);
    }

    #[test]
    fn joining_old_steps_never_makes_the_way_shorter() {
        let mut speeds = Speeds::new(Envelope::both_ways([0.0; 3]));
        for i in 0..200 {
            speeds.push(step(f64::from(i), f64::from(i % 7)));
        }
        let true_way: f64 = (0..200).map(|i| f64::from(i % 7)).sum();
        assert!(speeds.way(Part::Any, 0.0, 200.0, &[]).high[1] >= true_way);
    }
}
