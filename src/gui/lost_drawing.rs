//! That windows cannot be drawn on any more, for whoever can end the program with a sentence.
//!
//! Invariant: one failure of the processor's road is bad luck, and the drawing library tries again; a row of them without a
//! drawing in between, a window that gives no memory at all, or a graphics card that is lost, is the end, said once.
//! Deliberately absent: ending the program (`launch`, `app`). The drawing library makes the compositor itself and hands it
//! nothing of ours, which is why the end is a fact of the process here, like `gpu_adapter`'s.

use std::sync::atomic::{AtomicBool, Ordering};

/// Drawings in a row that may fail: a third of a second at the pace at which they are tried.
const IN_A_ROW: u32 = 10;

static LOST: AtomicBool = AtomicBool::new(false);

/// Whether windows cannot be drawn on any more.
pub fn is_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// The windows cannot be drawn on from here on.
pub fn lose(why: &dyn std::fmt::Display) {
    if !LOST.swap(true, Ordering::Relaxed) {
        tracing::error!(%why, "the windows cannot be drawn on");
    }
}

/// Failures of a window since its last drawing.
#[derive(Debug, Default)]
pub struct Failures(u32);

impl Failures {
    /// A drawing reached the window.
    pub fn drawn(&mut self) {
        self.0 = 0;
    }

    /// A drawing did not. Returns whether it is the end.
    pub fn failed(&mut self) -> bool {
        self.0 = self.0.saturating_add(1);
        self.0 >= IN_A_ROW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_failures_is_the_end_and_single_ones_are_not() {
        let mut failures = Failures::default();
        for _ in 0..100 {
            assert!(!failures.failed());
            failures.drawn();
        }
        let row: Vec<bool> = (0..IN_A_ROW).map(|_| failures.failed()).collect();
        assert_eq!(row.iter().position(|end| *end), Some(IN_A_ROW as usize - 1));
    }
}
