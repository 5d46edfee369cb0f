//! One camera while somebody watches or moves it: what is known of its pose, and the masks and limits in force on it.
//!
//! One [`Watched`] per camera is shared by all its views and gestures. It is fed with statuses that were asked for
//! (`pose_tracking`), statuses that the dome pushes (`pushed_ptz_status`), every command before it is sent, and the pictures
//! themselves before they can be drawn ([`Watched::on_picture`]), by each view for its own (`picture_motion_feed`).
//!
//! Invariant: a cover is computed for the very moment it is asked for; pictures narrow what the tracker says of them and never
//! widen it, and count for nothing while the dome's statuses are not of the present, its picture may lie otherwise than planned, or
//! the plan has another geometry.
//! Deliberately absent: geometry (`domain::privacy`), network, recording.

use super::picture_motion_feed::PictureWitness;
use super::plan_in_force::{InForce, Policy};
use crate::domain::camera::{CameraKind, LensModel, MoveState, Pose};
use crate::domain::privacy::camera_clock::CameraClock;
use crate::domain::privacy::told_view::{self, ToldView};
use crate::domain::privacy::{Cover, DomePose, PictureTime, PoseKnowledge, WholeReason, turned_view};
use crate::domain::ptz::Order;
use crate::domain::ptz::endless_motion::EndlessMotion;
use crate::domain::ptz::status_pace::Activity;
use crate::domain::site::orientation::OrientationComparison;
use crate::domain::site::{CameraPlan, Orientation};
use crate::media::frame::{Arrivals, Came, Frame, FrameSlot};
use crate::onvif;
use crate::station::machine::pose_source::{Beside, PoseSource};
use crate::station::record::outbox::Recorded;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How fresh the last pushed status must be for the dome to be polled less often.
const PUSH_COUNTS: Duration = Duration::from_millis(500);
/// A reported pose older than this says nothing.
const REPORT_COUNTS: Duration = Duration::from_secs(2);
/// Pictures are looked at when a mask may come into view within this time.
const SOON: Duration = Duration::from_secs(1);

