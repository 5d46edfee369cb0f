//! What the two halves of an export share: pictures that go over, how far they are, the first failure.
//!
//! Invariant: of several failures the first is told; a file that holds no picture is closed without asking the muxer.
//! Deliberately absent: what a half does with pictures (`original`, `redacted`), the file (`mux`).

use super::{CoveredFrames, ExportError};
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::rtsp::VideoTrack;
use gstreamer as gst;
use gstreamer_app as gst_app;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How far it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) frames: u64,
    /// Bytes of coded video.
    pub(super) bytes: u64,
    /// Times of recording, Unix nanoseconds.
    pub(super) first_ns: Option<i64>,
    pub(super) last_ns: Option<i64>,
    pub(super) covered: CoveredFrames,
}

impl Written {
    /// One more picture of this time went over.
    pub(super) fn count(&mut self, recorded_ns: i64) {
        self.frames += 1;
        self.first_ns = Some(self.first_ns.map_or(recorded_ns, |ns| ns.min(recorded_ns)));
        self.last_ns = Some(self.last_ns.map_or(recorded_ns, |ns| ns.max(recorded_ns)));
    }
}

/// The state shared by the halves.
#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Told whenever the state may have changed for the thread that waits.
    pub(super) changed: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) written: Written,
    pub(super) failed: Option<ExportError>,
    /// The file is complete.
    pub(super) closed: bool,
}

/// The half before the file.
pub(super) struct Half {
    /// In the order of the packets; the source comes before the first.
    pub(super) elements: Vec<gst::Element>,
    /// The elements that turn what comes over into what the muxer takes.
    pub(super) coder: Vec<gst::Element>,
}

/// The order for one half.
pub(super) struct Wanted<'a> {
    pub(super) track: &'a VideoTrack,
    /// Unix milliseconds, both included.
    pub(super) range: (i64, i64),
    /// The origin of the packets' time stamps, Unix milliseconds.
    pub(super) origin_ms: i64,
    /// Takes what goes over.
    pub(super) output: &'a gst_app::AppSrc,
    pub(super) shared: &'a Arc<Shared>,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn fail(&self, error: ExportError) {
        self.state().failed.get_or_insert(error);
        self.changed.notify_all();
    }

    /// Nothing comes over any more.
    pub(super) fn end(&self, output: &gst_app::AppSrc) {
        let mut state = self.state();
        if state.written.frames == 0 {
            // The muxer would call an empty file an error.
            state.closed = true;
            self.changed.notify_all();
            return;
        }
        drop(state);
        if output.end_of_stream().is_err() {
            self.fail(ExportError::Stream(broken("the file takes no more")));
        }
    }
}

/// An error of a pipeline that does not do what it must.
pub(super) fn broken(error: impl std::fmt::Display) -> LiveError {
    LiveError::new(LiveErrorKind::BrokenStream, error.to_string())
}
