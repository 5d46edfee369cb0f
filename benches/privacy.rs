//! How long a cover takes: 32 masks of 12 points for one camera, and 64 domes at 25 frames a second with 8 masks each.

#![expect(clippy::unwrap_used, reason = "the plan is written here")]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::{Duration, Instant};
use vedetta::domain::camera::{Direction, MoveState, Pose};
use vedetta::domain::privacy::{PoseTracker, PreparedMasks};
use vedetta::domain::site::{CameraPlan, SitePlan};

/// A dome with `masks` masks of twelve points around its middle view.
fn dome(masks: usize) -> CameraPlan {
    let mask = |i: usize| {
        let (x, y) = ((i % 8) as f64 * 6.0 - 21.0, (i / 8) as f64 * 6.0 - 9.0);
        let corner = |k: u32| {
            let (sin, cos) = (f64::from(k) / 12.0 * std::f64::consts::TAU).sin_cos();
            Direction {
                azimuth_deg: 20.0 + x + 2.5 * cos,
                elevation_deg: -15.0 + y + 2.5 * sin,
            }
        };
        serde_json::json!({
            "id": format!("mask-{i}"), "name": "Finestre",
            "shape": {"directions": (0..12).map(corner).collect::<Vec<_>>()},
        })
    };
    let camera = serde_json::json!({
        "id": "cam-01", "number": 1, "name": "Piazza", "place": "Piazza", "controller": "borgo", "kind": "dome",
        "onvif": "http://127.0.0.1:1/onvif/device_service",
        "lens": {"pan_range_deg": [-180.0, 180.0], "tilt_range_deg": [-90.0, 30.0],
                 "hfov_by_zoom": [[0.0, 62.0], [1.0, 3.0]], "aspect": 16.0 / 9.0},
        "masks": (0..masks).map(mask).collect::<Vec<_>>(),
    });
    let plan: SitePlan =
        serde_json::from_value(serde_json::json!({"version": 1, "controllers": [], "cameras": [camera]})).unwrap();
    plan.cameras[0].clone()
}

/// A tracker of a dome that was seen to stand for 20 s, and a moment a little later.
fn standing(plan: &CameraPlan) -> (PoseTracker, Instant) {
    let mut tracker = PoseTracker::new(plan);
    let begin = Instant::now();
    let pose = Pose {
        pan_deg: 20.0,
        tilt_deg: -15.0,
        hfov_deg: 60.0,
    };
    for i in 0..100u32 {
        let now = begin + Duration::from_millis(200) * i;
        tracker.on_status(now, now + Duration::from_millis(40), Some(pose), MoveState::Idle);
    }
    (tracker, begin + Duration::from_secs(20))
}

fn covers(criterion: &mut Criterion) {
    let plan = dome(32);
    let (masks, (tracker, now)) = (PreparedMasks::new(&plan), standing(&plan));
    let knowledge = tracker.knowledge(now);
    criterion.bench_function("cover of 32 masks of 12 points", |bencher| {
        bencher.iter(|| masks.cover(black_box(&knowledge)));
    });
    let plan = dome(8);
    let domes: Vec<_> = (0..64).map(|_| (PreparedMasks::new(&plan), standing(&plan))).collect();
    // One frame of each of 64 domes: 25 times this in a second, at most 20 ms of one core.
    criterion.bench_function("pose and cover of one frame of 64 domes with 8 masks", |bencher| {
        bencher.iter(|| {
            for (masks, (tracker, now)) in &domes {
                black_box(masks.cover(&tracker.knowledge(black_box(*now))));
            }
        });
    });
}

criterion_group!(benches, covers);
criterion_main!(benches);
