//! What is known of a dome's pose: statuses, commands and elapsed time become an interval of poses.
//!
//! The model, with the names of [`MotionBounds`]:
//! * A frame drawn at `now` was taken between `now − video_delay_s` and `now − video_delay_min_s`.
//! * A status received at `r` shows where the dome was at some moment between `r − status_delay_s` and `r`, within
//!   `pose_error_deg` and `zoom_error_ln`. One that was under way for longer than `status_delay_s` keeps no such promise and
//!   is not used.
//! * Between two moments each axis moves no farther than the integral of its speed [envelope](super::envelope). Every
//!   status of the last seconds bounds the pose that way; the intervals are intersected.
//! * A command opens the envelope from the moment it is sent: a velocity in its direction and share of the highest speed, a
//!   move to a target at full speed (but staying between where the dome stood and the target). *Nothing but evidence of
//!   rest closes it*: neither a Stop (cameras ignore it) nor a timeout (cameras ignore it) nor a later command.
//! * Evidence of rest: two or more statuses, none of which says «moving», taken more than `command_delay_s` after the last
//!   command that moves, at least [`SETTLED_S`] apart, and no farther apart than twice the position's error. From the first of
//!   them on, the dome may only creep: so slowly that the statuses could not tell. The longer they agree, the slower.
//! * A status that disagrees, or says «moving», opens the envelope to full speed from the last agreeing status on.
//! * `unannounced_movers`, or another holder ([`PoseTracker::on_other_holder`]): the envelope is also open at full speed
//!   from the newest agreeing status on, always. Without them the dome is taken to stand until a status says otherwise: then
//!   a mover nobody announced is covered for only from the status that betrays it. Between two agreeing statuses a
//!   dome is in both cases taken not to have gone away and come back.
//!
//! Automatic flip at the nadir is a motion nobody ordered: it must be off in the camera.
//! Deliberately absent: polling, clocks.

use super::envelope::{Axes3, Envelope, Part, Speeds, Step};
use super::{Interval, PoseInterval, PoseKnowledge, WholeReason};
use crate::domain::camera::{LensModel, MoveState, Pose};
use crate::domain::ptz::{Order, Velocity};
use crate::domain::site::{CameraPlan, MotionBounds};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Statuses that agree over this long show that the dome stands. Seconds.
pub const SETTLED_S: f64 = 0.25;
/// Statuses kept.
const MOST_STATUSES: usize = 24;
/// A pan or tilt interval wider than this on each side of its middle says nothing. Degrees.
const WIDEST_DEG: f64 = 90.0;
/// Cameras round velocities to steps: a velocity that is not zero may be this share of the highest speed more.
const VELOCITY_STEP: f64 = 0.02;

/// The share 0..1 of its highest speed at which an axis may move under a velocity command.
pub fn speed_share(motion: &MotionBounds, velocity: f64) -> f64 {
    if velocity == 0.0 { 0.0 } else { (velocity.abs() * motion.speed_per_velocity + VELOCITY_STEP).min(1.0) }
}

/// The largest velocity whose [`speed_share`] is no more than `share`; 0 when there is none.
pub fn velocity_within(motion: &MotionBounds, share: f64) -> f64 {
    if share >= 1.0 { 1.0 } else { ((share - VELOCITY_STEP) / motion.speed_per_velocity).clamp(0.0, 1.0) }
}

/// Follows one dome.
#[derive(Debug, Clone)]
pub struct PoseTracker {
    motion: MotionBounds,
    lens: Option<LensModel>,
    speeds: Speeds,
    /// All times are seconds after this moment.
    base: Option<Instant>,
    statuses: VecDeque<Seen>,
    /// Statuses that agree.
    run: Option<Run>,
    /// Where the dome must be by what it was told since it last stood.
    reckoning: Option<Reckoning>,
    last_order: f64,
    restarted: Option<f64>,
    other_holder: bool,
}

/// A usable status.
#[derive(Debug, Clone, Copy)]
struct Seen {
    taken_from: f64,
    taken_to: f64,
    at: Axes3,
}

