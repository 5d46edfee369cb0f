//! Clearances (*nullaosta*) as this workstation was told of them: asking for one, answering, and what may be seen (R-REC-1).
//!
//! Invariant: without one that the server told of, an operator's recordings are refused here too; the server decides in
//! any case. Deliberately absent: the rules (`domain::people::clearance`).

use super::authorised_act::Intent;
use super::refusal::Refusal;
use super::session::{Session, SessionInner};
use crate::domain::camera::CameraId;
use crate::domain::people::Purpose;
use crate::domain::people::clearance::{ClearanceError, Use, Verdict, Wish, covering, is_needed};
use crate::domain::refusal::RefusalKind;
use crate::domain::site::CameraPlan;
use crate::domain::timeline::Span;
use crate::protocol::{ClearanceState, Pictures};
use tokio::sync::watch;

/// What was told.
pub struct Clearances(watch::Sender<Vec<ClearanceState>>);

impl Default for Clearances {
    fn default() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }
}

impl Clearances {
    /// Takes up what the server says.
    pub fn hear(&self, told: Vec<ClearanceState>) {
        self.0.send_if_modified(|old| {
            let changed = *old != told;
            if changed {
                *old = told;
            }
            changed
        });
    }

    /// Takes up an answer at once.
    fn put(&self, state: ClearanceState) {
        self.0.send_modify(|all| {
            all.retain(|known| known.id != state.id);
            all.push(state);
        });
    }
}

/// The clearance that something is seen under.
pub struct Under {
    pub id: u64,
    /// Where what it clears ends, Unix milliseconds.
    pub to_ms: i64,
    purpose: Purpose,
    protocol_no: String,
}

impl Under {
    /// Writes it into an intent: the purpose of an access to recordings is the clearance's.
    pub fn fill(self, intent: &mut Intent<'_>) {
        intent.purpose = Some(self.purpose);
        intent.protocol_no = self.protocol_no;
        intent.parameters.insert("clearance".into(), self.id.into());
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

impl SessionInner {
    fn spans_of(&self, camera: &CameraId, what: Use) -> Vec<(Span, ClearanceState)> {
        let now_ms = now_ms();
        let all = self.clearances.0.borrow();
        let cleared = |state: &ClearanceState| {
            let account = &self.facts.person.user;
            let span = state.clearance.cleared(account, what, camera, now_ms)?;
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

    /// Whether recorded pictures may be seen.
    ///
    /// # Errors
    /// No clearance covers the whole range.
    pub fn cleared(&self, camera: &CameraPlan, pictures: Pictures) -> Result<(), Refusal> {
        let (what, from_ms, to_ms) = match pictures {
            Pictures::Live => return Ok(()),
            Pictures::Playback { from_ms, to_ms } => (Use::Playback, from_ms, to_ms),
            Pictures::Export { from_ms, to_ms } => (Use::Export, from_ms, to_ms),
        };
        if !is_needed(self.facts.person.level) {
            return Ok(());
        }
        let range =
            Span::new(from_ms, to_ms).ok_or(Refusal::Kind(RefusalKind::Clearance(ClearanceError::EmptyRange)))?;
        let all = self.clearances.0.borrow();
        let clearances = all.iter().map(|state| &state.clearance);
        covering(clearances, &self.facts.person.user, what, &camera.id, range, now_ms())
            .map(drop)
            .map_err(|error| Refusal::Kind(RefusalKind::Clearance(error)))
    }

    /// What of the recorded spans is offered to this person.
    ///
    /// # Errors
    /// Something is recorded, and nothing of it is cleared.
    pub fn offered(&self, camera: &CameraId, recorded: Vec<Span>) -> Result<Vec<Span>, Refusal> {
        if !is_needed(self.facts.person.level) || recorded.is_empty() {
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

impl Session {
    /// One's own clearances and those that wait for this person's answer, as they change.
    pub fn clearances(&self) -> watch::Receiver<Vec<ClearanceState>> {
        self.0.clearances.0.subscribe()
    }

    /// Asks for a clearance; it waits for a supervisor.
    ///
    /// # Errors
    /// What is wrong with it, or the server refuses.
    pub async fn request_clearance(&self, wish: Wish) -> Result<(), Refusal> {
        let server = &self.0.station.server;
        let state = server.request_clearance(&self.0.facts.token, &wish).await?;
        self.0.clearances.put(state);
        Ok(())
    }

    /// Answers a request.
    ///
    /// # Errors
    /// It is not theirs to answer, it was answered already, or the server refuses.
    pub async fn answer_clearance(&self, id: u64, verdict: Verdict) -> Result<(), Refusal> {
        let server = &self.0.station.server;
        let state = server.answer_clearance(&self.0.facts.token, id, &verdict).await?;
        self.0.clearances.put(state);
        Ok(())
    }
}
