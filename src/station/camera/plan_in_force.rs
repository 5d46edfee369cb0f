//! The plan in force as it changes while somebody is signed in, declared events, and the school calendar.
//!
//! Invariant: while the server is known to have a newer plan than this workstation, everything is covered; a camera of which
//! only a newer program knows what must not be seen is covered and not opened; a plan that is not signed or older never takes the
//! place of the present one; a declared event ends here at its time also when
//! nobody says so.
//! Deliberately absent: the rules (`domain::privacy`), drawing.

use crate::domain::camera::CameraId;
use crate::domain::people::Rule;
use crate::domain::privacy::declared_event::{Change, Declaration, relieved};
use crate::domain::privacy::school_calendar::SchoolState;
use crate::domain::privacy::{Cover, PoseKnowledge, PreparedMasks, WholeReason};
use crate::domain::ptz::limits;
use crate::domain::refusal::RefusalKind;
use crate::domain::site::{CameraPlan, Mask, SitePlan};
use crate::domain::version::critical::UpdateNeeded;
use crate::protocol::{DeclaredState, Holder, Pictures, PolicyState};
use crate::station::refusal::Refusal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The zone the municipalities live in.
pub const ZONE: &str = "Europe/Rome";
/// How often an open view looks at its calendar.
const LOOK: Duration = Duration::from_secs(1);

/// A declared event in force.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredEvent {
    pub id: u64,
    pub camera: CameraId,
    pub declaration: Declaration,
    pub by: Holder,
    pub ends: Instant,
}

impl DeclaredEvent {
    /// The event as the server describes it at `now`. A remaining time that no clock can hold is over at once.
    pub fn new(state: DeclaredState, now: Instant) -> Self {
        let remaining = Duration::from_millis(state.remaining_ms);
        Self {
            id: state.id,
            camera: state.camera,
            declaration: state.declaration,
            by: state.by,
            ends: now.checked_add(remaining).unwrap_or(now),
        }
    }
}

/// The plan in force in a session, with the events declared and the masks being drawn.
pub struct Policy {
    state: Mutex<State>,
    /// Every declared event, for the screens.
    declared: watch::Sender<Vec<DeclaredEvent>>,
}

struct State {
    plan: Arc<SitePlan>,
    /// The newest version the server spoke of.
    heard: u64,
    /// The newest plan is here, and for a newer program than this one.
    beyond: Option<UpdateNeeded>,
    declared: Vec<DeclaredEvent>,
    /// Masks that are being drawn here: covered beside those in force.
    drafts: Vec<(CameraId, Mask)>,
    /// Grows with every change.
    generation: u64,
}

impl State {
    /// Why the plan that is here cannot be gone by; `None`: it is the newest that was heard of.
    fn behind(&self) -> Option<WholeReason> {
        match (self.heard <= self.plan.version, &self.beyond) {
            (true, _) => None,
            (false, Some(_)) => Some(WholeReason::UpdateNeeded),
            (false, None) => Some(WholeReason::PlanNotCurrent),
        }
    }
}

/// Masks and limits of one camera, as long as nothing changes.
pub struct InForce {
    /// The camera's plan without what declared events lift: what the gate is given.
    pub plan: CameraPlan,
    masks: PreparedMasks,
    /// Why nothing is shown whatever the pose is: the plan is not current, or for a newer program.
    unknown: Option<WholeReason>,
    generation: u64,
    /// A declared event ends then.
    until: Option<Instant>,
}

