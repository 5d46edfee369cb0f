//! The picture as a witness of motion, measured on a drawn world: error and time of every picture of moves there and back.
//!
//! `benches/witness.sh` runs it with a folder: the pictures and the true poses are left there, for others to do the same work.
//! Deliberately absent: any figure that is demanded; the script prints ours beside theirs.

#![expect(
    clippy::unwrap_used,
    reason = "the folder is the script's, and nothing else runs here"
)]

#[path = "../src/domain/privacy/picture_motion/test_world.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod test_world;

use std::path::Path;
use std::time::Instant;
use test_world::{Camera, Scene};
use vedetta::domain::privacy::Interval;
use vedetta::domain::privacy::picture_motion::{Eye, Look, Luma, View};

/// Every sequence is looked at so often; a picture's time is the median of its runs.
const RUNS: usize = 7;
const SECONDS: f64 = 5.4;

/// Moves there and back at a speed.
struct Moves {
    hfov: f64,
    /// Degrees per second.
    speed: f64,
    /// Pictures per second.
    rate: f64,
}

const ALL: [Moves; 7] = [
    Moves {
        hfov: 62.0,
        speed: 4.0,
        rate: 12.5,
    },
    Moves {
        hfov: 62.0,
        speed: 20.0,
        rate: 12.5,
    },
    Moves {
        hfov: 62.0,
        speed: 60.0,
        rate: 12.5,
    },
    Moves {
        hfov: 62.0,
        speed: 95.0,
        rate: 25.0,
    },
    Moves {
        hfov: 23.0,
        speed: 4.0,
        rate: 12.5,
    },
    Moves {
        hfov: 23.0,
        speed: 20.0,
        rate: 12.5,
    },
    Moves {
        hfov: 23.0,
        speed: 60.0,
        rate: 25.0,
    },
];

impl Moves {
    /// The pose at a moment: ramps of a fifth of a second, back after 2.7 s.
    fn pose(&self, seconds: f64) -> Camera {
        let leg = SECONDS / 2.0;
        let t = if seconds > leg { SECONDS - seconds } else { seconds };
        let ramp = 0.2;
        let way = |t: f64| if t < ramp { t * t / (2.0 * ramp) } else { t - ramp / 2.0 };
        let way = way(t) - (t - (leg - ramp)).max(0.0).powi(2) / (2.0 * ramp);
        Camera {
            pan: 20.0 + self.speed * way,
            tilt: -15.0 - 0.2 * self.speed * way.min(1.0),
            roll: 0.0,
            hfov: self.hfov,
        }
    }

    /// When pictures are taken: the middle of the exposure, seconds.
    fn moments(&self) -> impl Iterator<Item = f64> {
        let count = ((SECONDS - 0.05) * self.rate) as usize;
        (0..count).map(|i| 0.02 + i as f64 / self.rate)
    }

    fn poses(&self) -> Vec<Camera> {
        self.moments().map(|moment| self.pose(moment)).collect()
    }

    /// The pictures, each of a hundredth of a second, with a walker's worth of strangers.
    fn pictures(&self, scene: &Scene) -> Vec<Vec<u8>> {
        let picture = |(i, moment): (usize, f64)| {
            let exposed = [-0.0045, -0.0015, 0.0015, 0.0045].map(|off| self.pose(moment + off));
            let at = 0.3 + 0.004 * i as f64;
            let walker = |x: f64, y: f64| {
                let inside = (x - at).abs() < 0.03 && (y - 0.6).abs() < 0.15;
                inside.then(|| test_world::texture([x - at, y, 0.0], 0.05, 0.004, 77))
            };
            scene.picture(&exposed, i as u32, walker)
        };
        self.moments().enumerate().map(picture).collect()
    }
}

