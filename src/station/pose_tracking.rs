//! What is known of a camera's pose while somebody watches or moves it, and the cover that follows.
//!
//! One [`Watched`] per camera is shared by all its views and gestures; a dome's is fed by a poller that asks for the
//! status as long as one of them lives, by what the dome sends by itself ([`pushed_ptz_status`](super::pushed_ptz_status)), and by every
//! command before it is sent.
//!
//! Invariant: a cover is computed for the very moment it is asked for, and a frame that is no longer fresh keeps the
//! cover it had when it was: a picture that stands while the dome moves on is not uncovered.
//! Deliberately absent: geometry (`domain::privacy`), recording.

use super::outbox::Recorded;
use super::plan_in_force::{InForce, Policy};
use super::pushed_ptz_status;
use super::refusal::Refusal;
use super::session::SessionInner;
use super::workstation::Uncertainty;
use crate::domain::camera::{CameraId, CameraKind, MoveState, Pose};
use crate::domain::privacy::camera_clock::CameraClock;
use crate::domain::privacy::{Cover, Interval, PoseInterval, PoseKnowledge, PoseTracker, WholeReason};
use crate::domain::ptz::Order;
use crate::domain::ptz::limits::{self, AllowedZoom};
use crate::domain::site::CameraPlan;
use crate::media::frame::{Arrivals, FrameSlot};
use crate::onvif;
use crate::protocol::{Holder, LeaseState};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Between two status questions while the dome moves, and while it stands.
const MOVING: Duration = Duration::from_millis(100);
const STANDING: Duration = Duration::from_millis(200);
/// The same while the dome tells its status by itself, and how fresh the last one must be for that.
const TOLD: Duration = Duration::from_secs(1);
const STILL_TOLD: Duration = Duration::from_millis(500);
/// After a status that failed.
const TROUBLED: Duration = Duration::from_millis(500);
/// A reported pose older than this says nothing.
const REPORT_COUNTS: Duration = Duration::from_secs(2);
/// A frame this old is not one that was just taken: its cover is not computed anew.
const FRESH: Duration = Duration::from_millis(250);

/// The cameras somebody watches.
#[derive(Default)]
pub struct Domes {
    watched: Mutex<HashMap<CameraId, Weak<Watched>>>,
    others: Mutex<Vec<CameraId>>,
}

