//! Clearances (*nullaosta*): the domain's requests and answers kept in the store, and the event of each step (R-REC-1).
//!
//! Invariant: nobody is told of a request or an answer whose event is not durable; there is one answer to each request.
//! Deliberately absent: grants (the caller asks `domain::people::decide`), the pictures.

use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::recordings as event;
use crate::domain::audit::event::Outcome;
use crate::domain::camera::CameraId;
use crate::domain::people::clearance::{
    Answer, Clearance, ClearanceError, Ratification, Step, Use, Verdict, Wish, Withdrawal, covering,
};
use crate::domain::people::second_person::GIVEN_LATELY_MS;
use crate::domain::timeline::Span;
use crate::protocol::{ClearanceState, RefusalKind};
use crate::server::causes::causes;
use crate::server::change_notifier::ChangeNotifier;
use crate::server::dome_leases::holder;
use crate::server::log::recorder::{Act, Recorder};
use crate::server::log::sequencer::Rejection;
use crate::server::now::now_ms;
use crate::server::people::sessions::SignedIn;
use crate::server::step_error::Trouble;
use crate::server::store::{Store, StoreError};
use std::sync::Weak;
use std::time::Duration;
use tokio::sync::Mutex;

/// How often it is looked what is over.
const TICK: Duration = Duration::from_secs(2);

/// Every clearance.
pub struct Clearances {
    store: Store,
    recorder: Recorder,
    changes: ChangeNotifier,
    /// How far back recordings are opened at once, minutes.
    recent_min: u32,
    /// One step at a time in this process.
    turn: Mutex<()>,
}

impl Clearances {
    /// As they were kept. `recent_min` is how far back recordings may be opened at once, minutes.
    pub fn new(store: Store, recorder: Recorder, changes: ChangeNotifier, recent_min: u32) -> Self {
        Self {
            store,
            recorder,
            changes,
            recent_min,
            turn: Mutex::default(),
        }
    }

    /// Takes a request in; it waits for a supervisor.
    ///
    /// # Errors
    /// [`Trouble`]; a refusal is recorded too.
    pub async fn request(&self, who: &SignedIn, wish: Wish) -> Result<ClearanceState, Trouble> {
        let _alone = self.turn.lock().await;
        let asked = Clearance::request(wish.clone(), &who.person.user, who.person.level, now_ms());
        match asked {
            Ok(clearance) => self.begun(who, clearance, Step::Requested).await,
            Err(error) => Err(self.refused(who, &wish, None, error).await),
        }
    }

    /// Opens the recent past at once; a supervisor ratifies it later (R-ACC-11).
    ///
    /// # Errors
    /// [`Trouble`]; a refusal is recorded too.
    pub async fn open_at_once(&self, who: &SignedIn, wish: Wish) -> Result<ClearanceState, Trouble> {
        let _alone = self.turn.lock().await;
        let person = &who.person;
        let opened = Clearance::open_at_once(wish.clone(), &person.user, person.level, self.recent_min, now_ms());
        match opened {
            Ok(clearance) => self.begun(who, clearance, Step::OpenedAtOnce).await,
            Err(error) => Err(self.refused(who, &wish, None, error).await),
        }
    }

    async fn begun(&self, who: &SignedIn, clearance: Clearance, step: Step) -> Result<ClearanceState, Trouble> {
        let by = holder(who);
        let id = self.store.add_clearance(&by, &clearance).await?;
        self.record(Some(who), id, &clearance, step).await?;
        self.store.open_clearance(id).await?;
        self.told().await;
        Ok(ClearanceState { id, by, clearance })
    }

    /// A request that waits or was answered a while ago.
    ///
    /// # Errors
    /// [`RefusalKind::NotFound`] when there is no such clearance; [`Trouble::Store`].
    pub async fn get(&self, id: u64) -> Result<ClearanceState, Trouble> {
        let all = self.store.clearances().await?;
        all.into_iter()
            .find(|state| state.id == id)
            .ok_or(Trouble::Refused(RefusalKind::NotFound))
    }

