//! What is known of a dome's pose: statuses, commands and elapsed time become an interval of poses.
//!
//! The model, with the names of [`MotionBounds`]:
//! * A frame drawn at `now` was taken between `now − video_delay_s` and `now − video_delay_min_s`; what it surely waited in this
//!   workstation comes on top of the former.
//! * A status that was asked for at `s` and received at `r` shows where the dome was at some moment between `s − status_delay_s`
//!   and `r`, within `pose_error_deg` and `zoom_error_ln`, however long the answer took: a network or a workstation that is held
//!   up makes it older. One that was under way for longer than `status_delay_s` is not used.
//! * Between two moments each axis moves no farther than the integral of its speed [envelope](super::speed_envelope). Every
//!   status of the last seconds bounds the pose that way; the intervals are intersected.
//! * A command opens the envelope from the moment it is sent: a velocity in its direction and share of the highest speed, a
//!   move to a target at full speed towards it, staying between where the dome stood and the target (see
//!   [`reckoning`](super::reckoning)): a dome brakes for a velocity or a Stop no slower than for a target, so that one which is
//!   interrupted does not coast past it. *Nothing but evidence of rest closes it*: neither a Stop (cameras ignore it) nor a
//!   timeout (cameras ignore it) nor a later command. Only [`PoseTracker::reach`], for the gate, and a tracker
//!   [by habits](PoseTracker::by_habits), count on a dome that obeys a later velocity (see
//!   [`commanded_motion`](super::commanded_motion)).
//! * Evidence of rest: two or more statuses, none of which says «moving», taken more than `command_delay_s` after the last
//!   command that moves, at least [`SETTLED_S`](super::evidence::SETTLED_S) apart, and no farther apart than twice the position's error. From the first of
//!   them on, the dome may only creep: so slowly that the statuses could not tell. The longer they agree, the slower.
//!   Throughout the rest it was where one of its statuses says.
//! * A status that disagrees, or says «moving», opens the envelope to full speed from the last agreeing status on.
//! * A dome that reports its target ([`ReportedPosition`](crate::domain::site::ReportedPosition)): from an absolute move on, a status says nothing of the pose until the
//!   move must be over by the slowest the dome goes to a target. Until then the pose lies between where it stood and the
//!   targets, and nothing is evidence of rest.
//! * At the end of its lens a dome may go on by cropping without a word: what a status there says of the zoom, see
//!   [`lens_end`].
//! * `unannounced_movers`, or another holder ([`PoseTracker::on_other_holder`]): the envelope is also open at full speed
//!   from the newest agreeing status on, always. Without them the dome is taken to stand until a status says otherwise: then
//!   a mover nobody announced is covered for only from the status that betrays it. Between two agreeing statuses a
//!   dome is in both cases taken not to have gone away and come back.
//!
//! [`PoseTracker::by_habits`] is the one model with measured numbers in place of the plan's: statuses and pictures no older and
//! no younger than measured, velocities at no more than the speed table says, Stop and later velocities obeyed as measured.
//! It is right for a dome that keeps to its habits; [`DomePose`](super::DomePose) doubts them.
//!
//! Automatic flip at the nadir is a motion nobody ordered: it must be off in the camera.
//! Deliberately absent: polling, clocks.

use super::axes::{after, axes_of, common, hfov_of, nearest_turn};
use super::commanded_motion::{Orders, target_of};
use super::counted::Counted;
use super::evidence::{Evidence, Run};
use super::lens_end::{self, LensEnd};
use super::reckoning::Reckoning;
use super::speed_envelope::{Axes3, Envelope, Part, Speeds, Step};
use super::told_target::ToldTargets;
use super::{Interval, PoseInterval, PoseKnowledge, WholeReason};
use crate::domain::camera::{LensModel, MoveState, Pose};
use crate::domain::ptz::{Order, Velocity};
use crate::domain::site::{CameraPlan, MotionBounds};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Number of pieces of evidence remembered.
const MOST_EVIDENCE: usize = 24;
/// A pan or tilt interval wider than this on each side of its middle says nothing. Degrees.
const WIDEST_DEG: f64 = 90.0;

/// The pose of one dome, followed from statuses and orders.
#[derive(Debug, Clone)]
pub struct PoseTracker {
    motion: MotionBounds,
    lens: Option<LensModel>,
    /// From where on a status says no more than «at least» of the zoom.
    lens_end: Option<LensEnd>,
    /// Something may still drive the zoom of which no status at the end of the lens can say that it is over.
    zoom_driven: bool,
    counted: Counted,
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
    /// The last order that had a target.
    last_target: f64,
    told: ToldTargets,
    /// The orders since the dome last stood; `None` when somebody else moved it.
    orders: Option<Orders>,
    restarted: Option<f64>,
    other_holder: bool,
}

