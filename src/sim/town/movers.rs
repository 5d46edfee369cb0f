//! What moves: cars along the streets and people on the pavements.
//!
//! Invariant: everything is where it was [`LOOP_MS`] before, so a clip of that length loops without a jump.

use super::colour::{self, Rgb};
use super::layout::{EDGE_M, Layout, STREETS, WAYS};
use super::scene::{Face, Group, Solid, Texture};
use glam::DVec3;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::Arc;

/// The town repeats itself after this time, milliseconds.
pub const LOOP_MS: u64 = 8_000;

/// Cars drive this far in a loop.
const RUN_M: f64 = 2.0 * EDGE_M;
/// Least time between two cars at one crossing, milliseconds.
const SPACING_MS: f64 = 800.0;

/// A car in its lane.
#[derive(Debug, Clone)]
struct Car {
    /// A point of the lane abreast of the town's centre.
    lane: DVec3,
    ahead: DVec3,
    phase_ms: f64,
    body: Rgb,
    van: bool,
    plate: Arc<Texture>,
}

/// Somebody who walks to and fro.
#[derive(Debug, Clone)]
struct Walker {
    from: DVec3,
    ahead: DVec3,
    phase_ms: f64,
    clothes: [Rgb; 2],
    hair: Rgb,
    height_m: f64,
}

/// Everything that moves.
#[derive(Debug, Clone)]
pub struct Movers {
    cars: Vec<Car>,
    walkers: Vec<Walker>,
}

impl Movers {
    /// The traffic of a seed.
    pub fn generate(seed: u64, layout: &Layout) -> Self {
        let mut rng = StdRng::seed_from_u64(seed ^ 0x7261_6666_6963);
        let mut cars: Vec<Car> = Vec::new();
        for street in STREETS {
            for (ahead, lane) in [
                (WAYS[0], DVec3::new(street + 2.0, 0.0, 0.03)),
                (WAYS[2], DVec3::new(street - 2.0, 0.0, 0.03)),
                (WAYS[1], DVec3::new(0.0, street - 2.0, 0.03)),
                (WAYS[3], DVec3::new(0.0, street + 2.0, 0.03)),
            ] {
                for _ in 0..40 {
                    let phase_ms = rng.random_range(0.0..LOOP_MS as f64);
                    let body = colour::CAR[rng.random_range(0..colour::CAR.len())];
                    let plate = Texture::lettering(&plate_text(&mut rng), colour::DARK, [240; 3], [70, 96, 140]);
                    let car = Car {
                        lane,
                        ahead,
                        phase_ms,
                        body,
                        van: rng.random_bool(0.2),
                        plate,
                    };
                    if cars.iter().all(|other| car.keeps_clear_of(other)) {
                        cars.push(car);
                        break;
                    }
                }
            }
        }
        Self {
            cars,
            walkers: walkers(layout, &mut rng),
        }
    }

    /// Their faces at a time of the loop.
    pub fn groups(&self, at_ms: u64) -> Vec<Group> {
        let at = (at_ms % LOOP_MS) as f64;
        let cars = self.cars.iter().map(|car| Group::new(car.faces(at)));
        cars.chain(self.walkers.iter().map(|walker| Group::new(walker.faces(at))))
            .collect()
    }
}

/// «AB123CD», without the letters that Italian plates leave out.
fn plate_text(rng: &mut StdRng) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPRSTVWXYZ";
    let shape = [true, true, false, false, false, true, true];
    shape
        .map(|letter| {
            if letter {
                LETTERS[rng.random_range(0..LETTERS.len())] as char
            } else {
                rng.random_range('0'..='9')
            }
        })
        .iter()
        .collect()
}

impl Car {
    fn along_m(&self, at_ms: f64) -> f64 {
        ((self.phase_ms + at_ms) / LOOP_MS as f64).fract() * RUN_M - EDGE_M
    }

    /// Milliseconds into the loop when the car is abreast of `point`.
    fn passes_ms(&self, point: DVec3) -> f64 {
        let along = (point - self.lane).dot(self.ahead);
        ((along + EDGE_M) / RUN_M * LOOP_MS as f64 - self.phase_ms).rem_euclid(LOOP_MS as f64)
    }

    fn keeps_clear_of(&self, other: &Self) -> bool {
        if self.ahead.dot(other.ahead).abs() > 0.5 {
            return true;
        }
        let north_south = if self.ahead.y.abs() > 0.5 { self } else { other };
        let east_west = if self.ahead.y.abs() > 0.5 { other } else { self };
        let point = DVec3::new(north_south.lane.x, east_west.lane.y, 0.0);
        let apart = (self.passes_ms(point) - other.passes_ms(point)).abs();
        apart.min(LOOP_MS as f64 - apart) >= SPACING_MS
    }

