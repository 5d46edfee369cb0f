//! Who holds which dome (R-PTZ-3): the domain's lease for each camera, kept in the store, and the event of each change.
//!
//! Invariant: a change of holder is durable in the log before it is kept and told; one turn at a time changes a lease,
//! whatever server process it is in; a fence never falls, not even over a restart: what was kept goes on, and what was
//! never kept begins at the number of events in the log. Deliberately absent: grants (the caller asks `domain::people::decide`).

use crate::domain::audit::details::live::{DomeHold, HoldStep};
use crate::domain::audit::event::Outcome as EventOutcome;
use crate::domain::camera::{CameraId, ControllerId};
use crate::domain::ptz::lease::{Input, Lease, Outcome, may_take_over};
use crate::protocol::{Holder, LeaseState, RefusalKind};
use crate::server::change_notifier::ChangeNotifier;
use crate::server::log::recorder::{Act, Recorder};
use crate::server::log::sequencer::Rejection;
use crate::server::now::now_ms;
use crate::server::people::sessions::SignedIn;
use crate::server::step_error::Trouble;
use crate::server::store::{Store, StoreError};
use std::sync::Weak;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// What the other workstations have to hear of a new holder.
const TOLD: Duration = Duration::from_millis(200);
/// How often leases are looked at whose time may be over.
const TICK: Duration = Duration::from_millis(500);

/// Every dome's lease.
pub struct DomeLeases {
    store: Store,
    recorder: Recorder,
    idle: Duration,
    first_fence: u64,
    changes: ChangeNotifier,
    clock: Clock,
    /// One turn at a time in this process.
    turn: Mutex<()>,
}

/// Unix time that never jumps while the process lives.
struct Clock {
    started: Instant,
    started_ms: i64,
}

impl Clock {
    fn now_ms(&self) -> i64 {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.started_ms.saturating_add(elapsed)
    }
}

/// The person as others see them.
pub fn holder(who: &SignedIn) -> Holder {
    Holder {
        user: who.person.user.clone(),
        display_name: who.person.display_name.clone(),
        agency: who.person.agency.clone(),
        station: who.session.station.clone(),
    }
}

impl DomeLeases {
    /// As they were kept. `first_fence` is at least as large as any fence given out for a dome that is not kept.
    pub fn new(store: Store, recorder: Recorder, idle: Duration, first_fence: u64, changes: ChangeNotifier) -> Self {
        Self {
            store,
            recorder,
            idle,
            first_fence,
            changes,
            clock: Clock {
                started: Instant::now(),
                started_ms: now_ms(),
            },
            turn: Mutex::default(),
        }
    }

    fn read(&self, kept: Option<&str>) -> Result<Lease<Holder>, StoreError> {
        match kept {
            Some(kept) => serde_json::from_str::<Lease<Holder>>(kept)
                .map(|lease| lease.lasting(self.idle))
                .map_err(|error| StoreError::Corrupt(error.to_string())),
            None => Ok(Lease::new(self.idle, self.first_fence)),
        }
    }

    /// Applies what somebody wants. The state says who holds the dome now.
    ///
    /// # Errors
    /// [`Trouble`]: what could not be recorded or kept did not happen.
    pub async fn apply(
        &self,
        log: &ControllerId,
        camera: &CameraId,
        who: &SignedIn,
        input: Input<Holder>,
    ) -> Result<LeaseState, Trouble> {
        if let Input::TakeOver(_) = input {
            self.check_level(log, camera, who).await?;
        }
        let answers = matches!(
            input,
            Input::Renew { .. } | Input::HandOver { .. } | Input::Decline { .. }
        );
        let (outcomes, state) = self.handle(log, camera, Some(who), input).await?;
        match outcomes.last() {
            Some(Outcome::Refused { held_by }) => return Err(RefusalKind::LeasedByOther(held_by.clone()).into()),
            Some(Outcome::Expired { .. }) | None if answers => return Err(RefusalKind::NotFound.into()),
            Some(Outcome::Taken { .. }) => {
                // Every other workstation hears of the new holder before they can send a first command: its cover must
                // not count on a dome that stands.
                tokio::time::sleep(TOLD).await;
            }
            _ => {}
        }
        Ok(state)
    }