    /// Takes a supervisor's answer in.
    ///
    /// # Errors
    /// [`Trouble`]; a refusal is recorded too.
    pub async fn answer(&self, who: &SignedIn, id: u64, verdict: Verdict) -> Result<ClearanceState, Trouble> {
        let (user, level) = (&who.person.user, who.person.level);
        let answer = |clearance: &mut Clearance| clearance.answer(user, level, verdict, now_ms());
        self.decided(who, id, answer).await
    }

    /// Withdraws a clearance that is in force: from its event on nothing is seen under it, and workstations are told at once.
    ///
    /// # Errors
    /// [`Trouble`]; a refusal is recorded too.
    pub async fn withdraw(&self, who: &SignedIn, id: u64, withdrawal: Withdrawal) -> Result<ClearanceState, Trouble> {
        let (user, level) = (&who.person.user, who.person.level);
        let withdraw = |clearance: &mut Clearance| clearance.withdraw(user, level, withdrawal, now_ms());
        self.changed(who, id, withdraw, ClearanceError::NotInForce).await
    }

    /// Ratifies what was opened at once, or does not, which ends it.
    ///
    /// # Errors
    /// [`Trouble`]; a refusal is recorded too.
    pub async fn ratify(&self, who: &SignedIn, id: u64, ratification: Ratification) -> Result<ClearanceState, Trouble> {
        let (user, level) = (&who.person.user, who.person.level);
        let ratify = |clearance: &mut Clearance| clearance.ratify(user, level, ratification, now_ms());
        self.decided(who, id, ratify).await
    }

    /// Takes in a step that only another person than who asked may take, whatever their account is called.
    async fn decided(
        &self,
        who: &SignedIn,
        id: u64,
        step: impl FnOnce(&mut Clearance) -> Result<Step, ClearanceError>,
    ) -> Result<ClearanceState, Trouble> {
        let since_ms = now_ms().saturating_sub(GIVEN_LATELY_MS);
        let givers = self.store.givers(&who.person.user, since_ms).await?;
        let asker = self.get(id).await?.by.display_name;
        let by_another = |clearance: &mut Clearance| {
            let step = step(clearance)?;
            clearance.is_for_another(&asker, &who.person, &givers, now_ms())?;
            Ok(step)
        };
        self.changed(who, id, by_another, ClearanceError::NotWaiting).await
    }

    /// Takes a supervisor's step in. `late` is what is said when another server process was told another step a moment
    /// before: that one stands, and the log says so.
    async fn changed(
        &self,
        who: &SignedIn,
        id: u64,
        step: impl FnOnce(&mut Clearance) -> Result<Step, ClearanceError>,
        late: ClearanceError,
    ) -> Result<ClearanceState, Trouble> {
        let _alone = self.turn.lock().await;
        let ClearanceState { by, clearance: was, .. } = self.get(id).await?;
        let mut clearance = was.clone();
        let step = match step(&mut clearance) {
            Ok(step) => step,
            Err(error) => return Err(self.refused(who, &was.wish, Some(id), error).await),
        };
        self.record(Some(who), id, &clearance, step).await?;
        if !self.store.answer_clearance(id, &was, &clearance).await? {
            return Err(self.refused(who, &was.wish, Some(id), late).await);
        }
        self.told().await;
        Ok(ClearanceState { id, by, clearance })
    }

