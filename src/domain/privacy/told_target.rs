//! Statuses that tell another place than where a dome looks: its target («the head starts three seconds later»), or the place it
//! last stood.
//!
//! Agreement of statuses is no evidence of rest, nor of a place, when they agree with the *order*. From an order to a target
//! until the move must be over by the slowest this dome goes to one, no status counts. A velocity or a Stop that comes in
//! between ends the move somewhere: from then on, until another move to a target is over, statuses that agree with a target
//! that was ordered do not count either; one that agrees with none tells of the dome. Where the dome does so under velocities
//! too, no status counts from the first velocity until it must stand after a Stop; that it obeys one is assumed here. By its habits
//! it stands sooner: then a status counts that tells another place than before, and not yet one that tells the old. After a
//! restart a dome goes home, a target that nobody ordered here.
//!
//! A dome that was sent to several targets goes to one after the other where nobody measured what it does. One whose moves to
//! targets were measured ([`TargetMove`](crate::domain::site::TargetMove)) begins the newest within so long of its sending, on the way elsewhere or not. Of two
//! orders on their way the earlier may be obeyed last; so the last move is over when the farthest way between where it
//! was and all these targets has been gone, since the newest was sent.
//!
//! Invariant: without a [`TargetReport`] every status counts, and only a self-test takes it away: a dome that nobody tried is
//! read as the worst of them. Deliberately absent: finding such a dome (a self-test at its
//! calibration does), the picture (a picture that stands still tells in its place).

use super::Interval;
use super::axes::nearest_turn;
use super::reckoning::either_way;
use super::speed_envelope::{Axes3, Envelope};
use crate::domain::site::{CameraPlan, ReportedPosition};

/// The farthest that an axis has to go anywhere: a turn, straight up to straight down, a zoom of 150 times.
const FARTHEST: Axes3 = [360.0, 180.0, 5.0];
/// Targets remembered: clicks for a minute, as quick as they are obeyed.
const MOST_TARGETS: usize = 64;

/// Where it was not measured: from sending a move to a target until a dome begins it, seconds, and the share of its highest
/// speeds at which it goes there.
const BEGINS_S: f64 = 4.0;
const SLOWEST: f64 = 0.1;

/// How a dome moves whose statuses tell another place meanwhile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TargetReport {
    /// The longest from sending a move until it begins, seconds.
    pub begins_s: f64,
    /// The longest from sending a Stop until a dome stands that keeps to its habits, seconds.
    pub stands_s: f64,
    /// The lowest speeds at which it goes to a target.
    pub slowest: Axes3,
    /// Under a velocity too its statuses tell another place.
    pub driven_too: bool,
    /// One move to a target takes the place of another; otherwise it may go to each, one after the other.
    pub replaces: bool,
}

impl TargetReport {
    /// By the plan; `None` for a dome that tells where it is.
    pub fn of(camera: &CameraPlan) -> Option<Self> {
        let driven_too = match camera.habits.reports {
            ReportedPosition::Present => return None,
            ReportedPosition::Target => false,
            ReportedPosition::Arrival | ReportedPosition::Untested => true,
        };
        let motion = &camera.motion;
        let full = [motion.pan_speed_deg_s, motion.tilt_speed_deg_s, motion.zoom_speed_ln_s];
        let measured = motion.delays.as_ref().and_then(|delays| delays.target_move);
        let begins_s = measured
            .map_or(BEGINS_S, |measured| measured.begins_s)
            .max(motion.command_delay_s);
        Some(Self {
            begins_s,
            stands_s: begins_s,
            slowest: measured.map_or(full.map(|speed| SLOWEST * speed), |measured| measured.slowest),
            driven_too,
            replaces: measured.is_some(),
        })
    }

    /// The least and most of each axis at which the dome may begin a move that is sent while it is somewhere in `known`, no faster
    /// than `full` until then.
    pub fn begins_within(&self, known: [Interval; 3], full: Envelope) -> [Axes3; 2] {
        let way = |axis: usize| full.high[axis] * self.begins_s;
        [
            std::array::from_fn(|axis| known[axis].lo - way(axis)),
            std::array::from_fn(|axis| known[axis].hi + way(axis)),
        ]
    }

