//! The floor of the benchmark: the same streams received and decoded, and nothing done with the pictures.
//!
//! `wall-floor urls.json SECONDS` builds rtspsrc → depay → decoder → fakesink for each stream, the decoder in one thread as
//! in the client, and reads the time code of every decoded picture: the latency of encoder, loopback and decoder alone.
//! Prints «playing» when every stream has a picture, then one line of JSON.
//! Deliberately absent: parser, display, everything else that the client does.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_video::VideoFrameExt;
use serde::Deserialize;
use serde_json::json;
use std::error::Error;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use vedetta::sim::timecode::{self, BLOCKS, STRIP_HEIGHT};
use vedetta_check::measure::CameraClock;

#[derive(Deserialize)]
struct Source {
    url: String,
    clock: CameraClock,
}

/// Latencies of one stream's pictures, milliseconds.
type Seen = Arc<Mutex<Vec<i64>>>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("wall-floor urls.json SECONDS")?;
    let seconds: f32 = arguments.next().ok_or("wall-floor urls.json SECONDS")?.parse()?;
    let sources: Vec<Source> = serde_json::from_slice(&std::fs::read(file)?)?;
    gst::init()?;
    let mut streams = Vec::new();
    for source in &sources {
        let seen = Seen::default();
        let pipeline = pipeline(source, &seen)?;
        pipeline.set_state(gst::State::Playing)?;
        streams.push((pipeline, seen));
    }
    let began = Instant::now();
    while streams.iter().any(|(_, seen)| held(seen).is_empty()) {
        if began.elapsed() > Duration::from_secs(60) {
            return Err("not every stream plays".into());
        }
        pause(Duration::from_millis(20));
    }
    pause(Duration::from_secs(2));
    streams.iter().for_each(|(_, seen)| held(seen).clear());
    println!("playing");
    let began = Instant::now();
    pause(Duration::from_secs_f32(seconds));
    let seconds = began.elapsed().as_secs_f32();
    let mut latencies: Vec<i64> = streams
        .iter()
        .flat_map(|(_, seen)| std::mem::take(&mut *held(seen)))
        .collect();
    let frames = latencies.len() as f32;
    latencies.sort_unstable();
    let at = |percent: usize| {
        latencies
            .get((latencies.len() * percent).div_ceil(100).max(1) - 1)
            .copied()
    };
    println!(
        "{}",
        json!({
            "decoded_fps": frames / seconds / streams.len().max(1) as f32,
            "latency_ms": { "p50": at(50), "p99": at(99), "max": at(100), "count": latencies.len() },
        })
    );
    for (pipeline, _) in streams {
        pipeline.set_state(gst::State::Null)?;
    }
    Ok(())
}

fn pipeline(source: &Source, seen: &Seen) -> Result<gst::Element, Box<dyn Error>> {
    let launch = format!(
        "rtspsrc location=\"{}\" protocols=tcp latency=0 ! rtph264depay ! avdec_h264 max-threads=1 \
         ! fakesink name=sink sync=false enable-last-sample=false qos=false",
        source.url
    );
    let pipeline = gst::parse::launch(&launch)?;
    let sink = pipeline.downcast_ref::<gst::Bin>().and_then(|bin| bin.by_name("sink"));
    let pad = sink.and_then(|sink| sink.static_pad("sink")).ok_or("no sink")?;
    let (clock, seen) = (source.clock, Arc::clone(seen));
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        if let (Some(buffer), Some(caps)) = (info.buffer(), pad.current_caps())
            && let Some(code) = time_code(buffer, &caps)
        {
            held(&seen).push(clock.latency_ms(code, unix_ms()));
        }
        gst::PadProbeReturn::Ok
    });
    Ok(pipeline)
}

/// The time code in the luma of a decoded picture.
fn time_code(buffer: &gst::BufferRef, caps: &gst::Caps) -> Option<u32> {
    let info = gstreamer_video::VideoInfo::from_caps(caps).ok()?;
    let frame = gstreamer_video::VideoFrameRef::from_buffer_ref_readable(buffer, &info).ok()?;
    let (width, height) = (info.width() as usize, f64::from(info.height()));
    let row = (height * (1.0 - STRIP_HEIGHT / 2.0)) as usize * usize::try_from(*frame.plane_stride().first()?).ok()?;
    let luma = frame.plane_data(0).ok()?.get(row..row + width)?;
    let mut blocks = [0.0; BLOCKS];
    for (i, block) in blocks.iter_mut().enumerate() {
        *block = f32::from(*luma.get((2 * i + 1) * width / (2 * BLOCKS))?);
    }
    timecode::decode(&blocks)
}

fn held(seen: &Seen) -> std::sync::MutexGuard<'_, Vec<i64>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pause(time: Duration) {
    let (_keep, never) = channel::<()>();
    // Nobody sends: this returns when the time is over.
    let _ = never.recv_timeout(time);
}

fn unix_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
