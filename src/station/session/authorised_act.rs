//! The authorised act: intent → the audit path and `domain::people` decide → durable event → act → outcome.
//!
//! Invariant: an [`Act`] exists only after its intent is durable, and whoever touches a camera, a recorder or an
//! evidence file asks for an act. A refusal is an event too. An act that is dropped without an outcome gets one.
//! Deliberately absent: cameras, files, the screen.

use super::clearance::Under;
use super::signed_in::{OpenAct, Session, SessionInner, fill_purpose};
use crate::domain::audit::details::any_operation::{Cause, Why};
use crate::domain::audit::details::{Details, EventKind, Say as _};
use crate::domain::audit::event::{Event, Outcome};
use crate::domain::camera::StreamRole;
pub use crate::domain::people::Right;
use crate::domain::people::{Action, AdminRight, Asked, Decision, Purpose, Rule, decide};
use crate::domain::refusal::RefusalKind;
use crate::domain::site::CameraPlan;
use crate::protocol::{PermitRequest, Pictures};
use crate::station::record::event_body::{body_without_person, class_of};
use crate::station::record::health::Need;
use crate::station::record::outbox::Recorded;
use crate::station::refusal::Refusal;
use std::sync::Arc;

/// An intent: the act on a camera that a person wants, and the right and the audit path it needs.
pub struct Intent<'a> {
    /// What is to happen, with its parameters.
    pub what: EventKind,
    pub camera: &'a CameraPlan,
    pub right: Right,
    pub need: Need,
    pub stream: Option<StreamRole>,
    /// Another purpose than the one of the sign-in.
    pub purpose: Option<Purpose>,
    pub protocol_no: String,
    /// Range of recorded media, Unix milliseconds.
    pub media: Option<(i64, i64)>,
}

impl<'a> Intent<'a> {
    /// An intent without stream and media.
    pub fn new(what: impl Into<EventKind>, camera: &'a CameraPlan, right: Right, need: Need) -> Self {
        Self {
            what: what.into(),
            camera,
            right,
            need,
            stream: None,
            purpose: None,
            protocol_no: String::new(),
            media: None,
        }
    }
}

impl Intent<'_> {
    /// Puts the intent under a clearance, whose number `what` says: the purpose of an access to recordings is the
    /// clearance's.
    pub fn put_under(&mut self, clearance: Under) {
        self.purpose = Some(clearance.purpose);
        self.protocol_no = clearance.protocol_no;
    }

    /// The pictures that the intent is about; `None` where it is about none.
    fn pictures(&self) -> Option<Pictures> {
        let range = |between: fn(i64, i64) -> Pictures| self.media.map(|(from, to)| between(from, to));
        match self.right {
            Right::Grant(Action::Live) => Some(Pictures::Live),
            Right::Grant(Action::Playback) if matches!(self.what, EventKind::PlaybackOpen(_)) => {
                range(|from_ms, to_ms| Pictures::Playback { from_ms, to_ms })
            }
            Right::Grant(Action::Export) => range(|from_ms, to_ms| Pictures::Export { from_ms, to_ms }),
            Right::Grant(Action::Playback | Action::Ptz | Action::Lift | Action::Clear)
            | Right::Figures
            | Right::ApproveMask => None,
        }
    }
}

/// A moment as bodies carry it, RFC 3339.
fn rfc3339(ms: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(ms)
        .ok()
        .map(|time| format!("{time:.3}"))
}

