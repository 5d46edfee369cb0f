//! Clearances (*nullaosta*) as the server sent them, and the recordings that may be seen under them (R-REC-1).
//!
//! Invariant: without a clearance from the server an operator's recordings are refused here too, and what is open under one
//! ends with it; the server decides in any case. Deliberately absent: the rules (`domain::people::clearance`), asking for one (`act::clearance_request`).

use crate::domain::camera::CameraId;
use crate::domain::people::clearance::{ClearanceError, ClearanceStatus, Use, covering, is_needed};
use crate::domain::people::{Level, Purpose};
use crate::domain::refusal::RefusalKind;
use crate::domain::site::CameraPlan;
use crate::domain::timeline::Span;
use crate::protocol::{ClearanceState, Pictures};
use crate::station::refusal::Refusal;
use std::time::Duration;
use tokio::sync::watch;

/// How often the clock is looked at while something is open under a clearance; it may be put right meanwhile.
const LOOK: Duration = Duration::from_secs(1);

/// The clearances that the server sent for a person.
pub struct Clearances {
    account: String,
    level: Level,
    known: watch::Sender<Vec<ClearanceState>>,
}

/// The clearance under which recordings are seen: it states the purpose of the access.
pub struct Under {
    pub id: u64,
    /// End of the cleared span, Unix milliseconds.
    pub to_ms: i64,
    pub purpose: Purpose,
    pub protocol_no: String,
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

impl Clearances {
    /// No clearance yet, for a person by account and level.
    pub fn new(account: String, level: Level) -> Self {
        Self {
            account,
            level,
            known: watch::Sender::new(Vec::new()),
        }
    }

    /// The person's own clearances and those that wait for their answer, as they change.
    pub fn known(&self) -> watch::Receiver<Vec<ClearanceState>> {
        self.known.subscribe()
    }

    /// Takes up all clearances as the server sends them.
    pub fn hear(&self, all: Vec<ClearanceState>) {
        self.known.send_if_modified(|old| {
            let changed = *old != all;
            if changed {
                *old = all;
            }
            changed
        });
    }

    /// Takes up one clearance at once, from the answer to a request.
    pub fn put(&self, state: ClearanceState) {
        self.known.send_modify(|all| {
            all.retain(|known| known.id != state.id);
            all.push(state);
        });
    }

    fn spans_of(&self, camera: &CameraId, what: Use) -> Vec<(Span, ClearanceState)> {
        let now_ms = now_ms();
        let all = self.known.borrow();
        let cleared = |state: &ClearanceState| {
            let span = state.clearance.cleared(&self.account, what, camera, now_ms)?;
            Some((span, state.clone()))
        };
        all.iter().filter_map(cleared).collect()
    }

    /// The clearance under which a moment of a camera may be seen, the one that goes on longest; `None` where there is
    /// none, or none is needed.
    pub fn under(&self, camera: &CameraId, what: Use, from_ms: i64) -> Option<Under> {
        let mut spans = self.spans_of(camera, what);
        spans.retain(|(span, _)| span.contains(from_ms));
        let (span, state) = spans.into_iter().max_by_key(|(span, _)| span.to_ms)?;
        Some(Under {
            id: state.id,
            to_ms: span.to_ms,
            purpose: state.clearance.wish.purpose,
            protocol_no: state.clearance.wish.protocol_no,
        })
    }

    /// Waits until a clearance is in force no more: its time is over, it was withdrawn, or the server lists it no more.
    /// Returns the refusal of what is open under it; never where there is no clearance. Cancel-safe.
    pub async fn until_over(&self, under: Option<u64>) -> Refusal {
        let Some(id) = under else {
            return std::future::pending().await;
        };
        let mut known = self.known.subscribe();
        loop {
            let now_ms = now_ms();
            let in_force = |state: &ClearanceState| state.clearance.standing(now_ms) == ClearanceStatus::InForce;
            let ends_ms = {
                let all = known.borrow_and_update();
                let found = all.iter().find(|state| state.id == id);
                found
                    .filter(|state| in_force(state))
                    .and_then(|state| state.clearance.granted_until_ms())
            };
            let Some(ends_ms) = ends_ms else {
                return Refusal::Kind(RefusalKind::Clearance(ClearanceError::Ended));
            };
            let left = u64::try_from(ends_ms.saturating_sub(now_ms)).unwrap_or_default();
            let _ = tokio::time::timeout(LOOK.min(Duration::from_millis(left)), known.changed()).await;
        }
    }

    /// Whether a clearance lets recorded pictures be seen; live ones need none.
    ///
    /// # Errors
    /// [`RefusalKind::Clearance`]: no clearance covers the whole range.
    pub fn cleared(&self, camera: &CameraPlan, pictures: Pictures) -> Result<(), Refusal> {
        let (what, from_ms, to_ms) = match pictures {
            Pictures::Live => return Ok(()),
            Pictures::Playback { from_ms, to_ms } => (Use::Playback, from_ms, to_ms),
            Pictures::Export { from_ms, to_ms } => (Use::Export, from_ms, to_ms),
        };
        if !is_needed(self.level) {
            return Ok(());
        }
        let range =
            Span::new(from_ms, to_ms).ok_or(Refusal::Kind(RefusalKind::Clearance(ClearanceError::EmptyRange)))?;
        let all = self.known.borrow();
        let clearances = all.iter().map(|state| &state.clearance);
        covering(clearances, &self.account, what, &camera.id, range, now_ms())
            .map(drop)
            .map_err(|error| Refusal::Kind(RefusalKind::Clearance(error)))
    }

    /// The parts of the recorded spans that this person may see; all of them where no clearance is needed.
    ///
    /// # Errors
    /// [`ClearanceError::NotCleared`]: something is recorded, and nothing of it is cleared.
    pub fn offered(&self, camera: &CameraId, recorded: Vec<Span>) -> Result<Vec<Span>, Refusal> {
        if !is_needed(self.level) || recorded.is_empty() {
            return Ok(recorded);
        }
        let cleared = self.spans_of(camera, Use::Playback);
        let mut offered: Vec<Span> = recorded
            .iter()
            .flat_map(|span| cleared.iter().filter_map(|(cleared, _)| span.common(*cleared)))
            .collect();
        offered.sort_unstable();
        if offered.is_empty() {
            return Err(Refusal::Kind(RefusalKind::Clearance(ClearanceError::NotCleared)));
        }
        Ok(offered)
    }
}