/// A camera while somebody watches or moves it.
pub struct Watched {
    /// As planned when somebody began to watch; limits and masks in force are in [`Watched::in_force`].
    pub plan: CameraPlan,
    policy: Arc<Policy>,
    pose_source: Arc<dyn PoseSource>,
    in_force: Mutex<Option<Arc<InForce>>>,
    /// `None` for a camera that does not move.
    tracker: Option<Mutex<DomePose>>,
    reported: Mutex<Option<(Instant, Pose)>>,
    /// When the dome was last sent to a known pose, and to which, if nothing was ordered since.
    bound_for: Mutex<Option<(Instant, Pose)>>,
    clock: Mutex<CameraClock>,
    told_view: Mutex<ToldView>,
    /// When the dome last pushed a status with its position.
    pushed: Mutex<Option<Instant>>,
    hurry: Notify,
    /// Of the views of it.
    pictures: Mutex<Vec<Arrivals>>,
    /// Of the views of it that look at their pictures.
    witnesses: Mutex<Vec<Weak<PictureWitness>>>,
    proof: Recorded,
    /// Numbers given to gestures, and the one that sent the last move.
    movers: AtomicU64,
    mover: AtomicU64,
    /// How its picture lies, against the plan.
    orientation: Mutex<OrientationComparison>,
    endless_motion: Mutex<EndlessMotion>,
    /// When the dome began to stand, as far as is known, if nothing was ordered since.
    stands_since: Mutex<Option<Instant>>,
    /// Whether somebody calibrates it here.
    calibrated: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watched {
    /// A camera that nobody watched until now. `proof`: the durable event of whoever begins to watch it.
    pub fn new(plan: CameraPlan, policy: Arc<Policy>, pose_source: Arc<dyn PoseSource>, proof: Recorded) -> Self {
        let moves = plan.kind == CameraKind::Dome;
        let tracker = moves.then(|| Mutex::new(DomePose::new(&plan)));
        Self {
            plan,
            policy,
            pose_source,
            in_force: Mutex::default(),
            tracker,
            reported: Mutex::default(),
            bound_for: Mutex::default(),
            clock: Mutex::default(),
            told_view: Mutex::default(),
            pushed: Mutex::default(),
            hurry: Notify::new(),
            pictures: Mutex::default(),
            witnesses: Mutex::default(),
            proof,
            movers: AtomicU64::new(0),
            mover: AtomicU64::new(0),
            orientation: Mutex::default(),
            endless_motion: Mutex::default(),
            stands_since: Mutex::default(),
            calibrated: AtomicBool::new(false),
        }
    }

    /// Counts a view that begins, whose pictures come into `slot`. For a dome, what the view's pictures are looked at with:
    /// statuses reach it for as long as somebody keeps it.
    pub fn on_view(&self, slot: &FrameSlot) -> Option<Arc<PictureWitness>> {
        lock(&self.pictures).push(slot.arrivals());
        let witness = Arc::new(PictureWitness::new(&self.plan).filter(|_| self.moves())?);
        let mut all = lock(&self.witnesses);
        all.retain(|witness| witness.strong_count() > 0);
        all.push(Arc::downgrade(&witness));
        Some(witness)
    }

    fn each_witness(&self, what: impl Fn(&PictureWitness)) {
        let all = lock(&self.witnesses);
        all.iter().filter_map(Weak::upgrade).for_each(|witness| what(&witness));
    }

    /// Looks at a picture of a view before it can be drawn, when masks are near that its cover may be narrowed for. `behind`: how
    /// much later than others of its stream it surely came. Called by the decoder's thread.
    pub fn on_picture(&self, witness: &PictureWitness, frame: &Frame, behind: Duration) {
        let Some(tracker) = &self.tracker else { return };
        let now = frame.arrived;
        witness.turns.see(now, frame);
        let by = self.in_force(now);
        if !by.is_followed() || self.may_be_turned() {
            return witness.forget();
        }
        let picture = self.taken(&frame.came().behind_at_least(behind));
        if picture.is_late(&self.plan.motion) {
            return;
        }
        let (known, soon, stands) = {
            let dome = lock(tracker);
            (dome.knowledge_of(picture, now), dome.reach(now, SOON), dome.at_rest())
        };
        let PoseKnowledge::Within(envelope) = known else { return };
        if !envelope.is_zoom_known() {
            return;
        }
        let near = by.has_masks_near(&known) || by.has_masks_near(&soon);
        if near && witness.wants(now, stands) {
            witness.look(frame, &envelope);
        }
    }

    /// What is known of when a picture was taken.
    fn taken(&self, came: &Came) -> PictureTime {
        let captured = came
            .captured_ms
            .and_then(|ms| lock(&self.clock).captured(came.arrived, ms, self.oldest()));
        PictureTime {
            arrived: came.arrived,
            waited: came.waited,
            captured,
            behind: came.behind,
        }
    }

    /// Whether a picture that `came` so surely was older than the plan says pictures are: no pose is known for it.
    pub fn is_late(&self, came: &Came) -> bool {
        self.taken(came).is_late(&self.plan.motion)
    }

    /// Whether a picture of the camera came within `span` before `now`, in any view.
    pub fn is_seen(&self, now: Instant, span: Duration) -> bool {
        let mut pictures = lock(&self.pictures);
        pictures.retain(Arrivals::is_kept);
        let mut latest = pictures.iter().filter_map(Arrivals::latest);
        latest.any(|arrived| now.saturating_duration_since(arrived) < span)
    }

    /// Takes down that somebody calibrates it here (`true`, recorded before), or no longer.
    pub fn set_calibrated(&self, calibrated: bool) {
        self.calibrated.store(calibrated, Ordering::Release);
    }

    /// Every pose by the motors alone, as if its picture lay as planned: to measure by, never to cover by.
    pub fn motors(&self, now: Instant) -> PoseKnowledge {
        match &self.tracker {
            Some(tracker) => lock(tracker).knowledge(now),
            None => PoseKnowledge::Unknown(WholeReason::PoseNotKnown),
        }
    }

    /// The cover of a picture that lies otherwise than planned while somebody calibrates the dome here; `None` when nobody does, or
    /// when nothing is known of how far from the axis of the lens it shows. The arguments are those of [`Self::knowledge_of`].
    pub fn cover_to_calibrate(&self, by: &InForce, came: &Came, now: Instant) -> Option<Cover> {
        let tells_other_view = lock(&self.told_view).is_doubtful(&self.plan.motion, now);
        if !self.calibrated.load(Ordering::Acquire) || tells_other_view {
            return None;
        }
        let picture = self.taken(came);
        let motors = lock(self.tracker.as_ref()?).knowledge_of(picture, now);
        let PoseKnowledge::Within(poses) = motors else {
            return None;
        };
        let (seen, lens) = (self.orientation().otherwise()?.clone(), self.plan.lens.as_ref()?);
        let planned = self.planned_orientation().unwrap_or_else(|| seen.upright());
        // The tracker takes the sign of a velocity as planned, and this dome turns its commands with its picture.
        let goes_astray = seen.turns_commands() && !planned.turns_commands();
        if goes_astray && !self.stood(came) {
            return None;
        }
        let reach = turned_view::reach(&planned, &seen, lens, poses.hfov.hi)?;
        Some(by.cover_about_axis(&motors, reach, jiff::Timestamp::now()))
    }

    /// Whether the dome stood, by what is known of it, when a picture was taken that `came` so.
    fn stood(&self, came: &Came) -> bool {
        let oldest = Duration::from_secs_f64(self.plan.motion.video_delay_s.clamp(0.0, 60.0));
        let taken = came.arrived.checked_sub(oldest + came.behind + came.waited);
        lock(&self.stands_since).is_some_and(|since| taken.is_some_and(|taken| taken >= since))
    }

    /// What is known of how its picture lies. Held for as long as the result is kept.
    pub fn orientation(&self) -> MutexGuard<'_, OrientationComparison> {
        lock(&self.orientation)
    }

