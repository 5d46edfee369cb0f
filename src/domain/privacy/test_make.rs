//! Domes of several makes for tests, in virtual time: ramps, delays, coarse positions, statuses that tell the target, a «moving»
//! that never ends; each keeps exactly to the habits it was made with. Independent of what is under test.

use super::test_dome::{Chance, TICK, lens};
use crate::domain::camera::{LensModel, MoveState, Pose};
use crate::domain::ptz::{Order, Velocity};
use crate::domain::site::{DomeDelays, DomeHabits, MotionBounds, ReportedPosition, SpeedRow, SpeedTable, TargetMove};
use std::time::{Duration, Instant};

/// Velocities measured of an axis.
pub const ROWS: f64 = 40.0;

/// What a dome of one make does.
#[derive(Debug, Clone)]
pub struct Make {
    pub name: &'static str,
    pub habits: DomeDelays,
    pub ways: DomeHabits,
    /// Highest speeds.
    pub full: [f64; 3],
    /// Positions are told in steps of this, degrees; 0: exactly.
    pub coarse_deg: f64,
    pub tells: Tells,
}

/// What a status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    Position,
    /// The target, from the order on; the head starts later.
    Target,
    /// Where it last stood.
    Arrival,
}

fn habits(command_s: [f64; 2], ramp_s: f64, status_age_s: [f64; 2], picture_age_s: [f64; 2]) -> DomeDelays {
    DomeDelays {
        status_age_s,
        picture_age_s,
        command_s,
        ramp_s,
        obeys: true,
        target_move: None,
        capture_error_s: None,
    }
}

fn usual() -> DomeDelays {
    habits([0.05, 0.15], 0.25, [0.02, 0.12], [0.12, 0.22])
}

fn make(name: &'static str, habits: DomeDelays) -> Make {
    Make {
        name,
        habits,
        ways: DomeHabits::ORDINARY,
        full: [100.0, 80.0, 0.6],
        coarse_deg: 0.0,
        tells: Tells::Position,
    }
}

fn tells_another_place(name: &'static str, tells: Tells, reports: ReportedPosition) -> Make {
    let target_move = TargetMove {
        // With the slow approach at the end of every move.
        begins_s: 1.6,
        slowest: [30.0, 24.0, 0.3],
    };
    Make {
        tells,
        ways: DomeHabits {
            reports,
            ..DomeHabits::ORDINARY
        },
        ..make(
            name,
            DomeDelays {
                target_move: Some(target_move),
                ..usual()
            },
        )
    }
}

/// Domes as they are sold.
pub fn makes() -> Vec<Make> {
    vec![
        make("quick", habits([0.02, 0.06], 0.1, [0.01, 0.05], [0.08, 0.14])),
        make("usual", usual()),
        make(
            "stamped",
            DomeDelays {
                capture_error_s: Some(0.03),
                ..usual()
            },
        ),
        make("late 300", habits([0.15, 0.3], 0.3, [0.05, 0.2], [0.2, 0.3])),
        make("late 800", habits([0.4, 0.8], 0.5, [0.1, 0.4], [0.3, 0.5])),
        Make {
            coarse_deg: 0.5,
            ..make("coarse", usual())
        },
        Make {
            ways: DomeHabits {
                never_idle: true,
                ..DomeHabits::ORDINARY
            },
            ..make("never idle", usual())
        },
        tells_another_place("tells target", Tells::Target, ReportedPosition::Target),
        tells_another_place("tells arrival", Tells::Arrival, ReportedPosition::Arrival),
    ]
}

impl Make {
    /// The bounds of its plan: those of the simulated town, with what was measured of this dome.
    pub fn bounds(&self) -> MotionBounds {
        let rows = |full: f64| {
            let row = |i: i32| {
                let velocity = f64::from(i) / ROWS;
                SpeedRow {
                    velocity,
                    speed: velocity * full,
                    spread: 0.03 * velocity * full,
                }
            };
            (1..=ROWS as i32).map(row).collect()
        };
        MotionBounds {
            pan_speed_deg_s: 160.0,
            tilt_speed_deg_s: 120.0,
            zoom_speed_ln_s: 0.6,
            video_delay_s: 0.6,
            video_delay_min_s: 0.0,
            status_delay_s: 0.5,
            command_delay_s: 1.4,
            speed_per_velocity: 1.05,
            pose_error_deg: 0.3f64.max(self.coarse_deg),
            speeds: SpeedTable {
                pan: rows(self.full[0]),
                tilt: rows(self.full[1]),
                zoom: rows(self.full[2]),
            },
            delays: Some(self.habits.clone()),
            ..MotionBounds::default()
        }
    }
}