/// Statuses in a row that agree.
#[derive(Debug, Clone, Copy)]
struct Run {
    first_received: f64,
    /// The newest was taken at or after this moment.
    last_taken: f64,
    low: Axes3,
    high: Axes3,
}

impl Run {
    fn seconds(&self) -> f64 {
        self.last_taken - self.first_received
    }

    fn settled(&self) -> bool {
        self.seconds() >= SETTLED_S
    }
}

/// The dome stood in a box; since then it was sent to targets and driven.
#[derive(Debug, Clone, Copy)]
struct Reckoning {
    /// Valid for moments from here on.
    stood_since: f64,
    driven_since: f64,
    low: Axes3,
    high: Axes3,
}

impl PoseTracker {
    /// Nothing is known yet.
    pub fn new(camera: &CameraPlan) -> Self {
        let motion = camera.motion.clone();
        let full = [motion.pan_speed_deg_s, motion.tilt_speed_deg_s, motion.zoom_speed_ln_s];
        Self {
            speeds: Speeds::new(Envelope::both_ways(full)),
            motion,
            lens: camera.lens.clone(),
            base: None,
            statuses: VecDeque::new(),
            run: None,
            reckoning: None,
            last_order: f64::NEG_INFINITY,
            restarted: None,
            other_holder: false,
        }
    }

    /// A status: asked for at `sent`, complete at `received`. `pose` is `None` when it had no position.
    pub fn on_status(&mut self, sent: Instant, received: Instant, pose: Option<Pose>, moving: MoveState) {
        let (sent, received) = (self.seconds(sent), self.seconds(received));
        let taken_from = received - self.motion.status_delay_s;
        let newest = self.statuses.back().map_or(f64::NEG_INFINITY, |seen| seen.taken_to);
        let before_restart = self.restarted.is_some_and(|restarted| taken_from < restarted);
        let punctual = sent <= received && sent >= taken_from && received >= newest;
        if !punctual || before_restart {
            return;
        }
        if moving == MoveState::Moving {
            self.notice_motion();
        }
        let Some(mut at) = pose.and_then(axes_of) else { return };
        if let Some(last) = self.statuses.back() {
            at[0] = nearest_turn(at[0], last.at[0]);
        }
        if self.statuses.len() == MOST_STATUSES {
            self.statuses.pop_front();
        }
        self.statuses.push_back(Seen { taken_from, taken_to: received, at });
        if moving != MoveState::Moving {
            self.extend_run(taken_from, received, at);
        }
        let memory = self.motion.pose_lost_after_s + self.motion.video_delay_s + self.motion.status_delay_s;
        self.speeds.forget_before(received - 2.0 * memory - 1.0);
    }

    /// A command leaves this workstation at `now`. Call it *before* sending, and also for one that then fails: it may have
    /// arrived all the same.
    pub fn on_command(&mut self, now: Instant, order: Order) {
        let now = self.seconds(now);
        let last = self.tail().last().copied().unwrap_or_else(|| self.speeds.last());
        let full = self.full();
        let (any, drive) = match order {
            Order::Stop => return,
            Order::Velocity(velocity) if velocity.is_zero() => return,
            _ if self.others_may_move() => (full, full),
            Order::Velocity(velocity) => {
                let driven = self.driven(velocity);
                (last.any.or(driven), last.drive.or(driven))
            }
            Order::Position(_) => (full, last.drive),
            Order::SomewhereElse => (full, full),
        };
        self.reckoning = self.reckon(now, order);
        self.leave_rest();
        self.speeds.push(Step { since: now, any, drive });
        self.last_order = self.last_order.max(now);
    }

    /// The camera restarted, homes, or was lost: nothing known before counts, and nothing is known until it is seen to
    /// stand.
    pub fn on_restart(&mut self, now: Instant) {
        let now = self.seconds(now);
        self.restarted = Some(now);
        self.forget(now);
    }