/// A camera while somebody watches or moves it.
pub struct Watched {
    /// As planned when somebody began to watch; limits and masks in force are in [`Watched::in_force`].
    pub plan: CameraPlan,
    policy: Arc<Policy>,
    uncertainty: Uncertainty,
    in_force: Mutex<Option<Arc<InForce>>>,
    /// `None` for a camera that does not move.
    tracker: Option<Mutex<PoseTracker>>,
    reported: Mutex<Option<(Instant, Pose)>>,
    clock: Mutex<CameraClock>,
    /// When the dome last said by itself where it looks.
    told: Mutex<Option<Instant>>,
    hurry: Notify,
    /// Of the views of it.
    pictures: Mutex<Vec<Arrivals>>,
    proof: Recorded,
    /// Numbers given to gestures, and the one that sent the last move.
    movers: AtomicU64,
    mover: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watched {
    fn new(plan: CameraPlan, policy: Arc<Policy>, uncertainty: Uncertainty, proof: Recorded) -> Self {
        let uncertainty = if is_on_this_machine(&plan) {
            uncertainty
        } else {
            Uncertainty::Kept
        };
        let moves = plan.kind == CameraKind::Dome;
        let tracker = moves.then(|| Mutex::new(PoseTracker::new(&plan)));
        Self {
            plan,
            policy,
            uncertainty,
            in_force: Mutex::default(),
            tracker,
            reported: Mutex::default(),
            clock: Mutex::default(),
            told: Mutex::default(),
            hurry: Notify::new(),
            pictures: Mutex::default(),
            proof,
            movers: AtomicU64::new(0),
            mover: AtomicU64::new(0),
        }
    }

    /// A view of it begins, whose pictures come into `slot`.
    pub fn on_view(&self, slot: &FrameSlot) {
        lock(&self.pictures).push(slot.arrivals());
    }

    /// Whether a picture of it came within `span` before `now`, in any view.
    pub fn is_seen(&self, now: Instant, span: Duration) -> bool {
        let mut pictures = lock(&self.pictures);
        pictures.retain(Arrivals::is_kept);
        let mut latest = pictures.iter().filter_map(Arrivals::latest);
        latest.any(|arrived| now.saturating_duration_since(arrived) < span)
    }

    /// Whether it is a dome.
    pub fn moves(&self) -> bool {
        self.tracker.is_some()
    }

    /// Proof that looking at this camera was recorded.
    pub fn proof(&self) -> &Recorded {
        &self.proof
    }

    /// Every pose it may have had when the frame drawn at `now` was taken.
    pub fn knowledge(&self, now: Instant) -> PoseKnowledge {
        match &self.tracker {
            Some(_) if self.uncertainty == Uncertainty::ForcedToZeroInTheSimulator => self.as_if_certain(),
            Some(tracker) => lock(tracker).knowledge(now),
            None => PoseKnowledge::Unknown(WholeReason::PoseNotKnown),
        }
    }

    /// For the leak test's counter-trial: the pose last reported, as if it were that of the frame.
    fn as_if_certain(&self) -> PoseKnowledge {
        let one = |v: f64| Interval { lo: v, hi: v };
        match self.reported_pose() {
            Some(pose) => PoseKnowledge::Within(PoseInterval {
                pan: one(pose.pan_deg),
                tilt: one(pose.tilt_deg),
                hfov: one(pose.hfov_deg),
            }),
            None => PoseKnowledge::Unknown(WholeReason::PoseNotKnown),
        }
    }

    /// Every pose it may have between `now` and `now + ahead` by the orders given so far.
    pub fn reach(&self, now: Instant, ahead: Duration) -> PoseKnowledge {
        match &self.tracker {
            Some(tracker) => lock(tracker).reach(now, ahead),
            None => PoseKnowledge::Unknown(WholeReason::PoseNotKnown),
        }
    }

    /// Where it may be now, and when every order given so far, each lasting no longer than `longest`, is over.
    pub fn ways(&self, longest: Duration) -> (PoseKnowledge, PoseKnowledge) {
        let now = Instant::now();
        let delay = Duration::from_secs_f64(self.plan.motion.command_delay_s.clamp(0.0, 10.0));
        let settled = match &self.tracker {
            Some(tracker) => lock(tracker).settled(now, delay + longest),
            None => PoseKnowledge::Unknown(WholeReason::PoseNotKnown),
        };
        (self.reach(now, Duration::ZERO), settled)
    }

    /// Where the dome last said it was, if that was a moment ago. For figures and targets, never for the cover.
    pub fn reported_pose(&self) -> Option<Pose> {
        lock(&self.reported)
            .filter(|(at, _)| at.elapsed() < REPORT_COUNTS)
            .map(|(_, pose)| pose)
    }

    /// Masks and limits in force at `now`: the newest plan, without what a declared event lifts.
    pub fn in_force(&self, now: Instant) -> Arc<InForce> {
        let mut kept = lock(&self.in_force);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.holds(&self.policy, now)) {
            return Arc::clone(kept);
        }
        let fresh = Arc::new(self.policy.in_force(&self.plan, now));
        *kept = Some(Arc::clone(&fresh));
        fresh
    }

    /// Takes down a command. Call it before the command is sent.
    pub fn on_command(&self, now: Instant, order: Order) {
        if let Some(tracker) = &self.tracker {
            lock(tracker).on_command(now, order);
        }
        self.hurry.notify_one();
    }