    /// Levels of accounts do not change while somebody is being taken over from, so this need not be in the turn; the
    /// holder it was asked of may be another by then, and then nothing is lost but time.
    async fn check_level(&self, log: &ControllerId, camera: &CameraId, who: &SignedIn) -> Result<(), Trouble> {
        let leases = self.all().await?;
        let leased = leases.into_iter().find(|state| state.camera == *camera);
        let Some(from) = leased
            .and_then(|state| state.holder)
            .filter(|from| *from != holder(who))
        else {
            return Ok(());
        };
        let level = self.store.person(&from.user).await?.map(|row| row.person.level);
        if level.is_none_or(|level| may_take_over(who.person.level, level)) {
            return Ok(());
        }
        let hold = DomeHold {
            hold: Some(HoldStep::TakeOver),
            other: Some(from.user.clone()),
            ..DomeHold::default()
        };
        let act = act(Some(who), camera, &from);
        self.recorder.record(log, hold, EventOutcome::Refused, act).await?;
        Err(RefusalKind::LevelTooLow.into())
    }

    /// One turn: what follows is recorded, then kept, then told.
    async fn handle(
        &self,
        log: &ControllerId,
        camera: &CameraId,
        who: Option<&SignedIn>,
        input: Input<Holder>,
    ) -> Result<(Vec<Outcome<Holder>>, LeaseState), Trouble> {
        let _alone = self.turn.lock().await;
        let turn = self.store.turn(camera, self.clock.now_ms()).await?;
        let now_ms = turn.now_ms;
        let before = self.read(turn.kept.as_deref())?;
        let mut lease = before.clone();
        let outcomes = lease.handle(input, now_ms);
        for outcome in &outcomes {
            self.record(log, camera, who, outcome).await?;
        }
        let state = state(camera, &lease, now_ms);
        if lease != before {
            let kept = serde_json::to_string(&lease).map_err(|error| StoreError::Corrupt(error.to_string()))?;
            turn.keep(&kept).await?;
        }
        if outcomes
            .iter()
            .any(|outcome| !matches!(outcome, Outcome::Renewed { .. }))
        {
            self.changes.beat();
        }
        Ok((outcomes, state))
    }

    /// Gives back everything a person holds, when their session ends.
    ///
    /// # Errors
    /// [`Trouble`]: what could not be recorded is kept until it runs out.
    pub async fn release_all(
        &self,
        who: &SignedIn,
        log_of: impl Fn(&CameraId) -> Option<ControllerId>,
    ) -> Result<(), Trouble> {
        let me = holder(who);
        for leased in self.all().await? {
            let Some(log) = log_of(&leased.camera).filter(|_| leased.holder.as_ref() == Some(&me)) else {
                continue;
            };
            let release = Input::Release {
                by: me.clone(),
                fence: leased.fence,
            };
            self.handle(&log, &leased.camera, Some(who), release).await?;
        }
        Ok(())
    }

