//! The plan in force as it changes while somebody is signed in, declared events, and the school calendar.
//!
//! Invariant: while the server is known to have a newer plan than this workstation, everything is covered; a plan that
//! is not signed or older never takes the place of the present one; a declared event ends here at its time also when
//! nobody says so.
//! Deliberately absent: the rules (`domain::privacy`), drawing.

use crate::domain::camera::CameraId;
use crate::domain::privacy::declared_event::{Change, Declaration, relieved};
use crate::domain::privacy::{Cover, PoseKnowledge, PreparedMasks, WholeReason};
use crate::domain::ptz::limits;
use crate::domain::site::{CameraPlan, Mask, SitePlan};
use crate::protocol::{DeclaredState, Holder, MaskProposal, Pictures, PolicyState, ProposedMask, Verdict};
use crate::station::refusal::Refusal;
use crate::station::session::signed_in::{Session, SessionInner};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The zone the municipalities live in.
pub(in crate::station) const ZONE: &str = "Europe/Rome";
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

/// What is in force in a session.
pub struct Policy {
    state: Mutex<State>,
    /// Every declared event, for the screens.
    declared: watch::Sender<Vec<DeclaredEvent>>,
}

struct State {
    plan: Arc<SitePlan>,
    /// The newest version the server spoke of.
    heard: u64,
    declared: Vec<DeclaredEvent>,
    /// Masks that are being drawn here: covered beside those in force.
    drafts: Vec<(CameraId, Mask)>,
    /// Grows with every change.
    generation: u64,
}

/// Masks and limits of one camera, as long as nothing changes.
pub struct InForce {
    /// The camera's plan without what declared events lift: what the gate is given.
    pub plan: CameraPlan,
    masks: PreparedMasks,
    /// Without a current plan nothing is shown.
    current: bool,
    generation: u64,
    /// A declared event ends then.
    until: Option<Instant>,
}