    /// The longest from an order to a target until the move is over, seconds; `far`: how far each axis has to go.
    fn lasts(&self, far: Axes3) -> f64 {
        let longest = (0..3).map(|axis| far[axis] / self.slowest[axis]).fold(0.0, f64::max);
        self.begins_s + longest
    }
}

/// Who or what the dome may be following, as far as its statuses do not say.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// Moves to targets ordered here, the last of them surely over at `until`, seconds; −∞: none.
    Going { until: f64 },
    /// A velocity ordered here, of a dome that says nothing under one.
    Driven,
    /// Orders of somebody else, whose targets are not known.
    Theirs,
    /// A restart: when it answers again it goes home, which nobody ordered here, and so many `moves` that were ordered meanwhile.
    Restarting { moves: u32 },
}

/// The targets that statuses may tell of.
#[derive(Debug, Clone)]
pub(super) struct ToldTargets {
    report: Option<TargetReport>,
    phase: Phase,
    /// Some move to a target ended on the way, and no later one is surely over.
    interrupted: bool,
    /// Of the moves since the last one that was surely over.
    targets: Vec<Axes3>,
    /// Some target among these moves is not known.
    unknown: bool,
    /// The place that the last status told that counted.
    told: Option<Axes3>,
    /// Stopped after velocities of which it said nothing: from then on it stands if it keeps to its habits, seconds.
    stands: Option<f64>,
}

impl ToldTargets {
    /// No move to a target is under way.
    pub fn new(report: Option<TargetReport>) -> Self {
        Self {
            report,
            phase: Phase::Going {
                until: f64::NEG_INFINITY,
            },
            interrupted: false,
            targets: Vec::new(),
            unknown: false,
            told: None,
            stands: None,
        }
    }

    /// An order to a target leaves at `now` (seconds); `from` are the least and most of each axis at which the dome may begin
    /// it, where those are known.
    pub fn go(&mut self, now: f64, goal: Option<Axes3>, from: Option<[Axes3; 2]>) {
        let Some(report) = self.report else { return };
        let over = self.is_over(now);
        if over && !self.interrupted {
            self.targets.clear();
            self.unknown = false;
        }
        let far = match (from, goal) {
            (Some(from), Some(goal)) if over => farthest(from, &[goal]),
            (Some(from), Some(goal)) if !self.unknown => farthest(from, &[self.targets.as_slice(), &[goal]].concat()),
            (_, _) => FARTHEST,
        };
        match goal {
            Some(goal) if self.targets.len() < MOST_TARGETS => self.targets.push(goal),
            Some(_) | None => self.unknown = true,
        }
        let (begins, at_least) = match &mut self.phase {
            Phase::Going { until } if report.replaces => (now, *until),
            Phase::Going { until } => (until.max(now), now),
            Phase::Driven => (now, now),
            Phase::Restarting { moves } => {
                *moves = moves.saturating_add(1);
                return;
            }
            Phase::Theirs => return,
        };
        self.phase = Phase::Going {
            until: at_least.max(begins + report.lasts(far)),
        };
        (self.interrupted, self.stands) = (false, None);
    }

    /// A velocity leaves at `now`.
    pub fn drive(&mut self, now: f64) {
        let Some(report) = self.report else { return };
        self.interrupted |= !self.is_over(now);
        if report.driven_too && matches!(self.phase, Phase::Going { .. }) {
            self.phase = Phase::Driven;
        }
        self.stands = None;
    }

    /// A Stop leaves at `now`.
    pub fn stand(&mut self, now: f64) {
        let Some(report) = self.report else { return };
        self.interrupted |= !self.is_over(now);
        if self.phase == Phase::Driven {
            self.phase = Phase::Going {
                until: now + report.begins_s,
            };
            self.stands = Some(now + report.stands_s);
        }
    }

    /// A status taken at `taken_from` or later counts, and tells this place.
    pub fn counts(&mut self, taken_from: f64, at: Axes3) {
        if let (Some(_), Phase::Going { until }) = (self.stands.take(), &mut self.phase) {
            *until = until.min(taken_from);
        }
        self.told = Some(at);
    }

