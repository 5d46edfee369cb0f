//! Packets of a recording into an MP4 file.
//!
//! Two halves in one pipeline: packets to pictures, and pictures to file. What lies between them says which copy it is:
//! [`original`](super::original) hands over coded pictures as they are, [`redacted`](super::redacted) decoded ones that are
//! covered. Deliberately absent: the connection, the file's name, what is done with a picture.

use super::{CopyKind, CoveredFrames, ExportError, original, redacted};
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::live::classify;
use crate::media::plugins;
use crate::media::rtp_feed::{Fed, Feed, RecordedTime};
use crate::media::rtsp::{Playing, VideoTrack};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes of coded pictures that may wait for the disk.
const MAX_QUEUED: u64 = 4 * 1024 * 1024;

pub(super) struct Mux {
    pipeline: gst::Pipeline,
    feed: Feed,
    output: gst_app::AppSrc,
    shared: Arc<Shared>,
    /// Whether the output itself holds back the thread that fills it.
    blocks: bool,
}

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
    changed: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) written: Written,
    failed: Option<ExportError>,
    /// The file is complete.
    closed: bool,
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

    fn hear(&self, message: &gst::Message) {
        match message.view() {
            gst::MessageView::Error(error) => self.fail(of_pipeline(error)),
            // Of the whole pipeline: the file sink has closed its file.
            gst::MessageView::Eos(_) => {
                self.state().closed = true;
                self.changed.notify_all();
            }
            _ => {}
        }
    }
}

/// A pipeline's error: the disk's or the stream's.
fn of_pipeline(error: &gst::message::Error) -> ExportError {
    let cause = error.error();
    match cause.kind::<gst::ResourceError>() {
        Some(gst::ResourceError::NoSpaceLeft) => ExportError::DiskFull,
        Some(gst::ResourceError::Write | gst::ResourceError::OpenWrite | gst::ResourceError::Seek) => {
            ExportError::Disk(std::io::Error::other(cause.message().to_owned()))
        }
        _ => ExportError::Stream(classify(error)),
    }
}

pub(super) fn broken(error: impl std::fmt::Display) -> LiveError {
    LiveError::new(LiveErrorKind::BrokenStream, error.to_string())
}

impl Mux {
    /// Starts writing `path`, which exists and is overwritten.
    pub(super) fn start(
        track: &VideoTrack,
        playing: Playing,
        range: (i64, i64),
        copy: &CopyKind,
        path: &Path,
    ) -> Result<Self, LiveError> {
        // A recorder may begin long before the range; nothing may come out with a negative time.
        let origin_ms = range.0.saturating_sub(3_600_000);
        let feed = Feed::new(track, RecordedTime::new(track.clock_rate, playing, range.0), origin_ms)?;
        let shared = Arc::new(Shared::default());
        let pipeline = gst::Pipeline::new();
        if let Some(bus) = pipeline.bus() {
            let shared = Arc::clone(&shared);
            bus.set_sync_handler(move |_, message| {
                shared.hear(message);
                gst::BusSyncReply::Drop
            });
        }
        let blocks = matches!(copy, CopyKind::Obscured(_));
        let output = gst_app::AppSrc::builder()
            .format(gst::Format::Time)
            .is_live(false)
            .block(blocks)
            .build();
        let wanted = Wanted {
            track,
            range,
            origin_ms,
            output: &output,
            shared: &shared,
        };
        let half = match copy {
            CopyKind::Original => original::half(&wanted)?,
            CopyKind::Obscured(obscure) => redacted::half(&wanted, obscure)?,
        };
        add(&pipeline, std::iter::once(feed.element()).chain(&half.elements))?;

        let mux = plugins::make("mp4mux")?;
        if let (CopyKind::Obscured(obscure), Some(tags)) = (copy, mux.dynamic_cast_ref::<gst::TagSetter>()) {
            tags.add_tag::<gst::tags::Comment>(&obscure.remark.as_str(), gst::TagMergeMode::Replace);
        }
        let file = plugins::make("filesink")?;
        file.set_property(
            "location",
            path.to_str().ok_or_else(|| broken("the file's name is not UTF-8"))?,
        );
        file.set_property("sync", false);
        file.set_property("async", false);
        let chain = std::iter::once(output.upcast_ref()).chain(&half.coder);
        add(&pipeline, chain.chain([&mux, &file]))?;
        let mux = Self {
            pipeline,
            feed,
            output,
            shared,
            blocks,
        };
        mux.pipeline.set_state(gst::State::Playing).map_err(broken)?;
        Ok(mux)
    }

    /// Puts one packet in.
    pub(super) fn put(&mut self, packet: Vec<u8>) -> Result<Option<Fed>, ExportError> {
        self.trouble()?;
        match self.feed.put(packet) {
            Ok(fed) => Ok(fed),
            // The cause is on the bus, and clearer.
            Err(error) => Err(self.trouble().err().unwrap_or(ExportError::Stream(error))),
        }
    }

    /// An error of the pipeline, if there was one.
    pub(super) fn trouble(&self) -> Result<(), ExportError> {
        self.shared.state().failed.take().map_or(Ok(()), Err)
    }

    /// Waits a little if there is more inside than should be; true when there was.
    pub(super) fn wait_if_full(&self) -> bool {
        let full = self.feed.is_full() || (!self.blocks && self.output.current_level_bytes() > MAX_QUEUED);
        if full {
            let state = self.shared.state();
            let _woken = self.shared.changed.wait_timeout(state, Duration::from_millis(20));
        }
        full
    }

    pub(super) fn written(&self) -> Written {
        self.shared.state().written
    }

    /// Nothing follows: what is inside goes into the file, then its index.
    pub(super) fn end(&self) {
        self.feed.end();
    }

    /// After [`Mux::end`]: waits a little for the file to be closed, and says whether it is.
    pub(super) fn is_closed(&self, wait: Duration) -> Result<bool, ExportError> {
        let waiting = |state: &mut State| !state.closed && state.failed.is_none();
        let (mut state, _) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.state(), wait, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        match state.failed.take() {
            Some(error) => Err(error),
            None => Ok(state.closed),
        }
    }
}

impl Drop for Mux {
    fn drop(&mut self) {
        // Whoever waits to put something over is let go first: stopping the pipeline waits for them.
        let stopped = self.output.set_state(gst::State::Null);
        if let Err(error) = stopped.and_then(|_| self.pipeline.set_state(gst::State::Null)) {
            tracing::warn!(%error, "a pipeline does not stop");
        }
    }
}

/// Adds a chain of elements and links them.
fn add<'a>(pipeline: &gst::Pipeline, chain: impl Iterator<Item = &'a gst::Element>) -> Result<(), LiveError> {
    let chain: Vec<&gst::Element> = chain.collect();
    pipeline.add_many(&chain).map_err(broken)?;
    gst::Element::link_many(&chain).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_says_so() {
        gst::init().unwrap();
        let launch = "videotestsrc num-buffers=20 ! video/x-raw,width=320,height=240 ! filesink location=/dev/full";
        let pipeline = gst::parse::launch(launch).unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        let bus = pipeline.bus().unwrap();
        let wait = gst::ClockTime::from_seconds(10);
        let message = bus
            .timed_pop_filtered(wait, &[gst::MessageType::Error, gst::MessageType::Eos])
            .unwrap();
        let gst::MessageView::Error(error) = message.view() else {
            panic!("no error")
        };
        let error = of_pipeline(error);
        pipeline.set_state(gst::State::Null).unwrap();
        assert!(matches!(error, ExportError::DiskFull), "{error}");
    }
}