impl InForce {
    /// Whether it is still so.
    pub fn holds(&self, policy: &Policy, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until) && self.generation == policy.lock().generation
    }

    /// Whether the cover depends on the time of day.
    pub fn has_hours(&self) -> bool {
        self.plan.school.is_some()
    }

    /// What must be covered when the pose is known like this: the one function for screen and snapshot.
    pub fn cover(&self, knowledge: &PoseKnowledge, clock: Timestamp) -> Cover {
        if !self.current {
            return Cover::Whole(WholeReason::PlanNotCurrent);
        }
        if !school_is_out(&self.plan, clock) {
            return Cover::Whole(WholeReason::SchoolHours);
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
    /// With the plan of the sign-in.
    pub fn new(plan: Arc<SitePlan>) -> Self {
        Self {
            state: Mutex::new(State {
                heard: plan.version,
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

    /// The newest plan that was verified here, unless the server is known to have a newer one.
    pub fn current_plan(&self) -> Option<Arc<SitePlan>> {
        let state = self.lock();
        (state.heard <= state.plan.version).then(|| Arc::clone(&state.plan))
    }

    /// Masks and limits in force for a camera that is watched since it was planned like `watched`.
    pub fn in_force(&self, watched: &CameraPlan, now: Instant) -> InForce {
        let state = self.lock();
        let planned = state.plan.camera(&watched.id);
        // A dome whose geometry changed is followed with the old one: it is watched anew after the next opening.
        let same = planned.is_some_and(|planned| planned.lens == watched.lens && planned.motion == watched.motion);
        let events = || {
            state
                .declared
                .iter()
                .filter(|event| event.camera == watched.id && event.ends > now)
        };
        let mut plan = relieved(
            planned.unwrap_or(watched),
            events().map(|event| &event.declaration.change),
        );
        let drafts = state.drafts.iter().filter(|(camera, _)| *camera == watched.id);
        plan.masks.extend(drafts.map(|(_, mask)| mask.clone()));
        InForce {
            masks: PreparedMasks::new(&plan),
            plan,
            current: same && state.heard <= state.plan.version,
            generation: state.generation,
            until: events().map(|event| event.ends).min(),
        }
    }

    /// Takes up what the server says; `true` when its plan is newer than the one here.
    pub(in crate::station) fn hear(&self, told: PolicyState, now: Instant) -> bool {
        let mut state = self.lock();
        let changes = |events: &[DeclaredEvent]| -> Vec<u64> { events.iter().map(|event| event.id).collect() };
        let declared: Vec<DeclaredEvent> = told.declared.into_iter().map(|told| event(told, now)).collect();
        if changes(&declared) != changes(&state.declared) || told.plan_version > state.heard {
            state.generation += 1;
        }
        state.heard = state.heard.max(told.plan_version);
        state.declared.clone_from(&declared);
        let behind = state.heard > state.plan.version;
        drop(state);
        self.declared.send_replace(declared);
        behind
    }

    /// Takes up a plan that was verified. One that is older than what was heard of changes nothing.
    pub(in crate::station) fn take(&self, plan: SitePlan) {
        let mut state = self.lock();
        if plan.version > state.plan.version {
            state.plan = Arc::new(plan);
            state.generation += 1;
        }
    }

    fn draft(&self, camera: &CameraId, mask: Option<Mask>) {
        let mut state = self.lock();
        state.drafts.retain(|(drawn, _)| drawn != camera);
        state.drafts.extend(mask.map(|mask| (camera.clone(), mask)));
        state.generation += 1;
    }

    /// Whether a school camera's calendar lets these pictures be seen.
    ///
    /// # Errors
    /// [`Refusal::SchoolHours`].
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
                    crate::domain::privacy::calendar::SchoolState::Open { .. } => Ok(()),
                    crate::domain::privacy::calendar::SchoolState::Closed { until } => {
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

fn event(told: DeclaredState, now: Instant) -> DeclaredEvent {
    DeclaredEvent {
        id: told.id,
        camera: told.camera,
        declaration: told.declaration,
        by: told.by,
        // A number no clock can hold is over at once.
        ends: now.checked_add(Duration::from_millis(told.remaining_ms)).unwrap_or(now),
    }
}

impl SessionInner {
    /// Takes up what is in force and who holds what; fetches the plan when there is a newer one.
    pub async fn hear(self: &Arc<Self>, mut told: PolicyState) {
        let now = Instant::now();
        self.hear_of_session(told.now_ms, told.knock.clone());
        self.hear_holds(&told.holds, std::mem::take(&mut told.watching));
        self.clearances.hear(std::mem::take(&mut told.clearances));
        self.domes.on_holds(&told.holds, |holder| self.is_me(holder), now);
        if !self.policy.hear(told, now) {
            return;
        }
        let signed = match self.station.server.plan(&self.facts.token).await {
            Ok(signed) => signed,
            Err(error) => {
                tracing::warn!(%error, "the newer plan could not be fetched: everything stays covered");
                return;
            }
        };
        // Anything but a genuine, newer plan leaves everything covered; the reason is in the log.
        if let Ok(plan) = self.station.genuine_plan(&signed) {
            match self.station.keep_plan_version(plan.version).await {
                Ok(()) => self.policy.take(plan),
                Err(error) => tracing::error!(%error, "the newer plan could not be kept"),
            }
        }
    }

    /// Waits until the school of a camera opens, so that its pictures close; for ever for any other camera.
    pub async fn until_school_opens(&self, camera: &CameraPlan) -> Refusal {
        loop {
            let plan = self.camera(&camera.id).unwrap_or_else(|_| camera.clone());
            if let Err(refusal) = self.policy.school_lets(&plan, Pictures::Live) {
                return refusal;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Session {
    /// The declared events in force, as they come and go.
    pub fn declared(&self) -> watch::Receiver<Vec<DeclaredEvent>> {
        self.0.policy.declared.subscribe()
    }

    /// Declares an event: the server records it, holds its time and tells every workstation.
    ///
    /// # Errors
    /// Why not.
    pub async fn declare(&self, camera: &CameraId, what: Declaration) -> Result<DeclaredEvent, Refusal> {
        let told = self
            .0
            .station
            .server
            .declare(&self.0.facts.token, camera, &what)
            .await?;
        Ok(event(told, Instant::now()))
    }

    /// Ends a declared event before its time.
    ///
    /// # Errors
    /// It is over already, or the server refuses.
    pub async fn end_declared(&self, id: u64) -> Result<(), Refusal> {
        Ok(self.0.station.server.end_declared(&self.0.facts.token, id).await?)
    }

    /// Covers a mask that is being drawn, here only and beside those in force; `None` ends it.
    pub fn draft_mask(&self, camera: &CameraId, mask: Option<Mask>) {
        self.0.policy.draft(camera, mask);
    }

    /// Proposes a change of a camera's masks; it waits for a supervisor.
    ///
    /// # Errors
    /// It makes no sense, or the server refuses.
    pub async fn propose_mask(&self, camera: &CameraId, proposal: MaskProposal) -> Result<ProposedMask, Refusal> {
        let server = &self.0.station.server;
        Ok(server.propose_mask(&self.0.facts.token, camera, &proposal).await?)
    }

    /// What waits for a supervisor.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn proposals(&self) -> Result<Vec<ProposedMask>, Refusal> {
        Ok(self.0.station.server.proposals(&self.0.facts.token).await?)
    }

    /// A supervisor's verdict on a proposed mask.
    ///
    /// # Errors
    /// It is not theirs to say, or the server refuses.
    pub async fn decide_proposal(&self, id: u64, verdict: Verdict) -> Result<(), Refusal> {
        let server = &self.0.station.server;
        Ok(server.decide_proposal(&self.0.facts.token, id, verdict).await?)
    }
}
