//! The half of an obscured copy: decoded pictures, each under the cover of its own time, encoded anew.
//!
//! Invariant: what goes over to the encoder is a [`CoveredPicture`] and nothing else, so no picture reaches it before its
//! cover is laid. At most two pictures wait for the encoder, and it looks ahead at a few more: memory does not grow with the
//! length. Deliberately absent: deciding the cover.

use super::half::{Half, Shared, Wanted, broken};
use super::{ExportError, Obscure};
use crate::domain::live::stream_selection::Attention;
use crate::domain::privacy::Cover;
use crate::media::covered_picture::CoveredPicture;
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::live::Decode;
use crate::media::packet_guard::Refused;
use crate::media::rtp_feed;
use crate::media::{gst_frame, plugins};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use std::sync::Arc;

/// Pictures that may wait for the encoder.
const WAITING: u64 = 2;
/// Constant quality: what is lost is less than what cameras lose themselves (x264's scale, 0 is lossless).
const QUANTIZER: u32 = 19;
/// Pictures between key frames at the most.
const KEY_EVERY: u32 = 50;
/// Where times of recording do not grow, pictures follow each other at this distance.
const STEP_NS: u64 = 1_000_000;

pub(super) fn half(wanted: &Wanted<'_>, obscure: &Obscure) -> Result<Half, LiveError> {
    let decode = Decode::new(wanted.track.codec, Refused::default())?;
    decode.count_units(|_| Attention::Whole)?;
    // A sink that is no output of ours must not hold up the change of state of the one that is.
    decode.sink.set_async(false);
    wanted.output.set_max_bytes(0);
    wanted.output.set_max_buffers(WAITING);
    let mut desk = MaskingStage {
        from_ms: wanted.range.0,
        to_ms: wanted.range.1,
        origin_ms: wanted.origin_ms,
        output: wanted.output.clone(),
        shared: Arc::clone(wanted.shared),
        obscure: obscure.clone(),
        first_ns: None,
        last_stamp: None,
    };
    let (at_end, ended) = (Arc::clone(wanted.shared), wanted.output.clone());
    let take = move |sink: &gst_app::AppSink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        desk.take(&sample)
    };
    decode.sink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(take)
            .eos(move |_| at_end.end(&ended))
            .build(),
    );
    let mut elements = decode.elements().to_vec();
    elements.push(decode.sink.upcast());
    Ok(Half {
        elements,
        coder: coder(wanted.shared)?,
    })
}

/// The encoder and what makes its pictures fit for the muxer. Counts the bytes of what comes out.
fn coder(shared: &Arc<Shared>) -> Result<Vec<gst::Element>, LiveError> {
    let encoder = plugins::make("x264enc")?;
    encoder.set_property_from_str("pass", "qual");
    encoder.set_property("quantizer", QUANTIZER);
    encoder.set_property_from_str("speed-preset", "veryfast");
    encoder.set_property("key-int-max", KEY_EVERY);
    encoder.set_property("bframes", 0u32);
    encoder.set_property("rc-lookahead", 10i32);
    encoder.set_property("sync-lookahead", 0i32);
    let parse = plugins::make("h264parse")?;
    let shared = Arc::clone(shared);
    let pad = encoder
        .static_pad("src")
        .ok_or_else(|| broken("the encoder has no output"))?;
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let Some(buffer) = info.buffer() {
            shared.state().written.bytes += buffer.size() as u64;
        }
        gst::PadProbeReturn::Ok
    });
    Ok(vec![encoder, parse])
}

/// Where decoded pictures are covered.
struct MaskingStage {
    from_ms: i64,
    to_ms: i64,
    origin_ms: i64,
    output: gst_app::AppSrc,
    shared: Arc<Shared>,
    obscure: Obscure,
    /// Time of recording of the first picture that went over, Unix nanoseconds.
    first_ns: Option<i64>,
    /// Time of the last picture in the file, nanoseconds.
    last_stamp: Option<u64>,
}

impl MaskingStage {
    fn take(&mut self, sample: &gst::Sample) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Some(pts) = sample.buffer().and_then(gst::BufferRef::pts) else {
            return Ok(gst::FlowSuccess::Ok);
        };
        let recorded_ns = rtp_feed::recorded_ns(pts, self.origin_ms);
        let recorded_ms = recorded_ns.div_euclid(1_000_000);
        if !(self.from_ms..=self.to_ms).contains(&recorded_ms) {
            return Ok(gst::FlowSuccess::Ok);
        }
        let Some((picture, cover)) = self.covered(sample, recorded_ms) else {
            let detail = "the pictures have an unknown layout";
            self.shared
                .fail(ExportError::Stream(LiveError::new(LiveErrorKind::NotSupported, detail)));
            return Err(gst::FlowError::Error);
        };
        let caps = caps(sample, &picture).map_err(|error| {
            self.shared.fail(ExportError::Stream(error));
            gst::FlowError::NotNegotiated
        })?;
        let stamp = self.stamp(recorded_ns);
        let mut buffer = gst::Buffer::from_mut_slice(picture.into_bytes());
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(gst::ClockTime::from_nseconds(stamp));
        }
        self.output
            .push_sample(&gst::Sample::builder().buffer(&buffer).caps(&caps).build())?;
        let mut state = self.shared.state();
        state.written.count(recorded_ns);
        match cover {
            Cover::Whole(_) => state.written.covered.whole += 1,
            Cover::Parts(parts) if !parts.is_empty() => state.written.covered.partly += 1,
            Cover::Parts(_) => {}
        }
        Ok(gst::FlowSuccess::Ok)
    }

    fn covered(&self, sample: &gst::Sample, recorded_ms: i64) -> Option<(CoveredPicture, Cover)> {
        let frame = gst_frame::frame(sample, 0, Some(recorded_ms))?;
        let cover = (self.obscure.cover)(recorded_ms);
        Some((CoveredPicture::new(&frame, &cover).ok()?, cover))
    }

    /// The picture's time in the file: its distance from the first one, and always later than the one before.
    fn stamp(&mut self, recorded_ns: i64) -> u64 {
        let first = *self.first_ns.get_or_insert(recorded_ns);
        let earliest = self.last_stamp.map_or(0, |last| last.saturating_add(STEP_NS));
        let stamp = u64::try_from(recorded_ns.saturating_sub(first))
            .unwrap_or(0)
            .max(earliest);
        self.last_stamp = Some(stamp);
        stamp
    }
}

/// Caps of a covered picture: those of the sample it comes from, as packed I420.
fn caps(sample: &gst::Sample, picture: &CoveredPicture) -> Result<gst::Caps, LiveError> {
    let decoded = sample
        .caps()
        .ok_or_else(|| broken("the decoder says nothing of its pictures"))?;
    let decoded = gst_video::VideoInfo::from_caps(decoded).map_err(broken)?;
    gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, picture.width, picture.height)
        .fps(decoded.fps())
        .par(decoded.par())
        .colorimetry(&decoded.colorimetry())
        .build()
        .and_then(|info| info.to_caps())
        .map_err(broken)
}
