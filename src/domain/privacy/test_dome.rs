//! A dome for tests: it obeys orders late, out of order or not at all, within its motion bounds, and reports late and
//! wrongly, within the bounds of its errors. Independent of the tracker: it only knows the plan's numbers.

use super::camera_geometry::{Axes, direction};
use crate::domain::camera::{CameraId, CameraKind, Direction, LensModel, MoveState, Pose};
use crate::domain::ptz::{Order, Velocity};
use crate::domain::site::{CameraPlan, Limits, Mask, MaskShape, MotionBounds};
use glam::DVec3;
use std::time::{Duration, Instant};

/// Seconds between two moments of the dome.
pub const TICK: f64 = 0.01;

/// Reproducible chance (splitmix64).
#[derive(Debug, Clone)]
pub struct Chance(pub u64);

impl Chance {
    pub fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.share() * (high - low)
    }

    pub fn one_in(&mut self, n: f64) -> bool {
        self.share() * n < 1.0
    }
}

/// Bounds as a well-polled camera on the same network has them.
pub fn tight() -> MotionBounds {
    MotionBounds {
        pan_speed_deg_s: 60.0,
        tilt_speed_deg_s: 40.0,
        zoom_speed_ln_s: 0.8,
        video_delay_s: 0.4,
        video_delay_min_s: 0.2,
        status_delay_s: 0.15,
        command_delay_s: 0.3,
        speed_per_velocity: 1.0,
        ..MotionBounds::default()
    }
}

pub fn lens() -> LensModel {
    LensModel {
        pan_range_deg: [-180.0, 180.0],
        tilt_range_deg: [-90.0, 30.0],
        hfov_by_zoom: vec![[0.0, 62.0], [0.5, 20.0], [1.0, 1.5]],
        aspect: 16.0 / 9.0,
        roll_deg: 0.0,
        upside_down: false,
        mirrored: false,
    }
}

pub fn dome_plan(motion: MotionBounds, lens: LensModel, masks: Vec<Vec<Direction>>) -> CameraPlan {
    let mask = |(i, corners): (usize, Vec<Direction>)| Mask {
        id: format!("mask-{i}").parse().unwrap(),
        name: String::from("Finestre"),
        shape: MaskShape::Directions(corners),
        permanent: true,
        reason: String::new(),
        style: Default::default(),
        revision: None,
    };
    CameraPlan {
        id: "cam-01".parse::<CameraId>().unwrap(),
        number: 1,
        name: String::from("Piazza"),
        place: String::from("Piazza"),
        controller: "borgo".parse().unwrap(),
        kind: CameraKind::Dome,
        onvif: String::from("http://127.0.0.1:1/onvif/device_service"),
        lens: Some(lens),
        masks: masks.into_iter().enumerate().map(mask).collect(),
        limits: Limits::default(),
        motion,
        ground: None,
        school: None,
        personal_users: false,
        view: None,
        orientation: None,
        habits: crate::domain::site::DomeHabits::ORDINARY,
        return_home: None,
        critical: Vec::new(),
    }
}

/// A mask of star shape around a middle, and points inside it.
pub fn star(chance: &mut Chance, middle: Direction, radius_deg: f64) -> (Vec<Direction>, Vec<Direction>) {
    let axes = Axes::new(middle.azimuth_deg, middle.elevation_deg, chance.between(0.0, 360.0));
    let n = chance.between(3.0, 13.0) as usize;
    let ray = |x: f64, y: f64| direction(axes.to_world(DVec3::new(x, y, 1.0)));
    let radius = radius_deg.to_radians().tan();
    let corners: Vec<[f64; 2]> = (0..n)
        .map(|i| {
            let (sin, cos) = (i as f64 / n as f64 * std::f64::consts::TAU).sin_cos();
            let r = radius * chance.between(0.3, 1.0);
            [r * cos, r * sin]
        })
        .collect();
    let inside = (0..60)
        .map(|_| {
            let i = (chance.share() * n as f64) as usize % n;
            let (a, b) = (corners[i], corners[(i + 1) % n]);
            let (along, out) = (chance.share(), if chance.one_in(2.0) { 1.0 } else { chance.share() });
            ray(
                out * (a[0] + along * (b[0] - a[0])),
                out * (a[1] + along * (b[1] - a[1])),
            )
        })
        .collect();
    (corners.iter().map(|c| ray(c[0], c[1])).collect(), inside)
}

/// The motion the dome is in.
#[derive(Debug, Clone, Copy)]
enum Drive {
    Still,
    /// Signed speeds, until a tick.
    Speeds([f64; 3], usize),
    Towards([f64; 3], f64),
}