    /// A number for a new gesture.
    pub fn next_mover(&self) -> u64 {
        self.movers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// This gesture sends a move now.
    pub fn set_mover(&self, number: u64) {
        self.mover.store(number, Ordering::Release);
    }

    /// The gesture that sent the last move.
    pub fn mover(&self) -> u64 {
        self.mover.load(Ordering::Acquire)
    }

    /// Takes in a status answer.
    pub fn on_status(&self, status: &onvif::PtzStatus) {
        if let Some(utc_ms) = status.utc_ms {
            lock(&self.clock).on_asked(status.sent, status.received, utc_ms, self.quick());
        }
        self.take_status(status);
    }

    /// How long a question may take that tells how the camera's clock stands.
    fn quick(&self) -> Duration {
        Duration::from_secs_f64(self.plan.motion.status_delay_s.clamp(0.0, 10.0) / 2.0)
    }

    fn take_status(&self, status: &onvif::PtzStatus) {
        let Some(tracker) = &self.tracker else { return };
        let pose = self.pose_of(status);
        if let Some(pose) = pose {
            *lock(&self.reported) = Some((status.received, pose));
        }
        lock(tracker).on_status(status.sent, status.received, pose, moving(status));
    }

    /// Takes in a status that the dome sent by itself.
    pub fn on_sent_status(&self, status: onvif::metadata::SentStatus, arrived: Instant) {
        let Some(at) = lock(&self.clock).on_sent(arrived, status.utc_ms, self.quick()) else {
            return;
        };
        if status.position.is_some() {
            *lock(&self.told) = Some(at);
        }
        self.take_status(&onvif::PtzStatus {
            position: status.position,
            moving: status.moving,
            utc_ms: None,
            sent: at,
            received: at,
        });
    }

    /// Whether the dome tells its status by itself, in time: it need not be asked as often.
    fn tells_by_itself(&self) -> bool {
        lock(&self.told).is_some_and(|at| at.elapsed() < STILL_TOLD)
    }

    /// The pose of a status; `None` when it has no position.
    pub fn pose_of(&self, status: &onvif::PtzStatus) -> Option<Pose> {
        Some(self.plan.lens.as_ref()?.pose_at(status.position?))
    }

    fn on_restart(&self, now: Instant) {
        if let Some(tracker) = &self.tracker {
            lock(tracker).on_restart(now);
        }
    }

    fn on_other_holder(&self, now: Instant, holds: bool) {
        if let Some(tracker) = &self.tracker {
            lock(tracker).on_other_holder(now, holds);
        }
    }
}

/// Whether the camera is one of a simulator beside this program.
fn is_on_this_machine(plan: &CameraPlan) -> bool {
    let rest = plan.onvif.strip_prefix("http://127.0.0.1:");
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The domain's word for what a status says of the motors.
pub fn moving(status: &onvif::PtzStatus) -> MoveState {
    match status.moving {
        onvif::MoveState::Idle => MoveState::Idle,
        onvif::MoveState::Moving => MoveState::Moving,
        onvif::MoveState::Unknown => MoveState::Unknown,
    }
}

impl Domes {
    /// The camera, if somebody watches it.
    pub fn watched(&self, camera: &CameraId) -> Option<Arc<Watched>> {
        lock(&self.watched).get(camera)?.upgrade()
    }

    /// Tells each dome whether somebody else holds it.
    pub fn on_holds(&self, states: &[LeaseState], is_me: impl Fn(&Holder) -> bool, now: Instant) {
        let others: Vec<CameraId> = states
            .iter()
            .filter(|state| state.holder.as_ref().is_some_and(|holder| !is_me(holder)))
            .map(|state| state.camera.clone())
            .collect();
        for (camera, watched) in lock(&self.watched).iter() {
            if let Some(watched) = watched.upgrade() {
                watched.on_other_holder(now, others.contains(camera));
            }
        }
        *lock(&self.others) = others;
    }
}

impl Domes {
    /// The server does not say who holds what: anybody may be moving any dome.
    pub fn on_silence(&self, now: Instant) {
        for watched in lock(&self.watched).values().filter_map(Weak::upgrade) {
            watched.on_other_holder(now, true);
        }
    }
}

impl SessionInner {
    /// Watches a camera: shares what is known with everybody who does, and begins to ask a dome for its status.
    pub fn watch(self: &Arc<Self>, plan: &CameraPlan, proof: &Recorded) -> Arc<Watched> {
        let mut all = lock(&self.domes.watched);
        // One that was watched by another lens model or other bounds is followed anew.
        let same = |watched: &Arc<Watched>| watched.plan.lens == plan.lens && watched.plan.motion == plan.motion;
        if let Some(watched) = all.get(&plan.id).and_then(Weak::upgrade).filter(same) {
            return watched;
        }
        let watched = Arc::new(Watched::new(
            plan.clone(),
            Arc::clone(&self.policy),
            self.station.uncertainty,
            proof.clone(),
        ));
        all.insert(plan.id.clone(), Arc::downgrade(&watched));
        drop(all);
        if watched.moves() {
            watched.on_other_holder(Instant::now(), lock(&self.domes.others).contains(&plan.id));
            let runtime = &self.station.runtime;
            runtime.spawn(poll(Arc::downgrade(self), Arc::downgrade(&watched)));
            runtime.spawn(pushed_ptz_status::listen(
                Arc::downgrade(self),
                Arc::downgrade(&watched),
            ));
        }
        watched
    }
}

/// Asks for the status as long as somebody watches.
async fn poll(session: Weak<SessionInner>, watched: Weak<Watched>) {
    loop {
        let (Some(session), Some(dome)) = (session.upgrade(), watched.upgrade()) else {
            return;
        };
        if session.has_ended() {
            return;
        }
        let asked = Instant::now();
        let pause = match ask(&session, &dome).await {
            Ok(_) if dome.tells_by_itself() => TOLD,
            Ok(MoveState::Idle) => STANDING,
            Ok(MoveState::Moving | MoveState::Unknown) => MOVING,
            Err(refusal) => {
                tracing::debug!(camera = %dome.plan.id, %refusal, "no status");
                TROUBLED
            }
        };
        drop(session);
        let hurry = async {
            dome.hurry.notified().await;
        };
        let _ = tokio::time::timeout(pause.saturating_sub(asked.elapsed()), hurry).await;
    }
}

async fn ask(session: &SessionInner, dome: &Watched) -> Result<MoveState, Refusal> {
    let connection = session.connection(&dome.plan, &dome.proof).await?;
    let status = match connection.ptz().await?.status().await {
        Ok(status) => status,
        Err(error) => {
            if error.kind() == onvif::OnvifErrorKind::Unreachable {
                // It may be restarting, and come back looking elsewhere.
                dome.on_restart(Instant::now());
                session.cameras.forget(&dome.plan.id);
            }
            return Err(error.into());
        }
    };
    dome.on_status(&status);
    Ok(moving(&status))
}

/// The cover of one view's frames, and what of them may be enlarged.
#[derive(Default)]
pub struct FrameCover(Mutex<Option<CachedCover>>);

/// A cover that was computed.
#[derive(Clone)]
struct CachedCover {
    /// When its frame arrived, and when it was drawn.
    of: Instant,
    at: Instant,
    /// Masks and limits it was computed from.
    by: Arc<InForce>,
    /// Every pose the frame may have been taken at.
    pose: PoseKnowledge,
    cover: Arc<Cover>,
}

impl FrameCover {
    /// What must be covered on a frame that `arrived` then, surely `behind` by that much already, and is drawn at `now`.
    pub fn at(&self, dome: &Watched, arrived: Option<Instant>, behind: Duration, now: Instant) -> Arc<Cover> {
        self.of_frame(dome, arrived, behind, now).cover
    }

    /// What of a `wanted` digital zoom may be shown of a frame that `arrived` then, surely `behind` by that much already,
    /// and is drawn at `now`.
    pub fn digital_zoom(
        &self,
        dome: &Watched,
        arrived: Option<Instant>,
        behind: Duration,
        now: Instant,
        wanted: f64,
    ) -> AllowedZoom {
        let CachedCover { by, pose, .. } = self.of_frame(dome, arrived, behind, now);
        limits::digital_zoom(&by.plan, &pose, wanted)
    }

    fn of_frame(&self, dome: &Watched, arrived: Option<Instant>, behind: Duration, now: Instant) -> CachedCover {
        let arrived = arrived.unwrap_or(now);
        let by = dome.in_force(now);
        let mut last = lock(&self.0);
        if let Some(known) = last.as_ref()
            && known.of == arrived
            && Arc::ptr_eq(&known.by, &by)
            && (known.at == now || (!dome.moves() && !by.has_hours()) || now.saturating_duration_since(arrived) > FRESH)
        {
            return known.clone();
        }
        // Pictures that waited on their way are older than the bounds of the plan say: no pose is known for them.
        let late = behind.as_secs_f64() > dome.plan.motion.video_delay_s;
        let fresh = !dome.moves() || (!late && now.saturating_duration_since(arrived) <= FRESH);
        let pose = if fresh { dome.knowledge(now) } else { NOT_FRESH };
        let cover = Arc::new(by.cover(&pose, jiff::Timestamp::now()));
        let known = CachedCover {
            of: arrived,
            at: now,
            by,
            pose,
            cover,
        };
        *last = Some(known.clone());
        known
    }
}

/// A frame that was never drawn while it was fresh: nothing is known of the pose it was taken at.
const NOT_FRESH: PoseKnowledge = PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
