//! When a decoded frame of a recording is shown.
//!
//! Invariant: frames come at the distance they were recorded at; a wait ends at once when the playback is paused,
//! moved or closed. A recorder that is slow is not caught up with; a gap in the recording is jumped over.
//! Deliberately absent: decoding, and waiting without a way to be woken.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A frame later than this begins a new count.
const LATE: Duration = Duration::from_millis(500);
/// A frame further ahead than this follows a gap.
const GAP_MS: i64 = 3_000;

/// Lets frames through at the right time.
pub(super) struct Pacer {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// When a frame of which time of recording (Unix milliseconds) was shown.
    anchor: Option<(Instant, i64)>,
    paused: bool,
    over: bool,
    shown: u64,
}

/// The act due for a frame now.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Show,
    /// Nobody wants it.
    Drop,
    /// Ask again after this or a change.
    Wait(Option<Duration>),
}

impl State {
    fn judge(&mut self, now: Instant, recorded_ms: i64) -> Verdict {
        if self.over {
            return Verdict::Drop;
        }
        // A paused playback that was moved shows where it is.
        if self.paused && self.shown > 0 {
            self.anchor = None;
            return Verdict::Wait(None);
        }
        if let Some((at, ms)) = self.anchor {
            let ahead = recorded_ms.saturating_sub(ms);
            if (0..=GAP_MS).contains(&ahead) {
                let due = at + Duration::from_millis(ahead.unsigned_abs());
                if due > now {
                    return Verdict::Wait(Some(due - now));
                }
                if now - due <= LATE {
                    self.anchor = Some((due, recorded_ms));
                    return Verdict::Show;
                }
            }
        }
        self.anchor = Some((now, recorded_ms));
        Verdict::Show
    }
}

impl Pacer {
    pub(super) fn new(paused: bool) -> Self {
        Self {
            state: Mutex::new(State {
                anchor: None,
                paused,
                over: false,
                shown: 0,
            }),
            changed: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the frame is due; false when it is not wanted any more.
    pub(super) fn wait(&self, recorded_ms: i64) -> bool {
        let mut state = self.state();
        loop {
            state = match state.judge(Instant::now(), recorded_ms) {
                Verdict::Show => {
                    state.shown += 1;
                    return true;
                }
                Verdict::Drop => return false,
                Verdict::Wait(None) => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Verdict::Wait(Some(time)) => {
                    self.changed
                        .wait_timeout(state, time)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
    }

    /// Holds frames back, or lets them go on.
    pub(super) fn pause(&self, paused: bool) {
        self.state().paused = paused;
        self.changed.notify_all();
    }

    /// Lets no frame through any more.
    pub(super) fn close(&self) {
        self.state().over = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State {
            anchor: None,
            paused: false,
            over: false,
            shown: 0,
        }
    }

    #[test]
    fn frames_come_at_the_distance_they_were_recorded_at() {
        let (mut state, start) = (state(), Instant::now());
        assert_eq!(state.judge(start, 1_000), Verdict::Show);
        assert_eq!(
            state.judge(start, 1_040),
            Verdict::Wait(Some(Duration::from_millis(40)))
        );
        assert_eq!(state.judge(start + Duration::from_millis(45), 1_040), Verdict::Show);
        // The five milliseconds are not carried on.
        assert_eq!(
            state.judge(start + Duration::from_millis(45), 1_080),
            Verdict::Wait(Some(Duration::from_millis(35)))
        );
    }

    #[test]
    fn gaps_jumps_back_and_late_frames_begin_anew() {
        for (next, after) in [(60_000, 40), (500, 40), (1_040, 2_000)] {
            let (mut state, start) = (state(), Instant::now());
            assert_eq!(state.judge(start, 1_000), Verdict::Show);
            let later = start + Duration::from_millis(after);
            assert_eq!(state.judge(later, next), Verdict::Show);
            assert_eq!(state.anchor, Some((later, next)));
        }
    }

    #[test]
    fn a_pause_holds_all_but_the_first_frame_and_a_close_drops() {
        let (mut state, start) = (state(), Instant::now());
        state.paused = true;
        assert_eq!(state.judge(start, 1_000), Verdict::Show);
        state.shown = 1;
        assert_eq!(state.judge(start, 1_040), Verdict::Wait(None));
        state.over = true;
        assert_eq!(state.judge(start, 1_040), Verdict::Drop);
    }
}
