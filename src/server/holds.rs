//! Who holds which dome (R-PTZ-3): the domain's lease for each camera, and the event of each change.
//!
//! Invariant: a change of holder is durable in the log before it is told; a fence never falls, not even over a restart:
//! it begins at the number of events in the log, and each change of holder is an event.
//! Deliberately absent: asking and urgent takeover (the lease knows them, the protocol does not yet).

use crate::domain::audit::event::{Operation, Outcome as EventOutcome};
use crate::domain::camera::{CameraId, ControllerId};
use crate::domain::ptz::lease::{Input, Lease, Outcome};
use crate::protocol::{HoldState, Holder};
use crate::server::log::recorder::{Act, Recorder};
use crate::server::log::sequencer::Rejection;
use crate::server::people::sessions::SignedIn;
use crate::server::pulse::Pulse;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Every dome's lease.
pub struct Holds {
    leases: Mutex<HashMap<CameraId, Lease<Holder>>>,
    recorder: Recorder,
    idle: Duration,
    first_fence: u64,
    pulse: Pulse,
}

/// What the other workstations have to hear of a new holder.
const TOLD: Duration = Duration::from_millis(200);

/// What a person wants with a dome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Take,
    Release,
}

/// The person as others see them.
pub fn holder(who: &SignedIn) -> Holder {
    Holder {
        user: who.person.user.clone(),
        display_name: who.person.display_name.clone(),
        body: who.person.body.clone(),
        station: who.session.station.clone(),
    }
}

impl Holds {
    /// Nobody holds anything. `first_fence` is at least as large as any fence given out before.
    pub fn new(recorder: Recorder, idle: Duration, first_fence: u64, pulse: Pulse) -> Self {
        Self {
            leases: Mutex::default(),
            recorder,
            idle,
            first_fence,
            pulse,
        }
    }

    /// Applies a wish. The state says who holds the dome now: not necessarily who asked.
    ///
    /// # Errors
    /// [`Rejection`]: the change could not be recorded, so it did not happen.
    pub async fn apply(
        &self,
        log: &ControllerId,
        camera: &CameraId,
        who: &SignedIn,
        wish: Wish,
        now: Instant,
    ) -> Result<HoldState, Rejection> {
        let mut leases = self.leases.lock().await;
        let present = leases.get(camera).cloned();
        let mut lease = present.unwrap_or_else(|| Lease::new(self.idle, self.first_fence));
        let me = holder(who);
        let input = match wish {
            Wish::Take => Input::Take(me),
            Wish::Release => Input::Release(me),
        };
        let before = lease.holder(now).cloned();
        for outcome in lease.handle(input, now) {
            self.record(log, camera, who, &outcome).await?;
        }
        let state = state(camera, &lease, now);
        leases.insert(camera.clone(), lease);
        drop(leases);
        if state.holder != before {
            self.pulse.beat();
            if state.holder.is_some() {
                // Every other workstation hears of the new holder before they can send a first command: its cover must
                // not count on a dome that stands.
                tokio::time::sleep(TOLD).await;
            }
        }
        Ok(state)
    }

    /// Gives back everything a person holds, when their session ends.
    ///
    /// # Errors
    /// [`Rejection`]: what could not be recorded is kept until it runs out.
    pub async fn release_all(
        &self,
        who: &SignedIn,
        log_of: impl Fn(&CameraId) -> Option<ControllerId>,
        now: Instant,
    ) -> Result<(), Rejection> {
        let me = holder(who);
        let held: Vec<CameraId> = {
            let leases = self.leases.lock().await;
            leases
                .iter()
                .filter(|(_, lease)| lease.holder(now) == Some(&me))
                .map(|(camera, _)| camera.clone())
                .collect()
        };
        for camera in held {
            if let Some(log) = log_of(&camera) {
                self.apply(&log, &camera, who, Wish::Release, now).await?;
            }
        }
        Ok(())
    }

    /// Every dome somebody holds now.
    pub async fn all(&self, now: Instant) -> Vec<HoldState> {
        let leases = self.leases.lock().await;
        leases
            .iter()
            .map(|(camera, lease)| state(camera, lease, now))
            .filter(|state| state.holder.is_some())
            .collect()
    }

    async fn record(
        &self,
        log: &ControllerId,
        camera: &CameraId,
        who: &SignedIn,
        outcome: &Outcome<Holder>,
    ) -> Result<(), Rejection> {
        let (word, result, other, fence) = match outcome {
            Outcome::Taken { fence, .. } => ("taken", EventOutcome::Done, None, Some(*fence)),
            Outcome::Released { .. } => ("released", EventOutcome::Done, None, None),
            Outcome::Expired { by } => ("expired", EventOutcome::Done, Some(by), None),
            Outcome::Refused { held_by } => ("held_by_other", EventOutcome::Refused, Some(held_by), None),
            Outcome::Asked { holder, .. } => ("asked", EventOutcome::Done, Some(holder), None),
            Outcome::Declined { by } => ("declined", EventOutcome::Refused, Some(by), None),
            Outcome::HandedOver { to, fence, .. } => ("handed_over", EventOutcome::Done, Some(to), Some(*fence)),
            Outcome::TakenOver { from, fence, .. } => ("taken_over", EventOutcome::Done, Some(from), Some(*fence)),
            Outcome::Renewed { .. } | Outcome::Nothing => return Ok(()),
        };
        let mut act = Act {
            person: Some(&who.person),
            session: &who.session.session,
            at: Some(&who.session.station),
            camera: Some(camera),
            purpose: Some(who.session.purpose),
            ..Act::default()
        }
        .with("hold", word);
        if let Some(other) = other {
            act = act
                .with("other", other.user.as_str())
                .with("other_station", other.station.as_str());
        }
        if let Some(fence) = fence {
            act = act.with("fence", fence);
        }
        self.recorder.record(log, Operation::DomeHold, result, act).await
    }
}

fn state(camera: &CameraId, lease: &Lease<Holder>, now: Instant) -> HoldState {
    let holder = lease.holder(now).cloned();
    let remaining = if holder.is_some() {
        lease.remaining(now)
    } else {
        Duration::ZERO
    };
    HoldState {
        camera: camera.clone(),
        holder,
        fence: lease.fence(),
        remaining_ms: u64::try_from(remaining.as_millis()).unwrap_or(u64::MAX),
    }
}
