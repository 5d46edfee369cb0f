//! Searches the window for leaks all through the tour, on a thread and a display connection of its own.
//!
//! Invariant: every picture taken is searched whole. Deliberately absent: any influence on what is shown.

use crate::report::Leak;
use crate::screen_capture::Eye;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time between two looks: long enough to leave the processor to the wall.
const BETWEEN_LOOKS: Duration = Duration::from_millis(120);
/// Time between two looks while frame rates are measured: fetching a whole window through the X server keeps the
/// program's own picture waiting in the same queue.
const BETWEEN_RARE_LOOKS: Duration = Duration::from_secs(1);

/// The search, running until it is ended.
pub struct LeakWatch {
    stop: Sender<()>,
    thread: JoinHandle<()>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    frames: AtomicU64,
    pixels: AtomicU64,
    rarely: AtomicBool,
    /// PNG of the first picture that leaked, as evidence.
    evidence: Mutex<Option<Vec<u8>>>,
}

impl LeakWatch {
    /// Starts to search what the eye sees.
    pub fn start(eye: Eye) -> Self {
        let counts = Arc::new(Counts::default());
        let (stop, stopped) = channel();
        let shared = counts.clone();
        let thread = std::thread::spawn(move || {
            let between = || match shared.rarely.load(Ordering::Relaxed) {
                true => BETWEEN_RARE_LOOKS,
                false => BETWEEN_LOOKS,
            };
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(between()) {
                match eye.look() {
                    Ok(picture) => {
                        let leaked = picture.leaked_pixels();
                        shared.frames.fetch_add(1, Ordering::Relaxed);
                        if leaked > 0 && shared.pixels.fetch_add(leaked, Ordering::Relaxed) == 0 {
                            *shared.evidence.lock().unwrap_or_else(PoisonError::into_inner) = picture.to_png().ok();
                        }
                    }
                    Err(error) => tracing::warn!(%error, "the window could not be looked at"),
                }
            }
        });
        Self { stop, thread, counts }
    }

    /// Looks only once a second until told otherwise.
    pub fn rarely(&self, rarely: bool) {
        self.counts.rarely.store(rarely, Ordering::Relaxed);
    }

    /// What was found so far.
    pub fn so_far(&self) -> Leak {
        Leak {
            frames_searched: self.counts.frames.load(Ordering::Relaxed),
            leaked_pixels: self.counts.pixels.load(Ordering::Relaxed),
        }
    }

    /// Ends the search. Returns what was found and, when something leaked, a PNG of the first such picture.
    pub fn end(self) -> (Leak, Option<Vec<u8>>) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the search for leaks ended early");
        }
        let leak = Leak {
            frames_searched: self.counts.frames.load(Ordering::Relaxed),
            leaked_pixels: self.counts.pixels.load(Ordering::Relaxed),
        };
        let evidence = self
            .counts
            .evidence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        (leak, evidence)
    }
}
