//! Who holds which dome and who watches what, and the hold of this workstation: taken before the first command, renewed
//! while somebody steers, given back a while after, let go of when it is to pass to somebody else (R-PTZ-3).
//!
//! Invariant: no command is sent but under a claim that still admits it: not after the server said that a later hold
//! began, not after this one ran out here, whatever became of the server. Whoever lets go of a dome does not move it any
//! more when they say so. Deliberately absent: the rules of holding (`domain::ptz::lease`).

use super::refusal::Refusal;
use super::session::{Session, SessionInner};
use crate::domain::camera::CameraId;
use crate::domain::ptz::lease::Asking;
use crate::domain::ptz::lease::claim::Claim;
use crate::domain::reason::Reason;
use crate::domain::refusal::RefusalKind;
use crate::protocol::{Holder, LeaseRequest, LeaseState, Watching};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long a dome stays ours after the last gesture.
const IDLE: Duration = Duration::from_secs(8);
/// Between two renewals.
const RENEW: Duration = Duration::from_secs(2);
/// How long a gesture is given to bring its dome to rest before the dome is let go of.
const LET_GO: Duration = Duration::from_secs(1);

/// A dome that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub camera: CameraId,
    pub holder: Holder,
    pub fence: u64,
    /// Who asked for it, in order.
    pub asking: Vec<Asking<Holder>>,
    /// Who is taking it over.
    pub passes_to: Option<Holder>,
}

/// The holds of a session.
pub struct DomeLeases {
    seen: watch::Sender<Vec<Held>>,
    watching: watch::Sender<Vec<Watching>>,
    mine: Mutex<HashMap<CameraId, Arc<Mine>>>,
    /// One question to take at a time: an answer that came late must not bring an old hold back.
    taking: tokio::sync::Mutex<()>,
}

impl Default for DomeLeases {
    fn default() -> Self {
        Self {
            seen: watch::Sender::new(Vec::new()),
            watching: watch::Sender::new(Vec::new()),
            mine: Mutex::default(),
            taking: tokio::sync::Mutex::default(),
        }
    }
}

/// Whether a dome this workstation held is still ours.
#[derive(Debug, Clone)]
enum LeaseStatus {
    Ours,
    /// It passes to somebody: it is brought to rest and nothing else.
    LettingGo(Refusal),
    /// Nothing is sent any more.
    Lost(Refusal),
}

/// A dome this workstation holds.
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

/// As long as it lives the dome stays ours, unless the server gives it to somebody else.
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

    /// The number under which it is held.
    pub fn fence(&self) -> u64 {
        self.mine.claim().fence()
    }

    /// Whether the dome may be moved under it now.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), Refusal> {
        match &*self.mine.standing.borrow() {
            LeaseStatus::LettingGo(why) | LeaseStatus::Lost(why) => Err(why.clone()),
            LeaseStatus::Ours if self.mine.claim().admits(Instant::now()) => Ok(()),
            LeaseStatus::Ours => Err(Refusal::HoldEnded),
        }
    }

    /// Whether the dome may still be told to stand: nobody else moves it yet.
    pub fn may_stop(&self) -> bool {
        !matches!(*self.mine.standing.borrow(), LeaseStatus::Lost(_)) && self.mine.claim().admits(Instant::now())
    }

    /// Nothing is sent under it any more.
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
    /// Takes up what the server says. Gives back what must be let go of, and to whom.
    fn update(&self, states: &[LeaseState], is_me: impl Fn(&Holder) -> bool) -> Vec<(Arc<Mine>, Holder)> {
        let held = |state: &LeaseState| {
            Some(Held {
                camera: state.camera.clone(),
                holder: state.holder.clone()?,
                fence: state.fence,
                asking: state.asking.clone(),
                passes_to: state.passes_to.clone(),
            })
        };
        let now: Vec<Held> = states.iter().filter_map(held).collect();
        let mut passing = Vec::new();
        for held in &now {
            let Some(mine) = self.lock().get(&held.camera).cloned() else {
                continue;
            };
            let claim = mine.claim();
            if claim.is_before(held.fence) {
                let other =
                    (!is_me(&held.holder)).then(|| Refusal::Kind(RefusalKind::HeldByOther(held.holder.clone())));
                mine.lose(other.unwrap_or(Refusal::HoldEnded));
            } else if let Some(to) = held.passes_to.clone().filter(|_| claim.fence() == held.fence) {
                passing.push((mine, to));
            }
        }
        replace(&self.seen, now);
        passing
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CameraId, Arc<Mine>>> {
        self.mine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self, camera: &CameraId) -> Option<LeaseGuard> {
        let mine = Arc::clone(self.lock().get(camera)?);
        mine.is_ours().then(|| LeaseGuard::new(mine))
    }

    /// Forgets a hold, unless another took its place.
    fn forget(&self, mine: &Arc<Mine>) {
        let mut all = self.lock();
        if all.get(&mine.camera).is_some_and(|known| Arc::ptr_eq(known, mine)) {
            all.remove(&mine.camera);
        }
    }
}

impl SessionInner {
    /// Takes up who holds what and who watches what.
    pub fn hear_holds(self: &Arc<Self>, states: &[LeaseState], watching: Vec<Watching>) {
        replace(&self.holds.watching, watching);
        for (mine, to) in self.holds.update(states, |holder| self.is_me(holder)) {
            let session = Arc::clone(self);
            let let_go = async move {
                session
                    .give_back(&mine, Refusal::Kind(RefusalKind::HeldByOther(to)))
                    .await
            };
            self.station.runtime.spawn(let_go);
        }
    }