    /// How its picture lies by the newest plan; `None`: it says nothing of it, and upright counts.
    pub fn planned_orientation(&self) -> Option<Orientation> {
        let plan = self.policy.plan();
        plan.camera(&self.plan.id).unwrap_or(&self.plan).orientation.clone()
    }

    /// Whether its picture may lie otherwise than planned, or show more or less than planned: no pose says then where a mask is
    /// (R-PRV-1).
    fn may_be_turned(&self) -> bool {
        let other_view = lock(&self.told_view).is_doubtful(&self.plan.motion, Instant::now());
        other_view || self.orientation().is_doubtful(self.planned_orientation().as_ref())
    }

    /// Whether it is a dome.
    pub fn moves(&self) -> bool {
        self.tracker.is_some()
    }

    /// Proof that looking at this camera was recorded.
    pub fn proof(&self) -> &Recorded {
        &self.proof
    }

    /// Every pose the camera may have had when the frame drawn at `now` was taken.
    pub fn knowledge(&self, now: Instant) -> PoseKnowledge {
        if self.may_be_turned() {
            return PoseKnowledge::Unknown(WholeReason::OrientationChanged);
        }
        match &self.tracker {
            Some(tracker) => {
                let beside = Beside {
                    reported: self.reported_pose(),
                    ..Beside::default()
                };
                self.pose_source.pose(&self.plan, lock(tracker).knowledge(now), &beside)
            }
            None => PoseKnowledge::Unknown(WholeReason::PoseNotKnown),
        }
    }

    /// Every pose the camera may have had when a frame was taken that `came` so and is drawn at `now`. `witness`: what the pictures
    /// of its view are looked at with.
    pub fn knowledge_of(&self, came: &Came, witness: Option<&PictureWitness>, now: Instant) -> PoseKnowledge {
        if self.may_be_turned() {
            return PoseKnowledge::Unknown(WholeReason::OrientationChanged);
        }
        let Some(tracker) = &self.tracker else {
            return PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
        };
        let picture = self.taken(came);
        let tracked = lock(tracker).knowledge_of(picture, now);
        let beside = Beside {
            reported: self.reported_pose(),
            arrived: Some(came.arrived),
            claim: witness.and_then(|witness| witness.claim(came.arrived)),
        };
        self.pose_source.pose(&self.plan, tracked, &beside)
    }

    /// The cover, with what makes the pose uncertain where that is known too: more is said, nothing else is covered.
    pub fn with_its_cause(&self, cover: Cover) -> Cover {
        match cover {
            Cover::Whole(WholeReason::TooUncertain) if lock(&self.endless_motion).is_on() => {
                Cover::Whole(WholeReason::NeverAtRest)
            }
            cover => cover,
        }
    }

