//! Who holds which dome, and the hold of this workstation: taken before the first command, renewed while somebody steers,
//! given back a while after (R-PTZ-3).
//!
//! Invariant: no gesture goes on once the server says that somebody else holds the dome.
//! Deliberately absent: the rules of holding (the server's, `domain::ptz::lease`), asking and handing over.

use super::refusal::Refusal;
use super::session::SessionInner;
use crate::domain::camera::CameraId;
use crate::protocol::{HoldRequest, HoldState, Holder};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::watch;

/// How long a dome stays ours after the last gesture.
const IDLE: Duration = Duration::from_secs(8);
/// Between two renewals.
const RENEW: Duration = Duration::from_secs(2);

/// The holds of a session.
pub struct Holds {
    seen: watch::Sender<Vec<(CameraId, Holder)>>,
    mine: Mutex<HashMap<CameraId, Arc<Mine>>>,
}

impl Default for Holds {
    fn default() -> Self {
        Self {
            seen: watch::Sender::new(Vec::new()),
            mine: Mutex::default(),
        }
    }
}

/// A dome this workstation holds.
struct Mine {
    camera: CameraId,
    users: watch::Sender<usize>,
    lost: watch::Sender<Option<Holder>>,
}

/// As long as it lives the dome stays ours, unless the server gives it to somebody else.
pub struct HoldGuard(Arc<Mine>);

impl HoldGuard {
    fn new(mine: Arc<Mine>) -> Self {
        mine.users.send_modify(|users| *users += 1);
        Self(mine)
    }

    /// Whether it is still ours.
    ///
    /// # Errors
    /// Who holds it now.
    pub fn check(&self) -> Result<(), Refusal> {
        match &*self.0.lost.borrow() {
            Some(holder) => Err(Refusal::HeldByOther(holder.clone())),
            None => Ok(()),
        }
    }
}

impl Drop for HoldGuard {
    fn drop(&mut self) {
        self.0.users.send_modify(|users| *users = users.saturating_sub(1));
    }
}

impl Holds {
    /// Who holds which dome, as the server last said.
    pub fn seen(&self) -> watch::Receiver<Vec<(CameraId, Holder)>> {
        self.seen.subscribe()
    }

    /// Takes up what the server says.
    pub fn update(&self, states: &[HoldState]) {
        let now: Vec<(CameraId, Holder)> = states
            .iter()
            .filter_map(|state| Some((state.camera.clone(), state.holder.clone()?)))
            .collect();
        self.seen.send_if_modified(|old| {
            let changed = *old != now;
            if changed {
                *old = now;
            }
            changed
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CameraId, Arc<Mine>>> {
        self.mine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self, camera: &CameraId) -> Option<HoldGuard> {
        let mine = Arc::clone(self.lock().get(camera)?);
        let kept = mine.lost.borrow().is_none();
        kept.then(|| HoldGuard::new(mine))
    }
}

impl SessionInner {
    /// Takes the dome, or joins the hold that is still ours. `None`: the server is away, and within its grace a dome
    /// may be moved without.
    ///
    /// # Errors
    /// Somebody else holds it, or the server refuses.
    pub async fn take_hold(self: &Arc<Self>, camera: &CameraId) -> Result<Option<HoldGuard>, Refusal> {
        if let Some(guard) = self.holds.held(camera) {
            return Ok(Some(guard));
        }
        let state = match self
            .station
            .server
            .hold(&self.facts.token, camera, &HoldRequest::Take)
            .await
        {
            Ok(state) => state,
            Err(error) if error.is_away() => {
                self.station.contact.away();
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(other) = state.holder.filter(|holder| !self.is_me(holder)) {
            return Err(Refusal::HeldByOther(other));
        }
        let mine = Arc::new(Mine {
            camera: camera.clone(),
            users: watch::Sender::new(0),
            lost: watch::Sender::new(None),
        });
        let guard = HoldGuard::new(Arc::clone(&mine));
        self.holds.lock().insert(camera.clone(), Arc::clone(&mine));
        self.station.runtime.spawn(keep(Arc::downgrade(self), mine));
        Ok(Some(guard))
    }

    async fn renew(&self, mine: &Mine) {
        match self
            .station
            .server
            .hold(&self.facts.token, &mine.camera, &HoldRequest::Take)
            .await
        {
            Ok(HoldState {
                holder: Some(other), ..
            }) if !self.is_me(&other) => {
                mine.lost.send_replace(Some(other));
            }
            Ok(_) => {}
            Err(error) => {
                if let Refusal::HeldByOther(holder) = Refusal::from(error) {
                    mine.lost.send_replace(Some(holder));
                }
            }
        }
    }
}

/// Renews while somebody steers; gives back when nobody did for a while.
async fn keep(session: Weak<SessionInner>, mine: Arc<Mine>) {
    let mut users = mine.users.subscribe();
    loop {
        let Some(inner) = session.upgrade() else { return };
        if inner.has_ended() {
            // The server ends the holds of a session with it.
            inner.holds.lock().remove(&mine.camera);
            return;
        }
        let used = *users.borrow_and_update() > 0;
        if mine.lost.borrow().is_some() {
            inner.holds.lock().remove(&mine.camera);
            return;
        }
        drop(inner);
        let changed = if used {
            tokio::time::timeout(RENEW, users.wait_for(|users| *users == 0))
                .await
                .is_ok()
        } else {
            tokio::time::timeout(IDLE, users.wait_for(|users| *users > 0))
                .await
                .is_ok()
        };
        let Some(inner) = session.upgrade() else { return };
        if used && !changed {
            inner.renew(&mine).await;
        } else if !used && !changed {
            inner.holds.lock().remove(&mine.camera);
            let released = inner
                .station
                .server
                .hold(&inner.facts.token, &mine.camera, &HoldRequest::Release)
                .await;
            if let Err(error) = released {
                tracing::info!(%error, camera = %mine.camera, "the dome was not given back; the hold ends by itself");
            }
            return;
        }
    }
}
