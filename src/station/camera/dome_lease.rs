//! The lease of a dome (R-PTZ-3): taken before the first command, renewed while it is kept, released a while after the last gesture
//! or when it is to pass to somebody else; and who has which lease and watches what, as the server says.
//!
//! Invariant: no command is sent but under a claim that still admits it: not after the server said that a later lease
//! began, not after this one ran out here, whatever became of the server. A dome stands still here before its release is
//! sent. Deliberately absent: the rules of a lease (`domain::ptz::lease`).

use super::link::CameraLink;
use crate::domain::camera::{CameraId, StationId};
use crate::domain::ptz::lease::Asking;
use crate::domain::ptz::lease::held_lease::Claim;
use crate::domain::ptz::lease::upkeep::{Due, Upkeep};
use crate::domain::ptz::unattended::{LeaseSeen, Unattended};
use crate::domain::refusal::RefusalKind;
use crate::domain::site::{ReturnHome, SitePlan};
use crate::protocol::{Holder, LeaseRequest, LeaseState, Watching};
use crate::station::refusal::Refusal;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long a gesture is given to bring its dome to rest before the dome is let go of.
const LET_GO: Duration = Duration::from_secs(1);

/// The lease of a dome, as the server last said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedDome {
    pub camera: CameraId,
    pub holder: Holder,
    pub fence: u64,
    /// Who asked for it, in order.
    pub asking: Vec<Asking<Holder>>,
    /// Who is taking it over.
    pub passes_to: Option<Holder>,
}

/// The leases of a session: the domes it steers, and what the server says of all others.
pub struct DomeLeases {
    link: CameraLink,
    own: OwnHolder,
    seen: watch::Sender<Vec<LeasedDome>>,
    watching: watch::Sender<Vec<Watching>>,
    mine: Mutex<HashMap<CameraId, Arc<Mine>>>,
    /// The domes that somebody steered here.
    unattended: Mutex<HashMap<CameraId, Unattended>>,
    /// One request to take at a time: an answer that came late must not bring an old lease back.
    taking: tokio::sync::Mutex<()>,
}

/// The person and the workstation of the session, by which it knows its own leases.
pub struct OwnHolder {
    pub user: String,
    pub station: StationId,
}

/// Whether a lease of this session still stands.
#[derive(Debug, Clone)]
enum LeaseStatus {
    Ours,
    /// The lease passes to somebody: the dome is brought to rest and nothing else.
    LettingGo(Refusal),
    /// Nothing is sent any more.
    Lost(Refusal),
}

/// A dome whose lease this session has.
struct Mine {
    camera: CameraId,
    claim: Mutex<Claim>,
    users: watch::Sender<usize>,
    standing: watch::Sender<LeaseStatus>,
}

impl Mine {
    fn claim(&self) -> Claim {
        *self.claim.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn renew(&self, renewed: Claim) {
        self.claim.lock().unwrap_or_else(PoisonError::into_inner).renew(renewed);
    }

    fn is_ours(&self) -> bool {
        matches!(*self.standing.borrow(), LeaseStatus::Ours) && self.claim().admits(Instant::now())
    }

    fn lose(&self, why: Refusal) {
        self.standing.send_replace(LeaseStatus::Lost(why));
    }
}

/// One user of a lease: as long as it lives the lease is renewed, unless the server gives the dome to somebody else.
pub struct LeaseGuard {
    mine: Arc<Mine>,
    done: AtomicBool,
}

impl LeaseGuard {
    fn new(mine: Arc<Mine>) -> Self {
        mine.users.send_modify(|users| *users += 1);
        Self {
            mine,
            done: AtomicBool::new(false),
        }
    }

    /// The fencing number of the lease.
    pub fn fence(&self) -> u64 {
        self.mine.claim().fence()
    }

    /// Whether the dome may be moved under the lease now.
    ///
    /// # Errors
    /// [`RefusalKind::LeasedByOther`] when it passes or passed to somebody else, [`Refusal::LeaseEnded`] when it ran out.
    pub fn check(&self) -> Result<(), Refusal> {
        match &*self.mine.standing.borrow() {
            LeaseStatus::LettingGo(why) | LeaseStatus::Lost(why) => Err(why.clone()),
            LeaseStatus::Ours if self.mine.claim().admits(Instant::now()) => Ok(()),
            LeaseStatus::Ours => Err(Refusal::LeaseEnded),
        }
    }

    /// Whether a Stop may still be sent: nobody else moves the dome yet.
    pub fn may_stop(&self) -> bool {
        !matches!(*self.mine.standing.borrow(), LeaseStatus::Lost(_)) && self.mine.claim().admits(Instant::now())
    }

    /// Takes down that nothing is sent under the lease any more.
    pub fn done(&self) {
        if !self.done.swap(true, Ordering::AcqRel) {
            self.mine.users.send_modify(|users| *users = users.saturating_sub(1));
        }
    }
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        self.done();
    }
}

fn replace<T: PartialEq>(sender: &watch::Sender<T>, now: T) {
    sender.send_if_modified(|old| {
        let changed = *old != now;
        if changed {
            *old = now;
        }
        changed
    });
}

