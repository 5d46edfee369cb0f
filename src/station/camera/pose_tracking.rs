//! The cameras that are watched in a session, and the poll of a dome's status as long as somebody watches it.
//!
//! Invariant: a dome is polled only beside a view or a gesture that was recorded, and no longer than the session lasts.
//! Deliberately absent: what follows from a status (`watched`), statuses that a dome pushes (`pushed_ptz_status`).

use super::connection::Connections;
use super::plan_in_force::Policy;
use super::watched::Watched;
use super::{orientation_check, pushed_ptz_status};
use crate::domain::camera::CameraId;
use crate::domain::ptz::status_pace::StatusPace;
use crate::domain::site::CameraPlan;
use crate::onvif::OnvifErrorKind;
use crate::protocol::{Holder, LeaseState};
use crate::station::machine::pose_source::PoseSource;
use crate::station::record::outbox::Recorded;
use crate::station::refusal::Refusal;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// The cameras somebody watches in a session.
pub struct WatchedCameras {
    connections: Arc<Connections>,
    policy: Arc<Policy>,
    pose_source: Arc<dyn PoseSource>,
    runtime: Handle,
    watched: Mutex<HashMap<CameraId, Weak<Watched>>>,
    /// Cameras whose lease another workstation has.
    others: Mutex<Vec<CameraId>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl WatchedCameras {
    /// No camera is watched. `policy`: the plan in force; `pose_source`: the pose that covers are
    /// computed for.
    pub fn new(
        connections: Arc<Connections>,
        policy: Arc<Policy>,
        pose_source: Arc<dyn PoseSource>,
        runtime: Handle,
    ) -> Self {
        Self {
            connections,
            policy,
            pose_source,
            runtime,
            watched: Mutex::default(),
            others: Mutex::default(),
        }
    }

    /// The camera, if somebody watches it.
    pub fn watched(&self, camera: &CameraId) -> Option<Arc<Watched>> {
        lock(&self.watched).get(camera)?.upgrade()
    }

    /// Takes down for each dome whether another workstation has its lease. `is_own`: whether a holder is this session.
    pub fn on_leases(&self, states: &[LeaseState], is_own: impl Fn(&Holder) -> bool, now: Instant) {
        let others: Vec<CameraId> = states
            .iter()
            .filter(|state| state.holder.as_ref().is_some_and(|holder| !is_own(holder)))
            .map(|state| state.camera.clone())
            .collect();
        for (camera, watched) in lock(&self.watched).iter() {
            if let Some(watched) = watched.upgrade() {
                watched.on_other_holder(now, others.contains(camera));
            }
        }
        *lock(&self.others) = others;
    }

    /// Takes down that the server does not say who has which lease: anybody may be moving any dome.
    pub fn on_silence(&self, now: Instant) {
        for watched in lock(&self.watched).values().filter_map(Weak::upgrade) {
            watched.on_other_holder(now, true);
        }
    }

    /// Watches a camera: shares what is known of it among its views and gestures, and begins to poll a dome's status. It
    /// goes on as long as somebody keeps the result.
    pub fn watch(&self, plan: &CameraPlan, proof: &Recorded) -> Arc<Watched> {
        let mut all = lock(&self.watched);
        // One that was watched by another lens model or other bounds is followed anew.
        let same = |watched: &Arc<Watched>| watched.plan.is_followed_like(plan);
        if let Some(watched) = all.get(&plan.id).and_then(Weak::upgrade).filter(same) {
            return watched;
        }
        let watched = Arc::new(Watched::new(
            plan.clone(),
            Arc::clone(&self.policy),
            Arc::clone(&self.pose_source),
            proof.clone(),
        ));
        all.insert(plan.id.clone(), Arc::downgrade(&watched));
        drop(all);
        if plan.orientation.is_some() || !plan.masks.is_empty() {
            let (connections, camera) = (Arc::downgrade(&self.connections), Arc::downgrade(&watched));
            self.runtime.spawn(orientation_check::follow(connections, camera));
        }
        if watched.moves() {
            watched.on_other_holder(Instant::now(), lock(&self.others).contains(&plan.id));
            let (connections, dome) = (Arc::downgrade(&self.connections), Arc::downgrade(&watched));
            self.runtime.spawn(poll(connections.clone(), dome.clone()));
            self.runtime.spawn(pushed_ptz_status::listen(connections, dome));
        }
        watched
    }
}

/// Polls a dome's status as long as somebody watches it and the session lasts.
async fn poll(connections: Weak<Connections>, watched: Weak<Watched>) {
    let mut pace = StatusPace::default();
    loop {
        let (Some(connections), Some(dome)) = (connections.upgrade(), watched.upgrade()) else {
            return;
        };
        if connections.has_ended() {
            return;
        }
        let asked = Instant::now();
        let pause = match ask(&connections, &dome).await {
            Ok(took) => pace.answered(took, dome.activity()),
            Err(refusal) => {
                tracing::debug!(camera = %dome.plan.id, %refusal, "no status");
                pace.failed()
            }
        };
        drop(connections);
        let _ = tokio::time::timeout(pause.saturating_sub(asked.elapsed()), dome.commanded()).await;
    }
}

/// Asks for the status; how long the dome took to answer.
async fn ask(connections: &Connections, dome: &Watched) -> Result<Duration, Refusal> {
    let connection = connections.connection(&dome.plan, dome.proof()).await?;
    orientation_check::at_connection(&connection, dome).await?;
    let status = match connection.ptz().await?.status().await {
        Ok(status) => status,
        Err(error) => {
            if error.kind() == OnvifErrorKind::Unreachable {
                // It may be restarting, and come back looking elsewhere.
                dome.on_restart(Instant::now());
                connections.forget(&dome.plan.id);
            }
            return Err(error.into());
        }
    };
    dome.on_status(&status);
    Ok(status.received.saturating_duration_since(status.sent))
}
