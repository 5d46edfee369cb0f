//! Turns time codes read off the screen into latency and shown frame rate, tile by tile.
//!
//! Invariant: a code that cannot be read counts as nothing; no figure is assumed.
//! Deliberately absent: X11 (see `screen_capture`) and clocks; times are arguments, milliseconds since the Unix epoch.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vedetta::domain::camera::CameraId;

/// How a camera's time codes map to Unix time, from the simulator's ready line.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct CameraClock {
    pub epoch_ms: i64,
    pub loop_ms: i64,
}

impl CameraClock {
    /// Milliseconds from light to `now_ms`, modulo the loop's length.
    pub fn latency_ms(&self, code: u32, now_ms: i64) -> i64 {
        (now_ms - self.epoch_ms - i64::from(code)).rem_euclid(self.loop_ms.max(1))
    }
}

/// The simulator's ready line, as far as the tour needs it.
#[derive(Debug, Deserialize)]
pub struct SimReady {
    /// Base URL of the control endpoint.
    pub control: String,
    pub cameras: Vec<SimCamera>,
}

/// One camera of the ready line.
#[derive(Debug, Deserialize)]
pub struct SimCamera {
    pub id: CameraId,
    pub clock: CameraClock,
}

/// One row of the report's `tiles`.
#[derive(Debug, Clone, Serialize)]
pub struct TileFigures {
    pub camera: CameraId,
    /// Frames per second that arrived from the camera.
    pub fps_source: f64,
    /// Different frames per second that were seen on the screen.
    pub fps_shown: f64,
    pub latency_ms_p50: Option<i64>,
    pub latency_ms_p99: Option<i64>,
}

/// Collects what is seen of each tile.
#[derive(Debug, Default)]
pub struct TileMeasure {
    tiles: BTreeMap<CameraId, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    last: Option<u32>,
    first_ms: Option<i64>,
    last_ms: i64,
    changes: u32,
    latencies: Vec<i64>,
}

impl TileMeasure {
    /// Takes one look at one tile. Latency is counted when a frame is first seen, so an old frame on screen does not
    /// count again and again.
    pub fn look(&mut self, camera: &CameraId, code: Option<u32>, clock: Option<&CameraClock>, now_ms: i64) {
        let seen = self.tiles.entry(camera.clone()).or_default();
        let Some(code) = code else { return };
        if seen.first_ms.is_none() {
            seen.first_ms = Some(now_ms);
        } else if seen.last != Some(code) {
            seen.changes += 1;
            if let Some(clock) = clock {
                seen.latencies.push(clock.latency_ms(code, now_ms));
            }
        }
        seen.last = Some(code);
        seen.last_ms = now_ms;
    }

    /// The figures of one tile; `fps_source` comes from the stream's own counters.
    pub fn figures(&self, camera: &CameraId, fps_source: f64) -> TileFigures {
        let seen = self.tiles.get(camera);
        let seconds = seen
            .and_then(|seen| Some((seen.last_ms - seen.first_ms?) as f64 / 1000.0))
            .unwrap_or(0.0);
        let mut latencies = seen.map(|seen| seen.latencies.clone()).unwrap_or_default();
        latencies.sort_unstable();
        TileFigures {
            camera: camera.clone(),
            fps_source: round(fps_source),
            fps_shown: if seconds > 0.0 {
                round(f64::from(seen.map_or(0, |seen| seen.changes)) / seconds)
            } else {
                0.0
            },
            latency_ms_p50: percentile(&latencies, 50),
            latency_ms_p99: percentile(&latencies, 99),
        }
    }
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Nearest-rank percentile of a sorted slice.
fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> CameraId {
        "cam-01".parse().expect("valid")
    }

    #[test]
    fn frame_rate_and_latency_come_from_changes_only() {
        let clock = CameraClock {
            epoch_ms: 1_000,
            loop_ms: 8_000,
        };
        let mut measure = TileMeasure::default();
        for step in 0..100_i64 {
            // A new frame every 40 ms, looked at every 20 ms, seen 120 ms after it was taken, across the loop's end.
            let now = 1_000 + 7_000 + step * 20;
            let taken = ((now - 120 - 1_000) / 40 * 40).rem_euclid(8_000);
            measure.look(&camera(), Some(taken as u32), Some(&clock), now);
        }
        let figures = measure.figures(&camera(), 25.0);
        assert!((figures.fps_shown - 25.0).abs() < 1.0, "{figures:?}");
        assert!(
            figures.latency_ms_p50.is_some_and(|ms| (120..=140).contains(&ms)),
            "{figures:?}"
        );
    }

    #[test]
    fn an_unreadable_tile_has_no_figures() {
        let mut measure = TileMeasure::default();
        measure.look(&camera(), None, None, 5);
        let figures = measure.figures(&camera(), 25.0);
        assert_eq!((figures.fps_shown, figures.latency_ms_p50), (0.0, None));
    }
}
