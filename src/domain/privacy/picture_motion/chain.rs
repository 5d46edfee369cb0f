//! Turns of the picture bound to statuses: where the dome looked when *this* picture was taken.
//!
//! A status shows the pose at some moment; by the plan's delays that moment lies between two pictures of the chain, and from
//! there on the pictures themselves say how far the dome went. So each status bounds the pose of the newest picture, whatever the
//! delays are now; the bounds are intersected ([`Chain::on_picture`]), and with the tracker's envelope ([`Claim::narrow`]).
//!
//! Error model. From a status to the newest picture these add up: the status's own error; everything the dome did between the
//! pictures that enclose it; the systematic errors of the comparisons between, and four times the root of the sum of their
//! squared deviations; and what pictures cannot know:
//! * *Gain*: the field of view may be another than the plan's (digital zoom, a wrong table), the picture mirrored. The error is a
//!   share of the way. The share is [`UNCONFIRMED`] (also the contrary of what is seen is then allowed for) until two statuses
//!   of this chain lay a turn apart, and as small as their agreement shows from then on, for this zoom and while no picture is lost.
//! * *Foreign motion*: all that is seen may drive away. Two statuses bound its mean speed by how well they agree over the time
//!   between them; from the first of them on it may have gained [`FOREIGN_DEG_S2`]: a bus that fills the picture and pulls
//!   off. What comes *into* the picture cannot pass for the world, because between a quarter and three quarters of the
//!   picture nothing agrees (`agreement`), and that ends the chain.
//!
//! Adversaries, and what holds against each (`adversaries`): a crowd, rain, darkness, a bus on its way through the picture: no
//! witness, the chain ends. A bus that fills the picture: foreign motion, or contradiction with statuses. Frozen picture: a
//! repeated picture counts as none, and statuses that go on contradict it. Digital zoom: the scale contradicts the envelope's, or
//! the gain is not confirmed. Mirrored: the gain. Cut stream: a gap ends what is bound to statuses. A pattern that repeats itself:
//! no shift is the best; a slip would be a jump faster than a dome gains speed.
//!
//! Invariant: nothing is claimed of any picture but the newest one seen, nor when fewer than two statuses are bound, anything
//! contradicts anything ([`DISTRUST_S`] long), or the dome looks steeply.
//! Deliberately absent: the zoom (the envelope's interval stays), clocks, where pictures come from.

use super::claim::{Claim, cut, shared};
use super::{Eye, Look, Luma, MOST_DEVIATIONS, View, Witness, turn};
use crate::domain::camera::{LensModel, Pose};
use crate::domain::privacy::axes::{after, nearest_turn};
use crate::domain::privacy::camera_geometry::{Axes, direction, roll_deg};
use crate::domain::privacy::{Interval, PoseInterval};
use crate::domain::site::MotionBounds;
use glam::DMat3;
use std::collections::VecDeque;
use std::time::Instant;

/// Error of the turn as a share of the way, before statuses confirmed it.
pub const UNCONFIRMED: f64 = 2.0;
/// How fast all that is seen may gain speed, degrees per second squared: a bus at 1 m/s², ten metres away.
pub const FOREIGN_DEG_S2: f64 = 6.0;
/// How fast a dome gains speed, degrees per second squared.
const DOME_DEG_S2: f64 = 600.0;
/// After a contradiction pictures count for nothing for so long, seconds.
pub const DISTRUST_S: f64 = 2.0;
/// Between two pictures of a chain at most, seconds.
const LONGEST_GAP_S: f64 = 0.5;
/// Between two pictures that enclose a status at most, seconds.
const LONGEST_STEP_S: f64 = 0.25;
/// The two statuses farthest apart lie at least so far apart, seconds.
const LEAST_SPAN_S: f64 = 0.25;
/// What is older is forgotten, seconds.
const MEMORY_S: f64 = 6.0;
const MOST_SIGHTS: usize = 192;
const MOST_STATUSES: usize = 24;
/// Statuses nearer together than this tell nothing more, seconds.
const STATUSES_APART_S: f64 = 0.08;
/// Steeper than this nothing is said: pan becomes roll. Degrees.
const STEEPEST_DEG: f64 = 75.0;
/// A gain counts for fields of view up to this ratio from where it was confirmed (logarithm).
const SAME_ZOOM_LN: f64 = 0.2;
/// The picture may be turned about its axis by this much more than errors explain, degrees.
const ROLL_SLACK_DEG: f64 = 1.0;