/// The simulated dome of these tests.
#[derive(Debug, Clone)]
pub struct Dome {
    pub chance: Chance,
    pub motion: MotionBounds,
    begin: Instant,
    drive: Drive,
    arriving: Vec<(usize, Order)>,
    /// Pan, tilt, zoom (logarithm) at each tick.
    path: Vec<[f64; 3]>,
    moving: Vec<bool>,
    obeys_stop: bool,
    obeys_timeout: bool,
    zoom_range: [f64; 2],
}

impl Dome {
    pub fn new(seed: u64, motion: MotionBounds, lens: &LensModel) -> Self {
        let mut chance = Chance(seed);
        let zoom = |hfov: f64| -(hfov.to_radians() / 2.0).tan().ln();
        let zoom_range = [zoom(lens.widest_hfov_deg()), zoom(lens.narrowest_hfov_deg())];
        let tilt = if chance.one_in(5.0) {
            -90.0
        } else {
            chance.between(-90.0, 20.0)
        };
        let near_seam = chance.one_in(3.0);
        let start = [
            if near_seam {
                178.0
            } else {
                chance.between(-180.0, 180.0)
            },
            tilt,
            chance.between(zoom_range[0], zoom_range[1]),
        ];
        let (obeys_stop, obeys_timeout) = (chance.one_in(1.5), chance.one_in(1.5));
        Self {
            chance,
            motion,
            begin: Instant::now(),
            drive: Drive::Still,
            arriving: Vec::new(),
            path: vec![start],
            moving: vec![false],
            obeys_stop,
            obeys_timeout,
            zoom_range,
        }
    }

    /// A dome that obeys Stop and timeouts, as a camera must if limits are to hold.
    pub fn obedient(mut self) -> Self {
        (self.obeys_stop, self.obeys_timeout) = (true, true);
        self
    }

    /// Starts wide open and level.
    pub fn wide(mut self) -> Self {
        self.path[0] = [0.0, -20.0, self.zoom_range[0]];
        self
    }

    pub fn now_s(&self) -> f64 {
        (self.path.len() - 1) as f64 * TICK
    }

    pub fn instant(&self, seconds: f64) -> Instant {
        self.begin + Duration::from_secs_f64(seconds.max(0.0))
    }

    pub fn now(&self) -> Instant {
        self.instant(self.now_s())
    }

    fn at(&self, seconds: f64) -> [f64; 3] {
        let place = (seconds / TICK).clamp(0.0, (self.path.len() - 1) as f64);
        let (i, t) = (place.floor() as usize, place.fract());
        let next = self.path[(i + 1).min(self.path.len() - 1)];
        std::array::from_fn(|axis| self.path[i][axis] + t * (next[axis] - self.path[i][axis]))
    }

    /// The true pose at a time, pan between −180° and 180°.
    pub fn pose(&self, seconds: f64) -> Pose {
        let [pan, tilt, zoom] = self.at(seconds);
        pose_of([(pan + 180.0).rem_euclid(360.0) - 180.0, tilt, zoom])
    }

    /// Sends an order; it lands within the command delay.
    pub fn order(&mut self, order: Order) {
        let latency = self.chance.between(0.0, self.motion.command_delay_s);
        self.arriving
            .push((self.path.len() - 1 + (latency / TICK) as usize, order));
    }

    /// Someone else moves it, at once: `velocity` in shares of the highest speeds.
    pub fn shove(&mut self, velocity: [f64; 3]) {
        self.drive = Drive::Speeds(self.speeds(velocity), usize::MAX);
    }

    fn speeds(&self, share: [f64; 3]) -> [f64; 3] {
        let m = &self.motion;
        [
            share[0] * m.pan_speed_deg_s,
            share[1] * m.tilt_speed_deg_s,
            share[2] * m.zoom_speed_ln_s,
        ]
    }

    fn obey(&mut self, order: Order, tick: usize) {
        self.drive = match order {
            Order::Velocity(v) if !v.is_zero() => {
                let proportional = self.motion.speed_per_velocity;
                let slower = self.chance.between(0.5, 1.0);
                let share = [v.pan, v.tilt, v.zoom].map(|v| (v * proportional).clamp(-1.0, 1.0) * slower);
                let lasting = if self.obeys_timeout {
                    (0.5 / TICK) as usize
                } else {
                    usize::MAX - tick
                };
                Drive::Speeds(self.speeds(share), tick + lasting)
            }
            Order::Stop if !self.obeys_stop => return,
            Order::Velocity(_) | Order::Stop => Drive::Still,
            Order::Position(pose) => {
                let mut to = [
                    pose.pan_deg,
                    pose.tilt_deg,
                    -(pose.hfov_deg.to_radians() / 2.0).tan().ln(),
                ];
                let from = self.path[self.path.len() - 1];
                to[0] += ((from[0] - to[0]) / 360.0).round() * 360.0;
                Drive::Towards(to, self.chance.between(0.2, 1.0))
            }
            Order::SomewhereElse => {
                let from = self.path[self.path.len() - 1];
                let to = [from[0] + self.chance.between(-90.0, 90.0), -30.0, self.zoom_range[0]];
                Drive::Towards(to, self.chance.between(0.2, 1.0))
            }
        };
    }