    /// Somebody else holds the dome from `now` on (`true`), or no longer (`false`).
    pub fn on_other_holder(&mut self, now: Instant, holds: bool) {
        let now = self.seconds(now);
        if self.other_holder && !holds {
            // Their last command may still be under way.
            self.notice_motion();
            self.last_order = self.last_order.max(now);
        }
        if holds && !self.at_rest() {
            let full = self.full();
            let since = self.statuses.back().map_or(now, |newest| newest.taken_from.min(now));
            self.speeds.push(Step { since, any: full, drive: full });
        }
        self.other_holder = holds;
        self.reckoning = None;
    }

    /// Every pose the dome may have had when the frame drawn at `now` was taken, if it came just now.
    pub fn knowledge(&self, now: Instant) -> PoseKnowledge {
        self.knowledge_of(now, now)
    }

    /// Every pose the dome may have had when a frame was taken that came at `arrived` and is drawn at `now`. A picture
    /// that stands still while the dome moves on keeps the cover that belongs to it.
    pub fn knowledge_of(&self, arrived: Instant, now: Instant) -> PoseKnowledge {
        self.between(now, arrived, -self.motion.video_delay_s, -self.motion.video_delay_min_s)
    }

    /// Every pose the dome may have at some moment between `now` and `now + ahead` by orders already given.
    pub fn reach(&self, now: Instant, ahead: Duration) -> PoseKnowledge {
        self.between(now, now, 0.0, ahead.as_secs_f64())
    }

    /// Whether the dome is known to stand.
    pub fn at_rest(&self) -> bool {
        self.run.is_some_and(|run| run.settled())
    }

    fn others_may_move(&self) -> bool {
        self.motion.unannounced_movers || self.other_holder
    }

    fn between(&self, now: Instant, at: Instant, from: f64, to: f64) -> PoseKnowledge {
        if self.restarted.is_some() {
            return PoseKnowledge::Unknown(WholeReason::CameraRestarted);
        }
        let (Some(base), Some(newest)) = (self.base, self.statuses.back()) else {
            return PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
        };
        let (now, at) = (after(base, now), after(base, at));
        if now - newest.taken_to > self.motion.pose_lost_after_s {
            return PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
        }
        match self.interval(at + from, at + to.max(from)) {
            Some(poses) if poses.pan.half_width() <= WIDEST_DEG && poses.tilt.half_width() <= WIDEST_DEG => {
                PoseKnowledge::Within(poses)
            }
            Some(_) | None => PoseKnowledge::Unknown(WholeReason::TooUncertain),
        }
    }

    /// The poses at moments `from..to`; `None` when the evidence contradicts itself.
    fn interval(&self, from: f64, to: f64) -> Option<PoseInterval> {
        let tail = self.tail();
        let mut poses: Option<[Interval; 3]> = None;
        for seen in self.statuses.iter().rev() {
            let forward = self.speeds.way(Part::Any, seen.taken_from, to, &tail);
            let backward = self.speeds.way(Part::Any, from, seen.taken_to, &tail);
            let error = self.error();
            let bound = std::array::from_fn(|axis| Interval {
                lo: seen.at[axis] - error[axis] + forward.low[axis].min(-backward.high[axis]),
                hi: seen.at[axis] + error[axis] + forward.high[axis].max(-backward.low[axis]),
            });
            poses = Some(common(poses, bound)?);
        }
        if let Some(reckoned) = self.reckoning.filter(|reckoning| from >= reckoning.stood_since) {
            let driven = self.speeds.way(Part::Drive, reckoned.driven_since, to, &tail);
            let bound = std::array::from_fn(|axis| Interval {
                lo: reckoned.low[axis] + driven.low[axis],
                hi: reckoned.high[axis] + driven.high[axis],
            });
            poses = Some(common(poses, bound)?);
        }
        let [pan, tilt, zoom] = poses?;
        Some(self.within_lens(pan, tilt, Interval { lo: hfov_of(zoom.hi), hi: hfov_of(zoom.lo) }))
    }

