//! The time that one beat of the control room works with.
//!
//! Invariant: every part that is updated or drawn in one beat sees the same instant. Deliberately absent: waiting.

use std::time::{Instant, SystemTime};

/// The monotonic and the wall-clock time, read together once a beat.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    pub instant: Instant,
    pub clock: SystemTime,
}

impl Now {
    /// Reads both clocks.
    pub fn read() -> Now {
        Now {
            instant: Instant::now(),
            clock: SystemTime::now(),
        }
    }
}
