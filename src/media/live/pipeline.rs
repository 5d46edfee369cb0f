//! The elements of a live stream and how they are put together.
//!
//! Invariant: every element is named here; of the streams a camera describes only one video stream is set up.
//! Deliberately absent: what happens with frames and errors (`live`).

use super::{LiveRequest, Shared, Transport};
use crate::domain::live::stream_selection::Attention;
use crate::media::decoder::{self, Codec};
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::packet_guard::{self, Refused};
use crate::media::{gst_frame, plugins};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_rtsp as gst_rtsp;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The largest jitter buffer, milliseconds.
const MAX_LATENCY_MS: u32 = 2_000;
/// How long a server may take to answer, microseconds.
const ANSWER_US: u64 = 5_000_000;

/// Access units without a key frame after which a stream is taken for one that has none.
const PATIENCE: u32 = 300;

/// Builds the pipeline of a request, not yet started.
pub(super) fn build(request: &LiveRequest, shared: &Arc<Shared>) -> Result<gst::Pipeline, LiveError> {
    let url = address(&request.url, &request.user, &request.password)?;
    let source = plugins::make("rtspsrc")?;
    source.set_property("location", url.as_str());
    source.set_property("latency", request.latency_ms.min(MAX_LATENCY_MS));
    source.set_property("drop-on-latency", true);
    source.set_property("do-retransmission", false);
    source.set_property("udp-reconnect", false);
    source.set_property("tcp-timeout", ANSWER_US);
    source.set_property("timeout", ANSWER_US);
    source.set_property("user-agent", "Vedetta");
    let protocols = match request.transport {
        Transport::Tcp => gst_rtsp::RTSPLowerTrans::TCP,
        Transport::Udp => gst_rtsp::RTSPLowerTrans::UDP,
    };
    source.set_property("protocols", protocols);
    select_one_video(&source, shared);
    look_into_manager(&source, shared);

    let pipeline = gst::Pipeline::new();
    pipeline
        .add(&source)
        .map_err(|error| LiveError::new(LiveErrorKind::BrokenStream, error.to_string()))?;
    let (weak, shared) = (pipeline.downgrade(), Arc::clone(shared));
    source.connect_pad_added(move |_, pad| {
        if let Some(pipeline) = weak.upgrade()
            && let Err(error) = continue_from(&pipeline, pad, &shared)
        {
            shared.fail(error);
        }
    });
    Ok(pipeline)
}

/// The address with the account in it, and none that was there before; only plain RTSP. An account in the properties of
/// rtspsrc (1.22) is tried eight times within milliseconds where the camera refuses it, and cameras lock an account after
/// fewer; one in the address is tried once.
fn address(url: &str, user: &str, password: &SecretString) -> Result<rtsp_types::Url, LiveError> {
    let bad = |what: &str| LiveError::new(LiveErrorKind::NotSupported, what);
    let mut url = rtsp_types::Url::parse(url).map_err(|_| bad("the stream's address is not a URL"))?;
    if url.scheme() != "rtsp" || url.host_str().is_none_or(str::is_empty) {
        return Err(bad("the stream's address is not rtsp://host/path"));
    }
    let password = escaped(password.expose_secret());
    url.set_username(&escaped(user))
        .and_then(|()| url.set_password((!user.is_empty()).then_some(password.as_str())))
        .map_err(|()| bad("the stream's address has no host"))?;
    Ok(url)
}

/// A name or password for the user information of an address (RFC 3986 §3.2.1): all but letters and digits are escaped.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// Of all streams described, sets up the first video stream of a codec we know.
fn select_one_video(source: &gst::Element, shared: &Arc<Shared>) {
    let (shared, taken) = (Arc::downgrade(shared), AtomicBool::new(false));
    source.connect("select-stream", false, move |args| {
        let caps = args
            .get(2)
            .and_then(|value| value.get::<Option<gst::Caps>>().ok())
            .flatten();
        let described = caps.as_ref().and_then(|caps| caps.structure(0));
        let video = described.is_some_and(|s| s.get::<&str>("media") == Ok("video"));
        let name = described.and_then(|s| s.get::<String>("encoding-name").ok());
        let codec = name.as_deref().and_then(Codec::from_encoding_name);
        if video
            && codec.is_none()
            && let Some(shared) = shared.upgrade()
        {
            shared.saw_unknown_codec(name.as_deref().unwrap_or("(not named)"));
        }
        let wanted = video && codec.is_some() && !taken.swap(true, Ordering::AcqRel);
        let kind = described.and_then(|s| s.get::<i32>("payload").ok());
        if let (true, Some(kind), Some(shared)) =
            (wanted, kind.and_then(|kind| u8::try_from(kind).ok()), shared.upgrade())
        {
            shared.described(kind);
        }
        Some(wanted.to_value())
    });
}