    /// Every dome somebody holds now.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn all(&self) -> Result<Vec<LeaseState>, StoreError> {
        let leases = self.store.leases(self.clock.now_ms()).await?;
        let mut all = Vec::new();
        for (camera, kept) in &leases.kept {
            let lease = self.read(Some(kept))?;
            all.push(state(camera, &lease, leases.now_ms));
        }
        all.retain(|state| state.holder.is_some());
        Ok(all)
    }

    /// Ends in time what nobody renews, as long as the server lives: whoever takes it over must not wait for a request.
    pub async fn end_in_time(leases: Weak<Self>, log_of: impl Fn(&CameraId) -> Option<ControllerId>) {
        loop {
            let Some(me) = leases.upgrade() else { return };
            if let Err(error) = me.end_over(&log_of).await {
                tracing::error!(?error, "the end of a lease could not be recorded");
            }
            drop(me);
            tokio::time::sleep(TICK).await;
        }
    }

    async fn end_over(&self, log_of: impl Fn(&CameraId) -> Option<ControllerId>) -> Result<(), Trouble> {
        let leases = self.store.leases(self.clock.now_ms()).await?;
        for (camera, kept) in &leases.kept {
            let overdue = self.read(Some(kept))?.is_overdue(leases.now_ms);
            if let Some(log) = log_of(camera).filter(|_| overdue) {
                self.handle(&log, camera, None, Input::Tick).await?;
            }
        }
        Ok(())
    }

    async fn record(
        &self,
        log: &ControllerId,
        camera: &CameraId,
        who: Option<&SignedIn>,
        outcome: &Outcome<Holder>,
    ) -> Result<(), Rejection> {
        use EventOutcome::{Done, Refused};
        let (step, result, by, other, fence, reason) = match outcome {
            Outcome::Taken { by, fence } => (HoldStep::Taken, Done, Some(by), None, Some(*fence), None),
            Outcome::Released { by } => (HoldStep::Released, Done, Some(by), None, None, None),
            Outcome::Expired { by } => (HoldStep::Expired, Done, None, Some(by), None, None),
            Outcome::Refused { held_by } => (HoldStep::HeldByOther, Refused, None, Some(held_by), None, None),
            Outcome::Asked { holder, by, reason } => {
                (HoldStep::Asked, Done, Some(by), Some(holder), None, Some(reason))
            }
            Outcome::Declined { by, asked } => (HoldStep::Declined, Refused, Some(by), Some(asked), None, None),
            Outcome::HandedOver { from, to, fence } => {
                (HoldStep::HandedOver, Done, Some(from), Some(to), Some(*fence), None)
            }
            Outcome::TakeOverBegun { from, to, reason } => {
                (HoldStep::TakeOver, Done, Some(to), Some(from), None, Some(reason))
            }
            Outcome::TakenOver { from, to, fence } => {
                (HoldStep::TakenOver, Done, Some(to), Some(from), Some(*fence), None)
            }
            Outcome::Renewed { .. } | Outcome::Nothing => return Ok(()),
        };
        let about = by.or(other);
        let Some(about) = about else { return Ok(()) };
        let hold = DomeHold {
            hold: Some(step),
            other: other.map(|other| other.user.clone()),
            other_station: other.map(|other| other.station.clone()),
            fence,
            reason: reason.map(|reason| reason.as_str().to_owned()),
        };
        let act = act(who, camera, about);
        self.recorder.record(log, hold, result, act).await
    }
}

/// An act of the person who made something happen; of nobody, about its holder, when only time did.
fn act<'a>(who: Option<&'a SignedIn>, camera: &'a CameraId, about: &'a Holder) -> Act<'a> {
    Act {
        person: who.map(|who| &who.person),
        typed_user: &about.user,
        session: who.map_or("", |who| who.session.session.as_str()),
        at: Some(who.map_or(&about.station, |who| &who.session.station)),
        camera: Some(camera),
        purpose: who.map(|who| who.session.purpose),
        protocol_no: who.map_or("", |who| who.session.protocol_no.as_str()),
        ..Act::default()
    }
}

fn state(camera: &CameraId, lease: &Lease<Holder>, now_ms: i64) -> LeaseState {
    LeaseState {
        camera: camera.clone(),
        holder: lease.holder(now_ms).cloned(),
        fence: lease.fence(),
        remaining_ms: u64::try_from(lease.remaining(now_ms).as_millis()).unwrap_or(u64::MAX),
        asking: lease.asking(now_ms).to_vec(),
        passes_to: lease.passes_to(now_ms).cloned(),
    }
}