/// The angle between a rotation found and the true one from a camera to another, degrees.
fn off(found: glam::DMat3, from: &Camera, to: &Camera) -> f64 {
    let (a, b) = (from.axes(), to.axes());
    let dot = |i: usize, j: usize| (0..3).map(|k| b[i][k] * a[j][k]).sum::<f64>();
    let truly = glam::DMat3::from_cols_array_2d(&std::array::from_fn(|j| std::array::from_fn(|i| dot(i, j))));
    let rest = found * truly.transpose();
    let sine = glam::DVec3::new(
        rest.y_axis.z - rest.z_axis.y,
        rest.z_axis.x - rest.x_axis.z,
        rest.x_axis.y - rest.y_axis.x,
    );
    let trace = rest.x_axis.x + rest.y_axis.y + rest.z_axis.z;
    sine.length().atan2(trace - 1.0).to_degrees()
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values
        .get(((values.len().max(1) - 1) as f64 * share).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

/// What one sequence gave.
#[derive(Default)]
struct Figures {
    errors: Vec<f64>,
    bounds: Vec<f64>,
    shares: Vec<f64>,
    ms: Vec<f64>,
    lost: usize,
    drift: f64,
    drift_bound: f64,
}

fn measure(moves: &Moves, scene: &Scene, pictures: &[Vec<u8>]) -> Figures {
    let poses = moves.poses();
    let view = View {
        hfov: Interval {
            lo: moves.hfov,
            hi: moves.hfov,
        },
        aspect: scene.aspect(),
    };
    let mut figures = Figures::default();
    let mut times = vec![Vec::new(); pictures.len()];
    for run in 0..RUNS {
        let mut eye = Eye::default();
        let (mut origin, mut key, mut chain, mut bound, mut deviation) = (0, 0, glam::DMat3::IDENTITY, 0.0, 0.0);
        for (i, picture) in pictures.iter().enumerate() {
            let luma = Luma::new(scene.size[0], scene.size[1], scene.size[0], picture).unwrap();
            let begin = Instant::now();
            let look = eye.look(luma, view);
            times[i].push(begin.elapsed().as_secs_f64() * 1000.0);
            if run > 0 {
                continue;
            }
            match look {
                Look::Turned { witness, kept } => {
                    figures.errors.push(off(witness.rotation, &poses[key], &poses[i]));
                    figures.bounds.push(witness.error_deg());
                    figures.shares.push(witness.agreement.share);
                    let now = witness.rotation * chain;
                    figures.drift = figures.drift.max(off(now, &poses[origin], &poses[i]));
                    let last = (
                        bound + witness.systematic_deg,
                        deviation + witness.deviation_deg.powi(2),
                    );
                    figures.drift_bound = figures.drift_bound.max(last.0 + 4.0 * last.1.sqrt());
                    if kept {
                        (key, chain, bound, deviation) = (i, now, last.0, last.1);
                    }
                }
                Look::Repeated => {}
                Look::Lost => {
                    figures.lost += usize::from(i > 0);
                    (origin, key, chain, bound, deviation) = (i, i, glam::DMat3::IDENTITY, 0.0, 0.0);
                }
            }
        }
    }
    figures.ms = times.iter_mut().skip(1).map(|runs| quantile(runs, 0.5)).collect();
    figures
}

fn report(moves: &Moves, pictures: &[Vec<u8>], mut figures: Figures) -> String {
    let beyond = figures
        .errors
        .iter()
        .zip(&figures.bounds)
        .filter(|(error, bound)| error > bound)
        .count();
    format!(
        concat!(
            "{{\"hfov\": {}, \"speed\": {}, \"rate\": {}, \"pictures\": {}, \"lost\": {}, \"error_p50\": {:.4}, \"error_p99\": {:.4}, ",
            "\"bound_p50\": {:.4}, \"beyond_bound\": {}, \"drift\": {:.4}, \"drift_bound\": {:.4}, \"share_p50\": {:.3}, ",
            "\"share_least\": {:.3}, \"ms_p50\": {:.4}, \"ms_p99\": {:.4}}}"
        ),
        moves.hfov,
        moves.speed,
        moves.rate,
        pictures.len(),
        figures.lost,
        quantile(&mut figures.errors, 0.5),
        quantile(&mut figures.errors, 0.99),
        quantile(&mut figures.bounds, 0.5),
        beyond,
        figures.drift,
        figures.drift_bound,
        quantile(&mut figures.shares, 0.5),
        quantile(&mut figures.shares, 0.0),
        quantile(&mut figures.ms, 0.5),
        quantile(&mut figures.ms, 0.99),
    )
}

fn main() {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let scene = Scene::new(5);
    let mut lines = Vec::new();
    for (i, moves) in ALL.iter().enumerate() {
        let pictures = moves.pictures(&scene);
        let line = report(moves, &pictures, measure(moves, &scene, &pictures));
        println!("{line}");
        if let Some(folder) = &folder {
            let folder = Path::new(folder);
            std::fs::write(folder.join(format!("{i}.luma")), pictures.concat()).unwrap();
            let truth: Vec<[f64; 4]> = moves.poses().iter().map(|p| [p.pan, p.tilt, p.roll, p.hfov]).collect();
            std::fs::write(folder.join(format!("{i}.json")), serde_json::to_string(&truth).unwrap()).unwrap();
        }
        lines.push(line);
    }
    if let Some(folder) = &folder {
        std::fs::write(Path::new(folder).join("ours.json"), format!("[{}]", lines.join(",\n"))).unwrap();
    }
}
