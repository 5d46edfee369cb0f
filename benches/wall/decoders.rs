//! What each decoder of this machine costs the processor, and which of them the client takes.
//!
//! `wall-decoders CLIP.h264 [ELEMENT…]` decodes an H.264 byte stream through the decoder that the client picks, then through those
//! named, to system memory as the client asks for it, and prints one line of JSON for each.
//! Deliberately absent: a network, anything done with the pictures.

mod processor;

use gstreamer as gst;
use gstreamer::prelude::*;
use serde_json::{Value, json};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use vedetta::media::decoder::{self, Codec};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let clip = arguments.next().ok_or("wall-decoders CLIP.h264 [ELEMENT…]")?;
    let picked = decoder::pick(Codec::H264)?;
    println!("{}", json!({ "picked": picked }));
    for name in std::iter::once(picked.to_owned()).chain(arguments) {
        let decoded = decoded(&clip, &name).unwrap_or_else(|error| json!({ "error": error.to_string() }));
        println!("{}", json!({ name: decoded }));
    }
    Ok(())
}

/// Decodes the clip to its end.
fn decoded(clip: &str, name: &str) -> Result<Value, Box<dyn Error>> {
    let threads = gst::ElementFactory::make(name).build()?.has_property("max-threads");
    let threads = if threads { "max-threads=1" } else { "" };
    let pipeline = gst::parse::launch(&format!(
        "filesrc location=\"{clip}\" ! h264parse ! {name} {threads} ! video/x-raw,format=(string){{I420,NV12}} \
         ! fakesink name=sink sync=false enable-last-sample=false qos=false"
    ))?;
    let bin = pipeline.downcast_ref::<gst::Bin>().ok_or("not a bin")?;
    let pad = bin.by_name("sink").and_then(|sink| sink.static_pad("sink"));
    let pad = pad.ok_or("no sink")?;
    let frames = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&frames);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        gst::PadProbeReturn::Ok
    });
    let (before, began) = (processor::seconds()?, Instant::now());
    pipeline.set_state(gst::State::Playing)?;
    let bus = pipeline.bus().ok_or("no bus")?;
    let ends = [gst::MessageType::Eos, gst::MessageType::Error];
    let end = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &ends);
    let (cpu, took) = (processor::seconds()? - before, began.elapsed().as_secs_f64());
    let caps = pad.current_caps().map(|caps| caps.to_string());
    pipeline.set_state(gst::State::Null)?;
    match end.as_ref().map(|message| message.view()) {
        Some(gst::MessageView::Eos(_)) => {}
        Some(gst::MessageView::Error(error)) => return Err(error.error().into()),
        _ => return Err("the clip does not end within a minute".into()),
    }
    let thousands = frames.load(Ordering::Relaxed) as f64 / 1000.0;
    Ok(json!({
        "frames": frames.load(Ordering::Relaxed),
        "cpu_seconds_per_1000": cpu / thousands,
        "wall_clock_seconds_per_1000": took / thousands,
        "caps": caps,
    }))
}