/// The newest status that could be used.
#[derive(Debug, Clone, Copy)]
struct Newest {
    taken_from: f64,
    received: f64,
    pan: f64,
}

impl PoseTracker {
    /// Nothing is known yet; the bounds of the plan are counted on.
    pub fn new(camera: &CameraPlan) -> Self {
        Self::counting_on(camera, camera.motion.clone(), Counted::planned(camera))
    }

    /// Nothing is known yet; what was measured of the dome is counted on. `None` when nothing was, or when somebody may move
    /// the dome of whom nobody hears.
    pub fn by_habits(camera: &CameraPlan) -> Option<Self> {
        let (motion, counted) = Counted::measured(camera)?;
        Some(Self::counting_on(camera, motion, counted))
    }

    fn counting_on(camera: &CameraPlan, motion: MotionBounds, counted: Counted) -> Self {
        let full = [motion.pan_speed_deg_s, motion.tilt_speed_deg_s, motion.zoom_speed_ln_s];
        Self {
            speeds: Speeds::new(Envelope::both_ways(full)),
            motion,
            lens: camera.lens.clone(),
            lens_end: LensEnd::of(camera),
            zoom_driven: true,
            base: None,
            evidence: VecDeque::new(),
            newest: None,
            run: None,
            reckoning: None,
            last_order: f64::NEG_INFINITY,
            last_target: f64::NEG_INFINITY,
            told: ToldTargets::new(counted.target_report),
            orders: None,
            restarted: None,
            counted,
            other_holder: false,
        }
    }

    /// A status: asked for at `sent`, complete at `received`. `pose` is `None` when it had no position. Whether the position counts
    /// as one that the dome had: not one that was under way for too long, is of before a restart, or of the target.
    pub fn on_status(&mut self, sent: Instant, received: Instant, pose: Option<Pose>, moving: MoveState) -> bool {
        let (sent, received) = (self.seconds(sent), self.seconds(received));
        let [taken_from, taken_by] = self.counted.taken(sent, received, &self.motion);
        let newest = self.newest.map_or(f64::NEG_INFINITY, |newest| newest.received);
        let before_restart = self.restarted.is_some_and(|restarted| taken_from < restarted);
        let punctual = sent <= received && sent >= received - self.motion.status_delay_s && received >= newest;
        if !punctual || before_restart {
            return false;
        }
        self.told.answers(received);
        let moving = moving == MoveState::Moving && !self.counted.never_idle;
        if moving {
            self.notice_motion();
        }
        let Some(mut at) = pose.and_then(axes_of) else {
            return false;
        };
        if self.told.is_of_target(taken_from, at, self.error()) {
            // Where it is going; that it answers is all this says.
            if let Some(newest) = &mut self.newest {
                newest.received = received;
            }
            return false;
        }
        self.told.counts(taken_from, at);
        if let Some(newest) = self.newest {
            at[0] = nearest_turn(at[0], newest.pan);
        }
        self.newest = Some(Newest {
            taken_from,
            received,
            pan: at[0],
        });
        let high = [at[0], at[1], self.highest_zoom(taken_from, taken_by, at[2])];
        if self.evidence.len() == MOST_EVIDENCE {
            self.evidence.pop_front();
        }
        self.evidence.push_back(Evidence {
            onwards: taken_from,
            back: taken_by,
            low: at,
            high,
        });
        if !moving {
            self.extend_run(taken_from, taken_by, at, high[2]);
        }
        let memory = self.motion.pose_lost_after_s + self.motion.video_delay_s + self.motion.status_delay_s;
        self.speeds.forget_before(received - 2.0 * memory - 1.0);
        true
    }