/// A picture of the chain.
#[derive(Debug, Clone, Copy)]
struct Sight {
    arrived: f64,
    /// From the chain's frame to the camera's.
    frame: DMat3,
    /// Errors up to the picture it was compared with, and of that comparison.
    before: Drift,
    own: Drift,
    /// Degrees turned since the chain's beginning, all told.
    way: f64,
}

/// Errors that add up: at most (degrees), and the sum of squared deviations.
#[derive(Debug, Clone, Copy, Default)]
struct Drift {
    systematic: f64,
    variance: f64,
}

impl Drift {
    fn of(witness: &Witness) -> Self {
        Self {
            systematic: witness.systematic_deg,
            variance: witness.deviation_deg.powi(2),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            systematic: self.systematic + other.systematic,
            variance: self.variance + other.variance,
        }
    }

    fn bound(self) -> f64 {
        self.systematic + MOST_DEVIATIONS * self.variance.max(0.0).sqrt()
    }
}

/// The bound of the error of the turn between two pictures, degrees.
fn drift(from: &Sight, to: &Sight) -> f64 {
    let links = Drift {
        systematic: (to.before.systematic - from.before.systematic).max(0.0),
        variance: (to.before.variance - from.before.variance).max(0.0),
    };
    links.and(from.own).and(to.own).bound()
}

/// A status: the pose at some moment between two.
#[derive(Debug, Clone, Copy)]
struct Status {
    from: f64,
    to: f64,
    pan: f64,
    tilt: f64,
}

/// A status between pictures of the chain, and how the path lay there: pan and tilt.
#[derive(Debug, Clone, Copy)]
struct Bound {
    status: Status,
    first: usize,
    last: usize,
    path: [Interval; 2],
    /// Degrees the dome may have gone beyond the pictures that enclose it.
    beyond: f64,
}

/// How far turns of the picture were confirmed by statuses.
#[derive(Debug, Clone, Copy)]
struct Gain {
    error_share: f64,
    hfov_deg: f64,
}

/// The mean speed that what is seen may have had of its own between two statuses, degrees per second, and since when.
#[derive(Debug, Clone, Copy)]
struct Foreign {
    speed: f64,
    since: f64,
}

impl Foreign {
    /// How far that may go from one moment to another, degrees; more than can be said when it begins after them.
    fn way(&self, from: f64, to: f64) -> f64 {
        if from < self.since {
            return f64::INFINITY;
        }
        let gained = (to - self.since).powi(2) - (from - self.since).powi(2);
        self.speed * (to - from) + FOREIGN_DEG_S2 * gained / 2.0
    }
}

/// How often what was seen counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub pictures: u64,
    /// Pictures that could not be compared with those before.
    pub lost: u64,
    /// Contradictions with statuses, the envelope, or the way a dome moves.
    pub contradicted: u64,
    /// Pictures whose envelope became narrower.
    pub narrowed: u64,
}

/// The pictures of one stream of one dome, bound to its statuses.
pub struct Chain {
    lens: LensModel,
    motion: MotionBounds,
    eye: Eye,
    /// All times are seconds after this moment.
    base: Option<Instant>,
    sights: VecDeque<Sight>,
    statuses: VecDeque<Status>,
    /// Of the picture the eye keeps: frame, errors up to it, field of view.
    key: (DMat3, Drift, Interval),
    gain: Option<Gain>,
    distrusted_until: f64,
    claim: Option<Claim>,
    counts: Counts,
}

