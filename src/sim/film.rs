//! Searches a film, frame by frame, for the hue that only private windows of the town have.
//!
//! Invariant: every frame is decoded and searched whole. Deliberately absent: who made the film.

use crate::domain::reserved_hue;
use gstreamer::prelude::*;
use gstreamer::{self as gst, glib};
use gstreamer_app::AppSink;
use serde::Serialize;
use std::path::Path;

/// Longest wait for the next frame, seconds.
const PATIENCE_S: u64 = 30;

/// The position a search ended at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Found {
    pub frames_searched: u64,
    pub leaked_pixels: u64,
}

/// Why a film cannot be searched.
#[derive(Debug, thiserror::Error)]
pub enum FilmError {
    #[error("GStreamer could not play it")]
    Gstreamer(#[from] glib::Error),
    #[error("GStreamer could not be told to play or stop")]
    State(#[from] gst::StateChangeError),
    #[error("the pipeline has no place to take frames from")]
    NoSink,
    #[error("the film is broken off or is none")]
    Broken,
}

/// Decodes and searches a film. Blocks.
///
/// # Errors
/// It is no film, or ends before its end.
pub fn search(film: &Path) -> Result<Found, FilmError> {
    gst::init()?;
    let line = "filesrc name=film ! decodebin ! videoconvert ! video/x-raw,format=RGB ! appsink name=sink sync=false";
    let pipeline = gst::parse::launch(line)?;
    let bin = pipeline.downcast_ref::<gst::Bin>().ok_or(FilmError::NoSink)?;
    let source = bin.by_name("film").ok_or(FilmError::NoSink)?;
    source.set_property("location", film.to_string_lossy().as_ref());
    let sink = bin.by_name("sink").and_then(|sink| sink.downcast::<AppSink>().ok());
    let sink = sink.ok_or(FilmError::NoSink)?;
    pipeline.set_state(gst::State::Playing)?;
    let mut found = Found {
        frames_searched: 0,
        leaked_pixels: 0,
    };
    while let Some(sample) = sink.try_pull_sample(gst::ClockTime::from_seconds(PATIENCE_S)) {
        let map = sample.buffer().and_then(|buffer| buffer.map_readable().ok());
        let map = map.ok_or(FilmError::Broken)?;
        let reserved = |pixel: &&[u8]| matches!(pixel, [r, g, b] if reserved_hue::is_reserved([*r, *g, *b]));
        found.frames_searched += 1;
        found.leaked_pixels += map.as_slice().chunks_exact(3).filter(reserved).count() as u64;
    }
    let whole = sink.is_eos() && found.frames_searched > 0;
    pipeline.set_state(gst::State::Null)?;
    if whole { Ok(found) } else { Err(FilmError::Broken) }
}