    /// Every clearance that is told of.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn all(&self) -> Result<Vec<ClearanceState>, StoreError> {
        self.store.clearances().await
    }

    /// The clearance under which somebody may see a range of a camera now.
    ///
    /// # Errors
    /// [`ClearanceError::NotCleared`], or the store.
    pub async fn covering(
        &self,
        who: &SignedIn,
        what: Use,
        camera: &CameraId,
        range: Option<Span>,
    ) -> Result<u64, Trouble> {
        let range = range.ok_or(ClearanceError::EmptyRange)?;
        let now_ms = now_ms();
        let all = self.store.clearances().await?;
        let found = all.iter().find(|state| {
            let one = std::iter::once(&state.clearance);
            covering(one, &who.person.user, what, camera, range, now_ms).is_ok()
        });
        found
            .map(|state| state.id)
            .ok_or_else(|| ClearanceError::NotCleared.into())
    }

    /// Ends in time what is over, as long as the server lives.
    pub async fn end_in_time(clearances: Weak<Self>) {
        loop {
            let Some(me) = clearances.upgrade() else { return };
            if let Err(error) = me.end_over().await {
                tracing::error!(?error, "the end of a clearance could not be recorded");
            }
            drop(me);
            tokio::time::sleep(TICK).await;
        }
    }

    async fn end_over(&self) -> Result<(), Trouble> {
        let now_ms = now_ms();
        for state in self.store.clearances_over(now_ms).await? {
            // Of several server processes one ends it.
            if !self.store.close_clearance(state.id).await? {
                continue;
            }
            if let Some(step) = state.clearance.step_of_time(now_ms) {
                self.record(None, state.id, &state.clearance, step).await?;
            }
            self.told().await;
        }
        Ok(())
    }

    async fn told(&self) {
        self.changes.beat();
        if let Err(error) = self.store.tell().await {
            // They ask again within a second.
            tracing::warn!(error = %causes(&error), "the other servers are not told of a clearance");
        }
    }

    async fn refused(&self, who: &SignedIn, wish: &Wish, id: Option<u64>, why: ClearanceError) -> Trouble {
        let refused = event::Clearance {
            clearance: id,
            ..event::Clearance::default()
        };
        let refused = refused.because(why.to_string());
        let act = act(Some(who), "");
        let recorded = self.recorder.record(&wish.controller, refused, Outcome::Refused, act);
        let recorded = recorded.await;
        recorded.map_or_else(Trouble::from, |()| why.into())
    }

    async fn record(
        &self,
        who: Option<&SignedIn>,
        id: u64,
        clearance: &Clearance,
        step: Step,
    ) -> Result<(), Rejection> {
        let Wish {
            controller,
            extent: asked,
            purpose,
            reason,
            protocol_no,
        } = &clearance.wish;
        let (extent, until_ms, refused) = match &clearance.answer {
            Some(Answer::Granted { extent, until_ms, .. }) => (extent, Some(*until_ms), None),
            Some(Answer::Refused { reason, .. }) => (asked, None, Some(reason)),
            None => (asked, None, None),
        };
        let withdrawn = clearance.withdrawn.as_ref();
        let ratified = clearance.at_once.as_ref().and_then(|at_once| at_once.ratified.as_ref());
        let not_ratified = ratified.and_then(|ratified| ratified.refused_because.as_ref());
        let what = event::Clearance {
            clearance: Some(id),
            step: Some(step),
            asked_by: Some(clearance.asked_by.clone()),
            cameras: Some(extent.cameras.iter().cloned().collect()),
            from_ms: Some(extent.from_ms),
            to_ms: Some(extent.to_ms),
            export: Some(extent.export),
            reason: Some(reason.as_str().to_owned()),
            protocol_no: Some(protocol_no.clone()),
            until_ms,
            ratify_by_ms: clearance.at_once.as_ref().map(|at_once| at_once.ratify_by_ms),
            refused_because: refused.or(not_ratified).map(|reason| reason.as_str().to_owned()),
            withdrawn_because: withdrawn.map(|withdrawn| withdrawn.reason.as_str().to_owned()),
            pictures: None,
        };
        let act = Act {
            purpose: Some(*purpose),
            ..act(who, &clearance.asked_by)
        };
        self.recorder.record(controller, what, Outcome::Done, act).await
    }
}

/// An act of the person who made a step; of nobody when only time did.
fn act<'a>(who: Option<&'a SignedIn>, about: &'a str) -> Act<'a> {
    Act {
        person: who.map(|who| &who.person),
        typed_user: about,
        session: who.map_or("", |who| who.session.session.as_str()),
        at: who.map(|who| &who.session.station),
        purpose: who.map(|who| who.session.purpose),
        protocol_no: who.map_or("", |who| who.session.protocol_no.as_str()),
        ..Act::default()
    }
}