/// What the motors aim at.
#[derive(Debug, Clone, Copy)]
enum Aim {
    Speeds([f64; 3]),
    Place([f64; 3], f64),
}

/// Simulated dome of a make.
pub struct MadeDome {
    pub make: Make,
    pub chance: Chance,
    begin: Instant,
    aim: Aim,
    /// Orders under way, by the tick at which they begin to be obeyed.
    arriving: Vec<(usize, Order)>,
    /// Pan, tilt, zoom (logarithm) and what its status would tell, at each tick.
    path: Vec<[f64; 3]>,
    told: Vec<[f64; 3]>,
    moving: Vec<bool>,
    speed: [f64; 3],
    last_obeyed: usize,
    lens: LensModel,
    /// How far the picture is cropped beyond the end of the lens, of which no status tells: logarithm of magnification.
    crops: f64,
    target: Option<[f64; 3]>,
}

impl MadeDome {
    pub fn new(make: &Make, seed: u64, at: Pose) -> Self {
        let start = axes(at);
        Self {
            make: make.clone(),
            chance: Chance(seed),
            begin: Instant::now(),
            aim: Aim::Speeds([0.0; 3]),
            arriving: Vec::new(),
            path: vec![start],
            told: vec![start],
            moving: vec![false],
            speed: [0.0; 3],
            last_obeyed: 0,
            lens: lens(),
            crops: 0.0,
            target: None,
        }
    }

    /// Hangs another lens, and goes on zooming beyond its end by cropping, so far (logarithm of magnification).
    pub fn ends_at(&mut self, lens: LensModel, crops: f64) {
        (self.lens, self.crops) = (lens, crops);
    }

    pub fn now_s(&self) -> f64 {
        (self.path.len() - 1) as f64 * TICK
    }

    pub fn instant(&self, seconds: f64) -> Instant {
        self.begin + Duration::from_secs_f64(seconds.max(0.0))
    }

    fn at(&self, seconds: f64, of: &[[f64; 3]]) -> [f64; 3] {
        let place = (seconds / TICK).clamp(0.0, (of.len() - 1) as f64);
        let (i, t) = (place.floor() as usize, place.fract());
        let next = of[(i + 1).min(of.len() - 1)];
        std::array::from_fn(|axis| of[i][axis] + t * (next[axis] - of[i][axis]))
    }

    /// The true pose at a time.
    pub fn pose(&self, seconds: f64) -> Pose {
        pose_of(self.at(seconds, &self.path))
    }

    /// Sends an order; they arrive in the order in which they were sent.
    pub fn order(&mut self, order: Order) {
        let [least, most] = self.make.habits.command_s;
        let waits = match order {
            Order::Position(_) if self.make.tells == Tells::Target => 0.3,
            _ => self.chance.between(least, most),
        };
        if let (Order::Position(target), true) = (order, self.make.tells == Tells::Target) {
            self.target = Some(axes(target));
        } else {
            self.target = None;
        }
        let at = (self.path.len() - 1 + (waits / TICK) as usize).max(self.last_obeyed);
        self.last_obeyed = at;
        self.arriving.push((at, order));
    }

    fn obey(&mut self, order: Order) {
        self.aim = match order {
            Order::Stop => Aim::Speeds([0.0; 3]),
            Order::Velocity(Velocity { pan, tilt, zoom }) => {
                let off = 1.0 + self.chance.between(-0.03, 0.03);
                let signed = [pan, tilt, zoom];
                // Off by its table, but never faster than its highest speed, which the plan states.
                Aim::Speeds(std::array::from_fn(|axis| {
                    (signed[axis] * off).clamp(-1.0, 1.0) * self.make.full[axis]
                }))
            }
            Order::Position(pose) => Aim::Place(axes(pose), self.chance.between(0.6, 1.0)),
            Order::SomewhereElse => {
                let [pan, tilt, _] = self.path[self.path.len() - 1];
                Aim::Place([pan + 40.0, (tilt + 5.0).min(20.0), self.path[0][2]], 1.0)
            }
        };
    }