/// Looks after the session manager's entrances, and remembers the jitter buffer, whose statistics are the loss and the
/// jitter.
fn look_into_manager(source: &gst::Element, shared: &Arc<Shared>) {
    let shared = Arc::downgrade(shared);
    source.connect("new-manager", false, move |args| {
        let manager = args.get(1).and_then(|value| value.get::<gst::Element>().ok())?;
        gst::glib::subclass::SignalId::lookup("new-jitterbuffer", manager.type_())?;
        shared.upgrade()?.watch_entrances(&manager);
        let shared = shared.clone();
        manager.connect("new-jitterbuffer", false, move |args| {
            let buffer = args.get(1).and_then(|value| value.get::<gst::Element>().ok())?;
            if let Some(shared) = shared.upgrade() {
                shared.set_jitter_buffer(&buffer);
            }
            None
        });
        None
    });
}

/// From the RTP pad on: depayloader, parser, decoder, sink.
fn continue_from(pipeline: &gst::Pipeline, pad: &gst::Pad, shared: &Arc<Shared>) -> Result<(), LiveError> {
    let broken = |what: &str| LiveError::new(LiveErrorKind::BrokenStream, what);
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let name = caps.structure(0).and_then(|s| s.get::<String>("encoding-name").ok());
    let Some(codec) = name.as_deref().and_then(Codec::from_encoding_name) else {
        return Ok(());
    };
    shared.set_codec(codec);
    let rate = caps.structure(0).and_then(|s| s.get::<i32>("clock-rate").ok());
    shared
        .arrivals
        .set_rate(rate.and_then(|rate| u32::try_from(rate).ok()).unwrap_or(0));

    let count = Arc::clone(shared);
    pad.add_probe(
        gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST,
        move |_, info| {
            count.stamped(info);
            gst::PadProbeReturn::Ok
        },
    );
    let decode = Decode::new(codec, shared.refused.clone())?;
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
    let entry = decode.add_to(pipeline)?;
    pad.link(&entry)
        .map_err(|_| broken("the RTP stream cannot be depayloaded"))?;
    Ok(())
}

/// Depayloader, parser, decoder and sink of one codec.
pub(crate) struct Decode {
    elements: [gst::Element; 3],
    /// Where the frames come out.
    pub(crate) sink: gst_app::AppSink,
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
            elements: [depay, parse, decoder],
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
        let [_, parse, _] = &self.elements;
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
        let [depay, parse, decoder] = &self.elements;
        let sink = self.sink.upcast_ref::<gst::Element>();
        let chain = [depay, parse, decoder, sink];
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_our_account_and_no_other_one_and_other_schemes_are_refused() {
        let with = |url, user, password: &str| address(url, user, &password.to_owned().into());
        for (user, password, expected) in [
            ("", "", "rtsp://host:8554/main?x=1"),
            ("", "unused", "rtsp://host:8554/main?x=1"),
            (
                "sala",
                "p@s:s/%41 è",
                "rtsp://sala:p%40s%3As%2F%2541%20%C3%A8@host:8554/main?x=1",
            ),
            ("sala", "", "rtsp://sala@host:8554/main?x=1"),
        ] {
            let url = with("rtsp://a:b@host:8554/main?x=1", user, password).unwrap();
            assert_eq!(url.as_str(), expected);
        }
        for bad in ["http://host/main", "rtsp:///main", "file:///etc/passwd", "main", ""] {
            assert_eq!(
                with(bad, "a", "b").unwrap_err().kind,
                LiveErrorKind::NotSupported,
                "{bad}"
            );
        }
    }
}