/// Why a chain says nothing of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silence {
    /// Too little is known.
    NotYet,
    /// Two things cannot both be so.
    Contradiction,
}

impl Chain {
    /// No picture was seen yet.
    pub fn new(lens: &LensModel, motion: &MotionBounds) -> Self {
        Self {
            lens: lens.clone(),
            motion: motion.clone(),
            eye: Eye::default(),
            base: None,
            sights: VecDeque::new(),
            statuses: VecDeque::new(),
            key: (DMat3::IDENTITY, Drift::default(), Interval { lo: 0.0, hi: 0.0 }),
            gain: None,
            distrusted_until: f64::NEG_INFINITY,
            claim: None,
            counts: Counts::default(),
        }
    }

    /// How often what was seen counted so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What is said of the newest picture; `None`: nothing.
    pub fn claim(&self) -> Option<Claim> {
        self.claim
    }

    /// Forgets everything: the camera restarted, another lens or orientation may be in force.
    pub fn forget(&mut self) {
        self.eye.forget();
        self.sights.clear();
        self.statuses.clear();
        self.gain = None;
        self.claim = None;
    }

    /// Takes in a status with its position, taken at some moment between the two.
    pub fn on_status(&mut self, taken: [Instant; 2], pose: Pose) {
        let [from, to] = taken.map(|at| self.seconds(at));
        let late = self.statuses.back().is_some_and(|last| to < last.to + STATUSES_APART_S);
        let sound = pose.pan_deg.abs() <= 1e4 && pose.tilt_deg.abs() <= 90.0 && from <= to;
        if late || !sound {
            return;
        }
        if self.statuses.len() == MOST_STATUSES {
            self.statuses.pop_front();
        }
        let before = self.statuses.back().map_or(pose.pan_deg, |last| last.pan);
        self.statuses.push_back(Status {
            from,
            to,
            pan: nearest_turn(pose.pan_deg, before),
            tilt: pose.tilt_deg,
        });
    }

    /// Looks at the picture that `arrived` then, before it is drawn. `envelope`: every pose it may have been taken at by
    /// everything but pictures.
    pub fn on_picture(&mut self, arrived: Instant, luma: Luma<'_>, envelope: &PoseInterval) {
        let at = self.seconds(arrived);
        self.claim = None;
        self.counts.pictures += 1;
        let gap = self.sights.back().map_or(0.0, |last| at - last.arrived);
        if !(0.0..=LONGEST_GAP_S).contains(&gap) {
            self.sights.clear();
            self.statuses.clear();
        }
        let view = View {
            hfov: envelope.hfov,
            aspect: self.lens.aspect,
        };
        match self.eye.look(luma, view) {
            Look::Repeated => return,
            Look::Lost => {
                self.lose();
                self.begin(at, view.hfov);
            }
            Look::Turned { witness, kept } => {
                if !self.zoom_fits(&witness, view.hfov) {
                    return self.contradict(at);
                }
                if !self.extend(at, &witness) {
                    self.lose();
                    self.eye.forget();
                    return;
                }
                if let Some(sight) = self.sights.back().filter(|_| kept) {
                    self.key = (sight.frame, sight.before.and(sight.own), view.hfov);
                }
            }
        }
        match self.bounds(at, envelope) {
            Ok(claim) => {
                self.counts.narrowed += u64::from(shared(envelope, &claim).is_some_and(|poses| poses != *envelope));
                let [pan, tilt] = claim;
                self.claim = Some(Claim { arrived, pan, tilt });
            }
            Err(Silence::NotYet) => {}
            Err(Silence::Contradiction) => self.contradict(at),
        }
    }

    fn seconds(&mut self, at: Instant) -> f64 {
        after(*self.base.get_or_insert(at), at)
    }

    fn lose(&mut self) {
        self.counts.lost += 1;
        self.sights.clear();
        self.statuses.clear();
        self.gain = None;
    }