    fn faces(&self, at_ms: f64) -> Vec<Face> {
        let ahead = self.ahead;
        let right = DVec3::new(ahead.y, -ahead.x, 0.0);
        let foot = self.lane + ahead * self.along_m(at_ms);
        let mut faces = Vec::new();
        let shadow = Solid {
            foot: foot + DVec3::Z * 0.035,
            ahead,
            size_m: [4.5, 2.0, 0.0],
        };
        faces.push(Face::quad(shadow.top(), colour::SHADE));
        let part = |forward: f64, up: f64, size_m: [f64; 3]| Solid {
            foot: foot + ahead * forward + DVec3::Z * up,
            ahead,
            size_m,
        };
        let body = part(0.0, 0.32, [4.2, 1.72, if self.van { 0.75 } else { 0.58 }]);
        body.draw(&mut faces, self.body);
        let (back, length, tall) = if self.van { (-0.45, 3.2, 1.0) } else { (-0.3, 2.2, 0.56) };
        let cabin = part(back, 0.32 + body.size_m[2], [length, 1.5, tall]);
        for wall in cabin.walls() {
            faces.push(Face::quad(
                wall.whole(),
                if self.van { self.body } else { colour::DARK },
            ));
            let glass = wall.rectangle([0.12, wall.width_m - 0.12], [tall - 0.48, tall - 0.08], 0.02);
            faces.push(Face::quad(glass, colour::GLASS));
        }
        faces.push(Face::quad(cabin.top(), self.body));
        for forward in [-1.35, 1.35] {
            for side in [-0.78, 0.78] {
                let wheel = Solid {
                    foot: foot + ahead * forward + right * side,
                    ahead,
                    size_m: [0.62, 0.22, 0.6],
                };
                wheel.draw(&mut faces, colour::DARK);
            }
        }
        for (end, lights) in [(0, colour::LAMP_HEAD), (2, colour::TAIL_LIGHT)] {
            let wall = body.walls()[end];
            for from in [0.08, wall.width_m - 0.4] {
                faces.push(Face::quad(
                    wall.rectangle([from, from + 0.32], [0.34, 0.5], 0.02),
                    lights,
                ));
            }
            let middle = wall.width_m / 2.0;
            let plate = Face::quad(
                wall.rectangle([middle - 0.27, middle + 0.27], [0.1, 0.22], 0.03),
                [240; 3],
            );
            faces.push(plate.textured(Arc::clone(&self.plate)));
        }
        faces
    }
}

fn walkers(layout: &Layout, rng: &mut StdRng) -> Vec<Walker> {
    let mut starts: Vec<(DVec3, DVec3)> = Vec::new();
    for street in STREETS {
        for _ in 0..5 {
            let side: f64 = if rng.random_bool(0.5) { 5.0 } else { -5.0 };
            let along: f64 = [-30.0, 10.0, 15.0, 25.0, -20.0][rng.random_range(0..5)] + rng.random_range(-3.0..3.0);
            starts.push((DVec3::new(street + side, along, 0.07), WAYS[0]));
            starts.push((DVec3::new(along, street + side, 0.07), WAYS[1]));
        }
    }
    let [[west, south], [east, north]] = layout.square;
    for _ in 0..5 {
        let from = DVec3::new(
            rng.random_range(west + 3.0..east - 8.0),
            rng.random_range(south + 2.0..south + 8.0),
            0.07,
        );
        starts.push((from, WAYS[1]));
        starts.push((DVec3::new(from.x, north + south - from.y, 0.07), WAYS[1]));
    }
    let (school, ahead) = &layout.school;
    for place in 0..5 {
        let right = DVec3::new(ahead.y, -ahead.x, 0.0);
        let gate = school.foot + *ahead * (school.size_m[0] / 2.0 + 2.0) + right * (f64::from(place) * 1.6 - 3.2);
        starts.push((gate.with_z(0.05), *ahead));
    }
    starts
        .into_iter()
        .enumerate()
        .map(|(i, (from, ahead))| Walker {
            from,
            ahead,
            phase_ms: rng.random_range(0.0..LOOP_MS as f64),
            clothes: std::array::from_fn(|_| colour::CLOTHES[rng.random_range(0..colour::CLOTHES.len())]),
            hair: colour::HAIR[i % colour::HAIR.len()],
            height_m: rng.random_range(1.5..1.85),
        })
        .collect()
}

impl Walker {
    fn faces(&self, at_ms: f64) -> Vec<Face> {
        let round = ((self.phase_ms + at_ms) / LOOP_MS as f64).fract();
        let (along, ahead) = if round < 0.5 {
            (round * 10.0, self.ahead)
        } else {
            ((1.0 - round) * 10.0, -self.ahead)
        };
        let foot = self.from + self.ahead * along;
        let right = DVec3::new(ahead.y, -ahead.x, 0.0);
        let swing = (along * 4.2).sin() * 0.22;
        let scale = self.height_m / 1.75;
        let mut faces = Vec::new();
        let mut part = |forward: f64, side: f64, up: f64, size: [f64; 3], rgb: Rgb| {
            let foot = foot + ahead * forward * scale + right * side * scale + DVec3::Z * up * scale;
            Solid {
                foot,
                ahead,
                size_m: size.map(|s| s * scale),
            }
            .draw(&mut faces, rgb);
        };
        part(0.0, 0.0, 0.003, [0.5, 0.6, 0.01], colour::lit(colour::PAVEMENT, 0.7));
        part(swing, 0.1, 0.0, [0.2, 0.16, 0.82], self.clothes[0]);
        part(-swing, -0.1, 0.0, [0.2, 0.16, 0.82], self.clothes[0]);
        part(0.0, 0.0, 0.8, [0.26, 0.44, 0.62], self.clothes[1]);
        part(-swing, 0.28, 0.85, [0.13, 0.11, 0.55], self.clothes[1]);
        part(swing, -0.28, 0.85, [0.13, 0.11, 0.55], self.clothes[1]);
        part(0.0, 0.0, 1.44, [0.22, 0.2, 0.22], colour::SKIN);
        part(-0.02, 0.0, 1.63, [0.26, 0.23, 0.12], self.hair);
        faces
    }
}