    /// What is known of the dome's motion, for the pace at which it is asked.
    pub fn activity(&self) -> Activity {
        // One that tells no position is asked as one that stands: asking faster tells nothing.
        let stands =
            self.reported_pose().is_none() || self.tracker.as_ref().is_none_or(|tracker| lock(tracker).at_rest());
        if self.pushes_status() {
            Activity::Tells
        } else if stands {
            Activity::Stands
        } else {
            Activity::MayMove
        }
    }

    /// Every pose the camera may have between `now` and `now + ahead` by the orders given so far.
    pub fn reach(&self, now: Instant, ahead: Duration) -> PoseKnowledge {
        match &self.tracker {
            Some(tracker) => lock(tracker).reach(now, ahead),
            None => PoseKnowledge::Unknown(WholeReason::PoseNotKnown),
        }
    }

    /// Every pose the camera may have now, and when every order given so far, each lasting no longer than `longest`, is
    /// over.
    pub fn ways(&self, longest: Duration) -> (PoseKnowledge, PoseKnowledge) {
        let now = Instant::now();
        let delay = Duration::from_secs_f64(self.plan.motion.command_delay_s.clamp(0.0, 10.0));
        let settled = match &self.tracker {
            Some(tracker) => lock(tracker).settled(now, delay + longest),
            None => PoseKnowledge::Unknown(WholeReason::PoseNotKnown),
        };
        (self.reach(now, Duration::ZERO), settled)
    }

    /// The pose of the last status, if it is younger than 2 s. For figures and targets, never for the cover.
    pub fn reported_pose(&self) -> Option<Pose> {
        lock(&self.reported)
            .filter(|(at, _)| at.elapsed() < REPORT_COUNTS)
            .map(|(_, pose)| pose)
    }

    /// Masks and limits in force at `now`: the newest plan, without what a declared event lifts.
    pub fn in_force(&self, now: Instant) -> Arc<InForce> {
        let mut last = lock(&self.in_force);
        if let Some(last) = last.as_ref().filter(|last| last.is_current(&self.policy, now)) {
            return Arc::clone(last);
        }
        let fresh = Arc::new(self.policy.in_force(&self.plan, now));
        *last = Some(Arc::clone(&fresh));
        fresh
    }

    /// Takes down a command. Call it before the command is sent.
    pub fn on_command(&self, now: Instant, order: Order) {
        *lock(&self.stands_since) = None;
        if let Some(tracker) = &self.tracker {
            lock(tracker).on_command(now, order);
        }
        lock(&self.endless_motion).on_order();
        *lock(&self.bound_for) = match order {
            Order::Position(target) => Some((now, target)),
            Order::Velocity(_) | Order::SomewhereElse | Order::Stop => None,
        };
        self.hurry.notify_one();
    }

    /// The pose that the last order sent the dome to, if that was less than `within` ago.
    pub fn bound_for(&self, within: Duration) -> Option<Pose> {
        lock(&self.bound_for)
            .filter(|(at, _)| at.elapsed() < within)
            .map(|(_, target)| target)
    }

    /// Whether the dome is known to stand.
    pub fn is_at_rest(&self) -> bool {
        self.tracker.as_ref().is_some_and(|tracker| lock(tracker).at_rest())
    }

    /// Waits until a command was taken down. Cancel-safe.
    pub async fn commanded(&self) {
        self.hurry.notified().await;
    }