impl DomeLeases {
    /// Takes up the leases as the server sends them. Returns those of this session that must pass, and to whom.
    fn update(&self, states: &[LeaseState]) -> Vec<(Arc<Mine>, Holder)> {
        let leased = |state: &LeaseState| {
            Some(LeasedDome {
                camera: state.camera.clone(),
                holder: state.holder.clone()?,
                fence: state.fence,
                asking: state.asking.clone(),
                passes_to: state.passes_to.clone(),
            })
        };
        let now: Vec<LeasedDome> = states.iter().filter_map(leased).collect();
        let mut passing = Vec::new();
        for leased in &now {
            let Some(mine) = self.lock().get(&leased.camera).cloned() else {
                continue;
            };
            let claim = mine.claim();
            if claim.is_before(leased.fence) {
                let other = (!self.is_own(&leased.holder))
                    .then(|| Refusal::Kind(RefusalKind::LeasedByOther(leased.holder.clone())));
                mine.lose(other.unwrap_or(Refusal::LeaseEnded));
            } else if let Some(to) = leased.passes_to.clone().filter(|_| claim.fence() == leased.fence) {
                passing.push((mine, to));
            }
        }
        replace(&self.seen, now);
        passing
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CameraId, Arc<Mine>>> {
        self.mine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the lease of a dome while it stands.
    fn join(&self, camera: &CameraId) -> Option<LeaseGuard> {
        let mine = Arc::clone(self.lock().get(camera)?);
        mine.is_ours().then(|| LeaseGuard::new(mine))
    }

    /// Forgets a lease, unless another took its place.
    fn forget(&self, mine: &Arc<Mine>) {
        let mut all = self.lock();
        if all.get(&mine.camera).is_some_and(|known| Arc::ptr_eq(known, mine)) {
            all.remove(&mine.camera);
        }
    }
}

impl DomeLeases {
    /// No lease yet; `own` tells this session's leases from others.
    pub fn new(link: CameraLink, own: OwnHolder) -> Self {
        Self {
            link,
            own,
            seen: watch::Sender::new(Vec::new()),
            watching: watch::Sender::new(Vec::new()),
            mine: Mutex::default(),
            unattended: Mutex::default(),
            taking: tokio::sync::Mutex::default(),
        }
    }

    /// Takes down that a person steers a dome here.
    pub fn steered(&self, camera: &CameraId) {
        let mut unattended = self.unattended.lock().unwrap_or_else(PoisonError::into_inner);
        unattended.entry(camera.clone()).or_default().on_steered(Instant::now());
    }

    /// The domes that are to go back now because nobody steers them any more, by the leases as the server last said; each once.
    pub fn to_return(&self, plan: &SitePlan, now: Instant) -> Vec<CameraId> {
        let leased = self.seen.borrow();
        let seen = |camera: &CameraId| match leased.iter().find(|leased| leased.camera == *camera) {
            None => LeaseSeen::Nobody,
            Some(leased) if self.is_own(&leased.holder) => LeaseSeen::Ours,
            Some(_) => LeaseSeen::Others,
        };
        let mut unattended = self.unattended.lock().unwrap_or_else(PoisonError::into_inner);
        let due = unattended.iter_mut().filter_map(|(camera, dome)| {
            let home = plan.camera(camera).and_then(|planned| planned.return_home.as_ref());
            dome.on_lease(seen(camera), home.map(ReturnHome::after), now)
                .then(|| camera.clone())
        });
        due.collect()
    }

    /// Whether a holder is this person at this workstation.
    pub fn is_own(&self, holder: &Holder) -> bool {
        holder.user == self.own.user && holder.station == self.own.station
    }

    /// Every lease, and who asks for it, as the server last said.
    pub fn seen(&self) -> watch::Receiver<Vec<LeasedDome>> {
        self.seen.subscribe()
    }

    /// Who watches what, as the server last said.
    pub fn watching(&self) -> watch::Receiver<Vec<Watching>> {
        self.watching.subscribe()
    }

    /// Takes up who has which lease and who watches what; releases what is to pass to somebody else.
    pub fn hear(self: &Arc<Self>, states: &[LeaseState], watching: Vec<Watching>) {
        replace(&self.watching, watching);
        for (mine, to) in self.update(states) {
            let leases = Arc::clone(self);
            let release = async move {
                leases
                    .release(&mine, Refusal::Kind(RefusalKind::LeasedByOther(to)))
                    .await
            };
            self.link.runtime.spawn(release);
        }
    }

    /// Takes the lease of a dome, or joins the one that still stands. Not cancel-safe: a lease that was granted
    /// meanwhile is not released, it ends by itself.
    ///
    /// # Errors
    /// [`RefusalKind::LeasedByOther`]; [`Refusal::NoLeaseWithoutServer`] when the server is away, because nobody can know then who
    /// else takes it; or what else the server refuses with.
    pub async fn take(self: &Arc<Self>, camera: &CameraId) -> Result<LeaseGuard, Refusal> {
        let _one = self.taking.lock().await;
        if let Some(guard) = self.join(camera) {
            return Ok(guard);
        }
        let asked = Instant::now();
        let state = match self.request(camera, &LeaseRequest::Take).await {
            Ok(state) => state,
            Err(refusal) if refusal.is_without_server() => {
                self.link.contact.away();
                return Err(Refusal::NoLeaseWithoutServer);
            }
            Err(refusal) => return Err(refusal),
        };
        let remaining = Duration::from_millis(state.remaining_ms);
        let mine = Arc::new(Mine {
            camera: camera.clone(),
            claim: Mutex::new(Claim::new(state.fence, asked, remaining)),
            users: watch::Sender::new(0),
            standing: watch::Sender::new(LeaseStatus::Ours),
        });
        let guard = LeaseGuard::new(Arc::clone(&mine));
        let before = self.lock().insert(camera.clone(), Arc::clone(&mine));
        if let Some(before) = before {
            before.lose(Refusal::LeaseEnded);
        }
        self.link.runtime.spawn(maintain(Arc::downgrade(self), mine));
        Ok(guard)
    }

    /// Sends a request about the lease of a dome to the server.
    ///
    /// # Errors
    /// [`Refusal::ServerAway`], or what the server refuses with.
    pub async fn request(&self, camera: &CameraId, what: &LeaseRequest) -> Result<LeaseState, Refusal> {
        Ok(self.link.server.lease(&self.link.token, camera, what).await?)
    }

    async fn renew(&self, mine: &Arc<Mine>) {
        let asked = Instant::now();
        let fence = mine.claim().fence();
        match self.request(&mine.camera, &LeaseRequest::Renew { fence }).await {
            Ok(state) => {
                let remaining = Duration::from_millis(state.remaining_ms);
                mine.renew(Claim::new(state.fence, asked, remaining));
            }
            Err(Refusal::Kind(RefusalKind::LeasedByOther(to))) => {
                self.release(mine, Refusal::Kind(RefusalKind::LeasedByOther(to))).await
            }
            // The lease stands until it ends by itself.
            Err(refusal) if refusal.is_without_server() => {}
            Err(_) => mine.lose(Refusal::LeaseEnded),
        }
    }

    /// Brings the dome to rest, then releases the lease: it passes to who waits for it.
    async fn release(&self, mine: &Arc<Mine>, why: Refusal) {
        if !self.stand_back(mine, why).await {
            return;
        }
        let fence = mine.claim().fence();
        if let Err(refusal) = self.request(&mine.camera, &LeaseRequest::Release { fence }).await {
            tracing::info!(%refusal, camera = %mine.camera, "the lease was not released; it ends by itself");
        }
    }

    /// Ends every motion under this lease and waits (bounded) for its users; `false` when that was begun already.
    async fn stand_back(&self, mine: &Arc<Mine>, why: Refusal) -> bool {
        let first = mine.standing.send_if_modified(|standing| {
            let ours = matches!(standing, LeaseStatus::Ours);
            if ours {
                *standing = LeaseStatus::LettingGo(why.clone());
            }
            ours
        });
        if first {
            let mut users = mine.users.subscribe();
            let _ = tokio::time::timeout(LET_GO, users.wait_for(|users| *users == 0)).await;
            mine.lose(why);
            self.forget(mine);
        }
        first
    }

    /// Ends every motion of a dome here, for it to pass to `to`, and returns the fencing number of its lease.
    ///
    /// # Errors
    /// [`Refusal::LeaseEnded`]: this session has no lease of the dome.
    pub async fn stand_back_for(&self, camera: &CameraId, to: &Holder) -> Result<u64, Refusal> {
        let mine = self.lock().get(camera).cloned();
        if let Some(mine) = mine {
            self.stand_back(&mine, Refusal::Kind(RefusalKind::LeasedByOther(to.clone())))
                .await;
            return Ok(mine.claim().fence());
        }
        let seen = self.seen.borrow();
        let leased = seen
            .iter()
            .find(|leased| leased.camera == *camera && self.is_own(&leased.holder));
        leased.map(|leased| leased.fence).ok_or(Refusal::LeaseEnded)
    }
}

/// Renews a lease while it is kept; releases it when nobody steered for a while.
async fn maintain(weak: Weak<DomeLeases>, mine: Arc<Mine>) {
    let mut users = mine.users.subscribe();
    let mut upkeep = Upkeep::new(Instant::now(), *users.borrow_and_update() > 0);
    loop {
        let Some(leases) = weak.upgrade() else { return };
        if leases.link.ended.has_come() || !mine.is_ours() {
            // The server ends the leases of a session with it.
            leases.forget(&mine);
            return;
        }
        drop(leases);
        let (at, due) = upkeep.next();
        tokio::select! {
            _ = users.changed() => upkeep.on_use(Instant::now(), *users.borrow_and_update() > 0),
            () = tokio::time::sleep_until(at.into()) => {
                let Some(leases) = weak.upgrade() else { return };
                match due {
                    Due::Renewal => {
                        upkeep.on_renewal(Instant::now());
                        leases.renew(&mine).await;
                    }
                    Due::LettingGo => return leases.release(&mine, Refusal::LeaseEnded).await,
                }
            }
        }
    }
}