    /// Takes the dome, or joins the hold that is still ours.
    ///
    /// # Errors
    /// Somebody else holds it, the server refuses, or it is away: then nobody can know that they do not hold it too.
    pub async fn take_hold(self: &Arc<Self>, camera: &CameraId) -> Result<LeaseGuard, Refusal> {
        let _one = self.holds.taking.lock().await;
        if let Some(guard) = self.holds.held(camera) {
            return Ok(guard);
        }
        let asked = Instant::now();
        let state = match self.hold(camera, &LeaseRequest::Take).await {
            Ok(state) => state,
            Err(refusal) if refusal.is_without_server() => {
                self.station.contact.away();
                return Err(Refusal::NoHoldWithoutServer);
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
        let before = self.holds.lock().insert(camera.clone(), Arc::clone(&mine));
        if let Some(before) = before {
            before.lose(Refusal::HoldEnded);
        }
        self.station.runtime.spawn(keep(Arc::downgrade(self), mine));
        Ok(guard)
    }

    async fn hold(&self, camera: &CameraId, what: &LeaseRequest) -> Result<LeaseState, Refusal> {
        Ok(self.station.server.hold(&self.facts.token, camera, what).await?)
    }

    async fn renew(&self, mine: &Arc<Mine>) {
        let asked = Instant::now();
        let fence = mine.claim().fence();
        match self.hold(&mine.camera, &LeaseRequest::Renew { fence }).await {
            Ok(state) => {
                let remaining = Duration::from_millis(state.remaining_ms);
                mine.renew(Claim::new(state.fence, asked, remaining));
            }
            Err(other @ Refusal::Kind(RefusalKind::HeldByOther(_))) => self.give_back(mine, other).await,
            // Who held it keeps it until it ends by itself.
            Err(refusal) if refusal.is_without_server() => {}
            Err(_) => mine.lose(Refusal::HoldEnded),
        }
    }

    /// Brings the dome to rest, then says that it is nobody's: it passes to who waits for it.
    async fn give_back(&self, mine: &Arc<Mine>, why: Refusal) {
        if !self.stand_back(mine, why).await {
            return;
        }
        let fence = mine.claim().fence();
        if let Err(refusal) = self.hold(&mine.camera, &LeaseRequest::Release { fence }).await {
            tracing::info!(%refusal, camera = %mine.camera, "the dome was not given back; the hold ends by itself");
        }
    }

    /// From now on nothing moves the dome under this hold; `false` when somebody saw to that already.
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
            self.holds.forget(mine);
        }
        first
    }

    /// The fence under which this person holds a dome, after nothing moves it here any more.
    async fn give_up(&self, camera: &CameraId, to: &Holder) -> Result<u64, Refusal> {
        let mine = self.holds.lock().get(camera).cloned();
        if let Some(mine) = mine {
            self.stand_back(&mine, Refusal::Kind(RefusalKind::HeldByOther(to.clone())))
                .await;
            return Ok(mine.claim().fence());
        }
        let seen = self.holds.seen.borrow();
        let held = seen
            .iter()
            .find(|held| held.camera == *camera && self.is_me(&held.holder));
        held.map(|held| held.fence).ok_or(Refusal::HoldEnded)
    }
}

impl Session {
    /// Who holds which dome, and who asks for it, as the server last said.
    pub fn holds(&self) -> watch::Receiver<Vec<Held>> {
        self.0.holds.seen.subscribe()
    }

    /// Who watches what, as the server last said.
    pub fn watching(&self) -> watch::Receiver<Vec<Watching>> {
        self.0.holds.watching.subscribe()
    }

    /// Asks the holder of a dome for it.
    ///
    /// # Errors
    /// Nobody holds it any more, or the server refuses.
    pub async fn ask_for_dome(&self, camera: &CameraId, reason: Reason) -> Result<(), Refusal> {
        self.0.hold(camera, &LeaseRequest::Ask { reason }).await.map(drop)
    }

    /// Gives a dome to one who asked; this workstation does not move it any more before the server hears of it.
    ///
    /// # Errors
    /// It is not ours, they do not ask any more, or the server refuses.
    pub async fn hand_over(&self, camera: &CameraId, to: Holder) -> Result<(), Refusal> {
        let fence = self.0.give_up(camera, &to).await?;
        self.0
            .hold(camera, &LeaseRequest::HandOver { to, fence })
            .await
            .map(drop)
    }

    /// Says no to one who asked.
    ///
    /// # Errors
    /// They do not ask any more, or the server refuses.
    pub async fn decline(&self, camera: &CameraId, to: Holder) -> Result<(), Refusal> {
        self.0.hold(camera, &LeaseRequest::Decline { to }).await.map(drop)
    }

    /// Urgent: takes a dome from its holder, by level. It passes as soon as they let go of it, or are not heard any more.
    ///
    /// # Errors
    /// The level is not higher, or the server refuses.
    pub async fn take_over(&self, camera: &CameraId, reason: Reason) -> Result<(), Refusal> {
        self.0.hold(camera, &LeaseRequest::TakeOver { reason }).await.map(drop)
    }
}

/// Renews while somebody steers; gives back when nobody did for a while.
async fn keep(session: Weak<SessionInner>, mine: Arc<Mine>) {
    let mut users = mine.users.subscribe();
    loop {
        let Some(inner) = session.upgrade() else { return };
        if inner.has_ended() || !mine.is_ours() {
            // The server ends the holds of a session with it.
            inner.holds.forget(&mine);
            return;
        }
        let used = *users.borrow_and_update() > 0;
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
            inner.give_back(&mine, Refusal::HoldEnded).await;
            return;
        }
    }
}