    /// A command leaves this workstation at `now`. Call it *before* sending, and also for one that then fails: it may have
    /// arrived all the same.
    pub fn on_command(&mut self, now: Instant, order: Order) {
        let now = self.seconds(now);
        let stands = match order {
            Order::Stop => true,
            Order::Velocity(velocity) => velocity.is_zero(),
            Order::Position(_) | Order::SomewhereElse => false,
        };
        if stands {
            return self.on_stop(now);
        }
        let last = self.tail().last().copied().unwrap_or_else(|| self.speeds.last());
        let full = self.full();
        let present = self.present(now);
        let may = self.may(now, order, present.as_ref());
        let (any, drive) = match order {
            _ if self.others_may_move() => (full, full),
            Order::Velocity(velocity) => (last.any.or(may), last.drive.or(self.driven(velocity))),
            Order::Position(_) => (last.any.or(may), last.drive),
            Order::SomewhereElse | Order::Stop => (full, full),
        };
        match order {
            Order::Velocity(_) | Order::Stop => self.told.drive(now),
            Order::Position(_) | Order::SomewhereElse => {
                self.told
                    .go(now, target_of(order), self.begins_within(now, present.as_ref()));
            }
        }
        self.reckoning = self.reckon(order, present);
        if self.others_may_move() {
            self.orders = None;
        } else if self.at_rest() {
            let apart = self.counted.obeyed_apart_s.unwrap_or(self.motion.command_delay_s);
            self.orders = Some(Orders::new(last.any, apart));
        }
        let target = target_of(order);
        let obeyed = match order {
            _ if self.counted.obeyed_apart_s.is_some() => may,
            Order::Velocity(velocity) => self.driven(velocity),
            Order::Stop | Order::Position(_) | Order::SomewhereElse => full,
        };
        if let Some(orders) = &mut self.orders {
            orders.push(now, obeyed, target);
        }
        self.zoom_driven |= match order {
            Order::Velocity(velocity) => velocity.zoom != 0.0,
            Order::SomewhereElse => true,
            Order::Position(_) | Order::Stop => false,
        };
        self.leave_rest();
        self.speeds.push(Step { since: now, any, drive });
        self.last_order = self.last_order.max(now);
        if target.is_some() {
            self.last_target = self.last_target.max(now);
        }
    }

    fn on_stop(&mut self, now: f64) {
        self.told.stand(now);
        if self.counted.obeyed_apart_s.is_some()
            && let Some(orders) = &mut self.orders
        {
            orders.push(now, Envelope::both_ways([0.0; 3]), None);
        }
    }

    /// Where a dome that tells its target may begin an order to another, sent now. What it was driven since it stood is not
    /// reckoned: statuses tell.
    fn begins_within(&self, now: f64, present: Option<&Reckoning>) -> Option<[Axes3; 2]> {
        match present.filter(|stood| stood.only_targets) {
            Some(stood) => Some([stood.low, stood.high]),
            None if self.others_may_move() => None,
            None => Some((self.counted.target_report?).begins_within(self.axes_between(now, now, None)?, self.full())),
        }
    }

