//! The pose of one dome: by the bounds of its plan, and by its measured habits as long as they fit.
//!
//! Two [trackers](super::PoseTracker) hear the same statuses and orders. The one by the plan's bounds is always right while the
//! dome keeps them. The one by habits, which are what was measured of it
//! ([`DomeDelays`](crate::domain::site::DomeDelays), [`SpeedTable`](crate::domain::site::SpeedTable)), is right while the dome
//! keeps to them; what is known is what both allow. Proof: the true pose lies in both boxes, so it lies in what they share.
//!
//! Habits are doubted at once when a status comes that cannot be true by them, or that by the camera's own clock is older than
//! was ever measured ([`CameraClock::is_older`](super::camera_clock::CameraClock::is_older)). From then on the plan's bounds alone count, until
//! the dome was seen to stand [`DOUBTED`] later; then habits begin anew, from nothing. Where the boxes have nothing in common,
//! and for a picture that came later than habits say, the plan's bounds count too. What is drawn between the first breach of a habit and the status that betrays it is the risk
//! that habits carry and the plan's bounds do not: it ends with the next status, a tenth of a second later.
//!
//! The gate (`reach`, `settled`) asks the tracker by the plan's bounds alone.
//! Invariant: what is known is never wider than by the plan's bounds, and without habits exactly that.
//! Deliberately absent: learning habits, looking at pictures ([`PoseKnowledge::narrowed`] is the seam), clocks.

use super::pose_tracker::PoseTracker;
use super::{PoseKnowledge, WholeReason};
use crate::domain::camera::{MoveState, Pose};
use crate::domain::ptz::Order;
use crate::domain::site::{CameraPlan, MotionBounds};
use std::time::{Duration, Instant};

/// Habits that were doubted are not counted on for this long.
const DOUBTED: Duration = Duration::from_secs(30);

/// When a picture was taken, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PictureTime {
    /// When it left the decoder.
    pub arrived: Instant,
    /// How long it had been in this workstation then: no delay of the camera or of the network, and no part of what the plan bounds.
    pub waited: Duration,
    /// Between which moments it was captured, by the camera's clock, put into this machine's time.
    pub captured: Option<[Instant; 2]>,
    /// How much later than the quickest pictures of its stream it surely came.
    pub behind: Duration,
}

impl PictureTime {
    /// By how much it surely was held up.
    fn held_up(&self) -> Duration {
        self.behind.max(self.waited)
    }

    /// Whether it surely was older when it came than the plan says pictures are when they are drawn, or waited here for as long: of
    /// such a picture no pose is known.
    pub fn is_late(&self, motion: &MotionBounds) -> bool {
        let age = |[_, latest]: [Instant; 2]| self.arrived.saturating_duration_since(latest).as_secs_f64();
        let oldest = motion.video_delay_s;
        self.held_up().as_secs_f64() > oldest || self.captured.is_some_and(|captured| age(captured) > oldest)
    }
}

/// What is known of one dome's pose.
#[derive(Debug, Clone)]
pub struct DomePose {
    camera: CameraPlan,
    planned: PoseTracker,
    /// `None`: nothing was measured, or what was is doubted.
    habitual: Option<PoseTracker>,
    doubted: Option<Instant>,
    doubts: u32,
}

impl DomePose {
    /// Nothing is known yet.
    pub fn new(camera: &CameraPlan) -> Self {
        Self {
            planned: PoseTracker::new(camera),
            habitual: PoseTracker::by_habits(camera),
            camera: camera.clone(),
            doubted: None,
            doubts: 0,
        }
    }