    /// Somebody else may order from `now` on, or (`holds` false) no more. No status counts while they hold the dome, nor
    /// afterwards until a move that was ordered here is over: theirs may have ended on the way.
    pub fn others(&mut self, now: f64, holds: bool) {
        let Some(report) = self.report else { return };
        self.phase = if holds {
            Phase::Theirs
        } else {
            Phase::Going {
                until: now + report.lasts(FARTHEST),
            }
        };
        self.unknown = true;
        self.interrupted = true;
        self.stands = None;
    }

    /// The dome does not answer: it may be restarting, which ends every move, and then go home.
    pub fn restarts(&mut self) {
        if self.report.is_some() && self.phase != Phase::Theirs {
            self.phase = Phase::Restarting { moves: 1 };
            self.interrupted = false;
            self.targets.clear();
            self.unknown = true;
            self.stands = None;
        }
    }

    /// The dome answered at `now`: after a restart it begins its way home no later than it does one that is ordered now.
    pub fn answers(&mut self, now: f64) {
        if let (Phase::Restarting { moves }, Some(report)) = (self.phase, self.report) {
            self.phase = Phase::Going {
                until: now + f64::from(moves) * report.lasts(FARTHEST),
            };
        }
    }

    fn is_over(&self, now: f64) -> bool {
        matches!(self.phase, Phase::Going { until } if now >= until)
    }

    /// Whether a dome that says nothing while it moves tells that it stands: another place than before, after a Stop that it must
    /// have obeyed. The old place shows nothing of the kind, because a Stop that was obeyed late looks like that.
    fn arrived(&self, taken_from: f64, at: Axes3, error: Axes3) -> bool {
        let stands = self.stands.is_some_and(|stands| taken_from >= stands);
        stands && self.told.is_some_and(|told| !agree(at, told, error))
    }

    /// Whether a status taken at `taken_from` or later may tell of a target in place of the dome.
    pub fn is_of_target(&self, taken_from: f64, at: Axes3, error: Axes3) -> bool {
        if self.report.is_none() {
            return false;
        }
        if !self.is_over(taken_from) && !self.arrived(taken_from, at, error) {
            return true;
        }
        let agrees = |target: &Axes3| agree(at, *target, error);
        self.interrupted && (self.unknown || self.targets.iter().any(agrees))
    }
}

/// Whether two places may be the same.
fn agree(at: Axes3, target: Axes3, error: Axes3) -> bool {
    let turned = [nearest_turn(at[0], target[0]), at[1], at[2]];
    (0..3).all(|axis| (turned[axis] - target[axis]).abs() <= 2.0 * error[axis])
}