    /// A fresh number for a gesture.
    pub fn next_mover(&self) -> u64 {
        self.movers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Takes down that the gesture of this number sends a move now.
    pub fn set_mover(&self, number: u64) {
        self.mover.store(number, Ordering::Release);
    }

    /// The number of the gesture that sent the last move.
    pub fn mover(&self) -> u64 {
        self.mover.load(Ordering::Acquire)
    }

    /// Takes in a status answer.
    pub fn on_status(&self, status: &onvif::PtzStatus) {
        if let Some(utc_ms) = status.utc_ms {
            let old = {
                let mut clock = lock(&self.clock);
                let old = clock.is_older(status.sent, utc_ms, self.oldest());
                clock.on_asked(status.sent, status.received, utc_ms, self.quick());
                old
            };
            if let Some(tracker) = self.tracker.as_ref().filter(|_| old) {
                lock(tracker).on_old_status(status.received);
            }
        }
        self.take_status(status);
    }

    /// The longest round trip of a status that still tells the camera's clock.
    fn quick(&self) -> Duration {
        Duration::from_secs_f64(self.plan.motion.status_delay_s.clamp(0.0, 10.0) / 2.0)
    }

    /// How old a position can be when it is answered.
    fn oldest(&self) -> Duration {
        let motion = &self.plan.motion;
        let measured = motion.delays.as_ref().map(|delays| delays.status_age_s[1]);
        Duration::from_secs_f64(measured.unwrap_or(motion.status_delay_s).clamp(0.0, 60.0))
    }

    fn take_status(&self, status: &onvif::PtzStatus) {
        let Some(tracker) = &self.tracker else { return };
        let pose = self.pose_of(status);
        if let Some(pose) = pose {
            *lock(&self.reported) = Some((status.received, pose));
        }
        lock(&self.endless_motion).on_status(status.received, pose, moving(status));
        let (taken, stands) = {
            let mut dome = lock(tracker);
            let taken = dome.on_status(status.sent, status.received, pose, moving(status));
            (taken, dome.at_rest())
        };
        {
            let mut since = lock(&self.stands_since);
            *since = stands.then(|| since.unwrap_or(status.received));
        }
        if let (Some(taken), Some(pose)) = (taken, pose) {
            self.each_witness(|witness| witness.on_status(taken, pose));
        }
    }

    /// Takes in a status that the dome pushed; `arrived` by this machine's clock.
    pub fn on_pushed_status(&self, status: onvif::metadata::SentStatus, arrived: Instant) {
        let told = {
            let mut clock = lock(&self.clock);
            let at = clock.on_sent(arrived, status.utc_ms, self.quick());
            at.map(|at| (at, at.checked_sub(clock.took()).unwrap_or(at)))
        };
        let Some((at, sent)) = told else { return };
        if status.position.is_some() {
            *lock(&self.pushed) = Some(at);
        }
        self.take_status(&onvif::PtzStatus {
            position: status.position,
            moving: status.moving,
            hfov_deg: status.hfov_deg,
            utc_ms: None,
            sent,
            received: at,
        });
    }

    /// Whether the dome pushes its status in time: it need not be polled as often.
    pub fn pushes_status(&self) -> bool {
        lock(&self.pushed).is_some_and(|at| at.elapsed() < PUSH_COUNTS)
    }

    /// The pose of a status, with the field of view that it tells where that agrees with the plan; `None` when it has no
    /// position.
    pub fn pose_of(&self, status: &onvif::PtzStatus) -> Option<Pose> {
        let by_table = self.pose_by_table(status)?;
        let mut view = lock(&self.told_view);
        Some(view.on_status(&self.plan, status.received, by_table, status.hfov_deg))
    }

    /// The pose of a status by its position alone.
    pub fn pose_by_table(&self, status: &onvif::PtzStatus) -> Option<Pose> {
        Some(self.plan.lens.as_ref()?.pose_at(status.position?))
    }

    /// Whether the field of view that a status tells agrees with the one that a lens model has for its position; `None` when it
    /// tells none.
    pub fn view_agrees(&self, status: &onvif::PtzStatus, lens: &LensModel) -> Option<bool> {
        let by_table = lens.pose_at(status.position?);
        let agrees = |told| told_view::agree(lens, &self.plan.motion, by_table.hfov_deg, told);
        status.hfov_deg.map(agrees)
    }

    /// Takes down that the dome did not answer: it may come back looking elsewhere.
    pub fn on_restart(&self, now: Instant) {
        self.orientation().forget();
        *lock(&self.stands_since) = None;
        self.each_witness(PictureWitness::forget);
        if let Some(tracker) = &self.tracker {
            lock(tracker).on_restart(now);
        }
    }

    /// Takes down whether another workstation has the lease of the dome.
    pub fn on_other_holder(&self, now: Instant, leased: bool) {
        if leased {
            *lock(&self.stands_since) = None;
        }
        if let Some(tracker) = &self.tracker {
            lock(tracker).on_other_holder(now, leased);
        }
    }
}

/// The domain's word for what a status says of the motors.
pub fn moving(status: &onvif::PtzStatus) -> MoveState {
    match status.moving {
        onvif::MoveState::Idle => MoveState::Idle,
        onvif::MoveState::Moving => MoveState::Moving,
        onvif::MoveState::Unknown => MoveState::Unknown,
    }
}