impl InForce {
    /// Whether nothing changed since: neither the plan, nor a declared event that ended before `now`.
    pub fn is_current(&self, policy: &Policy, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until) && self.generation == policy.lock().generation
    }

    /// Whether the cover depends on the time of day.
    pub fn has_hours(&self) -> bool {
        self.plan.school.is_some()
    }

    /// Whether the masks lie where the dome is followed: the plan is the newest heard of and has its geometry.
    pub fn is_followed(&self) -> bool {
        self.unknown.is_none()
    }

    /// Whether anything of a mask may be in view when the pose is known like this; cheap, and too often rather than too
    /// seldom.
    pub fn has_masks_near(&self, knowledge: &PoseKnowledge) -> bool {
        match knowledge {
            PoseKnowledge::Within(poses) => self.masks.may_come_into_view(poses),
            PoseKnowledge::Unknown(_) => self.plan.hides_anything(),
        }
    }

    /// What must be covered of a picture that lies otherwise than planned, for whoever calibrates the dome anew: all of it, unless
    /// nothing that is hidden may lie within `reach` (radians) of the axis of the lens, which the motors say.
    pub fn cover_about_axis(&self, motors: &PoseKnowledge, reach: f64, clock: Timestamp) -> Cover {
        match motors {
            PoseKnowledge::Within(poses) if !self.masks.may_lie_within(reach, poses) => self.cover(motors, clock),
            PoseKnowledge::Within(_) | PoseKnowledge::Unknown(_) => Cover::Whole(WholeReason::OrientationChanged),
        }
    }

    /// What must be covered when the pose is known like this: the one function for screen and snapshot.
    pub fn cover(&self, knowledge: &PoseKnowledge, clock: Timestamp) -> Cover {
        if let Some(reason) = self.unknown {
            return Cover::Whole(reason);
        }
        if !school_is_out(&self.plan, clock) {
            return Cover::Whole(WholeReason::SchoolHours);
        }
        // A camera that does not move has no pose that masks depend on, but they lie wrong in a picture that was turned.
        let turned = *knowledge == PoseKnowledge::Unknown(WholeReason::OrientationChanged);
        if turned && self.plan.hides_anything() {
            return Cover::Whole(WholeReason::OrientationChanged);
        }
        if limits::beyond_ceiling(&self.plan, knowledge).is_some() {
            return Cover::Whole(WholeReason::BeyondCeiling);
        }
        self.masks.cover(knowledge)
    }
}

/// Whether a camera's calendar lets its live pictures be seen at this moment.
fn school_is_out(camera: &CameraPlan, clock: Timestamp) -> bool {
    match &camera.school {
        Some(calendar) => TimeZone::get(ZONE).is_ok_and(|zone| calendar.is_open(clock, &zone)),
        None => true,
    }
}