/// The farthest that each axis has to go between where it may begin and targets.
fn farthest([mut low, mut high]: [Axes3; 2], targets: &[Axes3]) -> Axes3 {
    let middle = f64::midpoint(low[0], high[0]);
    for target in targets {
        let target = [nearest_turn(target[0], middle), target[1], target[2]];
        low = std::array::from_fn(|axis| low[axis].min(target[axis]));
        high = std::array::from_fn(|axis| high[axis].max(target[axis]));
    }
    if either_way(low[0], high[0]) {
        high[0] = low[0] + FARTHEST[0];
    }
    std::array::from_fn(|axis| (high[axis] - low[axis]).min(FARTHEST[axis]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::test_dome::{dome_plan, lens};
    use crate::domain::site::MotionBounds;

    const ERROR: Axes3 = [0.3, 0.3, 0.01];
    /// Twenty degrees from where it goes.
    const STOOD: [Axes3; 2] = [[0.0, 0.0, 0.5]; 2];

    fn told() -> ToldTargets {
        ToldTargets::new(Some(TargetReport {
            begins_s: 3.0,
            stands_s: 3.0,
            slowest: [10.0, 10.0, 0.5],
            driven_too: false,
            replaces: false,
        }))
    }

    #[test]
    fn r_prv_1_agreement_with_the_order_is_no_evidence_until_the_move_must_be_over() {
        let mut told = told();
        told.go(1.0, Some([20.0, 0.0, 0.5]), Some(STOOD));
        for at in [[20.0, 0.0, 0.5], [0.0, 0.0, 0.5]] {
            assert!(told.is_of_target(5.9, at, ERROR) && !told.is_of_target(6.1, at, ERROR));
        }
        assert!(!ToldTargets::new(None).is_of_target(0.0, [0.0; 3], ERROR));
    }

    #[test]
    fn r_prv_1_a_dome_that_tells_where_it_last_stood_says_nothing_while_it_is_driven() {
        let mut told = ToldTargets::new(Some(TargetReport {
            driven_too: true,
            begins_s: 3.0,
            stands_s: 2.0,
            slowest: [10.0; 3],
            replaces: false,
        }));
        let silent = |told: &ToldTargets, at: f64| told.is_of_target(at, [0.0; 3], ERROR);
        assert!(!silent(&told, 0.0));
        told.drive(1.0);
        assert!(silent(&told, 500.0));
        told.stand(501.0);
        assert!(silent(&told, 503.9) && !silent(&told, 504.1));
        // Another place than before shows that it stands, once it must have obeyed the Stop.
        told.counts(504.2, [0.0; 3]);
        told.drive(505.0);
        told.stand(506.0);
        let elsewhere = |told: &ToldTargets, at: f64| told.is_of_target(at, [5.0, 0.0, 0.0], ERROR);
        assert!(elsewhere(&told, 507.9) && !elsewhere(&told, 508.1) && silent(&told, 508.9));
        told.counts(508.1, [5.0, 0.0, 0.0]);
        assert!(!elsewhere(&told, 508.2), "it goes on standing there");
        // A velocity ends that.
        told.drive(510.0);
        assert!(elsewhere(&told, 513.5));
        // One that tells targets alone tells the truth while it is driven.
        let mut targets = self::told();
        targets.drive(1.0);
        assert!(!silent(&targets, 1.1));
        targets.stand(2.0);
        assert!(!silent(&targets, 2.1), "nothing was ordered that it could tell");
    }

    fn measured() -> ToldTargets {
        let report = told().report.map(|report| TargetReport {
            replaces: true,
            ..report
        });
        ToldTargets::new(report)
    }

    #[test]
    fn r_prv_1_a_row_of_clicks_is_over_as_soon_as_the_last_where_moves_were_measured() {
        let clicks = |mut told: ToldTargets| {
            for i in 0..20 {
                let at = f64::from(i);
                told.go(at, Some([at, 0.0, 0.5]), Some([[0.0, 0.0, 0.5], [at, 0.0, 0.5]]));
            }
            move |at: f64| !told.is_of_target(at, [19.0, 0.0, 0.5], ERROR)
        };
        // Nineteen degrees at 10 degrees a second, begun within 3 s, after the last.
        let by_measure = clicks(measured());
        assert!(!by_measure(23.8) && by_measure(24.0));
        // Nobody knows whether it goes to each of them: three seconds for each, and the ways.
        let unmeasured = clicks(told());
        assert!(!unmeasured(60.0) && unmeasured(81.0));
    }

    #[test]
    fn r_prv_1_an_earlier_target_that_is_obeyed_last_is_reached_before_a_status_counts() {
        let mut told = measured();
        told.go(1.0, Some([100.0, 0.0, 0.5]), Some(STOOD));
        told.go(1.2, Some([1.0, 0.0, 0.5]), Some(STOOD));
        // Begun by 4.2, the hundred degrees take ten seconds.
        assert!(
            told.is_of_target(14.1, [100.0, 0.0, 0.5], ERROR) && !told.is_of_target(14.3, [100.0, 0.0, 0.5], ERROR)
        );
        // Once all are over, the way of a later one alone counts.
        told.go(20.0, Some([5.0, 0.0, 0.5]), Some(STOOD));
        assert!(told.is_of_target(23.4, [5.0, 0.0, 0.5], ERROR) && !told.is_of_target(23.6, [5.0, 0.0, 0.5], ERROR));
    }

    #[test]
    fn r_prv_1_a_move_begun_while_it_is_driven_may_begin_as_far_as_its_full_speed_takes_it() {
        let report = measured().report.unwrap();
        let known = [10.0, -20.0, 0.5].map(|at| Interval { lo: at, hi: at + 1.0 });
        let [low, high] = report.begins_within(known, Envelope::both_ways([20.0, 10.0, 0.5]));
        assert_eq!((low, high), ([-50.0, -50.0, -1.0], [71.0, 11.0, 3.0]));
        // No axis has farther to go than there is.
        let far = farthest([[-800.0, -300.0, -9.0], [800.0, 300.0, 9.0]], &[[0.0; 3]]);
        assert_eq!(far, FARTHEST);
        assert_eq!(farthest([[170.0, 0.0, 0.0]; 2], &[[-170.0, 0.0, 0.0]])[0], 360.0);
    }

    #[test]
    fn r_prv_1_after_a_stop_on_the_way_only_a_status_that_agrees_with_no_target_counts() {
        let mut told = told();
        told.go(1.0, Some([20.0, 0.0, 0.5]), Some(STOOD));
        told.stand(2.0);
        assert!(told.is_of_target(60.0, [20.4, 0.0, 0.5], ERROR) && told.is_of_target(60.0, [380.0, 0.0, 0.5], ERROR));
        assert!(!told.is_of_target(60.0, [12.0, 0.0, 0.5], ERROR));
        told.go(60.0, Some([5.0, 0.0, 0.5]), None);
        assert!(told.is_of_target(98.0, [12.0, 0.0, 0.5], ERROR) && !told.is_of_target(100.0, [20.0, 0.0, 0.5], ERROR));
    }

    #[test]
    fn r_prv_1_what_others_ordered_counts_for_nothing_until_a_move_of_ours_is_over() {
        let mut told = told();
        told.others(1.0, true);
        assert!(told.is_of_target(500.0, [5.0, 0.0, 0.5], ERROR));
        told.others(501.0, false);
        for at in [502.0, 900.0] {
            assert!(
                told.is_of_target(at, [5.0, 0.0, 0.5], ERROR),
                "theirs may have ended on the way"
            );
        }
        told.go(900.0, Some([20.0, 0.0, 0.5]), Some(STOOD));
        assert!(
            told.is_of_target(904.0, [20.0, 0.0, 0.5], ERROR) && !told.is_of_target(906.0, [20.0, 0.0, 0.5], ERROR)
        );
        let mut honest = ToldTargets::new(None);
        honest.others(1.0, true);
        assert!(!honest.is_of_target(2.0, [0.0; 3], ERROR));
    }

    #[test]
    fn r_prv_1_after_a_restart_nothing_counts_until_the_way_home_must_be_over() {
        let mut told = told();
        told.restarts();
        let home = [0.0, -10.0, 0.0];
        assert!(told.is_of_target(500.0, home, ERROR), "it has not answered");
        told.answers(500.0);
        told.answers(520.0);
        // A whole turn at 10 degrees a second.
        assert!(told.is_of_target(538.9, home, ERROR) && !told.is_of_target(539.1, home, ERROR));
        // A move ordered meanwhile may come after the way home.
        told.restarts();
        told.go(540.0, Some([5.0, 0.0, 0.0]), None);
        told.answers(550.0);
        assert!(told.is_of_target(627.9, home, ERROR) && !told.is_of_target(628.1, home, ERROR));
        // A Stop on the way home: it may stand anywhere, and tell home.
        told.restarts();
        told.answers(700.0);
        told.stand(705.0);
        assert!(told.is_of_target(900.0, home, ERROR));
        // Nor does a restart make somebody else's orders known.
        told.others(1_000.0, true);
        told.restarts();
        told.answers(1_001.0);
        assert!(told.is_of_target(2_000.0, home, ERROR));
    }

    #[test]
    fn r_prv_1_a_dome_that_nobody_tried_is_read_as_the_worst_of_them() {
        let plan = |reports| {
            let mut plan = dome_plan(MotionBounds::default(), lens(), Vec::new());
            plan.habits.reports = reports;
            TargetReport::of(&plan)
        };
        assert_eq!(plan(ReportedPosition::Present), None);
        let untested = plan(ReportedPosition::Untested).unwrap();
        assert!(untested.driven_too && untested.begins_s >= BEGINS_S);
        assert_eq!(Some(untested), plan(ReportedPosition::Arrival));
        assert!(!plan(ReportedPosition::Target).unwrap().driven_too);
    }
}