    fn contradict(&mut self, at: f64) {
        self.counts.contradicted += 1;
        self.forget();
        self.distrusted_until = at + DISTRUST_S;
    }

    fn begin(&mut self, arrived: f64, hfov: Interval) {
        self.key = (DMat3::IDENTITY, Drift::default(), hfov);
        self.sights.push_back(Sight {
            arrived,
            frame: DMat3::IDENTITY,
            before: Drift::default(),
            own: Drift::default(),
            way: 0.0,
        });
    }

    /// Whether the picture's scale changed as the envelope allows.
    fn zoom_fits(&self, witness: &Witness, now: Interval) -> bool {
        let zoom = |hfov: f64| -(hfov.to_radians() / 2.0).tan().ln();
        let before = self.key.2;
        let slack = witness.zoom_error_ln + self.motion.zoom_error_ln + 0.01;
        witness.zoom_ln >= zoom(now.hi) - zoom(before.lo) - slack
            && witness.zoom_ln <= zoom(now.lo) - zoom(before.hi) + slack
    }

    /// Adds a picture; `false` when no dome moves like that.
    fn extend(&mut self, arrived: f64, witness: &Witness) -> bool {
        let frame = witness.rotation * self.key.0;
        let mut sight = Sight {
            arrived,
            frame,
            before: self.key.1,
            own: Drift::of(witness),
            way: 0.0,
        };
        if let Some(last) = self.sights.back() {
            let step = frame * last.frame.transpose();
            sight.way = last.way + turn::angle(&step).to_degrees();
            if let Some(first) = self.sights.iter().rev().nth(1) {
                let step_before = last.frame * first.frame.transpose();
                let gained = turn::angle(&(step * step_before.transpose())).to_degrees();
                // Pictures arrive unevenly.
                let seconds = (arrived - first.arrived).max(0.08);
                if gained > DOME_DEG_S2 * seconds * seconds / 2.0 + drift(first, &sight) + drift(first, last) {
                    return false;
                }
            }
        }
        if self.sights.len() == MOST_SIGHTS {
            self.sights.pop_front();
        }
        self.sights.push_back(sight);
        while self
            .sights
            .front()
            .is_some_and(|first| first.arrived < arrived - MEMORY_S)
        {
            self.sights.pop_front();
        }
        true
    }

    /// The pictures that surely were taken before and after a status; `None` when not both are there.
    fn enclose(&self, status: &Status) -> Option<[usize; 2]> {
        // A picture was taken before it arrived. The plan's least delay counts to the drawing, which comes some time later, so no
        // more than that is sure here.
        let latest = self.motion.video_delay_s;
        let first = self.sights.iter().rposition(|sight| sight.arrived <= status.from)?;
        let last = self
            .sights
            .iter()
            .position(|sight| sight.arrived - latest >= status.to)?;
        let steps = (first..last).map(|i| self.sights[i + 1].arrived - self.sights[i].arrived);
        (first < last && steps.fold(0.0, f64::max) <= LONGEST_STEP_S).then_some([first, last])
    }