impl SessionInner {
    /// Decides whether an intent may be carried out and makes it durable. Not cancel-safe: the intent may be recorded and
    /// then has no outcome.
    ///
    /// # Errors
    /// The refusal, which is recorded; [`Refusal::NotRecorded`] when it or the intent cannot be.
    pub async fn intend(self: &Arc<Self>, intent: Intent<'_>) -> Result<Act, Refusal> {
        let decided = match self.decide(&intent) {
            Ok(()) => self.ask_permit(&intent).await,
            refused => refused,
        };
        let own_purpose = intent.purpose.is_some();
        let mut event = self.event(intent);
        if let Err(refusal) = decided {
            event.body.result = Outcome::Refused;
            event.body.because(why(&refusal));
            self.station.outbox.append(event).await?;
            return Err(refusal);
        }
        let open = OpenAct::new(self);
        let recorded = self.station.outbox.append(event.clone()).await?;
        // The session may have ended while the disk was busy.
        let act = Act {
            session: Arc::clone(self),
            template: event,
            recorded,
            own_purpose,
            settled: false,
            _open: open,
        };
        if self.has_ended() {
            return Err(act.failed(Refusal::Kind(RefusalKind::SessionEnded)).await);
        }
        Ok(act)
    }

    fn decide(&self, intent: &Intent<'_>) -> Result<(), Refusal> {
        if self.has_ended() {
            return Err(Refusal::Kind(RefusalKind::SessionEnded));
        }
        let asked = Asked::Camera {
            right: intent.right,
            controller: &intent.camera.controller,
            camera: &intent.camera.id,
        };
        let decision = decide(&self.facts.person, asked, &self.circumstances());
        // What is wrong with the record here is said before that the server is away.
        if let Decision::Refused(rule) = decision
            && !matches!(rule, Rule::ServerAway | Rule::GraceOver)
        {
            return Err(rule.into());
        }
        self.station.standing.borrow().allows(intent.need)?;
        decision.granted().map_err(Refusal::from)?;
        match intent.pictures() {
            Some(pictures) => {
                self.clearances.cleared(intent.camera, pictures)?;
                self.policy.school_lets(intent.camera, pictures)
            }
            None => Ok(()),
        }
    }

    /// Recordings and a school camera's pictures are the server's to refuse too (R-REC-1, R-PRV-2); while it is away the
    /// signed calendar decides on what is live.
    async fn ask_permit(&self, intent: &Intent<'_>) -> Result<(), Refusal> {
        let asks = |pictures: &Pictures| *pictures != Pictures::Live || intent.camera.school.is_some();
        let Some(pictures) = intent.pictures().filter(asks) else {
            return Ok(());
        };
        let request = PermitRequest { pictures };
        match self
            .station
            .server
            .permit(&self.facts.token, &intent.camera.id, &request)
            .await
        {
            Err(error) if error.is_away() && intent.need != Need::Server => Ok(()),
            answer => Ok(answer?),
        }
    }

    fn event(&self, intent: Intent<'_>) -> Event {
        let mut body = body_without_person(&self.station.id, intent.what, Outcome::Intent);
        self.fill(&mut body);
        body.policy_version = self.policy.plan().version;
        body.camera = Some(intent.camera.id.clone());
        body.stream = intent.stream;
        if let Some(purpose) = intent.purpose {
            body.purpose = Some(purpose.at_level(self.facts.person.level));
            body.protocol_no = intent.protocol_no;
        }
        body.media_from = intent.media.and_then(|(from, _)| rfc3339(from));
        body.media_to = intent.media.and_then(|(_, to)| rfc3339(to));
        let class = class_of(body.purpose.unwrap_or(self.stated.borrow().purpose()));
        Event {
            log: intent.camera.controller.clone(),
            class,
            body,
        }
    }
}

impl Session {
    /// Decides about an administrative right, here and now.
    ///
    /// # Errors
    /// The rule that refuses, as [`RefusalKind::Rule`], [`Refusal::ServerAway`] or [`Refusal::GraceOver`].
    pub(in crate::station) fn check_admin(&self, right: AdminRight) -> Result<(), Refusal> {
        decide(self.person(), Asked::Admin(right), &self.circumstances())
            .granted()
            .map(drop)
            .map_err(Refusal::from)
    }
}