impl Policy {
    /// The plan of the sign-in, with nothing declared.
    pub fn new(plan: Arc<SitePlan>) -> Self {
        Self {
            state: Mutex::new(State {
                heard: plan.version,
                beyond: None,
                plan,
                declared: Vec::new(),
                drafts: Vec::new(),
                generation: 0,
            }),
            declared: watch::Sender::new(Vec::new()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest plan that was verified here.
    pub fn plan(&self) -> Arc<SitePlan> {
        Arc::clone(&self.lock().plan)
    }

    /// The declared events in force, as they come and go.
    pub fn declared(&self) -> watch::Receiver<Vec<DeclaredEvent>> {
        self.declared.subscribe()
    }

    /// A camera of the newest plan that was verified here.
    ///
    /// # Errors
    /// [`Rule::NoGrant`]: the plan does not have it, so nothing is granted on it; [`Refusal::UpdateNeeded`]: the newest plan, or
    /// what it says of the camera, is for a newer program.
    pub fn camera(&self, id: &CameraId) -> Result<CameraPlan, Refusal> {
        let state = self.lock();
        let camera = state.plan.camera(id);
        let camera = camera.ok_or(Refusal::Kind(RefusalKind::Rule(Rule::NoGrant)))?;
        match state.beyond.clone().or_else(|| camera.update_needed()) {
            Some(update) => Err(Refusal::UpdateNeeded(update)),
            None => Ok(camera.clone()),
        }
    }

    /// Waits until the school of a camera opens, so that its pictures close; for ever for any other camera.
    pub async fn until_school_opens(&self, camera: &CameraPlan) -> Refusal {
        loop {
            let plan = self.camera(&camera.id).unwrap_or_else(|_| camera.clone());
            if let Err(refusal) = self.school_lets(&plan, Pictures::Live) {
                return refusal;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The newest plan that was verified here, unless the server is known to have a newer one.
    ///
    /// # Errors
    /// Why everything is covered: the newer plan is not here yet, or for a newer program.
    pub fn current_plan(&self) -> Result<Arc<SitePlan>, WholeReason> {
        let state = self.lock();
        match state.behind() {
            None => Ok(Arc::clone(&state.plan)),
            Some(reason) => Err(reason),
        }
    }

    /// Masks and limits in force for a camera that is watched since it was planned like `watched`.
    pub fn in_force(&self, watched: &CameraPlan, now: Instant) -> InForce {
        let state = self.lock();
        let planned = state.plan.camera(&watched.id);
        // A dome whose geometry changed is followed with the old one: it is watched anew after the next opening.
        let same = planned.is_some_and(|planned| planned.is_followed_like(watched));
        let events = || {
            state
                .declared
                .iter()
                .filter(|event| event.camera == watched.id && event.ends > now)
        };
        let unknown = if planned.is_some_and(|planned| planned.update_needed().is_some()) {
            Some(WholeReason::UpdateNeeded)
        } else {
            state.behind().or((!same).then_some(WholeReason::PlanNotCurrent))
        };
        // What is not read whole bounds nothing: the limits it was opened under stay.
        let known = planned.filter(|planned| planned.update_needed().is_none());
        let mut plan = relieved(
            known.unwrap_or(watched),
            events().map(|event| &event.declaration.change),
        );
        let drafts = state.drafts.iter().filter(|(camera, _)| *camera == watched.id);
        plan.masks.extend(drafts.map(|(_, mask)| mask.clone()));
        InForce {
            masks: PreparedMasks::new(&plan),
            plan,
            unknown,
            generation: state.generation,
            until: events().map(|event| event.ends).min(),
        }
    }

    /// Takes up the state in force as the server sends it; `true` when its plan is newer than the one here.
    pub fn hear(&self, server: PolicyState, now: Instant) -> bool {
        let mut state = self.lock();
        let changes = |events: &[DeclaredEvent]| -> Vec<u64> { events.iter().map(|event| event.id).collect() };
        let declared: Vec<DeclaredEvent> = server
            .declared
            .into_iter()
            .map(|state| DeclaredEvent::new(state, now))
            .collect();
        if changes(&declared) != changes(&state.declared) || server.plan_version > state.heard {
            state.generation += 1;
        }
        state.heard = state.heard.max(server.plan_version);
        state.declared.clone_from(&declared);
        let behind = state.heard > state.plan.version;
        drop(state);
        self.declared.send_replace(declared);
        behind
    }

    /// The newest plan is here and genuine, and only a newer program can use it: everything stays covered, and nothing is opened.
    pub fn cannot_take(&self, update: UpdateNeeded) {
        let mut state = self.lock();
        if state.beyond.as_ref() != Some(&update) {
            state.beyond = Some(update);
            state.generation += 1;
        }
    }

    /// Takes up a plan that was verified. One that is older than what was heard of changes nothing.
    pub fn take(&self, plan: SitePlan) {
        let mut state = self.lock();
        if plan.version > state.plan.version {
            state.plan = Arc::new(plan);
            state.beyond = None;
            state.generation += 1;
        }
    }

    /// Covers a mask that is being drawn, beside those in force; `None` ends it.
    pub fn draft(&self, camera: &CameraId, mask: Option<Mask>) {
        let mut state = self.lock();
        state.drafts.retain(|(drawn, _)| drawn != camera);
        state.drafts.extend(mask.map(|mask| (camera.clone(), mask)));
        state.generation += 1;
    }

    /// Whether a school camera's calendar lets these pictures be seen.
    ///
    /// # Errors
    /// [`Refusal::SchoolHours`]: the school is open, or the recorded range touches its hours.
    pub fn school_lets(&self, camera: &CameraPlan, pictures: Pictures) -> Result<(), Refusal> {
        let opened = self.lock().declared.iter().any(|event| {
            event.camera == camera.id && event.declaration.change == Change::School && event.ends > Instant::now()
        });
        let Some(calendar) = camera.school.as_ref().filter(|_| !opened) else {
            return Ok(());
        };
        let zone = TimeZone::get(ZONE).map_err(|_| Refusal::SchoolHours { until: None })?;
        let moment = |ms| Timestamp::from_millisecond(ms).map_err(|_| Refusal::SchoolHours { until: None });
        match pictures {
            Pictures::Live => {
                let now = Timestamp::now();
                match calendar.state(now, &zone) {
                    SchoolState::Open { .. } => Ok(()),
                    SchoolState::Closed { until } => {
                        let wait = until.map(|until| until.duration_since(now).unsigned_abs());
                        let until = wait.and_then(|wait| Instant::now().checked_add(wait));
                        Err(Refusal::SchoolHours { until })
                    }
                }
            }
            Pictures::Playback { from_ms, to_ms } | Pictures::Export { from_ms, to_ms } => {
                if calendar.is_open_throughout(moment(from_ms)?, moment(to_ms)?, &zone) {
                    Ok(())
                } else {
                    Err(Refusal::SchoolHours { until: None })
                }
            }
        }
    }
}
