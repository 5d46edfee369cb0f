//! The elements of a live stream and how they are put together.
//!
//! Invariant: every element is named here. Deliberately absent: the connection (`reader`), what happens with frames and errors
//! (`stream`).

use super::Shared;
use crate::domain::live::stream_selection::Attention;
use crate::media::decoder::{self, Codec};
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::packet_guard::{self, Refused};
use crate::media::rtsp::VideoTrack;
use crate::media::{gst_frame, plugins, rtp_feed};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Access units without a key frame after which a stream is taken for one that has none.
const PATIENCE: u32 = 300;

fn broken(error: impl std::fmt::Display) -> LiveError {
    LiveError::new(LiveErrorKind::BrokenStream, error.to_string())
}

/// Whether this workstation could show a stream at all: no camera is troubled where it cannot.
///
/// # Errors
/// [`LiveErrorKind::MissingPlugin`] when an element is not installed.
pub(super) fn is_possible() -> Result<(), LiveError> {
    for codec in [Codec::H264, Codec::H265] {
        plugins::make(codec.depayloader())?;
        plugins::make(codec.parser())?;
    }
    Ok(())
}

/// Builds and starts the pipeline of a track; returns it with where its packets go in.
///
/// # Errors
/// [`LiveErrorKind::MissingPlugin`], or [`LiveErrorKind::BrokenStream`] when it does not start.
pub(super) fn build(track: &VideoTrack, shared: &Arc<Shared>) -> Result<(gst::Pipeline, gst_app::AppSrc), LiveError> {
    let source = gst_app::AppSrc::builder()
        .caps(&rtp_feed::caps(track))
        .format(gst::Format::Time)
        .is_live(true)
        .block(false)
        .build();
    let decode = Decode::new(track.codec, shared.refused.clone())?;
    let count = Arc::clone(shared);
    decode.count_units(move |bytes| {
        count.meter.unit(bytes);
        count.attention()
    })?;
    let target = Arc::clone(shared);
    decode.sink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                target.show(&sample);
                Ok(gst::FlowSuccess::Ok)
            })
            .build(),
    );
    let pipeline = gst::Pipeline::new();
    shared.listen(&pipeline);
    pipeline.add(&source).map_err(broken)?;
    let entry = decode.add_to(&pipeline)?;
    let exit = source
        .static_pad("src")
        .ok_or_else(|| broken("the source has no output"))?;
    exit.link(&entry).map_err(broken)?;
    if pipeline.set_state(gst::State::Playing).is_err() {
        take_apart(pipeline);
        return Err(broken("the pipeline does not start"));
    }
    Ok((pipeline, source))
}

/// Ends a pipeline. Waits for its threads: a decoder that hangs holds up the caller.
pub(super) fn take_apart(pipeline: gst::Pipeline) {
    if let Err(error) = pipeline.set_state(gst::State::Null) {
        tracing::warn!(%error, "a pipeline does not stop");
    }
}

/// Depayloader, parser, decoder, deinterlacer and sink of one codec.
pub(crate) struct Decode {
    elements: [gst::Element; 4],
    /// Where the frames come out.
    pub(crate) sink: gst_app::AppSink,
}

/// Makes one picture of each interlaced one, from its top field alone: no picture is of two moments, as its cover is of one.
/// Progressive pictures pass as they are, in the decoder's own buffers.
fn deinterlacer() -> Result<gst::Element, LiveError> {
    let deinterlacer = plugins::make("deinterlace")?;
    deinterlacer.set_property_from_str("mode", "auto");
    deinterlacer.set_property_from_str("method", "linear");
    deinterlacer.set_property_from_str("fields", "top");
    Ok(deinterlacer)
}

impl Decode {
    /// Makes the elements; `refused` counts the packets that are not let in. After loss the H.264 depayloader waits for a key frame (the H.265 one cannot).
    pub(crate) fn new(codec: Codec, refused: Refused) -> Result<Self, LiveError> {
        let depay = packet_guard::depayloader(codec, refused)?;
        if depay.has_property("wait-for-keyframe") {
            depay.set_property("wait-for-keyframe", true);
        }
        let parse = plugins::make(codec.parser())?;
        let decoder = decoder::make(codec)?;
        Ok(Self {
            elements: [depay, parse, decoder, deinterlacer()?],
            sink: gst_frame::sink(),
        })
    }

    /// Calls `count` with the size of every access unit, decodes as much of the stream as it says, and lets none through to the decoder from the start or from
    /// a loss to the next key frame: it would be a torn picture. A stream that refreshes without key frames is let
    /// through after [`PATIENCE`] units.
    pub(crate) fn count_units(
        &self,
        count: impl Fn(usize) -> Attention + Send + Sync + 'static,
    ) -> Result<(), LiveError> {
        let [_, parse, _, _] = &self.elements;
        let pad = parse
            .static_pad("src")
            .ok_or_else(|| LiveError::new(LiveErrorKind::BrokenStream, "the parser has no output"))?;
        let (torn, waited) = (AtomicBool::new(true), AtomicU32::new(0));
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let Some(buffer) = info.buffer() else {
                return gst::PadProbeReturn::Ok;
            };
            let attention = count(buffer.size());
            let flags = buffer.flags();
            if flags.contains(gst::BufferFlags::DISCONT) {
                torn.store(true, Ordering::Relaxed);
                waited.store(0, Ordering::Relaxed);
            }
            let key = !flags.contains(gst::BufferFlags::DELTA_UNIT);
            if key || waited.fetch_add(1, Ordering::Relaxed) >= PATIENCE {
                torn.store(false, Ordering::Relaxed);
            }
            let unwanted = match attention {
                Attention::Whole => false,
                Attention::KeyFrames => !key,
                Attention::Nothing => true,
            };
            if unwanted {
                // What follows refers to what is left out here.
                torn.store(true, Ordering::Relaxed);
                waited.store(0, Ordering::Relaxed);
            }
            if torn.load(Ordering::Relaxed) {
                gst::PadProbeReturn::Handled
            } else {
                gst::PadProbeReturn::Ok
            }
        });
        Ok(())
    }

    /// The elements before the sink, in order, neither added nor linked.
    pub(crate) fn elements(&self) -> &[gst::Element] {
        &self.elements
    }

    /// Adds, links and starts the elements; returns where RTP goes in.
    pub(crate) fn add_to(&self, pipeline: &gst::Pipeline) -> Result<gst::Pad, LiveError> {
        let broken = |error: gst::glib::BoolError| LiveError::new(LiveErrorKind::BrokenStream, error.to_string());
        let [depay, parse, decoder, deinterlacer] = &self.elements;
        let sink = self.sink.upcast_ref::<gst::Element>();
        let chain = [depay, parse, decoder, deinterlacer, sink];
        pipeline.add_many(chain).map_err(broken)?;
        gst::Element::link_many(chain).map_err(broken)?;
        for element in chain.iter().rev() {
            element.sync_state_with_parent().map_err(broken)?;
        }
        depay
            .static_pad("sink")
            .ok_or_else(|| LiveError::new(LiveErrorKind::BrokenStream, "the depayloader has no input"))
    }
}
