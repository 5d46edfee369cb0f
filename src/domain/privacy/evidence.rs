//! Evidence of where a dome was: single statuses, and statuses that agree.
//!
//! Invariant: the bounds of a moment are where it lies at the earliest and at the latest, so motion counted from one and to
//! the other is never too short. Deliberately absent: what follows (`pose_tracker`).

use super::speed_envelope::Axes3;

/// Statuses that agree over this long show that the dome stands. Seconds.
pub const SETTLED_S: f64 = 0.25;

/// Where the dome was: one status, or all statuses of one rest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence {
    /// Motion towards later moments counts from here: when the status was taken at the earliest, or the rest last seen.
    pub onwards: f64,
    /// Motion towards earlier moments counts to here: when the status was taken at the latest, or the rest first seen.
    pub back: f64,
    pub low: Axes3,
    pub high: Axes3,
}

/// Statuses in a row that agree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// The first was taken no later than this.
    pub first_taken: f64,
    /// The newest was taken at or after this moment.
    pub last_taken: f64,
    pub low: Axes3,
    pub high: Axes3,
    /// The highest zoom that one of them allows: more than `high` where they tell the end of a lens, from which the picture may
    /// be cropped.
    pub highest_zoom: f64,
    /// How many of the last pieces of evidence are its own.
    pub members: usize,
}

impl Run {
    /// The highest values that one of them allows.
    pub fn highest(&self) -> Axes3 {
        [self.high[0], self.high[1], self.highest_zoom]
    }

    pub fn seconds(&self) -> f64 {
        self.last_taken - self.first_taken
    }

    pub fn settled(&self) -> bool {
        self.seconds() >= SETTLED_S
    }
}
