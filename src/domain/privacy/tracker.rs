//! What is known of a dome's pose: statuses, commands and elapsed time become an interval of poses.
//!
//! The model, with the names of [`MotionBounds`]:
//! * A frame drawn at `now` was taken between `now − video_delay_s` and `now − video_delay_min_s`.
//! * A status received at `r` shows where the dome was at some moment between `r − status_delay_s` and `r`, within
//!   `pose_error_deg` and `zoom_error_ln`. One that was under way for longer than `status_delay_s` keeps no such promise and
//!   is not used.
//! * Between two moments each axis moves no farther than the integral of its speed [envelope](super::speed_envelope). Every
//!   status of the last seconds bounds the pose that way; the intervals are intersected.
//! * A command opens the envelope from the moment it is sent: a velocity in its direction and share of the highest speed, a
//!   move to a target at full speed (but staying between where the dome stood and the target). *Nothing but evidence of
//!   rest closes it*: neither a Stop (cameras ignore it) nor a timeout (cameras ignore it) nor a later command. Only
//!   [`PoseTracker::reach`], for the gate, counts on a dome that obeys a later velocity (see [`commanded_motion`](super::commanded_motion)).
//! * Evidence of rest: two or more statuses, none of which says «moving», taken more than `command_delay_s` after the last
//!   command that moves, at least [`SETTLED_S`] apart, and no farther apart than twice the position's error. From the first of
//!   them on, the dome may only creep: so slowly that the statuses could not tell. The longer they agree, the slower.
//!   Throughout the rest it was where one of its statuses says.
//! * A status that disagrees, or says «moving», opens the envelope to full speed from the last agreeing status on.
//! * `unannounced_movers`, or another holder ([`PoseTracker::on_other_holder`]): the envelope is also open at full speed
//!   from the newest agreeing status on, always. Without them the dome is taken to stand until a status says otherwise: then
//!   a mover nobody announced is covered for only from the status that betrays it. Between two agreeing statuses a
//!   dome is in both cases taken not to have gone away and come back.
//!
//! Automatic flip at the nadir is a motion nobody ordered: it must be off in the camera.
//! Deliberately absent: polling, clocks.

use super::axes::{after, axes_of, common, crosses_seam, hfov_of, nearest_turn, speed_share};
use super::commanded_motion::Orders;
use super::speed_envelope::{Axes3, Envelope, Part, Speeds, Step};
use super::{Interval, PoseInterval, PoseKnowledge, WholeReason};
use crate::domain::camera::{LensModel, MoveState, Pose};
use crate::domain::ptz::{Order, Velocity};
use crate::domain::site::{CameraPlan, MotionBounds};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Statuses that agree over this long show that the dome stands. Seconds.
pub const SETTLED_S: f64 = 0.25;
/// Number of pieces of evidence remembered.
const MOST_EVIDENCE: usize = 24;
/// A pan or tilt interval wider than this on each side of its middle says nothing. Degrees.
const WIDEST_DEG: f64 = 90.0;

/// The pose of one dome, followed from statuses and orders.
#[derive(Debug, Clone)]
pub struct PoseTracker {
    motion: MotionBounds,
    lens: Option<LensModel>,
    speeds: Speeds,
    /// All times are seconds after this moment.
    base: Option<Instant>,
    evidence: VecDeque<Evidence>,
    newest: Option<Newest>,
    /// Statuses that agree.
    run: Option<Run>,
    /// The pose reckoned from orders since the dome last stood.
    reckoning: Option<Reckoning>,
    last_order: f64,
    /// The orders since the dome last stood; `None` when somebody else moved it.
    orders: Option<Orders>,
    restarted: Option<f64>,
    other_holder: bool,
}

/// Where the dome was: one status, or all statuses of one rest.
#[derive(Debug, Clone, Copy)]
struct Evidence {
    /// Motion towards later moments counts from here: when the status was taken at the earliest, or the rest last seen.
    onwards: f64,
    /// Motion towards earlier moments counts to here: when the status was taken at the latest, or the rest first seen.
    back: f64,
    low: Axes3,
    high: Axes3,
}

/// The newest status that could be used.
#[derive(Debug, Clone, Copy)]
struct Newest {
    taken_from: f64,
    received: f64,
    pan: f64,
}