    /// The motion that an order sent now may make, together with those still under way. Of two orders that are both on their
    /// way the earlier may be obeyed last, and lead back.
    fn may(&self, now: f64, order: Order, present: Option<&Reckoning>) -> Envelope {
        let under_way = |sent: f64| now < sent + self.motion.command_delay_s;
        match order {
            Order::Velocity(_) if under_way(self.last_target) => self.full(),
            Order::Velocity(velocity) => self.driven(velocity),
            Order::Position(target) => match (axes_of(target), present) {
                (Some(goal), Some(from)) if from.only_targets && !under_way(self.last_order) => {
                    from.ways_to(goal, self.error(), self.full())
                }
                (_, _) => self.full(),
            },
            Order::Stop | Order::SomewhereElse => self.full(),
        }
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
        if self.other_holder == holds {
            // Nothing new; what was reckoned from orders goes on.
            return;
        }
        if !holds {
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
        self.zoom_driven = true;
        self.told.others(now, holds);
        self.reckoning = None;
    }

    /// Every pose the dome may have had when the frame drawn at `now` was taken, if it came just now.
    pub fn knowledge(&self, now: Instant) -> PoseKnowledge {
        self.knowledge_of(now, Duration::ZERO, now)
    }

    /// Every pose the dome may have had when a frame was taken that came at `arrived`, `waited` in this workstation, and is drawn at
    /// `now`. A picture that stands still while the dome moves on keeps the cover that belongs to it.
    pub fn knowledge_of(&self, arrived: Instant, waited: Duration, now: Instant) -> PoseKnowledge {
        let oldest = -self.motion.video_delay_s - waited.as_secs_f64();
        self.between(now, arrived, oldest, -self.motion.video_delay_min_s, None)
    }

    /// Every pose the dome may have had when a picture was taken that was taken between `earliest` and `latest`.
    pub fn knowledge_between(&self, now: Instant, [earliest, latest]: [Instant; 2]) -> PoseKnowledge {
        let lasting = latest.saturating_duration_since(earliest).as_secs_f64();
        self.between(now, earliest, 0.0, lasting, None)
    }

    /// Whether what is known of the pictures drawn at `now` contradicts itself: the bounds do not hold for this dome.
    pub fn contradicts_itself(&self, now: Instant) -> bool {
        let Some(base) = self.base.filter(|_| !self.evidence.is_empty()) else {
            return false;
        };
        let now = after(base, now);
        let (from, to) = (now - self.motion.video_delay_s, now - self.motion.video_delay_min_s);
        self.axes_between(from, to.max(from), None).is_none()
    }

    /// When a picture was taken that arrived then, and had then `waited` in this workstation.
    pub fn taken(&self, arrived: Instant, waited: Duration) -> [Instant; 2] {
        let before = |seconds: f64| {
            let by = Duration::from_secs_f64(seconds.clamp(0.0, 60.0));
            arrived.checked_sub(by).unwrap_or(arrived)
        };
        let oldest = self.motion.video_delay_s + waited.as_secs_f64();
        [before(oldest), before(self.motion.video_delay_min_s)]
    }

    /// Whether a status that was asked for at `sent` and came at `received` cannot be true by what was known before. Ask before [`PoseTracker::on_status`]
    /// takes it in.
    pub fn is_contradicted_by(&self, sent: Instant, received: Instant, pose: Option<Pose>) -> bool {
        let (Some(base), Some(at), None) = (self.base, pose.and_then(axes_of), self.restarted) else {
            return false;
        };
        let (sent, received) = (after(base, sent), after(base, received));
        let [from, to] = self.counted.taken(sent, received, &self.motion);
        let late = sent < received - self.motion.status_delay_s;
        let error = self.error();
        if late || self.evidence.is_empty() || self.told.is_of_target(from, at, error) {
            return false;
        }
        let Some(mut known) = self.axes_between(from, to, None) else {
            return true;
        };
        let turned = nearest_turn(at[0], known[0].middle());
        known[0] = Interval {
            lo: known[0].lo + at[0] - turned,
            hi: known[0].hi + at[0] - turned,
        };
        (0..3).any(|axis| {
            at[axis] < known[axis].lo - error[axis] - 1e-9 || at[axis] > known[axis].hi + error[axis] + 1e-9
        })
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

    /// Whether somebody else may order.
    pub(super) fn has_other_holder(&self) -> bool {
        self.other_holder
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
        let [pan, tilt, zoom] = self.axes_between(from, to, orders)?;
        let hfov = Interval {
            lo: hfov_of(zoom.hi),
            hi: hfov_of(zoom.lo),
        };
        let (lens, slack_deg) = (self.lens.as_ref(), self.motion.pose_error_deg);
        let poses = PoseInterval { pan, tilt, hfov };
        Some(lens_end::within(lens, self.lens_end, slack_deg, poses))
    }

    fn axes_between(&self, from: f64, to: f64, orders: Option<&Orders>) -> Option<[Interval; 3]> {
        let tail = self.tail();
        let mut poses: Option<[Interval; 3]> = None;
        let error = self.error();
        let obeyed = self
            .orders
            .as_ref()
            .filter(|_| self.counted.obeyed_apart_s.is_some() && !self.at_rest());
        let way = |orders: Option<&Orders>, from: f64, to: f64| match orders {
            Some(orders) => orders.way(&self.speeds, from, to, self.motion.command_delay_s),
            None => self.speeds.way(Part::Any, from, to, &tail),
        };
        for seen in self.evidence.iter().rev() {
            let onwards = way(orders.or(obeyed), seen.onwards, to);
            let back = way(obeyed, from, seen.back);
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
        poses
    }

    /// The highest zoom at which the dome may have told `zoom`, less the error: where that is the end of its lens, what was known before.
    fn highest_zoom(&self, from: f64, to: f64, zoom: f64) -> f64 {
        let Some(end) = self.lens_end.filter(|end| end.is_told_by(zoom)) else {
            return zoom;
        };
        let known = self
            .axes_between(from, to, None)
            .map(|[_, _, known]| known.hi - self.motion.zoom_error_ln);
        known.map_or(end.most(), |known| known.min(end.most())).max(zoom)
    }

    /// Takes the newest status into the run of agreeing ones, or begins a new run with it.
    fn extend_run(&mut self, taken_from: f64, taken_by: f64, at: Axes3, highest_zoom: f64) {
        let error = self.error();
        if let Some(mut run) = self.run {
            run.low = std::array::from_fn(|axis| run.low[axis].min(at[axis]));
            run.high = std::array::from_fn(|axis| run.high[axis].max(at[axis]));
            if (0..3).all(|axis| run.high[axis] - run.low[axis] <= 2.0 * error[axis] + 1e-9) {
                run.last_taken = run.last_taken.max(taken_from);
                run.highest_zoom = run.highest_zoom.max(highest_zoom);
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
                first_taken: taken_by,
                last_taken: taken_from,
                low,
                high,
                highest_zoom,
                members: 1,
            });
        }
    }

    /// Puts the statuses of a rest together: throughout it the dome was where one of them says, within the error.
    fn settle(&mut self, run: Run) {
        self.restarted = None;
        self.evidence.truncate(self.evidence.len().saturating_sub(run.members));
        if run.seconds() >= super::evidence::SETTLED_S.max(self.motion.video_delay_s) {
            // No frame still to come is older than this rest.
            self.reckoning = None;
            self.evidence.clear();
        }
        self.zoom_driven &= self.tells_end(run);
        self.evidence.push_back(Evidence {
            onwards: run.last_taken,
            back: run.first_taken,
            low: run.low,
            high: run.highest(),
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
            // On its way to a target it may have seemed to stand.
            self.zoom_driven |= !self.reckoning.is_some_and(|reckoned| reckoned.only_targets);
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
        self.told.restarts();
        self.zoom_driven = true;
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
        // What drove it no faster before this rest than a longer one had shown does so still: no order came that it may follow
        // but to targets. Otherwise a row of clicks, a short rest between each two, would open every axis.
        let mut rest = Step {
            since: run.first_taken,
            any: creep.and(before.any),
            drive: creep.and(before.drive),
        };
        if self.zoom_driven && self.tells_end(run) {
            for (rest, before) in [(&mut rest.any, before.any), (&mut rest.drive, before.drive)] {
                (rest.low[2], rest.high[2]) = (before.low[2], before.high[2]);
            }
        }
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

    /// Where the dome stands, or may be by the orders since it stood; `None` when that is not known.
    fn present(&self, now: f64) -> Option<Reckoning> {
        if self.others_may_move() {
            return None;
        }
        let Some(run) = self.run.filter(Run::settled) else {
            return self.reckoning;
        };
        let error = self.error();
        let crept = self.speeds.way(Part::Any, run.last_taken.min(now), now, &self.tail());
        Some(Reckoning {
            stood_since: run.first_taken,
            driven_since: now,
            low: std::array::from_fn(|axis| run.low[axis] - error[axis] + crept.low[axis]),
            high: std::array::from_fn(|axis| run.highest()[axis] + error[axis] + crept.high[axis]),
            only_targets: true,
        })
    }

    /// The reckoning after an order; `None` when where the dome goes is not known.
    fn reckon(&self, order: Order, present: Option<Reckoning>) -> Option<Reckoning> {
        let present = present?;
        match order {
            Order::Stop => Some(present),
            Order::Velocity(_) => Some(Reckoning {
                only_targets: false,
                ..present
            }),
            Order::SomewhereElse => None,
            Order::Position(target) => Some(present.and_to(axes_of(target)?, self.error())),
        }
    }

    fn driven(&self, velocity: Velocity) -> Envelope {
        let velocity = velocity.clamped();
        let signed = [velocity.pan, velocity.tilt, velocity.zoom];
        let most: Axes3 = std::array::from_fn(|axis| self.counted.fastest(&self.motion, axis, signed[axis]));
        // Pan and tilt may be turned with the picture; the zoom is not.
        let either = |axis: usize| self.counted.signs_unknown && axis < 2 && signed[axis] != 0.0;
        let falls = |axis| signed[axis] < 0.0 || either(axis);
        let rises = |axis| signed[axis] > 0.0 || either(axis);
        Envelope {
            low: std::array::from_fn(|axis| if falls(axis) { -most[axis] } else { 0.0 }),
            high: std::array::from_fn(|axis| if rises(axis) { most[axis] } else { 0.0 }),
        }
    }

    fn full(&self) -> Envelope {
        Envelope::both_ways([
            self.motion.pan_speed_deg_s,
            self.motion.tilt_speed_deg_s,
            self.motion.zoom_speed_ln_s,
        ])
    }

    /// Whether statuses that agree tell the end of a lens, beyond which the picture may be cropped.
    fn tells_end(&self, run: Run) -> bool {
        self.lens_end.is_some_and(|end| end.is_told_by(run.high[2]))
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