    /// What the lens cannot do is not possible, unless the dome says it did.
    fn within_lens(&self, pan: Interval, tilt: Interval, hfov: Interval) -> PoseInterval {
        let cut = |interval: Interval, range: [f64; 2]| {
            let cut = Interval {
                lo: interval.lo.max(range[0].min(range[1])),
                hi: interval.hi.min(range[0].max(range[1])),
            };
            if cut.lo <= cut.hi { cut } else { interval }
        };
        let Some(lens) = &self.lens else { return PoseInterval { pan, tilt, hfov } };
        let slack = self.motion.pose_error_deg;
        let [a, b] = lens.tilt_range_deg;
        PoseInterval {
            pan,
            tilt: cut(tilt, [a.min(b) - slack, a.max(b) + slack]),
            hfov: cut(hfov, [lens.narrowest_hfov_deg(), lens.widest_hfov_deg()]),
        }
    }

    fn extend_run(&mut self, taken_from: f64, received: f64, at: Axes3) {
        let error = self.error();
        if let Some(run) = &mut self.run {
            let low: Axes3 = std::array::from_fn(|axis| run.low[axis].min(at[axis]));
            let high: Axes3 = std::array::from_fn(|axis| run.high[axis].max(at[axis]));
            if (0..3).all(|axis| high[axis] - low[axis] <= 2.0 * error[axis] + 1e-9) {
                (run.low, run.high, run.last_taken) = (low, high, run.last_taken.max(taken_from));
                if run.settled() {
                    self.restarted = None;
                }
                if run.seconds() >= SETTLED_S.max(self.motion.video_delay_s) {
                    self.reckoning = None;
                }
                return;
            }
            self.notice_motion();
        }
        if taken_from >= self.last_order + self.motion.command_delay_s {
            self.run = Some(Run { first_received: received, last_taken: taken_from, low: at, high: at });
        }
    }

    /// The dome moves, and nobody here told it to since it was seen to stand.
    fn notice_motion(&mut self) {
        let Some(run) = self.run else { return };
        let full = self.full();
        self.leave_rest();
        if run.settled() {
            self.speeds.push(Step { since: run.last_taken, any: full, drive: full });
            self.reckoning = None;
        }
    }

    /// Writes down how the dome stood until now.
    fn leave_rest(&mut self) {
        for step in self.tail() {
            self.speeds.push(step);
        }
        self.run = None;
    }

    fn forget(&mut self, now: f64) {
        self.statuses.clear();
        self.run = None;
        self.reckoning = None;
        self.speeds = Speeds::new(self.full());
        self.last_order = self.last_order.max(now);
    }

    /// The steps of the present rest, after the stored ones.
    fn tail(&self) -> Vec<Step> {
        let Some(run) = self.run.filter(Run::settled) else { return Vec::new() };
        let (error, full) = (self.error(), self.full());
        let creep = std::array::from_fn(|axis| {
            ((run.high[axis] - run.low[axis] + 2.0 * error[axis]) / run.seconds()).min(full.high[axis])
        });
        let before = self.speeds.last();
        let creep = Envelope::both_ways(creep);
        let narrower = Envelope {
            low: std::array::from_fn(|axis| creep.low[axis].max(before.any.low[axis])),
            high: std::array::from_fn(|axis| creep.high[axis].min(before.any.high[axis])),
        };
        let rest = Step { since: run.first_received, any: narrower, drive: narrower };
        if self.others_may_move() {
            vec![rest, Step { since: run.last_taken, any: full, drive: full }]
        } else {
            vec![rest]
        }
    }

    /// The reckoning after an order; `None` when where the dome goes is not known.
    fn reckon(&self, now: f64, order: Order) -> Option<Reckoning> {
        let error = self.error();
        let present = match self.run.filter(Run::settled) {
            _ if self.others_may_move() => return None,
            Some(run) => {
                let crept = self.speeds.way(Part::Any, run.last_taken, now, &self.tail());
                Reckoning {
                    stood_since: run.first_received,
                    driven_since: now,
                    low: std::array::from_fn(|axis| run.low[axis] - error[axis] + crept.low[axis]),
                    high: std::array::from_fn(|axis| run.high[axis] + error[axis] + crept.high[axis]),
                }
            }
            None => self.reckoning?,
        };
        match order {
            Order::Stop | Order::Velocity(_) => Some(present),
            Order::SomewhereElse => None,
            Order::Position(target) => {
                let mut goal = axes_of(target)?;
                goal[0] = nearest_turn(goal[0], f64::midpoint(present.low[0], present.high[0]));
                let mut low: Axes3 = std::array::from_fn(|axis| present.low[axis].min(goal[axis] - error[axis]));
                let mut high: Axes3 = std::array::from_fn(|axis| present.high[axis].max(goal[axis] + error[axis]));
                if high[0] - low[0] > 150.0 || crosses_seam(low[0], high[0]) {
                    // Which way round it goes is not known.
                    (low[0], high[0]) = (low[0] - 360.0, high[0] + 360.0);
                }
                Some(Reckoning { low, high, ..present })
            }
        }
    }

