//! The half of an original copy: coded pictures as the camera made them.
//!
//! Invariant: no element here decodes or encodes; [`Trim`] decides which pictures go over. Deliberately absent: the file.

use super::half::{Half, Wanted};
use super::trim::{Trim, Unit};
use crate::media::error::LiveError;
use crate::media::packet_guard::{self, Refused};
use crate::media::plugins;
use crate::media::rtp_feed;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::Arc;

pub(super) fn half(wanted: &Wanted<'_>) -> Result<Half, LiveError> {
    let codec = wanted.track.codec;
    let depay = packet_guard::depayloader(codec, Refused::default())?;
    let parse = plugins::make(codec.parser())?;
    parse.set_property("config-interval", -1i32);
    Ok(Half {
        elements: vec![depay, parse, pictures(wanted).upcast()],
        coder: vec![plugins::make(codec.timestamper())?],
    })
}

/// The sink that takes coded pictures and hands those of the range over.
fn pictures(wanted: &Wanted<'_>) -> gst_app::AppSink {
    let sink = gst_app::AppSink::builder()
        .caps(&wanted.track.codec.mp4_caps())
        .sync(false)
        .enable_last_sample(false)
        .max_buffers(8)
        .build();
    // A sink that is no output of ours must not hold up the change of state of the one that is.
    sink.set_async(false);
    let (output, ended) = (wanted.output.clone(), wanted.output.clone());
    let (shared, at_end) = (Arc::clone(wanted.shared), Arc::clone(wanted.shared));
    let origin_ms = wanted.origin_ms;
    let mut trim = Trim::new(wanted.range.0, wanted.range.1);
    let mut first_ns = None;
    let take = move |sink: &gst_app::AppSink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let (Some(buffer), Some(caps)) = (sample.buffer_owned(), sample.caps_owned()) else {
            return Ok(gst::FlowSuccess::Ok);
        };
        let Some(pts) = buffer.pts() else {
            return Ok(gst::FlowSuccess::Ok);
        };
        let recorded_ns = rtp_feed::recorded_ns(pts, origin_ms);
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
            state.written.bytes += size;
            state.written.count(unit.recorded_ns);
        }
        Ok(gst::FlowSuccess::Ok)
    };
    let end = move |_: &gst_app::AppSink| at_end.end(&ended);
    sink.set_callbacks(gst_app::AppSinkCallbacks::builder().new_sample(take).eos(end).build());
    sink
}