    /// A status, as for [`PoseTracker::on_status`]. Between which moments, by the plan's bounds, the dome had that pose; `None`
    /// when it says no pose that counts, and always for a dome whose statuses are not of the present
    /// ([`ReportedPosition`](crate::domain::site::ReportedPosition)).
    pub fn on_status(
        &mut self,
        sent: Instant,
        received: Instant,
        pose: Option<Pose>,
        moving: MoveState,
    ) -> Option<[Instant; 2]> {
        if self
            .habitual
            .as_ref()
            .is_some_and(|habitual| habitual.is_contradicted_by(sent, received, pose))
        {
            self.doubt(received);
        }
        let counts = self.planned.on_status(sent, received, pose, moving);
        if let Some(habitual) = &mut self.habitual {
            habitual.on_status(sent, received, pose, moving);
        } else {
            let again = self
                .doubted
                .is_none_or(|doubted| received.saturating_duration_since(doubted) > DOUBTED);
            if again && self.planned.at_rest() {
                self.habitual = PoseTracker::by_habits(&self.camera);
                if let Some(habitual) = self.habitual.as_mut().filter(|_| self.planned.has_other_holder()) {
                    habitual.on_other_holder(received, true);
                }
            }
        }
        let delay = Duration::try_from_secs_f64(self.camera.motion.status_delay_s).ok()?;
        let of_the_present = counts && self.camera.habits.reports.is_present();
        Some([sent.checked_sub(delay)?, received]).filter(|_| of_the_present)
    }

    /// A status is coming, at `now`, whose position is older than was measured: say so before
    /// [`DomePose::on_status`].
    pub fn on_old_status(&mut self, now: Instant) {
        self.doubt(now);
    }

    fn doubt(&mut self, now: Instant) {
        self.doubted = Some(now);
        if self.habitual.take().is_some() {
            self.doubts = self.doubts.saturating_add(1);
        }
    }

    /// A command, as for [`PoseTracker::on_command`].
    pub fn on_command(&mut self, now: Instant, order: Order) {
        self.each(|tracker| tracker.on_command(now, order));
    }

    /// The camera restarted, homes, or was lost.
    pub fn on_restart(&mut self, now: Instant) {
        self.each(|tracker| tracker.on_restart(now));
    }

    /// Somebody else holds the dome from `now` on (`true`), or no longer (`false`).
    pub fn on_other_holder(&mut self, now: Instant, holds: bool) {
        self.each(|tracker| tracker.on_other_holder(now, holds));
    }

    fn each(&mut self, what: impl Fn(&mut PoseTracker)) {
        what(&mut self.planned);
        if let Some(habitual) = &mut self.habitual {
            what(habitual);
        }
    }

    /// Every pose the dome may have had when a picture was taken that is drawn at `now`.
    pub fn knowledge_of(&self, picture: PictureTime, now: Instant) -> PoseKnowledge {
        // Between its arrival and its drawing it grew no younger.
        let here = picture.waited + now.saturating_duration_since(picture.arrived);
        let planned = self.planned.knowledge_of(now, here, now);
        // Too wide for the plan's bounds may be narrow by habits; unknown, or contradictory, is so for both.
        let wide =
            planned == PoseKnowledge::Unknown(WholeReason::TooUncertain) && !self.planned.contradicts_itself(now);
        if !wide && !matches!(planned, PoseKnowledge::Within(_)) {
            return planned;
        }
        let habitual = self.habitual.as_ref();
        let Some((habitual, taken)) = habitual.and_then(|habitual| Some((habitual, self.taken(habitual, picture)?)))
        else {
            return planned;
        };
        match (planned, habitual.knowledge_between(now, taken)) {
            (PoseKnowledge::Within(_), PoseKnowledge::Within(poses)) => planned.narrowed(|_| poses),
            (PoseKnowledge::Unknown(_), habitual @ PoseKnowledge::Within(_)) => habitual,
            (_, PoseKnowledge::Unknown(_)) => planned,
        }
    }

    /// When a picture was taken, by habits; `None` for one that is later than habits say: for it they do not count.
    fn taken(&self, habitual: &PoseTracker, picture: PictureTime) -> Option<[Instant; 2]> {
        let [earliest, latest] = habitual.taken(picture.arrived, picture.waited);
        let [youngest_s, oldest_s] = self.camera.motion.delays.as_ref()?.picture_age_s;
        if youngest_s + picture.held_up().as_secs_f64() > oldest_s {
            return None;
        }
        let error = self
            .camera
            .motion
            .delays
            .as_ref()
            .and_then(|delays| delays.capture_error_s);
        let (Some(error), Some([from, to])) = (error, picture.captured) else {
            return Some([earliest, latest]);
        };
        let error = Duration::from_secs_f64(error.clamp(0.0, 60.0));
        let from = from.checked_sub(error).map_or(earliest, |from| from.max(earliest));
        let to = (to + error).min(latest);
        (from <= to).then_some([from, to])
    }