/// Statuses in a row that agree.
#[derive(Debug, Clone, Copy)]
struct Run {
    first_received: f64,
    /// The newest was taken at or after this moment.
    last_taken: f64,
    low: Axes3,
    high: Axes3,
    /// How many of the last pieces of evidence are its own.
    members: usize,
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
            evidence: VecDeque::new(),
            newest: None,
            run: None,
            reckoning: None,
            last_order: f64::NEG_INFINITY,
            orders: None,
            restarted: None,
            other_holder: false,
        }
    }

    /// A status: asked for at `sent`, complete at `received`. `pose` is `None` when it had no position.
    pub fn on_status(&mut self, sent: Instant, received: Instant, pose: Option<Pose>, moving: MoveState) {
        let (sent, received) = (self.seconds(sent), self.seconds(received));
        let taken_from = received - self.motion.status_delay_s;
        let newest = self.newest.map_or(f64::NEG_INFINITY, |newest| newest.received);
        let before_restart = self.restarted.is_some_and(|restarted| taken_from < restarted);
        let punctual = sent <= received && sent >= taken_from && received >= newest;
        if !punctual || before_restart {
            return;
        }
        if moving == MoveState::Moving {
            self.notice_motion();
        }
        let Some(mut at) = pose.and_then(axes_of) else { return };
        if let Some(newest) = self.newest {
            at[0] = nearest_turn(at[0], newest.pan);
        }
        self.newest = Some(Newest {
            taken_from,
            received,
            pan: at[0],
        });
        if self.evidence.len() == MOST_EVIDENCE {
            self.evidence.pop_front();
        }
        self.evidence.push_back(Evidence {
            onwards: taken_from,
            back: received,
            low: at,
            high: at,
        });
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
        if self.others_may_move() {
            self.orders = None;
        } else if self.at_rest() {
            self.orders = Some(Orders::new(last.any));
        }
        let may = match order {
            Order::Velocity(velocity) => self.driven(velocity),
            Order::Stop | Order::Position(_) | Order::SomewhereElse => full,
        };
        if let Some(orders) = &mut self.orders {
            let target = match order {
                Order::Position(target) => axes_of(target),
                Order::Stop | Order::Velocity(_) | Order::SomewhereElse => None,
            };
            orders.push(now, may, target);
        }
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
            let since = self.newest.map_or(now, |newest| newest.taken_from.min(now));
            self.speeds.push(Step {
                since,
                any: full,
                drive: full,
            });
        }
        if holds {
            self.orders = None;
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
        let (oldest, newest) = (-self.motion.video_delay_s, -self.motion.video_delay_min_s);
        self.between(now, arrived, oldest, newest, None)
    }

    /// Every pose that a dome which obeys may have at some moment between `now` and `now + ahead` by orders already given.
    pub fn reach(&self, now: Instant, ahead: Duration) -> PoseKnowledge {
        let orders = self.orders.as_ref().filter(|_| !self.at_rest());
        self.between(now, now, 0.0, ahead.as_secs_f64(), orders)
    }

    /// The pose interval now, widened by everything up to the targets that the dome may still be on its way to, however
    /// long that takes: where the dome may be until every order already given is over, when none lasts longer than
    /// `ahead`.
    pub fn settled(&self, now: Instant, ahead: Duration) -> PoseKnowledge {
        let reach = self.reach(now, ahead);
        let (PoseKnowledge::Within(mut poses), Some(orders), Some(base)) = (reach, &self.orders, self.base) else {
            return reach;
        };
        if self.at_rest() {
            return reach;
        }
        let with = |interval: Interval, value: f64| Interval {
            lo: interval.lo.min(value),
            hi: interval.hi.max(value),
        };
        for [pan, tilt, zoom] in orders.targets(after(base, now), self.motion.command_delay_s) {
            poses.pan = with(poses.pan, nearest_turn(pan, poses.pan.middle()));
            poses.tilt = with(poses.tilt, tilt);
            poses.hfov = with(poses.hfov, hfov_of(zoom));
        }
        if poses.pan.hi - poses.pan.lo > 150.0 {
            // Which way round it goes is not known.
            poses.pan = Interval { lo: -180.0, hi: 180.0 };
        }
        PoseKnowledge::Within(poses)
    }

    /// Whether the dome is known to stand.
    pub fn at_rest(&self) -> bool {
        self.run.is_some_and(|run| run.settled())
    }

    fn others_may_move(&self) -> bool {
        self.motion.unannounced_movers || self.other_holder
    }

    fn between(&self, now: Instant, at: Instant, from: f64, to: f64, orders: Option<&Orders>) -> PoseKnowledge {
        if self.restarted.is_some() {
            return PoseKnowledge::Unknown(WholeReason::CameraRestarted);
        }
        let (Some(base), Some(newest)) = (self.base, self.newest) else {
            return PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
        };
        let (now, at) = (after(base, now), after(base, at));
        if now - newest.received > self.motion.pose_lost_after_s {
            return PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
        }
        match self.interval(at + from, at + to.max(from), orders) {
            Some(poses) if poses.pan.half_width() <= WIDEST_DEG && poses.tilt.half_width() <= WIDEST_DEG => {
                PoseKnowledge::Within(poses)
            }
            Some(_) | None => PoseKnowledge::Unknown(WholeReason::TooUncertain),
        }
    }

    /// The poses at moments `from..to`, of a dome that obeys `orders` if there are any; `None` when the evidence contradicts
    /// itself.
    fn interval(&self, from: f64, to: f64, orders: Option<&Orders>) -> Option<PoseInterval> {
        let tail = self.tail();
        let mut poses: Option<[Interval; 3]> = None;
        let error = self.error();
        for seen in self.evidence.iter().rev() {
            let onwards = match orders {
                Some(orders) => orders.way(&self.speeds, seen.onwards, to, self.motion.command_delay_s),
                None => self.speeds.way(Part::Any, seen.onwards, to, &tail),
            };
            let back = self.speeds.way(Part::Any, from, seen.back, &tail);
            let bound = std::array::from_fn(|axis| Interval {
                lo: seen.low[axis] - error[axis] + onwards.low[axis].min(-back.high[axis]),
                hi: seen.high[axis] + error[axis] + onwards.high[axis].max(-back.low[axis]),
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
        Some(self.within_lens(
            pan,
            tilt,
            Interval {
                lo: hfov_of(zoom.hi),
                hi: hfov_of(zoom.lo),
            },
        ))
    }

    /// Cuts an interval to what the lens can do; a pose that the dome reports outside it counts all the same.
    fn within_lens(&self, pan: Interval, tilt: Interval, hfov: Interval) -> PoseInterval {
        let cut = |interval: Interval, range: [f64; 2]| {
            let cut = Interval {
                lo: interval.lo.max(range[0].min(range[1])),
                hi: interval.hi.min(range[0].max(range[1])),
            };
            if cut.lo <= cut.hi { cut } else { interval }
        };
        let Some(lens) = &self.lens else {
            return PoseInterval { pan, tilt, hfov };
        };
        let slack = self.motion.pose_error_deg;
        let [a, b] = lens.tilt_range_deg;
        PoseInterval {
            pan,
            tilt: cut(tilt, [a.min(b) - slack, a.max(b) + slack]),
            hfov: cut(hfov, [lens.narrowest_hfov_deg(), lens.widest_hfov_deg()]),
        }
    }

    /// Takes the newest status into the run of agreeing ones, or begins a new run with it.
    fn extend_run(&mut self, taken_from: f64, received: f64, at: Axes3) {
        let error = self.error();
        if let Some(mut run) = self.run {
            run.low = std::array::from_fn(|axis| run.low[axis].min(at[axis]));
            run.high = std::array::from_fn(|axis| run.high[axis].max(at[axis]));
            if (0..3).all(|axis| run.high[axis] - run.low[axis] <= 2.0 * error[axis] + 1e-9) {
                run.last_taken = run.last_taken.max(taken_from);
                run.members += 1;
                self.run = Some(run);
                if run.settled() {
                    self.settle(run);
                }
                return;
            }
            self.notice_motion();
        }
        if taken_from >= self.last_order + self.motion.command_delay_s {
            let (low, high) = (at, at);
            self.run = Some(Run {
                first_received: received,
                last_taken: taken_from,
                low,
                high,
                members: 1,
            });
        }
    }

    /// Puts the statuses of a rest together: throughout it the dome was where one of them says, within the error.
    fn settle(&mut self, run: Run) {
        self.restarted = None;
        self.evidence.truncate(self.evidence.len().saturating_sub(run.members));
        if run.seconds() >= SETTLED_S.max(self.motion.video_delay_s) {
            // No frame still to come is older than this rest.
            self.reckoning = None;
            self.evidence.clear();
        }
        let Run {
            first_received: back,
            last_taken: onwards,
            low,
            high,
            ..
        } = run;
        self.evidence.push_back(Evidence {
            onwards,
            back,
            low,
            high,
        });
        self.run = Some(Run { members: 1, ..run });
    }

    /// Notes that the dome moves without an order from here since it was seen to stand.
    fn notice_motion(&mut self) {
        let Some(run) = self.run else { return };
        let full = self.full();
        self.leave_rest();
        if run.settled() {
            self.orders = None;
            self.speeds.push(Step {
                since: run.last_taken,
                any: full,
                drive: full,
            });
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
        self.evidence.clear();
        self.newest = None;
        self.run = None;
        self.reckoning = None;
        self.orders = None;
        self.speeds = Speeds::new(self.full());
        self.last_order = self.last_order.max(now);
    }

    /// The steps of the present rest, after the stored ones.
    fn tail(&self) -> Vec<Step> {
        let Some(run) = self.run.filter(Run::settled) else {
            return Vec::new();
        };
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
        let rest = Step {
            since: run.first_received,
            any: narrower,
            drive: narrower,
        };
        if self.others_may_move() {
            vec![
                rest,
                Step {
                    since: run.last_taken,
                    any: full,
                    drive: full,
                },
            ]
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
                let crept = self.speeds.way(Part::Any, run.last_taken.min(now), now, &self.tail());
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
            low: std::array::from_fn(|axis| {
                if signed[axis] < 0.0 {
                    share[axis] * full.low[axis]
                } else {
                    0.0
                }
            }),
            high: std::array::from_fn(|axis| {
                if signed[axis] > 0.0 {
                    share[axis] * full.high[axis]
                } else {
                    0.0
                }
            }),
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
        [
            self.motion.pose_error_deg,
            self.motion.pose_error_deg,
            self.motion.zoom_error_ln,
        ]
    }

    fn seconds(&mut self, at: Instant) -> f64 {
        after(*self.base.get_or_insert(at), at)
    }
}