    /// The pan and tilt of the newest picture, by every status that is bound.
    fn bounds(&mut self, at: f64, envelope: &PoseInterval) -> Result<[Interval; 2], Silence> {
        let enclosed: Vec<(Status, [usize; 2])> = (self.statuses.iter())
            .filter_map(|status| Some((*status, self.enclose(status)?)))
            .collect();
        let (Some(now), true) = (
            self.sights.back().copied(),
            enclosed.len() >= 2 && at >= self.distrusted_until,
        ) else {
            return Err(Silence::NotYet);
        };
        let way = |[first, last]: [usize; 2]| self.sights[last].way - self.sights[first].way;
        let steadiest = enclosed.iter().min_by(|a, b| way(a.1).total_cmp(&way(b.1)));
        let Some(&(reference, around)) = steadiest else {
            return Err(Silence::NotYet);
        };
        let path = self.path(&reference, usize::midpoint(around[0], around[1]), &now)?;
        let bound = self.bind(&enclosed, &path);
        let (Some(oldest), Some(newest)) = (bound.first(), bound.last()) else {
            return Err(Silence::NotYet);
        };
        if newest.status.from - oldest.status.to < LEAST_SPAN_S {
            return Err(Silence::NotYet);
        }
        let foreign = self.confirm(&bound, envelope.hfov)?;
        let here = path.last().copied().ok_or(Silence::NotYet)?;
        let mut claim: Option<[Interval; 2]> = None;
        for one in &bound {
            let first = self.sights[one.first].arrived;
            let own = foreign
                .iter()
                .map(|foreign| foreign.way(first, at))
                .fold(f64::INFINITY, f64::min);
            if !own.is_finite() {
                continue;
            }
            let unseen = own + self.share_at(envelope.hfov) * (now.way - self.sights[one.first].way);
            let said = self.reach(one, &now, here, &reference, unseen);
            claim = Some(match claim {
                None => said,
                Some(claim) => common(claim, said).ok_or(Silence::Contradiction)?,
            });
        }
        let claim = claim.ok_or(Silence::NotYet)?;
        shared(envelope, &claim).ok_or(Silence::Contradiction)?;
        Ok(claim)
    }

    /// Pan and tilt of every picture as if the pose of one of them were known, degrees.
    fn path(&self, reference: &Status, at: usize, now: &Sight) -> Result<Vec<[f64; 2]>, Silence> {
        let roll = roll_deg(&self.lens);
        let axes = Axes::new(reference.pan, reference.tilt, roll);
        let origin = self.sights[at].frame.transpose();
        let mut pan = reference.pan;
        let mut path = Vec::with_capacity(self.sights.len());
        for sight in &self.sights {
            let back = (sight.frame * origin).transpose();
            let looks = direction(axes.to_world(back.z_axis));
            if looks.elevation_deg.abs() > STEEPEST_DEG {
                return Err(Silence::NotYet);
            }
            pan = nearest_turn(looks.azimuth_deg, pan);
            path.push([pan, looks.elevation_deg]);
        }
        // A dome's picture stays upright; one that was turned or mirrored does not.
        let back = (now.frame * origin).transpose();
        if let Some([pan, tilt]) = path.last() {
            let upright = Axes::new(*pan, *tilt, roll).up;
            let leaning = upright.angle_between(axes.to_world(back.y_axis)).to_degrees();
            let steep = 1.0 + tilt.abs().max(reference.tilt.abs()).to_radians().tan();
            let share = self.gain.map_or(UNCONFIRMED, |gain| gain.error_share);
            let unsure = share * (now.way - self.sights[at].way).abs();
            let error = drift(&self.sights[at], now) + self.motion.pose_error_deg + unsure;
            if leaning > steep * error + ROLL_SLACK_DEG {
                return Err(Silence::Contradiction);
            }
        }
        Ok(path)
    }

    fn bind(&self, enclosed: &[(Status, [usize; 2])], path: &[[f64; 2]]) -> Vec<Bound> {
        let bind = |(status, [first, last]): &(Status, [usize; 2])| {
            let around = &path[*first..=*last];
            let hull = |axis: usize| Interval {
                lo: around.iter().map(|at| at[axis]).fold(f64::INFINITY, f64::min),
                hi: around.iter().map(|at| at[axis]).fold(f64::NEG_INFINITY, f64::max),
            };
            let wider = [first.saturating_sub(1), (last + 1).min(self.sights.len() - 1)];
            let moved = self.sights[wider[1]].way - self.sights[wider[0]].way;
            let step = (*first..*last)
                .map(|i| self.sights[i + 1].arrived - self.sights[i].arrived)
                .fold(0.0, f64::max);
            Bound {
                status: *status,
                first: *first,
                last: *last,
                path: [hull(0), hull(1)],
                beyond: (DOME_DEG_S2 * step * step / 8.0).min(moved / 2.0),
            }
        };
        enclosed.iter().map(bind).collect()
    }