    /// Time goes on by one tick.
    pub fn tick(&mut self) {
        let tick = self.path.len();
        let mut landed: Vec<(usize, Order)> = Vec::new();
        self.arriving.retain(|arriving| {
            let here = arriving.0 < tick;
            if here {
                landed.push(*arriving);
            }
            !here
        });
        landed.sort_by_key(|(at, _)| *at);
        for (_, order) in landed {
            self.obey(order, tick);
        }
        let from = self.path[tick - 1];
        let step: [f64; 3] = match self.drive {
            Drive::Still => [0.0; 3],
            Drive::Speeds(_, until) if tick >= until => [0.0; 3],
            Drive::Speeds(speeds, _) => speeds.map(|v| v * TICK),
            Drive::Towards(to, share) => {
                let most = self.speeds([share; 3]).map(|v| v * TICK);
                std::array::from_fn(|axis| (to[axis] - from[axis]).clamp(-most[axis], most[axis]))
            }
        };
        let mut to: [f64; 3] = std::array::from_fn(|axis| from[axis] + step[axis]);
        to[1] = to[1].clamp(-90.0, 30.0);
        to[2] = to[2].clamp(self.zoom_range[0], self.zoom_range[1]);
        self.moving.push(to != from);
        self.path.push(to);
    }

    /// A status that arrives now: asked when, shows what. `honest`: what it says about moving is true.
    pub fn status(&mut self, honest: bool) -> (Instant, Instant, Option<Pose>, MoveState) {
        let now = self.now_s();
        let sent = self.chance.between((now - self.motion.status_delay_s).max(0.0), now);
        self.answer(sent, honest)
    }

    /// A status that it tells now, unasked.
    pub fn told(&mut self, honest: bool) -> (Instant, Instant, Option<Pose>, MoveState) {
        self.answer(self.now_s(), honest)
    }

    fn answer(&mut self, sent: f64, honest: bool) -> (Instant, Instant, Option<Pose>, MoveState) {
        let now = self.now_s();
        // However long the answer takes, it is no older than that when it is asked for.
        let taken = self.chance.between((sent - self.motion.status_delay_s).max(0.0), now);
        let error = self.motion.pose_error_deg;
        let mut at = self.at(taken);
        at[0] += self.chance.between(-error, error);
        at[1] += self.chance.between(-error, error);
        at[2] += self.chance.between(-1.0, 1.0) * self.motion.zoom_error_ln;
        at[0] = (at[0] + 180.0).rem_euclid(360.0) - 180.0;
        let moving = match (honest, self.moving[(taken / TICK) as usize]) {
            (false, _) => MoveState::Idle,
            (true, true) => MoveState::Moving,
            (true, false) => MoveState::Idle,
        };
        (self.instant(sent), self.instant(now), Some(pose_of(at)), moving)
    }

    /// A random order.
    pub fn some_order(&mut self) -> Order {
        let kind = self.chance.share();
        if kind < 0.5 {
            let mut axis = || {
                if self.chance.one_in(2.0) {
                    0.0
                } else {
                    self.chance.between(-1.0, 1.0).powi(3)
                }
            };
            return Order::Velocity(Velocity {
                pan: axis(),
                tilt: axis(),
                zoom: axis(),
            });
        }
        if kind < 0.75 {
            return Order::Stop;
        }
        if kind < 0.8 {
            return Order::SomewhereElse;
        }
        let [pan, tilt, zoom] = self.path[self.path.len() - 1];
        Order::Position(pose_of([
            (pan + self.chance.between(-15.0, 15.0) + 180.0).rem_euclid(360.0) - 180.0,
            (tilt + self.chance.between(-10.0, 10.0)).clamp(-90.0, 30.0),
            (zoom + self.chance.between(-0.5, 0.5)).clamp(self.zoom_range[0], self.zoom_range[1]),
        ]))
    }
}

fn pose_of([pan_deg, tilt_deg, zoom]: [f64; 3]) -> Pose {
    Pose {
        pan_deg,
        tilt_deg,
        hfov_deg: 2.0 * (-zoom).exp().atan().to_degrees(),
    }
}