    /// Time goes on by one tick.
    pub fn tick(&mut self) {
        let tick = self.path.len();
        while let Some((_, order)) = self.arriving.first().copied().filter(|(at, _)| *at <= tick) {
            self.arriving.remove(0);
            self.obey(order);
        }
        let from = self.path[tick - 1];
        let ramp = self.make.habits.ramp_s.max(TICK);
        let full = self.make.full;
        let mut to = from;
        for axis in 0..3 {
            let wanted = match self.aim {
                Aim::Speeds(speeds) => speeds[axis],
                // Slows down towards the target, never passes it: so soon that it would not pass it either when a velocity or a Stop
                // came on the way, which it follows by its ramp.
                Aim::Place(place, share) => {
                    let left = place[axis] - from[axis];
                    let slowing = 0.02 * full[axis] + left.abs() * 4.0;
                    left.signum() * (share * full[axis]).min(left.abs() / TICK).min(slowing)
                }
            };
            let step = 2.0 * full[axis] * TICK / ramp;
            let ramped = match self.aim {
                // A ramp takes no longer than was measured, whatever the change.
                Aim::Speeds(_) => self.speed[axis] + (wanted - self.speed[axis]).clamp(-step, step),
                Aim::Place(..) => wanted,
            };
            self.speed[axis] = ramped;
            to[axis] = from[axis] + ramped * TICK;
        }
        let [a, b] = self.lens.tilt_range_deg;
        to[1] = to[1].clamp(a, b);
        let zoom = |hfov: f64| -(hfov.to_radians() / 2.0).tan().ln();
        let [widest, narrowest] = [self.lens.widest_hfov_deg(), self.lens.narrowest_hfov_deg()].map(zoom);
        to[2] = to[2].clamp(widest, narrowest + self.crops);
        self.moving.push(to.iter().zip(from).any(|(a, b)| (a - b).abs() > 1e-4));
        self.path.push(to);
        let tells = [to[0], to[1], to[2].min(narrowest)];
        let stood = self.told[tick - 1];
        self.told.push(match self.make.tells {
            Tells::Arrival if self.moving[tick] => stood,
            Tells::Position | Tells::Target | Tells::Arrival => self.target.unwrap_or(tells),
        });
        if let (Some(target), None) = (self.target, self.arriving.first())
            && (0..3).all(|axis| (to[axis] - target[axis]).abs() < 1e-3)
        {
            self.target = None;
        }
    }

    /// Between which moments a picture taken then says it was captured, where it does.
    pub fn captured(&mut self, taken: f64) -> Option<[Instant; 2]> {
        let error = self.make.habits.capture_error_s?;
        let stamp = taken + self.chance.between(-error, error);
        let way = self.chance.between(0.0, 0.02);
        Some([self.instant(stamp - way), self.instant(stamp + 0.02 - way)])
    }

    /// A status that arrives now, asked `way` seconds ago.
    pub fn status(&mut self, way: f64) -> (Instant, Instant, Option<Pose>, MoveState) {
        let now = self.now_s();
        let [least, most] = self.make.habits.status_age_s;
        let answered = now - self.chance.share() * way;
        let taken = (answered - self.chance.between(least, most)).max(0.0);
        let mut at = self.at(taken, &self.told);
        let coarse = self.make.coarse_deg;
        if coarse > 0.0 {
            for axis in 0..2 {
                at[axis] = (at[axis] / coarse).round() * coarse;
            }
        }
        at[0] = (at[0] + 180.0).rem_euclid(360.0) - 180.0;
        let moving = match self.make.ways.never_idle || self.moving[(taken / TICK) as usize] {
            true if self.target.is_none() => MoveState::Moving,
            _ => MoveState::Idle,
        };
        (self.instant(now - way), self.instant(now), Some(pose_of(at)), moving)
    }
}

fn axes(pose: Pose) -> [f64; 3] {
    [
        pose.pan_deg,
        pose.tilt_deg,
        -(pose.hfov_deg.to_radians() / 2.0).tan().ln(),
    ]
}

fn pose_of([pan_deg, tilt_deg, zoom]: [f64; 3]) -> Pose {
    Pose {
        pan_deg,
        tilt_deg,
        hfov_deg: 2.0 * (-zoom).exp().atan().to_degrees(),
    }
}
