//! Packets of a recording into an MP4 file.
//!
//! Two halves in one pipeline: packets to pictures, and pictures to file. What lies between them says which copy it is:
//! [`original`](super::original) hands over coded pictures as they are, [`redacted`](super::redacted) decoded ones that are
//! covered. Deliberately absent: the connection, the file's name, what is done with a picture.

use super::half::{Shared, State, Wanted, Written, broken};
use super::{CopyKind, ExportError, original, redacted};
use crate::media::error::LiveError;
use crate::media::live::classify;
use crate::media::plugins;
use crate::media::rtp_feed::{Fed, Feed, RecordedTime};
use crate::media::rtsp::{Playing, VideoTrack};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::path::Path;
use std::sync::{Arc, PoisonError};
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

/// Takes up what a pipeline says on its bus.
fn hear(shared: &Shared, message: &gst::Message) {
    match message.view() {
        gst::MessageView::Error(error) => shared.fail(of_pipeline(error)),
        // Of the whole pipeline: the file sink has closed its file.
        gst::MessageView::Eos(_) => {
            shared.state().closed = true;
            shared.changed.notify_all();
        }
        _ => {}
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
                hear(&shared, message);
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
    pub(super) fn end(&mut self) {
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
