//! Encoders: a fixed camera's loop into a clip, and the elements that a dome's live picture goes through.
//!
//! Invariant: no B-frames, a key frame at every whole second, parameter sets in band before each key frame.
//! Deliberately absent: hardware encoders, whose presence would make runs differ.

use super::clip::{Clip, Frame};
use super::town::{CameraSite, Canvas, Codec, LOOP_MS, PICTURE_VERSION, StreamSpec, Town, View};
use crate::domain::camera::Pose;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSinkCallbacks, AppSrc};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Why a clip could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    #[error("the encoding pipeline could not be built (is the GStreamer plug-in with {encoder} installed?)")]
    Pipeline {
        encoder: &'static str,
        #[source]
        source: gstreamer::glib::Error,
    },
    #[error("the encoding pipeline failed: {0}")]
    Failed(String),
}

/// Caps of the pictures that go into an encoder.
pub fn raw_caps(spec: &StreamSpec) -> gstreamer::Caps {
    gstreamer::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", spec.width as i32)
        .field("height", spec.height as i32)
        .field("framerate", gstreamer::Fraction::new(spec.fps as i32, 1))
        .field("colorimetry", "bt709")
        .field("pixel-aspect-ratio", gstreamer::Fraction::new(1, 1))
        .build()
}

/// Caps of the access units that come out.
pub fn coded_caps(spec: &StreamSpec) -> gstreamer::Caps {
    let name = match spec.codec {
        Codec::H264 => "video/x-h264",
        Codec::H265 => "video/x-h265",
    };
    gstreamer::Caps::builder(name)
        .field("stream-format", "byte-stream")
        .field("alignment", "au")
        .field("width", spec.width as i32)
        .field("height", spec.height as i32)
        .field("framerate", gstreamer::Fraction::new(spec.fps as i32, 1))
        .build()
}

/// The encoder's name in GStreamer.
pub fn encoder(codec: Codec) -> &'static str {
    match codec {
        Codec::H264 => "x264enc",
        Codec::H265 => "x265enc",
    }
}

/// The encoder in launch syntax; `live` for the least delay and work, otherwise for a better picture.
pub fn encoder_launch(spec: &StreamSpec, live: bool) -> String {
    let StreamSpec { fps, bitrate_kbit, .. } = spec;
    match (spec.codec, live) {
        (Codec::H264, true) => format!(
            "x264enc tune=zerolatency+fastdecode speed-preset=ultrafast key-int-max={fps} bframes=0 threads=1 \
             bitrate={bitrate_kbit} option-string=scenecut=0"
        ),
        (Codec::H264, false) => format!(
            "x264enc tune=fastdecode speed-preset=superfast key-int-max={fps} bframes=0 threads=1 b-adapt=false \
             bitrate={bitrate_kbit} option-string=scenecut=0:open-gop=0"
        ),
        (Codec::H265, _) => format!(
            "x265enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} bitrate={bitrate_kbit} \
             option-string=bframes=0:scenecut=0:open-gop=0:repeat-headers=1:pools=1:frame-threads=1:log-level=0"
        ),
    }
}

/// The place of a stream's clip in the cache; the name changes with everything that changes the picture.
pub fn cache_path(cache: &Path, seed: u64, site: &CameraSite, spec: &StreamSpec) -> PathBuf {
    let what = format!(
        "{PICTURE_VERSION} {seed} {:?} {:?} {spec:?}",
        site.mount, site.fixed_pose
    );
    let digest = Sha256::digest(what.as_bytes());
    cache.join(format!(
        "{}-{}-{}.clip",
        site.id,
        spec.mount().trim_start_matches('/'),
        hex::encode(&digest[..8])
    ))
}

/// The loop of a fixed camera's stream: from the cache if it is there, otherwise painted, encoded and cached.
///
/// # Errors
/// A missing encoder, or an encoder that fails. A cache that cannot be written is only logged.
pub fn clip(town: &Town, site: &CameraSite, spec: &StreamSpec, cache: Option<&Path>) -> Result<Clip, EncodeError> {
    let path = cache.map(|cache| cache_path(cache, town.seed, site, spec));
    let cached = || path.as_ref().and_then(|path| Clip::read(path, spec.fps));
    if let Some(clip) = cached() {
        return Ok(clip);
    }
    // Another simulator may be at the same clip; whoever comes second finds it in the cache.
    let alone = path
        .as_ref()
        .and_then(|path| lock(path).inspect_err(|error| tracing::warn!(%error, "no lock")).ok());
    if let Some(clip) = alone.as_ref().and_then(|_| cached()) {
        return Ok(clip);
    }
    let clip = encode(town, site, spec)?;
    if let Some(path) = path
        && let Err(error) = clip.write(&path)
    {
        tracing::warn!(path = %path.display(), %error, "the clip could not be cached");
    }
    Ok(clip)
}