    /// Compares every two statuses with the way between them: how what is seen may have moved of its own; the gain
    /// is kept.
    fn confirm(&mut self, bound: &[Bound], hfov: Interval) -> Result<Vec<Foreign>, Silence> {
        let error = self.motion.pose_error_deg;
        let mut foreign = Vec::new();
        for (i, later) in bound.iter().enumerate() {
            for earlier in &bound[..i] {
                let shrink = earlier.status.tilt.to_radians().cos();
                let drift = drift(&self.sights[earlier.first], &self.sights[later.last]);
                let each = |axis: usize| {
                    let [a, b] = [earlier, later].map(|one| [one.status.pan, one.status.tilt][axis]);
                    let way = later.path[axis].middle() - earlier.path[axis].middle();
                    let open = earlier.path[axis].half_width()
                        + later.path[axis].half_width()
                        + earlier.beyond
                        + later.beyond
                        + 2.0 * error;
                    [(b - a - way).abs(), open, way.abs()].map(|v| if axis == 0 { v * shrink } else { v })
                };
                let [pan, tilt] = [each(0), each(1)];
                let way = (pan[2] - pan[1]).max(0.0).hypot((tilt[2] - tilt[1]).max(0.0));
                let gain = self.share_at(hfov);
                let steep = 1.0 + later.status.tilt.abs().to_radians().tan();
                let allowed = steep * drift + gain.min(1.0) * pan[2].hypot(tilt[2]);
                if pan[0] > pan[1] + allowed || tilt[0] > tilt[1] + allowed {
                    return Err(Silence::Contradiction);
                }
                let apart = (pan[0] + pan[1]).hypot(tilt[0] + tilt[1]) + steep * drift;
                let seconds = later.status.from - earlier.status.to;
                if seconds >= LEAST_SPAN_S {
                    foreign.push(Foreign {
                        speed: apart / seconds,
                        since: self.sights[earlier.first].arrived,
                    });
                    if apart < way * gain {
                        self.gain = Some(Gain {
                            error_share: apart / way,
                            hfov_deg: hfov.middle(),
                        });
                    }
                }
            }
        }
        Ok(foreign)
    }

    /// Where the newest picture looks by one status; `unseen`: degrees that pictures cannot know of.
    fn reach(&self, one: &Bound, now: &Sight, here: [f64; 2], reference: &Status, unseen: f64) -> [Interval; 2] {
        let first = &self.sights[one.first];
        let error = self.motion.pose_error_deg;
        let turned = drift(first, now) + one.beyond + unseen;
        let steepest = here[1]
            .abs()
            .max(one.status.tilt.abs())
            .max(reference.tilt.abs())
            .to_radians();
        // A tilt that was a little different makes other pans of the same turns.
        let sideways = (here[0] - one.path[0].middle()).abs().to_radians() * steepest.tan() * (2.0 * error + turned);
        let slack = [turned / steepest.cos() + sideways + error, turned + error + sideways];
        std::array::from_fn(|axis| {
            let said = [one.status.pan, one.status.tilt][axis];
            Interval {
                lo: said + here[axis] - one.path[axis].hi - slack[axis],
                hi: said + here[axis] - one.path[axis].lo + slack[axis],
            }
        })
    }

    /// The error of turns as a share of the way, at a field of view.
    fn share_at(&self, hfov: Interval) -> f64 {
        let same = |gain: &Gain| (gain.hfov_deg / hfov.middle()).ln().abs() <= SAME_ZOOM_LN;
        self.gain.filter(same).map_or(UNCONFIRMED, |gain| gain.error_share)
    }
}

fn common(a: [Interval; 2], b: [Interval; 2]) -> Option<[Interval; 2]> {
    Some([cut(a[0], b[0])?, cut(a[1], b[1])?])
}
