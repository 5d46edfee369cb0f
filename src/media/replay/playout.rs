//! The decoding side of one PLAY: packets in, frames at their time out.
//!
//! Invariant: frames outside the range are decoded and not shown. A seek makes a new playout; nothing of the old one
//! is put after [`Playout::close`] returns. Deliberately absent: the connection (`player`).

use super::pace::Pacer;
use super::{ReplayPhase, Shared};
use crate::domain::live::stream_selection::Attention;
use crate::media::decoder;
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::gst_frame;
use crate::media::live::{Decode, classify, element_of, in_background};
use crate::media::packet_guard::Refused;
use crate::media::rtp_feed::{self, Fed, Feed, RecordedTime};
use crate::media::rtsp::{Playing, VideoTrack};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How long before the range a recorder may begin: a group of pictures, and then some.
const LEAD_MS: i64 = 3_600_000;

pub(super) struct Playout {
    pipeline: gst::Pipeline,
    feed: Feed,
    output: Arc<Output>,
}

/// The streaming thread's tools.
struct Output {
    shared: Arc<Shared>,
    pacer: Pacer,
    from_ms: i64,
    to_ms: i64,
    origin_ms: i64,
    /// Held while a frame is put, so that closing waits for it.
    open: Mutex<bool>,
    ended: AtomicBool,
    failed: Mutex<Option<LiveError>>,
}

fn broken(error: impl std::fmt::Display) -> LiveError {
    LiveError::new(LiveErrorKind::BrokenStream, error.to_string())
}

impl Playout {
    /// Starts decoding for a PLAY of `from_ms..=to_ms`.
    pub(super) fn start(
        shared: &Arc<Shared>,
        track: &VideoTrack,
        playing: Playing,
        (from_ms, to_ms): (i64, i64),
        paused: bool,
    ) -> Result<Self, LiveError> {
        let origin_ms = from_ms.saturating_sub(LEAD_MS);
        let feed = Feed::new(track, RecordedTime::new(track.clock_rate, playing, from_ms), origin_ms)?;
        let output = Arc::new(Output {
            shared: Arc::clone(shared),
            pacer: Pacer::new(paused),
            from_ms,
            to_ms,
            origin_ms,
            open: Mutex::new(true),
            ended: AtomicBool::new(false),
            failed: Mutex::new(None),
        });
        let pipeline = gst::Pipeline::new();
        if let Some(bus) = pipeline.bus() {
            let output = Arc::clone(&output);
            bus.set_sync_handler(move |_, message| {
                output.hear(message);
                gst::BusSyncReply::Drop
            });
        }
        let decode = Decode::new(track.codec, Refused::default())?;
        decode.count_units(|_| Attention::Whole)?;
        let (frames, end) = (Arc::clone(&output), Arc::clone(&output));
        decode.sink.set_callbacks(
            gst_app::AppSinkCallbacks::builder()
                .new_sample(move |sink| {
                    frames.show(&sink.pull_sample().map_err(|_| gst::FlowError::Eos)?);
                    Ok(gst::FlowSuccess::Ok)
                })
                .eos(move |_| end.ended.store(true, Ordering::Release))
                .build(),
        );
        pipeline.add(feed.element()).map_err(broken)?;
        let entry = decode.add_to(&pipeline)?;
        let exit = feed
            .element()
            .static_pad("src")
            .ok_or_else(|| broken("the source has no output"))?;
        exit.link(&entry).map_err(broken)?;
        let playout = Self { pipeline, feed, output };
        playout.pipeline.set_state(gst::State::Playing).map_err(broken)?;
        Ok(playout)
    }

    /// Puts one packet in.
    pub(super) fn put(&mut self, packet: Vec<u8>) -> Result<Option<Fed>, LiveError> {
        self.trouble()?;
        self.feed.put(packet)
    }

    /// An error of the pipeline, if there was one.
    pub(super) fn trouble(&self) -> Result<(), LiveError> {
        match self
            .output
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
        {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.feed.is_full()
    }

    /// No packet follows; the frames that wait are still shown.
    pub(super) fn end(&mut self) {
        self.feed.end();
    }

    /// Whether the last frame was shown.
    pub(super) fn has_ended(&self) -> bool {
        self.output.ended.load(Ordering::Acquire)
    }

    pub(super) fn pause(&self, paused: bool) {
        self.output.pacer.pause(paused);
    }

    /// Shows nothing more; the pipeline goes in the background.
    pub(super) fn close(self) {}
}

impl Drop for Playout {
    fn drop(&mut self) {
        self.output.pacer.close();
        *self.output.open.lock().unwrap_or_else(PoisonError::into_inner) = false;
        let pipeline = self.pipeline.clone();
        in_background("media-close", move || {
            if let Err(error) = pipeline.set_state(gst::State::Null) {
                tracing::warn!(%error, "a pipeline does not stop");
            }
        });
    }
}

impl Output {
    fn show(&self, sample: &gst::Sample) {
        let stamp = sample.buffer().and_then(gst::BufferRef::pts);
        let Some(recorded_ms) = stamp.map(|stamp| rtp_feed::recorded_ns(stamp, self.origin_ms).div_euclid(1_000_000))
        else {
            return;
        };
        if !(self.from_ms..=self.to_ms).contains(&recorded_ms) || !self.pacer.wait(recorded_ms) {
            return;
        }
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if !*open {
            return;
        }
        match gst_frame::frame(sample, self.shared.slot.count() + 1, Some(recorded_ms)) {
            Some(frame) => {
                self.shared.slot.put(frame);
                self.shared.at(recorded_ms);
            }
            None => self.fail(LiveError::new(
                LiveErrorKind::NotSupported,
                "the pictures have an unknown layout",
            )),
        }
    }

    fn hear(&self, message: &gst::Message) {
        if let gst::MessageView::Error(error) = message.view() {
            if let Some(element) = element_of(message) {
                decoder::distrust(&element);
            }
            self.fail(classify(error));
        }
    }

    fn fail(&self, error: LiveError) {
        self.failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(error);
    }
}

impl Shared {
    /// A frame of this time was shown.
    fn at(&self, recorded_ms: i64) {
        self.state.send_modify(|state| {
            state.position_ms = recorded_ms;
            if state.phase == ReplayPhase::Connecting {
                state.phase = ReplayPhase::Playing;
            }
        });
    }
}