/// An act that may be carried out, because its intent is durable.
pub struct Act {
    session: Arc<SessionInner>,
    template: Event,
    recorded: Recorded,
    /// The act states its own purpose, whatever the session's.
    own_purpose: bool,
    settled: bool,
    _open: OpenAct,
}

impl Act {
    /// Proof of the durable intent.
    pub fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// The session of the act.
    pub fn session(&self) -> &Arc<SessionInner> {
        &self.session
    }

    /// The event of the act under the purpose that is in force now.
    fn event_now(&self) -> Event {
        let mut event = self.template.clone();
        if !self.own_purpose {
            let stated = self.session.stated.borrow();
            fill_purpose(&mut event.body, &stated);
            event.class = class_of(stated.purpose());
        }
        event
    }

    /// Records another event of the act: a pulse, a close, a refused command.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`] or [`Refusal::DiskFull`]: the event is not durable.
    pub async fn also(&self, what: impl Into<Details>, result: Outcome) -> Result<Recorded, Refusal> {
        let mut event = self.event_now();
        event.body.result = result;
        event.body.say(what);
        Ok(self.session.station.outbox.append(event).await?)
    }

    /// Records the outcome of the act, once: a second call does nothing. `more` is what the intent could not say yet.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`] or [`Refusal::DiskFull`]: the event is not durable.
    pub async fn settle(&mut self, result: Outcome, more: Option<Details>) -> Result<(), Refusal> {
        if self.settled {
            return Ok(());
        }
        self.settled = true;
        let what = more.unwrap_or_else(|| self.template.body.said());
        self.also(what, result).await.map(drop)
    }

    /// Records that the act was done. `more` is what the intent could not say yet.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`] or [`Refusal::DiskFull`]: the event is not durable.
    pub async fn done(mut self, more: Option<Details>) -> Result<(), Refusal> {
        self.settle(Outcome::Done, more).await
    }

    /// Records that the act was done, with what the intent could not say yet. Returns the proof that this entry is durable.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`] or [`Refusal::DiskFull`]: the event is not durable.
    pub async fn done_with(mut self, more: impl Into<Details>) -> Result<Recorded, Refusal> {
        self.settled = true;
        self.also(more, Outcome::Done).await
    }

    /// Records that the act failed or was refused on the way, and returns the refusal.
    pub async fn failed(mut self, refusal: Refusal) -> Refusal {
        let said = self.template.body.said().because(why(&refusal));
        match self.settle(refusal.outcome(), Some(said)).await {
            Ok(()) => refusal,
            Err(not_recorded) => not_recorded,
        }
    }

    /// Records an outcome and returns it. `more` is what the intent could not say yet.
    ///
    /// # Errors
    /// The refusal of the outcome, or [`Refusal::NotRecorded`].
    pub async fn finish<T>(self, outcome: Result<T, Refusal>, more: Option<Details>) -> Result<T, Refusal> {
        match outcome {
            Ok(value) => self.done(more).await.map(|()| value),
            Err(refusal) => Err(self.failed(refusal).await),
        }
    }
}

impl Drop for Act {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        // The task that acted was cancelled: nobody knows how far it came, and the log says so.
        let mut event = self.event_now();
        event.body.result = Outcome::Failed;
        event.body.because(Cause::Abandoned);
        let (session, open) = (Arc::clone(&self.session), OpenAct::new(&self.session));
        self.session.station.runtime.spawn(async move {
            if let Err(error) = session.station.outbox.append(event).await {
                tracing::error!(%error, "an abandoned act could not be recorded");
            }
            drop(open);
        });
    }
}

/// A refusal as an event's parameter: the rule's name, or what went wrong.
pub fn why(refusal: &Refusal) -> Why {
    match refusal {
        Refusal::Kind(RefusalKind::Rule(rule)) => (*rule).into(),
        Refusal::Kind(RefusalKind::LeasedByOther(holder)) => format!("held by {}", holder.user).into(),
        other => other.to_string().into(),
    }
}