    /// Every pose the dome may have had when the frame drawn at `now` was taken, if it came just now.
    pub fn knowledge(&self, now: Instant) -> PoseKnowledge {
        let just_now = PictureTime {
            arrived: now,
            waited: Duration::ZERO,
            captured: None,
            behind: Duration::ZERO,
        };
        self.knowledge_of(just_now, now)
    }

    /// Every pose that a dome which obeys may have between `now` and `now + ahead`, as [`PoseTracker::reach`].
    pub fn reach(&self, now: Instant, ahead: Duration) -> PoseKnowledge {
        self.planned.reach(now, ahead)
    }

    /// Where the dome may be until every order already given is over, as [`PoseTracker::settled`].
    pub fn settled(&self, now: Instant, ahead: Duration) -> PoseKnowledge {
        self.planned.settled(now, ahead)
    }

    /// Whether the dome is known to stand.
    pub fn at_rest(&self) -> bool {
        self.planned.at_rest() || self.habitual.as_ref().is_some_and(PoseTracker::at_rest)
    }

    /// How often habits were doubted.
    pub fn doubts(&self) -> u32 {
        self.doubts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
    use crate::domain::privacy::test_make::{Make, makes};
    use crate::domain::ptz::Velocity;
    use crate::domain::site::ReportedPosition;

    fn make(name: &str) -> Make {
        makes().into_iter().find(|make| make.name == name).unwrap()
    }

    const POSE: Pose = Pose {
        pan_deg: 20.0,
        tilt_deg: -15.0,
        hfov_deg: 60.0,
    };

    const RIGHT: Order = Order::Velocity(Velocity {
        pan: 0.3,
        ..Velocity::ZERO
    });

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A dome that was seen to stand for three seconds; the moment of its last status.
    fn standing(make: &Make, moving: MoveState) -> (DomePose, Instant) {
        let mut plan = dome_plan(make.bounds(), lens(), Vec::new());
        plan.habits = make.ways;
        let mut dome = DomePose::new(&plan);
        let begin = Instant::now();
        for i in 0..=30 {
            dome.on_status(begin + ms(i * 100), begin + ms(i * 100 + 10), Some(POSE), moving);
        }
        (dome, begin + ms(3_010))
    }

    fn half_widths(knowledge: PoseKnowledge) -> [f64; 2] {
        match knowledge {
            PoseKnowledge::Within(poses) => [poses.pan.half_width(), poses.hfov.half_width()],
            PoseKnowledge::Unknown(_) => [f64::INFINITY; 2],
        }
    }

    #[test]
    fn r_prv_1_a_list_of_leases_that_says_nothing_new_takes_nothing_from_what_is_reckoned() {
        // Also without habits: by the plan's bounds alone.
        for habits in [true, false] {
            let mut plan = dome_plan(make("usual").bounds(), lens(), Vec::new());
            plan.motion.delays = plan.motion.delays.filter(|_| habits);
            let mut dome = DomePose::new(&plan);
            let begin = Instant::now();
            for i in 0..=30 {
                dome.on_status(
                    begin + ms(i * 100),
                    begin + ms(i * 100 + 10),
                    Some(POSE),
                    MoveState::Idle,
                );
            }
            let now = begin + ms(3_050);
            let notch = Pose { hfov_deg: 50.0, ..POSE };
            dome.on_command(now, Order::Position(notch));
            dome.on_other_holder(now + ms(20), false);
            let [pan, zoom] = half_widths(dome.knowledge(now + ms(700)));
            assert!(pan < 1.0 && zoom < 6.0, "habits {habits}: {pan} {zoom}");
            // Somebody else who really takes it takes that too.
            dome.on_other_holder(now + ms(720), true);
            assert!(half_widths(dome.knowledge(now + ms(1_000)))[0] > 10.0);
        }
    }

    #[test]
    fn r_prv_1_habits_that_begin_anew_know_that_somebody_else_has_the_dome() {
        let (mut dome, mut now) = standing(&make("usual"), MoveState::Idle);
        dome.on_other_holder(now, true);
        dome.on_old_status(now);
        assert_eq!(dome.doubts(), 1);
        for _ in 0..=310 {
            now += ms(100);
            dome.on_status(now, now + ms(10), Some(POSE), MoveState::Idle);
        }
        assert!(dome.habitual.is_some());
        // They may have begun to move it since the last status; standing still, the plan's bounds say as much.
        let known = half_widths(dome.knowledge(now + ms(300)))[0];
        assert!(known > 10.0, "{known}");
        dome.on_old_status(now);
        assert_eq!(
            half_widths(dome.knowledge(now + ms(300)))[0],
            known.max(half_widths(dome.planned.knowledge(now + ms(300)))[0])
        );
    }

    #[test]
    fn r_prv_1_a_status_older_than_was_measured_leaves_the_plans_bounds_alone() {
        let (mut dome, now) = standing(&make("usual"), MoveState::Idle);
        dome.on_command(now, RIGHT);
        let at = now + ms(600);
        dome.on_status(at - ms(10), at, Some(POSE), MoveState::Idle);
        let (by_habits, by_plan) = (dome.knowledge(at), dome.planned.knowledge(at));
        assert!(half_widths(by_habits)[0] < half_widths(by_plan)[0]);
        dome.on_old_status(at);
        assert_eq!(dome.knowledge(at), by_plan);
        // Each of them puts off when habits begin anew.
        let mut now = at;
        for i in 0..900 {
            now += ms(100);
            if i < 450 {
                dome.on_old_status(now);
            }
            dome.on_status(now - ms(10), now, Some(POSE), MoveState::Idle);
            assert_eq!(dome.habitual.is_some(), i > 749, "{i}");
        }
    }

    #[test]
    fn r_prv_1_after_a_velocity_a_target_that_is_near_where_the_dome_stood_may_be_far() {
        let near = Pose { pan_deg: 25.0, ..POSE };
        let counts = |driven: bool, after: u64| {
            let (mut dome, now) = standing(&make("tells target"), MoveState::Idle);
            if driven {
                dome.on_command(now, RIGHT);
            }
            let sent = now + ms(2_000);
            dome.on_command(sent, Order::Position(near));
            let told = sent + ms(after);
            dome.planned.on_status(told - ms(10), told, Some(near), MoveState::Idle)
        };
        assert!(counts(false, 3_000), "five degrees are over by then");
        assert!(!counts(true, 3_000) && counts(true, 20_000));
    }

    #[test]
    fn a_dome_that_is_never_idle_stands_when_its_positions_agree() {
        assert!(standing(&make("never idle"), MoveState::Moving).0.at_rest());
        assert!(!standing(&make("usual"), MoveState::Moving).0.at_rest());
    }

    #[test]
    fn r_prv_1_only_a_punctual_status_of_the_present_says_where_the_dome_was() {
        let mut plan = dome_plan(make("usual").bounds(), lens(), Vec::new());
        let delay = Duration::from_secs_f64(plan.motion.status_delay_s);
        let now = Instant::now() + Duration::from_secs(10);
        let told = |plan: &CameraPlan, sent: Instant, pose: Option<Pose>| {
            DomePose::new(plan).on_status(sent, now, pose, MoveState::Idle)
        };
        assert_eq!(told(&plan, now - ms(10), Some(POSE)), Some([now - ms(10) - delay, now]));
        assert_eq!(told(&plan, now - ms(10), None), None);
        assert_eq!(told(&plan, now - delay - ms(1), Some(POSE)), None);
        let mut restarted = DomePose::new(&plan);
        restarted.on_restart(now);
        assert_eq!(
            restarted.on_status(now - ms(10), now, Some(POSE), MoveState::Idle),
            None
        );
        for reports in [
            ReportedPosition::Target,
            ReportedPosition::Arrival,
            ReportedPosition::Untested,
        ] {
            plan.habits.reports = reports;
            assert_eq!(told(&plan, now - ms(10), Some(POSE)), None, "{reports:?}");
        }
    }

    #[test]
    fn r_prv_1_a_picture_is_late_that_is_older_on_arrival_than_pictures_are_when_drawn() {
        let motion = make("usual").bounds();
        let oldest = Duration::from_secs_f64(motion.video_delay_s);
        let arrived = Instant::now() + Duration::from_secs(10);
        let late = |behind: Duration, captured: Option<Duration>| {
            let captured = captured.map(|age| [arrived - age - ms(30), arrived - age]);
            let picture = PictureTime {
                arrived,
                waited: Duration::ZERO,
                captured,
                behind,
            };
            picture.is_late(&motion)
        };
        assert!(!late(Duration::ZERO, None) && !late(oldest, Some(oldest)));
        assert!(late(oldest + ms(1), None) && late(Duration::ZERO, Some(oldest + ms(1))));
    }

    #[test]
    fn r_prv_1_what_a_picture_waited_here_comes_on_top_of_its_age() {
        for delays in [None, make("usual").bounds().delays] {
            let plan = dome_plan(MotionBounds { delays, ..tight() }, lens(), Vec::new());
            let (mut dome, begin) = (DomePose::new(&plan), Instant::now());
            let mut answer = |at: u64, pan_deg: f64| {
                let pose = Pose { pan_deg, ..POSE };
                let sent = begin + ms(at);
                dome.on_status(sent, sent + ms(10), Some(pose), MoveState::Moving);
            };
            // It turns by six degrees a second.
            (0..40u32).for_each(|i| answer(u64::from(i) * 100, 20.0 + 0.6 * f64::from(i)));
            let arrived = begin + ms(3_920);
            let waited = |waited: u64| PictureTime {
                arrived,
                waited: ms(waited),
                captured: None,
                behind: Duration::ZERO,
            };
            let lowest = |waited: PictureTime| match dome.knowledge_of(waited, arrived) {
                PoseKnowledge::Within(poses) => poses.pan.lo,
                PoseKnowledge::Unknown(reason) => panic!("{reason:?}"),
            };
            let (at_once, later) = (lowest(waited(0)), lowest(waited(150)));
            assert!(later < at_once - 0.8, "{at_once} {later}");
            let oldest = (plan.motion.video_delay_s * 1_000.0).round() as u64;
            assert!(!waited(oldest).is_late(&plan.motion) && waited(oldest + 1).is_late(&plan.motion));
        }
    }

    #[test]
    fn r_prv_1_a_picture_that_came_late_is_not_judged_by_habits() {
        let (mut dome, now) = standing(&make("usual"), MoveState::Idle);
        dome.on_command(now, RIGHT);
        let at = now + ms(250);
        let picture = |behind: u64, captured: Option<[u64; 2]>| PictureTime {
            arrived: at,
            waited: Duration::ZERO,
            captured: captured.map(|captured| captured.map(|before| at - ms(before))),
            behind: ms(behind),
        };
        let by_plan = half_widths(dome.planned.knowledge(at))[0];
        let width = |dome: &DomePose, picture| half_widths(dome.knowledge_of(picture, at))[0];
        assert!(width(&dome, picture(0, None)) < by_plan);
        assert_eq!(width(&dome, picture(150, None)), by_plan);
        // By its capture time, where errors of it were measured.
        let (mut stamped, _) = standing(&make("stamped"), MoveState::Idle);
        stamped.on_command(now, RIGHT);
        let known = width(&stamped, picture(0, None));
        assert!(width(&stamped, picture(0, Some([210, 200]))) < known);
        assert_eq!(
            width(&stamped, picture(0, Some([400, 390]))),
            half_widths(stamped.planned.knowledge(at))[0]
        );
    }
}