    fn driven(&self, velocity: Velocity) -> Envelope {
        let full = self.full();
        let velocity = velocity.clamped();
        let signed = [velocity.pan, velocity.tilt, velocity.zoom];
        let share = signed.map(|v| speed_share(&self.motion, v));
        Envelope {
            low: std::array::from_fn(|axis| if signed[axis] < 0.0 { share[axis] * full.low[axis] } else { 0.0 }),
            high: std::array::from_fn(|axis| if signed[axis] > 0.0 { share[axis] * full.high[axis] } else { 0.0 }),
        }
    }

    fn full(&self) -> Envelope {
        Envelope::both_ways([
            self.motion.pan_speed_deg_s,
            self.motion.tilt_speed_deg_s,
            self.motion.zoom_speed_ln_s,
        ])
    }

    fn error(&self) -> Axes3 {
        [self.motion.pose_error_deg, self.motion.pose_error_deg, self.motion.zoom_error_ln]
    }

    fn seconds(&mut self, at: Instant) -> f64 {
        after(*self.base.get_or_insert(at), at)
    }
}

/// Seconds from `base` to `at`, negative when it lies before.
fn after(base: Instant, at: Instant) -> f64 {
    match at.checked_duration_since(base) {
        Some(later) => later.as_secs_f64(),
        None => -base.saturating_duration_since(at).as_secs_f64(),
    }
}

/// What two intervals share; `None` when nothing. Pan intervals that could meet on both sides of the circle stay as the
/// narrower of the two is.
fn common(a: Option<[Interval; 3]>, b: [Interval; 3]) -> Option<[Interval; 3]> {
    let Some(a) = a else { return Some(b) };
    let mut shared = [b[0]; 3];
    for axis in 0..3 {
        let (mut first, second) = (a[axis], b[axis]);
        if axis == 0 {
            let shift = nearest_turn(first.middle(), second.middle()) - first.middle();
            first = Interval { lo: first.lo + shift, hi: first.hi + shift };
            if first.half_width() + second.half_width() >= 180.0 {
                shared[axis] = if first.half_width() < second.half_width() { first } else { second };
                continue;
            }
        }
        shared[axis] = Interval { lo: first.lo.max(second.lo), hi: first.hi.min(second.hi) };
        if shared[axis].lo > shared[axis].hi {
            return None;
        }
    }
    Some(shared)
}

/// Whether a pan interval contains a turning point of ±180°.
fn crosses_seam(low: f64, high: f64) -> bool {
    ((low + 180.0) / 360.0).floor() != ((high + 180.0) / 360.0).floor()
}

/// The angle that is `angle` but for whole turns, and nearest to `to`. Degrees.
fn nearest_turn(angle: f64, to: f64) -> f64 {
    angle + ((to - angle) / 360.0).round() * 360.0
}

fn axes_of(pose: Pose) -> Option<Axes3> {
    let sound = pose.pan_deg.abs() <= 1e4 && pose.tilt_deg.abs() <= 360.0 && pose.hfov_deg > 0.0 && pose.hfov_deg < 180.0;
    sound.then(|| [pose.pan_deg, pose.tilt_deg, -(pose.hfov_deg.to_radians() / 2.0).tan().ln()])
}

fn hfov_of(zoom_ln: f64) -> f64 {
    2.0 * (-zoom_ln).exp().atan().to_degrees()
}