/// Waits until no other process makes this clip; the lock ends with the file's handle.
fn lock(path: &Path) -> io::Result<File> {
    let file = File::create(path.with_extension("lock"))?;
    file.lock()?;
    Ok(file)
}

fn encode(town: &Town, site: &CameraSite, spec: &StreamSpec) -> Result<Clip, EncodeError> {
    let launch = format!(
        "appsrc name=source format=time block=true max-buffers=3 ! {} ! appsink name=sink sync=false",
        encoder_launch(spec, false),
    );
    let no_pipeline = |source| EncodeError::Pipeline {
        encoder: encoder(spec.codec),
        source,
    };
    let pipeline = gstreamer::parse::launch(&launch).map_err(no_pipeline)?;
    let bin = pipeline
        .clone()
        .downcast::<gstreamer::Bin>()
        .map_err(|_| failed("no bin"))?;
    let source = bin
        .by_name("source")
        .and_downcast::<AppSrc>()
        .ok_or_else(|| failed("no source"))?;
    let sink = bin
        .by_name("sink")
        .and_downcast::<AppSink>()
        .ok_or_else(|| failed("no sink"))?;
    source.set_caps(Some(&raw_caps(spec)));
    sink.set_caps(Some(&coded_caps(spec)));
    let frames = Arc::new(Mutex::new(Vec::new()));
    let collected = Arc::clone(&frames);
    let collect = AppSinkCallbacks::builder().new_sample(move |sink| {
        let sample = sink.pull_sample().map_err(|_| gstreamer::FlowError::Eos)?;
        if let Some(buffer) = sample.buffer() {
            let key = !buffer.flags().contains(gstreamer::BufferFlags::DELTA_UNIT);
            let map = buffer.map_readable().map_err(|_| gstreamer::FlowError::Error)?;
            let buffer = gstreamer::Buffer::from_slice(map.to_vec());
            collected
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Frame { buffer, key });
        }
        Ok(gstreamer::FlowSuccess::Ok)
    });
    sink.set_callbacks(collect.build());
    pipeline
        .set_state(gstreamer::State::Playing)
        .map_err(|error| failed(error.to_string()))?;
    let fed = feed(town, site, spec, &source);
    let ended = pipeline.bus().and_then(|bus| {
        let wanted = [gstreamer::MessageType::Eos, gstreamer::MessageType::Error];
        bus.timed_pop_filtered(gstreamer::ClockTime::from_seconds(60), &wanted)
    });
    let stopped = pipeline.set_state(gstreamer::State::Null);
    fed?;
    stopped.map_err(|error| failed(error.to_string()))?;
    match ended.as_ref().map(|message| message.view()) {
        Some(gstreamer::MessageView::Eos(_)) => {}
        Some(gstreamer::MessageView::Error(error)) => return Err(failed(error.error().to_string())),
        _ => return Err(failed("no end within a minute")),
    }
    let frames = std::mem::take(&mut *frames.lock().unwrap_or_else(PoisonError::into_inner));
    let expected = frame_count(spec);
    let steady = frames
        .iter()
        .enumerate()
        .all(|(i, frame)| frame.key == (i % spec.fps as usize == 0));
    if frames.len() != expected || !steady {
        return Err(failed(format!(
            "{} frames of {expected}, key frames every second: {steady}",
            frames.len()
        )));
    }
    Ok(Clip { fps: spec.fps, frames })
}

fn frame_count(spec: &StreamSpec) -> usize {
    (LOOP_MS * u64::from(spec.fps) / 1000) as usize
}

fn feed(town: &Town, site: &CameraSite, spec: &StreamSpec, source: &AppSrc) -> Result<(), EncodeError> {
    let pose = site.fixed_pose.unwrap_or(Pose {
        pan_deg: 0.0,
        tilt_deg: 0.0,
        hfov_deg: 60.0,
    });
    let view = View::new(&site.mount, pose, spec.width as usize, spec.height as usize);
    let mut canvas = Canvas::new(view.width, view.height);
    let mut planes = Vec::new();
    for index in 0..frame_count(spec) as u64 {
        let at_ms = index * 1000 / u64::from(spec.fps);
        town.paint(&mut canvas, &view, at_ms, at_ms, &mut planes);
        let mut buffer = gstreamer::Buffer::from_slice(std::mem::take(&mut planes));
        if let Some(buffer) = buffer.get_mut() {
            let second = gstreamer::ClockTime::SECOND.nseconds();
            buffer.set_pts(gstreamer::ClockTime::from_nseconds(
                index * second / u64::from(spec.fps),
            ));
            buffer.set_duration(gstreamer::ClockTime::from_nseconds(second / u64::from(spec.fps)));
        }
        source
            .push_buffer(buffer)
            .map_err(|flow| failed(format!("the encoder took no more pictures: {flow}")))?;
    }
    source
        .end_of_stream()
        .map(|_| ())
        .map_err(|flow| failed(format!("no end: {flow}")))
}

fn failed(what: impl Into<String>) -> EncodeError {
    EncodeError::Failed(what.into())
}
