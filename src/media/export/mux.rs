//! Coded pictures into an MP4 file, as they are.
//!
//! Invariant: no element here decodes or encodes. Two halves in one pipeline: packets to pictures, and pictures to
//! file; between them [`Trim`] decides what goes over. Deliberately absent: the connection, the file's name.

use super::ExportError;
use super::trim::{Trim, Unit};
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::feed::{self, Fed, Feed, RecordedTime};
use crate::media::intake::{self, Refused};
use crate::media::live::classify;
use crate::media::plugins;
use crate::media::rtsp::{Playing, VideoTrack};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the muxer may take to write the index.
const CLOSING: Duration = Duration::from_secs(60);
/// Bytes of pictures that may wait for the disk.
const MAX_QUEUED: u64 = 4 * 1024 * 1024;

pub(super) struct Mux {
    pipeline: gst::Pipeline,
    feed: Feed,
    output: gst_app::AppSrc,
    shared: Arc<Shared>,
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
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    written: Written,
    failed: Option<ExportError>,
    /// The file is complete.
    closed: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: ExportError) {
        self.state().failed.get_or_insert(error);
        self.changed.notify_all();
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

fn broken(error: impl std::fmt::Display) -> LiveError {
    LiveError::new(LiveErrorKind::BrokenStream, error.to_string())
}

impl Mux {
    /// Starts writing `path`, which exists and is overwritten.
    pub(super) fn start(
        track: &VideoTrack,
        playing: Playing,
        (from_ms, to_ms): (i64, i64),
        path: &Path,
    ) -> Result<Self, LiveError> {
        // A recorder may begin long before the range; nothing may come out with a negative time.
        let origin_ms = from_ms.saturating_sub(3_600_000);
        let feed = Feed::new(track, RecordedTime::new(track.clock_rate, playing, from_ms), origin_ms)?;
        let shared = Arc::new(Shared::default());
        let pipeline = gst::Pipeline::new();
        if let Some(bus) = pipeline.bus() {
            let shared = Arc::clone(&shared);
            bus.set_sync_handler(move |_, message| {
                shared.hear(message);
                gst::BusSyncReply::Drop
            });
        }
        let output = gst_app::AppSrc::builder()
            .format(gst::Format::Time)
            .is_live(false)
            .block(false)
            .build();
        let pictures = pictures(track, &output, &shared, (from_ms, to_ms), origin_ms)?;
        let depay = intake::depayloader(track.codec, Refused::default())?;
        let parse = plugins::make(track.codec.parser())?;
        parse.set_property("config-interval", -1i32);
        let chain = [feed.element(), &depay, &parse, pictures.upcast_ref()];
        pipeline.add_many(chain).map_err(broken)?;
        gst::Element::link_many(chain).map_err(broken)?;

        let stamp = plugins::make(track.codec.timestamper())?;
        let mux = plugins::make("mp4mux")?;
        let file = plugins::make("filesink")?;
        file.set_property(
            "location",
            path.to_str().ok_or_else(|| broken("the file's name is not UTF-8"))?,
        );
        file.set_property("sync", false);
        file.set_property("async", false);
        let chain = [output.upcast_ref(), &stamp, &mux, &file];
        pipeline.add_many(chain).map_err(broken)?;
        gst::Element::link_many(chain).map_err(broken)?;
        let mux = Self {
            pipeline,
            feed,
            output,
            shared,
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
        let full = self.feed.is_full() || self.output.current_level_bytes() > MAX_QUEUED;
        if full {
            let state = self.shared.state();
            let _woken = self.shared.changed.wait_timeout(state, Duration::from_millis(20));
        }
        full
    }

    pub(super) fn written(&self) -> Written {
        self.shared.state().written
    }

    /// Nothing follows: writes the index and closes the file.
    pub(super) fn finish(self) -> Result<Written, ExportError> {
        self.feed.end();
        let state = self.shared.state();
        let waiting = |state: &mut State| !state.closed && state.failed.is_none();
        let (mut state, _) = self
            .shared
            .changed
            .wait_timeout_while(state, CLOSING, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        match state.failed.take() {
            Some(error) => Err(error),
            None if state.closed => Ok(state.written),
            None => Err(ExportError::Stream(LiveError::new(
                LiveErrorKind::Timeout,
                "the file is not closed in time",
            ))),
        }
    }
}

impl Drop for Mux {
    fn drop(&mut self) {
        if let Err(error) = self.pipeline.set_state(gst::State::Null) {
            tracing::warn!(%error, "a pipeline does not stop");
        }
    }
}

/// The sink that takes coded pictures and hands those of the range to `output`.
fn pictures(
    track: &VideoTrack,
    output: &gst_app::AppSrc,
    shared: &Arc<Shared>,
    (from_ms, to_ms): (i64, i64),
    origin_ms: i64,
) -> Result<gst_app::AppSink, LiveError> {
    let sink = gst_app::AppSink::builder()
        .caps(&track.codec.mp4_caps())
        .sync(false)
        .enable_last_sample(false)
        .max_buffers(8)
        .build();
    // A sink that is no output of ours must not hold up the change of state of the one that is.
    sink.set_async(false);
    let (output, ended) = (output.clone(), output.clone());
    let (shared, broken) = (Arc::clone(shared), Arc::clone(shared));
    let mut trim = Trim::new(from_ms, to_ms);
    let mut first_ns = None;
    let take = move |sink: &gst_app::AppSink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let (Some(buffer), Some(caps)) = (sample.buffer_owned(), sample.caps_owned()) else {
            return Ok(gst::FlowSuccess::Ok);
        };
        let Some(pts) = buffer.pts() else {
            return Ok(gst::FlowSuccess::Ok);
        };
        let recorded_ns = feed::recorded_ns(pts, origin_ms);
        let key = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        for unit in trim.put(Unit {
            picture: (buffer, caps),
            recorded_ns,
            key,
        }) {
            let (mut buffer, caps) = unit.picture;
            let first = *first_ns.get_or_insert(unit.recorded_ns);
            let size = buffer.size() as u64;
            let stamp = u64::try_from(unit.recorded_ns - first).unwrap_or(0);
            let inside = buffer.make_mut();
            inside.set_pts(gst::ClockTime::from_nseconds(stamp));
            inside.set_dts(None);
            output.push_sample(&gst::Sample::builder().buffer(&buffer).caps(&caps).build())?;
            let mut state = shared.state();
            let written = &mut state.written;
            written.frames += 1;
            written.bytes += size;
            written.first_ns = Some(written.first_ns.map_or(unit.recorded_ns, |ns| ns.min(unit.recorded_ns)));
            written.last_ns = Some(written.last_ns.map_or(unit.recorded_ns, |ns| ns.max(unit.recorded_ns)));
        }
        Ok(gst::FlowSuccess::Ok)
    };
    let end = move |_: &gst_app::AppSink| {
        let mut state = broken.state();
        if state.written.frames == 0 {
            // The muxer would call an empty file an error.
            state.closed = true;
            broken.changed.notify_all();
            return;
        }
        drop(state);
        if ended.end_of_stream().is_err() {
            broken.fail(ExportError::Stream(LiveError::new(
                LiveErrorKind::BrokenStream,
                "the file takes no more",
            )));
        }
    };
    sink.set_callbacks(gst_app::AppSinkCallbacks::builder().new_sample(take).eos(end).build());
    Ok(sink)
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
